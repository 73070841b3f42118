# SPDX-License-Identifier: EUPL-1.2
"""Conditions for drafting and approving mail to a platform."""

from __future__ import annotations

from flaggermail.errors import Refusal
from flaggermail.letters import exercises
from flaggermail.record.case_values import Decision
from flaggermail.record.rows import Case, Channel, Notification, Platform
from flaggermail.record.states import NotificationState
from flaggermail.services import UnitOfWork
from flaggermail.wording.refusals import Because

MAIL = "mail"  # a kind of channel


def check_decided(case: Case) -> None:
    """Raises Refusal unless the decision is to notify."""
    if case.decision != Decision.NOTIFY:
        raise Refusal(Because.NOT_DECIDED_TO_NOTIFY(case=case.number))


def awaits_submission(work: UnitOfWork, notification: Notification) -> bool:
    """True if it was approved for a portal or phone and not recorded as done yet."""
    channel = work.tx.get(Channel, notification.channel)
    return notification.state == NotificationState.APPROVED and channel is not None and channel.kind != MAIL


def check_exercise(work: UnitOfWork, case: Case, channel: Channel) -> tuple[str, ...]:
    """Raises Refusal if an exercise case uses a real portal or phone, or a real case an exercise platform.

    Returns a warning for each real address in an exercise: the outbox will refuse it.
    """
    settings, addresses = work.env.settings, (*channel.to, *channel.cc)
    platform = work.tx.get(Platform, channel.platform)
    played = any(exercises.is_address(settings, f"any@{domain}") for domain in (platform.domains if platform else ()))
    if not case.exercise and (played or any(exercises.is_address(settings, address) for address in addresses)):
        raise Refusal(Because.CHANNEL_FOR_EXERCISES(channel=channel.code, case=case.number))
    if case.exercise and channel.kind != MAIL and not played:
        raise Refusal(Because.CHANNEL_IS_REAL(channel=channel.code, kind=channel.kind, case=case.number))
    barred = [address for address in addresses if case.exercise and not exercises.may_reach(settings, address)]
    if exercises.rehearsal_of(work.tx, case.number) is not None:
        return tuple(f"exercise: the desk plays {address}, and nothing will leave for it" for address in barred)
    return tuple(f"exercise: {address} is no exercise address, and nothing will leave for it" for address in barred)

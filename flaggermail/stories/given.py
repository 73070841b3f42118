# SPDX-License-Identifier: EUPL-1.2
"""Creates the initial state of a scenario, by appending events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from flaggermail.cases import lifecycle
from flaggermail.cases.configuration_record import register
from flaggermail.errors import ConfigurationError
from flaggermail.mail.case_numbers import tail_from
from flaggermail.ports import Transaction
from flaggermail.record.case_values import CaseType, ContactMeans, Decision, Origin, Source
from flaggermail.record.events import Event, EventKind, added
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, Channel, ContactNote, Notification
from flaggermail.record.states import CaseState, InstantBasis, NotificationState
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.model import ChannelSettings, PlatformSettings
from flaggermail.stories import played_mail
from flaggermail.stories.scenario import Scenario
from flaggermail.stories.scenario_file import GivenCase, GivenNotification

GIVEN = "given"
P = TypeVar("P", PlatformSettings, ChannelSettings)


def prepare(env: Services, scenario: Scenario) -> None:
    """Records the earlier cases and the officers' devices, and sets the next case number of each election."""
    with env.store.begin() as tx:
        for case in scenario.file.given.cases:
            _case(env, tx, case)
        for election, number in scenario.file.given.next_number.items():
            tx.set_number(f"case {election}", number - 1)
        for officer in scenario.file.given.enrolled:
            played_mail.enrol(env, tx, officer, GIVEN)


def read_policies(env: Services, at: datetime) -> Services:
    """Returns `env` after an officer read the policies of all platforms at `at`, in settings and record."""
    day = at.astimezone(env.settings.zone).date()

    def read(of: P) -> P:
        return of.model_copy(update={"policy": of.policy and of.policy.model_copy(update={"read_on": day})})

    platforms = tuple(
        read(platform).model_copy(update={"channels": tuple(map(read, platform.channels))})
        for platform in env.settings.platform_list
    )
    later = replace(env, settings=env.settings.model_copy(update={"platform_list": platforms}))
    register(later)
    return later


def _case(env: Services, tx: Transaction, given: GivenCase) -> None:
    election = given.number.split("-")[1]
    at = min((n.sent for n in given.notifications), default=env.clock.now())
    case = Case(
        number=given.number, election=election, type=CaseType(given.type), origin=Origin(given.origin),
        source=Source(given.source) if given.source else None,
        state=CaseState(given.state), title=given.title, token=env.randomness.token(),
        tail=tail_from(env.randomness.token()), criteria=given.criteria, own_attempts=given.own_attempts,
        referrer_address=given.referrer,
        decision=Decision.NOTIFY if given.notifications else None, opened_at=at, opened_by=GIVEN,
        closed_at=at if given.state == CaseState.CLOSED else None,
    )  # fmt: skip
    tx.append(Event(EventKind.CASE_OPENED, at, GIVEN, (added(case),), case.number, reason=GIVEN))
    for number, notification in enumerate(given.notifications, start=1):
        _notification(env, tx, case, notification, number)
    tx.set_number(f"notification {case.number}", len(given.notifications))


def _notification(env: Services, tx: Transaction, case: Case, given: GivenNotification, number: int) -> None:
    channel = tx.get(Channel, given.channel)
    if channel is None:
        raise ConfigurationError(f"given: case {case.number}: channel {given.channel} is not in platforms.yaml")
    sent_at = given.sent.astimezone(UTC)
    row = Notification(
        id=f"{case.number}/{number}", case=case.number, platform=channel.platform, channel=channel.code,
        channel_name=channel.name, template=GIVEN, language=channel.language, subject=case.title,
        state=NotificationState.SENT,
        drafted_by=GIVEN, drafted_at=sent_at, token=env.randomness.token(), digest="", sent_at=sent_at,
        sent_basis=InstantBasis.BY_HAND, by_hand=True,
    )  # fmt: skip
    tx.append(Event(EventKind.NOTIFICATION_SENT, sent_at, GIVEN, (added(row),), case.number, row.id, reason=GIVEN))
    if given.answered is not None:
        answered(tx, row, given.answered.astimezone(UTC))
    lifecycle.rejudge(UnitOfWork(env, tx, sent_at, GIVEN), row.id)


def answered(tx: Transaction, row: Notification, at: datetime) -> None:
    """Records the platform's answer to an earlier notification."""
    note = ContactNote(
        id=f"n{tx.number('note'):06d}", case=row.case, notification=row.id, means=ContactMeans.MEETING, text=GIVEN,
        counts_as=(Kind.PLATFORM_ACK, Kind.SUBSTANTIVE_REPLY), effective_at=at, entered_at=at, author=GIVEN,
    )  # fmt: skip
    tx.append(Event(EventKind.CONTACT_NOTED, at, GIVEN, (added(note),), row.case, row.id, reason=GIVEN))

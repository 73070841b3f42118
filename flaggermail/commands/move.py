# SPDX-License-Identifier: EUPL-1.2
"""Moves a message to another place, with everything that depends on it; all commands that move mail use it.

Its arrival time is unchanged, so the clocks of the new case stop at that time, and those of the old case run on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flaggermail.cases import declining, lifecycle
from flaggermail.cases.holds import HeldOnDay
from flaggermail.commands import decline, judging
from flaggermail.commands.lookups import the_case, the_message
from flaggermail.errors import Refusal
from flaggermail.mail.message import Message
from flaggermail.matching import confirmation, lookup, thread_keys
from flaggermail.record.case_values import Origin
from flaggermail.record.events import Change, EventKind, changed
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import Case, StoredMessage
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.filing import Basis
from flaggermail.wording.refusals import Because
from flaggermail.wording.said import Said


def into_case(
    work: UnitOfWork,
    message: StoredMessage,
    case: str,
    kinds: tuple[Kind, ...],
    reason: Said,
    notification: str | None = None,
) -> tuple[StoredMessage, tuple[str, ...]]:
    """Files a message in a case and confirms it to its referrer; returns the row and the warnings.

    `kinds` are what an officer says it is, and what it stays; without any, it is judged again for its place. Only the
    mail from which a case is opened is a referral by that alone.
    """
    mail, own = _read(work, message), the_case(work, case)
    named = bool(kinds) and own.root_message != message.id
    filed = replace(
        message,
        place=Place.CASE,
        case=case,
        exercise=own.exercise,
        notification=notification,
        kinds=kinds or message.kinds,
        corrected_by=work.actor if named else message.corrected_by,
        match_basis=Basis.BY_HAND(officer=work.actor),
        placed_by=work.actor,
        reason=reason,
        from_junk=message.from_junk and reason == message.reason,
        suggestions=(),
        pending_digest=message.pending_digest and message.place != Place.NOISE,
    )
    filed = filed if kinds else judging.in_its_place(work, filed, mail)
    warnings = move(work, message, filed, "by hand")
    _restore_root(work, filed)
    teach(work, filed, mail)
    lifecycle.reopen_for(work, the_case(work, case), message.id)
    confirmation.confirm_referral(work, filed, mail)
    return filed, warnings


def move(work: UnitOfWork, old: StoredMessage, new: StoredMessage, how: str) -> tuple[str, ...]:
    """Records the new place of a message and of mail attached to it; returns the warnings."""
    _refuse_to_leave_a_hold(work, old, new)
    left = work.tx.get(Case, old.case) if old.case and old.case != new.case else None
    emptied = left is not None and left.root_message == old.id
    changes = [changed(old, new), *_attached(work, new)]
    if left is not None and emptied:
        rootless = replace(left, root_message=None, referrer_address=None, referrer_name=None)
        changes.append(changed(left, rootless))  # the decision must not go to somebody who did not refer this case
    if left is not None:
        thread_keys.forget(work, old)
    about = EventRef(case=new.case or old.case, notification=new.notification, message=new.id)
    work.record(EventKind.MESSAGE_PLACED, *changes, reason=how, about=about)
    for touched in sorted({old.notification, new.notification} - {None}, key=str):
        lifecycle.rejudge(work, str(touched))
    if left is None or not emptied:
        return ()
    return (f"{left.number} was opened by this mail and stands without it: decide it `none` and close it",)


def _refuse_to_leave_a_hold(work: UnitOfWork, old: StoredMessage, new: StoredMessage) -> None:
    """Raises Refusal if a legal hold that keeps the message would not keep it in its new place."""
    held = HeldOnDay(work.tx, work.today, work.env.settings.zone)
    lost = [hold for hold in held.of_place(old) if hold not in held.of_place(new)]
    if lost:
        raise Refusal(Because.KEPT_BY_HOLD(message=old.id, hold=lost[0].id))


def teach(work: UnitOfWork, filed: StoredMessage, mail: Message | None = None) -> None:
    """Learns thread keys from a mail that a person filed."""
    read = mail if mail is not None else _read(work, filed)
    platform = lookup.sender_of(work, read).platform
    thread_keys.learn(work, filed, read, platform, by_hand=True)
    thread_keys.learn_address(work, filed, platform)


def of_others(work: UnitOfWork, key: str) -> StoredMessage:
    """Returns a message that somebody else wrote; raises Refusal for our own mail."""
    message = the_message(work, key)
    if message.place == Place.OWN:
        raise Refusal(Because.COMPOSED_HERE(message=message.id))
    return decline.not_destroyed(work, message)


def _read(work: UnitOfWork, message: StoredMessage) -> Message:
    return work.env.parser.parse(work.env.octets.get(message.digest))


def _attached(work: UnitOfWork, outer: StoredMessage) -> Iterator[Change]:
    """Yields the changes that move attached mail with its outer mail, unless a person filed it elsewhere."""
    for inner in declining.attached(work, outer):
        yield changed(inner, replace(inner, place=outer.place, case=outer.case))


def _restore_root(work: UnitOfWork, filed: StoredMessage) -> None:
    """Makes a filed referral the root of a case that lost its own."""
    case = the_case(work, filed.case or "")
    if case.root_message is not None or case.origin != Origin.REFERRAL or Kind.REFERRAL not in filed.kinds:
        return
    rooted = replace(case, root_message=filed.id)
    if not filed.arrival.in_file:  # nobody is written to years later
        rooted = replace(rooted, referrer_address=filed.from_address, referrer_name=filed.from_name)
    work.record(
        EventKind.CASE_RECLASSIFIED,
        changed(case, rooted),
        reason="referral",
        about=EventRef(case.number, None, filed.id),
    )

# SPDX-License-Identifier: EUPL-1.2
"""Candidate cases for a mail without a key: a few found by the store, then compared mail by mail."""

from __future__ import annotations

from flaggermail.cases import elections, lifecycle
from flaggermail.mail.keys import keys_of
from flaggermail.mail.message import MechanicalKind, Message, SenderVerdict
from flaggermail.mail.subject import split_subject
from flaggermail.mail.vocabulary import folded
from flaggermail.matching import answer_keys, likeness, scoring
from flaggermail.matching.scoring import Clue
from flaggermail.notices import reading
from flaggermail.record.finding import where
from flaggermail.record.kinds import Direction, Place
from flaggermail.record.rows import Case, Notification, StoredMessage
from flaggermail.record.states import IN_HAND, CaseState, NotificationState
from flaggermail.services import UnitOfWork

LATEST = 8  # mails per author, and open cases per title, that are considered
COMPARED = 3  # cases whose first mail is read again
LATEST_USES = 20  # notifications to a platform whose subject is compared with that of its mail


def clues(work: UnitOfWork, message: Message) -> dict[str, list[Clue]]:
    """Returns the clues for each possible case; empty for machine mail and for our own mail."""
    mailbox = work.env.settings.desk.mailbox
    if message.kind is not MechanicalKind.HUMAN or message.sender is None:
        return {}
    if message.sender.key in work.env.own_addresses:
        return {}
    found: dict[str, list[Clue]] = {}
    for case in _candidates(work, message):
        said = [scoring.ATTACHED] if _was_attached(work, message, case) else []
        said += _compared(work, message, case, mailbox.address.lower())
        if case.referrer_address == message.sender.key and case.state in IN_HAND:
            said.append(scoring.SAME_SENDER)
        if said:
            found[case.number] = said
    return found


def clues_of_platform(work: UnitOfWork, message: Message, platform: str) -> dict[str, list[Clue]]:
    """Returns the cases in which we wrote to this platform under the subject of its mail."""
    title = folded(keys_of(message, work.env.language).topic)
    uses = work.tx.find(
        Notification,
        where(Notification.platform).is_(platform),
        where(Notification.exercise).is_(elections.is_players(work, message)),
        where(Notification.state).is_(NotificationState.SENT),
    )
    uses = sorted(uses, key=lambda use: use.sent_at or use.drafted_at)[-LATEST_USES:]
    alike = [
        row.case
        for row in answer_keys.letters_of(work, uses)
        if folded(split_subject(row.subject or "", work.env.language).base) == title
    ]
    return {case: [scoring.SAME_SUBJECT] for case in dict.fromkeys(alike) if case is not None and title}


def threshold(work: UnitOfWork, message: Message) -> int | None:
    """Returns the score from which this mail is filed without a person, or None.

    Only mail of a verified sender qualifies, and none that we sent.
    """
    settings = work.env.settings.desk
    ours = message.sender is None or message.sender.key in work.env.own_addresses
    if ours or message.vouched.value != SenderVerdict.VERIFIED or not settings.quarantine.place_by_score:
        return None
    return settings.quarantine.score_threshold


def _candidates(work: UnitOfWork, message: Message) -> list[Case]:
    """Returns the cases with mail of one of its authors, with its subject, or to whose mail this one was attached.

    Cases with its subject come first, then the latest ones.
    """
    authors = likeness.authors(message)
    rows = [
        row
        for author in authors
        for row in work.tx.newest(StoredMessage, LATEST, where(StoredMessage.from_address).is_(author))
    ]
    if message.message_id is not None:
        rows += work.tx.find(StoredMessage, where(StoredMessage.message_id).is_(message.message_id))
    numbers = {row.case for row in rows if row.case is not None and row.direction == Direction.IN}
    cases = {case.number: case for case in work.tx.find(Case, where(Case.number).in_(sorted(numbers)))}
    titles = list(likeness.base_subjects(message, work.env.language))
    alike = [
        case
        for title in titles
        for case in work.tx.newest(
            Case, LATEST, where(Case.title).is_(title), where(Case.state).in_([CaseState(state) for state in IN_HAND])
        )
    ]
    cases |= {case.number: case for case in alike}
    exercise = elections.is_players(work, message)
    cases = {number: case for number, case in cases.items() if case.exercise == exercise}
    if exercise:  # the same story may be played again: what ended is no candidate
        cases = {number: case for number, case in cases.items() if not lifecycle.was_rehearsed(work, case)}
    return sorted(cases.values(), key=lambda case: (case.title in titles, case.opened_at, case.number), reverse=True)[
        :COMPARED
    ]


def _was_attached(work: UnitOfWork, message: Message, case: Case) -> bool:
    named = (
        work.tx.find(StoredMessage, where(StoredMessage.message_id).is_(message.message_id))
        if message.message_id
        else []
    )
    return any(row.case == case.number and row.enclosed_in is not None for row in named)


def _compared(work: UnitOfWork, message: Message, case: Case, ours: str) -> list[Clue]:
    root = work.tx.get(StoredMessage, case.root_message) if case.root_message else _first_letter(work, case)
    other = reading.again(work, root) if root is not None else None
    return likeness.clues(message, other, work.env.language, ours) if other is not None else []


def _first_letter(work: UnitOfWork, case: Case) -> StoredMessage | None:
    """Returns what stands for the referral in a case that nobody referred: our own first letter in it."""
    uses = work.tx.find(Notification, where(Notification.case).is_(case.number))
    typed = work.tx.newest(
        StoredMessage,
        LATEST,
        where(StoredMessage.case).is_(case.number),
        where(StoredMessage.direction).is_(Direction.OUT),
        where(StoredMessage.place).is_(Place.CASE),
    )
    written = (*answer_keys.letters_of(work, uses), *typed)
    return min(written, key=lambda row: row.received_at, default=None)

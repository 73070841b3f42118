# SPDX-License-Identifier: EUPL-1.2
"""What belongs to a dossier: its cases, their mails in order, what is left out and why, and the events about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flaggermail.archive.mdto import Target
from flaggermail.documents.octets import file_name
from flaggermail.mail.message import Attachment
from flaggermail.ports import Transaction
from flaggermail.record.definition import in_sequence, where
from flaggermail.record.events import Event, EventKind
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import Case, Election, LegalHold, OutboxMail, StoredMessage
from flaggermail.record.states import MailState
from flaggermail.wording.dossier import Absence
from flaggermail.wording.said import StoredText

OF_OFFICERS = frozenset({
    Kind.OFFICER_REPLY, Kind.APPROVAL_REQUEST, Kind.OFFICER_NOTICE, Kind.REPLY_ANSWER, Kind.DIGEST, Kind.REMINDER,
    Kind.ESCALATION, Kind.ALARM,
})  # fmt: skip
"""Mail between the desk and its officers: it holds keys and codes with which they act."""
READING = frozenset({EventKind.ARCHIVE_READ})
"""Events of reading: they change nothing of a case, and another one must not change its dossier."""
_LEFT = frozenset({MailState.ACCEPTED, MailState.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class Scope:
    """The cases of one dossier, in the order of their numbers; the election if it is of a whole one."""

    name: str
    cases: tuple[Case, ...]
    election: Election | None = None


def of_case(case: Case) -> Scope:
    """Returns the scope of one case."""
    return Scope(case.number, (case,))


def of_election(tx: Transaction, election: Election) -> Scope:
    """Returns the scope of all cases of an election."""
    cases = tx.find(Case, where(Case.election).is_(election.code))
    return Scope(election.code, tuple(sorted(cases, key=lambda case: in_sequence(case.number))), election)


def events_of(tx: Transaction, scope: Scope, after: int = 0) -> Iterator[tuple[int, Event]]:
    """Yields the events about a dossier's cases, their mails, or its election, after number `after`."""
    numbers = {case.number for case in scope.cases}
    mails = {mail.id for number in numbers for mail in tx.find(StoredMessage, where(StoredMessage.case).is_(number))}
    rows = {(LegalHold.TABLE, hold.id) for case in scope.cases for hold in holds_of(tx, case)}
    rows |= set() if scope.election is None else {(Election.TABLE, scope.election.code)}
    for seq, event in tx.events(after):
        if event.kind in READING:
            continue
        if event.case in numbers or event.message in mails or any(
            (change.table == Case.TABLE and change.key in numbers)
            or change.values.get("case") in numbers
            or (change.table, change.key) in rows
            for change in event.changes
        ):  # fmt: skip
            yield seq, event


def holds_of(tx: Transaction, case: Case) -> list[LegalHold]:
    """Returns the legal holds that ever kept a case, its election's included, in the order of their placing."""
    found = [
        *tx.find(LegalHold, where(LegalHold.case).is_(case.number)),
        *tx.find(LegalHold, where(LegalHold.election).is_(case.election)),
    ]
    return sorted(found, key=lambda hold: (hold.placed_at, hold.id))


@dataclass(frozen=True, slots=True)
class CaseMails:
    """The mails of a case: those in the dossier, in the order of their numbers, and those left out with the reason."""

    kept: Sequence[StoredMessage]
    left_out: Sequence[tuple[StoredMessage, Absence]]


def mails_of(tx: Transaction, case: Case) -> CaseMails:
    """Returns the mails of a case in the order of their arrival; destroyed ones keep their place."""
    found = sorted(
        tx.find(StoredMessage, where(StoredMessage.case).is_(case.number)), key=lambda row: (row.received_at, row.id)
    )
    stayed = _stayed(tx.find(OutboxMail, where(OutboxMail.case).is_(case.number)))
    absences = [(message, _absence(message, stayed)) for message in found]
    return CaseMails(
        kept=[message for message, absence in absences if absence is None],
        left_out=[(message, absence) for message, absence in absences if absence is not None],
    )


def is_kept(tx: Transaction, message: StoredMessage) -> bool:
    """True if a mail is in the dossier of its case."""
    stayed = _stayed(tx.find(OutboxMail, where(OutboxMail.message_id).is_(message.message_id)))
    return message.case is not None and _absence(message, stayed) is None


def _stayed(outbox: Iterable[OutboxMail]) -> frozenset[str]:
    """Returns the Message-IDs of the mails that left for nobody."""
    mails = list(outbox)
    left = {mail.message_id for mail in mails if mail.state in _LEFT}
    return frozenset(mail.message_id for mail in mails) - left


def _absence(message: StoredMessage, stayed: frozenset[str]) -> Absence | None:
    if OF_OFFICERS & set(message.kinds):
        return Absence.OFFICERS
    return Absence.NEVER_LEFT if message.direction is Direction.OUT and message.message_id in stayed else None


def destructions(tx: Transaction, wanted: Iterable[StoredMessage]) -> dict[str, str]:
    """Returns why the octets of each of these mails were destroyed, by the mail's id, as the events say."""
    missing = {message.id for message in wanted if message.discarded_at is not None}
    if not missing:  # which is usual, and spares the events
        return {}
    return {
        event.message: StoredText(event.reason).english
        for _, event in tx.events()
        if event.kind is EventKind.OCTETS_DISCARDED and event.message in missing
    }


def target_of(scope: Scope) -> Target:
    """Returns the object that the whole dossier is: its case, or its election."""
    return Target(scope.election.name_nl if scope.election is not None else scope.name, scope.name)


def number_of(at: int) -> str:
    """Returns the number of a mail in its case: four digits, or more."""
    return f"{at:04d}"


def mail_key(mail: StoredMessage) -> str:
    """Returns the identifier of a mail in metadata."""
    return f"{mail.case}/{mail.id}"


def attached_name(number: str, at: int, one: Attachment) -> str:
    """Returns the file name of an attachment."""
    return file_name(f"{number}-{at}", one.filename)


def case_target(case: Case) -> Target:
    """Returns a case as metadata refer to it."""
    return Target(case.number, case.number)

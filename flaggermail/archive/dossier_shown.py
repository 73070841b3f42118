# SPDX-License-Identifier: EUPL-1.2
"""How a dossier shows rows: words in the desk's language, instants in its zone, and what a row leads to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from flaggermail.archive.dossier_lists import Keys
from flaggermail.cases import elections
from flaggermail.documents.csv_table import STOP_COLUMNS, USE_COLUMNS, csv_of
from flaggermail.errors import OctetsLost
from flaggermail.figures import ledger
from flaggermail.figures.uses import PlatformUse, Stop, uses_of
from flaggermail.mail.message import Dnssec, Message, SenderVerdict, SignatureState
from flaggermail.ports import Transaction
from flaggermail.record import clocks
from flaggermail.record.case_values import CaseType, ContactMeans, Decision, LanguageCode, Origin, Source
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction, Kind, OctetSource
from flaggermail.record.rows import Case, Delivery, Notification, StoredMessage
from flaggermail.record.states import CLOCKS, CaseState, ClockKind, ClockState, NotificationState
from flaggermail.services import UnitOfWork
from flaggermail.wording.dossier import (
    Absence,
    DossierCaseState,
    DossierCaseType,
    DossierClockState,
    DossierDnssec,
    DossierKind,
    DossierMeans,
    DossierNotificationState,
    DossierOctets,
    DossierOrigin,
    DossierSignature,
    DossierVerdict,
    Label,
)
from flaggermail.wording.pieces import DecisionWord, SourceWord, WaitedWord
from flaggermail.wording.said import Sentence


def figures_csv(tx: Transaction, numbers: Collection[str], zone: ZoneInfo) -> bytes:
    """Returns a line for each use of the line in these cases, in the order of sending. Exercises are in no figure."""
    heads = (*USE_COLUMNS, *(f"{kind}_{name}" for kind in CLOCKS for name in STOP_COLUMNS), "state")
    return csv_of(heads, (_line(use, zone) for use in uses_of(ledger.of_rows(tx)) if use.case in numbers)).encode()


def _line(use: PlatformUse, zone: ZoneInfo) -> list[object]:
    sent = (use.case, use.notification, use.platform, use.channel, use.election, _at(use.sent_at, zone), use.sent_basis)
    stops = [cell for stop in (use.receipt, use.human, use.substance) for cell in _stop(stop, zone)]
    return [*sent, *stops, use.state]


def _stop(stop: Stop | None, zone: ZoneInfo) -> tuple[object, ...]:
    if stop is None:
        return ("",) * len(STOP_COLUMNS)
    return (_at(stop.at, zone), stop.minutes, clocks.hours(stop.minutes), stop.basis, stop.form)


def _at(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()


class Shown:
    """Shows what is in one unit of work. `as_of`: the instant of the last event of the dossier."""

    def __init__(self, work: UnitOfWork, as_of: datetime) -> None:
        self.work, self.zone = work, work.env.settings.zone
        self.as_of = as_of.astimezone(self.zone)
        organisation = work.env.settings.desk.organisation
        self.language, self.keys = LanguageCode(organisation.language), Keys(*elections.prefixes(work))

    @property
    def organisation(self) -> str:
        """The organisation's name in the language of the dossier."""
        return str(getattr(self.work.env.settings.desk.organisation.name, self.language))

    def uses(self, case: Case) -> list[Notification]:
        """Returns the notifications of a case in the order in which they were drafted."""
        found = self.work.tx.find(Notification, where(Notification.case).is_(case.number))
        return sorted(found, key=lambda use: (use.drafted_at, use.id))

    def copies(self, mails: Sequence[StoredMessage]) -> list[Delivery]:
        """Returns the copies of received mails, in the order in which they were taken in."""
        received = [mail.id for mail in mails if mail.direction is Direction.IN]
        found = self.work.tx.find(Delivery, where(Delivery.message).in_(received))
        return sorted(found, key=lambda copy: (copy.first_seen_at, copy.id))

    def signature(self, copy: Delivery) -> str:
        """Says the state of a copy's signature when it came in, and why."""
        return ": ".join(filter(None, (self.value(copy.signature), copy.signature_basis.in_language(self.language))))

    def look_up(self, copy: Delivery, language: LanguageCode) -> list[str]:
        """Says which key was looked up for a copy, and by whom and when; empty if none was."""
        if copy.looked_up_at is None:
            return []
        lines = (
            f"{copy.selector}._domainkey.{copy.signer}",
            f"SHA-256 {copy.key_digest}" if copy.key_digest else "",
            f"DNSSEC: {value_in_words(copy.dnssec, language)}",
            f"{Label.RESOLVER.words(language)} {copy.resolver}" if copy.resolver else "",
            f"{Label.LOOKED_UP.words(language)} {self.minute(copy.looked_up_at)}",
        )
        return [line for line in lines if line]

    def parsed(self, octets: bytes) -> Message:
        """Returns a parsed mail."""
        return self.work.env.parser.parse(octets)

    def attachment(self, octets: bytes, at: int) -> bytes | None:
        """Returns the decoded octets of an attachment, counted from 0; None if it cannot be decoded alone."""
        return self.work.env.parser.attachment(octets, at)

    def octets(self, mail: StoredMessage) -> bytes | None:
        """Returns the octets of a mail; None if the archive does not give them unchanged."""
        try:
            return self.work.env.octets.get(mail.digest)
        except OctetsLost:
            return None

    def word(self, label: Label) -> str:
        """Returns the words of a label."""
        return label.words(self.language)

    def absent(self, absence: Absence) -> str:
        """Says that something is not there, and why."""
        return f"{self.word(Label.ABSENT)}: {absence.words(self.language)}"

    def state(self, case: Case) -> str:
        """Says the state of a case, and that it is an exercise."""
        state = self.value(case.state)
        return f"{state}, {self.word(Label.EXERCISE)}" if case.exercise else state

    def value(self, value: StrEnum | None) -> str:
        """Says a value of a closed set in words; nothing for None."""
        return "" if value is None else value_in_words(value, self.language)

    def way(self, mail: StoredMessage) -> str:
        """Says whether a mail was received or sent."""
        return self.word(Label.RECEIVED if mail.direction is Direction.IN else Label.SENT)

    def kinds(self, mail: StoredMessage) -> str:
        """Says what a mail is."""
        return ", ".join(value_in_words(kind, self.language) for kind in mail.kinds)

    def minute(self, at: datetime) -> str:
        """Returns an instant to the minute with its offset."""
        return at.astimezone(self.zone).isoformat(sep=" ", timespec="minutes")

    def day(self, at: datetime) -> date:
        """Returns the day of an instant."""
        return at.astimezone(self.zone).date()


# ---- the words of each closed value


def value_in_words(value: StrEnum, language: str) -> str:
    """Returns a value of a closed set in words. Raises KeyError for one that a dossier does not show."""
    return WORDS[type(value)][value.name].words(language)


# By type: two members of different sets are equal if their values are.
WORDS: Mapping[type[StrEnum], type[Sentence]] = {
    CaseType: DossierCaseType,
    Kind: DossierKind,
    CaseState: DossierCaseState,
    Origin: DossierOrigin,
    Source: SourceWord,
    Decision: DecisionWord,
    ClockKind: WaitedWord,
    ClockState: DossierClockState,
    NotificationState: DossierNotificationState,
    ContactMeans: DossierMeans,
    SenderVerdict: DossierVerdict,
    SignatureState: DossierSignature,
    Dnssec: DossierDnssec,
    OctetSource: DossierOctets,
}

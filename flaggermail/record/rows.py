# SPDX-License-Identifier: EUPL-1.2
"""The rows of the current state: one frozen dataclass per table, shared by the store, the fold of events and decisions.

Every instant is an aware datetime in UTC. Fields named in `PERSONAL` contain personal values: events store them as
salted commitments, so that erasing them leaves the chain valid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from flaggermail.mail.message import MechanicalKind, SenderVerdict
from flaggermail.record.alarm_kinds import AlarmKind
from flaggermail.record.case_values import (
    Aspect,
    CaseType,
    Decision,
    DeclineReason,
    Origin,
    Priority,
    Source,
)
from flaggermail.record.clocks import ClockKind, Means
from flaggermail.record.contacts import ChannelKind, ContactMeans, LanguageCode
from flaggermail.record.kinds import Direction, Kind, Place, Versioned
from flaggermail.record.states import AttemptResult, CaseState, ClockState, MailState, NotificationState, PageState
from flaggermail.record.topics import Topic
from flaggermail.record.trust import SenderTrust


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Base class of every row. `TABLE` is its name in the store and in events, `KEY` its identifying field."""

    TABLE: ClassVar[str] = ""
    KEY: ClassVar[str] = "id"
    PERSONAL: ClassVar[frozenset[str]] = frozenset()

    @property
    def key(self) -> str:
        """The value of the identifying field."""
        return str(getattr(self, self.KEY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Election(Record):
    """An election with its polling days and the period in which the desk is on alert."""

    TABLE: ClassVar[str] = "election"
    KEY: ClassVar[str] = "code"
    code: str
    name_nl: str
    name_en: str
    polling_days: tuple[date, ...]
    period_from: date
    period_until: date
    closed_at: datetime | None = None
    exercise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform(Record):
    """A platform; subdomains of `domains` belong to it too."""

    TABLE: ClassVar[str] = "platform"
    KEY: ClassVar[str] = "code"
    code: str
    name: str
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel(Record):
    """A platform's escalation address, portal or phone, valid from `valid_from` up to and including `valid_until`."""

    TABLE: ClassVar[str] = "channel"
    KEY: ClassVar[str] = "code"
    code: str
    platform: str
    name: str
    kind: ChannelKind
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    language: LanguageCode = LanguageCode.EN
    can_confirm: bool = True
    phone: str | None = None
    policy_title: str = ""
    policy_url: str = ""
    policy_read_on: date | None = None
    valid_from: date
    valid_until: date | None = None
    answers_from: tuple[str, ...] | None = None  # further addresses that may answer there, in lower case


@dataclass(frozen=True, slots=True, kw_only=True)
class BadAddress(Record):
    """A platform's address that bounced; not used until a person clears it."""

    TABLE: ClassVar[str] = "bad_address"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"cleared_reason"})
    id: str  # in lower case
    since: datetime
    mail: str  # the outbox mail that bounced
    cleared_at: datetime | None = None
    cleared_by: str | None = None
    cleared_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Record):
    """One matter that the desk assesses."""

    TABLE: ClassVar[str] = "case_file"
    KEY: ClassVar[str] = "number"
    PERSONAL: ClassVar[frozenset[str]] = frozenset(
        {"referrer_address", "referrer_name", "title", "contradicts", "override_reason", "decision_reason"}
    )
    number: str
    election: str
    type: CaseType
    origin: Origin
    source: Source | None = None
    state: CaseState = CaseState.OPEN
    title: str = ""
    token: str
    language: LanguageCode = LanguageCode.NL
    referrer_address: str | None = None
    referrer_name: str | None = None
    root_message: str | None = None
    related: tuple[str, ...] = ()
    aspects: tuple[Aspect, ...] = ()
    incorrect: bool | None = None
    contradicts: str | None = None
    criteria: tuple[int, ...] = ()
    own_attempts: int | None = None
    all_means_used: bool | None = None
    override_reason: str | None = None
    satire: bool | None = None
    assessed_by: str | None = None
    assessed_at: datetime | None = None
    decision: Decision | None = None
    decision_ground: DeclineReason | None = None  # of a decline
    decision_reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    opened_at: datetime
    opened_by: str
    assigned_to: str | None = None
    closed_at: datetime | None = None
    platform_references: tuple[str, ...] = ()
    reminders: str = "[]"  # reminder policy for an undecided case, stored when it was opened (JSON)
    exercise: bool = False
    priority: Priority = Priority.NORMAL
    narratives: tuple[str, ...] = ()  # from the closed list in the configuration; not counted in any figure
    tail: str | None = None  # of its number in mail to the referrer, see mail.tailed_numbers; None in cases of before


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage(Record):
    """One message, received or sent, however often it was delivered."""

    TABLE: ClassVar[str] = "message"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"from_address", "from_name", "subject", "reason", "verdict_basis"})
    id: str
    message_id: str | None
    content_key: str
    digest: str
    direction: Direction
    from_address: str | None = None
    from_name: str | None = None
    subject: str | None = None
    received_at: datetime  # INTERNALDATE of the earliest delivery, or the acceptance of a sent mail
    first_seen_at: datetime
    mechanical: MechanicalKind = MechanicalKind.HUMAN
    kinds: tuple[Kind, ...] = ()
    place: Place
    case: str | None = None
    notification: str | None = None
    match_basis: str = ""  # why it was placed there, in words
    reason: str = ""  # why it waits for a person
    suggestions: tuple[str, ...] = ()
    verdict: SenderVerdict = SenderVerdict.UNVERIFIED
    verdict_basis: str = ""
    rule: str | None = None  # that decided, or who corrected it, in words
    automatic: bool = False
    substance: bool = False
    disputed: bool = False
    pending_digest: bool = False  # taken in late, and still to be named in a digest
    same_id_as: str | None = None  # another message with this Message-ID and other content
    platform_references: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    ruleset: str | None = None  # the version of the rules that classified it, see `InForce`
    priority: Priority = Priority.NORMAL
    labels: tuple[str, ...] = ()  # from the closed list in the configuration; not counted in any figure
    discarded_at: datetime | None = None  # when its octets were destroyed, at the end of the retention period
    exercise: bool = False  # belongs to an exercise by its case or its sender
    costly: bool = False  # took so long to parse that no other mail's intake parses it again
    enclosed_in: str | None = None  # the message to which it was attached
    placed_by: str | None = None  # the officer who filed it
    from_junk: bool = False  # came in by the junk folder, and nobody took it out of there
    confirmed_by: str | None = None  # the officer who vouches for its sender
    corrected_by: str | None = None  # the officer who said what kind it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Record):
    """One copy of a message in one folder; `id` is folder, UIDVALIDITY and UID."""

    TABLE: ClassVar[str] = "delivery"
    id: str
    message: str
    folder: str
    uidvalidity: int
    uid: int
    internaldate: datetime
    digest: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification(Record):
    """One use of the line to a platform: the counted unit, however many mails it took."""

    TABLE: ClassVar[str] = "notification"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"subject", "rejected_reason"})
    id: str
    case: str
    platform: str
    channel: str
    channel_name: str
    counted: bool = True  # False for a follow-up, which needs the same approval and is not counted
    template: str
    language: LanguageCode
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: str
    policy_title: str = ""
    policy_url: str = ""
    policy_read_on: date | None = None
    state: NotificationState = NotificationState.DRAFT
    drafted_by: str
    drafted_at: datetime
    approved_by: tuple[str, ...] = ()
    approved_at: datetime | None = None
    rejected_by: str | None = None
    rejected_reason: str | None = None
    token: str
    message_id: str | None = None
    digest: str  # of the frozen octets that are sent
    sent_at: datetime | None = None
    by_hand: bool = False
    steps: str = "[]"  # the escalation policy in force when it was sent (JSON)
    exercise: bool = False
    tail: str | None = None  # of the case number in its mail; a follow-up has that of its notification


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRow(Record):
    """One of the three clocks of a notification; `id` is notification and kind."""

    TABLE: ClassVar[str] = "clock"
    id: str
    notification: str
    kind: ClockKind
    state: ClockState = ClockState.RUNNING
    started_at: datetime
    stopped_at: datetime | None = None
    stopped_by: str | None = None  # message or contact note
    automatic: bool = False
    oral: bool = False
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactNote(Record):
    """A record of a phone call, portal entry or meeting; never changed, only followed by another note."""

    TABLE: ClassVar[str] = "contact_note"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"text"})
    id: str
    case: str
    notification: str | None = None
    means: ContactMeans
    text: str
    counts_as: tuple[Kind, ...] = ()  # of `contacts.COUNTS`
    effective_at: datetime
    entered_at: datetime
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMail(Record):
    """One mail to one recipient on its way out; `dedupe` is its deduplication key."""

    TABLE: ClassVar[str] = "outbox"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"recipient", "subject", "dedupe", "answer"})
    id: str
    kind: Kind
    dedupe: str
    case: str | None = None
    notification: str | None = None
    message_id: str
    sender: str  # envelope sender, empty for the null path
    recipient: str
    subject: str
    digest: str
    at_most_once: bool = False  # True for mail to a platform; other mail is sent at least once
    state: MailState = MailState.QUEUED
    queued_at: datetime
    next_try_at: datetime | None = None
    tries: int = 0
    done_at: datetime | None = None
    answer: str = ""
    bounced: bool = False
    exercise: bool = False  # reaches exercise addresses and officers only
    shows: str | None = None  # of a notice: the received message that it shows
    trust: SenderTrust | None = None  # of a notice, alarm or digest: whose mail caused it; None: the desk's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(Record):
    """One delivery attempt, recorded before the network is touched."""

    TABLE: ClassVar[str] = "attempt"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"text"})
    id: str
    mail: str
    started_at: datetime
    ended_at: datetime | None = None
    result: AttemptResult | None = None
    code: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder(Record):
    """One step sent to one officer; `id` is its subject, clock, step, repetition and officer."""

    TABLE: ClassVar[str] = "reminder"
    id: str
    kind: Kind  # a reminder or an escalation
    case: str
    notification: str | None = None
    clock: ClockKind
    step: int
    officer: str
    due_at: datetime
    told_at: datetime
    token: str
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_until: datetime | None = None  # as promised at the time, whatever the configuration says now
    repetition: int = 0  # of a repeating step
    withheld: bool = False  # fell due while the desk was observing: never sent
    how: tuple[Means, ...] = (Means.MAIL, Means.PAGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(Record):
    """An unguessable value in a mail we sent, and what a reply to that mail refers to."""

    TABLE: ClassVar[str] = "token"
    KEY: ClassVar[str] = "token"
    token: str
    purpose: Topic
    case: str | None = None
    notification: str | None = None
    reminder: str | None = None
    message: str | None = None
    officer: str | None = None  # the only officer who may use it
    issued_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadKey(Record):
    """A thread key learned from verified mail of a case: a platform's reference, or a Message-ID we do not hold.

    `id` is `reference PLATFORM REFERENCE` or `mail MESSAGE-ID`, numbered from the second author who teaches it on. It
    files mail of the author of `message` only; one that an author used for two cases is ambiguous and files nothing.
    """

    TABLE: ClassVar[str] = "thread_key"
    id: str
    case: str
    notification: str | None = None
    message: str  # the message it was learned from
    learned_at: datetime
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm(Record):
    """A condition that needs a person at once; raised once per deduplication key."""

    TABLE: ClassVar[str] = "alarm"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"text"})
    id: str  # deduplication key: kind and subject
    kind: AlarmKind
    case: str | None = None
    notification: str | None = None
    text: str
    raised_at: datetime
    officer: str | None = None  # whom it reminds, if it reminds one officer of a waiting mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Record):
    """One call of one pager; `id` is its subject, the officer and the position in their list of pagers."""

    TABLE: ClassVar[str] = "page"
    id: str
    about: str  # the first reminder of the mail, or a digest of the alarm's id
    officer: str
    position: int
    pager: str  # the name of its credential
    case: str | None = None
    notification: str | None = None
    text: str  # number, platform and minutes; no other detail of a case
    exercise: bool = False
    state: PageState = PageState.QUEUED
    queued_at: datetime
    tries: int = 0
    tried_at: datetime | None = None
    done_at: datetime | None = None
    answer: str = ""  # why it failed, as one of our own words


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack(Record):
    """A notice or alarm held back by a rate limit; one mail lists all that were held back."""

    TABLE: ClassVar[str] = "held_back"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"dedupe"})
    id: str
    officer: str
    kind: Kind  # of the mail
    dedupe: str  # deduplication key of the mail
    what: str  # one of our own words: what came in, or the kind of alarm
    case: str | None = None
    notification: str | None = None
    next_step: str  # the command that shows it
    exercise: bool = False
    shows: str | None = None  # of a notice: the received message that it shows
    trust: SenderTrust | None = None  # whose mail caused it; None: the desk itself
    held_at: datetime
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched(Record):
    """A health probe of the daemon: whether it is failing, and since when its current state holds."""

    TABLE: ClassVar[str] = "watched"
    id: str  # the name of the probe
    failing: bool
    since: datetime
    value: str  # measured at that instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline(Record):
    """A sender who was told, once in this period, that reports about single posts are not handled."""

    TABLE: ClassVar[str] = "decline"
    id: str  # election and salted digest of the address
    election: str
    declined_at: datetime
    message: str
    taken_back_at: datetime | None = None  # a person made a case of it, so the sender no longer counts as declined


@dataclass(frozen=True, slots=True, kw_only=True)
class Override(Record):
    """An override of the on-call schedule: one officer on call from one instant to another."""

    TABLE: ClassVar[str] = "rota_override"
    id: str
    officer: str
    begins_at: datetime
    ends_at: datetime
    entered_by: str
    entered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskState(Record):
    """The single row that says whether the desk is observing: it takes in and files mail, and sends nothing."""

    TABLE: ClassVar[str] = "desk_state"
    id: str = "desk"
    observing: bool
    since: datetime
    since_by: str
    until: datetime | None = None
    until_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld(Record):
    """A mail suppressed while the desk was observing; `id` is its deduplication key, which no later mail may use."""

    TABLE: ClassVar[str] = "withheld"
    id: str
    kind: Kind
    withheld_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce(Record):
    """An archived version of the rules or templates, and the period in which it was in force."""

    TABLE: ClassVar[str] = "in_force"
    id: str  # subject, and the number of the period
    what: Versioned
    version: str  # SHA-256 over names and octets of its files
    digest: str  # of the archived files
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectionSecret(Record):
    """The key that pseudonymizes declined citizens in one election; destroyed when the election closes."""

    TABLE: ClassVar[str] = "election_secret"
    KEY: ClassVar[str] = "election"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"secret"})
    election: str
    secret: str | None
    made_at: datetime
    destroyed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCode(Record):
    """That a page calls out the code of an approval request; the code itself is in no row."""

    TABLE: ClassVar[str] = "page_code"
    id: str  # of the page
    token: str  # of the request


@dataclass(frozen=True, slots=True, kw_only=True)
class Device(Record):
    """An officer's device for one-time codes (RFC 6238). Its secret is in the vault; the row has a commitment to it."""

    TABLE: ClassVar[str] = "device"
    id: str
    officer: str
    enrolled_by: str
    enrolled_at: datetime
    commitment: str  # SHA-256 of the id and the secret
    token: str  # of the mail that asks for the first code
    confirmed_at: datetime | None = None  # when its first good code came from the officer's own mail
    last_step: int | None = None  # the time step of the last spent code; no code of it or of an earlier one counts
    wrong: int = 0  # wrong codes since the last good one
    locked_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None


RECORDS: tuple[type[Record], ...] = (
    Election, Platform, Channel, BadAddress, Case, StoredMessage, Delivery, Notification, ClockRow, ContactNote,
    OutboxMail, Attempt, Reminder, Token, ThreadKey, Alarm, Page, HeldBack, Watched, Decline, Override, DeskState,
    Withheld, InForce, ElectionSecret, Device, PageCode,
)  # fmt: skip
BY_TABLE: dict[str, type[Record]] = {record.TABLE: record for record in RECORDS}

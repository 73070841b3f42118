# SPDX-License-Identifier: EUPL-1.2
"""The rows of the present: one frozen value a row, equal in the store, in the fold of the events and in decisions.

Every instant is an aware datetime in UTC. Fields named in `PERSONAL` hold personal values: in the octets of an event
they stand as salted commitments, so that erasing them leaves the chain valid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Base of every row. `TABLE` names it in store and events, `KEY` names the field that identifies it."""

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
    """A platform; sub-domains of `domains` are its own too."""

    TABLE: ClassVar[str] = "platform"
    KEY: ClassVar[str] = "code"
    code: str
    name: str
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel(Record):
    """A platform's escalation address, portal or phone, valid from one day up to and including another."""

    TABLE: ClassVar[str] = "channel"
    KEY: ClassVar[str] = "code"
    code: str
    platform: str
    name: str
    kind: str  # "mail" | "portal" | "phone"
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    language: str = "en"
    can_confirm: bool = True
    phone: str | None = None
    policy_title: str = ""
    policy_url: str = ""
    policy_read_on: date | None = None
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BadAddress(Record):
    """An address of a platform from which mail came back; not used until a person says that it works again."""

    TABLE: ClassVar[str] = "bad_address"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"cleared_reason"})
    id: str  # in lower case
    since: datetime
    mail: str  # the envelope that came back
    cleared_at: datetime | None = None
    cleared_by: str | None = None
    cleared_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Record):
    """One matter the desk assesses."""

    TABLE: ClassVar[str] = "case_file"
    KEY: ClassVar[str] = "number"
    PERSONAL: ClassVar[frozenset[str]] = frozenset(
        {"referrer_address", "referrer_name", "title", "contradicts", "override_reason", "decision_reason"}
    )
    number: str
    election: str
    type: str  # A_content | B_channel | C_advert | D_general_warning | other
    origin: str  # referral | media | earlier_cases
    source: str | None = None  # media | fact_checker | government_body | fellow_authority
    state: str = "open"  # open | decided | notified | answered | closed
    title: str = ""
    token: str
    language: str = "nl"
    referrer_address: str | None = None
    referrer_name: str | None = None
    root_message: str | None = None
    related: tuple[str, ...] = ()
    aspects: tuple[str, ...] = ()  # organisation | conduct | integrity
    incorrect: bool | None = None
    contradicts: str | None = None
    criteria: tuple[int, ...] = ()
    own_attempts: int | None = None
    all_means_used: bool | None = None
    override_reason: str | None = None
    satire: bool | None = None
    assessed_by: str | None = None
    assessed_at: datetime | None = None
    decision: str | None = None  # notify | decline | refer | none
    decision_ground: str | None = None  # of a decline: a DeclineReason
    decision_reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    opened_at: datetime
    opened_by: str
    assigned_to: str | None = None
    closed_at: datetime | None = None
    platform_references: tuple[str, ...] = ()
    reminders: str = "[]"  # the steps for an undecided case, stamped when it was opened (JSON)
    exercise: bool = False
    priority: str = "normal"  # urgent | normal
    narratives: tuple[str, ...] = ()  # from the closed list of the configuration; in no figure


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage(Record):
    """One message, taken in or sent, however often it was delivered."""

    TABLE: ClassVar[str] = "message"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"from_address", "from_name", "subject", "reason", "verdict_basis"})
    id: str
    message_id: str | None
    content_key: str
    digest: str
    direction: str  # in | out
    from_address: str | None = None
    from_name: str | None = None
    subject: str | None = None
    received_at: datetime  # INTERNALDATE of the earliest delivery, or the acceptance of what we sent
    first_seen_at: datetime
    mechanical: str = "human"
    kinds: tuple[str, ...] = ()
    place: str  # case | quarantine | noise | declined | own
    case: str | None = None
    notification: str | None = None
    match_basis: str = ""  # why it was placed there, such as "forwarded in ID"
    reason: str = ""  # why it waits for a person
    suggestions: tuple[str, ...] = ()
    verdict: str = "unverified"  # verified | unverified | failed
    verdict_basis: str = ""
    rule: str | None = None
    automatic: bool = False
    substance: bool = False
    disputed: bool = False
    pending_digest: bool = False  # taken in late, and still to be named in a digest
    same_id_as: str | None = None  # another message with this Message-ID and other content
    platform_references: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    ruleset: str | None = None  # the version of the rules that judged it, see `InForce`
    priority: str = "normal"  # urgent | normal
    labels: tuple[str, ...] = ()  # from the closed list of the configuration; in no figure
    discarded_at: datetime | None = None  # when its octets were destroyed, at the end of the review window
    exercise: bool = False  # of a rehearsal, as its case is, or whoever wrote it


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
    language: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: str
    policy_title: str = ""
    policy_url: str = ""
    policy_read_on: date | None = None
    state: str = "draft"  # draft | approved | sent | failed | rejected | cancelled
    drafted_by: str
    drafted_at: datetime
    approved_by: tuple[str, ...] = ()
    approved_at: datetime | None = None
    rejected_by: str | None = None
    rejected_reason: str | None = None
    token: str
    message_id: str | None = None
    digest: str  # of the frozen octets that go out
    sent_at: datetime | None = None
    by_hand: bool = False
    steps: str = "[]"  # the escalation policy in force when it was sent (JSON)
    exercise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRow(Record):
    """One of the three clocks of a notification; `id` is notification and kind."""

    TABLE: ClassVar[str] = "clock"
    id: str
    notification: str
    kind: str  # receipt | human | substance
    state: str = "running"  # running | stopped | cancelled
    started_at: datetime
    stopped_at: datetime | None = None
    stopped_by: str | None = None  # message or contact note
    automatic: bool = False
    oral: bool = False
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactNote(Record):
    """What was said by phone or shown by a portal; never changed, only followed by another note."""

    TABLE: ClassVar[str] = "contact_note"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"text"})
    id: str
    case: str
    notification: str | None = None
    means: str  # phone | portal | meeting
    text: str
    counts_as: tuple[str, ...] = ()  # notification | platform_ack | substantive_reply
    effective_at: datetime
    entered_at: datetime
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMail(Record):
    """One envelope that waits, was handed over, or needs a person; `dedupe` keeps it from being queued twice."""

    TABLE: ClassVar[str] = "outbox"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"recipient", "subject", "dedupe", "answer"})
    id: str
    kind: str
    dedupe: str
    case: str | None = None
    notification: str | None = None
    message_id: str
    sender: str  # envelope sender, empty for the null path
    recipient: str
    subject: str
    digest: str
    at_most_once: bool = False  # True for mail to a platform; other mail is sent at least once
    state: str = "queued"  # queued | attempting | accepted | refused | uncertain | cancelled
    queued_at: datetime
    next_try_at: datetime | None = None
    tries: int = 0
    done_at: datetime | None = None
    answer: str = ""
    bounced: bool = False
    exercise: bool = False  # reaches exercise addresses and officers only


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(Record):
    """One try to hand over an envelope, recorded before the network is touched."""

    TABLE: ClassVar[str] = "attempt"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"text"})
    id: str
    mail: str
    started_at: datetime
    ended_at: datetime | None = None
    result: str | None = None  # accepted | refused | deferred | unknown
    code: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder(Record):
    """One step that was told to one officer; `id` is what it is about, clock, step, repetition and officer."""

    TABLE: ClassVar[str] = "reminder"
    id: str
    kind: str  # reminder | escalation
    case: str
    notification: str | None = None
    clock: str  # receipt | human | decision
    step: int
    officer: str
    due_at: datetime
    told_at: datetime
    token: str
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_until: datetime | None = None  # as promised then, whatever is configured since
    repetition: int = 0  # of a step that is told again and again
    withheld: bool = False  # it fell due while the desk observed: nobody was told, and nobody will be
    how: tuple[str, ...] = ("mail", "pager")  # by which `escalation.Means`


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(Record):
    """An unguessable value that stood in a mail we sent, and what an answer to that mail is about."""

    TABLE: ClassVar[str] = "token"
    KEY: ClassVar[str] = "token"
    token: str
    purpose: str  # case | notification | decline; of a mail to an officer see replies.verbs.Topic
    case: str | None = None
    notification: str | None = None
    reminder: str | None = None
    message: str | None = None
    officer: str | None = None  # the only one who may answer
    issued_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadKey(Record):
    """What verified mail of a case taught us to know later mail by: a platform's reference, a Message-ID we never saw.

    `id` is `reference PLATFORM REFERENCE` or `mail MESSAGE-ID`. One that mail of two cases bears places nothing.
    """

    TABLE: ClassVar[str] = "thread_key"
    id: str
    case: str
    notification: str | None = None
    message: str  # that taught it
    learned_at: datetime
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm(Record):
    """Something a person must know at once; raised once for each thing it is about."""

    TABLE: ClassVar[str] = "alarm"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"text"})
    id: str  # kind and what it is about
    kind: str
    case: str | None = None
    notification: str | None = None
    text: str
    raised_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Record):
    """One call of one pager; `id` is what it is about, the officer and the position of the pager in his list."""

    TABLE: ClassVar[str] = "page"
    id: str
    about: str  # the first reminder of the mail, or a digest of the alarm's id
    officer: str
    position: int
    pager: str  # the name of its credential
    case: str | None = None
    notification: str | None = None
    text: str  # number, platform and minutes; nothing else of a case
    exercise: bool = False
    state: str = "queued"  # queued | attempting | sent | failed | held
    queued_at: datetime
    tries: int = 0
    tried_at: datetime | None = None
    done_at: datetime | None = None
    answer: str = ""  # why it failed, in a word of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack(Record):
    """A notice or alarm that got no mail of its own, so that an officer is not buried; one mail tells of all."""

    TABLE: ClassVar[str] = "held_back"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"dedupe"})
    id: str
    officer: str
    kind: str  # officer_notice | alarm
    dedupe: str  # the reason for the mail
    what: str  # in a word of ours: what came in, or the kind of alarm
    case: str | None = None
    notification: str | None = None
    next_step: str  # the command that shows it
    exercise: bool = False
    held_at: datetime
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched(Record):
    """Something of ourselves that is watched: whether it fails, and since when it does or does not."""

    TABLE: ClassVar[str] = "watched"
    id: str  # what is watched
    failing: bool
    since: datetime
    value: str  # what was measured then


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline(Record):
    """A sender who was told once in this period that reports about single posts are not handled."""

    TABLE: ClassVar[str] = "decline"
    id: str  # election and salted digest of the address
    election: str
    declined_at: datetime
    message: str
    taken_back_at: datetime | None = None  # a person made a case of it: the sender counts no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Override(Record):
    """A change to the rota made outside the file: from one instant to another somebody else is on call."""

    TABLE: ClassVar[str] = "rota_override"
    id: str
    officer: str
    begins_at: datetime
    ends_at: datetime
    entered_by: str
    entered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskState(Record):
    """The one row that says whether the desk observes: takes in and files, and sends nothing."""

    TABLE: ClassVar[str] = "desk_state"
    id: str = "desk"
    observing: bool
    since: datetime
    since_by: str
    until: datetime | None = None
    until_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld(Record):
    """A mail that was not written because the desk observed; `id` is the reason for it, which gives no later mail."""

    TABLE: ClassVar[str] = "withheld"
    id: str
    kind: str
    withheld_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce(Record):
    """A version of the rules or of the templates, archived, and the period in which it judged or wrote."""

    TABLE: ClassVar[str] = "in_force"
    id: str  # what, and the number of the period
    what: str  # rules | templates
    version: str  # SHA-256 over names and octets of its files
    digest: str  # of the archived files
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectionSecret(Record):
    """The key under which citizens who were declined are remembered in one election; destroyed when it closes."""

    TABLE: ClassVar[str] = "election_secret"
    KEY: ClassVar[str] = "election"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"secret"})
    election: str
    secret: str | None
    made_at: datetime
    destroyed_at: datetime | None = None


RECORDS: tuple[type[Record], ...] = (
    Election, Platform, Channel, BadAddress, Case, StoredMessage, Delivery, Notification, ClockRow, ContactNote,
    OutboxMail, Attempt, Reminder, Token, ThreadKey, Alarm, Page, HeldBack, Watched, Decline, Override, DeskState,
    Withheld, InForce, ElectionSecret,
)  # fmt: skip
BY_TABLE: dict[str, type[Record]] = {record.TABLE: record for record in RECORDS}

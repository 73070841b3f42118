# SPDX-License-Identifier: EUPL-1.2
"""Mail on its way out, attempts to deliver it, and mail that was held back or suppressed.

The states of an outbox mail and the transitions between them are the diagram in docs/flow.md as data. Every change of
state goes through `in_state`: a test compares `NEXT` with the diagram and finds code that bypasses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, ClassVar

from flaggermail.record.case_values import SenderTrust
from flaggermail.record.definition import Column, Record, References, record
from flaggermail.record.kinds import AssignedBy, Kind
from flaggermail.record.rows.cases import Case
from flaggermail.record.states import AttemptResult, MailState
from flaggermail.wording.said import StoredText


@record
class OutboxMail(Record):
    """One mail to one recipient on its way out; `dedupe` is its deduplication key."""

    TABLE: ClassVar[str] = "outbox"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"recipient", "subject", "dedupe", "answer"})
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("state", "tries", "queued_at", "id"),  # what was tried, and the first that was not
        ("next_try_at", "state"),  # what is withheld
    )
    id: str
    kind: Kind
    dedupe: Annotated[str, Column.UNIQUE]
    case: Annotated[str | None, References(Case), Column.INDEXED] = None
    notification: Annotated[str | None, Column.INDEXED] = None
    message_id: Annotated[str, Column.INDEXED]
    sender: str  # envelope sender, empty for the null path
    recipient: str
    subject: Annotated[str, Column.LONG]
    digest: str
    at_most_once: bool = False  # True for mail to a platform; other mail is sent at least once
    state: Annotated[MailState, Column.CHECKED] = MailState.QUEUED
    queued_at: Annotated[datetime, Column.INDEXED]
    next_try_at: datetime | None = None  # None: in hand, settled, or withheld
    tries: int = 0
    done_at: datetime | None = None
    answer: StoredText = StoredText()  # how the last attempt ended; of a mail that is withheld, why it is
    bounced: bool = False
    exercise: bool = False  # reaches exercise addresses and officers only
    shows: Annotated[str | None, Column.INDEXED] = None  # the message that a notice shows, or a decline answers
    trust: SenderTrust | None = None  # of a notice, alarm or digest: whose mail caused it; None: the desk's own
    instead_of: Annotated[str | None, Column.INDEXED] = None  # the refused mail in whose place this one was sent

    @property
    def is_withheld(self) -> bool:
        """True if it waits, and the desk's own configuration does not allow that it leaves."""
        return self.state == MailState.QUEUED and self.next_try_at is None


NEXT: Mapping[MailState, frozenset[MailState]] = MappingProxyType({
    MailState.QUEUED: frozenset({MailState.ATTEMPTING, MailState.CANCELLED, MailState.REFUSED}),
    MailState.ATTEMPTING: frozenset({MailState.ACCEPTED, MailState.QUEUED, MailState.REFUSED, MailState.UNCERTAIN}),
    MailState.UNCERTAIN: frozenset({MailState.ACCEPTED, MailState.QUEUED, MailState.REFUSED}),
    MailState.ACCEPTED: frozenset({MailState.REFUSED}),
    MailState.REFUSED: frozenset(),
    MailState.CANCELLED: frozenset(),
})  # fmt: skip
IN_HAND = frozenset({MailState.ATTEMPTING, MailState.UNCERTAIN})  # waiting for the server's answer or for proof


def in_state(mail: OutboxMail, state: MailState) -> OutboxMail:
    """Returns `mail` in its next state. Raises ValueError if the transition is not allowed: a programming error."""
    if state not in NEXT[mail.state]:
        raise ValueError(f"an envelope that is {mail.state} cannot become {state}")
    return replace(mail, state=state)


@record
class Attempt(Record):
    """One delivery attempt, recorded before the network is touched."""

    TABLE: ClassVar[str] = "attempt"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"text"})
    id: str
    mail: Annotated[str, References(OutboxMail), Column.INDEXED]
    started_at: datetime
    ended_at: datetime | None = None
    result: AttemptResult | None = None
    code: int = 0
    text: StoredText = StoredText()


@record
class AssignedId(Record):
    """A Message-ID that a server assigned to our mail in place of ours; answers and reports name it."""

    TABLE: ClassVar[str] = "assigned_id"
    id: str  # without angle brackets
    ours: Annotated[str, Column.INDEXED]  # the Message-ID in the octets that we froze
    source: Annotated[AssignedBy, Column.CHECKED]
    learned_at: datetime


@record
class HeldBack(Record):
    """A notice or alarm held back by a rate limit; one mail lists all that were held back."""

    TABLE: ClassVar[str] = "held_back"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"dedupe"})
    id: str
    officer: str
    kind: Kind  # of the mail
    dedupe: Annotated[str, Column.UNIQUE]  # deduplication key of the mail
    what: str  # one of our own words: what came in, or the kind of alarm
    case: str | None = None
    notification: str | None = None
    next_step: str  # the command that shows it
    exercise: bool = False
    shows: str | None = None  # of a notice: the received message that it shows
    trust: SenderTrust | None = None  # whose mail caused it; None: the desk itself
    held_at: datetime
    told_at: Annotated[datetime | None, Column.INDEXED] = None


@record
class Withheld(Record):
    """A mail suppressed while the desk was observing; `id` is its deduplication key, which no later mail may use."""

    TABLE: ClassVar[str] = "withheld"
    id: str
    kind: Kind
    withheld_at: datetime

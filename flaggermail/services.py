# SPDX-License-Identifier: EUPL-1.2
"""What every part of the shell works with: the ports filled in by `wiring`, and one unit of work on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from flaggermail.mail.vocabulary import Language
from flaggermail.notifications.draft_policy import DraftPatterns
from flaggermail.ports import (
    BlobStore,
    Clock,
    HealthProbe,
    Matcher,
    Pager,
    Parser,
    Randomness,
    SenderCheck,
    Store,
    Submitter,
    Templates,
    Transaction,
)
from flaggermail.record.events import Change, Event, EventKind
from flaggermail.record.topics import Topic
from flaggermail.settings.model import Settings

DAEMON = "daemon"


@dataclass(frozen=True, slots=True)
class Services:
    """The ports behind which the world is, and the settings."""

    settings: Settings
    store: Store
    octets: BlobStore
    parser: Parser
    sender_check: SenderCheck
    templates: Templates
    matcher: Matcher
    submitter: Submitter
    clock: Clock
    randomness: Randomness
    draft_patterns: DraftPatterns
    language: Language
    would_work: Callable[[Topic, str], tuple[str, ...]]  # the replies that act on a mail, in a language of the desk
    pager: Pager
    health_probe: HealthProbe

    def close(self) -> None:
        """End what runs behind the ports; safe to repeat."""
        self.parser.close()
        self.store.close()


@dataclass(frozen=True, slots=True)
class EventRef:
    """What an event is about, by the keys under which it is found again."""

    case: str | None = None
    notification: str | None = None
    message: str | None = None


NOTHING = EventRef()


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """One unit of work: its transaction, the one instant at which all of it happens, and who does it."""

    env: Services
    tx: Transaction
    now: datetime
    actor: str = DAEMON

    @property
    def today(self) -> date:
        """The day on which it happens, in the zone of the desk."""
        return self.now.astimezone(self.env.settings.zone).date()

    def record(self, kind: EventKind, *changes: Change, about: EventRef = NOTHING, reason: str = "") -> None:
        """Write down that this happened, with the rows it changed."""
        event = Event(kind, self.now, self.actor, changes, about.case, about.notification, about.message, reason)
        self.tx.append(event)

# SPDX-License-Identifier: EUPL-1.2
"""A desk on the morning of 6 June 2024: real store, archive, parser and templates; scripted clock and server."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.adapters.files.secrets import FileCodeVault
from flaggermail.adapters.system.machine import MachineHealthProbe
from flaggermail.cases.configuration_record import register
from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.cases import OpenCase
from flaggermail.commands.command import Command
from flaggermail.commands.notify import Draft
from flaggermail.commands.outbox import CancelMail
from flaggermail.commands.outcome import ActResult
from flaggermail.errors import Refusal
from flaggermail.intake.ingest import ingest
from flaggermail.outbox import delivery
from flaggermail.ports import RawMessage, Role, Submission
from flaggermail.record.case_values import CaseType, Decision, Origin
from flaggermail.record.definition import FieldCondition, where
from flaggermail.record.events import Event, EventKind, fold
from flaggermail.record.rows import (
    Alarm,
    Case,
    ClockRow,
    Delivery,
    Notification,
    OutboxMail,
    Record,
    Reminder,
    StoredMessage,
)
from flaggermail.record.states import MailState
from flaggermail.reminders import sending
from flaggermail.rules.configuration import Configuration, load
from flaggermail.services import Services
from flaggermail.settings.model import ChannelSettings, OfficerSettings
from flaggermail.settings.sections import ACCEPTED_RISK, ApprovalSettings
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from flaggermail.stories.scenario_file import ScriptedAnswer
from flaggermail.wiring.assembly import make_services
from tests import asking
from tests.acting import run
from tests.doubles.shared_parser import sharing
from tests.tools.dutch import english_in_mail

CONFIG = Path(__file__).parents[1] / "config"
START = datetime.fromisoformat("2024-06-06T10:34:00+02:00")
DESK = "verkiezingenflagger@bzk.example"
SERVER = "mx.bzk.example"
OFFICER, HEAD = "a.jansen@bzk.example", "c.bakker@bzk.example"
REFERRER = "griffie@lindewaard.example"
CITIZEN = "kiezer@mailprovider.example"
X, META = "desk@x-platform.example", "elections-eu@meta-platform.example"
X_CHANNEL = "urgent-escalation@x-platform.example"
PLATFORM_DOMAINS = ("x-platform", "meta-platform", "google-platform", "tiktok-platform", "snapchat-platform")
R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Envelope:
    """One mail as it was handed to the submission server."""

    at: datetime
    octets: bytes
    recipient: str
    witness: str = ""


class NewDesk(Protocol):
    """Builds another, empty desk."""

    def __call__(self, persons: int = 1) -> Desk:
        """Returns a desk where `persons` must approve a notification."""
        ...


class RecordingSubmitter(ScriptedSubmitter):
    """Returns scripted results, which a test may change, and keeps every mail it was given."""

    def __init__(self, clock: SetClock) -> None:
        self.script: list[ScriptedAnswer] = []
        self.envelopes: list[Envelope] = []
        self._set_clock = clock
        super().__init__(clock, self.script)

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Returns one result per recipient. No Dutch mail may contain English words of ours."""
        assert english_in_mail(octets) == ()
        self.envelopes += [Envelope(self._set_clock.now(), octets, recipient, witness) for recipient in recipients]
        return super().submit(octets, sender, recipients, witness)

    def says(self, code: int, recipient: str | None = None, text: str = "so it is") -> None:
        """From now on `recipient`, or everyone, gets this code: 0 is no connection, -1 no answer."""
        self.script[:] = [ScriptedAnswer(to=recipient, code=code, text=text)]

    def to(self, recipient: str) -> list[Envelope]:
        """Returns the mails to that address."""
        return [envelope for envelope in self.envelopes if envelope.recipient == recipient]


def mail(  # noqa: PLR0913 - what one mail can differ in from another; nearly all calls name one or two
    sender: str = X,
    subject: str = "Re: Two boxes",
    text: str = "Got it, we have it with the team.",
    *,
    to: str = DESK,
    auth: str | None = "pass",
    at: datetime = START,
    answers: str | None = None,
    extra: Sequence[str] = (),
    message_id: str | None = None,
) -> bytes:
    """Builds a mail as our own server delivers it; without `auth` it has no verdict; `answers` is a Message-ID."""
    domain = sender.rpartition("@")[2]
    lines = [] if auth is None else [f"Authentication-Results: {SERVER}; dmarc={auth} header.from={domain}"]
    name = message_id or hashlib.sha256(f"{sender} {subject} {text}".encode()).hexdigest()[:20] + f"@{domain}"
    lines += [
        f"Received: from mail.{domain} by {SERVER} with ESMTPS; {format_datetime(at)}",
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        f"Message-ID: <{name}>",
        f"Date: {format_datetime(START)}",
        *([f"In-Reply-To: <{answers}>", f"References: <{answers}>"] if answers else []),
        *extra,
    ]
    if not any(line.lower().startswith("content-type:") for line in extra):
        lines += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    return "\r\n".join((*lines, "", *text.split("\n"), "")).encode("utf-8", "surrogateescape")


OURS = (f"Received: by {SERVER} (Postfix)\r\n\tid 4XyZ1; {format_datetime(START)}",)
"""The trace of a mail that our own Postfix made: no server handed it over."""


def report_of(
    mail_id: str, recipient: str, action: str = "failed", *, sender: str = f"MAILER-DAEMON@{SERVER}",
    trace: Sequence[str] = OURS,
) -> bytes:  # fmt: skip
    """Builds a delivery status notification (RFC 3464) about one of our mails, by default as our own server makes it.

    `trace`: the fields on top, from the servers through which it came.
    """
    text = "\n".join(
        (
            "--cut", "Content-Type: text/plain", "", "About your mail.", "--cut",
            "Content-Type: message/delivery-status", "", f"Reporting-MTA: dns; {SERVER}", "",
            f"Final-Recipient: rfc822; {recipient}", f"Action: {action}",
            "Status: 5.1.1" if action == "failed" else "Status: 4.4.1", "", "--cut",
            "Content-Type: text/rfc822-headers", "", f"Message-ID: <{mail_id}>", f"From: {DESK}", "", "--cut--",
        )
    )  # fmt: skip
    kind = 'Content-Type: multipart/report; report-type=delivery-status; boundary="cut"'
    extra = (kind, "MIME-Version: 1.0", "Return-Path: <>")
    subject = "Undelivered mail" if action == "failed" else "Delayed mail"
    octets = mail(sender, subject, text, auth=None, extra=extra)
    return "\r\n".join(trace).encode() + octets[octets.index(b"\r\nFrom: ") :]


class Desk:
    """Acts as officers, receives mail, and advances time."""

    def __init__(self, env: Services, clock: SetClock, server: RecordingSubmitter) -> None:
        self.env, self.clock, self.server = env, clock, server
        self._uid = 0
        self._events: list[tuple[int, Event]] = []

    def with_settings(self, settings: Configuration) -> Desk:
        """Returns the same desk with other settings."""
        self.env = replace(self.env, settings=settings)
        return self

    # ---- what people do

    def do(self, act: Command, by: str = "officer1") -> ActResult:
        """Runs `act`, which must succeed."""
        return run(self.env, act, by)

    def refused(self, act: Command, by: str = "officer1") -> str:
        """Runs `act`, which must be refused and change nothing; returns the text of the refusal."""
        before = len(self.events())
        with pytest.raises(Refusal) as caught:
            run(self.env, act, by)
        assert len(self.events()) == before
        return str(caught.value)

    def decided(self, kind: str = "D_general_warning", election: str = "EP2024") -> str:
        """Opens a case with the decision to notify; returns its number."""
        act = OpenCase(
            election=election, type=CaseType(kind), origin=Origin.EARLIER_CASES, title="Two boxes coloured on one list"
        )
        number = self.do(act).key
        self.do(Assess(case=number, incorrect=True, criteria=(1,), all_means_used=True))
        self.do(Decide(case=number, decision=Decision.NOTIFY, reason="such votes are invalid"))
        return number

    def drafted(self, channel: str = "x-urgent", case: str | None = None) -> str:
        """Drafts a notification; returns its id."""
        return self.do(Draft(case=case or self.decided(), channel=channel)).key

    def approved(self, channel: str = "x-urgent") -> str:
        """Approves a notification that waits alone in the outbox, with its approval mails cancelled; returns its id."""
        key = self.drafted(channel)
        self.do(Approve(draft=key))
        for told in (
            m
            for m in self.all(OutboxMail, where(OutboxMail.state).is_(MailState.QUEUED))
            if m.dedupe.startswith("approval/")
        ):
            self.do(CancelMail(mail=told.id))
        return key

    def notified(self, channel: str = "x-urgent", case: str | None = None) -> str:
        """Approves and sends a notification; returns its id."""
        key = self.drafted(channel, case)
        self.do(Approve(draft=key))
        delivery.drain(self.env)
        return key

    # ---- incoming mail, and time

    def receive(self, octets: bytes, *, at: datetime | None = None, folder: str = "INBOX") -> StoredMessage:
        """Ingests a mail that arrives now or `at`; returns its row, or the row of the message it is a copy of."""
        self.take_in(octets, at=at, folder=folder)
        return self.holding(octets)

    def receive_at(self, octets: bytes, at: datetime) -> StoredMessage:
        """Advances the clock to `at` and ingests a mail that arrives then; returns its row."""
        self.clock.set(at)
        return self.receive(octets, at=at)

    def take_in(self, octets: bytes, *, at: datetime | None = None, folder: str = "INBOX") -> None:
        """Ingests a mail that arrives now or `at`."""
        self._uid += 1
        role = Role.SENT if folder == self.env.settings.desk.mailbox.sent else Role.INBOX
        ingest(self.env, RawMessage(octets, at or self.clock.now(), folder, "1", str(self._uid + 1000), role))

    def holding(self, octets: bytes) -> StoredMessage:
        """Returns the message that has a delivery with these octets."""
        digest = hashlib.sha256(octets).hexdigest()
        last = (event.changes[-1] for event in reversed(self.events()) if event.changes)
        deliveries = (change.values for change in last if change.table == "delivery")
        return self.row(
            StoredMessage, next(str(values["message"]) for values in deliveries if values.get("digest") == digest)
        )

    def go_on(self, minutes: float) -> None:
        """Advances the clock by that much at once and does what is due then."""
        self.clock.set(self.clock.now() + timedelta(minutes=minutes))
        self.settle()

    def settle(self) -> None:
        """Sends and reminds as the daemon does."""
        delivery.drain(self.env)
        sending.tick(self.env)
        delivery.drain(self.env)

    # ---- what is stored

    def all(self, kind: type[R], *conditions: FieldCondition) -> list[R]:
        """Returns the rows of that kind."""
        with self.env.store.read() as tx:
            return tx.find(kind, *conditions)

    def one(self, kind: type[R], *conditions: FieldCondition) -> R:
        """Returns the only row of that kind that meets the conditions."""
        (found,) = self.all(kind, *conditions)
        return found

    def row(self, kind: type[R], key: str) -> R:
        """Returns the row with that key."""
        with self.env.store.read() as tx:
            found = tx.get(kind, key)
        assert found is not None
        return found

    def notification(self, key: str) -> Notification:
        """Returns the notification with that id."""
        return self.row(Notification, key)

    def case(self, number: str) -> Case:
        """Returns the case with that number."""
        return self.row(Case, number)

    def message(self, key: str) -> StoredMessage:
        """Returns the message with that id."""
        return self.row(StoredMessage, key)

    def mail(self, key: str) -> OutboxMail:
        """Returns the mail of ours with that id."""
        return self.row(OutboxMail, key)

    def mails(self, **wanted: object) -> list[OutboxMail]:
        """Returns our mails whose fields have these values."""
        return asking.mails(self.env, **wanted)

    def messages(self, **wanted: object) -> list[StoredMessage]:
        """Returns the messages whose fields have these values."""
        return asking.messages(self.env, **wanted)

    def alarms(self, **wanted: object) -> list[Alarm]:
        """Returns the alarms whose fields have these values."""
        return asking.alarms(self.env, **wanted)

    def cases(self, **wanted: object) -> list[Case]:
        """Returns the cases whose fields have these values."""
        return asking.cases(self.env, **wanted)

    def notifications(self, **wanted: object) -> list[Notification]:
        """Returns the notifications whose fields have these values."""
        return asking.notifications(self.env, **wanted)

    def reminders(self, **wanted: object) -> list[Reminder]:
        """Returns the reminders whose fields have these values."""
        return asking.reminders(self.env, **wanted)

    def deliveries(self, **wanted: object) -> list[Delivery]:
        """Returns the copies of messages whose fields have these values."""
        return asking.deliveries(self.env, **wanted)

    def clock_rows(self, **wanted: object) -> list[ClockRow]:
        """Returns the clocks whose fields have these values."""
        return asking.clock_rows(self.env, **wanted)

    def events(self) -> list[Event]:
        """Returns all events, each as it was when this desk first read it."""
        with self.env.store.read() as tx:
            self._events += tx.events(self._events[-1][0] if self._events else 0)
        return [event for _, event in self._events]

    def happened(self, kind: EventKind) -> int:
        """Returns how often an event of that kind occurred."""
        return sum(event.kind is kind for event in self.events())

    def clocks(self, notification: str) -> dict[str, tuple[str, int | None]]:
        """Returns the state of each clock, and the minutes after which it stopped."""
        rows = self.all(ClockRow, where(ClockRow.notification).is_(notification))
        return {
            c.kind: (
                c.state,
                None if c.stopped_at is None else int((c.stopped_at - c.started_at).total_seconds()) // 60,
            )
            for c in rows
        }

    def mail_of(self, notification: str) -> OutboxMail:
        """Returns the only outbox mail of a notification."""
        return self.one(
            OutboxMail, where(OutboxMail.notification).is_(notification), where(OutboxMail.at_most_once).is_(True)
        )

    def message_id_of(self, notification: str) -> str:
        """Returns the Message-ID of a notification, or an empty string."""
        return self.row(Notification, notification).message_id or ""

    def assert_whole(self) -> None:
        """Asserts that the rows are the fold of the events and that verifying the database finds nothing."""
        with self.env.store.read() as tx:
            assert isinstance(tx, SqlTransaction)
            assert tx.rows() == fold(event for _, event in tx.events())
            assert tx.verify().findings == []


@cache
def desk_settings(persons: int = 1) -> Configuration:
    """Returns the scenarios' settings with officers of single roles and more channels of the first platform."""
    found = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    officers = [
        OfficerSettings.model_validate(
            {"id": name, "name": name.title(), "address": f"{name}@bzk.example", "roles": [role]}
        )
        for name, role in (("clerk", "officer"), ("weigher", "assessor"), ("signer", "approver"))
    ]
    first = found.platform_list[0]
    usual = first.channels[0].model_dump()
    more = [
        ChannelSettings.model_validate({**usual, "code": code, **other})
        for code, other in (
            ("x-old", {"valid_until": "2020-12-31"}),
            ("x-later", {"valid_from": "2030-01-01"}),
            ("x-nl", {"language": "nl"}),
            ("x-mute", {"can_confirm": False}),
            ("x-hosts", {"hosts": ("x-platform.example",)}),
            ("x-two", {"to": (X_CHANNEL, "second@x-platform.example")}),
            ("x-phone", {"kind": "phone", "to": (), "phone": "+31 20 000 0009"}),
        )
    ]
    platforms = (first.model_copy(update={"channels": (*first.channels, *more)}), *found.platform_list[1:])
    # The code stands in the request, where a test can read it; `tests/attacks` approve in the other ways.
    approval = {"persons": persons, "by_reply": "mail", "accept_risk": ACCEPTED_RISK}
    return found.model_copy(
        update={
            "platform_list": platforms,
            "oncall": found.oncall.model_copy(update={"officers": (*found.oncall.officers, *officers)}),
            "desk": found.desk.model_copy(update={"approval": ApprovalSettings.model_validate(approval)}),
        }
    )


def equipped(settings: Configuration, folder: Path) -> Services:
    """Builds the services as the program does; its rules, templates and parser are slow to load."""
    clock = SetClock(START)
    return registered(sharing(make_services(
        settings, clock=clock, randomness=CountedRandomness("desk"), submit=RecordingSubmitter(clock),
        database=f"sqlite:///{folder / 'database'}", archive=folder / "archive",
    )))  # fmt: skip


def registered(env: Services) -> Services:
    """Returns `env` after its configuration was registered, as by the start of a daemon."""
    register(env)
    return env


def opened(equipment: Services, settings: Configuration, folder: Path, seed: str = "desk") -> Desk:
    """Opens a desk at 10:34 with its own database and archive in `folder`; the read-only services are shared.

    `seed`: of its randomness; another one for a folder that has a desk already, because salts never repeat.
    """
    clock, randomness = SetClock(START), CountedRandomness(seed)
    server = RecordingSubmitter(clock)
    env = replace(
        equipment,
        settings=settings,
        store=SqlStore(f"sqlite:///{folder / 'database'}", randomness.salt),
        octets=FileBlobStore(folder / "archive"),
        codes=FileCodeVault(folder / "codes", randomness.salt),
        clock=clock,
        randomness=randomness,
        submitter=server,
        health_probe=MachineHealthProbe({}),  # what another desk saw of the mailbox server's clock is not this one's
    )
    return Desk(env, clock, server)

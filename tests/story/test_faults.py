# SPDX-License-Identifier: EUPL-1.2
"""Faults of servers, clocks and senders in simulated time cause no duplicate mail and no loss."""

from __future__ import annotations

import sqlite3
import tempfile
from base64 import b64encode
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.event import listen

from flaggermail.adapters.db.store import SqlStore
from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.cases import OpenCase
from flaggermail.commands.notify import Draft
from flaggermail.commands.oncall import Acknowledge
from flaggermail.errors import StoreBusy, StoreFailure
from flaggermail.intake import poll
from flaggermail.outbox import delivery
from flaggermail.ports import Transaction
from flaggermail.record.case_values import CaseType, Decision, Origin
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import Case, Delivery, Notification, StoredMessage
from flaggermail.reminders import sending
from flaggermail.rules.configuration import load
from flaggermail.services import Services
from flaggermail.settings.escalation_file import EscalationFile
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ListMailbox, ScriptedSubmitter, SetClock
from tests import asking
from tests.acting import run
from tests.both_shapes import words_of
from tests.doubles import migrated
from tests.story.conftest import CONFIG, NOW
from tests.story.test_late import OLD, mail, queued, read

REFERRER, PLATFORM = "a@lindewaard.example", "gov-eu@x-platform.example"
MEMORY = Path("/dev/shm")  # noqa: S108 - each folder in it is created for this account only
HOUR = timedelta(hours=1)


@dataclass
class WrongClock:
    """A clock that can be set back."""

    instant: datetime

    def now(self) -> datetime:
        """Returns the instant it shows."""
        return self.instant

    def go_on(self, minutes: float) -> None:
        """Advances the clock."""
        self.instant += timedelta(minutes=minutes)


def events(env: Services) -> int:
    """Returns the number of events."""
    with env.store.read() as tx:
        return sum(1 for _ in tx.events())


def kinds(env: Services) -> list[EventKind]:
    """Returns the kinds of the events, in their order."""
    with env.store.read() as tx:
        return [event.kind for _, event in tx.events()]


def settle(env: Services) -> int:
    """Reminds and sends as the daemon does, and returns the number of reminders."""
    told = sending.tick(env)
    delivery.drain(env)
    return told


def notified(env: Services) -> str:
    """Sends a notification now and returns its id."""
    act = OpenCase(
        election="PS2027", type=CaseType.GENERAL_WARNING, origin=Origin.EARLIER_CASES, title="Two boxes coloured"
    )
    case = run(env, act, "officer1").key
    run(env, Assess(case=case, incorrect=True, criteria=(1,), all_means_used=True), "officer1")
    run(env, Decide(case=case, decision=Decision.NOTIFY, reason="such votes are invalid"), "officer1")
    draft = run(env, Draft(case=case, channel="x-urgent"), "officer1").key
    run(env, Approve(draft=draft), "officer1")
    delivery.drain(env)
    return draft


# ---------------------------------------------------------------- a renumbered folder


def test_a_renumbered_mailbox_changes_nothing(env: Services) -> None:
    """After the server renumbered every mail, each is recognised by its content: no new message, case or mail.

    Each copy is recorded under its new name, so that the counts of the archive close.
    """
    mailbox = ListMailbox(env.settings.desk.mailbox)
    mailbox.deliver("inbox", mail(1, REFERRER, "Verkeerde stemdag", "Zie bijlage."), NOW)
    mailbox.deliver("inbox", mail(2, "i@mailprovider.example", "Nep", "Ik zag dit, haal het weg."), NOW)
    assert poll.look(env, mailbox) == 2
    settle(env)
    before, happened = queued(env), events(env)
    assert before.count(Kind.INTAKE_CONFIRMATION) == 1
    mailbox.numbering = "2"
    assert poll.look(env, mailbox) == 2
    assert kinds(env)[happened:] == [EventKind.COPIES_CHANGED] * 2
    mailbox.deliver("inbox", mail(3, REFERRER, "Nog een stemdag", "Zie bijlage."), NOW)
    assert poll.look(env, mailbox) == 1
    assert poll.look(env, mailbox) == 0
    with env.store.read() as tx:
        assert len(tx.find(StoredMessage, where(StoredMessage.direction).is_(Direction.IN))) == 3
        assert len(tx.find(Delivery)) == 3
        assert len(tx.find(Case)) == 2
        cursor = tx.cursor("INBOX")
    assert cursor is not None
    assert cursor.position == "2/3"
    assert queued(env).count(Kind.INTAKE_CONFIRMATION) == 2
    assert queued(env).count(Kind.DECLINE) == before.count(Kind.DECLINE) == 1
    assert Kind.DIGEST not in queued(env)


# ---------------------------------------------------------------- a clock that is set back


def test_no_reminder_is_told_twice_when_the_clock_is_set_back(env: Services) -> None:
    """Each step is sent once even when its instant recurs, and the next step is sent on time."""
    wrong = WrongClock(NOW)
    desk_env = replace(env, clock=wrong)
    notified(desk_env)
    wrong.go_on(61)
    assert settle(desk_env) == 1
    wrong.go_on(-60)
    for _ in range(24):
        assert settle(desk_env) == 0
        wrong.go_on(5)
    assert settle(desk_env) == 1  # two hours after the sending, by the corrected clock
    assert sorted(reminder.step for reminder in asking.reminders(env)) == [60, 120]


def night_of(env: Services, *after: int) -> tuple[Services, WrongClock]:
    """Sends a notification with these receipt steps; returns the desk and a clock that can be set back."""
    wrong = WrongClock(NOW)
    always = dict.fromkeys(("polling_day", "election", "quiet"), "p")
    steps = {"policies": [{"name": "p", "receipt": [{"after": minutes} for minutes in after]}], "use": always}
    settings = env.settings.model_copy(update={"escalation": EscalationFile.model_validate(steps)})
    night = replace(env, clock=wrong, settings=settings)
    notified(night)
    return night, wrong


def minutes_told(env: Services, wrong: WrongClock, until: int) -> list[int]:
    """Returns the minutes since NOW, by that clock, at which reminders are sent until then."""
    told = []
    while wrong.now() < NOW + timedelta(minutes=until):
        wrong.go_on(1)
        told += [(wrong.now() - NOW) // timedelta(minutes=1)] * settle(env)
    return told


def test_an_ok_holds_that_a_clock_set_back_dates_before_the_sending(env: Services) -> None:
    """An "ok" dated before the sending still holds.

    Reminded at 20, acknowledged after the clock was set back by 25 minutes, the officer is asked at 55, once.
    """
    night, wrong = night_of(env, 20, 40)
    assert minutes_told(night, wrong, 20) == [20]
    wrong.go_on(-25)
    (first,) = asking.reminders(env)
    run(night, Acknowledge(reminder=first.id), "officer1")
    assert minutes_told(night, wrong, 100) == [55]


@pytest.mark.parametrize("answered", [[1, 0], [0]])
def test_an_ok_by_a_clock_set_back_leaves_one_question(env: Services, answered: list[int]) -> None:
    """Reminded at 20 and 40, acknowledged by a clock that says 10, the officer is asked at 70, once."""
    night, wrong = night_of(env, 20, 40)
    assert minutes_told(night, wrong, 40) == [20, 40]
    wrong.go_on(-30)
    told = sorted(asking.reminders(env), key=lambda reminder: reminder.told_at)
    for number in answered:
        run(night, Acknowledge(reminder=told[number].id), "officer1")
    assert minutes_told(night, wrong, 200) == [70]


def test_no_latency_is_negative_when_the_clock_is_set_back(env: Services) -> None:
    """An answer dated before its notification, by a fast clock, is filed in the case and stops no clock."""
    wrong = WrongClock(NOW)
    desk_env = replace(env, clock=wrong)
    key = notified(desk_env)
    wrong.go_on(-60)
    with env.store.read() as tx:
        use = tx.get(Notification, key)
    assert use is not None
    mailbox = ListMailbox(env.settings.desk.mailbox)
    answer = mail(1, PLATFORM, "Re: your mail", "Received, thanks.", answers=use.message_id or "")
    mailbox.deliver("inbox", answer, NOW - HOUR + timedelta(minutes=4))
    wrong.go_on(5)
    poll.look(desk_env, mailbox)
    assert [m.place for m in asking.messages(env, direction=Direction.IN)] == ["case"]
    clocks = asking.clock_rows(env, notification=key)
    assert [clock.state for clock in clocks] == ["running"] * 3
    assert all(clock.stopped_at is None or clock.stopped_at >= clock.started_at for clock in clocks)


def test_mail_is_taken_in_as_ever_once_the_clock_was_set_back(env: Services) -> None:
    """After one look with the corrected clock, a referral is taken in and confirmed as usual."""
    wrong = WrongClock(NOW)
    desk_env = replace(env, clock=wrong)
    mailbox = ListMailbox(env.settings.desk.mailbox)
    poll.look(desk_env, mailbox)
    wrong.go_on(-60)
    poll.look(desk_env, mailbox)
    wrong.go_on(1)
    mailbox.deliver("inbox", mail(1, REFERRER, "Verkeerde stemdag", "Zie bijlage."), wrong.now())
    poll.look(desk_env, mailbox)
    delivery.drain(desk_env)
    (stored,) = asking.messages(env, direction=Direction.IN)
    (confirmation,) = asking.mails(env, kind=Kind.INTAKE_CONFIRMATION)
    assert (stored.place, stored.disputed) == ("case", False)
    assert confirmation.state == "accepted"


# ---------------------------------------------------------------- invisible characters

UNSEEN = "\x1b]0;gone\x07\x9b2J\x7f\u202egnp.exe\u2066\u200b\ufeff"
ENCODED = f"=?utf-8?B?{b64encode(UNSEEN.encode()).decode()}?="


def test_control_and_bidirectional_characters_reach_nobody(env: Services) -> None:
    """Confirmation and notice hold no control or bidirectional character in header fields or text."""
    mailbox = ListMailbox(env.settings.desk.mailbox)
    for number, sender in enumerate((REFERRER, "x@elsewhere.example")):
        hostile = mail(number, sender, f"Verkeerde stemdag {ENCODED}", f"Zie bijlage. {UNSEEN}")
        hostile = hostile.replace(f"From: {sender}".encode(), f"From: {ENCODED} <{sender}>".encode())
        mailbox.deliver("inbox", hostile, NOW)
    poll.look(env, mailbox)
    rows = asking.mails(env)
    assert {row.kind for row in rows} == {Kind.INTAKE_CONFIRMATION, Kind.OFFICER_NOTICE}
    for row in rows:
        sent = read(env.octets.get(row.digest))
        shown = "".join((*(str(value) for value in sent.values()), words_of(env.octets.get(row.digest))))
        assert [sign for sign in shown if not (sign.isprintable() or sign in "\r\n")] == [], row.kind


# ---------------------------------------------------------------- a database that is full


class Room:
    """Limits the number of pages of the database on every connection."""

    def __init__(self, engine: Engine) -> None:
        self.pages = 2**30
        listen(engine, "checkout", self._limit)

    def _limit(self, connection: sqlite3.Connection, record: object, proxy: object) -> None:
        del record, proxy
        connection.execute(f"PRAGMA max_page_count = {self.pages}")  # SQLite never goes below the present number


@pytest.mark.parametrize("arrived", [NOW, OLD])
def test_a_full_database_is_no_fault_of_a_mail(env: Services, arrived: datetime) -> None:
    """A full database raises StoreFailure and files no mail as unreadable.

    With room again, all mail is taken in as usual.
    """
    assert isinstance(env.store, SqlStore)
    room = Room(env.store.engine)
    mailbox = ListMailbox(env.settings.desk.mailbox)
    for number in range(60):
        mailbox.deliver("inbox", mail(number, REFERRER, f"Bericht {number}", "Zie bijlage. " * 300), arrived)
    room.pages = 1
    with pytest.raises(StoreFailure, match="full"):
        poll.look(env, mailbox)
    room.pages = 2**30
    taken = len(asking.messages(env, direction=Direction.IN))
    assert poll.look(env, mailbox) == 60 - taken
    assert {m.place for m in asking.messages(env, direction=Direction.IN)} == {"case"}
    assert len(asking.cases(env)) == 60


@pytest.mark.parametrize("arrived", [NOW, OLD])
def test_a_database_held_by_another_for_a_moment_is_no_fault_of_a_mail(
    env: Services, arrived: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail whose commit hit a busy database is fetched and judged again."""
    mailbox, begin, tried = ListMailbox(env.settings.desk.mailbox), SqlStore.begin, list[int]()
    mailbox.deliver("inbox", mail(1, REFERRER, "Verkeerde stemdag", "Zie bijlage."), arrived)
    mailbox.deliver("inbox", mail(2, REFERRER, "Nog een stemdag", "Zie bijlage."), arrived)

    def held_once(store: SqlStore) -> AbstractContextManager[Transaction]:
        tried.append(1)
        if len(tried) == 1:
            raise StoreBusy("held by another process")
        return begin(store)

    monkeypatch.setattr(SqlStore, "begin", held_once)
    with pytest.raises(StoreBusy):
        poll.look(env, mailbox)
    poll.look(env, mailbox)
    assert [m.place for m in asking.messages(env, direction=Direction.IN)] == [
        "case",
        "case",
    ]


# ---------------------------------------------------------------- a mailbox that was not read for long


@pytest.mark.long
def test_three_thousand_waiting_messages_are_one_digest() -> None:
    """All are filed with their true arrival times in one look, and the officer gets one digest with their number."""
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    clock = SetClock(NOW)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        env = migrated.replayed(settings, Path(folder), clock, CountedRandomness("3000"), ScriptedSubmitter(clock))
        mailbox = ListMailbox(settings.desk.mailbox)
        for number in range(1000):
            sender = f"i{number}@mailprovider.example"
            mailbox.deliver("inbox", mail(number, REFERRER, f"Bericht {number}", "Zie bijlage."), OLD)
            mailbox.deliver("inbox", mail(number + 1000, sender, "Nep", "Ik zag dit, haal het weg."), OLD)
            mailbox.deliver("inbox", mail(number + 2000, f"x{number}@elsewhere.example", "Vraag", "Wat?"), OLD)
        assert poll.look(env, mailbox) == 3000
        assert queued(env) == [Kind.DIGEST]
        assert {m.received_at for m in asking.messages(env, direction=Direction.IN)} == {OLD}
        (digest,) = asking.mails(env)
        assert "3000" in words_of(env.octets.get(digest.digest))
        env.close()

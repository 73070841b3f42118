# SPDX-License-Identifier: EUPL-1.2
"""Self-checks raise one alarm and one recovery by mail and page, and an external service monitors the heartbeat."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from flaggermail.adapters.files.secrets import credential
from flaggermail.adapters.system.heartbeat import HttpHeartbeat
from flaggermail.adapters.system.machine import MachineHealthProbe
from flaggermail.health import mailbox_monitor, self_check
from flaggermail.health.findings import Confinement
from flaggermail.intake import poll
from flaggermail.record.definition import where
from flaggermail.record.events import Event, EventKind, added, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Alarm, OutboxMail, Watched
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import MailState
from flaggermail.reminders import outbox_ageing, paging
from flaggermail.services import Services
from flaggermail.settings.oauth_section import OAuth2Settings
from flaggermail.stories.doubles import ListMailbox, SetClock
from flaggermail.wiring import daemon_assembly
from flaggermail.wording.alarms import AlarmName, Health
from flaggermail.wording.said import UNSAID
from tests import asking
from tests.patience import PATIENCE
from tests.story.conftest import NOW
from tests.story.test_daemon import StepTicker, WatchedMailbox, a_daemon
from tests.story.test_late import mail
from tests.story.test_mailbox_monitor import alarms
from tests.story.test_pagers import calls, paged  # noqa: F401 - a fixture

IN_TIME: dict[str, timedelta] = {}
MINUTE = timedelta(minutes=1)


class Shown(ssl.SSLObject):
    """The TLS session's certificate only; real sessions are tested in tests/contract."""

    def __init__(self, ends: datetime) -> None:
        self.ends = ends

    def getpeercert(self, binary_form: bool = False) -> dict[str, str]:  # type: ignore[override] # noqa: FBT001, FBT002 - as in ssl
        """Returns only its expiry."""
        assert not binary_form
        return {"notAfter": f"{self.ends:%b %d %H:%M:%S %Y} GMT"}


def certificate(env: Services, ends: datetime) -> None:
    """Presents a certificate that expires then."""
    assert isinstance(env.health_probe, MachineHealthProbe)
    env.health_probe.presented("submission", Shown(ends))


def test_a_certificate_is_told_of_once_and_so_is_its_renewal(paged: Services, clock: SetClock) -> None:  # noqa: F811 - the fixture
    """An expiring certificate raises one alarm, also by pager, and its renewal raises one recovery."""
    certificate(paged, NOW + timedelta(days=30))
    assert self_check.tick(paged, IN_TIME) == 1
    assert alarms(paged) == []
    clock.set(NOW + timedelta(days=17))
    for _ in range(3):
        self_check.tick(paged, IN_TIME)
    assert alarms(paged) == ["certificate ends"]
    paging.drain(paged)
    assert calls(paged) == [("first", "alarm: certificaat verloopt")]
    clock.set(NOW + timedelta(days=18))
    certificate(paged, NOW + timedelta(days=100))
    for _ in range(3):
        self_check.tick(paged, IN_TIME)
    assert alarms(paged) == ["certificate ends", "certificate renewed"]
    with paged.store.read() as tx:
        (row,) = tx.find(Watched)
        assert (row.id, row.failing, row.since) == ("certificate of submission", False, clock.now())
        assert row.until == NOW + timedelta(days=100)
        assert len(tx.find(OutboxMail, where(OutboxMail.kind).is_(Kind.ALARM))) == 2


def test_a_loop_that_is_late_and_a_disk_that_is_full(
    env: Services, clock: SetClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A late loop and a full disk each have their own alarm and recovery."""
    room = [2_000]
    monkeypatch.setattr(
        "flaggermail.adapters.system.machine.free_octets", lambda places: dict.fromkeys(places, room[0])
    )
    full = replace(env, health_probe=MachineHealthProbe({"archive": tmp_path}))
    self_check.tick(full, {"reminders": 5 * MINUTE})
    assert sorted(alarms(full)) == ["disk low", "tick late"]
    clock.set(NOW + MINUTE)
    room[0] = 10**12
    self_check.tick(full, {"reminders": timedelta(0)})
    assert sorted(alarms(full)[2:]) == ["disk back", "tick back"]


def test_the_clock_of_the_server_is_seen_in_mail(env: Services, clock: SetClock) -> None:
    """A mail dated five minutes ahead proves a wrong clock; the next current mail clears it."""
    mailbox = ListMailbox(env.settings.desk.mailbox)
    mailbox.deliver("inbox", mail(1, "a@lindewaard.example", "Vraag", "Tekst"), NOW + 5 * MINUTE)
    poll.look(env, mailbox)
    self_check.tick(env, IN_TIME)
    assert alarms(env) == ["clock wrong"]
    mailbox.deliver("inbox", mail(2, "a@lindewaard.example", "Oud", "Tekst"), NOW - timedelta(hours=1))
    poll.look(env, mailbox)
    self_check.tick(env, IN_TIME)
    assert alarms(env) == ["clock wrong"]  # a mail that waited for an hour proves nothing
    clock.set(NOW + MINUTE)
    mailbox.deliver("inbox", mail(3, "a@lindewaard.example", "Nieuw", "Tekst"), NOW + MINUTE)
    poll.look(env, mailbox)
    self_check.tick(env, IN_TIME)
    assert alarms(env) == ["clock wrong", "clock right"]


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(hours=1), timedelta(days=30)])
def test_clocks_are_not_said_to_agree_after_a_mail_from_the_future(
    env: Services, clock: SetClock, ahead: timedelta
) -> None:
    """For a day the word is that it is in doubt: the clock was wrong, or somebody chose the date of that mail."""
    mailbox = ListMailbox(env.settings.desk.mailbox)
    mailbox.deliver("inbox", mail(1, "a@lindewaard.example", "Vraag", "Tekst"), NOW + ahead)
    poll.look(env, mailbox)
    self_check.tick(env, IN_TIME)
    assert "agrees" not in clock_word(env)
    assert alarms(env) == (["clock wrong"] if ahead < timedelta(days=2) else [])  # a month is no clock's error
    clock.set(NOW + MINUTE)
    mailbox.deliver("inbox", mail(2, "a@lindewaard.example", "Nieuw", "Tekst"), NOW + MINUTE)
    poll.look(env, mailbox)
    self_check.tick(env, IN_TIME)
    assert clock_word(env).startswith("in doubt: a mail came in at 17 March 2027 at 09:00 (UTC)")
    clock.set(NOW + timedelta(hours=24))
    self_check.tick(env, IN_TIME)
    assert clock_word(env) == "agrees, as far as mail shows"


def clock_word(env: Services) -> str:
    """Returns what `status` says of the clocks."""
    with env.store.read() as tx:
        row = tx.get(Watched, "clock")
    assert row is not None
    return row.value


def test_a_clock_that_is_set_is_told_of_until_it_is_back_or_an_hour_has_passed(env: Services, clock: SetClock) -> None:
    """A clock set by an hour raises one alarm, and one when it is set right; after an hour it counts as right."""
    seconds, lead = [0.0], [timedelta(days=7)]
    set_clock = replace(env, health_probe=MachineHealthProbe({}, lead=lambda: lead[0], monotonic=lambda: seconds[0]))

    def after(minutes: int, ahead: timedelta) -> list[str]:
        seconds[0] += 60 * minutes
        clock.set(clock.now() + minutes * MINUTE + ahead)
        lead[0] += ahead
        self_check.tick(set_clock, IN_TIME)
        return alarms(set_clock)

    assert after(0, timedelta(0)) == []
    assert after(1, timedelta(seconds=80)) == []  # below watch.clock_skew_seconds
    assert after(1, -timedelta(hours=1)) == ["clock set"]
    assert after(20, timedelta(hours=1)) == ["clock set", "clock kept"]
    told = after(50, timedelta(hours=1))
    assert sorted(told) == ["clock kept", "clock set", "clock set"]
    assert after(59, timedelta(0)) == told
    assert sorted(after(2, timedelta(0))) == ["clock kept", "clock kept", "clock set", "clock set"]


def test_an_archive_that_is_away_is_told_by_pager_and_its_return_by_mail(paged: Services, clock: SetClock) -> None:  # noqa: F811 - the fixture
    """While nothing can be stored only pagers are called, and no other alarm is tried; the rest follows afterwards."""
    why = [Health.GONE(path="/srv/archive")]
    away = replace(paged, health_probe=MachineHealthProbe({}, archive=lambda: why[0]))
    certificate(away, NOW + timedelta(days=1))
    for _ in range(2):
        self_check.tick(away, {"reminders": 5 * MINUTE})
    assert alarms(away) == ["archive away"]
    paging.drain(away)
    assert calls(away) == [("first", "alarm: archief onbruikbaar")]
    assert not asking.mails(away)
    clock.set(NOW + MINUTE)
    why[0] = UNSAID
    self_check.tick(away, IN_TIME)
    assert sorted(alarms(away)) == ["archive away", "archive back", "certificate ends"]
    assert len(asking.mails(away, kind=Kind.ALARM)) == 2


def test_a_sandbox_that_is_less_than_before_is_told(env: Services, clock: SetClock) -> None:
    """A barrier that held at an earlier start and does not now is an alarm; one that never held is none."""
    without = Confinement(no_new_privileges=True, seccomp=True)
    whole = Confinement(no_new_privileges=True, landlock=7, seccomp=True)
    self_check.tick(env, IN_TIME, without)
    assert alarms(env) == []
    for held, told in ((whole, []), (without, ["sandbox less"]), (without, []), (whole, ["sandbox whole"])):
        before = alarms(env)
        clock.set(clock.now() + MINUTE)
        self_check.tick(env, IN_TIME, held)
        assert sorted(alarms(env)) == sorted([*before, *told])


def test_a_parser_that_does_not_start_is_told_the_first_time(env: Services) -> None:
    """Without any barrier the process for mail did not start."""
    self_check.tick(env, IN_TIME, Confinement())
    assert alarms(env) == ["sandbox less"]


def mailbox_check(env: Services, wrong: bool) -> None:  # noqa: FBT001 - as the others
    """Leaves the inbox unread, or reads it."""
    if wrong:
        mailbox_monitor.watch_inbox(env, 20 * MINUTE)
    else:
        poll.look(env, ListMailbox(env.settings.desk.mailbox))


def outbox_age(env: Services, wrong: bool) -> None:  # noqa: FBT001 - as the others
    """Leaves a mail unsent for twenty minutes, or sends it."""
    with env.store.begin() as tx:
        waiting = tx.get(OutboxMail, "o99999999")
        if waiting is None:
            at = env.clock.now() - 20 * MINUTE
            row = OutboxMail(
                id="o99999999", kind=Kind.REPLY_ANSWER, dedupe="x", message_id="x@bzk.example", sender="", recipient="",
                subject="", digest="", queued_at=at, next_try_at=at,
            )  # fmt: skip
            tx.append(Event(EventKind.MAIL_QUEUED, at, "daemon", (added(row),)))
        elif not wrong and waiting.state == "queued":
            gone = changed(waiting, replace(waiting, state=MailState.ACCEPTED))
            tx.append(Event(EventKind.MAIL_ACCEPTED, NOW, "daemon", (gone,)))
    outbox_ageing.tick_outbox(env)


def clock_skew(env: Services, wrong: bool) -> None:  # noqa: FBT001 - as the others
    """Reports a mail from the future, or a current one."""
    env.health_probe.arrived(env.clock.now() + 5 * MINUTE * wrong, env.clock.now())
    self_check.tick(env, IN_TIME)


def tick_age(env: Services, wrong: bool) -> None:  # noqa: FBT001 - as the others
    """Reports an old or a recent reminder tick."""
    self_check.tick(env, {"reminders": 5 * MINUTE * wrong})


def disk_space(env: Services, wrong: bool) -> None:  # noqa: FBT001 - as the others
    """Reports little or enough disk space."""
    with pytest.MonkeyPatch.context() as patch:
        room = 2_000 if wrong else 10**12
        patch.setattr("flaggermail.adapters.system.machine.free_octets", lambda _: {"archive": room})
        self_check.tick(env, IN_TIME)


def certificate_end(env: Services, wrong: bool) -> None:  # noqa: FBT001 - as the others
    """Presents a new certificate that expires in a week, or in a hundred days."""
    certificate(env, env.clock.now() + timedelta(days=7 if wrong else 100))
    self_check.tick(env, IN_TIME)


def secret_end(env: Services, wrong: bool) -> None:  # noqa: FBT001 - as the others
    """Names a last day of the secret for tokens within thirty days, or beyond."""
    day = (env.clock.now() + timedelta(days=29 if wrong else 31)).date()
    section = OAuth2Settings(
        token_endpoint="https://login.example/token", client_id="desk", scope="mail", secret_ends_on=day
    )
    desk = env.settings.desk.model_copy(update={"oauth2": section})
    self_check.tick(replace(env, settings=env.settings.model_copy(update={"desk": desk})), IN_TIME)


def login_certificate(env: Services, wrong: bool) -> None:  # noqa: FBT001 - as the others
    """Logs in with a certificate that ends within thirty days, or later."""
    ends = NOW + timedelta(days=29 if wrong else 31)
    self_check.tick(replace(env, health_probe=MachineHealthProbe({}, lambda: ends)), IN_TIME)


@pytest.mark.parametrize("what", ["secret", "certificate"])
def test_the_end_of_a_login_is_told_at_each_step(paged: Services, clock: SetClock, what: str) -> None:  # noqa: F811 - the fixture
    """Thirty, fourteen, seven days and one before, and at the end: one alarm each, and one when it was renewed."""
    ends = NOW.replace(hour=23, minute=59) + timedelta(days=40)
    section = OAuth2Settings(client_id="desk", scope="mail", secret_ends_on=ends.date() if what == "secret" else None)
    desk = paged.settings.desk.model_copy(update={"oauth2": section})
    probe = MachineHealthProbe({}, lambda: ends if what == "certificate" else None)
    env = replace(paged, settings=paged.settings.model_copy(update={"desk": desk}), health_probe=probe)
    told: dict[int, list[str]] = {}
    for left in range(40, -3, -1):
        clock.set(ends - timedelta(days=left) + timedelta(minutes=1))
        for _ in range(2):
            self_check.tick(env, IN_TIME)
        said = [alarm.text.english for alarm in asking.alarms(env) if alarm.raised_at == clock.now()]
        told |= {left: said} if said else {}
    name = "secret for tokens (oauth2)" if what == "secret" else "certificate for tokens (oauth2)"
    assert list(told) == [30, 14, 7, 1, 0]
    shown = f"{ends.day} {ends:%B} {ends.year} at {ends:%H:%M} (UTC)"
    until = f"{name}: until {shown}, within"
    assert told[14] == [f"{until} 14 days"]
    assert told[1] == [f"{until} 1 day"]
    assert told[0] == [f"{name}: ended {shown}; the desk cannot log in without a new one"]


@pytest.mark.parametrize(
    ("find", "alarm", "recovery"),
    [
        (mailbox_check, "mailbox silent", "mailbox back"),
        (outbox_age, "outbox waits", "outbox flows"),
        (clock_skew, "clock wrong", "clock right"),
        (tick_age, "tick late", "tick back"),
        (disk_space, "disk low", "disk back"),
        (certificate_end, "certificate ends", "certificate renewed"),
        (secret_end, "secret ends", "secret renewed"),
        (login_certificate, "secret ends", "secret renewed"),
    ],
)
def test_each_thing_of_ourselves_and_its_end_are_told_once_by_both_channels(
    paged: Services,  # noqa: F811 - the fixture
    clock: SetClock,
    find: Callable[[Services, bool], None],
    alarm: str,
    recovery: str,
) -> None:
    """Each fault raises one mail and one page, and so does its recovery, however often the check runs.

    Mail that does not leave is told to the head too: the officer may be whom the server refuses.
    """
    mailbox_check(paged, wrong=False)
    for minute, wrong in enumerate([True] * 4 + [False] * 4):
        clock.set(NOW + minute * MINUTE)
        find(paged, wrong)
        paging.drain(paged)
    assert alarms(paged) == [alarm, recovery]
    names = [AlarmName[AlarmKind(kind).name].words("nl") for kind in (alarm, recovery)]
    readers = 2 if find is outbox_age else 1
    assert calls(paged) == [("first", f"alarm: {name}") for name in names for _ in range(readers)]
    assert len(asking.mails(paged, kind=Kind.ALARM)) == 2 * readers


def test_an_idle_desk_in_order_writes_nothing(env: Services) -> None:
    """A healthy desk writes no events and no alarms at repeated checks."""
    certificate(env, NOW + timedelta(days=90))
    self_check.tick(env, IN_TIME)
    with env.store.read() as tx:
        before = len(list(tx.events()))
    for _ in range(5):
        assert self_check.tick(env, IN_TIME) == 0
    with env.store.read() as tx:
        assert (len(list(tx.events())), tx.find(Alarm)) == (before, [])


# ---------------------------------------------------------------- the heartbeat


class Outside(BaseHTTPRequestHandler):
    """The external service that receives heartbeats."""

    heard: ClassVar[list[str]] = []
    answer: ClassVar[int] = 200

    def do_GET(self) -> None:
        """Records the request."""
        self.heard.append(f"{self.path} {self.headers['User-Agent']}")
        self.send_response(self.answer)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Suppresses the output on standard error."""


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Returns the address of a local service that receives heartbeats."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    Outside.heard, Outside.answer = [], 200
    server = HTTPServer(("127.0.0.1", 0), Outside)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/canary-7c2"
    server.shutdown()
    server.server_close()
    thread.join(PATIENCE)


def test_the_heartbeat_is_heard(outside: str) -> None:
    """A heartbeat is one GET that reveals only name and version."""
    assert HttpHeartbeat(lambda: outside, "1.2").beat() == ""
    assert Outside.heard == ["/canary-7c2 flaggermail/1.2"]


@pytest.mark.parametrize(
    ("address", "answer", "why"),
    [
        ("{}", 500, "answer 500"),
        ("{}", 302, "answer 302"),
        ("http://elsewhere.example/canary-7c2", 200, "its address does not begin with https://"),
        ("file:///etc/canary-7c2", 200, "its address does not begin with https://"),
        ("http://127.0.0.1:1/canary-7c2", 200, "URLError"),
        ("https://127.0.0.1:canary-7c2/", 200, "InvalidURL"),
    ],
)
def test_a_heartbeat_that_fails_says_why_without_its_address(outside: str, address: str, answer: int, why: str) -> None:
    """A failed heartbeat gives a reason without its address, follows no redirect and sends nothing in clear text."""
    Outside.answer = answer
    assert HttpHeartbeat(lambda: address.format(outside), "1.2").beat() == why
    assert len(Outside.heard) == (address == "{}")


def test_a_heartbeat_without_its_credential(tmp_path: Path) -> None:
    """A missing credential is a reason, not an error."""
    assert HttpHeartbeat(credential("heartbeat", tmp_path), "1").beat() == "its credential cannot be read"


class Beats:
    """A heartbeat that counts its calls."""

    count = 0
    why = ""

    def beat(self) -> str:
        """Counts the call."""
        self.count += 1
        return self.why


def test_the_daemon_beats_only_while_all_is_well(env: Services, capfd: pytest.CaptureFixture[str]) -> None:
    """An unread mailbox or a late reminder tick stops the heartbeat. A failed one is logged and raises no alarm."""
    beats, passed = Beats(), [0.0]
    daemon = a_daemon(env, WatchedMailbox(env))
    daemon.heartbeat, daemon.monotonic = beats, lambda: passed[0]
    daemon.__post_init__()
    daemon.beat()
    beats.why = "answer 500"
    daemon.beat()
    assert beats.count == 2
    assert "heartbeat not taken" in capfd.readouterr().err
    assert alarms(env) == []
    passed[0] = 121.0
    daemon.beat()
    assert beats.count == 2  # the reminder tick is late
    daemon.remind()
    daemon.beat()
    assert beats.count == 3
    passed[0] = 15 * 60 + 1.0
    daemon.remind()
    daemon.beat()
    assert beats.count == 3  # the mailbox was not read


@pytest.mark.parametrize("name", [None, "heartbeat"])
def test_the_daemon_asks_nobody_outside_unless_told_to(env: Services, name: str | None) -> None:
    """Without a configured credential there is no heartbeat tick, and the shipped settings configure none."""
    assert env.settings.desk.watch.heartbeat is None
    named = env.settings.desk.watch.model_copy(update={"heartbeat": name})
    desk = env.settings.desk.model_copy(update={"watch": named})
    daemon = a_daemon(env, WatchedMailbox(env))
    daemon.heartbeat = daemon_assembly.heartbeat(env.settings.model_copy(update={"desk": desk}))
    daemon.stop.set()
    daemon.run()
    assert isinstance(daemon.ticker, StepTicker)
    assert ("heartbeat" in daemon.ticker.works) == (name is not None)
    assert "selfwatch" in daemon.ticker.works


def test_a_clock_that_is_set_right_is_right_at_once() -> None:
    """What a mail showed while our clock was an hour behind counts from the clock as it is now."""
    lead, seen = [timedelta(hours=-1)], datetime(2027, 3, 17, 8, tzinfo=UTC)
    probe = MachineHealthProbe({}, lead=lambda: lead[0])
    probe.arrived(seen + timedelta(hours=1), seen)
    assert probe.skew() == timedelta(hours=1)
    lead[0] = timedelta(0)
    assert probe.skew() == timedelta(0)

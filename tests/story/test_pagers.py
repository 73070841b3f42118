# SPDX-License-Identifier: EUPL-1.2
"""Pages follow unanswered mail: each pager once, in the officer's order, with no case content in the message."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from flaggermail.adapters.files.secrets import credential
from flaggermail.adapters.pagers.apprise_pager import ApprisePager
from flaggermail.commands import door
from flaggermail.commands.elections import StartExercise
from flaggermail.commands.oncall import Acknowledge
from flaggermail.letters import writing
from flaggermail.logbook import configure
from flaggermail.notices import notices
from flaggermail.outbox import delivery
from flaggermail.ports import Paged
from flaggermail.record.definition import where
from flaggermail.record.events import Event, EventKind, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Alarm, ClockRow, OutboxMail, Page
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import ClockKind, ClockState, Means, PageState
from flaggermail.reminders import paging
from flaggermail.reminders.sending import tick
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.model import PagerSettings
from flaggermail.settings.steps import Step
from flaggermail.stories import rehearsing
from flaggermail.stories.doubles import ListPager, SetClock
from flaggermail.wording.said import as_written
from tests import asking
from tests.patience import PATIENCE
from tests.story.conftest import NOW
from tests.story.test_late import notify, reminders

# Apprise loads every service plug-in on import; a library of one of them warns on Python 3.11 and 3.12.
OF_A_LIBRARY = pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")
CANARY = "pager-canary-5b1f"


@pytest.fixture
def paged(env: Services) -> Services:
    """Builds a desk whose officers each have two pagers."""
    pagers = (PagerSettings(credential="first", after=5), PagerSettings(credential="second", after=10))
    officers = tuple(o.model_copy(update={"pagers": pagers}) for o in env.settings.oncall.officers)
    oncall = env.settings.oncall.model_copy(update={"officers": officers})
    return replace(env, settings=env.settings.model_copy(update={"oncall": oncall}))


def calls(env: Services) -> list[tuple[str, str]]:
    """Returns the pages sent so far, as (pager, text)."""
    assert isinstance(env.pager, ListPager)
    return env.pager.calls


def run(env: Services) -> None:
    """Runs one round of the ticker."""
    delivery.drain(env)
    tick(env)
    paging.tick(env)
    paging.drain(env)


def kinds(env: Services) -> list[str]:
    """Returns the kinds of all page events."""
    with env.store.read() as tx:
        return [event.kind for _, event in tx.events() if event.kind.startswith("page")]


def alarm(env: Services, **fields: str) -> None:
    """Raises an alarm."""
    with env.store.begin() as tx:
        row = Alarm(
            id="refused/o1", kind=AlarmKind.REFUSED, text=as_written("to.whom@x.example"), raised_at=NOW, **fields
        )
        notices.raise_alarm(UnitOfWork(env, tx, env.clock.now()), row, "flaggermail outbox show o1")


def test_a_reminder_calls_after_its_minutes_and_an_ok_ends_it(paged: Services, clock: SetClock) -> None:
    """Mail goes first, the first pager at five minutes and the second at ten. An acknowledgement stops the pages."""
    for number in (1, 2):
        notify(paged, number, NOW - timedelta(minutes=60))
    run(paged)
    assert calls(paged) == []
    clock.set(NOW + timedelta(minutes=4, seconds=59))
    run(paged)
    assert calls(paged) == []
    clock.set(NOW + timedelta(minutes=5))
    run(paged)
    run(paged)
    assert calls(paged) == [("first", "VF-PS2027-0001, X: 65 min (+1)")]
    with paged.store.begin() as tx:
        door.perform(UnitOfWork(paged, tx, clock.now(), "officer1"), Acknowledge(reminder=reminders(paged)[0].id))
    clock.set(NOW + timedelta(minutes=30))
    run(paged)
    assert len(calls(paged)) == 1


def test_without_an_answer_the_next_pager_follows(paged: Services, clock: SetClock) -> None:
    """Each pager is called once, in order, until none is left."""
    notify(paged, 1, NOW - timedelta(minutes=60))
    for minute in range(30):
        clock.set(NOW + timedelta(minutes=minute))
        run(paged)
    assert [pager for pager, _ in calls(paged)] == ["first", "second"]


def test_an_escalation_and_an_alarm_call_at_once(paged: Services) -> None:
    """An escalation calls the head's first pager in the tick that writes the mail.

    An alarm calls in its own transaction.
    """
    use = notify(paged, 1, NOW - timedelta(minutes=240))
    run(paged)
    assert calls(paged) == [("first", "VF-PS2027-0001, X: 240 min")]
    alarm(paged, case=use.removesuffix("/1"), notification=use)
    paging.drain(paged)
    assert calls(paged)[1:] == [("first", "alarm: VF-PS2027-0001, X")]


def test_a_pager_that_fails_is_followed_at_once_and_the_last_one_by_mail(paged: Services) -> None:
    """Each failure is an event. When no pager is left, the officer gets one mail about it and no page."""
    assert isinstance(paged.pager, ListPager)
    paged.pager.broken = {"first"}
    alarm(paged)
    assert paging.drain(paged) == 2
    assert kinds(paged) == [
        EventKind.PAGE_QUEUED, EventKind.PAGE_ATTEMPTED, EventKind.PAGE_FAILED,
        EventKind.PAGE_QUEUED, EventKind.PAGE_ATTEMPTED, EventKind.PAGE_SENT,
    ]  # fmt: skip
    paged.pager.broken = {"first", "second"}
    for number in (1, 2):
        notify(paged, number, NOW - timedelta(minutes=240 + number))
        run(paged)
    assert [a.kind for a in asking.alarms(paged)].count(AlarmKind.PAGERS_FAILED) == 1
    assert asking.pages(paged, state=PageState.QUEUED) == []


def test_the_attempt_is_recorded_before_the_network_is_touched(paged: Services) -> None:
    """The attempt is recorded before the call. A call interrupted by a crash is repeated once, then fails over."""

    class Dies(ListPager):
        def call(self, pager: str, title: str, text: str) -> Paged:
            super().call(pager, title, text)
            raise KeyboardInterrupt

    alarm(paged)
    dying = replace(paged, pager=Dies())
    for expected in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            paging.drain(dying)
        (page,) = asking.pages(paged, position=0)
        assert (page.state, page.tries) == ("attempting", expected)
        paging.recover(paged)
    paging.drain(paged)
    assert calls(paged) == [("second", "alarm: mail geweigerd")]


@pytest.mark.parametrize(
    ("how", "mails", "called"),
    [
        (("mail",), 1, []),
        (("mail", "pager"), 1, [(5, "first"), (10, "second")]),
        (("pager",), 0, [(0, "first"), (5, "second")]),
    ],
)
def test_a_step_says_by_which_means(
    paged: Services, clock: SetClock, how: tuple[str, ...], mails: int, called: list[tuple[int, str]]
) -> None:
    """A mail step sends no page, a mail and pager step pages after its minutes.

    A pager step pages at once without mail.
    """
    notify(paged, 1, NOW - timedelta(minutes=60), (Step(ClockKind.RECEIPT, 60, how=tuple(map(Means, how))),))
    heard: list[tuple[int, str]] = []
    for minute in range(12):
        clock.set(NOW + timedelta(minutes=minute))
        run(paged)
        heard += [(minute, pager) for pager, _ in calls(paged)[len(heard) :]]
    assert heard == called
    assert len(asking.mails(paged, kind=Kind.REMINDER)) == mails


def test_steps_of_several_means_are_one_mail(paged: Services, clock: SetClock) -> None:
    """Steps of several means share one mail, and the page counts only the steps that ask for a pager."""
    for number, how in enumerate([("mail",), ("mail", "pager"), ("mail", "pager")], 1):
        notify(paged, number, NOW - timedelta(minutes=60), (Step(ClockKind.RECEIPT, 60, how=tuple(map(Means, how))),))
    run(paged)
    clock.set(NOW + timedelta(minutes=5))
    run(paged)
    assert len(asking.mails(paged, kind=Kind.REMINDER)) == 1
    assert calls(paged) == [("first", "VF-PS2027-0002, X: 65 min (+1)")]


def test_who_has_no_pager_gets_mail_all_the_same(env: Services) -> None:
    """A pager-only step is sent by mail to an officer who has no pager."""
    notify(env, 1, NOW - timedelta(minutes=60), (Step(ClockKind.RECEIPT, 60, how=(Means.PAGER,)),))
    run(env)
    assert len(asking.mails(env, kind=Kind.REMINDER)) == 1


def test_a_page_without_mail_that_wakes_nobody_becomes_mail(paged: Services) -> None:
    """A pager-only page becomes a mail about its case when every pager failed or the hourly cap is reached."""
    assert isinstance(paged.pager, ListPager)
    paged.pager.broken = {"first", "second"}
    for number in range(1, 15):
        notify(paged, number, NOW - timedelta(minutes=60), (Step(ClockKind.RECEIPT, 60, how=(Means.PAGER,)),))
        run(paged)
    raised, states = asking.alarms(paged), {page.state for page in asking.pages(paged)}
    assert {a.case for a in raised} == {f"VF-PS2027-{number:04}" for number in range(1, 15)}
    assert {a.kind for a in raised} == {"pagers failed"}
    assert states == {"failed", "held"}
    assert "VF-PS2027-0001, X: 60 min" in raised[0].text


def test_what_has_stopped_waiting_calls_nobody_anew(paged: Services, clock: SetClock) -> None:
    """Two open clocks in one mail share a page.

    When the first clock stops, the second causes no new page at that pager.
    """
    use, _ = (notify(paged, number, NOW - timedelta(minutes=60)) for number in (1, 2))
    for minute in (0, 5):
        clock.set(NOW + timedelta(minutes=minute))
        run(paged)
    with paged.store.begin() as tx:
        (running,) = tx.find(
            ClockRow, where(ClockRow.notification).is_(use), where(ClockRow.kind).is_(ClockKind.RECEIPT)
        )
        stopped = replace(running, state=ClockState.STOPPED, stopped_at=clock.now())
        tx.append(Event(EventKind.CLOCK_STOPPED, clock.now(), "daemon", (changed(running, stopped),)))
    run(paged)
    assert calls(paged) == [("first", "VF-PS2027-0001, X: 65 min (+1)")]
    clock.set(NOW + timedelta(minutes=10))
    run(paged)
    assert calls(paged)[1:] == [("second", "VF-PS2027-0002, X: 70 min")]


def test_a_page_of_an_exercise_says_so(paged: Services, clock: SetClock) -> None:
    """A page of an exercise begins with the exercise mark in the desk's language, for a reminder and for an alarm."""
    use = notify(paged, 1, NOW - timedelta(minutes=60), exercise=True)
    tick(paged)
    alarm(paged, case=use.removesuffix("/1"), notification=use)
    clock.set(NOW + timedelta(minutes=5))
    paging.tick(paged)
    paging.drain(paged)
    assert calls(paged) == [
        ("first", "OEFENING alarm: VF-PS2027-0001, X"),
        ("first", "OEFENING VF-PS2027-0001, X: 65 min"),
    ]


def test_an_exercise_uses_up_no_real_call(paged: Services) -> None:
    """Pages of an exercise do not count towards the hourly cap of real pages."""
    for number in range(1, 15):
        notify(paged, number, NOW - timedelta(minutes=240), exercise=True)
        run(paged)
    assert len(calls(paged)) == 12
    notify(paged, 15, NOW - timedelta(minutes=240))
    run(paged)
    assert calls(paged)[12:] == [("first", "VF-PS2027-0015, X: 240 min")]


def test_no_more_calls_in_an_hour_than_configured(paged: Services, clock: SetClock) -> None:
    """Pages beyond the hourly cap are held; their mails are still sent."""
    for number in range(1, 16):
        notify(paged, number, NOW - timedelta(minutes=240))
        run(paged)
    assert len(calls(paged)) == 12
    assert len(asking.pages(paged, state=PageState.HELD)) == 3
    assert len(asking.mails(paged, kind=Kind.ESCALATION)) == 15
    clock.set(NOW + timedelta(minutes=61))
    notify(paged, 16, NOW - timedelta(minutes=240))
    run(paged)
    assert len(calls(paged)) == 24  # the cap renews after an hour


def test_a_desk_that_observes_wakes_nobody(paged: Services) -> None:
    """A desk in observe mode records an alarm and sends no page."""
    writing.begin(paged)
    alarm(paged)
    run(paged)
    assert calls(paged) == []


# ---------------------------------------------------------------- the real adapter, on loopback


class Webhook(BaseHTTPRequestHandler):
    """A webhook that records requests and returns the configured status."""

    got: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []
    answers: ClassVar[dict[str, int]] = {}

    def do_POST(self) -> None:
        """Records the request and answers it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, dict(self.headers), body))
        self.send_response(self.answers.get(self.path, 200))
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_GET(self) -> None:
        """Records a request that follows a redirect."""
        self.got.append((self.path, {}, b""))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Suppresses the output on standard error."""


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Returns the port of a local webhook."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    Webhook.got, Webhook.answers = [], {}
    server = HTTPServer(("127.0.0.1", 0), Webhook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join(PATIENCE)


def written(folder: Path, **addresses: str) -> ApprisePager:
    """Builds a pager whose credentials are in files."""
    (folder / "credentials").mkdir()
    for name, address in addresses.items():
        file = folder / "credentials" / name
        file.write_text(f"{address}\n", encoding="utf-8")
        file.chmod(0o600)
    return ApprisePager(lambda name: credential(name, folder))


@OF_A_LIBRARY
def test_nothing_of_a_case_leaves_but_number_platform_and_minutes(
    paged: Services, clock: SetClock, webhook: int, tmp_path: Path
) -> None:
    """The octets on the wire hold no subject, person, address, token or text of the case."""
    env = replace(paged, pager=written(tmp_path, first=f"json://127.0.0.1:{webhook}/a", second="json://127.0.0.1/b"))
    notify(env, 1, NOW - timedelta(minutes=60))
    tick(env)
    clock.set(NOW + timedelta(minutes=5))
    run(env)
    ((path, headers, body),) = Webhook.got
    assert path == "/a"
    assert json.loads(body)["message"] == "VF-PS2027-0001, X: 65 min"
    assert json.loads(body)["title"] == "flaggermail"
    sent = (repr(headers) + body.decode()).lower()
    for private in ("posts", "jansen", "officer1", "bzk.example", f"{1:032}", "channel"):
        assert private not in sent


KINDS = {  # pager address, with the port of a local service -> whether HTTP 200 alone counts as success
    "json://127.0.0.1:{}/path": True,
    "signal://127.0.0.1:{}/+31600000001/+31600000002": True,
    "ntfy://127.0.0.1:{}/topic": True,
    "mmost://127.0.0.1:{}/3ccdd113474722377935511fc85d3dd4": True,
    "smseagle://token@127.0.0.1:{}/31600000002": False,  # an SMS gateway that reports success in the response body
}


@OF_A_LIBRARY
@pytest.mark.parametrize("address", KINDS)
def test_each_kind_of_service_is_handed_the_text_and_no_address_of_others(
    webhook: int, tmp_path: Path, address: str
) -> None:
    """Webhook, Signal, ntfy, Mattermost and SMS each get one request that holds the text and no other address."""
    answer = written(tmp_path, one=address.format(webhook)).call("one", "flaggermail", "VF-PS2027-0001, X: 65 min")
    ((_, _, body),) = Webhook.got
    assert b"VF-PS2027-0001, X: 65 min" in body
    assert b"http" not in body.replace(b"https://127.0.0.1", b"")
    assert answer.taken == KINDS[address]


@OF_A_LIBRARY
def test_teams_is_known_too(tmp_path: Path) -> None:
    """The Teams address is recognised. It requires TLS, so the call to the closed local port fails."""
    address = "workflows://127.0.0.1:1/643b4acce8c4465599a7cdd8ab7a4d29/" + "s" * 43
    answered = written(tmp_path, teams=address).call("teams", "flaggermail", "trial")
    assert answered.why.english == "the service did not take it"


@OF_A_LIBRARY
def test_the_address_of_a_pager_is_told_nowhere(
    paged: Services, webhook: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The address of a pager appears in no log at any level, row, event or mail, whatever fails."""
    configure(logging.DEBUG)
    logging.getLogger().setLevel(1)
    try:
        _every_failure(paged, webhook, tmp_path)
    finally:
        configure(logging.WARNING)
    said = "".join(capfd.readouterr())
    with paged.store.read() as tx:
        said += repr(list(tx.events())) + repr(tx.find(Page)) + repr(tx.find(Alarm))
        said += "".join(paged.octets.get(mail.digest).decode() for mail in tx.find(OutboxMail))
    assert len(Webhook.got) == 2
    assert all(CANARY in path for path, _, _ in Webhook.got)
    assert CANARY not in said


def _every_failure(env: Services, port: int, folder: Path) -> None:
    """Calls pagers that refuse, redirect, are down or misconfigured, then checks the errors and raises an alarm."""
    address = f"json://127.0.0.1:{port}/{CANARY}"
    pager = written(
        folder, no=f"{address}/no", moved=f"{address}/moved", gone=f"json://{CANARY}:x@127.0.0.1:1/{CANARY}",
        odd=f"{CANARY}://127.0.0.1/", two=f"{address}, {address}/more",
    )  # fmt: skip
    Webhook.answers = {f"/{CANARY}/no": 500, f"/{CANARY}/moved": 302}
    answers = {name: pager.call(name, "flaggermail", "trial") for name in ("no", "moved", "gone", "odd", "none")}
    assert not any(answer.taken for answer in answers.values())
    assert CANARY not in repr(answers)
    assert answers["none"].why.english == "credential none: cannot be read"
    pagers = tuple(PagerSettings(credential=name) for name in ("gone", "odd"))
    officers = tuple(o.model_copy(update={"pagers": pagers}) for o in env.settings.oncall.officers)
    oncall = env.settings.oncall.model_copy(update={"officers": officers})
    broken = replace(env, pager=pager, settings=env.settings.model_copy(update={"oncall": oncall}))
    alarm(broken)
    assert paging.drain(broken) == 2


def test_a_rehearsal_pages_at_its_own_pace_and_says_what_it_is(paged: Services, clock: SetClock) -> None:
    """The pager's five minutes are one at sixty minutes in one, and the page begins with the mark of an exercise."""
    with paged.store.begin() as tx:
        door.perform(UnitOfWork(paged, tx, NOW, "officer1"), StartExercise(story="S08", even_today=True))
    rehearsing.tick(paged)
    run(paged)
    clock.set(NOW + timedelta(minutes=1))
    run(paged)
    assert calls(paged) == []
    clock.set(NOW + timedelta(minutes=2))
    run(paged)
    ((pager, text),) = calls(paged)
    assert (pager, text.startswith("OEFENING ")) == ("first", True)
    assert [page.exercise for page in asking.pages(paged)] == [True]

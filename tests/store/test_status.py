# SPDX-License-Identifier: EUPL-1.2
"""`status.json` reports the state of a desk in counts and instants, without content or persons of any mail."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flaggermail import __version__
from flaggermail.adapters.system.machine import MachineHealthProbe
from flaggermail.commands.approve import Approve
from flaggermail.commands.cases import OpenCase
from flaggermail.health import self_check
from flaggermail.health.status_document import EXERCISE
from flaggermail.health.status_gathering import gather
from flaggermail.outbox import delivery
from flaggermail.ports import Cursor
from flaggermail.record.case_values import CaseType, LanguageCode, Origin
from flaggermail.record.events import Event, EventKind, added
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import (
    Case,
    ClockRow,
    DeskState,
    Election,
    HeldBack,
    Notification,
    OutboxMail,
    Override,
    Page,
    Record,
    StoredMessage,
    Watched,
)
from flaggermail.record.states import (
    CLOCKS,
    SUPPRESSED,
    WAITING,
    CaseState,
    ClockState,
    MailState,
    PageState,
)
from flaggermail.reminders import sending
from flaggermail.services import Services, UnitOfWork
from tests.doubles.told_status import document, told, typed, written
from tests.store.desk_fixtures import CITIZEN, OFFICER, REFERRER, START, X_CHANNEL, Desk, X, mail
from tests.store.test_habits import engine_of, scans, statements

NOW = START
EACH, NO = dict.fromkeys(CLOCKS, 1), dict.fromkeys(CLOCKS, 0)
OLDER = ("60", "120", "240", "1440")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CONTRACT = {
    "written_at": None, "version": None, "ok": None, "wrong": None, "mailbox": {"last_read_at", "link", "fault"},
    "outbox": {"waiting", "oldest_at", "uncertain", "last_error"}, "clocks": {"running", "oldest_at"},
    "quarantine": None, "on_call": None,
}  # fmt: skip


def a_case(number: int, state: CaseState, *, exercise: bool) -> Case:
    """Builds a case in that state."""
    return Case(
        number=f"VF-NOW-{number:04d}", election="NOW", type=CaseType.OTHER, origin=Origin.MEDIA, state=state,
        token=f"case{number}",
        opened_at=NOW, opened_by="officer1", exercise=exercise,
    )  # fmt: skip


def a_message(number: int, place: Place) -> StoredMessage:
    """Builds a message in that place; a higher number arrived earlier."""
    return StoredMessage(
        id=f"m{number:08d}", message_id=None, content_key="c", digest="d", direction=Direction.IN, place=place,
        received_at=NOW - number * HOUR, first_seen_at=NOW,
    )  # fmt: skip


def a_mail(number: int, state: MailState) -> OutboxMail:
    """Builds a mail in that state."""
    return OutboxMail(
        id=f"o{number:08d}", kind=Kind.ALARM, dedupe=f"alarm/{number}", case=None, notification=None,
        message_id="<a@b>",
        sender="a@b.example", recipient="c@d.example", subject="s", digest="d", at_most_once=False, state=state,
        queued_at=NOW, next_try_at=NOW if state is MailState.QUEUED else None,
    )  # fmt: skip


def cases() -> list[Record]:
    """Builds cases with a different count for each state, and some of an exercise."""
    wanted = [(state, count, False) for count, state in enumerate(CaseState, 1)] + [(CaseState.OPEN, 7, True)]
    states = [(state, exercise) for state, count, exercise in wanted for _ in range(count)]
    return [a_case(number, state, exercise=exercise) for number, (state, exercise) in enumerate(states)]


def clocks() -> list[Record]:
    """Builds three notifications: the first has one clock, the second two, the third three, one of them stopped."""
    use = Notification(
        id="", case="VF-NOW-0001", platform="X", channel="x-urgent", channel_name="C", template="t",
        language=LanguageCode.NL,
        subject="", drafted_by="officer1", drafted_at=NOW, token="", digest="d",
    )  # fmt: skip
    rows: list[Record] = []
    for number in range(3):
        key = f"VF-NOW-0001/{number}"
        rows.append(replace(use, id=key, token=key))
        for kind in CLOCKS[: number + 1]:
            state = ClockState.STOPPED if (number, kind) == (2, CLOCKS[0]) else ClockState.RUNNING
            rows.append(ClockRow(id=f"{key}/{kind}", notification=key, kind=kind, state=state, started_at=NOW))
    return rows


def mails() -> list[Record]:
    """Builds mails with a different count for each state, including the finished ones."""
    states = (*WAITING, MailState.ACCEPTED, MailState.REFUSED, MailState.CANCELLED)
    wanted = [state for count, state in enumerate(states, 1) for _ in range(count)]
    return [a_mail(number, state) for number, state in enumerate(wanted)]


def overrides() -> list[Record]:
    """Builds two overrides that hold now, the later of which counts, and a future one."""
    spans = (("officer2", -1, 1), ("head1", -2, 2), ("officer2", 3, 4))
    return [
        Override(
            id=f"r{number:08d}", officer=officer, begins_at=NOW + begins * HOUR, ends_at=NOW + ends * HOUR,
            entered_by="head1", entered_at=NOW,
        )
        for number, (officer, begins, ends) in enumerate(spans)
    ]  # fmt: skip


def some_of_everything() -> list[Record]:
    """Builds rows of every kind that is counted, and of those that must not be."""
    today = NOW.date()
    election = Election(
        code="NOW", name_nl="Nu", name_en="Now", polling_days=(today,), period_from=today, period_until=today
    )
    messages = [*(a_message(number, Place.QUARANTINE) for number in range(2, 5)), a_message(99, Place.NOISE)]
    state = DeskState(observing=True, since=NOW - 3 * HOUR, since_by="daemon")
    return [election, *cases(), *clocks(), *messages, *mails(), *overrides(), state, *waking()]


def waking() -> list[Record]:
    """Builds pages, three of them recent and not sent; held-back notices, one of them sent; and two watched things."""
    failed, kept, sent = PageState.FAILED, PageState.HELD, PageState.SENT
    ages = ((failed, 1), (kept, 2), (kept, 3), (sent, 1), (failed, 25))
    pages = [
        Page(
            id=f"p{number}", about="a", officer="officer1", position=number, pager="first", text="t", state=state,
            queued_at=NOW - age * HOUR,
        )
        for number, (state, age) in enumerate(ages)
    ]  # fmt: skip
    held = [
        HeldBack(
            id=f"h{number}", officer="officer1", kind=Kind.ALARM, dedupe=f"{number}", what="refused", next_step="n",
            held_at=NOW, told_at=told,
        )
        for number, told in enumerate((None, None, NOW))
    ]  # fmt: skip
    watched = [
        Watched(id="tick of reminders", failing=True, since=NOW, value="late"),
        Watched(id="clock", failing=False, since=NOW, value="right"),
    ]
    return [*pages, *held, *watched]


def fill(env: Services) -> None:
    """Stores some of everything, and a cursor for one of two folders."""
    with env.store.begin() as tx:
        happened = EventKind.MESSAGE_TAKEN_IN
        tx.append(*(Event(happened, NOW, "daemon", (added(row),)) for row in some_of_everything()))
        tx.advance(env.settings.desk.mailbox.inbox, Cursor("1/9", NOW - HOUR))
        tx.number(SUPPRESSED)
        tx.advance("Elsewhere", Cursor("1/9", NOW))


def read_now(env: Services) -> None:
    """Records that the inbox was read to its end now."""
    with env.store.begin() as tx:
        tx.advance(env.settings.desk.mailbox.inbox, Cursor("1/9", env.clock.now()))


def shown(at: datetime) -> str:
    """Returns an instant as written in the document."""
    return at.isoformat()


def test_some_of_everything_is_counted(desk: Desk) -> None:
    """Each row is counted once, in its place; rows of an exercise only among the cases."""
    fill(desk.env)
    found = written(desk.env)
    assert found["cases"] == {"open": 1, "decided": 2, "notified": 3, "answered": 4, "closed": 5, EXERCISE: 7}
    assert found["clocks"] == {"running": 5, "oldest_at": shown(NOW), "receipt": 2, "human": 2, "substance": 1}
    assert (found["quarantine"], found["quarantine_oldest_at"]) == (3, shown(NOW - 4 * HOUR))
    assert found["outbox"] == {
        "waiting": 3, "oldest_at": shown(NOW), "queued": 1, "attempting": 2, "uncertain": 3, "withheld": 0,
        "last_error": None,
    }  # fmt: skip
    assert found["mailbox"] == {"last_read_at": shown(NOW - HOUR), "link": "up", "fault": None}
    assert found["last_look"] == {"INBOX": shown(NOW - HOUR), "Sent": None}
    assert found["observing_since"] == shown(NOW - 3 * HOUR)
    assert (found["held_back"], found["suppressed"], found["pages"]) == (2, 1, {"failed": 1, "held": 2})
    assert found["watched"] == {"clock": "right", "tick of reminders": "late"}
    assert (found["on_call"], found["version"], found["written_at"]) == (True, __version__, shown(NOW))
    assert found["wrong"] == [
        "the mailbox was not read for 15 min", "a mail is in doubt", "tick of reminders: late",
    ]  # fmt: skip
    assert found["ok"] is False


@pytest.mark.parametrize(("link", "word"), [(None, None), (True, "up"), (False, "down")])
def test_the_document_holds_what_the_contract_names(desk: Desk, link: bool | None, word: str | None) -> None:  # noqa: FBT001 - a table
    """The contract holds on an empty desk too; the link is unknown until the first look has ended."""
    found = written(desk.env, link=link)
    assert found.keys() >= CONTRACT.keys()
    for name, inner in CONTRACT.items():
        section = found[name]
        assert inner is None or (isinstance(section, dict) and section.keys() >= inner), name
    mailbox = found["mailbox"]
    assert isinstance(mailbox, dict)
    assert mailbox["link"] == word
    assert json.loads(json.dumps(found)) == found


def test_on_call_is_whether_anybody_is_and_not_who(desk: Desk) -> None:
    """`on_call` is false if the schedule names no officer."""
    assert written(desk.env)["on_call"] is True
    settings = desk.env.settings
    nobody = settings.oncall.model_copy(update={"shifts": (), "weekly": (), "fallback_officer": None})
    desk.with_settings(settings.model_copy(update={"oncall": nobody}))
    assert written(desk.env)["on_call"] is False


def test_a_desk_that_works_is_in_order_and_one_that_fails_says_why(desk: Desk, tmp_path: Path) -> None:
    """Monitoring sees a quiet morning, then a notification that the server refuses for hours, then its recovery."""
    read_now(desk.env)
    quiet = told(desk.env, tmp_path)
    assert (quiet.exit_code, "wrong" in quiet.output) == (0, False)
    desk.server.says(450, X_CHANNEL, f"4.2.0 <{X_CHANNEL}>: Greylisted, try later")
    key = desk.notified()
    read_now(desk.env)
    soon = document(desk.env, tmp_path)
    assert soon["ok"] is True
    assert soon["outbox"] == {
        "waiting": 1, "oldest_at": shown(NOW), "queued": 1, "attempting": 0, "uncertain": 0, "withheld": 0,
        "last_error": "450 4.2.0 <address> Greylisted, try later",
    }  # fmt: skip
    desk.clock.set(NOW + 16 * MINUTE)
    read_now(desk.env)
    late = told(desk.env, tmp_path)
    assert late.exit_code == 1
    assert "a mail of ours waits for more than 15 min" in late.output
    assert "1 queued, the oldest 0h16; the server said: 450 4.2.0 <address> Greylisted, try later" in late.output
    desk.server.script.clear()
    desk.go_on(60)
    read_now(desk.env)
    after = document(desk.env, tmp_path)
    assert (after["ok"], after["clocks"]) == (
        True, {"running": 3, "oldest_at": "2024-06-06T11:50:00+02:00", "receipt": 1, "human": 1, "substance": 1},
    ), key  # fmt: skip


def test_a_notice_that_the_server_had_whole_does_not_wait(desk: Desk, tmp_path: Path) -> None:
    """Its answer was lost, so it is sent again later; the server has most likely taken it, and nobody has to act."""
    desk.server.says(-1, OFFICER)
    desk.receive(mail(REFERRER, "Vraag", "Wat nu?"))
    desk.go_on(18)
    read_now(desk.env)
    found = document(desk.env, tmp_path)
    assert found["outbox"] == {
        "waiting": 1, "oldest_at": None, "queued": 1, "attempting": 0, "uncertain": 0, "withheld": 0,
        "last_error": "so it is",
    }  # fmt: skip
    assert found["ok"] is True, found["wrong"]


def test_the_answer_that_came_last_is_shown(desk: Desk) -> None:
    """The latest answer among waiting mails is shown; once they are sent, none is."""
    desk.server.says(451, text="first")
    desk.receive(mail(REFERRER, "Vraag", "Wat nu?"))
    delivery.drain(desk.env)
    desk.clock.set(NOW + MINUTE)
    desk.server.says(451, text="second")
    desk.receive(mail(REFERRER, "Nog een vraag", "En dan?"))
    delivery.drain(desk.env)
    found = written(desk.env)["outbox"]
    assert isinstance(found, dict)
    assert found["last_error"] == "451 second"
    desk.server.script.clear()
    desk.go_on(60)
    settled = written(desk.env)["outbox"]
    assert isinstance(settled, dict)
    assert (settled["waiting"], settled["last_error"]) == (0, None)


CANARY = "Kanarie"


def full_of_canaries(desk: Desk) -> list[str]:
    """Fills the desk with canary names and a failed notification; returns what must not appear anywhere."""
    referral = mail(f"{CANARY} Een <kanarie1@lindewaard.example>", f"{CANARY} twee", f"{CANARY} drie")
    desk.receive(referral.replace(b"header.from=lindewaard.example>", b"header.from=lindewaard.example"))
    desk.receive(mail(CITIZEN, f"{CANARY} vier", "Is dit echt?"))
    desk.receive(mail("kanarie5@nowhere.example", f"{CANARY} vijf", "?", auth=None))
    case = desk.do(OpenCase(election="EP2024", type=CaseType.OTHER, origin=Origin.MEDIA, title=f"{CANARY} zes")).key
    key = desk.drafted()
    desk.do(Approve(draft=key))
    sent = [row for row in desk.mails(state=MailState.QUEUED) if row.recipient == X_CHANNEL]
    subject = sent[0].subject.partition("] ")[2]
    assert subject
    quoted = " ".join((sent[0].subject, f"'{subject}' <{sent[0].message_id}>", key, case, OFFICER))
    desk.server.says(-1, X_CHANNEL, f"554 <{X_CHANNEL}> {quoted} refused")
    delivery.drain(desk.env)
    people = [(officer.name, officer.phone) for officer in desk.env.settings.rota.officers]
    personal = [part for both in people for part in both if part]
    return [CANARY, "@", "VF-", "lindewaard", X.partition("@")[0], subject, *personal]


def test_nothing_of_mail_or_people_is_in_it(desk: Desk, tmp_path: Path) -> None:
    """The server's answer quotes recipient, subject, Message-ID and case number, and none of them is shown."""
    canaries = full_of_canaries(desk)
    assert len(desk.cases()) >= 2
    assert desk.mails(state=MailState.UNCERTAIN)
    lines = told(desk.env, tmp_path).output
    text = (tmp_path / "status.json").read_text("ascii")
    assert "refused" in text
    for shown in (text, lines):
        assert [canary for canary in canaries if canary.casefold() in shown.casefold()] == []


def test_what_the_daemon_found_wrong_with_itself_is_in_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Free disk space is that of now; a late tick is as it was last found."""
    room = [400_000_000]
    monkeypatch.setattr(
        "flaggermail.adapters.system.machine.free_octets", lambda places: dict.fromkeys(places, room[0])
    )
    env = replace(desk.env, health_probe=MachineHealthProbe({"archive": Path("anywhere")}))
    read_now(env)
    self_check.tick(env, {"reminders": timedelta(minutes=3)})
    found = written(env)
    assert found["free_mb"] == {"archive": 400}
    assert found["wrong"] == ["disk of archive: less than 500 MB free", "tick of reminders: more than 120 s ago"]
    room[0] = 600_000_000
    assert written(env)["wrong"] == ["tick of reminders: more than 120 s ago"]


def test_it_is_gathered_without_reading_a_table_that_grows(desk: Desk) -> None:
    """The daemon gathers every ten seconds: no full scan of a growing table, and no event."""
    desk.notified()
    before = len(desk.events())
    with statements(engine_of(desk)) as asked, desk.env.store.read() as tx:
        gather(UnitOfWork(desk.env, tx, NOW), link=True)
    assert len(asked) > 15
    assert scans(engine_of(desk), asked) == set()
    assert len(desk.events()) == before


def test_a_daemon_that_is_gone_is_noticed_after_90_seconds(desk: Desk, tmp_path: Path) -> None:
    """The last document remains, with its age, and its counts are still shown."""
    read_now(desk.env)
    assert told(desk.env, tmp_path).exit_code == 0
    assert typed(tmp_path, NOW + MINUTE).exit_code == 0
    gone = typed(tmp_path, NOW + 3 * MINUTE)
    assert gone.exit_code == 1
    assert f"written:            2024-06-06 10:34+02:00, 0h03 ago, by flaggermail {__version__}\n" in gone.output
    assert "daemon:             does not run\n" in gone.output
    assert gone.output.endswith("wrong:              the daemon does not run\n")


def test_what_reminds_and_what_platforms_write_is_counted(desk: Desk) -> None:
    """Clocks by age, reminders about those that run, mails of platforms by verdict; a stopped clock counts nowhere."""
    draft = desk.notified()
    desk.go_on(125)
    sending.tick(desk.env)
    found = written(desk.env)
    assert found["clocks_older"] == {age: EACH if age in {"60", "120"} else NO for age in OLDER}
    assert found["reminders"] == {"receipt": {"120": 1}}
    assert found["platform_mails"] == {"verified": 0, "unverified": 0, "failed": 0}
    desk.receive(mail(answers=desk.message_id_of(draft), at=desk.clock.now()))
    found = written(desk.env)
    assert found["clocks_older"] == {age: {**NO, "substance": int(age in {"60", "120"})} for age in OLDER}
    assert found["reminders"] == {}
    assert found["platform_mails"] == {"verified": 1, "unverified": 0, "failed": 0}

# SPDX-License-Identifier: EUPL-1.2
"""One door: every command by its name, requests read strictly, and nobody acts on what is no longer so."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from flaggermail.commands import door
from flaggermail.commands.command import Command
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as Door
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.rows import OutboxMail, Override
from tests.store.desk_fixtures import REFERRER, Desk, X, mail
from tests.store.processes import go_on, other_process, services_on, told

CASE = "VF-EP2024-0001"


def ask(desk: Desk, name: str, by: str = "officer1", /, **request: Json) -> dict[str, Json]:
    """Asks the desk as that officer."""
    return dict(Door(lambda: desk.env, Caller(officer=by)).answer(name, request))


def applying(facts: Json) -> Mapping[str, Json]:
    """Returns the facts of an act that apply: the others are null."""
    assert isinstance(facts, Mapping)
    return {name: value for name, value in facts.items() if value is not None}


def refused(desk: Desk, name: str, by: str = "officer1", /, **request: Json) -> str:
    """Asks what must be refused without any change; returns the one line that says why."""
    before = len(desk.events())
    with pytest.raises(Refusal) as caught:
        ask(desk, name, by, **request)
    assert len(desk.events()) == before
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 400
    return text


def version(desk: Desk) -> int:
    """Returns the version of what an officer sees now."""
    with desk.env.store.read() as tx:
        head = tx.head()
    assert head is not None
    return head.seq


# ---- the registry


@pytest.mark.parametrize("name", door.COMMANDS)
def test_every_command_is_found_under_its_own_name(name: str) -> None:
    """Each line of the registry leads to the command of that name, which says who may give it and what it is about."""
    command = door.command_of(name)
    assert issubclass(command, Command)
    assert name == command.NAME
    assert command.MAY
    assert command.subject is not Command.subject
    assert command.perform is not Command.perform


def test_no_command_is_left_out_of_the_registry() -> None:
    """Every command of the room is in the registry, so that every way in knows it."""

    def below(kind: type[object]) -> set[type[object]]:
        return {kind} | {other for one in kind.__subclasses__() for other in below(one)}

    known = {door.command_of(name).__qualname__ for name in door.COMMANDS}
    found = (kind for kind in below(Command) if kind.__module__.startswith("flaggermail.") and hasattr(kind, "NAME"))
    assert {kind.__qualname__ for kind in found} == known


# ---- requests


def test_an_answer_names_row_state_and_version(desk: Desk) -> None:
    """The answer has the new state, the key of the row, what was done, and the version after it."""
    answer = ask(desk, "case open", election="EP2024", type="other", origin="media", title="Two boxes")
    assert answer["key"] == CASE
    assert answer["state"] == f"case {CASE} opened"
    assert applying(answer["did"]) == {"what": "opened", "case": CASE}
    assert answer["warnings"] == []
    assert answer["version"] == version(desk) > 0


DEEP: Json = None
for _ in range(5000):
    DEEP = [DEEP]
WRONG: tuple[tuple[str, dict[str, Json], str], ...] = (
    ("case fly", {}, "case fly: the desk knows no such request"),
    ("case close", {}, "case close: case: is missing"),
    ("case close", {"case": CASE, "speed": 2}, "case close: speed: is not known here"),
    ("case close", {"case": 7}, "case close: case: 7 is not right: input should be a valid string"),
    ("case close", {"case": None}, "case close: case: None is not right"),
    ("case close", {"case": "N\0"}, "case close: the request holds a NUL character"),
    ("case close", {"case": "\ud800"}, "case close: "),
    ("case close", {"case": "x" * 2_000_000}, "case close: the request has 20"),
    ("case close", {"case": DEEP}, "case close: "),
    ("case close", {"case": [[[[1]]]]}, "case close: case: [[[[1]]]] is not right"),
    ("case close", {"x" * 500: 1, "case": CASE}, "is not known here"),
    ("case close", {str(number): 1 for number in range(50)} | {"case": CASE}, "and 47 more"),
    ("case assess", {"case": "1", "own_attempts": 10**5000}, "case assess: "),
    ("case assess", {"case": CASE, "own_attempts": 10**5000}, "case assess: "),
    ("case assess", {"case": CASE, "own_attempts": 1.5}, "own_attempts: 1.5 is not right"),
    ("case assess", {"case": CASE, "own_attempts": float("nan")}, "case assess: "),
    ("case assess", {"case": CASE, "incorrect": "yes"}, "incorrect: 'yes' is not right: input should be a valid bool"),
    (
        "case assess",
        {"case": CASE, "aspects": ["virality"]},
        "aspects.0: 'virality' is not known; it must be one of org",
    ),
    (
        "case decide",
        {"case": CASE, "decision": "remove"},
        "is not known; it must be one of notify, decline, refer, none",
    ),
    (
        "case decide",
        {"case": CASE, "decision": "decline", "ground": "busy"},
        "it must be one of outside_process, illegal",
    ),
    (
        "case open",
        {"election": "EP2024", "type": "E", "origin": "media"},
        "type: 'E' is not known; it must be one of A_c",
    ),
    ("case open", {"election": "EP2024", "type": "other", "origin": "fax"}, "one of referral, media, earlier_cases"),
    ("case note", {"case": CASE, "means": "fax", "text": "t"}, "means: 'fax' is not known; it must be one of phone,"),
    ("case ask", {"case": CASE, "items": ["name"]}, "it must be one of attempts, screenshot, link, contact"),
    (
        "case note",
        {"case": CASE, "means": "phone", "text": "t", "effective_at": "now"},
        "'now' is no instant; write it as",
    ),
    (
        "case note",
        {"case": CASE, "means": "phone", "text": "t", "effective_at": 1717660800},
        "1717660800 is no instant",
    ),
    (
        "case note",
        {"case": CASE, "means": "phone", "text": "t", "effective_at": "1717660800"},
        "is no instant; write it",
    ),
    (
        "case note",
        {"case": CASE, "means": "phone", "text": "t", "effective_at": "2024-06-06"},
        "is no instant; write it",
    ),
    (
        "oncall override",
        {"officer": "head1", "begins_at": "0001-01-01T00:00Z", "ends_at": "9999-12-31T23:59Z"},
        "is no ins",
    ),
    ("message reclassify", {"message": "m00000001", "kinds": ["removed"]}, "is not known; it must be one of referral,"),
    ("election add", {"code": "X", "polling_days": ["1717632000"], "name_nl": "x"}, "name_en: is missing"),
    ("officer confirm", {"device": "d000001"}, "officer confirm: only a reply to the desk's mail does this"),
    ("case close", {"case": CASE, "officer": "head1"}, "officer: is not known here"),
    ("case close", {"case": CASE, "actor": "head1"}, "actor: is not known here"),
    ("case close", {"case": CASE, "work": {"actor": "head1"}}, "work: is not known here"),
    ("case close", {"case": CASE, "NAME": "x"}, "NAME: is not known here"),
)


@pytest.mark.parametrize(("name", "request_", "says"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_request_is_refused_in_one_line(desk: Desk, name: str, request_: dict[str, Json], says: str) -> None:
    """Unknown names and fields, wrong types, huge and deeply nested requests change nothing and end in one line."""
    assert says in refused(desk, name, **request_)


ABOUT: tuple[tuple[str, dict[str, Json], str, str], ...] = (
    ("case link", {"case": CASE, "related": ["999"]}, "no such case", "related"),
    ("case link", {"case": CASE, "related": [CASE]}, "related to itself", "related"),
    ("case close", {"case": "999"}, "no such case", "case"),
    ("annex propose", {"of": "999"}, "no such case", "of"),
    ("case note", {"case": CASE, "means": "phone", "text": " "}, "empty", "text"),
    ("election close", {"code": "X"}, "no such election", "code"),
    ("oncall swap", {"shift": "2024-06-07T08:00", "officer": "lead1"}, "no such shift", "shift"),
    ("case close", {"case": CASE, "version": 10**9}, "version unknown", "version"),
    ("resume", {}, "not observing", ""),
    ("node hand-over", {}, "no node leads", ""),
)


@pytest.mark.parametrize(("name", "request_", "code", "where_"), ABOUT, ids=range(len(ABOUT)))
def test_a_refusal_names_the_field_of_the_command(
    desk: Desk, name: str, request_: dict[str, Json], code: str, where_: str
) -> None:
    """What is wrong with a value is said of the field in which this command was given it."""
    desk.decided()
    with pytest.raises(Refusal) as caught:
        ask(desk, name, **request_)
    assert (caught.value.code, caught.value.where) == (code, where_)


@pytest.mark.parametrize("attempts", [-1, 10**30])
def test_a_number_that_no_database_keeps_is_refused(desk: Desk, attempts: int) -> None:
    """Numbers are bounded before they reach the database."""
    case = desk.decided()
    assert f"own_attempts: {attempts} must be 0 or more" in refused(
        desk, "case assess", case=case, own_attempts=attempts
    )


@pytest.mark.parametrize("day", ["1717632000", "2024-6-6", "2024-06-06T00:00", 20240606, "2024-02-30"])
def test_a_day_is_written_as_a_day(desk: Desk, day: Json) -> None:
    """A day is a date in ISO 8601 and nothing else."""
    whole: dict[str, Json] = {"code": "X", "name_nl": "x", "name_en": "x", "period_from": "2024-05-01"}
    said = refused(desk, "election add", **whole, polling_days=[day], period_until="2024-07-01")
    assert said.startswith(f"election add: polling_days.0: {day!r} is no day; write it as 2024-06-06")


@pytest.mark.parametrize("asked", [None, 7, ["case close"], {"name": "x"}])
def test_a_request_that_is_none_is_refused(desk: Desk, asked: object) -> None:
    """A name that is no text, and fields that are no object, are refused as well."""
    way_in = Door(lambda: desk.env, Caller(officer="officer1"))
    with pytest.raises(Refusal, match="a request is a name and a JSON object"):
        way_in.answer(asked, {})  # type: ignore[arg-type]  # what a program may send
    with pytest.raises(Refusal, match="a request is a name and a JSON object"):
        way_in.answer("case close", [1] if asked is None else 7)  # type: ignore[arg-type]  # what a program may send


def test_an_instant_without_an_offset_is_the_desks_local_time(desk: Desk) -> None:
    """What people type is read in the zone of the desk; an offset is taken as it is."""
    case = desk.decided()
    for typed in ("2024-06-06T09:12", "2024-06-06T07:12Z", "2024-06-06T09:12:00+02:00"):
        answer = ask(desk, "case note", case=case, means="phone", text="t", effective_at=typed)
        assert applying(answer["did"]) == {
            "what": "noted", "case": case, "at": "2024-06-06T09:12:00+02:00", "means": "phone", "starts": False,
            "stops": False, "unstopped": "no answer",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "choices"),
    [
        ("2024-03-31T02:30", "2024-03-31T02:30:00+01:00 or 2024-03-31T02:30:00+02:00"),  # 01:59 was followed by 03:00
        ("2023-10-29T02:30", "2023-10-29T02:30:00+02:00 or 2023-10-29T02:30:00+01:00"),  # 02:59 was followed by 02:00
    ],
)
def test_a_time_that_a_clock_change_makes_unclear_is_refused(desk: Desk, typed: str, choices: str) -> None:
    """A local time that occurs twice, or never, is refused with both offsets."""
    case = desk.decided()
    said = refused(desk, "case note", case=case, means="phone", text="t", effective_at=typed)
    assert (
        said
        == f"case note: effective_at: {typed!r} is not one instant, the clock changes then; write the offset: {choices}"
    )


# ---- case numbers


@pytest.mark.parametrize("typed", ["1", "0001", " 1 ", CASE, f"{CASE.lower()}-k7qf"])
def test_a_case_is_named_by_its_last_digits_where_one_election_is_open(desk: Desk, typed: str) -> None:
    """People type `1`, or copy a number with its tail; the record has the whole number."""
    case = desk.decided()
    assert ask(desk, "case note", case=typed, means="phone", text="t")["did"] != {}
    assert refused(desk, "case link", case=typed, related=[typed]) == f"case {case}: cannot be related to itself"
    other = ask(desk, "case open", election="EP2024", type="other", origin="media", related=[typed])["key"]
    assert desk.case(str(other)).related == (case,)


def test_a_short_number_is_refused_where_several_elections_are_open(desk: Desk) -> None:
    """The refusal names the open elections; an exercise is not one of them, nor is a closed election."""
    desk.decided()
    period = {"polling_days": ["2024-06-12"], "period_from": "2024-05-01", "period_until": "2024-07-01"}
    ask(desk, "election add", code="TRIAL", name_nl="Proef", name_en="Trial", exercise=True, **period)
    assert ask(desk, "case close", case="1")["key"] == CASE
    ask(desk, "election add", code="WS2024", name_nl="Waterschap", name_en="Water board", **period)
    said = refused(desk, "case note", case="1", means="phone", text="t")
    assert said == "case 1: write the whole number, such as VF-EP2024-0001; open elections are EP2024, WS2024"
    ask(desk, "election close", code="WS2024")
    assert ask(desk, "case note", case="1", means="phone", text="t")
    assert "there is no such case" in refused(desk, "case close", case="1234567890")
    assert "there is no such case" in refused(desk, "case close", case="\u0661")


# ---- who may


def test_the_caller_is_given_once_and_no_request_names_another(desk: Desk) -> None:
    """A login of nobody acts as nobody; a role that may not is named."""
    desk.decided()
    stranger = Door(lambda: desk.env, Caller(login="nobody"))
    with pytest.raises(Refusal, match=r"user nobody: no officer in oncall\.yaml has this login"):
        stranger.answer("case close", {"case": CASE})
    assert refused(desk, "case close", "ghost", case=CASE).startswith(
        "case close: ghost is not an officer of this desk"
    )
    said = refused(desk, "case decide", "clerk", case=CASE, decision="none", reason="r")
    assert said == "case decide: clerk has none of the roles assessor, head that this command needs"


# ---- somebody was faster


def test_who_was_faster_is_told(desk: Desk) -> None:
    """A command on what is no longer so is refused with who, what and when, also within one second."""
    case = desk.decided()
    seen = version(desk)
    ask(desk, "case decide", "head1", case=case, decision="none", reason="it is gone", version=seen)
    said = refused(desk, "case decide", case=case, decision="notify", reason="r", version=seen)
    assert said == (
        f"case {CASE}: head1 recorded the decision none at 10:34 (case decided), after you looked; look again"
    )
    assert ask(desk, "case decide", case=case, decision="notify", reason="r", version=version(desk))
    assert ask(desk, "case decide", case=case, decision="none", reason="without a version as before")


def test_ones_own_acts_and_other_matters_are_no_surprise(desk: Desk) -> None:
    """One's own acts, other cases and the desk's routine do not count."""
    case = desk.decided()
    seen = version(desk)
    ask(desk, "case assign", case=case, officer="head1")
    ask(desk, "case open", "head1", election="EP2024", type="other", origin="media")
    desk.settle()
    assert desk.happened(EventKind.CASE_ASSIGNED) == 1
    assert ask(desk, "case decide", case=case, decision="none", reason="r", version=seen)


def test_the_desks_routine_is_no_news(desk: Desk) -> None:
    """Reminders, mail that is queued and accepted, and pages about a case leave what an officer saw as it was."""
    case = str(desk.receive(mail(REFERRER, "Bericht over stembiljet", "Er is iets.")).case)
    desk.settle()
    seen = version(desk)
    desk.go_on(45)
    assert desk.happened(EventKind.REMINDER_SENT)
    assert ask(desk, "case decide", case=case, decision="none", reason="r", version=seen)


def test_an_answer_that_came_meanwhile_counts(desk: Desk) -> None:
    """What the desk took in by itself is news; its copies of own mail and officers' replies are not."""
    use = desk.notified()
    seen = version(desk)
    desk.settle()
    assert ask(desk, "case assign", case=CASE, officer="head1", version=seen)
    desk.receive(mail(X, answers=desk.message_id_of(use)))
    said = refused(desk, "case close", case=CASE, version=seen)
    assert said == f"case {CASE}: the desk took in a mail at 10:34 (message taken in), after you looked; look again"


def test_each_kind_of_matter_is_watched(desk: Desk) -> None:
    """Drafts, messages, outbox mail, shifts, reminders, elections and addresses are each compared with the view."""
    case = desk.decided()
    draft = str(ask(desk, "notify", case=case, channel="x-urgent")["key"])
    stray = desk.receive(mail("someone@elsewhere.example", "Anything", "Words.")).id
    waiting = desk.one(OutboxMail, where(OutboxMail.dedupe).is_(desk.mails()[0].dedupe)).id
    seen = version(desk)
    desk.clock.set(desk.clock.now().replace(minute=50))
    ask(desk, "oncall override", "head1", officer="head1", begins_at="2024-06-07T09:00", ends_at="2024-06-07T10:00")
    ask(desk, "quarantine place", "head1", message=stray, noise=True, reason="r")
    ask(desk, "outbox cancel", "head1", mail=waiting)
    ask(desk, "reject", "head1", draft=draft, reason="r")
    says: dict[str, tuple[str, dict[str, Json]]] = {
        "rota v000001: head1 gave a shift to head1 at 10:50": ("oncall swap", {"officer": "officer2"}),
        f"message {stray}: head1 moved a mail at 10:50": ("quarantine place", {"message": stray, "new": True}),
        f"outbox {waiting}: head1 changed it at 10:50": ("outbox cancel", {"mail": waiting}),
        f"notification {draft}: head1 rejected or replaced a draft at 10:50": ("approve", {"draft": draft}),
    }
    for said, (name, request) in says.items():
        assert refused(desk, name, **request, version=seen).startswith(said)
    assert len(desk.all(Override)) == 1


@pytest.mark.parametrize("wrong", [-1, 10**9, True, "7", 1.0, [1]])
def test_a_version_that_never_was_is_refused(desk: Desk, wrong: Json) -> None:
    """A version is the number of an event that has happened."""
    case = desk.decided()
    assert "version: is no version of this desk, whose last is" in refused(desk, "case close", case=case, version=wrong)


def test_the_version_within_a_transaction_is_that_of_its_last_event(desk: Desk) -> None:
    """The head follows each appended event before the commit; undoing a savepoint takes it back."""
    seen = version(desk)
    with desk.env.store.begin() as tx:
        event = replace(desk.events()[-1], changes=())
        tx.append(event, event)
        head = tx.head()
        assert head is not None
        assert (head.seq, head.at) == (seen + 2, event.at)
        with suppress(ZeroDivisionError), tx.savepoint():
            tx.append(event)
            raise ZeroDivisionError
        assert tx.head() == head
    assert version(desk) == seen + 2


@pytest.mark.outside
def test_of_two_processes_that_decide_at_once_one_is_told(url: str, tmp_path: Path) -> None:
    """Two officers who saw the same decide in the same second: one decision is recorded, the other is refused."""
    env = services_on(url, tmp_path)
    way_in = Door(lambda: env, Caller(officer="officer2"))
    way_in.answer("case open", {"election": "EP2024", "type": "other", "origin": "media"})
    with other_process("officer1", url) as one, other_process("head1", url) as other:
        go_on(one)
        go_on(other)
        answers = sorted((told(one), told(other)))
    with env.store.read() as tx:
        decided = [event for _, event in tx.events() if event.kind is EventKind.CASE_DECIDED]
    env.close()
    assert len(decided) == 1
    (done,) = [answer for answer in answers if answer.endswith(": notify")]
    (late,) = [answer for answer in answers if answer != done]
    assert (
        f"{decided[0].actor} recorded the decision notify at 10:34 (case decided), after you looked; look again" in late
    )

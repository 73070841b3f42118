# SPDX-License-Identifier: EUPL-1.2
"""A desk whose elections overlap, whose case numbers get another prefix, and whose election period begins."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from flaggermail.commands.cases import CloseCase, OpenCase
from flaggermail.commands.elections import AddElection
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as Door
from flaggermail.health import readiness
from flaggermail.mail.case_numbers import with_tail
from flaggermail.mail.message import Json
from flaggermail.record.case_values import CaseType, Origin
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case
from flaggermail.settings.escalation_file import EscalationFile
from flaggermail.settings.steps import read_steps
from tests.acting import warned
from tests.corpus import each
from tests.store.desk_fixtures import META, REFERRER, Desk, NewDesk, mail
from tests.store.test_reported_mail import bounce

AUTUMN = datetime.fromisoformat("2026-10-05T12:00:00+02:00")
AA = AddElection(
    code="AA", name_nl="Verkiezing A", name_en="Election A", polling_days=(date(2026, 10, 1), date(2026, 11, 6)),
    period_from=date(2026, 9, 1), period_until=date(2026, 11, 10),
)  # fmt: skip
BB = AddElection(
    code="BB", name_nl="Verkiezing B", name_en="Election B", polling_days=(date(2026, 10, 20),),
    period_from=date(2026, 9, 1), period_until=date(2026, 11, 10),
)  # fmt: skip


@pytest.fixture
def overlapping(desk: Desk) -> Desk:
    """Returns a desk with AA, which polls on 1 October and 6 November, and BB, which polls on 20 October."""
    desk.clock.set(AUTUMN)
    desk.do(BB)
    desk.do(AA)
    return desk


def referred(desk: Desk, number: int = 1) -> Case:
    """Takes in a referral; returns the case that it opens."""
    text = f"A post in street {number} names a wrong day. " * 9
    stored = desk.receive(mail(REFERRER, f"Wrong polling day, street {number}", text, at=desk.clock.now()))
    return desk.case(stored.case or "")


def shown(desk: Desk, name: str, **asked: str) -> dict[str, Json]:
    """Returns a view, as the officer on call asks for it."""
    return dict(Door(lambda: desk.env, Caller(officer="officer1")).answer(name, asked))


# ---- the polling day nearest in time


@each(
    ("day", "election"),
    [
        ("2026-09-20", "AA"), ("2026-10-01", "AA"), ("2026-10-10", "AA"), ("2026-10-11", "BB"), ("2026-10-20", "BB"),
        ("2026-10-28", "BB"), ("2026-10-29", "AA"), ("2026-11-06", "AA"), ("2026-11-10", "AA"),
    ],
)  # fmt: skip
def test_the_nearest_polling_day_decides(new_desk: NewDesk, day: str, election: str) -> None:
    """Each polling day of an election counts, not its first one: where a referral opens, and whose letter goes."""
    desk = new_desk()
    desk.clock.set(AUTUMN)
    desk.do(BB)
    desk.do(AA)
    desk.clock.set(datetime.fromisoformat(f"{day}T09:00:00+02:00"))
    assert referred(desk).election == election
    assert readiness.send(desk.env)
    letter = desk.mails(kind=Kind.DIGEST)[0]
    assert f"Verkiezing {election[0]}" in letter.subject
    assert shown(desk, "readiness")["election"] == election


def test_adding_one_beside_another_says_what_follows(desk: Desk) -> None:
    """The command names each open election whose days it shares, and no other."""
    desk.clock.set(AUTUMN)
    assert warned(desk.do(BB)) == ()
    said = "its period and that of BB overlap: a referral opens in the one with the nearest polling day"
    assert warned(desk.do(AA)) == (said,)
    after = replace(BB, code="CC", period_from=date(2026, 11, 11), period_until=date(2026, 11, 30))
    assert warned(desk.do(replace(after, polling_days=(date(2026, 11, 11),)))) == ()


def test_of_two_equally_near_the_one_to_come_decides(overlapping: Desk) -> None:
    """Between two polling days at the same distance the desk looks ahead."""
    overlapping.do(replace(BB, code="A1", polling_days=(date(2026, 10, 16),)))
    overlapping.clock.set(datetime.fromisoformat("2026-10-18T09:00:00+02:00"))
    assert referred(overlapping).election == "BB"


def test_the_letter_names_the_polling_day_to_come(overlapping: Desk) -> None:
    """After the first polling day of an election, its letter and `readiness` name the second one."""
    overlapping.clock.set(datetime.fromisoformat("2026-11-02T09:00:00+01:00"))
    assert shown(overlapping, "readiness")["polling_day"] == "2026-11-06"
    readiness.send(overlapping.env)
    overlapping.settle()
    text = overlapping.env.parser.parse(overlapping.server.envelopes[-1].octets).text
    assert "De dag van de stemming is 6 november 2026." in text


# ---- another prefix of case numbers


def renamed(desk: Desk, prefix: str) -> None:
    """Restarts the desk with another prefix of case numbers."""
    settings = desk.env.settings
    organisation = settings.desk.organisation.model_copy(update={"case_prefix": prefix})
    desk.with_settings(
        settings.model_copy(update={"desk": settings.desk.model_copy(update={"organisation": organisation})})
    )


@each("prefix", ["KR", "V", "VF2", "VF-2", "MYVF"])
@each("form", ["{0}", "[{0}]", "{lower}", "{spaces}", "zaak_{0}.pdf", "Uw nummer:\n> {0}"])
def test_an_answer_under_an_old_number_stops_the_clocks(new_desk: NewDesk, prefix: str, form: str) -> None:
    """Whatever the desk's new prefix, the number with its tail that a platform was sent still places its answer."""
    desk = new_desk()
    use = desk.notification(desk.notified())
    renamed(desk, prefix)
    desk.clock.set(desk.clock.now() + timedelta(minutes=30))
    number = with_tail(use.case, use.tail)
    written = form.format(number, lower=number.lower(), spaces=number.replace("-", " "))
    stored = desk.receive(mail(text=f"Got it, we have it with the team.\n\n{written}\n", at=desk.clock.now()))
    assert (stored.case, stored.notification) == (use.case, use.id)
    assert {state for state, _ in desk.clocks(use.id).values()} == {"stopped", "running"}


def test_an_addition_under_an_old_number_is_filed(desk: Desk) -> None:
    """The referrer's later mail that names the old number joins its case; a number of nobody's places nothing."""
    case = referred(desk)
    renamed(desk, "KR")
    more = mail(REFERRER, "Nog iets", f"Bij zaak {case.number} hoort ook dit bericht.", at=desk.clock.now())
    assert desk.receive(more).case == case.number
    other = mail(META, "Nog iets", "Bij zaak XX-EP2024-0001 hoort ook dit.", at=desk.clock.now())
    assert desk.receive(other).case is None


def test_a_report_under_an_old_number_is_about_its_mail(desk: Desk) -> None:
    """A delivery report that names our mail by its number alone still reaches the notification."""
    use = desk.notification(desk.notified())
    renamed(desk, "KR")
    desk.receive(bounce("No such user here.", subject=f"Undelivered mail: [{with_tail(use.case, use.tail)}]"))
    assert desk.notification(use.id).state == "failed"


def test_an_old_number_is_typed_in_short(desk: Desk) -> None:
    """`1` still means the case that was opened under the prefix of before; the next case has the new one."""
    first = desk.decided()
    renamed(desk, "KR")
    assert desk.do(CloseCase(case="1")).key == first
    assert desk.decided() == "KR-EP2024-0002"
    assert desk.do(CloseCase(case="2")).key == "KR-EP2024-0002"


def test_an_old_number_is_no_reference_of_the_platform(desk: Desk) -> None:
    """Our number of before, in the subject of an answer, is not learned as the platform's own reference."""
    use = desk.notification(desk.notified())
    renamed(desk, "KR")
    answer = mail(subject=f"Re: ticket {use.case} [#4711]", at=desk.clock.now(), answers=use.message_id)
    assert desk.receive(answer).platform_references == ("#4711",)


# ---- a case of the evening before


def opened(desk: Desk, at: str, election: str = "PS2027") -> Case:
    """Opens a case at that instant, and leaves it undecided."""
    desk.clock.set(datetime.fromisoformat(at))
    act = OpenCase(election=election, type=CaseType.GENERAL_WARNING, origin=Origin.MEDIA, title="Wrong day")
    return desk.case(desk.do(act).key)


def told(desk: Desk, case: Case) -> list[str]:
    """Returns the instants of the reminders about a case, in the desk's zone."""
    found = desk.reminders(case=case.number)
    return sorted(f"{one.told_at.astimezone(desk.env.settings.zone):%m-%d %H:%M}" for one in found)


def pass_days(desk: Desk, until: str) -> None:
    """Lets the desk tick every ten minutes."""
    end = datetime.fromisoformat(until)
    while desk.clock.now() < end:
        desk.go_on(10)


def test_a_case_of_the_evening_before_is_told_of(desk: Desk) -> None:
    """While it is undecided, the steps of the election period hold from its first minute: nobody forgets it."""
    case = opened(desk, "2027-01-31T20:00:00+01:00")
    pass_days(desk, "2027-02-01T00:20:00+01:00")
    assert told(desk, case) == []
    pass_days(desk, "2027-02-02T00:00:00+01:00")
    assert told(desk, case) == ["02-01 00:30"]


def test_a_case_of_an_hour_before_is_not_told_of_late(desk: Desk) -> None:
    """The half hour counts from the period, not from the opening; what comes within the period counts as ever."""
    case = opened(desk, "2027-01-31T23:50:00+01:00")
    pass_days(desk, "2027-02-01T12:00:00+01:00")
    assert told(desk, case) == ["02-01 00:30"]
    within = opened(desk, "2027-02-01T12:00:00+01:00")
    pass_days(desk, "2027-02-01T13:00:00+01:00")
    assert told(desk, within) == ["02-01 12:30"]


def polling(desk: Desk, *decision: dict[str, object]) -> None:
    """Gives the desk a policy of its own for polling days, with these steps for undecided cases."""
    file = desk.env.settings.escalation.model_dump(mode="json")
    usual = {**file["policies"][0], "name": "usual", "decision": [{"after": 60, "repeat": 60}]}
    strict = {**file["policies"][0], "name": "strict", "decision": list(decision)}
    file["policies"] = [usual, strict]
    file["use"] = {"polling_day": "strict", "election": "usual", "quiet": "usual"}
    escalation = EscalationFile.model_validate(file)
    desk.with_settings(desk.env.settings.model_copy(update={"escalation": escalation}))


def test_a_polling_day_is_a_stricter_period_too(desk: Desk) -> None:
    """On a polling day its own steps take the place of those that ran, from midnight on."""
    polling(desk, {"after": 15}, {"after": 45, "tell": "head"})
    case = opened(desk, "2027-03-16T21:30:00+01:00")
    pass_days(desk, "2027-03-17T03:00:00+01:00")
    assert told(desk, case) == ["03-16 22:30", "03-16 23:30", "03-17 00:20", "03-17 00:50"]
    steps = read_steps(case.steps)
    assert [(step.after, step.tell) for step in steps] == [(60, "officer"), (165, "officer"), (195, "head")]


def test_a_stricter_period_without_steps_takes_none_away(desk: Desk) -> None:
    """A policy of polling days that says nothing of decisions leaves the steps that ran."""
    polling(desk)
    case = opened(desk, "2027-03-16T22:30:00+01:00")
    pass_days(desk, "2027-03-17T02:00:00+01:00")
    assert told(desk, case) == ["03-16 23:30", "03-17 00:30", "03-17 01:30"]


def test_the_forecast_knows_the_period_to_come(desk: Desk) -> None:
    """`oncall next --at` shows on the evening before what the night will bring."""
    case = opened(desk, "2027-01-31T20:00:00+01:00")
    asked = json.dumps(shown(desk, "oncall next", at="2027-02-01T08:00:00+01:00"))
    assert case.number in asked
    assert "2027-02-01T00:30:00+01:00" in asked

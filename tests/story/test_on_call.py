# SPDX-License-Identifier: EUPL-1.2
"""Somebody is always on call: also after an officer has left, and with two heads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from flaggermail.cli.showing import parts
from flaggermail.commands.oncall import OverrideRota, SwapShift
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as Door
from flaggermail.notices import duty, notices
from flaggermail.record.events import EventKind
from flaggermail.record.rows.alarms import AlarmKind, alarm
from flaggermail.reminders import sending
from flaggermail.services import UnitOfWork
from flaggermail.wording.alarms import AlarmText
from tests.store.desk_fixtures import HEAD, OFFICER, START, Desk, mail
from tests.story.test_escalation_night import SECOND_OFFICER, configured, pass_time, told

Made = Callable[..., Desk]
FIRST = {
    "id": "officer1", "name": "A. Jansen", "address": OFFICER, "login": "officer1",
    "roles": ["officer", "assessor", "approver"],
}  # fmt: skip
SECOND = {**FIRST, "id": "officer2", "name": "B. de Vries", "address": SECOND_OFFICER, "login": "officer2"}
FIRST_HEAD = {"id": "head1", "name": "C. Bakker", "address": HEAD, "login": "head1", "roles": ["head", "approver"]}
SECOND_HEAD = {**FIRST_HEAD, "id": "head2", "name": "D. Smit", "address": "d.smit@bzk.example", "login": "head2"}
HEADS = [HEAD, "d.smit@bzk.example"]
LEFT: dict[str, object] = {"officers": [FIRST, FIRST_HEAD], "fallback_officer": "officer1"}


def on_call(desk: Desk) -> str | None:
    """Returns the id of the officer on call."""
    with desk.env.store.read() as tx:
        found = duty.officer_on_call(UnitOfWork(desk.env, tx, desk.clock.now()))
    return found.id if found else None


@pytest.mark.parametrize("way", ["override", "swap"])
def test_an_override_of_somebody_who_has_left_counts_for_nothing(make: Made, way: str) -> None:
    """The rota goes on to its shift, else its fallback; the schedule names the override apart, and an alarm says so."""
    desk = make(rota={"officers": [FIRST, SECOND, FIRST_HEAD], "fallback_officer": "officer1"})
    begins, ends = desk.clock.now(), desk.clock.now() + timedelta(hours=8)
    desk.do(
        OverrideRota(officer="officer2", begins_at=begins, ends_at=ends)
        if way == "override"
        else SwapShift(officer="officer2")
    )
    assert on_call(desk) == "officer2"
    desk.with_settings(configured(desk.env.settings, None, LEFT))
    assert on_call(desk) == "officer1"
    shown = Door(lambda: desk.env, Caller(officer="officer1")).answer("oncall next", {})
    assert [len(parts(shown, name)) for name in ("shifts", "void")] == [0, 1]
    for _ in range(3):
        desk.go_on(1)
        desk.settle()
    (told_of,) = [one for one in desk.alarms() if one.kind is AlarmKind.OVERRIDE_VOID]
    assert f"officer2, 6 June 2024 at {begins.astimezone(desk.env.settings.zone):%H:%M} to " in told_of.text.english
    assert {one.recipient for one in desk.mails() if told_of.id in one.dedupe} == {OFFICER, HEAD}


def test_a_shift_goes_on_under_an_override_of_somebody_who_has_left(make: Made) -> None:
    """Not the fallback: the shift that the override had taken over."""
    shift = {"officer": "head1", "begins": START.isoformat(), "ends": (START + timedelta(hours=9)).isoformat()}
    desk = make(rota={"officers": [FIRST, SECOND, FIRST_HEAD], "shifts": [shift], "fallback_officer": "officer1"})
    desk.do(SwapShift(officer="officer2"))
    desk.with_settings(configured(desk.env.settings, None, {**LEFT, "shifts": [shift]}))
    assert on_call(desk) == "head1"


def test_an_escalation_goes_to_both_heads(make: Made) -> None:
    """Each of two heads gets the step, once, also if one of them is on call; an alarm for the head reaches both."""
    desk = make(rota={"officers": [FIRST, FIRST_HEAD, SECOND_HEAD], "fallback_officer": "officer1"})
    desk.notified()
    pass_time(desk, 245)
    assert [one for one in told(desk, START) if one[1] == "escalation"] == [(240, "escalation", to) for to in HEADS]
    with desk.env.store.begin() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        raised = alarm(AlarmKind.DISK_LOW, "disk low/1", AlarmText.UNREACHED(name="x"), work.now)
        notices.raise_alarm(work, raised, "flaggermail status", reach=notices.AlarmReaders.HEAD_TOO)
    mails = [one.recipient for one in desk.mails() if "disk low/1" in one.dedupe]
    assert sorted(mails) == sorted([OFFICER, *HEADS])


@pytest.mark.parametrize("on_duty", ["head1", "head2"])
def test_a_head_on_call_gets_a_step_for_both_once(make: Made, on_duty: str) -> None:
    """A step of officer and head tells both heads, and whoever of them is on call once."""
    both = {"policies": [{"name": "p", "receipt": [{"after": 60, "tell": "both"}]}],
            "use": {"polling_day": "p", "election": "p", "quiet": "p"}}  # fmt: skip
    desk = make(policy=both, rota={"officers": [FIRST, FIRST_HEAD, SECOND_HEAD], "fallback_officer": on_duty})
    desk.notified()
    pass_time(desk, 90)
    steps = [row for row in desk.reminders() if row.clock == "receipt"]
    assert sorted(row.officer for row in steps) == ["head1", "head2"]


def test_mail_that_waits_is_told_to_both_heads(make: Made) -> None:
    """The step of the head for a mail in the quarantine."""
    desk = make(rota={"officers": [FIRST, FIRST_HEAD, SECOND_HEAD], "fallback_officer": "officer1"})
    desk.receive(mail("iemand@elders.example", "Vraag", "Wat is dit?", auth=None))
    pass_time(desk, 600)
    heads = {one.recipient for one in desk.mails() if "waiting/head" in one.dedupe}
    assert heads == set(HEADS)


def test_nobody_on_call_is_one_event_as_long_as_it_lasts(make: Made) -> None:
    """Each tick and each mail finds nobody on call; the record says so once, and once more after a shift."""
    first, second = START + timedelta(hours=2), START + timedelta(hours=3)
    shift = {"officer": "officer1", "begins": first.isoformat(), "ends": second.isoformat()}
    desk = make(rota={"officers": [FIRST, FIRST_HEAD], "shifts": [shift], "fallback_officer": None})
    desk.notified()
    desk.receive(mail("iemand@elders.example", "Vraag", "Wat is dit?", auth=None))
    pass_time(desk, 61)
    for number in range(30):
        desk.receive(mail("iemand@elders.example", f"Vraag {number}", "Wat is dit?", auth=None))
        sending.tick(desk.env)
        desk.go_on(1)
    assert desk.happened(EventKind.NOBODY_ON_CALL) == 1
    pass_time(desk, 120)
    desk.receive(mail("iemand@elders.example", "Nog een vraag", "Wat is dit?", auth=None))
    pass_time(desk, 60)
    assert desk.happened(EventKind.NOBODY_ON_CALL) == 2

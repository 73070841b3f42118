# SPDX-License-Identifier: EUPL-1.2
"""No running clock is invisible: a platform that looks into it is still awaited, and nobody is told to press it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from flaggermail.commands.cases import CloseCase
from flaggermail.desk.views.case_list import ListCases
from flaggermail.desk.views.oncall import ShowNow
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import OutboxMail, Page
from flaggermail.record.states import ClockKind, Means
from flaggermail.reminders import paging
from flaggermail.services import UnitOfWork
from tests.attacks.replying import in_language
from tests.store.desk_fixtures import OFFICER, START, Desk, X, mail
from tests.store.test_officer_unheard import call_pagers
from tests.story.test_escalation_night import SECOND_OFFICER, Made, pass_time, told

DAY = 24 * 60
MORNING = START.replace(hour=8, minute=0) + timedelta(days=1)  # Friday 7 June
MONDAYS = [MORNING + timedelta(days=3), MORNING + timedelta(days=10)]


def looked_into(desk: Desk, channel: str = "x-urgent") -> str:
    """A notification to which a person of the platform answers within the hour that they look; returns its id."""
    use = desk.notified(channel)
    pass_time(desk, 20)
    sender = {"x-urgent": X}.get(channel, "elections-eu@meta-platform.example")
    desk.receive(mail(sender, answers=desk.message_id_of(use), at=desk.clock.now(), text="Thank you, we are looking."))
    clocks = desk.clocks(use)
    assert [clocks[kind][0] for kind in ("receipt", "human", "substance")] == ["stopped", "stopped", "running"]
    return use


def awaited(desk: Desk) -> list[OutboxMail]:
    """Returns the mails that tell what is awaited."""
    found = desk.mails(kind=Kind.REMINDER)
    return sorted(found, key=lambda one: one.queued_at)


def words(desk: Desk, sent: OutboxMail) -> str:
    """Returns subject and text of a mail, on one line."""
    ours = desk.env.parser.parse(desk.env.octets.get(sent.digest))
    return " ".join(f"{ours.subject} {ours.text}".split())


def speaks(desk: Desk, language: str) -> None:
    """Sets the language of the desk."""
    desk.with_settings(in_language(desk.env.settings, language))


@pytest.mark.parametrize(
    ("language", "subject", "asks_nothing", "shows"),
    [
        ("nl", "X: nog geen inhoudelijk antwoord [VF-", "Nu te doen: niets.", "antwoord `toon NUMMER`"),
        ("en", "X: no substantive answer yet [VF-", "Next: nothing.", "reply `show NUMBER`"),
    ],
)
def test_the_next_morning_says_once_what_is_awaited_and_then_each_monday(
    make: Made, language: str, subject: str, asks_nothing: str, shows: str
) -> None:
    """At eight in the desk's zone; one mail, no pager, and no word that presses a platform."""
    desk = make()
    call_pagers(desk)
    speaks(desk, language)
    looked_into(desk)
    pass_time(desk, 12 * DAY)
    paging.tick(desk.env)
    assert [one.queued_at for one in awaited(desk)] == [MORNING, *MONDAYS]
    assert {one.recipient for one in awaited(desk)} <= {OFFICER, SECOND_OFFICER}
    text = words(desk, awaited(desk)[0])
    assert text.startswith(subject)
    assert asks_nothing in text
    assert shows in text
    assert not desk.all(Page)
    assert {row.how for row in desk.reminders()} == {(Means.MAIL,)}
    desk.assert_whole()


def test_several_are_lines_of_one_mail_and_an_answer_to_the_matter_ends_them(make: Made) -> None:
    """Whatever the seconds at which they were sent; the last one that waits is told alone."""
    desk = make()
    first = looked_into(desk)
    desk.clock.set(desk.clock.now() + timedelta(seconds=31))
    second = looked_into(desk, "meta-elections")
    pass_time(desk, DAY)
    (together,) = awaited(desk)
    cases = [desk.notification(use).case for use in (first, second)]
    assert all(case in words(desk, together) for case in cases)
    assert "op 2 meldingen" in words(desk, together)
    desk.receive(mail(answers=desk.message_id_of(first), at=desk.clock.now(), text="We reviewed it and removed it."))
    assert desk.clocks(first)["substance"][0] == "stopped"
    pass_time(desk, 3 * DAY)
    alone = words(desk, awaited(desk)[-1])
    assert cases[1] in alone
    assert cases[0] not in alone


def test_it_asks_for_no_acknowledgement(make: Made) -> None:
    """It is in no list of reminders that wait; the receipt clock of a silent platform is told as before."""
    desk = make()
    desk.notified()
    pass_time(desk, 239)
    assert [minute for minute, *_ in told(desk, START)] == [60, 120]
    looked_into(desk, "meta-elections")
    pass_time(desk, DAY)
    with desk.env.store.read() as tx:
        shown = ShowNow().show(UnitOfWork(desk.env, tx, desk.clock.now())).reminders
    assert {one.clock for one in shown} == {"receipt"}


def test_the_hand_over_names_it_under_its_own_heading(make: Made) -> None:
    """Though its case is answered; a notification whose receipt is awaited stands among the clocks, once."""
    rota = {"shifts": [], "weekly": [
        {"officer": "officer1", "day": "thursday", "begins": "07:00", "ends": "20:00"},
        {"officer": "officer2", "day": "thursday", "begins": "20:00", "ends": "07:00"},
    ]}  # fmt: skip
    desk = make(rota=rota)
    looked = desk.notification(looked_into(desk)).case
    silent = desk.notification(desk.notified("meta-elections")).case
    pass_time(desk, 10 * 60)
    notes = desk.mails(kind=Kind.DIGEST)
    text = words(desk, next(one for one in notes if one.recipient == SECOND_OFFICER))
    before, _, listed = text.partition("Wacht op een inhoudelijk antwoord:")
    assert looked in listed.partition("Herinneringen")[0]
    assert silent not in listed.partition("Herinneringen")[0]
    assert f"{silent}/1, ontvangstbevestiging" in before


def test_waiting_cases_are_listed_whatever_their_state(make: Made) -> None:
    """Answered, closed and notified; one whose clocks all stopped is not. Each says what it waits for."""
    desk = make()
    answered = desk.notification(looked_into(desk)).case
    closed = desk.notification(looked_into(desk, "meta-elections")).case
    desk.do(CloseCase(case=closed))
    silent = desk.notification(desk.notified()).case
    done = desk.notified()
    desk.receive(mail(answers=desk.message_id_of(done), at=desk.clock.now(), text="We reviewed it and removed it."))
    desk.decided()
    with desk.env.store.read() as tx:
        listed = ListCases(waiting=True).show(UnitOfWork(desk.env, tx, desk.clock.now())).cases
    kinds = {one.row.number: [wait.clock for wait in one.waits or ()] for one in listed}
    assert kinds == {
        answered: ["substance"], closed: ["substance"], silent: ["receipt", "human", "substance"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2024-06-06T01:30:00+02:00", "2024-06-06T08:00:00+02:00"),
        ("2024-06-06T04:00:59+02:00", "2024-06-06T08:00:00+02:00"),
        ("2024-06-06T04:01:00+02:00", "2024-06-07T08:00:00+02:00"),
        ("2024-06-06T23:59:00+02:00", "2024-06-07T08:00:00+02:00"),
        ("2026-03-28T20:00:00+01:00", "2026-03-29T08:00:00+02:00"),  # the night on which the clock is put forward
        ("2026-10-24T20:00:00+02:00", "2026-10-25T08:00:00+01:00"),
    ],
)
def test_the_morning_is_the_first_at_least_four_hours_later(make: Made, sent: str, expected: str) -> None:
    """By the wall clock of the desk's zone."""
    desk = make(start=datetime.fromisoformat(sent))
    steps = desk.env.settings.escalation.policies[0].steps
    at = desk.clock.now().astimezone(desk.env.settings.zone)
    morning, weekly = steps(ClockKind.SUBSTANCE, since=at)
    begin = at.replace(second=0)
    assert morning.due_at(begin.astimezone(desk.clock.now().tzinfo)) == datetime.fromisoformat(expected)
    monday = weekly.due_at(begin.astimezone(desk.clock.now().tzinfo)).astimezone(desk.env.settings.zone)
    assert (monday.weekday(), monday.hour, monday.minute) == (0, 8, 0)
    assert weekly.after > morning.after

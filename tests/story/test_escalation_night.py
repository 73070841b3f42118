# SPDX-License-Identifier: EUPL-1.2
"""Escalation in simulated time: who gets which reminder, and when."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flaggermail.commands.approve import Approve
from flaggermail.commands.cases import OpenCase
from flaggermail.commands.contact_notes import NoteContact
from flaggermail.commands.elections import AddElection
from flaggermail.commands.oncall import Acknowledge, SwapShift
from flaggermail.intake import rules_in_force
from flaggermail.outbox import delivery
from flaggermail.record.case_values import CaseType, ContactMeans, Origin
from flaggermail.record.definition import where
from flaggermail.record.events import Event, EventKind, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, ClockRow, OutboxMail, Reminder
from flaggermail.reminders import sending
from flaggermail.rules.configuration import Configuration, load
from flaggermail.settings.escalation_file import EscalationFile
from flaggermail.settings.model import OncallFile
from flaggermail.settings.steps import read_steps
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, SetClock
from tests.both_shapes import words_of
from tests.doubles import migrated
from tests.store.desk_fixtures import CONFIG, HEAD, OFFICER, START, Desk, RecordingSubmitter, X, mail

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SECOND_OFFICER = "b.devries@bzk.example"
Made = Callable[..., Desk]


def builder(tmp_path: Path) -> Iterator[Made]:
    """Yields the builder, and closes what it built."""
    made: list[Desk] = []

    def build(
        policy: dict[str, object] | None = None, rota: dict[str, object] | None = None, start: datetime = START
    ) -> Desk:
        clock = SetClock(start)
        server = RecordingSubmitter(clock)
        settings = configured(load(CONFIG, shipped("rules"), shipped("config") / "templates"), policy, rota)
        env = migrated.replayed(settings, tmp_path, clock, CountedRandomness("night"), server)
        rules_in_force.note(env)
        made.append(Desk(env, clock, server))
        return made[-1]

    yield build
    for desk in made:
        desk.env.close()


def configured(
    settings: Configuration, policy: dict[str, object] | None, rota: dict[str, object] | None
) -> Configuration:
    """Returns the settings with another escalation.yaml or other keys of oncall.yaml."""
    oncall = settings.oncall.model_dump(by_alias=True) | (rota or {})
    return settings.model_copy(
        update={
            "escalation": EscalationFile.model_validate(policy or {}),
            "oncall": OncallFile.model_validate(oncall),
        }
    )


def one_policy(**clocks: object) -> dict[str, object]:
    """Returns an escalation.yaml with one policy for every day."""
    return {"policies": [{"name": "p", **clocks}], "use": {"polling_day": "p", "election": "p", "quiet": "p"}}


def pass_time(desk: Desk, minutes: float) -> None:
    """Advances the clock from one due instant to the next, as a replay does."""
    desk.settle()
    end = desk.clock.now() + timedelta(minutes=minutes)
    while desk.clock.now() < end:
        with desk.env.store.read() as tx:
            due = [at for at in (delivery.next_due(tx), sending.next_due(desk.env, tx)) if at and at > desk.clock.now()]
        desk.clock.set(min([end, *due]))
        desk.settle()


def told(desk: Desk, start: datetime) -> list[tuple[int, str, str]]:
    """Returns the reminders and escalations sent, as minutes after `start`, kind and recipient."""
    mails = sorted(
        desk.all(OutboxMail, where(OutboxMail.kind).in_([Kind.REMINDER, Kind.ESCALATION])),
        key=lambda mail: (mail.queued_at, mail.recipient),
    )
    return [(int((m.queued_at - start).total_seconds()) // 60, m.kind, m.recipient) for m in mails]


def text_to(desk: Desk, recipient: str) -> str:
    """Returns the last mail sent to that recipient."""
    octets = desk.server.to(recipient)[-1].octets
    subject = email.message_from_bytes(octets, policy=email.policy.default)["Subject"]
    return f"{subject}\n{words_of(octets)}"


def acknowledge(desk: Desk, by: str = "officer1") -> None:
    """Acknowledges the last reminder."""
    last = max(desk.reminders(), key=lambda r: r.told_at)
    desk.do(Acknowledge(reminder=last.id), by)


# ---- the default policy, sentence by sentence of product.md


def test_receipt_is_reminded_of_at_60_and_120_and_goes_to_the_head_at_240(make: Made) -> None:
    """The reminders leave at 60 and 120 minutes and the escalation at 240, to the minute. Nothing follows."""
    desk = make()
    desk.notified()
    pass_time(desk, 1000)
    assert told(desk, START) == [
        (60, "reminder", OFFICER), (120, "reminder", OFFICER), (240, "escalation", HEAD),
    ]  # fmt: skip


def test_a_stopped_clock_stops_its_reminders(make: Made) -> None:
    """A phone answer at 61 minutes stops the receipt and human clocks, and no further reminder is sent."""
    desk = make()
    use = desk.notified()
    pass_time(desk, 61)
    desk.do(
        NoteContact(
            case=use.rpartition("/")[0], means=ContactMeans.PHONE, text="they look", counts_as=(Kind.PLATFORM_ACK,)
        )
    )
    assert desk.row(ClockRow, f"{use}/human").state == "stopped"
    pass_time(desk, 1000)
    assert told(desk, START) == [(60, "reminder", OFFICER)]


def test_after_an_automatic_receipt_the_human_clock_reminds_once_at_180(make: Made) -> None:
    """An automatic receipt stops the receipt clock only. The human clock reminds at 180 minutes."""
    desk = make()
    use = desk.notified()
    pass_time(desk, 70)
    receipt = ("Auto-Submitted: auto-replied",)
    desk.receive(
        mail(X, "Re: Two boxes", "We have it.", answers=desk.message_id_of(use), extra=receipt, at=desk.clock.now())
    )
    assert desk.clocks(use)["receipt"] == ("stopped", 70)
    pass_time(desk, 1000)
    assert told(desk, START) == [(60, "reminder", OFFICER), (180, "reminder", OFFICER)]


def test_the_officers_ok_silences_him_until_it_expires_and_never_the_head(make: Made) -> None:
    """An "ok" at 119 minutes lasts until 179, when the officer is asked again.

    The head's mail at 240 names who said ok.
    """
    desk = make()
    desk.notified()
    pass_time(desk, 119)
    acknowledge(desk)
    pass_time(desk, 60)
    assert told(desk, START) == [(60, "reminder", OFFICER), (179, "reminder", OFFICER)]
    assert "Eerder opgepakt (12:33). Bent u hier nog mee bezig?" in text_to(desk, OFFICER)
    assert "te laat" not in text_to(desk, OFFICER)
    acknowledge(desk)
    pass_time(desk, 61)
    assert told(desk, START)[2:] == [(239, "reminder", OFFICER), (240, "escalation", HEAD)]
    assert "Opgepakt door A. Jansen (13:33)" in text_to(desk, HEAD)


def test_an_ok_that_expires_with_nothing_else_due_is_asked_about_once(make: Made) -> None:
    """An "ok" at 121 minutes expires at 181 and causes one question, once."""
    desk = make()
    desk.notified()
    pass_time(desk, 121)
    acknowledge(desk)
    pass_time(desk, 118)
    assert told(desk, START)[2:] == [(181, "reminder", OFFICER)]
    assert re.search(r"opgepakt tot 13:35; nu", text_to(desk, OFFICER))


def test_a_new_case_without_a_decision_reminds_in_the_period_only(make: Made) -> None:
    """A new case without a decision in the election period causes one reminder, after thirty minutes."""
    open_case = OpenCase(election="EP2024", type=CaseType.OTHER, origin=Origin.MEDIA, title="Two boxes")
    desk = make()
    desk.do(open_case)
    pass_time(desk, 300)
    assert told(desk, START) == [(30, "reminder", OFFICER)]
    assert desk.one(Case).steps != "[]"


def test_a_case_of_a_quiet_month_reminds_nobody(make: Made) -> None:
    """A case opened before the period of its election causes no reminder."""
    start = datetime(2024, 1, 15, 10, tzinfo=AMSTERDAM)
    desk = make(start=start)
    desk.do(OpenCase(election="EP2024", type=CaseType.OTHER, origin=Origin.MEDIA, title="Two boxes"))
    pass_time(desk, 3000)
    assert told(desk, start) == []


def test_after_an_outage_one_reminder_says_how_late_it_is(make: Made) -> None:
    """After an outage of 130 minutes only the 120 minute step is sent, and it says that it is ten minutes late."""
    desk = make()
    desk.notified()
    desk.go_on(130)
    assert told(desk, START) == [(130, "reminder", OFFICER)]
    assert "Deze mail komt 10 minuten te laat" in text_to(desk, OFFICER)
    assert "Verzonden om 10:34; gepland om 12:34; nu 12:44." in text_to(desk, OFFICER)


def test_a_clock_that_begins_anew_reminds_anew(make: Made) -> None:
    """A clock restarted at 70 minutes reminds an hour later, under a deduplication key of its own."""
    desk = make()
    use = desk.notified()
    pass_time(desk, 70)
    clock = desk.row(ClockRow, f"{use}/receipt")
    with desk.env.store.begin() as tx:
        again = changed(clock, replace(clock, started_at=desk.clock.now()))
        tx.append(Event(EventKind.CLOCK_RESUMED, desk.clock.now(), "officer1", (again,)))
    pass_time(desk, 60)
    assert told(desk, START) == [(60, "reminder", OFFICER), (130, "reminder", OFFICER)]
    assert {r.id.removeprefix(f"{use}/receipt/") for r in desk.reminders()} == {"60/officer1", "60/officer1/2"}


# ---- another policy


def test_steps_are_repeated_told_to_both_and_to_one_person(make: Made) -> None:
    """Repeated steps, steps to both and steps to one person are each sent once, under their own deduplication keys."""
    steps = [
        {"after": 10, "repeat": 10, "until": "3 times"},
        {"after": 35, "tell": "both"},
        {"after": 40, "tell": "officer2", "repeat": 20, "until": "90 minutes"},
    ]
    desk = make(one_policy(receipt=steps))
    use = desk.notified()
    pass_time(desk, 300)
    assert told(desk, START) == [
        (10, "reminder", OFFICER), (20, "reminder", OFFICER), (30, "reminder", OFFICER),
        (35, "reminder", OFFICER), (35, "escalation", HEAD),
        (40, "reminder", SECOND_OFFICER), (60, "reminder", SECOND_OFFICER), (80, "reminder", SECOND_OFFICER),
    ]  # fmt: skip
    assert [r.id.removeprefix(f"{use}/receipt/") for r in sorted(desk.reminders(), key=lambda r: r.told_at)][:4] == [
        "10/officer1", "10x2/officer1", "10x3/officer1", "35/head1",
    ]  # fmt: skip
    desk.assert_whole()


@pytest.mark.parametrize(("day", "after"), [(5, 60), (6, 15)])
def test_the_policy_is_that_of_the_day_of_sending(make: Made, day: int, after: int) -> None:
    """The policy is chosen by the day of sending in the desk's time zone, not by the day of approval."""
    policy = {
        "policies": [{"name": "usual", "receipt": [{"after": 60}]}, {"name": "strict", "receipt": [{"after": 15}]}],
        "use": {"polling_day": "strict", "election": "usual", "quiet": "usual"},
    }
    approved_at = datetime(2024, 6, 5, 23, 59, tzinfo=AMSTERDAM)
    desk = make(policy, start=approved_at)
    use = desk.drafted()
    desk.do(Approve(draft=use))
    desk.go_on(0 if day == 5 else 11)
    assert [step.after for step in read_steps(desk.notification(use).steps)] == [after]


def test_a_running_escalation_keeps_the_policy_it_started_with(make: Made) -> None:
    """A notification keeps the steps it was sent with when the policy file is edited and the daemon restarted."""
    desk = make()
    old = desk.notified()
    desk.go_on(30)
    edited = configured(desk.env.settings, one_policy(receipt=[{"after": 5, "tell": "head"}]), None)
    later = Desk(replace(desk.env, settings=edited), desk.clock, desk.server)
    new = later.notified("meta-elections")
    pass_time(later, 300)
    rows = sorted(later.all(Reminder), key=lambda r: r.told_at)
    assert [(r.step, r.officer) for r in rows if r.notification == old] == [
        (60, "officer1"), (120, "officer1"), (240, "head1"),
    ]  # fmt: skip
    assert [(r.step, r.officer) for r in rows if r.notification == new] == [(5, "head1")]


def test_an_ok_lasts_as_long_as_was_said_then(make: Made) -> None:
    """An acknowledgement keeps its duration when `acknowledged_minutes` is changed later."""
    desk = make()
    desk.notified()
    pass_time(desk, 61)
    acknowledge(desk)
    edited = configured(desk.env.settings, {"acknowledged_minutes": 5}, None)
    later = Desk(replace(desk.env, settings=edited), desk.clock, desk.server)
    pass_time(later, 100)
    assert told(later, START) == [(60, "reminder", OFFICER), (121, "reminder", OFFICER)]


# ---- the on-call schedule


def test_a_changed_rota_is_for_what_is_not_yet_due(make: Made) -> None:
    """A swap at 90 minutes moves the 120 minute step to officer B, despite A's "ok". No step is sent twice."""
    desk = make()
    desk.notified()
    pass_time(desk, 70)
    acknowledge(desk)
    pass_time(desk, 20)
    desk.do(SwapShift(officer="de vries"))
    pass_time(desk, 149)
    assert told(desk, START) == [(60, "reminder", OFFICER), (120, "reminder", SECOND_OFFICER)]


def test_nobody_on_call_is_an_event_and_goes_to_the_head(make: Made) -> None:
    """With no officer on call, the head gets the officer's step and an event records the gap."""
    desk = make(rota={"fallback_officer": None})
    desk.notified()
    pass_time(desk, 61)
    assert told(desk, START) == [(60, "reminder", HEAD)]
    assert desk.happened(EventKind.NOBODY_ON_CALL) == 1


NIGHTS = {
    "weekly": [
        {"officer": "officer1", "day": day, "begins": "06:00", "ends": "02:30"} for day in ("saturday", "sunday")
    ] + [{"officer": "officer2", "day": day, "begins": "02:30", "ends": "06:00"} for day in ("sunday", "monday")],
}  # fmt: skip
ELECTION = AddElection(
    code="TK2026", name_nl="Tweede Kamer", name_en="House of Representatives", polling_days=(date(2026, 3, 28),),
    period_from=date(2026, 1, 1), period_until=date(2026, 12, 31),
)  # fmt: skip


@pytest.mark.parametrize(
    ("day", "readers", "second"),
    [
        # Sent at 23:45: 60 min is 00:45, 120 min 01:45, 180 min 03:45 summer time, past the 02:30 that was skipped.
        ((2026, 3, 28), ["officer1", "officer1", "officer2"], "2026-03-29 03:45+02:00"),
        # 120 min is 01:45, 180 min 02:45 summer time: the first of two half past twos has passed.
        ((2026, 10, 24), ["officer1", "officer1", "officer2"], "2026-10-25 02:45+02:00"),
    ],
)
def test_minutes_are_real_and_shifts_by_the_wall_when_the_clock_changes(
    make: Made, day: tuple[int, int, int], readers: list[str], second: str
) -> None:
    """Steps keep real minutes and shifts keep wall time in a night that skips an hour and in one that repeats it."""
    start = datetime(*day, 23, 45, tzinfo=AMSTERDAM)
    steps = [{"after": 60}, {"after": 120}, {"after": 180}]
    desk = make(one_policy(receipt=steps), NIGHTS, start)
    desk.do(ELECTION)
    desk.notified(case=desk.decided(election="TK2026"))
    pass_time(desk, 240)
    rows = sorted(desk.reminders(), key=lambda r: r.told_at)
    assert [(r.due_at - start.astimezone(UTC)) // timedelta(minutes=1) for r in rows] == [60, 120, 180]
    assert [r.officer for r in rows] == readers
    assert rows[2].told_at.astimezone(AMSTERDAM).isoformat(" ", "minutes") == second
    assert [r.told_at for r in rows] == [r.due_at for r in rows]


# ---- the hand-over


SHIFTS = {
    "shifts": [
        {"officer": "officer1", "begins": "2024-06-06T08:00:00+02:00", "ends": "2024-06-06T12:00:00+02:00"},
        {"officer": "officer2", "begins": "2024-06-06T12:00:00+02:00", "ends": "2024-06-06T20:00:00+02:00"},
    ]
}


def notes(desk: Desk) -> list[tuple[str, str]]:
    """Returns the hand-over notes, as wall time of queuing and recipient."""
    mails = [mail for mail in desk.mails() if mail.dedupe.startswith("handover/")]
    return [(f"{mail.queued_at.astimezone(AMSTERDAM):%H:%M}", mail.recipient) for mail in mails]


def test_whoever_comes_on_call_gets_one_note(make: Made) -> None:
    """An officer gets one note when a shift or an override begins. It describes the state at that moment."""
    desk = make(rota=SHIFTS)
    use = desk.notified()
    pass_time(desk, 60)
    acknowledge(desk)
    pass_time(desk, 45)
    assert notes(desk) == [("12:00", SECOND_OFFICER)]
    text = text_to(desk, SECOND_OFFICER)
    for expected in (
        "U hebt dienst: 1 zaak in behandeling", use.rpartition("/")[0],
        f"{use}, ontvangstbevestiging, sinds 6 juni 2024 om 10:34",
        "volgende herinnering om 12:34, aan B. de Vries", "door A. Jansen, tot 12:34",
    ):  # fmt: skip
        assert expected in text
    desk.do(SwapShift(officer="officer1"), "officer2")
    desk.settle()
    desk.settle()
    assert notes(desk) == [("12:00", SECOND_OFFICER), ("12:19", OFFICER)]


def test_a_note_that_an_outage_delayed_comes_once(make: Made) -> None:
    """A delayed note is sent once, half an hour late. A shift that began before the desk existed has none."""
    desk = make(rota={**SHIFTS, "fallback_officer": None})
    desk.settle()
    assert notes(desk) == []  # the eight o'clock shift began before the desk existed
    desk.go_on(116)
    desk.settle()
    assert notes(desk) == [("12:30", SECOND_OFFICER)]


def test_a_note_that_cannot_be_written_is_given_up(make: Made) -> None:
    """A note to an address that cannot be written is recorded as one event and not retried."""
    officers = [
        {"id": "officer1", "name": "A. Jansen", "address": OFFICER, "roles": ["officer"]},
        {"id": "officer2", "name": "B. de Vries", "address": "b\u00e9@bzk.example", "roles": ["officer"]},
        {"id": "head1", "name": "C. Bakker", "address": HEAD, "roles": ["head"]},
    ]
    desk = make(rota={**SHIFTS, "officers": officers})
    for _ in range(5):
        desk.go_on(60)
    assert desk.happened(EventKind.MAIL_UNRENDERABLE) == 1
    assert notes(desk) == []


def test_without_a_change_there_is_no_note(make: Made) -> None:
    """A schedule with a single shift causes no note."""
    desk = make(rota={"shifts": [SHIFTS["shifts"][0]]})
    pass_time(desk, 600)
    assert notes(desk) == []

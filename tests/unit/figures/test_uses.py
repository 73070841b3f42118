# SPDX-License-Identifier: EUPL-1.2
"""What a use is, what its clocks rest on, and what uses come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

from flaggermail.figures.ledger import Ledger, of_events
from flaggermail.figures.uses import AnswerForm, PlatformUse, Stop, Summary, SummaryBy, UseState, figures, uses_of
from flaggermail.record.case_values import CaseType, ContactMeans, LanguageCode, Origin
from flaggermail.record.events import Event, EventKind, added, changed
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import (
    Case,
    ClockRow,
    ContactNote,
    Election,
    Notification,
    Platform,
    Record,
    Reminder,
    StoredMessage,
)
from flaggermail.record.states import ClockKind, ClockState, InstantBasis, NotificationState
from flaggermail.wording.filing import PlacementBasis

SENT = datetime(2024, 6, 6, 8, 34, 20, tzinfo=UTC)
ELECTION = Election(
    code="EP2024", name_nl="Europese Parlementsverkiezing", name_en="European elections",
    polling_days=(date(2024, 6, 6),), period_from=date(2024, 5, 1), period_until=date(2024, 7, 1),
)  # fmt: skip
PLATFORM = Platform(code="x", name="X", domains=("x-platform.example",))
CASE = Case(
    number="VF-EP2024-0001", election="EP2024", type=CaseType.GENERAL_WARNING, origin=Origin.MEDIA, token="0" * 32,
    opened_at=SENT, opened_by="officer1",
)  # fmt: skip
USE = Notification(
    id="VF-EP2024-0001/1", case=CASE.number, platform="x", channel="x-urgent", channel_name="Urgent",
    template="notification", language=LanguageCode.EN, subject="Two boxes", state=NotificationState.SENT,
    drafted_by="officer1", drafted_at=SENT, token="0" * 32, digest="", sent_at=SENT,
)  # fmt: skip


def clock(
    kind: ClockKind, after: int | None, by: str = "m1", use: str = USE.id, *, automatic: bool = False
) -> ClockRow:
    """Returns a clock that stopped `after` minutes, or runs."""
    row = ClockRow(id=f"{use}/{kind}", notification=use, kind=kind, started_at=SENT, automatic=automatic)
    if after is None:
        return row
    return replace(row, state=ClockState.STOPPED, stopped_at=SENT + timedelta(minutes=after), stopped_by=by)


def note(means: ContactMeans) -> ContactNote:
    """Returns the note of an answer."""
    return ContactNote(
        id="n1", case=CASE.number, notification=USE.id, means=means, text="they called", effective_at=SENT,
        counts_as=(Kind.PLATFORM_ACK,), entered_at=SENT, author="officer1",
    )  # fmt: skip


def ledger(*rows: Record, use: Notification = USE, case: Case = CASE) -> Ledger:
    """Returns the ledger of one use and what came of it."""
    return Ledger(
        elections=[ELECTION],
        platforms=[PLATFORM],
        cases=[case],
        notifications=[use],
        clocks=[row for row in rows if isinstance(row, ClockRow)],
        notes=[row for row in rows if isinstance(row, ContactNote)],
        reminders=[row for row in rows if isinstance(row, Reminder)],
        placed={row.id: row.match_basis for row in rows if isinstance(row, StoredMessage)},
    )


def only(found: Ledger) -> PlatformUse:
    """Returns the single use."""
    (use,) = uses_of(found)
    return use


def test_an_open_use_has_no_stop() -> None:
    """What runs has no instant, and the sending rests on the server's word."""
    use = only(ledger(*(clock(kind, None) for kind in (ClockKind.RECEIPT, ClockKind.HUMAN, ClockKind.SUBSTANCE))))
    assert (use.receipt, use.human, use.substance, use.state) == (None, None, None, UseState.OPEN)
    assert (use.platform, use.channel, use.election, use.sent_basis) == ("X", "x-urgent", "EP2024", InstantBasis.MAIL)


def test_a_use_is_answered_by_a_person() -> None:
    """An automatic receipt stops a clock and leaves the use open."""
    use = only(ledger(clock(ClockKind.RECEIPT, 2, automatic=True), clock(ClockKind.HUMAN, None)))
    assert use.receipt == Stop(SENT + timedelta(minutes=2), 2, InstantBasis.MAIL, AnswerForm.AUTOMATIC)
    assert use.state is UseState.OPEN


def test_the_basis_and_form_of_an_answer() -> None:
    """A mail that was placed by our words in it says so; a note is by hand, whatever the means."""
    quoting = StoredMessage(
        id="m1", message_id=None, content_key="", digest="", direction=Direction.IN, received_at=SENT,
        first_seen_at=SENT, place=Place.CASE, match_basis=PlacementBasis.QUOTES(count=30),
    )  # fmt: skip
    stopped = clock(ClockKind.HUMAN, 152)
    assert only(ledger(stopped, quoting)).human == Stop(
        SENT + timedelta(minutes=152), 152, InstantBasis.QUOTED_WORDS, AnswerForm.MAIL
    )
    placed = replace(quoting, match_basis=PlacementBasis.BY_HAND(officer="officer1"))
    human = only(ledger(stopped, placed)).human
    assert human is not None
    assert (human.basis, human.form) == (InstantBasis.MAIL, AnswerForm.MAIL)
    forms = {
        ContactMeans.PHONE: AnswerForm.ORAL, ContactMeans.MEETING: AnswerForm.ORAL,
        ContactMeans.PORTAL: AnswerForm.PORTAL,
    }  # fmt: skip
    for means, form in forms.items():
        told = only(ledger(clock(ClockKind.HUMAN, 152, "n1"), note(means))).human
        assert told is not None
        assert (told.basis, told.form) == (InstantBasis.BY_HAND, form)


def test_what_is_no_use() -> None:
    """Drafts, follow-ups, exercises, and what came back are in no figure."""
    for other in (
        replace(USE, state=NotificationState.DRAFT, sent_at=None),
        replace(USE, state=NotificationState.FAILED),
        replace(USE, counted=False),
        replace(USE, exercise=True),
    ):
        assert uses_of(ledger(use=other)) == []
    assert uses_of(ledger(case=replace(CASE, exercise=True))) == []


def test_the_reminders_of_a_use_are_instants() -> None:
    """Two officers told at once are one instant; what was withheld reached nobody."""
    told = Reminder(
        id="r1", kind=Kind.REMINDER, case=CASE.number, notification=USE.id, clock=ClockKind.RECEIPT, step=60,
        officer="officer1", due_at=SENT, told_at=SENT + timedelta(minutes=60), token="0" * 32,
    )  # fmt: skip
    head = replace(told, id="r2", kind=Kind.ESCALATION, officer="head", told_at=SENT + timedelta(minutes=240))
    both = replace(head, id="r3", officer="officer2")
    withheld = replace(told, id="r4", told_at=SENT, withheld=True)
    use = only(ledger(told, head, both, withheld))
    assert use.reminders == (SENT + timedelta(minutes=60),)
    assert use.escalations == (SENT + timedelta(minutes=240),)


def several(*waits: int | None) -> Ledger:
    """Returns uses that were answered after so many minutes, or are open."""
    numbers = count(1)
    uses = [replace(USE, id=f"{CASE.number}/{next(numbers)}") for _ in waits]
    clocks = [clock(ClockKind.HUMAN, wait, use=use.id) for use, wait in zip(uses, waits, strict=True)]
    return replace(ledger(), notifications=uses, clocks=clocks)


def test_the_summary_counts_open_uses_up_to_the_instant() -> None:
    """The longest wait may be one that goes on; the seconds of an instant are cut, as everywhere."""
    found = figures(several(10, 20, 30, 40, None), SENT + timedelta(minutes=90, seconds=39))
    assert found.summary == tuple(
        Summary(by, name, 5, 4, 1, 30, 90, (10, 20, 30, 40), (90,))
        for by, name in (
            (SummaryBy.PLATFORM, "X"),
            (SummaryBy.CHANNEL, "x-urgent"),
            (SummaryBy.ELECTION, "EP2024"),
        )
    )


def test_an_election_without_a_use_has_its_figure() -> None:
    """That the line was not used is a figure; an exercise has none."""
    exercise = replace(ELECTION, code="OEF1", exercise=True)
    found = figures(Ledger(elections=[ELECTION, exercise]), SENT)
    assert found.uses == ()
    assert found.summary == (Summary(SummaryBy.ELECTION, "EP2024", 0, 0, 0, None, None),)


def test_figures_of_one_election_or_platform() -> None:
    """What is asked for is what is counted."""
    found = several(10, 20)
    assert len(figures(found, SENT, election="EP2024").uses) == 2
    assert figures(found, SENT, election="TK2027").uses == ()
    assert figures(found, SENT, platform="Meta").uses == ()
    assert len(figures(found, SENT, election="EP2024", platform="X").uses) == 2


def test_the_record_as_it_stood() -> None:
    """Events count up to the first that is later, in the order in which they were written."""
    stopped = clock(ClockKind.HUMAN, 152)
    later = SENT + timedelta(minutes=160)
    message = StoredMessage(
        id="m1", message_id=None, content_key="", digest="", direction=Direction.IN, received_at=SENT,
        first_seen_at=later, place=Place.CASE, match_basis=PlacementBasis.QUOTES(count=30),
    )  # fmt: skip
    rows = (ELECTION, PLATFORM, CASE, USE, clock(ClockKind.HUMAN, None))
    events = [
        Event(EventKind.NOTIFICATION_SENT, SENT, "daemon", tuple(map(added, rows))),
        Event(EventKind.MESSAGE_TAKEN_IN, later, "daemon", (added(message),)),
        Event(EventKind.CLOCK_STOPPED, SENT, "daemon", (changed(clock(ClockKind.HUMAN, None), stopped),)),
    ]
    assert only(of_events(events, later - timedelta(seconds=1))).human is None
    human = only(of_events(events, later)).human
    assert human is not None
    assert (human.minutes, human.basis) == (152, InstantBasis.QUOTED_WORDS)

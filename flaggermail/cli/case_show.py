# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail case list` and `case show`: the recorded cases and each platform's latency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from flaggermail.cases.checklist import SPOKEN, Item
from flaggermail.cli.calculation import Calculation
from flaggermail.cli.instants import shown
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import DOUBTS, listed, plain, table
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.mail.message_json import Json
from flaggermail.notifications import latency
from flaggermail.notifications.clocks import CLOCKS
from flaggermail.record.finding import where
from flaggermail.record.rows import Case, ClockRow, ContactNote, Notification, Reminder, StoredMessage
from flaggermail.record.states import CASE_STATES, CaseState

if TYPE_CHECKING:
    from flaggermail.services import UnitOfWork


REHEARSED = "exercise, in no figure"


@click.command(name="list")
@click.option("--election", metavar="CODE", help="Only cases of this election.")
@click.option("--state", type=click.Choice(CASE_STATES), help="Only cases in this state.")
@click.option("--tag", metavar="TAG", help="Only cases with this narrative.")
@as_json_option
@click.pass_obj
def list_(session: Session, election: str | None, state: str | None, tag: str | None, *, as_json: bool) -> None:
    """List cases in the order in which they were opened.

    Example: flaggermail case list --election EP2024 --state open
    """
    wanted = [where(Case.election).is_(election)] if election else []
    wanted += [where(Case.state).is_(CaseState(state))] if state else []
    with session.reading() as work:
        cases = sorted(work.tx.find(Case, *wanted), key=lambda case: (case.opened_at, case.number))
    cases = [case for case in cases if tag is None or tag in case.narratives]
    if as_json:
        show_json([plain(case, session.zone) for case in cases])
        return
    table(
        ("case", "opened", "state", "decision", "type", "origin", "with", "title"),
        [
            (
                case.number, shown(case.opened_at, session.zone), _state(case), case.decision, case.type, case.origin,
                case.assigned_to, case.title,
            )
            for case in cases
        ],
        "no cases",
    )  # fmt: skip


@click.command(name="show")
@click.argument("number", metavar="CASE")
@as_json_option
@click.pass_obj
def show(session: Session, number: str, *, as_json: bool) -> None:
    """Show a case: its messages in order of arrival, its notifications with their clocks, and its notes.

    Example: flaggermail case show VF-EP2024-0001
    """
    with session.reading() as work:
        dossier = _gather(work, number)
    if as_json:
        show_json(_document(dossier, session.zone))
    else:
        _print(dossier, session.zone)


@dataclass(frozen=True, slots=True)
class _Dossier:
    """All rows of a case."""

    case: Case
    related: list[Case]
    alike: list[Case]  # earlier cases on one of its narratives
    missing: tuple[Item, ...]
    messages: list[StoredMessage]
    notifications: list[Notification]
    clocks: list[ClockRow]
    reminders: list[Reminder]
    notes: list[ContactNote]
    running: list[tuple[str | None, Calculation]]  # with the notification each is about

    def clocks_of(self, notification: Notification) -> list[ClockRow]:
        """Returns a notification's clocks in the order receipt, human, substance."""
        own = [clock for clock in self.clocks if clock.notification == notification.id]
        return sorted(own, key=lambda clock: CLOCKS.index(clock.kind))

    def running_of(self, notification: Notification | None) -> list[Calculation]:
        """Returns the upcoming reminders of each running clock of the notification, or of the case itself."""
        about = notification.id if notification else None
        return [calculation for of, calculation in self.running if of == about]

    def reminders_of(self, notification: Notification | None) -> list[Reminder]:
        """Returns the reminders about the notification, or about the case itself."""
        about = notification.id if notification else None
        return [reminder for reminder in self.reminders if reminder.notification == about]


def _gather(work: UnitOfWork, number: str) -> _Dossier:
    from flaggermail.cases.referrals import missing_of
    from flaggermail.commands.lookups import the_case
    from flaggermail.commands.tags import same_narrative
    from flaggermail.reminders.open_clocks import open_clocks

    case, tx = the_case(work, number), work.tx
    number = case.number
    notifications = sorted(
        tx.find(Notification, where(Notification.case).is_(number)), key=lambda row: (row.drafted_at, row.id)
    )
    return _Dossier(
        case=case,
        related=tx.find(Case, where(Case.number).in_(case.related)),
        alike=same_narrative(tx, case),
        missing=missing_of(work, case),
        messages=sorted(
            tx.find(StoredMessage, where(StoredMessage.case).is_(number)), key=lambda row: (row.received_at, row.id)
        ),
        notifications=notifications,
        clocks=tx.find(ClockRow, where(ClockRow.notification).in_([row.id for row in notifications])),
        reminders=sorted(tx.find(Reminder, where(Reminder.case).is_(number)), key=lambda row: (row.told_at, row.id)),
        running=[
            (one.notification.id if one.notification else None, Calculation(work, one))
            for one in open_clocks(tx)
            if one.case.number == number
        ],
        notes=sorted(
            tx.find(ContactNote, where(ContactNote.case).is_(number)), key=lambda row: (row.effective_at, row.id)
        ),
    )


def _minutes(clock: ClockRow) -> int | None:
    return None if clock.stopped_at is None else latency.minutes(clock.started_at, clock.stopped_at)


def _clock_marks(clock: ClockRow) -> list[str]:
    marks = (("automatic", clock.automatic), ("oral", clock.oral), ("noted by hand", clock.by_hand))
    return [mark for mark, holds in marks if holds]


# ---------------------------------------------------------------- as JSON


def _document(dossier: _Dossier, zone: ZoneInfo) -> dict[str, Json]:
    return {
        **plain(dossier.case, zone),
        "missing": [item.value for item in dossier.missing],
        "same_narrative": [_earlier_document(other, zone) for other in dossier.alike],
        "messages": [plain(message, zone) for message in dossier.messages],
        "notifications": [
            {
                **plain(notification, zone),
                "clocks": [
                    _clock_document(clock, zone, exercise=dossier.case.exercise)
                    for clock in dossier.clocks_of(notification)
                ],
                "reminders": [plain(reminder, zone) for reminder in dossier.reminders_of(notification)],
                "running": [calculation.document() for calculation in dossier.running_of(notification)],
            }
            for notification in dossier.notifications
        ],
        "reminders": [plain(reminder, zone) for reminder in dossier.reminders_of(None)],
        "running": [calculation.document() for calculation in dossier.running_of(None)],
        "notes": [plain(note, zone) for note in dossier.notes],
    }


def _earlier_document(case: Case, zone: ZoneInfo) -> dict[str, Json]:
    names = ("number", "election", "narratives", "decision", "decision_reason", "decided_at", "criteria", "contradicts")
    known = plain(case, zone)
    return {name: known[name] for name in names}


def _clock_document(clock: ClockRow, zone: ZoneInfo, *, exercise: bool) -> dict[str, Json]:
    """Returns the clock for JSON. An exercise has minutes for the debriefing, but no reported figures."""
    minutes = _minutes(clock)
    figures: dict[str, Json] = {"minutes": minutes, "hours": None, "spoken": None}
    if minutes is not None and not exercise:
        figures["hours"] = latency.hours(minutes)
        figures["spoken"] = {language: latency.spoken(minutes, language) for language in latency.UNITS}
    return {**plain(clock, zone), **figures}


# ---------------------------------------------------------------- as text


def _print(dossier: _Dossier, zone: ZoneInfo) -> None:
    _print_case(dossier, zone)
    for other in dossier.related:
        click.echo(safe_line(f"related: {other.number}  {other.title}  {other.decision_reason or ''}".rstrip()))
    _print_alike(dossier, zone)
    _print_messages(dossier.messages, zone)
    for notification in dossier.notifications:
        _print_notification(dossier, notification, zone)
    _print_reminders(dossier.reminders_of(None), zone, "")
    _print_next(dossier.running_of(None))
    for note in dossier.notes:
        _print_note(note, zone)


def _print_case(dossier: _Dossier, zone: ZoneInfo) -> None:
    case, missing = dossier.case, dossier.missing
    click.echo(safe_line(f"{case.number}  {case.title}".rstrip()))
    listed(
        (
            ("state", _state(case)),
            ("election", case.election),
            ("type", case.type),
            ("origin", case.origin),
            ("source", case.source),
            ("referrer", _referrer(dossier)),
            ("opened", f"{shown(case.opened_at, zone)} by {case.opened_by}"),
            ("with", case.assigned_to),
            ("narratives", case.narratives),
            ("missing", [SPOKEN[item] for item in missing]),
            ("incorrect", case.incorrect),
            ("contradicts", case.contradicts),
            ("criteria", case.criteria),
            ("aspects", case.aspects),
            ("own attempts", case.own_attempts),
            ("all means used", case.all_means_used),
            ("went on because", case.override_reason),
            ("satire", case.satire),
            ("assessed", case.assessed_at and f"{shown(case.assessed_at, zone)} by {case.assessed_by}"),
            ("decision", case.decision),
            ("reason", " ".join(filter(None, (case.decision_ground, case.decision_reason)))),
            ("decided", case.decided_at and f"{shown(case.decided_at, zone)} by {case.decided_by}"),
            ("closed", shown(case.closed_at, zone)),
            ("platform references", case.platform_references),
        )
    )


def _print_alike(dossier: _Dossier, zone: ZoneInfo) -> None:
    """Prints the earlier cases on the same narrative, with decision and reason."""
    for other in dossier.alike:
        shared = ", ".join(word for word in other.narratives if word in dossier.case.narratives)
        click.echo("\n" + safe_line(f"Earlier on {shared}: {other.number}  {other.title}".rstrip()))
        listed(reasoning_of(other, zone), indent="  ")


def reasoning_of(case: Case, zone: ZoneInfo) -> tuple[tuple[str, object], ...]:
    """Returns the decision on an earlier case and its reasoning."""
    decided = f"{case.decision}, {shown(case.decided_at, zone)}" if case.decision and case.decided_at else None
    return (
        ("election", case.election),
        ("criteria", case.criteria),
        ("contradicts", case.contradicts),
        ("decision", decided or "none yet"),
        ("reason", " ".join(filter(None, (case.decision_ground, case.decision_reason)))),
    )


def _state(case: Case) -> str:
    return f"{case.state}, exercise" if case.exercise else case.state


def _referrer(dossier: _Dossier) -> str:
    """Formats the referrer; says so if none of their mail in the case is verified."""
    case = dossier.case
    verdicts = [m.verdict for m in dossier.messages if m.direction == "in" and m.from_address == case.referrer_address]
    doubt = "" if not verdicts or "verified" in verdicts else f" ({DOUBTS[verdicts[0]]})"
    return f"{_person(case.referrer_name, case.referrer_address)}{doubt}"


def _person(name: str | None, address: str | None) -> str:
    return f"{name} <{address}>" if name and address else name or address or ""


def _print_messages(messages: list[StoredMessage], zone: ZoneInfo) -> None:
    click.echo("\nMessages in the order of their arrival")
    table(
        ("at", "way", "id", "kinds", "sender", "placed by", "subject"),
        [
            (
                shown(message.received_at, zone), message.direction, message.id, " + ".join(message.kinds),
                f"{message.verdict}, arrival disputed" if message.disputed else message.verdict, message.match_basis,
                message.subject,
            )
            for message in messages
        ],
        "none",
    )  # fmt: skip
    for message in messages:
        if message.direction == "in" and message.verdict != "verified":
            click.echo(safe_line(f"{message.id} is {message.verdict}: {message.verdict_basis}"))


def _print_notification(dossier: _Dossier, notification: Notification, zone: ZoneInfo) -> None:
    what = "Notification" if notification.counted else "Follow-up"
    where = f"{notification.platform}, {notification.channel_name}"
    click.echo("\n" + safe_line(f"{what} {notification.id} to {where}: {notification.state}"))
    listed(
        (
            ("subject", notification.subject),
            ("drafted", f"{shown(notification.drafted_at, zone)} by {notification.drafted_by}"),
            ("approved by", notification.approved_by),
            ("rejected by", notification.rejected_by),
            ("because", notification.rejected_reason),
            ("sent", _sent(notification, zone)),
            *(
                (clock.kind, _clock_line(clock, zone, exercise=dossier.case.exercise))
                for clock in dossier.clocks_of(notification)
            ),
        ),
        indent="  ",
    )
    _print_reminders(dossier.reminders_of(notification), zone, "  ")
    _print_next(dossier.running_of(notification))


def _sent(notification: Notification, zone: ZoneInfo) -> str:
    by_hand = ", noted by hand" if notification.by_hand else ""
    return f"{shown(notification.sent_at, zone)}{by_hand}" if notification.sent_at else ""


def _clock_line(clock: ClockRow, zone: ZoneInfo, *, exercise: bool) -> str:
    minutes = _minutes(clock)
    if minutes is None:
        return f"{clock.state} since {shown(clock.started_at, zone)}"
    unit = "minute" if minutes == 1 else "minutes"
    spoken = REHEARSED if exercise else latency.spoken(minutes, "en")
    parts = (shown(clock.stopped_at, zone), f"{minutes} {unit}", spoken, *_clock_marks(clock))
    return ", ".join(parts)


def _print_reminders(reminders: list[Reminder], zone: ZoneInfo, indent: str) -> None:
    for reminder in reminders:
        told = "withheld" if reminder.withheld else "told"
        line = f"{reminder.kind} {reminder.id}: {told} {shown(reminder.told_at, zone)} to {reminder.officer}"
        if reminder.acknowledged_at is not None:
            line += f", acknowledged {shown(reminder.acknowledged_at, zone)} by {reminder.acknowledged_by}"
        click.echo(safe_line(f"{indent}{line}"))


def _print_next(running: list[Calculation]) -> None:
    for calculation in running:
        calculation.print(indent="  ")


def _print_note(note: ContactNote, zone: ZoneInfo) -> None:
    counts = f", counts as {' and '.join(note.counts_as)}" if note.counts_as else ""
    entered = f"{shown(note.effective_at, zone)}, entered {shown(note.entered_at, zone)} by {note.author}"
    click.echo(f"\nNote {note.id} ({note.means}{counts}) {entered}")
    for line in note.text.strip().splitlines():
        click.echo(f"  {safe(line)}")

# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail oncall`: shows shifts, reminders and pages; records acknowledgements and overrides."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from flaggermail.cli.completing import OFFICER
from flaggermail.cli.groups import Noun
from flaggermail.cli.instants import INSTANT_HELP, typed_instant
from flaggermail.cli.lists import Field, Row, ShownList, fields, show_rows
from flaggermail.cli.session import Session, as_json_option, report_answer, show_json
from flaggermail.cli.showing import minute, part, parts, show_calculation, text
from flaggermail.cli.terminal import safe_line
from flaggermail.record.states import PageState

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

UNDER_WAY = (PageState.QUEUED, PageState.ATTEMPTING)
ASKED_EVERY = 1.0  # seconds between two looks at the pages
MOST_WAITED = 600


def _mark(one: Row) -> str:
    return "EXERCISE " if one["exercise"] else ""


REMINDERS = (Field("reminder", "id"), Field("kind", "kind"), Field("told", "told_at", minute), Field("to", "officer"))
SHIFTS = (
    Field("from", "begins_at", minute), Field("until", lambda one: minute(one, "ends_at") or "no end"),
    Field("officer", "name"), Field("", lambda one: "override" if one["override"] else ""),
)  # fmt: skip
OPEN_CASES = (
    Field("case", "number"), Field("state", "state"), Field("with", "assigned_to"),
    Field("title", lambda one: f"{_mark(one)}{one['title']}"),
)  # fmt: skip
PAGES = ShownList(
    "oncall pages", "pages", "no pager was called",
    (
        Field("at", "queued_at", minute), *fields("officer", "pager", "state"), Field("says", "text"),
        Field("", "answer"),
    ),
)  # fmt: skip
HELD = ShownList(
    "oncall held", "held", "nothing was held back",
    (
        Field("at", "held_at", minute), *fields("officer", "what", "case"), Field("told", "told_at", minute),
        Field("see", "next_step"),
    ),
)  # fmt: skip


@click.group(name="oncall", cls=Noun)
def command() -> None:
    """Show shifts, reminders and pages; acknowledge, override, swap.

    Example: flaggermail oncall now
    """


@command.shows("now", "reminders")
def now(found: Row) -> None:
    """Show who is on call, and the reminders not yet acknowledged.

    Example: flaggermail oncall now
    """
    click.echo(f"on call: {_named(part(found, 'officer'))}")
    show_rows(parts(found, "reminders"), REMINDERS, "no reminder waits for an acknowledgement")


@command.command(name="next")
@click.option(
    "--at", "at", type=typed_instant, metavar="INSTANT", help=f"Show the state at this future instant. {INSTANT_HELP}"
)
@as_json_option
@click.pass_obj
def next_(session: Session, at: str | None, *, as_json: bool) -> None:
    """List the coming shifts and the next reminders of each running clock, with their calculation.

    With --at: who is on call then, which policy applies then, and which reminders will have been sent by then if
    nothing happens.

    Example: flaggermail oncall next --at 2027-03-17T23:00
    """
    found = session.ask_all("oncall next", "clocks", at=at)
    if as_json:
        show_json(found)
    elif at:
        _print_forecast(found, at)
    else:
        _print_next(found)


def _print_next(found: Mapping[str, Json]) -> None:
    show_rows(parts(found, "shifts"), SHIFTS, "no shifts to come")
    for one in parts(found, "void"):
        span = f"{minute(one, 'begins_at')} to {minute(one, 'ends_at')}"
        click.echo(safe_line(f"counts for nothing, as {text(one, 'officer')} is no officer any more: override {span}"))
    click.echo(f"at other hours: {_named(part(found, 'fallback_officer'))}")
    for clock in parts(found, "clocks"):
        show_calculation(clock)
    click.echo(f"next reminder due: {minute(found, 'next_reminder_due') or 'none'}")


def _print_forecast(found: Mapping[str, Json], at: str) -> None:
    """Prints officer, policies and reminders at a future instant."""
    click.echo(f"on call then: {_named(part(found, 'on_call'))}")
    for what, policy in part(found, "policies").items():
        click.echo(safe_line(f"policy for {what}: {policy}"))
    clocks = parts(found, "clocks")
    for clock in clocks:
        show_calculation(clock, at)
    if not clocks:
        click.echo("no clock is running")


def _named(officer: Mapping[str, Json]) -> str:
    """Formats an officer: name, id and phone."""
    if not officer:
        return "nobody"
    phone = text(officer, "phone")
    return safe_line(f"{text(officer, 'name')} ({text(officer, 'id')})" + (f", {phone}" if phone else ""))


@command.acts("ack")
@click.argument("reminder")
def ack() -> None:
    """Acknowledge a reminder: silences your reminders until it expires, but never the escalation.

    Example: flaggermail oncall ack VF-EP2024-0001/1/receipt/60/officer1
    """


@command.acts("override")
@click.argument("officer", type=OFFICER)
@click.option("--from", "begins_at", required=True, type=typed_instant, metavar="INSTANT", help=INSTANT_HELP)
@click.option("--until", "ends_at", required=True, type=typed_instant, metavar="INSTANT", help=INSTANT_HELP)
def override() -> None:
    """Put OFFICER on call for a period, regardless of the schedule.

    Example: flaggermail oncall override officer2 --from 2027-03-17T18:00 --until 2027-03-18T07:00
    """


@command.command(name="swap")
@click.argument("shift", metavar="SHIFT")
@click.argument("other", metavar="WITH", type=OFFICER)
@as_json_option
@click.pass_obj
def swap(session: Session, shift: str, other: str, *, as_json: bool) -> None:
    """Give a shift to another officer, or exchange it for another shift.

    SHIFT is the instant at which it begins, as `oncall next` lists it, or `now` for the rest of the current one. WITH
    is an officer (id, name or the end of one), or the begin of the shift to take in exchange.

    Example: flaggermail oncall swap 2027-03-17T15:00 2027-03-18T07:00
    """
    begins_at = None if shift == "now" else typed_instant(shift)
    if other[:1].isdigit():
        answer = session.ask("oncall swap", shift=begins_at, other=typed_instant(other))
    else:
        answer = session.ask("oncall swap", shift=begins_at, officer=other)
    report_answer(answer, as_json=as_json)


@command.shows(
    "handover", "cases", "clocks", "awaited", "unanswered", "acknowledged", "quarantine", "uncertain", "withheld"
)
def handover(found: Row) -> None:
    """Print the hand-over note: open cases, running clocks, unanswered reminders. It is mailed at each change of shift.

    Example: flaggermail oncall handover
    """
    show_rows(parts(found, "cases"), OPEN_CASES, "no case")
    for clock in parts(found, "clocks"):
        show_calculation(clock)
    if parts(found, "awaited"):
        click.echo("waits for a substantive answer:")
    for clock in parts(found, "awaited"):
        show_calculation(clock, indent="  ")
    lines = [
        f"not answered: {one['id']}, told {minute(one, 'told_at')} to {one['officer']}"
        for one in parts(found, "unanswered")
    ]
    lines += [
        f"acknowledged: {one['id']}, by {one['acknowledged_by']} until {minute(one, 'acknowledged_until')}"
        for one in parts(found, "acknowledged")
    ]
    lines += [
        f"in quarantine: {_mark(one)}{one['id']}, since {minute(one, 'received_at')}, {one['subject']}"
        for one in parts(found, "quarantine")
    ]
    lines += [
        f"uncertain: {_mark(one)}{one['id']} to {one['recipient']}, {one['subject']}"
        for one in parts(found, "uncertain")
    ]
    lines += [f"{_mark(one)}{one['id']} to {one['recipient']}: {one['answer']}" for one in parts(found, "withheld")]
    for line in lines:
        click.echo(safe_line(line))


@command.command(name="page")
@click.argument("officer", type=OFFICER)
@click.option(
    "--wait",
    "seconds",
    type=click.IntRange(0, MOST_WAITED),
    default=60,
    metavar="SECONDS",
    help="How long to wait for the calls; 60 by default.",
)
@as_json_option
@click.pass_obj
def page(session: Session, officer: str, seconds: int, *, as_json: bool) -> None:
    """Send a test page to every pager of OFFICER, and report which of them accepted it.

    The daemon makes the calls. An assessor or approver tries their own pagers, an officer or the head everybody's.

    Example: flaggermail oncall page officer1
    """
    asked = session.ask("oncall page", officer=officer)
    called = [_called(one) for one in _settled(session, text(asked, "key"), seconds)]
    if as_json:
        show_json({**asked, "pagers": called})
    else:
        for one in called:
            click.echo(safe_line(f"{one['pager']}: {'taken' if one['taken'] else one['why']}"))
    if not all(one["taken"] for one in called):
        raise click.exceptions.Exit(1)


def _settled(session: Session, about: str, seconds: int) -> Sequence[Mapping[str, Json]]:
    """Returns the pages about that once each has a result, or as they are when the time is over."""
    until = time.monotonic() + seconds
    while True:
        found = parts(session.ask("oncall pages", about=about), "pages")
        if time.monotonic() >= until or all(one["state"] not in UNDER_WAY for one in found):
            return found
        time.sleep(ASKED_EVERY)


def _called(page: Mapping[str, Json]) -> dict[str, Json]:
    """Returns the result of a test page as the command reports it."""
    waits = "not called yet; `flaggermail oncall pages` shows the result, `flaggermail status` whether the daemon runs"
    often = "held: called often enough in the last hour"
    why = {PageState.QUEUED: waits, PageState.ATTEMPTING: waits, PageState.HELD: often, PageState.SENT: ""}
    state = PageState(text(page, "state"))
    return {"pager": page["pager"], "taken": state is PageState.SENT, "why": why.get(state, page["answer"])}


@command.lists("pages", PAGES)
def pages() -> None:
    """List the pages and their results, oldest first.

    Example: flaggermail oncall pages
    """


@command.lists("held", HELD)
def held() -> None:
    """List the notices and alarms held back from being mailed separately, and the command that shows each.

    Example: flaggermail oncall held
    """

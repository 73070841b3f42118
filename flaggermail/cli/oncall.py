# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail oncall`: shows shifts, reminders and pages; records acknowledgements and overrides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from flaggermail.cli.calculation import Calculation, policies_at
from flaggermail.cli.instants import INSTANT_HELP, instant, shown
from flaggermail.cli.session import Session, as_json_option, report, show_json
from flaggermail.cli.showing import named, plain, table
from flaggermail.cli.terminal import safe_line
from flaggermail.commands.acts import Acknowledge, OverrideRota, SwapShift
from flaggermail.errors import Refusal
from flaggermail.oncall.pager_choice import TITLE
from flaggermail.oncall.schedule import Rota, Shift, on_call, planned
from flaggermail.record.finding import where
from flaggermail.record.rows import HeldBack, Page, Reminder

if TYPE_CHECKING:
    from flaggermail.mail.message_json import Json
    from flaggermail.services import UnitOfWork

_SHOWN = 40  # number of pages or held-back notices listed

_AHEAD = timedelta(weeks=2)


@click.group(name="oncall")
def command() -> None:
    """Show shifts, reminders and pages; acknowledge, override, swap.

    Example: flaggermail oncall now
    """


@command.command(name="now")
@as_json_option
@click.pass_obj
def now(session: Session, *, as_json: bool) -> None:
    """Show who is on call, and the reminders not yet acknowledged.

    Example: flaggermail oncall now
    """
    from flaggermail.notices.duty import officer_on_call
    from flaggermail.reminders.paging import waits

    with session.reading() as work:
        officer = officer_on_call(work)
        reminders = [
            row
            for row in work.tx.find(
                Reminder, where(Reminder.acknowledged_at).is_(None), where(Reminder.withheld).is_(False)
            )
            if waits(work.tx, row)
        ]
    if as_json:
        who = {"id": officer.id, "name": officer.name, "phone": officer.phone} if officer else None
        show_json({"officer": who, "reminders": [plain(reminder, session.zone) for reminder in reminders]})
        return
    click.echo(f"on call: {named(officer)}")
    table(
        ("reminder", "kind", "told", "to"),
        [(r.id, r.kind, shown(r.told_at, session.zone), r.officer) for r in sorted(reminders, key=lambda r: r.told_at)],
        "no reminder waits for an acknowledgement",
    )


@command.command(name="next")
@click.option(
    "--at", "at", type=instant, metavar="INSTANT", help=f"Show the state at this future instant. {INSTANT_HELP}"
)
@as_json_option
@click.pass_obj
def next_(session: Session, at: datetime | None, *, as_json: bool) -> None:
    """List the coming shifts and the next reminders of each running clock, with their calculation.

    With --at: who is on call then, which policy applies then, and which reminders will have been sent by then if
    nothing happens.

    Example: flaggermail oncall next --at 2027-03-17T23:00
    """
    from flaggermail.notices.duty import overrides
    from flaggermail.reminders.open_clocks import open_clocks
    from flaggermail.reminders.reminders import next_due

    rota = session.environment.settings.rota
    with session.reading() as work:
        if at is not None:
            _print_at(work, at, as_json=as_json)
            return
        due, changed = next_due(work.env, work.tx), overrides(work.tx)
        clocks = [Calculation(work, one) for one in open_clocks(work.tx)]
    ahead = planned(rota, work.now, work.now + _AHEAD)
    coming = [(shift, False) for shift in ahead] + [(shift, True) for shift in changed if shift.ends_at > work.now]
    coming.sort(key=lambda pair: pair[0].begins_at)
    if as_json:
        _next_document(session, coming, due, clocks)
        return
    table(
        ("from", "until", "officer", ""),
        [
            (
                shown(shift.begins_at, session.zone), shown(shift.ends_at, session.zone), _name(rota, shift.officer),
                "override" if override else "",
            )
            for shift, override in coming
        ],
        "no shifts to come",
    )  # fmt: skip
    otherwise = rota.officer(rota.fallback_officer) if rota.fallback_officer else None
    click.echo(f"at other hours: {named(otherwise)}")
    for calculation in clocks:
        calculation.print()
    click.echo(f"next reminder due: {shown(due, session.zone) or 'none'}")


def _print_at(work: UnitOfWork, at: datetime, *, as_json: bool) -> None:
    """Prints officer, policies and reminders at a future instant."""
    from flaggermail.notices.duty import overrides
    from flaggermail.reminders.open_clocks import open_clocks

    officer = on_call(work.env.settings.rota, overrides(work.tx), at)
    clocks = [Calculation(work, one) for one in open_clocks(work.tx)]
    if as_json:
        show_json({
            "at": at.astimezone(work.env.settings.zone).isoformat(),
            "officer": officer.id if officer else None,
            "policies": dict(policies_at(work, at)),
            "clocks": [calculation.document(at) for calculation in clocks],
        })  # fmt: skip
        return
    click.echo(f"on call then: {named(officer)}")
    for what, policy in policies_at(work, at):
        click.echo(safe_line(f"policy for {what}: {policy}"))
    for calculation in clocks:
        calculation.print(at)
    if not clocks:
        click.echo("no clock is running")


def _name(rota: Rota, officer_id: str) -> str:
    officer = rota.officer(officer_id)
    return officer.name if officer else officer_id


def _next_document(
    session: Session, coming: list[tuple[Shift, bool]], due: datetime | None, clocks: list[Calculation]
) -> None:
    zone = session.zone
    shifts: list[Json] = [
        {
            "officer": shift.officer, "begins_at": shift.begins_at.astimezone(zone).isoformat(),
            "ends_at": shift.ends_at.astimezone(zone).isoformat(), "override": override,
        }
        for shift, override in coming
    ]  # fmt: skip
    show_json(
        {
            "shifts": shifts,
            "otherwise": session.environment.settings.rota.fallback_officer,
            "clocks": [calculation.document() for calculation in clocks],
            "next_reminder_due": None if due is None else due.astimezone(zone).isoformat(),
        }
    )  # fmt: skip


@command.command(name="ack")
@click.argument("reminder")
@click.pass_obj
def ack(session: Session, reminder: str) -> None:
    """Acknowledge a reminder: silences your reminders until it expires, but never the escalation.

    Example: flaggermail oncall ack VF-EP2024-0001/1/receipt/60/officer1
    """
    report(session.act(Acknowledge(reminder=reminder)))


@command.command(name="override")
@click.argument("officer")
@click.option("--from", "begins_at", required=True, type=instant, metavar="INSTANT", help=INSTANT_HELP)
@click.option("--until", "ends_at", required=True, type=instant, metavar="INSTANT", help=INSTANT_HELP)
@click.pass_obj
def override(session: Session, officer: str, begins_at: datetime, ends_at: datetime) -> None:
    """Put OFFICER on call for a period, regardless of the schedule.

    Example: flaggermail oncall override officer2 --from 2027-03-17T18:00 --until 2027-03-18T07:00
    """
    report(session.act(OverrideRota(officer=officer, begins_at=begins_at, ends_at=ends_at)))


@command.command(name="swap")
@click.argument("shift", metavar="SHIFT")
@click.argument("other", metavar="WITH")
@click.pass_obj
def swap(session: Session, shift: str, other: str) -> None:
    """Give a shift to another officer, or exchange it for another shift.

    SHIFT is the instant at which it begins, as `oncall next` lists it, or `now` for the rest of the current one. WITH
    is an officer (id, name or the end of one), or the begin of the shift to take in exchange.

    Example: flaggermail oncall swap 2027-03-17T15:00 2027-03-18T07:00
    """
    begins_at = None if shift == "now" else instant(shift)
    if other[:1].isdigit():
        report(session.act(SwapShift(shift=begins_at, other=instant(other))))
    else:
        report(session.act(SwapShift(shift=begins_at, officer=other)))


@command.command(name="handover")
@as_json_option
@click.pass_obj
def handover(session: Session, *, as_json: bool) -> None:
    """Print the hand-over note: open cases, running clocks, unanswered reminders. It is mailed at each change of shift.

    Example: flaggermail oncall handover
    """
    from flaggermail.reminders.handover import gather

    with session.reading() as work:
        note = gather(work)
        clocks = [Calculation(work, one) for one, _ in note.clocks]
    zone = session.zone
    if as_json:
        show_json({
            "cases": [plain(row, zone) for row in note.cases],
            "clocks": [calculation.document() for calculation in clocks],
            "unanswered": [plain(row, zone) for row in note.unanswered],
            "acknowledged": [plain(row, zone) for row in note.acknowledged],
            "quarantine": [plain(row, zone) for row in note.quarantine],
            "uncertain": [plain(row, zone) for row in note.uncertain],
        })  # fmt: skip
        return
    table(
        ("case", "state", "with", "title"), [(c.number, c.state, c.assigned_to, c.title) for c in note.cases], "no case"
    )
    for calculation in clocks:
        calculation.print()
    for reminder in note.unanswered:
        click.echo(
            safe_line(f"not answered: {reminder.id}, told {shown(reminder.told_at, zone)} to {reminder.officer}")
        )
    for reminder in note.acknowledged:
        until = shown(reminder.acknowledged_until, zone)
        click.echo(safe_line(f"acknowledged: {reminder.id}, by {reminder.acknowledged_by} until {until}"))
    for message in note.quarantine:
        click.echo(
            safe_line(f"in quarantine: {message.id}, since {shown(message.received_at, zone)}, {message.subject}")
        )
    for mail in note.uncertain:
        click.echo(safe_line(f"uncertain: {mail.id} to {mail.recipient}, {mail.subject}"))


@command.command(name="page")
@click.argument("officer")
@click.pass_obj
def page(session: Session, officer: str) -> None:
    """Send a test page to every pager of OFFICER, and report which of them accepted it.

    Example: flaggermail oncall page officer1
    """
    env = session.environment
    person = env.settings.rota.officer(officer)
    if person is None or not person.pagers:
        raise Refusal(f"{officer} has no pager in oncall.yaml")
    answers = [(pager.credential, env.pager.call(pager.credential, TITLE, "trial")) for pager in person.pagers]
    for name, answer in answers:
        click.echo(f"{name}: {'taken' if answer.taken else answer.why}")
    if not all(answer.taken for _, answer in answers):
        raise click.exceptions.Exit(1)


@command.command(name="pages")
@as_json_option
@click.pass_obj
def pages(session: Session, *, as_json: bool) -> None:
    """List the latest pages and their results.

    Example: flaggermail oncall pages
    """
    with session.reading() as work:
        latest = sorted(work.tx.find(Page), key=lambda row: (row.queued_at, row.id))[-_SHOWN:]
    if as_json:
        show_json({"pages": [plain(row, session.zone) for row in latest]})
        return
    table(
        ("at", "officer", "pager", "state", "says", ""),
        [(shown(p.queued_at, session.zone), p.officer, p.pager, p.state, p.text, p.answer) for p in latest],
        "no pager was called",
    )


@command.command(name="held")
@as_json_option
@click.pass_obj
def held(session: Session, *, as_json: bool) -> None:
    """List the notices and alarms held back from being mailed separately, and the command that shows each.

    Example: flaggermail oncall held
    """
    with session.reading() as work:
        latest = sorted(work.tx.find(HeldBack), key=lambda row: row.id)[-_SHOWN:]
    if as_json:
        show_json({"held": [plain(row, session.zone) for row in latest]})
        return
    table(
        ("at", "officer", "what", "case", "told", "see"),
        [
            (
                shown(h.held_at, session.zone),
                h.officer,
                h.what,
                h.case or "",
                shown(h.told_at, session.zone),
                h.next_step,
            )
            for h in latest
        ],
        "nothing was held back",
    )

# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail case list` and `case show`: the recorded cases and each platform's latency."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from flaggermail.cli.completing import CASE, ELECTION, OFFICER
from flaggermail.cli.lists import Field, Row, ShownList, fields, joined, show_rows, show_sheet
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import (
    choice,
    doubt_of,
    listed,
    minute,
    number,
    part,
    parts,
    show_calculation,
    styled,
    tell_who_looks,
    text,
    texts,
)
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.record.case_values import Item, LanguageCode
from flaggermail.record.kinds import Direction
from flaggermail.record.states import CASE_STATES, InstantBasis, Sign

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


_WIDTH, _BAR = 80, 20  # columns of the terminal, and of the bar with its marks
_SIGNS = tuple(Sign)


class _Pen(NamedTuple):
    """The signs of a terminal: of the bar, and of each kind of moment in the order of `Sign`."""

    bar: str
    marks: str


_DRAWN, _PLAIN = _Pen("\u2500", "\u25cf\u25cb\u25b3\u25a1\u25a0\u25c6>"), _Pen("-", "o.!=#*>")


def show_timeline(notification: Mapping[str, Json], indent: str) -> None:
    """Prints the timeline of a notification, if it is a use: in ASCII where the terminal is not in UTF-8."""
    for line in timeline_lines(parts(notification, "timeline"), indent, _pen(sys.stdout.encoding)):
        click.echo(line)


def _pen(encoding: str | None) -> _Pen:
    try:
        "".join(_DRAWN).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _PLAIN
    return _DRAWN


def timeline_lines(moments: Sequence[Mapping[str, Json]], indent: str, pen: _Pen) -> Iterator[str]:
    """Yields the lines, none wider than 80 columns. The bar of an open matter, after an answer, is not to scale."""
    signs = [texts(moment, "signs") for moment in moments]
    answered = any(Sign.HUMAN in own for own in signs)
    timed = [
        number(one, "minutes") for one, own in zip(moments, signs, strict=True) if not (answered and Sign.OPEN in own)
    ]
    first, last = (min(timed), max(timed)) if timed else (0, 0)
    for moment, own in zip(moments, signs, strict=True):
        marks = "".join(pen.marks[_SIGNS.index(Sign(sign))] for sign in own)
        after = min(number(moment, "minutes"), last) - first
        length = (_BAR - len(marks)) * after // (last - first) if last > first else 0
        head = f"{indent}{minute(moment, 'at')}  {f'{pen.bar * length}{marks}':<{_BAR}}  "
        yield from textwrap.wrap(
            ", ".join([*texts(moment, "words"), *_until(moment)]), _WIDTH, initial_indent=head,
            subsequent_indent=" " * len(head),
        )  # fmt: skip


def _until(moment: Mapping[str, Json]) -> list[str]:
    return [f"until {minute(moment, 'until')}"] if moment["until"] != moment["at"] else []


REHEARSED = "exercise, in no figure"
_UNMARKED = frozenset({"mail"})  # the form of an answer that needs no word
SPOKEN = {
    Item.ATTEMPTS: "own attempts",
    Item.SCREENSHOT: "a screenshot",
    Item.LINK: "where it can be seen",
    Item.CONTACT: "a phone number",
}


def _state(case: Row) -> str:
    return f"{case['state']}, exercise" if case["exercise"] else text(case, "state")


CASES = ShownList(
    "case list", "cases", "no cases",
    (
        Field("case", "number"), Field("opened", "opened_at", minute), Field("state", _state),
        *fields("decision", "type", "origin"), Field("with", "assigned_to"), Field("title", "title"),
    ),
)  # fmt: skip
WAITING = (
    Field("notification", "notification"), Field("platform", "platform"), Field("sent", "since", minute),
    Field("waits for", "clocks"), Field("state", _state), Field("title", "title"),
)  # fmt: skip


@click.command(name="list")
@click.option("--election", type=ELECTION, metavar="CODE", help="Only cases of this election.")
@click.option("--state", type=click.Choice(CASE_STATES), help="Only cases in this state.")
@click.option("--tag", metavar="TAG", help="Only cases with this narrative.")
@click.option("--officer", type=OFFICER, metavar="OFFICER", help="Only cases of this officer.")
@click.option("--platform", metavar="CODE", help="Only cases with a notification to this platform.")
@click.option("--number", type=CASE, metavar="TEXT", help="Only cases with this in their number, or these last digits.")
@click.option("--correspondent", metavar="TEXT", help="Only cases of this address, domain or name.")
@click.option("--since", metavar="DAY", help="Only cases opened on this day or later.")
@click.option("--until", metavar="DAY", help="Only cases opened on this day or earlier.")
@click.option("--waiting", is_flag=True, help="Only cases with a running clock, whatever their state.")
@as_json_option
@click.pass_obj
def list_(session: Session, /, *, waiting: bool, as_json: bool, **asked: str | None) -> None:
    """List cases in the order in which they were opened; what is given must all fit.

    Example: flaggermail case list --correspondent griffie --since 2024-06-01
    """
    if not waiting:
        CASES.show(session, as_json=as_json, **asked)
        return
    found = session.ask_all("case list", "cases", **asked, waiting=True)
    if as_json:
        show_json(found)
        return
    waits = [{**case, **one} for case in parts(found, "cases") for one in _waits(case)]
    show_rows(waits, WAITING, "no case waits")


def _waits(case: Row) -> Iterator[Row]:
    """Yields each notification of a case that has running clocks: the first of them, and the names of all."""
    clocks = dict[str, list[Row]]()
    for one in parts(case, "waits"):
        clocks.setdefault(text(one, "notification"), []).append(one)
    yield from ({**own[0], "clocks": [text(one, "clock") for one in own]} for own in clocks.values())


@click.command(name="show")
@click.argument("number", type=CASE, metavar="CASE")
@click.option("--account", is_flag=True, help="Print what a letter to Parliament would say of it instead.")
@click.option("--language", type=choice(LanguageCode), help="Of the account; by default the desk's.")
@as_json_option
@click.pass_obj
def show(session: Session, number: str, *, account: bool, language: str | None, as_json: bool) -> None:
    """Show a case: its messages in order of arrival, its notifications with their clocks, and its notes.

    Example: flaggermail case show VF-EP2024-0001 --account --language nl
    """
    if account:
        _show_account(session.ask("case account", case=number, language=language), as_json=as_json)
        return
    if language is not None:
        raise click.UsageError("--language is that of --account: give both")
    case = session.ask_all("case show", "messages", case=number)
    if as_json:
        show_json(case)
        return
    tell_who_looks(case)
    _show_case(case)
    for other in parts(case, "related_cases"):
        reason = text(other, "decision_reason")
        click.echo(safe_line(f"related: {other['number']}  {other['title']}  {reason}".rstrip()))
    _show_alike(case)
    _show_messages(case)
    for notification in parts(case, "notifications"):
        _show_notification(notification, exercise=case["exercise"] is True)
    _show_reminders(parts(case, "reminders"), "")
    for running in parts(case, "running"):
        show_calculation(running, indent="  ")
    for note in parts(case, "notes"):
        _show_note(note)
    _tell_what_is_left_out(case)


def _tell_what_is_left_out(case: Mapping[str, Json]) -> None:
    """Names each list of which the case has more than is shown, and the command that has all."""
    counts, events = part(case, "in_all"), f"flaggermail events --case {case['number']}"
    told = [case, *parts(case, "notifications")]
    for name, shown, all_of_it in (
        ("notifications", len(parts(case, "notifications")), events),
        ("reminders", sum(len(parts(one, "reminders")) for one in told), events),
        ("notes", len(parts(case, "notes")), events),
        ("related cases", len(parts(case, "related_cases")), events),
        ("earlier cases", len(parts(case, "same_narrative")), "flaggermail case list --tag TAG"),
    ):
        every = number(counts, _COUNTED.get(name, name))
        if every > shown:
            click.echo(f"note: {shown} of {every} {name} shown; `{all_of_it}` has all", err=True)


_COUNTED = {"related cases": "related_cases", "earlier cases": "same_narrative"}


def _show_account(found: Mapping[str, Json], *, as_json: bool) -> None:
    """Prints the account of each use, with its names and addresses as they stand in the mails."""
    if as_json:
        show_json(found)
        return
    click.echo("\n\n\n".join(safe(text(use, "text")) for use in parts(found, "uses")))


def _show_case(case: Mapping[str, Json]) -> None:
    click.echo(styled(safe_line(f"{case['number']}  {case['title']}".rstrip()), bold=True))
    show_sheet(case, CASE_FACTS)


def _by(case: Mapping[str, Json], done: str) -> str:
    """Formats when something was done and by whom; empty if it was not done."""
    return f"{minute(case, f'{done}_at')} by {case[f'{done}_by']}" if case[f"{done}_at"] else ""


def _hold(hold: Mapping[str, Json]) -> str:
    whole = "" if hold["case"] else f" (election {hold['election']})"
    end = f" until {hold['until']}" if hold["until"] else ""
    return f"{hold['id']}{whole}{end}, {_by(hold, 'placed')}: {hold['reason']}"


def _reason(case: Mapping[str, Json]) -> str:
    return " ".join(filter(None, (text(case, "decision_ground"), text(case, "decision_reason"))))


def _referrer(case: Mapping[str, Json]) -> str:
    """Formats the referrer; says so if none of their mail in the case is verified."""
    name, address = text(case, "referrer_name"), text(case, "referrer_address")
    doubt = doubt_of(text(case, "referrer_verdict"))
    return (f"{name} <{address}>" if name and address else name or address) + (f" ({doubt})" if doubt else "")


CASE_FACTS = (
    Field("state", _state), *fields("election", "type", "origin", "source"), Field("referrer", _referrer),
    Field("opened", "opened", _by), Field("with", "assigned_to"), Field("narratives", "narratives"),
    Field("missing", lambda case: [SPOKEN[Item(item)] for item in texts(case, "missing")]),
    *fields("incorrect", "contradicts", "criteria", "aspects", "own_attempts", "all_means_used"),
    Field("went on because", "override_reason"), Field("satire", "satire"), Field("assessed", "assessed", _by),
    Field("decision", "decision"), Field("reason", _reason), Field("decided", "decided", _by),
    Field("closed", "closed_at", minute), Field("on hold", lambda case: "; ".join(map(_hold, parts(case, "holds")))),
    *fields("platform_references"),
)  # fmt: skip
EARLIER_FACTS = (
    *fields("election", "criteria", "contradicts"),
    Field(
        "decision", lambda one: f"{one['decision']}, {minute(one, 'decided_at')}" if one["decided_at"] else "none yet"
    ),
    Field("reason", _reason),
)  # fmt: skip
MESSAGES = (
    Field("at", "received_at", minute), Field("way", "direction"), Field("id", "id"), Field("kinds", "kinds", joined),
    Field("sender", lambda one: f"{one['verdict']}, arrival disputed" if one["disputed"] else one["verdict"]),
    Field("placed by", "basis"), Field("subject", "subject"),
)  # fmt: skip


def _show_alike(case: Mapping[str, Json]) -> None:
    """Prints the earlier cases on the same narrative, with decision and reason."""
    for other in parts(case, "same_narrative"):
        shared = ", ".join(word for word in texts(other, "narratives") if word in texts(case, "narratives"))
        click.echo("\n" + safe_line(f"Earlier on {shared}: {other['number']}  {other['title']}".rstrip()))
        show_sheet(other, EARLIER_FACTS, indent="  ")


def _show_messages(case: Mapping[str, Json]) -> None:
    messages = parts(case, "messages")
    click.echo("\nMessages in the order of their arrival")
    show_rows(messages, MESSAGES, "none")
    for message in messages:
        if message["person_basis"]:
            click.echo(safe_line(f"{message['id']} is a person's: {message['person_basis']}"))
        if message["says"]:
            click.echo(safe_line(f"{message['id']} {message['says']}"))
        if message["direction"] == Direction.IN and doubt_of(text(message, "verdict")):
            click.echo(safe_line(f"{message['id']} is {message['verdict']}: {message['verdict_basis']}"))


def _show_notification(notification: Mapping[str, Json], *, exercise: bool) -> None:
    what = "Notification" if notification["use"] else "Follow-up"
    where = f"{notification['platform']}, {notification['channel_name']}"
    click.echo("\n" + safe_line(f"{what} {notification['id']} to {where}: {notification['state']}"))
    basis = f", basis: {notification['sent_basis']}" if notification["sent_basis"] != InstantBasis.MAIL else ""
    listed(
        (
            ("subject", notification["subject"]),
            ("drafted", _by(notification, "drafted")),
            ("approved by", notification["approved_by"]),
            *_approval(part(notification, "approval")),
            ("rejected by", notification["rejected_by"]),
            ("because", notification["rejected_reason"]),
            ("sent", f"{minute(notification, 'sent_at')}{basis}" if notification["sent_at"] else ""),
            *(
                (text(clock, "kind"), _clock_line(clock, exercise=exercise))
                for clock in parts(notification, "clocks")
            ),
        ),
        indent="  ",
    )  # fmt: skip
    show_timeline(notification, "  ")
    _show_reminders(parts(notification, "reminders"), "  ")
    for running in parts(notification, "running"):
        show_calculation(running, indent="  ")


def _approval(approval: Mapping[str, Json]) -> tuple[tuple[str, object], ...]:
    """Returns what a draft waits for; nothing of what was approved or rejected."""
    if not approval:
        return ()
    officers = [text(one, "name") for one in parts(approval, "may_approve")]
    against = "; ".join(texts(approval, "refused_for"))
    return ("waits for", approval["lacks"]), ("may approve", officers), ("against it", against)


def _clock_line(clock: Mapping[str, Json], *, exercise: bool) -> str:
    if clock["minutes"] is None:
        return f"{clock['state']} since {minute(clock, 'started_at')}"
    minutes = number(clock, "minutes")
    unit = "minute" if minutes == 1 else "minutes"
    spoken = REHEARSED if exercise else text(part(clock, "spoken"), "en")
    form = [text(clock, "form")] if clock["form"] else [name for name in ("automatic", "oral") if clock[name]]
    held = [*(word for word in form if word not in _UNMARKED), *_basis(clock)]
    return ", ".join((minute(clock, "stopped_at"), f"{minutes} {unit}", spoken, *held))


def _basis(clock: Mapping[str, Json]) -> Iterator[str]:
    """Yields what the stop of a clock rests on, unless it is a mail; one of an exercise has no figure to rest on."""
    basis = clock["basis"] or (InstantBasis.BY_HAND if clock["by_hand"] else InstantBasis.MAIL)
    if basis != InstantBasis.MAIL:
        yield f"basis: {basis}"


def _show_reminders(reminders: Iterable[Mapping[str, Json]], indent: str) -> None:
    for reminder in reminders:
        told = "withheld" if reminder["withheld"] else "told"
        line = f"{reminder['kind']} {reminder['id']}: {told} {minute(reminder, 'told_at')} to {reminder['officer']}"
        if reminder["acknowledged_at"] is not None:
            line += f", {_acknowledged(reminder)}"
        click.echo(safe_line(f"{indent}{line}"))


def _acknowledged(reminder: Mapping[str, Json]) -> str:
    return f"acknowledged {minute(reminder, 'acknowledged_at')} by {reminder['acknowledged_by']}"


def _show_note(note: Mapping[str, Json]) -> None:
    counts = f", counts as {' and '.join(texts(note, 'counts_as'))}" if note["counts_as"] else ""
    entered = f"{minute(note, 'effective_at')}, entered {minute(note, 'entered_at')} by {note['author']}"
    click.echo(f"\nNote {note['id']} ({note['means']}{counts}) {entered}")
    for line in text(note, "text").strip().splitlines():
        click.echo(f"  {safe(line)}")

# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail check`: checks the configuration, and that an officer is on call in the coming weeks."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import choice, part, parts, text, texts
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.online.outcomes import CheckStep
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.states import Severity

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

_STATUS = {Severity.REFUSES: 2, Severity.FAULT: 1}
_MARK = {Severity.FAULT: "fault: ", Severity.NOTE: "note: "}
_COUNTED = ("elections", "platforms", "channels", "officers", "rules")


@click.command(name="check")
@click.option("--online", is_flag=True, help="Also ask the servers, step by step.")
@click.option("--no-pages", is_flag=True, help="With --online: call no pager.")
@click.option("--language", type=choice(LanguageCode), default="en", help="With --online: of the sentences.")
@as_json_option
@click.pass_obj
def command(session: Session, *, online: bool, no_pages: bool, language: str, as_json: bool) -> None:
    """Check configuration, rules, templates, rota, passwords and database.

    What prevents the start is one line each (file, line, column, key, what would be right), and the exit status is 2.
    What does not work, though the daemon starts, is a line `fault: ...`, with status 1. Notes follow: what may be
    meant, renamed keys, what the kernel of this machine takes from the process that parses mail, and hours of the
    coming four weeks without an officer on call. All of it goes to standard output, the worst first.

    It reads files only, and asks no server: its last line says what it did not look at. With --online it goes on to
    the servers, if the configuration starts: it tells every step, sends the desk some mails and deletes them, and exits
    with 1 after the first thing to mend.

    Example: flaggermail --config /etc/flaggermail check
    """
    found = session.ask("check")
    if online and found["severity"] != Severity.REFUSES:
        _check_online(session, language=language, pages=not no_pages, as_json=as_json)
        return
    if as_json:
        show_json(found)
    else:
        click.echo("\n".join(map(safe_line, _lines(found))))
    worst = text(found, "severity")
    status = _STATUS.get(Severity(worst), 0) if worst else 0
    if status:
        raise click.exceptions.Exit(status)


def _check_online(session: Session, *, language: str, pages: bool, as_json: bool) -> None:
    """Prints the outcomes of every step, the first to mend before all others; exits with 1 if there is one."""
    found = session.ask("check online", language=language, pages=pages)
    first = found["first"]
    if as_json:
        show_json(found["outcomes"])
    else:
        if first is not None:
            one = part(found, "first")
            click.echo(safe_line(f"first: {text(one, 'step')}: {text(one, 'what')}; {text(one, 'mend')}"))
        for one in parts(found, "outcomes"):
            click.echo(safe("\n".join(_of_step(one))))
    if first is not None:
        raise click.exceptions.Exit(1)


def _of_step(one: Mapping[str, Json]) -> Iterator[str]:
    yield safe_line(f"{text(one, 'result'):9}  {text(one, 'step')}: {text(one, 'what')}")
    if text(one, "mend"):
        yield safe_line(f"{'':9}  " + ": ".join(filter(None, (text(one, "where"), text(one, "mend")))))


def _lines(found: Mapping[str, Json]) -> Iterator[str]:
    yield from (f"{_MARK.get(Severity(text(one, 'severity')), '')}{one['text']}" for one in parts(found, "findings"))
    if _COUNTED[0] in found:  # the settings could be read
        yield from _about_the_settings(found)


def _about_the_settings(found: Mapping[str, Json]) -> Iterator[str]:
    """Yields what is told of the settings besides mistakes, how many there are of each, and what was not looked at."""
    yield from _about_the_parser(part(found, "parser"))
    for gap in parts(found, "gaps"):
        begins, ends = (f"{datetime.fromisoformat(text(gap, end)):%Y-%m-%d %H:%M %z}" for end in ("begins", "ends"))
        yield f"nobody is on call: {begins} to {ends}"
    state = "in order" if not texts(found, "faults") else "read"
    yield f"configuration {state}: {', '.join(f'{found[what]} {what}' for what in _COUNTED)}"
    steps = (CheckStep(step).said.english for step in texts(found, "only_online"))
    yield f"not looked at, as only `flaggermail check --online` does: {', '.join(steps)}"


def _about_the_parser(held: Mapping[str, Json]) -> Iterator[str]:
    """Yields what does not confine the parser; a process that has nothing, not even what every kernel has, is none."""
    if not any(held[barrier] for barrier in ("no_new_privileges", "landlock", "seccomp")):
        yield (
            "note: the process that parses mail does not start, so the header of each mail alone would be read; let "
            f"this account run {sys.executable}"
        )
        return
    for barrier in texts(held, "missing"):
        yield f"note: the parser runs without {barrier}: this kernel does not offer it"

# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail check`: checks the configuration, and that an officer is on call in the coming weeks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.errors import ConfigurationError
from flaggermail.oncall.schedule import gaps

if TYPE_CHECKING:
    from flaggermail.health.confinement import Confinement
    from flaggermail.settings.model import Settings

_AHEAD = timedelta(weeks=4)
_FAULTY = 2

Span = tuple[datetime, datetime]


@click.command(name="check")
@as_json_option
@click.pass_obj
def command(session: Session, *, as_json: bool) -> None:
    """Check configuration, rules, templates and rota.

    Every fault is one line on standard error (file, line, column, key, what would be right), and the exit status is 2.
    Warnings, notes about renamed keys, what the kernel of this machine takes from the process that parses mail, and
    hours of the coming four weeks without an officer on call are printed, but are not faults.

    Example: flaggermail --config /etc/flaggermail check
    """
    try:
        settings = _loaded(session)
    except ConfigurationError as error:
        if as_json:
            show_json({"faults": error.faults})
        for fault in error.faults:
            click.echo(safe_line(fault), err=True)
        raise click.exceptions.Exit(_FAULTY) from None
    from flaggermail.settings.reading import warnings
    from flaggermail.wiring import parser_confinement

    now, remarks = datetime.now(UTC), warnings(settings)
    empty = gaps(settings.rota, (), now, now + _AHEAD)
    held = parser_confinement(settings)
    if as_json:
        show_json(_document(settings, remarks, empty, held))
    else:
        click.echo(safe(_report(settings, remarks, empty, held)))


def _loaded(session: Session) -> Settings:
    """Loads the settings and everything they refer to. Raises ConfigurationError with every fault."""
    from flaggermail.notifications.draft_patterns import load_draft_patterns
    from flaggermail.settings.reading import load, rules_of
    from flaggermail.wiring import template_faults
    from flaggermail.wiring_reading import mail_words

    directory = session.directory.absolute()
    rules = rules_of(directory)
    words: tuple[str, ...] = ()
    if rules.is_dir():  # otherwise `load` reports the missing folder
        words = (*_faults(lambda: mail_words(rules)), *_faults(lambda: load_draft_patterns(rules / "drafts.yaml")))
    try:
        settings = load(directory)
        faults = (*words, *template_faults(settings))
    except ConfigurationError as error:
        faults = (*error.faults, *words)
    if faults:
        raise ConfigurationError(*faults)
    return settings


def _faults(read: Callable[[], object]) -> tuple[str, ...]:
    """Returns the faults that `read` raises."""
    try:
        read()
    except ConfigurationError as error:
        return error.faults
    return ()


def _counts(settings: Settings) -> dict[str, int]:
    return {
        "elections": len(settings.election_list),
        "platforms": len(settings.platform_list),
        "channels": len(settings.channels),
        "officers": len(settings.oncall.officers),
        "rules": len(settings.rules.rules),
    }


def _report(settings: Settings, remarks: Sequence[str], empty: tuple[Span, ...], held: Confinement) -> str:
    counted = ", ".join(f"{count} {what}" for what, count in _counts(settings).items())
    lines = [f"configuration in order: {counted}", *(f"warning: {warning}" for warning in remarks)]
    lines += [f"note: {note}" for note in settings.notes]
    lines += [f"warning: the parser runs without {barrier}: this kernel does not offer it" for barrier in held.missing]
    for begins, ends in empty:
        begin, end = (instant.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M %z") for instant in (begins, ends))
        lines.append(f"nobody is on call: {begin} to {end}")
    return "\n".join(lines)


def _document(
    settings: Settings, remarks: Sequence[str], empty: tuple[Span, ...], held: Confinement
) -> dict[str, object]:
    spans = [
        {"begins": begins.astimezone(settings.zone).isoformat(), "ends": ends.astimezone(settings.zone).isoformat()}
        for begins, ends in empty
    ]
    counts, parser = _counts(settings), asdict(held) | {"missing": held.missing}
    return {"faults": [], **counts, "warnings": remarks, "notes": settings.notes, "gaps": spans, "parser": parser}

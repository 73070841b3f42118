# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail rules`: checks the rules and explains their outcome for a mail."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.comparing import Tally
from flaggermail.cli.comparing import as_text as difference_as_text
from flaggermail.cli.documents import number, parts, text
from flaggermail.cli.explaining import as_text
from flaggermail.cli.groups import Noun
from flaggermail.cli.mail_files import base64_of, mail_files, rule_files
from flaggermail.cli.session import Session, as_json_option, show_json, show_json_line
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.errors import NotFound
from flaggermail.wording.said import countable

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

SCHEMAS = ("rules", "sample", "who", "languages")
WHO = "who.yaml"  # a folder that holds it is one of samples


@click.group(name="rules", cls=Noun)
def command() -> None:
    """Check the rules and explain their outcome for mails.

    Example: flaggermail rules test referral.eml
    """


@command.command(name="check")
@as_json_option
@click.pass_obj
def check(session: Session, *, as_json: bool) -> None:
    """Check the rules: their files, their conditions, and their outcome for the sample mails.

    Every fault is one line (file, line, column, what is wrong, what would be right), and the exit status is 1. Warnings
    are not faults.

    Example: flaggermail rules check
    """
    found = session.ask("rules check")
    remarks = parts(found, "remarks")
    faults = sum(remark["fault"] is True for remark in remarks)
    if as_json:
        show_json(found)
    else:
        for remark in remarks:
            warning = "" if remark["fault"] else "warning: "
            line = f"{remark['file']}:{remark['line']}:{remark['column']}: {warning}{remark['text']}"
            click.echo(safe_line(line), err=remark["fault"] is True)
        shown = f"{countable(found['rules']):rule|rules}, {countable(faults):fault|faults}"
        counted = f"{shown}, {countable(len(remarks) - faults):warning|warnings}"
        click.echo(f"{counted}, version {text(found, 'rules_version')[:12]}")
    if faults:
        raise click.exceptions.Exit(1)


@command.command(name="test")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line, one for each mail.")
@click.option("--all", "whole", is_flag=True, help="Show every rule passed over, with each condition.")
@click.pass_obj
def test(session: Session, paths: tuple[str, ...], *, as_json: bool, whole: bool) -> None:
    """Explain the rules' outcome for mails: the deciding rule, its matches, and the next-best rule.

    PATH is a file, a folder of .eml files, or the id of a stored message. Nothing is stored. A mail in rules/samples is
    judged with the context in its YAML file, any other mail with the current record.

    Example: flaggermail rules test rules/samples/platform-receipt.eml
    """
    for given in paths:
        for one in _explained(session, given):
            if as_json:
                show_json_line(one)
            else:
                click.echo(safe(as_text(one, whole=whole)))


def _explained(session: Session, given: str) -> Iterator[Mapping[str, Json]]:
    if not Path(given).exists():
        try:
            yield session.ask("rules test", message=given)
        except NotFound:
            mail_files([Path(given)])  # says that there is no such file either
        return
    for path in mail_files([Path(given)]):
        request = {"octets": base64_of(path)}
        if (path.parent / WHO).is_file():
            request |= {"name": path.stem, "who": base64_of(path.parent / WHO)}
            beside = path.with_suffix(".yaml")
            request |= {"given": base64_of(beside)} if beside.is_file() else {}
        yield {**session.ask("rules test", **request), "file": str(path)}


@command.command(name="compare")
@click.argument("directory", metavar="NEW_DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line, one for each message.")
@click.pass_obj
def compare(session: Session, directory: Path, *, as_json: bool) -> None:
    """List the archived messages that the rules in NEW_DIR would judge differently from the rules in force.

    Both rule sets judge each message with the same code as live mail and with the context at its arrival. The exit
    status is 1 if a clock or a case would change. An officer's corrections stay in force: such messages are only
    listed.

    Example: flaggermail rules compare /etc/flaggermail/rules-new
    """
    tally = Tally()
    for one in _differences(session, directory.absolute(), tally, bar=not as_json):
        tally.add(one)
        if as_json:
            show_json_line(one)
        else:
            click.echo(safe(difference_as_text(one)))
    if not as_json:
        click.echo(tally.line)
    if tally.clocks or tally.cases:
        raise click.exceptions.Exit(1)


def _differences(session: Session, directory: Path, tally: Tally, *, bar: bool) -> Iterator[Mapping[str, Json]]:
    """Yields the messages that differ, asking for one part of the archive after the other."""
    request: dict[str, Json] = {"name": directory.name, "files": rule_files(directory)}
    found = session.ask("rules compare", **request)
    tally.judged = number(found, "of")
    hidden = not bar or not sys.stderr.isatty()
    with click.progressbar(length=tally.judged, label="judging", file=sys.stderr, hidden=hidden) as shown:
        while True:
            yield from parts(found, "differences")
            shown.update(number(found, "judged"))
            if found["next"] is None:
                return
            found = session.ask("rules compare", **request, after=found["next"])


@command.command(name="schema")
@click.argument("name", type=click.Choice(SCHEMAS), default="rules")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, which is what it prints anyway.")
@click.pass_obj
def schema(session: Session, name: str, *, as_json: bool) -> None:
    """Print the JSON Schema with which an editor checks a file of the rules folder.

    Example: flaggermail rules schema > rules/schema.json
    """
    del as_json  # JSON is the only format
    show_json(session.ask("rules schema", name=name))

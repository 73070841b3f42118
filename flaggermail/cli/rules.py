# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail rules`: checks the rules and explains their outcome for a mail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.explaining import Explained, as_text, document
from flaggermail.cli.groups import Noun
from flaggermail.cli.mail_files import mail_files, octets_of
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.terminal import safe, safe_json, safe_line

if TYPE_CHECKING:
    from flaggermail.services import UnitOfWork

SCHEMAS = ("rules", "sample", "who", "languages")


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
    from flaggermail.settings.reading import load
    from flaggermail.wiring import rule_remarks

    settings = load(session.directory.absolute())
    remarks = rule_remarks(settings)
    faults = [remark for remark in remarks if remark.fault]
    if as_json:
        keys = ("file", "line", "column", "text", "fault")
        show_json([{key: getattr(remark, key) for key in keys} for remark in remarks])
    else:
        for remark in remarks:
            click.echo(safe_line(str(remark)), err=remark.fault)
        counted = f"{len(settings.rules.rules)} rules, {len(faults)} faults, {len(remarks) - len(faults)} warnings"
        click.echo(f"{counted}, version {settings.rules.version[:12]}")
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
    from flaggermail.cli.explaining import explained_message, explained_samples

    with session.reading() as work:
        for given in paths:
            found = [explained_message(work, given)] if _is_message(work, given) else None
            for one in found or explained_samples(work, mail_files([Path(given)]), octets_of):
                _show(one, as_json=as_json, whole=whole)


def _is_message(work: UnitOfWork, given: str) -> bool:
    from flaggermail.record.rows import StoredMessage

    return not Path(given).exists() and work.tx.get(StoredMessage, given) is not None


def _show(one: Explained, *, as_json: bool, whole: bool) -> None:
    click.echo(safe_json(json.dumps(document(one), ensure_ascii=False)) if as_json else safe(as_text(one, whole=whole)))


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
    from flaggermail.cli.comparing import Tally, compared

    tally = Tally()
    with session.reading() as work:
        for line in compared(work, directory.absolute(), tally, as_json=as_json):
            click.echo(line)
    if not as_json:
        click.echo(tally.line)
    if tally.clocks or tally.cases:
        raise click.exceptions.Exit(1)


@command.command(name="schema")
@click.argument("name", type=click.Choice(SCHEMAS), default="rules")
def schema(name: str) -> None:
    """Print the JSON Schema with which an editor checks a file of the rules folder.

    Example: flaggermail rules schema > rules/schema.json
    """
    from flaggermail.rules import models as files
    from flaggermail.yaml_files.kinds import Model

    models: tuple[type[Model], ...] = (files.RulesFile, files.SampleFile, files.WhoFile, files.LanguagesFile)
    model = dict(zip(SCHEMAS, models, strict=True))[name]
    show_json(model.model_json_schema(by_alias=True))

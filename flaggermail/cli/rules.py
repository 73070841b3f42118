# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail rules`: checks the rules and explains their outcome for a mail."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.parse import base64_of, mail_files, rule_files
from flaggermail.cli.session import Session, as_json_option, show_json, show_json_line
from flaggermail.cli.showing import minute, number, part, parts, text, texts
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.errors import NotFound
from flaggermail.wording.said import countable, counted

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


_NEAREST = 5  # rules passed over that are shown by default
_CONDITION_WIDTH = 60  # characters shown of a condition; a word list can fill a page
_USUAL = "normal"  # the priority of most mail


def outcome_text(one: Mapping[str, Json], *, whole: bool) -> str:
    """Returns outcome, deciding rule with file and line, matches, the next-best rule and rules passed over."""
    lines = [text(one, "file"), f"  is           {' + '.join(texts(one, 'kinds'))}"]
    if one["becomes"]:
        lines.append(f"  becomes      {one['becomes']}")
    lines.append(f"  known        {_describe_context(part(one, 'known') or {})}")
    lines += [f"  {line}" for line in made_by(one)]
    given = [
        ("source", text(one, "source")),
        ("case type", text(one, "case_type")),
        ("answered", text(one, "template")),
    ]
    given += [("reference", ", ".join(texts(one, "references"))), ("labels", ", ".join(texts(one, "labels")))]
    given += [("priority", text(one, "priority") if one["priority"] != _USUAL else "")]
    lines += [f"  {name.ljust(12)} {value}" for name, value in given if value]
    next_best = part(one, "next_best")
    if next_best:
        lines.append(f"  next best    {_describe_rule(next_best)}")
    lines += _passed_over_lines(parts(one, "passed_over"), next_best, whole=whole)
    return "\n".join(lines)


def made_by(found: Mapping[str, Json]) -> list[str]:
    """Returns the rules that produced the outcome, with the result of each condition."""
    made = parts(found, "made_by")
    lines: list[str] = []
    for tried in made:
        says = "decided by" if tried["decides"] else "marked by "
        lines.append(f"{says}   {_rule(tried)}")
        lines += [f"               {_condition(looked)}" for looked in parts(tried, "trace")]
    if not any(tried["decides"] for tried in made):
        lines.append("decided by   no rule: it goes to the officer's list")
    return lines


def _passed_over_lines(
    passed: Sequence[Mapping[str, Json]], next_best: Mapping[str, Json], *, whole: bool
) -> list[str]:
    """Returns the rules passed over, in order: those closest to a match, or all of them."""
    others = [tried for tried in passed if not next_best or _rule(tried) != _rule(next_best)]
    nearest = sorted(others, key=_nearness, reverse=True)[: None if whole else _NEAREST]
    lines = [f"  passed over  {_describe_rule(tried)}" for tried in others if tried in nearest]
    left = len(others) - len(lines)
    return [*lines, f"  and {left} more that missed more (--all shows them)"] if left else lines


def _nearness(tried: Mapping[str, Json]) -> tuple[int, float]:
    """Sort key: fewer failed conditions first; among equals, the larger share that held."""
    trace = parts(tried, "trace")
    failed = sum(not looked["held"] for looked in trace)
    return -failed, 1 - failed / len(trace)


def _describe_rule(tried: Mapping[str, Json]) -> str:
    if tried["held"]:
        return f"{_rule(tried)}: would match, and comes later"
    failed = (_condition(looked) for looked in parts(tried, "trace") if not looked["held"])
    return f"{_rule(tried)}: not {'; not '.join(failed)}"


def _rule(tried: Mapping[str, Json]) -> str:
    return f"{tried['file']}:{tried['line']} {tried['rule']}"


def _condition(looked: Mapping[str, Json]) -> str:
    condition = text(looked, "condition")
    if parts(looked, "within"):
        return f"{condition} ({'; '.join(map(_condition, parts(looked, 'within')))})"
    written = condition if len(condition) <= _CONDITION_WIDTH else f"{condition[:_CONDITION_WIDTH]}..."
    where = f" at {looked['where']}" if looked["where"] else ""
    return f"{written} ({text(looked, 'saw')}{where})"


def _describe_context(known: Mapping[str, Json]) -> str:
    """Describes the context of the mail."""
    words = [f"sender {known['verdict']}", "an officer's address" if known["from_officer"] else ""]
    words.append(f"platform {known['platform']}" if known["platform"] else "")
    words.append(
        "belongs to a case" if known["placed"] else "may belong to a case" if known["suggested"] else "no case"
    )
    words.append(
        f"answers {known['channel']} after {countable(known['minutes']):minute|minutes}" if known["channel"] else ""
    )
    words.append("election period" if known["period"] else "no election period")
    return ", ".join(word for word in words if word)


@dataclass
class Tally:
    """Counts the judged messages and the changes in their outcome."""

    judged: int = 0
    changed: int = 0
    clocks: int = 0
    cases: int = 0

    def add(self, difference: Mapping[str, Json]) -> None:
        """Counts a message whose outcome would change."""
        self.changed += 1
        self.clocks += bool(difference["clocks"])
        self.cases += bool(difference["cases"])

    @property
    def line(self) -> str:
        """The counts in one line."""
        return (
            f"{counted(self.judged, 'message', 'messages')} judged by both, {self.changed} otherwise: "
            f"clocks of {self.clocks}, cases of {self.cases}"
        )


def comparison_text(one: Mapping[str, Json]) -> str:
    """Returns a message that differs: what the rules in force say of it, and what the others would."""
    marks = [word for word in ("clocks", "cases") if one[word]]
    marks += ["stands by hand"] if one["by_hand"] else []
    head = f"{one['message']}  {minute(one, 'received_at')}  {text(one, 'subject')}"
    lines = [f"{head}{f'  [{chr(44).join(marks)}]' if marks else ''}"]
    for sign, name in (("-", "old"), ("+", "new")):
        outcome = part(one, name)
        lines += [f"  {sign} {outcome['says']}", *(f"      {line}" for line in made_by(outcome))]
    return "\n".join(lines)


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
                click.echo(safe(outcome_text(one, whole=whole)))


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
            click.echo(safe(comparison_text(one)))
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

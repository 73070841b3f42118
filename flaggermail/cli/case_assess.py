# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail case assess`: both steps of the assessment as a YAML form, from a file or in an editor.

A form may be partly filled in: empty answers keep their value. A form that could not be recorded is kept: see `forms`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from flaggermail.cli import forms
from flaggermail.cli.instants import shown
from flaggermail.cli.session import Session, report
from flaggermail.cli.terminal import safe_json, safe_line
from flaggermail.commands.acts import ASPECTS, Assess
from flaggermail.errors import ConfigurationError, Refusal
from flaggermail.record.rows import Case

if TYPE_CHECKING:
    from flaggermail.yaml_files.source import Fault, YamlSource

T = TypeVar("T")

CRITERIA = {
    1: "a vote becomes invalid",
    2: "another person than meant is designated",
    3: "voters lose the chance to vote",
}
OWN_MEANS = "recovery form, business support, own supplier, second administrator, police where it fits"
_KEYS = (
    ("incorrect", "(a) is it in fact incorrect or misleading? true or false"),
    ("contradicts", "the rule or source that it contradicts"),
    ("criteria", f"(b) which of {'; '.join(f'{n} {what}' for n, what in CRITERIA.items())}, as in [1, 3]"),
    ("aspects", f"any of {', '.join(ASPECTS)}, as in [{ASPECTS[0]}]"),
    ("own_attempts", "how often the referrer asked the platform, as a number; repeated means at least 2"),
    ("all_means_used", f"of a lost channel: has its owner used all own means ({OWN_MEANS})? true or false"),
    ("override_reason", "why to go on although the owner has not"),
    ("satire", "does it present itself as satire? true or false; by itself that does not exclude it"),
)


@click.command(name="assess")
@click.argument("case")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--edit", is_flag=True, help="Fill in the form in your editor ($VISUAL, $EDITOR); resumes a kept form.")
@click.option("--anew", is_flag=True, help="With --edit: discard the kept form and start again.")
@click.pass_obj
def assess(session: Session, case: str, file: Path | None, *, edit: bool, anew: bool) -> None:
    """Assess a case in two steps, with a filled-in YAML FILE or --edit. Empty answers keep their value.

    Example: flaggermail case assess VF-EP2024-0001 --edit
    """
    if edit == (file is not None) or (anew and not edit):
        raise click.UsageError("Give the assessment as either FILE or --edit.")
    if file is None:
        _assess_in_editor(session, case, anew=anew)
    else:
        report(session.act(read_form(file, case)))


def _assess_in_editor(session: Session, number: str, *, anew: bool) -> None:
    """Opens the form in the officer's editor. If the form is not recorded, for whatever reason, it is kept."""
    case, form = _form_of(session, number)
    kept = forms.kept(session.environment.settings.directory, number)
    if kept is not None and anew:
        kept.unlink()
        kept = None
    if kept is not None:
        click.echo(f"note: your form of {_kept_since(kept, session)} goes on; --anew begins another", err=True)
        if case.assessed_at is not None and case.assessed_at.timestamp() > kept.stat().st_mtime:
            click.echo(f"note: {case.assessed_by} has assessed the case since, see `case show`", err=True)
    path = kept or forms.begun(session.environment.settings.directory, number, form)
    taken = False
    try:
        click.edit(filename=str(path))
        if forms.untouched(path):
            raise Refusal(f"case {number}: the form was left as it was; nothing was recorded")
        report(session.act(read_form(path, number)))
        taken = True
    finally:
        if taken or forms.untouched(path):
            path.unlink(missing_ok=True)
        else:
            again = f"flaggermail case assess {number} --edit"
            click.echo(f"note: your form is kept; `{again}` goes on with it, in {path}", err=True)


def _kept_since(kept: Path, session: Session) -> str:
    return shown(datetime.fromtimestamp(kept.stat().st_mtime, UTC), session.zone)


def _form_of(session: Session, number: str) -> tuple[Case, str]:
    from flaggermail.commands.lookups import the_case
    from flaggermail.commands.tags import same_narrative

    with session.reading() as work:
        case = the_case(work, number)
        related = work.tx.find(Case, number=case.related)
        alike = [other for other in same_narrative(work.tx, case) if other not in related]
        return case, written_form(case, related, alike)


def written_form(case: Case, related: list[Case], alike: Sequence[Case] = ()) -> str:
    """Returns the form for `case`, filled in with the known answers, and as comments the reasoning of related cases.

    Includes the reasoning of `alike`, earlier cases on the same narrative.
    """
    comments = [f"Assessment of {case.number}: {case.title}", "What is left empty stays as it was."]
    earlier = [("Related case", other) for other in related] + [("Same narrative,", other) for other in alike]
    for what, other in earlier:
        comments.append(f"{what} {other.number}: {other.title}")
        reasoning = (
            ("criteria", ", ".join(map(str, other.criteria))),
            ("contradicts", other.contradicts),
            ("decision", other.decision),
            ("reason", other.decision_reason),
        )
        comments += [f"  {name}: {value}" for name, value in reasoning if value]
    lines = [f"# {safe_line(comment)}" for comment in comments]
    for key, words in _KEYS:
        value = getattr(case, key)
        known = "" if value is None or value == () else f" {safe_json(json.dumps(value, ensure_ascii=False))}"
        lines += ["", f"# {words}", f"{key}:{known}"]
    return "\n".join(lines) + "\n"


def read_form(path: Path, case: str) -> Assess:
    """Parses a filled-in form. Raises ConfigurationError with one line per fault."""
    from flaggermail.yaml_files.source import read

    source = read(path, str(path))
    faults = list(source.faults)
    known = tuple(key for key, _ in _KEYS)
    faults += [
        source.fault((key,), f"is not known; the form has the keys {', '.join(known)}")
        for key in source.values
        if key not in known
    ]
    answers = _FileAnswers(source, faults)
    act = Assess(
        case=case,
        incorrect=answers.one("incorrect", _boolean, "must be true or false"),
        contradicts=answers.one("contradicts", _words, "must be text"),
        criteria=answers.several("criteria", _number, "must be a list of numbers such as [1, 3]"),
        aspects=answers.several("aspects", _words, f"must be a list such as [{ASPECTS[0]}]"),
        own_attempts=answers.one("own_attempts", _number, "must be a whole number"),
        all_means_used=answers.one("all_means_used", _boolean, "must be true or false"),
        override_reason=answers.one("override_reason", _words, "must be text"),
        satire=answers.one("satire", _boolean, "must be true or false"),
    )
    if faults:
        raise ConfigurationError(*map(str, sorted(faults)))
    return act


class _FileAnswers:
    """Reads the answers of a form, converts their types, and records a fault for each wrong one."""

    def __init__(self, source: YamlSource, faults: list[Fault]) -> None:
        self._values: Mapping[str, object] = source.values
        self._source = source
        self._faults = faults

    def one(self, key: str, convert: Callable[[object], T | None], right: str) -> T | None:
        """Returns the single answer under `key`; None if it is empty."""
        value = self._values.get(key)
        if value is None:
            return None
        found = convert(value)
        if found is None:
            self._faults.append(self._source.fault((key,), f"{value!r} {right}"))
        return found

    def several(self, key: str, convert: Callable[[object], T | None], right: str) -> tuple[T, ...] | None:
        """Returns the list under `key`; None if it is empty, an empty tuple for an explicit empty list."""

        def each(value: object) -> tuple[T, ...] | None:
            entries = [convert(entry) for entry in value] if isinstance(value, list) else [None]
            kept = tuple(entry for entry in entries if entry is not None)
            return kept if len(kept) == len(entries) else None

        return self.one(key, each, right)


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _words(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

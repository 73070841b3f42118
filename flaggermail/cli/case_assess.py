# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail case assess`: both steps of the assessment as a YAML form, from a file or in an editor.

A form may be partly filled in: empty answers keep their value. A form that could not be recorded is kept: see `forms`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli import forms
from flaggermail.cli.completing import CASE
from flaggermail.cli.documents import parts, text, texts
from flaggermail.cli.session import Session, as_json_option, report_answer
from flaggermail.cli.terminal import safe_json, safe_line
from flaggermail.errors import Refusal

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


@click.command(name="assess")
@click.argument("case", type=CASE)
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--edit", is_flag=True, help="Fill in the form in your editor ($VISUAL, $EDITOR); resumes a kept form.")
@click.option("--anew", is_flag=True, help="With --edit: discard the kept form and start again.")
@as_json_option
@click.pass_obj
def assess(session: Session, case: str, file: Path | None, *, edit: bool, anew: bool, as_json: bool) -> None:
    """Assess a case in two steps, with a filled-in YAML FILE or --edit. Empty answers keep their value.

    Example: flaggermail case assess VF-EP2024-0001 --edit
    """
    if edit == (file is not None) or (anew and not edit):
        raise click.UsageError("Give the assessment as either FILE or --edit.")
    answer = _assess_in_editor(session, case, anew=anew) if file is None else _assess_from(session, case, file)
    report_answer(answer, as_json=as_json)


def _assess_from(session: Session, case: str, file: Path, **seen: Json) -> Mapping[str, Json]:
    """Records what a file says; `seen`: the version of the desk on which the answers rest, if one is known."""
    answers = session.ask("case form read", text=forms.read_filled(file), name=str(file))["answers"]
    return session.ask("case assess", case=case, **(answers if isinstance(answers, Mapping) else {}), **seen)


def _assess_in_editor(session: Session, typed: str, *, anew: bool) -> Mapping[str, Json]:
    """Opens the form in the officer's editor. If the form is not recorded, for whatever reason, it is kept."""
    asked = session.ask("case form", case=typed)
    number = text(asked, "number")
    kept = forms.kept(session.directory, number)
    if kept is not None and anew:
        kept.unlink()
        kept = None
    if kept is not None:
        _tell_of_kept(asked, kept)
    path = kept or forms.begun(session.directory, number, written_form(asked))
    with forms.edited(path, f"flaggermail case assess {number} --edit"):
        if forms.untouched(path):
            raise Refusal(f"case {number}: the form was left as it was; nothing was recorded")
        return _assess_from(session, number, path, version=asked["version"])


def _tell_of_kept(asked: Mapping[str, Json], kept: Path) -> None:
    """Says that a kept form goes on, and who has assessed the case since."""
    since = datetime.fromtimestamp(kept.stat().st_mtime).astimezone()
    shown = since.isoformat(sep=" ", timespec="minutes")
    click.echo(f"note: your form of {shown} goes on; --anew begins another", err=True)
    if asked["assessed_at"] and datetime.fromisoformat(text(asked, "assessed_at")) > since:
        click.echo(f"note: {asked['assessed_by']} has assessed the case since, see `case show`", err=True)


def written_form(asked: Mapping[str, Json]) -> str:
    """Returns the form as YAML: the questions with the known answers, and as comments what earlier cases tell."""
    comments = [f"Assessment of {asked['number']}: {asked['title']}", "What is left empty stays as it was."]
    for what, name in (("Related case", "related_cases"), ("Same narrative,", "same_narrative")):
        for other in parts(asked, name):
            comments.append(f"{what} {other['number']}: {other['title']}")
            reasoning = (
                ("criteria", ", ".join(texts(other, "criteria"))),
                ("contradicts", other["contradicts"]),
                ("decision", other["decision"]),
                ("reason", other["decision_reason"]),
            )
            comments += [f"  {said}: {value}" for said, value in reasoning if value]
    lines = [f"# {safe_line(comment)}" for comment in comments]
    for question in parts(asked, "questions"):
        answer = question["answer"]
        known = "" if answer is None or answer == [] else f" {safe_json(json.dumps(answer, ensure_ascii=False))}"
        lines += ["", f"# {question['words']}", f"{question['key']}:{known}"]
    return "\n".join(lines) + "\n"

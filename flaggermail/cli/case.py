# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail case`: the officer's work on a case, from opening to closing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from flaggermail.cli import forms
from flaggermail.cli.case_views import list_, show
from flaggermail.cli.completing import CASE, CHANNEL, DRAFT, ELECTION, OFFICER
from flaggermail.cli.groups import Noun
from flaggermail.cli.instants import INSTANT_HELP, typed_instant
from flaggermail.cli.lists import Field, ShownList
from flaggermail.cli.session import Session, as_json_option, report_answer, show_json
from flaggermail.cli.showing import choice, minute, number, part, parts, tell_who_looks, text, texts
from flaggermail.cli.showing import text as text_of
from flaggermail.cli.terminal import safe, safe_json, safe_line
from flaggermail.errors import ConfigurationError, Refusal
from flaggermail.record.case_values import COUNTS, CaseType, ContactMeans, Decision, DeclineReason, Item, Origin, Source
from flaggermail.record.kinds import PieceKind

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
    found = session.ask("case form read", text=forms.read_filled(file))
    if faults := parts(found, "faults"):
        raise ConfigurationError(*(_fault_line(file, fault) for fault in faults))
    return session.ask("case assess", case=case, **part(found, "answers"), **seen)


def _fault_line(file: Path, fault: Mapping[str, Json]) -> str:
    key = f" {fault['key']}" if fault["key"] else ""
    return f"{file}:{fault['line']}:{fault['column']}{key}: {fault['words']}"


def _assess_in_editor(session: Session, typed: str, *, anew: bool) -> Mapping[str, Json]:
    """Opens the form in the officer's editor. If the form is not recorded, for whatever reason, it is kept."""
    asked = session.ask("case form", case=typed)
    number = text(asked, "number")
    kept = forms.kept(session.place, number)
    if kept is not None and anew:
        kept.unlink()
        kept = None
    if kept is not None:
        _tell_of_kept(asked, kept)
    path = kept or forms.begun(session.place, number, written_form(asked))
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
    for what, name in (("related cases", "related_cases"), ("cases on its narratives", "same_narrative")):
        left = number(asked, f"{name}_in_all") - len(parts(asked, name))
        comments += [f"and {left} more {what}, see `flaggermail case list`"] if left else []
    lines = [f"# {safe_line(comment)}" for comment in comments]
    for question in parts(asked, "questions"):
        answer = question["answer"]
        known = "" if answer is None or answer == [] else f" {safe_json(json.dumps(answer, ensure_ascii=False))}"
        lines += ["", f"# {question['words']}", f"{question['key']}:{known}"]
    return "\n".join(lines) + "\n"


@click.group(name="case", cls=Noun)
def command() -> None:
    """Open, assess, decide and follow cases.

    Example: flaggermail case list --state open
    """


command.add_command(list_)
command.add_command(show)
command.add_command(assess)


READERS = ShownList(
    "case readers", "readers", "nobody read it in the days that are kept",
    (
        Field("hour", "hour", minute), Field("who", "name"),
        Field("read", lambda one: ", ".join(f"{read['kind']} {read['id']}" for read in parts(one, "read"))),
    ),
)  # fmt: skip


@command.lists("readers", READERS)
@click.argument("case", type=CASE)
def readers() -> None:
    """Show who read a case, or a draft or mail of it, by the hour: for the head and the privacy officer.

    Example: flaggermail case readers VF-EP2024-0001
    """


@command.acts("open")
@click.option("--election", type=ELECTION, required=True, metavar="CODE", help="The election concerned.")
@click.option("--type", "type", required=True, type=choice(CaseType), help="The type of the case.")
@click.option("--origin", required=True, type=choice(Origin), help="How the case came up.")
@click.option("--title", default="", metavar="TEXT", help="A short title. [default: the subject of the message]")
@click.option("--source", type=choice(Source), help="Who reported it.")
@click.option("--from-message", metavar="ID", help="The stored message to open it from.")
@click.option(
    "--related", type=CASE, multiple=True, metavar="CASE", help="An earlier case on the same narrative; repeatable."
)
@click.option("--past", is_flag=True, help="In an election that was closed since, for what happened then.")
def open_() -> None:
    """Open a case without a referral, or from a stored message.

    Example: flaggermail case open --election EP2024 --type D_general_warning --origin earlier_cases
    --related VF-PS2023-0001 --related VF-TK2023-0001
    """


@command.command(name="decide")
@click.argument("case", type=CASE)
@click.argument("decision", type=choice(Decision))
@click.option(
    "--reason", required=True, metavar="TEXT",
    help=f"The reason, kept in the record. With decline, one of {', '.join(DeclineReason)}.",
)  # fmt: skip
@click.option("--text", default="", metavar="TEXT", help="With decline: a further explanation to the referrer.")
@click.option("--advice", default="", metavar="TEXT", help="Advice to the referrer, if the usual one does not fit.")
@as_json_option
@click.pass_obj
def decide(session: Session, *, case: str, decision: str, reason: str, text: str, advice: str, as_json: bool) -> None:
    """Record the decision on a case: notify, decline, refer or none. The referrer is informed once.

    Example: flaggermail case decide VF-EP2024-0001 notify --reason "a vote cast that way is invalid"
    """
    if decision != Decision.DECLINE and text:
        raise click.UsageError("--text belongs to decline; write it as --reason.")
    # A ground is one word, such as single_post; anything else is the officer's own words, for the reason "other".
    words = decision != Decision.DECLINE or not (reason.isidentifier() or text)
    ground, why = (None, reason) if words else (reason, text)
    answer = session.ask("case decide", case=case, decision=decision, reason=why, advice=advice, ground=ground)
    report_answer(answer, as_json=as_json)


@command.acts("assign")
@click.argument("case", type=CASE)
@click.argument("officer", type=OFFICER)
def assign() -> None:
    """Assign a case to an officer, named by the id in oncall.yaml.

    Example: flaggermail case assign VF-EP2024-0001 officer2
    """


@command.acts("link")
@click.argument("case", type=CASE)
@click.argument("related", type=CASE, nargs=-1, required=True)
def link() -> None:
    """Link earlier cases on the same narrative.

    Example: flaggermail case link VF-EP2024-0001 VF-PS2023-0001 VF-TK2023-0001
    """


@command.command(name="tag")
@click.argument("case", type=CASE)
@click.argument("tags", nargs=-1, metavar="[TAG]...")
@click.option("--remove", multiple=True, metavar="TAG", help="Remove this narrative; repeatable.")
@as_json_option
@click.pass_obj
def tag(session: Session, case: str, tags: tuple[str, ...], remove: tuple[str, ...], *, as_json: bool) -> None:
    """Tag a case with its narratives, from the list `tags.narratives`. The case then shows earlier cases on them.

    Example: flaggermail case tag VF-EP2024-0001 two-boxes --remove wrong-day
    """
    if not tags and not remove:
        raise click.UsageError("Name a TAG, or one to --remove.")
    report_answer(session.ask("case tag", case=case, tags=tags, remove=remove), as_json=as_json)


@command.command(name="ask")
@click.argument("case", type=CASE)
@click.option("--item", "items", multiple=True, type=choice(Item), help="Ask for this; repeatable.")
@click.option("--text", type=click.File(encoding="utf-8"), help="A further question, from a file; - is standard input.")
@as_json_option
@click.pass_obj
def ask(session: Session, case: str, items: tuple[str, ...], text: TextIO | None, *, as_json: bool) -> None:
    """Ask the referrer for missing information; without --item and --text, for all that `case show` lists as missing.

    Example: flaggermail case ask VF-EP2024-0001 --item screenshot --item contact
    """
    answer = session.ask("case ask", case=case, items=items, text=text.read() if text else "")
    report_answer(answer, as_json=as_json)


@command.acts("reclassify")
@click.argument("case", type=CASE)
@click.option("--type", "type", type=choice(CaseType), help="The type of the case.")
@click.option("--source", type=choice(Source), help="Who reported it.")
def reclassify() -> None:
    """Correct the type or source of a case; the record keeps the earlier value.

    Example: flaggermail case reclassify VF-EP2024-0001 --type B_channel
    """


@command.command(name="note")
@click.argument("case", type=CASE)
@click.option("--means", required=True, type=choice(ContactMeans), help="The means of contact.")
@click.option("--text", metavar="TEXT", help="What was said or shown.")
@click.option("--file", "file", type=click.File(encoding="utf-8"), help="The text, from a file; - is standard input.")
@click.option(
    "--at", "effective_at", type=typed_instant, metavar="INSTANT",
    help=f"When it happened, if not now. {INSTANT_HELP}",
)  # fmt: skip
@click.option("--counts-as", multiple=True, type=choice(COUNTS), help="Which clocks it starts or stops; repeatable.")
@click.option("--channel", type=CHANNEL, metavar="CODE", help="The channel concerned, if several were notified.")
@as_json_option
@click.pass_obj
def note(session: Session, /, *, text: str | None, file: TextIO | None, as_json: bool, **asked: Json) -> None:
    """Record a contact by phone, portal or meeting. A note cannot be changed afterwards.

    Example: flaggermail case note VF-PS2027-0006 --means phone --at 2027-03-17T21:45 --counts-as platform_ack
    --text "They have it, a colleague is looking."
    """
    if (text is None) == (file is None):
        raise click.UsageError("Give the note with either --text or --file.")
    words = text if text is not None else file.read() if file is not None else ""
    report_answer(session.ask("case note", text=words, **asked), as_json=as_json)


@command.command(name="reply")
@click.argument("case", type=CASE)
@click.option("--to", required=True, type=click.Choice(["platform", "referrer"]), help="The recipient.")
@click.option("--channel", type=CHANNEL, metavar="CODE", help="The channel of the platform, if several were notified.")
@click.option(
    "--text", required=True, type=click.File(encoding="utf-8"), help="The text, from a file; - is standard input."
)
@as_json_option
@click.pass_obj
def reply(session: Session, case: str, to: str, channel: str | None, text: TextIO, *, as_json: bool) -> None:
    """Write a follow-up mail. It does not count as a notification and starts no clock.

    A mail to a platform needs approval like a notification; a mail to the referrer is sent at once.

    Example: flaggermail case reply VF-EP2024-0001 --to platform --text answer.txt
    """
    if to == "referrer":
        if channel is not None:
            raise click.UsageError("A referrer has no channel: leave out --channel.")
        answer = session.ask("case reply", case=case, text=text.read())
    else:
        answer = session.ask("notify", case=case, channel=channel or "", text=text.read(), follow_up=True)
    report_answer(answer, as_json=as_json)


@command.command(name="text")
@click.argument("draft", type=DRAFT)
@click.option(
    "--difference",
    is_flag=True,
    help="How it differs from its template and from the draft before it, instead: {+added+}, [-removed-].",
)
@as_json_option
@click.pass_obj
def text_(session: Session, draft: str, *, difference: bool, as_json: bool) -> None:
    """Print a notification as a platform reads it: to approve it, paste it into a portal, or read it out by phone.

    Example: flaggermail case text VF-EP2024-0001/1
    """
    found = session.ask("case text", draft=draft, difference=difference)
    if as_json:
        show_json(found)
        return
    tell_who_looks(found)
    for one in parts(found, "differences") if difference else ():
        click.echo(f"beside {text_of(one, 'draft') or 'the template without a word of a person'}:\n")
        click.echo(safe("".join(_marked(piece) for piece in parts(one, "pieces"))))
    if not difference:
        show_wording(found)


def _marked(piece: Mapping[str, Json]) -> str:
    """Returns a piece of a difference as wdiff marks it."""
    begin, end = _MARKS.get(PieceKind(text_of(piece, "kind")), ("", ""))
    return f"{begin}{text_of(piece, 'text')}{end}"


_MARKS = {PieceKind.ADDED: ("{+", "+}"), PieceKind.REMOVED: ("[-", "-]")}


def show_wording(document: Mapping[str, Json]) -> None:
    """Prints subject and text, as they are pasted into a portal or read out."""
    click.echo(f"{safe_line(text_of(document, 'subject'))}\n\n{safe(text_of(document, 'text').strip())}")


@command.acts("close")
@click.argument("case", type=CASE)
def close() -> None:
    """Close a case; a later answer reopens it.

    Example: flaggermail case close VF-EP2024-0001
    """

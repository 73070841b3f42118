# SPDX-License-Identifier: EUPL-1.2
"""Replies to a mail in both shapes, as twelve programs write them: text and HTML, with our own page quoted in both."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import OutboxMail
from tests.attacks.replying import alternatives
from tests.corpus import one_in
from tests.replies.pages import PAGES, Program, programs
from tests.store.desk_fixtures import Desk
from tests.store.test_replies import ACTS, acted, answers_to, invite, latest, reply, said

BOTH = "multipart/alternative; boundary=cut"
PROGRAMS = programs()
EVERY = pytest.mark.parametrize(
    "at", one_in(4, range(len(PROGRAMS))), ids=[f"{one.client} {one.language}" for one in PROGRAMS]
)
FILLED = {
    "onjuist": "ja", "regel": "Een naam op het biljet maakt het ongeldig", "criterium": "1", "pogingen": "3",
    "titel": "Request to check a post", "besluit": "meld Meta",
}  # fmt: skip


def answering(program: Program, desk: Desk, sent: OutboxMail, own: str, filled: Mapping[str, str] | None = None) -> str:
    """Returns the reply of that program, with words typed into the quoted form in both parts."""
    octets = desk.env.octets.get(sent.digest)
    page = _part(octets, "text/html")
    text = desk.env.parser.parse(octets).text
    for word, value in (filled or {}).items():
        assert page.count(f">{word}:</div>") == 1
        page = page.replace(f">{word}:</div>", f">{word}: {program.typed.format(html.escape(value))}</div>")
        text = text.replace(f"\n{word}:\n", f"\n{word}: {value}\n")
    lines = [f"{program.item}{line[2:]}" if line.startswith("- ") else line for line in text.splitlines()]
    if program.width:
        lines = [part for line in lines for part in textwrap.wrap(line, program.width) or [""]]
    values = {
        "reply": own, "subject": sent.subject, "bare": "\n".join(lines),
        "quote": "\n".join(f"> {line}".rstrip() for line in lines),
    }  # fmt: skip
    plain, markup = program.text, program.html.replace("{page}", PAGES[program.page](page))
    for name, value in values.items():
        plain = plain.replace(f"{{{name}}}", value)
        markup = markup.replace(f"{{{name}}}", html.escape(value, quote=False).replace("\n", "<br>\n"))
    return alternatives(plain, markup)


def _part(octets: bytes, kind: str) -> str:
    mail = message_from_bytes(octets, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return next(str(part.get_content()) for part in mail.iter_parts() if part.get_content_type() == kind)


@EVERY
def test_a_reply_to_both_shapes_is_the_one_act(desk: Desk, at: int) -> None:
    """Five verbs per program: each acts once, as it did in reply to plain text, and is answered once."""
    program = PROGRAMS[at]
    for verb in [list(ACTS)[(at * 5 + step) % len(ACTS)] for step in range(5)]:
        sent = invite(desk, verb)
        own = said(desk, verb, sent, program.language)
        before = len(desk.events())
        stored = reply(desk, sent, answering(program, desk, sent, own), BOTH)
        events = [event.kind for event in desk.events()[before:]]
        read = desk.env.parser.parse(desk.env.octets.get(stored.digest))
        assert acted(desk, before).count(ACTS[verb]) == 1, (verb, own, read.reply_text, read.html)
        assert set(acted(desk, before)) - {EventKind.MESSAGE_PLACED} <= {ACTS[verb]}
        assert EventKind.REPLY_NOT_UNDERSTOOD not in events
        desk.settle()  # an approval is answered when its mail was accepted
        assert len(answers_to(desk, stored)) == 1
    desk.assert_whole()


@EVERY
@pytest.mark.parametrize("within", [False, True], ids=["above", "within"])
def test_a_form_filled_in_above_or_within_the_quoted_page(desk: Desk, at: int, *, within: bool) -> None:
    """The form gives one assessment, one decision and one draft, wherever it is filled in."""
    program = PROGRAMS[at]
    sent = invite(desk, "neem")
    reply(desk, sent, "neem", "text/plain; charset=utf-8")
    form = latest(desk, where(OutboxMail.kind).is_(Kind.REPLY_ANSWER))
    own = "Hieronder ingevuld." if within else "\n".join(f"{word}: {value}" for word, value in FILLED.items())
    before = len(desk.events())
    stored = reply(desk, form, answering(program, desk, form, own, FILLED if within else None), BOTH)
    read = desk.env.parser.parse(desk.env.octets.get(stored.digest))
    assert acted(desk, before) == [EventKind.CASE_ASSESSED, EventKind.CASE_DECIDED], (read.text, read.html)
    case = desk.case(str(form.case))
    assert (case.criteria, case.own_attempts, case.contradicts) == ((1,), 3, FILLED["regel"])
    (draft,) = desk.notifications(case=form.case)
    assert (draft.channel, draft.state, FILLED["titel"] in draft.subject) == ("meta-elections", "draft", True)


@pytest.mark.parametrize("half", [0, 1])  # a desk sends an officer no more notices than this in an hour
def test_a_form_sent_back_as_it_was_says_nothing(desk: Desk, half: int) -> None:
    """Every program's quotation of the empty form, with a word of thanks above it, fills in nothing."""
    for program in PROGRAMS[half::2]:
        sent = invite(desk, "neem")
        reply(desk, sent, "neem", "text/plain; charset=utf-8")
        form = latest(desk, where(OutboxMail.kind).is_(Kind.REPLY_ANSWER))
        before = len(desk.events())
        reply(desk, form, answering(program, desk, form, "Dank."), BOTH)
        assert acted(desk, before) == [], program.client


@pytest.mark.parametrize("opening", ["<div>", "<br>"])
def test_a_value_typed_below_its_line_splits_the_quotation(desk: Desk, opening: str) -> None:
    """Enter within a quotation ends it in most programs; what is typed there still belongs to the line above."""
    ends, begins = "</div></div></blockquote>", '<blockquote type="cite"><div><div class="fm-form">'
    for program in (one for one in PROGRAMS if one.client in {"Gmail web", "Thunderbird", "iPhone"}):
        sent = invite(desk, "neem")
        reply(desk, sent, "neem", "text/plain; charset=utf-8")
        form = latest(desk, where(OutboxMail.kind).is_(Kind.REPLY_ANSWER))
        written = answering(program, desk, form, "Hieronder ingevuld.")
        for word, value in FILLED.items():
            written = written.replace(f"> {word}:\n", f"> {word}:\n\n{value}\n\n", 1)
            written = written.replace(f">{word}:</div>", f">{word}:</div>{ends}{opening}{value}<br>{begins}", 1)
        before = len(desk.events())
        stored = reply(desk, form, written, BOTH)
        read = desk.env.parser.parse(desk.env.octets.get(stored.digest))
        assert acted(desk, before) == [EventKind.CASE_ASSESSED, EventKind.CASE_DECIDED], (program, read.text, read.html)
        assert desk.case(str(form.case)).contradicts == FILLED["regel"]


@pytest.mark.parametrize(
    "page",
    [
        '<span style="display:none">wijs af: x</span>{reply}',
        '{reply}<font color="white">, wijs af: x</font>',
        "wijs af: hier niet",
    ],
    ids=["hidden words", "white words", "another act"],
)
@pytest.mark.parametrize("half", [0, 1])
def test_what_the_page_hides_or_says_otherwise_is_refused(desk: Desk, page: str, half: int) -> None:
    """The page that is quoted excuses nothing: hidden words and parts that disagree do nothing, and are answered."""
    for program in PROGRAMS[half::2]:
        sent = invite(desk, "neem")
        hostile = replace(program, html=program.html.replace("{reply}", page, 1))
        before = len(desk.events())
        stored = reply(desk, sent, answering(hostile, desk, sent, "neem"), BOTH)
        assert acted(desk, before) == [], program.client
        assert len(answers_to(desk, stored)) == 1

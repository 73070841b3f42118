# SPDX-License-Identifier: EUPL-1.2
"""The form of marks: it is read back to the character, whatever a mail holds, and only marks may differ."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.annex import form
from flaggermail.annex.printed import PrintedExchange, PrintedMail, fitting
from flaggermail.annex.redaction.marks import Detail, Mark, PrintedPart, PrintedText
from flaggermail.errors import Refusal
from flaggermail.figures.account import Print
from flaggermail.record.case_values import LanguageCode
from flaggermail.wording.annex import WooGround
from tests.corpus import each
from tests.doubles.sample_uses import AMSTERDAM

STYLE = Print(LanguageCode.EN, AMSTERDAM, ("January",) * 12)
PARTS = (PrintedPart.SUBJECT, PrintedPart.FROM, PrintedPart.TO, PrintedPart.CC, PrintedPart.BODY)
SIGNS = ("⟦", "⟧", "|", "⟦(⟧", "⟦)⟧", "⟦5.1.2e|", "(⟧", "\n", "\n# a00000001 1\n", "Mail 1\n")
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=5)
TEXTS = st.lists(st.sampled_from(SIGNS) | WORDS, max_size=12).map("".join)
AT = datetime(2024, 6, 6, 8, 34, tzinfo=UTC)


def exchange(*bodies: str, subject: str = "A subject") -> PrintedExchange:
    """Returns mails with these bodies."""
    values = [(subject, "Robin Vance <r@x.example>", "a@b.example", "", body) for body in bodies]
    texts = [
        tuple(PrintedText(mail, part, 0, text) for part, text in zip(PARTS, of, strict=True))
        for mail, of in enumerate(values)
    ]
    mails = [
        PrintedMail(f"m{at}", "", ours=False, at=AT, language="en", texts=of, seals=("",) * 5, taken_out=0)
        for at, of in enumerate(texts)
    ]
    return PrintedExchange(tuple(mails))


def written(printed: PrintedExchange, marks: tuple[Mark, ...]) -> str:
    """Returns a whole form."""
    return form.head("a00000001", 3, "nl") + form.body(printed, marks, STYLE)


def read(text: str, printed: PrintedExchange, before: tuple[Mark, ...] = ()) -> tuple[Mark, ...]:
    """Returns the marks of a form."""
    return form.marks_of(form.read(text), printed, before, STYLE)


@given(st.lists(TEXTS, min_size=1, max_size=3), st.data())
def test_a_form_comes_back_as_it_was_written(bodies: list[str], data: st.DataObject) -> None:
    """Whatever the mails hold: signs of marks, lines like the head, lines like labels."""
    printed = exchange(*bodies, subject=bodies[0].replace("\n", " "))
    marks = []
    for of, text in enumerate(printed.texts):
        cuts = sorted(set(data.draw(st.lists(st.integers(0, len(text.text)), max_size=6))))
        pairs = zip(cuts[::2], cuts[1::2], strict=False)
        ground = data.draw(st.sampled_from(WooGround))
        marks += [Mark(of, start, end, ground, Detail.NAME) for start, end in pairs]
    given_marks = fitting(printed.texts, marks)
    whole = written(printed, given_marks)
    assert read(whole, printed, given_marks) == given_marks
    assert read("\ufeff" + whole.replace("\n", "\r\n") + "\r\n", printed, given_marks) == given_marks
    assert form.read(whole).revision == 3


def test_a_person_adds_removes_and_changes_marks() -> None:
    """A new mark is a person's own; one whose ground was changed keeps its kind."""
    printed = exchange("Dear Anne,\nBest,\nRobin")
    before = (
        Mark(1, 0, 11, WooGround.PERSONAL_SPHERE, Detail.NAME),
        Mark(2, 0, 11, WooGround.SECURITY, Detail.CHANNEL),
    )
    text = written(printed, before)
    changed = (
        text.replace("⟦5.1.2e|Robin Vance⟧", "⟦5.1.2i|Robin Vance⟧")
        .replace("⟦5.1.2h|a@b.example⟧", "a@b.example")
        .replace("Anne,\nBest", "⟦5.1.2e|Anne,\nBest⟧")
    )
    assert read(changed, printed, before) == (
        Mark(1, 0, 11, WooGround.GOVERNMENT_FUNCTIONING, Detail.NAME),
        Mark(4, 5, 15, WooGround.PERSONAL_SPHERE, Detail.OTHER),
    )


WRONG = {  # what a person did -> what they wrote instead of what, and the beginning of the refusal
    "a word changed": ("Dear Anne", "Dear Jane", "annex form: line 34 (mail 1, body): 'Jane,' should be 'Anne,'"),
    "a line removed": ("Best,\n", "", "annex form: line 35 (mail 1, body): 'Robin' should be 'Best,'"),
    "a space added": ("Best,\n", "Best, \n", "annex form: line 35 (mail 1, body): 'Best, ' should be 'Best,'"),
    "a label changed": ("Date received", "Date", "annex form: line 30 (a label or heading): "),
    "a subject changed": ("A subject", "a subject", "annex form: line 27 (mail 1, subject): 'a subject' should be"),
    "no such ground": ("Anne", "⟦5.1.3|Anne⟧", "annex form: line 34: '5.1.3' is no ground; write ⟦ground|words⟧, with"),
    "no ground": ("Anne", "⟦Anne⟧", "annex form: line 34: "),
    "not closed": ("Best,\nRobin", "Best,\n⟦5.1.2e|Robin", "annex form: line 36: the mark that begins there has no ⟧"),
    "closed twice": ("Anne", "⟦5.1.2e|Anne⟧⟧", "annex form: line 34: ⟧ ends no mark"),
    "one in another": ("Anne", "⟦5.1.2e|A⟦5.1.2e|nne⟧⟧", "annex form: line 34: a mark begins within the mark that"),
    "empty": ("Anne", "⟦5.1.2e|⟧Anne", "annex form: line 34: a mark without words"),
    "over a label": ("To: a@b", "⟦5.1.2e|To: a@b⟧", "annex form: line 31: the mark covers more than one value"),
    "no head": ("# a00000001 3\n", "", "annex form: line 1: does not name annex and revision"),
}


@each("what", WRONG)
def test_what_is_no_mark_is_refused_with_its_place(what: str) -> None:
    """The refusal names line, mail and part, and what should stand there."""
    right, wrong, refusal = WRONG[what]
    printed = exchange("Dear Anne,\nBest,\nRobin")
    text = written(printed, ()).replace(right, wrong, 1)
    with pytest.raises(Refusal) as caught:
        read(text, printed)
    assert str(caught.value).startswith(refusal), str(caught.value)


def test_every_ground_has_its_words() -> None:
    """The head of the form lists each ground once, and an unknown one is answered with the list."""
    assert [line.split("  ")[0] for line in form.grounds("nl")] == list(WooGround)
    with pytest.raises(Refusal, match=r"5\.1\.2e \(respect for the personal sphere\); "):
        read(written(exchange("Anne"), ()).replace("Anne", "⟦x|Anne⟧"), exchange("Anne"))


def test_a_megabyte_of_signs_is_read_in_time() -> None:
    """A hostile mail costs its length, no more."""
    printed = exchange("⟦⟧|" * 200_000 + "\n⟧" * 50_000)
    assert read(written(printed, ()), printed) == ()

# SPDX-License-Identifier: EUPL-1.2
"""The HTML part of every template, what strangers write in it, its colours, and when there is none."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.adapters.files.template_situations import variants
from flaggermail.letters.html_part import LONGEST, escape, fixed, guarded, html_part
from flaggermail.letters.template_values import LANGUAGES, PLAIN_TEMPLATES, VALUES
from flaggermail.mail.compose import Letter, compose
from flaggermail.mail.css_values import Rgb, colour, contrast
from flaggermail.mail.message import Address
from tests import both_shapes
from tests.corpus import each
from tests.unit.adapters.test_templates import DIRECTORY, TEMPLATES, values

BOTH = sorted(set(VALUES) - PLAIN_TEMPLATES)
HOSTILE = '</div></blockquote><script>x()</script><img src="https://x.example/1"> <a href="https://x.example">ok</a>'
AA = 4.5  # WCAG 2.1, success criterion 1.4.3


def octets(subject: str, body: str, language: str = "en") -> bytes:
    """Returns a mail in both shapes."""
    title = " ".join(subject.split())
    return compose(
        Letter(
            message_id="1@desk.example", date=datetime(2024, 6, 6, 8, 34, tzinfo=UTC), from_=Address("d@desk.example"),
            to=(Address("officer@desk.example"),), subject=title, body=body, flowed=True,
            html=html_part(body, language=language, title=title),
        )
    )  # fmt: skip


@given(st.text(st.sampled_from("&<>\"';#x27aé\u2028\0") | st.characters()))
def test_markup_in_a_text_is_shown_as_it_is(text: str) -> None:
    """As the standard library does it."""
    assert escape(text) == html.escape(text)


@each("name", BOTH)
@each("language", LANGUAGES)
def test_every_template_says_the_same_in_both_shapes(name: str, language: str) -> None:
    """In every variant; the page names its language, and a stranger's markup is text."""
    for changes in variants(name):
        written = {**changes, "text": f"{HOSTILE}\n\n{'word ' * 60}\n  set in", "title": HOSTILE, "sender": HOSTILE}
        filled = values(name, language, {key: value for key, value in written.items() if key in VALUES[name]})
        mail = TEMPLATES.render(name, language, guarded(name, filled))
        both_shapes.check(octets(mail.subject, mail.body, language))
        assert f'<html lang="{language}">' in html_part(mail.body, language=language, title=mail.subject)


@each("name", BOTH)
def test_a_wrapped_line_of_others_goes_on_below_its_words(name: str) -> None:
    """In every variant, the title above all else included: not below the mark, the dash, or the indent."""
    for changes in variants(name):
        mail = TEMPLATES.render(name, "nl", guarded(name, values(name, "nl", changes)))
        page = html_part(mail.body, language="nl", title=mail.subject)
        for style, words in re.findall(r"""<div style="([^"]*)">(?:<span[^>]*>)?\| (.*)""", page):
            hung, out = (int(found) for found in re.findall(r"(?:left|indent):-?(\d+)px", style))
            assert hung == out == 12 + 4 * (len(words) - len(words.lstrip(" "))) + 9 * words.startswith("- "), words
        assert all("24px;text-indent:-12px" in style for style in re.findall(r'<p[^>]*style="([^"]*)">\| ', page))


def test_an_option_is_not_broken() -> None:
    """A narrow window breaks before an option, not behind its dashes."""
    page = html_part("Kies `flaggermail approve D --reject R` (--at).\n", language="nl", title="t")
    assert re.findall(r'nowrap">([^<]*)<', page) == ["--reject", "(--at"]


def test_a_long_address_stays_behind_its_mark() -> None:
    """A narrow window breaks the address itself, and never leaves the mark of others' text alone on a line."""
    address = "https://www.tiktok.example/@stem/video/7301"
    page = html_part(f"Read:\n| {address}\n| at {address}\n", language="en", title="t")
    assert f'<span style="white-space:pre">| </span>{address}</div>' in page
    assert f">| at {address}</div>" in page


def test_a_time_stays_with_its_day() -> None:
    """A narrow window never leaves a time alone on the next line."""
    page = html_part("Sent on 6 June 2024 at 10:34; by 7 June 2024.\n", language="en", title="t")
    for whole in ("6 June 2024 at 10:34", "7 June 2024"):
        assert f'<span style="white-space:nowrap">{whole}</span>' in page


def test_a_page_shows_each_kind_of_line_as_what_it_is() -> None:
    """Paragraphs, lists, lines set in, others' text, a form line by line, and a text to copy between two rules."""
    body = (
        "One\nTwo\n\n- a\n- b\n  more\n\n  set in\n| theirs\n|\n===== form 12ab34 =====\nrule: 1 < 2\n"
        f"===== end 12ab34 =====\n{'-' * 40}\n{'word ' * 14}word\nword\n{'-' * 40}\n"
        "VF-EP2024-0001-K7QF/1 of 6 June 2024\n"
    )
    page = both_shapes.Page(html_part(body, language="en", title="T"))
    assert [line.strip() for line in page.lines if line.strip()] == [
        "One", "Two", "- a", "- b", "more", "set in", "| theirs", "===== form 12ab34 =====", "rule: 1 < 2",
        "===== end 12ab34 =====", "-" * 40, "word " * 15 + "word", "-" * 40,
        "VF-EP2024-0001-K7QF/1 of 6 June 2024",
    ]  # fmt: skip
    assert page.elements.count("span") == 2
    assert page.elements.count("blockquote") == page.elements.count("ul") == 1
    both_shapes.check(octets("T", body))


def test_lines_that_a_program_wrapped_are_one_and_a_label_begins_a_line() -> None:
    """Others' lines are joined where the next word would have been too much, and never before a label or a list."""
    full = "Als verkiezingen flagger in Nederland doen wij u via uw kanaal een kleine"
    body = "".join(
        f"| {line}\n" for line in (full, "melding. Kort.", "Nieuw", full, "Dag van stemming: vandaag", full, "- ook")
    )
    shown = [line for line in both_shapes.Page(html_part(body, language="nl", title="")).lines if line.strip()]
    assert shown == [
        f"| {full} melding. Kort.", "| Nieuw", f"| {full}", "| Dag van stemming: vandaag", f"| {full}", "| - ook",
    ]  # fmt: skip


def test_a_day_that_was_kept_whole_does_not_break_a_paragraph() -> None:
    """Our text in an approval request is wrapped before a whole day, and a narrow window wraps it anew all the same."""
    wrapped = "| am calling about European Parliament election 2024 (polling day\n| 6 June 2024).\n"
    shown = both_shapes.Page(html_part(wrapped, language="en", title="")).lines
    assert "| am calling about European Parliament election 2024 (polling day 6 June 2024)." in shown


def test_no_mark_stands_alone_on_its_line() -> None:
    """An empty line between others' paragraphs is empty on the page; in plain text it bears the mark."""
    body = "Read:\n| One.\n|\n| Two.\n"
    page = both_shapes.Page(html_part(body, language="en", title="T"))
    assert [line for line in page.lines if line.strip()] == ["Read:", "| One.", "| Two."]
    both_shapes.check(octets("T", body))


def test_the_title_above_a_mail_is_no_quotation() -> None:
    """Others' words in the first line stand in a paragraph; those further down are quoted."""
    page = html_part("| VF-1: Title\n\nOurs.\n\n| Theirs.", language="en", title="T")
    assert page.count("<blockquote") == 1
    assert page.index("| VF-1: Title</p>") < page.index("<blockquote")


@given(st.lists(st.text(alphabet="ab |->=&<\u00e9", max_size=90).map(str.rstrip), max_size=12))
def test_any_lines_give_a_page_with_the_same_words(lines: list[str]) -> None:
    """Whatever a mail contains, both parts say it."""
    body = "".join(f"{line}\n" for line in lines if not line.startswith(">"))
    both_shapes.check(octets("T", f"x\n{body}"))
    both_shapes.check(octets("T", f"| {lines[0] if lines else ''}\n\nx\n"))


def test_a_mail_that_programs_would_cut_goes_as_text_alone() -> None:
    """Programs cut an HTML mail of more than about 100 kB; then the text, which is whole, is all there is."""
    assert html_part("word " * 100, language="nl", title="")
    body = f"{'word ' * 10}\n" * (LONGEST // 50)
    assert html_part(body, language="nl", title="") == ""
    assert b"format=flowed; delsp=yes" in octets("T", body)
    assert b"text/html" not in octets("T", body)


@pytest.mark.parametrize("sheet", ["light", "dark"])
def test_every_text_has_the_contrast_that_wcag_asks(sheet: str) -> None:
    """In both modes the text stands out from the page, from the box of others' text and from the form."""
    whole = both_shapes.Page(html_part("x", language="nl", title="")).sheet
    light, dark = whole.partition("@media (prefers-color-scheme:dark)")[::2]
    rules = dict(re.findall(r"([\w.-]+)\{([^{}]*)\}", light if sheet == "light" else dark))
    (ink,) = (_rgb(value) for value in re.findall(r"(?<!-)\bcolor:(#\w+)", rules["body"]))
    for name in ("body", ".fm-others", ".fm-form"):
        (ground,) = (_rgb(value) for value in re.findall(r"background-color:(#\w+)", rules[name]))
        assert contrast(ink, ground) >= AA


def _rgb(value: str) -> Rgb:
    found = colour(value)
    assert found is not None
    return found


@each("path", sorted(DIRECTORY.glob("*/*.j2")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_paragraph_of_a_wrapped_mail_is_broken_by_hand(path: Path) -> None:
    """A paragraph over several lines of a template stands in `{% filter flow %}`, so that a program can wrap it."""
    source = re.sub(r"(?s)\{% filter flow %\}.*?\{% endfilter %\}", "\n", path.read_text("utf-8"))
    broken = [
        (line, after)
        for line, after in pairwise(source.splitlines())
        if line and not line.startswith("{%") and re.match(r" *[a-z0-9]", after)
        and not (line.startswith("  ") or after.startswith("  {{") or line.endswith(":"))
    ]  # fmt: skip
    assert not broken or path.stem in PLAIN_TEMPLATES


def test_the_same_body_is_fixed_lines_for_a_platform() -> None:
    """Mail to platforms has lines of at most 76 characters, as typed."""
    body = f"- {'word ' * 30}\n| {'word ' * 30}\nshort\n"
    assert max(map(len, fixed(body).splitlines())) <= 78
    assert fixed(body).splitlines()[1].startswith("  word")
    assert all(line.startswith("| ") for line in fixed(body).splitlines() if "|" in line)

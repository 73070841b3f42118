# SPDX-License-Identifier: EUPL-1.2
"""Every reading of an HTML mail goes by the same tags and texts, whatever its HTML is, and costs its length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.mail.hidden_html import shown
from flaggermail.mail.html_page import marks, text_of, whole_and_seen
from tests.corpus import each
from tests.pace import within

READINGS = {  # HTML, its whole text, what is surely seen
    "a sign in an attribute, which ends the tag for some": ('<p title="a>b">x</p>', 'b"x', "x"),
    "a comment within a word": ("Amster<!-- > -->dam", "Amsterdam", "Amsterdam"),
    "a script within a word": ("Amster<script>'<p>'</script>dam", "Amsterdam", "Amsterdam"),
    "a long attribute": (f'<img src="data:{"A" * 9000}">x', "x", "x"),
    "an address": ("Piet <piet@desk.example ok> schreef", "Piet <piet@desk.example ok> schreef",
                   "Piet <piet@desk.example> schreef"),
    "less than": ("1 <2 and 3 < 4", "1 <2 and 3 < 4", "1 <2 and 3 < 4"),
    "a tag that never ends": ("Ja. <p title='Nee.", "Ja. <p title='Nee.", "Ja."),
    "a tag that never ends, before others": ("Ja.<p title='<br>Nee. <b>x</b>", "Ja.<p title='\nNee. x", "Ja."),
    "a comment that never ends": ("Ja.<!-- geheim > Nee.", "Ja. Nee.", "Ja."),
    "a title that never ends": ("Ja.<title>Nee.<br>Nee.", "Ja.Nee.\nNee.", "Ja."),
    "a style that never ends, in a hidden box": ("<p hidden><style>Ja.", "Ja.", ""),
    "a closed head": ("<head><title>x</title>Nee.</head>Ja.", "Ja.", "Ja."),
    "a head that is not closed": ("<head>Nee.<body>Ja.", "Nee.\nJa.", ""),
    "a field": ("<textarea>a <b></textarea>x", "a <b>x", "x"),
}  # fmt: skip


@each("what", READINGS)
def test_a_page_is_read_as_browsers_read_it(what: str) -> None:
    """What browsers do not show, because something never ends, is text, and is not surely seen."""
    markup, whole, seen = READINGS[what]
    assert text_of(markup) == whole
    assert whole_and_seen(markup) == (whole, seen)


PIECES = st.sampled_from((
    "<p>", "</p>", "<b style='color:#fff'>", "</b>", "<p hidden>", "<title>", "</title>", "<style>", "</style>",
    "<head>", "</head>", "<a@b c>", "<textarea>", "</textarea>", "<!--", "-->", "<!", "<?", ">", "<", "</",
    "<a href='", "'>", '="', "woorden ", "&lt;", "<br>", "<td>", "x=y", "\n",
))  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join))
def test_the_marks_of_a_page_lie_in_a_row(markup: str) -> None:
    """No mark begins before the one before it ends; what is behind a doubt stays in doubt."""
    at, certain = 0, True
    for start, end, tag, inside, sure in marks(markup):
        assert at <= start < end
        assert certain or not sure
        assert tag or inside == markup[start:end]
        at, certain = end, sure


@given(st.lists(PIECES, max_size=40).map("".join))
def test_what_is_surely_seen_is_text(markup: str) -> None:
    """Each sign that is surely seen is in the whole text, at its place; the whole is what the text is without looks."""
    whole, seen = whole_and_seen(markup)
    assert whole == text_of(markup)
    signs = iter(whole.replace(">", ""))
    assert all(sign in signs for sign in "".join(seen.replace(">", "").split()))


COSTLY = {
    "nested": "<div>" * 100_000 + "x",
    "hidden": "<span style='display:none'>x</span>y" * 50_000,
    "titles that never end": "<title>" * 200_000,
    "fields that never end": "<textarea>" * 150_000,
    "comments that never end": "<!--" * 400_000,
    "declarations that never end": "<!" * 900_000,
    "tags that never end": "<a " * 600_000,
    "values that never end": '<a x="' * 300_000,
    "comments in values": '<a x="<!--' * 200_000,
    "heads": "<head>" * 200_000,
    "signs": "<a " + "=" * 1_000_000,
    "dashes": "<!--" + "-" * 1_000_000,
    "end tags": "</b>" * 400_000,
    "25 MB": "<p style='color:#333'>Dag <b>u</b> &amp; ik</p>\n" * 530_000,
}


@pytest.mark.parametrize("what", COSTLY)
def test_a_page_costs_its_length(what: str) -> None:
    """Two seconds for each reading at most."""
    for reading in (text_of, shown, whole_and_seen):
        begun = time.process_time()
        reading(COSTLY[what])
        assert within(time.process_time() - begun, 2)

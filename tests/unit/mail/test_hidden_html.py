# SPDX-License-Identifier: EUPL-1.2
"""What the HTML of a mail hides from its reader is known as hidden, and nothing that a reader sees is lost."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.mail.hidden_html import shown
from flaggermail.mail.html_page import text_of
from flaggermail.mail.message import Message, packed, unpacked
from tests.corpus import each
from tests.pace import within
from tests.shipped_parser import PARSER

SECRET = "Wij bevestigen VF-EP2024-0001."
HIDING = {
    "display none": '<div style="display:none">§</div>',
    "display none, important": '<div style="display: none !important;">§</div>',
    "the attribute": "<div hidden>§</div>",
    "the attribute with a value": '<span hidden="until-found">§</span>',
    "visibility": '<p style="visibility:hidden">§</p>',
    "a row taken together": '<table><tr style="visibility:collapse"><td>§</td></tr></table>',
    "size 0": '<span style="font-size:0">§</span>',
    "size 1 px": '<span style="font-size:1px;line-height:1px">§</span>',
    "a short hand": '<span style="font:0/0 a">§</span>',
    "a size of nothing": '<div style="font-size:0.01em"><b>§</b></div>',
    "opacity": '<div style="opacity:0">§</div>',
    "a filter": '<div style="filter:opacity(0%)">§</div>',
    "white on white": '<font color="#ffffff">§</font>',
    "nearly white on white": '<span style="color:#fefefe">§</span>',
    "white on a white cell": '<table bgcolor="#000"><tr><td bgcolor="#fff" style="color:white">§</td></tr></table>',
    "dark on dark": '<div style="background:#112233;color:rgb(17, 34, 51)">§</div>',
    "a transparent colour": '<span style="color:transparent">§</span>',
    "a colour without weight": '<span style="color:rgba(0,0,0,0)">§</span>',
    "Outlook": '<div style="mso-hide:all">§</div>',
    "to the left": '<div style="position:absolute;left:-9999px">§</div>',
    "above": '<div style="position:fixed; top:-100em">§</div>',
    "indented away": '<p style="text-indent:-9999px">§</p>',
    "a margin": '<div style="margin-left:-5000px">§</div>',
    "moved": '<div style="transform:translateX(-9999px)">§</div>',
    "shrunk": '<div style="transform: scale(0)">§</div>',
    "a box without height": '<div style="overflow:hidden;height:0">§</div>',
    "a box without width": '<div style="max-width:0px;overflow:hidden"><p>§</p></div>',
    "a preheader": '<div style="display:none;font-size:1px;max-height:0;max-width:0;opacity:0;overflow:hidden">§</div>',
    "cut away": '<div style="position:absolute;clip:rect(0 0 0 0)">§</div>',
    "cut away by a path": '<div style="clip-path: inset(100%)">§</div>',
    "template": "<template><p>§</p></template>",
    "a list of suggestions": "<datalist><option>§</option></datalist>",
    "a class": "<style>.x {display:none}</style><div class='y x'>§</div>",
    "an id": "<style>#x {visibility:hidden}</style><div id=x>§</div>",
    "an element": "<style>blockquote {font-size:0}</style><blockquote>§</blockquote>",
    "an element with a class": "<style>div, p.x {display:none}</style><p class=x>§</p>",
    "within another": "<style>.a .b {display:none}</style><div class=a><p><span class=b>§</span></p></div>",
    "a part of a class": "<style>td.x[title] {display:none}</style><table><td class=x title=y>§</td></table>",
    "on a wide window": "<style>@media screen and (min-width:600px){.x{display:none}}</style><p class=x>§</p>",
    "not on paper": "<style>@media not print{.x{display:none}}</style><p class=x>§</p>",
    "of a class that is supported": "<style>@supports (color:red){.x{display:none}}</style><p class=x>§</p>",
    "all of one colour": "<body bgcolor=#ffffff text=#ffffff>§</body>",
    "a box of an old attribute": '<table><tr><td height="0" style="overflow:hidden">§</td></tr></table>',
    "around a word": "<ruby>a<rp>§</rp></ruby>",
    "a rule that comes late": "<div class=a><div><style>.a p{color:#fff}</style><p>§</p></div></div>",
    "an important rule": "<style>.x{display:none !important}</style><p class=x style='display:block'>§</p>",
    "an escape": '<div style="d\\69splay:none">§</div>',
    "a reference": '<div style="&#100;isplay:none">§</div>',
    "within hidden": '<div style="display:none"><div style="display:block">§</div></div>',
    "not closed": "<p>Seen</p><div style='display:none'>§",
}
SEEN = {
    "white on a dark cell": '<table bgcolor="#15202b"><tr><td><table><tr><td style="color:#fff">§</td></tr></table>',
    "white on a dark class": "<style>.d{background:#000}.w{color:#fff}</style><div class=d><p class=w>§</p></div>",
    "a picture behind it": '<div style="background:url(dark.png) #fff; color:#fff">§</div>',
    "an old picture": '<table background="dark.png"><tr><td style="color:#fff">§</td></tr></table>',
    "a gradient": '<div style="background-image:linear-gradient(#000,#333)"><span style="color:#fff">§</span></div>',
    "half of black": '<div style="background:rgba(0,0,0,.5);color:#fff">§</div>',
    "a dark window": "<body bgcolor=black>§</body>",
    "a colour that nobody knows": '<div style="background:midnightblue;color:white">§</div>',
    "a link among white": '<div style="color:white"><a href="#">§</a></div>',
    "light grey": '<span style="color:#bbb">§</span>',
    "sizes set anew": '<td style="font-size:0;line-height:0"><span style="font-size:14px">§</span></td>',
    "visible again": '<div style="visibility:hidden"><p style="visibility:visible">§</p></div>',
    "a narrow window": "<style>@media (max-width:480px){.x{display:none !important}}</style><p class=x>§</p>",
    "in the dark": "<style>@media (prefers-color-scheme:dark){p{color:#fff}}</style><p>§</p>",
    "on paper": "<style>@media print{p{display:none}}</style><p>§</p>",
    "not on this screen": "<style>@media not screen{p{display:none}}</style><p>§</p>",
    "where nobody points": "<style>@media not all and (hover:hover){p{display:none}}</style><p>§</p>",
    "where somebody points": "<style>@media (hover:hover){p{display:none}}</style><p>§</p>",
    "another element": "<style>.x{display:none} p.y{display:none} .z .y{display:none}</style><div class=y>§</div>",
    "a class that is not written out": "<style>p. , . x, p..x, .{display:none}</style><p class=x>§</p>",
    "directly within another": "<style>.a > .b{display:none}</style><div class=a><p><b class=b>§</b></p></div>",
    "the weaker rule": "<style>#a{display:block}.x{display:none}</style><p class=x id=a>§</p>",
    "its own declaration": "<style>.x{display:none}</style><p class=x style='display:block'>§</p>",
    "the later one": '<p style="display:none;display:block">§</p>',
    "beside the element of a rule within": (
        "<div><style>.a p{color:#fff}</style><div class=a bgcolor=#000>x</div><div class=b><p>§</p></div></div>"
    ),
    "a pointer over it": "<style>p:hover{display:none}</style><p>§</p>",
    "struck through": "<s>§</s>",
    "an indented list": '<p style="margin-left:36.0pt;text-indent:-18.0pt">§</p>',
    "a centred box": '<div style="position:relative;left:50%;margin-left:-300px">§</div>',
    "a box that shows what is too high": '<div style="height:1px">§</div>',
    "a box of its width": '<div style="overflow:hidden;width:600px;max-height:none">§</div>',
    "a cell of one per cent": '<td style="width:1%;overflow:hidden;white-space:nowrap">§</td>',
    "no line height": '<div style="line-height:0">§</div>',
    "behind a hidden cell": '<table><tr><td style="display:none">x<td>§</table>',
    "behind a hidden paragraph": '<p style="display:none">x<div>§</div>',
    "behind a hidden picture": '<img style="display:none" src="x"><p>§</p>',
    "for every program but Outlook": "<!--[if !mso]><!--><p>§</p><!--<![endif]-->",
    "behind a broken comment": '<!--><p style="color:#000">§</p>',
    "one opaque colour": '<span style="color:rgba(0,0,0,.87)">§</span>',
    "a scale of one": '<div style="transform:scale(1);zoom:1">§</div>',
    "Outlook's own": "<style>p.MsoNormal{mso-style-unhide:no;color:windowtext}</style><p class=MsoNormal>§</p>",
}


@each("how", HIDING)
def test_hidden_text_is_no_text(how: str) -> None:
    """It is in neither text nor reply, and nothing else is lost; it is kept beside them."""
    markup = f"<html><body><p>Goedendag,</p>{HIDING[how].replace('§', SECRET)}</body></html>"
    text, hidden = shown(markup)
    assert "VF-EP" not in text
    assert text.startswith("Goedendag,")
    assert " ".join(words.strip() for _, words in hidden) == SECRET


@each("how", SEEN)
def test_text_that_a_reader_sees_stays(how: str) -> None:
    """Colours of cells within cells, pictures, rules for other windows: each doubt counts as seen."""
    markup = f"<html><body><p>Goedendag,</p>{SEEN[how].replace('§', SECRET)}</body></html>"
    text, _ = shown(markup)
    assert SECRET in text, text


@each("what", ["iframe", "noembed", "noframes", "script", "title"])
def test_what_no_program_shows_is_no_text(what: str) -> None:
    """Browsers show the content of these elements never, so it is neither text nor hidden text."""
    assert shown(f"<p>Goedendag</p><{what}>{SECRET}</{what}><p>Robin</p>") == ("Goedendag\n\nRobin", ())


def html_mail(markup: str) -> Message:
    """Returns a mail with this HTML alone, as it is parsed."""
    mail = EmailMessage()
    mail["From"] = "Robin <robin@platform.example>"
    mail["To"] = "flagger@kiesraad.example"
    mail["Subject"] = "Answer"
    mail.set_content(markup, subtype="html")
    read = PARSER.parse(mail.as_bytes())
    assert unpacked(packed(read)) == read
    return read


def test_a_hidden_quotation_is_none() -> None:
    """Neither a number, nor an acknowledgement, nor our own words count where nobody reads them."""
    quoted = f"<blockquote>On Thursday the desk wrote: {SECRET}</blockquote>"
    mail = html_mail(f"<p>We look into it.</p><div style='opacity:0'>We removed it.{quoted}</div><p>Robin</p>")
    assert mail.text == "We look into it.\n\nRobin"
    assert mail.reply_text.splitlines()[0] == "We look into it."
    assert mail.unseen == ((18, f"We removed it.\nOn Thursday the desk wrote: {SECRET}\n"),)
    assert mail.defects == ("hidden text",)


def test_words_put_back_give_the_whole() -> None:
    """A hidden line ends with its line end, words within a line do not."""
    markup = "<p>Dear <span hidden>dr. </span>Anne,</p><div hidden>One<br>two</div><p>Best</p><i hidden>Three</i>"
    text, hidden = shown(markup)
    assert text == "Dear Anne,\n\nBest"
    for at, words in reversed(hidden):
        text = text[:at] + words + text[at:]
    assert text == "Dear dr.Anne,\n\nOne\ntwo\nBest\nThree"


def test_a_copy_with_other_hidden_words_is_another_mail() -> None:
    """What is hidden tells two mails apart, as all of their text did."""
    one, other = (html_mail(f"<p>Seen</p><p hidden>{words}</p>") for words in ("one", "two"))
    assert one.text == other.text
    assert one.content_key != other.content_key


PIECES = st.sampled_from((
    "<div style='display:none'>", "</div>", "<p>", "</p>", "<td bgcolor=white style='color:#fff'>", "</td>", "<table>",
    "</table>", "<blockquote>", "</blockquote>", "<style>.a{opacity:0}", "</style>", "<b class=a>", "</b>", "words ",
    "&nbsp;", "<", "<!--", "-->", "<br>", "\n", "\ufdd0", "\ufdd1", "x > y", "<a href='", "'>",
))  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join))
def test_nothing_is_lost_or_added(markup: str) -> None:
    """Whatever the HTML is, text and hidden text together hold every character of all of it."""
    text, hidden = shown(markup)
    for at, words in reversed(hidden):
        assert 0 <= at <= len(text)
        text = f"{text[:at]} {words} {text[at:]}"
    whole = text_of(markup.replace("\ufdd0", "").replace("\ufdd1", ""))
    assert "".join(text.replace(">", "").split()) == "".join(whole.replace(">", "").split())


COSTLY = {
    "tags": "<b style='display:none'>x" * 40_000,
    "cells": "<td style='display:none'>x" * 40_000,
    "rules": f"<style>{'.a .b .c{color:#fff}' * 5_000}</style>" + "<b class='a b c'>x" * 20_000,
    "classes": f"<style>{'.a{color:#fff}' * 2_000}</style>" + f"<b class='{'a ' * 10_000}'>x" * 50,
    "deep rules": f"<style>{'.a > .b > .c{}' * 2_000}</style>" + "<div class=c>" * 20_000 + "x",
    "comments": "<!--" * 100_000 + "<p hidden>x",
    "braces": f"<style>{'@media{' * 30_000}</style><p hidden>x",
    "selectors": f"<style>{'a,' * 90_000}b{{color:red}}</style><p hidden>x",
    "attributes": f"<p {'a=b ' * 100_000}hidden>x",
    "signs": "<p hidden>" + "\ufdd0x\ufdd1 " * 100_000,
    "lines": "<p hidden>x</p>\n" * 40_000,
}


@pytest.mark.parametrize("what", COSTLY)
def test_a_hostile_page_costs_its_length(what: str) -> None:
    """A second for each megabyte at most."""
    begun = time.process_time()
    shown(COSTLY[what])
    assert within(time.process_time() - begun, 2 * max(1.0, len(COSTLY[what]) / 1e6))

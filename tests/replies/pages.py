# SPDX-License-Identifier: EUPL-1.2
"""How mail programs quote the HTML part of our mail in a reply: what they keep, rename and rewrite."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter
from ruamel.yaml import YAML


@dataclass(frozen=True)
class Program:
    """A program's reply to a mail in both shapes: its text and its HTML.

    `text` and `html` hold {reply}; `text` {quote} or {bare} of our text, `html` {page}, our HTML as `page` keeps it.
    `item` is how the program writes a list item in text, `width` where it wraps quoted lines (0: nowhere).
    """

    client: str
    language: str
    text: str
    html: str
    page: str
    item: str = "- "
    width: int = 0
    typed: str = "{}"  # how the program marks up what is typed within the quotation


def inner(markup: str, element: str) -> str:
    """Returns what stands between the tags of the element."""
    found = re.search(rf"(?s)<{element}[^>]*>(.*)</{element}>", markup)
    assert found is not None
    return found[1]


def whole(markup: str) -> str:
    """The head's elements and the body's: Apple Mail, Thunderbird, K-9, Samsung."""
    return inner(markup, "head") + inner(markup, "body")


def without_sheet(markup: str) -> str:
    """The body alone, its classes renamed, its style attributes kept: Gmail."""
    return f"<u></u>{inner(markup, 'body').replace('fm-', 'm_4711fm-')}"


def prefixed(markup: str) -> str:
    """The sheet in a comment and the classes with a prefix: new Outlook and Outlook on the web."""
    sheet = inner(markup, "style").replace(".fm-", ".x_fm-").replace("body{", "body.x{")
    return f'<style type="text/css">\n<!--\n{sheet}\n-->\n</style>{inner(markup, "body").replace("fm-", "x_fm-")}'


def in_yahoo(markup: str) -> str:
    """The sheet's rules below an identifier, the classes with its name: Yahoo."""
    sheet = re.sub(r"(?m)^(body|\.fm-)", r"#yiv77 \1", inner(markup, "style")).replace(".fm-", ".yiv77fm-")
    return f'<div id="yiv77"><style>{sheet}</style><div>{inner(markup, "body").replace("fm-", "yiv77fm-")}</div></div>'


_OF_WORD = (
    (r'<p style="[^"]*">', "<p style='mso-margin-top-alt:0cm;margin-bottom:12.0pt;margin-left:0cm'>"),
    (r'<ul style="[^"]*">', "<ul style='margin-top:0cm' type=disc>"),
    (r"<li>", "<li class=MsoNormal style='mso-list:l0 level1 lfo1'>"),
    (r"</(li|p)>", r"<o:p></o:p></\1>"),
    (r'<span style="white-space:nowrap">(.*?)</span>', r"\1"),
    (
        r'<div style="(?:font-family|padding-left)[^"]*">(.*?)</div>',
        r"<p class=MsoNormal style='line-height:200%'><span style='font-family:Consolas'>\1<o:p></o:p></span></p>",
    ),
    (r'<div class="fm-form"[^>]*>', "<div style='background:#FFF4CC;padding:6.0pt 9.0pt 6.0pt 9.0pt'>"),
    (r"<blockquote [^>]*>", "<blockquote style='margin-top:0cm;background:#F0F2F5'>"),
    (r'<div class="fm-mail"[^>]*>', "<div style='max-width:480.0pt'>"),
    (r"([^<>\n]{60,75}) ", r"\1\n"),
)


def in_word(markup: str) -> str:
    """Paragraphs of Word's own, the sheet's colours as attributes, lines wrapped anywhere: Outlook on a desktop."""
    page = inner(markup, "body")
    for ours, words in _OF_WORD:
        page = re.sub(ours, words, page)
    return page


PAGES: Mapping[str, Callable[[str], str]] = {
    "whole": whole, "without sheet": without_sheet, "prefixed": prefixed, "yahoo": in_yahoo, "word": in_word,
}  # fmt: skip


def programs() -> list[Program]:
    """Returns the table of `multipart.yaml`."""
    path = Path(__file__).with_name("multipart.yaml")
    return TypeAdapter(list[Program]).validate_python(YAML(typ="safe", pure=True).load(path.read_text("utf-8")))

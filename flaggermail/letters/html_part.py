# SPDX-License-Identifier: EUPL-1.2
"""The HTML part of a mail to officers and referrers: a rendered body, with the same words in the same lines.

Nothing in it is hidden, fetched or run, and nothing is a link: replies are refused if they contain text that a reader
does not see, and a stranger's address must not look like ours. No colour is set on an element, so that programs which
drop the style sheet, or darken mail by themselves, keep a readable text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from html import escape
from itertools import groupby

LONGEST = 100_000  # octets: some programs show no more of an HTML mail, so that a longer one goes as text alone

_OTHERS, _ITEM, _INDENTED = "|", "- ", "  "
_FORM_MARK = re.compile(r"=+ \S+ [0-9a-f]{6} =+")

_SHEET = """\
:root{color-scheme:light dark}
body{color:#1b1b1b;background-color:#ffffff}
.fm-others{background-color:#f2f4f7;border-color:#6b7686}
.fm-form{background-color:#fff8e1;border-color:#8a6d00}
@media (prefers-color-scheme:dark){
body{color:#ececec;background-color:#17191c}
.fm-others{background-color:#24282e;border-color:#8b97a8}
.fm-form{background-color:#332c14;border-color:#d9b64a}
}
@media (max-width:480px){
.fm-mail{padding:8px}
}"""
_MAIL = "max-width:640px;padding:16px;font:16px/1.5 Calibri,'Segoe UI',Helvetica,Arial,sans-serif"
_PARAGRAPH = "margin:0 0 16px"
_LIST = "margin:0 0 16px;padding-left:24px"
_SET_IN = "margin:0 0 16px 24px"
_BLOCK = "margin:0 0 16px;padding:8px 12px;border-left:4px solid"
_OTHERS_LINE = "padding-left:12px;text-indent:-12px;white-space:pre-wrap;overflow-wrap:anywhere"
_FORM_LINE = "font-family:Consolas,Menlo,monospace;line-height:2;overflow-wrap:anywhere"


class _Block(Enum):
    """What a run of lines is."""

    EMPTY = 0
    PARAGRAPH = 1
    LIST = 2
    SET_IN = 3
    OTHERS = 4
    FORM = 5


def html_part(body: str, *, language: str, title: str) -> str:
    """Returns `body` as an HTML document with that `title`; empty if it would be longer than `LONGEST`."""
    blocks = "\n".join(_written(kind, lines) for kind, lines in _blocks(body))
    page = (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="supported-color-schemes" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_SHEET}\n</style>\n</head>\n"
        f'<body>\n<div class="fm-mail" style="{_MAIL}">\n{blocks}\n</div>\n</body>\n</html>\n'
    )
    return page if len(page.encode("utf-8", "replace")) <= LONGEST else ""


def _blocks(body: str) -> Iterator[tuple[_Block, list[str]]]:
    """Yields the runs of lines of one kind, without the empty lines between them."""
    for kind, run in groupby(_lines(body), key=lambda line: line[0]):
        if kind is not _Block.EMPTY:
            yield kind, [line for _, line in run]


def _lines(body: str) -> Iterator[tuple[_Block, str]]:
    """Yields each line with its kind; a line set in below a list item belongs to the list."""
    kind, in_form = _Block.EMPTY, False
    for line in body.splitlines():
        if _FORM_MARK.fullmatch(line):
            in_form = not in_form
            kind = _Block.FORM
        elif in_form:
            kind = _Block.FORM
        elif not line:
            kind = _Block.EMPTY
        elif line.startswith(_OTHERS):
            kind = _Block.OTHERS
        elif line.startswith(_ITEM) or (line.startswith(_INDENTED) and kind is _Block.LIST):
            kind = _Block.LIST
        else:
            kind = _Block.SET_IN if line.startswith(_INDENTED) else _Block.PARAGRAPH
        yield kind, line


def _written(kind: _Block, lines: Sequence[str]) -> str:
    """Returns a run of lines as one element."""
    match kind:
        case _Block.LIST:
            inside = "".join(f"<li>{_broken(item)}</li>\n" for item in _items(lines))
            return f'<ul style="{_LIST}">\n{inside}</ul>'
        case _Block.OTHERS:
            inside = "".join(f'<div style="{_OTHERS_LINE}">{escape(line)}</div>\n' for line in lines)
            return f'<blockquote class="fm-others" style="{_BLOCK}">\n{inside}</blockquote>'
        case _Block.FORM:
            inside = "".join(f'<div style="{_FORM_LINE}">{escape(line)}</div>\n' for line in lines)
            return f'<div class="fm-form" style="{_BLOCK}">\n{inside}</div>'
        case _:
            style = _SET_IN if kind is _Block.SET_IN else _PARAGRAPH
            return f'<p style="{style}">{_broken([line.strip(" ") for line in lines])}</p>'


def _items(lines: Sequence[str]) -> list[list[str]]:
    """Returns the lines of each list item, without its dash and indent."""
    items: list[list[str]] = []
    for line in lines:
        if line.startswith(_ITEM):
            items.append([])
        items[-1].append(line[len(_ITEM) :])
    return items


def _broken(lines: Sequence[str]) -> str:
    return "<br>\n".join(escape(line) for line in lines)

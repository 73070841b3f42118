# SPDX-License-Identifier: EUPL-1.2
"""The lists in a dossier that a person reads: each as plain text and as HTML without script or remote content.

Everything in them may come from strangers: the text shows invisible characters, the HTML escapes every sign that acts.
Links lead to files of the dossier only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from flaggermail.mail.case_numbers import ALPHABET, LENGTH

_KEY = re.compile(r"(?:(?<![0-9A-Za-z])vf\.|\+)[0-9a-f]{32}(?![0-9A-Za-z])", re.IGNORECASE)
KEY_SHOWN = "[key]"
# Unicode general categories: control, format (bidirectional and invisible characters), surrogate, separators of lines.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    """Shows control, bidirectional and invisible characters as `<U+202E>`; keeps line breaks and tabs."""
    return "".join(
        f"<U+{ord(sign):04X}>" if unicodedata.category(sign) in _UNSEEN and sign not in "\n\t" else sign
        for sign in text
    )


def visible_line(text: str) -> str:
    """Does the same for one line, with a space for each line break or tab."""
    return visible(" ".join(text.split()))


class Keys:
    """Hides the keys in our own words: a mail that bears one is filed, or acts in somebody's name.

    They are the reply keys in Message-IDs and reply addresses, and the tails of case numbers (`prefixes` begin them).
    """

    def __init__(self, *prefixes: str) -> None:
        begins = "|".join(map(re.escape, prefixes))
        number = rf"(?<![A-Za-z0-9])((?:{begins})-[A-Z0-9]{{1,24}}-[0-9]{{1,9}})-[{ALPHABET}]{{{LENGTH}}}"
        self._tailed = re.compile(rf"{number}(?![A-Za-z0-9])", re.IGNORECASE)

    def hidden(self, text: str) -> str:
        """Returns the text without keys: a tail is left out, a reply key is replaced by `[key]`."""
        return self._tailed.sub(r"\1", _KEY.sub(KEY_SHOWN, text))


_STYLE = (
    "body{font:1rem/1.5 sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#111;background:#fff}"
    "table{border-collapse:collapse;width:100%;margin:0 0 2rem}"
    "caption{font-weight:bold;text-align:left;font-size:1.2rem;margin:0 0 .5rem}"
    "th,td{border:1px solid #767676;padding:.35rem .5rem;text-align:left;vertical-align:top}"
    "th{white-space:nowrap}td{overflow-wrap:anywhere;hyphens:auto;min-width:6.5rem}"
    "@media(max-width:48rem){table,caption,tbody,tr,th,td{display:block}thead{display:none}"  # a telephone: row by row
    "th,td{border:0;padding:.1rem 0}tr{border-bottom:1px solid #767676;padding:.5rem 0}"
    "td[data-head]::before{content:attr(data-head) ': '}td:empty{display:none}}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class DossierLink:
    """A file of the dossier beside a list, and the words that lead to it."""

    path: str
    words: str


Cell = str | Sequence[str | DossierLink]


@dataclass(frozen=True, slots=True)
class DossierTable:
    """A table with its heading; `empty` is said where it has no rows."""

    heading: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    empty: str


@dataclass(frozen=True, slots=True)
class DossierPage:
    """A list: its title, facts by name, and tables."""

    language: str
    title: str
    facts: Sequence[tuple[str, Cell]]
    tables: Sequence[DossierTable]
    keys: Keys

    def shown(self, text: str) -> str:
        """Returns a text of strangers as one line, without keys."""
        return visible_line(self.keys.hidden(text))

    def flat(self, cell: Cell) -> str:
        """Returns a cell as plain text."""
        pieces = [cell] if isinstance(cell, str) else cell
        return "; ".join(
            self._linked(piece) if isinstance(piece, DossierLink) else self.shown(piece) for piece in pieces
        )

    def _linked(self, link: DossierLink) -> str:
        return link.path if link.path.endswith(link.words) else f"{link.path} ({self.shown(link.words)})"

    def marked(self, cell: Cell) -> str:
        """Returns a cell as HTML."""
        pieces = [cell] if isinstance(cell, str) else cell
        return "<br>".join(
            f'<a href="{escape(piece.path)}">{escape(self.shown(piece.words))}</a>'
            if isinstance(piece, DossierLink)
            else escape(self.shown(piece))
            for piece in pieces
        )


def as_text(page: DossierPage) -> bytes:
    """Returns the page as plain text in UTF-8: one line a fact, one block a row."""
    title = page.shown(page.title)
    lines = [title, "=" * len(title), ""]
    lines += [f"{name}: {page.flat(cell)}" for name, cell in page.facts if cell]
    for table in page.tables:
        lines += ["", table.heading, "-" * len(table.heading)]
        for row in table.rows:
            lines += ["", *_block(page, table.heads, row)]
        lines += [] if table.rows else [table.empty]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _block(page: DossierPage, heads: Sequence[str], row: Sequence[Cell]) -> Iterator[str]:
    """Yields a row as lines, the first cell at the margin."""
    for at, (head, cell) in enumerate(zip(heads, row, strict=True)):
        if cell:
            yield f"{'    ' if at else ''}{head}: {page.flat(cell)}"


def as_html(page: DossierPage) -> bytes:
    """Returns the page as one HTML document in UTF-8 (no script, nothing fetched)."""
    title = escape(page.shown(page.title))
    lines = [
        "<!DOCTYPE html>",
        f'<html lang="{escape(page.language)}">',
        f'<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{_STYLE}</style></head>",
        f"<body><main><h1>{title}</h1>",
    ]
    lines += [f"<p><strong>{escape(name)}:</strong> {page.marked(cell)}</p>" for name, cell in page.facts if cell]
    for table in page.tables:
        lines += _table(page, table)
    return ("\n".join([*lines, "</main></body></html>"]) + "\n").encode("utf-8", "replace")


def _table(page: DossierPage, table: DossierTable) -> Iterator[str]:
    if not table.rows:
        yield f"<h2>{escape(table.heading)}</h2><p>{escape(table.empty)}</p>"
        return
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in table.heads)
    # The roles are written out: a table that is shown row by row would be none to some programs.
    yield f'<table role="table"><caption>{escape(table.heading)}</caption><thead><tr>{heads}</tr></thead><tbody>'
    for first, *others in table.rows:
        cells = "".join(
            f'<td role="cell" data-head="{escape(head)}">{page.marked(cell)}</td>'
            for head, cell in zip(table.heads[1:], others, strict=True)
        )
        yield f'<tr role="row"><th role="rowheader" scope="row">{page.marked(first)}</th>{cells}</tr>'
    yield "</tbody></table>"

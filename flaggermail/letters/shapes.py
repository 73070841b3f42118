# SPDX-License-Identifier: EUPL-1.2
"""The two shapes of a mail: plain text of fixed lines, or paragraphs that a reader's program wraps.

A rendered body has one line for each paragraph, list item and form line, as format=flowed and `html_part` take it;
`fixed` breaks the lines for mail to platforms. Others' text is broken already, so that each line of it bears its mark
whatever program shows it.
"""

from __future__ import annotations

import re
import textwrap

MARK = "| "  # of others' text; not ">": some mail programs on phones hide quoted lines
WIDTH = 76  # RFC 5322, section 2.1.1 advises 78; two are left for a quote mark
_DAY = re.compile(r"\b(\d{1,2}) (\w{1,30}) (\d{4})\b")
_INDENT = re.compile(r"[| ]*(?:- )?")


def fixed(body: str) -> str:
    """Breaks lines beyond the width at a space, repeating the mark of others' text and the indent of a list."""
    return "".join(f"{_within_width(line)}\n" for line in body.splitlines())


def _within_width(line: str) -> str:
    if len(line) <= WIDTH + (len(MARK) if line.startswith(MARK) else 0):  # a line that fitted before it was marked
        return line
    indent = _INDENT.match(line)
    return wrapped(line, indent[0].replace("-", " ") if indent else "")


def wrapped(text: str, indent: str = "", width: int = WIDTH) -> str:
    """Wraps one line of text to the width, with `indent` before the second and later lines.

    Breaks at spaces only and never within a date, so that a search for `6 June 2024` finds it.
    """
    whole_days = _DAY.sub("\\1\x1f\\2\x1f\\3", text)
    lines = textwrap.wrap(whole_days, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\x1f", " ")

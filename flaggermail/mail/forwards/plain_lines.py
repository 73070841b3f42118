# SPDX-License-Identifier: EUPL-1.2
"""Tells, in one look at each line of a text, at which lines certainly nothing but the writer's own words stand.

Most lines of most mails are such lines. To the functions that search for other mail, signatures and notices they are
the short way: of any other line, and of a text with unusual characters, those functions find out themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from flaggermail.mail.forwards.boilerplate import TRACKER
from flaggermail.mail.vocabulary import DASHES, Language, folded, seen

_LONGEST = 200  # characters: no function that a plain line is spared reads fewer of a line and decides by its end
# What a header line, a quotation, an address, a date, a time or the end of an attribution line has.
_SIGN = re.compile(r"[\d:>@\uff1a\u2026]")
_ENDS = ("...", "--")  # other ends of an attribution line

_COLLAPSED = ("  ", " \n", "\n ", "\t", *"\r\x0b\x0c\x1c\x1d\x1e\x1f")  # white space that `folded` would change


@dataclass(frozen=True, slots=True)
class PlainLines:
    """Lines of one text, each as it is written there."""

    no_mail: frozenset[str] = frozenset()
    """At these no quotation, forward or printed header begins, whatever stands below."""
    no_end: frozenset[str] = frozenset()
    """At these no signature, footer or closing begins, and no notice that is known by its first words."""


NONE = PlainLines()


def plain_lines(lines: Sequence[str], language: Language) -> PlainLines:
    """Returns the plain ones among `lines`; none if the text has characters that are folded in several steps."""
    text = "\n".join(["", *lines, ""])
    if not text.isascii() and (seen(text) != text or not unicodedata.is_normalized("NFC", text) or TRACKER in text):
        return NONE
    no_mail, no_end = [], []
    marks, openers, begins_end = language.mark_lines, language.opener_words, language.end_starts.of
    fold = str.lower if text.isascii() and not any(blank in text for blank in _COLLAPSED) else folded
    for line in lines:
        small = fold(line)
        if not small:
            no_mail.append(line)
        elif len(line) <= _LONGEST and small[0].isalnum():
            if "http" not in small and not begins_end(small):
                no_end.append(line)
            if (
                _SIGN.search(line) is None
                and small.partition(" ")[0] not in openers
                and not small.endswith(_ENDS)
                and small.strip(DASHES) not in marks
            ):
                no_mail.append(line)
    return PlainLines(frozenset(no_mail), frozenset(no_end))

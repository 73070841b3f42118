# SPDX-License-Identifier: EUPL-1.2
"""A code with nothing but consent around it: the usual forms in which people write "approved" on a phone.

A word that is none of consent, a question mark or a second code makes the line something else: it is then not
understood, and no code is tried.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_NL = frozenset({"akkoord", "goedgekeurd", "goed", "prima", "ja", "oke", "accoord", "ik", "ga", "hierbij", "is", "de"})
_EN = frozenset({"approve", "approved", "agree", "agreed", "yes", "okay", "fine", "i", "the"})
_EITHER = frozenset({"ok", "code"})
_WORDS = re.compile(r"[^\W_]+")
_CODE = re.compile(r"[A-Z0-9]{6}")
_BLOCK = re.compile(r"[A-Z0-9]{3}")  # of a code that is written in two halves, as apps show it


@dataclass(frozen=True, slots=True)
class Consent:
    """A code, and the language of the words around it (None without any that tell)."""

    code: str
    language: str | None


def code_in(line: str) -> Consent | None:
    """Returns the code of a line that holds a code, words of consent, punctuation and emoji, and nothing else."""
    if "?" in line:
        return None
    decomposed = unicodedata.normalize("NFKD", line)
    plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    words = _WORDS.findall(plain.replace("'", ""))
    left = [word.upper() for word in words if word.casefold() not in _NL | _EN | _EITHER]
    halves = len(left) == 2 and all(_BLOCK.fullmatch(half) for half in left)  # noqa: PLR2004 - two halves of a code
    code = "".join(left) if halves or len(left) == 1 else ""
    if not _CODE.fullmatch(code):
        return None
    said = {word.casefold() for word in words}
    return Consent(code, "nl" if said & _NL else "en" if said & _EN else None)

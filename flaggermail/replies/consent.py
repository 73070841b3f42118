# SPDX-License-Identifier: EUPL-1.2
"""A code with nothing but consent around it: the usual forms in which people write "approved" on a phone.

A word that is no consent, a question mark or a second code makes the line something else: it is then not understood,
and no code is tried.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from flaggermail.replies.first_line import Line
from flaggermail.replies.phrases import ENDS, GAP, GREETED, LONGEST, pattern_of, without_name

_NL = (
    "[helemaal ](akkoord|accoord)[ met]", "hierbij", "ik ga[ hierbij] (akkoord|accoord)", "goedgekeurd", "[is ]goed",
    "[ik ]geef akkoord", "[ik ]keur[ (het|dit)] goed",
    "prima", "ja", "oke", "[er]mee eens", "bevestigd", "(mag|kan) (weg|verstuurd worden)", "[(de|mijn) ]code is",
)  # fmt: skip
_EN = (
    "[i ](approve|agree)", "approved", "agreed", "yes", "okay", "fine", "confirmed", "go ahead", "[ok ]to send",
    "good to go", "the code is", "my code is",
)  # fmt: skip
_EITHER = ("ok", "code")
LENGTH = 6  # signs of a code
_MOST = 5  # phrases before the code, and as many behind it
_PHRASE = "|".join(map(pattern_of, (*_NL, *_EN, *_EITHER)))
_CODE = r"[\"']?(?P<code>[a-z0-9]{3}[ .-]?[a-z0-9]{3})[\"']?"  # in two halves, as apps show it
_CODED = re.compile(
    f"(?:{GAP})?{GREETED}(?P<before>(?:(?:{_PHRASE}){GAP}){{0,{_MOST}}}){_CODE}"
    f"(?P<behind>(?:{GAP}(?:{_PHRASE})){{0,{_MOST}}}){ENDS}"
)
_ALONE = re.compile(f"(?:{GAP})?{GREETED}(?P<before>(?:{_PHRASE})(?:{GAP}(?:{_PHRASE})){{0,{_MOST}}}){ENDS}")
_LETTERS = re.compile(r"[a-z]+")
_DAY = re.compile(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])")


@dataclass(frozen=True, slots=True)
class Consent:
    """A code, empty if there is none, the language of the words around it (None without any that tell), and a day.

    The day (ISO 8601) is that on which a policy was read, repeated by the approver; empty without one.
    """

    code: str
    language: str | None
    day: str = ""


def code_in(line: Line, names: Collection[str] = ()) -> Consent | None:
    """Returns the code of a line that holds a code, words of consent, a day, punctuation and emoji, and nothing else.

    The writer's own `names`, folded, may end it.
    """
    if len(line.plain) > LONGEST:
        return None
    days, plain = _DAY.findall(line.plain), _DAY.sub(" ", line.plain)
    if len(days) > 1 or consent_alone(line, names) is not None:
        return None
    found = _CODED.fullmatch(plain) or _CODED.fullmatch(without_name(plain, names))
    if found is None:
        return None
    code = re.sub(r"[ .-]", "", found["code"]).upper()
    return Consent(code, _language(f"{found['before']} {found['behind']}"), *days)


def consent_alone(line: Line, names: Collection[str] = ()) -> Consent | None:
    """Returns the consent in a line that lacks the code."""
    plain = line.plain
    if len(plain) > LONGEST:
        return None
    found = _ALONE.fullmatch(plain) or _ALONE.fullmatch(without_name(plain, names))
    return Consent("", _language(found["before"])) if found is not None else None


def _words(phrases: Collection[str]) -> frozenset[str]:
    return frozenset(_LETTERS.findall(" ".join(phrases))) - {"code"}


def _language(said: str) -> str | None:
    words = set(_LETTERS.findall(said))
    return "nl" if words & (_words(_NL) - _words(_EN)) else "en" if words & (_words(_EN) - _words(_EITHER)) else None

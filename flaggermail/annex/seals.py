# SPDX-License-Identifier: EUPL-1.2
"""Marks as a row holds them, and the seals that show whether a text is still the one in which they were set.

A mark is a place: characters of a printed text. If another version of the parser reads a mail otherwise, the same place
holds other words, so every text is sealed, and an annex whose seals do not fit is refused.

A seal is a digest keyed with the octets of the mail. A salt in the record would let anybody who reads the record and
the published text try names until one fits; the octets hold words that nobody guesses (keys of ours, traces of servers,
signatures), and when they are destroyed, the seals say nothing any more.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from flaggermail import __version__
from flaggermail.annex.redaction.marks import Detail, Mark, PrintedText, WooGround
from flaggermail.annex.redaction.words_left import LeftWord
from flaggermail.errors import Refusal
from flaggermail.wording.annex import NoAnnex

PARSER = f"flaggermail {__version__}, mail-parser {version('mail-parser')}"


def seal(octets: bytes, at: datetime, text: PrintedText) -> str:
    """Returns the seal of a printed text of the mail with these octets, printed with the instant `at`."""
    key = hashlib.sha256(b"annex\0" + octets).digest()
    sealed = "\0".join((text.part, str(text.number), at.astimezone(UTC).isoformat(), text.text))
    return hmac.new(key, sealed.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def written(marks: Sequence[Mark], kept: Iterable[LeftWord] = ()) -> str:
    """Returns marks as the row holds them: JSON lists of text, start, end, ground and kind, in order.

    A list of three is a place where a person left a word that no list knows.
    """
    places = [[one.of, one.start, one.end, one.ground, one.detail] for one in sorted(marks)]
    return json.dumps([*places, *map(list, sorted(kept))])


def read(stored: str) -> tuple[Mark, ...]:
    """Returns the marks of a row."""
    return tuple(
        Mark(of, start, end, WooGround(ground), Detail(detail))
        for of, start, end, *taken in json.loads(stored)
        if taken
        for ground, detail in [taken]
    )


def kept(stored: str) -> frozenset[LeftWord]:
    """Returns the places of a row where a person left a word that no list knows."""
    return frozenset(LeftWord(of, start, end) for of, start, end, *taken in json.loads(stored) if not taken)


def fitting(texts: Sequence[PrintedText], marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Returns the marks in order. Raises Refusal for one outside of its text, or over another."""
    found = tuple(sorted(marks))
    for at, mark in enumerate(found):
        inside = 0 <= mark.of < len(texts) and 0 <= mark.start < mark.end <= len(texts[mark.of].text)
        before = found[at - 1] if at else None
        if not inside or (before is not None and before.of == mark.of and mark.start < before.end):
            raise Refusal(NoAnnex.MARK_OUTSIDE(number=at + 1))
    return found

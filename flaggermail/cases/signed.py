# SPDX-License-Identifier: EUPL-1.2
"""Who signed a mail, and their telephone number: what an officer needs to phone the referrer at night.

It is read from below the closing line, before any forwarded or quoted mail. It proves nothing about the sender.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from flaggermail.cases.checklist import numbers_in
from flaggermail.mail.vocabulary import DASHES, LABELS, Language, folded

_SENDER = LABELS[0]
_READ = 400  # lines of a mail in which the closing is looked for
_LINES = 12  # below the closing
_LONGEST = 60  # characters of a name
_NAME = re.compile(r"[^\W\d_][\w.'\u2019 -]+", re.UNICODE)
_PARTED = re.compile(r"\s*(?:[|,;/\u2022\u00b7]|\s-\s)\s*")


@dataclass(frozen=True, slots=True)
class Signer:
    """A name and a telephone number as they were written; either may be empty."""

    name: str
    phone: str


def signature_of(text: str, language: Language, ours: Collection[str] = ()) -> Signer | None:
    """Returns the signature in the text of a mail; None without any. `ours` are numbers of the desk, left out."""
    own = list(takewhile(lambda line: not _begins_another(line, language), islice(text.splitlines(), _READ)))
    closed = next(
        ((at, rest) for at, line in enumerate(own) if (rest := _behind_closing(line, language)) is not None), None
    )
    if closed is None:
        return None
    at, rest = closed
    below = [line.strip() for line in (rest, *own[at + 1 : at + 1 + _LINES]) if line.strip()]
    name = next((name for line in below if (name := _name_in(line))), "")
    phone = next((number for line in below for number in numbers_in(line, ours)), "")
    return Signer(name, phone) if name or phone else None


def _behind_closing(line: str, language: Language) -> str | None:
    """Returns what stands behind the closing in its own line; None if the line is no closing."""
    words = line.strip()
    for closing in sorted(_closings_of(words, language), key=len, reverse=True):
        rest = words[len(closing) :]
        if not rest or not rest[0].isalnum():
            rest = rest.lstrip(" ,.!-:")
            return rest if not rest or rest[0].isupper() else None
    return None


def _closings_of(words: str, language: Language) -> Iterator[str]:
    small = folded(words)
    return (closing for closing in language.closings if small.startswith(closing))


def _begins_another(line: str, language: Language) -> bool:
    """True for a line that begins a quoted or forwarded mail."""
    small = folded(line.strip())
    label = small.strip("* ").partition(":")[0].strip("* ") if ":" in small else ""
    return (
        small.startswith(">")
        or small.strip(DASHES) in language.mark_lines - {""}
        or (small.startswith("-----") and any(mark in small for mark in language.mark_lines - {""}))
        or language.labels.get(label) == _SENDER
    )


def _name_in(line: str) -> str:
    """Returns the name with which a line begins; empty for an address, a number or a sentence."""
    first = _PARTED.split(line, maxsplit=1)[0]
    words = first.split()
    is_name = len(first) <= _LONGEST and _NAME.fullmatch(first) is not None and first[0].isupper()
    return first if is_name and len(words) > 1 and not any(sign in first for sign in "@:") else ""

# SPDX-License-Identifier: EUPL-1.2
"""Who signed a mail, and their telephone number: what an officer needs to phone the referrer at night.

Read from below a closing ("Met vriendelijke groet"), else from the short lines at the end of the writer's own words:
many who write on a telephone close with nothing. It proves nothing about the sender.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, takewhile

from flaggermail.cases.checklist import numbers_in
from flaggermail.mail.forwards.attribution_line import quote_mark
from flaggermail.mail.vocabulary import DASHES, LABELS, Language, folded

_SENDER = LABELS[0]
_LINES_READ = 400  # lines of a mail in which a signature is looked for
_LINES = 12  # of a signature
_LONGEST = 60  # characters of a name
_LONGEST_LINE = 90  # characters of a line of a signature
_NAME_WORDS, _PROSE_WORDS = 7, 6  # most words of a name; least words of a line of prose that ends as a sentence does
_FULL = 2  # words of a full name, initials included
_EDGE = " \t*_-~/|\u2022\u00b7\u2013>,.:;!"
# Between the parts of a line; "(Bram)" within a name is none.
_PARTED = re.compile(r"\s*(?:[|,;:\t\u2022\u00b7]|\s[-\u2013\u2014/]\s|\s{3,}|\((?![^\W\d_]+\)\s+[^\W\d_]))\s*")
_SENTENCES = re.compile(r"(?<=[.!?,])\s+(?=\S)")
_ENDS = (".", "!", "?", ":")
_WORD = re.compile(r"\([^\W\d_]+\)|['\u2019]?[^\W\d_][\w'\u2019.\u2010\u2011-]*")


@dataclass(frozen=True, slots=True)
class Signer:
    """A name and a telephone number as they were written; either may be empty."""

    name: str
    phone: str


def signature_of(text: str, language: Language, ours: Collection[str] = ()) -> Signer | None:
    """Returns the signature in the text of a mail; None without any. `ours` are numbers of the desk, left out."""
    own = list(_own(text, language))
    closed, at_end = list(_below_closings(own, language)), _at_end(own)
    ways = (
        ((_full_name(block, language), block) for block in closed),
        ((_first_name(block, language), block) for block in closed),
        [(_full_name(at_end, language), at_end)] if _is_signed(at_end, own, language) else [],
        [(_first_name(apart, language), apart) for apart in [_apart(own, ours)]],
    )
    unsigned = closed[0] if closed else [line for line in at_end if not line.endswith(_ENDS)]
    name, block = next((found for found in chain.from_iterable(ways) if found[0]), ("", unsigned))
    phone = next((number for line in block for number in numbers_in(line, ours)), "")
    return Signer(name, phone) if name or phone else None


def _own(text: str, language: Language) -> Iterator[str]:
    """Yields the lines above any quoted or forwarded mail, without those that a device adds."""
    lines = list(islice(text.splitlines(), _LINES_READ))
    for at, line in enumerate(lines):
        small = folded(line)
        if _begins_another(small, language) or quote_mark(lines, at, language):
            return
        if not language.device_starts.has_beginning_of(small):
            yield line.strip()


def _begins_another(small: str, language: Language) -> bool:
    """True for a folded line that begins a quoted or forwarded mail."""
    mark = small.strip(DASHES)
    label = small.strip("* ").partition(":")[0].strip("* ") if ":" in small else ""
    return (
        small.startswith(">")
        or (mark != "" and mark in language.mark_lines)
        or (small.startswith("-----") and any(mark in small for mark in language.mark_lines - {""}))
        or language.labels.get(label) == _SENDER
    )


def _below_closings(own: Sequence[str], language: Language) -> Iterator[list[str]]:
    """Yields what is below each closing and beside it, the last one first."""
    for at in range(len(own) - 1, -1, -1):
        rest = _behind_closing(own[at], language)
        if rest is not None:
            below = takewhile(lambda line: not _is_prose(line), filter(None, (rest, *own[at + 1 :])))
            yield list(islice(below, _LINES))


def _behind_closing(line: str, language: Language) -> str | None:
    """Returns what is behind a closing in its line, which may begin within the line; None without a closing."""
    parts = _SENTENCES.split(line)
    for at, part in enumerate(parts):
        words = part.lstrip(_EDGE)
        for closing in language.parting_starts.beginning(folded(words)):
            rest = words[len(closing) :]
            if not rest[:1].isalnum():
                rest = rest.strip(_EDGE).removeprefix("van ").removeprefix("from ")
                behind = " ".join((rest, *parts[at + 1 :])).strip()
                return None if _is_prose(f"{behind}.") and not numbers_in(behind) else behind
    return None


def _at_end(own: Sequence[str]) -> list[str]:
    """Returns the short lines at the end, or the last sentence of a mail of one line; never the first line of many."""
    written = [line for line in own if line]
    block: list[str] = []
    for line in reversed(written[1:]):
        if len(line) > _LONGEST_LINE and not block and not numbers_in(line):
            continue  # a notice
        if _is_prose(line) or line.endswith(":") or len(block) == _LINES:
            break
        block.insert(0, line)
    last = _SENTENCES.split(written[len(written) - len(block) - 1])[-1] if len(block) < len(written) else ""
    return block or ([last] if last else [])


def _is_signed(block: Sequence[str], own: Sequence[str], language: Language) -> bool:
    """True if lines at the end are a signature: with a number or an institution, or two below an empty line."""
    text = " ".join(block)
    named = bool(numbers_in(text)) or any(_is_no_name(word, language) for word in text.split())
    first = own.index(block[0]) if block and block[0] in own else 0
    return named or (0 < len(block) <= _FULL and first > 0 and not own[first - 1])


def _apart(own: Sequence[str], ours: Collection[str]) -> list[str]:
    """Returns the last paragraph if it is one line and numbers, below others; empty for any other."""
    written = "\n".join(own).strip().rpartition("\n\n")
    block = written[2].strip().splitlines() if written[1] else []
    return block if all(numbers_in(line, ours) for line in block[1:]) else []


def _is_prose(line: str) -> bool:
    """True for a line that no signature has: a long one, or a sentence or its beginning of several words."""
    return len(line) > _LONGEST_LINE or (line.endswith(_ENDS) and len(line.split()) >= _PROSE_WORDS)


def _full_name(block: Sequence[str], language: Language) -> str:
    """Returns the first name of two words or more in the parts of these lines; empty without one."""
    parts = (part.strip(_EDGE) for line in block for part in _PARTED.split(line))
    return next((name for part in parts if len((name := _name_in(part, language)).split()) >= _FULL), "")


def _first_name(block: Sequence[str], language: Language) -> str:
    """Returns the one word with which a block begins as a name; one in small letters only beside a number."""
    first = _PARTED.split(block[0])[0].strip(_EDGE) if block else ""
    words = first.split()
    letters = list(takewhile(str.isalpha, words))
    if letters and first.islower() and len(letters) <= _FULL and numbers_in(block[0]):
        return "" if any(_is_no_name(word, language) for word in letters) else " ".join(letters)
    name = _name_in(first, language)
    return name if len(name) > 1 and (len(words) == 1 or words[1][:1].isdigit()) else ""


def _name_in(part: str, language: Language) -> str:
    """Returns the name with which a part of a line begins, up to a number or an institution; empty for a sentence."""
    words: list[str] = []
    capitals = 0
    for word in part.split():
        small = folded(word).strip(".()")
        link = small in language.name_links
        if _WORD.fullmatch(word) is None:
            break
        if _is_no_name(word, language) and not (capitals and folded(words[-1]) in language.name_links):
            break
        if not link and not word.lstrip("('\u2019")[:1].isupper():
            return ""
        capitals += not link
        words.append(word)
    name = " ".join(words).strip(_EDGE)
    spelled = any(len(word.strip("().")) > 1 and "." not in word.strip("().") for word in words)
    whole = capitals >= _FULL or (capitals == 1 and (len(words) == len(part.split()) or len(words) > 1))
    fits = whole and spelled and len(words) <= _NAME_WORDS and len(name) <= _LONGEST
    return name if fits and folded(words[-1]).strip(".") not in language.name_links else ""


def _is_no_name(word: str, language: Language) -> bool:
    """True for a word of an institution, a function, a label or a greeting, also as either end of a longer one."""
    small = folded(word).strip(".()")
    return (
        small in language.no_names or small.startswith(language.no_name_stems) or small.endswith(language.no_name_stems)
    )

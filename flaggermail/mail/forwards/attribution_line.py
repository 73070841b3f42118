# SPDX-License-Identifier: EUPL-1.2
"""The line that a mail program puts above a quotation: "On Monday at 10:34 Jane Doe <ADDRESS> wrote:"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flaggermail.mail.forwards.header_blocks import LONGEST_MARK, TIME, is_quoted, unquoted
from flaggermail.mail.message import Address
from flaggermail.mail.vocabulary import Language, folded, seen

_DIGIT = re.compile(r"\d")
_DAY = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?\d{2}")  # the year of an instant
_ENDS = re.compile(r"(?:[:\uff1a\u2026]|\.{3}|-{2,})\s*\Z")
_DASHED = re.compile(r"[ \t>]{0,8}-{3,}[^-].{3,200}[^-]-{3,}[ \t]*\Z")
_EDGE = " \t\u00a0-*_"
_MOST_LINES = 5
_MOST_EMPTY = 2  # between the lines of one mark, where HTML was torn apart at a link
# GroupWise puts name, address and instant between arrows
# Old Gmail: "2024-06-06 10:34 GMT+02:00 Jane Doe", "2024/6/6 Jane Doe <ADDRESS>", without verb and colon
_ENDLESS = re.compile(r"(?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}[ \t](?:.{1,200}@.{1,200}>|.{0,20}(?:GMT|UTC).{2,200})\Z")
_ARROWS = re.compile(r"[ \t]{0,8}>>>[ \t].{3,300}\d.{0,40}>>>[ \t]*\Z")

# In "On 28/10/2021 12:46, Jane Doe <ADDRESS> wrote:" the instant ends with the time.
_INSTANT = re.compile(
    r"\d.{0,60}?(?<![\d.])\d{1,2}(?::\d{2}(?::\d{2})?|\.\d{2}(?![\d.])|\s?h\s?\d{2})(?:\s?[AP]M)?", re.IGNORECASE
)
_ZONE = re.compile(
    r"\A[\s,]*(?:\(?(?:[A-Z]{1,3}T|ME?S?Z)\)?(?:[+-]\d{1,2})?|(?:GMT|UTC)?[+-]\d{2}:?\d{2})(?=[\s,])[\s,]*"
)
_ADDRESS = re.compile(r"[<(\[]{1,2}\s?(?:mailto:)?([^\s<>()\[\]]{1,250}@[^\s<>()\[\]]{1,250})")
_BARE = re.compile(r"[^\s<>()\[\],;:]{1,250}@[^\s<>()\[\],;:]{1,250}")
_BEFORE_ADDRESS = re.compile(r"[^,:\d<>()]{0,80}\Z")
_QUOTES = "\"'\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb \t\u00a0,;:.\uff1a\uff0c\u3001\u2013\u2014-"
_LONGEST_DAY = 30  # characters of "Thu, Jun " before the first digit of an instant


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a quote line says: the author, and the instant as it is printed (None where there is none)."""

    author: Address
    date: str | None


def quote_mark(lines: Sequence[str], start: int, language: Language) -> int:
    """How many lines from `start` make up a quote line; 0: none.

    The instant is not read, so it does not matter what a gateway made of the no-break space in it. Looks at seven lines
    and 400 characters at most, so a text costs no more than its length.
    """
    first = lines[start]
    if not first.strip() or len(first) > LONGEST_MARK:
        return 0
    text, empty = seen(unquoted(first)).strip(_EDGE), 0
    if (found := _by_its_form(lines, start, text, language)) is not None:
        return int(found)
    if _ENDS.search(seen(first.rstrip())[-6:]):
        below = _quoted_below(lines, start + 1)
        return 1 if _introduces(text, language, torn=False, quoted_below=below) else 0
    opened = _may_open(text, language)
    for at in range(start + 1, min(start + _MOST_LINES + _MOST_EMPTY, len(lines)) if opened else 0):
        if not lines[at].strip():
            empty += 1
            if empty > _MOST_EMPTY or TIME.search(text) is None:
                return 0
            continue
        if at - start - empty >= _MOST_LINES or len(text) + len(lines[at]) > LONGEST_MARK:
            return 0
        if _begins_anew(text, lines, at, language):
            return 0
        text = f"{text} {seen(unquoted(lines[at])).strip()}"
        if _ENDS.search(text[-6:]):
            below = _quoted_below(lines, at + 1)
            return at - start + 1 if _introduces(text, language, torn=empty > 0, quoted_below=below) else 0
    return 0


def _by_its_form(lines: Sequence[str], start: int, text: str, language: Language) -> bool | None:
    """Whether the line at `start` is one, where it has a form of its own; nothing where it has none."""
    first = lines[start]
    if _ARROWS.match(first):
        return "@" in first or TIME.search(first) is not None
    if _DASHED.match(first):  # Notes: "-----Jane Doe/CITY wrote: -----"
        return language.verbs.search(folded(text)) is not None
    return True if _ENDLESS.match(text) and _quoted_below(lines, start + 1) else None


def quoted_in(lines: Sequence[str], language: Language) -> Quoted | None:
    """Whom and when the quote line that takes up `lines` names, or nothing where it names nobody."""
    text = " ".join(seen(unquoted(line)).lstrip(_EDGE + ">") for line in lines)
    text = " ".join(text.split())
    instant = _INSTANT.search(text)
    found = _ADDRESS.search(text)
    if found:
        start = instant.end() if instant and instant.end() <= found.start() else 0
        before = _BEFORE_ADDRESS.search(_ZONE.sub("", text[start : found.start()]))
        name = _last_piece(before.group() if before else "", language)
        author = Address(found.group(1), name or None)
    elif bare := _BARE.search(text):
        author = Address(bare.group())
    else:
        name = _first_piece(text, instant, language) if instant else ""
        if not name:
            return None
        author = Address(name)
    return Quoted(author, _date(text, instant, language))


def _date(text: str, instant: re.Match[str] | None, language: Language) -> str | None:
    """The instant as printed, with the day of the week or the month before it."""
    if instant is None:
        return None
    opener = next((word for word in language.openers if text.casefold().startswith(word)), "")
    days = text[len(opener) : instant.start()]
    return text[len(opener) : instant.end()] if opener and len(days) <= _LONGEST_DAY else instant.group()


def _last_piece(text: str, language: Language) -> str:
    """The name right before an address. Words such as "von" belong to it where the verb stands before them."""
    *before, name = language.verbs.split(text)
    return name.strip(_QUOTES) if before else _without_fillers(name, language)


def _first_piece(text: str, instant: re.Match[str], language: Language) -> str:
    """The name in a quote line without an address: what is neither instant, verb nor filler."""
    opened = text.casefold().startswith(language.openers) or not text[: instant.start()].strip(_QUOTES)
    rest = text[instant.end() :] if opened else text[: instant.start()]
    pieces = language.verbs.split(_ZONE.sub("", f"{rest} "))
    return next((name for piece in pieces if (name := _without_fillers(piece, language))), "")


def _without_fillers(text: str, language: Language) -> str:
    text = text.strip(_QUOTES)
    while match := language.fillers.match(text):
        text = text[match.end() :].strip(_QUOTES)
    for match in list(language.fillers.finditer(text))[-1:]:
        text = text[: match.start()].strip(_QUOTES) if match.end() == len(text) else text
    return text


def _may_open(text: str, language: Language) -> bool:
    """Whether a line that does not end in a colon can be the first of a folded quote line."""
    small = folded(text)
    opened = small.startswith(language.openers) or _DIGIT.match(small) is not None
    return opened or "@" in small or TIME.search(small) is not None


def _introduces(text: str, language: Language, *, torn: bool, quoted_below: bool) -> bool:
    """Whether `text`, which ends as a quote line does, is one.

    `torn`: empty lines stood in it. Without an address it takes the whole instant of a mail, or a marked quotation
    below: "At 10:34 the press officer said:" is a sentence.
    """
    small = folded(text)
    timed = TIME.search(small) is not None
    if "@" in small:
        # the form without a verb: "2017-02-05 13:29 GMT+02:00 Jane Doe <ADDRESS>:"
        bare = timed and (small.rstrip(" :\uff1a").endswith((">", ")")) or (quoted_below and small[-2:] == "]:"))
        return bare or language.verbs.search(small) is not None
    opened = timed or small.startswith(language.openers) or _DIGIT.match(small) is not None
    whole = quoted_below or (timed and _DAY.search(small) is not None)
    dated = _DIGIT.search(small) is not None
    if torn or not whole:
        return False
    if timed and quoted_below and _DAY.search(small):  # mutt: "* Jane Doe [2024-06-06 10:34]:"
        return True
    verb = language.verbs.search(small)
    # "Jane Doe wrote:", with the quotation right below
    named = quoted_below and verb is not None and small[verb.end() :].strip(" :\uff1a") == ""
    return verb is not None and (named or (opened and dated))


def _begins_anew(above: str, lines: Sequence[str], at: int, language: Language) -> bool:
    """Whether a quote line begins at `at`, below words with a time and no day: "Called 10:20, they have it"."""
    text = seen(unquoted(lines[at])).strip(_EDGE)
    dated = TIME.search(text) is not None and _DAY.search(text) is not None
    undated = "@" not in above and _DAY.search(above) is None and not folded(above).startswith(language.openers)
    return dated and undated and quote_mark(lines, at, language) > 0


def _quoted_below(lines: Sequence[str], at: int) -> bool:
    following = next((line for line in lines[at : at + 2] if line.strip()), "")
    return is_quoted(following)

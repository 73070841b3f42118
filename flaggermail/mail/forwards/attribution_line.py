# SPDX-License-Identifier: EUPL-1.2
"""Attribution lines: what a mail program puts above a quotation, "On Monday at 10:34 Jane Doe <ADDRESS> wrote:"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flaggermail.mail.forwards.header_blocks import LONGEST_MARK, TIME, is_quoted, unquoted
from flaggermail.mail.message import Address
from flaggermail.mail.vocabulary import Language, folded, without_invisible

_DIGIT = re.compile(r"\d")
_DAY = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?\d{2}")  # a date with a year
_ENDS = re.compile(r"(?:[:\uff1a\u2026]|\.{3}|-{2,})\s*\Z")
_NOTES = re.compile(r"[ \t>]{0,8}-{3,}[^-].{3,200}[^-]-{3,}[ \t]*\Z")
_EDGE = " \t\u00a0-*_"
_MOST_LINES = 5
_MOST_EMPTY = 2  # between the lines of one attribution, where HTML was broken up at a link
# Old Gmail: "2024-06-06 10:34 GMT+02:00 Jane Doe", "2024/6/6 Jane Doe <ADDRESS>", without verb and colon.
_OLD_GMAIL = re.compile(r"(?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}[ \t](?:.{1,200}@.{1,200}>|.{0,20}(?:GMT|UTC).{2,200})\Z")
# GroupWise puts name, address and date between arrows.
_GROUPWISE = re.compile(r"[ \t]{0,8}>>>[ \t].{3,300}\d.{0,40}>>>[ \t]*\Z")

# In "On 28/10/2021 12:46, Jane Doe <ADDRESS> wrote:" the date ends with the time of day.
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
_SENTENCES = re.compile(r"[^\W\d_]{2}[.!?]\s")  # the end of a sentence, not "J. Doe"
_BARE_ENDS = frozenset(">)")
_NAME_WORDS, _PARTICLE = 6, 3
_LONGEST_DAY = 30  # characters of "Thu, Jun " before the first digit of a date


@dataclass(frozen=True, slots=True)
class Quoted:
    """The content of an attribution line: the author, and the date as printed (None if missing)."""

    author: Address
    date: str | None


def quote_mark(lines: Sequence[str], start: int, language: Language) -> int:
    """Returns the number of lines of the attribution line that starts at `start`; 0 if there is none.

    The date is not parsed, so a no-break space that a gateway garbled does no harm. Looks at seven lines and 400
    characters at most, so the time is linear in the text.
    """
    first = lines[start]
    if not first.strip() or len(first) > LONGEST_MARK:
        return 0
    text = without_invisible(unquoted(first)).strip(_EDGE)
    if (found := _has_distinct_form(lines, start, text, language)) is not None:
        return int(found)
    if _ENDS.search(without_invisible(first.rstrip())[-6:]):
        below = _quoted_below(lines, start + 1)
        return 1 if _is_attribution(text, language, torn=False, quoted_below=below) else 0
    if not _may_start(text, language):
        return 0
    return 1 if _is_bare(text, lines, start + 1, language) else _folded_mark(lines, start, text, language)


def _folded_mark(lines: Sequence[str], start: int, text: str, language: Language) -> int:
    """Returns the number of lines of a folded attribution line whose first line is `text`; 0 if it is none."""
    empty = 0
    for at in range(start + 1, min(start + _MOST_LINES + _MOST_EMPTY, len(lines))):
        if not lines[at].strip():
            empty += 1
            if empty > _MOST_EMPTY or TIME.search(text) is None:
                return 0
            continue
        if at - start - empty >= _MOST_LINES or len(text) + len(lines[at]) > LONGEST_MARK:
            return 0
        if _new_attribution_starts(text, lines, at, language):
            return 0
        text = f"{text} {without_invisible(unquoted(lines[at])).strip()}"
        ended = _ENDS.search(text[-6:]) is not None
        if ended or (not empty and _is_bare(text, lines, at + 1, language)):
            below = _quoted_below(lines, at + 1)
            known = not ended or _is_attribution(text, language, torn=empty > 0, quoted_below=below)
            return at - start + 1 if known else 0
    return 0


def _has_distinct_form(lines: Sequence[str], start: int, text: str, language: Language) -> bool | None:
    """Decides by a distinctive form (GroupWise, Notes, old Gmail); None if the line at `start` has none of them."""
    first = lines[start]
    if _GROUPWISE.match(first):
        return "@" in first or TIME.search(first) is not None
    if _NOTES.match(first):  # Notes: "-----Jane Doe/CITY wrote: -----"
        return language.verbs.search(folded(text)) is not None
    if not _OLD_GMAIL.match(text):
        return None
    alone = text[-1:] == ">" and (start + 1 >= len(lines) or not lines[start + 1].strip())
    return True if alone or _quoted_below(lines, start + 1) else None


def quoted_in(lines: Sequence[str], language: Language) -> Quoted | None:
    """Returns the author and date named by the attribution line `lines`, or None if it names no author."""
    text = " ".join(without_invisible(unquoted(line)).lstrip(_EDGE + ">") for line in lines)
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
    """Returns the date as printed, including the weekday or month before it."""
    if instant is None:
        return None
    opener = next((word for word in language.openers if text.casefold().startswith(word)), "")
    days = text[len(opener) : instant.start()]
    return text[len(opener) : instant.end()] if opener and len(days) <= _LONGEST_DAY else instant.group()


def _last_piece(text: str, language: Language) -> str:
    """Returns the name right before an address. Words such as "von" belong to it if the verb comes before them."""
    *before, name = language.verbs.split(text)
    return name.strip(_QUOTES) if before else _without_fillers(name, language)


def _first_piece(text: str, instant: re.Match[str], language: Language) -> str:
    """Returns the name in an attribution line without an address: what is neither date, verb nor filler."""
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


def _may_start(text: str, language: Language) -> bool:
    """True if a line that does not end in a colon can be the first of a folded attribution line."""
    small = folded(text)
    opened = small.startswith(language.openers) or _DIGIT.match(small) is not None
    return opened or "@" in small or TIME.search(small) is not None


def _is_attribution(text: str, language: Language, *, torn: bool, quoted_below: bool) -> bool:
    """True if `text`, which has the ending of an attribution line, is one.

    `torn`: there were empty lines in it. Without an address it needs a full date and time, or a marked quotation
    below: "At 10:34 the press officer said:" is a sentence.
    """
    small = folded(text)
    timed = TIME.search(small) is not None
    if "@" in small:
        # The form without a verb: "2017-02-05 13:29 GMT+02:00 Jane Doe <ADDRESS>:"
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
    # "Jane Doe wrote:", directly above the quotation
    named = quoted_below and verb is not None and small[verb.end() :].strip(" :\uff1a") == ""
    return verb is not None and (named or (opened and dated))


def _is_bare(text: str, lines: Sequence[str], below: int, language: Language) -> bool:
    """True for an attribution line without its colon, perhaps without its verb: "On DATE at TIME Jane Doe <ADDRESS>".

    It has a full date, a time, and a marked quotation or an empty line below. Without a quotation it needs an opener,
    an address and, without a verb, nothing but a name between them: "On DATE at TIME I mailed ADDRESS" is a sentence.
    """
    if not (text[-1:] in _BARE_ENDS or text[-1:].isalpha()) or TIME.search(text) is None:
        return False
    instant = _INSTANT.search(text)
    following = folded(unquoted(lines[below])[:LONGEST_MARK]) if below < len(lines) else ""
    continued = _ENDS.search(following[-6:]) and language.verbs.search(following)  # the end of this line: "> wrote:"
    if continued or _SENTENCES.search(text, instant.end() if instant else 0):
        return False
    quoted = _quoted_below(lines, below)
    if not quoted and below < len(lines) and lines[below].strip():
        return False
    small = folded(text)
    opened = small.startswith(language.openers) or _DIGIT.match(small) is not None
    verb = language.verbs.search(small) is not None
    if not (opened or quoted) or (_DAY.search(text) is None and not (opened and quoted and verb)):
        return False
    if text[-1:].isalpha():
        return verb and language.ends_in_verb(small) and (quoted or "@" in small)
    return (verb or quoted or _names_only(text)) and "@" in small


def _names_only(text: str) -> bool:
    """True if only capitalised words and short ones ("van der") are between the time and the address."""
    instant, address = _INSTANT.search(text), _ADDRESS.search(text)
    if instant is None or address is None or instant.end() > address.start():
        return False
    words = _ZONE.sub("", text[instant.end() : address.start()]).strip(_QUOTES).split()
    return len(words) <= _NAME_WORDS and all(word[:1].isupper() or len(word) <= _PARTICLE for word in words)


def _new_attribution_starts(above: str, lines: Sequence[str], at: int, language: Language) -> bool:
    """True if an attribution line starts at `at`, below text with a time but no date: "Called 10:20, they have it"."""
    text = without_invisible(unquoted(lines[at])).strip(_EDGE)
    dated = TIME.search(text) is not None and _DAY.search(text) is not None
    undated = "@" not in above and _DAY.search(above) is None and not folded(above).startswith(language.openers)
    return dated and undated and quote_mark(lines, at, language) > 0


def _quoted_below(lines: Sequence[str], at: int) -> bool:
    following = next((line for line in lines[at : at + 2] if line.strip()), "")
    return is_quoted(following)

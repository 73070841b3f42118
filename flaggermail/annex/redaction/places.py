# SPDX-License-Identifier: EUPL-1.2
"""Streets with a house number, and postcodes. Five digits are a postcode only beside a street or a country's letter."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from flaggermail.annex.redaction.known import KnownToDesk
from flaggermail.annex.redaction.marks import Detail
from flaggermail.annex.redaction.spans import APOSTROPHES, HYPHENS, SHORT, SPACES, TextSpan, Word, words_of

_SPACE = rf"[{SPACES}]"
_HOUSE = re.compile(
    rf"(?:,|\.|{_SPACE})?{_SPACE}{{0,2}}(?:[nN](?:[o\u00ba\u00b0r])?[.:]?{_SPACE}?)?"
    rf"\d{{1,5}}(?:{_SPACE}?[a-zA-Z](?!\w))?"
    rf"(?:(?:{_SPACE}?[-/\u2013]{_SPACE}?(?:\d{{1,4}}[a-zA-Z]?|[a-zA-Z])|{_SPACE}(?:[A-Z]|[a-z]|bis|hs|huis|I{{1,3}}|IV|[rR]ood))"
    rf"(?!\w)){{0,2}}"
)
_HOUSE_BEFORE = re.compile(
    rf"(?<![\w.,:/-])\d{{1,5}}[a-zA-Z]?(?:{_SPACE}?[-/]{_SPACE}?\d{{1,4}}[a-zA-Z]?)?(?:{_SPACE}(?:bis|ter))?,?{_SPACE}\Z"
)
_JOINED = re.compile(rf"[{SPACES}{HYPHENS}.]{{1,2}}\Z")
_SHORTEST = 4  # letters of a word with the ending of a street, which has a name before it
_MOST_LINES, _MOST_BETWEEN = 2, 5  # line breaks and words between a street and its postcode
_BOX_NUMBER = re.compile(rf"{_SPACE}\d[\d ]{{0,7}}(?:,|{_SPACE}|\r?\n|[|])[\s>|]{{0,4}}\Z")
_MOST_WORDS = 5  # words of a street's name beside its type
_NEAR = 24  # characters before a street in which its number is
_LOOK = 80

_DUTCH = re.compile(rf"(?<![\w.,/-])([1-9]\d{{3}}){_SPACE}{{0,2}}([A-Z]{{2}}|[a-z]{{2}})(?!\w|-\d)")
_NEVER_DUTCH = frozenset({"SA", "SD", "SS"})  # letters that PostNL does not give out
_BRITISH = re.compile(rf"(?<![\w/-])(?:[A-Z]{{1,2}}\d[A-Z\d]?{_SPACE}\d[A-Z]{{2}}|GIR{_SPACE}?0AA)(?![\w/-])")
_POLISH = re.compile(rf"(?<![\w/-])\d{{2}}-\d{{3}}(?={_SPACE}[^\W\d_])")
_LETTERED = re.compile(r"(?<![\w/-])(?:D|F|I|E|DK|PL|B|A|CH|TR|L|S)-\d{4,5}(?!\w)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DIGITS = re.compile(r"(?<![\w.,/#+-])\d{4,5}(?![\w%-]|[.]\d|,\d)")


def streets(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields streets with their house number: a word that names a kind of street, and a number beside it."""
    endings = known.words.sorted_lists["street_endings"]
    kinds = known.words["street_words"]
    words = list(words_of(text))
    end = 0
    for index, word in enumerate(words):
        folded = word.folded
        kind = folded in kinds or folded in endings
        if kind and len(folded) == SHORT and word.text.isupper():  # "4906 PL": letters of a postcode
            continue
        if word.start < end or not (kind or (word.capital and folded.endswith(endings) and len(folded) > _SHORTEST)):
            continue
        span = _street(text, words, index, known, kind=kind)
        if span and span[0] >= end and not _is_box(text[span[0] : span[1]], known):
            end = span[1]
            yield TextSpan(*span, Detail.STREET)


def _is_box(found: str, known: KnownToDesk) -> bool:
    """True for a PO box ("via Postbus 20011") and for a number of ours."""
    folded = [word.folded for word in words_of(found)]
    boxes = known.words["box_words"]
    return known.prefix.casefold() in folded or any(one in boxes for one in (*folded, " ".join(folded[-2:])))


def behind_box(text: str, start: int, known: KnownToDesk) -> bool:
    """True if a PO box and its number are right before a place: its postcode follows."""
    before = text[max(0, start - _LOOK) : start]
    found = _BOX_NUMBER.search(before)
    return found is not None and _is_box(before[: found.start()][-_NEAR:], known)


def _street(text: str, words: Sequence[Word], index: int, known: KnownToDesk, *, kind: bool) -> tuple[int, int] | None:
    """Returns the place of the street around the word that names its kind."""
    first = index
    while first and index - first < _MOST_WORDS and _belongs(text, words[first - 1], words[first], known):
        first -= 1
    last = index
    while last + 1 < len(words) and last - index < _MOST_WORDS and _belongs(text, words[last + 1], words[last], known):
        last += 1
    while first < index and not words[first].capital:
        first += 1
    for stop in range(last, index - 1, -1):  # the number behind the name
        number = _HOUSE.match(text, words[stop].end)
        if not number or number[0].startswith(",") or _is_year(text, number):
            continue
        if (first < index or stop > index or not kind) and (stop > index or words[index].capital):
            return words[first].start, number.end()
    return _street_of_kind(text, words, (first, index, last)) if kind else None


def _street_of_kind(text: str, words: Sequence[Word], among: tuple[int, int, int]) -> tuple[int, int] | None:
    """Returns the place of a street with its number before it, or behind a comma; `among`: first word, kind, last."""
    first, index, last = among
    for start in range(first, index + 1):  # the number before the name: "12 High Street", "12, rue de la Paix"
        before = _HOUSE_BEFORE.search(text[max(0, words[start].start - _NEAR) : words[start].start])
        if before and (start < index or last > index):
            behind = start == index  # the kind comes first: the name follows it
            return words[start].start - len(before[0]), words[last if behind else index].end
    number = _HOUSE.match(text, words[last].end)
    return (words[first].start, number.end()) if number and index < last else None


def _is_year(text: str, number: re.Match[str]) -> bool:
    """True if a number behind a name is a year in a sentence rather than a house number."""
    return bool(_YEAR.fullmatch(number[0].strip())) and text[number.end() : number.end() + 1] not in {
        "",
        "\n",
        "\r",
        ",",
    }


def _belongs(text: str, word: Word, beside: Word, known: KnownToDesk) -> bool:
    """True if a word is part of the street's name that `beside` belongs to."""
    gap = text[word.end : beside.start] if word.end <= beside.start else text[beside.end : word.start]
    if not _JOINED.match(gap) and gap:
        return False
    return word.capital or word.folded in known.words["infixes"] or word.text[0] in APOSTROPHES


def postcodes(text: str, known: KnownToDesk, streets_found: Sequence[TextSpan]) -> Iterator[TextSpan]:
    """Yields postcodes: Dutch and British ones by their form, others beside a street."""
    for match in _DUTCH.finditer(text):
        if match[2].upper() not in _NEVER_DUTCH and _is_dutch(text, match, known, streets_found):
            yield TextSpan(match.start(), match.end(), Detail.POSTCODE)
    for pattern in (_BRITISH, _LETTERED):
        for match in pattern.finditer(text):
            yield TextSpan(match.start(), match.end(), Detail.POSTCODE)
    ends = [span.end for span in streets_found]
    for match in (*_POLISH.finditer(text), *_DIGITS.finditer(text)):
        if _beside(text, match.start(), match.end(), ends):
            yield TextSpan(match.start(), match.end(), Detail.POSTCODE)


_NUMBER_FIRST = re.compile(
    rf"(?<![\w.,:/-])(\d{{1,4}}[a-zA-Z]?,?{_SPACE}(?:[^\W\d_a-z][^\W\d_]+[.'\u2019-]?{_SPACE}?){{1,4}})[{SPACES}]*,?\r?\Z"
)


_NAME_FIRST = re.compile(
    rf"(?:\A|[\n>|,:{SPACES}])((?:[^\W\d_a-z][^\W\d_]+[.'\u2019-]?{_SPACE}){{1,4}}\d{{1,4}}(?:{_SPACE}?[a-zA-Z]|-\d{{1,3}})?)[{SPACES}]*,?\r?\Z"
)


def streets_above(text: str, codes: Sequence[TextSpan]) -> Iterator[TextSpan]:
    """Yields a number and capitals ("12 Priory Falls") right above, or before, a town with its postcode."""
    for code in codes:
        line = text.rfind("\n", 0, code.start) + 1
        above = text.rfind("\n", 0, max(0, line - 1)) + 1
        for start, end in ((above, max(above, line - 1)), (line, max(line, text.rfind(",", line, code.start)))):
            if end - start < _LOOK:
                found = _NUMBER_FIRST.search(text, start, end) or _NAME_FIRST.search(text, start, end)
                if found and not _DUTCH.match(text, found.start(1)):
                    yield TextSpan(*found.span(1), Detail.STREET)


_YEARS = range(1900, 2100)


def _is_dutch(text: str, match: re.Match[str], known: KnownToDesk, streets_found: Sequence[TextSpan]) -> bool:
    """True if four digits and two letters are a postcode, and no year or amount with a unit."""
    spaced = text[match.end(1)].isspace()
    doubtful = match[2].islower() or match[2].lower() in known.words["units"] or (spaced and int(match[1]) in _YEARS)
    if not doubtful:
        return True
    ends = [span.end for span in streets_found]
    return _beside(text, match.start(), match.end(), ends) or (
        not spaced and match[2].islower() and _city(text, match.end())
    )


def _city(text: str, end: int) -> bool:
    """True if a capitalised word follows on the line."""
    return (
        bool(re.match(rf"(?:,|{_SPACE}){_SPACE}{{0,2}}[^\W\d_]", text[end : end + 4]))
        and text[end:].lstrip(f", {SPACES}")[:1].isupper()
    )


def _beside(text: str, start: int, end: int, ends: Sequence[int]) -> bool:
    """True if a street is right before a number, with a line break, a comma or a place's name between, or behind it."""
    index = bisect_right(ends, start) - 1
    if index >= 0 and start - ends[index] <= _LOOK:
        between = text[ends[index] : start]
        if (
            between.count("\n") <= _MOST_LINES
            and len(between.split()) <= _MOST_BETWEEN
            and not re.search(r"[.!?:]\s", between)
        ):
            behind_town = bool(re.search(rf"[^\W\d_][^\n]*{_SPACE}\Z", between)) and end - start == len("06100")
            return _city(text, end) or (behind_town and not text[end : end + 1].strip())
    return False

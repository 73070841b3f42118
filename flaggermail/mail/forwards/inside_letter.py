# SPDX-License-Identifier: EUPL-1.2
"""What a reply says inside the letter that it answers: between and behind its lines, in its table, above or below it.

Our letter itself tells which words are ours: three in a row, however they are marked, wrapped, encoded or linked.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate, islice
from typing import NamedTuple

from flaggermail.mail.forwards.boilerplate import end_of_text, without_banners
from flaggermail.mail.forwards.reply_text import MOST_LINES, head_length, reply_text
from flaggermail.mail.vocabulary import Language, folded

_ROW, _LEAST, _LONG = 3, 12, 5  # words of ours: in a row; in whole lines of a quotation; behind an answer in its line
_CHANGED = 3  # words that a program put in a line of ours for as many: a number cut out, a word broken or misread
_OTHERS = 5  # words of another mail above our letter, which is then an older one
_LONGEST_SHOWN = 160  # characters of our line above an answer
_QUOTED = re.compile(r"\A[ \t\u00a0]*(?:(?:[A-Z]{0,3}>|\|)[ \t\u00a0]*)+")
_LINK = re.compile(  # also an entity, and what is alone between brackets: an image, the number of a ticket system
    r"https?://[^\s<>]{1,4000}|[<\[(](?:mailto:|tel:|cid:|image)[^<>\[\]()]{0,300}[>\])]|&(?:#\w{1,6}|[a-z]{2,8});"
    r"|\[(?:https?://[^\s\[\]]{1,4000}|(?-i:(?=[A-Z-]{0,40}\d)(?=[\d-]{0,40}[A-Z])[A-Z\d-]{6,40}))\]",
    re.IGNORECASE,
)
_WORD, _HOST = re.compile(r"[^\s|/<>\u2013\u2014]+"), re.compile(r"https?://([^\s/<>]+)")
_APART = re.compile(r"(?<=[.?!:;])(?!\S)|[ \t\u00a0]*(?:[|\u2013\u2014\t]|-{1,2}[ \t]|[ \t\u00a0]{2})")
_SIGNS, _EDGE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789"), " \t\u00a0|"


class LetterLine(NamedTuple):
    """A line without quote marks: where each of its words ends, which are `ours`, and whether all are."""

    text: str
    ends: Sequence[int]
    ours: Sequence[int]
    whole: bool


def read(lines: Sequence[str], letter: str, changed: int = 0) -> list[LetterLine]:
    """Returns the lines with what is ours in them by our letter; a row of our words may go on in the next line.

    So many words count as ours too that stand in such a row within a line for up to as many others of ours.
    """
    hosts, rows, frames = frozenset(_HOST.findall(letter.lower())), set[Sequence[str]](), set[Sequence[str]]()
    for text in (letter, _LINK.sub(" ", letter)):
        words = ["", "", *(word for word, _ in _words(text, hosts))]
        rows.update(zip(words, words[1:], words[2:], strict=False))
        for count in range(2, changed + 2):
            frames.update(zip(words, words[1:], words[1 + count :], words[2 + count :], strict=False))
    texts = [_QUOTED.sub("", line) for line in lines]
    found = [list(_words(text, hosts)) for text in texts]
    words = [word for line in found for word, _ in line]
    ours = bytearray(len(words))
    for at, row in enumerate(zip(words, words[1:], words[2:], strict=False)):
        if row in rows:
            ours[at : at + _ROW] = b"\1" * _ROW
    begins = sorted({0, *accumulate(map(len, found))})
    if frames and ours and not ours[-1] and len(ours) - 1 not in begins[-2:]:  # perhaps cut off within a word
        ours[-1] = any((*words[-3:-1],) == row[:2] and row[2].startswith(words[-1]) for row in rows)
    for first, end in (run.span() for run in re.finditer(rb"\0+", ours) if frames):
        last = begins[bisect_left(begins, end) - 1]  # the beginning of its last line, perhaps the first of our letter
        for at, before in ((first, words[max(0, first - 2) : first]), (last, ["", ""])):
            alone = at == last and begins[bisect_left(begins, end)] == end
            if end - at <= changed and not alone and (*before, *words[end : end + 2]) in frames:
                ours[at:end] = b"\1" * (end - at)
    flags = iter(ours)
    own = [list(islice(flags, len(line))) for line in found]
    ends = ([end for _, end in line] for line in found)
    return [LetterLine(*one, bool(one[2]) and all(one[2])) for one in zip(texts, ends, own, strict=True)]


def _words(text: str, hosts: Collection[str]) -> Iterator[tuple[str, int]]:
    """Yields the words in ASCII, without links to our hosts by way of a filter, and what stands beside a link."""

    def without(found: re.Match[str]) -> str:
        way = found[0].lower().partition("//")[2].partition("/")[2]
        ours = not found[0].lower().startswith("http") or any(host in way for host in hosts)
        return " " * len(found[0]) if ours else found[0]

    for found in _WORD.finditer(_LINK.sub(without, text)):
        small = found[0].casefold()
        word = "".join(filter(_SIGNS.__contains__, small)) or "".join(filter(str.isalnum, small))
        if word and word != "o":  # Outlook's mark of an item in a list
            yield word, found.end()


def own_in(lines: Sequence[str], letter: str, language: Language) -> str | None:
    """Returns the writer's own words in a reply that says something inside our letter; None for any other reply.

    Our line stands before what is said inside, marked as quoted. An older letter below another mail is not read: what
    is inside it was an answer then. Linear in the text.
    """
    lines = lines[:MOST_LINES]
    found, own, start, at, others = read(lines, letter, _CHANGED), 0, 0, 0, 0
    while at <= len(lines) and others < _OTHERS:
        count = head_length(lines, at, language) if at < len(lines) and not all(found[at].ours) else at == len(lines)
        part = found[start:at] if count else ()
        if sum(len(line.ours) for line in part if line.whole) >= _LEAST:
            own = own if start else next(n for n, line in enumerate(part) if line.whole)
            answers = list(_answers(part if start else part[own:], letter, language))
            return "\n".join((reply_text(lines[:own], language), *answers)).strip() if answers else None
        if count:
            others += sum(len(line.ours) for line in part) if start else 0
            own, start = own if start else at, at + count
        at += count or 1
    return None


def _answers(part: Sequence[LetterLine], letter: str, language: Language) -> Iterator[str]:
    """Yields the answers, our line above each; a banner above our lines and a footer below them are none."""
    ours, above = [at for at, line in enumerate(part) if line.whole], [""]
    top = without_banners([line.text for line in part[: ours[0] + 1]], language)
    end = ours[-1] - 1 + end_of_text(["x", *(line.text for line in part[ours[-1] :])], language)
    pairs = zip(top, part[ours[0] + 1 - len(top) : ours[0] + 1], strict=True)  # a tag may be taken out of a line
    first = [line if line.text == text else read([text], letter)[0] for text, line in pairs]
    for line in (*first, *part[ours[0] + 1 : end]):
        before, answer = (line.text.strip(_EDGE) * line.whole, "") if all(line.ours) else _split(line)
        above = ["", f"> {before[:_LONGEST_SHOWN]}"] if before else above
        if answer and not folded(answer).startswith(language.machines.frame_lines):
            yield from (*above, answer)
            above = []


def _split(line: LetterLine) -> tuple[str, str]:
    """Returns what is ours in a line before the answer, and the answer without what is ours behind it."""
    first, behind = line.ours.index(0), line.ours[::-1].index(0)
    start, end = (line.ends[at - 1] for at in (first, len(line.ours) - behind))
    start = start if first >= (_ROW if _APART.match(line.text, start) else _LONG) else 0
    end = end if behind >= _LONG and _APART.match(line.text, end) else len(line.text)
    return line.text[:start].strip(_EDGE), line.text[start:end].strip(_EDGE)

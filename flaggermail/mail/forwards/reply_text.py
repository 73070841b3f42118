# SPDX-License-Identifier: EUPL-1.2
"""Extracts the writer's own words: without quoted mail, signatures, notices and gateway banners."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from flaggermail.mail.forwards.attribution_line import quote_mark
from flaggermail.mail.forwards.boilerplate import TRACKER, end_of_text, without_banners
from flaggermail.mail.forwards.header_blocks import TIME, is_quoted, is_rule, read_block, read_mark, read_unmarked
from flaggermail.mail.vocabulary import DASHES, Language, folded, without_invisible

_LONGEST = 200  # characters: no function that a plain line is spared reads fewer of a line and decides by its end
# What a header line, a quotation, an address, a date, a time or the end of an attribution line has.
_SIGN = re.compile(r"[\d:>@\uff1a\u2026]")
_SIGNS = {ord(sign): "@" for sign in "0123456789:>@"}  # those in ASCII
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
    if not text.isascii() and (
        without_invisible(text) != text or not unicodedata.is_normalized("NFC", text) or TRACKER in text
    ):
        return NONE
    no_mail, no_end = [], []
    marks, openers, begins_end = language.mark_lines, language.opener_words, language.end_starts.has_beginning_of
    # one pass over the text, as no line takes long: a sign becomes an @
    signed = text.translate(_SIGNS) if text.isascii() else _SIGN.sub("@", text)
    lowers = text.isascii() and not any(blank in text for blank in _COLLAPSED)
    smalls = text.lower().split("\n")[1:-1] if lowers else map(folded, lines)
    for line, small, marked in zip(lines, smalls, signed.split("\n")[1:-1], strict=True):
        if not small:
            no_mail.append(line)
        elif len(line) <= _LONGEST and small[0].isalnum():
            if "http" not in small and not begins_end(small):
                no_end.append(line)
            if (
                "@" not in marked
                and small.partition(" ")[0] not in openers
                and not small.endswith(_ENDS)
                and small.strip(DASHES) not in marks
            ):
                no_mail.append(line)
    return PlainLines(frozenset(no_mail), frozenset(no_end))


MOST_LINES = 20_000
_INITIALS = re.compile(r"[ \t]{0,4}[A-Z]{1,3}>(?=[ \t]|\Z)")  # "JD> what Jane Doe wrote", in old programs
_LOOK_BELOW = 8  # lines below an attribution line in which the quotation starts
_LONG_LINE = 60  # characters of a quoted line that a gateway may have broken
_TORN_END = 30
_FULL_LINE, _LONG_TORN_END = 68, 80  # characters: only of a line that fills the width may a longer end be torn off
_SENTENCE_ENDS = (".", "!", "?", ":", ",", ";")
_UNTIMED = frozenset({"from", "to", "subject"})  # enough below a separator line, for a mail printed without a date
_LONGEST_REPLY_MARK = 120


def reply_text(lines: Sequence[str], language: Language, plain: PlainLines = NONE) -> str:
    """Returns the writer's own words in `lines`, which end where a forwarded mail begins. Linear in the text.

    `plain`: those of the lines that are known to hold nothing else; they are not looked at, with the same result.

    Answers between quoted lines are kept. Everything from a closing ("Met vriendelijke groet"), a signature mark or a
    confidentiality notice onwards is dropped.
    """
    return text_of(unquoted_lines(lines, language, plain), language, plain)


def unquoted_lines(lines: Sequence[str], language: Language, plain: PlainLines = NONE) -> list[str]:
    """Returns the lines of which `reply_text` reads the writer's own words, with what is below a closing."""
    return without_banners(_without_quotes(lines[:MOST_LINES], language, plain.no_mail)[0], language)


def text_of(own: list[str], language: Language, plain: PlainLines = NONE) -> str:
    """Returns the writer's own words in `unquoted_lines`."""
    kept = own[: end_of_text(own, language, plain.no_end)]
    kept = [line for line in kept if TRACKER not in line or without_invisible(line).strip() != TRACKER]
    start, end = 0, len(kept)
    while end and not without_invisible(kept[end - 1]).strip():
        end -= 1
    while start < end and not without_invisible(kept[start]).strip():
        start += 1
    return "\n".join(kept[start:end]).rstrip()


def unquoted(lines: Sequence[str], language: Language) -> tuple[list[str], list[str]]:
    """Returns the lines that quote nothing, signatures included, and those below the head of an unmarked quotation.

    The second end where the mail that is quoted quotes another.
    """
    lines = lines[:MOST_LINES]
    own, at = _without_quotes(lines, language, frozenset())
    below = lines[at + (head_length(lines, at, language) if at < len(lines) else 0) :]
    ends = (n for n in range(len(below)) if quote_mark(below, n, language) or _starts_quotation(below, n, language))
    marked = any(map(is_quoted, below))
    return without_banners(own, language), [] if marked else list(below[: next(ends, len(below))])


def _without_quotes(lines: Sequence[str], language: Language, plain: AbstractSet[str]) -> tuple[list[str], int]:
    """Returns the lines that are not quoted (`plain` ones are if they continue a quoted one), and where they end."""
    own: list[str] = []
    at = 0
    written: int | None = None  # the index in `own` of the first line with text
    while at < len(lines):
        line = lines[at]
        short = line in plain and (at == 0 or lines[at - 1] in plain)
        if not short and (count := quote_mark(lines, at, language)):
            at += count
            if written is not None and not _quotation_follows(lines, at):
                break  # the quotation has no marks, so everything below may belong to it
        elif not short and (is_quoted(line) or _INITIALS.match(line) or _is_torn_off(lines, at)):
            at += 1
        elif not short and (is_reply_mark(line, language) or _starts_quotation(lines, at, language)):
            if own and _is_block_opener(own[-1], language):
                own.pop()
            if written is not None and written < len(own):
                break
            at, written = max(at + 1, _after_block(lines, at, language)), None
        else:
            if written is None and without_invisible(line).strip():
                written = len(own)
            own.append(line)
            at += 1
    return own, at


def head_length(lines: Sequence[str], at: int, language: Language) -> int:
    """Returns the number of lines of what stands above a quotation or a ticket system's own text; 0 if none does."""
    starts = is_reply_mark(lines[at], language) or _starts_quotation(lines, at, language)
    return quote_mark(lines, at, language) or (max(1, _after_block(lines, at, language) - at) if starts else 0)


def _is_block_opener(line: str, language: Language) -> bool:
    """True for a dated line that some webmail writes right above a header block: "Message du 06/06/24 10:34"."""
    text = without_invisible(line[: _LONGEST_REPLY_MARK + 1]).strip()
    dated = len(text) <= _LONGEST_REPLY_MARK and TIME.search(text) is not None
    return dated and folded(text).startswith(language.block_openers)


def is_reply_mark(line: str, language: Language) -> bool:
    """True for a ticket system's "reply above this line": above its own text, in a reply above our mail."""
    if len(line) > _LONGEST_REPLY_MARK:
        return False
    small = folded(line).strip()
    return small[:1] in {"-", "=", "#", "*", "_", "~"} and any(mark in small for mark in language.reply_marks)


def _quotation_follows(lines: Sequence[str], at: int) -> bool:
    """True if the next non-empty line is marked as a quotation."""
    for line in lines[at : at + _LOOK_BELOW]:
        if without_invisible(line).strip():
            return is_quoted(line)
    return True


def _is_torn_off(lines: Sequence[str], at: int) -> bool:
    """True if a gateway broke this end off the long quoted line above without marking it."""
    line = lines[at].strip()
    if not (line[:1].islower() and len(line) <= _LONG_TORN_END and 0 < at < len(lines) - 1):
        return False
    above = lines[at - 1].rstrip()
    shortest = _LONG_LINE if len(line) <= _TORN_END else _FULL_LINE
    broken = is_quoted(above) and len(above) >= shortest and not above.endswith(_SENTENCE_ENDS)
    return broken and is_quoted(lines[at + 1])


def _starts_quotation(lines: Sequence[str], at: int, language: Language) -> bool:
    """True if an unmarked quotation starts here: "-----Original message-----", or a header block."""
    line = lines[at]
    if not line.strip():
        return False
    if line.lstrip()[:1] in {"-", "_", "*", "="}:
        if read_mark(line, language):
            return True
        if is_rule(line):
            below = next((n for n in range(at + 1, min(at + 4, len(lines))) if lines[n].strip()), None)
            block = read_block(lines, below, language) if below is not None else None
            return block is not None and (block.of_a_mail or block.fields.keys() >= _UNTIMED)
    return read_unmarked(lines, at, language) is not None


def _after_block(lines: Sequence[str], at: int, language: Language) -> int:
    """Returns the index after a mark and header block at the top of the text, whose content is all there is."""
    while at < len(lines) and (not lines[at].strip() or is_rule(lines[at]) or read_mark(lines[at], language)):
        at += 1
    block = read_block(lines, at, language) if at < len(lines) else None
    return block.end if block else at

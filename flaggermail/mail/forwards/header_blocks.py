# SPDX-License-Identifier: EUPL-1.2
"""Header blocks that a mail program prints above a quoted or forwarded mail, and the separator lines around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from flaggermail.mail.vocabulary import DASHES, UNSEEN, Language, folded, without_invisible

_QUOTE = re.compile(rf"[ \t{UNSEEN}]{{0,8}}>[ \t]?")
_LABEL = re.compile(
    rf"[ \t\u00a0{UNSEEN}]{{0,40}}[*_]{{0,2}}([^\s:\uff1a*_<>@][^:\uff1a*<>@]{{0,28}}?)[*_]{{0,2}}\s?[:\uff1a]"
    r"[*_]{0,2}[ \t\u00a0]*(.*)",
    re.DOTALL,
)
_RULE = re.compile(r"[ \t\u00a0>]*[-_\u2014=*]{5,}[ \t\u00a0]*\Z")
# "10:34", "10h34", "10.34", but not the 06.06 in 06.06.2024
TIME = re.compile(r"(?<![\d.])\d{1,2}(?:\s?[:h]\s?\d{2}(?!\d)|\.\d{2}(?![\d.]))")

# Fields that no mail program prints above a forwarded mail: next to them, lines were copied from a mail's source.
_RAW_FIELD = re.compile(
    r"[ \t>]*(?:received|return-path|delivered-to|message-id|mime-version|content-[a-z-]+|dkim-signature|user-agent"
    r"|authentication-results|received-spf|arc-[a-z-]+|x-[a-z0-9-]+|list-[a-z-]+|references|in-reply-to)\s?:",
    re.IGNORECASE,
)

# Lotus Notes, in two columns: "Jane Roe      To: John Doe/HOU/ECT@ECT"
_NOTES_COLUMN = re.compile(r"[ \t\u00a0]{2,}(?=[^\s:]{1,12}:)|\t(?=[^\s:]{1,12}:)")
_NOTES_FREE = 2  # the author, and the time
_LONGEST_NOTES = 14  # lines

LONGEST_MARK = 400  # characters of a mark over all its lines
_MOST_LINES = 60  # lines examined for one block
_LONGEST_LINE = 1000  # characters of a header line in a block; a longer line is text
_MOST_LABELS = 14
_LONGEST_FOLD = 40  # lines of a folded recipient list
_WITHOUT_SUBJECT = ("from", "date", "to")  # the order in Outlook, which omits an empty subject
_PEOPLE = frozenset({"from", "to", "cc"})
_WRAPPED = frozenset({"subject", "date"})  # fields that a program wraps without an indentation
_MOST_WRAPPED = 2  # lines of such a field below its first
_LONGEST_WRAPPED = 100  # characters of a wrapped line
_WIDTH = 68  # characters at which the narrowest programs wrap
_CORE = frozenset({"from", "to", "date", "subject"})


@dataclass(frozen=True, slots=True)
class Block:
    """Header lines in a text.

    `fields` is keyed by Language.labels, `end` is the index of the first line after the block, `first` the field of
    its first line.
    """

    fields: dict[str, str]
    end: int
    first: str = "from"

    @property
    def complete(self) -> bool:
        """True with an author and one more field; enough below a forward mark."""
        return "from" in self.fields and bool({"date", "subject", "to"} & self.fields.keys())

    @property
    def of_a_mail(self) -> bool:
        """Enough without a mark: "From" and "To" in a memo or an itinerary have no address and no time of day."""
        addressed = "@" in self.fields.get("from", "")
        stamped = addressed or "@" in self.fields.get("to", "") or self.timed
        untitled = self.timed and tuple(self.fields)[:3] == _WITHOUT_SUBJECT
        return self.complete and (addressed or untitled or ("subject" in self.fields and stamped))

    @property
    def whole(self) -> bool:
        """All that a mail program prints, author first as in Outlook: enough without other signs of a forward."""
        return self.of_a_mail and self.first == "from" and {"date", "subject"} <= self.fields.keys()

    @property
    def timed(self) -> bool:
        """True if the date has a time of day, which every mail program prints."""
        return TIME.search(self.fields.get("date", "")) is not None


def unquoted(line: str) -> str:
    """Returns `line` without one level of ">" marks."""
    match = _QUOTE.match(line)
    return line[match.end() :] if match else line


def is_quoted(line: str) -> bool:
    """True if `line` is marked as a quotation."""
    return _QUOTE.match(line) is not None


def is_rule(line: str) -> bool:
    """True if `line` is a separator line of dashes or similar."""
    return _RULE.match(without_invisible(line[:200])) is not None


def mark_text(line: str) -> str:
    """Returns the text between the dashes of a line such as "----- Original Message -----"."""
    return folded(without_invisible(line[:LONGEST_MARK]).strip(DASHES))


class HeaderMark(StrEnum):
    """The meaning of a mark line above a mail."""

    FORWARDED = "forwarded"
    ORIGINAL = "original"  # quoted or forwarded: the rest of the mail decides


def read_mark(line: str, language: Language) -> HeaderMark | None:
    """Returns the mark on `line`. A framed mark may have more words ("Forwarded message from Jane:")."""
    if len(line) > LONGEST_MARK:
        return None
    mark = mark_text(line)
    if mark in language.forward_lines or (mark.startswith(language.forward_starts) and _framed(line)):
        return HeaderMark.FORWARDED
    return HeaderMark.ORIGINAL if mark in language.original_lines else None


def read_wrapped_mark(line: str, below: str, language: Language) -> HeaderMark | None:
    """Returns the mark that begins on `line` and ends on the one below it: Lotus Notes wraps a long name."""
    begun = line.lstrip("> \t").startswith("--") and not line.rstrip().endswith("--")
    return read_mark(f"{line.rstrip()} {below.strip()}", language) if begun and below.rstrip().endswith("--") else None


def _framed(line: str) -> bool:
    """True if the line is enclosed in dashes or ends with a colon."""
    bare = without_invisible(line).strip("> \t\u00a0")
    dashed = bare.startswith(("--", "==", "__", "**")) and bare.endswith(("--", "==", "__", "**"))
    return dashed or bare.endswith((":", "\uff1a"))


@dataclass(frozen=True, slots=True)
class _HeaderLine:
    """A line that starts with a known header name: the name as printed, its field (of Language.labels), its value."""

    name: str
    field: str
    value: str


def _header_line(line: str, language: Language) -> _HeaderLine | None:
    match = _LABEL.match(line[:_LONGEST_LINE])
    if match is None:
        return None
    name = folded(match.group(1))
    field = language.labels.get(name)
    return (
        None
        if field is None
        else _HeaderLine(name, field, without_invisible(match.group(2)).strip().strip("*_").strip())
    )


def read_block(lines: Sequence[str], start: int, language: Language, *, marked: bool = False) -> Block | None:
    """Returns the header block that starts at `lines[start]`, quoted or not; None if there is none.

    Below a mark (`marked`) all other fields are enough without an author.

    Reads at most 60 lines. Tolerates empty lines between header lines (from HTML paragraphs), a value on the line
    below its name (from table cells) and folded recipient lists. A field that occurs twice ends the block.
    """
    if _header_line(unquoted(lines[start]), language) is None:
        return None
    reading = _BlockReading(lines[start : start + _MOST_LINES], language, quoted=is_quoted(lines[start]))
    while reading.step():
        pass
    block = Block(reading.fields, start + reading.end, next(iter(reading.fields)))
    return block if block.complete or (marked and block.timed and block.fields.keys() >= _CORE - {"from"}) else None


def read_notes_block(lines: Sequence[str], start: int, language: Language) -> Block | None:
    """Returns the block of Lotus Notes that starts at `lines[start]`; None if there is none.

    Author and time are on lines of their own, without a name of a field; To, cc and Subject are below or beside them.
    """
    free: list[str] = []
    fields: dict[str, str] = {}
    at = start
    for at in range(start, min(start + _LONGEST_NOTES, len(lines))):
        line = unquoted(lines[at])[:_LONGEST_LINE]
        beside = _NOTES_COLUMN.split(line.strip(" \t\u00a0"), maxsplit=1)
        labels = [_header_line(part, language) for part in beside]
        if labels[-1] is not None and labels[-1].field != "other":
            fields.setdefault(labels[-1].field, labels[-1].value)
        words = beside[0].strip()
        if words and labels[0] is None:
            if len(free) == _NOTES_FREE:
                break
            free.append(words)
        elif not words and "subject" in fields:
            break
    dated = len(free) == _NOTES_FREE and TIME.search(free[1]) is not None
    return (
        Block({"from": free[0], "date": free[1], **fields}, at) if dated and {"to", "subject"} <= set(fields) else None
    )


def read_unmarked(lines: Sequence[str], start: int, language: Language) -> Block | None:
    """Returns the header block at `start` without a mark above it.

    It must start with the author (Outlook), or have no empty line and the author's address (Hotmail). A block copied
    from the source of a mail does not count.
    """
    label = _header_line(unquoted(lines[start]), language)
    block = read_block(lines, start, language) if label and label.field != "other" else None
    if block and block.first != "from" and not (lines[start + 1].strip() and "@" in block.fields["from"]):
        return None
    if block is None or any(_RAW_FIELD.match(line) for line in lines[max(0, start - 1) : block.end + 1]):
        return None
    return block if block.of_a_mail else None


class _BlockReading:
    """Reads a header block line by line."""

    def __init__(self, lines: Sequence[str], language: Language, *, quoted: bool) -> None:
        self.lines, self.language, self.quoted = lines, language, quoted
        self.fields: dict[str, str] = {}
        self.at = self.end = self.labels = 0
        self.last = ""
        self.names: set[str] = set()
        self.below = False  # values are on the line below their names
        self.gapped = False  # there were empty lines between header lines

    def step(self) -> bool:
        """Reads one line; returns False at the end of the block."""
        if self.at >= len(self.lines) or self.labels >= _MOST_LABELS:
            return False
        line = self._line(self.at)
        if found := _header_line(line, self.language):
            if not self._is_new(found):
                return False
            self.last, self.labels = found.field, self.labels + 1
            self.names.add(found.name)
            self.fields[found.field] = self.fields.get(found.field) or found.value
        elif line.strip():
            if not self._continues_value(line):
                return False
            self.fields[self.last] = f"{self.fields[self.last]} {without_invisible(line).strip()}".strip()
        else:
            return self._skips_empty_lines()
        self.at += 1
        self.end = self.at
        return True

    def _is_new(self, found: _HeaderLine) -> bool:
        """True if the name is new. "Bcc" after "Cc" gives no new field, but does not end the block either."""
        return found.field == "other" or found.name not in self.names

    def _continues_value(self, line: str) -> bool:
        """True if `line`, which has no label, continues the value above it."""
        value = self.fields[self.last]
        if self.at > _LONGEST_FOLD:
            return False
        if not value and self.last != "other" and (self.labels == 1 or self.below):
            before_name = bool(self._label_at(self.at + 1) or self._label_at(self.at + 2))
            self.below = self.below or before_name
            if before_name or (self.below and self.last == "subject"):
                return True
        indented = line[:1] in {" ", "\t"}
        if self.last in _PEOPLE:
            return value.endswith((",", ";")) or ("@" in line and indented) or line.lstrip().startswith("<")
        if self.last == "subject" and indented and not value:
            return True
        return self.last in _WRAPPED and bool(value) and self._is_wrapped(line)

    def _is_wrapped(self, line: str) -> bool:
        """True if `line` is the rest of a long value: a header line follows, or it is what did not fit in the width."""
        below = (self._label_at(self.at + count) for count in range(1, _MOST_WRAPPED + 1))
        if any(label and label.name not in self.names and label.field in _CORE for label in below):
            return True
        above = without_invisible(self._line(self.at - 1)).rstrip()
        alone = self.at + 1 >= len(self.lines) or not self._line(self.at + 1).strip()
        full = len(above) <= _LONGEST_WRAPPED and len(above) + 1 + len(line.split(maxsplit=1)[0]) > _WIDTH
        return self.last == "subject" and alone and full and len(line) < _WIDTH and Block(self.fields, self.end).whole

    def _skips_empty_lines(self) -> bool:
        """Skips empty lines; returns True if the block continues below them."""
        below = self.at + 1
        while below < len(self.lines) and below <= self.at + 2 and not self._line(below).strip():
            below += 1
        following = self._label_at(below)
        if following is None:
            goes_on = not self.fields[self.last] and (self.below or (self.labels == 1 and below + 1 < len(self.lines)))
        elif following.field == "other":
            goes_on = not Block(self.fields, self.end).whole
        else:
            far = self.below or ((self.gapped or self.labels == 1) and following.field in _CORE)
            goes_on = not self.fields.get(following.field) and (below == self.at + 1 or far)
        self.gapped = self.gapped or (goes_on and following is not None)
        self.at = below
        return goes_on

    def _line(self, at: int) -> str:
        return unquoted(self.lines[at]) if self.quoted else self.lines[at]

    def _label_at(self, at: int) -> _HeaderLine | None:
        return _header_line(self._line(at), self.language) if at < len(self.lines) else None


def read_run_together(line: str, language: Language) -> dict[str, str]:
    """Reads a block on a single line, the form in which Yahoo converts an HTML block to text."""
    fields: dict[str, str] = {}
    text = language.bare_labels.sub(r">\1: ", line[: 4 * _LONGEST_LINE])
    found = list(language.inline_labels.finditer(text))
    for label, following in zip(found, [*found[1:], None], strict=False):
        field = language.labels[folded(label.group(1))]
        value = text[label.end() : following.start() if following else len(text)]
        fields.setdefault(field, without_invisible(value).strip())
    return fields

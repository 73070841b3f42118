# SPDX-License-Identifier: EUPL-1.2
"""The marks that mail programs put above the mail below: header blocks, dashed lines, "On Monday Jane Doe wrote:"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flaggermail.core.language import Language, folded

_QUOTE = re.compile(r"[ \t\ufeff]{0,8}>[ \t]?")
_LABEL = re.compile(
    r"[ \t\ufeff]*[*_]{0,2}([^\s:\uff1a*_<>@][^:\uff1a*<>@]{0,28}?)[*_]{0,2}\s?[:\uff1a][*_]{0,2}[ \t\u00a0]*(.*)",
    re.DOTALL,
)
_DASHES = "-_=*#~\u2014\u2013> \t\u00a0:\uff1a.\ufeff"
_RULE = re.compile(r"[ \t>]*[-_\u2014=*]{5,}[ \t]*\Z")
_TIME = re.compile(r"\d{1,2}\s?[:.h]\s?\d{2}")
_DIGIT = re.compile(r"\d")
_ENDS_AS_QUOTE = re.compile(r"[:\uff1a\u2026]\s*\Z|-{2,}\s*\Z")

LONGEST_MARK = 400  # characters of a mark, over all its lines
_MOST_LINES = 5
_LONGEST_LINE = 1000  # of a header line in a block; a longer one is text
_MOST_FIELDS = 14
_LONGEST_FOLD = 40  # lines that a folded list of recipients may take


@dataclass(frozen=True, slots=True)
class Block:
    """Header lines in a text: `fields` by Language.labels, `end` the index of the first line behind them."""

    fields: dict[str, str]
    end: int

    @property
    def complete(self) -> bool:
        """Enough to be the header of a mail: an author and one thing more that only a mail has."""
        return "from" in self.fields and bool({"date", "subject", "to"} & self.fields.keys()) and len(self.fields) > 1


def unquoted(line: str) -> str:
    """`line` without one level of ">" marks."""
    match = _QUOTE.match(line)
    return line[match.end() :] if match else line


def is_quoted(line: str) -> bool:
    """Whether `line` is marked as quotation."""
    return _QUOTE.match(line) is not None


def is_rule(line: str) -> bool:
    """Whether `line` is a drawn line and nothing else."""
    return _RULE.match(line[:200]) is not None


def mark_text(line: str) -> str:
    """What stands between the dashes of a line such as "----- Original Message -----"."""
    return folded(line[:LONGEST_MARK].strip(_DASHES))


def label_of(line: str, language: Language) -> tuple[str, str] | None:
    """The field (of Language.labels) and the value when `line` begins with a known header name."""
    match = _LABEL.match(line[:_LONGEST_LINE])
    if match is None:
        return None
    field = language.labels.get(folded(match.group(1)))
    return None if field is None else (field, match.group(2).strip().strip("*_").strip())


def read_block(lines: Sequence[str], start: int, language: Language) -> Block | None:
    """The header block whose first line is `lines[start]`, or nothing.

    One empty line between header lines is passed over (HTML paragraphs become that); a list of recipients may be
    folded; a field that comes a second time belongs to the text.
    """
    fields: dict[str, str] = {}
    at, end, last = start, start, ""
    while at < len(lines) and len(fields) < _MOST_FIELDS:
        line = lines[at]
        found = label_of(line, language)
        if found and found[0] != "other" and fields.get(found[0]):
            break
        if found:
            last = found[0]
            fields[last] = found[1]
            end = at + 1
        elif line.strip():
            if not (_continues(line, fields.get(last, ""), last) and at - start < _LONGEST_FOLD):
                break
            fields[last] = f"{fields[last]} {line.strip()}"
            end = at + 1
        elif not _label_next(lines, at, language, fields):
            break
        at += 1
    block = Block(fields, end)
    return block if block.complete else None


def _label_next(lines: Sequence[str], at: int, language: Language, fields: dict[str, str]) -> bool:
    """Whether the line behind the empty one at `at` goes on with a header line not seen yet."""
    found = label_of(lines[at + 1], language) if at + 1 < len(lines) else None
    return found is not None and found[0] not in fields


def _continues(line: str, value: str, field: str) -> bool:
    if field in {"to", "cc", "from"}:
        return value.endswith((",", ";")) or ("@" in line and line[:1] in {" ", "\t"}) or line.lstrip().startswith("<")
    return field == "subject" and line[:1] in {" ", "\t"} and not value


def read_run_together(line: str, language: Language) -> dict[str, str]:
    """The fields of a block that stands in one line, as Yahoo's text form of an HTML block does."""
    fields: dict[str, str] = {}
    text = line[: 4 * _LONGEST_LINE]
    found = list(language.inline_labels.finditer(text))
    for label, following in zip(found, [*found[1:], None], strict=True):
        field = language.labels[folded(label.group(1))]
        fields.setdefault(field, text[label.end() : following.start() if following else len(text)].strip())
    return fields


def quote_mark(lines: Sequence[str], start: int, language: Language) -> int:
    """How many lines from `start` make up a mark like "On Monday at 10:34 Jane Doe <ADDRESS> wrote:"; 0: none.

    The instant is not read, so it does not matter what a gateway made of the no-break space in it. Looks at five lines
    and 400 characters at most, so a text costs no more than its length.
    """
    if not lines[start].strip():
        return 0
    text = ""
    for count in range(1, _MOST_LINES + 1):
        at = start + count - 1
        if at >= len(lines) or not lines[at].strip() or len(text) + len(lines[at]) > LONGEST_MARK:
            return 0
        text = f"{text} {unquoted(lines[at]).strip()}" if text else unquoted(lines[at]).strip("\ufeff \t\u00a0-*_")
        if _ENDS_AS_QUOTE.search(text[-6:]):
            return count if _introduces(text, language) else 0
        if count == 1 and not _may_open(text, language):
            return 0
    return 0


def _may_open(text: str, language: Language) -> bool:
    """Whether a line that does not end in a colon can be the first of a folded mark."""
    small = text.casefold()
    return small.startswith(language.openers) or _DIGIT.match(small) is not None or "@" in small


def _introduces(text: str, language: Language) -> bool:
    small = text.casefold()
    dated = _DIGIT.search(small) is not None
    if language.verbs.search(small):
        opened = (
            small.startswith(language.openers) or _DIGIT.match(small) is not None or _TIME.search(small) is not None
        )
        return ("@" in small) or (dated and opened)
    # the form without a verb: "2017-02-05 13:29 GMT+02:00 Jane Doe <ADDRESS>:"
    return "@" in small and _TIME.search(small) is not None and small.rstrip(" :\uff1a").endswith(">")

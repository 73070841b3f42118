# SPDX-License-Identifier: EUPL-1.2
"""What a mail system says in plain text, without a report of RFC 3464, about recipients that it did not reach.

Tolerant and linear: the text is cut where the returned mail begins, and the recipients are read from the lines above it
by the words of rules/mail-machines.yaml. Whether the mail is a bounce is decided elsewhere, never by its text alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flaggermail.mail.automated.dsn import DeliveryReport, read_report
from flaggermail.mail.fields import read_header, unfolded, words_decoded
from flaggermail.mail.machine_words import MachineWords
from flaggermail.mail.vocabulary import folded

MOST_LINES = 600  # of a notice; below stands the returned mail
_LONGEST_LINE = 400
_LONGEST_HEADER = 20_000  # characters read of a returned header
_LONGEST_MARK = 90  # characters
_WITHIN = 12  # lines between the mark and the returned header
_HEADER_LINES = 400
_SENTENCE = 6  # words
_NEAR = 12  # the lines, empty ones not counted, among which a notice says what it is

_ADDRESS = r"([^\s<>()\[\]\"':;,|=`]{1,120}@[^\s<>()\[\]\"':;,|@`]{1,200})"
_ANYWHERE = re.compile(_ADDRESS)
# Forms seen: an address in brackets of any kind, behind a bullet, a type ("rfc822;"), a quoted name, or the code and
# status of a reply ("550 5.1.1"). Behind a label as in a header ("To:") it is none.
_AT_START = re.compile(
    r"[-*\u2022]{0,3}\s{0,4}(?:\d{3}[- ](?:\d\.\d{1,3}\.\d{1,3} )?)?(?:(?:rfc822|smtp|internet)\s?[;:]\s?)?"
    r"(?:\"[^\"]{0,80}\"\s?|'[^']{0,80}'\s?(?=<))?[<\[\"'(]{0,2}" + _ADDRESS,
    re.IGNORECASE,
)
# "550 ..." at the beginning of a line or behind "said:", or a status of RFC 3463; "500 euro" and a date are none
_CODE = re.compile(r"(?:^|[:<>\]\[(\"] ?)[45]\d\d[ -](?=\S)|(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![.\d])")
_HEADER_LINE = re.compile(
    r"[\s>|]{0,8}(?:return-path|received|message-id|x-received|dkim-signature|x-originating-ip):", re.IGNORECASE
)
_ANY_HEADER = re.compile(r"[!-9;-~]{1,80}:")
_INDENT = re.compile(r"[ \t>|]{0,8}")
_DASHES = "-_=*#~+|<>[]() \t\u00a0:."


@dataclass(frozen=True, slots=True)
class BounceNotice:
    """What a text says. Addresses in small letters; `returned`: the header of the mail that is returned below."""

    listed: tuple[str, ...] = ()  # recipients behind a label, or at the beginning of a line below the failure
    mentioned: tuple[str, ...] = ()  # addresses elsewhere: in a sentence that tells a failure, or before one
    delayed: bool = False
    says_so: bool = False  # a failure or a delay is told in its first lines
    coded: bool = False  # a reply or status of SMTP is quoted (RFC 5321, section 4.2; RFC 3463)
    report: DeliveryReport | None = None  # the fields of RFC 3464, written out in the text
    returned: Mapping[str, str] = field(default_factory=dict)

    @property
    def recipients(self) -> tuple[str, ...]:
        """What is listed or, where nothing is, mentioned."""
        return self.listed or self.mentioned


def read_notice(text: str, words: MachineWords) -> BounceNotice:
    """Read the text of a mail as the notice of a mail system; empty where it says nothing of the kind. Never raises."""
    lines = [line[:_LONGEST_LINE] for line in text.split("\n", MOST_LINES * 4)]
    end = _returned_at(lines, words)
    above = lines[: min(end, MOST_LINES)]
    plain = [folded(line) for line in above]
    failing = [at for at, line in enumerate(plain) if words.failure.search(line)]
    near = [at for at, line in enumerate(plain) if line][:_NEAR]
    fields = [line for line in above if ":" in line or not line.strip()]
    written = read_report("\n".join(line.strip() for line in fields).encode()) if _tells_report(plain) else None
    first = failing[0] if failing else len(above)
    listed = _distinct([*_labelled(above, plain, words), *_leading(above[first:], plain[first:], words)])
    return BounceNotice(
        listed=listed,
        mentioned=() if listed else _distinct(_told(above, plain, failing)) or _distinct(_leading(above, plain, words)),
        delayed=any(words.delay.search(_pair(plain, at)) for at in range(len(plain))),
        says_so=any(at in near for at in failing) or any(words.delay.search(_pair(plain, at)) for at in near),
        coded=any(_CODE.search(line) for line in plain),
        report=written if written and written.recipients else None,
        returned=_returned_header(lines[end:]),
    )


def _tells_report(plain: Sequence[str]) -> bool:
    return any(line.startswith(("final-recipient:", "original-recipient:")) for line in plain)


def _pair(plain: Sequence[str], at: int) -> str:
    """A line and the one below, since phrases are broken over lines."""
    return f"{plain[at]} {plain[at + 1]}" if at + 1 < len(plain) else plain[at]


def _returned_at(lines: Sequence[str], words: MachineWords) -> int:
    """The index of the line where the returned mail begins, or the number of lines."""
    for at, line in enumerate(lines):
        mark = folded(line[:120].strip(_DASHES))
        if at and mark.startswith(words.returned_lines) and _is_mark(line, mark):
            return at
        if at and _HEADER_LINE.match(line) and not line.lower().lstrip(" >|").startswith("received >>>"):
            return at
    return len(lines)


def _is_mark(line: str, mark: str) -> bool:
    """A line of its own: dashed, or ending as a heading, or short; no sentence ("the text of your message was ...")."""
    framed = line.strip()[:1] in "-=*|#" or line.rstrip()[-1:] in ":.-*=|"
    return len(mark) <= _LONGEST_MARK and (framed or len(mark.split()) < _SENTENCE)


def _returned_header(lines: Sequence[str]) -> dict[str, str]:
    """The header fields among the first lines below the mark, whatever indents or quotes them."""
    start = next((at for at, line in enumerate(lines[:_WITHIN]) if _ANY_HEADER.match(line.lstrip(" \t>|"))), None)
    if start is None:
        return {}
    indent = _INDENT.match(lines[start])
    prefix = indent.group() if indent else ""
    block = "\n".join(line.removeprefix(prefix) for line in lines[start : start + _HEADER_LINES])[:_LONGEST_HEADER]
    found: dict[str, str] = {}
    for name, value in read_header(block.encode("utf-8", "replace")).fields:
        found.setdefault(name, words_decoded(unfolded(value)[0]).strip())
    return found


def _distinct(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(address.rstrip(".").lower() for address in found))


def _labelled(above: Sequence[str], plain: Sequence[str], words: MachineWords) -> Iterator[str]:
    for at, line in enumerate(plain):
        label = words.label.match(line.lstrip(_DASHES))
        if label and (found := _ANYWHERE.search(above[at])):
            yield found.group(1)


def _leading(lines: Sequence[str], plain: Sequence[str], words: MachineWords) -> Iterator[str]:
    """Addresses at the beginning of lines, unless a sentence of the line above was broken there."""
    for at, line in enumerate(lines):
        found = _AT_START.match(line.lstrip())
        before = plain[at - 1] if found and at else ""
        broken = len(before.split()) >= _SENTENCE and before[-1] not in ":.)>-" and not words.failure.search(before)
        if found and not broken:
            yield found.group(1)


def _told(above: Sequence[str], plain: Sequence[str], failing: Sequence[int]) -> Iterator[str]:
    """Addresses in the sentence itself: "Unable to deliver message to <a@b>"; of a pair of lines where it is broken."""
    for at in failing:
        found = _ANYWHERE.findall(above[at]) or (_ANYWHERE.findall(above[at + 1]) if at + 1 < len(plain) else [])
        yield from found[:1]

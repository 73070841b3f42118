# SPDX-License-Identifier: EUPL-1.2
"""Reads bounces written as plain text, without a report of RFC 3464.

Tolerant and linear: the text is cut where the returned mail begins, and the failed recipients are found above it with
the phrases of rules/mail-machines.yaml. Other modules decide whether the mail is a bounce, never by its text alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flaggermail.mail.automated.dsn import DeliveryReport, read_report
from flaggermail.mail.fields import read_header, unfolded, words_decoded
from flaggermail.mail.machine_words import MachineWords
from flaggermail.mail.needed_words import words_of
from flaggermail.mail.vocabulary import folded

MOST_LINES = 600  # lines of a notice; the returned mail is below
_LONGEST_LINE = 400
_LONGEST_HEADER = 20_000  # characters read of a returned header
_LONGEST_MARK = 90  # characters
_WITHIN = 12  # lines between the mark and the returned header
_HEADER_LINES = 400
_SENTENCE = 6  # words
_NEAR = 12  # the first non-empty lines, in which a notice states what it is

_ADDRESS = r"([^\s<>()\[\]\"':;,|=`]{1,120}@[^\s<>()\[\]\"':;,|@`]{1,200})"
_ANYWHERE = re.compile(_ADDRESS)
# Observed forms: an address in brackets of any kind, after a bullet, a type ("rfc822;"), a quoted name, or the code and
# status of a reply ("550 5.1.1"). After a header label ("To:") it does not count.
_AT_START = re.compile(
    r"[-*\u2022]{0,3}\s{0,4}(?:\d{3}[- ](?:\d\.\d{1,3}\.\d{1,3} )?)?(?:(?:rfc822|smtp|internet)\s?[;:]\s?)?"
    r"(?:\"[^\"]{0,80}\"\s?|'[^']{0,80}'\s?(?=<))?[<\[\"'(]{0,2}" + _ADDRESS,
    re.IGNORECASE,
)
# "550 ..." at the start of a line or after "said:", or a status of RFC 3463; not "500 euro" and not a date
_CODE = re.compile(r"(?:^|[:<>\]\[(\"] ?)[45]\d\d[ -](?=\S)|(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![.\d])")
_HEADER_LINE = re.compile(
    r"[\s>|]{0,8}(?:return-path|received|message-id|x-received|dkim-signature|x-originating-ip):", re.IGNORECASE
)
_ANY_HEADER = re.compile(r"[!-9;-~]{1,80}:")
_INDENT = re.compile(r"[ \t>|]{0,8}")
_DASHES = "-_=*#~+|<>[]() \t\u00a0:."


@dataclass(frozen=True, slots=True)
class BounceNotice:
    """The content of a bounce text. Addresses in lower case; `returned` is the header of the returned mail."""

    listed: tuple[str, ...] = ()  # recipients after a label, or at the start of a line below the failure
    mentioned: tuple[str, ...] = ()  # other addresses: in or before a sentence that reports a failure
    delayed: bool = False
    says_so: bool = False  # the first lines report a failure or a delay
    coded: bool = False  # quotes an SMTP reply or status (RFC 5321, section 4.2; RFC 3463)
    report: DeliveryReport | None = None  # the fields of RFC 3464 written out in the text
    returned: Mapping[str, str] = field(default_factory=dict)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The listed recipients, or the mentioned ones if none is listed."""
        return self.listed or self.mentioned


def read_notice(text: str, words: MachineWords) -> BounceNotice:
    """Parses the text of a mail as a bounce notice; empty if it is something else. Never raises."""
    lines = [line[:_LONGEST_LINE] for line in text.split("\n", MOST_LINES * 4)]
    end = _returned_at(lines, words)
    above = lines[: min(end, MOST_LINES)]
    plain = [folded(line) for line in above]
    whole = " ".join(plain)
    known = words_of(whole)
    fails, delays = words.needed_for_failure.met(whole, known), words.needed_for_delay.met(whole, known)
    failing = [at for at, line in enumerate(plain) if words.failure.search(line)] if fails else []
    near = [at for at, line in enumerate(plain) if line][:_NEAR]
    fields = [line for line in above if ":" in line or not line.strip()]
    written = read_report("\n".join(line.strip() for line in fields).encode()) if _has_report_fields(plain) else None
    first = failing[0] if failing else len(above)
    listed = _distinct([*_labelled(above, plain, words), *_at_line_start(above[first:], plain[first:], words)])
    return BounceNotice(
        listed=listed,
        mentioned=()
        if listed
        else _distinct(_in_failure_sentences(above, plain, failing)) or _distinct(_at_line_start(above, plain, words)),
        delayed=delays and any(words.delay.search(_pair(plain, at)) for at in range(len(plain))),
        says_so=any(at in near for at in failing)
        or (delays and any(words.delay.search(_pair(plain, at)) for at in near)),
        coded=any(_CODE.search(line) for line in plain),
        report=written if written and written.recipients else None,
        returned=_returned_header(lines[end:]),
    )


def _has_report_fields(plain: Sequence[str]) -> bool:
    return any(line.startswith(("final-recipient:", "original-recipient:")) for line in plain)


def _pair(plain: Sequence[str], at: int) -> str:
    """Returns a line joined with the next, because phrases are broken across lines."""
    return f"{plain[at]} {plain[at + 1]}" if at + 1 < len(plain) else plain[at]


def _returned_at(lines: Sequence[str], words: MachineWords) -> int:
    """Returns the index of the line at which the returned mail begins, or the number of lines."""
    for at, line in enumerate(lines):
        mark = folded(line[:120].strip(_DASHES))
        if at and mark.startswith(words.returned_lines) and _is_mark(line, mark):
            return at
        if at and _HEADER_LINE.match(line) and not line.lower().lstrip(" >|").startswith("received >>>"):
            return at
    return len(lines)


def _is_mark(line: str, mark: str) -> bool:
    """True for a heading: dashed, or ending like one, or short; not a sentence ("the text of your message was ...")."""
    framed = line.strip()[:1] in "-=*|#" or line.rstrip()[-1:] in ":.-*=|"
    return len(mark) <= _LONGEST_MARK and (framed or len(mark.split()) < _SENTENCE)


def _returned_header(lines: Sequence[str]) -> dict[str, str]:
    """Returns the header fields below the mark, whatever indentation or quote marks they have."""
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


def _at_line_start(lines: Sequence[str], plain: Sequence[str], words: MachineWords) -> Iterator[str]:
    """Yields addresses at the start of lines, unless the line continues a sentence of the line above."""
    for at, line in enumerate(lines):
        found = _AT_START.match(line.lstrip())
        before = plain[at - 1] if found and at else ""
        broken = len(before.split()) >= _SENTENCE and before[-1] not in ":.)>-" and not words.failure.search(before)
        if found and not broken:
            yield found.group(1)


def _in_failure_sentences(above: Sequence[str], plain: Sequence[str], failing: Sequence[int]) -> Iterator[str]:
    """Yields addresses in the failure sentence, "Unable to deliver message to <a@b>", or on its next line."""
    for at in failing:
        found = _ANYWHERE.findall(above[at]) or (_ANYWHERE.findall(above[at + 1]) if at + 1 < len(plain) else [])
        yield from found[:1]

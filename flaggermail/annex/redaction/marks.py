# SPDX-License-Identifier: EUPL-1.2
"""Marks: places in printed text that are taken out, each with its ground (Wet open overheid, articles 5.1 and 5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from flaggermail.wording.annex import WooGround


class PrintedPart(StrEnum):
    """Which part of a printed mail a text is."""

    SUBJECT = "subject"
    FROM = "from"
    TO = "to"
    CC = "cc"
    BODY = "body"
    ATTACHMENT = "attachment"  # its name


class Detail(StrEnum):
    """What kind of detail a mark takes out."""

    NAME = "name"
    MAIL_ADDRESS = "mail address"
    TELEPHONE = "telephone"
    IBAN = "iban"  # ISO 13616, check digits by ISO 7064
    CITIZEN_NUMBER = "citizen number"  # burgerservicenummer, with its check by eleven
    POSTCODE = "postcode"
    STREET = "street"
    WEB_ADDRESS = "web address"
    HANDLE = "handle"
    TICKET = "ticket"  # number of a platform's ticket
    CHANNEL = "channel"  # address or number of an escalation channel
    OWN_ADDRESS = "own address"  # of the desk's mailbox
    KEY = "key"  # of ours, in an address or a Message-ID
    TAIL = "tail"  # behind a case number
    LICENCE_PLATE = "licence plate"  # of a vehicle, series of the RDW
    BIRTH_DATE = "date of birth"
    DOCUMENT_NUMBER = "document number"  # of a passport, an identity card, a driving licence
    STAFF_NUMBER = "staff number"
    IP_ADDRESS = "ip address"
    HIDDEN_TEXT = "hidden text"  # that the HTML of a mail hides from its reader
    OTHER = "other"  # marked by a person


@dataclass(frozen=True, slots=True)
class PrintedText:
    """One text of the mails that are printed: the `number`-th of its part in the `mail`-th mail, both from 0."""

    mail: int
    part: PrintedPart
    number: int
    text: str


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place that is taken out: characters `start` to `end` (past the last) of the `of`-th printed text."""

    of: int
    start: int
    end: int
    ground: WooGround
    detail: Detail


class MarkFault(ValueError):
    """A mark that does not fit its text. `mark` says where; what stands there is not repeated."""

    def __init__(self, mark: Mark, fault: str) -> None:
        """`fault`: what is wrong."""
        super().__init__(f"characters {mark.start} to {mark.end} of text {mark.of}: {fault}")
        self.mark = mark


def check(text: PrintedText, marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Returns the marks in order. Raises MarkFault if one is empty, outside the text or over another."""
    ordered = tuple(sorted(marks))
    for number, mark in enumerate(ordered):
        following = ordered[number + 1] if number + 1 < len(ordered) else None
        if not 0 <= mark.start < mark.end:
            raise MarkFault(mark, "the end must be behind the start, and the start 0 or more")
        if mark.end > len(text.text):
            raise MarkFault(mark, f"the text has {len(text.text)} characters")
        if following and following.of != mark.of:
            raise MarkFault(following, f"this mark is of another text than {mark.of}")
        if following and following.start < mark.end:
            raise MarkFault(following, f"it overlaps the mark that ends at {mark.end}")
    return ordered


UNSEEN = "[weggelaten: niet zichtbaar in de mail]"
"""What is printed in the place of words that a mail hides from its reader."""


def marker(*grounds: WooGround) -> str:
    """Returns what is printed for something that is taken out: the same for a short word and a long one."""
    if set(grounds) == {WooGround.NOT_SEEN}:
        return UNSEEN
    return f"[gelakt {', '.join(ground for ground in WooGround if ground in grounds)}]"


_GROUND = "|".join(map(re.escape, WooGround))
MARKER = re.compile(rf"\[gelakt (?:{_GROUND})(?:, (?:{_GROUND}))*\]|{re.escape(UNSEEN)}")
"""Matches what `marker` returns, also where somebody typed it: only the list of marks tells the two apart."""

# Between two recipients, and around one: nothing that says who they are, but their number could be counted.
SEPARATORS = " \t\r\n,;<>\"'()[]"
"""What stands between two recipients, and around one."""
_BETWEEN_RECIPIENTS = re.compile(rf"[{re.escape(SEPARATORS)}]*\Z")
_BEFORE_RECIPIENT, _BEHIND_RECIPIENT = "<\"'([", ">\"')]"
_BLANKS = re.compile(r"[^\S\r\n]*\Z")

RECIPIENTS = frozenset({PrintedPart.TO, PrintedPart.CC})


def marks_beside(there: Iterable[Mark], others: Iterable[Mark]) -> list[Mark]:
    """Returns what is left of `others` outside of the marks that are `there`."""
    found: list[Mark] = []
    taken: dict[int, list[Mark]] = {}
    for mark in sorted(there):
        taken.setdefault(mark.of, []).append(mark)
    for mark in others:
        at = mark.start
        for one in taken.get(mark.of, ()):
            if one.end > at and one.start < mark.end:
                found += [replace(mark, start=at, end=one.start)] if at < one.start else []
                at = one.end
        found += [replace(mark, start=at)] if at < mark.end else []
    return found


def redacted(text: PrintedText, marks: Iterable[Mark]) -> str:
    """Returns the text with a marker for each mark, everything else unchanged. Raises MarkFault as `check` does.

    Marks of one ground with nothing but blanks between them on a line become one marker, so that the words of a name
    are not counted. In To and Cc all marks with only separators between them become one, with all their grounds: the
    number of recipients is not shown (`[gelakt 5.1.2e]` is one recipient or ten).
    """
    parts: list[str] = []
    at = 0
    for start, end, grounds in markers(text, marks):
        parts += (text.text[at:start], marker(*grounds))
        at = end
    return "".join((*parts, text.text[at:]))


def markers(text: PrintedText, marks: Iterable[Mark]) -> list[tuple[int, int, tuple[WooGround, ...]]]:
    """Returns the places that one marker each is printed for, with its grounds. Raises MarkFault."""
    runs = _recipients if text.part in RECIPIENTS else _runs
    return list(runs(text.text, check(text, marks)))


def _runs(text: str, marks: Iterable[Mark]) -> Iterator[tuple[int, int, tuple[WooGround, ...]]]:
    """Yields the places of markers: neighbours of one ground with only blanks between them are one."""
    last: Mark | None = None
    for mark in marks:
        if last and mark.ground is last.ground and _BLANKS.match(text, last.end, mark.start):
            last = Mark(last.of, last.start, mark.end, last.ground, last.detail)
            continue
        if last:
            yield last.start, last.end, (last.ground,)
        last = mark
    if last:
        yield last.start, last.end, (last.ground,)


def _recipients(text: str, marks: Iterable[Mark]) -> Iterator[tuple[int, int, tuple[WooGround, ...]]]:
    """Yields the places of markers in a value of To or Cc, with the brackets and quotation marks around each."""
    runs: list[tuple[int, int, tuple[WooGround, ...]]] = []
    for mark in marks:
        if runs and _BETWEEN_RECIPIENTS.match(text, runs[-1][1], mark.start):
            start, _, grounds = runs[-1]
            runs[-1] = (start, mark.end, (*grounds, mark.ground))
        else:
            runs.append((mark.start, mark.end, (mark.ground,)))
    floor = 0
    for start, end, grounds in runs:
        before, behind = start, end
        while before > floor and text[before - 1] in _BEFORE_RECIPIENT:
            before -= 1
        while behind < len(text) and text[behind] in _BEHIND_RECIPIENT:
            behind += 1
        floor = behind
        yield before, behind, grounds

# SPDX-License-Identifier: EUPL-1.2
"""Reads a sent mail from its octets, as its recipient would."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from functools import cached_property

from tests.nights.oracle import DECISION, HUMAN, RECEIPT, SUBSTANCE, Told

PLATFORMS = ("Alder", "Birch", "Cedar", "Dogwood", "Elder")
_NUMBER = re.compile(r"V[FR]-[A-Z0-9]+-\d+")
_STEP = re.compile(
    r"(?:[Ss]ent|[Oo]pened) (?:at|on \d+ \w+ \d+ at) (?P<begin>\S+(?: [+-]\d\d:\d\d)?); "
    r"(?:due at (?P<due>\S+(?: [+-]\d\d:\d\d)?); )?it is now (?P<now>\d\d:\d\d(?: [+-]\d\d:\d\d)?)"
)
_ASKS = re.compile(r"acknowledged until (\d\d:\d\d)")
_ITEM = re.compile(r"^(V[FR]-[A-Z0-9]+-\d+): (.*?) after \d+ minutes\n((?:  .+\n)+)", re.MULTILINE)
_SINGLE = re.compile(
    r"(?:Escalation: )?"
    r"([Nn]o decision|\w+ silent|\w+: receipt not confirmed|\w+: no answer from a person) after \d+ minutes "
    r"\[(V[FR]-[A-Z0-9]+-\d+)\]$"
)
_KEY = re.compile(r" \(vf\.[0-9a-f]{32}\)$")  # where the reply address cannot carry it
_TOGETHER = re.compile(r"(?:Escalation: )?\d+ time limits? passed$")
_AWAITED = re.compile(r"\w+: no substantive answer yet \[V[FR]-[A-Z0-9]+-\d+\]$|No substantive answer yet to \d+ ")
_AWAITED_LINE = re.compile(r"^(?:\| )?- (\w+), (V[FR]-[A-Z0-9]+-\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Read:
    """A sent mail to one recipient."""

    octets: bytes
    recipient: str

    @cached_property
    def _message(self) -> Message:
        return message_from_bytes(self.octets)

    @cached_property
    def subject(self) -> str:
        """Returns the subject on one line."""
        return " ".join(str(make_header(decode_header(self._message["Subject"]))).split())

    @cached_property
    def message_id(self) -> str:
        """Returns the Message-ID without angle brackets."""
        return str(self._message["Message-ID"]).strip("<> \r\n")

    @cached_property
    def written_at(self) -> datetime:
        """Returns when the desk wrote it, by its own clock."""
        return parsedate_to_datetime(str(self._message["Date"]))

    @cached_property
    def digest(self) -> str:
        """Returns the digest under which it is archived."""
        return hashlib.sha256(self.octets).hexdigest()

    @cached_property
    def to(self) -> str:
        """Returns the address in To."""
        return parseaddr(str(self._message["To"]))[1]

    @cached_property
    def reply_to(self) -> str:
        """Returns the address to which a mail program answers."""
        return parseaddr(str(self._message["Reply-To"] or self._message["From"]))[1]

    @cached_property
    def answers(self) -> str:
        """Returns the Message-ID that it answers, or an empty text."""
        return str(self._message["In-Reply-To"] or "").strip("<> \r\n")

    @cached_property
    def body(self) -> str:
        """Returns the text; flowed lines are joined and unstuffed (RFC 3676, section 4)."""
        part = next(part for part in self._message.walk() if part.get_content_type() == "text/plain")
        octets = part.get_payload(decode=True)
        assert isinstance(octets, bytes)
        text = octets.decode().replace("\r\n", "\n")
        return re.sub(r"(?m)^ ", "", text).replace(" \n", "") if part.get_param("format") == "flowed" else text

    @property
    def case(self) -> str:
        """Returns the case number in the subject, or an empty text."""
        found = _NUMBER.search(self.subject)
        return found.group() if found else ""

    @property
    def alarms(self) -> bool:
        """Returns whether it is an alarm."""
        return "\nWhat is known:\n" in self.body

    @property
    def token(self) -> str:
        """Returns the token of the mail, which its own header holds."""
        return str(self._message["X-Flaggermail-Ref"]).split(".")[1]

    def named(self, command: str) -> str:
        """Returns the argument of that command in the mail, or an empty text."""
        found = re.search(rf"{command} (\w+)", " ".join(self.body.split()))
        return found[1] if found else ""

    @property
    def asks_approval(self) -> str:
        """Returns the draft that needs approval, or an empty text for another mail."""
        if "Please approve: " not in self.subject:
            return ""
        draft = re.search(r"draft\s+(V[FR]-\S+/\d+)", self.body)
        return draft[1] if draft else ""

    @property
    def asks_nothing(self) -> bool:
        """Returns whether it says what answers to the matter are awaited."""
        return _AWAITED.match(_KEY.sub("", self.subject)) is not None

    def reminds_of(self) -> Iterator[Told]:
        """Yields the steps of a reminder or an escalation."""
        subject = _KEY.sub("", self.subject)
        if self.asks_nothing:
            for platform, case in _AWAITED_LINE.findall(self.body):
                yield Told(case, platform, SUBSTANCE, 0, self.recipient)
        single = _SINGLE.match(subject)
        if single is not None:
            yield self._told(single[2], f"{single[1]} {self.body.partition('Told before')[0]}", self.body)
        elif _TOGETHER.match(subject):
            for case, what, text in _ITEM.findall(self.body):
                yield self._told(case, what, text)

    def _told(self, case: str, what: str, text: str) -> Told:
        """Returns the step that the text names by its minutes or by the expiry of an acknowledgement."""
        steps, asks = list(map(_minutes, _STEP.finditer(" ".join(text.split())))), _ASKS.findall(text)
        if asks and "Still on it?" not in text:
            asks = []
        assert len(steps) + len(asks) == 1, f"a reminder that does not say of what: {self.body}"
        step, until = steps[0] if steps else 0, asks[0] if asks else ""
        if re.search(r"no decision", what, re.IGNORECASE):
            return Told(case, "", DECISION, step, self.recipient, until)
        (platform,) = (name for name in PLATFORMS if re.search(rf"\b{name}\b", what))
        person = re.search(r"(from|by) a\s+person|no person", what)
        return Told(case, platform, HUMAN if person else RECEIPT, step, self.recipient, until)


def _minutes(said: re.Match[str]) -> int:
    """Returns the minutes from the sending to when the step was due, which is now unless the mail says otherwise."""
    begin, due = (_minute_of(said[name] or said["now"]) for name in ("begin", "due"))
    return (due - begin) % (24 * 60)


def _minute_of(clock: str) -> int:
    """Returns the minute of the day that a clock showed, in universal time if its offset stands behind it."""
    shown, _, offset = clock.partition(" ")
    hour, minute = map(int, shown.split(":"))
    east = int(offset[:3]) * 60 if offset else 0
    return hour * 60 + minute - east

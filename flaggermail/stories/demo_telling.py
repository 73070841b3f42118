# SPDX-License-Identifier: EUPL-1.2
"""Prints the story: the commands officers enter, and every mail as recorded."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from flaggermail.record.clocks import OfficerRole
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import OutboxMail, StoredMessage
from flaggermail.record.states import MailState
from flaggermail.services import Services
from flaggermail.stories.scenario import EnteredCommand

Look = Literal["plain", "heading", "typed", "mail", "faint", "figure"]
Tell = Callable[[str, Look], None]  # prints one line in a style, if the output supports styles

WIDTH = 110
PROGRAM = "flaggermail"
_INDENT = " " * 9
_ASIDE = frozenset({Kind.APPROVAL_REQUEST, Kind.OFFICER_NOTICE})  # told only where everything is
_SAYS = frozenset({Kind.REMINDER, Kind.ESCALATION})  # whose subject says the matter
WORDS: Mapping[str, str] = {  # kind of mail -> its name here, if different
    Kind.PLATFORM_ACK: "sign of receipt",
    Kind.SUBSTANTIVE_REPLY: "answer to the matter",
    Kind.INTAKE_CONFIRMATION: "confirmation with the case number",
    Kind.OFFICER_NOTICE: "notice",
    Kind.APPROVAL_REQUEST: "request to approve it",
    Kind.DECISION_NOTICE: "notice of what was decided",
}


@dataclass
class Teller:
    """Prints each event once, in chronological order.

    With a day, `only`, it tells that day alone, each mail and command as one line, and no mail between the desk and its
    officers but reminders.
    """

    env: Services
    tell: Tell
    only: date | None = None
    _day: date | None = None
    _printed: set[str] = field(default_factory=set)

    def remark(self, at: datetime, text: str) -> None:
        """Prints what a reader should know about the next event, if anything."""
        if not text or self._leaves_out(at):
            return
        self._print_day(at)
        for line in textwrap.wrap(text, WIDTH - 2):
            self.tell(f"  {line}", "faint")

    def typed(self, act: EnteredCommand, printed: str) -> None:
        """Prints a command line and its output."""
        if self._leaves_out(act.at, aside=act.show == "aside"):
            return
        self._print_day(act.at)
        found = self.env.settings.rota.officer(act.by)
        head = f"  {self.clock(act.at)}  {found.name if found else act.by} types: "
        command = textwrap.wrap(
            f"{PROGRAM} {act.line}", WIDTH, initial_indent=head, subsequent_indent=_INDENT + "    ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        for part in command:
            self.tell(part, "typed")
        for answer in printed.splitlines() if self.only is None else ():
            self.tell(f"{_INDENT}{answer}", "faint")

    def news(self) -> None:
        """Prints every mail received or sent since the last call, as recorded."""
        with self.env.store.read() as tx:
            came = [
                m
                for m in tx.find(StoredMessage, where(StoredMessage.direction).is_(Direction.IN))
                if m.id not in self._printed
            ]
            left = [
                m
                for m in tx.find(OutboxMail, where(OutboxMail.state).is_(MailState.ACCEPTED))
                if m.id not in self._printed
            ]
        for message in came:
            way = f"{self._describe(message.from_address or '', message.from_name)} to the desk"
            self._print_mail(message.id, message.received_at, way, message.kinds, message.subject or "")
        for mail in left:
            if mail.done_at is not None:
                way = f"the desk to {self._describe(mail.recipient)}"
                self._print_mail(mail.id, mail.done_at, way, [mail.kind], mail.subject)

    def letter(self, octets: bytes) -> None:
        """Prints a mail as its reader sees it."""
        if self.only is not None:
            return
        for line in self.env.parser.parse(octets).text.strip().splitlines():
            self.tell(f"{_INDENT}| {line}".rstrip(), "faint")

    def clock(self, at: datetime) -> str:
        """Returns the time of day at the desk."""
        return f"{at.astimezone(self.env.settings.zone):%H:%M}"

    def day(self, at: datetime) -> str:
        """Returns the date at the desk."""
        local = at.astimezone(self.env.settings.zone)
        return f"{local:%A} {local.day} {local:%B %Y}"

    def _leaves_out(self, at: datetime, *, aside: bool = False) -> bool:
        """Returns whether a day alone is told, and this is of another one or beside its matter."""
        return self.only is not None and (aside or at.astimezone(self.env.settings.zone).date() != self.only)

    def _print_mail(self, key: str, at: datetime, way: str, kinds: Sequence[str], subject: str) -> None:
        self._printed.add(key)
        if self._leaves_out(at, aside=bool(_ASIDE.intersection(kinds))):
            return
        self._print_day(at)
        what = " and ".join(WORDS.get(kind, kind.replace("_", " ")) for kind in kinds)
        if self.only is not None and _SAYS.intersection(kinds):
            what = f"{what}: {subject}"
        self.tell(f"  {self.clock(at)}  {way}: {what}", "mail")
        for line in textwrap.wrap(subject, WIDTH - len(_INDENT), break_on_hyphens=False) if self.only is None else ():
            self.tell(f"{_INDENT}{line}", "plain")

    def _describe(self, address: str, name: str | None = None) -> str:
        officer = self.env.settings.rota.by_address(address)
        if officer is not None:
            return f"{officer.name} ({OfficerRole.HEAD if OfficerRole.HEAD in officer.roles else OfficerRole.OFFICER})"
        for platform in self.env.settings.platform_list:
            for channel in platform.channels:
                if address in channel.to:
                    return f"{platform.name}, {channel.name} <{address}>"
        return f"{name} <{address}>" if name else address

    def _print_day(self, at: datetime) -> None:
        local = at.astimezone(self.env.settings.zone).date()
        if local != self._day:
            self._day = local
            self.tell("", "plain")
            self.tell(self.day(at), "heading")

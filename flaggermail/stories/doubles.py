# SPDX-License-Identifier: EUPL-1.2
"""Doubles for a replay: a settable clock, a mailbox of lists, a submission server with scripted answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

from flaggermail.ports import (
    Accepted,
    Census,
    Clock,
    Continuity,
    Folder,
    Interrupt,
    Mailbox,
    MailPage,
    News,
    OctetSource,
    Paged,
    RawMessage,
    Refused,
    Role,
    Submission,
    Submitter,
    Unknown,
)
from flaggermail.record.refusals import SmtpStage
from flaggermail.settings.model import MailboxSettings
from flaggermail.stories.scenario_file import ScriptedAnswer
from flaggermail.wording.said import as_written
from flaggermail.wording.servers import AttemptText

NUMBERING = "1"


class SetClock:
    """Implements `ports.Clock`: time does not pass until it is set."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Returns the instant that was set."""
        return self._now

    def set(self, instant: datetime) -> None:
        """Advances to `instant`; ignores an earlier one."""
        self._now = max(self._now, instant.astimezone(UTC))


class StoryClock:
    """Implements `ports.Clock` for all processes that use the folder; the process that plays the story sets it.

    A file has the instant, and once the story is over the machine's own of that moment, from which on time passes.
    Without the file this is the system clock.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"

    def now(self) -> datetime:
        """Returns the story's current instant, in UTC."""
        try:
            instant, _, since = self._file.read_text(encoding="ascii").partition(" ")
        except FileNotFoundError:
            return datetime.now(UTC)
        passed = datetime.now(UTC) - datetime.fromisoformat(since) if since else timedelta()
        return datetime.fromisoformat(instant) + passed

    def set(self, instant: datetime) -> None:
        """Sets the clock to `instant` (aware), where it stays until set again."""
        self._write(instant.astimezone(UTC).isoformat())

    def go_on(self) -> None:
        """Lets time pass from the instant that was set, as fast as on this machine."""
        self._write(f"{self.now().isoformat()} {datetime.now(UTC).isoformat()}")

    def _write(self, text: str) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(text, encoding="ascii")
        new.replace(self._file)  # atomic: no reader sees a partial instant


class CountedRandomness:
    """Implements `ports.Randomness` with values that repeat in every run of a scenario."""

    def __init__(self, seed: str) -> None:
        self._seed, self._count = seed, 0

    def token(self) -> str:
        """Returns the next value as 32 hexadecimal digits."""
        return self.salt().hex()

    def salt(self) -> bytes:
        """Returns the next value as 16 octets."""
        self._count += 1
        return hashlib.sha256(f"{self._seed} {self._count}".encode()).digest()[:16]


class ListMailbox(Mailbox):
    """Implements `ports.Mailbox` on lists of messages."""

    def __init__(self, settings: MailboxSettings) -> None:
        self.names: Mapping[str, str] = {
            Role.INBOX: settings.inbox, Role.SENT: settings.sent, Role.JUNK: settings.junk
        }  # fmt: skip
        self.marked: list[tuple[str, str]] = []  # folder and item of messages with the keyword
        self.numbering = NUMBERING  # another one: the server has renumbered all folders
        self._messages: dict[str, list[RawMessage]] = {name: [] for name in self.names.values()}

    def deliver(self, folder: str, octets: bytes, at: datetime) -> None:
        """Adds a mail to "inbox", "sent" or "junk"."""
        messages = self._messages[self.names[folder]]
        number = len(messages) + 1
        messages.append(
            RawMessage(octets, at, self.names[folder], "", str(number), Role(folder), source=OctetSource.IMAP)
        )

    def end(self, number: int) -> str:
        """Returns the position after that many messages of a folder."""
        return f"{self.numbering}/{number}"

    def given(self, position: str | None) -> int:
        """Returns how many messages of its folder a reader at `position` has; none if they were renumbered since."""
        numbering, _, number = (position or "").rpartition("/")
        return int(number) if numbering == self.numbering else 0

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Returns the inbox, Sent and Junk."""
        return tuple(Folder(name, Role(role)) for role, name in self.names.items() if only in {None, role})

    def news(self, folder: str, position: str | None) -> News:
        """Returns how many messages came since."""
        continuity = Continuity.FIRST
        if position is not None:
            same = position.startswith(f"{self.numbering}/")
            continuity = Continuity.CONTINUED if same else Continuity.RENUMBERED
        there = len(self._messages[folder])
        return News(continuity, there - self.given(position), self.end(there))

    def census(self, folder: str, position: str, expected: int | None) -> Census | None:
        """Returns every item: nobody takes mail out of the lists."""
        items = [str(number + 1) for number in range(min(self.given(position), len(self._messages[folder])))]
        return None if len(items) == expected else Census(self.numbering, items)

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields one page with all new messages."""
        new = self._new(folder, position)
        yield MailPage(
            [replace(raw, cursor=self.end(int(raw.item))) for raw in new], self.end(len(self._messages[folder]))
        )

    def _new(self, folder: str, position: str | None) -> Sequence[RawMessage]:
        return [replace(raw, numbering=self.numbering) for raw in self._messages[folder][self.given(position) :]]

    def fetch_first(
        self, folder: str, position: str | None, senders: Sequence[str], oldest: datetime | None = None
    ) -> Iterator[Sequence[RawMessage]]:  # fmt: skip
        """Yields one batch of the new messages from these senders and of replies to us."""
        recent = (raw for raw in self._new(folder, position) if oldest is None or raw.internaldate >= oldest)
        new = [raw for raw in recent if _is_priority(raw.octets, senders)]
        if new:
            yield new

    def mark(self, folder: str, numbering: str, items: Sequence[str]) -> bool:
        """Records the messages as marked."""
        self.marked += [(folder, item) for item in items if numbering == self.numbering]
        return True

    def earlier_mail(self) -> int:
        """Returns the number of our mails in the folder of sent mail."""
        return sum(b"\r\nMessage-ID: <vf." in raw.octets for raw in self._messages[self.names[Role.SENT]])

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Returns at once."""
        del stop, at_most

    def close(self) -> None:
        """Does nothing."""


def _is_priority(octets: bytes, senders: Sequence[str]) -> bool:
    header = message_from_bytes(octets.partition(b"\r\n\r\n")[0])
    answers = f"{header.get('References', '')} {header.get('In-Reply-To', '')}"
    return "vf." in answers or any(sender in str(header.get("From", "")) for sender in senders)


class ScriptedSubmitter(Submitter):
    """Implements `ports.Submitter`: accepts every mail at once, unless the script has an answer for it."""

    def __init__(self, clock: Clock, script: Sequence[ScriptedAnswer] = ()) -> None:
        self._clock, self._script = clock, script

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Returns one result per recipient."""
        del octets, sender, witness
        return [self._answer(recipient) for recipient in recipients]

    def _answer(self, recipient: str) -> Submission:
        now = self._clock.now()
        answer = next((a for a in self._script if a.fits(recipient, now)), None)
        if answer is None:
            return Accepted(recipient, now, AttemptText.SAYS(words="250 accepted"))
        if answer.code < 0:
            return Unknown(recipient, as_written(answer.text))
        stage = SmtpStage.RECIPIENT if answer.code else SmtpStage.CONNECTION
        return Refused(recipient, answer.code >= 500, answer.code, AttemptText.SAYS(words=answer.text), stage)  # noqa: PLR2004 - 5yz, RFC 5321


class ListPager:
    """Implements `ports.Pager` by recording the calls; the pagers in `broken` fail."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []  # pager and text
        self.broken: set[str] = set()

    def call(self, pager: str, title: str, text: str) -> Paged:
        """Records the call."""
        del title
        self.calls.append((pager, text))
        return Paged(taken=False, why=as_written("broken")) if pager in self.broken else Paged(taken=True)

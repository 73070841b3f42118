# SPDX-License-Identifier: EUPL-1.2
"""The platforms of the demo: they read what the submission server took, and answer as the story says or not at all."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.parser import BytesParser
from email.utils import format_datetime
from string import Template

from flaggermail.demo.script import SHIPPED, PlatformEntry, Story
from flaggermail.demo.stage import TakenMail
from flaggermail.settings import PlatformSettings, Settings


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail that will arrive at `at`."""

    at: datetime
    octets: bytes


class Platforms:
    """Answers each mail to a channel once: the first with the first answer of the story, and so on."""

    def __init__(self, story: Story, settings: Settings) -> None:
        self._settings = settings
        self._entries = story.platforms
        self._answers = {entry.channel: deque(entry.answers) for entry in story.platforms}
        self._read = 0

    def answers(self, taken: Sequence[TakenMail], now: datetime) -> list[Incoming]:
        """The story's answers to what was taken since the last call."""
        planned = []
        for mail, entry, platform in self._new(taken):
            if self._answers[entry.channel]:
                answer = self._answers[entry.channel].popleft()
                at = now + timedelta(minutes=answer.after)
                planned.append(Incoming(at, self._answer(answer.mail, mail, platform, at)))
        return planned

    def later_answers(self, taken: Sequence[TakenMail], now: datetime) -> list[Incoming]:
        """What is answered at once when the story is over."""
        return [
            Incoming(now, self._answer(entry.later, mail, platform, now)) for mail, entry, platform in self._new(taken)
        ]

    def _new(self, taken: Sequence[TakenMail]) -> list[tuple[TakenMail, PlatformEntry, PlatformSettings]]:
        new, self._read = taken[self._read :], len(taken)
        return [
            (mail, entry, platform)
            for mail in new
            for entry in self._entries
            for platform in self._settings.platform_list
            for channel in platform.channels
            if channel.code == entry.channel and set(channel.to) & set(mail.recipients)
        ]

    def _answer(self, name: str, mail: TakenMail, platform: PlatformSettings, at: datetime) -> bytes:
        """The mail of the story, as an answer to the very one that was taken."""
        header = BytesParser().parsebytes(mail.octets, headersonly=True)
        message_id = str(header["Message-ID"]).strip().strip("<>")
        values = {
            "domain": platform.domains[0],
            "subject": str(header["Subject"]),  # folded and encoded as it came
            "answered": message_id,
            "id": f"{at:%Y%m%d.%H%M}.{self._read}",
            "date": format_datetime(at),
        }
        return arriving(name, at, self._settings, platform.domains[0], values)


def referral(name: str, at: datetime, settings: Settings) -> Incoming:
    """A mail of the story that answers nothing."""
    sender = BytesParser().parsebytes((SHIPPED / name).read_bytes(), headersonly=True)["From"]
    return Incoming(at, arriving(name, at, settings, str(sender).rpartition("@")[2].strip("> "), {}))


def arriving(name: str, at: datetime, settings: Settings, domain: str, values: dict[str, str]) -> bytes:
    """A mail of the story with what our own receiving server writes above it: its verdict and trace (RFC 8601)."""
    mailbox = settings.desk.mailbox
    text = Template((SHIPPED / name).read_text(encoding="utf-8")).substitute(values, desk=mailbox.address)
    server = mailbox.authserv_id
    above = (
        f"Authentication-Results: {server}; dmarc=pass header.from={domain}\n"
        f"Received: from mail.{domain} by {server} with ESMTPS; {format_datetime(at)}\n"
    )
    return (above + text).replace("\r\n", "\n").replace("\n", "\r\n").encode()

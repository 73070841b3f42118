# SPDX-License-Identifier: EUPL-1.2
"""What the mail servers of a night do to mail: nothing on a plain night."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaggermail.errors import LinkLost

if TYPE_CHECKING:
    from tests.nights.diary import Diary, Incoming
    from tests.nights.world import HandOver

PLAIN_ANSWER = "2.0.0 Ok"


class Face:
    """The plain face: mail arrives as it was sent, and every server keeps the standards."""

    def answer(self, handed: HandOver) -> str:
        """Returns the words of the submission server's answer to DATA."""
        del handed
        return PLAIN_ANSWER

    def name_in(self, words: str) -> str | None:
        """Returns the Message-ID that the answer names."""
        del words
        return None

    def settled(self, handed: HandOver) -> None:
        """The desk has recorded the answer."""

    def sent(self, handed: HandOver) -> None:
        """A server has taken a mail of the desk."""

    def arriving(self, octets: bytes, folder: str) -> bytes | None:
        """Returns a mail as the mailbox stores it; None if it stores none."""
        del folder
        return octets

    def taken(self, mail: Incoming) -> None:
        """The desk has taken in a mail."""

    def lost(self, reason: LinkLost) -> float | None:
        """Returns after how many seconds the mailbox is asked again; None: when there is work."""
        del reason
        return None

    def found(self) -> None:
        """The mailbox was read."""

    def started(self) -> None:
        """The desk has started again."""

    def judge(self, diary: Diary) -> None:
        """Adds what the desk did wrong by these servers alone."""
        del diary

# SPDX-License-Identifier: EUPL-1.2
"""What a check works with; `wiring.online_means` puts it together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from flaggermail.ports import Clock, Pager, Resolver, Submitter, TokenReach
from flaggermail.ports.probing import DatabaseSeen, MailboxProbe, SubmissionProbe
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services


class TrustProofs(Protocol):
    """Keeps whether a forged internal mark survives at the mail server."""

    def record(self, *, survived: bool, message_id: str) -> None:
        """Records the outcome of a trial with the mail of this Message-ID, without angle brackets."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMeans:
    """The settings, the servers as they are probed, and this machine."""

    settings: Configuration
    mailbox: MailboxProbe
    submission: SubmissionProbe
    submitter: Submitter
    resolver: Resolver
    pager: Pager
    other_mailbox: Callable[[], TokenReach | None]  # raises LinkLost; None where no mailbox is named
    database: Callable[[], DatabaseSeen | None]  # raises FlaggermailError; None if there is none yet
    free: Callable[[], Mapping[str, int]]  # octets by place
    seal: Callable[[str], bytes | None]  # as in `ports.CodeVault`
    scratch: Callable[[Configuration, Submitter, Clock], AbstractContextManager[Services]]  # empty, and thrown away
    clock: Clock
    token: Callable[[], str]  # as in `ports.Randomness`
    wait: Callable[[float], None]  # seconds
    local_offset: Callable[[], timedelta]  # of this machine's own time from UTC
    marks: TrustProofs | None = None  # None: the configuration trusts no internal marks
    pages: bool = True  # whether the pagers are called
    patience: float = 90.0  # seconds until a mail counts as lost

# SPDX-License-Identifier: EUPL-1.2
"""The ports through which `check --online` looks at the servers step by step; only what the check sent is changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flaggermail.ports.servers import Folder
from flaggermail.record.kinds import OctetSource, Role
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True)
class Found:
    """A mail of a check in the mailbox; `item` is the adapter's own, as in `RawMessage`."""

    folder: str
    role: Role
    numbering: str
    item: str
    internaldate: datetime
    octets: bytes
    source: OctetSource = OctetSource.IMAP


class MailboxProbe(Protocol):
    """The mailbox, step by step. Each method raises LinkLost, which says what the server answered."""

    def connect(self) -> datetime | None:
        """Connects, with TLS if the settings ask for it; returns the end of the certificate, None in clear text."""
        ...

    def log_in(self) -> Collection[str]:
        """Logs in; returns what the server then offers. Raises LoginRefused too."""
        ...

    def folders(self) -> Sequence[Folder]:
        """Returns the watched folders with their roles."""
        ...

    def rights(self, folder: str) -> str | None:
        """Returns the rights in a folder as letters (RFC 4314, section 2.1); None if the server names none."""
        ...

    def can_read(self, folder: str) -> bool:
        """True if the folder can be opened for reading."""
        ...

    def find(self, folders: Sequence[Folder], header: str, word: str) -> Sequence[Found]:
        """Returns the mails in whose field `header`, or in whose subject, a word occurs, in these folders."""
        ...

    def keeps_keyword(self, mail: Found, keyword: str) -> bool:
        """Sets a keyword on a mail of the check; returns whether the server stored it."""
        ...

    def remove(self, mail: Found) -> bool:
        r"""Deletes one mail of the check, and no other mail with \\Deleted; returns whether it is gone."""
        ...

    def close(self) -> None:
        """Closes the connection; idempotent, never raises."""
        ...


@dataclass(frozen=True, slots=True)
class SubmissionSeen:
    """How far a session with the submission server came. `connected` and `logged_in` are empty where it went well."""

    connected: StoredText
    logged_in: StoredText
    certificate_ends: datetime | None = None
    offers: frozenset[str] = frozenset()  # keywords of EHLO in lower case
    size: int | None = None  # octets (RFC 1870); 0 without a limit, None if it does not say


class SubmissionProbe(Protocol):
    """The submission server, up to the login."""

    def look(self) -> SubmissionSeen:
        """Connects, logs in and ends the session; sends nothing. Never raises for what the server does."""
        ...


@dataclass(frozen=True, slots=True)
class DatabaseSeen:
    """A database that answers."""

    kind: str  # with its version
    revision: str
    isolation: str


@dataclass(frozen=True, slots=True)
class ReplicaSeen:
    """A replica that answers, beside the database that it should follow."""

    is_standby: bool
    is_of_database: bool  # by the identifier of the server's cluster, which its standbys share
    revision: str
    wanted: str  # the revision of the database
    behind: int  # events

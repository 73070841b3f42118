# SPDX-License-Identifier: EUPL-1.2
"""The ports to other servers: the mailbox, our submission server, pagers, and those that vouch for a sender."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from flaggermail.mail.message import Message, Verdict
from flaggermail.ports.machine import Interrupt
from flaggermail.record.clocks import InstantBasis
from flaggermail.record.kinds import ArrivalBasis
from flaggermail.record.refusals import SmtpStage
from flaggermail.wording.said import UNSAID, Said


class Role(StrEnum):
    """What a folder is for (RFC 6154); `OTHER` is any folder colleagues use, the trash included."""

    INBOX = "inbox"
    SENT = "sent"
    JUNK = "junk"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One mail as stored on the mailbox server, or found in a file of old mail as `arrival` says.

    `internaldate` is aware (RFC 9051, section 2.3.3).
    """

    octets: bytes
    internaldate: datetime
    folder: str
    uidvalidity: int
    uid: int
    role: Role = Role.INBOX
    arrival: ArrivalBasis = ArrivalBasis.SERVER  # what `internaldate` rests on

    @property
    def key(self) -> str:
        """The key of this delivery, whatever message it is."""
        return f"{self.folder}/{self.uidvalidity}/{self.uid}"


@dataclass(frozen=True, slots=True)
class RefusedMail:
    """What a file of old mail holds that is not taken in, and why."""

    place: str
    why: Said


class OldMail(Protocol):
    """Files of old mail. Never writes, renames or removes any of them."""

    def mails(self) -> Iterator[RawMessage | RefusedMail]:
        """Yields each mail in the order of paths, and what is refused in its place; never raises on content.

        The UID is made of the octets, so that a mail keeps it whatever happens to the file around it.
        """
        ...

    def size(self) -> int:
        """Returns the octets of all files that `mails` reads."""
        ...

    def read(self) -> int:
        """Returns the octets read so far."""
        ...


@dataclass(frozen=True, slots=True)
class Position:
    """How far a folder has been read: every UID up to and including `uid` is stored (RFC 9051, section 2.3.1.1)."""

    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder has been read, when it was last read to its end, and how many mails it held then."""

    position: Position
    looked_at: datetime | None
    held: int | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token (RFC 6749, section 1.4). The instants are seconds of a clock that never goes back."""

    value: str = field(repr=False)
    got_at: float
    renew_at: float  # from then on another one is fetched before use
    ends_at: float


class TokenSource(Protocol):
    """Where access tokens come from."""

    def token(self, now: float) -> AccessToken:
        """Returns a token that lives long enough, the same one until it is renewed; `now` as in `AccessToken`.

        A new refresh token is stored before it is used. Raises LoginRefused where a person must act, else LinkLost.
        """
        ...

    def forget(self, token: AccessToken) -> None:
        """Gives up a token that a server refused, so that the next one is fetched anew. Never raises."""
        ...


class Mailbox(Protocol):
    r"""The shared mailbox. Reads with PEEK, never sets \\Seen, \\Flagged or \\Answered, never moves or expunges."""

    def folders(self) -> Sequence[str]:
        """Returns the watched folders, the inbox first. Connects if needed; raises LinkLost, LoginRefused."""
        ...

    def position(self, folder: str) -> Position:
        """Returns UIDVALIDITY and the highest UID of `folder`; raises LinkLost, FolderUnreadable."""
        ...

    def census(self, folder: str, position: Position, expected: int | None) -> Sequence[int] | None:
        """Returns the UIDs in `folder` up to `position.uid`; None if it holds as many mails as `expected`.

        Called once for each folder of a complete look, after it was read. Raises LinkLost, FolderUnreadable.
        """
        del folder, position, expected
        return None

    def fetch_after(self, folder: str, position: Position) -> Iterator[Sequence[RawMessage]]:
        """Yields batches of the messages of `folder` above `position.uid`, in UID order, limited in number and octets.

        Yields the whole folder if its UIDVALIDITY differs from `position.uidvalidity`. Raises LinkLost,
        FolderUnreadable.
        """
        ...

    def fetch_first(self, folder: str, position: Position, senders: Sequence[str]) -> Iterator[Sequence[RawMessage]]:
        """Does the same as `fetch_after`, limited to messages from one of `senders` and replies to our own mail.

        The search uses the header as the sender wrote it: this only decides what is read first.
        """
        ...

    def mark(self, folder: str, uidvalidity: int, uids: Sequence[int]) -> bool:
        """Sets a keyword on messages that were taken in, for colleagues; returns False if the server stores none.

        Nothing else changes, and a missing keyword does no harm. Raises LinkLost.
        """
        ...

    def earlier_mail(self) -> int:
        """Returns how many mails show that a desk has worked with this mailbox before: ours, and answers to them.

        Raises LinkLost.
        """
        return 0

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Waits until the inbox may have changed, until `stop` is set, or for `at_most` seconds; a hint only.

        Raises LinkLost.
        """
        ...

    def secret_version(self) -> str:
        """Returns a value that changes with the stored secret of the login. Never raises."""
        return ""

    def close(self) -> None:
        """Closes the connection; idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """The submission server took responsibility for the message for this recipient (RFC 5321, section 4.2.5)."""

    recipient: str
    at: datetime
    answer: Said
    basis: InstantBasis = InstantBasis.MAIL  # what `at` rests on


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refused the message before or at the end of DATA; `permanent` for 5yz, `code` 0 without a reply."""

    recipient: str
    permanent: bool
    code: int
    text: Said
    stage: SmtpStage = SmtpStage.RECIPIENT

    @property
    def words(self) -> str:
        """The server's own words; empty if there are none."""
        return str(self.text.detail("words") or "")


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection was lost or timed out after the end of DATA was sent: the server may have taken the message."""

    recipient: str
    text: Said


Submission = Accepted | Refused | Unknown


class Submitter(Protocol):
    """Submits one frozen message to our own submission server (RFC 6409)."""

    def secret_version(self) -> str:
        """Returns a value that changes with the stored secret of the login; empty if there is none. Never raises."""
        return ""

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Returns one result per recipient, in order; `sender` is the envelope sender, empty for the null reverse-path.

        `witness` is one more address that gets the message in the same transaction if a recipient was accepted: its
        copy proves that the server took the message. Its refusal changes nothing, and it has no result.

        Never raises for what the network or the server does.
        """
        ...


@dataclass(frozen=True, slots=True)
class Paged:
    """Whether a pager's service accepted a page; if not, `why` says so in our own words, without the address."""

    taken: bool
    why: Said = UNSAID


class Pager(Protocol):
    """Sends pages to officers."""

    def call(self, pager: str, title: str, text: str) -> Paged:
        """Sends `text` once through the service of the credential `pager`. Never raises, never reveals the address."""
        ...


class SenderCheck(Protocol):
    """Verifies the author of a mail."""

    def verdict(self, octets: bytes, message: Message) -> Verdict:
        """Returns the verdict on the author of `message`, parsed from `octets`; never raises on content."""
        ...


class Resolver(Protocol):
    """Queries the DNS."""

    def texts(self, name: str) -> Sequence[bytes] | None:
        """Returns the TXT records at `name`, each joined (RFC 1035, section 3.3.14); None if the DNS does not answer.

        The result is empty if the name or the record does not exist. Never raises.
        """
        ...


class SignatureCheck(Protocol):
    """Verifies DKIM signatures (RFC 6376)."""

    def check(self, octets: bytes, domain: str, date: datetime | None, now: datetime) -> Verdict:
        """Returns the verdict on an author at `domain`; `date` is the mail's Date. Never raises on content."""
        ...

# SPDX-License-Identifier: EUPL-1.2
"""The ports to other servers: the mailbox, our submission server, pagers, and those that vouch for a sender."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from flaggermail.mail.message import Dnssec, Message, Verdict
from flaggermail.ports.machine import Clock, Interrupt
from flaggermail.record.kinds import ArrivalBasis, OctetSource, Role
from flaggermail.record.refusals import SmtpStage
from flaggermail.record.states import InstantBasis
from flaggermail.wording.said import UNSAID, StoredText


@dataclass(frozen=True, slots=True)
class Folder:
    """A watched folder. Intake asks for a folder by its role; the name is the adapter's own."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One mail as stored on the mailbox server, or found in a file of old mail as `arrival` says.

    `internaldate` is aware (RFC 9051, section 2.3.3). `item` identifies the mail among all that its folder ever held
    under this `numbering`; if a folder's numbering changes, every mail in it has another item. Both are opaque: the
    adapter makes them, and the others compare them for equality only.

    Whoever may append to a folder chooses the INTERNALDATE. `written` is what the server gave if no calendar holds it
    (a zone of 26 hours); `internaldate` is then when the adapter saw the mail.
    """

    octets: bytes
    internaldate: datetime
    folder: str
    numbering: str
    item: str
    role: Role = Role.INBOX
    arrival: ArrivalBasis = ArrivalBasis.SERVER  # what `internaldate` rests on
    source: OctetSource = OctetSource.IMAP
    cursor: str | None = None  # how far its folder is read once this mail is stored; None if that does not follow
    written: str = ""
    seen_at: datetime | None = None  # first sight, which counts as the arrival if `internaldate` cannot be

    @property
    def arrived_at(self) -> datetime:
        """The arrival that counts."""
        return self.seen_at or self.internaldate

    @property
    def key(self) -> str:
        """The key of this delivery, independent of its message."""
        return f"{self.folder}/{self.numbering}/{self.item}"


@dataclass(frozen=True, slots=True)
class RefusedMail:
    """What a file of old mail holds that is not taken in, and why."""

    place: str
    why: StoredText


class OldMail(Protocol):
    """Files of old mail. Never writes, renames or removes any of them."""

    def mails(self) -> Iterator[RawMessage | RefusedMail]:
        """Yields each mail in the order of paths, and what is refused in its place; never raises on content.

        The item is made of the octets, so that a mail keeps it whatever happens to the file around it.
        """
        ...

    def size(self) -> int:
        """Returns the octets of all files that `mails` reads."""
        ...

    def read(self) -> int:
        """Returns the octets read so far."""
        ...


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder has been read, when it was last read to its end, and how many mails it holds.

    `position` is opaque: only the adapter that made it reads it. It may be a link of some thousand characters.
    """

    position: str
    looked_at: datetime | None
    held: int | None = None  # copies known to be there; None until they were counted


class Continuity(StrEnum):
    """What a folder says of the position that a reader comes with."""

    FIRST = "first"  # the reader has none
    CONTINUED = "continued"  # the folder is read on from there
    RENUMBERED = "renumbered"  # it leads nowhere any more: every mail is given again, often under a new item


@dataclass(frozen=True, slots=True)
class News:
    """What a reader finds in a folder: at most `at_most` mails, None if the server does not say how many.

    `end` is the position of a reader who has read them all; empty if the server tells it only as they are read.
    """

    continuity: Continuity
    at_most: int | None
    end: str = ""


@dataclass(frozen=True, slots=True)
class MailName:
    """The name of a mail in its folder; see `RawMessage`."""

    folder: str
    numbering: str
    item: str

    @property
    def key(self) -> str:
        """The key of its delivery."""
        return f"{self.folder}/{self.numbering}/{self.item}"


@dataclass(frozen=True, slots=True)
class MailPage:
    """Some mails of a folder, and the position at which it is read on once all of them are stored.

    `unfetched` are mails before that position which the server lists and, asked more than once, does not give.
    """

    mails: Sequence[RawMessage]
    position: str
    unfetched: Sequence[MailName] = ()


@dataclass(frozen=True, slots=True)
class Census:
    """The items of all mails that a folder holds up to a position."""

    numbering: str
    items: Sequence[str]


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


class Reach(StrEnum):
    """Whether the token of the desk opens another mailbox."""

    REFUSED = "refused"  # as it must be
    OPENED = "opened"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class TokenReach:
    """The outcome of trying another mailbox, and its sentence."""

    reach: Reach
    told: StoredText


class Mailbox(Protocol):
    r"""The shared mailbox. Reads with PEEK, never sets \\Seen, \\Flagged or \\Answered, never moves or expunges."""

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Returns the watched folders, the inbox first, or those with the role `only`.

        Connects if needed, but not for the inbox alone. Raises LinkLost, LoginRefused.
        """
        ...

    def news(self, folder: str, position: str | None) -> News:
        """Returns what a reader at `position` finds in `folder`; cheap. Raises LinkLost, FolderUnreadable."""
        ...

    def census(self, folder: str, position: str, expected: int | None) -> Census | None:
        """Returns what `folder` holds up to `position`; None if that is as many mails as `expected`.

        Called once for each folder of a complete look, after it was read. Raises LinkLost, FolderUnreadable.
        """
        del folder, position, expected
        return None

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields the mails of `folder` that a reader at `position` lacks, in pages limited in number and octets.

        Yields at least one page, which may have no mails; the position of the last one is the folder's end. A mail may
        be given twice, and in any order. The whole folder is yielded without a position, or if `news` says that it was
        renumbered. Raises LinkLost, FolderUnreadable.
        """
        ...

    def fetch_again(self, name: MailName) -> RawMessage | None:
        """Returns a mail that a page named as `unfetched`, without a `cursor`; None if it is not there any more.

        Raises MailUnreadable if the server still does not give it, LinkLost, FolderUnreadable.
        """
        del name
        return None

    def fetch_first(
        self, folder: str, position: str | None, senders: Sequence[str], oldest: datetime | None = None
    ) -> Iterator[Sequence[RawMessage]]:  # fmt: skip
        """Yields the mails that are from one of `senders` or reply to our mail; their `cursor` is None.

        None that arrived two days before `oldest` or earlier; later ones in any case. The search uses the header as the
        sender wrote it: this only decides what is read first. Raises LinkLost, FolderUnreadable.
        """
        del folder, position, senders, oldest
        return iter(())

    def mark(self, folder: str, numbering: str, items: Sequence[str]) -> bool:
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

    def full(self) -> str:
        """Returns that the mailbox has no room for new mail, as of the last complete look; empty if it may have.

        Never raises, and answers any thread.
        """
        return ""

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
    answer: StoredText
    basis: InstantBasis = InstantBasis.MAIL  # what `at` rests on
    message_id: str | None = None  # under which it left, as the server told; None if it did not tell


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refused the message before or at the end of DATA; `permanent` for 5yz, `code` 0 without a reply."""

    recipient: str
    permanent: bool
    code: int
    text: StoredText
    stage: SmtpStage = SmtpStage.RECIPIENT

    @property
    def words(self) -> str:
        """The server's own words; empty if there are none."""
        inner = self.text.sentences("what")  # of a sentence with a hint
        return str((inner[0] if inner else self.text).detail("words") or "")


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection was lost or timed out after the end of DATA was sent: the server may have taken the message.

    `died`: our own program ended meanwhile, so that the server may have heard nothing of it.
    """

    recipient: str
    text: StoredText
    died: bool = False


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


class MailService(Protocol):
    """What the adapters for one kind of mail service offer together; a desk never mixes two kinds.

    Proof of sending belongs to it: a copy with our own header that the mailbox finds in the folder with the role
    `SENT`, or in the inbox. So what the submitter sends must leave a copy in a folder that the mailbox reads.
    """

    def mailbox(self) -> Mailbox:
        """Returns the mailbox, not connected yet. Raises ConfigurationError."""
        ...

    def submitter(self, clock: Clock, leads: Callable[[], bool]) -> Submitter:
        """Returns the submitter, whose instants are those of `clock`; once `leads` returns False it sends nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Paged:
    """Whether a pager's service accepted a page; if not, `why` says so in our own words, without the address."""

    taken: bool
    why: StoredText = UNSAID


PAGE_TITLE = "flaggermail"  # of each page


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


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """What the DNS answered: the TXT records, each joined (RFC 1035, section 3.3.14).

    `texts` is empty if the name or the record does not exist, and None if no answer came. `server` names the addresses
    that were asked; it is empty if none was.
    """

    texts: Sequence[bytes] | None
    dnssec: Dnssec = Dnssec.UNKNOWN
    server: str = ""


class Resolver(Protocol):
    """Queries the DNS."""

    def look_up(self, name: str) -> DnsAnswer:
        """Returns the answer about the TXT records at `name`. Never raises."""
        ...


class SignatureCheck(Protocol):
    """Verifies DKIM signatures (RFC 6376)."""

    def check(self, octets: bytes, domain: str, date: datetime | None, now: datetime) -> Verdict:
        """Returns the verdict on an author at `domain`, with the facts found; `date` is the mail's Date.

        Never raises on content.
        """
        ...

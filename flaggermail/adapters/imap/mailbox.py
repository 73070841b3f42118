# SPDX-License-Identifier: EUPL-1.2
"""The shared mailbox over IMAP (RFC 9051), read with EXAMINE and PEEK: colleagues see no change in it."""

from __future__ import annotations

import imaplib
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from imapclient import IMAPClient
from imapclient.datetime_util import format_criteria_date

from flaggermail.adapters.imap.fetching import (
    Fetching,
    FolderPlace,
    Position,
    continuity,
    is_connection_loss,
    one_by_one,
    search,
    since,
)
from flaggermail.adapters.imap.folders import watched
from flaggermail.adapters.imap.idle import wait_for_notice
from flaggermail.adapters.imap.link import (
    ImapAccount,
    as_link_lost,
    close_link,
    cut,
    explained,
    inner,
    open_link,
    quoted,
    tls_context,
    token_ended,
)
from flaggermail.adapters.tls import one_line
from flaggermail.errors import FolderUnreadable, LinkLost, MailUnreadable
from flaggermail.ports import (
    AccessToken,
    Census,
    Continuity,
    Folder,
    Interrupt,
    MailName,
    MailPage,
    News,
    RawMessage,
    Role,
)
from flaggermail.wording.said import UNSAID
from flaggermail.wording.servers import MailboxFailure

__all__ = ["ImapAccount", "ImapMailbox"]

# The answer to a search is one line, and imaplib accepts lines of 1,000,000 octets: some 90,000 UIDs of ten digits.
_SEARCH_SPAN = 90_000
# EXAMINE, NOOP and IDLE each reveal new mail; after one of them, each of these requests may skip its NOOP once.
# Skip the NOOP after IDLE: it makes Dovecot rescan a large Maildir, which takes a second just when mail arrives.
_NOOP_SKIPPED_ONCE = frozenset({"position", "fetch"})
_NAMED = 20  # folders in one message
_OF_FOLDERS = frozenset(
    {MailboxFailure.NO_FOLDER, MailboxFailure.NO_FOLDER_RIGHT}
)  # the others are about the connection
_OURS = 'HEADER Message-ID "<vf."'  # see mail.reply_tokens
_TO_OURS = 'OR HEADER References "<vf." HEADER In-Reply-To "<vf."'
_SENDERS_A_SEARCH = 20  # servers accept command lines of a few thousand octets


class ImapMailbox:
    """Implements `ports.Mailbox` on one connection, opened on first use and again after each loss.

    A connection belongs to the thread that opened it, as long as that thread lives. Any other thread gets a
    RuntimeError, because imapclient would mix up their answers. Raises ConfigurationError for an account that would
    send the password in clear text over a network or names an unreadable file.
    """

    def __init__(self, account: ImapAccount) -> None:
        self._account = account
        self._tls = tls_context(account)
        self._fetching = Fetching(account.batch_messages, account.batch_octets)
        self._client: IMAPClient | None = None
        self._token: AccessToken | None = None  # with which the connection was opened
        self._owner: threading.Thread | None = None
        self._roles: dict[str, Role] = {}  # of the watched folders
        self._selected: tuple[str, Position] | None = None  # the selected folder and its last known end
        self._skip_noop: set[str] = set()  # requests that may skip their NOOP
        self._listed: tuple[int, list[int]] | None = None  # the UID above which these are all, as of now
        self._reported_end: Position | None = None  # the end of the inbox as last reported to the caller
        self._full = ""  # that the mailbox is, as of the last complete look
        self._counts: dict[str, int] = {}  # how many messages a folder holds, from the STATUS for its position

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Returns the watched folders, the inbox first; see `ports.Mailbox`. The account names the inbox."""
        if only is Role.INBOX:
            return (Folder(self._account.inbox, Role.INBOX),)
        if self._full:
            self.close()  # Dovecot goes by the limit with which a session began
        with self._link() as client:
            self._roles = watched(client.list_folders(), self._account)
            self._full = fullness(client, self._account.inbox)
        return tuple(Folder(name, role) for name, role in self._roles.items() if only in {None, role})

    def full(self) -> str:
        """Returns what the quota said in the last complete look; any thread may ask."""
        return self._full

    def news(self, folder: str, position: str | None) -> News:
        """Returns how many UIDs were assigned in `folder` above `position`; raises as `position` does."""
        here = self.position(folder)
        return News(continuity(position, here), max(0, here.uid - since(position, here)), str(here))

    def position(self, folder: str) -> Position:
        """Returns UIDVALIDITY and the highest UID ever assigned in `folder`, expunged messages included.

        Raises LinkLost, and FolderUnreadable for a folder other than the inbox. Other folders are queried with STATUS
        (RFC 9051, section 6.3.11), which leaves the inbox selected.
        """
        with self._link() as client:
            selected = self._selected is not None and self._selected[0] == folder
            told = None if selected or folder == self._account.inbox else self._status(client, folder)
            return told or self._look(client, folder, "position")

    def census(self, folder: str, position: str, expected: int | None) -> Census | None:
        """Returns the UIDs in `folder` up to `position`; None if it holds as many messages as `expected`.

        The count costs a STATUS for the inbox alone; for other folders it came with their position. Only where it is
        not the expected one, the UIDs are listed. Raises LinkLost, and FolderUnreadable for other folders.
        """
        with self._link() as client:
            told = self._counts.pop(folder, None)
            if expected is not None and expected == (_count(client, folder) if told is None else told):
                return None
            here = self._look(client, folder, "")
            if continuity(position, here) is not Continuity.CONTINUED:
                raise LinkLost(f"{folder}: UIDVALIDITY changed while the folder was read")
            last = since(position, here)
            uids = [uid for uid in _search_from(client, 1, last) if uid <= last]
        return Census(str(here.uidvalidity), list(map(str, uids)))

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields pages of the messages of `folder` above `position`, in UID order; see `ports.Mailbox`.

        Messages expunged meanwhile are skipped; a message that the server lists but does not return raises LinkLost
        naming its UID, and the third time is named by its page. Raises FolderUnreadable for a folder other than the
        inbox.
        """
        with self._link() as client:
            here = self._look(client, folder, "fetch")
            above = since(position, here)
            known, self._listed = self._listed, None
            uids = known[1] if known and known[0] == above else _search_from(client, above + 1, here.uid)
        for batch in self._fetching.batches(self._place(folder, here.uidvalidity), uids):
            lacking = [MailName(folder, str(here.uidvalidity), str(uid)) for uid in batch.lacking]
            yield MailPage(batch.mails, str(Position(here.uidvalidity, batch.last)), lacking)
        # A missing UID up to there is expunged, and a UID is never reused (RFC 9051, section 2.3.1.1).
        yield MailPage((), str(Position(here.uidvalidity, max(here.uid, above, *uids))))

    def fetch_first(
        self, folder: str, position: str | None, senders: Sequence[str], oldest: datetime | None = None
    ) -> Iterator[Sequence[RawMessage]]:  # fmt: skip
        """Does the same as `fetch_after`, limited to messages from one of `senders` and replies to our own mail.

        The server searches for them; SINCE compares days, in a zone of its own (RFC 9051, section 6.4.4). Raises
        ValueError for a sender that cannot be quoted.
        """
        if not all(sender.isascii() and sender.isprintable() and not set(sender) & set('"\\') for sender in senders):
            raise ValueError(f"not fit for a search: {senders!a}")
        with self._link() as client:
            here = self._look(client, folder, "")
            first = since(position, here) + 1
            recent = f"SINCE {format_criteria_date(oldest - timedelta(days=1)).decode()} " if oldest else ""
            keys = (f"UID {first}:* {recent}{wanted}" for wanted in _search_keys(senders))
            uids = {uid for key in keys for uid in search(client, key)}
        wanted = sorted(uid for uid in uids if uid >= first)
        for batch in self._fetching.batches(self._place(folder, here.uidvalidity), wanted):
            yield [replace(raw, cursor=None) for raw in batch.mails]

    def fetch_again(self, name: MailName) -> RawMessage | None:
        """Returns a mail that was not given before; None if it is not there any more, or its folder was renumbered.

        Raises MailUnreadable, LinkLost, and FolderUnreadable for a folder other than the inbox.
        """
        with self._link() as client:
            here = self._look(client, name.folder, "")
            if str(here.uidvalidity) != name.numbering or not search(client, f"UID {name.item}"):
                return None
        fetched = one_by_one(self._place(name.folder, here.uidvalidity), [int(name.item)])
        if fetched.lacking:
            raise MailUnreadable(f"{name.folder}: the server still does not give the message with UID {name.item}")
        return replace(fetched.mails[0], cursor=None) if fetched.mails else None

    def mark(self, folder: str, numbering: str, items: Sequence[str]) -> bool:
        """Sets the account's keyword on these messages if PERMANENTFLAGS allows it (RFC 9051, section 7.1).

        The folder is selected for writing; the next request selects it read-only again. Nothing else in the message
        changes. Returns False if the server refuses. Raises LinkLost.
        """
        keyword = self._account.keyword
        if keyword is None or not items:
            return False
        with self._link() as client:
            self._selected = None
            try:
                answer: Mapping[bytes, object] = client.select_folder(folder)
                if str(answer.get(b"UIDVALIDITY")) != numbering or not _permits(answer.get(b"PERMANENTFLAGS"), keyword):
                    return False
                client.add_flags([int(uid) for uid in items], [keyword], silent=True)
            except imaplib.IMAP4.error as error:
                if is_connection_loss(error):
                    raise
                return False
        return True

    def earlier_mail(self) -> int:
        """Returns how many mails show that a desk has worked with this mailbox before; see `ports.Mailbox`.

        Its own mail in the folder of sent mail, answers to such mail in the inbox, and mail with the account's keyword.
        """
        account = self._account
        keyword = f"OR KEYWORD {account.keyword} {_TO_OURS}" if account.keyword else _TO_OURS
        count = 0
        for folder, wanted in ((account.sent, _OURS), (account.inbox, keyword)):
            with suppress(FolderUnreadable), self._link() as client:
                self._look(client, folder, "")
                count += len(search(client, wanted))
        return count

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Waits until the inbox may have changed, until `stop` is set, or for `at_most` seconds.

        Raises LinkLost. After `stop` the connection is closed.
        """
        if stop.is_set():
            return
        inbox = self._account.inbox
        with self._link() as client:
            told = self._reported_end
            # IDLE does not announce mail that arrived before it began or while another folder was selected.
            if self._look(client, inbox, "wait") != told and told is not None:
                return
            if client.has_capability("IDLE"):
                wait_for_notice(inner(client), stop, self._within_session(at_most))
            elif not stop.wait(self._within_session(at_most)):
                client.noop()
        if stop.is_set():
            self._drop()  # still in IDLE

    def secret_version(self) -> str:
        """Returns a value that changes with the file of the password."""
        return self._account.secret_version()

    def close(self) -> None:
        """Closes the connection; idempotent."""
        self._check_thread()
        client, self._client = self._client, None
        if client is not None:
            close_link(client)
        self._drop()

    # ---- the connection

    @contextmanager
    def _link(self) -> Iterator[IMAPClient]:
        """Yields the connection, opening it if needed. Any error on it closes it and is raised as LinkLost."""
        self._check_thread()
        try:
            self._renew_session()
            if self._client is None:
                self._client = open_link(self._account, self._tls)
            yield self._client
        except FolderUnreadable:
            raise
        except Exception as error:  # noqa: BLE001 - boundary to imapclient, which raises many types of error
            if self._account.bearer is not None and self._token is not None and token_ended(error):
                self._account.bearer.forget(self._token)
            self._drop()
            raise as_link_lost(self._account, error) from None
        except BaseException:
            self._drop()
            raise

    def _renew_session(self) -> None:
        """Closes the connection if another token is due: servers end a session together with its token."""
        if self._account.bearer is None:
            return
        token = self._account.bearer.current()
        if token is not self._token and self._client is not None:
            close_link(self._client)
            self._drop()
            self._check_thread()
        self._token = token

    def _within_session(self, at_most: float) -> float:
        """Returns the seconds to wait: no longer than the session's token serves."""
        if self._account.bearer is None or self._token is None:
            return at_most
        return min(at_most, self._account.bearer.left(self._token))

    def _check_thread(self) -> None:
        here = threading.current_thread()
        if self._owner is not None and self._owner is not here and self._owner.is_alive():
            raise RuntimeError(f"this mailbox connection belongs to thread {self._owner.name}, not to {here.name}")
        self._owner = here

    def _drop(self) -> None:
        client, self._client = self._client, None
        self._owner = self._selected = None
        if client is not None:
            cut(client)

    # ---- commands

    def _look(self, client: IMAPClient, folder: str, request: str) -> Position:
        """Returns UIDVALIDITY and end of `folder`; `request` is empty if the end is not reported."""
        if self._selected is None or self._selected[0] != folder:
            with self._folder_errors(client, folder):
                here = _examine(client, folder)
            self._skip_noop, self._listed = set(_NOOP_SKIPPED_ONCE), None
        else:
            here = self._selected[1]
            if request not in self._skip_noop:
                client.noop()  # until then a server may hide new mail from a search
                self._skip_noop, self._listed = set(_NOOP_SKIPPED_ONCE), None
            if self._listed is None:
                uids = _new(client, here)
                # Dovecot may show mail of this very second only to a second search: none found is not yet none there.
                self._listed = (here.uid, uids) if request == "fetch" or (request == "position" and uids) else None
                here = Position(here.uidvalidity, max(uids, default=here.uid))
        self._skip_noop.discard(request)
        self._selected = folder, here
        if request and folder == self._account.inbox:
            self._reported_end = here
        return here

    def _status(self, client: IMAPClient, folder: str) -> Position | None:
        with self._folder_errors(client, folder):
            told: Mapping[bytes, object] = client.folder_status(folder, ["UIDVALIDITY", "UIDNEXT", "MESSAGES"])
        uidvalidity, uidnext, count = told.get(b"UIDVALIDITY"), told.get(b"UIDNEXT"), told.get(b"MESSAGES")
        if isinstance(count, int):
            self._counts[folder] = count
        if not isinstance(uidvalidity, int) or not isinstance(uidnext, int):
            return None
        return Position(uidvalidity, uidnext - 1)

    @contextmanager
    def _folder_errors(self, client: IMAPClient, folder: str) -> Iterator[None]:
        """Raises FolderUnreadable for a NO about a folder other than the inbox: connection and other folders go on."""
        try:
            yield
        except imaplib.IMAP4.error as error:
            found = explained(self._account, error)
            if is_connection_loss(error) or (found and found.cause not in _OF_FOLDERS):
                raise
            meaning = found.said if found else UNSAID
            if folder == self._account.inbox:
                there = ", ".join(sorted(str(name) for _, _, name in client.list_folders())[:_NAMED])
                raise LinkLost(
                    f"mailbox.inbox: the server cannot open {folder!a}; write one of its folders: {one_line(there)}; "
                    f"it says: {one_line(str(error))}",
                    meaning,
                ) from None
            why = f"; {meaning.english}" if meaning else ""
            raise FolderUnreadable(f"{folder}: the server refuses it{why}") from None

    def _place(self, folder: str, uidvalidity: int) -> FolderPlace:
        role = self._roles.get(folder, Role.INBOX if folder == self._account.inbox else Role.OTHER)
        return FolderPlace(folder, role, uidvalidity, partial(self._selection, folder, uidvalidity))

    @contextmanager
    def _selection(self, folder: str, uidvalidity: int) -> Iterator[IMAPClient]:
        """Yields the connection with `folder` selected: the caller may have selected another between two batches."""
        with self._link() as client:
            if self._selected is None or self._selected[0] != folder:
                self._look(client, folder, "")
            if self._selected is None or self._selected[1].uidvalidity != uidvalidity:
                raise LinkLost(f"{folder}: UIDVALIDITY changed while the folder was read")
            yield client


def _examine(client: IMAPClient, folder: str) -> Position:
    """Selects `folder` read-only; returns its UIDVALIDITY and the highest UID assigned."""
    answer: Mapping[bytes, object] = client.select_folder(folder, readonly=True)
    uidvalidity, uidnext = answer.get(b"UIDVALIDITY"), answer.get(b"UIDNEXT")
    if not isinstance(uidvalidity, int):
        raise LinkLost(f"{folder}: the server gives no UIDVALIDITY")
    last = uidnext - 1 if isinstance(uidnext, int) else max(search(client, "UID *"), default=0)
    return Position(uidvalidity, last)


def _count(client: IMAPClient, folder: str) -> int | None:
    """Returns how many messages `folder` holds; None if the server does not say.

    STATUS of the selected folder may lag behind (RFC 9051, section 6.3.11): then the UIDs are listed once too often.
    """
    try:
        told: Mapping[bytes, object] = client.folder_status(folder, ["MESSAGES"])
    except imaplib.IMAP4.error as error:
        if is_connection_loss(error):
            raise
        return None
    count = told.get(b"MESSAGES")
    return count if isinstance(count, int) else None


def _new(client: IMAPClient, here: Position) -> list[int]:
    """Returns the UIDs behind `here`. Selecting the folder again would make Maildir servers read all names."""
    inner(client).untagged_responses.clear()  # untagged responses would accumulate there
    return _search_from(client, here.uid + 1, here.uid)


def _search_keys(senders: Sequence[str]) -> Iterator[str]:
    """Yields search keys of limited length: first for mail that references a token of ours, then for the senders."""
    yield 'OR HEADER References "vf." HEADER In-Reply-To "vf."'
    for start in range(0, len(senders), _SENDERS_A_SEARCH):
        *others, last = (f'FROM "{sender}"' for sender in senders[start : start + _SENDERS_A_SEARCH])
        yield " ".join([*(f"OR {key}" for key in others), last])


def _search_from(client: IMAPClient, first: int, last: int) -> list[int]:
    """Returns the UIDs from `first` on, searched in spans; `last` is the highest known UID, the last span is open."""
    uids: list[int] = []
    while first + _SEARCH_SPAN <= last:
        uids += search(client, f"UID {first}:{first + _SEARCH_SPAN - 1}")
        first += _SEARCH_SPAN
    # n:* always includes the last message, even if its UID is below n (RFC 9051, section 6.4.9)
    return uids + [uid for uid in search(client, f"UID {first}:*") if uid >= first]


def _permits(flags: object, keyword: str) -> bool:
    """True if PERMANENTFLAGS allows setting the keyword: it lists the keyword, or permits new ones."""
    known = {flag.lower() for flag in flags if isinstance(flag, bytes)} if isinstance(flags, tuple) else set()
    return bool(known & {b"\\*", keyword.lower().encode()})


# ---- How full the mailbox is, by its quota (RFC 9208): a full one refuses the mail of senders, and shows nothing else


FULL = 0.95  # of the limit: a server counts a new mail before it refuses it
_RESOURCE = re.compile(rb"\b(STORAGE|MESSAGE) ([0-9]{1,18}) ([0-9]{1,18})", re.IGNORECASE)


def fullness(client: IMAPClient, inbox: str) -> str:
    """Returns that the mailbox is full or nearly so, and of what; empty if it is not, or the server tells no quota.

    Raises the errors of socket and imaplib for a line that is lost.
    """
    if not client.has_capability("QUOTA"):
        return ""
    _, told = inner(client).getquotaroot(quoted(inbox))
    lines = (line for part in told for line in part or () if isinstance(line, bytes))
    full = [
        f"{used} of {limit} {'KiB' if resource.upper() == b'STORAGE' else 'mails'}"
        for line in lines
        for resource, used, limit in ((name, int(used), int(limit)) for name, used, limit in _RESOURCE.findall(line))
        if used >= FULL * limit
    ]
    return f"full or nearly so ({', '.join(full)}): new mail is refused" if full else ""

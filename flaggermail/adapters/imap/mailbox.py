# SPDX-License-Identifier: EUPL-1.2
"""The shared mailbox over IMAP (RFC 9051): read with EXAMINE and PEEK, so that nothing our colleagues see changes."""

from __future__ import annotations

import imaplib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from itertools import islice

from imapclient import IMAPClient

from flaggermail.adapters.imap.folders import watched
from flaggermail.adapters.imap.idle import wait_for_notice
from flaggermail.adapters.imap.link import (
    ImapAccount,
    as_link_lost,
    close_link,
    cut,
    inner,
    open_link,
    tls_context,
)
from flaggermail.errors import FolderUnreadable, LinkLost
from flaggermail.ports import Interrupt, Position, RawMessage, Role

__all__ = ["ImapAccount", "ImapMailbox"]

# The answer to a search is one line, and imaplib takes lines of 1,000,000 octets: some 90,000 UIDs of ten digits.
_SEARCH_SPAN = 90_000
# EXAMINE, NOOP and IDLE each show what is new, and that serves one of each of these questions. A NOOP right after IDLE
# is spared because mail has just come: it makes Dovecot read a large Maildir again, which takes a second.
_ONCE = frozenset({"position", "fetch"})
_SENDERS_A_SEARCH = 20  # servers take lines of some thousand octets


class ImapMailbox:
    """Implements `ports.Mailbox` on one connection, opened when first needed and again after each loss.

    A connection belongs to the thread that opened it, as long as that thread lives; any other gets a RuntimeError,
    because imapclient would give it the answers to somebody else's questions. Raises ConfigurationError for an account
    that would send the password in clear text over a network or names an unreadable file.
    """

    def __init__(self, account: ImapAccount) -> None:
        self._account = account
        self._tls = tls_context(account)
        self._client: IMAPClient | None = None
        self._owner: threading.Thread | None = None
        self._roles: dict[str, Role] = {}  # of the watched folders
        self._selected: tuple[str, Position] | None = None  # and its end when it was last asked for
        self._fresh: set[str] = set()  # the questions that need no NOOP before them
        self._told: Position | None = None  # the end of the inbox when the caller was last told of it

    def folders(self) -> Sequence[str]:
        """The watched folders there are now, the inbox first. Connects when needed; raises LinkLost, LoginRefused."""
        with self._link() as client:
            self._roles = watched(client.list_folders(), self._account)
        return tuple(self._roles)

    def position(self, folder: str) -> Position:
        """UIDVALIDITY of `folder` and the highest UID given out in it, of messages since expunged too.

        Raises LinkLost, and FolderUnreadable for another folder than the inbox. Those others are asked for with STATUS
        (RFC 9051, section 6.3.11), which leaves the inbox selected.
        """
        with self._link() as client:
            selected = self._selected is not None and self._selected[0] == folder
            told = None if selected or folder == self._account.inbox else self._status(client, folder)
            return told or self._look(client, folder, "position")

    def fetch_after(self, folder: str, position: Position) -> Iterator[Sequence[RawMessage]]:
        """Batches of the messages of `folder` above `position.uid`, in UID order, bounded in number and octets.

        When the folder's UIDVALIDITY is not `position.uidvalidity` the whole folder is given. What is expunged on the
        way is left out; what the server lists and yet does not give is a LinkLost that names its UID. Raises
        FolderUnreadable for another folder than the inbox.
        """
        with self._link() as client:
            here = self._look(client, folder, "fetch")
            first = position.uid + 1 if here.uidvalidity == position.uidvalidity else 1
            uids = _search_from(client, first, here.uid)
        yield from self._batches(folder, here.uidvalidity, uids)

    def fetch_first(self, folder: str, position: Position, senders: Sequence[str]) -> Iterator[Sequence[RawMessage]]:
        """As `fetch_after`, of the messages alone whose From holds one of `senders`, or that answer mail of ours.

        The server searches for them (RFC 9051, section 6.4.4). Raises ValueError for a sender that fits no command.
        """
        if not all(sender.isascii() and sender.isprintable() and not set(sender) & set('"\\') for sender in senders):
            raise ValueError(f"not fit for a search: {senders!a}")
        with self._link() as client:
            here = self._look(client, folder, "")
            first = position.uid + 1 if here.uidvalidity == position.uidvalidity else 1
            uids = {uid for wanted in _wanted(senders) for uid in _search(client, f"UID {first}:* {wanted}")}
        yield from self._batches(folder, here.uidvalidity, sorted(uid for uid in uids if uid >= first))

    def mark(self, folder: str, uidvalidity: int, uids: Sequence[int]) -> bool:
        """Add the keyword of the account to these messages, where PERMANENTFLAGS permits it (RFC 9051, section 7.1).

        For this the folder is selected for writing, and the next question selects it read-only again. Nothing else of a
        message is touched. False when the server says no. Raises LinkLost.
        """
        keyword = self._account.keyword
        if keyword is None or not uids:
            return False
        with self._link() as client:
            self._selected = None
            try:
                answer: Mapping[bytes, object] = client.select_folder(folder)
                if answer.get(b"UIDVALIDITY") != uidvalidity or not _keeps(answer.get(b"PERMANENTFLAGS"), keyword):
                    return False
                client.add_flags(list(uids), [keyword], silent=True)
            except imaplib.IMAP4.error as error:
                if _lost(error):
                    raise
                return False
        return True

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Return when something may have changed in the inbox, on `stop`, or after `at_most` seconds.

        Raises LinkLost. After `stop` the connection is closed.
        """
        if stop.is_set():
            return
        inbox = self._account.inbox
        with self._link() as client:
            told = self._told
            # What the server told in passing, or came while another folder was selected, IDLE announces to nobody.
            if self._look(client, inbox, "wait") != told and told is not None:
                return
            if client.has_capability("IDLE"):
                wait_for_notice(inner(client), stop, at_most)
            elif not stop.wait(at_most):
                client.noop()
        if stop.is_set():
            self._drop()  # still in IDLE

    def close(self) -> None:
        """End the connection; safe to repeat."""
        self._claim()
        client, self._client = self._client, None
        if client is not None:
            close_link(client)
        self._drop()

    # ---- the connection

    @contextmanager
    def _link(self) -> Iterator[IMAPClient]:
        """The connection, opened when there is none. Whatever goes wrong on it ends it, and is a LinkLost."""
        self._claim()
        try:
            if self._client is None:
                self._client = open_link(self._account, self._tls)
            yield self._client
        except FolderUnreadable:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary to imapclient, which raises nearly anything on odd answers
            self._drop()
            raise as_link_lost(self._account, error) from None
        except BaseException:
            self._drop()
            raise

    def _claim(self) -> None:
        here = threading.current_thread()
        if self._owner is not None and self._owner is not here and self._owner.is_alive():
            raise RuntimeError(f"this mailbox connection belongs to thread {self._owner.name}, not to {here.name}")
        self._owner = here

    def _drop(self) -> None:
        client, self._client = self._client, None
        self._owner = self._selected = None
        if client is not None:
            cut(client)

    # ---- what is said on it

    def _look(self, client: IMAPClient, folder: str, question: str) -> Position:
        """UIDVALIDITY and end of `folder` now; `question` is what we were asked, empty where the end is not told."""
        if self._selected is None or self._selected[0] != folder:
            with self._refusals(folder):
                here = _examine(client, folder)
            self._fresh = set(_ONCE)
        else:
            if question not in self._fresh:
                client.noop()  # until then a server may keep what is new from a search
                self._fresh = set(_ONCE)
            here = _end(client, self._selected[1])
        self._fresh.discard(question)
        self._selected = folder, here
        if question and folder == self._account.inbox:
            self._told = here
        return here

    def _status(self, client: IMAPClient, folder: str) -> Position | None:
        with self._refusals(folder):
            told: Mapping[bytes, object] = client.folder_status(folder, ["UIDVALIDITY", "UIDNEXT"])
        uidvalidity, uidnext = told.get(b"UIDVALIDITY"), told.get(b"UIDNEXT")
        if not isinstance(uidvalidity, int) or not isinstance(uidnext, int):
            return None
        return Position(uidvalidity, uidnext - 1)

    @contextmanager
    def _refusals(self, folder: str) -> Iterator[None]:
        """A NO about another folder than the inbox ends neither the line nor the look at the others."""
        try:
            yield
        except imaplib.IMAP4.error as error:
            if _lost(error) or folder == self._account.inbox:
                raise
            raise FolderUnreadable(f"{folder}: the server refuses it") from None

    def _batches(self, folder: str, uidvalidity: int, uids: Sequence[int]) -> Iterator[Sequence[RawMessage]]:
        rest = iter(uids)
        while some := list(islice(rest, self._account.batch_messages)):
            with self._selection(folder, uidvalidity) as client:
                sizes = _sizes(client, some)
            for batch in _bounded(some, sizes, self._account.batch_octets):
                with self._selection(folder, uidvalidity) as client:
                    role = self._roles.get(folder, Role.INBOX if folder == self._account.inbox else Role.OTHER)
                    messages = _messages(client, (folder, role), uidvalidity, batch)
                if messages:
                    yield messages

    @contextmanager
    def _selection(self, folder: str, uidvalidity: int) -> Iterator[IMAPClient]:
        """The connection with `folder` selected: between two batches the caller may have looked elsewhere."""
        with self._link() as client:
            if self._selected is None or self._selected[0] != folder:
                self._look(client, folder, "")
            if self._selected is None or self._selected[1].uidvalidity != uidvalidity:
                raise LinkLost(f"{folder}: UIDVALIDITY changed while the folder was read")
            yield client


def _examine(client: IMAPClient, folder: str) -> Position:
    """Select `folder`, read-only: its UIDVALIDITY and the highest UID given out."""
    answer: Mapping[bytes, object] = client.select_folder(folder, readonly=True)
    uidvalidity, uidnext = answer.get(b"UIDVALIDITY"), answer.get(b"UIDNEXT")
    if not isinstance(uidvalidity, int):
        raise LinkLost(f"{folder}: the server gives no UIDVALIDITY")
    last = uidnext - 1 if isinstance(uidnext, int) else max(_search(client, "UID *"), default=0)
    return Position(uidvalidity, last)


def _end(client: IMAPClient, here: Position) -> Position:
    """The end of the selected folder now. To select it again would make a server with Maildirs read all their names."""
    inner(client).untagged_responses.clear()  # what the server told by the way would pile up there
    return Position(here.uidvalidity, max(_search_from(client, here.uid + 1, here.uid), default=here.uid))


def _wanted(senders: Sequence[str]) -> Iterator[str]:
    """Search keys, each one command long at most: mail that bears a token of ours, then the senders some at a time."""
    yield 'OR HEADER References "vf." HEADER In-Reply-To "vf."'
    for start in range(0, len(senders), _SENDERS_A_SEARCH):
        *others, last = (f'FROM "{sender}"' for sender in senders[start : start + _SENDERS_A_SEARCH])
        yield " ".join([*(f"OR {key}" for key in others), last])


def _search(client: IMAPClient, criteria: str) -> list[int]:
    return sorted({int(uid) for uid in client.search(criteria)})


def _search_from(client: IMAPClient, first: int, last: int) -> list[int]:
    """The UIDs from `first` on, `last` being the highest known: searched in spans, the last one open at its end."""
    uids: list[int] = []
    while first + _SEARCH_SPAN <= last:
        uids += _search(client, f"UID {first}:{first + _SEARCH_SPAN - 1}")
        first += _SEARCH_SPAN
    # n:* always holds the last message, also when its UID is below n (RFC 9051, section 6.4.9)
    return uids + [uid for uid in _search(client, f"UID {first}:*") if uid >= first]


def _fetch(client: IMAPClient, uids: Sequence[int], *items: str) -> Mapping[int, Mapping[bytes, object]]:
    """What the server gives of the messages: not necessarily all of them, nor only what was asked for."""
    try:
        answer: Mapping[int, Mapping[bytes, object]] = client.fetch(uids, items)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        # NO or BAD: one message of them is gone (RFC 5530, EXPUNGEISSUED) or cannot be read; the others still can.
        return {}
    return answer


def _sizes(client: IMAPClient, uids: Sequence[int]) -> dict[int, int]:
    """The sizes in octets of those messages of which the server tells it."""
    told = {uid: items.get(b"RFC822.SIZE") for uid, items in _fetch(client, uids, "RFC822.SIZE").items()}
    return {uid: size for uid, size in told.items() if isinstance(size, int)}


def _bounded(uids: Sequence[int], sizes: Mapping[int, int], most: int) -> Iterator[list[int]]:
    """Cut `uids` so that each part holds `most` octets at most, or one message."""
    part: list[int] = []
    total = 0
    for uid in uids:
        size = sizes.get(uid, most)
        if part and total + size > most:
            yield part
            part, total = [], 0
        part.append(uid)
        total += size
    if part:
        yield part


def _lost(error: imaplib.IMAP4.error) -> bool:
    """Whether the connection is gone; a NO, and a folder that is for reading only, leave it as it is."""
    return isinstance(error, imaplib.IMAP4.abort) and not isinstance(error, imaplib.IMAP4.readonly)


def _keeps(flags: object, keyword: str) -> bool:
    """Whether PERMANENTFLAGS lets us set the keyword: it names it, or lets clients make new ones."""
    known = {flag.lower() for flag in flags if isinstance(flag, bytes)} if isinstance(flags, tuple) else set()
    return bool(known & {b"\\*", keyword.lower().encode()})


def _messages(
    client: IMAPClient, where: tuple[str, Role], uidvalidity: int, uids: Sequence[int]
) -> list[RawMessage]:  # fmt: skip
    """The messages, without those that are expunged by now. Raises LinkLost for one that is there and not given."""
    folder, role = where

    def fetched(wanted: Sequence[int]) -> dict[int, RawMessage]:
        answer = _fetch(client, wanted, "INTERNALDATE", "BODY.PEEK[]")
        raw = (_raw(folder, uidvalidity, uid, answer.get(uid, {})) for uid in wanted)
        return {message.uid: replace(message, role=role) for message in raw if message is not None}

    found = fetched(uids)
    for uid in _still_listed(client, [uid for uid in uids if uid not in found]):
        found |= fetched([uid])
        if uid not in found:
            raise LinkLost(f"{folder}: the server lists the message with UID {uid} and does not give it")
    return [found[uid] for uid in uids if uid in found]


def _still_listed(client: IMAPClient, uids: Sequence[int]) -> list[int]:
    if not uids:
        return []
    client.noop()  # lets the server say what is expunged
    return [uid for uid in _search(client, f"UID {','.join(map(str, uids))}") if uid in uids]


def _raw(folder: str, uidvalidity: int, uid: int, items: Mapping[bytes, object]) -> RawMessage | None:
    octets, internaldate = items.get(b"BODY[]"), items.get(b"INTERNALDATE")
    if not isinstance(octets, bytes) or not isinstance(internaldate, datetime):
        return None
    offset = internaldate.utcoffset()
    if offset is None:
        return None
    return RawMessage(octets, internaldate.replace(tzinfo=timezone(offset)), folder, uidvalidity, uid)

# SPDX-License-Identifier: EUPL-1.2
r"""The mailbox step by step, for `check --online`. The one place that deletes: mail of a check, by its UID.

A mail is expunged with UID EXPUNGE alone (RFC 4315): a plain EXPUNGE would take along what colleagues have marked
\Deleted. Without UIDPLUS it stays, unmarked, and is named.
"""

from __future__ import annotations

import imaplib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from imapclient import IMAPClient
from imapclient.imap_utf7 import encode

from flaggermail.adapters.imap.fetching import DATED, arrival_in
from flaggermail.adapters.imap.folders import watched
from flaggermail.adapters.imap.link import (
    ImapAccount,
    as_link_lost,
    close_link,
    connect,
    cut,
    inner,
    log_in,
    open_link,
    tls_context,
)
from flaggermail.adapters.oauth.sasl import Bearer
from flaggermail.adapters.tls import certificate_end
from flaggermail.errors import ConfigurationError, LinkLost, LoginRefused
from flaggermail.ports import AccessToken, Folder, Reach, TokenReach
from flaggermail.ports.probing import Found
from flaggermail.wording.servers import ReachText


@dataclass(frozen=True, slots=True)
class _LentToken:
    """Implements `ports.TokenSource` with one token, which the source of the desk keeps if a server refuses it."""

    lent: AccessToken

    def token(self, now: float) -> AccessToken:  # noqa: ARG002 - the port's
        """Returns the token."""
        return self.lent

    def forget(self, token: AccessToken) -> None:
        """Keeps it: that another mailbox refuses it is what is hoped for."""


def proves_one_mailbox(account: ImapAccount, other: Bearer) -> TokenReach:
    """Returns whether the mailbox of `other` opens with the token of the desk.

    The desk's own mailbox is opened first: a server that refuses every token proves nothing. `other` fetches its tokens
    where the desk does; a source that gives none for that mailbox refuses it too. Raises LinkLost, or LoginRefused if
    the desk's own mailbox does not open.
    """
    if account.bearer is None:
        raise ValueError("a login with a password has no token")
    own, where = account.bearer.mailbox, {"other": other.mailbox, "own": account.bearer.mailbox}
    try:
        _open(account, own)
    except _Unclear as unclear:
        raise LinkLost(str(unclear)) from None
    try:
        token = other.current()
    except LoginRefused:
        return TokenReach(Reach.REFUSED, ReachText.REFUSED(**where))
    lent = replace(token, got_at=other.monotonic())  # as if just fetched: a refusal is not about its age
    try:
        _open(replace(account, bearer=replace(other, tokens=_LentToken(lent))), other.mailbox)
    except LoginRefused:
        return TokenReach(Reach.REFUSED, ReachText.REFUSED(**where))
    except _Unclear as unclear:
        return TokenReach(Reach.UNCLEAR, ReachText.UNCLEAR(other=other.mailbox, words=str(unclear)))
    return TokenReach(Reach.OPENED, ReachText.OPENED(**where))


class _Unclear(Exception):
    """The login succeeded and the inbox did not open, for a reason that is not about rights."""


def _open(account: ImapAccount, mailbox: str) -> None:
    """Logs in, opens the inbox read-only and logs out. Raises LoginRefused, LinkLost, _Unclear."""
    try:
        client = open_link(account, tls_context(account))
        try:
            client.select_folder(account.inbox, readonly=True)
        finally:
            close_link(client)
    except Exception as error:  # noqa: BLE001 - boundary to imapclient, which raises many types of error
        lost = as_link_lost(account, error)
        answered = isinstance(error, imaplib.IMAP4.error) and not isinstance(error, imaplib.IMAP4.abort)
        if answered and not isinstance(error, LinkLost) and not isinstance(lost, LoginRefused):
            raise _Unclear(f"{mailbox}: {lost}") from None
        raise lost from None


T = TypeVar("T")
_DELETED = rb"\Deleted"
_AT_MOST = 50  # mails of checks in one folder


class ImapProbe:
    """Implements `ports.probing.MailboxProbe` on one connection."""

    def __init__(self, account: ImapAccount) -> None:
        self._account = account
        self._client: IMAPClient | None = None

    def connect(self) -> datetime | None:
        """Connects; returns the end of the certificate."""
        with self._faults():
            try:
                context = tls_context(self._account)
            except ConfigurationError as fault:
                raise LinkLost(str(fault)) from None
            self._client = connect(self._account, context)
            return certificate_end(self._client.socket())

    def log_in(self) -> Collection[str]:
        """Logs in; returns the capabilities."""
        with self._faults():
            log_in(self._open, self._account)
            return frozenset(name.decode("ascii", "replace").upper() for name in self._open.capabilities())

    def folders(self) -> Sequence[Folder]:
        """Returns the watched folders with their roles."""
        with self._faults():
            return [Folder(name, role) for name, role in watched(self._open.list_folders(), self._account).items()]

    def rights(self, folder: str) -> str | None:
        """Returns our rights in a folder by MYRIGHTS (RFC 4314, section 3.5); None without the extension ACL."""
        with self._faults():
            if not self._open.has_capability("ACL"):
                return None
            # imapclient has no method for it, and imaplib's takes the name as it stands on the line
            name = encode(folder).replace(b"\\", b"\\\\").replace(b'"', b'\\"').decode("ascii")
            done, answer = inner(self._open).myrights(f'"{name}"')
            told = answer[-1] if done == "OK" and answer else None
            return told.split()[-1].decode("ascii", "replace").strip('"')[:30] if isinstance(told, bytes) else ""

    def can_read(self, folder: str) -> bool:
        """True if EXAMINE is answered with OK."""
        return self._unless_refused(partial(_examined, folder)) is not None

    def find(self, folders: Sequence[Folder], header: str, word: str) -> Sequence[Found]:
        """Returns the mails with a word in that field, or with a word that is not empty in the subject."""
        key = f'HEADER {header} "{word}"'
        found = list[Found]()
        for folder in folders:
            selected = self._unless_refused(partial(_examined, folder.name))
            if selected is None:
                continue
            with self._faults():
                uids = self._open.search(f'OR {key} SUBJECT "{word}"' if word else key)
                if uids:
                    found += self._fetched(folder, str(selected.get(b"UIDVALIDITY")), uids[-_AT_MOST:])
        return found

    def keeps_keyword(self, mail: Found, keyword: str) -> bool:
        """Sets the keyword; returns whether the server then shows it."""
        flags = self._changed(mail, lambda client, uid: client.add_flags([uid], [keyword.encode()]))
        return flags is not None and keyword.lower().encode() in {flag.lower() for flag in flags}

    def remove(self, mail: Found) -> bool:
        """Deletes the mail; returns whether it is gone."""
        with self._faults():
            if not self._open.has_capability("UIDPLUS"):
                return False

        def expunge(client: IMAPClient, uid: int) -> None:
            client.add_flags([uid], [_DELETED])
            client.expunge([uid])

        return self._changed(mail, expunge) == ()

    def close(self) -> None:
        """Logs out and closes the connection."""
        client, self._client = self._client, None
        if client is not None:
            close_link(client) if inner(client).state in {"AUTH", "SELECTED"} else cut(client)

    @property
    def _open(self) -> IMAPClient:
        if self._client is None:
            raise LinkLost(f"{self._account.host}: the connection is closed")
        return self._client

    def _fetched(self, folder: Folder, numbering: str, uids: Sequence[int]) -> Iterator[Found]:
        answer = self._open.fetch(uids, [DATED, "BODY.PEEK[]"])
        for uid, items in sorted(answer.items()):
            octets = items.get(b"BODY[]")
            if isinstance(octets, bytes):
                yield Found(folder.name, folder.role, numbering, str(uid), arrival_in(items).at, octets)

    def _changed(self, mail: Found, change: Callable[[IMAPClient, int], object]) -> tuple[bytes, ...] | None:
        """Opens the mail's folder for writing and changes the mail.

        Returns its flags afterwards, nothing if it is gone, None if the server refused or the folder was renumbered.
        """

        def apply(client: IMAPClient) -> tuple[bytes, ...] | None:
            selected, uid = client.select_folder(mail.folder), int(mail.item)
            if str(selected.get(b"UIDVALIDITY")) != mail.numbering:
                return None
            change(client, uid)
            shown = client.fetch([uid], ["FLAGS"]).get(uid)
            return () if shown is None else tuple(shown[b"FLAGS"]) or (b"",)

        return self._unless_refused(apply)

    def _unless_refused(self, ask: Callable[[IMAPClient], T]) -> T | None:
        """Returns the answer; None if the server refuses and the connection goes on."""
        with self._faults():
            try:
                return ask(self._open)
            except imaplib.IMAP4.readonly:
                return None
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error:
                return None

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Turns every error into a LinkLost that says what the server answered, without secrets."""
        try:
            yield
        except LinkLost:
            raise
        except Exception as error:  # noqa: BLE001 - boundary to imapclient, which raises many types of error
            raise as_link_lost(self._account, error) from None


def _examined(folder: str, client: IMAPClient) -> Mapping[bytes, object]:
    answer: Mapping[bytes, object] = client.select_folder(folder, readonly=True)
    return answer

# SPDX-License-Identifier: EUPL-1.2
"""Whether the token of the desk opens another mailbox, which it must not."""

from __future__ import annotations

import imaplib
from dataclasses import dataclass, replace

from flaggermail.adapters.imap.link import ImapAccount, as_link_lost, close_link, open_link, tls_context
from flaggermail.adapters.oauth.sasl import Bearer
from flaggermail.errors import LinkLost, LoginRefused
from flaggermail.ports import AccessToken, Reach, TokenReach
from flaggermail.wording.servers import ReachText


@dataclass(frozen=True, slots=True)
class _Lent:
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
        _open(replace(account, bearer=replace(other, tokens=_Lent(lent))), other.mailbox)
    except LoginRefused:
        return TokenReach(Reach.REFUSED, ReachText.REFUSED(**where))
    except _Unclear as unclear:
        return TokenReach(Reach.UNCLEAR, ReachText.UNCLEAR(**where, words=str(unclear)))
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

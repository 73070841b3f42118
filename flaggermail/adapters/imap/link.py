# SPDX-License-Identifier: EUPL-1.2
"""Opens and closes IMAP connections: TLS, login, and error texts without secrets or mail content."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import gaierror, socket
from typing import Literal

from imapclient import IMAPClient
from imapclient.exceptions import LoginError, ProtocolError

from flaggermail.adapters.imap.idle import has_octets
from flaggermail.adapters.oauth.sasl import Bearer, BearerExchange, preferred
from flaggermail.adapters.tls import one_line, silence, tls_fault, verifying
from flaggermail.errors import ConfigurationError, LinkLost, LoginRefused

Tls = Literal["implicit", "starttls", "none"]

_LOGOUT_SECONDS = 2.0  # seconds to wait for the answer to LOGOUT
_RESPONSE_CODE = re.compile(r"\[([A-Z]+)")
_NO_RIGHT = "authenticated but not connected"  # how Exchange puts it
_ENDED = "accesstokenexpired"  # likewise
_TRANSIENT = frozenset({"UNAVAILABLE", "SERVERBUG", "INUSE", "LIMIT"})  # RFC 5530: not about the credentials


def _ignore_session(server: str, line: object) -> None:
    """Ignores the TLS session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAccount:
    """The IMAP server, account and folders. `timeout` in seconds applies to each step.

    Every folder is read except `excluded_folders` and their subfolders; `sent` and `junk` include their subfolders.
    `keyword` (RFC 9051, section 2.3.2) is set on mail that was taken in, if the server stores keywords; None: never.
    `password` is called at each login, so that a changed secret needs no restart. `ca_file` None: the system's
    certificate authorities. `tls` "none" is allowed for a server on this machine only. A batch holds at most
    `batch_messages` messages and `batch_octets` octets; a larger message is a batch of its own.
    """

    host: str
    port: int
    user: str
    password: Callable[[], str] = field(repr=False)
    tls: Tls
    ca_file: Path | None
    inbox: str = "INBOX"
    sent: str = "Sent"
    junk: str = "Junk"
    excluded_folders: frozenset[str] = frozenset()
    keyword: str | None = None
    timeout: float = 30.0
    batch_messages: int = 100
    batch_octets: int = 8_000_000
    presented: Callable[[str, object], None] = _ignore_session  # called with the TLS session of each connection
    secret_version: Callable[[], str] = lambda: ""  # changes with the password
    secret_file: Callable[[], str] = lambda: "its credential"  # that holds the password
    bearer: Bearer | None = None  # logs in with a token instead of the password


@dataclass(frozen=True, slots=True)
class _GuardedStartTls:
    """Starts TLS, but refuses if octets were injected before the connection was encrypted (CVE-2011-0411)."""

    context: ssl.SSLContext
    imap: imaplib.IMAP4

    def wrap_socket(self, sock: socket, server_hostname: str) -> ssl.SSLSocket:
        """The one method of SSLContext that imaplib calls."""
        if has_octets(self.imap):
            raise LinkLost("there are octets behind the answer to STARTTLS: the line is tampered with")
        return self.context.wrap_socket(sock, server_hostname=server_hostname)


def tls_context(account: ImapAccount) -> ssl.SSLContext | None:
    """Returns the TLS context for this account; None for clear text. Raises ConfigurationError."""
    return verifying("mailbox", account.host, account.tls, account.ca_file)


def open_link(account: ImapAccount, context: ssl.SSLContext | None) -> IMAPClient:
    """Connects, starts TLS and logs in. Raises LinkLost, LoginRefused, and the errors of socket, ssl and imaplib."""
    try:
        client = IMAPClient(
            account.host, account.port, ssl=account.tls == "implicit", ssl_context=context, timeout=account.timeout
        )
    except TimeoutError:
        raise LinkLost(silence("mailbox", account.port, account.tls, account.timeout).english) from None
    try:
        imap = inner(client)
        client.normalise_times = False  # otherwise INTERNALDATE is a naive local time
        _begin(client, imap, account, context)
        account.presented("mailbox", client.socket())
        _log_in(client, imap, account)
        # Fetched now: otherwise imapclient would ask for them in the middle of another command.
        client.capabilities()
    except BaseException:
        cut(client)
        raise
    return client


def inner(client: IMAPClient) -> imaplib.IMAP4:
    """Returns the underlying imaplib connection, tracing disabled: at IMAPClient's level it logs every mail twice."""
    imap: imaplib.IMAP4 = client._imap  # noqa: SLF001 - imapclient has no public access; tests pin the parts used here
    imap.debug = 0
    return imap


def close_link(client: IMAPClient) -> None:
    """Logs out and closes the connection; suppresses network and protocol errors."""
    with suppress(OSError, imaplib.IMAP4.error):
        client.socket().settimeout(_LOGOUT_SECONDS)
        client.logout()
        return
    cut(client)


def cut(client: IMAPClient) -> None:
    """Closes the connection without LOGOUT."""
    with suppress(OSError):
        client.shutdown()


def as_link_lost(account: ImapAccount, error: Exception) -> LinkLost:
    """Converts an error to a LinkLost with host and reason in one line, without secrets or mail content."""
    if account.bearer is not None and _NO_RIGHT in str(error).lower():
        return LoginRefused(
            f"{account.host}: the token is good, but gives no right to the mailbox {account.bearer.mailbox}; give "
            f"{account.user} full access to it at the mail server, or correct oauth2.mailbox or mailbox.address"
        )
    kind = LoginRefused if isinstance(error, LoginRefused) else LinkLost
    return kind(f"{account.host}: {_reason(account, error)}")


def token_ended(error: Exception) -> bool:
    """True if the server ended the session, or refused a command, because the session's token has ended."""
    return _ENDED in str(error).lower()


def _begin(client: IMAPClient, imap: imaplib.IMAP4, account: ImapAccount, context: ssl.SSLContext | None) -> None:
    """Checks the greeting and starts TLS if required."""
    if imap.state != "NONAUTH":
        raise LinkLost("the server greets with PREAUTH, as if somebody had logged in")
    if account.tls == "starttls" and context is not None:
        if "STARTTLS" not in imap.capabilities:
            raise LinkLost(
                f"the server offers no STARTTLS at port {account.port}; mailbox.tls: write `tls: implicit`, with its "
                "port, mostly 993"
            )
        client.starttls(_GuardedStartTls(context, imap))


def _log_in(client: IMAPClient, imap: imaplib.IMAP4, account: ImapAccount) -> None:
    """Logs in with a token, or with SASL PLAIN (RFC 4616) if offered, which carries any password, else with LOGIN."""
    if account.bearer is not None:
        _log_in_with_token(client, imap, account.bearer, account.user)
        return
    try:
        password = account.password()
    except ConfigurationError as fault:
        raise LoginRefused(f"no password for {account.user}: {fault}") from None
    try:
        if "AUTH=PLAIN" in imap.capabilities:
            client.plain_login(account.user, password)
        elif "LOGINDISABLED" in imap.capabilities:
            raise LinkLost("the server takes no password on this line")
        else:
            client.login(_quoted(account.user), password if _fits_login(password) else _refuse_password(account))
    except LoginError as error:
        raise _login_fault(account, error.__context__) from None


def _log_in_with_token(client: IMAPClient, imap: imaplib.IMAP4, bearer: Bearer, user: str) -> None:
    """Logs in with OAUTHBEARER or XOAUTH2. A refused token is not used again."""
    mechanism = preferred([name.removeprefix("AUTH=") for name in imap.capabilities if name.startswith("AUTH=")])
    if mechanism is None:
        raise LoginRefused(
            "the server takes no token on this line (neither OAUTHBEARER nor XOAUTH2); mailbox.login: write "
            "`login: password`, or have the server offer one of them"
        )
    token = bearer.current()
    exchange = BearerExchange(mechanism, bearer.mailbox, token)
    try:
        client.sasl_login(mechanism, exchange.answer)
    except LoginError as error:
        raise _token_fault(exchange, bearer, user, error.__context__) from None


def _token_fault(
    exchange: BearerExchange, bearer: Bearer, user: str, cause: BaseException | None
) -> LinkLost | imaplib.IMAP4.abort:
    """Returns LoginRefused only for a NO about a token that was just fetched: an older one may have been withdrawn."""
    if isinstance(cause, imaplib.IMAP4.abort):
        return cause
    found = _RESPONSE_CODE.search(str(cause))
    if found and found[1] in _TRANSIENT:
        return LinkLost(f"the server cannot log {user} in now ({found[1]})")
    told = exchange.status or (found[1] if found else "no reason given")
    if not bearer.forget(exchange.token):
        return LinkLost(f"the server refuses a token in use so far ({told}); the next try is with another one")
    return LoginRefused(
        f"the server refuses the token of {user} for the mailbox {bearer.mailbox} ({told}); give the application the "
        "right to this mailbox, or correct oauth2.client_id, oauth2.scope, oauth2.mailbox or mailbox.address"
    )


def _login_fault(account: ImapAccount, cause: BaseException | None) -> LinkLost | imaplib.IMAP4.abort:
    """Returns LoginRefused only for a NO about the credentials; of the server's text only the response code is used."""
    if isinstance(cause, imaplib.IMAP4.abort):  # imapclient raises LoginError for a lost connection too
        return cause
    if "command error: BAD" in str(cause):
        return LinkLost("the server does not understand the login")
    found = _RESPONSE_CODE.search(str(cause))
    code = found[1] if found else "no reason given"
    if code in _TRANSIENT:
        return LinkLost(f"the server cannot log {account.user} in now ({code})")
    mend = f"correct mailbox.user in flaggermail.yaml, or the password in {account.secret_file()}"
    return LoginRefused(f"the server refuses the login of {account.user} ({code}); {mend}")


def _quoted(text: str) -> str:
    """Returns a quoted string (RFC 9051, section 4.3)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _fits_login(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _refuse_password(account: ImapAccount) -> str:
    what = f"the password of {account.user} holds characters that LOGIN cannot carry"
    raise LoginRefused(f"{what}; choose one of ASCII alone, and write it into {account.secret_file()}")


def _reason(account: ImapAccount, error: Exception) -> str:
    if isinstance(error, LinkLost):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"no answer within {account.timeout:g} s"
    if isinstance(error, OSError):
        return _socket_reason(account, error)
    if isinstance(error, imaplib.IMAP4.error) and not isinstance(error, ProtocolError):
        return _protocol_reason(error)
    # The error text may quote mail content that could not be parsed: report only the error's type.
    return f"the server's answer cannot be read ({type(error).__name__})"


def _socket_reason(account: ImapAccount, error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return tls_fault("mailbox", account.port, account.ca_file, error).english
    if isinstance(error, ConnectionRefusedError | gaierror):
        return f"{one_line(error.strerror or '')} at port {account.port}; correct mailbox.host or mailbox.port"
    return one_line(error.strerror or type(error).__name__)


def _protocol_reason(error: imaplib.IMAP4.error) -> str:
    """Returns the server's text, unless imaplib quotes a line it could not parse, which may be mail content."""
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if "EOF" in text or "unterminated line" in text:
        return "the server closed the connection"
    if "unexpected" in text:
        return "the server's answer cannot be read"
    return one_line(text)

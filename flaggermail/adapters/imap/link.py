# SPDX-License-Identifier: EUPL-1.2
"""Opens and closes the line to an IMAP server: TLS, login, and what went wrong in words without secrets or mail."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from typing import Literal

from imapclient import IMAPClient
from imapclient.exceptions import LoginError, ProtocolError

from flaggermail.adapters.imap.idle import has_octets
from flaggermail.adapters.tls import one_line, tls_words, verifying
from flaggermail.errors import ConfigurationError, LinkLost, LoginRefused

Tls = Literal["implicit", "starttls", "none"]

_GOODBYE = 2.0  # seconds at most for the answer to LOGOUT
_RESPONSE_CODE = re.compile(r"\[([A-Z]+)")
_PASSING = frozenset({"UNAVAILABLE", "SERVERBUG", "INUSE", "LIMIT"})  # RFC 5530: no word about the credentials


def _nobody(server: str, line: object) -> None:
    """Nobody looks at the certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAccount:
    """Where and as whom mail is read. `timeout` in seconds holds for each step.

    Every folder is read save those of `excluded_folders` and what lies under them; `sent` and `junk` include what lies
    under them. `keyword` (RFC 9051, section 2.3.2) is set on what was taken in, where the server keeps keywords; None:
    never. `password` is asked for at each login, so that a changed secret needs no restart. `ca_file` None: the
    system's authorities. `tls` "none" is for a server on this machine only. A batch holds at most `batch_messages`
    messages and `batch_octets` octets; a larger message is a batch of its own.
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
    presented: Callable[[str, object], None] = _nobody  # gets the TLS of each session, for its certificate


@dataclass(frozen=True, slots=True)
class _CleanStart:
    """Begins TLS, but not on a line where somebody has put words in before it was protected (CVE-2011-0411)."""

    context: ssl.SSLContext
    imap: imaplib.IMAP4

    def wrap_socket(self, sock: socket, server_hostname: str) -> ssl.SSLSocket:
        """What imaplib calls of an SSLContext."""
        if has_octets(self.imap):
            raise LinkLost("there are octets behind the answer to STARTTLS: the line is tampered with")
        return self.context.wrap_socket(sock, server_hostname=server_hostname)


def tls_context(account: ImapAccount) -> ssl.SSLContext | None:
    """The context for this account, nothing for clear text. Raises ConfigurationError."""
    return verifying("mailbox", account.host, account.tls, account.ca_file)


def open_link(account: ImapAccount, context: ssl.SSLContext | None) -> IMAPClient:
    """Connect, protect the line, log in. Raises LinkLost, LoginRefused, and what socket, ssl and imaplib raise."""
    client = IMAPClient(
        account.host, account.port, ssl=account.tls == "implicit", ssl_context=context, timeout=account.timeout
    )
    try:
        imap = inner(client)
        client.normalise_times = False  # else INTERNALDATE comes as naive local time
        _begin(client, imap, account, context)
        account.presented("mailbox", client.socket())
        _log_in(client, imap, account)
        # Asked for now: where nothing is known yet, imapclient would ask in the middle of another command.
        client.capabilities()
    except BaseException:
        cut(client)
        raise
    return client


def inner(client: IMAPClient) -> imaplib.IMAP4:
    """The imaplib connection inside, its trace switched off: at IMAPClient's level it writes out every mail, twice."""
    imap: imaplib.IMAP4 = client._imap  # noqa: SLF001 - imapclient has no other door; tests pin what is used of it
    imap.debug = 0
    return imap


def close_link(client: IMAPClient) -> None:
    """Say goodbye and close; never raises for what the network or the server does."""
    with suppress(OSError, imaplib.IMAP4.error):
        client.socket().settimeout(_GOODBYE)
        client.logout()
        return
    cut(client)


def cut(client: IMAPClient) -> None:
    """Close without a word."""
    with suppress(OSError):
        client.shutdown()


def as_link_lost(account: ImapAccount, error: Exception) -> LinkLost:
    """The fault for a person: host and reason in one line. Never a secret, never a word of a mail."""
    kind = LoginRefused if isinstance(error, LoginRefused) else LinkLost
    return kind(f"{account.host}: {_reason(account, error)}")


def _begin(client: IMAPClient, imap: imaplib.IMAP4, account: ImapAccount, context: ssl.SSLContext | None) -> None:
    """What comes between greeting and login."""
    if imap.state != "NONAUTH":
        raise LinkLost("the server greets with PREAUTH, as if somebody had logged in")
    if account.tls == "starttls" and context is not None:
        if "STARTTLS" not in imap.capabilities:
            raise LinkLost("the server offers no STARTTLS")
        client.starttls(_CleanStart(context, imap))


def _log_in(client: IMAPClient, imap: imaplib.IMAP4, account: ImapAccount) -> None:
    """Log in with SASL PLAIN (RFC 4616) where offered, as it carries any password, else with LOGIN."""
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
            client.login(_quoted(account.user), password if _fits_a_line(password) else _unfit(account))
    except LoginError as error:
        raise _login_fault(account, error.__context__) from None


def _login_fault(account: ImapAccount, cause: BaseException | None) -> LinkLost | imaplib.IMAP4.abort:
    """Only NO with a word about the credentials is a refusal; of the server's text the response code alone is told."""
    if isinstance(cause, imaplib.IMAP4.abort):  # imapclient calls a lost line a failed login, too
        return cause
    if "command error: BAD" in str(cause):
        return LinkLost("the server does not understand the login")
    found = _RESPONSE_CODE.search(str(cause))
    code = found[1] if found else "no reason given"
    if code in _PASSING:
        return LinkLost(f"the server cannot log {account.user} in now ({code})")
    return LoginRefused(f"the server refuses the login of {account.user} ({code})")


def _quoted(text: str) -> str:
    """A quoted string (RFC 9051, section 4.3)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _fits_a_line(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _unfit(account: ImapAccount) -> str:
    raise LoginRefused(f"the password of {account.user} holds characters that LOGIN cannot carry")


def _reason(account: ImapAccount, error: Exception) -> str:
    if isinstance(error, LinkLost):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"no answer within {account.timeout:g} s"
    if isinstance(error, OSError):
        return _socket_reason(error)
    if isinstance(error, imaplib.IMAP4.error) and not isinstance(error, ProtocolError):
        return _protocol_reason(error)
    # What could not be read may be mail, and stands in the text of the error: tell its kind only.
    return f"the server's answer cannot be read ({type(error).__name__})"


def _socket_reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return tls_words(error)
    return one_line(error.strerror or type(error).__name__)


def _protocol_reason(error: imaplib.IMAP4.error) -> str:
    """What the server said, where imaplib's text is that; it quotes lines it cannot read, and they may be mail."""
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if "EOF" in text or "unterminated line" in text:
        return "the server closed the connection"
    if "unexpected" in text:
        return "the server's answer cannot be read"
    return one_line(text)

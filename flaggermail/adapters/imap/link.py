# SPDX-License-Identifier: EUPL-1.2
"""Opens and closes IMAP connections: TLS, login, and error texts without secrets or mail content."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from socket import gaierror, socket
from typing import TYPE_CHECKING, Literal

from imapclient import IMAPClient
from imapclient.exceptions import LoginError, ProtocolError

from flaggermail.adapters.imap.idle import has_octets
from flaggermail.adapters.oauth.sasl import Bearer, BearerExchange, preferred
from flaggermail.adapters.server_answers.answer import ProtocolStep, Reader, ServerAnswer
from flaggermail.adapters.server_answers.recognise import AnswerMeaning, explain, worded
from flaggermail.adapters.tls import connect_meaning, one_line, silence_meaning, tls_words, verifying
from flaggermail.adapters.web import Deadline, deadline_of, encrypt
from flaggermail.adapters.web import connect as connect_socket
from flaggermail.errors import ConfigurationError, LinkLost, LoginRefused, PauseAsked
from flaggermail.wording.said import UNSAID, StoredText
from flaggermail.wording.servers import MailboxFailure

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Tls = Literal["implicit", "starttls", "none"]

_USUAL_OCTETS = 10_000_000  # of an answer: more than a batch of mail, or the numbers of a large folder
_FLOOD_OCTETS = 4 * _USUAL_OCTETS  # beside mail that the server has announced: imaplib keeps each line in memory
_MOST_OCTETS = 19_200_000  # that lengthen the wait for one answer: by ten minutes; a larger mail has to come faster
_LOGOUT_SECONDS = 2.0  # seconds to wait for the answer to LOGOUT
_RESPONSE_CODE = re.compile(r"\[([A-Z]+)")
_ENDED = "accesstokenexpired"  # how Exchange puts it
_PAUSE = re.compile(r"\bSuggested Backoff Time: (\d{1,10}) milliseconds", re.IGNORECASE)  # likewise, in a NO or BAD
LONGEST_PAUSE = 3600.0  # seconds; Exchange has asked for up to fifty minutes
_TRANSIENT = frozenset({"UNAVAILABLE", "SERVERBUG", "INUSE", "LIMIT"})  # RFC 5530: not about the credentials
_PASSING = frozenset({
    MailboxFailure.UNAVAILABLE, MailboxFailure.THROTTLED, MailboxFailure.TOO_MANY_SESSIONS, MailboxFailure.BANDWIDTH,
    MailboxFailure.CONNECTION_LIMIT, MailboxFailure.LOGIN_BACKEND,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAccount:
    """The IMAP server, account and folders.

    `timeout` in seconds is for each whole answer, the greeting included; a large one has more (`adapters.web`).
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
    presented: Callable[[str, object], None] = lambda _server, _line: None  # called with each connection's TLS session
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
        return encrypt(self.context, sock, server_hostname)


class _Wire(imaplib.IMAP4):
    """Speaks to the server under a deadline that begins anew with each command, and each further line of one."""

    def __init__(self, account: ImapAccount, context: ssl.SSLContext | None) -> None:
        self._context = context if account.tls == "implicit" else None
        self._deadline = Deadline(account.timeout, _USUAL_OCTETS, _FLOOD_OCTETS)
        super().__init__(account.host, account.port)

    def send(self, data: ReadableBuffer) -> None:
        """Sends; what the server says next is the answer."""
        self._deadline.restart()
        super().send(data)

    def _create_socket(self, timeout: float | None = None) -> socket:  # noqa: ARG002 - imaplib's
        sock = connect_socket(self.host, self.port, self._deadline)
        return sock if self._context is None else encrypt(self._context, sock, self.host)


class _Client(IMAPClient):  # type: ignore[misc] # imapclient has no types
    """imapclient on such a wire."""

    def __init__(self, account: ImapAccount, context: ssl.SSLContext | None) -> None:
        self._wired = partial(_Wire, account, context)
        super().__init__(account.host, account.port, ssl=account.tls == "implicit", ssl_context=context)

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802 - imapclient's
        return self._wired()


@contextmanager
def expecting(client: IMAPClient, octets: int) -> Iterator[None]:
    """Gives the answers so many octets, and the time for them; some servers announce fewer than they send."""
    deadline = deadline_of(client.socket()) or Deadline(0)
    deadline.expected = min(max(octets, _USUAL_OCTETS), _MOST_OCTETS)
    deadline.most = _FLOOD_OCTETS + 2 * octets
    try:
        yield
    finally:
        deadline.expected, deadline.most = _USUAL_OCTETS, _FLOOD_OCTETS


def tls_context(account: ImapAccount) -> ssl.SSLContext | None:
    """Returns the TLS context for this account; None for clear text. Raises ConfigurationError."""
    return verifying("mailbox", account.host, account.tls, account.ca_file)


def open_link(account: ImapAccount, context: ssl.SSLContext | None) -> IMAPClient:
    """Connects, starts TLS and logs in. Raises LinkLost, LoginRefused, and the errors of socket, ssl and imaplib."""
    client = connect(account, context)
    log_in(client, account)
    return client


def connect(account: ImapAccount, context: ssl.SSLContext | None) -> IMAPClient:
    """Connects, reads the greeting and starts TLS. Raises as `open_link` does."""
    try:
        client = _Client(account, context)
    except TimeoutError:
        silence = silence_meaning(_reader(account), account.tls)
        raise LinkLost(f"no answer within {account.timeout:g} s", silence) from None
    try:
        client.normalise_times = False  # otherwise INTERNALDATE is a naive local time
        _begin(client, inner(client), account, context)
        account.presented("mailbox", client.socket())
    except BaseException:
        cut(client)
        raise
    return client


def log_in(client: IMAPClient, account: ImapAccount) -> None:
    """Logs in on a new connection, which is closed if that fails. Raises as `open_link` does."""
    try:
        _log_in(client, inner(client), account)
        # Fetched now: otherwise imapclient would ask for them in the middle of another command.
        client.capabilities()
    except BaseException:
        cut(client)
        raise


def inner(client: IMAPClient) -> imaplib.IMAP4:
    """Returns the underlying imaplib connection, tracing disabled: at IMAPClient's level it logs every mail twice."""
    imap: imaplib.IMAP4 = client._imap  # noqa: SLF001 - imapclient has no public access; tests pin the parts used here
    imap.debug = 0
    return imap


def close_link(client: IMAPClient) -> None:
    """Logs out and closes the connection; suppresses network and protocol errors."""
    with suppress(OSError, imaplib.IMAP4.error):
        if (deadline := deadline_of(client.socket())) is not None:
            deadline.seconds = _LOGOUT_SECONDS
        client.logout()
        return
    cut(client)


def cut(client: IMAPClient) -> None:
    """Closes the connection without LOGOUT."""
    with suppress(OSError):
        client.shutdown()


def as_link_lost(account: ImapAccount, error: Exception) -> LinkLost:
    """Converts an error to a LinkLost with host and reason in one line, without secrets or mail content."""
    if (seconds := pause_asked(error)) is not None:
        meaning = worded(MailboxFailure.THROTTLED, _reader(account))
        return PauseAsked(f"{account.host}: {throttled(seconds)}", seconds, meaning)
    if isinstance(error, LinkLost):
        kind = LoginRefused if isinstance(error, LoginRefused) else LinkLost
        return kind(f"{account.host}: {error.text}", error.meaning)
    found = explained(account, error)
    kind = LoginRefused if found and found.cause is MailboxFailure.NO_MAILBOX_RIGHT else LinkLost
    return kind(f"{account.host}: {_reason(account, error)}", _meaning(account, error, found))


def explained(account: ImapAccount, error: BaseException, *, login: bool = False) -> AnswerMeaning | None:
    """Returns what the server's answer in an error means; None if there is none, or it is not known."""
    answer = answer_in(error)
    if answer is None:
        return None
    by_token = account.bearer is not None
    if login:
        step = ProtocolStep.IMAP_TOKEN if by_token else ProtocolStep.IMAP_PASSWORD
    else:
        step = ProtocolStep.IMAP_AFTER_TOKEN if by_token else ProtocolStep.IMAP_AFTER_PASSWORD
    return explain(step, answer, _reader(account))


def _reader(account: ImapAccount) -> Reader:
    bearer = account.bearer
    return Reader(
        server="mailbox", host=account.host, port=account.port, user=account.user, file=account.secret_file(),
        mailbox=bearer.mailbox if bearer else account.user, client_id=bearer.client_id if bearer else "",
    )  # fmt: skip


def _connecting(account: ImapAccount) -> Reader:
    return replace(_reader(account), file=str(account.ca_file or ""))


def _meaning(account: ImapAccount, error: Exception, found: AnswerMeaning | None) -> StoredText:
    if found:
        return found.said
    return connect_meaning(_connecting(account), error) if isinstance(error, OSError) else UNSAID


def token_ended(error: Exception) -> bool:
    """True if the server ended the session, or refused a command, because the session's token has ended."""
    return _ENDED in str(error).lower()


def pause_asked(error: BaseException | None) -> float | None:
    """Returns the seconds for which the server wants to be left alone, as its NO, BAD or BYE says, or None.

    The error of a line that cannot be read may quote mail content, which asks for nothing.
    """
    if isinstance(error, PauseAsked):
        return error.seconds
    if isinstance(error, imaplib.IMAP4.abort | ProtocolError) or not isinstance(error, imaplib.IMAP4.error | LinkLost):
        return None
    found = _PAUSE.search(str(error))
    return min(int(found[1]) / 1000, LONGEST_PAUSE) if found else None


def throttled(seconds: float) -> str:
    """Says that the server asks for a pause of so many seconds."""
    return f"the server throttles this account and asks for a pause of {seconds:.0f} s"


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
        _log_in_with_token(client, imap, account, account.bearer)
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
            if not (password.isascii() and password.isprintable()):
                what = f"the password of {account.user} holds characters that LOGIN cannot carry"
                raise LoginRefused(f"{what}; choose one of ASCII alone, and write it into {account.secret_file()}")
            client.login(quoted(account.user), password)
    except LoginError as error:
        cause = error.__context__
        raise _login_fault(account, imap, cause, partial(_password_fault, account, cause)) from None


def _log_in_with_token(client: IMAPClient, imap: imaplib.IMAP4, account: ImapAccount, bearer: Bearer) -> None:
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
        refused = partial(_token_fault, exchange, account, bearer)
        raise _login_fault(account, imap, error.__context__, refused) from None


def _login_fault(
    account: ImapAccount, imap: imaplib.IMAP4, cause: BaseException | None,
    refused: Callable[[AnswerMeaning | None, str], LinkLost],
) -> LinkLost | imaplib.IMAP4.abort:  # fmt: skip
    """Returns why a login failed; `refused` for a NO about the credentials, by what it means and its response code.

    Of the server's text only the response code is used.
    """
    if (farewell := _farewell(account, imap)) is not None:
        return farewell
    if isinstance(cause, imaplib.IMAP4.abort):  # imapclient raises LoginError for a lost connection too
        return cause
    found, code = explained(account, cause or Exception(), login=True), _code(cause)
    if (seconds := pause_asked(cause)) is not None:
        return PauseAsked(throttled(seconds), seconds)
    if found.cause in _PASSING if found else code in _TRANSIENT:
        return LinkLost(f"the server cannot log {account.user} in now ({code})", found.said if found else UNSAID)
    return refused(found, code)


def _token_fault(
    exchange: BearerExchange, account: ImapAccount, bearer: Bearer, found: AnswerMeaning | None, code: str
) -> LinkLost:
    """Returns LoginRefused only for a token that was just fetched: an older one may have been withdrawn."""
    told = exchange.status or code
    if not bearer.forget(exchange.token):
        return LinkLost(f"the server refuses a token in use so far ({told}); the next try is with another one")
    refused = f"the server refuses the token of {account.user} for the mailbox {bearer.mailbox} ({told})"
    if found:
        return LoginRefused(refused, found.said)
    return LoginRefused(
        f"{refused}; give the application the right to this mailbox, or correct oauth2.client_id, oauth2.scope, "
        "oauth2.mailbox or mailbox.address"
    )


def _password_fault(
    account: ImapAccount, cause: BaseException | None, found: AnswerMeaning | None, code: str
) -> LinkLost:
    if "command error: BAD" in str(cause):
        return LinkLost("the server does not understand the login", found.said if found else UNSAID)
    refused = f"the server refuses the login of {account.user} ({code})"
    if found:
        return LoginRefused(refused, found.said)
    mend = f"correct mailbox.user in flaggermail.yaml, or the password in {account.secret_file()}"
    return LoginRefused(f"{refused}; {mend}")


def _farewell(account: ImapAccount, imap: imaplib.IMAP4) -> LinkLost | None:
    """Returns what a BYE in the middle of a login means, which imaplib does not tell; None if that is not known."""
    said: Sequence[object] = imap.untagged_responses.get("BYE", [])
    found = explained(account, imaplib.IMAP4.abort(said[-1]), login=True) if said else None
    return LinkLost("the server closed the connection", found.said) if found else None


def _code(cause: BaseException | None) -> str:
    found = _RESPONSE_CODE.search(str(cause))
    return found[1] if found else "no reason given"


def quoted(text: str) -> str:
    """Returns a quoted string (RFC 9051, section 4.3)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _reason(account: ImapAccount, error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {account.timeout:g} s"
    if isinstance(error, ssl.SSLError):
        return tls_words(error).english
    if isinstance(error, ConnectionRefusedError | gaierror):
        return f"{one_line(error.strerror or '')} at port {account.port}"
    if isinstance(error, OSError):
        return one_line(error.strerror or type(error).__name__)
    if isinstance(error, imaplib.IMAP4.error) and not isinstance(error, ProtocolError):
        return _protocol_reason(error)
    # The error text may quote mail content that could not be parsed: report only the error's type.
    return f"the server's answer cannot be read ({type(error).__name__})"


def _protocol_reason(error: imaplib.IMAP4.error) -> str:
    """Returns the server's text, unless imaplib quotes a line it could not parse, which may be mail content."""
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if "EOF" in text or "unterminated line" in text:
        return "the server closed the connection"
    if "unexpected" in text:
        return "the server's answer cannot be read"
    return one_line(text)


# ---- Finds the server's answer in an error of imaplib or imapclient, which join it to words of their own


_JOINED = (
    re.compile(r"\w+ command error: (?P<state>BAD) \[b(?P<quote>['\"])(?P<text>.*)(?P=quote)\]", re.DOTALL),
    re.compile(r"command: \w+ => (?P<text>.*)", re.DOTALL),
    re.compile(r"\* (?P<state>BYE) (?P<text>.*)", re.DOTALL),  # the greeting
    re.compile(r"[\w ]+ failed: (?P<text>.*)", re.DOTALL),
)


def answer_in(error: BaseException) -> ServerAnswer | None:
    """Returns the answer: BAD, BYE where the server ends the connection, else NO. None in an error of another kind."""
    if not isinstance(error, imaplib.IMAP4.error):
        return None
    first: object = error.args[0] if error.args else ""
    whole = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    state = "BYE" if isinstance(error, imaplib.IMAP4.abort) else "NO"
    found = next(filter(None, (form.fullmatch(whole) for form in _JOINED)), None)
    if found is None:
        return ServerAnswer.of_imap(state, whole)
    return ServerAnswer.of_imap(found.groupdict().get("state") or state, found["text"])

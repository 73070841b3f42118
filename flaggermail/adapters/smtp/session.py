# SPDX-License-Identifier: EUPL-1.2
"""One SMTP connection, step by step, so that the caller always knows the phase.

aiosmtplib handles commands and replies. DATA is sent here, because the library's call does not tell whether an error
came before or after the final dot, and `adapters.smtp.submission` depends on that.
"""

from __future__ import annotations

import asyncio
import base64
import re
import socket
from collections.abc import Sequence
from email.parser import BytesHeaderParser
from functools import partial
from typing import TYPE_CHECKING, Any

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectTimeoutError,
    SMTPDataError,
    SMTPException,
    SMTPResponse,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from flaggermail.adapters.oauth.sasl import BearerExchange, preferred
from flaggermail.adapters.server_answers.answer import ProtocolStep, ServerAnswer
from flaggermail.adapters.web import SLOWEST, started
from flaggermail.wording.servers import AttemptText

if TYPE_CHECKING:
    import ssl

    from aiosmtplib.protocol import SMTPProtocol

    from flaggermail.adapters.oauth.sasl import Bearer
    from flaggermail.wording.said import StoredText

_QUIT_SECONDS = 2.0  # by then the result is known and waits to be recorded
_DRAIN_POLL_SECONDS = 0.01
_START_INPUT = 354
_AUTH_DONE, _AUTH_CONTINUE = 235, 334  # RFC 4954, section 6
_FAILED_FOR_NOW = range(400, 500)
_ENVID_LIMIT, _ORCPT_LIMIT = 100, 500  # RFC 3461, sections 4.4 and 4.2
_LAST_REPLY_LINE = re.compile(rb"^\d{3}(?: [^\n]*)?\r?\n", re.MULTILINE)


class SessionFailure(SMTPException):
    """A step failed for a reason of our own; `said` is that reason."""

    def __init__(self, said: StoredText) -> None:
        super().__init__(said.english)
        self.said = said


class OctetsBeforeTls(SessionFailure):
    """Octets arrived between the reply to STARTTLS and TLS: someone may be injecting into the connection."""

    def __init__(self) -> None:
        super().__init__(AttemptText.UNASKED())


class NotOffered(SessionFailure):
    """The message needs an extension the server lacks; retrying does not help."""

    def __init__(self, extension: str) -> None:
        super().__init__(AttemptText.NOT_OFFERED(extension=extension))


class LoginDenied(SMTPAuthenticationError):
    """The server refuses the login. `answer` is kept to be recognised, not to be shown: it may repeat the credentials.

    `said` is None for a password.
    """

    def __init__(self, answer: ServerAnswer, step: ProtocolStep, said: StoredText | None = None) -> None:
        super().__init__(int(answer.code), "authentication refused")
        self.answer, self.step, self.said = answer, step, said


class TokenDenied(SessionFailure):
    """The server refuses the token; as `LoginDenied`."""

    def __init__(self, answer: ServerAnswer, told: str, mailbox: str) -> None:
        super().__init__(AttemptText.TOKEN_REFUSED(told=told, mailbox=mailbox))
        self.answer, self.step = answer, ProtocolStep.SMTP_TOKEN
        self.bare = AttemptText.TOKEN_DENIED(told=told, mailbox=mailbox)


class SmtpSession:
    """A connection to `host`. All steps raise SMTPException or OSError.

    Each whole reply has `timeout` seconds, the opening with its greeting as well; a text has more by its length.
    """

    def __init__(
        self, host: str, port: int, *, tls: ssl.SSLContext | None, local_hostname: str, timeout: float
    ) -> None:
        self._client = SMTP(
            hostname=host,
            port=port,
            local_hostname=local_hostname,
            timeout=timeout,
            tls_context=tls,
            start_tls=False,  # the default, None, would continue in clear text if STARTTLS is not offered
        )
        self._timeout = timeout
        self.transport: asyncio.BaseTransport | None = None  # of the open connection, so that callers can abort it
        self._recipient_options: tuple[str, ...] = ()
        self._international = False

    async def connect(self, *, implicit_tls: bool) -> None:
        """Connects, with TLS from the first octet (RFC 8314, section 3.3) or in clear text, and sends EHLO."""
        try:
            async with asyncio.timeout(self._timeout):  # the greeting included
                await self._client.connect(use_tls=implicit_tls)
        except TimeoutError as silence:
            raise SMTPConnectTimeoutError(str(silence)) from silence
        finally:
            self.transport = self._client.transport
        await self._client.ehlo()

    @property
    def line(self) -> object:
        """The connection's TLS object; None in clear text."""
        return self.transport.get_extra_info("ssl_object") if self.transport is not None else None

    @property
    def offers(self) -> dict[str, str]:
        """What the server said to the last EHLO: each keyword in lower case, with its parameters."""
        return dict(self._client.esmtp_extensions)

    async def starttls(self) -> None:
        """Starts TLS (RFC 3207) or fails; sends EHLO again, because answers given in clear text are discarded."""
        if not self._client.supports_extension("starttls"):
            raise SessionFailure(AttemptText.NO_STARTTLS())
        guard = _StartTlsGuard.before(self._client)
        try:
            await self._client.starttls()
        except (SMTPException, OSError):
            guard.step_aside()
            if guard.tampered:
                raise OctetsBeforeTls from None
            raise
        self.transport = self._client.transport
        await self._client.ehlo()

    async def login(self, user: str, password: str) -> None:
        """Logs in with PLAIN (RFC 4616), else LOGIN. Makes one attempt, as each failure may count towards a lockout."""
        offered = self._client.server_auth_methods
        try:
            if "plain" in offered:
                await self._client.auth_plain(user, password)
            elif "login" in offered:
                await self._client.auth_login(user, password)
            else:
                raise SessionFailure(AttemptText.NO_LOGIN())
        except SMTPResponseException as refused:
            raise LoginDenied(ServerAnswer.of_smtp(refused.code, refused.message), ProtocolStep.SMTP_PASSWORD) from None

    async def login_with_token(self, bearer: Bearer, *, again: bool = True) -> None:
        """Logs in with OAUTHBEARER or XOAUTH2; a refused token is not used again. Raises LinkLost without a token.

        `again`: an older token may have been withdrawn, so that another one is worth a try.
        """
        mechanism = preferred([name.upper() for name in self._client.server_auth_methods])
        if mechanism is None:
            raise SessionFailure(AttemptText.NO_TOKEN_LOGIN())
        token = await asyncio.to_thread(bearer.current)  # may ask the token endpoint
        exchange = BearerExchange(mechanism, bearer.mailbox, token)
        reply = await self._client.execute_command(b"AUTH", mechanism.encode(), _base64(exchange.first()))
        if reply.code == _AUTH_CONTINUE:
            reply = await self._client.execute_command(_base64(exchange.answer(_decoded(reply.message))))
        if reply.code == _AUTH_DONE:
            return
        answer = ServerAnswer.of_smtp(reply.code, reply.message)
        if reply.code in _FAILED_FOR_NOW:  # RFC 4954, section 6: not about the credentials
            raise LoginDenied(answer, ProtocolStep.SMTP_TOKEN, AttemptText.LOGIN_LATER())
        if not bearer.forget(token) and again:
            await self.login_with_token(bearer, again=False)
            return
        raise TokenDenied(answer, exchange.status or str(reply.code), bearer.mailbox)

    async def mail(self, octets: bytes, sender: str, recipients: Sequence[str]) -> None:
        """Opens the envelope. Requests 8BITMIME (RFC 6152) and SMTPUTF8 (RFC 6531) only if needed."""
        options = []
        head = octets.partition(b"\r\n\r\n")[0]
        self._international = not (head.isascii() and sender.isascii() and all(each.isascii() for each in recipients))
        if self._international:
            options.append(self._needed("SMTPUTF8", "SMTPUTF8"))
        if not octets.isascii():
            options.append(self._needed("8BITMIME", "BODY=8BITMIME"))
        if self._client.supports_extension("dsn") and sender and len(recipients) == 1:
            options += _return_options(octets)
            self._recipient_options = _notify_options(recipients[0])
        await self._client.mail(sender, options=options, encoding=self._encoding)

    async def rcpt(self, recipient: str) -> None:
        """Adds a recipient; raises SMTPRecipientRefused."""
        await self._client.rcpt(recipient, options=self._recipient_options, encoding=self._encoding)

    async def witness(self, address: str) -> None:
        """Adds a recipient without delivery reports (RFC 3461, section 4.1); raises SMTPRecipientRefused."""
        options = ("NOTIFY=NEVER",) if self._recipient_options else ()
        await self._client.rcpt(address, options=options, encoding=self._encoding)

    async def data(self, octets: bytes) -> None:
        """Sends all but the final dot, leading dots doubled (RFC 5321, section 4.5.2), and waits until it is sent."""
        reply = await self._client.execute_command(b"DATA")
        if reply.code != _START_INPUT:
            raise SMTPDataError(reply.code, reply.message)
        self._protocol.write(re.sub(rb"(?m)^\.", b"..", octets))
        async with asyncio.timeout(self._timeout + len(octets) / SLOWEST):
            while self._unsent():  # noqa: ASYNC110 - asyncio has no public event for an empty write buffer
                await asyncio.sleep(_DRAIN_POLL_SECONDS)

    def dot(self) -> None:
        """Sends the final dot; raises SMTPServerDisconnected only if it certainly was not sent."""
        self._protocol.write(b".\r\n")

    def abandon(self) -> None:
        """Closes the connection in the middle of a text, where a command would be one more line of it."""
        self._client.close()

    async def reply(self) -> SMTPResponse:
        """Returns the reply to the final dot; on failure closes the connection, which could otherwise block."""
        try:
            return await self._protocol.read_response(timeout=self._timeout)
        except (SMTPException, OSError):
            self._client.close()
            raise

    async def close(self) -> None:
        """Closes the connection, with QUIT if the server still answers."""
        try:
            if self._client.is_connected:
                await self._client.quit(timeout=min(_QUIT_SECONDS, self._timeout))
        except (SMTPException, OSError):
            pass  # the result is already known
        finally:
            self._client.close()
            if isinstance(self.transport, asyncio.Transport):
                self.transport.abort()
                await asyncio.sleep(0)  # the loop closes the socket in its next iteration, which may be its last

    @property
    def _protocol(self) -> SMTPProtocol:
        if self._client.protocol is None:
            raise SMTPServerDisconnected("connection lost")
        return self._client.protocol

    @property
    def _encoding(self) -> str:
        return "utf-8" if self._international else "ascii"

    def _unsent(self) -> int:
        """Returns the number of octets the system has not accepted yet."""
        transport = self._protocol.transport
        return transport.get_write_buffer_size() if isinstance(transport, asyncio.Transport) else 0

    def _needed(self, extension: str, option: str) -> str:
        if not self._client.supports_extension(extension):
            raise NotOffered(extension)
        return option


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose end waits for no look-up of a name."""

    async def getaddrinfo(self, *of: Any, **how: Any) -> list[Any]:  # noqa: ANN401 - as socket.getaddrinfo
        """Looks up a name."""
        return await asyncio.wrap_future(started(partial(socket.getaddrinfo, *of, **how)), loop=self)


class _StartTlsGuard(asyncio.Protocol):
    """Replaces the library's protocol until TLS begins, and aborts the connection on unsolicited octets.

    The library silently drops such octets. They are never accidental (RFC 3207, section 5; CVE-2011-0411), so the
    message is not sent over that connection.
    """

    def __init__(self, protocol: SMTPProtocol, transport: asyncio.Transport) -> None:
        self._protocol = protocol
        self._transport = transport
        self._reply = b""
        self._complete = False
        self.tampered = False

    @classmethod
    def before(cls, client: SMTP) -> _StartTlsGuard:
        """Installs a guard in front of the protocol of `client` for the reply to STARTTLS."""
        if client.protocol is None or not isinstance(client.transport, asyncio.Transport):
            raise SMTPServerDisconnected("connection lost")
        guard = cls(client.protocol, client.transport)
        client.transport.set_protocol(guard)
        return guard

    def step_aside(self) -> None:
        """Restores the library's protocol after STARTTLS failed."""
        if self._transport.get_protocol() is self:
            self._transport.set_protocol(self._protocol)

    def data_received(self, data: bytes) -> None:
        """Forwards a single reply and aborts on any further octet."""
        self._reply += data
        last = _LAST_REPLY_LINE.search(self._reply)
        if self._complete or (last and last.end() < len(self._reply)):
            self.tampered = True
            self._transport.abort()
            return
        self._complete = last is not None
        self._protocol.data_received(data)

    def eof_received(self) -> bool:
        """Forwards to the library."""
        return self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forwards to the library."""
        self._protocol.connection_lost(exc)


def _base64(octets: bytes) -> bytes:
    return base64.b64encode(octets)


def _decoded(challenge: str) -> bytes:
    try:
        return base64.b64decode(challenge.encode("ascii", "replace"), validate=True) or b"-"
    except ValueError:
        return b"-"


def _return_options(octets: bytes) -> tuple[str, ...]:
    """Returns the DSN parameters of MAIL (RFC 3461, section 4.3): headers only, and our Message-ID as ENVID."""
    value = BytesHeaderParser().parsebytes(octets.partition(b"\r\n\r\n")[0] + b"\r\n\r\n").get("Message-ID", "")
    envid = _xtext(str(value).strip().strip("<>"))
    return ("RET=HDRS", f"ENVID={envid}") if 0 < len(envid) <= _ENVID_LIMIT else ("RET=HDRS",)


def _notify_options(recipient: str) -> tuple[str, ...]:
    """Returns the DSN parameters of RCPT: when to report, and on which recipient (RFC 3461, sections 4.1 and 4.2)."""
    notify, original = "NOTIFY=FAILURE,DELAY", f"ORCPT=rfc822;{_xtext(recipient)}"
    return (notify, original) if recipient.isascii() and len(original) <= _ORCPT_LIMIT else (notify,)


def _xtext(text: str) -> str:
    """Encodes xtext (RFC 3461, section 4): printable ASCII stays, except + and =; all else becomes +HH."""
    return "".join(
        chr(octet) if 0x21 <= octet <= 0x7E and octet not in b"+=" else f"+{octet:02X}"  # noqa: PLR2004 - "!" to "~"
        for octet in text.encode("utf-8", "replace")
    )

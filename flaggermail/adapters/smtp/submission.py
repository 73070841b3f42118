# SPDX-License-Identifier: EUPL-1.2
"""Hands frozen octets to our own submission server (RFC 6409 over RFC 5321) and tells exactly how far that went.

Up to the final dot every fault is a refusal, and sending again is safe. From the final dot on, only a reply decides: a
lost line or silence means that the server may have taken the message (RFC 5321, section 4.5.3.2.6, and RFC 1047).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from aiosmtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from flaggermail.adapters.smtp.session import NotOffered, SmtpSession
from flaggermail.adapters.tls import one_line, tls_words, verifying
from flaggermail.errors import ConfigurationError
from flaggermail.mail.compose import check_octets
from flaggermail.ports import Accepted, Clock, Refused, Submission, Unknown

Tls = Literal["implicit", "starttls", "none"]

# An envelope address as it stands in a command: with SMTPUTF8 (RFC 6531) not only ASCII, but no quoted local part.
_MAILBOX = re.compile(r"[^\x00-\x20\x7f<>()\[\],;:\\\"@]+@[^\x00-\x20\x7f<>()\[\],;:\\\"@]+")
_PERMANENT = range(500, 600)  # RFC 5321, section 4.2.1
_CLOSING = 421  # RFC 5321, section 3.8: about the service, in reply to any command
_AUTHENTICATION_CODES = frozenset({530, 534, 535, 538})  # RFC 4954, section 6: about us, not about this message
_REFUSED = {
    SMTPSenderRefused: "sender refused: ",
    SMTPRecipientRefused: "recipient refused: ",
    SMTPDataError: "message refused: ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionAccount:
    """Where and as whom mail is handed over. `timeout` in seconds holds for each step, the reply to the dot included.

    `password` is asked for at each send, so that a changed secret needs no restart. `ca_file` None: the system's
    authorities. `tls` "none" is for a server on this machine only.
    """

    host: str
    port: int
    user: str | None
    password: Callable[[], str] | None = field(repr=False)
    tls: Tls
    ca_file: Path | None
    timeout: float = 30.0
    local_hostname: str
    presented: Callable[[str, object], None] = lambda _server, _line: None  # gets the TLS of each session


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why nothing was handed over."""

    permanent: bool
    code: int
    text: str
    line: bool = False

    def refusal(self, recipient: str) -> Refused:
        return Refused(recipient, self.permanent, self.code, self.text, self.line)


class SmtpSubmitter:
    """A `Submitter`: one connection and one event loop for each message, nothing kept between two.

    Raises ConfigurationError when the account would send in clear text over a network, cannot log in, or names a file
    of authorities that cannot be read.
    """

    def __init__(self, account: SubmissionAccount, clock: Clock) -> None:
        if (account.user is None) != (account.password is None):
            raise ConfigurationError("submission: user and password belong together, one of them is missing")
        self._account = account
        self._clock = clock
        self._tls = verifying("submission", account.host, account.tls, account.ca_file)

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """One result for each recipient, in their order; see `ports.Submitter`. Blocks, at most some time-outs long."""
        results: dict[str, Submission] = {
            recipient: Refused(recipient, permanent=True, code=0, text=f"{recipient!a} is not a mail address")
            for recipient in recipients
            if not _MAILBOX.fullmatch(recipient)
        }
        wanted = [recipient for recipient in dict.fromkeys(recipients) if recipient not in results]
        fault = _unsendable(octets, sender)
        if fault:
            results |= {recipient: fault.refusal(recipient) for recipient in wanted}
        elif wanted:
            results |= asyncio.run(self._submit(octets, sender, wanted, witness))
        return [results[recipient] for recipient in recipients]

    async def _submit(self, octets: bytes, sender: str, recipients: list[str], witness: str) -> dict[str, Submission]:
        account = self._account
        session = SmtpSession(
            account.host, account.port, tls=self._tls, local_hostname=account.local_hostname, timeout=account.timeout
        )
        results: dict[str, Submission] = {}
        opened = False
        try:
            await self._open(session)
            opened = True
            await session.mail(octets, sender, recipients)
            for recipient in recipients:
                try:
                    await session.rcpt(recipient)
                except SMTPRecipientRefused as refused:
                    results[recipient] = self._fault(refused).refusal(recipient)
            accepted = [recipient for recipient in recipients if recipient not in results]
            if accepted:
                await _also(session, witness)
                await session.data(octets)
                results |= await self._end(session, accepted)
        except (SMTPException, OSError) as error:
            fault = self._fault(error)
            fault = replace(fault, line=fault.line or (not opened and not fault.permanent))
            results |= {recipient: fault.refusal(recipient) for recipient in recipients if recipient not in results}
        except ConfigurationError as error:  # the secret is asked for at each send, and may be gone for a while
            fault = _Fault(permanent=False, code=0, text=str(error), line=True)
            results |= {recipient: fault.refusal(recipient) for recipient in recipients if recipient not in results}
        finally:
            await session.close()
        return results

    async def _open(self, session: SmtpSession) -> None:
        """Connect, protect the line, say who we are."""
        account = self._account
        await session.connect(implicit_tls=account.tls == "implicit")
        if account.tls == "starttls":
            await session.starttls()
        account.presented("submission", session.line)
        if account.user is not None and account.password is not None:
            await session.login(account.user, account.password())

    async def _end(self, session: SmtpSession, recipients: list[str]) -> dict[str, Submission]:
        """Send the final dot; from its departure on, whatever is not a reply leaves the message in doubt."""
        session.dot()
        try:
            code, answer = await session.reply()
        except (SMTPException, OSError) as error:
            text = f"no reply to the end of the message: {self._words(error)}"
            return {recipient: Unknown(recipient, text) for recipient in recipients}
        at, text = self._clock.now(), one_line(answer)
        match code // 100:  # RFC 5321, section 4.2.1
            case 2:
                return {recipient: Accepted(recipient, at, text) for recipient in recipients}
            case 4 | 5:
                fault = self._fault(SMTPDataError(code, answer))
                return {recipient: fault.refusal(recipient) for recipient in recipients}
        text = f"reply {code} to the end of the message: {text}"
        return {recipient: Unknown(recipient, text) for recipient in recipients}

    def _fault(self, error: SMTPException | OSError) -> _Fault:
        """What went wrong. For good is only a 5yz to this very message, and what no later try can change."""
        code = max(error.code, 0) if isinstance(error, SMTPResponseException) else 0
        refused = isinstance(error, tuple(_REFUSED)) and code in _PERMANENT and code not in _AUTHENTICATION_CODES
        return _Fault(refused or isinstance(error, NotOffered), code, self._words(error), line=code == _CLOSING)

    def _words(self, error: SMTPException | OSError) -> str:
        """The fault for a person, in one line without secrets."""
        tls_fault = next((cause for cause in _chain(error) if isinstance(cause, ssl.SSLError)), None)
        if tls_fault is not None:
            return tls_words(tls_fault)
        if isinstance(error, SMTPTimeoutError | TimeoutError):
            return f"no answer within {self._account.timeout:g} s"
        if isinstance(error, SMTPServerDisconnected):
            return "the server ended the connection"
        said = error.message if isinstance(error, SMTPException) else str(error)
        return one_line(_REFUSED.get(type(error), "") + said)


def _unsendable(octets: bytes, sender: str) -> _Fault | None:
    """Why this message cannot go to anybody, however often it is tried; nothing when it can."""
    if sender and not _MAILBOX.fullmatch(sender):
        return _Fault(permanent=True, code=0, text=f"sender {sender!a} is not a mail address")
    try:
        check_octets(octets)
    except ValueError as fault:
        return _Fault(permanent=True, code=0, text=f"the message is not fit for SMTP: {fault}")
    return None


async def _also(session: SmtpSession, witness: str) -> None:
    """Name the witness too; without one the message goes out all the same."""
    if witness:
        with suppress(SMTPRecipientRefused):
            await session.witness(witness)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__

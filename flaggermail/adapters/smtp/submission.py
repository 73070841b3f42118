# SPDX-License-Identifier: EUPL-1.2
"""Submits frozen octets to our own submission server (RFC 6409 over RFC 5321) and reports exactly how far it got.

Before the final dot every error is a refusal, and sending again is safe. After it only a reply decides: a lost
connection or a timeout means that the server may have the message (RFC 5321, section 4.5.3.2.6, and RFC 1047).
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar

from aiosmtplib import (
    SMTPConnectError,
    SMTPConnectTimeoutError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from flaggermail.adapters.oauth.sasl import Bearer
from flaggermail.adapters.server_answers.answer import ProtocolStep, Reader, ServerAnswer
from flaggermail.adapters.server_answers.recognise import explain
from flaggermail.adapters.smtp.session import LoginDenied, Loop, NotOffered, SessionFailure, SmtpSession, TokenDenied
from flaggermail.adapters.tls import (
    certificate_end,
    connect_meaning,
    hinted,
    one_line,
    silence_meaning,
    tls_fault,
    verifying,
)
from flaggermail.errors import ConfigurationError, LinkLost, LoginRefused
from flaggermail.mail.compose import check_octets
from flaggermail.mail.reply_tokens import told_in_reply
from flaggermail.ports import Accepted, Clock, Refused, Submission, Submitter, Unknown
from flaggermail.ports.probing import SubmissionSeen
from flaggermail.record.refusals import LOGIN_CODES, SmtpStage
from flaggermail.wording.said import UNSAID, StoredText
from flaggermail.wording.servers import AttemptText

T = TypeVar("T")
Tls = Literal["implicit", "starttls", "none"]

# An envelope address as in an SMTP command: not limited to ASCII (SMTPUTF8, RFC 6531), without quoted local parts.
_MAILBOX = re.compile(r"[^\x00-\x20\x7f<>()\[\],;:\\\"@]+@[^\x00-\x20\x7f<>()\[\],;:\\\"@]+")
_PERMANENT = range(500, 600)  # RFC 5321, section 4.2.1
_LONGEST_SIZE = 20  # digits (RFC 1870, section 4)
_CLOSING = 421  # RFC 5321, section 3.8: about the service, where no recipient was named before
_REFUSALS: Mapping[type[Exception], tuple[AttemptText, ProtocolStep, SmtpStage]] = {
    SMTPSenderRefused: (AttemptText.SENDER_REFUSED, ProtocolStep.SMTP_SENDER, SmtpStage.SENDER),
    SMTPRecipientRefused: (AttemptText.RECIPIENT_REFUSED, ProtocolStep.SMTP_RECIPIENT, SmtpStage.RECIPIENT),
    SMTPDataError: (AttemptText.MESSAGE_REFUSED, ProtocolStep.SMTP_MESSAGE, SmtpStage.MESSAGE),
}
_OTHERWISE = AttemptText.SAYS, ProtocolStep.SMTP_MESSAGE, SmtpStage.MESSAGE
_UNREACHABLE = (OSError, SMTPConnectError, SMTPServerDisconnected, SMTPTimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionAccount:
    """The submission server and account. `timeout` in seconds is for each whole reply, the one to the dot included.

    `password` is called at each send, so that a changed secret needs no restart. `ca_file` None: the system's
    certificate authorities. `tls` "none" is allowed for a server on this machine only.
    """

    host: str
    port: int
    user: str | None
    password: Callable[[], str] | None = field(repr=False)
    tls: Tls
    ca_file: Path | None
    timeout: float = 30.0
    local_hostname: str
    presented: Callable[[str, object], None] = lambda _server, _line: None  # called with each connection's TLS session
    secret_version: Callable[[], str] = lambda: ""  # changes with the password
    secret_file: Callable[[], str] = lambda: "its credential"  # that holds the password
    bearer: Bearer | None = None  # logs in with a token instead of the password


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a message was not submitted."""

    permanent: bool
    code: int
    text: StoredText
    stage: SmtpStage

    def refusal(self, recipient: str) -> Refused:
        return Refused(recipient, self.permanent, self.code, self.text, self.stage)


class SmtpSubmitter(Submitter):
    """Implements `ports.Submitter`: one connection and one event loop per message, with no state in between.

    Raises ConfigurationError if the account would send in clear text over a network, has only a user or only a
    password, or names an unreadable `ca_file`.
    """

    def __init__(self, account: SubmissionAccount, clock: Clock, leads: Callable[[], bool] = lambda: True) -> None:
        """`leads`: whether this process may still send, asked right before DATA and right before the final dot."""
        if account.bearer is None and (account.user is None) != (account.password is None):
            raise ConfigurationError("submission: user and password belong together, one of them is missing")
        self._account = account
        self._clock, self._leads = clock, leads
        self._tls = verifying("submission", account.host, account.tls, account.ca_file)

    def secret_version(self) -> str:
        """Returns a value that changes with the file of the password; empty without a login."""
        return self._account.secret_version()

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Returns one result per recipient, in order; see `ports.Submitter`. Blocks for at most a few timeouts."""
        results: dict[str, Submission] = {
            recipient: Refused(recipient, permanent=True, code=0, text=AttemptText.NO_ADDRESS(address=ascii(recipient)))
            for recipient in recipients
            if not _MAILBOX.fullmatch(recipient)
        }
        wanted = [recipient for recipient in dict.fromkeys(recipients) if recipient not in results]
        fault = _unsendable(octets, sender)
        if fault:
            results |= {recipient: fault.refusal(recipient) for recipient in wanted}
        elif wanted:
            results |= _run(self._submit(octets, sender, wanted, witness))
        return [results[recipient] for recipient in recipients]

    def look(self) -> SubmissionSeen:
        """Connects, logs in and ends the session; see `ports.probing.SubmissionProbe`."""
        return _run(self._look())

    async def _look(self) -> SubmissionSeen:
        session, ends = self._session(), list[datetime]()
        connected = logged_in = UNSAID
        try:
            connected = await self._described(self._connect(session))
            ends += [end for end in [certificate_end(session.line)] if end is not None]
            if not connected:
                logged_in = await self._described(self._log_in(session))
            offers = session.offers
        finally:
            await session.close()
        size = offers.get("size", "")
        return SubmissionSeen(
            connected, logged_in, ends[0] if ends else None, frozenset(offers),
            int(size) if size.isdecimal() and len(size) <= _LONGEST_SIZE else None,
        )  # fmt: skip

    async def _described(self, step: Coroutine[None, None, None]) -> StoredText:
        """Does one step; returns why it failed, empty if it did not."""
        try:
            await step
        except (SMTPException, OSError) as error:
            return self._describe(error, "", ProtocolStep.SMTP_OPENING)
        except LinkLost as error:
            return _no_token(error)
        except ConfigurationError as error:
            return AttemptText.NO_SECRET(fault=str(error))
        return UNSAID

    async def _submit(self, octets: bytes, sender: str, recipients: list[str], witness: str) -> dict[str, Submission]:
        session = self._session()
        results: dict[str, Submission] = {}
        fault, opened = None, False
        try:
            await self._connect(session)
            await self._log_in(session)
            opened = True
            await session.mail(octets, sender, recipients)
            for recipient in recipients:
                try:
                    await session.rcpt(recipient)
                except SMTPRecipientRefused as refused:
                    results[recipient] = self._fault(refused, sender).refusal(recipient)
            accepted = [recipient for recipient in recipients if recipient not in results]
            if accepted:
                await _add_witness(session, witness)
                self._require_lead()
                await session.data(octets)
                results |= await self._finish(session, sender, accepted)
        except (SMTPException, OSError) as error:
            fault = self._fault(error, sender, opening=not opened)
        except LinkLost as error:  # no token came
            stage = SmtpStage.SESSION if isinstance(error, LoginRefused) else SmtpStage.CONNECTION
            fault = _Failure(permanent=False, code=0, text=_no_token(error), stage=stage)
        except ConfigurationError as error:  # the secret is read at each send and may be missing for a while
            fault = _Failure(
                permanent=False, code=0, text=AttemptText.NO_SECRET(fault=str(error)), stage=SmtpStage.SESSION
            )
        finally:
            await session.close()
        if fault is not None:
            results |= {recipient: fault.refusal(recipient) for recipient in recipients if recipient not in results}
        return results

    def _session(self) -> SmtpSession:
        account = self._account
        return SmtpSession(
            account.host, account.port, tls=self._tls, local_hostname=account.local_hostname, timeout=account.timeout
        )

    def _require_lead(self) -> None:
        """Raises SessionFailure in a process that was stopped for longer than its lease: another one leads by now."""
        if not self._leads():
            raise SessionFailure(AttemptText.LEASE_OVER())

    async def _connect(self, session: SmtpSession) -> None:
        """Connects and starts TLS."""
        account = self._account
        await session.connect(implicit_tls=account.tls == "implicit")
        if account.tls == "starttls":
            await session.starttls()
        account.presented("submission", session.line)

    async def _log_in(self, session: SmtpSession) -> None:
        """Logs in, if the account says how."""
        account = self._account
        if account.bearer is not None:
            await session.login_with_token(account.bearer)
        elif account.user is not None and account.password is not None:
            await session.login(account.user, account.password())

    async def _finish(self, session: SmtpSession, sender: str, recipients: list[str]) -> dict[str, Submission]:
        """Sends the final dot; once it is sent, anything but a reply leaves the result unknown."""
        if not self._leads():
            session.abandon()  # a server does nothing with a text that has no end (RFC 5321, section 4.1.1.4)
        self._require_lead()
        session.dot()
        try:
            code, answer = await session.reply()
        except (SMTPException, OSError) as error:
            unknown = AttemptText.NO_REPLY(what=self._describe(error, sender, ProtocolStep.SMTP_MESSAGE))
            return {recipient: Unknown(recipient, unknown) for recipient in recipients}
        at, words = self._clock.now(), one_line(answer)
        match code // 100:  # RFC 5321, section 4.2.1
            case 2:
                said, told = AttemptText.SAYS(words=words), told_in_reply(words)
                return {recipient: Accepted(recipient, at, said, message_id=told) for recipient in recipients}
            case 4 | 5:
                fault = self._fault(SMTPDataError(code, answer), sender)
                return {recipient: fault.refusal(recipient) for recipient in recipients}
        unknown = AttemptText.ODD_REPLY(reply=str(code), words=words)
        return {recipient: Unknown(recipient, unknown) for recipient in recipients}

    def _fault(self, error: SMTPException | OSError, sender: str, *, opening: bool = False) -> _Failure:
        """Classifies an error. Permanent are only a 5yz reply to this message and a missing extension.

        `opening`: the envelope was not begun, so that any other message would have failed too.
        """
        code = max(error.code, 0) if isinstance(error, SMTPResponseException) else 0
        refused = isinstance(error, tuple(_REFUSALS)) and code in _PERMANENT and code not in LOGIN_CODES
        permanent = refused or isinstance(error, NotOffered)
        step = ProtocolStep.SMTP_OPENING if opening else _REFUSALS.get(type(error), _OTHERWISE)[1]
        return _Failure(permanent, code, self._describe(error, sender, step), self._stage(error, code, opening=opening))

    @staticmethod
    def _stage(error: SMTPException | OSError, code: int, *, opening: bool) -> SmtpStage:
        stage = SmtpStage.SESSION if opening else _REFUSALS.get(type(error), _OTHERWISE)[2]
        if code == _CLOSING and stage in {SmtpStage.SESSION, SmtpStage.SENDER}:
            return SmtpStage.CONNECTION
        if not opening:  # 421 to a recipient or a text may be about that one alone: it holds up no other mail
            return stage
        tls = any(isinstance(cause, ssl.SSLError) for cause in _chain(error))
        unreachable = isinstance(error, _UNREACHABLE) and not tls and code not in _PERMANENT
        return SmtpStage.CONNECTION if unreachable else SmtpStage.SESSION

    def _describe(
        self, error: SMTPException | OSError, sender: str = "", step: ProtocolStep = ProtocolStep.SMTP_OPENING
    ) -> StoredText:
        """Describes the error for a person, in one line without secrets, with what to change if that is known."""
        cause = next((each for each in _chain(error) if isinstance(each, ssl.SSLError)), None)
        if cause is not None:
            return tls_fault(self._connecting, cause)
        if isinstance(error, SMTPConnectTimeoutError):
            return hinted(self._plain(error), silence_meaning(self._connecting, self._account.tls))
        if isinstance(error, SMTPConnectError) and not isinstance(error, SMTPResponseException):
            return self._unconnected(error)
        if isinstance(error, LoginDenied | TokenDenied):
            answer, step = error.answer, error.step
        elif isinstance(error, SMTPResponseException):
            answer = ServerAnswer.of_smtp(error.code, error.message)
        else:
            return self._plain(error)
        found = explain(step, answer, self._reader(sender))
        return hinted(_bare(error), found.said) if found else self._plain(error)

    def _plain(self, error: SMTPException | OSError) -> StoredText:
        """Describes an error whose cause is not known."""
        if isinstance(error, SessionFailure):
            return error.said
        if isinstance(error, SMTPTimeoutError | TimeoutError):
            return AttemptText.SILENT(seconds=f"{self._account.timeout:g}")
        if isinstance(error, SMTPServerDisconnected):
            return AttemptText.ENDED()
        if isinstance(error, LoginDenied):
            return error.said or AttemptText.LOGIN_REFUSED(file=self._account.secret_file())
        return _bare(error)

    def _unconnected(self, error: SMTPConnectError) -> StoredText:
        words = one_line(error.message)
        meanings = (connect_meaning(self._connecting, each) for each in _chain(error) if isinstance(each, OSError))
        meaning = next(filter(None, meanings), UNSAID)
        return hinted(AttemptText.SAYS(words=words), meaning) if meaning else AttemptText.NO_SERVER(words=words)

    def _reader(self, sender: str) -> Reader:
        account, bearer = self._account, self._account.bearer
        return Reader(
            server="submission", host=account.host, port=account.port, user=account.user or "",
            mailbox=bearer.mailbox if bearer else sender, client_id=bearer.client_id if bearer else "",
            file=account.secret_file(),
        )  # fmt: skip

    @property
    def _connecting(self) -> Reader:
        return replace(self._reader(""), file=str(self._account.ca_file or ""))


def _run(session: Coroutine[None, None, T]) -> T:
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(session)


def _bare(error: SMTPException | OSError) -> StoredText:
    """Describes an error without what to change."""
    if isinstance(error, TokenDenied):
        return error.bare
    if isinstance(error, LoginDenied):
        return error.said or AttemptText.LOGIN_DENIED()
    words = one_line(error.message if isinstance(error, SMTPException) else str(error))
    return _REFUSALS.get(type(error), _OTHERWISE)[0](words=words)


def _no_token(error: LinkLost) -> StoredText:
    return hinted(AttemptText.NO_TOKEN(fault=error.text), error.meaning)


def _unsendable(octets: bytes, sender: str) -> _Failure | None:
    """Returns why the message can never be sent to anyone, or None if it can."""
    if sender and not _MAILBOX.fullmatch(sender):
        unusable = AttemptText.SENDER_NO_ADDRESS(address=ascii(sender))
        return _Failure(permanent=True, code=0, text=unusable, stage=SmtpStage.MESSAGE)
    try:
        check_octets(octets)
    except ValueError as fault:
        unfit = AttemptText.UNFIT(fault=str(fault))
        return _Failure(permanent=True, code=0, text=unfit, stage=SmtpStage.MESSAGE)
    return None


async def _add_witness(session: SmtpSession, witness: str) -> None:
    """Adds the witness, if any; its refusal does not stop the message."""
    if witness:
        with suppress(SMTPRecipientRefused):
            await session.witness(witness)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yields the error and its causes."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__

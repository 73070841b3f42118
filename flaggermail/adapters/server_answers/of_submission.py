# SPDX-License-Identifier: EUPL-1.2
"""What submission servers answer to a login and to a mail (RFC 5321; enhanced status codes: RFC 3463, RFC 5248)."""

from __future__ import annotations

from collections.abc import Sequence

from flaggermail.adapters.server_answers.answer import KnownAnswer, ProtocolStep, Service
from flaggermail.wording.said import Sentence
from flaggermail.wording.servers import MailboxCause, SubmissionCause

_LOGINS = (ProtocolStep.SMTP_PASSWORD, ProtocolStep.SMTP_TOKEN)
_ENVELOPE = (ProtocolStep.SMTP_SENDER, ProtocolStep.SMTP_RECIPIENT, ProtocolStep.SMTP_MESSAGE)
_EARLY = (ProtocolStep.SMTP_OPENING, ProtocolStep.SMTP_SENDER, ProtocolStep.SMTP_RECIPIENT)
_OAUTH = "Exchange: authenticate an IMAP, POP or SMTP connection using OAuth"
_AUTH = "Exchange: enable or disable authenticated client SMTP submission"
_REPORTS = "Exchange: email non-delivery reports and SMTP errors in Exchange Online"
_LIMITS = "Exchange: improvements in SMTP authenticated submission client protocol"
_GMAIL = "Gmail SMTP errors and codes"
_POSTFIX = "Postfix's source, src/smtpd; postconf(5)"


def _exchange(
    means: Sentence, line: str, steps: tuple[ProtocolStep, ...], source: str, *, phrase: str = ""
) -> KnownAnswer:  # fmt: skip
    return KnownAnswer(means=means, service=Service.EXCHANGE, steps=steps, line=line, phrase=phrase, source=source)


def _gmail(means: Sentence, line: str, steps: tuple[ProtocolStep, ...], phrase: str = "") -> KnownAnswer:
    return KnownAnswer(means=means, service=Service.GMAIL, steps=steps, line=line, phrase=phrase, source=_GMAIL)


def _postfix(
    means: Sentence, line: str, steps: tuple[ProtocolStep, ...], phrase: str = "", codes: Sequence[str] = (),
    statuses: Sequence[str] = (),
) -> KnownAnswer:  # fmt: skip
    return KnownAnswer(
        means=means, service=Service.POSTFIX, steps=steps, line=line, phrase=phrase, codes=frozenset(codes),
        statuses=frozenset(statuses), source=_POSTFIX,
    )  # fmt: skip


_UNSUCCESSFUL = "535 5.7.139 Authentication unsuccessful, "
_STORE = "554 5.2.0 STOREDRV.Submission.Exception:"

KNOWN: Sequence[KnownAnswer] = (
    _exchange(
        SubmissionCause.SMTP_OFF_FOR_ALL,
        f"{_UNSUCCESSFUL}SmtpClientAuthentication is disabled for the Tenant.",
        _LOGINS,
        _AUTH,
        phrase="smtpclientauthentication is disabled for the tenant",
    ),
    _exchange(
        SubmissionCause.SMTP_OFF,
        f"{_UNSUCCESSFUL}SmtpClientAuthentication is disabled for the Mailbox.",
        _LOGINS,
        _AUTH,
        phrase="smtpclientauthentication is disabled for the mailbox",
    ),
    _exchange(
        SubmissionCause.SECURITY_DEFAULTS,
        f"{_UNSUCCESSFUL}user is locked by your organization's security defaults policy.",
        _LOGINS,
        _AUTH,
        phrase="security defaults policy",
    ),
    _exchange(
        SubmissionCause.CRITERIA,
        f"{_UNSUCCESSFUL}the request did not meet the criteria to be authenticated successfully.",
        _LOGINS,
        _AUTH,
        phrase="did not meet the criteria",
    ),
    _exchange(
        SubmissionCause.NO_PASSWORDS,
        f"{_UNSUCCESSFUL}basic authentication is disabled.",
        (ProtocolStep.SMTP_PASSWORD,),
        _AUTH,
        phrase="basic authentication is disabled",
    ),
    _exchange(
        SubmissionCause.NO_PASSWORDS,
        "550 5.7.30 Basic authentication is not supported for Client Submission.",
        (ProtocolStep.SMTP_PASSWORD, *_ENVELOPE),
        "Exchange: retirement of basic authentication for client submission",
    ),
    _exchange(
        SubmissionCause.EXCHANGE_PASSWORD,
        "535 5.7.3 Authentication unsuccessful",
        (ProtocolStep.SMTP_PASSWORD,),
        _OAUTH,
    ),
    _exchange(
        SubmissionCause.TOKEN_REFUSED, "535 5.7.3 Authentication unsuccessful", (ProtocolStep.SMTP_TOKEN,), _OAUTH
    ),
    _exchange(SubmissionCause.NOT_LOGGED_IN, "530 5.7.57 Client not authenticated to send mail.", _ENVELOPE, _REPORTS),
    _exchange(
        SubmissionCause.SEND_AS,
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
        _ENVELOPE,
        _REPORTS,
    ),
    _exchange(
        SubmissionCause.SEND_AS,
        "550 5.7.1 Client does not have permissions to send as this sender",
        _ENVELOPE,
        _REPORTS,
        phrase="permissions to send as this sender",
    ),
    _exchange(
        SubmissionCause.SEND_AS,
        "554 5.2.252 SendAsDenied; X not allowed to send as Y",
        _ENVELOPE,
        "seen in public repositories",
    ),
    _exchange(
        SubmissionCause.SEND_AS,
        f"{_STORE}SendAsDeniedException.MapiExceptionSendAsDenied",
        _ENVELOPE,
        _REPORTS,
        phrase="sendasdenied",
    ),
    _exchange(
        SubmissionCause.EXCHANGE_QUOTA,
        f"{_STORE}SubmissionQuotaExceededException",
        _ENVELOPE,
        _LIMITS,
        phrase="submissionquotaexceeded",
    ),
    _exchange(
        SubmissionCause.TOO_MANY_AT_ONCE,
        "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded",
        (*_LOGINS, *_ENVELOPE),
        _LIMITS,
        phrase="sender thread limit exceeded",
    ),
    _exchange(
        SubmissionCause.TOO_MANY_AT_ONCE,
        "432 4.3.2 Concurrent connections limit exceeded",
        (*_LOGINS, *_ENVELOPE),
        _LIMITS,
        phrase="concurrent connections limit exceeded",
    ),
    _exchange(
        SubmissionCause.ADDRESS_BLOCKED,
        "550 5.7.708 Service unavailable. Access denied, traffic not accepted",
        _ENVELOPE,
        _REPORTS,
    ),
    _exchange(
        SubmissionCause.SENDER_BLOCKED,
        "550 5.1.8 Access denied, bad outbound sender",
        _ENVELOPE,
        _REPORTS,
        phrase="bad outbound sender",
    ),
    _gmail(
        MailboxCause.APP_PASSWORD, "534 5.7.9 Application-specific password required.", (ProtocolStep.SMTP_PASSWORD,)
    ),
    _gmail(MailboxCause.WEB_LOGIN, "534 5.7.14 Please log in via your web browser and then try again.", _LOGINS),
    _gmail(
        MailboxCause.GMAIL_PASSWORD,
        "535 5.7.8 Username and Password not accepted.",
        (ProtocolStep.SMTP_PASSWORD,),
        "username and password not accepted",
    ),
    _gmail(
        SubmissionCause.TOO_MANY_LOGINS,
        "454 4.7.0 Too many login attempts, please try again later.",
        _LOGINS,
        "too many login attempts",
    ),
    _gmail(SubmissionCause.GMAIL_QUOTA, "550 5.4.5 Daily user sending limit exceeded.", _ENVELOPE, "sending limit"),
    _gmail(
        MailboxCause.TOKEN_UNCHECKED,
        "535 5.7.8 Username and Password not accepted.",
        (ProtocolStep.SMTP_TOKEN,),
        "username and password not accepted",
    ),
    _gmail(SubmissionCause.UNAUTHENTICATED, "550 5.7.26 This mail has been blocked: unauthenticated", _ENVELOPE),
    _postfix(
        MailboxCause.CREDENTIALS,
        "535 5.7.8 Error: authentication failed:",
        (ProtocolStep.SMTP_PASSWORD,),
        "authentication failed",
    ),
    _postfix(
        MailboxCause.TOKEN_UNCHECKED,
        "535 5.7.8 Error: authentication failed:",
        (ProtocolStep.SMTP_TOKEN,),
        "authentication failed",
    ),
    _postfix(
        SubmissionCause.LOGIN_BACKEND,
        "454 4.7.0 Temporary authentication failure: Connection lost to authentication server",
        _LOGINS,
        "temporary authentication failure",
    ),
    _postfix(
        SubmissionCause.STARTTLS_FIRST,
        "530 5.7.0 Must issue a STARTTLS command first",
        (*_LOGINS, *_ENVELOPE),
        "must issue a starttls command first",
    ),
    _postfix(
        SubmissionCause.NOT_OWNED,
        "553 5.7.1 <X>: Sender address rejected: not owned by user X",
        _ENVELOPE,
        "sender address rejected: not owned by user",
    ),
    _postfix(
        SubmissionCause.NOT_LOGGED_IN,
        "553 5.7.1 <X>: Sender address rejected: not logged in",
        _ENVELOPE,
        "sender address rejected: not logged in",
    ),
    _postfix(
        SubmissionCause.SENDER_DOMAIN,
        "450 4.1.8 <X>: Sender address rejected: Domain not found",
        _ENVELOPE,
        "sender address rejected: domain not found",
        ["550"],
        ["5.1.8"],
    ),
    _postfix(
        SubmissionCause.RELAY,
        "554 5.7.1 <X>: Relay access denied",
        (ProtocolStep.SMTP_RECIPIENT,),
        "relay access denied",
        ["454"],
        ["4.7.1"],
    ),
    _postfix(
        SubmissionCause.RECIPIENT_REJECTED,
        "554 5.7.1 <X>: Recipient address rejected: Access denied",
        (ProtocolStep.SMTP_RECIPIENT,),
        "recipient address rejected: access denied",
    ),
    _postfix(
        SubmissionCause.CLIENT_REJECTED,
        "554 5.7.1 <X>: Client host rejected: Access denied",
        _EARLY,
        "client host rejected",
    ),
    _postfix(
        SubmissionCause.HELLO,
        "504 5.5.2 <X>: Helo command rejected: need fully-qualified hostname",
        _EARLY,
        "helo command rejected: need fully-qualified hostname",
    ),
    _postfix(
        SubmissionCause.TOO_MANY_CONNECTIONS,
        "421 4.7.0 X Error: too many connections from X",
        (ProtocolStep.SMTP_OPENING,),
        "too many connections from",
    ),
    _postfix(SubmissionCause.SIZE, "552 5.3.4 Message size exceeds fixed limit", _ENVELOPE),
    _postfix(
        SubmissionCause.SERVER_BROKEN,
        "451 4.3.5 Server configuration error",
        (*_EARLY, ProtocolStep.SMTP_MESSAGE),
        "server configuration",
    ),
    _postfix(SubmissionCause.DISK_FULL, "452 4.3.1 Insufficient system storage", _ENVELOPE),
)

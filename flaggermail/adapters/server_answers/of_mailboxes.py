# SPDX-License-Identifier: EUPL-1.2
"""What IMAP servers answer to a login, and to the commands after it (RFC 9051; response codes: RFC 5530)."""

from __future__ import annotations

from collections.abc import Sequence

from flaggermail.adapters.server_answers.answer import KnownAnswer, ProtocolStep, Service
from flaggermail.wording.servers import MailboxCause

_LOGINS = (ProtocolStep.IMAP_PASSWORD, ProtocolStep.IMAP_TOKEN)
_LATER = (ProtocolStep.IMAP_AFTER_PASSWORD, ProtocolStep.IMAP_AFTER_TOKEN)
_ANY = (*_LOGINS, *_LATER)
_EXCHANGE_OAUTH = "Exchange: authenticate an IMAP, POP or SMTP connection using OAuth"
_SEEN = "seen in public repositories"
_DOVECOT = "Dovecot's source, src/login-common and src/lib-storage; RFC 5530"


def _exchange(means: MailboxCause, line: str, phrase: str, steps: tuple[ProtocolStep, ...], source: str) -> KnownAnswer:
    others = frozenset({"NO", "BAD", "BYE"}) if steps is _ANY else frozenset({"NO", "BAD"})
    return KnownAnswer(
        means=means, service=Service.EXCHANGE, steps=steps, line=line, phrase=phrase, codes=others, source=source
    )


def _gmail(
    means: MailboxCause,
    line: str,
    phrase: str,
    steps: tuple[ProtocolStep, ...] = _LOGINS,
    codes: Sequence[str] = ("NO",),
) -> KnownAnswer:
    return KnownAnswer(
        means=means, service=Service.GMAIL, steps=steps, line=line, phrase=phrase, codes=frozenset(codes), source=_SEEN
    )


def _dovecot(
    means: MailboxCause, line: str, steps: tuple[ProtocolStep, ...] = _LOGINS, phrase: str = ""
) -> KnownAnswer:
    return KnownAnswer(means=means, service=Service.DOVECOT, steps=steps, line=line, phrase=phrase, source=_DOVECOT)


KNOWN: Sequence[KnownAnswer] = (
    _exchange(
        MailboxCause.PASSWORD_WITHOUT_MAILBOX,
        "BAD User is authenticated but not connected.",
        "authenticated but not connected",
        (ProtocolStep.IMAP_PASSWORD, ProtocolStep.IMAP_AFTER_PASSWORD),
        "imapsync, issues 32 and 411",
    ),
    _exchange(
        MailboxCause.NO_MAILBOX_RIGHT,
        "BAD User is authenticated but not connected.",
        "authenticated but not connected",
        (ProtocolStep.IMAP_TOKEN, ProtocolStep.IMAP_AFTER_TOKEN),
        "email-oauth2-proxy, issues 74 and 275",
    ),
    _exchange(
        MailboxCause.UNAVAILABLE,
        "BYE Server Unavailable. 15",
        "server unavailable. ",
        _ANY,
        "YetiForceCRM, issue 1038; email-oauth2-proxy, issue 379",
    ),
    _exchange(
        MailboxCause.THROTTLED,
        "BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds",
        "request is throttled",
        _ANY,
        "imapflow, tests of throttling",
    ),
    _exchange(
        MailboxCause.TOKEN_REFUSED,
        "NO AUTHENTICATE failed.",
        "authenticate failed",
        (ProtocolStep.IMAP_TOKEN,),
        _EXCHANGE_OAUTH,
    ),
    _exchange(
        MailboxCause.NO_PASSWORDS,
        "NO AUTHENTICATE failed.",
        "authenticate failed",
        (ProtocolStep.IMAP_PASSWORD,),
        "MailKit, issues 460 and 483",
    ),
    _exchange(
        MailboxCause.NO_PASSWORDS,
        "NO LOGIN failed.",
        "login failed",
        (ProtocolStep.IMAP_PASSWORD,),
        "MailKit, issue 483; node-imap, issue 874",
    ),
    _gmail(
        MailboxCause.APP_PASSWORD,
        "NO [ALERT] Application-specific password required",
        "application-specific password required",
        (ProtocolStep.IMAP_PASSWORD,),
    ),
    _gmail(
        MailboxCause.GMAIL_PASSWORD,
        "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)",
        "invalid credentials (failure)",
        (ProtocolStep.IMAP_PASSWORD,),
    ),
    _gmail(
        MailboxCause.IMAP_OFF,
        "NO [ALERT] Your account is not enabled for IMAP use.",
        "account is not enabled for imap use",
    ),
    _gmail(
        MailboxCause.IMAP_OFF_IN_DOMAIN,
        "NO [ALERT] IMAP access is disabled for your domain.",
        "imap access is disabled for your domain",
    ),
    _gmail(MailboxCause.WEB_LOGIN, "NO [ALERT] Please log in via your web browser", "log in via your web browser"),
    _gmail(MailboxCause.WEB_LOGIN, "NO [WEBALERT X] Web login required.", "web login required"),
    _gmail(
        MailboxCause.TOO_MANY_SESSIONS,
        "NO [ALERT] Too many simultaneous connections. (Failure)",
        "too many simultaneous connections",
        _ANY,
        ("NO", "BYE"),
    ),
    _gmail(
        MailboxCause.BANDWIDTH,
        "NO [OVERQUOTA] Account exceeded command or bandwidth limits.",
        "exceeded command or bandwidth limits",
        _ANY,
        ("NO", "BYE"),
    ),
    _dovecot(
        MailboxCause.CREDENTIALS, "NO [AUTHENTICATIONFAILED] Authentication failed.", (ProtocolStep.IMAP_PASSWORD,)
    ),
    _dovecot(
        MailboxCause.TOKEN_UNCHECKED, "NO [AUTHENTICATIONFAILED] Authentication failed.", (ProtocolStep.IMAP_TOKEN,)
    ),
    _dovecot(
        MailboxCause.CLEAR_TEXT,
        "NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.",
    ),
    _dovecot(
        MailboxCause.CONNECTION_LIMIT,
        "NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded",
        phrase="maximum number of connections",
    ),
    _dovecot(
        MailboxCause.CONNECTION_LIMIT,
        "NO [LIMIT] Maximum number of connections from user+IP exceeded",
        phrase="maximum number of connections",
    ),
    _dovecot(MailboxCause.LOGIN_BACKEND, "NO [UNAVAILABLE] Temporary authentication failure."),
    _dovecot(MailboxCause.PASSWORD_ENDED, "NO [EXPIRED] Password expired.", (ProtocolStep.IMAP_PASSWORD,)),
    _dovecot(MailboxCause.NOT_ALLOWED, "NO [AUTHORIZATIONFAILED] Authorization failed."),
    _dovecot(MailboxCause.NO_FOLDER, "NO [NONEXISTENT] Mailbox doesn't exist: Inbos", _LATER),
    _dovecot(MailboxCause.NO_FOLDER_RIGHT, "NO [NOPERM] Permission denied", _LATER),
)

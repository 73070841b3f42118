# SPDX-License-Identifier: EUPL-1.2
"""What an attempt to deliver came to, and what the answers of mail servers and token endpoints mean."""

from __future__ import annotations

from flaggermail.wording.said import Sentence, of_catalogue


class AttemptText(Sentence):
    """How an attempt ended, or why a mail was not handed over."""

    REPLY = "delivery: reply"
    DIGITS = "delivery: digits"
    HINTED = "delivery: hinted"
    SAYS = "delivery: says"
    SENDER_REFUSED = "delivery: sender refused"
    RECIPIENT_REFUSED = "delivery: recipient refused"
    MESSAGE_REFUSED = "delivery: message refused"
    LOGIN_REFUSED = "delivery: login refused"
    LOGIN_DENIED = "delivery: login denied"
    LOGIN_LATER = "delivery: login later"
    NO_LOGIN = "delivery: no login"
    NO_TOKEN_LOGIN = "delivery: no token login"
    TOKEN_REFUSED = "delivery: token refused"
    TOKEN_DENIED = "delivery: token denied"
    NO_TOKEN = "delivery: no token"
    NO_STARTTLS = "delivery: no starttls"
    UNASKED = "delivery: unasked"
    NOT_OFFERED = "delivery: not offered"
    SILENT = "delivery: silent"
    ENDED = "delivery: ended"
    LEASE_OVER = "delivery: lease over"
    NO_SERVER = "delivery: no server"
    CERTIFICATE = "delivery: certificate"
    TLS_FAILED = "delivery: tls failed"
    NO_REPLY = "delivery: no reply"
    ODD_REPLY = "delivery: odd reply"
    NO_ADDRESS = "delivery: no address"
    SENDER_NO_ADDRESS = "delivery: sender no address"
    UNFIT = "delivery: unfit"
    NO_SECRET = "delivery: no secret"
    NOT_IN_ARCHIVE = "delivery: not in archive"
    NO_EXERCISE_ADDRESS = "delivery: no exercise address"
    PLAYED = "delivery: played"
    PROGRAM_ENDED = "delivery: program ended"
    COPY_FOUND = "delivery: copy found"
    DELAY_REPORTED = "delivery: delay reported"
    SETTLED = "delivery: settled"


class ConnectionRemedy(Sentence):
    """The setting to correct after a failed connection, and its right value."""

    CA_NONE = "server hint: ca none"
    CA_OTHER = "server hint: ca other"
    CA_STRICT = "server hint: ca strict"
    NAME = "server hint: name"
    TLS_LATER = "server hint: tls later"
    TLS_FIRST = "server hint: tls first"


class ConnectionFailure(Sentence):
    """Why no connection to a server is made."""

    NO_HOST = "connection cause: no host"
    REFUSED = "connection cause: refused"
    NO_WAY = "connection cause: no way"
    CERTIFICATE_ENDED = "connection cause: certificate ended"
    CERTIFICATE_TO_COME = "connection cause: certificate to come"


class MailboxFailure(Sentence):
    """Why a mailbox server does not let the desk in, or does not open a folder."""

    NO_MAILBOX_RIGHT = "mailbox cause: no right"
    PASSWORD_WITHOUT_MAILBOX = "mailbox cause: password without mailbox"
    TOKEN_REFUSED = "mailbox cause: token refused"
    NO_PASSWORDS = "mailbox cause: no passwords"
    UNAVAILABLE = "mailbox cause: unavailable"
    THROTTLED = "mailbox cause: throttled"
    APP_PASSWORD = "mailbox cause: app password"
    GMAIL_PASSWORD = "mailbox cause: Gmail password"
    IMAP_OFF = "mailbox cause: IMAP off"
    IMAP_OFF_IN_DOMAIN = "mailbox cause: IMAP off in domain"
    WEB_LOGIN = "mailbox cause: web login"
    TOO_MANY_SESSIONS = "mailbox cause: too many sessions"
    BANDWIDTH = "mailbox cause: bandwidth"
    CREDENTIALS = "mailbox cause: credentials"
    CLEAR_TEXT = "mailbox cause: clear text"
    LOGIN_BACKEND = "mailbox cause: login backend"
    CONNECTION_LIMIT = "mailbox cause: connection limit"
    PASSWORD_ENDED = "mailbox cause: password ended"
    NOT_ALLOWED = "mailbox cause: not allowed"
    TOKEN_UNCHECKED = "mailbox cause: token unchecked"
    NO_FOLDER = "mailbox cause: no folder"
    NO_FOLDER_RIGHT = "mailbox cause: no folder right"


class SubmissionFailure(Sentence):
    """Why a submission server does not take the desk's mail."""

    SMTP_OFF_FOR_ALL = "submission cause: SMTP off for all"
    SMTP_OFF = "submission cause: SMTP off"
    SECURITY_DEFAULTS = "submission cause: security defaults"
    CRITERIA = "submission cause: criteria"
    NO_PASSWORDS = "submission cause: no passwords"
    EXCHANGE_PASSWORD = "submission cause: Exchange password"
    TOKEN_REFUSED = "submission cause: token refused"
    NOT_LOGGED_IN = "submission cause: not logged in"
    SEND_AS = "submission cause: send as"
    NOT_OWNED = "submission cause: not owned"
    TOO_MANY_AT_ONCE = "submission cause: too many at once"
    ADDRESS_BLOCKED = "submission cause: address blocked"
    SENDER_BLOCKED = "submission cause: sender blocked"
    EXCHANGE_QUOTA = "submission cause: Exchange quota"
    GMAIL_QUOTA = "submission cause: Gmail quota"
    TOO_MANY_LOGINS = "submission cause: too many logins"
    LOGIN_BACKEND = "submission cause: login backend"
    UNAUTHENTICATED = "submission cause: unauthenticated"
    STARTTLS_FIRST = "submission cause: STARTTLS first"
    RELAY = "submission cause: relay"
    RECIPIENT_REJECTED = "submission cause: recipient rejected"
    CLIENT_REJECTED = "submission cause: client rejected"
    HELLO = "submission cause: hello"
    TOO_MANY_CONNECTIONS = "submission cause: too many connections"
    SENDER_DOMAIN = "submission cause: sender domain"
    SIZE = "submission cause: size"
    SERVER_BROKEN = "submission cause: server broken"
    DISK_FULL = "submission cause: disk full"


class TokenFailure(Sentence):
    """Why a token endpoint gives no token."""

    vars().update(of_catalogue("servers", "token cause: "))


class ReachText(Sentence):
    """The outcome of trying another mailbox with the token of the desk."""

    REFUSED = "token reach: refused"
    OPENED = "token reach: opened"
    UNCLEAR = "token reach: unclear"

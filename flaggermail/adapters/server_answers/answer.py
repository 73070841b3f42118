# SPDX-License-Identifier: EUPL-1.2
"""A server's answer, taken apart; the steps at which it is given; and one row of the table of known answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Self

from flaggermail.wording.said import Sentence

_READ = 2000  # characters of an answer that are looked at
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")  # RFC 3463, section 2
_RESPONSE_CODE = re.compile(r"\[([A-Z-]{1,40})[^\]]*\]\s*")  # RFC 9051, section 7.1
_NUMBER_OF_ENTRA = re.compile(r"AADSTS\d{4,9}\b")
_ADDRESS = re.compile(r"\S+@\S+")  # of somebody else's choice


class ProtocolStep(StrEnum):
    """What the desk was doing when the server answered."""

    CONNECT = "connect"  # DNS, TCP and TLS
    TOKEN = "token"  # noqa: S105 - asking a token endpoint (RFC 6749, section 3.2)
    IMAP_PASSWORD = "imap password"  # noqa: S105 - LOGIN, or AUTHENTICATE PLAIN
    IMAP_TOKEN = "imap token"  # noqa: S105 - AUTHENTICATE XOAUTH2 or OAUTHBEARER
    IMAP_AFTER_PASSWORD = "imap after password"  # noqa: S105 - every later command
    IMAP_AFTER_TOKEN = "imap after token"  # noqa: S105 - likewise
    SMTP_OPENING = "smtp opening"  # greeting, EHLO, STARTTLS
    SMTP_PASSWORD = "smtp password"  # noqa: S105 - AUTH PLAIN or LOGIN
    SMTP_TOKEN = "smtp token"  # noqa: S105 - AUTH XOAUTH2 or OAUTHBEARER
    SMTP_SENDER = "smtp sender"  # MAIL FROM
    SMTP_RECIPIENT = "smtp recipient"  # RCPT TO
    SMTP_MESSAGE = "smtp message"  # DATA, and the end of the message


class Service(StrEnum):
    """Who answers so."""

    ENTRA = "Entra"
    WORKSPACE = "token endpoint of Workspace"
    EXCHANGE = "Exchange Online"
    GMAIL = "Gmail"
    DOVECOT = "Dovecot"
    POSTFIX = "Postfix"
    NETWORK = "network and TLS"


class ConnectFailure(StrEnum):
    """The failure of a connection, in place of a server's reply code."""

    NO_HOST = "no-host"
    REFUSED = "refused"
    NO_WAY = "no-way"
    SILENT = "silent"
    NO_TLS = "no-tls"
    CERTIFICATE = "certificate"  # its status is OpenSSL's number (x509_vfy.h)
    CERTIFICATE_BY_OWN_AUTHORITY = "certificate-by-own-authority"


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """`code`, `status` and `text` (lower case, without addresses) of one answer.

    SMTP: reply code and enhanced status code (RFC 2034, section 4). IMAP: NO, BAD or BYE, and the response code. Token
    endpoint: the error (RFC 6749, section 5.2) and the number of Entra. Connection: a `ConnectFailure` and its number.
    """

    code: str
    status: str = ""
    text: str = field(default="", repr=False)

    @classmethod
    def of_smtp(cls, code: int, text: str) -> Self:
        """Returns a reply of SMTP; `text` may have several lines."""
        found = _ENHANCED.match(text)
        return cls(str(code), found[0] if found else "", _plain(text))

    @classmethod
    def of_imap(cls, state: str, text: str) -> Self:
        """Returns a response with this state, NO, BAD or BYE."""
        found = _RESPONSE_CODE.match(text)
        return cls(state, found[1] if found else "", _plain(text[found.end() :] if found else text))

    @classmethod
    def of_token_endpoint(cls, error: str, description: str) -> Self:
        """Returns an error of a token endpoint."""
        found = _NUMBER_OF_ENTRA.match(description)
        return cls(error, found[0] if found else "", _plain(description))

    @classmethod
    def of_line(cls, step: ProtocolStep, line: str) -> Self:
        """Returns the answer in a line of the table: its code, then what follows."""
        code, _, text = line.partition(" ")
        if step is ProtocolStep.TOKEN:
            return cls.of_token_endpoint(code, text)
        if step is ProtocolStep.CONNECT:
            number = text.partition(" ")[0]
            return cls(code, number if number.isdigit() else "", _plain(text))
        return cls.of_smtp(int(code), text) if code.isdigit() else cls.of_imap(code, text)


def _plain(text: str) -> str:
    return " ".join(_ADDRESS.sub("", text[:_READ]).lower().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The settings that a sentence names; what is not known is named in capitals.

    `server` is the section `mailbox` or `submission`; `source` the key of `oauth2` that names the token endpoint.
    """

    server: str = "mailbox"
    host: str = ""
    port: int = 0
    user: str = ""
    mailbox: str = ""
    client_id: str = ""
    file: str = ""  # of the secret, or of the certificate authority
    client_file: str = ""  # of the client secret beside a refresh token, or of the client's certificate
    scope: str = ""
    source: str = "authority"

    def details(self, names: frozenset[str]) -> dict[str, str]:
        """Returns the details with these names."""
        return {one.name: str(getattr(self, one.name) or one.name.upper()) for one in fields(self) if one.name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswer:
    """One row: an answer with exactly the code and status of `line`, or of `codes` and `statuses`, and the `phrase`.

    `line` is the answer as the server writes it; `source` is where that is documented or was seen.
    """

    means: Sentence
    service: Service
    steps: tuple[ProtocolStep, ...]
    line: str
    phrase: str = ""  # lower case
    codes: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    any_code: bool = False  # the status alone tells the cause
    source: str

    @property
    def example(self) -> ServerAnswer:
        """The answer in `line`."""
        return ServerAnswer.of_line(self.steps[0], self.line)

    def fits(self, answer: ServerAnswer) -> bool:
        """Returns True if `answer` is this one."""
        of_line = self.example
        code = self.any_code or answer.code in {of_line.code, *self.codes}
        return code and answer.status in {of_line.status, *self.statuses} and self.phrase in answer.text

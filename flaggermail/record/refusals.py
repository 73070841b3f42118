# SPDX-License-Identifier: EUPL-1.2
"""What a refusal by the submission server is about: this mail, or the desk, whose other mail would fare no better.

A refusal that is about the desk is never final for a mail. Where the server's words leave it open, only another mail
that it took in the meantime shows that it is about this one.
"""

from __future__ import annotations

import re
from enum import StrEnum

from flaggermail.wording.said import StoredText
from flaggermail.wording.servers import AttemptText


class SmtpStage(StrEnum):
    """How far a submission came before it was refused (RFC 5321, section 3)."""

    CONNECTION = "connection"  # no server, or one that is closing
    SESSION = "session"  # TLS, login, or our own secret
    SENDER = "sender"
    RECIPIENT = "recipient"
    MESSAGE = "message"


class Concerns(StrEnum):
    """What a refusal is about."""

    DESK = "desk"
    MAIL = "mail"
    UNCLEAR = "unclear"


_ENHANCED = re.compile(r"\b[45]\.(\d{1,3}\.\d{1,3})\b")  # RFC 3463, section 2: class, subject, detail
LOGIN_CODES = frozenset({530, 534, 535, 538})  # RFC 4954, section 6
_TOO_LARGE = 552  # RFC 1870, section 6.1
_ABOUT_RECIPIENT = frozenset({550, 551, 553})  # RFC 5321, section 4.2.3, as replies to RCPT
# Subject and detail of RFC 3463 and of the registry of RFC 5248; those of 57, 60, 64, 139, 5xx and 7xx are Exchange's.
_DESK_STATUS = re.compile(r"1\.[78]|7\.(?:[389]|1[0-4]|57|60|64|139|5\d\d|7\d\d)")
_MAIL_STATUS = re.compile(r"1\.\d+|2\.[0-4]|3\.4|4\.[146]|6\.\d+")
_ADDRESS = re.compile(r"\S+@\S+")
_RELAYING = r"\brelay|authenticat|\blog(?:ged)? ?in\b|send ?as\b|not owned by"
_BLOCKED = (
    r"(?:your account|sender|client)(?: \S+){0,3} (?:disabled|suspended|blocked|locked|rejected)|"
    r"(?:block|black|deny)[ -]?list|\blisted (?:at|by|in|on)\b|(?:host|helo|ehlo|client)(?: \S+){0,2} rejected"
)
_LIMITED = (
    r"(?:sending|message|rate|daily|hourly|outbound) (?:\S+ )?(?:limit|quota)|too many (?:messages|mails|recipients)|"
    r"traffic not accepted"
)
_DESK_WORDS = re.compile(f"{_RELAYING}|{_BLOCKED}|{_LIMITED}", re.IGNORECASE)


def concerns(stage: SmtpStage, code: int, text: str) -> Concerns:
    """Returns what a refusal is about, by its stage, its reply code (0: none) and the server's words.

    The sender of all our mail is the desk's own address, so a refused sender is about the desk, unless it is the size.
    """
    if stage in {SmtpStage.CONNECTION, SmtpStage.SESSION} or code in LOGIN_CODES:
        return Concerns.DESK
    if code == 0:  # our own verdict, such as an address that is none
        return Concerns.MAIL
    found = _ENHANCED.search(text)
    status = found.group(1) if found else ""
    if code == _TOO_LARGE or re.fullmatch(r"3\.4|6\.\d+", status):
        return Concerns.MAIL
    if stage is SmtpStage.SENDER or _DESK_STATUS.fullmatch(status):
        return Concerns.DESK
    if _MAIL_STATUS.fullmatch(status):
        return Concerns.MAIL
    if _DESK_WORDS.search(_ADDRESS.sub("", text)):  # an address may contain any of the words
        return Concerns.DESK
    about_recipient = stage is SmtpStage.RECIPIENT and code in _ABOUT_RECIPIENT and not status
    return Concerns.MAIL if about_recipient else Concerns.UNCLEAR


def without_words(answer: StoredText) -> StoredText:
    """Returns a server's answer as its digits and what they mean: its words may quote a stranger's."""
    reply = answer.detail("reply")
    if answer.code != AttemptText.REPLY or not isinstance(reply, str):
        return answer
    inner = next(iter(answer.sentences("what")), answer)
    hint, said = inner.sentences("hint"), next(iter(inner.sentences("what")), inner)
    status = _ENHANCED.search(str(said.detail("words") or ""))
    digits = AttemptText.DIGITS(reply=f"{reply} {status[0]}" if status else reply)
    return AttemptText.HINTED(what=digits, hint=hint[0]) if hint else digits

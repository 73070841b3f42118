# SPDX-License-Identifier: EUPL-1.2
"""Sends a notice that still waits to who takes over, with a token of their own: nobody answers another's mail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from flaggermail.errors import ArchiveFailure
from flaggermail.mail.message import SenderVerdict
from flaggermail.mail.reply_tokens import tokens
from flaggermail.notices import notices
from flaggermail.notices.notices import Notice
from flaggermail.ports import Transaction
from flaggermail.record.case_values import USUAL_LIFE, Topic
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import Case, ClockRow, Notification, OutboxMail, Reminder, StoredMessage, Token
from flaggermail.record.states import CaseState, ClockState, MailState, NotificationState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import Officer

MOST = 12  # sent at one change of shift; the hand-over lists the others
OF_MAIL = frozenset({Topic.QUARANTINE, Topic.UNVERIFIED, Topic.UNCLEAR_REPORT, Topic.UNCERTAIN_MAIL, Topic.SUBMISSION})
_OURS = re.compile(r"( \[[^\[\]]{1,60}\])?( \(vf\.[0-9a-f]{32}\))?$")  # number and key, which this mail has of its own
OF_CASE = (OF_MAIL - {Topic.QUARANTINE}) | {Topic.REMINDER, Topic.REMINDER_WITH_MAIL, Topic.REMINDERS}


def send(work: UnitOfWork, officer: Officer, key: str, topics: Iterable[Topic], case: str | None = None) -> int:
    """Sends the officer each waiting notice of these topics that others were sent, of one `case` if given.

    `key` names the occasion, for which each is sent once. Returns how many were sent.
    """
    sent = 0
    for same in _waiting(work, officer, topics, case):
        shown = _shown_best(work.tx, same)
        mail = mail_of(work, shown)
        if sent < MOST and mail is not None:
            _send(work, officer, key, shown, mail)
            sent += 1
    return sent


def _waiting(work: UnitOfWork, officer: Officer, topics: Iterable[Topic], case: str | None) -> list[Sequence[Token]]:
    """Returns the tokens of each waiting notice, the first one first, unless this officer can still answer one."""
    found = work.tx.find(
        Token,
        where(Token.purpose).in_(sorted(topics)),
        where(Token.issued_at).after(work.now - USUAL_LIFE),
    )
    notices_of: dict[tuple[str, ...], list[Token]] = {}
    for token in sorted(found, key=lambda one: (one.issued_at, one.token)):
        if token.officer is not None and (case is None or _case_of(work.tx, token) == case):
            notices_of.setdefault(_about(work.tx, token), []).append(token)
    return [
        same for same in notices_of.values()
        if _still_waits(work.tx, same[-1]) and not any(_is_open(work, one, officer) for one in same)
    ]  # fmt: skip


def _shown_best(tx: Transaction, same: Sequence[Token]) -> Token:
    """Returns the token of the first notice; of reminders, that of the last one. Neither was itself sent anew."""
    reminded = [
        one for one in same if one.reminder and (told := tx.get(Reminder, one.reminder)) and told.token == one.token
    ]
    return reminded[-1] if reminded else same[0]


def _about(tx: Transaction, token: Token) -> tuple[str, ...]:
    """Returns what a notice is about: several reminders of one clock are about the same."""
    told = tx.get(Reminder, token.reminder) if token.reminder else None
    if told is not None:
        return told.clock, told.notification or told.case
    return Topic(token.purpose), token.message or token.notification or ""


def _case_of(tx: Transaction, token: Token) -> str | None:
    told = tx.get(Reminder, token.reminder) if token.reminder else None
    return told.case if told is not None else token.case


def _is_open(work: UnitOfWork, token: Token, officer: Officer) -> bool:
    """True if the officer has it, and can answer it."""
    in_time = token.expires_at is None or token.expires_at > work.now
    return token.officer == officer.id and in_time and token.used_at is None


def _still_waits(tx: Transaction, token: Token) -> bool:
    if token.reminder is not None:
        told = tx.get(Reminder, token.reminder)
        return told is not None and told.acknowledged_at is None and runs(tx, told)
    match token.purpose:
        case Topic.SUBMISSION:
            use = tx.get(Notification, token.notification or "")
            return use is not None and use.state == NotificationState.APPROVED
        case Topic.UNCERTAIN_MAIL:
            mail = tx.get(OutboxMail, token.message or "")
            return mail is not None and mail.state == MailState.UNCERTAIN
        case Topic.QUARANTINE:
            parked = tx.get(StoredMessage, token.message or "")
            return parked is not None and parked.place == Place.QUARANTINE
    row = tx.get(StoredMessage, token.message or "")
    believed = row is not None and row.verdict == SenderVerdict.VERIFIED and not row.disputed
    return row is not None and row.verdict != SenderVerdict.FAILED and not believed and token.used_at is None


def runs(tx: Transaction, reminder: Reminder) -> bool:
    """True if the reminder's clock is still running, or its case still undecided."""
    if reminder.notification is not None:
        clock = tx.get(ClockRow, f"{reminder.notification}/{reminder.clock}")
        return clock is not None and clock.state == ClockState.RUNNING
    case = tx.get(Case, reminder.case)
    return case is not None and case.decision is None and case.state != CaseState.CLOSED


def mail_of(work: UnitOfWork, token: Token) -> OutboxMail | None:
    """Returns the mail that bore the token first: a token is issued in the unit of work that queues its mail."""
    queued = work.tx.find(OutboxMail, where(OutboxMail.queued_at).is_(token.issued_at))
    return next((mail for mail in queued if token.token in tokens([mail.message_id])), None)


def _send(work: UnitOfWork, officer: Officer, key: str, token: Token, mail: OutboxMail) -> None:
    before = work.env.settings.rota.officer(token.officer or "")
    notice = Notice(
        Kind.OFFICER_NOTICE, "resent_notice", f"anew/{key}/{mail.id}", EventRef(mail.case, mail.notification),
        topic=Topic(token.purpose), reminder=token.reminder, message=mail.shows,
        settles=token.message, exercise=mail.exercise,
    )  # fmt: skip
    values = {
        "name": before.name if before is not None else token.officer or "",
        "sent_at": mail.queued_at,
        "subject": _OURS.sub("", mail.subject),
        "text": text_of(work, mail),
    }
    notices.tell(work, officer, notice, values)


def text_of(work: UnitOfWork, mail: OutboxMail) -> str:
    """Returns the text of our mail; empty if the archive has lost its octets."""
    try:
        return work.env.parser.parse(work.env.octets.get(mail.digest)).text.strip()
    except ArchiveFailure:
        return ""

# SPDX-License-Identifier: EUPL-1.2
"""Rehearsals: which mail belongs to one, how it is marked, and whom it may reach.

Mail from a configured exercise address belongs to the exercise, all else is real, also while one runs. What an
exercise writes is marked in subject, header and first line, and reaches those addresses and the officers of the desk,
and nobody else: the last look is at the octets that are about to leave, whoever approved them.
"""

from __future__ import annotations

from flaggermail.letters.outgoing import Outgoing
from flaggermail.mail.reply_tokens import EXERCISE_HEADER
from flaggermail.ports import Refused, Transaction
from flaggermail.record.rows import Case, Election, OutboxMail
from flaggermail.rules.classifier import in_domains
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.model import Settings

MARK = "exercise_mark"  # the template: what stands before a subject, and above a text


def is_address(settings: Settings, address: str | None) -> bool:
    """Whether somebody who plays a part in exercises has that address."""
    exercise = settings.desk.exercise
    given = (address or "").lower()
    return given in {a.lower() for a in exercise.addresses} or in_domains(given.rpartition("@")[2], exercise.domains)


def may_reach(settings: Settings, address: str) -> bool:
    """Whether mail of an exercise may go there: to a player, or to an officer of the desk."""
    return is_address(settings, address) or settings.rota.by_address(address) is not None


def running(tx: Transaction) -> Election | None:
    """The exercise that was started and not stopped."""
    return next((election for election in tx.find(Election, closed_at=None) if election.exercise), None)


def rehearses(work: UnitOfWork, number: str | None, *, otherwise: bool) -> bool:
    """Whether something belongs to an exercise: its case says so, or else what it is about."""
    case = work.tx.get(Case, number) if number else None
    return otherwise if case is None else case.exercise


def concerns(work: UnitOfWork, outgoing: Outgoing) -> bool:
    """Whether a wanted mail belongs to an exercise: its case says so, or else what it is about, or its reader."""
    players = any(is_address(work.env.settings, to.address) for to in outgoing.to)
    return rehearses(work, outgoing.case, otherwise=outgoing.exercise or players)


def refusal(env: Services, mail: OutboxMail, octets: bytes) -> Refused | None:
    """Why this mail of an exercise does not leave, or nothing; both its row and its own header say that it is one."""
    header = octets.partition(b"\r\n\r\n")[0].lower()
    is_one = mail.exercise or f"\r\n{EXERCISE_HEADER.lower()}:".encode() in header
    if not is_one or may_reach(env.settings, mail.recipient):
        return None
    return Refused(mail.recipient, permanent=True, code=0, text="exercise: this is no exercise address")

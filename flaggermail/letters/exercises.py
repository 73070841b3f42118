# SPDX-License-Identifier: EUPL-1.2
"""Exercises: which mail belongs to one, how it is marked, and whom it may reach.

Mail from a configured exercise address belongs to the exercise; all other mail is real, even while an exercise runs.
Exercise mail is marked in subject, header and first line, and reaches only exercise addresses and officers of the desk.
The final check examines the octets about to leave, whoever approved them. In a rehearsal the desk plays everyone else:
a mail to them counts as sent, and does not leave.
"""

from __future__ import annotations

from flaggermail.letters.outgoing import Outgoing
from flaggermail.mail.fields import in_domains
from flaggermail.mail.reply_tokens import EXERCISE_HEADER
from flaggermail.ports import Accepted, Refused, Transaction
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, Election, OutboxMail, Rehearsal
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.model import Settings
from flaggermail.wording.servers import Attempted

MARK = "exercise_mark"  # the template with the prefix of a subject and the line above a text


def is_address(settings: Settings, address: str | None) -> bool:
    """True if the address belongs to an exercise participant."""
    exercise = settings.desk.exercise
    given = (address or "").lower()
    return given in {a.lower() for a in exercise.addresses} or in_domains(given.rpartition("@")[2], exercise.domains)


def may_reach(settings: Settings, address: str) -> bool:
    """True if exercise mail may go to that address: a participant or an officer of the desk."""
    return is_address(settings, address) or settings.rota.by_address(address) is not None


def running(tx: Transaction) -> Election | None:
    """Returns the exercise that was started and not stopped."""
    return next(
        (election for election in tx.find(Election, where(Election.closed_at).is_(None)) if election.exercise), None
    )


def belongs_to_exercise(work: UnitOfWork, number: str | None, *, otherwise: bool) -> bool:
    """True if the case belongs to an exercise; without a case, `otherwise`."""
    case = work.tx.get(Case, number) if number else None
    return otherwise if case is None else case.exercise


def is_exercise_mail(work: UnitOfWork, outgoing: Outgoing) -> bool:
    """True if an outgoing mail belongs to an exercise: by its case, or else by its subject or a recipient."""
    players = any(is_address(work.env.settings, to.address) for to in outgoing.to)
    return belongs_to_exercise(work, outgoing.case, otherwise=outgoing.exercise or players)


def rehearsal_of(tx: Transaction, number: str | None) -> Rehearsal | None:
    """Returns the rehearsal, running or ended, to which a case belongs; None for any other case."""
    case = tx.get(Case, number) if number else None
    return tx.get(Rehearsal, case.election) if case is not None and case.exercise else None


def under_way(tx: Transaction) -> Rehearsal | None:
    """Returns the rehearsal whose story is being played."""
    election = running(tx)
    return tx.get(Rehearsal, election.code) if election is not None else None


def pace(tx: Transaction, number: str | None) -> int:
    """Returns how many minutes of policy pass in one minute in that case: 1 unless it belongs to a rehearsal."""
    found = rehearsal_of(tx, number)
    return 1 if found is None else found.speed


def refusal(env: Services, mail: OutboxMail, octets: bytes) -> Refused | None:
    """Returns why this exercise mail must not leave, or None; either its row or its own header can mark it as one."""
    header = octets.partition(b"\r\n\r\n")[0].lower()
    is_one = mail.exercise or f"\r\n{EXERCISE_HEADER.lower()}:".encode() in header
    if not is_one or may_reach(env.settings, mail.recipient):
        return None
    return Refused(mail.recipient, permanent=True, code=0, text=Attempted.NO_EXERCISE_ADDRESS())


def kept(work: UnitOfWork, mail: OutboxMail) -> Accepted | None:
    """Returns the answer to a mail of a rehearsal to somebody whom the desk plays; None of other mail.

    `refusal` kept it from leaving, so this holds however its attempt ended.
    """
    if not mail.exercise or may_reach(work.env.settings, mail.recipient) or rehearsal_of(work.tx, mail.case) is None:
        return None
    return Accepted(mail.recipient, work.now, Attempted.PLAYED())

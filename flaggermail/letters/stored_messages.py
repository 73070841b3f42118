# SPDX-License-Identifier: EUPL-1.2
"""Builds the row of a message, received or composed.

The caller that files it adds its place and the reason.

Message-IDs that a server assigned to our mail: answers and delivery reports name those, and not the ones we wrote.

Exchange Online and Amazon SES replace them. What the server told of it, or what its copy in the folder of sent mail
shows, is kept, so that both lead to our mail.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flaggermail.letters.outgoing import Frozen, Outgoing
from flaggermail.mail import reply_tokens
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import Message, SenderVerdict
from flaggermail.mail.reply_tokens import EXERCISE_HEADER, LONGEST_ID, keys_of, read_keys
from flaggermail.ports import Accepted, Refused, Transaction
from flaggermail.record.definition import where
from flaggermail.record.events import Change, added
from flaggermail.record.kinds import AssignedBy, Direction, Place
from flaggermail.record.rows import AssignedId, Case, Election, OutboxMail, Rehearsal, StoredMessage
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.model import Settings
from flaggermail.wording.filing import PlacementBasis, SenderEvidence
from flaggermail.wording.servers import AttemptText

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
    return Refused(mail.recipient, permanent=True, code=0, text=AttemptText.NO_EXERCISE_ADDRESS())


def answer_to_player(work: UnitOfWork, mail: OutboxMail) -> Accepted | None:
    """Returns the scripted answer to a rehearsal mail to a played person; None for other mail.

    `refusal` kept it from leaving, so this holds however its attempt ended.
    """
    if not mail.exercise or may_reach(work.env.settings, mail.recipient) or rehearsal_of(work.tx, mail.case) is None:
        return None
    return Accepted(mail.recipient, work.now, AttemptText.PLAYED())


def taken_in(work: UnitOfWork, message: Message, digest: str, received_at: datetime, place: Place) -> StoredMessage:
    """Returns the row of a received mail, under the next number; `digest` identifies its octets in the archive."""
    return StoredMessage(
        id=_next_id(work),
        message_id=message.message_id,
        content_key=message.content_key,
        digest=digest,
        direction=Direction.IN,
        from_address=message.sender.key if message.sender else None,
        from_name=message.sender.name if message.sender else None,
        subject=message.subject,
        received_at=received_at,
        first_seen_at=work.now,
        mechanical=message.kind,
        place=place,
        defects=message.defects,
        costly=message.costly,
    )


def composed(work: UnitOfWork, outgoing: Outgoing, frozen: Frozen) -> StoredMessage:
    """Returns the row of a mail we composed, under the next number."""
    return StoredMessage(
        id=_next_id(work),
        message_id=frozen.message_id,
        content_key=frozen.content_key,
        digest=frozen.digest,
        direction=Direction.OUT,
        from_address=work.env.settings.desk.mailbox.address.lower(),
        subject=frozen.subject,
        received_at=work.now,  # until our server accepts it
        first_seen_at=work.now,
        kinds=(outgoing.kind,),
        place=Place.OWN,
        case=outgoing.case,
        notification=outgoing.notification,
        match_basis=PlacementBasis.OURS(),
        verdict=SenderVerdict.VERIFIED,
        verdict_basis=SenderEvidence.COMPOSED(),
        exercise=is_exercise_mail(work, outgoing),
    )


def _next_id(work: UnitOfWork) -> str:
    return f"m{work.tx.number('message'):08d}"


# ---- Message-IDs that a server assigned


MOST_ASKED = 100
"""Names looked up for one mail: a mail of a long exchange has few, and a stranger's may have any number."""


def learned_id(work: UnitOfWork, name: str | None, ours: str, source: AssignedBy) -> tuple[Change, ...]:
    """Returns the change that records that our mail `ours` left as `name`; empty if there is nothing to learn.

    A name that another mail bears is not believed: what answers that mail would be taken for an answer to ours.
    """
    if name is None or name == ours or len(name) > LONGEST_ID or work.tx.get(AssignedId, name) is not None:
        return ()
    if work.tx.exists(StoredMessage, where(StoredMessage.message_id).is_(name)):
        return ()
    return (added(AssignedId(id=name, ours=ours, source=source, learned_at=work.now)),)


def as_ours(work: UnitOfWork, message: Message) -> Message:
    """Returns the mail with our own Message-IDs in its references in place of those that servers assigned."""
    named = keys_of(message, work.env.language).named
    asked = [name for name in named if not reply_tokens.tokens([name])][:MOST_ASKED]
    rows = work.tx.find(AssignedId, where(AssignedId.id).in_(asked)) if asked else []
    if not rows:
        return message
    ours, original = {row.id: row.ours for row in rows}, message.original_message_id
    answered = message.in_reply_to or reply_tokens.parents(message)
    renamed = replace(
        message,
        keys=None,
        in_reply_to=tuple(ours.get(name, name) for name in answered),
        references=tuple(ours.get(name, name) for name in message.references),
        original_message_id=ours.get(original, original) if original else None,
    )
    return replace(renamed, keys=read_keys(renamed, work.env.language))

# SPDX-License-Identifier: EUPL-1.2
"""Whether what a reply asks was done before: by this officer's reply, or by somebody else."""

from __future__ import annotations

from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.cases import AssignCase
from flaggermail.commands.command import Command
from flaggermail.commands.contact_notes import NoteContact
from flaggermail.commands.named_rows import whole_number
from flaggermail.commands.oncall import Acknowledge, SwapShift
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.letters.template_values import ReplyRefusal
from flaggermail.notices import duty
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import where
from flaggermail.record.kinds import Place
from flaggermail.record.rows import Case, ContactNote, Reminder, StoredMessage, Token
from flaggermail.replies import verbs
from flaggermail.replies.answered import NotUnderstood
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import Officer
from flaggermail.wording.filing import SenderEvidence

BY_NUMBER = frozenset({Topic.SHIFT, Topic.STAND})  # topics whose verbs name a case by its number


def refusal_of(
    work: UnitOfWork, token: Token, officer: Officer, topic: Topic, language: str, command: Command
) -> NotUnderstood | None:  # fmt: skip
    """Rejects a command whose effect is there already; None if it may go on."""
    why, details = None, list[str]()
    match command:
        case AssignCase() | Decide() | Assess() if topic not in BY_NUMBER:
            case = work.tx.get(Case, command.case)
            if case is not None and case.decision is not None:
                topic, why, details = Topic.NOTICE, ReplyRefusal.SETTLED, [case.decision]
        case Acknowledge():
            told = work.tx.get(Reminder, command.reminder)
            if told is not None and told.acknowledged_at is not None:
                why = ReplyRefusal.USED if told.acknowledged_by == officer.id else ReplyRefusal.SETTLED
                details = ["acknowledged"]
        case SwapShift() if duty.officer_on_call(work) != officer:
            topic, why, details = Topic.NOTICE, ReplyRefusal.SETTLED, ["another's shift"]
        case PlaceMessage():
            why, details = _of_placing(work, officer, command)
        case NoteContact():
            same = work.tx.exists(
                ContactNote,
                where(ContactNote.case).is_(command.case),
                where(ContactNote.notification).is_(token.notification),
                where(ContactNote.effective_at).is_(command.effective_at),
                where(ContactNote.author).is_(officer.id),
            )
            why = ReplyRefusal.USED if same else None
    if why is None:
        return None
    found = verbs.not_understood(why, topic, language, *details)
    if why is ReplyRefusal.ACTED:  # only what is not about that mail is still possible
        offered = verbs.still_work(topic, language, used=True, acknowledged=False)
        return NotUnderstood(why, language, found.details, offered)
    return found


def _of_placing(work: UnitOfWork, officer: Officer, command: PlaceMessage) -> tuple[ReplyRefusal | None, list[str]]:
    """Returns why a mail is not placed once more, with who has it placed and in which case."""
    message = work.tx.get(StoredMessage, command.message)
    if message is None or message.place == Place.QUARANTINE:
        return None, []
    if command.case is not None and is_replaceable(work, message.id, officer):
        return (ReplyRefusal.USED, []) if whole_number(work, command.case) == message.case else (None, [])
    by = acted_by(work, message.id, officer)
    if command.joins and message.place == Place.CASE and message.placed_by is None and not by:
        return None, []  # nobody placed it: it opened the case that it is moved out of
    return (ReplyRefusal.ACTED, [*by]) if by else (ReplyRefusal.USED, [])


def is_replaceable(work: UnitOfWork, message_id: str | None, officer: Officer) -> bool:
    """True if this officer placed the mail in an existing case, and no other person has acted on it since."""
    message = work.tx.get(StoredMessage, message_id) if message_id else None
    case = work.tx.get(Case, message.case) if message is not None and message.case else None
    if message is None or case is None or message.placed_by != officer.id:
        return False
    return case.root_message != message.id and _acted(message, officer) is None


def acted_by(work: UnitOfWork, message_id: str | None, officer: Officer) -> tuple[str, ...]:
    """Returns the name of another person who acted on the mail and its case, if any; empty if there is none."""
    message = work.tx.get(StoredMessage, message_id) if message_id else None
    by = _acted(message, officer) if message is not None else None
    if message is None or by is None:
        return ()
    person = work.env.settings.rota.officer(by)
    return person.name if person is not None else by, *([message.case] if message.case else [])


def _acted(message: StoredMessage, officer: Officer) -> str | None:
    """Returns another officer who placed the mail, vouched for its sender, refused it, or said what kind it is."""
    basis = message.verdict_basis
    refused = basis.detail("officer") if basis.code == SenderEvidence.REFUSED.value else None
    acts = (message.placed_by, message.confirmed_by, message.corrected_by, refused)
    return next((str(by) for by in acts if by is not None and by != officer.id), None)

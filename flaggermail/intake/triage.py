# SPDX-License-Identifier: EUPL-1.2
"""Triage of a mail: placed, classified, decided, without writing anything.

Commands that explain a decision use the same functions, so that the explanation is accurate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.cases import declining, elections, remembered_domains
from flaggermail.intake import carried, disposition
from flaggermail.intake.disposition import Disposition
from flaggermail.mail.automated import mechanical_kind
from flaggermail.mail.message import MechanicalKind, Message, Verdict
from flaggermail.mail.reply_tokens import CHECK_HEADER
from flaggermail.matching import addressed, lookup, own_comments, placing
from flaggermail.matching.lookup import Sender
from flaggermail.matching.placing import Placement
from flaggermail.ports import RawMessage, Role
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Notification
from flaggermail.replies import reply_mail
from flaggermail.rules import classifier
from flaggermail.rules.classifier import Classification, Context
from flaggermail.services import UnitOfWork
from flaggermail.settings import own_addresses
from flaggermail.wording.filing import Says
from flaggermail.wording.said import UNSAID, Said


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, the owner of its sender address, and the result of placing it."""

    raw: RawMessage
    message: Message
    sender: Sender
    placement: Placement


@dataclass(frozen=True, slots=True)
class Triaged:
    """The findings about a mail, and the decision."""

    message: Message  # as the desk reads it: a comment that is ours is none
    sender: Sender
    placement: Placement
    verdict: Verdict
    context: Context
    found: Classification
    election: str | None
    dispute: Said | None  # why the arrival time is not reliable
    decision: Disposition
    says: Said  # what a platform's machine mail says besides that ours arrived
    missed: bool  # taken in late, and somebody would have been notified of it


def judge(work: UnitOfWork, raw: RawMessage, message: Message) -> Triaged:
    """Places, classifies and decides about a mail; `message` carries the verdict on its author."""
    mail = placed(work, raw, message)
    message = mail.message
    context = context_of(work, mail)
    found = classifier.classify(message, context, work.env.settings.rules, work.env.matcher.find)
    election = elections.election_of(work, message)
    dispute = lookup.disputed(work, raw, message)
    if context.platform is not None and dispute is None:
        dispute = lookup.too_early(work, raw, mail.placement)
    facts = facts_of(work, mail, context, found, disputed=dispute is not None)
    decision = disposition.decide(facts)
    late, from_file = lookup.late(work.env, raw, work.now), raw.arrival.in_file
    return Triaged(
        message, mail.sender, mail.placement, message.vouched, context, found, election.code if election else None,
        dispute, disposition.of_old_mail(decision, from_file=from_file) if late else decision,
        says=facts.says, missed=late and not from_file and not decision.quiet,
    )  # fmt: skip


def placed(work: UnitOfWork, raw: RawMessage, message: Message) -> Mail:
    """Returns the mail with its sender and its placement."""
    sender = lookup.sender_of(work, message)
    message = own_comments.without_ours(work, message, sender.platform)
    sender = replace(sender, asks=sender.answers is None and reply_mail.asks_to_look(work, message, sender.officer))
    placement = placing.place(lookup.known(work, message, sender, in_sent=raw.role is Role.SENT))
    return Mail(raw, message, sender, placement)


def context_of(work: UnitOfWork, mail: Mail) -> Context:
    """Returns what the rules may test apart from the mail itself."""
    placement = mail.placement
    answered = work.tx.get(Notification, placement.notification) if placement.notification else None
    since = mail.raw.arrived_at - answered.sent_at if answered is not None and answered.sent_at is not None else None
    return Context(
        platform=mail.sender.platform,
        from_officer=mail.sender.officer is not None,
        placed=placement.case is not None,
        suggested=bool(placement.suggestions),
        channel=answered.channel if answered else None,
        minutes=max(0, int(since.total_seconds()) // 60) if since is not None else None,
        verdict=mail.message.vouched.value,
        period=elections.election_of(work, mail.message) is not None,
        declined_before=declining.declined_before(work, mail.message),
        remembered=_remembered(work, mail),
    )


def _remembered(work: UnitOfWork, mail: Mail) -> str | None:
    """Returns the list to which officers added the sender's domain; platforms and officers need none."""
    author = mail.message.sender
    if author is None or mail.sender.platform is not None or mail.sender.officer is not None:
        return None
    return remembered_domains.list_of(work, author.domain)


def facts_of(
    work: UnitOfWork, mail: Mail, context: Context, found: Classification, *, disputed: bool
) -> disposition.Facts:
    """Returns the facts on which the decision is based."""
    raw, message, placement = mail.raw, mail.message, mail.placement
    election = elections.election_of(work, message)
    sent_folder = raw.role is Role.SENT
    answerable = mechanical_kind.answerable(message, _our_addresses(work))
    template = found.template if answerable else None
    within = _carried(work, mail, context, found)
    return disposition.Facts(
        mechanical=message.kind,
        kinds=frozenset(found.kinds),
        template=template,
        verdict=context.verdict,
        placed=placement.case is not None,
        use_placed=placement.notification is not None,
        suggestions=bool(placement.suggestions),
        from_platform=context.platform is not None,
        election=election.code if election else None,
        declined_before=context.declined_before,
        known_sender=lookup.known_sender(work, message),
        disputed=disputed,
        sent_folder=sent_folder,
        junk_folder=raw.role is Role.JUNK,
        carries_referral=within.referral,
        says=_said(mail, within),
        no_receipt=message.no_receipt,
        to_list=within.to_list and _names_us(work, message),
        from_officer=mail.sender.answers is not None or mail.sender.asks,
        of_check=_is_of_check(work, message),
        to_channel=sent_folder and lookup.channel_of(work, message) is not None,
        doubts=declining.doubts(work, message) if template is not None else (),  # of whom would be answered alone
    )


def _carried(work: UnitOfWork, mail: Mail, context: Context, found: Classification) -> carried.Carried:
    """Returns what a mail carries that no person wrote, or that is noise; nothing of other mail."""
    if mail.message.kind is MechanicalKind.HUMAN and Kind.NOISE not in found.kinds:
        return carried.Carried()
    env, message = work.env, mail.message
    carries = message.kind in carried.CARRIERS
    within = carried.passed_on(message, _our_addresses(work), env.language) if carries else None
    inner = remembered_domains.list_of(work, within.sender.domain) if within and within.sender else None
    reading = carried.Reading(env.settings.rules, env.matcher.find, env.language)
    return carried.look(message, context, within, reading, remembered=inner)


def _said(mail: Mail, within: carried.Carried) -> Said:
    """Returns what a platform's machine mail in a case says besides that ours arrived; nothing of other mail."""
    message = mail.message
    if mail.sender.platform is None or mail.placement.case is None:
        return UNSAID
    if message.kind is MechanicalKind.FEEDBACK_REPORT:
        return Says.REPORT()
    if message.no_receipt is not None:
        until = message.away_until
        return Says.ABSENCE_UNTIL(until=until) if until else Says[message.no_receipt.name]()
    if within.says is not None:
        return Says[within.says.name]()
    return Says.COMMENT() if message.comment and message.kind is MechanicalKind.AUTO_REPLY else UNSAID


def _names_us(work: UnitOfWork, message: Message) -> bool:
    plus_addresses = work.env.settings.desk.mailbox.plus_addresses
    return addressed.to_us(message, _our_addresses(work), frozenset(), plus_addresses=plus_addresses)


def _is_of_check(work: UnitOfWork, message: Message) -> bool:
    """True for an automatic mail from our own address that says so: nothing but its reason rests on that."""
    ours = message.sender is not None and message.sender.key in _our_addresses(work)
    return ours and message.kind is MechanicalKind.AUTO_REPLY and message.header(CHECK_HEADER) is not None


def _our_addresses(work: UnitOfWork) -> frozenset[str]:
    return own_addresses.of_mailbox(work.env.settings.desk.mailbox)

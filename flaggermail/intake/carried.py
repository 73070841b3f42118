# SPDX-License-Identifier: EUPL-1.2
"""What machine mail and mailings carry: a referral in their own words or in the mail that they pass on, or a result.

A web form declares itself automatic, and so does an absence notice: what answers a mail refers nothing by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.mail.automated.mechanical_kind import answers_mail, from_list
from flaggermail.mail.automated.out_of_office import confirms, own_text
from flaggermail.mail.forwards.forwarded import find_inline
from flaggermail.mail.message import MechanicalKind, Message, SenderVerdict
from flaggermail.mail.subject import split_subject
from flaggermail.mail.vocabulary import Language
from flaggermail.record.case_values import CaseType, Source
from flaggermail.record.kinds import Kind
from flaggermail.rules import classifier
from flaggermail.rules.classifier import Classification, Context, RuleSet, Statement
from flaggermail.rules.conditions import Find

AUTHORITIES = frozenset({Source.FELLOW_AUTHORITY, Source.GOVERNMENT_BODY})
_BY_WORDS = frozenset({CaseType.CHANNEL, CaseType.ADVERT, CaseType.GENERAL_WARNING})
CARRIERS = frozenset({MechanicalKind.HUMAN, MechanicalKind.AUTO_REPLY})  # reports return mail of ours


@dataclass(frozen=True, slots=True)
class Carried:
    """What the rules say of the mail as though a person had written it."""

    referral: bool = False
    to_list: bool = False  # of a proven authority of the rules' lists; by a person, of any list or an officer
    says: Statement | None = None  # what a platform's system says in the case besides that our mail arrived


@dataclass(frozen=True, slots=True)
class Reading:
    """By what a mail is read."""

    rules: RuleSet
    find: Find
    language: Language

    def kinds_by(self, message: Message, context: Context) -> Classification:
        """Classifies the mail as though a person had written it."""
        by_a_person = replace(message, kind=MechanicalKind.HUMAN)
        return classifier.classify(by_a_person, context, self.rules.for_persons, self.find)


def look(
    message: Message, context: Context, within: Message | None, reading: Reading, *, remembered: str | None = None
) -> Carried:  # fmt: skip
    """Returns what a mail carries that is a machine's, or noise by the rules; `within` is the mail it passes on.

    `remembered` is the list to which an officer added the domain that the author of `within` names.
    """
    written = reading.kinds_by(message, context)
    proven = context.verdict is SenderVerdict.VERIFIED
    authority = proven and written.source in AUTHORITIES
    by_person = message.kind is MechanicalKind.HUMAN and not from_list(message)
    known = context.from_officer or written.source is not None
    to_list = (proven and by_person and known) or (authority and not context.from_officer)
    if message.kind not in CARRIERS:
        return Carried(to_list=to_list)
    says = written.says if context.placed and context.platform is not None else None
    if says is Statement.PROMISE and confirms(own_text(message.text, reading.language), reading.language):
        says = None  # a receipt that promises to look into it, as most do, is a receipt
    referral = authority and _refers(message, written, reading.language)
    if within is not None:
        stranger = replace(
            context, platform=None, from_officer=False, verdict=SenderVerdict.UNVERIFIED, remembered=remembered
        )
        known = proven and Kind.REFERRAL in written.kinds
        referral = referral or known or Kind.REFERRAL in reading.kinds_by(within, stranger).kinds
    return Carried(referral, to_list, says)


def passed_on(message: Message, ours: frozenset[str], language: Language) -> Message | None:
    """Returns the mail within a machine's mail or a mailing, unless one of `our` addresses wrote it: that it answers.

    The parser looks for one that is forwarded in the text in persons' mail only; in a machine's it is looked for here.
    """
    inner = message.forwarded
    if inner is None and message.kind is MechanicalKind.AUTO_REPLY:
        subject = split_subject(message.subject or "", language)
        answers = answers_mail(message, language)  # what it shows is then a quotation, unless it says "forwarded"
        inline = find_inline(message.text.split("\n"), subject, language, answers=answers, recipients=ours)
        inner = inline.mail if inline else None
    # Outlook may print the author's name alone, and that may be ours.
    if inner is None or inner.sender is None or not inner.sender.domain or inner.sender.key in ours:
        return None
    return replace(
        message, from_=(inner.sender,), subject=inner.subject, text=inner.body, reply_text=inner.body, forwarded=None,
        in_reply_to=(), references=(),
    )  # fmt: skip


def _refers(message: Message, written: Classification, language: Language) -> bool:
    """True if the mail's own words refer something; mailings and invitations must say more than who sent them."""
    if Kind.REFERRAL not in written.kinds:
        return False
    if from_list(message) or message.kind is MechanicalKind.HUMAN:  # a mailing, or an invitation
        return written.case_type in _BY_WORDS
    return not answers_mail(message, language)

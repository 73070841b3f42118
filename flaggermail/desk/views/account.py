# SPDX-License-Identifier: EUPL-1.2
"""What a letter to Parliament would say of a case: a paragraph for each use, and the heads of question and answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from flaggermail.commands.named_rows import the_case
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.view import View
from flaggermail.errors import OctetsLost, Refusal
from flaggermail.figures import account, ledger
from flaggermail.figures.account import MailHead, Print, UseDetails
from flaggermail.figures.uses import PlatformUse, uses_of
from flaggermail.mail.case_numbers import prefix_of, without_tails
from flaggermail.mail.message import Address
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.clocks import HUMAN, RECEIPT
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import Case, ClockRow, Notification, StoredMessage
from flaggermail.record.states import NotificationState
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import ACCOUNTS
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.report import AccountLabel


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountedMail(ViewAnswer):
    """The head of a mail, as it is printed above its text; `at` is the instant that counts."""

    subject: str
    from_: str
    at: datetime
    to: tuple[str, ...]
    cc: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOfUse(ViewAnswer):
    """What is said of one use, in the language of the account; `text` is what to print."""

    notification: str
    paragraph: str
    question: AccountedMail | None  # None for a notification by portal or phone
    answer: AccountedMail | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOfCase(ViewAnswer):
    """The account of a case: a document in one language, whatever the reader's."""

    case: str
    language: LanguageCode
    uses: tuple[AccountOfUse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAccount(View):
    """The account of a case, in a language, by default the desk's."""

    MAY: ClassVar[frozenset[str]] = ACCOUNTS

    case: str
    language: LanguageCode | None = None

    def show(self, work: UnitOfWork) -> AccountOfCase:
        """Returns the uses in the order in which they were sent. Raises NotFound, Refusal."""
        case, desk = the_case(work, self.case), work.env.settings.desk
        if case.exercise:
            raise Refusal(CommandRefusal.EXERCISE_NOT_ACCOUNTED(case=case.number))
        uses = [use for use in uses_of(ledger.of_rows(work.tx)) if use.case == case.number]
        if not uses:
            raise Refusal(CommandRefusal.NOTHING_TO_ACCOUNT(case=case.number))
        language = self.language or desk.organisation.language
        months = work.env.draft_patterns.languages[language].months
        style = Print(language, work.env.settings.zone, months, desk.report.date_form, desk.report.decimal_sign)
        accounts = tuple(_account(work, case, use, style) for use in uses)
        return AccountOfCase(case=case.number, language=language, uses=accounts)


def _account(work: UnitOfWork, case: Case, use: PlatformUse, style: Print) -> AccountOfUse:
    sent = work.tx.find(Notification, where(Notification.case).is_(case.number))
    own = next(one for one in sent if one.id == use.notification)
    organisation = work.env.settings.desk.report.organisation or work.env.settings.desk.organisation.name
    told = UseDetails(
        organisation=getattr(organisation, style.language),
        about=case.type,
        channel=own.channel_name,
        policy=_policy(work, own),
        earlier=_came_back(sent, own),
        appeared=bool(case.related),
    )
    text = account.paragraph(use, told, work.now, style)
    tails = {case.tail or "", *(one.tail or "" for one in sent)} - {""}
    question, answer = (
        None if head is None else replace(head, subject=without_tails(head.subject, prefix_of(case.number), tails))
        for head in (_question(work, own, use), _answer(work, use))
    )
    replied = AccountLabel.RECEIPT if use.human is None else AccountLabel.ANSWER
    heads = ((AccountLabel.QUESTION, question), (replied, answer))
    blocks = [account.block(head, of, style) for of, head in heads if head is not None]
    return AccountOfUse(
        notification=use.notification,
        paragraph=text,
        question=_mail(question),
        answer=_mail(answer),
        text="\n\n".join([text, *blocks]),
    )


def _policy(work: UnitOfWork, own: Notification) -> str:
    """Returns the policy that a notification names; empty if no draft of ours and no mail at hand names it."""
    if own.digest:
        return own.policy_title
    mail = _mail_of(work, own)
    try:
        text = "" if mail is None else work.env.parser.parse(work.env.octets.get(mail.digest)).text
    except OctetsLost:
        return ""
    named, said = (" ".join(words.casefold().split()) for words in (own.policy_title, text))
    return own.policy_title if named in said else ""


def _came_back(sent: Sequence[Notification], own: Notification) -> list[datetime]:
    """Returns when earlier notifications to the same platform were sent that reached nobody there."""
    return sorted(
        one.sent_at
        for one in sent
        if one.state is NotificationState.FAILED and one.counted and one.platform == own.platform and one.sent_at
    )


def _question(work: UnitOfWork, own: Notification, use: PlatformUse) -> MailHead | None:
    """Returns the head of our mail; None for a notification by portal or phone."""
    found = _mail_of(work, own)
    return None if found is None else _head_of(work, found, use.sent_at)


def _mail_of(work: UnitOfWork, own: Notification) -> StoredMessage | None:
    mails = work.tx.find(
        StoredMessage,
        where(StoredMessage.notification).is_(own.id),
        where(StoredMessage.direction).is_(Direction.OUT),
    )
    return next((mail for mail in mails if Kind.NOTIFICATION in mail.kinds), None)


def _answer(work: UnitOfWork, use: PlatformUse) -> MailHead | None:
    """Returns the head of the mail of a person, else of the automatic receipt; None without one, or if it was noted."""
    for kind, stop in ((HUMAN, use.human), (RECEIPT, use.receipt)):
        clock = work.tx.get(ClockRow, f"{use.notification}/{kind}")
        if stop is not None and clock is not None:
            found = work.tx.get(StoredMessage, clock.stopped_by or "")
            return None if found is None else _head_of(work, found, stop.at)
    return None


def _head_of(work: UnitOfWork, mail: StoredMessage, at: datetime) -> MailHead:
    """Returns the head of a stored mail at the instant that counts; by its row alone if its octets are lost."""
    try:
        read = work.env.parser.parse(work.env.octets.get(mail.digest))
    except OctetsLost:
        sender = Address(mail.from_address or "", mail.from_name)
        return MailHead(mail.subject or "", _shown(sender), at)
    return MailHead(
        subject=read.subject or "",
        sender=", ".join(map(_shown, read.from_)),
        at=at,
        to=tuple(map(_shown, read.to)),
        cc=tuple(map(_shown, read.cc)),
    )


def _shown(address: Address) -> str:
    return f"{address.name} <{address.address}>" if address.name else address.address


def _mail(head: MailHead | None) -> AccountedMail | None:
    if head is None:
        return None
    return AccountedMail(subject=head.subject, from_=head.sender, at=head.at, to=head.to, cc=head.cc)

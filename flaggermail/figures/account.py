# SPDX-License-Identifier: EUPL-1.2
"""What a letter to Parliament says of one use: a paragraph, and who wrote what to whom, and when.

Every instant is one of the use, as its clocks hold it; nothing is computed anew, and nothing says what a platform did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flaggermail.documents.dates import SIGNS, Calendar, DateForm, DecimalSign
from flaggermail.figures.uses import AnswerForm, PlatformUse, Stop
from flaggermail.record import clocks
from flaggermail.record.case_values import CaseType, LanguageCode
from flaggermail.record.states import InstantBasis
from flaggermail.wording.report import Account, AccountLabel
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True)
class Print:
    """How it is printed."""

    language: LanguageCode
    zone: ZoneInfo
    months: tuple[str, ...]  # in the language, January first
    date_form: DateForm = DateForm.ISO
    decimal_sign: DecimalSign = DecimalSign.LANGUAGE

    def words(self, at: datetime) -> str:
        """Returns an instant in words, for a sentence."""
        return self._calendar().in_words(at.astimezone(self.zone))

    def shown(self, at: datetime) -> str:
        """Returns an instant in the form that is set, for a label."""
        return self._calendar().shown(at.astimezone(self.zone), self.date_form)

    def _calendar(self) -> Calendar:
        return Calendar(self.months, self.language)

    def took(self, minutes: int) -> str:
        """Returns a wait as `latency.in_sentence` does."""
        return clocks.in_sentence(minutes, self.language, SIGNS[self.decimal_sign])


@dataclass(frozen=True, slots=True)
class UseDetails:
    """The details of a use that the account mentions in addition to its clocks.

    `earlier` are the instants of notifications that came back; `appeared`: an earlier case is linked to its case.
    """

    organisation: str
    about: CaseType
    channel: str
    policy: str = ""
    earlier: Sequence[datetime] = ()
    appeared: bool = True


@dataclass(frozen=True, slots=True)
class MailHead:
    """The head of a question or an answer, as it is printed above its text; `at` is the instant that counts."""

    subject: str
    sender: str
    at: datetime
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()


def paragraph(use: PlatformUse, told: UseDetails, as_of: datetime, style: Print) -> str:
    """Returns the paragraph about a use; an open one is described as of `as_of`."""
    return " ".join(said.in_language(style.language) for said in _sentences(use, told, as_of, style))


def block(head: MailHead, of: AccountLabel, style: Print) -> str:
    """Returns the lines above a mail: its subject, then who, when and to whom. `of`: which mail it is."""
    when = AccountLabel.SENT if of is AccountLabel.QUESTION else AccountLabel.RECEIVED
    values = (
        (AccountLabel.FROM, head.sender),
        (when, style.shown(head.at)),
        (AccountLabel.TO, ", ".join(head.to)),
        (AccountLabel.CC, ", ".join(head.cc)),
    )
    title = f"{of.words(style.language)}: {head.subject}".rstrip(": ")
    return "\n".join([title, *(f"{label.words(style.language)}: {value}".rstrip() for label, value in values)])


def _sentences(use: PlatformUse, told: UseDetails, as_of: datetime, style: Print) -> Iterator[StoredText]:
    yield request_sentence(told.about, appeared=told.appeared)(
        organisation=told.organisation, platform=use.platform, at=style.words(use.sent_at), channel=told.channel
    )
    if told.policy:
        yield Account.POLICY(policy=told.policy, platform=use.platform)
    for at in told.earlier:
        yield Account.EARLIER(at=style.words(at), platform=use.platform)
    if use.sent_basis in SENT_ON:
        yield SENT_ON[use.sent_basis]()
    if use.receipt is not None and use.receipt.form is AnswerForm.AUTOMATIC:
        yield Account.AUTOMATIC_RECEIPT(took=style.took(use.receipt.minutes), at=style.words(use.receipt.at))
    if use.human is None:
        yield Account.OPEN(at=style.words(as_of), took=style.took(use.waited(as_of)), platform=use.platform)
        return
    yield Account.ANSWERED(platform=use.platform, took=style.took(use.human.minutes), at=style.words(use.human.at))
    yield from manner(use.human)
    if use.substance is None:
        yield Account.NO_SUBSTANCE()
    elif use.substance != use.human:
        yield Account.SUBSTANCE(took=style.took(use.substance.minutes), at=style.words(use.substance.at))
        yield from manner(use.substance)


def request_sentence(about: CaseType, *, appeared: bool) -> Account:
    """Returns the sentence of what was asked; that posts appeared before is said only if an earlier case says so."""
    return Account.WARNING if about is CaseType.GENERAL_WARNING and not appeared else _ASKED[about]


def manner(stop: Stop) -> Iterator[StoredText]:
    """Yields how an answer was given or recognised, unless it came by mail with one of our keys."""
    if stop.form is AnswerForm.COMMENT:
        yield Account.COMMENT()
    if stop.form in SPOKEN:
        yield SPOKEN[stop.form]()
    elif stop.basis is InstantBasis.QUOTED_WORDS:
        yield Account.QUOTED()
    elif stop.basis is InstantBasis.BY_HAND:
        yield Account.BY_HAND()


_ASKED: Mapping[CaseType, Account] = {
    CaseType.CONTENT: Account.CONTENT,
    CaseType.CHANNEL: Account.CHANNEL,
    CaseType.ADVERT: Account.ADVERT,
    CaseType.GENERAL_WARNING: Account.GENERAL_WARNING,
    CaseType.OTHER: Account.OTHER,
}
SENT_ON: Mapping[InstantBasis, Account] = {
    InstantBasis.SENT_COPY: Account.SENT_COPY,
    InstantBasis.BY_HAND: Account.SENT_BY_HAND,
}
SPOKEN: Mapping[AnswerForm, Account] = {AnswerForm.ORAL: Account.ORAL, AnswerForm.PORTAL: Account.PORTAL}

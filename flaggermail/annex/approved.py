# SPDX-License-Identifier: EUPL-1.2
"""Annexes of the record, made anew from the octets of their mails, and refused where a text is not the sealed one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.annex import exchange, layout, printed, seals
from flaggermail.annex.printed import PrintedExchange
from flaggermail.annex.redaction.marks import Mark
from flaggermail.annex.redaction.words_left import LeftWord
from flaggermail.documents.model import Block
from flaggermail.errors import NotFound, Refusal
from flaggermail.figures.account import Print
from flaggermail.record.contacts import LanguageCode
from flaggermail.record.definition import where
from flaggermail.record.rows import Annex
from flaggermail.record.states import UNDECIDED, AnnexState
from flaggermail.services import UnitOfWork
from flaggermail.wording.annex import NoAnnex

_LEVEL = 3  # of the headings in a report


@dataclass(frozen=True, slots=True)
class RedactedExchange:
    """An annex with its printed texts, its marks, and the words that a person left."""

    annex: Annex
    exchange: PrintedExchange
    marks: tuple[Mark, ...]
    style: Print
    kept: frozenset[LeftWord]

    def text(self) -> str:
        """Returns the annex as plain text, without what is taken out."""
        return layout.plain(self.exchange, self.marks, self.style)

    def blocks(self, level: int = _LEVEL) -> list[Block]:
        """Returns the annex as parts of a document, without what is taken out; `level` is that of its headings."""
        return layout.blocks(self.exchange, self.marks, self.style, level)


def blocks(work: UnitOfWork, notification: str, language: LanguageCode) -> list[Block] | None:
    """Returns the latest approved annex of a use as parts of a report in a language; None without one. Raises Refusal.

    Labels and dates are in the language of the report; the mails are as they were written.
    """
    annex = approved(work, notification)
    return None if annex is None else replace(of_annex(work, annex), style=style_of(work, language)).blocks()


def texts(work: UnitOfWork, notification: str) -> str | None:
    """Returns the same as plain text."""
    annex = approved(work, notification)
    return None if annex is None else of_annex(work, annex).text()


def approved(work: UnitOfWork, notification: str) -> Annex | None:
    """Returns the latest approved annex of a use."""
    found = work.tx.find(
        Annex, where(Annex.notification).is_(notification), where(Annex.state).is_(AnnexState.APPROVED)
    )
    return max(found, key=lambda annex: annex.id, default=None)


def waiting(work: UnitOfWork, notification: str) -> Annex | None:
    """Returns the annex of a use that nobody has approved or withdrawn yet."""
    found = work.tx.find(Annex, where(Annex.notification).is_(notification), where(Annex.state).in_(UNDECIDED))
    return max(found, key=lambda annex: annex.id, default=None)


def the_annex(work: UnitOfWork, key: str) -> Annex:
    """Returns the annex with that id. Raises NotFound."""
    found = work.tx.get(Annex, key)
    if found is None:
        raise NotFound(NoAnnex.UNKNOWN(annex=key))
    return found


def open_annex(work: UnitOfWork, key: str) -> Annex:
    """Returns an annex that can still be changed and approved. Raises NotFound, Refusal."""
    annex = the_annex(work, key)
    if annex.state not in UNDECIDED:
        raise Refusal(NoAnnex.DECIDED(annex=annex.id, state=annex.state.value, use=annex.notification))
    return annex


def of_annex(work: UnitOfWork, annex: Annex) -> RedactedExchange:
    """Returns an annex, made from the octets. Raises Refusal if a mail is gone or no longer reads as it was sealed."""
    entries = exchange.of_annex(work, annex)
    made = printed.of_entries(work, entries, annex.form, annex.language)
    if made.seals != annex.seals:
        text = next(
            (at for at, (one, other) in enumerate(zip(made.seals, annex.seals, strict=False)) if one != other), 0
        )
        mail, use = made.texts[text].mail + 1, annex.notification
        because = NoAnnex.READ_OTHERWISE(annex=annex.id, mail=mail, use=use, before=annex.parser, now=seals.PARSER)
        raise Refusal(because)
    marks = seals.fitting(made.texts, seals.read(annex.marks))
    return RedactedExchange(annex, made, marks, style_of(work, annex.language), seals.kept(annex.marks))


def style_of(work: UnitOfWork, language: LanguageCode) -> Print:
    """Returns how instants and labels are printed."""
    settings = work.env.settings
    months = work.env.draft_patterns.languages[language].months
    report = settings.desk.report
    return Print(language, settings.zone, months, report.date_form, report.decimal_sign)


def refuse_newer(work: UnitOfWork, annex: Annex) -> None:
    """Raises Refusal if the exchange holds other mails today than the annex."""
    use = exchange.the_use(work, annex.notification)
    today = tuple(entry.row.key for entry in exchange.of_use(work, use, annex.form))
    if today != annex.entries:
        differ = sorted({*today} ^ {*annex.entries}) or list(today)
        raise Refusal(NoAnnex.NEWER_MAIL(annex=annex.id, rows=differ))

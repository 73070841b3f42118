# SPDX-License-Identifier: EUPL-1.2
"""One annex: without what is taken out, the form of its marks, and its files.

Each view reads the archive, and each such reading is an event.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar

from flaggermail.annex import approved, form
from flaggermail.annex.approved import RedactedExchange
from flaggermail.annex.asked import WordsLeft
from flaggermail.annex.redaction.marks import Detail, Mark
from flaggermail.annex.redaction.spreading import spread
from flaggermail.desk.views.view import ArchiveView, Document, plain
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.record.rows import Annex
from flaggermail.record.states import AnnexState
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.annex import AnnexRefusal

_SHOWN = (
    "id", "notification", "case", "form", "state", "revision", "proposed_by", "proposed_at", "confirmed_by",
    "confirmed_at", "approved_by", "approved_at", "withdrawn_by", "withdrawn_at",
    "language", "parser", "shaped_by",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OneAnnex(ArchiveView):
    """Base class of the views of one annex."""

    MAY: ClassVar[frozenset[str]] = READERS

    annex: str

    def about(self, work: UnitOfWork) -> str | None:
        """Returns the number of its case. Raises NotFound."""
        return approved.the_annex(work, self.annex).case


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAnnex(OneAnnex):
    """One annex without what is taken out, with the SHA-256 of its mails, and who may approve it."""

    def show(self, work: UnitOfWork) -> Document:
        """Returns the row, "mails", "counts", "may_approve", "words_left" with their ticks, and "text".

        Raises NotFound, Refusal.
        """
        annex = approved.the_annex(work, self.annex)
        made = approved.of_annex(work, annex)
        return {
            **_row(work, annex, _SHOWN),
            "mails": [{"message": mail.message, "sha256": mail.digest} for mail in made.exchange.mails],
            "counts": approved.counts(made),
            "unseen_characters_taken_out": sum(mail.taken_out for mail in made.exchange.mails),
            "may_approve": [one.id for one in approved.may_approve(work, annex)],
            "words_left": [{"words": one.words, "ticked": one.kept} for one in WordsLeft(work, made).asked()],
            "text": made.text(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAnnexForm(OneAnnex):
    """The form in which a person edits the marks."""

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"annex", "revision", "form"}. Raises NotFound, Refusal."""
        made = approved.of_annex(work, approved.open_annex(work, self.annex))
        language = work.env.settings.desk.organisation.language
        head = form.head(made.annex.id, made.annex.revision, language)
        body = form.body(made.exchange, made.marks, made.style)
        below = WordsLeft(work, made).below(language)
        return {"annex": made.annex.id, "revision": made.annex.revision, "form": head + body + below}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledAnnexForm(OneAnnex):
    """The content of a filled-in form, and the other places of the words that it marks."""

    UNTOLD: ClassVar[frozenset[str]] = frozenset({"text"})

    text: str

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"revision", "marks", "kept", "elsewhere", "elsewhere_shown"}. Raises NotFound, Refusal.

        "kept" are the words that stay. The last two are other places of words that the form marks: as marks, and as
        lines for a person.
        """
        filled = form.read(self.text)
        if filled.annex != self.annex:
            raise Refusal(AnnexRefusal.OTHER_FORM(given=filled.annex, annex=self.annex))
        made = approved.of_annex(work, approved.open_annex(work, self.annex))
        if filled.revision != made.annex.revision:
            annex, officer = made.annex, made.annex.confirmed_by or made.annex.proposed_by
            now, seen = annex.revision, filled.revision
            raise Refusal(AnnexRefusal.OTHER_REVISION(annex=annex.id, officer=officer, now=now, seen=seen))
        marks = form.marks_of(filled, made.exchange, made.marks, made.style)
        marks, kept = WordsLeft(work, made).ticked(filled, marks)
        others = _elsewhere(made, marks)
        return {
            "revision": filled.revision,
            "marks": [asdict(mark) for mark in marks],
            "kept": [list(one) for one in sorted(kept)],
            "elsewhere": [asdict(mark) for mark in others],
            "elsewhere_shown": [_place(made, mark) for mark in others],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeAnnexFiles(OneAnnex):
    """The files of an approved annex."""

    as_approved: bool = False  # also if the exchange holds newer mails

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"annex", "files": [{"name", "base64"}]}. Raises NotFound; Refusal unless it is approved."""
        annex = approved.the_annex(work, self.annex)
        if annex.state is not AnnexState.APPROVED:
            raise Refusal(AnnexRefusal.NOT_APPROVED(annex=annex.id, state=annex.state.value))
        if not self.as_approved:
            approved.refuse_newer(work, annex)
        made = approved.annex_files(work, approved.of_annex(work, annex))
        return {
            "annex": annex.id,
            "files": [
                {"name": name, "base64": base64.b64encode(octets).decode("ascii")} for name, octets in made.items()
            ],
        }


def _row(work: UnitOfWork, annex: Annex, names: Sequence[str]) -> dict[str, Json]:
    values = plain(annex, work.env.settings.zone)
    return {name: values[name] for name in names}


def _elsewhere(made: RedactedExchange, marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Returns marks for other places of the words that a person marked, none over another."""
    texts, found = made.exchange.texts, list[Mark]()
    for mark in marks:
        if mark.detail is Detail.OTHER:
            found += spread(texts, (*marks, *found), mark)
    return tuple(sorted(found))


def _place(made: RedactedExchange, mark: Mark) -> str:
    """Returns a place for a person: mail, part and line, and the words."""
    text = made.exchange.texts[mark.of]
    line = text.text.count("\n", 0, mark.start) + 1
    return f"mail {text.mail + 1}, {text.part}, line {line}: {text.text[mark.start : mark.end]} ({mark.ground})"

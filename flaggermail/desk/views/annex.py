# SPDX-License-Identifier: EUPL-1.2
"""One annex: without what is taken out, the form of its marks, and its files. Each reading is an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from flaggermail import progress
from flaggermail.annex import approved, form
from flaggermail.annex.approved import RedactedExchange
from flaggermail.annex.asked import WordsLeft
from flaggermail.annex.redaction.marks import Detail, Mark
from flaggermail.annex.redaction.spreading import spread
from flaggermail.desk.answers import FLAT, ViewAnswer
from flaggermail.desk.views.annex_list import ListedAnnex
from flaggermail.desk.views.view import ArchiveView, OctetsView
from flaggermail.documents.octets import Octets
from flaggermail.documents.tar import tar
from flaggermail.errors import Refusal
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.states import AnnexState
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.annex import MarkedPlace
from flaggermail.wording.refusals import AnnexRefusal
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class OneAnnex(ArchiveView):
    """Base class of the views of one annex."""

    MAY: ClassVar[frozenset[str]] = READERS

    annex: str

    def about(self, work: UnitOfWork) -> str | None:
        """Returns the number of its case. Raises NotFound."""
        return approved.the_annex(work, self.annex).case


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnexFacts(ListedAnnex):
    """An annex: of which notification, in which state, and who did what with it when."""

    language: LanguageCode  # of the labels
    parser: str  # the versions that read its mails
    shaped_by: tuple[str, ...]  # none of them may approve it


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedMailDigest(ViewAnswer):
    """A mail of an annex, by its id, with the SHA-256 of its octets."""

    message: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsToTick(ViewAnswer):
    """Words that no list knows; `ticked` if a person said that they stay."""

    words: str
    ticked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAnnex(ViewAnswer):
    """An annex as plain text, without what is taken out. It is as long as its mails: a person approves all of it."""

    facts: Annotated[AnnexFacts, FLAT]
    mails: tuple[PrintedMailDigest, ...]
    counts: tuple[Mapping[str, object], ...]  # of each mail: the markers in each of its parts, by ground
    unseen_characters_taken_out: int
    may_approve: tuple[str, ...]  # ids of officers
    words_left: tuple[WordsToTick, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAnnex(OneAnnex):
    """One annex without what is taken out, with the SHA-256 of its mails, and who may approve it."""

    def show(self, work: UnitOfWork) -> ShownAnnex:
        """Returns the annex. Raises NotFound, Refusal."""
        annex = approved.the_annex(work, self.annex)
        made = approved.of_annex(work, annex)
        return ShownAnnex(
            facts=AnnexFacts.from_fields(annex),
            mails=tuple(PrintedMailDigest(message=one.message, sha256=one.digest) for one in made.exchange.mails),
            counts=tuple(approved.counts(made)),
            unseen_characters_taken_out=sum(mail.taken_out for mail in made.exchange.mails),
            may_approve=tuple(one.id for one in approved.may_approve(work, annex)),
            words_left=tuple(WordsToTick(words=one.words, ticked=one.kept) for one in WordsLeft(work, made).asked()),
            text=made.text(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnexFormText(ViewAnswer):
    """The form in which a person edits the marks of a revision."""

    annex: str
    revision: int
    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAnnexForm(OneAnnex):
    """The form in which a person edits the marks."""

    def show(self, work: UnitOfWork) -> AnnexFormText:
        """Returns the form in the desk's language. Raises NotFound, Refusal."""
        made = approved.of_annex(work, approved.open_annex(work, self.annex))
        language = work.env.settings.desk.organisation.language
        head = form.head(made.annex.id, made.annex.revision, language)
        body = form.body(made.exchange, made.marks, made.style)
        below = WordsLeft(work, made).below(language)
        return AnnexFormText(annex=made.annex.id, revision=made.annex.revision, form=head + body + below)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledAnnex(ViewAnswer):
    """The content of a filled-in form.

    `kept`: places of words that stay: the number of the text, the first character and the one past the last.
    `elsewhere`: other places of the words that the form marks, and `elsewhere_shown` the same for a person.
    """

    revision: int
    marks: tuple[Mark, ...]
    kept: tuple[tuple[int, ...], ...]
    elsewhere: tuple[Mark, ...]
    elsewhere_shown: tuple[StoredText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledAnnexForm(OneAnnex):
    """The content of a filled-in form, and the other places of the words that it marks."""

    UNTOLD: ClassVar[frozenset[str]] = frozenset({"text"})

    text: str

    def show(self, work: UnitOfWork) -> FilledAnnex:
        """Returns the marks of the form, and where else their words are. Raises NotFound, Refusal."""
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
        return FilledAnnex(
            revision=filled.revision,
            marks=tuple(marks),
            kept=tuple(sorted(kept)),
            elsewhere=others,
            elsewhere_shown=tuple(_place(made, mark) for mark in others),
        )


_READ = 0.5  # the share of the time in which the mails of an annex are read


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesOfAnnex(ViewAnswer):
    """Whose files these are, and their names."""

    annex: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeAnnexFiles(OneAnnex, OctetsView):
    """The files of an approved annex: text, HTML, OpenDocument, PDF and a manifest, as one tar."""

    as_approved: bool = False  # also if the exchange holds newer mails

    def show(self, work: UnitOfWork) -> Octets[ViewAnswer]:
        """Returns the files. Raises NotFound; Refusal unless the annex is approved."""
        annex = approved.the_annex(work, self.annex)
        if annex.state is not AnnexState.APPROVED:
            raise Refusal(AnnexRefusal.NOT_APPROVED(annex=annex.id, state=annex.state.value))
        if not self.as_approved:
            approved.refuse_newer(work, annex)
        with progress.part(0.0, _READ):
            redacted = approved.of_annex(work, annex)
        with progress.part(_READ, 1.0):
            made = approved.annex_files(work, redacted)
        return tar(f"annex-{annex.id}.tar", list(made.items()), FilesOfAnnex(annex=annex.id, files=tuple(made)))


def _elsewhere(made: RedactedExchange, marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Returns marks for other places of the words that a person marked, none over another."""
    texts, found = made.exchange.texts, list[Mark]()
    for mark in marks:
        if mark.detail is Detail.OTHER:
            found += spread(texts, (*marks, *found), mark)
    return tuple(sorted(found))


def _place(made: RedactedExchange, mark: Mark) -> StoredText:
    """Returns a place for a person: mail, part and line, and the words."""
    text = made.exchange.texts[mark.of]
    words, line = text.text[mark.start : mark.end], text.text.count("\n", 0, mark.start) + 1
    return MarkedPlace[text.part.name](mail=text.mail + 1, line=line, words=words, ground=mark.ground.value)

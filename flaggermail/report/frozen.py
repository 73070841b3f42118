# SPDX-License-Identifier: EUPL-1.2
"""What a report is made from: gathered now, or as it was frozen; and the documents that come of it.

A frozen report is made from its row alone. The same inputs give the same document, so its digest is kept beside them.
An annex is the printed and redacted exchange of a use, which two persons approved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from flaggermail.annex import approved
from flaggermail.documents.model import Block, Document
from flaggermail.errors import Refusal
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.definition import where
from flaggermail.record.kinds import Versioned
from flaggermail.record.rows import Election, InForce, ReportDraft, ReportFreeze
from flaggermail.report import canonical, draft, facts
from flaggermail.report.composing import BLOCKS, block_key, document
from flaggermail.report.use_section import Style, style_of
from flaggermail.report.values import PrintSettings, ReportInputs, TextBlock, WrittenParts
from flaggermail.services import UnitOfWork
from flaggermail.wording.refusals import ReportNote, ReportRefusal
from flaggermail.wording.report import ReportText
from flaggermail.wording.said import StoredText

V = TypeVar("V")


def the_draft(work: UnitOfWork, election: str) -> ReportDraft:
    """Returns the draft of an election; else raises Refusal."""
    found = work.tx.get(ReportDraft, election)
    if found is None:
        raise Refusal(ReportRefusal.NO_DRAFT(election=election))
    return found


def inputs_now(work: UnitOfWork, election: Election, written: WrittenParts | None = None) -> ReportInputs:
    """Returns what a report would be made from now, with the words of its draft unless others are given.

    Raises Refusal, ConfigurationError.
    """
    told = facts.of_election(work, election)
    if written is None:
        text = the_draft(work, election.code).text
        written = draft.read(text, f"{election.code}.yaml", told, work.env.settings)
    return ReportInputs(
        facts=told,
        written=written,
        settings=print_settings(work),
        blocks={
            block_key(language, name): _block(work, language, name) for language in LanguageCode for name in BLOCKS
        },
        templates=_version(work),
        annexes=annexes_of(work, [use.use.notification for use in told.uses]),
    )


def print_settings(work: UnitOfWork) -> PrintSettings:
    """Returns the settings on which the printed words depend."""
    desk, patterns = work.env.settings.desk, work.env.draft_patterns.languages
    return PrintSettings(
        organisation=draft.by_language(desk.organisation.name),
        organisation_named=draft.by_language(desk.report.organisation or desk.organisation.name),
        zone=desk.organisation.time_zone,
        months={language.value: tuple(patterns[language].months) for language in LanguageCode},
        date_form=desk.report.date_form,
        decimal_sign=desk.report.decimal_sign,
        smallest_count=desk.report.smallest_count,
    )


def style_now(work: UnitOfWork) -> Style:
    """Returns how the desk prints in its own language."""
    return style_of(print_settings(work), work.env.settings.desk.organisation.language)


def _block(work: UnitOfWork, language: LanguageCode, name: str) -> TextBlock:
    desk = work.env.settings.desk
    names = [platform.name for platform in work.env.settings.platform_list]
    listed = ReportText.AND.words(language).join(filter(None, (", ".join(names[:-1]), *names[-1:])))
    organisation = getattr(desk.report.organisation or desk.organisation.name, language)
    found = work.env.templates.render(name, language, {"organisation": organisation, "platforms": listed})
    octets = work.env.templates.files()[f"{language}/{name}.j2"]
    return TextBlock(heading=found.subject, body=found.body, digest=hashlib.sha256(octets).hexdigest())


def _version(work: UnitOfWork) -> str:
    """Returns the version of the templates that is in force; empty if no daemon has archived one yet."""
    rows = work.tx.find(InForce, where(InForce.what).is_(Versioned.TEMPLATES), where(InForce.until).is_(None))
    return rows[-1].version if rows else ""


# ---------------------------------------------------------------- as it was frozen


def freezes(work: UnitOfWork, election: str) -> list[ReportFreeze]:
    """Returns the freezes of an election, undone ones too, in their order."""
    return work.tx.find(ReportFreeze, where(ReportFreeze.election).is_(election))


def standing(work: UnitOfWork, election: str) -> ReportFreeze | None:
    """Returns the freeze that was not undone; None without one."""
    return next((row for row in freezes(work, election) if row.undone_at is None), None)


def the_freeze(work: UnitOfWork, election: str) -> ReportFreeze:
    """Returns the freeze in force; else raises Refusal."""
    found = standing(work, election)
    if found is None:
        raise Refusal(ReportRefusal.NOT_FROZEN(election=election))
    return found


def inputs_of(row: ReportFreeze) -> ReportInputs:
    """Returns what was frozen. Raises Refusal if it is not what its digest says."""
    if hashlib.sha256(row.inputs.encode()).hexdigest() != row.inputs_digest:
        raise Refusal(ReportRefusal.DAMAGED(election=row.election, freeze=row.id))
    return canonical.decode(row.inputs, ReportInputs)


def other_documents(row: ReportFreeze, made: Mapping[LanguageCode, Document]) -> tuple[StoredText, ...]:
    """Returns a line for each language whose document is not the one of the freeze, by its digest."""
    frozen = dict(one.split(" ", 1) for one in row.documents)
    return tuple(
        ReportNote.OTHER_DOCUMENT(freeze=row.id, language=language.value)
        for language, document in made.items()
        if frozen.get(language.value) != canonical.digest(document)
    )


def documents(inputs: ReportInputs, *, as_draft: bool = False) -> Mapping[LanguageCode, Document]:
    """Returns the report in each of its languages."""
    return {
        language: document(inputs, language, in_language(inputs.annexes, language), draft=as_draft)
        for language in inputs.written.languages
    }


# ---------------------------------------------------------------- its annexes


def annexes_of(work: UnitOfWork, notifications: Iterable[str]) -> dict[str, str]:
    """Returns the annex of each use that has one, in each language, as JSON of its blocks.

    A key is `language/notification`. The headings are of level 3: they stand below that of the annex. Raises Refusal.
    """
    return {
        f"{language}/{number}": canonical.encode(blocks)
        for number in notifications
        for language in LanguageCode
        if (blocks := approved.blocks(work, number, language)) is not None
    }


def lacking_annexes(work: UnitOfWork, notifications: Iterable[str]) -> tuple[StoredText, ...]:
    """Returns a line for each use of which no annex is approved, with the one that still waits."""
    lines = list[StoredText]()
    for number in notifications:
        if approved.approved(work, number) is None:
            waits = approved.waiting(work, number)
            told = (
                ReportNote.NO_ANNEX(use=number)
                if waits is None
                else ReportNote.OPEN_ANNEX(use=number, annex=waits.id, state=waits.state.value)
            )
            lines.append(told)
    return tuple(lines)


def in_language(annexes: Mapping[str, str], language: LanguageCode) -> dict[str, Sequence[Block]]:
    """Returns the annexes in a language by their notification."""
    found = ((key.partition("/"), text) for key, text in annexes.items())
    return {
        notification: [block for block in canonical.decode_several(text, Block) if isinstance(block, Block)]
        for (of, _, notification), text in found
        if of == language
    }

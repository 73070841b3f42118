# SPDX-License-Identifier: EUPL-1.2
"""The annexes of a report: the printed and redacted exchange of each use that two persons approved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flaggermail.annex import approved
from flaggermail.documents.model import Block
from flaggermail.record.case_values import LanguageCode
from flaggermail.report import canonical
from flaggermail.services import UnitOfWork
from flaggermail.wording.refusals import ReportNote
from flaggermail.wording.said import StoredText


def annexes_of(work: UnitOfWork, notifications: Iterable[str]) -> dict[str, str]:
    """Returns the annex of each use that has one, in each language, as JSON of its blocks; see `annex_key`.

    Its headings are of level 3: they stand below that of the annex. Raises Refusal.
    """
    return {
        annex_key(language, number): canonical.encode(blocks)
        for number in notifications
        for language in LanguageCode
        if (blocks := approved.blocks(work, number, language)) is not None
    }


def lacking(work: UnitOfWork, notifications: Iterable[str]) -> tuple[StoredText, ...]:
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


def annex_key(language: LanguageCode, notification: str) -> str:
    """Returns the key of an annex in what a report is made from."""
    return f"{language}/{notification}"


def in_language(annexes: Mapping[str, str], language: LanguageCode) -> dict[str, Sequence[Block]]:
    """Returns the annexes in a language by their notification."""
    found = ((key.partition("/"), text) for key, text in annexes.items())
    return {notification: _blocks(text) for (of, _, notification), text in found if of == language}


def _blocks(text: str) -> list[Block]:
    return [block for block in canonical.decode_several(text, Block) if isinstance(block, Block)]

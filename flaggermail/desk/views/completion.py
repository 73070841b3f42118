# SPDX-License-Identifier: EUPL-1.2
"""What a shell may complete: cases, drafts, channels, officers, elections and narratives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.view import View
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, Election, Notification
from flaggermail.record.states import NotificationState
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import EVERYBODY

MOST = 200  # words of the record; a shell shows no more
_Words = Iterator[tuple[str, str]]  # each with a remark


class CompletedKind(StrEnum):
    """The kind of a completed word."""

    CASES = "cases"
    CHANNELS = "channels"
    DRAFTS = "drafts"
    ELECTIONS = "elections"
    NARRATIVES = "narratives"
    OFFICERS = "officers"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedWord(ViewAnswer):
    """A word, and what a shell shows beside it where it has room."""

    word: str
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedWords(ViewAnswer):
    """Words of one kind."""

    words: tuple[CompletedWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteWords(View):
    """The words of one kind: those of the record newest first, those of the configuration in its order."""

    MAY: ClassVar[frozenset[str]] = EVERYBODY

    what: CompletedKind

    def show(self, work: UnitOfWork) -> CompletedWords:
        """Returns the words, each with a remark."""
        found = _FOUND[self.what](work)
        return CompletedWords(words=tuple(CompletedWord(word=word, remark=remark) for word, remark in found))


def _cases(work: UnitOfWork) -> _Words:
    newest = sorted(work.tx.find(Case), key=lambda row: (row.opened_at, row.number), reverse=True)
    return ((row.number, row.state) for row in newest[:MOST])


def _drafts(work: UnitOfWork) -> _Words:
    drafts = work.tx.find(Notification, where(Notification.state).is_(NotificationState.DRAFT))
    newest = sorted(drafts, key=lambda row: (row.drafted_at, row.id), reverse=True)
    return ((row.id, row.channel_name) for row in newest[:MOST])


def _elections(work: UnitOfWork) -> _Words:
    newest = sorted(work.tx.find(Election), key=lambda row: (row.period_until, row.code), reverse=True)
    return ((row.code, row.name_en) for row in newest)


def _channels(work: UnitOfWork) -> _Words:
    names = {platform.code: platform.name for platform in work.env.settings.platforms}
    return ((channel.code, names.get(channel.platform, "")) for channel in work.env.settings.channels)


def _narratives(work: UnitOfWork) -> _Words:
    return ((word, "") for word in work.env.settings.desk.tags.narratives)


def _officers(work: UnitOfWork) -> _Words:
    return ((officer.id, officer.name) for officer in work.env.settings.oncall.officers)


_FOUND: dict[CompletedKind, Callable[[UnitOfWork], _Words]] = {
    CompletedKind.CASES: _cases, CompletedKind.CHANNELS: _channels, CompletedKind.DRAFTS: _drafts,
    CompletedKind.ELECTIONS: _elections, CompletedKind.NARRATIVES: _narratives, CompletedKind.OFFICERS: _officers,
}  # fmt: skip

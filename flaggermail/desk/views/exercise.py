# SPDX-License-Identifier: EUPL-1.2
"""Exercises: what came of a story that the desk played."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.view import View
from flaggermail.errors import NotFound
from flaggermail.letters.template_values import MomentKind
from flaggermail.notices.debrief import Wait, gather
from flaggermail.record.rows import Case, Notification, Rehearsal, Reminder, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.wording.refusals import ViewRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMoment(ViewAnswer):
    """Something that happened in a rehearsal; `minutes` since what it follows, null if it follows nothing."""

    at: datetime
    what: MomentKind
    about: str
    officer: str | None
    minutes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDebrief(ViewAnswer):
    """What came of a story until its end, or until now: as long as the story."""

    exercise: str
    story: str
    speed: int
    started_at: datetime
    until: datetime
    moments: tuple[ShownMoment, ...]
    waits: tuple[Wait, ...]  # of mail in the quarantine, the longest first
    unclear: tuple[StoredMessage, ...]  # no rule placed or classified it
    unanswered: tuple[Notification, ...]
    undecided: tuple[Case, ...]
    unacknowledged: tuple[Reminder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDebrief(View):
    """The debrief of an exercise that plays a story: of the latest one, or of the one named, running or ended."""

    MAY: ClassVar[frozenset[str]] = DESK

    exercise: str | None = None

    def show(self, work: UnitOfWork) -> ShownDebrief:
        """Returns the debrief. Raises NotFound."""
        known = [row for row in work.tx.find(Rehearsal) if self.exercise in {None, row.election}]
        if not known:
            raise NotFound(ViewRefusal.STORY_NOT_PLAYED(exercise=self.exercise or ""))
        found = gather(work, max(known, key=lambda row: row.started_at))
        moments = (ShownMoment.from_fields(one, what=one.turn) for one in found.moments)
        return ShownDebrief.from_fields(
            found.rehearsal,
            exercise=found.rehearsal.election,
            until=found.until,
            moments=tuple(moments),
            waits=tuple(found.waits),
            unclear=tuple(found.silent),
            unanswered=tuple(found.unanswered),
            undecided=tuple(found.undecided),
            unacknowledged=tuple(found.unacknowledged),
        )

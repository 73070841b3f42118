# SPDX-License-Identifier: EUPL-1.2
"""Exercises: what came of a story that the desk played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from flaggermail.desk.views.view import Document, View, json_of, plain
from flaggermail.errors import NotFound
from flaggermail.notices.debrief import gather
from flaggermail.record.rows import Rehearsal
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.wording.refusals import ViewRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDebrief(View):
    """The debrief of an exercise that plays a story: of the latest one, or of the one named, running or ended."""

    MAY: ClassVar[frozenset[str]] = DESK

    exercise: str | None = None

    def show(self, work: UnitOfWork) -> Document:
        """Returns the story and {"moments", "waits", "unclear", "unanswered", "undecided", "unacknowledged"}.

        Raises NotFound.
        """
        zone = work.env.settings.zone
        known = [row for row in work.tx.find(Rehearsal) if self.exercise in {None, row.election}]
        if not known:
            raise NotFound(ViewRefusal.STORY_NOT_PLAYED(exercise=self.exercise or ""))
        found = gather(work, max(known, key=lambda row: row.started_at))
        return {
            "exercise": found.rehearsal.election,
            "story": found.rehearsal.story,
            "speed": found.rehearsal.speed,
            "started_at": json_of(found.rehearsal.started_at, zone),
            "until": json_of(found.until, zone),
            "moments": [
                {
                    "at": json_of(m.at, zone),
                    "what": m.turn,
                    "about": m.about,
                    "officer": m.officer,
                    "minutes": m.minutes,
                }
                for m in found.moments
            ],
            "waits": [
                {"message": plain(wait.message, zone), "minutes": wait.minutes, "still": wait.still}
                for wait in found.waits
            ],
            "unclear": [plain(row, zone) for row in found.silent],
            "unanswered": [plain(row, zone) for row in found.unanswered],
            "undecided": [plain(row, zone) for row in found.undecided],
            "unacknowledged": [plain(row, zone) for row in found.unacknowledged],
        }

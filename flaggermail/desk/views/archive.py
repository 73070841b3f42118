# SPDX-License-Identifier: EUPL-1.2
"""The archive: whether it is whole, and what is found in it. For officers and associates; each reading is an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

from flaggermail.archive import find
from flaggermail.archive.counts import FolderCount
from flaggermail.archive.criteria import Criteria
from flaggermail.archive.verify import verify
from flaggermail.commands.lookups import the_case
from flaggermail.desk.views.view import ArchiveView, Document, json_of, plain
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.record.rows import StoredMessage
from flaggermail.record.terms import day_of
from flaggermail.services import UnitOfWork

NOTHING_ASKED = "say what to find: a number, a correspondent, a date, a tag, or a case"
_OF_CASE = ("number", "title", "election", "state", "opened_at", "narratives", "exercise")
_OF_MAIL = (
    "id", "case", "received_at", "direction", "from_address", "subject", "kinds", "place", "digest", "discarded_at",
    "exercise",
)  # fmt: skip
LISTED = 100  # findings and extra files in the document; the others are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyArchive(ArchiveView):
    """Missing, extra and changed files of the archive, and the counts of every folder by month."""

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"mailbox", "files", "closes", "findings", "further", "extra", "counts", "taken_out", ...}.

        `closes` is true if there is no finding. A line of `counts` with `period` null is of the whole folder.
        """
        found, mailbox = verify(work), work.env.settings.desk.mailbox
        return {
            "mailbox": mailbox.address,
            "files": found.files,
            "closes": not found.findings,
            "findings": [
                {"kind": one.flaw.value, "name": one.name, "text": one.text, "remedy": one.remedy}
                for one in found.findings[:LISTED]
            ],
            "further": max(0, len(found.findings) - LISTED),
            "extra": list(found.extra[:LISTED]),
            "extra_further": max(0, len(found.extra) - LISTED),
            "counts": [_line(line, work.env.settings.zone) for line in found.counts],
            "taken_out": [taken_out(row, work.env.settings.zone) for row in found.taken_out],
            "excluded_folders": sorted(mailbox.excluded_folders),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FindInArchive(ArchiveView):
    """Mails by number, correspondent, date and tag; within one case also by words of their text.

    Nothing else is searched across cases. The event of the reading holds what was asked, but no words of `text`.
    """

    UNTOLD: ClassVar[frozenset[str]] = frozenset({"text"})

    words: tuple[str, ...] = ()
    number: str | None = None
    correspondent: str | None = None
    date: str | None = None
    tag: str | None = None
    case: str | None = None
    text: str | None = None

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"cases": [...], "mails": [...], "unread": [id, ...]}. Raises Refusal, NotFound."""
        asked, case = self._criteria(work), self.about(work)
        if self.text is not None and case is None:
            raise Refusal("text: the text of mails is searched within one case only; name it: --case CASE")
        if asked.is_empty and case is None:
            raise Refusal(f"archive find: {NOTHING_ASKED}")
        rows, unread = find.mails(work, asked, case), list[str]()
        if self.text is not None:
            rows, unread = find.with_text(work, rows, self.text)
        zone = work.env.settings.zone
        return {
            "cases": [{name: plain(one, zone)[name] for name in _OF_CASE} for one in find.cases(work, asked, rows)],
            "mails": [{name: plain(row, zone)[name] for name in _OF_MAIL} for row in rows],
            "unread": unread,
        }

    def _criteria(self, work: UnitOfWork) -> Criteria:
        asked, tags = Criteria(), find.known_tags(work)
        for word in self.words:
            asked.add_word(word, tags)
        if self.number is not None:
            asked.numbers.append(self.number.strip())
        if self.correspondent is not None:
            asked.add_correspondent(self.correspondent)
        if self.date is not None:
            asked.add_date(self.date)
        if self.tag is not None:
            asked.add_tag(self.tag, tags)
        return asked

    def asked(self) -> dict[str, Json]:
        """Returns what was asked, and whether a text was searched."""
        told = ArchiveView.asked(self)
        return {**told, "in_text": True} if self.text is not None else told

    def about(self, work: UnitOfWork) -> str | None:
        """Returns the whole number of the case."""
        return the_case(work, self.case).number if self.case is not None else None


def taken_out(row: StoredMessage, zone: ZoneInfo) -> Document:
    """Returns who took a message out of the archive, when and why."""
    return {
        "message": row.id, "arrived": day_of(row.received_at, zone).isoformat(), "at": json_of(row.discarded_at, zone),
        "by": row.excluded_by, "reason": row.reason.english,
    }  # fmt: skip


def _line(line: FolderCount, zone: ZoneInfo) -> dict[str, Json]:
    return {
        "folder": line.folder,
        "period": line.period,
        "server": line.server,
        "archived": line.archived,
        "excluded": {reason.value: count for reason, count in line.excluded.items()},
        "gone": line.gone,
        "difference": line.difference,
        "looked_at": json_of(line.looked_at, zone),
    }

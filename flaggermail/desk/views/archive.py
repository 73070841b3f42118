# SPDX-License-Identifier: EUPL-1.2
"""The archive: whether it is whole, and what is found in it. For officers and associates; each reading is an event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from zoneinfo import ZoneInfo

from flaggermail.archive import find, retention
from flaggermail.archive.dossier_parts import schedule_of
from flaggermail.archive.find import Criteria
from flaggermail.archive.retention import Dated, DatedCase, KeepingClass, KeptThing, ThingKept
from flaggermail.archive.verify import FolderCount, verify
from flaggermail.cases.citizen_retention import due_at
from flaggermail.cases.holds import HeldOnDay
from flaggermail.commands.lookups import the_case, the_election
from flaggermail.commands.requests import Day
from flaggermail.desk.views.view import ArchiveView, Document, json_of, plain
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.rows import Case, Election, LegalHold, StoredMessage
from flaggermail.record.states import OfficerRole
from flaggermail.record.terms import Standing, day_of
from flaggermail.services import UnitOfWork
from flaggermail.settings.model import Settings
from flaggermail.settings.rota import READERS
from flaggermail.wording.refusals import ViewRefusal

_OF_CASE = ("number", "title", "election", "state", "opened_at", "narratives", "exercise")
_OF_MAIL = (
    "id", "case", "received_at", "direction", "from_address", "subject", "kinds", "place", "digest", "discarded_at",
    "exercise",
)  # fmt: skip
LISTED = 100  # findings and extra files in the document; the others are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyArchive(ArchiveView):
    """Missing, extra and changed files of the archive, and the counts of every folder by month."""

    MAY: ClassVar[frozenset[str]] = READERS

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
            "taken_out": [exclusion_of(row, work.env.settings.zone) for row in found.taken_out],
            "excluded_folders": sorted(mailbox.excluded_folders),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FindInArchive(ArchiveView):
    """Mails by number, correspondent, date and tag; within one case also by words of their text.

    Nothing else is searched across cases. The event of the reading holds what was asked, but no words of `text`.
    """

    MAY: ClassVar[frozenset[str]] = READERS

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
            raise Refusal(ViewRefusal.TEXT_WITHIN_CASE())
        if asked.is_empty and case is None:
            raise Refusal(ViewRefusal.NOTHING_TO_FIND())
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


def exclusion_of(row: StoredMessage, zone: ZoneInfo) -> Document:
    """Returns who excluded a message from the archive, when and why."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRetention(ArchiveView):
    """The retention overview on a day: today, or any other, for all elections or one. It destroys nothing."""

    MAY: ClassVar[frozenset[str]] = READERS

    as_of: Day | None = None
    election: str | None = None

    def show(self, work: UnitOfWork) -> Document:
        """Returns classes, holds, what is or was taken out in its review window, all that is kept, and declarations.

        The record is that of now: `as_of` changes the day on which it is judged. Raises NotFound.
        """
        as_of, zone = self.as_of or work.today, work.env.settings.zone
        if self.election is not None:
            the_election(work, self.election)
        schedule = schedule_of(work.env.settings)
        found = _Found(work, as_of, zone)
        things = [
            thing
            for thing in retention.overview(schedule, as_of, found.elections, found.cases, found.mail)
            if self.election in {None, thing.election}
        ]
        things.sort(key=lambda thing: (thing.what, thing.key))
        review = [
            (one, last) for one, last in retention.in_review(schedule, as_of, found.mail) if self._is_of(one, found)
        ]
        return {
            "as_of": as_of.isoformat(),
            "election": self.election,
            "review_window": schedule.review_window.written,
            "classes": [_class(of, things) for of in schedule.classes],
            "holds": [_hold(hold, things, zone) for hold in found.held.holds if self._concerns(hold, found)],
            "review": [_reviewed(one, last) for one, last in review],
            "taken_out": [
                exclusion_of(one.row, zone)
                for one in found.mail
                if one.row.excluded_by is not None and self._is_of(one, found)
            ],
            "things": [_thing(thing) for thing in things],
            "citizens": self._citizens(work, found, as_of, zone),
            "declaration": self._declarations(work.env.settings, as_of, things),
        }

    def _is_of(self, one: Dated, found: _Found) -> bool:
        if self.election is None:
            return True
        election = retention.election_on(found.elections, one.arrived, exercise=one.row.exercise)
        return election is not None and election.code == self.election

    def _concerns(self, hold: LegalHold, found: _Found) -> bool:
        """True if the hold keeps something of the election that is asked for."""
        of_cases = {case.row.number: case.row.election for case in found.cases}
        return self.election in {None, hold.election, of_cases.get(hold.case or "")}

    def _citizens(self, work: UnitOfWork, found: _Found, as_of: date, zone: ZoneInfo) -> Document:
        """Returns the counts of declined mail and of our answers to it, the only mail that a timer destroys."""
        declined = [one for one in found.mail if retention.is_of_citizens(one.row) and self._is_of(one, found)]
        kept = [one for one in declined if one.row.discarded_at is None]
        ends = [day_of(due_at(work.env, one.row.first_seen_at), zone) for one in kept if not one.held_by]
        return {
            "days": work.env.settings.desk.citizens.retention_days,
            "kept": len(kept),
            "held": sum(bool(one.held_by) for one in kept),
            "due": sum(end <= as_of for end in ends),
            "destroyed": len(declined) - len(kept),
            "next": min(ends).isoformat() if ends else None,
        }

    def _declarations(self, settings: Settings, as_of: date, things: Sequence[KeptThing]) -> Document:
        heads = [officer.name for officer in settings.rota.officers if OfficerRole.HEAD in officer.roles]
        names = settings.desk.organisation.name
        return {
            language: retention.draft(
                retention.Destruction(as_of, getattr(names, language), self.election, heads, things), language
            )
            for language in LanguageCode
        }


class _Found:
    """What the record holds: elections, cases and messages with their days, and the holds in force on the day."""

    def __init__(self, work: UnitOfWork, as_of: date, zone: ZoneInfo) -> None:
        self.held = HeldOnDay(work.tx, as_of, zone)
        self.elections = work.tx.find(Election)
        self.cases = [
            DatedCase(
                case, day_of(case.opened_at, zone), day_of(case.closed_at, zone) if case.closed_at else None,
                self.held.of_case(case),
            )
            for case in work.tx.find(Case)
        ]  # fmt: skip
        self.mail = [
            Dated(row, day_of(row.received_at, zone), self.held.of_message(row)) for row in work.tx.find(StoredMessage)
        ]


def _class(of: KeepingClass, things: Sequence[KeptThing]) -> Document:
    own = [thing for thing in things if thing.of == of]
    standing = {standing.value: sum(thing.standing is standing for thing in own) for standing in Standing}
    ends = [thing.last_day for thing in own if thing.standing is Standing.RUNNING and thing.last_day is not None]
    return {
        "code": of.code, "period": of.term.written, "start": of.start, "appraisal": of.appraisal, "basis": of.basis,
        "cases": sum(thing.what is ThingKept.CASE for thing in own),
        "messages": sum(thing.messages for thing in own), "standing": standing,
        "next": min(ends).isoformat() if ends else None,
    }  # fmt: skip


def _hold(hold: LegalHold, things: Sequence[KeptThing], zone: ZoneInfo) -> Document:
    kept = [thing for thing in things if hold.id in thing.held_by]
    counts: dict[str, Json] = {
        "cases": sum(thing.what is ThingKept.CASE for thing in kept),
        "messages": sum(thing.messages for thing in kept),
    }
    return {**plain(hold, zone), **counts}


def _reviewed(one: Dated, last: date) -> Document:
    return {
        "message": one.row.id, "place": one.row.place, "kinds": list(one.row.kinds), "arrived": one.arrived.isoformat(),
        "until": last.isoformat(), "held_by": [hold.id for hold in one.held_by],
    }  # fmt: skip


def _thing(thing: KeptThing) -> Document:
    return {
        "what": thing.what, "id": thing.key, "election": thing.election, "class": thing.of.code,
        "begins": thing.begins.isoformat() if thing.begins else None,
        "kept_until": thing.last_day.isoformat() if thing.last_day else None,
        "standing": thing.standing, "held_by": list(thing.held_by), "messages": thing.messages,
        "kept_longer": thing.kept_longer, "digest": thing.digest or None,
    }  # fmt: skip

# SPDX-License-Identifier: EUPL-1.2
"""A dossier of a case or an election, as files: first the plan of its parts, then each part by itself.

Whoever writes the files asks for one part after the other, so that no whole election is in memory on either side.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from itertools import islice
from typing import ClassVar

from flaggermail.archive import look_ups
from flaggermail.archive.dossier import Scope, events_of, is_kept, mails_of, number_of, of_case, of_election, target_of
from flaggermail.archive.dossier_lists import Keys, visible_line
from flaggermail.archive.dossier_parts import JSON_LINES, TEXT, DossierWriter, Files
from flaggermail.cases import elections
from flaggermail.commands.named_rows import the_case, the_election, the_message
from flaggermail.commands.requests import Instant
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.events import document_of
from flaggermail.desk.views.view import ArchiveView, Document, ListView, OctetsView
from flaggermail.documents.octets import Octets
from flaggermail.documents.tar import tar
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.message import Json
from flaggermail.record.rows import BY_TABLE, Case, Device, ElectionSecret, PageCode, Token
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.refusals import CommandRefusal, ViewRefusal

EVENTS_A_FILE = 5000
EMPTY = "(empty)"
_SECRET_TABLES = frozenset({Token.TABLE, Device.TABLE, PageCode.TABLE, ElectionSecret.TABLE})
_SECRET_FIELDS = frozenset({"tail", "commitment"})  # the end of a number files mail; tokens are left out already


class DossierPart(StrEnum):
    """The parts of a dossier."""

    FRAME = "frame"  # what is about all of it
    CASE = "case"  # the list of one case
    MAIL = "mail"
    EVENTS = "events"  # at most EVENTS_A_FILE of them


_Key = tuple[int, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPart(ViewAnswer):
    """What the view of a part is asked with."""

    part: DossierPart
    of: str = ""  # the number of a case, the id of a mail
    number: str = ""  # in the names of files
    after: int = 0  # the number of an event


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierPlan(ViewAnswer):
    """The parts of a dossier, in the order in which they are asked for.

    `as_of` is the instant of the last event, and stands in for the day of the export everywhere, so that the same
    dossier has the same octets. It and `last_event` are null after a cursor: they are those of the first parts.
    """

    name: str
    organisation: str
    as_of: datetime | None
    last_event: int | None
    cases: int
    parts: tuple[PlannedPart, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDossier(ListView, ArchiveView):
    """The current contents of a dossier; the request is recorded."""

    MAY: ClassVar[frozenset[str]] = READERS

    NAME: ClassVar[str] = "archive dossier"

    case: str | None = None
    election: str | None = None

    def show(self, work: UnitOfWork) -> DossierPlan:
        """Returns the parts that are asked for. Raises NotFound, Refusal."""
        scope = _scope(work, self.case, self.election)
        events = cache(lambda: [(seq, event.at) for seq, event in events_of(work.tx, scope)])
        begins = self.cursor is None
        if begins and not events():
            raise NotFound(ViewRefusal.DOSSIER_EMPTY(name=scope.name))
        shown = self.cut(self._parts(work, scope, events), lambda one: one[0])
        return DossierPlan(
            name=scope.name,
            organisation=work.env.settings.desk.organisation.name.nl,
            as_of=max(at for _, at in events()) if begins else None,
            last_event=events()[-1][0] if begins else None,
            cases=len(scope.cases),
            parts=tuple(part for _, part in shown.lines),
            next=shown.next,
        )

    def _parts(
        self, work: UnitOfWork, scope: Scope, events: Callable[[], Sequence[tuple[int, datetime]]]
    ) -> Iterator[tuple[_Key, PlannedPart]]:
        """Yields the parts, each with its key; mails of cases before the cursor, and events, are read when needed."""
        kind, first, _ = self.begins_after((0, "", -1))
        yield (0, "", 0), PlannedPart(part=DossierPart.FRAME)
        for case in scope.cases:
            if kind <= 1 and case.number >= first:
                yield (1, case.number, 0), PlannedPart(part=DossierPart.CASE, of=case.number)
                for at, mail in enumerate(mails_of(work.tx, case).kept, start=1):
                    yield (1, case.number, at), PlannedPart(part=DossierPart.MAIL, of=mail.id, number=number_of(at))
        for number, last in enumerate([0, *(seq for seq, _ in events()[EVENTS_A_FILE - 1 :: EVENTS_A_FILE])], start=1):
            if last < events()[-1][0]:
                part = PlannedPart(part=DossierPart.EVENTS, after=last, number=number_of(number))
                yield (2, "", number), part

    def about(self, work: UnitOfWork) -> str | None:
        """Returns the number of the case; None for an election. Raises NotFound."""
        return None if self.case is None else the_case(work, self.case).number


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesOfPart(ViewAnswer):
    """How many files a part has, and its mails that the archive does not give: none or one."""

    files: int
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDossierPart(OctetsView):
    """The files of one part that the plan names, for a person who is on record as having asked for the plan."""

    MAY: ClassVar[frozenset[str]] = READERS

    case: str | None = None
    election: str | None = None
    as_of: Instant
    last_event: int
    part: DossierPart
    of: str = ""  # the number of a case, the id of a mail
    number: str = ""  # in the names of files
    after: int = 0  # the number of an event

    def show(self, work: UnitOfWork) -> Octets[ViewAnswer]:
        """Returns the files by their paths in the dossier, as one tar.

        Raises NotFound; Refusal if the dossier is not what it was when it was planned.
        """
        self._check_plan(work)
        files = self.files(work)
        return tar("dossier-part.tar", files.held, FilesOfPart(files=len(files.held), lost=tuple(files.lost)))

    def files(self, work: UnitOfWork) -> Files:
        """Returns the files by their paths in the dossier. Raises NotFound, Refusal, as `show`."""
        writer = DossierWriter(work, self.as_of)
        if self.part is DossierPart.FRAME:
            return writer.frame(_scope(work, self.case, self.election))
        if self.part is DossierPart.CASE:
            return writer.case(self._within(work, self.of))
        if self.part is DossierPart.MAIL:
            return self._mail(work, writer)
        return self._events(work, _scope(work, self.case, self.election))

    def _check_plan(self, work: UnitOfWork) -> None:
        """Raises Refusal unless it is on record that the reader asked for the plan."""
        if not look_ups.is_noted(work, PlanDossier.NAME, PlanDossier(case=self.case, election=self.election).asked()):
            raise Refusal(CommandRefusal.PLAN_FIRST())

    def _within(self, work: UnitOfWork, number: str) -> Case:
        """Returns a case of the dossier. Raises Refusal for any other."""
        case = the_case(work, number)
        whole = None if self.case is None else the_case(work, self.case).number
        if case.number != whole if whole is not None else case.election != self.election:
            raise Refusal(CommandRefusal.DOSSIER_CHANGED(name=whole or self.election or ""))
        return case

    def _mail(self, work: UnitOfWork, writer: DossierWriter) -> Files:
        mail = the_message(work, self.of)
        case = self._within(work, mail.case or "")
        if not is_kept(work.tx, mail):
            raise Refusal(CommandRefusal.DOSSIER_CHANGED(name=case.number))
        return writer.mail(case, mail, self.number)

    def _events(self, work: UnitOfWork, scope: Scope) -> Files:
        """Returns one file of events for programs, and one for people."""
        zone = work.env.settings.zone
        following = events_of(work.tx, scope, self.after)
        here = list(islice(following, EVENTS_A_FILE))
        newest = next(following, here[-1] if here else None)  # the last parts are of events: they see what came since
        if newest is None or newest[0] > self.last_event:
            raise Refusal(CommandRefusal.DOSSIER_CHANGED(name=scope.name))
        documents = [_without_secrets(document_of(seq, event, zone)) for seq, event in here]
        files = Files(self.as_of.astimezone(zone), target_of(scope))
        keys = Keys(*elections.prefixes(work))
        said = "".join(f"{visible_line(keys.hidden(line))}\n" for document in documents for line in _in_words(document))
        lines = "".join(json.dumps(document, ensure_ascii=True, sort_keys=True) + "\n" for document in documents)
        files.add(f"events-{self.number}.jsonl", keys.hidden(lines).encode(), JSON_LINES)
        files.add(f"events-{self.number}.txt", said.encode("utf-8", "replace"), TEXT)
        return files


def _scope(work: UnitOfWork, case: str | None, election: str | None) -> Scope:
    """Returns the cases of a dossier. Raises NotFound; Refusal unless either a case or an election is named."""
    if (case is None) is (election is None):
        raise Refusal(CommandRefusal.CASE_OR_ELECTION())
    return (
        of_case(the_case(work, case)) if case is not None else of_election(work.tx, the_election(work, election or ""))
    )


def _without_secrets(event: Document) -> dict[str, Json]:
    """Returns an event without rows and fields with which somebody could act."""
    changes = event["changes"]
    kept = [
        _safe_change(change)
        for change in (changes if isinstance(changes, list) else [])
        if isinstance(change, Mapping) and change["table"] not in _SECRET_TABLES
    ]
    return {**event, "changes": kept}


def _safe_change(change: Document) -> dict[str, Json]:
    values = change["values"]
    held = values.items() if isinstance(values, Mapping) else ()
    return {**change, "values": {name: value for name, value in held if name not in _SECRET_FIELDS}}


def _in_words(event: Document) -> Iterator[str]:
    """Yields an event as lines: when, by whom, what, and which values it set; of a new row those that are not empty."""
    about = " ".join(str(part) for part in (event["notification"] or event["case"], event["message"]) if part)
    reason = f": {event['reason']}" if event["reason"] else ""
    yield f"{event['event']} | {event['at']} | {event['actor']} | {event['kind']} | {about}{reason}"
    changes = event["changes"]
    for change in changes if isinstance(changes, list) else []:
        new = BY_TABLE[change["table"]].KEY in change["values"]
        said = [
            f"{name} {_said(value)}" for name, value in change["values"].items() if not new or _said(value) != EMPTY
        ]
        said += [f"{name} (erased)" for name in change["erased"]]
        if said:
            yield f"- {change['table']} {change['key']}: {'; '.join(said)}"


def _said(value: Json) -> str:
    if value is None or value == "":
        return EMPTY
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or EMPTY
    return str(value)

# SPDX-License-Identifier: EUPL-1.2
"""Lists the figures that changed since the report was frozen, with the events that caused each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flaggermail.errors import ConfigurationError
from flaggermail.record.rows import Election, ReportFreeze
from flaggermail.report import frozen
from flaggermail.report.changes import ChangedFigure, NumberedEvent, changed_figures
from flaggermail.report.values import ReportInputs
from flaggermail.services import UnitOfWork
from flaggermail.wording.refusals import ReportNote
from flaggermail.wording.said import StoredText

MOST_TOLD = 20  # lines beside an act; `report changes` lists all
_MOST_CAUSES = 3  # in a line


def since_last(
    work: UnitOfWork, election: Election, now: ReportInputs | None = None
) -> tuple[ReportFreeze | None, list[ChangedFigure]]:  # fmt: skip
    """Returns the latest freeze of an election, even if undone, and the figures that changed since; empty without one.

    A draft that no longer fits the record, such as one about a use that is gone, does not hinder the comparison: then
    the words are not compared. Raises Refusal, and ConfigurationError for a template.
    """
    found = frozen.freezes(work, election.code)
    if not found:
        return None, []
    last = found[-1]
    was = frozen.inputs_of(last)
    return last, changed_figures(was, now or _now(work, election, was), work.tx.events(after=last.seq))


def _now(work: UnitOfWork, election: Election, was: ReportInputs) -> ReportInputs:
    try:
        return frozen.inputs_now(work, election)
    except ConfigurationError:
        return frozen.inputs_now(work, election, was.written)


def difference_lines(
    work: UnitOfWork, last: ReportFreeze | None, differences: Sequence[ChangedFigure]
) -> tuple[StoredText, ...]:
    """Returns a line for each of the first changed figures, with the events that caused it, and how many follow."""
    if last is None:
        return ()
    more = (ReportNote.MORE(count=len(differences) - MOST_TOLD),) if len(differences) > MOST_TOLD else ()
    lines = tuple(
        ReportNote.MOVED(
            freeze=last.id, figure=one.figure, was=_short(one.was), now=_short(one.now),
            causes=_causes(work, one.causes),
        )
        for one in differences[:MOST_TOLD]
    )  # fmt: skip
    return lines + more


def _short(value: str) -> str:
    """Returns a value as a line shows it: a digest by its beginning, nothing as `-`."""
    return value[:32] or "-"


def _causes(work: UnitOfWork, events: Iterable[NumberedEvent]) -> Sequence[StoredText]:
    zone = work.env.settings.zone
    found = [
        ReportNote.CAUSE(
            event=seq, at=event.at.astimezone(zone).isoformat(sep=" ", timespec="minutes"), actor=event.actor,
            kind=event.kind.value,
        )
        for seq, event in events
    ]  # fmt: skip
    return found[-_MOST_CAUSES:] or [ReportNote.NO_CAUSE()]

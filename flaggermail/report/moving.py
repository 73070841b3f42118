# SPDX-License-Identifier: EUPL-1.2
"""Compares what was frozen for an election with the record of now, and tells of each difference in a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flaggermail.errors import ConfigurationError
from flaggermail.record.rows import Election, ReportFreeze
from flaggermail.report import frozen
from flaggermail.report.changes import Moved, NumberedEvent, moved
from flaggermail.report.values import ReportInputs
from flaggermail.services import UnitOfWork
from flaggermail.wording.refusals import ReportTold
from flaggermail.wording.said import Said

MOST_TOLD = 20  # lines beside an act; `report changes` lists all
_MOST_CAUSES = 3  # in a line


def since_last(
    work: UnitOfWork, election: Election, now: ReportInputs | None = None
) -> tuple[ReportFreeze | None, list[Moved]]:  # fmt: skip
    """Returns the latest freeze of an election, undone or not, and what has moved since; nothing without one.

    A draft that no longer fits the record, such as one about a use that is gone, does not hinder the comparison: then
    the words are not compared. Raises Refusal, and ConfigurationError for a template.
    """
    found = frozen.freezes(work, election.code)
    if not found:
        return None, []
    last = found[-1]
    was = frozen.inputs_of(last)
    return last, moved(was, now or _now(work, election, was), work.tx.events(after=last.seq))


def _now(work: UnitOfWork, election: Election, was: ReportInputs) -> ReportInputs:
    try:
        return frozen.inputs_now(work, election)
    except ConfigurationError:
        return frozen.inputs_now(work, election, was.written)


def told(work: UnitOfWork, last: ReportFreeze | None, differences: Sequence[Moved]) -> tuple[str, ...]:
    """Returns a line for each difference, with the events that caused it."""
    if last is None:
        return ()
    more = (ReportTold.MORE(count=len(differences) - MOST_TOLD).english,) if len(differences) > MOST_TOLD else ()
    lines = tuple(
        ReportTold.MOVED(
            freeze=last.id, figure=one.figure, was=_short(one.was), now=_short(one.now),
            causes=_causes(work, one.causes),
        ).english
        for one in differences[:MOST_TOLD]
    )  # fmt: skip
    return lines + more


def _short(value: str) -> str:
    """Returns a value as a line shows it: a digest by its beginning, nothing as `-`."""
    return value[:32] or "-"


def _causes(work: UnitOfWork, events: Iterable[NumberedEvent]) -> Sequence[Said]:
    zone = work.env.settings.zone
    found = [
        ReportTold.CAUSE(
            event=seq, at=event.at.astimezone(zone).isoformat(sep=" ", timespec="minutes"), actor=event.actor,
            kind=event.kind.value,
        )
        for seq, event in events
    ]  # fmt: skip
    return found[-_MOST_CAUSES:] or [ReportTold.NO_CAUSE()]

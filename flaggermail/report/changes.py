# SPDX-License-Identifier: EUPL-1.2
"""What has moved since a report was frozen: each figure that differs, and the events that made it so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from flaggermail.record.clocks import CLOCKS
from flaggermail.record.events import Change, Event, EventKind
from flaggermail.record.kinds import Place
from flaggermail.record.rows import (
    Annex,
    Case,
    ClockRow,
    ContactNote,
    Election,
    Notification,
    ReportDraft,
    StoredMessage,
)
from flaggermail.report import canonical
from flaggermail.report.values import ReportFacts, ReportInputs, UseFacts

NumberedEvent = tuple[int, Event]


class FigureGroup(StrEnum):
    """What the name of a figure begins with, if it belongs to no use."""

    DRAFT = "draft"
    BLOCK = "block"
    ELECTION = "election"
    CONTACTS = "contacts"
    DECLINED = "declined"
    RECEIVED = "received"
    DECISIONS = "decisions"
    CRITERIA = "criteria"
    BY_PLATFORM = "by_platform"
    BY_TYPE = "by_type"
    ELECTIONS = "elections"


_COUNTS = (
    FigureGroup.RECEIVED,
    FigureGroup.DECISIONS,
    FigureGroup.CRITERIA,
    FigureGroup.BY_PLATFORM,
    FigureGroup.BY_TYPE,
)


@dataclass(frozen=True, slots=True)
class ChangedFigure:
    """A figure that changed since the freeze; a value is empty where there was none. `causes` may be empty."""

    figure: str
    was: str
    now: str
    causes: tuple[NumberedEvent, ...]


def changed_figures(was: ReportInputs, now: ReportInputs, events: Iterable[NumberedEvent]) -> list[ChangedFigure]:
    """Returns each figure that changed; `events` are those after the freeze, in order."""
    before, after = _figures(was), _figures(now)
    since = list(events)
    return [
        ChangedFigure(
            name, before.get(name, ""), after.get(name, ""), tuple(_causes(name, was.facts, now.facts, since))
        )
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


# ---------------------------------------------------------------- figures by name


def _figures(inputs: ReportInputs) -> dict[str, str]:
    facts, zone = inputs.facts, ZoneInfo(inputs.settings.zone)
    found = {
        "draft": canonical.digest(inputs.written),
        "settings": canonical.digest(inputs.settings),
        **{f"block/{key}": block.digest for key, block in inputs.blocks.items()},
        **{f"{number}/{_ANNEX}/{language}": canonical.digest(text) for language, number, text in _annexes(inputs)},
        "election/names": canonical.encode(facts.names),
        "election/polling_days": ", ".join(map(str, facts.polling_days)),
        "uses": str(len(facts.uses)),
        "declined": str(facts.declined),
    }
    for name in _COUNTS:
        found |= {f"{name}/{one.name or 'none'}": str(one.count) for one in getattr(facts, name) if one.count}
    for one in facts.elections:
        if one.election != facts.election:  # of this one each use is compared
            answered = ", ".join(map(str, one.answered))
            found[f"elections/{one.election}"] = f"{len(one.waiting)} open, {answered or '-'}"
    for contact in facts.contacts:
        found[f"contacts/{contact.id}"] = f"{_instant(contact.at, zone)} {contact.means}"
    for told in facts.uses:
        found |= {f"{told.use.notification}/{name}": text for name, text in _of_use(told, zone)}
    return found


def _annexes(inputs: ReportInputs) -> Iterator[tuple[str, str, str]]:
    """Yields language, notification and text of each annex."""
    for key, text in inputs.annexes.items():
        language, _, number = key.partition("/")
        yield language, number, text


def _of_use(told: UseFacts, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    use = told.use
    yield from (("platform", use.platform), ("channel", told.channel_name), ("about", told.about))
    yield from (("sent_at", _instant(use.sent_at, zone)), ("sent_basis", use.sent_basis))
    for kind in CLOCKS:
        stop = use.stop(kind)
        if stop is not None:
            yield from ((f"{kind}/at", _instant(stop.at, zone)), (f"{kind}/minutes", str(stop.minutes)))
            yield from ((f"{kind}/basis", stop.basis), (f"{kind}/form", stop.form))
    yield "criteria", ", ".join(map(str, told.criteria))
    yield "policy", f"{told.policy.title} {told.policy.url} {told.policy.read_on} {told.policy.named}"
    yield "earlier", ", ".join(_instant(at, zone) for case in told.earlier for at in case.sent)
    yield "came_back", ", ".join(_instant(at, zone) for at in told.came_back)


def _instant(at: datetime, zone: ZoneInfo) -> str:
    """Returns an instant as it is printed everywhere else, not in universal time."""
    return at.astimezone(zone).isoformat(sep=" ", timespec="minutes")


# ---------------------------------------------------------------- and what moved them


def _causes(name: str, was: ReportFacts, now: ReportFacts, events: list[NumberedEvent]) -> Iterator[NumberedEvent]:
    """Yields the events that touched what a figure is made of."""
    touches = _touching(name, was, now, events)
    return ((seq, event) for seq, event in events if touches(event))


def _touching(
    name: str, was: ReportFacts, now: ReportFacts, events: list[NumberedEvent]
) -> Callable[[Event], bool]:  # fmt: skip
    both = (*now.uses, *was.uses)
    for told in both:
        number = told.use.notification
        if name.startswith(f"{number}/"):
            answers = {one.answer for one in both if one.use.notification == number}
            return _of_notification(name.removeprefix(f"{number}/"), number, told.use.case, answers, events)
    part, _, key = name.partition("/")
    if part == FigureGroup.DRAFT:
        return lambda event: _any(event, ReportDraft.TABLE, key=now.election)
    if part == FigureGroup.BLOCK:
        return lambda event: event.kind is EventKind.TEMPLATES_IN_FORCE
    if part == FigureGroup.ELECTION:
        return lambda event: _any(event, Election.TABLE, key=now.election)
    if part == FigureGroup.ELECTIONS:
        return lambda event: _any(event, ClockRow.TABLE) or _any(event, Notification.TABLE)
    if part == FigureGroup.CONTACTS:
        return lambda event: _any(event, ContactNote.TABLE, key=key)
    if part == FigureGroup.DECLINED:
        return _declining
    fields, cases = _FIELDS_OF_CASES.get(part, frozenset()), {*was.cases, *now.cases}
    uses = set[str]() if part == FigureGroup.RECEIVED else {told.use.notification for told in both}
    return lambda event: any(
        (bool(fields) and change.key in cases and _fits(change, Case.TABLE, None, fields))
        or (change.key in uses and _fits(change, Notification.TABLE, None, _COUNTING))
        for change in event.changes
    )


_FIELDS_OF_CASES: Mapping[str, frozenset[str]] = {
    FigureGroup.RECEIVED: frozenset({"source", "origin", "election"}),
    FigureGroup.DECISIONS: frozenset({"decision", "election"}),
    FigureGroup.CRITERIA: frozenset({"criteria"}),
    FigureGroup.BY_TYPE: frozenset({"type"}),
}
_COUNTING = frozenset({"state", "sent_at", "counted"})
_ANNEX = "annex"
_OF_CASE = frozenset({"about", "criteria", "earlier"})
_CASE_FIELDS = frozenset({"type", "criteria", "related"})


def _of_notification(
    what: str, number: str, case: str, answers: set[str], events: list[NumberedEvent]
) -> Callable[[Event], bool]:
    """Returns whether an event touched one figure of a use."""
    if what in _OF_CASE:
        return lambda event: _any(event, Case.TABLE, key=case, fields=_CASE_FIELDS)
    clock = what.partition("/")[0]
    if clock == _ANNEX:
        return lambda event: event.notification == number and _any(event, Annex.TABLE)
    stopped = {
        str(change.values["stopped_by"])
        for _, event in events
        for change in event.changes
        if change.table == ClockRow.TABLE and change.key.startswith(f"{number}/") and change.values.get("stopped_by")
    }

    def touches(event: Event) -> bool:
        if _any(event, ClockRow.TABLE, key=f"{number}/{clock}") or _any(event, Notification.TABLE, key=number):
            return True
        if any(c.table == ContactNote.TABLE and c.values.get("notification") == number for c in event.changes):
            return True
        mails = (answers | stopped) & {c.key for c in event.changes if c.table == StoredMessage.TABLE}
        return bool(mails) and clock in CLOCKS

    return touches


def _declining(event: Event) -> bool:
    """True if an event declined a mail, or took that back."""
    if event.kind is EventKind.DECLINE_TAKEN_BACK:
        return True
    return any(c.table == StoredMessage.TABLE and c.values.get("place") == Place.DECLINED for c in event.changes)


def _any(event: Event, table: str, key: str | None = None, fields: frozenset[str] = frozenset()) -> bool:
    """True if an event changed a row of the table: the one with that key, in one of these fields, if they are given."""
    return any(_fits(change, table, key, fields) for change in event.changes)


def _fits(change: Change, table: str, key: str | None, fields: frozenset[str]) -> bool:
    if change.table != table or key not in {None, change.key}:
        return False
    return not fields or bool(fields & change.values.keys())

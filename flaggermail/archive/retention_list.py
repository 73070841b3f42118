# SPDX-License-Identifier: EUPL-1.2
"""What is kept until when: each case, and each message without a case, by the class that it falls in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from textwrap import fill
from typing import NamedTuple

from flaggermail.record.case_values import CaseType, LanguageCode
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Case, Election, LegalHold, StoredMessage
from flaggermail.record.terms import Appraisal, Standing, Term, TermStart
from flaggermail.wording.annex import DeclarationText
from flaggermail.wording.said import StoredText, dated


@dataclass(frozen=True, slots=True)
class KeepingClass:
    """A class: how long, from when, what happens then, and on which basis (None: nobody has named it)."""

    code: str
    term: Term
    start: TermStart
    appraisal: Appraisal
    basis: str | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """The classes: of kinds of mail, of types of cases, and of all else."""

    default: KeepingClass
    kinds: Mapping[Kind, KeepingClass]
    cases: Mapping[CaseType, KeepingClass]
    review_window: Term

    @property
    def classes(self) -> tuple[KeepingClass, ...]:
        """Every class once, the default first."""
        return tuple(dict.fromkeys((self.default, *self.cases.values(), *self.kinds.values())))


class ThingKept(StrEnum):
    """What a line of the overview is about."""

    CASE = "case"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptThing:
    """A case with its mail, or a message without a case. `begins` and `last_day` are those of its term."""

    what: ThingKept
    key: str
    election: str | None
    of: KeepingClass
    begins: date | None
    last_day: date | None
    standing: Standing
    held_by: tuple[str, ...]  # ids of holds
    messages: int = 1
    kept_longer: int = 0  # of the messages of a case, those that a class of their kind keeps longer
    digest: str = ""  # of a message

    @property
    def leaving(self) -> int:
        """How many messages would be destroyed with it."""
        return self.messages - self.kept_longer


class Dated(NamedTuple):
    """A message with the day of its arrival, and the holds that keep it."""

    row: StoredMessage
    arrived: date
    held_by: tuple[LegalHold, ...]


class DatedCase(NamedTuple):
    """A case with the days of its opening and closing, and the holds that keep it."""

    row: Case
    opened: date
    closed: date | None
    held_by: tuple[LegalHold, ...]


@dataclass(frozen=True, slots=True)
class KeptSpan:
    """The class of a case or a mail, and the first and last day of its term; None as long as that has not begun."""

    of: KeepingClass
    begins: date | None = None
    last_day: date | None = None


def overview(
    schedule: Schedule, as_of: date, elections: Sequence[Election], cases: Iterable[DatedCase], mail: Iterable[Dated]
) -> Iterator[KeptThing]:
    """Yields every case, and every message without a case, that was there on the day `as_of`.

    Mail of citizens, which a timer destroys, and mail whose octets are destroyed are left out. A mail of a case is kept
    as long as its case; a class of its kind can only make that longer. Where several classes fit, the longest counts.
    """
    ends = {election.code: election.period_until for election in elections}
    of_case: dict[str, list[Dated]] = {}
    loose: list[Dated] = []
    for one in mail:
        if one.row.discarded_at is None and not is_of_citizens(one.row) and one.arrived <= as_of:
            (loose if one.row.case is None else of_case.setdefault(one.row.case, [])).append(one)
    for case in cases:
        if case.opened <= as_of:
            yield _case(schedule, as_of, case, of_case.get(case.row.number, ()), ends)
    for one in loose:
        yield _message(schedule, as_of, one, elections)


def span_of_case(schedule: Schedule, kind: CaseType, closed: date | None, election_ended: date | None) -> KeptSpan:
    """Returns the retention term of a case; the term of an open case has not begun."""
    of = schedule.cases.get(kind, schedule.default)
    return KeptSpan(of) if closed is None else _span(of, closed, election_ended, closed)


def span_in_case(
    schedule: Schedule, row: StoredMessage, own: KeptSpan, *, closed: date | None, ended: date | None, arrived: date
) -> KeptSpan:
    """Returns how long a mail of a case is kept: as long as the case, whose span is `own`, or longer by its kind."""
    return max((own, *(_span(of, closed, ended, arrived) for of in _classes(schedule, row))), key=longest)


def longest(span: KeptSpan) -> tuple[bool, date]:
    """Orders spans: longer ones come later; kept for good, then not begun, then by the last day."""
    return (span.of.appraisal is Appraisal.KEEP, date.max if span.last_day is None else span.last_day)


def is_of_citizens(row: StoredMessage) -> bool:
    """True for declined mail, and for our answer to one."""
    return row.place is Place.DECLINED or (row.direction is Direction.OUT and Kind.DECLINE in row.kinds)


def in_review(schedule: Schedule, as_of: date, mail: Iterable[Dated]) -> Iterator[tuple[Dated, date]]:
    """Yields received mail without a case in its review window on that day, each with the window's last day."""
    for one in mail:
        last = schedule.review_window.last_day(one.arrived)
        if (
            one.row.place in {Place.NOISE, Place.QUARANTINE}
            and one.row.direction is Direction.IN
            and one.row.discarded_at is None
            and one.arrived <= as_of <= last
        ):
            yield one, last


def election_on(elections: Sequence[Election], day: date, *, exercise: bool) -> Election | None:
    """Returns the election whose period includes the day; of several, the one that ends last."""
    found = [e for e in elections if e.exercise == exercise and e.period_from <= day <= e.period_until]
    return max(found, key=lambda election: election.period_until, default=None)


def _case(
    schedule: Schedule, as_of: date, case: DatedCase, mail: Sequence[Dated], ends: Mapping[str, date]
) -> KeptThing:
    closed = case.closed if case.closed is not None and case.closed <= as_of else None
    end = ends.get(case.row.election)
    own = span_of_case(schedule, case.row.type, closed, end)
    kept = KeptThing(
        what=ThingKept.CASE, key=case.row.number, election=case.row.election, of=own.of, begins=own.begins,
        last_day=own.last_day, standing=_standing(own, as_of, held=bool(case.held_by)), held_by=_ids(case.held_by),
        messages=len(mail),
    )  # fmt: skip
    longer = 0
    for one in mail:
        span = span_in_case(schedule, one.row, own, closed=closed, ended=end, arrived=one.arrived)
        longer += longest(span) > longest(own) and _standing(span, as_of, held=False) is not Standing.DUE
    return replace(kept, kept_longer=longer)


def _message(schedule: Schedule, as_of: date, one: Dated, elections: Sequence[Election]) -> KeptThing:
    election = election_on(elections, one.arrived, exercise=one.row.exercise)
    end = election.period_until if election is not None else one.arrived
    waits = one.row.place is Place.QUARANTINE
    found = _classes(schedule, one.row) or [schedule.default]
    spans = [KeptSpan(of) if waits else _span(of, one.arrived, end, one.arrived) for of in found]
    span = max(spans, key=longest)
    return KeptThing(
        what=ThingKept.MESSAGE, key=one.row.id, election=None if election is None else election.code, of=span.of,
        begins=span.begins, last_day=span.last_day, standing=_standing(span, as_of, held=bool(one.held_by)),
        held_by=_ids(one.held_by), digest=one.row.digest,
    )  # fmt: skip


def _classes(schedule: Schedule, row: StoredMessage) -> list[KeepingClass]:
    return [schedule.kinds[kind] for kind in row.kinds if kind in schedule.kinds]


def _span(of: KeepingClass, closed: date | None, election_ended: date | None, arrived: date | None) -> KeptSpan:
    starts = {TermStart.CLOSING: closed, TermStart.ELECTION: election_ended, TermStart.ARRIVAL: arrived}
    begins = starts[of.start]
    return KeptSpan(of, begins, None if begins is None else of.term.last_day(begins))


def _standing(span: KeptSpan, as_of: date, *, held: bool) -> Standing:
    if span.last_day is None:
        return Standing.OPEN
    if as_of <= span.last_day:
        return Standing.RUNNING
    if span.of.appraisal is Appraisal.KEEP:
        return Standing.TRANSFER
    return Standing.HELD if held else Standing.DUE


def _ids(holds: Sequence[LegalHold]) -> tuple[str, ...]:
    return tuple(hold.id for hold in holds)


_LINE = "_" * 24
_WIDTH = 78
_START: Mapping[TermStart, DeclarationText] = {
    TermStart.CLOSING: DeclarationText.FROM_CLOSING,
    TermStart.ELECTION: DeclarationText.FROM_ELECTION,
    TermStart.ARRIVAL: DeclarationText.FROM_ARRIVAL,
}


@dataclass(frozen=True, slots=True)
class Destruction:
    """What a declaration is about: the day, the election if only one, the heads of the desk, and all that is kept."""

    as_of: date
    organisation: str
    election: str | None
    heads: Sequence[str]
    things: Sequence[KeptThing]


def draft(about: Destruction, language: LanguageCode) -> str:
    """Returns the draft as plain text, with blanks for people. It says that nothing was destroyed."""
    lines = [fill(said.in_language(language), _WIDTH, subsequent_indent="    ") for said in _lines(about, language)]
    return "\n".join(lines) + "\n"


def _lines(about: Destruction, language: LanguageCode) -> Iterator[StoredText]:
    blank, line = StoredText(), DeclarationText.TO_FILL_IN(line=_LINE)
    yield from (DeclarationText.TITLE(), blank, DeclarationText.DRY_RUN(), blank)
    yield DeclarationText.ORGANISATION(name=about.organisation)
    yield DeclarationText.AS_OF(day=dated(about.as_of, language))
    yield DeclarationText.OF_ALL() if about.election is None else DeclarationText.OF_ELECTION(election=about.election)
    yield from (blank, DeclarationText.WHAT(), _sum(_standing_line(about, Standing.DUE)), DeclarationText.LISTED())
    yield from _class_lines(about, language)
    held = _standing_line(about, Standing.HELD)
    yield from (blank, DeclarationText.NOT(), DeclarationText.HELD(sum=_sum(held)))
    if held:
        yield DeclarationText.HOLDS(holds=sorted({key for thing in held for key in thing.held_by}))
    yield DeclarationText.TRANSFER(sum=_sum(_standing_line(about, Standing.TRANSFER)))
    yield from (blank, DeclarationText.WAY(), line, blank, DeclarationText.APPROVAL())
    names = (
        (DeclarationText.HEAD, ", ".join(about.heads)),
        (DeclarationText.ARCHIVIST, ""),
        (DeclarationText.RESPONSIBLE, ""),
    )
    for role, name in names:
        yield role(name=name or _LINE)
        yield DeclarationText.SIGNATURE(line=_LINE)


def _class_lines(about: Destruction, language: LanguageCode) -> Iterator[StoredText]:
    due = _standing_line(about, Standing.DUE)
    for of in dict.fromkeys(thing.of for thing in due):
        share = [thing for thing in due if thing.of == of]
        begun = [thing.begins for thing in share if thing.begins is not None]
        yield from (StoredText(), DeclarationText.OF_CLASS(name=of.code), DeclarationText.NUMBER(sum=_sum(share)))
        yield DeclarationText.PERIOD(period=of.term.spoken(language), written=of.term.written, start=_START[of.start]())
        yield DeclarationText.BEGAN(first=dated(min(begun), language), last=dated(max(begun), language))
        yield DeclarationText.BASIS(basis=of.basis or DeclarationText.TO_FILL_IN(line=_LINE))


def _standing_line(about: Destruction, standing: Standing) -> list[KeptThing]:
    return [thing for thing in about.things if thing.standing is standing]


def _sum(things: Sequence[KeptThing]) -> StoredText:
    cases = [thing for thing in things if thing.what is ThingKept.CASE]
    mail, loose = sum(thing.leaving for thing in cases), len(things) - len(cases)
    numbers = (
        DeclarationText.CASES(count=len(cases)),
        DeclarationText.MESSAGES(count=mail),
        DeclarationText.MESSAGES(count=loose),
    )
    return DeclarationText.SUM(cases=numbers[0], mail=numbers[1], loose=numbers[2])

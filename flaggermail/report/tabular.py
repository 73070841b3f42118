# SPDX-License-Identifier: EUPL-1.2
"""The uses of a report as a table for a spreadsheet, a line each, and the codebook that says what its columns hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flaggermail.documents.model import Block, Figure, Paragraph, Picture, Table, Text
from flaggermail.figures import survival
from flaggermail.figures.dots import dots, upright_dots
from flaggermail.figures.moments import BASES, FORMS, WORDS
from flaggermail.figures.upright import svg_of
from flaggermail.figures.uses import AnswerForm, Stop, waits
from flaggermail.record import clocks
from flaggermail.record.case_values import CaseType, LanguageCode
from flaggermail.record.states import InstantBasis, Sign
from flaggermail.report.use_section import Piece, Style
from flaggermail.report.values import ElectionUses, ReportFacts, ReportInputs, UseFacts
from flaggermail.wording.report import CountedValue, ReportColumn, ReportText
from flaggermail.wording.said import Sentence

_SEVERAL = 2  # of one use its own section says everything
Row = Sequence[Sequence[Piece]]
_OVERVIEW = (ReportText.DAY, ReportText.PLATFORM, ReportText.MATTER, ReportText.WAIT, ReportText.RESTS_ON)
_STEPS = (
    ReportText.STEP_OF, ReportText.STEP_SIGNAL, ReportText.STEP_DECISION, ReportText.STEP_APPROVAL,
    ReportText.STEP_SENT, ReportText.STEP_TOOK,
)  # fmt: skip
_ELECTIONS = (ReportText.ELECTION, ReportText.USES, ReportText.ANSWERED, ReportText.OPEN, ReportText.WAITS)
MATTERS: Mapping[str, CountedValue] = {
    CaseType.CONTENT: CountedValue.CONTENT,
    CaseType.CHANNEL: CountedValue.CHANNEL,
    CaseType.ADVERT: CountedValue.ADVERT,
    CaseType.GENERAL_WARNING: CountedValue.WARNING,
    CaseType.OTHER: CountedValue.OTHER,
}
"""What a use was about, in words."""


@dataclass(frozen=True, slots=True)
class SeveralUses:
    """The uses of an election together."""

    facts: ReportFacts
    style: Style

    def before(self) -> Iterator[Block]:
        """Yields overview, picture and waits, if there are several uses."""
        if len(self.facts.uses) < _SEVERAL:
            return
        yield self._overview()
        uses, as_of, telling = [told.use for told in self.facts.uses], self.facts.as_of, self.style.telling
        broad, upright = dots(uses, as_of, telling), upright_dots(uses, as_of, telling)
        yield Picture(svg_of(broad), broad.title, broad.described, svg_of(upright))
        yield from self._waits()

    def after(self) -> Iterator[Block]:
        """Yields the desk's own steps, and the elections side by side."""
        steps = [row for told in self.facts.uses if (row := self._steps_of(told))]
        if steps:
            yield self._table(ReportText.STEPS, _STEPS, steps)
        if sum(bool(one.answered or one.waiting) for one in self.facts.elections) >= _SEVERAL:
            rows = [self._election(one) for one in self.facts.elections]
            yield self._table(ReportText.ELECTIONS, _ELECTIONS, rows)

    def _table(self, caption: ReportText, heads: Sequence[ReportText], rows: Sequence[Row]) -> Table:
        return Table(self.style.say(caption), [self.style.say(head) for head in heads], rows)

    # ---------------------------------------------------------------- the overview

    def _overview(self) -> Table:
        return self._table(ReportText.OVERVIEW, _OVERVIEW, [self._row(told) for told in self.facts.uses])

    def _row(self, told: UseFacts) -> Row:
        use, style, name = told.use, self.style, f"overview/{told.use.notification}"
        day = Figure(f"{name}/at", style.telling.about([use.sent_at]).instant(use.sent_at))
        matter = MATTERS[told.about].words(style.language)
        return [[day], [Text(use.platform)], [Text(matter)], self._wait(told, name), [Text(self._basis(told))]]

    def _wait(self, told: UseFacts, name: str) -> list[Piece]:
        use = told.use
        if use.human is not None:
            return self.style.took(f"{name}/human", use.human.minutes)
        waited = use.waited(self.facts.as_of)
        return self.style.say(ReportText.STILL_OPEN, took=self.style.exact(f"{name}/open/exact", waited))

    def _basis(self, told: UseFacts) -> str:
        """Returns what sending and answer rest on, and the form of the answer if it is no mail, each once."""
        use, say = told.use, self.style.telling.say
        said = [say(BASES[use.sent_basis])]
        if use.human is not None:
            said.append(say(BASES[use.human.basis]))
            said += [] if use.human.form is AnswerForm.MAIL else [say(FORMS[use.human.form])]
        return ", ".join(dict.fromkeys(said))

    # ---------------------------------------------------------------- the waits

    def _waits(self) -> Iterator[Block]:
        uses, style = self.facts.uses, self.style
        answered, waiting = waits([told.use for told in uses], self.facts.as_of)
        median = survival.median(answered, waiting)
        said = list[Piece]()
        if median is not None:
            took, count = style.took("median", median), Figure("uses/waits", str(len(uses)))
            said += [*style.say(ReportText.MEDIAN, count=count, took=took), Text(" ")]
        shares = survival.shares(answered, waiting)
        if shares:
            told = [self._share(f"within/{hours}", *share) for hours, share in shares.items()]
            said += style.say(ReportText.WITHIN, **dict(zip(("first", "second", "third"), told, strict=True)))
        else:
            said += style.say(ReportText.NO_SHARES)
        yield Paragraph(said)

    def _share(self, name: str, count: int, of: int) -> list[Piece]:
        figures = Figure(f"{name}/count", str(count)), Figure(f"{name}/of", str(of))
        return self.style.say(ReportText.SHARE, count=figures[0], of=figures[1])

    # ---------------------------------------------------------------- the desk's own steps

    def _steps_of(self, told: UseFacts) -> Row:
        """Returns the steps of a use; empty if none before its sending is on record."""
        use, steps, name, style = told.use, told.steps, f"steps/{told.use.notification}", self.style
        known = [at for at in (steps.came_at, steps.decided_at, steps.approved_at) if at is not None]
        if not known:
            return []
        exact = style.telling.about([*known, use.sent_at])
        sent_on = exact.day(use.sent_at)
        none: list[Piece] = style.say(ReportText.NOT_RECORDED)
        cells = {
            key: none
            if at is None
            else [Figure(f"{name}/{key}", exact.clock(at) if exact.day(at) == sent_on else exact.instant(at))]
            for key, at in (
                ("signal", steps.came_at),
                ("decision", steps.decided_at),
                ("approval", steps.approved_at),
                ("sent", use.sent_at),
            )
        }
        if steps.came_at is not None and not steps.is_signal:
            cells["signal"] = style.say(ReportText.OPENED_ALONE, at=cells["signal"])
        day = style.day(f"{name}/day", use.sent_at)
        took = style.exact(f"{name}/took", clocks.minutes(min(known), use.sent_at))
        return [style.say(ReportText.STEP_OF_USE, platform=use.platform, day=day), *cells.values(), [took]]

    # ---------------------------------------------------------------- elections side by side

    def _election(self, one: ElectionUses) -> Row:
        """Returns uses and waits of an election: every wait if they are few, else their median."""
        style, name = self.style, f"elections/{one.election}"
        numbers = (len(one.answered) + len(one.waiting), len(one.answered), len(one.waiting))
        counts = [
            [Figure(f"{name}/{key}", str(count))]
            for key, count in zip(("sent", "answered", "open"), numbers, strict=True)
        ]
        return [[Figure(f"{name}/name", one.names[style.language])], *counts, self._waits_of(one, name)]

    def _waits_of(self, one: ElectionUses, name: str) -> list[Piece]:
        style = self.style
        if len(one.answered) + len(one.waiting) >= survival.FEWEST_OF_SHARES:
            median = survival.median(one.answered, one.waiting)
            took = style.exact(f"{name}/median", median) if median is not None else Text("-")
            return style.say(ReportText.MEDIAN_OF, took=took)
        said = list[Piece]()
        for place, minutes in enumerate(one.answered, 1):
            said += [*_between(said), style.exact(f"{name}/answered/{place}", minutes)]
        for place, minutes in enumerate(one.waiting, 1):
            waited = style.exact(f"{name}/waiting/{place}", minutes)
            said += [*_between(said), *style.say(ReportText.STILL_OPEN, took=waited)]
        return said


def _between(said: Sequence[Piece]) -> list[Piece]:
    return [Text("; ")] if said else []


_CLOCKS = (Sign.RECEIPT, Sign.HUMAN, Sign.SUBSTANCE)
_OF_USE = (
    ReportColumn.ELECTION, ReportColumn.NOTIFICATION, ReportColumn.PLATFORM, ReportColumn.CHANNEL, ReportColumn.KIND,
    ReportColumn.SENT_AT, ReportColumn.SENT_BASIS,
)  # fmt: skip
_OF_STOP = (
    ReportColumn.AT, ReportColumn.MINUTES, ReportColumn.HOURS, ReportColumn.EXACT, ReportColumn.BASIS,
    ReportColumn.FORM,
)  # fmt: skip
_AT_END = (
    ReportColumn.POLICY, ReportColumn.POLICY_URL, ReportColumn.POLICY_READ_ON, ReportColumn.CRITERIA,
    ReportColumn.SIGNAL_AT, ReportColumn.DECIDED_AT, ReportColumn.APPROVED_AT, ReportColumn.AS_OF,
)  # fmt: skip
_BY_NAME: Mapping[str, tuple[ReportColumn, Sign | None]] = {
    **{column.name.lower(): (column, None) for column in _OF_USE},
    **{f"{clock}_{column.name.lower()}": (column, clock) for clock in _CLOCKS for column in _OF_STOP},
    **{column.name.lower(): (column, None) for column in _AT_END},
}
COLUMNS = tuple(_BY_NAME)
CODEBOOK_COLUMNS = ("column", "value", "meaning_en", "meaning_nl")


def _by_code(words: Mapping[InstantBasis, Sentence] | Mapping[AnswerForm, Sentence]) -> Mapping[str, Sentence]:
    return {code.value: sentence for code, sentence in words.items()}


_CODES: Mapping[ReportColumn, Mapping[str, Sentence]] = {
    ReportColumn.KIND: MATTERS,
    ReportColumn.SENT_BASIS: _by_code(BASES),
    ReportColumn.BASIS: _by_code(BASES),
    ReportColumn.FORM: _by_code(FORMS),
}

Cell = str | int | None


def codebook(facts: ReportFacts) -> list[Sequence[str]]:
    """Returns a line for each column, and below it one for each code that it may hold, in both languages."""
    found: list[Sequence[str]] = []
    election = ("election", facts.election, facts.names[LanguageCode.EN], facts.names[LanguageCode.NL])
    for name, (column, clock) in _BY_NAME.items():
        of = ("", "") if clock is None else (f"{WORDS[clock].words('en')}: ", f"{WORDS[clock].words('nl')}: ")
        found.append((name, "", f"{of[0]}{column.words('en')}", f"{of[1]}{column.words('nl')}"))
        found += [(name, code, words.words("en"), words.words("nl")) for code, words in _CODES.get(column, {}).items()]
        found += [election] if column is ReportColumn.ELECTION else []
    return found


def lines(inputs: ReportInputs) -> list[Sequence[Cell]]:
    """Returns a line for each use; instants in the report's zone, durations in English."""
    zone = ZoneInfo(inputs.settings.zone)
    return [list(_line(inputs, told, zone)) for told in inputs.facts.uses]


def _line(inputs: ReportInputs, told: UseFacts, zone: ZoneInfo) -> Iterator[Cell]:
    use, policy, steps = told.use, told.policy, told.steps
    yield from (inputs.facts.election, use.notification, use.platform, told.channel_name, told.about.value)
    yield from (_instant(use.sent_at, zone), use.sent_basis.value)
    for stop in (use.receipt, use.human, use.substance):
        yield from _stop(stop, zone)
    named = policy.named
    yield from (policy.title, policy.url) if named else (None, None)
    yield policy.read_on.isoformat() if named and policy.read_on else None
    yield ", ".join(map(str, told.criteria))
    for at in (steps.came_at, steps.decided_at, steps.approved_at):
        yield None if at is None else _instant(at, zone)
    yield _instant(inputs.facts.as_of, zone)


def _stop(stop: Stop | None, zone: ZoneInfo) -> Iterator[Cell]:
    if stop is None:
        yield from (None,) * len(_OF_STOP)
        return
    yield from (_instant(stop.at, zone), stop.minutes, clocks.hours(stop.minutes), clocks.exact(stop.minutes, "en"))
    yield from (stop.basis.value, stop.form.value)


def _instant(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="minutes")

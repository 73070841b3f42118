# SPDX-License-Identifier: EUPL-1.2
"""The uses of a report as a table for a spreadsheet, a line each, and the codebook that says what its columns hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from flaggermail.figures.moments import BASES, FORMS, WORDS
from flaggermail.figures.uses import AnswerForm, Stop
from flaggermail.notifications import latency
from flaggermail.record.clocks import InstantBasis, Sign
from flaggermail.record.contacts import LanguageCode
from flaggermail.report.several_uses import MATTERS
from flaggermail.report.values import ReportFacts, ReportInputs, UseFacts
from flaggermail.wording.report import ReportColumn
from flaggermail.wording.said import Sentence

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
    yield from (_instant(stop.at, zone), stop.minutes, latency.hours(stop.minutes), latency.exact(stop.minutes, "en"))
    yield from (stop.basis.value, stop.form.value)


def _instant(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="minutes")

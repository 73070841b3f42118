# SPDX-License-Identifier: EUPL-1.2
"""Sentences as words of a document, with every figure in them named; and figures in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from string import Formatter
from zoneinfo import ZoneInfo

from flaggermail.documents.dates import SIGNS, Calendar
from flaggermail.documents.model import Figure, Link, Note, Text, Words
from flaggermail.figures.local_times import Telling
from flaggermail.notifications import latency
from flaggermail.record.contacts import ContactMeans, LanguageCode
from flaggermail.report.values import PrintSettings
from flaggermail.wording.catalogues import locale
from flaggermail.wording.report import ReportText, Times
from flaggermail.wording.said import UNSAID_DETAIL, Said, Sentence

Piece = Text | Figure | Link | Note


@dataclass(frozen=True, slots=True)
class Style:
    """How a report is printed in one language."""

    language: LanguageCode
    telling: Telling
    calendar: Calendar

    def say(self, sentence: Sentence, **details: str | Piece | Sequence[Piece]) -> list[Piece]:
        """Returns a sentence as words; a detail that is a figure, a link or several words keeps what it is."""
        said: list[Piece] = []
        for text, name, form, _ in Formatter().parse(sentence.words(self.language)):
            if text:
                said.append(Text(text))
            if name is not None and form != UNSAID_DETAIL:
                said += _pieces(details[name])
        return said

    def at(self, name: str, at: datetime) -> Figure:
        """Returns date and time for a sentence, with the offset on a day on which the clocks change."""
        return Figure(name, self.calendar.in_words(self.telling.local(at)))

    def day(self, name: str, day: datetime | date) -> Figure:
        """Returns a day: `6 juni 2024`. Of an instant, the day in the organisation's zone."""
        shown = self.telling.local(day) if isinstance(day, datetime) else day
        return Figure(name, f"{shown.day} {self.telling.months[shown.month - 1]} {shown.year}")

    def took(self, name: str, minutes: int) -> list[Piece]:
        """Returns a wait as `latency.in_sentence` does, with its figures named."""
        exact, units = self.exact(f"{name}/exact", minutes), locale(self.language).units
        if latency.days(minutes):
            unit = units["minutes"][locale(self.language).index(minutes)]
            return [exact, Text(" ("), Figure(f"{name}/minutes", str(minutes)), Text(f" {unit})")]
        if latency.tenths(minutes) == 0:
            return [exact]
        return [
            Figure(f"{name}/hours", self.telling.hours(minutes)),
            Text(f" {units['hours'][-1]} ("),
            exact,
            Text(")"),
        ]

    def exact(self, name: str, minutes: int) -> Figure:
        """Returns the exact time alone: `2 uur en 32 minuten`."""
        return Figure(name, latency.exact(minutes, self.language))

    def listed(self, figures: Sequence[Figure]) -> list[Piece]:
        """Returns figures in a row: `A, B en C`."""
        said: list[Piece] = []
        for place, figure in enumerate(figures):
            if place:
                last = place == len(figures) - 1
                said.append(Text(ReportText.AND.words(self.language) if last else ", "))
            said.append(figure)
        return said


def style_of(settings: PrintSettings, language: LanguageCode) -> Style:
    """Returns how a report with these settings is printed in a language."""
    months = settings.months[language]
    telling = Telling(language, months, ZoneInfo(settings.zone), SIGNS[settings.decimal_sign])
    return Style(language, telling, Calendar(months, language))


def _pieces(detail: str | Piece | Sequence[Piece]) -> Words:
    if isinstance(detail, str):
        return [Text(detail)]
    return [detail] if isinstance(detail, Text | Figure | Link | Note) else detail


def times(count: int) -> Said:
    """Returns how often in words, from thirteen on in digits: `eenmaal`, `13 maal`."""
    return _IN_WORDS[count - 1]() if 0 < count <= len(_IN_WORDS) else Times.MORE(count=count)


_IN_WORDS = (
    Times.ONCE,
    Times.TWICE,
    Times.THREE,
    Times.FOUR,
    Times.FIVE,
    Times.SIX,
    Times.SEVEN,
    Times.EIGHT,
    Times.NINE,
    Times.TEN,
    Times.ELEVEN,
    Times.TWELVE,
)
MEANS: Mapping[ContactMeans, ReportText] = {
    ContactMeans.PHONE: ReportText.PHONE,
    ContactMeans.PORTAL: ReportText.PORTAL,
    ContactMeans.MEETING: ReportText.MEETING,
    ContactMeans.MAIL: ReportText.MAIL,
}
"""How a contact was made, in words."""

# SPDX-License-Identifier: EUPL-1.2
"""The section about one use: what was asked, when and why, how long the answer took, and a timeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from string import Formatter
from zoneinfo import ZoneInfo

from flaggermail.documents.dates import SIGNS, Calendar
from flaggermail.documents.model import Block, Figure, Heading, Link, Note, Paragraph, Picture, Table, Text, Words
from flaggermail.figures.account import SENT_ON, manner, request_sentence
from flaggermail.figures.looks import Telling
from flaggermail.figures.moments import BASES, FORMS, WORDS, counted_instants, stopped_together
from flaggermail.figures.timeline import drawn
from flaggermail.figures.upright import svg_of, upright
from flaggermail.figures.uses import AnswerForm, Stop
from flaggermail.record import clocks
from flaggermail.record.case_values import ContactMeans, LanguageCode
from flaggermail.record.states import InstantBasis, Sign
from flaggermail.report.values import PrintSettings, UseFacts, UseWords
from flaggermail.wording.catalogues import locale
from flaggermail.wording.report import Account, Caption, ReportText, TimesWord
from flaggermail.wording.said import UNSAID_DETAIL, Sentence, StoredText

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
        if clocks.days(minutes):
            unit = units["minutes"][locale(self.language).index(minutes)]
            return [exact, Text(" ("), Figure(f"{name}/minutes", str(minutes)), Text(f" {unit})")]
        if clocks.tenths(minutes) == 0:
            return [exact]
        return [
            Figure(f"{name}/hours", self.telling.hours(minutes)),
            Text(f" {units['hours'][-1]} ("),
            exact,
            Text(")"),
        ]

    def exact(self, name: str, minutes: int) -> Figure:
        """Returns the exact time alone: `2 uur en 32 minuten`."""
        return Figure(name, clocks.exact(minutes, self.language))

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


def times(count: int) -> StoredText:
    """Returns how often in words, from thirteen on in digits: `eenmaal`, `13 maal`."""
    return _IN_WORDS[count - 1]() if 0 < count <= len(_IN_WORDS) else TimesWord.MORE(count=count)


_IN_WORDS = (
    TimesWord.ONCE,
    TimesWord.TWICE,
    TimesWord.THREE,
    TimesWord.FOUR,
    TimesWord.FIVE,
    TimesWord.SIX,
    TimesWord.SEVEN,
    TimesWord.EIGHT,
    TimesWord.NINE,
    TimesWord.TEN,
    TimesWord.ELEVEN,
    TimesWord.TWELVE,
)
MEANS: Mapping[ContactMeans, ReportText] = {
    ContactMeans.PHONE: ReportText.PHONE,
    ContactMeans.PORTAL: ReportText.PORTAL,
    ContactMeans.MEETING: ReportText.MEETING,
    ContactMeans.MAIL: ReportText.MAIL,
}
"""How a contact was made, in words."""


_HEADS = (Caption.CLOCK, Caption.INSTANT, Caption.MINUTES, Caption.TENTHS, Caption.BASIS, Caption.FORM)


@dataclass(frozen=True, slots=True)
class UseSection:
    """What one use is told with; `annex` is the number of its annex, None without one."""

    told: UseFacts
    written: UseWords | None
    organisation: str  # as it begins a sentence
    as_of: datetime
    annex: int | None
    style: Style

    def blocks(self) -> Iterator[Block]:
        """Yields the section, its heading first."""
        use, style = self.told.use, self.style
        day = style.day(self._name("heading/day"), use.sent_at)
        yield Heading(2, style.say(ReportText.ONE_USE, platform=use.platform, day=day))
        yield Paragraph(_joined(self._asked()))
        yield from self._words("reason")
        yield Paragraph(_joined(self._answered()))
        yield from self._words("paraphrase")
        if self.annex is not None:
            number = Figure(self._name("annex"), str(self.annex))
            yield Paragraph(style.say(ReportText.SEE_ANNEX, number=number))
        picture = drawn(use, self.as_of, style.telling)
        layouts = svg_of(picture), svg_of(upright(use, self.as_of, style.telling))
        yield Picture(layouts[0], picture.title, picture.described, layouts[1])
        if any(stop is not None for stop, _ in stopped_together(use)):
            yield self._clocks()

    def _name(self, what: str) -> str:
        return f"{self.told.use.notification}/{what}"

    def _words(self, field: str) -> Iterator[Block]:
        """Yields a person's words, each paragraph of them as one."""
        words = "" if self.written is None else getattr(self.written, field).get(self.style.language, "")
        yield from person_wrote(words)

    def _asked(self) -> Iterator[list[Piece]]:
        """Yields the sentences up to the sending."""
        told, use, style = self.told, self.told.use, self.style
        days = [at for case in told.earlier for at in case.sent]
        yield style.say(
            request_sentence(told.about, appeared=bool(days)), organisation=self.organisation, platform=use.platform,
            at=style.at(self._name("sent_at"), use.sent_at), channel=told.channel_name,
        )  # fmt: skip
        if days:
            earlier = ReportText.EARLIER_ONE if len(days) == 1 else ReportText.EARLIER_MORE
            named = [style.day(self._name(f"earlier/{place}"), at) for place, at in enumerate(sorted(days), 1)]
            yield style.say(earlier, days=style.listed(named))
        yield from self._policy()
        for place, at in enumerate(told.came_back, 1):
            yield style.say(Account.EARLIER, at=style.at(self._name(f"came_back/{place}"), at), platform=use.platform)
        if use.sent_basis in SENT_ON:
            yield style.say(SENT_ON[use.sent_basis])
        if not told.is_decided:
            typed = use.sent_basis is InstantBasis.SENT_COPY
            yield style.say(ReportText.NOT_DECIDED_MAIL if typed else ReportText.NOT_DECIDED)

    def _policy(self) -> Iterator[list[Piece]]:
        policy, style = self.told.policy, self.style
        if not policy.named:
            return
        words = Link(policy.title, policy.url) if policy.url else Text(policy.title)
        yield style.say(ReportText.POLICY, policy=words, platform=self.told.use.platform)

    def _answered(self) -> Iterator[list[Piece]]:
        """Yields the sentences about the answers, and on what their times rest."""
        use, style = self.told.use, self.style
        if use.receipt is not None and use.receipt.form is AnswerForm.AUTOMATIC:
            yield self._stopped(Account.AUTOMATIC_RECEIPT, Sign.RECEIPT, use.receipt)
        if use.human is None:
            waited = style.took(self._name("open"), use.waited(self.as_of))
            at = style.at(self._name("open/at"), self.as_of)
            yield style.say(Account.OPEN, at=at, took=waited, platform=use.platform)
            return
        yield self._stopped(Account.ANSWERED, Sign.HUMAN, use.human)
        yield from self._manner(use.human)
        if use.sent_basis is InstantBasis.MAIL and use.human.basis is InstantBasis.MAIL:
            yield style.say(ReportText.MAIL_BASIS)
        if use.substance is None:
            yield style.say(Account.NO_SUBSTANCE)
        elif use.substance != use.human:
            yield self._stopped(Account.SUBSTANCE, Sign.SUBSTANCE, use.substance)
            yield from self._manner(use.substance)

    def _stopped(self, sentence: Sentence, sign: Sign, stop: Stop) -> list[Piece]:
        took = self.style.took(self._name(sign), stop.minutes)
        at = self.style.at(self._name(f"{sign}/at"), stop.at)
        return self.style.say(sentence, platform=self.told.use.platform, took=took, at=at)

    def _manner(self, stop: Stop) -> Iterator[list[Piece]]:
        for said in manner(stop):
            yield [Text(said.in_language(self.style.language))]

    def _clocks(self) -> Table:
        """Returns the clocks: each answer once, with all that it was, its time, minutes, hours, basis and form."""
        use, style = self.told.use, self.style
        exact = style.telling.about(counted_instants(use, self.as_of))
        say = style.telling.say
        sent_at = Figure(self._name("table/sent/at"), exact.instant(use.sent_at))
        basis = Text(say(BASES[use.sent_basis]))
        rows: list[Sequence[list[Piece]]] = [[[Text(say(WORDS[Sign.SENT]))], [sent_at], [], [], [basis], []]]
        for stop, signs in stopped_together(use):
            head: list[Piece] = [Text(", ".join(say(WORDS[sign]) for sign in signs))]
            if stop is None:
                rows.append([head, [Text(say(Caption.OPEN))], [], [], [], []])
                continue
            name = self._name(f"table/{Sign.HUMAN if Sign.HUMAN in signs else signs[0]}")
            rows.append([
                head, [Figure(f"{name}/at", exact.instant(stop.at))], [Figure(f"{name}/minutes", str(stop.minutes))],
                [Figure(f"{name}/hours", style.telling.hours(stop.minutes))], [Text(say(BASES[stop.basis]))],
                [Text(say(FORMS[stop.form]))],
            ])  # fmt: skip
        return Table(style.say(ReportText.CLOCKS), [[Text(say(head))] for head in _HEADS], rows)


def person_wrote(words: str) -> Iterator[Paragraph]:
    """Yields what a person wrote, a paragraph for each that an empty line ends."""
    for part in words.split("\n\n"):
        if part.strip():
            yield Paragraph([Text(" ".join(part.split()))])


def _joined(sentences: Iterator[list[Piece]]) -> list[Piece]:
    """Returns sentences with a space between them."""
    said: list[Piece] = []
    for sentence in sentences:
        said += [Text(" "), *sentence] if said else sentence
    return said

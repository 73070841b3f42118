# SPDX-License-Identifier: EUPL-1.2
"""The report as a document in one language, from what was frozen and from nothing else.

Two sections are text blocks, one is made of the facts and a person's words; annexes and colophon follow. Every number,
date, time and duration in what is made here is a `Figure` with a name of its own, so that an edited report can be
compared with the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from flaggermail.documents.model import (
    Block,
    Bullets,
    Document,
    Figure,
    Heading,
    Labelled,
    Note,
    Paragraph,
    Table,
    Text,
)
from flaggermail.record.case_values import LanguageCode, Origin, Source
from flaggermail.report.tabular import MATTERS, SeveralUses
from flaggermail.report.use_section import MEANS, Piece, Style, UseSection, person_wrote, style_of, times
from flaggermail.report.values import CaseCount, NamedCount, Paper, ReportInputs, TextBlock
from flaggermail.wording.report import CountedValue, ReportText

BACKGROUND, METHOD = "report_background", "report_method"
BLOCKS = (BACKGROUND, METHOD)
Annexes = Mapping[str, Sequence[Block]]
"""The printed exchange of each use that has one, by the use's number."""

_TITLES = LanguageCode.NL  # the language of titles of parliamentary papers
_GROUP = 2  # digits before the space in the number of a dossier: 35 165


def document(inputs: ReportInputs, language: LanguageCode, annexes: Annexes, *, draft: bool = False) -> Document:
    """Returns the report in a language; `draft`: its title and chapters say so, and the instant is named."""
    return _Report(inputs, language, annexes, draft, style_of(inputs.settings, language)).document()


def block_key(language: str, name: str) -> str:
    """Returns under which key `ReportInputs.blocks` holds a section."""
    return f"{language}/{name}"


@dataclass(frozen=True, slots=True)
class _Report:
    inputs: ReportInputs
    language: LanguageCode
    annexes: Annexes
    draft: bool
    style: Style

    def document(self) -> Document:
        facts, written = self.inputs.facts, self.inputs.written
        title = written.title.get(self.language) or ReportText.TITLE.words(self.language)
        return Document(
            title=f"{ReportText.DRAFT.words(self.language)}: {title}" if self.draft else title,
            subtitle=facts.names[self.language],
            language=self.language,
            organisation=self.inputs.settings.organisation[self.language],
            at=facts.as_of,
            blocks=tuple(self._marked()),
        )

    def _marked(self) -> Iterator[Block]:
        """Yields the blocks; in a draft, the heading of each chapter says that it is one."""
        mark = Text(f"{ReportText.DRAFT.words(self.language)}: ")
        for block in self._blocks():
            if self.draft and isinstance(block, Heading) and block.level == 1:
                yield replace(block, words=[mark, *block.words])
            else:
                yield block

    def _blocks(self) -> Iterator[Block]:
        facts, style = self.inputs.facts, self.style
        days = [style.day(f"election/polling_day/{place}", day) for place, day in enumerate(facts.polling_days, 1)]
        opening = style.say(ReportText.POLLING_DAYS, days=style.listed(days))
        stated = ReportText.DRAFT_NOTE if self.draft else ReportText.FROZEN
        yield Paragraph([*opening, Text(" "), *style.say(stated, at=style.at("as_of", facts.as_of))])
        yield from self._background()
        yield from _block(self.inputs.blocks[block_key(self.language, METHOD)])
        yield from self._uses()
        yield from self._contacts()
        yield from self._signals()
        yield from self._remarks()
        yield from self._annexes()
        yield from self._colophon()

    # ---------------------------------------------------------------- the sections that seldom change

    def _background(self) -> Iterator[Block]:
        yield from _block(self.inputs.blocks[block_key(self.language, BACKGROUND)])
        papers = self.inputs.written.papers
        if papers:
            notes = [Note(self._paper(paper, place)) for place, paper in enumerate(papers, 1)]
            yield Paragraph([*self.style.say(ReportText.PAPERS), *notes])

    def _other(self, language: LanguageCode) -> str:
        """Returns a language if it is not that of the report, to be marked as another."""
        return "" if language is self.language else language.value

    def _paper(self, paper: Paper, place: int) -> list[Text | Figure]:
        name = f"papers/{place}"
        said = self.style.say(
            ReportText.PAPER, chamber=paper.chamber, year=Figure(f"{name}/year", paper.year),
            dossier=Figure(f"{name}/dossier", f"{paper.dossier[:_GROUP]} {paper.dossier[_GROUP:]}"),
            number=Figure(f"{name}/number", str(paper.number)),
        )  # fmt: skip
        if paper.annex:
            said += self.style.say(ReportText.PAPER_ANNEX, annex=Text(paper.annex, self._other(_TITLES)))
        return [piece for piece in (*said, Text(".")) if isinstance(piece, Text | Figure)]

    # ---------------------------------------------------------------- the uses

    def _uses(self) -> Iterator[Block]:
        facts, style, organisation = self.inputs.facts, self.style, self._organisation()
        yield Heading(1, style.say(ReportText.USE_HEADING))
        if not facts.uses:
            yield Paragraph(style.say(ReportText.NO_USE, organisation=organisation))
            return
        often = Figure("uses", times(len(facts.uses)).in_language(self.language))
        yield Paragraph(style.say(ReportText.COUNT, organisation=organisation, times=often))
        together = SeveralUses(facts, style)
        yield from together.before()
        numbers = self._numbers()
        for told in facts.uses:
            number = told.use.notification
            words = self.inputs.written.uses.get(number)
            yield from UseSection(told, words, organisation, facts.as_of, numbers.get(number), style).blocks()
        for caption, head, counts, name in (
            (ReportText.BY_PLATFORM, ReportText.PLATFORM, facts.by_platform, "by_platform"),
            (ReportText.BY_TYPE, ReportText.KIND, facts.by_type, "by_type"),
            (ReportText.BY_CRITERION, ReportText.CRITERION, facts.criteria, "criteria"),
        ):
            rows = [(one, Figure(f"{name}/{one.name}", str(one.count))) for one in counts if one.count]
            if rows:  # a use that was typed by hand may have no consequence on record
                yield self._counted(caption, head, rows, _USES)
        yield from together.after()

    def _organisation(self) -> str:
        return self.inputs.settings.organisation_named[self.language]

    def _numbers(self) -> Mapping[str, int]:
        """Returns the number of the annex of each use that has one, in the order of the uses."""
        having = [one.use.notification for one in self.inputs.facts.uses if one.use.notification in self.annexes]
        return {number: place for place, number in enumerate(having, 1)}

    def _contacts(self) -> Iterator[Block]:
        style, words = self.style, self.inputs.written.contacts
        told = [
            style.say(
                ReportText.CONTACT, at=style.at(f"contacts/{contact.id}/at", contact.at),
                means=MEANS[contact.means].words(self.language),
                words=" ".join(words[contact.id].words.get(self.language, "").split()),
            )
            for contact in self.inputs.facts.contacts
            if contact.id in words and not words[contact.id].leave_out
        ]  # fmt: skip
        if told:
            yield Heading(2, style.say(ReportText.CONTACTS_HEADING))
            yield Paragraph(style.say(ReportText.CONTACTS))
            yield Bullets(told)

    # ---------------------------------------------------------------- what came in

    def _signals(self) -> Iterator[Block]:
        facts, style = self.inputs.facts, self.style
        yield Heading(2, style.say(ReportText.RECEIVED_HEADING))
        for caption, head, counts, name, names in (
            (ReportText.RECEIVED, ReportText.SOURCE, facts.received, "received", _SOURCES),
            (ReportText.DECIDED, ReportText.DECISION, facts.decisions, "decisions", _DECISIONS),
        ):
            rows = [
                (one, Figure(f"{name}/{one.name or 'none'}", str(one.count)))
                for one in counts
                if one.count or one.name in _ALWAYS
            ]
            total = Figure(f"{name}/total", str(sum(one.count for one in counts)))
            yield self._counted(caption, head, rows, names, total)
        yield Paragraph(style.say(ReportText.DECLINED, count=self._declined()))

    def _declined(self) -> list[Piece]:
        """Returns how many mails of citizens were declined: these are persons, so a small number is not printed."""
        declined, least = self.inputs.facts.declined, self.inputs.settings.smallest_count
        if 0 < declined < least:
            return self.style.say(ReportText.FEWER, least=Figure("declined", str(least)))
        return [Figure("declined", str(declined))]

    def _counted(
        self, caption: ReportText, head: ReportText, rows: Sequence[tuple[NamedCount, Figure]],
        names: Mapping[str, CountedValue], total: Figure | None = None,
    ) -> Table:  # fmt: skip
        """Returns a table of counts; `names` are those of the values where they are no names by themselves."""
        style = self.style
        cells = [
            [self._kind(names[one.name]) if one.name in names else [Text(one.name)], [figure]] for one, figure in rows
        ]
        if total is not None:
            cells.append([style.say(ReportText.TOTAL), [total]])
        return Table(style.say(caption), [style.say(head), style.say(ReportText.NUMBER)], cells)

    def _kind(self, of: CountedValue) -> list[Piece]:
        return [Text(of.words(self.language))]

    # ---------------------------------------------------------------- the end

    def _remarks(self) -> Iterator[Block]:
        paragraphs = list(person_wrote(self.inputs.written.remarks.get(self.language, "")))
        if paragraphs:
            yield Heading(2, self.style.say(ReportText.REMARKS_HEADING))
            yield from paragraphs

    def _annexes(self) -> Iterator[Block]:
        style, uses = self.style, {one.use.notification: one.use for one in self.inputs.facts.uses}
        if self._numbers():
            yield Heading(1, style.say(ReportText.ANNEXES), on_new_page=True)
        for notification, number in self._numbers().items():
            use = uses[notification]
            figure = Figure(f"annexes/{number}", str(number))
            yield Heading(2, style.say(ReportText.ANNEX, number=figure), on_new_page=number > 1)
            at = style.at(f"annexes/{number}/at", use.sent_at)
            yield Paragraph(style.say(ReportText.ANNEX_OF, platform=use.platform, at=at))
            yield from self.annexes[notification]

    def _colophon(self) -> Iterator[Block]:
        colophon, style = self.inputs.written.colophon, self.style
        if colophon is None:
            return
        yield Heading(1, style.say(ReportText.COLOPHON), on_new_page=bool(self.annexes))
        lines = (
            (ReportText.PUBLISHER, colophon.publisher.get(self.language, "")),
            (ReportText.ADDRESS, colophon.address.get(self.language, "")),
            (ReportText.TELEPHONE, colophon.telephone),
            (ReportText.HOURS, colophon.hours.get(self.language, "")),
        )
        yield Labelled([(label.words(self.language), [Text(value)]) for label, value in lines if value])


def _block(block: TextBlock) -> Iterator[Block]:
    """Yields a section of fixed text: its heading, then sub-headings, paragraphs and lists, between empty lines."""
    yield Heading(1, [Text(block.heading)])
    for part in block.body.split("\n\n"):
        lines = part.strip("\n").splitlines()
        if not lines:
            continue
        if lines[0].startswith("## "):
            yield Heading(2, [Text(lines[0].removeprefix("## "))])
            continue
        if not lines[0].startswith("- "):
            yield Paragraph([Text(" ".join(line.strip() for line in lines))])
            continue
        items = " ".join(line.strip() for line in lines).removeprefix("- ").split(" - ")
        yield Bullets([[Text(item)] for item in items])


_SOURCES: Mapping[str, CountedValue] = {
    Source.MEDIA: CountedValue.MEDIA,
    Source.FACT_CHECKER: CountedValue.FACT_CHECKER,
    Source.GOVERNMENT_BODY: CountedValue.GOVERNMENT_BODY,
    Source.FELLOW_AUTHORITY: CountedValue.FELLOW_AUTHORITY,
    Origin.EARLIER_CASES: CountedValue.EARLIER,
    "": CountedValue.NO_SOURCE,
}
_DECISIONS: Mapping[str, CountedValue] = {
    CaseCount.NOTIFIED: CountedValue.NOTIFY,
    CaseCount.NOT_BEFOREHAND: CountedValue.NOT_BEFOREHAND,
    CaseCount.NOT_SENT: CountedValue.NOT_SENT,
    CaseCount.DECLINED: CountedValue.DECLINE,
    CaseCount.REFERRED: CountedValue.REFER,
    CaseCount.NONE: CountedValue.NONE,
    CaseCount.UNDECIDED: CountedValue.UNDECIDED,
}
_ALWAYS = frozenset({*Source, CaseCount.NOTIFIED, CaseCount.DECLINED, CaseCount.REFERRED, CaseCount.NONE})
"""What has its row even if there is none of it."""
_USES: Mapping[str, CountedValue] = {
    **MATTERS,
    "1": CountedValue.INVALID,
    "2": CountedValue.MISDIRECTED,
    "3": CountedValue.LOST,
}

# SPDX-License-Identifier: EUPL-1.2
"""The words that no list knows: a person is asked about each below the form, and ticks it.

`[ ]` asks, `[x]` is no name and stays, `[n]` is a name and is taken out wherever it is asked about. A tick that a word
stays is stored as a place, as a mark is. Nothing is approved while a word has neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flaggermail.annex.approved import RedactedExchange
from flaggermail.annex.exchange import the_use
from flaggermail.annex.form import BELOW, Filled
from flaggermail.annex.redaction.known import KnownToDesk
from flaggermail.annex.redaction.marks import Detail, Mark, PrintedText, marks_beside
from flaggermail.annex.redaction.spans import fold
from flaggermail.annex.redaction.words_left import LeftWord, words_left
from flaggermail.annex.redaction_words import read_redaction_words
from flaggermail.errors import Refusal
from flaggermail.mail.case_numbers import prefix_of
from flaggermail.record.case_values import LanguageCode, Source
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, Channel, Election, Notification
from flaggermail.services import UnitOfWork
from flaggermail.settings.word_tables import FREE_MAIL, LIST_OF
from flaggermail.wording.annex import AnnexLabel, FormWords, WooGround
from flaggermail.wording.refusals import AnnexRefusal


def known(work: UnitOfWork, use: Notification) -> KnownToDesk:
    """Returns what the desk knows about the people in the case of a use."""
    settings, desk = work.env.settings, work.env.settings.desk
    case = work.tx.get(Case, use.case)
    siblings = work.tx.find(Notification, where(Notification.case).is_(use.case))
    channels = [*settings.channels, *work.tx.find(Channel)]  # of today, and those that were valid before
    tokens = {one.token for one in siblings} | ({case.token} if case is not None else set())
    tails = {one.tail for one in siblings} | ({case.tail} if case is not None else set())
    phones = {officer.phone for officer in settings.rota.officers} | {desk.organisation.phone}
    published = desk.report.colophon
    pages = {one.policy_url for one in channels} | {one.policy_url for one in siblings}
    for one in settings.platform_list:
        pages |= {one.report_url.nl, one.report_url.en} if one.report_url is not None else set()
    if published is not None:
        pages |= {published.address.nl, published.address.en, published.telephone}
    contacts = {one for of in channels for one in (*of.to, *of.cc, *of.answers_from, of.phone)}
    own = {desk.mailbox.address, *desk.mailbox.aliases, *phones}
    organisations = {platform.name for platform in settings.platform_list} | {one.name for one in channels}
    organisations |= {one.policy_title for one in channels}  # our own mails name policies and elections
    organisations |= {name for one in work.tx.find(Election) for name in (one.name_nl, one.name_en)}
    for names in (desk.organisation.name, desk.report.organisation, desk.mailbox.display_name):
        organisations |= {names.nl, names.en} if names is not None else set()
    return KnownToDesk(
        words=read_redaction_words(settings.rules_directory),
        language=work.env.language,
        prefix=prefix_of(use.case),
        tails=frozenset(filter(None, tails)),
        tokens=frozenset(tokens),
        channels=tuple(sorted(filter(None, contacts))),
        own=tuple(sorted(filter(None, own))),
        names=tuple(sorted({one.name for one in settings.rota.officers})),
        organisations=tuple(sorted(organisations)),
        public=tuple(sorted(pages - {""})),
        official_hosts=_official_hosts(settings.rules.lists),
        mail_hosts=settings.rules.lists.get(FREE_MAIL, frozenset()),
    )


def _official_hosts(lists: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Returns the domains of authorities: their pages name nobody."""
    authorities = (LIST_OF[Source.GOVERNMENT_BODY], LIST_OF[Source.FELLOW_AUTHORITY])
    return frozenset[str]().union(*(lists.get(name, frozenset()) for name in authorities))


_STAYS, _NAME, _OPEN = "x", "n", ""
_LINE = re.compile(r"\[(.?)\] *([^|]+?) *(?:\|.*)?")
_AROUND = 40  # characters shown before and behind a word
_MOST_WORDS, _LONGEST_GAP = 5, 20  # words of one name; characters between two of them
_BEFORE = re.compile(r"(\S+) $")


@dataclass(frozen=True, slots=True)
class WordsAsked:
    """Words that are asked about as one, with all their places; `kept` if each was ticked as no name."""

    words: str
    places: tuple[tuple[LeftWord, ...], ...]
    kept: bool


class WordsLeft:
    """The words of one annex that a person must decide about."""

    def __init__(self, work: UnitOfWork, made: RedactedExchange) -> None:
        """Reads what the desk knows today: a word that a list has learned since is not asked any more."""
        self._made = made
        self._texts: Sequence[PrintedText] = made.exchange.texts
        self._known: KnownToDesk = known(work, the_use(work, made.annex.notification))
        said = AnnexLabel.PRINTED_ABOVE(number=0).in_language(made.annex.language)
        lines = re.compile(f"^{re.escape(said).replace('0', '[0-9]+')}$", re.MULTILINE)
        self._ours = [
            Mark(of, *match.span(), WooGround.NOT_SEEN, Detail.OTHER)
            for of, text in enumerate(self._texts)
            for match in lines.finditer(text.text)
        ]

    def beside(self, marks: Sequence[Mark]) -> tuple[LeftWord, ...]:
        """Returns the unknown words that these marks leave in, in order; our own lines are skipped."""
        return words_left(self._texts, (*marks, *self._ours), self._known)

    def asked(self) -> list[WordsAsked]:
        """Returns what is asked, in the order of the text: each name once."""
        return self._asked(self._made.marks, self._made.kept)

    def unticked(self, marks: Sequence[Mark], kept: frozenset[LeftWord]) -> list[str]:
        """Returns the undecided words outside these marks; `kept` are the places that stay."""
        return [one.words for one in self._asked(marks, kept) if not one.kept]

    def _asked(self, marks: Sequence[Mark], kept: frozenset[LeftWord]) -> list[WordsAsked]:
        places: dict[str, list[tuple[LeftWord, ...]]] = {}
        for run in self._runs(self.beside(marks)):
            words = self._texts[run[0].of].text[run[0].start : run[-1].end]
            places.setdefault(words, []).append(run)
        return [
            WordsAsked(words, tuple(runs), all(kept.issuperset(run) for run in runs)) for words, runs in places.items()
        ]

    def below(self, language: LanguageCode) -> str:
        """Returns the questions below the form; empty if there are none."""
        lines = [self._line(one) for one in self.asked()]
        said = [f"# {words.words(language)}" for words in (FormWords.WORDS_LEFT, FormWords.TICKS)]
        return "\n".join((f"\n{BELOW}", *said, *lines, "")) if lines else ""

    def ticked(self, filled: Filled, marks: Sequence[Mark]) -> tuple[tuple[Mark, ...], frozenset[LeftWord]]:
        """Returns the marks of a form with those for names among the words, and the places that stay.

        A word whose mark a person removed in the form was decided there. Raises Refusal naming a line.
        """
        asked = {one.words: one for one in self.asked()}
        stay: set[LeftWord] = set()
        names: list[Mark] = []
        for number, line in filled.below:
            found = _LINE.fullmatch(line.rstrip())
            sign = found[1].strip().lower() if found else ""
            if found is None or sign not in {_OPEN, _STAYS, _NAME}:
                raise Refusal(AnnexRefusal.NO_TICK(line=number, given=ascii(line[:_AROUND])))
            one = asked.get(found[2])
            if one is None:
                raise Refusal(AnnexRefusal.NOT_ASKED(line=number, given=ascii(found[2][:_AROUND])))
            if sign == _STAYS:
                stay.update(place for run in one.places for place in run)
            elif sign == _NAME:
                names += (self._mark(run) for run in one.places)
        every = (*marks, *marks_beside(marks, names))
        left = frozenset(self.beside(every))
        unmarked = left.difference(self.beside(self._made.marks))
        return every, left & (stay | unmarked)

    def _runs(self, places: Iterable[LeftWord]) -> Iterator[tuple[LeftWord, ...]]:
        """Yields words that stand beside each other as one: "Jan van Dijk"."""
        run: tuple[LeftWord, ...] = ()
        for place in places:
            if run and not (run[-1].of == place.of and len(run) < _MOST_WORDS and self._joins(run[-1], place)):
                yield run
                run = ()
            run = (*run, place)
        if run:
            yield run

    def _joins(self, one: LeftWord, other: LeftWord) -> bool:
        gap = self._texts[one.of].text[one.end : other.start]
        if len(gap) > _LONGEST_GAP or "\n" in gap or "|" in gap:
            return False
        return gap == "-" or (gap.startswith(" ") and {*map(fold, gap.split())} <= self._known.words["infixes"])

    def _mark(self, run: tuple[LeftWord, ...]) -> Mark:
        """Returns the mark for a name, with the small words before it: "van Dijk"."""
        text, start = self._texts[run[0].of].text, run[0].start
        while (before := _BEFORE.search(text, max(0, start - _LONGEST_GAP), start)) is not None:
            if fold(before[1]) not in self._known.words["infixes"]:
                break
            start = before.start(1)
        return Mark(run[0].of, start, run[-1].end, WooGround.PERSONAL_SPHERE, Detail.OTHER)

    def _line(self, one: WordsAsked) -> str:
        """Returns the line of a word: its tick, how often it is there, and the first place in its sentence."""
        first, last = one.places[0][0], one.places[0][-1]
        text = self._texts[first.of]
        begin = max(0, first.start - _AROUND)
        begin = text.text.find(" ", begin, first.start) + 1 or begin  # no half word before it
        around = " ".join(text.text[begin : last.end + _AROUND].split())
        times = f"{len(one.places)}x, " if len(one.places) > 1 else ""
        return f"[{_STAYS if one.kept else ' '}] {one.words} | {times}mail {text.mail + 1}, {text.part}: {around}"

# SPDX-License-Identifier: EUPL-1.2
"""Names the figures of an edited document that no longer match the record, and none else.

A figure is found by its mark. Where the mark is gone, its passage is found again and the quantities of both are
compared in their order, so that other words, another language and another spelling of the same figure are right.
Sentences that say how often the status was used are compared wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from flaggermail.documents.model import Document, Passage
from flaggermail.report.aligning import Alignment, ReadPassage
from flaggermail.report.printed_figures import (
    PrintedFigure,
    PrintedPassage,
    counts_in,
    denies,
    printed_passages,
    sentence_at,
)
from flaggermail.report.quantities import Meaning, Quantity, QuantityKind, plain, same, whole, within

USES = "uses"
"""The name of the figure that says how often the status was used; `uses/...` are its parts."""
_NUMBERS = frozenset({QuantityKind.COUNT, QuantityKind.TIMES, QuantityKind.ORDINAL})
_UNITS: Mapping[str, int] = {"hours": 60, "minutes": 1}
_OF_EVERY_PART = frozenset({"answered", "channel", "election", "open", "platform", "sent", "type"})
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_ROUNDED, _EXACTLY = 2, 3  # how much it weighs that two quantities are equal
_MOST_ALONE = 12  # up to here a count may be any other count


class FigureFindingKind(StrEnum):
    """The kind of a finding about a figure of an edited document."""

    CHANGED = "changed"  # another value stands in its place
    DOUBLED = "doubled"  # it stands there a second time, with another value
    MISSING = "missing"  # it does not stand there any more


@dataclass(frozen=True, slots=True)
class FigureFinding:
    """A figure that no longer matches: its name and place, the record's value, and the document's.

    `about` is the kind of quantity, None for words. `place` is the heading above it, with row and column of a cell;
    `sentence` is that of the edited document, or of the record if the figure is missing, when `stands` is empty.
    """

    kind: FigureFindingKind
    name: str
    about: QuantityKind | None
    place: str
    sentence: str
    record: str
    stands: str


def compare(expected: Document, passages: Sequence[Passage]) -> list[FigureFinding]:
    """Returns the figures of `expected` that the edited document states otherwise, or no more, in reading order."""
    return _Comparison(printed_passages(expected), passages).faults()


def likeness(expected: Document, passages: Sequence[Passage]) -> int:
    """Returns how many passages of the edited document differ from ours in quantities only: it tells the language."""
    ours = {one.read.masked for one in printed_passages(expected)}
    return sum(ReadPassage.from_text(passage.text).masked in ours for passage in passages)


class _Stands(NamedTuple):
    """What stands in the edited document: its passage, where it begins there, and the words."""

    passage: int
    start: int
    words: str


_Kept = tuple[FigureFindingKind, int, PrintedFigure, _Stands | None]
Place = tuple[int, int]  # of a quantity: its passage, and which quantity of that it is


@dataclass
class _Comparison:
    """Settles each figure once: by its mark, in its passage, elsewhere, or not at all."""

    ours: Sequence[PrintedPassage]
    passages: Sequence[Passage]
    settled: dict[Place, Place | None] = field(default_factory=dict)  # ours -> theirs
    taken: set[Place] = field(default_factory=set)  # theirs
    kept: dict[tuple[int, int, str], _Kept] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.theirs = [ReadPassage.from_text(passage.text) for passage in self.passages]
        self.alignment = Alignment([one.read for one in self.ours], self.theirs)
        self.named: dict[str, list[tuple[int, PrintedFigure]]] = {}
        for at, passage in enumerate(self.ours):
            for figure in passage.figures:
                self.named.setdefault(figure.name, []).append((at, figure))
        self.exact = _exact_durations(self.ours)
        self.done: set[tuple[int, PrintedFigure]] = set()  # figures that a mark settled

    def faults(self) -> list[FigureFinding]:
        """Returns the faults in the order of our document; what was added comes last."""
        self._by_marks()
        self.alignment.by_text()
        for settle in (self._in_order, self._in_any_order, self._elsewhere, self._changed):
            for at in range(len(self.ours)):
                settle(at)
        self._missing()
        self._stated()
        return [self._fault(*kept) for _, kept in sorted(self.kept.items(), key=lambda item: item[0])]

    # ------------------------------------------------------------ by marks

    def _by_marks(self) -> None:
        links = list[tuple[int, int]]()
        for other, passage in enumerate(self.passages):
            cursor = 0
            for figure in passage.figures:
                words = plain(figure.text)
                known = self.named.get(_decoded(figure.name))
                if not words or known is None:
                    continue
                start = self.theirs[other].text.find(words, cursor)
                start = self.theirs[other].text.find(words) if start < 0 else start
                cursor = max(start + len(words), cursor)  # behind it: "9" is not found inside "19"
                one, ours = self._meant(known, words)
                links.append((one, other))
                self._marked(one, ours, other, (start, start + len(words)), words)
        self.alignment.by_marks(links)

    def _meant(self, known: Sequence[tuple[int, PrintedFigure]], words: str) -> tuple[int, PrintedFigure]:
        """Returns the place of a name that a mark stands for: the first that no mark has settled, with these words."""
        free = [one for one in known if one not in self.done] or list(known)
        return next((one for one in free if one[1].text == words), free[0])

    def _marked(self, one: int, ours: PrintedFigure, other: int, span: tuple[int, int], words: str) -> None:
        mine = [(one, at) for at in ours.quantities]
        yours = [(other, at) for at in within(self.theirs[other].quantities, *span)] if span[0] >= 0 else []
        again = (one, ours) in self.done
        self.done.add((one, ours))
        self.taken.update(yours)
        self.settled.update(dict.fromkeys(mine))
        kind = FigureFindingKind.DOUBLED if again else FigureFindingKind.CHANGED
        if not mine and not ours.alone:
            if words.casefold() != ours.text.casefold():
                self._note(kind, one, ours, _Stands(other, span[0], words))
            return
        left = list(yours)
        missed = 0
        for place in mine:
            match = next((found for found in left if self._same(ours, place, self._theirs(found))), None)
            if match is None:
                missed += 1
            else:
                left.remove(match)
                self.settled[place] = match
        if ours.alone or not yours:
            right = _all_same(ours.alone or self._quantities(mine), whole(words))
        else:
            right = not left and missed < len(mine)
        if not right:
            first, last = (self._theirs(place) for place in (min(yours), max(yours))) if yours else (None, None)
            stands = self.theirs[other].text[first.start : last.end] if first and last else words
            self._note(kind, one, ours, _Stands(other, span[0], stands))
        elif missed and not ours.alone and yours:
            self._note(FigureFindingKind.MISSING, one, ours)

    # ------------------------------------------------------------ by the passage

    def _in_order(self, one: int) -> None:
        """Settles the quantities that both passages hold in the same order (heaviest common subsequence)."""
        mine, yours = self._left(one), self._left_of_counterparts(one)
        weights = [[self._weight(place, found) for found in yours] for place in mine]
        heaviest = [[0] * (len(yours) + 1) for _ in range(len(mine) + 1)]
        for i in range(len(mine) - 1, -1, -1):
            for j in range(len(yours) - 1, -1, -1):
                after = heaviest[i + 1][j + 1] + weights[i][j] if weights[i][j] else 0
                heaviest[i][j] = max(after, heaviest[i + 1][j], heaviest[i][j + 1])
        i = j = 0
        while i < len(mine) and j < len(yours):
            if weights[i][j] and heaviest[i][j] == heaviest[i + 1][j + 1] + weights[i][j]:
                self._settle(mine[i], yours[j])
                i, j = i + 1, j + 1
            elif heaviest[i + 1][j] >= heaviest[i][j + 1]:
                i += 1
            else:
                j += 1

    def _weight(self, place: Place, found: Place) -> int:
        """Returns 0 for quantities that differ; the most for those that are equal without any rounding."""
        if not self._equal(place, found):
            return 0
        mine, yours = self.ours[place[0]].read.quantities[place[1]].meanings[0], self._theirs(found).meanings[0]
        return _EXACTLY if mine == yours else _ROUNDED

    def _in_any_order(self, one: int) -> None:
        """Settles what stands in another order; what is equal without any rounding comes first."""
        for least in (_EXACTLY, _ROUNDED):
            for place in self._left(one):
                self._settle_first(place, self._left_of_counterparts(one), least)

    def _elsewhere(self, one: int) -> None:
        """Settles figures that speak for themselves and now stand in another passage."""
        for figure in self.ours[one].figures:
            for at in figure.quantities:
                quantity = self.ours[one].read.quantities[at]
                counted = quantity.kind in _NUMBERS and quantity.meanings[0].value in set(range(_MOST_ALONE + 1))
                if (one, at) not in self.settled and not counted:
                    self._settle_first((one, at), self._untaken(), _ROUNDED)

    def _changed(self, one: int) -> None:
        """Names the figures in whose place another quantity stands."""
        for figure in self.ours[one].figures:
            for at in figure.quantities:
                place = (one, at)
                found = None if place in self.settled else self._instead(place)
                if found is None:
                    continue
                self._settle(place, found)
                quantity = self._theirs(found)
                stands = self.theirs[found[0]].text[quantity.start : quantity.end]
                self._note(FigureFindingKind.CHANGED, one, figure, _Stands(found[0], quantity.start, stands))

    def _instead(self, place: Place) -> Place | None:
        """Returns the quantity that stands where one of ours did: of its kind between the same two, or nearby."""
        one, at = place
        counterparts = self.alignment.links.get(one, [])
        free = self._left_of_counterparts(one)
        before, after = self._anchors(one, at)
        gap = [found for found in free if (before is None or found > before) and (after is None or found < after)]
        kind = self.ours[one].read.quantities[at].kind
        alike = [found for found in gap if _alike(kind, self._theirs(found).kind)]
        if not alike and kind not in {QuantityKind.COUNT, QuantityKind.ORDINAL}:
            alike = [found for found in free if _alike(kind, self._theirs(found).kind)]
        lost = [other for other in self._left(one) if before is None or other > place or other < place]
        if not alike and len(lost) == len(gap) == 1 and len(counterparts) == 1:
            alike = gap
        return alike[0] if alike else None

    def _anchors(self, one: int, at: int) -> tuple[Place | None, Place | None]:
        """Returns the settled neighbours of a quantity, as they stand in the counterparts."""
        counterparts = set(self.alignment.links.get(one, ()))
        held = [self.settled.get((one, near)) for near in range(len(self.ours[one].read.quantities))]
        near = [found if found is not None and found[0] in counterparts else None for found in held]
        before = next((found for found in reversed(near[:at]) if found is not None), None)
        return before, next((found for found in near[at + 1 :] if found is not None), None)

    def _missing(self) -> None:
        for one, passage in enumerate(self.ours):
            for figure in passage.figures:
                lost = [at for at in figure.quantities if (one, at) not in self.settled]
                lost = [at for at in lost if passage.read.quantities[at].kind is not QuantityKind.OFFSET]
                if not lost:
                    continue
                denied = self._denied(one) if _counts_uses(figure.name) else None
                self._note(
                    FigureFindingKind.MISSING if denied is None else FigureFindingKind.CHANGED, one, figure, denied
                )

    def _denied(self, one: int) -> _Stands | None:
        """Returns where the counterpart says that the status was not used, in words without a number."""
        for other in self.alignment.links.get(one, ()):
            text = self.theirs[other].text
            if sentence := denies(text):
                return _Stands(other, text.index(sentence), sentence)
        return None

    # ------------------------------------------------------------ what was added

    def _stated(self) -> None:
        """Names added sentences that say how often the status was used, and say it otherwise."""
        total = {value for name in self.named if name == USES for value in self._values(name)}
        parts = [(_part_names(name), set(self._values(name))) for name in self.named if _counts_uses(name)]
        if not total:
            return
        known = {sentence for one in self.ours for sentence in one.sentences()}
        for other, passage in enumerate(self.theirs):
            for quantity in counts_in(passage.text, passage.quantities):
                place = (other, passage.quantities.index(quantity))
                sentence = sentence_at(passage.text, quantity.start)
                if place in self.taken or plain(sentence) in known or self._is_heading_number(other, quantity):
                    continue
                of_platform = (counts for names, counts in parts if names & _words(sentence))
                if quantity.meanings[0].value not in total.union(*of_platform):
                    one, figure = self.named[USES][0]
                    stands = passage.text[quantity.start : quantity.end]
                    self._note(FigureFindingKind.DOUBLED, one, figure, _Stands(other, quantity.start, stands))

    def _is_heading_number(self, other: int, quantity: Quantity) -> bool:
        return quantity.start == 0 and self.theirs[other].text[quantity.end : quantity.end + 1] == "."

    def _values(self, name: str) -> Iterator[Fraction]:
        for one, figure in self.named[name]:
            for quantity in figure.alone or self._quantities([(one, at) for at in figure.quantities]):
                if quantity.kind in _NUMBERS and isinstance(quantity.meanings[0].value, Fraction):
                    yield quantity.meanings[0].value

    # ------------------------------------------------------------ places

    def _left(self, one: int) -> list[Place]:
        places = ((one, at) for at in range(len(self.ours[one].read.quantities)))
        return [place for place in places if place not in self.settled]

    def _left_of_counterparts(self, one: int) -> list[Place]:
        places = (
            (other, at)
            for other in sorted(self.alignment.links.get(one, ()))
            for at in range(len(self.theirs[other].quantities))
        )
        return [place for place in places if place not in self.taken]

    def _untaken(self) -> Iterator[Place]:
        for other, passage in enumerate(self.theirs):
            yield from ((other, at) for at in range(len(passage.quantities)) if (other, at) not in self.taken)

    def _settle_first(self, place: Place, places: Iterable[Place], least: int) -> None:
        match = next((found for found in places if self._weight(place, found) >= least), None)
        if match is not None:
            self._settle(place, match)

    def _settle(self, place: Place, found: Place) -> None:
        self.settled[place] = found
        self.taken.add(found)

    def _equal(self, place: Place, found: Place) -> bool:
        figure = self.ours[place[0]].figure_at(place[1])
        if figure is None:
            return same(self.ours[place[0]].read.quantities[place[1]], self._theirs(found))
        return self._same(figure, place, self._theirs(found))

    def _same(self, figure: PrintedFigure, place: Place, theirs: Quantity) -> bool:
        """True if it means the same; minutes in place of hours in tenths must be those of the same answer."""
        mine = self.ours[place[0]].read.quantities[place[1]]
        if not same(_with_unit(figure.name, mine), theirs):
            return False
        meaning = theirs.meanings[0]
        exact = self.exact.get(figure.name.rpartition("/")[0], frozenset())
        if mine.kind is not QuantityKind.DURATION or meaning.step or not mine.meanings[0].step or not exact:
            return True
        return meaning.value in exact or meaning.value == mine.meanings[0].value

    def _theirs(self, place: Place) -> Quantity:
        return self.theirs[place[0]].quantities[place[1]]

    def _quantities(self, places: Iterable[Place]) -> tuple[Quantity, ...]:
        return tuple(self.ours[one].read.quantities[at] for one, at in places)

    def _note(self, kind: FigureFindingKind, one: int, figure: PrintedFigure, found: _Stands | None = None) -> None:
        """Keeps the first fault of a figure; a statement that was added is a fault of its own."""
        added = found if kind is FigureFindingKind.DOUBLED else None
        place = (one, figure.start) if added is None else (len(self.ours) + added.passage, added.start)
        self.kept.setdefault((*place, figure.name), (kind, one, figure, found))

    def _fault(self, kind: FigureFindingKind, one: int, figure: PrintedFigure, found: _Stands | None) -> FigureFinding:
        ours = self.ours[one]
        about = self._quantities([(one, at) for at in figure.quantities]) or figure.alone
        text, start = (
            (ours.read.text, figure.start) if found is None else (self.theirs[found.passage].text, found.start)
        )
        heading = ours.heading if found is None else self._heading(found.passage)
        cell = "" if kind is FigureFindingKind.DOUBLED else ours.cell
        return FigureFinding(
            kind=kind,
            name=figure.name,
            about=about[0].kind if about else None,
            place=", ".join(filter(None, (heading, cell))),
            sentence=sentence_at(text, max(start, 0)),
            record=figure.text,
            stands="" if found is None else found.words,
        )

    def _heading(self, other: int) -> str:
        """Returns the heading above one of their passages: the nearest before it that is a heading of ours."""
        headings = {
            their
            for one, others in self.alignment.links.items()
            if self.ours[one].is_heading
            for their in others
            if their <= other
        }
        return self.theirs[max(headings)].text if headings else ""


def _with_unit(name: str, mine: Quantity) -> Quantity:
    """Returns a number of a cell as the duration that it is too, by the last part of its figure's name."""
    unit = _UNITS.get(name.rpartition("/")[2])
    value = mine.meanings[0].value
    if unit is None or mine.kind is not QuantityKind.COUNT or not isinstance(value, Fraction):
        return mine
    # 2.0 in a column of tenths is as coarse as 2.5
    duration = Meaning(QuantityKind.DURATION, value * unit, Fraction(0 if unit == 1 else unit, 10))
    return replace(mine, meanings=(*mine.meanings, duration))


def _all_same(mine: Sequence[Quantity], yours: Sequence[Quantity]) -> bool:
    return len(mine) == len(yours) and all(map(same, mine, yours))


def _alike(kind: QuantityKind, other: QuantityKind) -> bool:
    return kind is other or {kind, other} <= _NUMBERS - {QuantityKind.ORDINAL}


def _counts_uses(name: str) -> bool:
    return name.partition("/")[0] == USES


def _part_names(name: str) -> set[str]:
    """Returns the words of a figure's name that may say of which platform it is."""
    return {part.casefold() for part in name.split("/")[1:]} - _OF_EVERY_PART


def _decoded(name: str) -> str:
    """Returns the name of a mark as we wrote it: in Word's format and back, LibreOffice writes a slash as `%2F`."""
    return _ENCODED.sub(lambda found: chr(int(found[1], 16)), name)


def _words(sentence: str) -> set[str]:
    return {word.strip(".,;:()").casefold() for word in sentence.split()}


def _exact_durations(ours: Sequence[PrintedPassage]) -> Mapping[str, frozenset[Fraction]]:
    """Returns the durations to the minute of each answer, by the part of their names that is the answer's."""
    found: dict[str, frozenset[Fraction]] = {}
    for passage in ours:
        for figure in passage.figures:
            for at in figure.quantities:
                meaning = passage.read.quantities[at].meanings[0]
                if meaning.kind is QuantityKind.DURATION and not meaning.step and isinstance(meaning.value, Fraction):
                    answer = figure.name.rpartition("/")[0]
                    found[answer] = found.get(answer, frozenset()) | {meaning.value}
    return found

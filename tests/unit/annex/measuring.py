# SPDX-License-Identifier: EUPL-1.2
"""Recall and precision of what is proposed, by kind of detail."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from flaggermail.annex.redaction.known import KnownToDesk
from flaggermail.annex.redaction.marks import Mark, PrintedPart, PrintedText
from flaggermail.annex.redaction.proposals import propose
from flaggermail.annex.redaction_words import read_redaction_words
from flaggermail.shipped import shipped
from tests.invented import NAMES, STAY, UNKNOWN, Planted
from tests.planted import NOWHERE, Annex, Detail
from tests.shipped_parser import LANGUAGE

WORDS = read_redaction_words(shipped("rules"))
KNOWN = KnownToDesk(
    words=WORDS,
    language=LANGUAGE,
    prefix="VF",
    tails=frozenset({"K7QF"}),
    channels=("support@x-platform.example", "gov-eu@x-platform.example"),
    own=("flagger@bzk.example", "+31 70 426 64 26"),
    organisations=("X", "Meta", "TikTok", "YouTube", "Facebook", "Verkiezingen flagger", "X Support Team"),
    public=(
        "https://beleid.x-platform.example",
        "https://policy.x-platform.example",
        "www.rijksoverheid.example",
        "www.provincie.example",
        "www.authority.example",
        "noreply@x-platform.example",
        "Turfmarkt 147",
    ),
)
"""What the desk of the planted annexes knows."""

OURS = frozenset({"flagger@bzk.example", "support@x-platform.example", "gov-eu@x-platform.example"})
_TITLE = re.compile(r"(?:mevrouw|de heer|mr\. drs\.|mr\.|ms|mme|dr\.) ", re.IGNORECASE)
_PLANTED = re.compile(r"\{([a-z ]+)\|([^}]*)\}")


@dataclass
class Measured:
    """How many details of each kind there are and were found, and how many marks were right and wrong."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    def recall(self, kind: str | None = None) -> float:
        """Returns the share that was found, of one kind or of all that a program can find."""
        kinds = [kind] if kind else [one for one in self.planted if one != NOWHERE]
        return sum(self.found[one] for one in kinds) / sum(self.planted[one] for one in kinds)

    def precision(self) -> float:
        """Returns the share of marks that hold nothing but planted details."""
        return self.right.total() / (self.right.total() + self.wrong.total())

    def table(self) -> str:
        """Returns the figures, one kind a line."""
        lines = [f"{kind:26}{self.planted[kind]:6}{self.recall(kind):8.4f}" for kind in sorted(self.planted)]
        marks = [
            f"{kind:26}{self.right[kind]:6} right{self.wrong[kind]:4} wrong" for kind in sorted(self.right | self.wrong)
        ]
        return "\n".join((*lines, f"recall {self.recall():.4f}", *marks, f"precision {self.precision():.4f}"))


def measured(annexes: Iterable[Annex]) -> Measured:
    """Returns what `propose` finds of the details in `annexes`, which it is not shown."""
    result = Measured()
    for annex in annexes:
        marks = propose(annex.texts, KNOWN)
        for number, text in enumerate(annex.texts):
            own = [mark for mark in marks if mark.of == number]
            _count(result, text.text, own, [detail for detail in annex.details if detail.of == number])
    return result


def _count(result: Measured, text: str, marks: list[Mark], details: list[Detail]) -> None:
    covered = {at for mark in marks for at in range(mark.start, mark.end)}
    planted = {at for detail in details for at in range(detail.start, detail.end)}
    for detail in details:
        title = _TITLE.match(text, detail.start, detail.end)  # "mevrouw" names nobody
        whole = range(title.end() if title else detail.start, detail.end)
        found = all(at in covered for at in whole if text[at].isalnum())
        result.planted[detail.kind] += 1
        result.found[detail.kind] += found
        if not found:
            result.missed.append(f"{detail.kind}: {text[detail.start : detail.end]!r}")
    for mark in marks:
        inside = all(at in planted for at in range(mark.start, mark.end) if text[at].isalnum())
        counter = result.right if inside or text[mark.start : mark.end] in OURS else result.wrong
        counter[mark.detail.value] += 1


def by_hand(path: Path) -> Iterator[Annex]:
    """Yields mails written by hand; `{name|Jan}` is a detail. Each mail is an annex."""
    for mail in path.read_text(encoding="utf-8").split("=====\n"):
        head, _, body = mail.partition("\n\n")
        annex = Annex()
        for line in head.splitlines():
            label, _, value = line.partition(": ")
            _add(annex, PrintedPart(label.lower()), value)
        _add(annex, PrintedPart.BODY, body)
        yield annex


def _add(annex: Annex, part: PrintedPart, marked: str) -> None:
    text, at = "", 0
    for match in _PLANTED.finditer(marked):
        text += marked[at : match.start()]
        kind = NOWHERE if match[1] == "elsewhere" else match[1]
        annex.details.append(Detail(len(annex.texts), len(text), len(text) + len(match[2]), kind))
        text += match[2]
        at = match.end()
    annex.texts.append(PrintedText(0, part, 0, text + marked[at:]))


Asked: TypeAlias = Callable[[Sequence[PrintedText], Sequence[Mark], KnownToDesk], Iterable[tuple[int, int, int]]]
"""Gives the places (text, start, end) of words that a person is asked about."""


@dataclass
class Truth:
    """How many places of each kind there are, and how many were covered whole, in part, or not and asked about."""

    places: Counter[Planted] = field(default_factory=Counter)
    whole: Counter[Planted] = field(default_factory=Counter)
    ticked: Counter[Planted] = field(default_factory=Counter)  # not whole by marks, and whole with what is asked
    halves: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # marks that hold more than what is to be marked
    asked: list[int] = field(default_factory=list)  # words that a person is asked about, of each exchange
    marks: int = 0
    mails: int = 0
    seconds: float = 0.0

    def recall(self, kinds: Iterable[Planted], *, after_ticks: bool = False) -> float:
        """Returns the share of the places of `kinds` that marks cover whole; with the asked words if `after_ticks`."""
        kinds = tuple(kinds)
        found = sum(self.whole[kind] + (self.ticked[kind] if after_ticks else 0) for kind in kinds)
        return found / max(1, sum(self.places[kind] for kind in kinds))

    def touched(self, kinds: Iterable[Planted]) -> float:
        """Returns the share of the places of kinds that stay and that a mark touches all the same."""
        kinds = tuple(kinds)
        return 1 - sum(self.whole[kind] for kind in kinds) / max(1, sum(self.places[kind] for kind in kinds))

    @property
    def unasked(self) -> int:
        """Unknown words behind a function that were neither marked nor asked about."""
        return sum(self.places[kind] - self.whole[kind] - self.ticked[kind] for kind in UNKNOWN)

    @property
    def precision(self) -> float:
        """The share of marks that hold nothing but what is to be marked."""
        return 1 - len(self.wrong) / max(1, self.marks)

    def table(self) -> str:
        """Returns the figures."""
        kinds = [
            f"{kind:34}{self.places[kind]:6}{self.recall([kind]):8.3f}{self.recall([kind], after_ticks=True):8.3f}"
            for kind in Planted
            if self.places[kind]
        ]
        files = (Planted.IN_SUBJECT, Planted.IN_FILE)
        return "\n".join(
            (
                *kinds,
                f"all names                          {self.recall(NAMES):.3f}",
                f"all names after ticks              {self.recall(NAMES, after_ticks=True):.3f}",
                f"subjects and file names            {self.recall(files):.3f}",
                f"subjects, file names after ticks   {self.recall(files, after_ticks=True):.3f}",
                f"half marks                         {len(self.halves)}",
                f"unknown words kept, not asked      {self.unasked}",
                f"institutions, own numbers marked   {self.touched(STAY):.4f}",
                f"precision                          {self.precision:.4f} of {self.marks} marks",
                f"words asked an exchange            {sum(self.asked) / max(1, len(self.asked)):.1f}",
                f"ms a mail                          {1000 * self.seconds / max(1, self.mails):.1f}",
            )
        )


def truth_of(annexes: Iterable[Annex], asked: Asked | None = None) -> Truth:
    """Returns what `propose` finds in annexes whose details are of `Planted`, and what `asked` asks about."""
    result = Truth()
    for annex in annexes:
        begun = time.process_time()
        marks = propose(annex.texts, KNOWN)
        left = list(asked(annex.texts, marks, KNOWN)) if asked else []
        result.seconds += time.process_time() - begun
        result.mails += 1 + annex.texts[-1].mail
        result.asked.append(len(left))
        for number, text in enumerate(annex.texts):
            own = [mark for mark in marks if mark.of == number]
            details = [detail for detail in annex.details if detail.of == number]
            _judge(result, text.text, own, details, [(start, end) for of, start, end in left if of == number])
    return result


def _judge(
    result: Truth, text: str, marks: Sequence[Mark], details: Sequence[Detail], asked: Sequence[tuple[int, int]]
) -> None:
    covered = {at for mark in marks for at in range(mark.start, mark.end)}
    ticked = covered | {at for start, end in asked for at in range(start, end)}
    wanted: set[int] = set()
    for detail in details:
        kind = Planted(detail.kind)
        van = len("van ") if kind is Planted.UNKNOWN_PERSON else 0  # alone it names nobody
        signs = [at for at in range(detail.start + van, detail.end) if text[at].isalnum()]
        hit = sum(at in covered for at in signs)
        result.places[kind] += 1
        shown = f"{kind}: {text[detail.start : detail.end]!r} in {text[max(0, detail.start - 30) : detail.end + 15]!r}"
        if kind in STAY:
            result.whole[kind] += not hit
            if hit:
                result.missed.append(shown)
            continue
        if kind is not Planted.UNKNOWN:
            wanted.update(range(detail.start, detail.end))
        result.whole[kind] += hit == len(signs)
        if hit < len(signs):
            result.ticked[kind] += all(at in ticked for at in signs)
            result.missed.append(shown)
            if hit and kind not in UNKNOWN:
                result.halves.append(shown)
    for mark in marks:
        result.marks += 1
        inside = all(at in wanted for at in range(mark.start, mark.end) if text[at].isalnum())
        if not inside and text[mark.start : mark.end] not in OURS:
            result.wrong.append(f"{text[mark.start : mark.end]!r} in {text[max(0, mark.start - 30) : mark.end + 15]!r}")

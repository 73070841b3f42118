# SPDX-License-Identifier: EUPL-1.2
"""Recall and precision of what is proposed, by kind of detail."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.redaction.known import KnownToDesk
from flaggermail.redaction.marks import Mark, PrintedPart, PrintedText
from flaggermail.redaction.proposals import propose
from flaggermail.settings.redaction_words import read_redaction_words
from flaggermail.shipped import shipped
from tests.planted import NOWHERE, Annex, Detail

WORDS = read_redaction_words(shipped("rules"))
KNOWN = KnownToDesk(
    words=WORDS,
    language=read_language(shipped("rules")),
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

# SPDX-License-Identifier: EUPL-1.2
"""The draft of a declaration of destruction, in Dutch and in English. Pure.

It counts and dates; it holds no title, name of a correspondent, address or subject, since a declaration stays when what
it is about is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import fill

from flaggermail.archive.retention import KeptThing, ThingKept
from flaggermail.record.contacts import LanguageCode
from flaggermail.record.terms import Standing, TermStart
from flaggermail.wording.annex import Declared
from flaggermail.wording.said import Said, dated

_LINE = "_" * 24
_WIDTH = 78
_START: Mapping[TermStart, Declared] = {
    TermStart.CLOSING: Declared.FROM_CLOSING,
    TermStart.ELECTION: Declared.FROM_ELECTION,
    TermStart.ARRIVAL: Declared.FROM_ARRIVAL,
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


def _lines(about: Destruction, language: LanguageCode) -> Iterator[Said]:
    blank, line = Said(), Declared.TO_FILL_IN(line=_LINE)
    yield from (Declared.TITLE(), blank, Declared.DRY_RUN(), blank)
    yield Declared.ORGANISATION(name=about.organisation)
    yield Declared.AS_OF(day=dated(about.as_of, language))
    yield Declared.OF_ALL() if about.election is None else Declared.OF_ELECTION(election=about.election)
    yield from (blank, Declared.WHAT(), _sum(_standing(about, Standing.DUE)), Declared.LISTED())
    yield from _classes(about, language)
    held = _standing(about, Standing.HELD)
    yield from (blank, Declared.NOT(), Declared.HELD(sum=_sum(held)))
    if held:
        yield Declared.HOLDS(holds=sorted({key for thing in held for key in thing.held_by}))
    yield Declared.TRANSFER(sum=_sum(_standing(about, Standing.TRANSFER)))
    yield from (blank, Declared.WAY(), line, blank, Declared.APPROVAL())
    names = ((Declared.HEAD, ", ".join(about.heads)), (Declared.ARCHIVIST, ""), (Declared.RESPONSIBLE, ""))
    for role, name in names:
        yield role(name=name or _LINE)
        yield Declared.SIGNATURE(line=_LINE)


def _classes(about: Destruction, language: LanguageCode) -> Iterator[Said]:
    due = _standing(about, Standing.DUE)
    for of in dict.fromkeys(thing.of for thing in due):
        share = [thing for thing in due if thing.of == of]
        begun = [thing.begins for thing in share if thing.begins is not None]
        yield from (Said(), Declared.OF_CLASS(name=of.code), Declared.NUMBER(sum=_sum(share)))
        yield Declared.PERIOD(period=of.term.spoken(language), written=of.term.written, start=_START[of.start]())
        yield Declared.BEGAN(first=dated(min(begun), language), last=dated(max(begun), language))
        yield Declared.BASIS(basis=of.basis or Declared.TO_FILL_IN(line=_LINE))


def _standing(about: Destruction, standing: Standing) -> list[KeptThing]:
    return [thing for thing in about.things if thing.standing is standing]


def _sum(things: Sequence[KeptThing]) -> Said:
    cases = [thing for thing in things if thing.what is ThingKept.CASE]
    mail, loose = sum(thing.leaving for thing in cases), len(things) - len(cases)
    numbers = (Declared.CASES(count=len(cases)), Declared.MESSAGES(count=mail), Declared.MESSAGES(count=loose))
    return Declared.SUM(cases=numbers[0], mail=numbers[1], loose=numbers[2])

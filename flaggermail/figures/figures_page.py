# SPDX-License-Identifier: EUPL-1.2
"""The page of figures: summary, all uses on one scale, timeline and table of each, and the method, in one file.

It holds no script and fetches nothing; a policy in its head forbids both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from flaggermail.documents.html import table, written
from flaggermail.documents.svg import Markup, element, lines
from flaggermail.figures.dots import dots, upright_dots
from flaggermail.figures.looks import Telling, page_sheet
from flaggermail.figures.moments import BASES, FORMS, WORDS, counted_instants, stopped_together
from flaggermail.figures.timeline import drawn, heading
from flaggermail.figures.upright import by_election, figure_of, upright
from flaggermail.figures.uses import Figures, PlatformUse, Stop, Summary, SummaryBy
from flaggermail.record import clocks
from flaggermail.record.states import Sign
from flaggermail.wording.report import Caption, Method
from flaggermail.wording.said import Sentence

_SUMMARIES: Mapping[SummaryBy, tuple[Caption, Caption]] = {
    SummaryBy.PLATFORM: (Caption.BY_PLATFORM, Caption.PLATFORM),
    SummaryBy.CHANNEL: (Caption.BY_CHANNEL, Caption.CHANNEL),
    SummaryBy.ELECTION: (Caption.BY_ELECTION, Caption.ELECTION),
}
_METHOD = (
    Method.UNIT, Method.CLOCKS, Method.INSTANTS, Method.MINUTES, Method.MEDIAN, Method.SHARES, Method.REMINDERS,
    Method.NO_OUTCOME,
)  # fmt: skip
_COUNTS = (Caption.COUNT_SENT, Caption.COUNT_ANSWERED, Caption.COUNT_OPEN)
_WAITS = (Caption.MEDIAN, Caption.LONGEST, Caption.VALUES, Caption.SHARES)
_SEVERAL = 2  # uses that are drawn in one picture
_CLOCKS = (Caption.INSTANT, Caption.MINUTES, Caption.TENTHS, Caption.BASIS, Caption.FORM)
_COUNTED = frozenset({*_COUNTS, Caption.MEDIAN, Caption.LONGEST, Caption.MINUTES, Caption.TENTHS})


def page(figures: Figures, telling: Telling, organisation: str) -> str:
    """Returns the figures as an HTML document; `organisation` is whose they are."""
    title = telling.say(Caption.TITLE)
    at = telling.about([figures.as_of]).instant(figures.as_of)
    body = (
        element("h1", None, title),
        element("p", {"class": "soft"}, telling.say(Caption.AS_OF(organisation=organisation, at=at))),
        element("h2", None, telling.say(Caption.SUMMARY)),
        *_summary(figures, telling),
        *_together(figures, telling),
        element("h2", None, telling.say(Caption.USES)),
        *_uses(figures, telling),
        element("h2", None, telling.say(Caption.METHOD)),
        *(element("p", None, telling.say(paragraph)) for paragraph in _METHOD),
        element("p", None, telling.say(Method.TIMES(zone=telling.zone.key))),
    )
    return written(telling.language, f"{title}, {organisation}", page_sheet(), body)


def _summary(figures: Figures, telling: Telling) -> Iterator[Markup]:
    """Yields a table for each way of summing up, without the columns in which nothing would stand."""
    if not any(one.sent for one in figures.summary):
        yield element("p", None, telling.say(Caption.NOT_USED))
        return
    for by, (caption, what) in _SUMMARIES.items():
        groups = [one for one in figures.summary if one.by is by]
        waits = [_waits(one, telling) for one in groups]
        several = any(one.sent > 1 for one in groups)  # a single wait is the longest
        kept = [head for head in _WAITS if any(one.get(head) for one in waits) and (several or head != Caption.VALUES)]
        rows = [
            (
                figures.printed_name(one, telling.language),
                [str(one.sent), str(one.answered), str(one.open), *(told.get(head, "") for head in kept)],
            )
            for one, told in zip(groups, waits, strict=True)
        ]
        if rows:
            yield _table(telling.say(caption), (what, *_COUNTS, *kept), rows, telling)


def _waits(one: Summary, telling: Telling) -> Mapping[Caption, str]:
    """Returns what is told of the waits of a group: each of them if they are few, else shares."""
    found = {
        head: f"{minutes}{clocks.in_days(minutes, telling.language)}"
        for head, minutes in ((Caption.MEDIAN, one.median_minutes), (Caption.LONGEST, one.longest_minutes))
        if minutes is not None
    }
    if one.within_hours:
        found[Caption.SHARES] = ", ".join(
            telling.say(Caption.SHARE(count=hours, answered=count, of=of))
            for hours, (count, of) in one.within_hours.items()
        )
    else:
        waiting = (telling.say(Caption.OPEN_SO_FAR(took=minutes)) for minutes in one.waiting_minutes)
        found[Caption.VALUES] = "; ".join([*map(str, one.answered_minutes), *waiting])
    return found


def _together(figures: Figures, telling: Telling) -> Iterator[Markup]:
    """Yields all uses in one picture, if there are several."""
    if len(figures.uses) >= _SEVERAL:
        uses, as_of = figures.uses, figures.as_of
        yield figure_of(dots(uses, as_of, telling), upright_dots(uses, as_of, telling), "all")


def _uses(figures: Figures, telling: Telling) -> Iterator[Markup]:
    """Yields each use with its timeline and its table, by election."""
    number = 0
    for election, uses in by_election(figures).items():
        yield element("h3", None, figures.election_name(election, telling.language))
        if not uses:
            yield element("p", None, telling.say(Caption.NOT_USED))
        for use in uses:
            number += 1
            yield _use(use, figures, telling, f"use-{number}")
    if not by_election(figures):
        yield element("p", None, telling.say(Caption.NOT_USED))


def _use(use: PlatformUse, figures: Figures, telling: Telling, key: str) -> Markup:
    title = f"{heading(use, telling)}, {use.notification}"
    picture = figure_of(drawn(use, figures.as_of, telling), upright(use, figures.as_of, telling), key)
    exact = telling.about(counted_instants(use, figures.as_of))
    rows = [
        (telling.say(WORDS[Sign.SENT]), [exact.instant(use.sent_at), "", "", telling.say(BASES[use.sent_basis]), ""]),
        *(
            (", ".join(telling.say(WORDS[sign]) for sign in signs), _cells(stop, exact))
            for stop, signs in stopped_together(use)
        ),
    ]
    told = Caption.TOLD(reminders=_listed(use.reminders, exact), escalations=_listed(use.escalations, exact))
    caption = telling.say(Caption.CLOCKS_OF(number=use.notification))
    return element(
        "section", None,
        lines(
            "", element("h4", None, title), picture, _table(caption, (Caption.CLOCK, *_CLOCKS), rows, telling),
            element("p", None, telling.say(told)), "\n",
        ),
    )  # fmt: skip


def _cells(stop: Stop | None, telling: Telling) -> list[str]:
    if stop is None:
        return [telling.say(Caption.OPEN), "", "", "", ""]
    basis, form = telling.say(BASES[stop.basis]), telling.say(FORMS[stop.form])
    return [telling.instant(stop.at), str(stop.minutes), telling.hours(stop.minutes), basis, form]


def _listed(instants: Iterable[datetime], telling: Telling) -> str:
    """Returns instants in a row, each day once: `6 June 2024 11:34, 12:34; 7 June 2024 09:00`."""
    days = groupby(instants, key=telling.day)
    return "; ".join(f"{day} {', '.join(map(telling.clock, own))}" for day, own in days) or telling.say(Caption.NONE)


def _table(
    caption: str, heads: Sequence[Sentence], rows: Sequence[tuple[str, Sequence[str]]], telling: Telling
) -> Markup:  # fmt: skip
    named = [(head, telling.say(head)) for head in heads]
    columns = [([name], name, "number" if head in _COUNTED else "") for head, name in named]
    return table([caption], columns, [(name, *cells) for name, cells in rows])

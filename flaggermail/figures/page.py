# SPDX-License-Identifier: EUPL-1.2
"""The page of figures: summary, timeline and table of each use, and the method, in one file.

It holds no script and fetches nothing; a policy in its head forbids both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from flaggermail.documents.markup import Markup, element, lines
from flaggermail.figures.local_times import Telling
from flaggermail.figures.looks import page_sheet
from flaggermail.figures.moments import BASES, FORMS, WORDS, counted_instants
from flaggermail.figures.picture import by_election, inline
from flaggermail.figures.timeline import drawn, heading
from flaggermail.figures.uses import Figures, PlatformUse, Stop, Summary, SummaryBy
from flaggermail.notifications import latency
from flaggermail.record.clocks import Sign
from flaggermail.wording.captions import Caption, Method
from flaggermail.wording.said import Sentence

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_SUMMARIES: Mapping[SummaryBy, tuple[Caption, Caption]] = {
    SummaryBy.PLATFORM: (Caption.BY_PLATFORM, Caption.PLATFORM),
    SummaryBy.CHANNEL: (Caption.BY_CHANNEL, Caption.CHANNEL),
    SummaryBy.ELECTION: (Caption.BY_ELECTION, Caption.ELECTION),
}
_METHOD = (
    Method.UNIT, Method.CLOCKS, Method.INSTANTS, Method.MINUTES, Method.MEDIAN, Method.REMINDERS, Method.NO_OUTCOME,
)  # fmt: skip
_COUNTS = (Caption.COUNT_SENT, Caption.COUNT_ANSWERED, Caption.COUNT_OPEN, Caption.MEDIAN, Caption.LONGEST)
_CLOCKS = (Caption.INSTANT, Caption.MINUTES, Caption.TENTHS, Caption.BASIS, Caption.FORM)
NOTHING = "-"  # in a cell
_COUNTED = frozenset({*_COUNTS, Caption.MINUTES, Caption.TENTHS})


def page(figures: Figures, telling: Telling, organisation: str) -> str:
    """Returns the figures as an HTML document; `organisation` is whose they are."""
    title = telling.say(Caption.TITLE)
    at = telling.about([figures.as_of]).instant(figures.as_of)
    head = (
        element("meta", {"charset": "utf-8"}),
        element("meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("meta", {"name": "color-scheme", "content": "light dark"}),
        element("title", None, f"{title}, {organisation}"),
        element("style", None, Markup(f"\n{page_sheet()}\n")),
    )
    body = (
        element("h1", None, title),
        element("p", {"class": "soft"}, telling.say(Caption.AS_OF(organisation=organisation, at=at))),
        element("h2", None, telling.say(Caption.SUMMARY)),
        *_summary(figures.summary, telling),
        element("h2", None, telling.say(Caption.USES)),
        *_uses(figures, telling),
        element("h2", None, telling.say(Caption.METHOD)),
        *(element("p", None, telling.say(paragraph)) for paragraph in _METHOD),
        element("p", None, telling.say(Method.TIMES(zone=telling.zone.key))),
    )
    content = element("body", None, element("main", None, lines("", *body, "\n")))
    document = element("html", {"lang": telling.language}, lines("", element("head", None, lines("", *head)), content))
    return f"<!DOCTYPE html>\n{document}\n"


def _summary(summary: Sequence[Summary], telling: Telling) -> Iterator[Markup]:
    """Yields a table for each way of summing up."""
    if not any(one.sent for one in summary):
        yield element("p", None, telling.say(Caption.NOT_USED))
    for by, (caption, what) in _SUMMARIES.items():
        rows = [
            (one.name, [one.sent, one.answered, one.open], [one.median_minutes, one.longest_minutes])
            for one in summary
            if one.by is by
        ]
        if rows:
            texts = [
                (name, [*map(str, counts), *(_wait(one, telling) for one in waits)]) for name, counts, waits in rows
            ]
            yield _table(f"by-{by}", telling.say(caption), (what, *_COUNTS), texts, telling)


def _wait(minutes: int | None, telling: Telling) -> str:
    return NOTHING if minutes is None else f"{minutes}{latency.in_days(minutes, telling.language)}"


def _uses(figures: Figures, telling: Telling) -> Iterator[Markup]:
    """Yields each use with its timeline and its table, by election."""
    number = 0
    for election, uses in by_election(figures).items():
        yield element("h3", None, f"{telling.say(Caption.ELECTION)} {election}")
        if not uses:
            yield element("p", None, telling.say(Caption.NOT_USED))
        for use in uses:
            number += 1
            yield _use(use, figures, telling, f"use-{number}")
    if not by_election(figures):
        yield element("p", None, telling.say(Caption.NOT_USED))


def _use(use: PlatformUse, figures: Figures, telling: Telling, key: str) -> Markup:
    title = f"{heading(use, telling)}, {use.notification}"
    picture = element("figure", None, inline(drawn(use, figures.as_of, telling), key))
    exact = telling.about(counted_instants(use, figures.as_of))
    rows = [
        (telling.say(WORDS[Sign.SENT]), [exact.instant(use.sent_at), "", "", telling.say(BASES[use.sent_basis]), ""]),
        *((telling.say(WORDS[sign]), _cells(stop, exact)) for sign, stop in _stops(use).items()),
    ]
    told = Caption.TOLD(reminders=_listed(use.reminders, exact), escalations=_listed(use.escalations, exact))
    caption = telling.say(Caption.CLOCKS_OF(number=use.notification))
    return element(
        "section", None,
        lines(
            "", element("h4", {"id": f"{key}-name"}, title), _scrolling(f"{key}-name", picture),
            _table(f"{key}-clocks", caption, (Caption.CLOCK, *_CLOCKS), rows, telling),
            element("p", None, telling.say(told)), "\n",
        ),
    )  # fmt: skip


def _stops(use: PlatformUse) -> Mapping[Sign, Stop | None]:
    return {Sign.RECEIPT: use.receipt, Sign.HUMAN: use.human, Sign.SUBSTANCE: use.substance}


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
    key: str, caption: str, heads: Sequence[Sentence], rows: Sequence[tuple[str, Sequence[str]]], telling: Telling
) -> Markup:
    """Returns a table whose first column names its rows, in an element that scrolls by itself.

    Its roles are written out: where a narrow page shows it as a list, some programs would take it for none.
    """
    names = [telling.say(head) for head in heads]
    kinds = [{"class": "number"} if head in _COUNTED else {} for head in heads]
    head = [
        element("th", {"role": "columnheader", "scope": "col", **kind}, name)
        for name, kind in zip(names, kinds, strict=True)
    ]
    body = [
        element(
            "tr", {"role": "row"}, element("th", {"role": "rowheader", "scope": "row"}, name),
            *(
                element("td", {"role": "cell", "data-head": named, **kind}, cell)
                for cell, named, kind in zip(cells, names[1:], kinds[1:], strict=True)
            ),
        )
        for name, cells in rows
    ]  # fmt: skip
    parts = (
        element("caption", {"id": key}, caption),
        element("thead", {"role": "rowgroup"}, element("tr", {"role": "row"}, *head)),
        element("tbody", {"role": "rowgroup"}, lines("", *body, "\n")),
    )
    return _scrolling(key, element("table", {"role": "table"}, lines("", *parts, "\n")))


def _scrolling(key: str, content: Markup) -> Markup:
    """Returns an element that is scrolled by itself where it is wider than the page, by keyboard too."""
    attributes = {"class": "scroll", "role": "group", "aria-labelledby": key, "tabindex": "0"}
    return element("div", attributes, content)

# SPDX-License-Identifier: EUPL-1.2
"""Whether the sentences of a report and its tables say the same: compared as facts, before anything is worded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flaggermail.notifications import latency
from flaggermail.notifications.clocks import CLOCKS
from flaggermail.record.case_values import Decision
from flaggermail.report.values import CaseCount, NamedCount, ReportFacts, UseFacts
from flaggermail.wording.refusals import Disagreement
from flaggermail.wording.said import Said


def disagreements(facts: ReportFacts) -> Iterator[Said]:
    """Yields each statement of the report that another one of it would contradict."""
    yield from _sums(facts)
    yield from _cases(facts)
    for told in facts.uses:
        yield from _of_use(told, facts)


def _sums(facts: ReportFacts) -> Iterator[Said]:
    """Compares the number of uses, and that of cases, with what each table adds up to."""
    uses, cases = len(facts.uses), len(facts.cases)
    own = [len(one.answered) + len(one.waiting) for one in facts.elections if one.election == facts.election]
    tables = (
        (uses, "by_platform", _total(facts.by_platform)),
        (uses, "by_type", _total(facts.by_type)),
        (sum(len(told.criteria) for told in facts.uses), "criteria", _total(facts.criteria)),
        (uses, "elections", sum(own)),
        (cases, "received", _total(facts.received)),
        (cases, "decisions", _total(facts.decisions)),
    )
    for count, table, total in tables:
        if count != total:
            yield Disagreement.SUM(table=table, total=total, count=count)


def _cases(facts: ReportFacts) -> Iterator[Said]:
    """Compares the cases that were put to a platform with the uses, and those without a decision with what is said."""
    counted = {one.name: one.count for one in facts.decisions}
    late = {told.use.case for told in facts.uses if not told.is_decided}
    used = {told.use.case for told in facts.uses} - late
    for kind, cases in ((CaseCount.NOTIFIED, used), (CaseCount.NOT_BEFOREHAND, late)):
        if counted.get(kind, 0) != len(cases):
            yield Disagreement.CASES(kind=kind.value, total=counted.get(kind, 0), count=len(cases))


def _of_use(told: UseFacts, facts: ReportFacts) -> Iterator[Said]:
    """Compares what is said of a use with its own figures."""
    use, number = told.use, told.use.notification
    if told.decision not in {None, Decision.NOTIFY}:
        yield Disagreement.DECIDED_OTHERWISE(use=number, case=use.case, decision=str(told.decision))
    if use.case not in facts.cases or use.election != facts.election:
        yield Disagreement.NOT_COUNTED(use=number, case=use.case)
    for kind in CLOCKS:
        stop = use.stop(kind)
        if stop is not None and (stop.minutes < 0 or stop.minutes != latency.minutes(use.sent_at, stop.at)):
            yield Disagreement.MINUTES(use=number, clock=kind.value, minutes=stop.minutes)


def _total(counts: Sequence[NamedCount]) -> int:
    return sum(one.count for one in counts)

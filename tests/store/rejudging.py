# SPDX-License-Identifier: EUPL-1.2
"""Classifies the record again with the rules that classified it."""

from __future__ import annotations

from flaggermail.desk.rule_comparison import archive, classify, outcome
from flaggermail.services import UnitOfWork
from flaggermail.wording.filing import PlacementBasis


def found_otherwise(work: UnitOfWork) -> tuple[int, list[str]]:
    """Returns how many messages were classified again, and those whose result differs from the record."""
    judged, otherwise = 0, list[str]()
    for one in archive(work):
        judged += 1
        found = classify(one, work.env.settings.rules)
        again = outcome(one, found)
        kinds = tuple(kind.value for kind in found.kinds)
        says = (again.place, again.opens, found.rule, kinds, found.labels, found.priority)
        row, opened = one.row, one.row.case is not None and not one.row.match_basis.english
        holds = (row.place, opened, row.rule, row.kinds, row.labels, row.priority)
        if says != holds:
            otherwise.append(f"{row.id}: {holds}, now {says}")
        report = (
            one.stored.match_basis.code == PlacementBasis.REPORTS
        )  # filed with the mail that came back, after it was judged
        if not (one.by_hand or report) and (one.stored.kinds, one.stored.place) != (row.kinds, row.place):
            otherwise.append(f"{row.id}: changed, and by no person")
    return judged, otherwise

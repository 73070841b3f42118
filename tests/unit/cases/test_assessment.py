# SPDX-License-Identifier: EUPL-1.2
"""What an assessment lacks before a decision to notify, and what a person should consider."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flaggermail.cases.assessment import missing, warnings
from flaggermail.record.case_values import CaseType, Origin
from flaggermail.record.rows import Case
from tests.corpus import each

CASE = Case(
    number="VF-EP2024-0001", election="EP2024", type=CaseType.CONTENT, origin=Origin.REFERRAL, token="0" * 32,
    opened_at=datetime(2024, 6, 6, tzinfo=UTC), opened_by="officer1",
)  # fmt: skip
STEP_A = "step (a), whether it is in fact incorrect or misleading, is not answered with yes"
STEP_B = "step (b), at least one of the criteria 1 to 3, is not filled in"
MEANS = "the owner has not used all own means, and no reason to go on without them is given"


@each(
    ("assessed", "lacks"),
    [
        (replace(CASE, type=CaseType.CONTENT), (STEP_A, STEP_B)),
        (replace(CASE, type=CaseType.CONTENT, incorrect=False, criteria=(1,)), (STEP_A,)),
        (replace(CASE, type=CaseType.CONTENT, incorrect=True), (STEP_B,)),
        (replace(CASE, type=CaseType.CONTENT, incorrect=True, criteria=(1,)), ()),
        (replace(CASE, type=CaseType.CONTENT, incorrect=True, criteria=(3,), satire=True), ()),
        (replace(CASE, type=CaseType.GENERAL_WARNING), (STEP_B,)),
        (replace(CASE, type=CaseType.GENERAL_WARNING, criteria=(2,)), ()),
        (replace(CASE, type=CaseType.CHANNEL), (MEANS,)),
        (replace(CASE, type=CaseType.CHANNEL, all_means_used=False), (MEANS,)),
        (replace(CASE, type=CaseType.CHANNEL, all_means_used=True), ()),
        (replace(CASE, type=CaseType.CHANNEL, override_reason="the recovery form is down"), ()),
        (replace(CASE, type=CaseType.CHANNEL, override_reason=" \n"), (MEANS,)),
        (replace(CASE, type=CaseType.CHANNEL, all_means_used=False, override_reason="the recovery form is down"), ()),
        (replace(CASE, type=CaseType.ADVERT), ()),
        (replace(CASE, type=CaseType.OTHER), ()),
    ],
)
def test_what_is_missing_before_a_notification(assessed: Case, lacks: tuple[str, ...]) -> None:
    """Content needs both steps, a warning a criterion, a lost channel all own means or a reason.

    Satire does not matter.
    """
    assert tuple(one.english for one in missing(assessed)) == lacks


@each("kind", list(CaseType))
@each(("attempts", "shown"), [(None, 0), (0, 0), (1, 1), (2, None), (5, None)])
def test_fewer_than_two_own_attempts_warn_in_every_type(
    kind: CaseType, attempts: int | None, shown: int | None
) -> None:
    """Fewer than two own attempts cause a warning for every type, but do not prevent a decision."""
    wanted = () if shown is None else (f"own attempts: {shown}; repeated attempts means at least 2",)
    found = warnings(replace(CASE, type=kind, own_attempts=attempts))
    assert tuple(one.english for one in found) == wanted


@each("answer", [True, False])
@each("source", [None, " ", "Kieswet, artikel N 7"])
def test_a_judgement_without_its_source_warns(*, answer: bool, source: str | None) -> None:
    """An answer to step (a) without its rule or source causes a warning, whatever the answer."""
    wanted = ("step (a): the rule or source by which it was judged is not named",) if source in {None, " "} else ()
    found = warnings(replace(CASE, origin=Origin.MEDIA, incorrect=answer, contradicts=source))
    assert tuple(one.english for one in found) == wanted


@pytest.mark.parametrize("origin", [Origin.MEDIA, Origin.EARLIER_CASES])
def test_without_a_referrer_there_are_no_own_attempts_to_weigh(origin: Origin) -> None:
    """A case without a referrer has no warning about own attempts."""
    assert warnings(replace(CASE, type=CaseType.CONTENT, origin=origin)) == ()

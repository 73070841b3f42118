# SPDX-License-Identifier: EUPL-1.2
"""The simulator finds each fault planted into the product within a bounded number of nights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.corpus import one_in
from tests.nights.diary import Diary, Tick
from tests.nights.kit import Kit
from tests.nights.oracle import DEFAULT, Silence, Told
from tests.nights.planted import FAULTS, Fault, found_after
from tests.nights.verdict import judge

MOST = 120


@pytest.mark.slow
@pytest.mark.parametrize("fault", one_in(6, FAULTS), ids=lambda fault: fault.name)
def test_a_planted_fault_is_found(kit: Kit, fault: Fault) -> None:
    """A planted fault is found, and the violation names the promise that it breaks."""
    nights, broken = found_after(fault, kit, MOST)
    assert nights, f"{fault.name}: not found in {MOST} nights"
    assert {violation.promise for violation in broken} == {fault.promise}


def test_a_reminder_to_somebody_who_left_before_it_could_leave_is_excused() -> None:
    """And no other: its mail is withheld, and told as that."""
    at = datetime(2026, 3, 18, 20, tzinfo=UTC)
    step = Told("VF-GR2026-0001", "", "decision", 45, "b.devries@bzk.example", "")
    silence = Silence(step.case, "", DEFAULT)
    for left, broken in ((at + timedelta(hours=1), 0), (at - timedelta(hours=1), 1)):
        diary = Diary(ticks=[Tick(at, [(silence, step)], {})], left=[(step.to, left)], ended_at=at + timedelta(hours=2))
        judge(diary)
        assert len(diary.violations) == broken

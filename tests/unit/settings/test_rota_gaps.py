# SPDX-License-Identifier: EUPL-1.2
"""Hours without an officer on call are found in advance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.settings.rota import Officer, Rota, Shift, gaps, on_call

OFFICERS = (Officer("a", "A", "a@bzk.example"), Officer("b", "B", "b@bzk.example"))
DAY = datetime(2027, 3, 17, tzinfo=UTC)


def hour(number: int) -> datetime:
    """Returns that hour of the day."""
    return DAY + timedelta(hours=number)


def shift(officer: str, begins: int, ends: int) -> Shift:
    """Returns a shift between two hours."""
    return Shift(officer, hour(begins), hour(ends))


def test_gap_lies_before_between_and_after_shifts() -> None:
    """Gaps are found before, between and after shifts, within the given span; adjacent shifts leave none."""
    rota = Rota(OFFICERS, (shift("a", 8, 12), shift("b", 12, 16), shift("a", 20, 30)))
    assert gaps(rota, (), hour(0), hour(24)) == ((hour(0), hour(8)), (hour(16), hour(20)))
    assert gaps(rota, (), hour(9), hour(15)) == ()


def test_override_fills_a_gap() -> None:
    """An override fills a gap."""
    rota = Rota(OFFICERS, (shift("a", 0, 16),))
    assert gaps(rota, (shift("b", 15, 22),), hour(0), hour(24)) == ((hour(22), hour(24)),)


def test_standing_officer_leaves_no_gap() -> None:
    """With `fallback_officer` there is no gap."""
    assert gaps(Rota(OFFICERS, (), "a"), (), hour(0), hour(24)) == ()


def test_empty_rota_is_one_gap() -> None:
    """An empty schedule is one gap."""
    assert gaps(Rota(OFFICERS), (), hour(0), hour(24)) == ((hour(0), hour(24)),)
    assert gaps(Rota(OFFICERS), (), hour(24), hour(24)) == ()


spans = st.tuples(st.sampled_from(["a", "b", "gone"]), st.integers(0, 30), st.integers(0, 30))
shifts = st.lists(spans.map(lambda span: shift(*span)), max_size=6).map(tuple)


@given(shifts, shifts, st.sampled_from([None, "a", "gone"]))
def test_gaps_are_exactly_the_hours_without_an_officer(
    written: tuple[Shift, ...], overrides: tuple[Shift, ...], otherwise: str | None
) -> None:
    """For any schedule, an hour is in a gap exactly if `on_call` returns None; gaps neither touch nor overlap."""
    rota = Rota(OFFICERS, written, otherwise)
    found = gaps(rota, overrides, hour(0), hour(24))
    for number in range(24):
        inside = any(begins <= hour(number) < ends for begins, ends in found)
        assert inside == (on_call(rota, overrides, hour(number)) is None)
    edges = [edge for span in found for edge in span]
    assert edges == sorted(set(edges))

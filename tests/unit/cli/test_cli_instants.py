# SPDX-License-Identifier: EUPL-1.2
"""Days and instants as officers type them."""

from __future__ import annotations

import pytest

from tests.unit.cli.conftest import Desk

NOTE = ("case", "note", "VF-EP2024-0001", "--means", "phone", "--text", "they called")


def effective(desk: Desk) -> list[str]:
    """Returns when the notes on the case took effect, from `case show --json`."""
    shown = desk.type("case", "show", "VF-EP2024-0001", "--json").json
    assert isinstance(shown, dict)
    return [note["effective_at"] for note in shown["notes"]]


@pytest.mark.parametrize(
    "typed", ["2024-06-06T10:20", "2024-06-06 10:20", "2024-06-06T10:20:00+02:00", "2024-06-06T08:20Z"]
)
def test_an_instant_without_offset_is_local_time(desk: Desk, typed: str) -> None:
    """An instant without an offset is local time; every instant is shown in the configured zone."""
    desk.notified()
    desk.done(*NOTE, "--at", typed)
    assert effective(desk) == ["2024-06-06T10:20:00+02:00"]


@pytest.mark.parametrize("typed", ["2023-10-29T02:30", "2024-03-31T02:30"])
def test_an_hour_that_is_there_twice_or_never_needs_its_offset(desk: Desk, typed: str) -> None:
    """An ambiguous or missing local time is refused with the possible offsets, and accepted with one."""
    desk.notified()
    ran = desk.type(*NOTE, "--at", typed)
    assert ran.status == 1
    assert "+02:00" in ran.err
    assert "+01:00" in ran.err
    desk.done(*NOTE, "--at", f"{typed}+01:00")


@pytest.mark.parametrize("typed", ["yesterday", "10:34", "2024-06-06", "06-06-2024 10:34", "2024-06-31T10:34"])
def test_what_is_no_instant_is_wrong_use(desk: Desk, typed: str) -> None:
    """An invalid instant is refused in one line that names the option and shows the right form."""
    ran = desk.type(*NOTE, "--at", typed)
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert "--at" in ran.err
    assert "2024-06-06T10:34+02:00" in ran.err


@pytest.mark.parametrize("typed", ["20260318", "18-03-2026", "2026-02-30", "2026-W12-3"])
def test_what_is_no_day_is_wrong_use(desk: Desk, typed: str) -> None:
    """Only YYYY-MM-DD is accepted as a day."""
    ran = desk.type(
        "election", "add", "GR2026", "--name-nl", "Raad", "--name-en", "Council", "--polling-day", typed,
        "--period", "2026-02-02", "2026-04-01",
    )  # fmt: skip
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert "2024-06-06" in ran.err

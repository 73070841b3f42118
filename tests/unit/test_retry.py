# SPDX-License-Identifier: EUPL-1.2
"""When a mail that was refused for now is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.core.retry import next_try

QUEUED = datetime(2024, 6, 6, 8, 34, tzinfo=UTC)
WAITS = (1, 2, 5, 10)
LIMIT = timedelta(hours=48)


@pytest.mark.parametrize(("tries", "wait"), [(1, 1), (2, 2), (3, 5), (4, 10), (5, 10), (500, 10)])
def test_waits_grow_and_the_last_one_repeats(tries: int, wait: int) -> None:
    """After the first try one minute, after the second two; when the list is done its last wait goes on."""
    now = QUEUED + timedelta(minutes=30)
    assert next_try(tries, WAITS, QUEUED, now, LIMIT) == now + timedelta(minutes=wait)


def test_given_up_when_the_next_try_would_come_too_late() -> None:
    """The last try may be at the limit itself; one second more and the mail is given up."""
    last = QUEUED + LIMIT - timedelta(minutes=10)
    assert next_try(9, WAITS, QUEUED, last, LIMIT) == QUEUED + LIMIT
    assert next_try(9, WAITS, QUEUED, last + timedelta(seconds=1), LIMIT) is None


@given(st.lists(st.integers(1, 600), min_size=1, max_size=6), st.integers(1, 240))
def test_every_mail_is_given_up_in_the_end(waits: list[int], hours: int) -> None:
    """Refused again and again, a mail is tried at rising instants, never after the limit, and then no more."""
    now, tries = QUEUED, 1
    while (again := next_try(tries, waits, QUEUED, now, timedelta(hours=hours))) is not None:
        assert now < again <= QUEUED + timedelta(hours=hours)
        now, tries = again, tries + 1
    assert tries <= hours * 60 + 1

# SPDX-License-Identifier: EUPL-1.2
"""When a temporarily refused mail is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.outbox.retry import SPREAD, fraction, next_try
from tests.corpus import each

QUEUED = datetime(2024, 6, 6, 8, 34, tzinfo=UTC)
WAITS = (1, 2, 5, 10)
LIMIT = timedelta(hours=48)


@each(("tries", "wait"), [(1, 1), (2, 2), (3, 5), (4, 10), (5, 10), (500, 10)])
def test_waits_grow_and_the_last_one_repeats(tries: int, wait: int) -> None:
    """The waits follow the list, one minute after the first try and two after the second, and the last one repeats."""
    now = QUEUED + timedelta(minutes=30)
    assert next_try(tries, WAITS, QUEUED, now, LIMIT, 0.0) == now + timedelta(minutes=wait)


def test_given_up_when_the_next_try_would_come_too_late() -> None:
    """A mail is given up if its next try would come after the limit; a try exactly at the limit is made."""
    last = QUEUED + LIMIT - timedelta(minutes=10)
    assert next_try(9, WAITS, QUEUED, last, LIMIT, 0.9) == QUEUED + LIMIT
    assert next_try(9, WAITS, QUEUED, last + timedelta(seconds=1), LIMIT, 0.0) is None


@given(st.binary(min_size=16, max_size=16))
def test_chance_spreads_the_tries(salt: bytes) -> None:
    """Each wait is extended at random by less than a tenth, so mails refused together are not retried together."""
    at = next_try(4, WAITS, QUEUED, QUEUED, LIMIT, fraction(salt))
    assert at is not None
    assert timedelta(minutes=10) <= at - QUEUED < timedelta(minutes=10) * (1 + SPREAD)


def test_chance_is_spread_evenly() -> None:
    """The smallest and the largest octets give the ends of the range."""
    assert fraction(bytes(16)) == 0
    assert 0.999 < fraction(b"\xff" * 16) < 1


@given(st.lists(st.integers(1, 600), min_size=1, max_size=6), st.integers(1, 240), st.floats(0, 1, exclude_max=True))
def test_every_mail_is_given_up_in_the_end(waits: list[int], hours: int, chance: float) -> None:
    """A mail that is always refused is tried at increasing instants up to the limit, and then given up."""
    now, tries = QUEUED, 1
    while (again := next_try(tries, waits, QUEUED, now, timedelta(hours=hours), chance)) is not None:
        assert now < again <= QUEUED + timedelta(hours=hours)
        now, tries = again, tries + 1
    assert tries <= hours * 60 + 1

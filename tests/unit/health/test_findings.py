# SPDX-License-Identifier: EUPL-1.2
"""What counts as wrong with the system itself."""

from datetime import UTC, datetime, timedelta

import pytest

from flaggermail.health.findings import HealthLimits, Measured, findings, named, skew
from flaggermail.wording.said import StoredText
from tests.corpus import each

NOW = datetime(2027, 3, 17, 21, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
LIMITS = HealthLimits(free=500, clock=90 * SECOND, certificate=14 * DAY)


def wrong(**measured: object) -> list[str]:
    """Returns the failing findings of these measurements."""
    return [f"{f.what}: {f.value}" for f in findings(Measured(**measured), LIMITS, NOW) if f.failing]  # type: ignore[arg-type]  # a table


@pytest.mark.parametrize(
    ("fine", "bad", "words"),
    [
        (
            {"free": {"archive": 500_000_000}},
            {"free": {"archive": 499_999_999}},
            "disk of archive: less than 500 MB free",
        ),
        (
            {"ticks": {"reminders": 120 * SECOND}},
            {"ticks": {"reminders": 121 * SECOND}},
            "tick of reminders: more than 120 s ago",
        ),
        (
            {"certificates": {"mailbox": NOW + 14 * DAY}},
            {"certificates": {"mailbox": NOW + 14 * DAY - SECOND}},
            "certificate of mailbox: until 31 March 2027 at 20:59 (UTC)",
        ),
        ({"skew": 90 * SECOND}, {"skew": 91 * SECOND}, "clock: the server more than 90 s ahead of us"),
        ({"skew": -90 * SECOND}, {"skew": -91 * SECOND}, "clock: the server more than 90 s behind us"),
    ],
)
def test_each_thing_has_a_limit(fine: dict[str, object], bad: dict[str, object], words: str) -> None:
    """A value at its limit is fine; beyond it there is one finding with its name and value."""
    assert wrong(**fine) == []
    assert wrong(**bad) == [words]


def test_what_was_not_measured_is_not_found() -> None:
    """Values that were not measured give no finding."""
    assert list(findings(Measured(), LIMITS, NOW)) == []


@each(
    ("low", "high", "known"),
    [
        (None, None, None),
        (-3, None, 0),
        (100, None, 100),
        (None, -100, -100),
        (None, 2, 0),
        (-3, 2, 0),
        (-121, None, None),
        (None, 121, None),
        (-9000, -100, -100),
    ],
)
def test_only_what_is_certain_of_two_clocks_is_told(low: int | None, high: int | None, known: int | None) -> None:
    """Only the certain part of the clock skew is reported: a mail may have been stored for a while."""
    spans = [None if bound is None else bound * SECOND for bound in (low, high)]
    assert skew(*spans) == (None if known is None else known * SECOND)


def test_a_server_is_named_in_the_readers_language() -> None:
    """The mail on readiness names the server whose certificate ends as people do, and one that is unknown as it is."""
    mailbox = named("mailbox")
    assert isinstance(mailbox, StoredText)
    assert (mailbox.in_language("nl"), mailbox.english, named("relay")) == ("de mailbox", "mailbox", "relay")

# SPDX-License-Identifier: EUPL-1.2
"""A wrong expectation is a difference that names the place, never a traceback."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from flaggermail.stories.replayed import differences

FOUND = {
    "notifications": [
        {
            "platform": "X",
            "sent_at": "2024-06-06T10:34:00+02:00",
            "human_min": 152,
            "reminders": ["2024-06-06T11:34:00+02:00"],
            "alarms": [{"kind": "forged", "at": "2024-06-06T12:00:00+02:00"}],
        }
    ],
    "declined": 0,
}
AT = datetime(2024, 6, 6, 8, 34, tzinfo=UTC)

RIGHT = [
    {"sent_at": AT},
    {"sent_at": "2024-06-06T08:34:00+00:00"},
    {"alarms": ["forged"]},
    {"alarms": [{"kind": "forged"}]},
    {"alarms": [{"kind": "forged", "at": datetime(2024, 6, 6, 10, tzinfo=UTC)}]},
    {"reminders": ["2024-06-06T09:34:00Z"]},
]
WRONG = [
    {"platform": AT},
    {"platform": ["X"]},
    {"platform": {"name": "X"}},
    {"sent_at": "half past ten"},
    {"sent_at": date(2024, 6, 6)},
    {"sent_at": datetime(2024, 6, 6, 10, 34)},  # noqa: DTZ001 - a scenario may forget the offset
    {"sent_at": None},
    {"human_min": "152"},
    {"human_min": ["152"]},
    {"human_min": {"is": 152}},
    {"alarms": []},
    {"alarms": ["bounced"]},
    {"alarms": ["forged", "forged"]},
    {"alarms": "forged"},
    {"alarms": [{"kind": "forged", "at": AT}]},
    {"alarms": [None]},
    {"reminders": [AT]},
    {"reminders": {"at": AT}},
    {"no such field": 1},
    {7: "a number for a key"},
]


@pytest.mark.parametrize("expected", RIGHT)
def test_what_agrees(expected: dict[str, object]) -> None:
    """Instants agree in any offset, and alarms by their kinds alone or with their instants."""
    assert list(differences({"notifications": [expected]}, FOUND)) == []


@pytest.mark.parametrize("expected", WRONG)
def test_what_differs(expected: dict[str, object]) -> None:
    """Whatever type the expectation has, each difference names its place."""
    found = list(differences({"notifications": [expected]}, FOUND))
    assert found
    assert all(line.startswith("notifications[0]") for line in found)


@pytest.mark.parametrize("expected", [[], ["x"], "x", 7, None, {"declined": {}}, {"declined": [1]}])
def test_the_whole_may_be_wrong(expected: object) -> None:
    """An expectation that is no mapping, or one of the wrong form, is a difference too."""
    assert list(differences(expected, FOUND))

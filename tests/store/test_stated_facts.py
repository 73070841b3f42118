# SPDX-License-Identifier: EUPL-1.2
"""What a letter to a platform states of its election is what the record holds."""

from __future__ import annotations

from datetime import date

import pytest

from flaggermail.commands.elections import AddElection
from flaggermail.record.rows import Notification
from tests.corpus import each
from tests.store.desk_fixtures import START, Desk

TWO = AddElection(
    code="WS2024", name_nl="Waterschapsverkiezingen 2024", name_en="Water board elections 2024",
    polling_days=(date(2024, 6, 11), date(2024, 6, 12)),
    period_from=date(2024, 6, 1), period_until=date(2024, 6, 30),
)  # fmt: skip


@pytest.fixture
def polling_twice(desk: Desk) -> Desk:
    """Returns a desk with an election that polls on 11 and 12 June 2024."""
    desk.clock.set(START)
    desk.do(TWO)
    return desk


def words(desk: Desk, draft: str) -> str:
    """Returns the frozen text of a draft, on one line."""
    octets = desk.env.octets.get(desk.row(Notification, draft).digest)
    return " ".join(desk.env.parser.parse(octets).text.split())


@each(
    ("channel", "stated"),
    [
        ("x-urgent", "Polling days: 11 June 2024 and 12 June 2024"),
        ("x-nl", "Dagen van de stemming: 11 juni 2024 en 12 juni 2024"),
        ("x-phone", "Water board elections 2024 (polling days 11 June 2024 and 12 June 2024)"),
    ],
)
def test_a_letter_names_every_polling_day(polling_twice: Desk, channel: str, stated: str) -> None:
    """An election that polls on two days is named with both, in words of the letter's language; one with one, alone."""
    desk = polling_twice
    assert stated in words(desk, desk.drafted(channel, desk.decided(election="WS2024")))
    one = words(desk, desk.drafted(channel))
    assert "6 June 2024" in one or "6 juni 2024" in one
    assert "days" not in one
    assert "Dagen" not in one

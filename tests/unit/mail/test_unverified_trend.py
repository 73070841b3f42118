# SPDX-License-Identifier: EUPL-1.2
"""An alarm is raised when a much larger share of the platforms' mail is unverified than before."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from flaggermail.mail.authentication.report_origin import Rise, Share, came_unverified, jump
from flaggermail.mail.message import SenderVerdict
from tests.corpus import each

NOW = datetime.fromisoformat("2027-03-17T12:00:00+01:00")


def mails(unverified: int, verified: int, hours: float) -> list[tuple[datetime, bool]]:
    """Returns so many unverified and verified mails, that many hours ago."""
    return [(NOW - timedelta(hours=hours), number < unverified) for number in range(unverified + verified)]


@each(
    ("late", "early", "alarms"),
    [
        ((0, 0), (0, 0), False),
        ((3, 0), (0, 40), False),  # each is reported on its own
        ((4, 0), (0, 40), True),
        ((4, 4), (0, 40), True),
        ((4, 5), (0, 40), False),  # less than half
        ((4, 0), (0, 0), True),  # a new desk: the server may be configured wrongly
        ((4, 0), (30, 10), True),
        ((4, 0), (31, 9), False),  # 77 percent before
        ((4, 4), (10, 30), True),
        ((4, 4), (11, 30), False),  # 26 percent before
        ((40, 0), (40, 0), False),  # as always
        ((0, 40), (40, 0), False),  # fewer than before
    ],
)
def test_the_share_jumps(late: tuple[int, int], early: tuple[int, int], alarms: bool) -> None:  # noqa: FBT001 - a column
    """The alarm needs at least four mails, at least half of them, and 25 points more than before."""
    assert (jump(mails(*late, 1) + mails(*early, 30), NOW) is not None) is alarms


def test_it_says_what_jumped() -> None:
    """The alarm has both shares as counts."""
    assert jump(mails(5, 1, 23) + mails(1, 9, 25), NOW) == Rise(Share(5, 6), Share(1, 10))
    assert (Share(1, 3).percent, Share(0, 0).percent) == (33, 0)


def test_only_the_latest_are_looked_back_upon() -> None:
    """Only the latest 200 mails count."""
    assert jump(mails(4, 0, 1) + mails(196, 0, 48) + mails(0, 500, 480), NOW) is None


@pytest.mark.parametrize(
    ("verdict", "confirmed_by", "came"),
    [
        ("unverified", None, True),
        ("verified", "officer1", True),
        ("verified", None, False),
        ("failed", None, False),
    ],
)
def test_a_confirmed_mail_came_unverified(verdict: str, confirmed_by: str | None, came: bool) -> None:  # noqa: FBT001 - a column
    """A mail that a person confirmed later still counts as unverified on arrival."""
    assert came_unverified(SenderVerdict(verdict), confirmed_by) is came

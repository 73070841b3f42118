# SPDX-License-Identifier: EUPL-1.2
"""A time of arrival is disputed by our last complete look at the folder or by our own server's Received line."""

from __future__ import annotations

from datetime import datetime, timedelta

from flaggermail.intake.triage import disputed
from flaggermail.wording.filing import ArrivalDoubt
from tests.corpus import each

AT = datetime.fromisoformat("2024-06-06T13:06:00+02:00")
TWO = timedelta(minutes=2)
SECOND = timedelta(seconds=1)


def line(at: str) -> str:
    """Returns our own server's Received line."""
    return f"from mail.x-platform.example by mx.bzk.example with ESMTPS id 4f; {at}"


@each(
    ("looked_at", "is_disputed"),
    [
        (None, False),
        (AT - timedelta(hours=1), False),
        (AT, False),
        (AT + TWO, False),
        (AT + TWO + SECOND, True),
        (AT + timedelta(days=1), True),
    ],
)
def test_earlier_than_our_last_look(looked_at: datetime | None, is_disputed: bool) -> None:  # noqa: FBT001 - a column
    """An arrival more than two minutes before a complete look that did not show the mail is disputed."""
    assert (disputed(AT, looked_at, None) is not None) is is_disputed


@each(
    ("taken", "is_disputed"),
    [
        ("Thu, 6 Jun 2024 13:06:00 +0200", False),
        ("Thu, 6 Jun 2024 11:06:00 +0000 (UTC)", False),
        ("Thu, 6 Jun 2024 11:08:00 +0000", False),
        ("Thu, 6 Jun 2024 11:08:01 +0000", True),
        ("Thu, 6 Jun 2024 11:04:00 +0000", False),
        ("Thu, 6 Jun 2024 11:03:59 +0000", True),
        ("Thu, 6 Jun 2024 13:06:00 +0000", True),
        ("6 Jun 2024 09:00:00 +0000", True),
        ("Thu, 6 Jun 2024 09:00:00", False),
        ("Thu, 6 Jun 2024 09:00:00 -0000", False),
        ("some time ago", False),
        ("", False),
        ("Thu, 99 Jun 99999 99:99:99 +9999", False),
    ],
)
def test_far_from_our_own_servers_line(taken: str, is_disputed: bool) -> None:  # noqa: FBT001 - a column of the table
    """An arrival more than two minutes from our server's line is disputed; an unusable line disputes nothing."""
    assert (disputed(AT, None, line(taken)) is not None) is is_disputed


def test_the_reason_names_the_instant() -> None:
    """The reason names the instant, so that a person can judge it."""
    assert disputed(AT, AT + timedelta(minutes=5), None) == ArrivalDoubt.BEFORE_LOOK(at="2024-06-06 11:11")
    received = line("Thu, 6 Jun 2024 10:00:00 +0000")
    assert disputed(AT, None, received) == ArrivalDoubt.SERVER_LINE(at="2024-06-06 10:00")
    assert disputed(AT, None, "by mx.bzk.example without an instant") is None

# SPDX-License-Identifier: EUPL-1.2
"""Who looks at the same thing now: the last two minutes, others alone, and a bounded memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flaggermail.desk.presence import MOST_LOOKS, Onlooker, Presence
from flaggermail.record.readings import ReadItem, ReadKind

NOON = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
CASE = ReadItem(ReadKind.CASE, "VF-EP2024-0001")
DRAFT = ReadItem(ReadKind.DRAFT, "VF-EP2024-0001/1")


def at(seconds: int) -> datetime:
    """Returns the instant so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def test_others_see_a_look_for_two_minutes() -> None:
    """Somebody else sees it from its instant on, and after 120 seconds no more; oneself never does."""
    presence = Presence()
    presence.looked("officer1", [CASE], at(0))
    assert presence.others("officer2", [CASE], at(119)) == (Onlooker("officer1", at(0)),)
    assert presence.others("officer2", [CASE], at(120)) == ()
    assert presence.others("officer1", [CASE], at(1)) == ()


def test_a_look_is_at_one_thing() -> None:
    """Who looks at a draft is not shown with another case; who looked at two of a view's things is shown once."""
    presence = Presence()
    presence.looked("officer1", [CASE, DRAFT], at(0))
    presence.looked("officer1", [DRAFT], at(9))
    assert presence.others("officer2", [ReadItem(ReadKind.CASE, "VF-EP2024-0002")], at(9)) == ()
    assert presence.others("officer2", [CASE, DRAFT], at(9)) == (Onlooker("officer1", at(9)),)
    assert presence.others("officer2", [CASE], at(9)) == (Onlooker("officer1", at(0)),)


def test_the_latest_look_comes_first() -> None:
    """Several people are listed by their last look; looking again moves it."""
    presence = Presence()
    for seconds, who in ((0, "officer1"), (5, "head"), (7, "officer1")):
        presence.looked(who, [CASE], at(seconds))
    assert [(look.person, look.at) for look in presence.others("officer2", [CASE], at(8))] == [
        ("officer1", at(7)), ("head", at(5)),
    ]  # fmt: skip


def test_a_clock_that_was_put_back_shows_nobody() -> None:
    """A look from the future would be shown for hours."""
    presence = Presence()
    presence.looked("officer1", [CASE], at(3600))
    assert presence.others("officer2", [CASE], at(0)) == ()


def test_the_memory_is_bounded() -> None:
    """The oldest looks are forgotten first, so that no number of requests fills the memory of the door."""
    presence = Presence()
    presence.looked("officer1", [CASE], at(0))
    for number in range(MOST_LOOKS):
        presence.looked("head", [ReadItem(ReadKind.MAIL, f"m{number}")], at(1))
    assert presence.others("officer2", [CASE], at(2)) == ()
    assert presence.others("officer2", [ReadItem(ReadKind.MAIL, "m0")], at(2)) == (Onlooker("head", at(1)),)

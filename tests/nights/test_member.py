# SPDX-License-Identifier: EUPL-1.2
"""Nights on which a hostile member of the shared mailbox reads Sent and appends what they like.

`./dev test` plays a few, `./dev test long` fifty more, `./dev bench nights 3000 --member --seed 0` three thousand.
"""

from __future__ import annotations

import pytest

from flaggermail.settings.sections import ByReply
from tests.corpus import one_in
from tests.nights import member_nights
from tests.nights.kit import Kit
from tests.nights.member_nights import play
from tests.nights.telling import story

NIGHTS = 60
TOGETHER = 5
MOST = 150


@pytest.mark.slow
@pytest.mark.parametrize("first", one_in(NIGHTS // TOGETHER, range(0, NIGHTS, TOGETHER)))
def test_a_member_approves_nothing(kit: Kit, first: int) -> None:
    """Whatever a member writes, no notification is approved by it, and no platform gets what nobody decided."""
    wrote = notifications = acted = 0
    for seed in range(first, first + TOGETHER):
        diary = play(seed, kit)
        assert not diary.violations, story(seed, diary, "--member ")
        wrote += sum(count for what, count in diary.counts.items() if what.startswith("member wrote"))
        acted += sum(count for what, count in diary.counts.items() if what.startswith("in a person's name"))
        notifications += len(diary.uses)
    assert wrote > TOGETHER * 5
    assert acted > TOGETHER  # a member whom the desk ignores would break no promise
    assert notifications >= TOGETHER / 5


@pytest.mark.long
def test_a_member_approves_where_the_code_lies_in_sent(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `by_reply: mail`, whose risk a desk has to accept in words, the same member is found approving."""
    monkeypatch.setattr(member_nights, "WAYS", (ByReply.MAIL,))
    promises: set[int] = set()
    for seed in range(MOST):  # about one in ten of the drafts that the member approves leaves
        promises |= {violation.promise for violation in play(seed, kit).violations}
        if promises == {6, 9}:
            break
    assert promises == {6, 9}


def test_a_night_with_a_member_is_the_same_again(kit: Kit) -> None:
    """A seed alone determines its night, and what the member of it writes."""
    first = play(3, kit)
    play(4, kit)
    again = play(3, kit)
    assert again.lines == first.lines
    assert again.counts == first.counts

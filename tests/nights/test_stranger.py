# SPDX-License-Identifier: EUPL-1.2
"""Somebody who never saw the desk serves it alone for a night, with a telephone and what the mails say."""

from __future__ import annotations

import pytest

from tests.nights import stranger
from tests.nights.kit import Kit
from tests.nights.oracle import HUMAN
from tests.nights.telling import story


@pytest.mark.parametrize("seed", range(4))
def test_ten_matters_by_telephone(kit: Kit, seed: int) -> None:
    """No matter is lost, no act is wrong, and of each notification it is known within two minutes what became of it."""
    diary, officer = stranger.play(seed, kit)
    assert not diary.violations, story(seed, diary)
    asked = {(use.case, use.platform) for use in diary.uses}
    assert len(asked) == len(diary.referrals) == len(stranger.MATTERS), story(seed, diary)
    for use in diary.uses:
        left = [h.at for h in diary.handed_over if h.digest == use.digest and h.answer == "accepted"]
        assert bool(left) is (use.platform != stranger.REFUSED), story(seed, diary)
        known = left[0] if left else officer.told[use.case]
        stops = [at for at, clocks in use.silence.answers if HUMAN in clocks]
        assert officer.stopped.get((use.id, HUMAN)) == min(stops, default=None), story(seed, diary)
        assert known - use.approved_at <= stranger.WITHIN, story(seed, diary)
    assert diary.counts["mail: reply: person"] == diary.counts["mail: reply: robot"] == 1
    read = [mail for mail in diary.read() if mail.recipient == stranger.OFFICER]
    assert not [mail.subject for mail in read if "Not understood" in mail.subject], story(seed, diary)
    assert not [mail.subject for mail in read if "Uitgevoerd" in mail.subject], "a word of both languages tells none"


@pytest.mark.parametrize("seed", range(2))
def test_a_refused_overview_comes_without_titles(kit: Kit, seed: int) -> None:
    """The filter refuses the overview for a stranger's subject; the reply that is offered brings it without those."""
    diary, officer = stranger.play(seed, kit)
    (overview,) = officer.overview
    assert "VF-GR2026-0010 \u2026 \u00b7 Elder: receipt not confirmed" in overview.body
    assert "2 wait for you" in overview.subject  # the mail, and the matter whose notification was refused
    assert not any(title in overview.body for title, _ in stranger.MATTERS), overview.body
    refused = [h for h in diary.handed_over if h.recipient == stranger.OFFICER and h.answer == "refused"]
    assert {h.code for h in refused} == {554}

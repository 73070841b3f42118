# SPDX-License-Identifier: EUPL-1.2
"""The nights on the mail servers of Exchange Online: the verdict on each is that on the plain night.

`./dev test` plays a few, `./dev test long` fifty, `./dev bench nights 1000 --face exchange --seed 0` a thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from unittest.mock import patch

import pytest

from flaggermail.daemon import reconnection
from flaggermail.intake import trust_proofs
from flaggermail.letters import stored_messages
from flaggermail.mail import reply_tokens
from flaggermail.mail.message import Message
from flaggermail.ports import Clock, Store
from flaggermail.services import UnitOfWork
from tests.corpus import one_in
from tests.nights import busy, changing, exchange, refusals, troubles
from tests.nights.kit import Kit
from tests.nights.telling import story
from tests.nights.verdict import judge

NIGHTS = 50
TOGETHER = 10
COMPARED = 5
MOST = 25
WITHDRAWN = 665
HABITS = (
    "copies: shared", "copies: delegate", "copies: nowhere", "told in the answer", "not told", "keyword refused",
    "session ended at 29 minutes", "asked for a pause", "own copy known", "copy of other mail in Sent",
    "answer names the assigned Message-ID alone", "answer has our References", "two mails in one second",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("first", one_in(NIGHTS // TOGETHER, range(0, NIGHTS, TOGETHER)))
def test_every_night_keeps_its_promises(kit: Kit, first: int) -> None:
    """Nothing is lost and nothing doubled, and each habit is met on one of ten nights at least."""
    met: Counter[str] = Counter()
    for seed in range(first, first + TOGETHER):
        diary = exchange.play(seed, kit)
        assert not diary.violations, story(seed, diary, "--face exchange ")
        met.update(diary.counts)
    assert [habit for habit in HABITS if not met[f"exchange: {habit}"]] == []


@pytest.mark.parametrize("seed", one_in(COMPARED, range(7, 7 + COMPARED)))
def test_the_plan_and_the_verdict_are_those_of_the_plain_night(kit: Kit, seed: int) -> None:
    """The same integer plans the same night on both faces, and the same promises are kept."""
    plain, face = troubles.play(seed, kit), exchange.play(seed, kit)
    assert [v.promise for v in face.violations] == [v.promise for v in plain.violations] == []
    for what in ("trouble: link lost", "trouble: switched off", "trouble: clock set back", "mail: noise"):
        assert face.counts[what] == plain.counts[what]
    assert [mail.what for mail in face.incoming[:1]] == [mail.what for mail in plain.incoming[:1]]


def test_a_night_there_is_the_same_again(kit: Kit) -> None:
    """A seed alone determines what this server does."""
    first = exchange.play(4, kit)
    again = exchange.play(4, kit)
    assert again.lines == first.lines
    assert [mail.octets for mail in again.incoming] == [mail.octets for mail in first.incoming]


def test_a_reminder_withdrawn_before_it_could_leave_is_not_missed(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The submission server is away while two fall due, and the return of their notification is read before it is back.

    Had it taken a single mail in between, they would be missed.
    """
    for actor in (refusals, busy, changing):
        monkeypatch.setattr(actor, "plan", lambda _: None)
    diary = exchange.play(WITHDRAWN, kit)
    assert not diary.violations, story(WITHDRAWN, diary, "--face exchange ")
    (back,) = [use for use in diary.uses if use.bounced_at is not None]
    waiting = [tick for tick in diary.ticks if back.bounced_at and tick.at < back.bounced_at and tick.due]
    assert len(waiting) == 2
    taken = next(handed for handed in diary.handed_over if handed.answer == "accepted")
    diary.handed_over.append(replace(taken, at=waiting[-1].at))
    judge(diary)
    missed = [violation.promise for violation in diary.violations if violation.text.endswith("and not told")]
    assert missed == [3, 3]


def _names_not_learned(_: UnitOfWork, message: Message) -> Message:
    return message


def _no_own_names(_: Message) -> tuple[str, ...]:
    return ()


def _impatient(self: reconnection.Reconnection, _: Exception) -> float:
    del self
    return 0.5


def _mark_unproven(_store: Store, _clock: Clock) -> bool:
    return False


@pytest.mark.long
@pytest.mark.parametrize(
    ("where", "name", "broken", "promise"),
    [
        (stored_messages, "as_ours", _names_not_learned, 4),
        (reply_tokens, "ours_of", _no_own_names, 11),
        (reconnection.Reconnection, "lost", _impatient, 10),
        (trust_proofs, "is_proven", _mark_unproven, 3),
    ],
    ids=["answers by the server's name", "copies by our header", "pauses", "the mark for mail from inside"],
)
def test_a_desk_that_cannot_bear_a_habit_is_found(
    kit: Kit, where: object, name: str, broken: Callable[..., object], promise: int
) -> None:
    """Without what bears a habit, a night breaks its promise: the face is no decoration."""
    with patch.object(where, name, broken):
        found = (violation.promise for seed in range(MOST) for violation in exchange.play(seed, kit).violations)
        assert promise in found

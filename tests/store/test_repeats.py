# SPDX-License-Identifier: EUPL-1.2
"""A command with a key is done once within a day, on both engines: its answer is on record with it, or neither is."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as Door
from flaggermail.desk.repeats import KEPT_FOR
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.ports import KeptAnswer
from tests.store.desk_fixtures import Desk
from tests.store.samples import NOON

KEY = "0123456789abcdef"
ANSWER = KeptAnswer(KEY, "officer1", "digest", NOON, '{"key": "\u00e9"}')


def test_an_answer_is_kept_and_forgotten_by_its_instant(store: SqlStore) -> None:
    """Whole, under one key, until it is older than asked."""
    with store.begin() as tx:
        tx.keep_answer(ANSWER)
    with store.read() as tx:
        assert tx.kept_answer(KEY) == ANSWER
        assert tx.kept_answer("another") is None
    with store.begin() as tx:
        assert tx.forget_answers(NOON) == 0
        assert tx.forget_answers(NOON + timedelta(seconds=1)) == 1
        assert tx.kept_answer(KEY) is None


def test_an_answer_goes_with_the_command_that_failed(store: SqlStore) -> None:
    """What is rolled back is answered by nothing."""
    with suppress(ZeroDivisionError), store.begin() as tx:
        tx.keep_answer(ANSWER)
        raise ZeroDivisionError
    with store.read() as tx:
        assert tx.kept_answer(KEY) is None


def opened(desk: Desk, key: str = KEY) -> Json:
    """Opens a case with a key; returns its number."""
    fields: dict[str, Json] = {"election": "EP2024", "type": "A_content", "origin": "media"}
    return Door(lambda: desk.env, Caller(officer="officer1")).answer("case open", fields, key=key)["key"]


def test_a_key_holds_for_a_day(desk: Desk) -> None:
    """Then it may be used for another command: the same request opens another case."""
    first = opened(desk)
    desk.clock.set(desk.clock.now() + KEPT_FOR - timedelta(minutes=1))
    assert opened(desk) == first
    desk.clock.set(desk.clock.now() + timedelta(minutes=2))
    assert opened(desk) != first


def test_a_repeat_appends_no_event(desk: Desk) -> None:
    """And a refused command keeps nothing."""
    opened(desk)
    before = len(desk.events())
    opened(desk)
    assert len(desk.events()) == before
    with pytest.raises(Refusal):
        Door(lambda: desk.env, Caller(officer="officer1")).answer(
            "case close", {"case": "VF-EP2024-0099"}, key="other-key"
        )
    with desk.env.store.read() as tx:
        assert tx.kept_answer("other-key") is None

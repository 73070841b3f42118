# SPDX-License-Identifier: EUPL-1.2
"""Random values of the system: no salt is given out twice, also to threads that ask at one time."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from flaggermail.adapters.clock.clock import SystemRandomness


def test_no_salt_is_given_twice() -> None:
    """Thousands of salts are all different, whoever asks."""
    randomness = SystemRandomness()
    with ThreadPoolExecutor(8) as threads:
        salts = list(threads.map(lambda _: randomness.salt(), range(5000)))
    assert {len(salt) for salt in salts} == {16}
    assert len(set(salts)) == len(salts)


def test_salts_are_drawn_together_and_tokens_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred salts are one call of the system; a token, which is a secret, is drawn when it is needed."""
    drawn: list[int] = []
    urandom = os.urandom

    def noted(size: int) -> bytes:
        drawn.append(size)
        return urandom(size)

    monkeypatch.setattr(os, "urandom", noted)
    randomness = SystemRandomness()
    for _ in range(100):
        randomness.salt()
    assert len(drawn) == 1
    assert len({randomness.token() for _ in range(3)}) == 3
    assert len(drawn) == 4


def test_a_forked_process_draws_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was drawn before a fork is given out in one of the two processes only."""
    randomness = SystemRandomness()
    randomness.salt()
    drawn: list[int] = []

    def zeros(size: int) -> bytes:
        drawn.append(size)
        return bytes(size)

    monkeypatch.setattr(os, "urandom", zeros)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert randomness.salt() == bytes(16)
    assert len(drawn) == 1

# SPDX-License-Identifier: EUPL-1.2
"""Random values of the system: no salt is given out twice, also to threads that ask at one time."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from flaggermail.adapters.system.clock import SystemRandomness


def test_no_salt_is_given_twice() -> None:
    """Thousands of salts are all different, whoever asks."""
    randomness = SystemRandomness()
    with ThreadPoolExecutor(8) as threads:
        salts = list(threads.map(lambda _: randomness.salt(), range(5000)))
    assert {len(salt) for salt in salts} == {16}
    assert len(set(salts)) == len(salts)


def test_each_value_is_drawn_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept that a forked process could give out a second time."""
    randomness = SystemRandomness()
    randomness.salt()
    monkeypatch.setattr(os, "urandom", bytes)
    assert randomness.salt() == bytes(16)
    assert randomness.token() == "0" * 32

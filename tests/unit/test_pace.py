# SPDX-License-Identifier: EUPL-1.2
"""A limit of processor time grows with a slow machine, and with nothing else."""

import pytest

from tests import pace


@pytest.mark.parametrize(("slower", "longest"), [(0.2, 1.0), (5.0, 5.0)])
def test_a_limit_of_a_second(monkeypatch: pytest.MonkeyPatch, slower: float, longest: float) -> None:
    """On a machine that is five times as fast it is a second, on one five times slower five."""
    monkeypatch.setattr(pace, "work", lambda: slower * pace.WORK)
    assert pace.within(0.99 * longest, 1.0)
    assert not pace.within(1.01 * longest, 1.0)


def test_the_piece_of_work_takes_time() -> None:
    """It is measured in thousandths of a second at least."""
    assert pace.work() > 0.001

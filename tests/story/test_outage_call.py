# SPDX-License-Identifier: EUPL-1.2
"""A record that is away is told by pager without a row, and by an alarm once it is back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from flaggermail.daemon.outage import AFTER, AGAIN, Outage, OutageCall
from flaggermail.errors import DiskFailure, StoreAway
from flaggermail.services import Services
from flaggermail.stories.doubles import ListPager, SetClock
from tests import asking
from tests.story.conftest import NOW
from tests.story.test_mailbox_monitor import alarms
from tests.story.test_pagers import calls, paged  # noqa: F401 - a fixture
from tests.unit.daemon.test_outage import Seconds

CALLED = "alarm: database onbruikbaar"


class Away:
    """A store that cannot be read either."""

    def read(self) -> None:
        """Is away."""
        raise StoreAway("away")


@pytest.fixture
def seconds() -> Seconds:
    """Returns the monotonic clock."""
    return Seconds()


@pytest.fixture
def outage(seconds: Seconds) -> Outage:
    """Returns an outage that has not begun."""
    return Outage(seconds)


@pytest.mark.parametrize("readable", [True, False])
def test_whoever_is_on_call_is_called_once_after_a_minute(
    paged: Services, clock: SetClock, outage: Outage, seconds: Seconds, *, readable: bool  # noqa: F811 - the fixture
) -> None:  # fmt: skip
    """Also where the record cannot be read; afterwards an alarm says for how long, and pages are recorded again."""
    call = OutageCall(outage, lambda: False, seconds)
    env = paged if readable else replace(paged, store=Away())  # type: ignore[arg-type] # nothing else is asked
    assert call.may_page(paged)
    outage.met_by("remind", DiskFailure("full"), clock.now())
    for _ in range(3):
        seconds.at += AFTER / 2
        assert not call.may_page(env)
    assert calls(paged) == [("first", CALLED)]
    seconds.at += AGAIN
    assert not call.may_page(env)
    assert calls(paged) == [("first", CALLED)] * 2
    outage.end()
    clock.set(NOW + timedelta(minutes=62))
    for _ in range(2):
        assert call.may_page(paged)
    assert alarms(paged) == ["database back"]
    (raised,) = asking.alarms(paged)
    assert "for 62 minutes" in raised.text.english
    assert all(page.text != CALLED for page in asking.pages(paged))


def test_a_short_one_and_a_desk_that_observes_call_nobody(
    paged: Services, clock: SetClock, outage: Outage, seconds: Seconds  # noqa: F811 - the fixture
) -> None:  # fmt: skip
    """A server that restarts wakes nobody, and neither does a desk that sends nothing."""
    for observes in (False, True):
        call = OutageCall(outage, lambda: observes, seconds)  # noqa: B023 - called at once
        outage.met_by("remind", DiskFailure("full"), clock.now())
        seconds.at += AFTER * (2 if observes else 0.9)
        assert not call.may_page(paged)
        outage.end()
        seconds.at += AGAIN
        assert call.may_page(paged)
        assert calls(paged) == []
        assert alarms(paged) == (["database back"] if observes else [])


def test_the_next_pager_is_called_where_the_first_fails(
    paged: Services, clock: SetClock, outage: Outage, seconds: Seconds  # noqa: F811 - the fixture
) -> None:  # fmt: skip
    """Until one takes it."""
    assert isinstance(paged.pager, ListPager)
    paged.pager.broken.add("first")
    outage.met_by("remind", DiskFailure("full"), clock.now())
    seconds.at += AFTER
    OutageCall(outage, lambda: False, seconds).may_page(paged)
    assert [pager for pager, _ in calls(paged)][:2] == ["first", "second"]

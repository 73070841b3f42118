# SPDX-License-Identifier: EUPL-1.2
"""An outage of the database is named once, and one that returns at once is asked about less and less often."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from flaggermail.daemon.outage import LONGEST, LONGEST_OF_DISK, RELAPSED_WITHIN, Outage
from flaggermail.errors import DiskFailure

NOW = datetime(2027, 6, 12, 10, 2, tzinfo=UTC)


class Seconds:
    """A monotonic clock that a test sets."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        """Returns the time in seconds."""
        return self.at


@pytest.fixture
def seconds() -> Seconds:
    """Returns the clock."""
    return Seconds()


@pytest.fixture
def outage(seconds: Seconds) -> Outage:
    """Returns an outage that has not begun."""
    return Outage(seconds)


def asks(outage: Outage) -> bool:
    """Returns whether it is time to ask the database again."""
    return outage.may_be_over


def test_each_outage_is_named_once(outage: Outage) -> None:
    """Whoever notices first begins it, and the log has one line of it."""
    with capture_logs() as logged:
        for reason in ("shutting down", "refused"):
            outage.begin(reason, NOW)
    assert [(line["event"], line["reason"]) for line in logged] == [("database away", "shutting down")]
    assert outage.lasts
    outage.end()
    outage.end()
    assert outage.since is None


def test_a_first_outage_is_probed_at_once(outage: Outage, seconds: Seconds) -> None:
    """The server may have restarted already; before an outage there is nothing to ask."""
    assert not asks(outage)
    outage.begin("away", NOW)
    assert asks(outage)
    seconds.at += 3600
    outage.end()
    seconds.at += RELAPSED_WITHIN
    outage.begin("away", NOW)
    assert asks(outage)


def test_a_fault_that_spares_the_probe_does_not_fill_the_log(outage: Outage, seconds: Seconds) -> None:
    """Each relapse doubles the wait before the next probe, up to five minutes."""
    waits = []
    for _ in range(20):
        outage.begin("disk full", NOW)
        began = seconds.at
        while not asks(outage):
            seconds.at += 1
        waits.append(seconds.at - began)
        outage.end()
    assert waits[:6] == [0, 1, 3, 7, 15, 31]
    assert set(waits[9:]) == {LONGEST}


def test_the_status_says_since_when(outage: Outage) -> None:
    """The words for everybody have the desk's time, and nothing that the server said."""
    outage.begin("password of vf@db.example", NOW)
    assert outage.words(ZoneInfo("Europe/Amsterdam")) == "its server does not answer or refuses work since 12:02"


def test_a_disk_is_asked_each_minute_at_least(outage: Outage, seconds: Seconds) -> None:
    """With room again, or mounted, the desk goes on within two minutes; the trouble is one, relapses included."""
    began = seconds.at
    for _ in range(20):
        assert outage.met_by("remind", DiskFailure("full"), NOW)
        assert not outage.met_by("watcher", DiskFailure("full"), NOW)
        since = seconds.at
        while not asks(outage):
            seconds.at += 1
        assert outage.seconds == seconds.at - began
        outage.end()
    assert seconds.at - since == LONGEST_OF_DISK
    outage.met_by("remind", DiskFailure("full"), NOW)
    assert outage.words(ZoneInfo("UTC")) == "its disk is full, read-only, fails or is not there since 10:02"

# SPDX-License-Identifier: EUPL-1.2
"""A fault of the archive that no look explains holds the worker that met it, and ends nothing."""

from __future__ import annotations

import errno

import pytest
from structlog.testing import capture_logs

from flaggermail.daemon.starting import HELD, ArchiveWatch
from flaggermail.errors import ArchiveFailure
from flaggermail.wording.alarms import Health
from flaggermail.wording.said import UNSAID, StoredText
from tests.unit.daemon.test_outage import Seconds


def fault() -> ArchiveFailure:
    """Returns a fault of one file, as the archive raises it."""
    made = ArchiveFailure("archive: ab12 cannot be written to /srv/archive/ab/ab12: Input/output error")
    made.__cause__ = OSError(errno.EIO, "Input/output error")
    return made


@pytest.fixture
def seconds() -> Seconds:
    """Returns the clock."""
    return Seconds()


@pytest.fixture
def watch(seconds: Seconds) -> ArchiveWatch:
    """Returns a watch over an archive in which every look finds nothing wrong."""
    return ArchiveWatch(lambda: UNSAID, seconds)


def test_who_met_it_waits_and_nobody_else(watch: ArchiveWatch, seconds: Seconds) -> None:
    """The worker tries again after a minute; the status says it, without the file, until its work is done."""
    with capture_logs() as logged:
        watch.met("outbox", fault())
        assert watch.is_away("outbox")
        assert not watch.is_away("watcher")
        assert watch.said.english == "its folder cannot be used: Input/output error"
        seconds.at += HELD
        assert not watch.is_away("outbox")
        watch.worked("watcher")
        assert watch.said
        watch.worked("outbox")
        assert not watch.said
    assert [line["event"] for line in logged] == ["archive cannot be used"]
    assert "/srv/archive/ab/ab12" in logged[0]["reason"]


def test_a_fault_that_comes_again_waits_again_and_is_one_line(watch: ArchiveWatch, seconds: Seconds) -> None:
    """A minute each time: nothing but this desk asks its own disk."""
    waits = []
    with capture_logs() as logged:
        for _ in range(6):
            watch.met("watcher", fault())
            began = seconds.at
            while watch.is_away("watcher"):
                seconds.at += 1
            waits.append(seconds.at - began)
    assert waits == [HELD] * 6
    assert len(logged) == 1


def test_a_fault_without_the_systems_words(watch: ArchiveWatch) -> None:
    """A file that is missing or changed."""
    watch.met("outbox", ArchiveFailure("archive: the file of ab12 holds other octets"))
    assert watch.said == Health.AT_FAULT()


def test_what_a_look_explains_holds_all(seconds: Seconds) -> None:
    """It is over as soon as a look finds nothing wrong."""
    why: list[StoredText] = [Health.READ_ONLY(path="/srv/archive")]
    watch = ArchiveWatch(lambda: why[0], seconds)
    watch.met("outbox", fault())
    assert watch.is_away("watcher")
    why[0] = UNSAID
    assert not watch.is_away("outbox")
    assert not watch.said

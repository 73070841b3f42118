# SPDX-License-Identifier: EUPL-1.2
"""What a desk lacks, and on which mornings it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from flaggermail.health.readiness import Readiness, ReadinessFinding, Since, is_letter_day

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
READY = Readiness(
    policies=[Since("Civic integrity policy", 30)], pagers=[Since("A. Jansen", 30)], channels=[Since("Desk", 0)],
    certificates=[Since("mailbox", 30)], rehearsed=180, clocks=3, longest=90, uses=2,
)  # fmt: skip


def test_a_desk_in_order_lacks_nothing() -> None:
    """At each limit nothing is asked of anybody; running clocks and uses never are a finding."""
    assert READY.lacks == ()


@pytest.mark.parametrize(
    ("lack", "found"),
    [
        (ReadinessFinding.POLICIES, replace(READY, policies=[*READY.policies, Since("Guidelines", 31)])),
        (ReadinessFinding.HOURS, replace(READY, unattended=[(NOON, NOON + timedelta(minutes=1))])),
        (ReadinessFinding.PAGERS, replace(READY, pagers=[Since("A. Jansen", None)])),
        (ReadinessFinding.CHANNELS, replace(READY, channels=[Since("Desk", 31)])),
        (ReadinessFinding.BOUNCED, replace(READY, bounced=["desk@loudhailer.example"])),
        (ReadinessFinding.CERTIFICATES, replace(READY, certificates=[Since("mailbox", 29)])),
        (ReadinessFinding.REHEARSAL, replace(READY, rehearsed=None)),
        (ReadinessFinding.REHEARSAL, replace(READY, rehearsed=181)),
    ],
)
def test_one_fault_is_one_finding(lack: ReadinessFinding, found: Readiness) -> None:
    """Beyond its limit, each fact asks somebody to do something, and it alone."""
    assert found.lacks == (lack,)


def test_begun_hours_are_counted_whole() -> None:
    """Two spans of 90 and 31 minutes with nobody on call are three hours."""
    spans = [(NOON, NOON + timedelta(minutes=90)), (NOON + timedelta(days=1), NOON + timedelta(days=1, minutes=31))]
    assert Readiness(unattended=spans).hours == 3
    assert Readiness().hours == 0


def test_letters_come_before_and_in_the_period() -> None:
    """Of ten weeks around polling day, a letter comes 14 and 3 days before it, and on each day of the period."""
    polling, begins, ends = date(2027, 3, 17), date(2027, 3, 16), date(2027, 3, 18)
    days = [polling + timedelta(days=n) for n in range(-35, 36)]
    assert [day for day in days if is_letter_day([polling, date(2027, 3, 18)], begins, ends, day)] == [
        date(2027, 3, 3), date(2027, 3, 14), date(2027, 3, 16), date(2027, 3, 17), date(2027, 3, 18),
    ]  # fmt: skip

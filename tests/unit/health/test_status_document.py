# SPDX-License-Identifier: EUPL-1.2
"""The status document: what counts as wrong, how it is judged, and which foreign text is removed from it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.health.status_document import (
    LONGEST,
    NOT_RUNNING,
    Limits,
    Overview,
    StatusCode,
    impersonal,
    judged,
)

NOW = datetime(2027, 3, 17, 21, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
FINE = Overview(
    at=NOW, zone=ZoneInfo("Europe/Amsterdam"), version="1.2.3", link=True,
    limits=Limits(mailbox=15 * 60 * SECOND, outbox=1800 * SECOND, free=500),
    quarantine=3, oldest=NOW - DAY, outbox={"queued": 2},
    looks={"INBOX": NOW - 900 * SECOND, "Sent": None}, waiting_since=NOW - 1800 * SECOND,
    free={"archive": 500_000_000}, watched={"clock": "agrees"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({}, []),
        ({"looks": {"INBOX": NOW - 901 * SECOND}}, ["the mailbox was not read for 15 min"]),
        ({"looks": {"INBOX": None}}, ["the mailbox was not read to its end yet: the journal says why"]),
        ({"waiting_since": NOW - 1801 * SECOND}, ["a mail of ours waits for more than 30 min"]),
        ({"outbox": {"uncertain": 1}}, ["a mail is in doubt"]),
        ({"free": {"archive": 499_999_999}}, ["disk of archive: less than 500 MB free"]),
        ({"wrong": {"clock": "late", "disk of archive": "was low"}}, ["clock: late"]),
    ],
)
def test_what_is_wrong_as_seen_from_outside(changes: dict[str, object], trouble: list[str]) -> None:
    """Each problem alone is reported; mail in quarantine is no problem, and a disk is judged by its free space now."""
    seen = replace(FINE, **changes)  # type: ignore[arg-type]  # a table
    assert list(seen.troubles()) == trouble
    document = seen.document()
    assert (document["wrong"], document["ok"]) == (trouble, not trouble)


@pytest.mark.parametrize(
    ("age", "runs"),
    [(0, True), (90, True), (91, False), (-90, True), (-91, False)],
)
def test_a_document_older_than_90_seconds_means_that_the_daemon_does_not_run(age: int, runs: bool) -> None:  # noqa: FBT001 - a table
    """The daemon counts as stopped if its document is more than 90 seconds old, or in the future."""
    found = judged(FINE.document(), NOW + age * SECOND)
    assert (found["daemon"], found["ok"], found["wrong"]) == (runs, runs, [] if runs else [NOT_RUNNING])


@pytest.mark.parametrize("document", [{}, {"written_at": None}, {"written_at": "soon"}, {"written_at": "2027-03-17"}])
def test_a_document_without_an_instant_means_the_same(document: dict[str, str | None]) -> None:
    """A document without a valid instant means that the daemon does not run."""
    assert judged(document, NOW)["wrong"] == [NOT_RUNNING]


def test_that_the_daemon_does_not_run_is_said_before_what_it_found() -> None:
    """The message that the daemon does not run comes first, followed by the last known problems."""
    late = replace(FINE, outbox={"uncertain": 1}).document()
    assert judged(late, NOW + DAY)["wrong"] == [NOT_RUNNING, "a mail is in doubt"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("450 4.2.1 busy, try later", "450 4.2.1 busy, try later"),
        ("550 <jan@x.example>: User unknown", "550 <address> User unknown"),
        ('550 "jan van dam"@x.example unknown', "550 <address> unknown"),
        ("RCPT TO:<jan@x.example> rejected", "RCPT <address> rejected"),
        ("550 jan.jansen: no such user", "550 <...>: no such user"),
        ("see https://support.example/?u=jan%40x.example now", "see <address> now"),
        ("blocked, see https://list.example/192.0.2.1", "blocked, see <link>"),
        ("554 subject 'Verkeerde stemdag' looks like spam", "554 subject '<...>' looks like spam"),
        ("554 [vf-ep2024-0001/2] refused, VF-EP2024-0001-K7QF too", "554 [<case>] refused, <case> too"),
        (f"554 vf.{'a1' * 16}.2 seen before", "554 vf.<token>.2 seen before"),
        ("line\r\nbreak", "line break"),
    ],
)
def test_words_of_a_server_lose_whom_and_what_they_are_about(said: str, kept: str) -> None:
    """Recipient, subject, link, case number and token are removed from a server's reply; the complaint is kept."""
    assert impersonal(said, {"jan.jansen", "Verkeerde stemdag", ""}) == kept


@given(st.text(), st.text())
def test_no_address_survives_wherever_it_stands(before: str, after: str) -> None:
    """An address is removed wherever it occurs, before the text is shortened."""
    for text in (f"{before}piet@hide.example{after}", f"{'x ' * 149}{before} piet@hide.example {after}"):
        found = impersonal(text, {"hide"})
        assert "piet@" not in found
        assert len(found) <= LONGEST


def test_a_folder_that_bears_an_address_loses_it() -> None:
    """An address in a folder name is removed; servers name a shared mailbox after its owner."""
    document = replace(FINE, looks={"shared/desk@bzk.example/INBOX": NOW}).document()
    assert document["last_look"] == {"<address>": "2027-03-17T22:00:00+01:00"}
    assert "@" not in json.dumps(document)


def test_what_is_wrong_is_a_code_with_since_when() -> None:
    """For programs: the phrase says no more than the code, the instant and what was measured."""
    seen = replace(
        FINE, looks={"INBOX": NOW - 901 * SECOND}, denied=True, held_since=NOW - DAY, last_error="535 no",
        wrong={"database": "locked", "clock": "late"}, wrong_since={"clock": NOW - SECOND},
    )  # fmt: skip
    found = {one.code: (one.since, one.detail) for one in seen.findings()}
    assert found == {
        StatusCode.UNREAD: (NOW - 901 * SECOND, ""), StatusCode.DENIED: (NOW - DAY, "535 no"),
        StatusCode.PROBE: (NOW - SECOND, "clock: late"), StatusCode.DATABASE: (None, "database: locked"),
    }  # fmt: skip
    shown = seen.document()["findings"]
    assert isinstance(shown, list)
    assert shown[0] == {"code": "mailbox unread", "since": "2027-03-17T21:44:59+01:00", "detail": ""}

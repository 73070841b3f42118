# SPDX-License-Identifier: EUPL-1.2
"""The metrics say what the status document says, with no word of a case or a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.health.metrics import MetricType, metrics
from flaggermail.health.status_document import NodeStanding, Overview
from flaggermail.mail.message import Json
from tests.unit.health.test_status_document import FINE, NOW

FULL = replace(
    FINE,
    on_call=True, oldest_clock=NOW - timedelta(hours=2), clocks={"receipt": 1, "human": 2}, observing_since=NOW,
    clocks_older={60: {"human": 2}, 120: {"human": 1}}, reminders={"receipt": {"0": 2, "1": 1}},
    platform_mails={"verified": 7, "failed": 1}, unjudged=3, unheard=2, held_back=4, suppressed=5,
    set_aside={"INBOX": ["3", "9"]},
    pages={"held": 1}, undelivered_since=NOW,
    outbox={"queued": 2, "uncertain": 1}, last_error="450 4.2.0 busy, VF-PS2027-0007",
    cases={"open": 6}, jobs={"outbox": {"missed": 1, "failed": 0}}, free={"archive": 2_500_000_000},
    ends={"secret for tokens": NOW + timedelta(days=30)},
)  # fmt: skip
MANUAL = Path(__file__).parents[3] / "docs" / "operation.md"
IN_WORDS = {"version", "watched", "findings"}  # of the document: no number


def found(seen: Overview) -> dict[tuple[str, ...], float]:
    """Returns each value by the metric's name and the values of its labels."""
    return {(m.name, *key): value for m in metrics(seen.document()) for key, value in m.values.items()}


def test_each_fact_has_its_number() -> None:
    """Counts, instants in seconds since 1970, a link as 1, the length of the list of faults, room in bytes."""
    values = found(FULL)
    expected = {
        ("status_timestamp_seconds",): NOW.timestamp(),
        ("observing_timestamp_seconds",): NOW.timestamp(),
        ("up",): 0, ("faults",): 2, ("on_call",): 1, ("mailbox_link_up",): 1,  # in doubt, and replies unheard
        ("folder_read_timestamp_seconds", "INBOX"): (NOW - timedelta(minutes=15)).timestamp(),
        ("cases", "open"): 6, ("cases", "exercise"): 0,
        ("clocks_running", "human"): 2, ("clocks_running", "substance"): 0,
        ("clock_oldest_timestamp_seconds",): (NOW - timedelta(hours=2)).timestamp(),
        ("clocks_older", "60", "human"): 2, ("clocks_older", "120", "human"): 1, ("clocks_older", "240", "human"): 0,
        ("reminders", "receipt", "0"): 2, ("reminders", "receipt", "1"): 1,
        ("outbox_mails", "queued"): 2, ("outbox_mails", "uncertain"): 1,
        ("outbox_oldest_timestamp_seconds",): (NOW - timedelta(minutes=30)).timestamp(),
        ("quarantine_mails",): 3,
        ("quarantine_oldest_timestamp_seconds",): (NOW - timedelta(days=1)).timestamp(),
        ("platform_mails_total", "verified"): 7, ("platform_mails_total", "failed"): 1,
        ("mails_set_aside", "INBOX"): 2,
        ("mails_unjudged_total",): 3, ("officer_replies_unheard",): 2, ("held_back",): 4, ("suppressed_total",): 5,
        ("pages_undelivered", "held"): 1, ("disk_free_bytes", "archive"): 2_500_000_000,
        ("end_timestamp_seconds", "secret for tokens"): (NOW + timedelta(days=30)).timestamp(),
        ("job_faults_total", "outbox", "missed"): 1,
    }  # fmt: skip
    assert {key: values.get(key) for key in expected} == expected


def test_nothing_of_the_document_is_left_out() -> None:
    """Each number of the document changes a metric; what does not is in words."""
    document = replace(FULL, node=NodeStanding("n1", leads=True)).document()
    before = list(metrics(document))
    for name in document.keys() - IN_WORDS:
        assert list(metrics({key: value for key, value in document.items() if key != name})) != before, name


def test_a_fact_that_is_not_known_has_no_value() -> None:
    """A desk that has not looked yet has neither a link nor a last look; the names of the metrics stay."""
    unknown = replace(FINE, link=None, looks={"INBOX": None}, waiting_since=None, oldest=None)
    names = {name for name, *_ in found(unknown)}
    assert not names & {"mailbox_link_up", "folder_read_timestamp_seconds", "outbox_oldest_timestamp_seconds"}
    assert [m.name for m in metrics(unknown.document())] == [m.name for m in metrics({})]
    assert found(replace(FINE, link=False))["mailbox_link_up",] == 0


def test_a_counter_is_named_so() -> None:
    """What only grows ends in `_total`."""
    counters = {m.name for m in metrics({}) if m.type is MetricType.COUNTER}
    assert counters == {"platform_mails_total", "mails_unjudged_total", "suppressed_total", "job_faults_total"}


def test_no_word_of_a_server_or_a_case_is_told() -> None:
    """No metric bears the server's answer, or the fault's words; an address as a folder's name is cut out."""
    seen = replace(FULL, looks={"INBOX": NOW, "jan@gemeente.example": NOW}, wrong={"clock": "VF-PS2027-0007"})
    told = str(list(metrics(seen.document())))
    assert not [word for word in ("VF-PS", "450", "jan@", "busy") if word in told]


def test_the_manual_has_each_metric() -> None:
    """The table in docs/operation.md names each metric, in order, with its labels and what it means."""
    rows = [line.split(" | ") for line in MANUAL.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    listed = {row[0].strip("|` "): row for row in rows}
    for metric in metrics({}):
        _, labels, means = listed[metric.name]
        assert labels == ", ".join(f"`{label}`" for label in metric.labels)
        assert means.rstrip(" |").casefold() == metric.help.casefold()


@pytest.mark.parametrize("value", ["soon", {"at": "x"}, ["a"], None, 3])
def test_a_document_of_another_shape_gives_no_fault(value: Json) -> None:
    """Metrics of a malformed document lack a value and raise nothing."""
    document: dict[str, Json] = dict.fromkeys(FULL.document(), value)
    assert [m.name for m in metrics(document)] == [m.name for m in metrics({})]

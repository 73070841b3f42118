# SPDX-License-Identifier: EUPL-1.2
"""The document of `status.json` as metrics for Prometheus: counts, ages and instants, no case and no person.

An instant is given in seconds since 1970 (UTC). An alert compares it with `time()`, so that a daemon that no longer
writes is noticed as soon as one that no longer reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from flaggermail.health.status_document import MEGA, instant
from flaggermail.record.states import CLOCKS, UNSETTLED

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

METRICS_FILE = "status.prom"  # beside status.json; the textfile collector reads names that end so


class MetricType(StrEnum):
    """Whether a value may fall."""

    GAUGE = "gauge"
    COUNTER = "counter"  # since the record began, or since the daemon started


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, named without the program's prefix; `values` by the values of its labels, none if unknown."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    values: Mapping[tuple[str, ...], float] = field(default_factory=dict)

    @property
    def type(self) -> MetricType:
        """The type that the name says: by convention a counter ends in `_total`."""
        return MetricType.COUNTER if self.name.endswith("_total") else MetricType.GAUGE


@dataclass(frozen=True, slots=True)
class _Fact:
    """Where a metric stands in the document: under `path`, below it one mapping for each of its labels."""

    name: str
    path: tuple[str, ...]
    help: str
    labels: tuple[str, ...] = ()
    only: tuple[str, ...] = ()  # of the first label, where the mapping holds other things too
    unit: int = 1  # of the document's number, in that of the metric


def metrics(document: Mapping[str, Json]) -> Iterator[Metric]:
    """Yields every metric of a status document, in a fixed order; one whose fact is missing has no value."""
    for source in _SOURCES:
        found = _leaves(_below(document, source.path), len(source.labels), source.only)
        values = {key: number * source.unit for key, leaf in found if (number := _number(leaf)) is not None}
        yield Metric(source.name, source.help, source.labels, values)


def _below(document: Json, path: Sequence[str]) -> Json:
    for name in path:
        document = document.get(name) if isinstance(document, Mapping) else None
    return document


def _leaves(found: Json, depth: int, only: Collection[str] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    if not depth:
        yield (), found
    elif isinstance(found, Mapping):
        for name, below in found.items():
            if not only or name in only:
                yield from (((name, *key), leaf) for key, leaf in _leaves(below, depth - 1))


def _number(value: Json) -> float | None:
    """Returns a value as a number: an instant in seconds since 1970, a list by its length, a link by being up."""
    if isinstance(value, str):
        at = instant(value)
        return at.timestamp() if at else {"up": 1.0, "down": 0.0}.get(value)
    if isinstance(value, list):
        return float(len(value))
    return float(value) if isinstance(value, bool | int | float) else None


_SOURCES = (
    _Fact("status_timestamp_seconds", ("written_at",), "When the daemon wrote its status"),
    _Fact("starting", ("starting",), "1 while the daemon starts"),
    _Fact("up", ("ok",), "1 while the desk finds nothing wrong"),
    _Fact("faults", ("wrong",), "Faults that the desk finds in itself"),
    _Fact("leads", ("node", "leads"), "1 while this node leads, 0 while it is a standby"),
    _Fact("node_ready", ("node", "ready"), "1 while nothing speaks against this node leading"),
    _Fact("observing_timestamp_seconds", ("observing_since",), "Since when the desk observes and sends nothing"),
    _Fact("on_call", ("on_call",), "1 while an officer is on call"),
    _Fact("mailbox_link_up", ("mailbox", "link"), "1 while the mailbox is reachable"),
    _Fact("folder_read_timestamp_seconds", ("last_look",), "When a folder was last read to its end", ("folder",)),
    _Fact("cases", ("cases",), "Cases", ("state",)),
    _Fact("clocks_running", ("clocks",), "Running clocks", ("clock",), tuple(CLOCKS)),
    _Fact("clock_oldest_timestamp_seconds", ("clocks", "oldest_at"), "When the oldest running clock started"),
    _Fact("clocks_older", ("clocks_older",), "Running clocks of at least that age", ("minutes", "clock")),
    _Fact("reminders", ("reminders",), "Reminders and escalations about running clocks", ("clock", "step")),
    _Fact("outbox_mails", ("outbox",), "Own mails that are not settled", ("state",), tuple(UNSETTLED)),
    _Fact("outbox_oldest_timestamp_seconds", ("outbox", "oldest_at"), "Since when the oldest of them waits"),
    _Fact("quarantine_mails", ("quarantine",), "Mails that wait for a person"),
    _Fact("quarantine_oldest_timestamp_seconds", ("quarantine_oldest_at",), "When the oldest of them arrived"),
    _Fact("mails_set_aside", ("set_aside",), "Mails that the server lists and does not give", ("folder",)),
    _Fact("platform_mails_total", ("platform_mails",), "Mails of platforms, by our server's verdict", ("verdict",)),
    _Fact("mails_unjudged_total", ("unjudged",), "Mails that could not be read or judged"),
    _Fact("officer_replies_unheard", ("unverified_officer_replies",), "Officers' replies of a day that did nothing"),
    _Fact("held_back", ("held_back",), "Notices and alarms that wait for a digest"),
    _Fact("suppressed_total", ("suppressed",), "Alarms and answers left out as repetitions"),
    _Fact("pages_undelivered", ("pages",), "Pages of a day that reached nobody", ("state",)),
    _Fact("pages_oldest_timestamp_seconds", ("pages_oldest_at",), "When the oldest of them was queued"),
    _Fact("disk_free_bytes", ("free_mb",), "Free for database and archive", ("disk",), unit=MEGA),
    _Fact("end_timestamp_seconds", ("ends",), "When a certificate or secret ends", ("what",)),
    _Fact("job_faults_total", ("jobs",), "Calls of a job that were missed, failed, or overlapped", ("job", "fault")),
)

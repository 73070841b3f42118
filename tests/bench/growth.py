# SPDX-License-Identifier: EUPL-1.2
"""Whether a full store slows ingest down: a desk with few mails and one with many ingest the same mails."""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from flaggermail.intake.ingest import ingest
from flaggermail.ports import RawMessage
from tests.bench import corpus
from tests.bench.figures import Bench, Figure, Goal, Heading, Row, times
from tests.bench.history import Filled, filled, lay

SIZES, PROBES = (2_000, 20_000), 300
QUICK_SIZES, QUICK_PROBES = (100, 400), 40
SEED = 1


def measure(bench: Bench) -> Iterator[Row]:
    """Fills two desks, then ingests the same mails with both."""
    sizes = QUICK_SIZES if bench.quick else SIZES
    files = corpus.write(bench.folder / "growth", sizes[-1], SEED)
    yield Heading(f"history from Dovecot, mail of {corpus.source()}", "x bare")
    with ExitStack() as stack:
        desks = []
        for size in sizes:
            lay(bench.servers, files[:size], f"growth{size}")
            desks.append(stack.enter_context(filled(bench.servers, size, f"growth{size}")))
            yield from desks[-1].figures()
        yield from growth(desks, bench.folder, bench.few(PROBES, QUICK_PROBES))


def growth(desks: Sequence[Filled], folder: Path, probes: int) -> Iterator[Row]:
    """Yields the cost of a mail on the fullest desk, compared with the emptiest."""
    yield Heading(f"growth, {probes} mails each, median of pairs", "x smaller")
    for name, live in (("history", False), ("live", True)):
        files = corpus.write(folder / f"probe-{name}", probes, SEED + 1 + live)
        little, much = probe(desks, files, live=live)
        for desk, seconds in zip(desks, (little, much), strict=True):
            each = statistics.median(seconds) * 1e6
            yield Figure(what=f"{name}, {desk.size:,} stored, median", figure=each, unit="us")
        yield times(f"{name}, ratio of the sums", sum(much) / sum(little))
        ratio = statistics.median(b / a for a, b in zip(little, much, strict=True))
        yield times(f"{name}, median of the ratios", ratio, f"growth.{name}", Goal(1.05, 1.2))


def probe(desks: Sequence[Filled], files: list[Path], *, live: bool) -> list[list[float]]:
    """Lets the desks ingest the same mails in turn; returns the seconds of each mail, one list per desk."""
    seconds: list[list[float]] = [[] for _ in desks]
    for number, path in enumerate(files):
        octets = path.read_bytes()
        arrived = datetime.now(UTC) if live else datetime.fromtimestamp(path.stat().st_mtime, UTC)
        raw = RawMessage(octets, arrived, "Probe live" if live else "Probe", 1, number + 1)
        turns = list(enumerate(desks))
        for which, desk in turns if number % 2 else reversed(turns):
            begun = time.perf_counter()
            ingest(desk.env, raw)
            seconds[which].append(time.perf_counter() - begun)
    return seconds

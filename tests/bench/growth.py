# SPDX-License-Identifier: EUPL-1.2
"""Whether a full store, or a case with many mails, slows ingest down: the same mails where there are few and many."""

import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain
from pathlib import Path

from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.cases import OpenCase
from flaggermail.commands.notify import Draft
from flaggermail.intake.ingest import ingest, ingest_batches
from flaggermail.outbox import delivery
from flaggermail.ports import RawMessage
from flaggermail.record.case_values import CaseType, Decision, Origin
from flaggermail.record.rows import Notification
from flaggermail.rules.configuration import load
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from tests.acting import run
from tests.bench import corpus
from tests.bench.comparing import CONFIG
from tests.bench.figures import Bench, Figure, Goal, Heading, Row, times
from tests.bench.history import Filled, filled, lay
from tests.bench.mails import Mails
from tests.doubles.migrated import replayed

SIZES, PROBES = (2_000, 20_000), 300
QUICK_SIZES, QUICK_PROBES = (100, 400), 40
LARGE, QUICK_LARGE, TOGETHER = (2_000, 200_000), (100, 300), 20
CASES, QUICK_CASES, PROBES_IN_CASE = (10, 500), (5, 30), 60
POLLING_DAY = datetime(2024, 6, 6, 8, tzinfo=UTC)
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
    yield from large(bench)
    yield from in_case(bench)


def in_case(bench: Bench) -> Iterator[Row]:
    """Yields the cost of a platform's answer in a case that holds very many, compared with one that holds few."""
    sizes, seconds = QUICK_CASES if bench.quick else CASES, list[float]()
    probes = bench.few(PROBES_IN_CASE, QUICK_PROBES)
    for size in sizes:
        clock, folder = SetClock(POLLING_DAY), bench.folder / f"case{size}"
        folder.mkdir()
        settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
        with closing(replayed(settings, folder, clock, CountedRandomness("case"), ScriptedSubmitter(clock))) as env:
            taken = list(_answers(env, clock, size + probes))[size:]
        shutil.rmtree(folder)
        seconds.append(statistics.median(taken))
        yield Figure(what=f"an answer in a case of {size} mails, median", figure=seconds[-1] * 1e3, unit="ms")
    what = f"an answer with {sizes[1]:,} in its case, beside {sizes[0]:,}"
    yield times(what, seconds[1] / seconds[0], "growth.case", Goal(1.1, 1.3))


def _answers(env: Services, clock: SetClock, count: int) -> Iterator[float]:
    """Yields the seconds of processor time of each of so many answers in one thread, an hour apart."""
    use = _notified(env)
    thread = [use.message_id or ""]
    for number in range(count):
        clock.set(clock.now() + timedelta(hours=1))
        name, date = f"a{number}@x-platform.example", format_datetime(clock.now())
        lines = (
            f"Authentication-Results: mx.bzk.example; dmarc=pass header.from={name.partition('@')[2]}",
            f"Received: from mail.x-platform.example by mx.bzk.example with ESMTPS; {date}",
            f"From: desk@{name.partition('@')[2]}", f"To: {env.settings.desk.mailbox.address}",
            f"Subject: Re: {use.subject}", f"Message-ID: <{name}>", f"Date: {date}", f"In-Reply-To: <{thread[-1]}>",
            f"References: {' '.join(f'<{one}>' for one in thread)}", "", f"We still look at it, {number}.", "",
        )  # fmt: skip
        thread.append(name)
        raw = RawMessage("\r\n".join(lines).encode(), clock.now(), "INBOX", "1", str(number + 1))
        begun = time.process_time()
        ingest(env, raw)
        yield time.process_time() - begun


def _notified(env: Services) -> Notification:
    """Opens a case and notifies a platform; returns the notification."""
    title = "Two boxes coloured on one list"
    kind, origin = CaseType.GENERAL_WARNING, Origin.EARLIER_CASES
    case = run(env, OpenCase(election="EP2024", type=kind, origin=origin, title=title), "officer1").key
    run(env, Assess(case=case, incorrect=True, criteria=(1,), all_means_used=True), "officer1")
    run(env, Decide(case=case, decision=Decision.NOTIFY, reason="such votes are invalid"), "officer1")
    draft = run(env, Draft(case=case, channel="x-urgent"), "officer1").key
    run(env, Approve(draft=draft), "officer1")
    delivery.drain(env)
    with env.store.read() as tx:
        return tx.find(Notification)[0]


def large(bench: Bench) -> Iterator[Row]:
    """Yields the cost of a small mail of history with very many stored, compared with few."""
    sizes = QUICK_LARGE if bench.quick else LARGE
    seconds = []
    for size in sizes:
        with _stored(bench.folder / f"large{size}", size) as env:
            seconds.append(statistics.median(_taken(env, bench.few(PROBES, QUICK_PROBES))))
        yield Figure(what=f"history, small mail, {size:,} stored, median", figure=seconds[-1] * 1e6, unit="us")
    what = f"small mail with {sizes[1]:,} stored, beside {sizes[0]:,}"
    yield times(what, seconds[1] / seconds[0], "growth.200k", Goal(1.1, 1.2))


@contextmanager
def _stored(folder: Path, size: int) -> Iterator[Services]:
    """Yields a desk that took in so many small mails of history; none of them lies on a mail server."""
    clock = SetClock(datetime(2027, 3, 17, 9, tzinfo=UTC))
    folder.mkdir()
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    with closing(replayed(settings, folder, clock, CountedRandomness("growth"), ScriptedSubmitter(clock))) as env:
        for _ in ingest_batches(env, _batches(SEED, size, "INBOX")):
            pass
        yield env
    shutil.rmtree(folder)


def _taken(env: Services, probes: int) -> list[float]:
    """Returns the seconds of processor time of this process for each mail, of a desk that takes them in one by one."""
    taken = []
    for raw in chain.from_iterable(_batches(SEED + 3, probes, "Probe large")):
        begun = time.process_time()
        ingest(env, raw)
        taken.append(time.process_time() - begun)
    return taken


def _batches(seed: int, count: int, folder: str) -> Iterator[list[RawMessage]]:
    mails = Mails(seed, "verkiezingenflagger@bzk.example")
    for first in range(0, count, TOGETHER):
        yield [
            _raw(corpus.as_arrived(mails.any_kind().octets), number, folder)
            for number in range(first, first + TOGETHER)
        ]


def _raw(octets: bytes, number: int, folder: str) -> RawMessage:
    arrived = datetime.fromtimestamp(corpus.LONG_AGO + 300 * number, UTC)
    return RawMessage(octets, arrived, folder, "1", str(number + 1))


def growth(desks: Sequence[Filled], folder: Path, probes: int) -> Iterator[Row]:
    """Yields the cost of a mail on the fullest desk, compared with the emptiest."""
    little_stored, much_stored = (desk.size for desk in desks)
    yield Heading(f"growth, {probes} mails each, median of pairs", "x smaller")
    for name, live in (("history", False), ("live", True)):
        files = corpus.write(folder / f"probe-{name}", probes, SEED + 1 + live)
        little, much = probe(desks, files, live=live)
        for desk, seconds in zip(desks, (little, much), strict=True):
            each = statistics.median(seconds) * 1e6
            yield Figure(what=f"{name}, {desk.size:,} stored, median", figure=each, unit="us")
        yield times(f"{name}, ratio of the sums", sum(much) / sum(little))
        ratio = statistics.median(b / a for a, b in zip(little, much, strict=True))
        what = f"{name} mail with {much_stored:,} stored, beside {little_stored:,}"
        yield times(what, ratio, f"growth.{name}", Goal(1.05, 1.1))


def probe(desks: Sequence[Filled], files: list[Path], *, live: bool) -> list[list[float]]:
    """Lets the desks ingest the same mails in turn; returns the seconds of each mail, one list per desk."""
    seconds: list[list[float]] = [[] for _ in desks]
    for number, path in enumerate(files):
        octets = path.read_bytes()
        arrived = datetime.now(UTC) if live else datetime.fromtimestamp(path.stat().st_mtime, UTC)
        raw = RawMessage(octets, arrived, "Probe live" if live else "Probe", "1", str(number + 1))
        turns = list(enumerate(desks))
        for which, desk in turns if number % 2 else reversed(turns):
            begun = time.perf_counter()
            ingest(desk.env, raw)
            seconds[which].append(time.perf_counter() - begun)
    return seconds

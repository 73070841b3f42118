# SPDX-License-Identifier: EUPL-1.2
"""How fast mail is taken in: a mailbox of history beside a bare fetch of it, and whether a full store slows it down."""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from imapclient import IMAPClient

from flaggermail import wiring
from flaggermail.intake.ingest import ingest
from flaggermail.intake.poll import look
from flaggermail.ports import RawMessage
from flaggermail.services import Services
from tests.bench import corpus, table
from tests.bench.desk import Servers

SIZES, PROBES = (2_000, 20_000), 300
QUICK_SIZES, QUICK_PROBES = (100, 400), 40
BATCH = 100
SEED = 1


@dataclass(frozen=True)
class Filled:
    """A desk that has read a mailbox of `size` mails."""

    size: int
    user: str
    folder: Path
    env: Services


def history(servers: Servers, files: list[Path], user: str) -> None:
    """Lay the files into a new mailbox of `user`."""
    corpus.lay(files, servers.maildir(user))
    servers.own(user)


def bare_fetch(servers: Servers, user: str) -> tuple[int, float]:
    """Fetch the whole inbox with imapclient alone, its trace off: how many octets, in how many seconds."""
    with IMAPClient("127.0.0.1", servers.dovecot.imap_port, ssl=False, timeout=60) as client:
        client._imap.debug = 0  # noqa: SLF001 - as the product does; with the trace it would be four times as slow
        client.login(user, servers.dovecot.password)
        begun = time.perf_counter()
        client.select_folder("INBOX", readonly=True)
        uids = client.search()
        octets = 0
        for first in range(0, len(uids), BATCH):
            answer = client.fetch(uids[first : first + BATCH], ["INTERNALDATE", "BODY.PEEK[]"])
            octets += sum(len(items[b"BODY[]"]) for items in answer.values())
        return octets, time.perf_counter() - begun


@contextmanager
def filled(servers: Servers, size: int, user: str) -> Iterator[Filled]:
    """A desk that takes in the mailbox of `user`; what that costs is printed."""
    with ExitStack() as stack:
        desk = stack.enter_context(servers.desk(user, port=servers.dovecot.imap_port, tls="none", ca_file=None))
        env = stack.enter_context(closing(wiring.open_environment(desk.folder)))
        mailbox = stack.enter_context(closing(wiring.mailbox(env.settings)))
        octets, bare = bare_fetch(servers, user)
        begun = time.perf_counter()
        taken = look(env, mailbox)
        seconds = time.perf_counter() - begun
        if taken != size:
            raise AssertionError(f"{taken} of {size} mails were taken in")
        table.line(f"bare fetch of {size:,}, {octets / 1e6:,.0f} MB", size / bare, "mail/s", 1)
        table.line(f"flaggermail takes in {size:,}", size / seconds, "mail/s", seconds / bare)
        table.line("    each", seconds / size * 1e6, "us")
        yield Filled(size, user, desk.folder, env)


def probe(desks: Sequence[Filled], files: list[Path], *, live: bool) -> list[list[float]]:
    """Let the desks take in the same mails in turn: seconds of each mail, one list a desk."""
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


def growth(desks: Sequence[Filled], folder: Path, probes: int) -> None:
    """Print what a mail costs the desk that holds most, beside the one that holds least."""
    table.head(f"growth, {probes} mails each, median of pairs", "x smaller")
    for live in (False, True):
        files = corpus.write(folder / f"probe-{live}", probes, SEED + 1 + live)
        little, much = probe([desks[0], desks[-1]], files, live=live)
        ratio = statistics.median(b / a for a, b in zip(little, much, strict=True))
        name = "live" if live else "history"
        for desk, seconds in zip((desks[0], desks[-1]), (little, much), strict=True):
            beside, goal = (ratio, "1.05, 1.2") if desk is desks[-1] else (1, "")
            table.line(f"{name}, {desk.size:,} stored", statistics.median(seconds) * 1e6, "us", beside, goal)
        table.line(f"{name}, ratio of the sums", sum(much) / len(much) * 1e6, "us", sum(much) / sum(little))


def measure(servers: Servers, folder: Path, *, quick: bool) -> None:
    """Print the tables of intake and growth."""
    sizes, probes = (QUICK_SIZES, QUICK_PROBES) if quick else (SIZES, PROBES)
    files = corpus.write(folder / "history", sizes[-1], SEED)
    table.head(f"history from Dovecot, mail of {corpus.source()}", "x bare")
    with ExitStack() as stack:
        desks = []
        for size in sizes:
            history(servers, files[:size], f"history{size}")
            desks.append(stack.enter_context(filled(servers, size, f"history{size}")))
        growth(desks, folder, probes)

# SPDX-License-Identifier: EUPL-1.2
"""A colleague moves a folder of years into the inbox: how long live mail waits meanwhile, and what becomes of the old.

The real daemon between a real Dovecot and a real Postfix; the folder lay where the desk does not look.
"""

import os
import threading
import time
from collections.abc import Iterator

from tests.bench import corpus
from tests.bench.busy import Look
from tests.bench.figures import Bench, Figure, Goal, Heading, Row
from tests.bench.history import lay
from tests.bench.latency import UNHELD
from tests.bench.mails import Mails
from tests.bench.memory import stored
from tests.flow.desk_process import DeskProcess, patiently, while_it_grows

SIZE, QUICK_SIZE = 50_000, 300
USER, ELSEWHERE = "moved", "Elders"
_OLD = "FROM message WHERE direction = 'in' AND received_at < '2026-01-01'"


def measure(bench: Bench) -> Iterator[Row]:
    """The folder is moved in at once; a live referral comes every twenty seconds, a command every fifteen."""
    size = bench.few(SIZE, QUICK_SIZE)
    files = corpus.write(bench.folder / USER, size, 1, corpus.SMALL)
    for number, path in enumerate(files):
        os.utime(path, (corpus.LONG_AGO + 600 * number,) * 2)
    corpus.lay(files, bench.servers.maildir(USER) / f".{ELSEWHERE}")
    lay(bench.servers, [], USER)
    yield Heading(f"{size:,} old mails moved into the inbox", "")
    with bench.servers.desk(USER, others={"rate_limits": UNHELD}, excluded_folders=[ELSEWHERE]) as desk:
        desk.start()
        patiently(lambda: desk.rows("SELECT 1 FROM cursor WHERE looked_at IS NOT NULL"), "the first look")
        look = Look(bench.servers, desk, Mails(8, f"{USER}@bzk.example"))
        begun = time.monotonic()
        moving = threading.Thread(target=bench.servers.dovecot.move, args=(USER, ELSEWHERE, "INBOX"))
        moving.start()
        while_it_grows(lambda: stored(desk), lambda: look.step(size), "all is read and live mail confirmed")
        seconds = time.monotonic() - begun
        moving.join()
        yield from _counted(desk, size, len(look.delivered))
        desk.stop()
    live = look.seconds()
    yield Figure(what="until all of it is on record", figure=seconds, unit="s")
    yield Figure(what="first live mail, delivered to confirmed", figure=live[0], unit="s", goal=Goal(60))
    yield Figure(what=f"slowest of {len(live)} live mails", figure=max(live), unit="s")
    yield Figure(what="their median", figure=sorted(live)[len(live) // 2], unit="s")
    yield Figure(what="slowest command, its start included", figure=max(look.answered), unit="s")
    if look.refused:
        raise AssertionError(f"commands were refused: {look.refused}")


def _counted(desk: DeskProcess, old: int, live: int) -> Iterator[Figure]:
    """Yields what became of the old mail. Raises AssertionError if any is missing, doubled or answered."""
    found = desk.rows("SELECT count(*), count(DISTINCT message) FROM delivery")
    answered = desk.rows("SELECT count(*) FROM outbox WHERE recipient NOT LIKE '%@bzk.example'")
    if (found, answered) != ([(old + live,) * 2], [(live,)]):
        raise AssertionError(f"{found} copies and messages of {old + live}, {answered} answers to {live}")
    history = desk.rows(f"SELECT id {_OLD} AND arrival = 'moved in'")
    waiting = desk.rows(f"SELECT id {_OLD} AND arrival = 'server' AND place = 'quarantine'")
    yield Figure(what="old mails that are history", figure=len(history), unit="")
    yield Figure(what="old mails in the quarantine of today", figure=len(waiting), unit="", goal=Goal(50))

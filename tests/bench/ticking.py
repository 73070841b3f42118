# SPDX-License-Identifier: EUPL-1.2
"""What the daemon's regular look at every open clock costs while hundreds of cases are open and nothing is due."""

import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

from flaggermail.intake.ingest import ingest
from flaggermail.outbox import delivery
from flaggermail.ports import RawMessage
from flaggermail.record.definition import where
from flaggermail.record.rows import Case
from flaggermail.record.states import CaseState
from flaggermail.reminders import sending
from flaggermail.rules.configuration import load
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from tests.bench.comparing import CONFIG
from tests.bench.corpus import as_arrived
from tests.bench.figures import Bench, Figure, Goal, Heading, Row
from tests.bench.mails import Mails
from tests.doubles.migrated import replayed

CASES, QUICK_CASES = 400, 20
ROUNDS, QUICK_ROUNDS = 30, 3
MORNING = datetime(2024, 6, 6, 7, tzinfo=UTC)  # of an election day


def measure(bench: Bench) -> Iterator[Row]:
    """Opens the cases by mail, does what is due, then measures ticks at which nothing is."""
    cases, rounds = bench.few(CASES, QUICK_CASES), bench.few(ROUNDS, QUICK_ROUNDS)
    yield Heading(f"a tick with {cases} open cases", "")
    clock, folder = SetClock(MORNING), bench.folder / "ticking"
    folder.mkdir()
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    mails = Mails(1, settings.desk.mailbox.address)
    with closing(replayed(settings, folder, clock, CountedRandomness("tick"), ScriptedSubmitter(clock))) as env:
        for number in range(cases):
            octets = as_arrived(mails.referral().octets)
            ingest(env, RawMessage(octets, clock.now(), "INBOX", "1", str(number)))
            clock.set(clock.now() + timedelta(seconds=1))
        with env.store.read() as tx:
            opened = tx.count(Case, where(Case.state).is_(CaseState.OPEN))
        if opened != cases:
            raise AssertionError(f"{opened} of {cases} cases are open")
        sending.tick(env)
        delivery.drain(env)
        taken = []
        for _ in range(rounds):
            begun = time.process_time()
            sending.tick(env)
            taken.append(time.process_time() - begun)
    what = f"a tick with {cases} open cases, processor time"
    yield Figure(what=what, figure=statistics.median(taken) * 1000, unit="ms", goal=Goal(20), name="tick.400")

# SPDX-License-Identifier: EUPL-1.2
"""The effect of a flood of mail on reminders that fall due in it, and on mail from officers and platforms."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from flaggermail.intake import poll
from flaggermail.notices import digest
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import OutboxMail, Reminder, StoredMessage
from flaggermail.reminders import sending
from flaggermail.rules.configuration import load
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ListMailbox, ScriptedSubmitter
from flaggermail.wiring import runs
from tests.bench.figures import Bench, Figure, Goal, Heading, Row
from tests.story.conftest import CONFIG, NOW
from tests.story.test_late import notify
from tests.story.test_rate_limits import OFFICER, flooded

MAILS, QUICK_MAILS = 5_000, 300
REMINDERS = 25  # one falls due each half second
TICK = Goal(1.5)  # the second of the tick, and little more
KNOWN = (OFFICER, "agent@x-platform.example")


class Running:
    """Implements `ports.Clock`: starts at `NOW` and advances in real time."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def now(self) -> datetime:
        """Returns the current instant."""
        return NOW + timedelta(seconds=time.monotonic() - self._begun)


def measure(bench: Bench) -> Iterator[Row]:
    """All mails are in the mailbox at once, and the tick of reminders comes each second."""
    count = bench.few(MAILS, QUICK_MAILS)
    yield Heading(f"a flood of {count:,} mails")
    settings, clock = load(CONFIG, shipped("rules"), shipped("config") / "templates"), Running()
    desk = Path(tempfile.mkdtemp(dir=bench.folder))
    env = runs.replayed(settings, desk, clock, CountedRandomness("bench"), ScriptedSubmitter(clock))
    with closing(env):
        mailbox = flooded(env, count)
        began = clock.now()
        for number in range(REMINDERS):
            notify(env, number + 1, began - timedelta(minutes=60) + number * timedelta(seconds=0.5))
        seconds, ticks = _during(env, mailbox)
        yield Figure(what="taken in", figure=count / seconds, unit="a s")
        yield from _told(env, began, ticks)


def _during(env: Services, mailbox: ListMailbox) -> tuple[float, list[float]]:
    """Ingests the flood with ticks beside it; returns the seconds of the whole and of each tick."""
    seconds, ticks = list[float](), list[float]()

    def take_in() -> None:
        begun = time.perf_counter()
        poll.look(env, mailbox)
        seconds.append(time.perf_counter() - begun)

    intake = threading.Thread(target=take_in)
    intake.start()
    while intake.is_alive() or len(ticks) * 2 < REMINDERS + 4:
        begun = time.perf_counter()
        sending.tick(env)
        digest.tell_held_back(env)
        ticks.append(time.perf_counter() - begun)
        time.sleep(max(0.0, 1.0 - ticks[-1]))
    intake.join()
    return seconds[0], ticks


def _told(env: Services, began: datetime, ticks: list[float]) -> Iterator[Figure]:
    with env.store.read() as tx:
        late = [(r.told_at - r.due_at).total_seconds() for r in tx.find(Reminder)]
        known = [
            m.first_seen_at
            for m in tx.find(StoredMessage, where(StoredMessage.direction).is_(Direction.IN))
            if m.from_address in KNOWN
        ]
        mails = len(
            tx.find(
                OutboxMail,
                where(OutboxMail.recipient).is_(OFFICER),
                where(OutboxMail.kind).in_([Kind.OFFICER_NOTICE, Kind.DIGEST]),
            )
        )
    assert len(late) == REMINDERS, "a reminder was not told"
    yield Figure(what="reminders: the latest, after it fell due", figure=max(late), unit="s", goal=TICK)
    yield Figure(what="the longest tick", figure=max(ticks), unit="s")
    latest = max((at - began).total_seconds() for at in known)
    yield Figure(what="mail of officer and platform, behind them all", figure=latest, unit="s")
    yield Figure(what="mails about it to the officer on call", figure=mails, unit="")

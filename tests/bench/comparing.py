# SPDX-License-Identifier: EUPL-1.2
"""What comparing two rule sets over an archive costs, compared with reading the same mails in the same run."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from flaggermail.desk.rule_comparison import compare
from flaggermail.intake.ingest import ingest_batches
from flaggermail.ports import RawMessage
from flaggermail.rules.classifier import RuleSet, Stage
from flaggermail.rules.configuration import load
from flaggermail.services import Services, UnitOfWork
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from flaggermail.wiring import runs
from tests.bench import corpus
from tests.bench.figures import Bench, Figure, Goal, Heading, Row, times

MAILS, QUICK_MAILS = 10_000, 200
TOGETHER = 100
SEED = 1
CONFIG = Path(__file__).parents[1] / "config"


@contextmanager
def years_later(folder: Path) -> Iterator[Services]:
    """Yields a desk of its own, years after the mails arrived; removes it."""
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    clock = SetClock(datetime(2027, 3, 17, 9, tzinfo=UTC))
    folder.mkdir()
    env = runs.replayed(settings, folder, clock, CountedRandomness("bench"), ScriptedSubmitter(clock))
    with closing(env):
        yield env
    shutil.rmtree(folder)


def fill(env: Services, files: Sequence[Path]) -> None:
    """Takes these mails in as history is taken in."""
    for _ in ingest_batches(env, _batches(files)):
        pass


def _batches(files: Sequence[Path]) -> Iterator[list[RawMessage]]:
    for first in range(0, len(files), TOGETHER):
        yield [_raw(path, first + at) for at, path in enumerate(files[first : first + TOGETHER], start=1)]


def _raw(path: Path, number: int) -> RawMessage:
    return RawMessage(path.read_bytes(), datetime.fromtimestamp(path.stat().st_mtime, UTC), "INBOX", "1", str(number))


def without_platforms(rules: RuleSet) -> RuleSet:
    """Returns other rules, which classify some of the mail differently."""
    return replace(rules, rules=tuple(rule for rule in rules.rules if rule.stage is not Stage.PLATFORM))


def reading(env: Services, files: list[Path]) -> float:
    """Returns the seconds to read the mails, in the portions of a comparison."""
    begun = time.perf_counter()
    for first in range(0, len(files), TOGETHER):
        env.parser.parse_all([path.read_bytes() for path in files[first : first + TOGETHER]])
    return time.perf_counter() - begun


def measure(bench: Bench) -> Iterator[Row]:
    """The mails are read before and after the comparison, and the faster reading counts."""
    count = bench.few(MAILS, QUICK_MAILS)
    files = corpus.write(bench.folder / "comparing", count, SEED)
    yield Heading(f"comparing rules over {count:,} mails of {corpus.source()}", "x reading")
    with years_later(bench.folder / "compared") as env:
        fill(env, files)
        before = reading(env, files)
        judged: list[int] = []
        rules = env.settings.rules
        begun = time.perf_counter()
        with env.store.read() as tx:
            work = UnitOfWork(env, tx, env.clock.now())
            changed = sum(1 for _ in compare(work, rules, without_platforms(rules), judged.append))
        compared = time.perf_counter() - begun
        read = min(before, reading(env, files))
    yield Figure(what="reading alone", figure=read / count * 1e6, unit="us")
    what = f"compared; {changed:,} would be judged otherwise"
    yield Figure(what=what, figure=compared / sum(judged) * 1e6, unit="us")
    yield times("`rules compare`, beside reading the same mails", compared / read, "compare", Goal(1.3, 1.5))

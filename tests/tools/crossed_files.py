# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.tools.crossed_files [SCENARIO...]`: the product files that each mail of a scenario crosses.

A file counts if a function of it runs, in any thread, between the moment at which a mail's octets are handed to the
parser and its commit. The parser's process is not counted: it is another program.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import cast

from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.cli.acting import typed
from flaggermail.mail.message import Message
from flaggermail.ports import Clock, Randomness, Store, Submitter, Transaction
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.stories import replay
from tests.doubles import migrated

ROOT = Path(__file__).parents[2]
PRODUCT = f"{ROOT / 'flaggermail'}/"
SCENARIOS = ROOT / "tests" / "scenarios"


@dataclass(frozen=True)
class Crossed:
    """What one mail crossed: its subject, and how often each file (below `flaggermail/`) was entered from another."""

    subject: str
    files: Counter[str]

    @property
    def rooms(self) -> set[str]:
        """The rooms of these files."""
        return {path.partition("/")[0] for path in self.files}


@dataclass
class Tally:
    """Counts from `begin` to `end`, mail by mail."""

    found: list[Crossed] = field(default_factory=list)
    files: Counter[str] | None = None

    def begin(self) -> None:
        """Begins with a mail."""
        self.files = Counter()
        threading.setprofile(self._note)
        sys.setprofile(self._note)

    def end(self, subject: str) -> None:
        """Ends with it; does nothing if none was begun."""
        sys.setprofile(None)
        threading.setprofile(None)
        if self.files is not None:
            self.found.append(Crossed(subject, self.files))
        self.files = None

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call" or self.files is None:
            return
        path, caller = frame.f_code.co_filename, frame.f_back.f_code.co_filename if frame.f_back else ""
        for one in {path, caller} if path != caller else ():
            if one.startswith(PRODUCT):
                self.files[one.removeprefix(PRODUCT)] += one == path


class CountedParser(ContainedParser):
    """Begins to count where the octets of a mail are handed to the parser."""

    def count(self, counting: Tally) -> None:
        """Takes what counts."""
        self._counting, self.subject = counting, ""

    def parse_delivery(self, octets: bytes) -> tuple[Message, tuple[Message, ...]]:
        """Begins, and parses."""
        self._counting.begin()
        found = super().parse_delivery(octets)
        self.subject = found[0].subject or ""
        return found


class CountedStore:
    """Ends counting at each commit; all else is the store's."""

    def __init__(self, store: Store, parser: CountedParser, counting: Tally) -> None:
        self._store, self._parser, self._counting = store, parser, counting

    def __getattr__(self, name: str) -> object:
        """Returns what is the store's."""
        return getattr(self._store, name)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Ends when the transaction does."""
        with self._store.begin() as tx:
            yield tx
        self._counting.end(self._parser.subject)


def crossed(scenario: Path) -> list[Crossed]:
    """Plays a scenario; returns what each of its mails crossed, in the order in which they were taken in."""
    counting = Tally()

    def build(
        settings: Configuration, folder: Path, clock: Clock, randomness: Randomness, submit: Submitter
    ) -> Services:
        env = migrated.replayed(settings, folder, clock, randomness, submit)
        parser = CountedParser(settings.rules_directory)
        parser.count(counting)
        return replace(env, parser=parser, store=cast("Store", CountedStore(env.store, parser, counting)))

    report = replay.play(scenario, typed, build)
    assert report.differences == (), report.differences
    return counting.found


def main() -> int:
    """Prints it."""
    for name in sys.argv[1:] or ["S05"]:
        for mail in crossed(SCENARIOS / name):
            print(f"{name}: {len(mail.files)} files of {len(mail.rooms)} rooms: {mail.subject}")
            for path, calls in sorted(mail.files.items()):
                print(f"    {calls:>5}  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench ingest N`: old mail taken in by a process that is killed three times, against a run that was not."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import table
from tests.store.test_ingest_killed import kill_three_times


def run(number: int) -> int:
    """Plays it with that many mails and prints the counts; raises AssertionError where the records differ."""
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        last = kill_three_times(Path(folder), number)
    table.note(
        f"ingest: {number} mails, killed three times: {last}, as uninterrupted; {time.monotonic() - began:.0f} s"
    )
    return 0

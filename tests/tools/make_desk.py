# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.tools.make_desk tests/desks/vN`: stores a desk as written by the present code.

Run it at a version whose data may be in use. An existing folder is never overwritten: the data of an earlier version
cannot be made again.
"""

import logging
import shutil
import sys
import tempfile
from pathlib import Path

from flaggermail import logbook
from flaggermail.record.events import EventKind
from flaggermail.record.rows import RECORDS
from tests.desks import kept
from tests.desks.lived import Lived, live


def make(folder: Path) -> kept.Json:
    """Plays the life of a desk and stores it in `folder`, which must not exist; returns what a reader finds on it."""
    with tempfile.TemporaryDirectory() as name:
        lived = live(Path(name) / "desk")
        keep(lived, folder)
    return lived.found


def keep(lived: Lived, folder: Path) -> None:
    """Stores a desk after its life in `folder`, which must not exist."""
    folder.mkdir(parents=True)
    kept.pack(lived.folder, folder)
    kept.configure(lived.folder, folder)
    (folder / kept.EXPECTED).write_text(kept.written(lived.found), encoding="utf-8")


def lacking(document: kept.Json) -> tuple[set[str], set[str]]:
    """Returns the kinds of events and the tables that do not occur on the desk."""
    kinds, rows = document["kinds"], document["rows"]
    assert isinstance(kinds, dict)
    assert isinstance(rows, dict)
    return {kind.value for kind in EventKind} - set(kinds), {record.TABLE for record in RECORDS} - set(rows)


def main(folder: Path) -> int:
    """Makes a desk and prints what it lacks; the exit status is 1 if the folder exists."""
    if folder.exists():
        print(f"{folder}: is there; name another folder")
        return 1
    logbook.configure(logging.WARNING)
    try:
        document = make(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    kinds, tables = lacking(document)
    print(f"{folder}: {document['events']} events")
    print(f"kinds of events that do not occur: {', '.join(sorted(kinds)) or 'none'}")
    print(f"tables without a row: {', '.join(sorted(tables)) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

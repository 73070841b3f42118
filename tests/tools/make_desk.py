# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.tools.make_desk tests/desks/vN`: keep a desk as the present code writes it.

To be run at a version whose data somebody may hold. A folder that is there is never written over: what an earlier
version wrote cannot be made again.
"""

import logging
import shutil
import sys
import tempfile
from pathlib import Path

from flaggermail import logbook
from flaggermail.record.events import EventKind
from flaggermail.record.rows import RECORDS
from tests.desks import kept, life
from tests.desks.played import Played


def make(folder: Path) -> kept.Json:
    """Play the life of a desk and keep it in `folder`, which must not be there; returns what a reader finds on it."""
    with tempfile.TemporaryDirectory() as name:
        desk = Path(name)
        kept.configure(kept.HERE / "config", desk)
        played = Played.begin(desk, life.BEGIN)
        life.live(played)
        document = kept.found(played.env)
        played.end()
        folder.mkdir(parents=True)
        kept.pack(desk, folder)
        kept.configure(desk, folder)
    (folder / kept.EXPECTED).write_text(kept.written(document), encoding="utf-8")
    return document


def lacking(document: kept.Json) -> tuple[set[str], set[str]]:
    """The kinds of events and the tables of which the desk holds nothing."""
    kinds, rows = document["kinds"], document["rows"]
    assert isinstance(kinds, dict)
    assert isinstance(rows, dict)
    return {kind.value for kind in EventKind} - set(kinds), {record.TABLE for record in RECORDS} - set(rows)


def main(folder: Path) -> int:
    """Make one, and say what it lacks; the exit status is 1 where it was there."""
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

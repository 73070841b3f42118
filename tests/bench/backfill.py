# SPDX-License-Identifier: EUPL-1.2
"""What a mail of history costs flaggermail, compared with mbsync and notmuch on the same mailbox if installed."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench import corpus
from tests.bench.desk import Servers
from tests.bench.figures import Bench, Figure, Goal, Heading, Note, Row
from tests.bench.history import filled, lay

SIZE, QUICK_SIZE = 20_000, 100
SEED = 1
KINDS = {"big": corpus.BIG, "small": corpus.SMALL}
GOALS = {"big": Goal(1.0, of_ratio=True), "small": Goal(2.0, of_ratio=True)}
_MBSYNC = """\
IMAPStore far
Host 127.0.0.1
Port {port}
User {user}
Pass {password}
TLSType None
AuthMechs LOGIN

MaildirStore near
Path {folder}/mail/
Inbox {folder}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
"""


def measure(bench: Bench) -> Iterator[Row]:
    """Measures each kind of mail on both sides."""
    missing = [name for name in ("mbsync", "notmuch") if shutil.which(name) is None]
    if missing:
        yield Note(f"\nbackfill has no other side, not installed: {', '.join(missing)}")
    for name, kind in KINDS.items():
        yield Heading(f"backfill, mail of {kind}", "x other")
        if corpus.has(kind):
            yield from _kind(bench, name, peers=not missing)
        else:
            yield _backfill(name, None, None)


def _kind(bench: Bench, name: str, *, peers: bool) -> Iterator[Figure]:
    size, user = bench.few(SIZE, QUICK_SIZE), f"backfill-{name}"
    lay(bench.servers, corpus.write(bench.folder / user, size, SEED, KINDS[name]), user)
    with filled(bench.servers, size, user) as desk:
        yield from desk.figures()
        ours = desk.each
    theirs = _pull_and_index(bench.servers, bench.folder / f"{user}-beside", user) / size * 1e6 if peers else None
    yield Figure(what="mbsync and notmuch", figure=theirs, unit="us")
    yield _backfill(name, ours, theirs)


def _backfill(name: str, ours: float | None, theirs: float | None) -> Figure:
    what = f"a mail of history ({name}), beside mbsync + notmuch"
    return Figure(what=what, figure=ours, unit="us", beside=theirs, goal=GOALS[name], name=f"backfill.{name}")


def _pull_and_index(servers: Servers, folder: Path, user: str) -> float:
    """Returns the seconds of mbsync and notmuch for the whole inbox."""
    mail = folder / "mail"
    mail.mkdir(parents=True)
    account = {"port": servers.dovecot.imap_port, "user": user, "password": servers.dovecot.password}
    (folder / "mbsyncrc").write_text(_MBSYNC.format(folder=folder, **account), "utf-8")
    (folder / "notmuchrc").write_text(f"[database]\npath={mail}\n[user]\nname=a\nprimary_email=a@b.example\n", "utf-8")
    environment = {**os.environ, "NOTMUCH_CONFIG": str(folder / "notmuchrc"), "HOME": str(folder)}
    begun = time.perf_counter()
    for command in (["mbsync", "-c", str(folder / "mbsyncrc"), "all"], ["notmuch", "new", "--quiet"]):
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{command}: {done.stderr.decode()}")
    return time.perf_counter() - begun

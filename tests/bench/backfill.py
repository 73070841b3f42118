# SPDX-License-Identifier: EUPL-1.2
"""The same mailbox pulled by mbsync and indexed by notmuch, where both are installed: what a mail costs others."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from tests.bench import corpus, table
from tests.bench.desk import Servers
from tests.bench.intake import filled, history

SIZE, QUICK_SIZE = 2_000, 100
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


def measure(servers: Servers, folder: Path, *, quick: bool) -> None:
    """Print the table, or what is missing for it."""
    missing = [name for name in ("mbsync", "notmuch") if shutil.which(name) is None]
    if missing:
        table.note(f"\nbackfill beside mbsync and notmuch is left out, not installed: {', '.join(missing)}")
        return
    size = QUICK_SIZE if quick else SIZE
    history(servers, corpus.write(folder / "backfill", size, 1), "backfill")
    table.head("backfill", "x bare")
    begun = time.perf_counter()
    _pull_and_index(servers, folder)
    seconds = time.perf_counter() - begun
    with filled(servers, size, "backfill") as desk:
        table.line("mbsync and notmuch", size / seconds, "mail/s")
        table.line("    each (flaggermail's goal: 0.25, 0.5 of it)", seconds / desk.size * 1e6, "us")


def _pull_and_index(servers: Servers, folder: Path) -> None:
    mail = folder / "mail"
    mail.mkdir()
    account = {"port": servers.dovecot.imap_port, "user": "backfill", "password": servers.dovecot.password}
    (folder / "mbsyncrc").write_text(_MBSYNC.format(folder=folder, **account), "utf-8")
    (folder / "notmuchrc").write_text(f"[database]\npath={mail}\n[user]\nname=a\nprimary_email=a@b.example\n", "utf-8")
    environment = {**os.environ, "NOTMUCH_CONFIG": str(folder / "notmuchrc"), "HOME": str(folder)}
    for command in (["mbsync", "-c", str(folder / "mbsyncrc"), "all"], ["notmuch", "new", "--quiet"]):
        subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

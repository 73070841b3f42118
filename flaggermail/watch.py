# SPDX-License-Identifier: EUPL-1.2
"""One complete look at the mailbox: every folder, every message that is not stored yet."""

from __future__ import annotations

from flaggermail import logbook
from flaggermail.digest import send_digest
from flaggermail.environment import Environment
from flaggermail.ingest import ingest
from flaggermail.ports import Cursor, Interrupt, Mailbox, Position


def look(env: Environment, mailbox: Mailbox, stop: Interrupt | None = None) -> int:
    """Take in everything new; answers how many messages. Ends between two messages when `stop` is set.

    Raises LinkLost (nothing is lost: the next look begins where this one ended) and ArchiveFault.
    """
    taken = 0
    for folder in mailbox.folders():
        started = env.clock.now()
        here = mailbox.position(folder)
        with env.store.read() as tx:
            cursor = tx.cursor(folder)
        since = cursor.position if cursor and cursor.position.uidvalidity == here.uidvalidity else None
        since = since or Position(here.uidvalidity, 0)
        for batch in mailbox.fetch_after(folder, since):
            for raw in batch:
                if stop is not None and stop.is_set():
                    return taken
                logbook.message_taken_in(raw.folder, raw.uid, len(raw.octets), ingest(env, raw))
                taken += 1
        with env.store.begin() as tx:
            cursor = tx.cursor(folder)
            position = cursor.position if cursor and cursor.position.uidvalidity == here.uidvalidity else since
            tx.advance(folder, Cursor(position, started))
    send_digest(env)
    return taken

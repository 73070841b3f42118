# SPDX-License-Identifier: EUPL-1.2
"""What each folder holds at a complete look, so that `flaggermail archive verify` can count without the server.

The number of mails that the server reports is compared with the number known. Only if they differ are their items
listed, and the copies that are gone, or there again, are recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flaggermail.ports import Mailbox
from flaggermail.record.definition import where
from flaggermail.record.events import Change, EventKind, changed
from flaggermail.record.rows import Delivery
from flaggermail.services import Services, UnitOfWork

AT_ONCE = 500  # changes in one event and transaction


def count(
    env: Services, mailbox: Mailbox, folder: str, position: str, known: int | None
) -> tuple[int | None, list[Change]]:
    """Returns how many mails `folder` holds up to `position`, and what that changes in its deliveries.

    Raises LinkLost, FolderUnreadable.
    """
    found = mailbox.census(folder, position, known)
    if found is None or len(found.items) == known:
        return known, []
    there, now = set(found.items), env.clock.now()
    with env.store.read() as tx:
        copies = tx.find(Delivery, where(Delivery.folder).is_(folder))
    held = [copy.numbering == found.numbering and copy.item in there for copy in copies]
    return len(there), [
        changed(copy, replace(copy, gone_at=None if is_there else now))
        for copy, is_there in zip(copies, held, strict=True)
        if is_there is not (copy.gone_at is None)
    ]


def record(env: Services, changes: Sequence[Change]) -> None:
    """Records which copies are gone, or there again; after an interruption the next look finds the rest."""
    for start in range(0, len(changes), AT_ONCE):
        with env.store.begin() as tx:
            work = UnitOfWork(env, tx, env.clock.now())
            work.record(EventKind.COPIES_CHANGED, *changes[start : start + AT_ONCE])

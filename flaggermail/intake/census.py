# SPDX-License-Identifier: EUPL-1.2
"""What each folder holds at a complete look, so that `flaggermail archive verify` can count without the server.

The number of mails that the server reports is compared with the number known. Only if they differ are the UIDs listed,
and the copies that are gone, or there again, are recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flaggermail.ports import Cursor, Mailbox, Position
from flaggermail.record.events import Change, EventKind, changed
from flaggermail.record.finding import where
from flaggermail.record.rows import Delivery
from flaggermail.services import Services, UnitOfWork

AT_ONCE = 500  # changes in one event


def expected(before: Cursor | None, position: Position, new: int) -> int | None:
    """Returns how many mails a folder holds if none is gone since `before` and `new` ones came; None if unknown."""
    if before is None:
        return new
    if before.held is None or before.position.uidvalidity != position.uidvalidity:
        return None
    return before.held + new


def count(
    env: Services, mailbox: Mailbox, folder: str, position: Position, known: int | None
) -> tuple[int | None, list[Change]]:
    """Returns how many mails `folder` holds up to `position`, and what that changes in its deliveries.

    Raises LinkLost, FolderUnreadable.
    """
    uids = mailbox.census(folder, position, known)
    if uids is None or len(uids) == known:
        return known, []
    there, now = set(uids), env.clock.now()
    with env.store.read() as tx:
        copies = tx.find(Delivery, where(Delivery.folder).is_(folder))
    held = [copy.uidvalidity == position.uidvalidity and copy.uid in there for copy in copies]
    return len(there), [
        changed(copy, replace(copy, gone_at=None if found else now))
        for copy, found in zip(copies, held, strict=True)
        if found is not (copy.gone_at is None)
    ]


def record(work: UnitOfWork, changes: Sequence[Change]) -> None:
    """Records which copies are gone, or there again."""
    for start in range(0, len(changes), AT_ONCE):
        work.record(EventKind.COPIES_COUNTED, *changes[start : start + AT_ONCE])

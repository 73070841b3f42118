# SPDX-License-Identifier: EUPL-1.2
"""Old mail that a colleague moves into the mailbox in bulk: history, which wakes nobody and fills no quarantine.

It is filed as the mail of files is (decision 0052): in its case if it has one, else apart from the mail of today.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from flaggermail import logbook
from flaggermail.ports import Folder, News, RawMessage, Role
from flaggermail.record.kinds import ArrivalBasis
from flaggermail.services import Services


def history_before(env: Services, inbox: str, folder: Folder, news: News) -> datetime | None:
    """Returns the instant before which mail of a folder is history; None if none of it is.

    The caller asks for a folder that is new, or that many mails came into at once. What arrived well before the last
    complete look, and was in no folder then, was moved in. In the inbox it is no history, because somebody may have put
    it there for us; nor in Sent.
    """
    if folder.role not in {Role.OTHER, Role.JUNK} or news.at_most == 0:
        return None
    with env.store.read() as tx:
        cursor = tx.cursor(inbox)
    if cursor is None or cursor.looked_at is None:
        return None
    logbook.moved_in(folder.name, news.at_most)
    return cursor.looked_at - timedelta(minutes=env.settings.desk.mailbox.backlog_after_minutes)


def dated(raw: RawMessage, history: datetime | None) -> RawMessage:
    """Returns a mail with what its arrival rests on, if it is history."""
    moved = history is not None and raw.internaldate < history
    return replace(raw, arrival=ArrivalBasis.MOVED) if moved else raw

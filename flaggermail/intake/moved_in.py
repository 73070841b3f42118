# SPDX-License-Identifier: EUPL-1.2
"""Old mail that a colleague moves into the mailbox in bulk: history, which wakes nobody and fills no quarantine.

It is filed as the mail of files is (decision 0052): in its case if it has one, else apart from the mail of today
(decision 0085).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flaggermail import logbook
from flaggermail.ports import Cursor, Folder, News, RawMessage, Role
from flaggermail.record.definition import where
from flaggermail.record.kinds import ArrivalBasis
from flaggermail.record.rows import StoredMessage
from flaggermail.services import Services

OLD = timedelta(weeks=1)  # before the last complete look: mail of that age starts no letter either (decision 0052)
A_DAY = timedelta(days=1)


@dataclass(slots=True)
class MovedIn:
    """Tells history from other mail while one folder is read.

    What arrived well before the last complete look, and was in no folder then, was moved in. In a folder that is new,
    or that many mails came into at once (`in_bulk`), all of that is history; in another one what is a week older. In
    the inbox somebody may have put it there for us: so the first `few` of a day are taken in as late mail is, and what
    is a week older than the look is history behind them. In Sent nothing is.

    `inbox`: how far it is read; when it was last looked at wholly changes at the end of a look alone.
    """

    env: Services
    inbox: Cursor | None
    folder: Folder
    news: News
    in_bulk: bool
    few: int
    _left: int | None = None  # of the few; None until the first old mail
    _told: bool = False

    def dated(self, mails: Sequence[RawMessage]) -> Sequence[RawMessage]:
        """Returns mails in the folder's order, each with what its arrival rests on if it is history."""
        before = self._before() if mails and self.folder.role is not Role.SENT else None
        if before is None:
            return mails
        return [replace(raw, arrival=ArrivalBasis.MOVED) if self._is_history(raw, before) else raw for raw in mails]

    def _before(self) -> datetime | None:
        """Returns the instant before which an arrival was well before the last complete look."""
        if self.inbox is None or self.inbox.looked_at is None:
            return None
        late = timedelta(minutes=self.env.settings.desk.mailbox.backlog_after_minutes)
        wholly = self.in_bulk and self.folder.role is not Role.INBOX
        return self.inbox.looked_at - (late if wholly else max(late, OLD))

    def _is_history(self, raw: RawMessage, before: datetime) -> bool:
        if raw.internaldate >= before:
            return False
        if self.folder.role is Role.INBOX:
            self._left = self.few - self._put_there(before) if self._left is None else self._left - 1
            if self._left > 0:
                return False
        if not self._told:
            self._told = True
            logbook.moved_in(self.folder.name, self.news.at_most)
        return True

    def _put_there(self, before: datetime) -> int:
        """Returns how many old mails were taken in as late mail within a day, though a look had not shown them."""
        today = where(StoredMessage.first_seen_at).after(self.env.clock.now() - A_DAY)
        unseen = where(StoredMessage.disputed).is_(True), where(StoredMessage.arrival).is_(ArrivalBasis.SERVER)
        with self.env.store.read() as tx:
            newer = tx.count(StoredMessage, today, *unseen, where(StoredMessage.received_at).after(before))
            return tx.count(StoredMessage, today, *unseen) - newer

# SPDX-License-Identifier: EUPL-1.2
"""Mail that the server lists and does not give: it is set aside with an alarm that names it, and asked for each hour.

A row is written before the folder is read on behind the mail, so that no stop in between loses it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from flaggermail import logbook
from flaggermail.errors import FolderUnreadable, MailUnreadable
from flaggermail.intake.ingest import ingest
from flaggermail.notices import notices
from flaggermail.ports import Cursor, Folder, Mailbox, MailName, RawMessage
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.rows import UnfetchedMail
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.services import Services, UnitOfWork
from flaggermail.wording.alarms import AlarmText

EVERY = timedelta(hours=1)
_NAMED = 20  # mails in one alarm


def set_aside(env: Services, names: Sequence[MailName]) -> None:
    """Records mails that cannot be fetched, and raises one alarm for the new ones."""
    if not names:
        return
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now())
        fresh = [name for name in names if tx.get(UnfetchedMail, name.key) is None]
        for name in fresh:
            row = UnfetchedMail(
                id=name.key, folder=name.folder, numbering=name.numbering, item=name.item, since=work.now
            )
            work.record(EventKind.MAIL_SET_ASIDE, added(row), reason=name.folder)
        if fresh:
            _raise_alarm(work, AlarmKind.MAIL_UNFETCHED, fresh)
    for name in fresh:
        logbook.mail_set_aside(name.folder, name.item)


def due(env: Services) -> list[UnfetchedMail]:
    """Returns the mails set aside for which an hour, or another one, has passed since their folder was last read."""
    now = env.clock.now()
    with env.store.read() as tx:
        rows = tx.find(UnfetchedMail, where(UnfetchedMail.ended_at).is_(None))
        looks = {row.folder: tx.cursor(row.folder) for row in rows}
    return [row for row in rows if _is_due(row.since, looks[row.folder], now)]


def _is_due(since: datetime, look: Cursor | None, now: datetime) -> bool:
    looked_at = look.looked_at if look else None
    before = (max(looked_at, since) - since) // EVERY if looked_at is not None else 0
    return (now - since) // EVERY > before


def ask_again(env: Services, mailbox: Mailbox, rows: Collection[UnfetchedMail], folders: Sequence[Folder]) -> int:
    """Asks for mails that are due; returns how many were taken in. Raises LinkLost.

    `folders` are those that there are: what lay in another one is gone.
    """
    roles, taken = {folder.name: folder.role for folder in folders}, 0
    for row in rows:
        name = MailName(row.folder, row.numbering, row.item)
        try:
            raw = mailbox.fetch_again(name) if row.folder in roles else None
        except (MailUnreadable, FolderUnreadable) as fault:
            logbook.folder_unreadable(row.folder, str(fault))
            continue
        if raw is not None:
            ingest(env, replace(raw, role=roles[row.folder], cursor=None))
            taken += 1
        _end(env, row, raw)
    return taken


def _end(env: Services, row: UnfetchedMail, raw: RawMessage | None) -> None:
    """Records that a mail was taken in at last, which an alarm tells, or that it is gone."""
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now())
        work.record(EventKind.MAIL_NO_LONGER_ASIDE, changed(row, replace(row, ended_at=work.now)), reason=row.folder)
        if raw is not None:
            _raise_alarm(work, AlarmKind.MAIL_FETCHED, [MailName(row.folder, row.numbering, row.item)])


def _raise_alarm(work: UnitOfWork, kind: AlarmKind, names: Sequence[MailName]) -> None:
    items = [*(name.item for name in names[:_NAMED]), *(["..."] if len(names) > _NAMED else [])]
    text = AlarmText.UNFETCHED(folder=names[0].folder, items=", ".join(items))
    raised = alarm(kind, alarm_key(kind, names[0].key), text, work.now)
    notices.raise_alarm(work, raised, "flaggermail status")

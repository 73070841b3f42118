# SPDX-License-Identifier: EUPL-1.2
"""One complete look at the mailbox: every folder, and every message not stored yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from flaggermail import logbook
from flaggermail.cases import remembered_domains
from flaggermail.errors import FolderUnreadable, MailboxReadBefore
from flaggermail.health import mailbox_monitor
from flaggermail.intake import census
from flaggermail.intake.ingest import ingest, ingest_together
from flaggermail.letters import observing
from flaggermail.matching import lookup
from flaggermail.notices import notices, rate_limits
from flaggermail.notices.digest import send_digest
from flaggermail.ports import Cursor, Interrupt, Mailbox, Position, RawMessage, Role
from flaggermail.record.alarms import AlarmKind, alarm
from flaggermail.record.events import Change
from flaggermail.record.rows import Alarm, OutboxMail, StoredMessage
from flaggermail.rules.domain_lists import FREE_MAIL
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.mistakes import CheckCode, mistake
from flaggermail.wording.said import as_written

_NAMED = 20  # folders in one line
FLOOD = 50  # new mails in a folder from which expected mail is taken in first


def look(
    env: Services, mailbox: Mailbox, stop: Interrupt | None = None, *, everywhere: bool = True, new_record: bool = True
) -> int:
    """Takes in everything new; returns the number of messages. Stops between two messages when `stop` is set.

    `everywhere` is False after a push, which concerns the inbox alone. A folder that the server refuses is reported and
    skipped; a missing folder of sent mail raises an alarm. Raises LinkLost (nothing is lost: the next look begins where
    this one ended), ArchiveFault, and MailboxReadBefore unless `new_record` says that this is meant.
    """
    names = mailbox.folders() if everywhere else (env.settings.desk.mailbox.inbox,)
    if everywhere and not new_record:
        _require_unread(env, mailbox)
    sent = env.settings.desk.mailbox.sent
    if everywhere and sent not in names:
        _raise_folder_missing(env, sent, names)
    taken, read, moved = 0, dict[str, Cursor](), list[Change]()
    for folder in names:
        try:
            started = env.clock.now()
            before, uids, position = _read(env, mailbox, folder, stop)
            taken += len(uids)
            if stop is not None and stop.is_set():
                return taken
            held = census.expected(before, position, len(uids))
            if everywhere:
                held, changes = census.count(env, mailbox, folder, position, held)
                moved += changes
        except FolderUnreadable as fault:
            logbook.folder_unreadable(folder, str(fault))
            continue
        read[folder] = Cursor(position, started, held)
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now())
        inbox = tx.cursor(env.settings.desk.mailbox.inbox)
        mailbox_monitor.end(work, inbox.looked_at if inbox else None)
        census.record(work, moved)
        for folder, cursor in read.items():
            tx.advance(folder, cursor)
    send_digest(env)
    return taken


def _require_unread(env: Services, mailbox: Mailbox) -> None:
    """Raises MailboxReadBefore if this database never read the mailbox, and the mailbox shows that a desk did.

    A lost or misnamed database would not be noticed otherwise, and each sender would be answered again. A desk that
    observes answers nobody. Raises LinkLost.
    """
    with env.store.read() as tx:
        if tx.cursor(env.settings.desk.mailbox.inbox) is not None or observing.is_on(tx):
            return
        if tx.exists(StoredMessage) or tx.exists(OutboxMail):
            return
    count = mailbox.earlier_mail()
    if count:
        raise MailboxReadBefore(mistake(CheckCode.MAILBOX_READ_BEFORE, count=count).text)


def _read(
    env: Services, mailbox: Mailbox, folder: str, stop: Interrupt | None
) -> tuple[Cursor | None, list[int], Position]:
    """Takes in what is new in one folder; returns its cursor before, the new UIDs and the new read position."""
    here = mailbox.position(folder)
    with env.store.read() as tx:
        cursor, observes = tx.cursor(folder), observing.is_on(tx)
    known = cursor.position if cursor and cursor.position.uidvalidity == here.uidvalidity else None
    since = known or Position(here.uidvalidity, 0)
    if here == since and folder != env.settings.desk.mailbox.inbox:
        return cursor, [], here
    if known and here.uid - since.uid > FLOOD:  # not at the first look at an old mailbox
        _take_in_first(env, mailbox, folder, since, stop)
    uids = _take_in(env, mailbox.fetch_after(folder, since), stop)
    if uids and env.settings.desk.mailbox.keyword is not None and not observes:
        logbook.marked(folder, len(uids), kept=mailbox.mark(folder, here.uidvalidity, uids))
    # A missing UID up to there is expunged, and a UID is never reused (RFC 9051, section 2.3.1.1).
    return cursor, uids, Position(here.uidvalidity, max(here.uid, since.uid, *uids))


def _take_in_first(
    env: Services, mailbox: Mailbox, folder: str, since: Position, stop: Interrupt | None
) -> None:  # fmt: skip
    """Takes in expected mail first: answers to our mail, and mail of officers, platforms and known domains.

    It stays in its folder: in its turn it is recognized as seen before, and only then counts as read.
    """
    for batch in mailbox.fetch_first(folder, since, _known_senders(env)):
        for raw in batch:
            if stop is not None and stop.is_set():
                return
            if not lookup.late(env, raw, env.clock.now()) and rate_limits.may_jump_queue(env, raw.octets):
                outcome = ingest(env, raw, in_turn=False)
                logbook.message_taken_in(raw.folder, raw.uid, len(raw.octets), outcome)


def _known_senders(env: Services) -> list[str]:
    """Returns the addresses of officers and of `answers_from`, and the domains of platforms and of known referrers."""
    settings = env.settings
    domains = {domain for platform in settings.platforms for domain in platform.domains}
    listed = (domains for name, domains in settings.rules.lists.items() if name != FREE_MAIL)
    with env.store.read() as tx:
        remembered = {row.id for row in remembered_domains.in_force(tx)}
    behind = domains.union(remembered, *listed)
    answering = {address for channel in settings.channels for address in channel.answers_from or ()}
    return sorted({officer.address for officer in settings.rota.officers} | answering | behind)


def _take_in(env: Services, batches: Iterator[Sequence[RawMessage]], stop: Interrupt | None) -> list[int]:
    """Processes one batch while the next is fetched; returns the UIDs of the mails taken in."""
    uids: list[int] = []
    working: Future[list[int]] | None = None
    with ThreadPoolExecutor(1, "intake") as worker:
        try:
            for batch in batches:
                uids += working.result() if working else []
                working = None
                if stop is not None and stop.is_set():
                    break
                working = worker.submit(_take_in_batch, env, batch, stop)
        finally:
            uids += working.result() if working else []
    return uids


def _take_in_batch(env: Services, batch: Sequence[RawMessage], stop: Interrupt | None) -> list[int]:
    """Takes in old mail as one batch, since nobody waits for it, and other mail singly, to notify without delay."""
    if len(batch) > 1 and all(lookup.late(env, raw, env.clock.now()) for raw in batch):
        for raw, outcome in zip(batch, ingest_together(env, batch), strict=True):
            logbook.message_taken_in(raw.folder, raw.uid, len(raw.octets), outcome)
        return [raw.uid for raw in batch]
    uids: list[int] = []
    seen = env.clock.now()
    for raw in batch:
        logbook.message_taken_in(raw.folder, raw.uid, len(raw.octets), ingest(env, raw))
        if raw.role is Role.INBOX:
            env.health_probe.arrived(raw.internaldate, seen)
        uids.append(raw.uid)
        if stop is not None and stop.is_set():
            break
    return uids


def _raise_folder_missing(env: Services, folder: str, there: Sequence[str]) -> None:
    """Raises an alarm, once a day, for a missing folder of sent mail: mail typed by colleagues would go unnoticed."""
    now = env.clock.now()
    identity = f"folder/{folder}/{now.astimezone(env.settings.zone).date()}"
    with env.store.read() as tx:
        if tx.get(Alarm, identity) is not None:
            return
    logbook.sent_folder_missing(folder, ", ".join(there[:_NAMED]))
    missing = alarm(AlarmKind.FOLDER_MISSING, identity, as_written(folder), now)
    with env.store.begin() as tx:
        notices.raise_alarm(UnitOfWork(env, tx, now), missing, "flaggermail check")

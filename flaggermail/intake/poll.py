# SPDX-License-Identifier: EUPL-1.2
"""One complete look at the mailbox: every folder, and every message not stored yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from flaggermail import logbook
from flaggermail.errors import FolderUnreadable, LinkLost, LoginRefused, MailboxReadBefore, PauseAsked
from flaggermail.health import mailbox_monitor
from flaggermail.intake import census, facts, unfetched
from flaggermail.intake.ingest import Batch, ingest, ingest_prepared, prepare
from flaggermail.intake.moved_in import MovedIn
from flaggermail.intake.out_of_turn import OutOfTurn, log_taken_in
from flaggermail.letters import writing
from flaggermail.notices import notices
from flaggermail.notices.digest import send_digest
from flaggermail.ports import Continuity, Cursor, Folder, Interrupt, Mailbox, MailPage, RawMessage, Role
from flaggermail.record.events import Change
from flaggermail.record.rows import Alarm, OutboxMail, StoredMessage
from flaggermail.record.rows.alarms import AlarmKind, alarm
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.mistakes import SetupFaultCode, setup_fault
from flaggermail.wording.said import as_written

_NAMED = 20  # folders in one line
_Taken = tuple[str, str]  # numbering and item of a mail
_AT_ONCE = 3  # failures after which each complete look still tries: by then a mail that is the cause is set aside
_LONGEST = 60  # complete looks without a try
FLOOD = 50  # new mails in a folder from which expected mail is taken in first


class FolderFailures:
    """Counts consecutive failures by folder, and the complete polls that skip it.

    Folders at which the connection was lost lately are read last, and after some failures more and more rarely. The
    inbox is none of them: without it nothing is read, and the daemon connects anew.
    """

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._left_out: dict[str, int] = {}

    def order(self, folders: Sequence[Folder]) -> list[Folder]:
        """Returns the folders to read in a complete look, in their order.

        Sent first: where a server gave our mail another Message-ID, its copy there may be all that tells it. In trouble
        it comes after the inbox.
        """
        wanted = [folder for folder in folders if not self._sits_out(folder)]
        return sorted(wanted, key=lambda one: (one.name in self._failures, one.role is not Role.SENT))

    def _sits_out(self, folder: Folder) -> bool:
        left = self._left_out.get(folder.name, 0)
        self._left_out[folder.name] = max(0, left - 1)
        return left > 0

    def failed(self, folder: str) -> None:
        """Counts a failure of a folder."""
        failures = self._failures[folder] = self._failures.get(folder, 0) + 1
        beyond = failures - _AT_ONCE
        self._left_out[folder] = min(_LONGEST, 2 ** min(beyond, 10)) if beyond >= 0 else 0

    def read(self, folder: str) -> None:
        """Ends the trouble of a folder that was read to its end."""
        self._failures.pop(folder, None)


def look(
    env: Services, mailbox: Mailbox, stop: Interrupt | None = None, *, everywhere: bool = True, new_record: bool = True,
    troubles: FolderFailures | None = None,
) -> int:  # fmt: skip
    """Takes in everything new; returns the number of messages. Stops between two messages when `stop` is set.

    `everywhere` is False after a push, which concerns the inbox alone. A folder that the server refuses, or other than
    the inbox one at which the connection is lost, is reported and skipped; a missing folder of sent mail raises an
    alarm. `troubles` is kept from one look to the next. Raises LinkLost (nothing is lost: the next look begins where
    this one ended), ArchiveFailure, and MailboxReadBefore unless `new_record` says that this is meant.
    """
    troubles = FolderFailures() if troubles is None else troubles
    folders = mailbox.folders(None if everywhere else Role.INBOX)
    again = unfetched.due(env) if everywhere else []
    if everywhere and not new_record:
        _require_unread(env, mailbox, folders)
    if everywhere and not any(folder.role is Role.SENT for folder in folders):
        _raise_folder_missing(env, folders)
    found = _Tally()
    ahead = OutOfTurn(env, mailbox, _inbox_of(folders), stop, FLOOD)
    for folder in troubles.order(folders):
        if found.lost_in_a_row > 1:  # it is not the folders' fault, and the inbox was read
            break
        try:
            _visit(env, mailbox, folder, found, ahead, everywhere=everywhere)
        except FolderUnreadable as fault:
            logbook.folder_unreadable(folder.name, str(fault))
            continue
        except LinkLost as fault:
            if folder.role is Role.INBOX or isinstance(fault, LoginRefused | PauseAsked):
                raise
            logbook.folder_unreadable(folder.name, str(fault))
            troubles.failed(folder.name)
            found.lost_in_a_row += 1
            continue
        if stop is not None and stop.is_set():
            return found.taken
        found.lost_in_a_row = 0
        troubles.read(folder.name)
    census.record(env, found.moved)
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now())
        inbox = tx.cursor(_inbox_of(folders))
        mailbox_monitor.end_outage(work, inbox.looked_at if inbox else None)
        for name, cursor in found.read.items():
            tx.advance(name, cursor)
    send_digest(env)
    return found.taken + unfetched.ask_again(env, mailbox, again, folders)


@dataclass(slots=True)
class _Tally:
    """What a look gave so far: mails taken in, positions of folders read to their ends, copies that went or came."""

    taken: int = 0
    read: dict[str, Cursor] = field(default_factory=dict)
    moved: list[Change] = field(default_factory=list)
    lost_in_a_row: int = 0  # folders at which the connection was lost


def _visit(
    env: Services, mailbox: Mailbox, folder: Folder, found: _Tally, ahead: OutOfTurn, *, everywhere: bool
) -> None:  # fmt: skip
    """Takes in what is new in one folder, and counts it in a complete look."""
    started, stop = env.clock.now(), ahead.stop
    done = _read(env, mailbox, folder, ahead, stop)
    found.taken += done.taken
    if stop is not None and stop.is_set():
        return
    held = done.held
    if everywhere:
        held, changes = census.count(env, mailbox, folder.name, done.position, None if done.anew else held)
        found.moved += changes
    found.read[folder.name] = Cursor(done.position, started, held)


def _inbox_of(folders: Sequence[Folder]) -> str:
    """Returns the name of the inbox, which every mailbox has."""
    return next(folder.name for folder in folders if folder.role is Role.INBOX)


def _require_unread(env: Services, mailbox: Mailbox, folders: Sequence[Folder]) -> None:
    """Raises MailboxReadBefore if this database never read the mailbox, and the mailbox shows that a desk did.

    A lost or misnamed database would not be noticed otherwise, and each sender would be answered again. A desk that
    observes answers nobody. Raises LinkLost.
    """
    with env.store.read() as tx:
        if tx.cursor(_inbox_of(folders)) is not None or writing.is_on(tx):
            return
        if tx.exists(StoredMessage) or tx.exists(OutboxMail):
            return
    count = mailbox.earlier_mail()
    if count:
        raise MailboxReadBefore(setup_fault(SetupFaultCode.MAILBOX_READ_BEFORE, count=count).text)


@dataclass(frozen=True, slots=True)
class _Done:
    """What reading a folder to its end gave: the mails taken in, its new position, the copies known to be there.

    `anew`: the folder was renumbered, so that its mails must be listed before they are counted.
    """

    taken: int
    position: str
    held: int | None
    anew: bool = False


def _read(env: Services, mailbox: Mailbox, folder: Folder, ahead: OutOfTurn, stop: Interrupt | None) -> _Done:
    """Takes in what is new in one folder."""
    name = folder.name
    with env.store.read() as tx:
        before, inbox, observes = tx.cursor(name), tx.cursor(ahead.inbox), writing.is_on(tx)
    since = before.position if before else None
    news = mailbox.news(name, since)
    goes_on = news.continuity is Continuity.CONTINUED
    if before and goes_on and news.at_most == 0 and folder.role is not Role.INBOX:
        return _Done(0, before.position, before.held)
    in_bulk = (news.at_most or 0) > FLOOD
    if in_bulk:
        ahead.begin(name, since)
    moved = MovedIn(env, inbox, folder, news, in_bulk or since is None, FLOOD)
    pages = _Pages(env, ahead.pages(name, since), since, moved)
    taken = _take_in(env, pages, stop)
    if taken and env.settings.desk.mailbox.keyword is not None and not observes:
        _mark(mailbox, name, taken)
    held = before.held if before else 0
    if taken:
        with env.store.read() as tx:
            here = tx.cursor(name)
            held = here.held if here else None
    return _Done(len(taken), pages.position, held, anew=news.continuity is Continuity.RENUMBERED)


class _Pages:
    """The pages of a folder, of which there is at least one; `position` is that of the last one given.

    Each page's last mail stores its position. What a page lacks is set aside before.
    """

    def __init__(self, env: Services, pages: Iterator[MailPage], since: str | None, moved: MovedIn) -> None:
        self._env, self._pages, self._moved, self.position = env, pages, moved, since or ""

    def __iter__(self) -> Iterator[Sequence[RawMessage]]:
        """Yields the mails of each page that has any."""
        for page in self._pages:
            unfetched.set_aside(self._env, page.unfetched)
            mails = self._moved.dated(page.mails)
            if mails and mails[-1].cursor != page.position:
                *others, last = mails
                yield [*others, replace(last, cursor=page.position)]
            elif mails:
                yield mails
            self.position = page.position


def _mark(mailbox: Mailbox, folder: str, taken: Sequence[_Taken]) -> None:
    """Sets the keyword on mails taken in; a folder that is renumbered meanwhile gives items of two numberings."""
    by_numbering: dict[str, list[str]] = {}
    for numbering, item in dict.fromkeys(taken):
        by_numbering.setdefault(numbering, []).append(item)
    for numbering, items in by_numbering.items():
        logbook.marked(folder, len(items), kept=mailbox.mark(folder, numbering, items))


def _take_in(env: Services, batches: Iterable[Sequence[RawMessage]], stop: Interrupt | None) -> list[_Taken]:
    """Processes batches in three stages: one is fetched while the one before is parsed and that before recorded.

    Returns the mails taken in. Batches are recorded in their order, and none after one that failed. Somebody waits for
    mail that comes now: it is taken in here, since each of two threads would wait for a processor twice.
    """
    taken: list[_Taken] = []
    recorded: Future[list[_Taken]] | None = None
    with ThreadPoolExecutor(1, "parse") as parsing, ThreadPoolExecutor(1, "intake") as recording:
        try:
            for batch in batches:
                late = all(facts.late(env, raw, env.clock.now()) for raw in batch)
                prepared = parsing.submit(_prepare, env, batch) if late else None
                taken += recorded.result() if recorded else []
                recorded = None
                if stop is not None and stop.is_set():
                    break
                if prepared is None:
                    taken += _take_in_singly(env, batch, stop)
                else:
                    recorded = recording.submit(_take_in_old, env, batch, prepared, stop)
        finally:
            taken += recorded.result() if recorded else []
    return taken


def _prepare(env: Services, batch: Sequence[RawMessage]) -> Batch | None:
    """Prepares several old mails as one batch, since nobody waits for them; None for one alone."""
    return prepare(env, batch) if len(batch) > 1 else None


def _take_in_old(
    env: Services, batch: Sequence[RawMessage], prepared: Future[Batch | None], stop: Interrupt | None
) -> list[_Taken]:
    """Takes in old mail together."""
    ready = prepared.result()
    if ready is None:
        return _take_in_singly(env, batch, stop)
    for raw, outcome in zip(batch, ingest_prepared(env, ready), strict=True):
        log_taken_in(raw, outcome)
    return [(raw.numbering, raw.item) for raw in batch]


def _take_in_singly(env: Services, batch: Sequence[RawMessage], stop: Interrupt | None) -> list[_Taken]:
    """Takes in mail one by one, to notify without delay."""
    taken: list[_Taken] = []
    seen = env.clock.now()
    for raw in batch:
        log_taken_in(raw, ingest(env, raw))
        if raw.role is Role.INBOX and not raw.written:
            env.health_probe.arrived(raw.internaldate, seen)
        taken.append((raw.numbering, raw.item))
        if stop is not None and stop.is_set():
            break
    return taken


def _raise_folder_missing(env: Services, there: Sequence[Folder]) -> None:
    """Raises an alarm, once a day, for a missing folder of sent mail: mail typed by colleagues would go unnoticed."""
    now, folder = env.clock.now(), env.settings.desk.mailbox.sent
    identity = f"folder/{folder}/{now.astimezone(env.settings.zone).date()}"
    with env.store.read() as tx:
        if tx.get(Alarm, identity) is not None:
            return
    logbook.sent_folder_missing(folder, ", ".join(one.name for one in there[:_NAMED]))
    missing = alarm(AlarmKind.FOLDER_MISSING, identity, as_written(folder), now)
    with env.store.begin() as tx:
        notices.raise_alarm(UnitOfWork(env, tx, now), missing, "flaggermail check")

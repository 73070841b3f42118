# SPDX-License-Identifier: EUPL-1.2
"""The look at the mailbox: every folder is read, one failing folder stops no other, and batches overlap."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.errors import ArchiveFailure, FolderUnreadable, LinkLost, LoginRefused, PauseAsked
from flaggermail.health import status_gathering as health
from flaggermail.intake import poll
from flaggermail.intake.poll import FolderFailures
from flaggermail.letters import writing
from flaggermail.ports import (
    BlobStore,
    Folder,
    MailPage,
    News,
    Role,
    Store,
    Transaction,
)
from flaggermail.ports.delegating import StoreOnAnother
from flaggermail.record.definition import where
from flaggermail.record.kinds import ArrivalBasis, Direction, Kind
from flaggermail.record.rows import OutboxMail, StoredMessage
from flaggermail.services import Services, UnitOfWork
from flaggermail.stories.doubles import ListMailbox, SetClock
from tests import asking
from tests.patience import PATIENCE
from tests.story.conftest import NOW
from tests.story.crashing import UNJUDGEABLE, FailingMatcher

OLD = NOW - timedelta(hours=5)
OLDER = NOW - timedelta(days=30)


def mail(number: int) -> bytes:
    """Returns a question from an unknown sender."""
    return (
        f"From: a@shop.example\r\nMessage-ID: <{number}@shop.example>\r\nSubject: V{number}\r\n\r\nWat nu?\r\n".encode()
    )


class OddMailbox(ListMailbox):
    """A mailbox that yields batches, with a folder that is refused or missing."""

    def __init__(self, env: Services, *, refused: str = "", missing: str = "", batch: int = 100) -> None:
        super().__init__(env.settings.desk.mailbox)
        self.refused, self.missing, self.batch = refused, missing, batch
        self.asked: list[int] = []  # index of the first mail of each batch that was fetched
        self.lost_after: int | None = None

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Returns the folders that exist."""
        return tuple(folder for folder in super().folders(only) if folder.name != self.missing)

    def news(self, folder: str, position: str | None) -> News:
        """Returns what is new, or raises FolderUnreadable for the refused folder."""
        if folder == self.refused:
            raise FolderUnreadable(f"{folder}: the server refuses it")
        return super().news(folder, position)

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields pages of the configured length."""
        for page in super().fetch_after(folder, position):
            for first in range(0, len(page.mails), self.batch):
                if self.lost_after is not None and first >= self.lost_after:
                    raise LinkLost("the server closed the connection")
                self.asked.append(first)
                some = page.mails[first : first + self.batch]
                yield MailPage(some, some[-1].cursor or "")
            yield MailPage((), page.position)


@dataclass
class CountingStore(StoreOnAnother):
    """A store that counts its commits."""

    inner: Store
    commits: int = 0

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Counts each commit."""
        with self.inner.begin() as tx:
            yield tx
        self.commits += 1


@dataclass
class WaitingOctets(BlobStore):
    """An archive that waits for permission before it files anything."""

    inner: BlobStore
    may: threading.Event = field(default_factory=threading.Event)
    waited: list[bool] = field(default_factory=list)

    def put(self, octets: bytes) -> str:
        """Files the octets once permitted."""
        self.waited.append(self.may.wait(PATIENCE))
        return self.inner.put(octets)

    def get(self, digest: str) -> bytes:
        """Delegates."""
        return self.inner.get(digest)

    def discard(self, digest: str) -> None:
        """Delegates."""
        self.inner.discard(digest)

    def sweep(self) -> int:
        """Delegates."""
        return self.inner.sweep()


class TellingMailbox(OddMailbox):
    """A mailbox that permits filing when the second batch is fetched."""

    def __init__(self, env: Services, archive: WaitingOctets) -> None:
        super().__init__(env, batch=1)
        self.archive = archive

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields the pages and permits filing at the second."""
        for number, page in enumerate(super().fetch_after(folder, position)):
            if number == 1:
                self.archive.may.set()
            yield page


class EmptiedMailbox(OddMailbox):
    """A mailbox whose Junk folder has given out nine numbers and is empty."""

    def __init__(self, env: Services) -> None:
        super().__init__(env)
        self.searched: list[str] = []

    def news(self, folder: str, position: str | None) -> News:
        """Returns how many numbers the server gave out since."""
        return (
            replace(super().news(folder, position), at_most=9 - self.given(position))
            if folder == "Junk"
            else (super().news(folder, position))
        )

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Records that the folder was searched."""
        self.searched.append(folder)
        for page in super().fetch_after(folder, position):
            yield replace(page, position=self.end(9)) if folder == "Junk" else page


class LosingMailbox(OddMailbox):
    """A mailbox that loses the connection in some folders."""

    def __init__(self, env: Services, losing: set[str]) -> None:
        super().__init__(env)
        self.losing, self.tried = losing, list[str]()
        self.fault: LinkLost = LinkLost("the server closed the connection")
        self._messages["Archief"] = []

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Returns the folders, of which the last is a colleague's."""
        return (*super().folders(only), *([] if only else [Folder("Archief", Role.OTHER)]))

    def news(self, folder: str, position: str | None) -> News:
        """Returns what is new, or raises LinkLost."""
        self.tried.append(folder)
        if folder in self.losing:
            raise self.fault
        return super().news(folder, position)


class FullArchive(WaitingOctets):
    """An archive that is full."""

    def put(self, octets: bytes) -> str:
        """Raises ArchiveFailure."""
        raise ArchiveFailure(f"no space left for {len(octets)} octets")


def count(env: Services) -> int:
    """Returns the number of incoming mails."""
    return len(asking.messages(env, direction=Direction.IN))


def alarms(env: Services) -> list[tuple[str, str]]:
    """Returns kind and text of all alarms."""
    return [(alarm.kind, alarm.text.english) for alarm in asking.alarms(env)]


class TestFolders:
    """Each folder is read, whatever happens to another."""

    def test_a_refused_folder_is_left_out(self, env: Services) -> None:
        """A folder that the server refuses is skipped, and the others are read."""
        mailbox = OddMailbox(env, refused="Sent")
        mailbox.deliver("inbox", mail(1), NOW)
        mailbox.deliver("junk", mail(2), NOW)
        assert poll.look(env, mailbox) == 2
        assert (count(env), alarms(env)) == (2, [])

    def test_a_missing_folder_of_sent_mail_is_an_alarm(self, env: Services, clock: SetClock) -> None:
        """A missing Sent folder does not stop the look and raises one alarm a day."""
        mailbox = OddMailbox(env, missing="Sent")
        mailbox.deliver("inbox", mail(1), NOW)
        assert poll.look(env, mailbox) == 1
        poll.look(env, mailbox)
        assert alarms(env) == [("folder missing", "Sent")]
        clock.set(NOW + timedelta(days=1))
        poll.look(env, mailbox)
        poll.look(env, mailbox, everywhere=False)
        assert alarms(env) == [("folder missing", "Sent")] * 2
        assert "Sent" in env.octets.get(asking.mails(env, kind=Kind.ALARM)[0].digest).decode()

    def test_numbers_that_nobody_holds_are_passed_once(self, env: Services) -> None:
        """What was expunged before the first look is searched only once."""
        mailbox = EmptiedMailbox(env)
        poll.look(env, mailbox)
        assert mailbox.searched == ["Sent", "INBOX", "Junk"]
        poll.look(env, mailbox)
        assert mailbox.searched == ["Sent", "INBOX", "Junk", "INBOX"]

    def test_a_connection_lost_in_another_folder(self, env: Services) -> None:
        """It costs that folder alone; where it is lost at two in a row the others wait, and the inbox was read."""
        mailbox = LosingMailbox(env, {"Sent"})
        for folder, number in (("inbox", 1), ("sent", 2), ("junk", 3)):
            mailbox.deliver(folder, mail(number), NOW)
        troubles = FolderFailures()
        assert poll.look(env, mailbox, troubles=troubles) == 2
        assert mailbox.tried == ["Sent", "INBOX", "Junk", "Archief"]
        mailbox.losing = {"Junk", "Archief"}
        mailbox.deliver("inbox", mail(4), NOW)
        assert poll.look(env, mailbox, troubles=troubles) == 1
        assert mailbox.tried[4:] == ["INBOX", "Junk", "Archief"]
        mailbox.losing = {"INBOX"}
        with pytest.raises(LinkLost):
            poll.look(env, mailbox, troubles=troubles)
        mailbox.losing = set()
        assert poll.look(env, mailbox, troubles=troubles) == 1
        assert count(env) == 3  # one of the four lies in Sent

    def test_a_lost_connection_says_nothing_of_a_folder_after_which_the_account_is_refused(self, env: Services) -> None:
        """A refused login, or a pause that is asked for, ends the look wherever it is noticed."""
        for fault in (LoginRefused("no"), PauseAsked("wait", 60)):
            mailbox = LosingMailbox(env, {"Sent"})
            mailbox.fault = fault
            with pytest.raises(type(fault)):
                poll.look(env, mailbox)

    @pytest.mark.parametrize(
        ("folder", "count", "at", "history"),
        [
            ("junk", 51, OLD, True), ("junk", 50, OLD, False), ("junk", 51, NOW - timedelta(hours=1), False),
            ("junk", 2, OLDER, True), ("inbox", 51, OLD, False), ("inbox", 50, OLDER, False),
            ("sent", 51, OLDER, False),
        ],
    )  # fmt: skip
    def test_old_mail_moved_in_by_the_hundred_is_history(
        self, env: Services, clock: SetClock, folder: str, count: int, at: datetime, *, history: bool
    ) -> None:
        """It waits apart and is in no digest; a few of this week, mail after the last look, and Sent are as ever."""
        mailbox = OddMailbox(env, batch=20)
        poll.look(env, mailbox)
        clock.set(NOW + timedelta(minutes=1))
        for number in range(count):
            mailbox.deliver(folder, mail(number), at)
        assert poll.look(env, mailbox) == count
        with env.store.read() as tx:
            found = tx.find(StoredMessage, where(StoredMessage.received_at).is_(at))
            assert len(found) == count
            assert {row.arrival for row in found} == {ArrivalBasis.MOVED if history else ArrivalBasis.SERVER}
            assert not history or tx.find(OutboxMail) == []
            waiting = health.gather(UnitOfWork(env, tx, clock.now()), link=True).quarantine
        assert waiting == (0 if history or folder == "sent" else count)
        assert poll.look(env, mailbox) == 0

    def test_old_mail_moved_into_the_inbox_is_history_behind_the_first_fifty(
        self, env: Services, clock: SetClock
    ) -> None:
        """However slowly it comes; a digest tells how much. Fresh mail is served, and the few of the next day are."""
        mailbox = OddMailbox(env, batch=20)
        poll.look(env, mailbox)
        for step in range(1, 5):  # thirty old mails at a time: never more at once than a person may put there
            clock.set(NOW + timedelta(minutes=step))
            for number in range(30):
                mailbox.deliver("inbox", mail(100 * step + number), OLDER)
            mailbox.deliver("inbox", mail(100 * step + 50), clock.now())
            assert poll.look(env, mailbox) == 31
        with env.store.read() as tx:
            found = [row.arrival for row in tx.find(StoredMessage, where(StoredMessage.received_at).is_(OLDER))]
            assert found.count(ArrivalBasis.MOVED) == 70
            assert len(found) == 120
            waiting = health.gather(UnitOfWork(env, tx, clock.now()), link=True).quarantine
            told = tx.find(OutboxMail, where(OutboxMail.kind).is_(Kind.DIGEST))
            notices = tx.find(OutboxMail, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE))
        assert waiting == 50 + 4
        assert [b"10 oude mails" in env.octets.get(row.digest) for row in told] == [False, True]
        assert len(notices) <= 4
        clock.set(NOW + timedelta(days=2))
        mailbox.deliver("inbox", mail(900), OLDER)
        poll.look(env, mailbox)
        (last,) = asking.messages(env, subject="V900")
        assert last.arrival is ArrivalBasis.SERVER

    def test_the_first_look_at_a_mailbox_of_years_uses_up_nothing(self, env: Services, clock: SetClock) -> None:
        """What a colleague puts into the inbox on the first day is told, however much the first look found."""
        mailbox = OddMailbox(env)
        for number in range(60):
            mailbox.deliver("inbox", mail(number), OLDER)
        poll.look(env, mailbox)
        clock.set(NOW + timedelta(minutes=1))
        mailbox.deliver("inbox", mail(100), OLDER)
        poll.look(env, mailbox)
        assert {row.arrival for row in asking.messages(env)} == {ArrivalBasis.SERVER}

    def test_junk_moved_to_the_inbox_by_the_hundred_is_out_of_junk(self, env: Services, clock: SetClock) -> None:
        """It is known mail: it waits in the quarantine of today, and one digest tells all that was not told singly."""
        mailbox = OddMailbox(env)
        poll.look(env, mailbox)
        for number in range(60):
            mailbox.deliver("junk", mail(number), NOW)
        poll.look(env, mailbox)
        clock.set(NOW + timedelta(days=9))
        poll.look(env, mailbox)
        for number in range(60):
            mailbox.deliver("inbox", mail(number), NOW)
        poll.look(env, mailbox)
        with env.store.read() as tx:
            rows = tx.find(StoredMessage, where(StoredMessage.direction).is_(Direction.IN))
            assert len(rows) == 60
            assert not any(row.from_junk or row.pending_digest for row in rows)
            assert {row.arrival for row in rows} == {ArrivalBasis.SERVER}
            assert len(tx.find(OutboxMail, where(OutboxMail.kind).is_(Kind.DIGEST))) == 1

    def test_moved_mail_of_an_impossible_instant_is_history_too(self, env: Services, clock: SetClock) -> None:
        """Its arrival is our first sight of it, and it waits apart all the same."""
        mailbox = OddMailbox(env, batch=20)
        poll.look(env, mailbox)
        clock.set(NOW + timedelta(minutes=1))
        for number in range(51):
            mailbox.deliver("junk", mail(number), datetime(1975, 1, 1, tzinfo=UTC))
        poll.look(env, mailbox)
        with env.store.read() as tx:
            found = {(row.arrival, row.received_at) for row in tx.find(StoredMessage)}
            assert health.gather(UnitOfWork(env, tx, clock.now()), link=True).quarantine == 0
        assert found == {(ArrivalBasis.MOVED, clock.now())}

    def test_mail_of_an_outage_in_a_folder_made_meanwhile_is_no_history(self, env: Services, clock: SetClock) -> None:
        """A colleague sorts the night's mail while the desk is down: it arrived after the last look."""
        mailbox = OddMailbox(env, missing="Junk")
        poll.look(env, mailbox)
        mailbox.missing = ""
        clock.set(NOW + timedelta(hours=9))
        mailbox.deliver("junk", mail(1), NOW + timedelta(hours=1))
        mailbox.deliver("junk", mail(2), OLD)
        assert poll.look(env, mailbox) == 2
        found = {row.subject: row.arrival for row in asking.messages(env)}
        assert found["V1"] is ArrivalBasis.SERVER
        assert found["V2"] is ArrivalBasis.MOVED


class TestKeyword:
    """A keyword on the server marks what was taken in, if configured."""

    @pytest.mark.parametrize(
        ("keyword", "observes", "marked"), [("gezien", False, True), ("gezien", True, False), (None, False, False)]
    )
    def test_marked(self, env: Services, keyword: str | None, observes: bool, marked: bool) -> None:  # noqa: FBT001 - a table
        """Each mail taken in is marked once; a desk in observe mode marks nothing."""
        settings = env.settings
        changed = settings.desk.mailbox.model_copy(update={"keyword": keyword})
        desk = settings.desk.model_copy(update={"mailbox": changed})
        env = replace(env, settings=settings.model_copy(update={"desk": desk}))
        if observes:
            writing.begin(env)
        mailbox = OddMailbox(env)
        mailbox.deliver("inbox", mail(1), NOW)
        mailbox.deliver("junk", mail(2), NOW)
        poll.look(env, mailbox)
        poll.look(env, mailbox)
        assert mailbox.marked == ([("INBOX", "1"), ("Junk", "1")] if marked else [])


class TestPace:
    """The cost of a look at a full mailbox."""

    def test_the_next_batch_is_fetched_while_this_one_is_worked_on(self, env: Services) -> None:
        """The second batch of old mail is fetched while the first is filed: the two overlap."""
        archive = WaitingOctets(env.octets)
        mailbox = TellingMailbox(env, archive)
        mailbox.deliver("inbox", mail(1), OLD)
        mailbox.deliver("inbox", mail(2), OLD)
        assert poll.look(replace(env, octets=archive), mailbox) == 2
        assert archive.waited
        assert all(archive.waited)

    def test_a_mail_that_comes_now_starts_one_thread(self, env: Services, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each thread more waits for a processor twice; the one is for what must be durable."""
        started, start = list[str](), threading.Thread.start

        def noted(thread: threading.Thread) -> None:
            started.append(thread.name)
            start(thread)

        mailbox = OddMailbox(env)
        mailbox.deliver("inbox", mail(1), NOW)
        monkeypatch.setattr(threading.Thread, "start", noted)
        assert poll.look(env, mailbox) == 1
        assert started == ["disk_0"]

    def test_old_mail_is_one_commit_for_a_batch(self, env: Services) -> None:
        """Old mail takes one commit per hundred, one for the cursors and one for the digest."""
        counting = CountingStore(env.store)
        mailbox = OddMailbox(env)
        for number in range(200):
            mailbox.deliver("inbox", mail(number), OLD)
        assert poll.look(replace(env, store=counting), mailbox) == 200
        assert counting.commits == 4
        assert count(env) == 200

    def test_mail_that_comes_now_is_a_commit_each(self, env: Services) -> None:
        """Each current mail has a commit of its own."""
        counting = CountingStore(env.store)
        mailbox = OddMailbox(env)
        for number in range(5):
            mailbox.deliver("inbox", mail(number), NOW)
        poll.look(replace(env, store=counting), mailbox)
        assert counting.commits == 6

    def test_old_mail_with_a_broken_one_among_it(self, env: Services) -> None:
        """The mail on which the judgement fails is filed with its error, the others as usual."""
        mailbox = OddMailbox(env)
        for number in range(6):
            mailbox.deliver("inbox", mail(number).replace(b"V3", UNJUDGEABLE.encode()), OLD)
        assert poll.look(replace(env, matcher=FailingMatcher(env.matcher)), mailbox) == 6
        unjudged = [
            m.message_id for m in asking.messages(env, direction=Direction.IN) if "RuntimeError" in m.reason.english
        ]
        assert (unjudged, count(env)) == (["3@shop.example"], 6)


class TestEnds:
    """However a look ends, nothing is lost or duplicated."""

    def test_the_line_is_lost_between_two_batches(self, env: Services) -> None:
        """After a lost connection, the mail fetched is kept and the next look continues after it."""
        mailbox = OddMailbox(env, batch=2)
        for number in range(5):
            mailbox.deliver("inbox", mail(number), NOW)
        mailbox.lost_after = 4
        with pytest.raises(LinkLost):
            poll.look(env, mailbox)
        assert count(env) == 4
        mailbox.lost_after = None
        assert poll.look(env, mailbox) == 1
        assert count(env) == 5

    def test_a_full_disk_is_told_even_when_the_line_is_lost_too(self, env: Services) -> None:
        """A full disk is raised even when the connection is lost too."""
        mailbox = OddMailbox(env, batch=1)
        mailbox.deliver("inbox", mail(1), NOW)
        mailbox.deliver("inbox", mail(2), NOW)
        mailbox.lost_after = 1
        with pytest.raises(ArchiveFailure):
            poll.look(replace(env, octets=FullArchive(env.octets)), mailbox)
        assert count(env) == 0

    def test_asked_to_end(self, env: Services) -> None:
        """After a stop request the current mail is finished, no other begun, and the folder does not count as read."""
        stop = EventInterrupt()
        stop.set()
        mailbox = OddMailbox(env, batch=1)
        for number in range(3):
            mailbox.deliver("inbox", mail(number), NOW)
        assert poll.look(env, mailbox, stop) <= 1
        with env.store.read() as tx:
            cursor = tx.cursor("INBOX")
        assert cursor is None or cursor.looked_at is None
        assert poll.look(env, mailbox) + count(env) >= 3
        assert count(env) == 3


def test_a_desk_that_spelt_the_inbox_otherwise_goes_on(env: Services) -> None:
    """The record of a desk under `inbox: Inbox` goes on under INBOX: no mail is new, and none is answered again."""
    desk = env.settings.desk
    before = desk.mailbox.model_copy(update={"inbox": "Inbox"})  # as settings were read before
    then = replace(env, settings=env.settings.model_copy(update={"desk": desk.model_copy(update={"mailbox": before})}))
    sent = list[int]()
    for services in (then, env):
        mailbox = OddMailbox(services)
        for number in range(3):
            mailbox.deliver("inbox", mail(number), NOW)
        poll.look(services, mailbox)
        with env.store.read() as tx:
            sent.append(len(tx.find(OutboxMail)))
            looks = health.gather(UnitOfWork(services, tx, NOW), link=True).looks
    assert (count(env), sent[0], looks["INBOX"]) == (3, sent[1], NOW)
    assert sent[0] > 0

# SPDX-License-Identifier: EUPL-1.2
"""One mail that the server lists and does not give costs itself alone: everything else is read.

On a real Dovecot whose account may not read one file, and on servers that answer NIL, NO, nothing, or octet by octet.
"""

from __future__ import annotations

import imaplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flaggermail.adapters.imap.link import ImapAccount
from flaggermail.adapters.imap.mailbox import ImapMailbox
from flaggermail.errors import LinkLost
from flaggermail.health import status_gathering
from flaggermail.intake import poll
from flaggermail.intake.poll import FolderFailures
from flaggermail.ports import Folder, Role
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import UnfetchedMail
from flaggermail.rules.configuration import load
from flaggermail.services import Services, UnitOfWork
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from tests import asking
from tests.contract.imap_account import account
from tests.contract.test_mailbox import CONFIG, closes, mail, subjects
from tests.doubles import migrated
from tests.doubles.scripted_imap import Line, ScriptedImap
from tests.patience import PATIENCE
from tests.servers.dovecot import Dovecot

NOW = datetime(2026, 3, 17, 9, tzinfo=UTC)  # Dovecot stores a day that is still to come as today
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def clock() -> SetClock:
    """Returns a clock that stands still until it is set."""
    return SetClock(NOW)


@pytest.fixture
def env(tmp_path: Path, clock: SetClock) -> Iterator[Services]:
    """Builds the services with a set clock and no network."""
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    made = migrated.replayed(settings, tmp_path, clock, CountedRandomness("unfetched"), ScriptedSubmitter(clock))
    yield made
    made.close()


@dataclass
class Reader:
    """Looks at a mailbox as the daemon does: each minute, and anew after a lost connection."""

    env: Services
    clock: SetClock
    box: ImapMailbox
    troubles: FolderFailures = field(default_factory=FolderFailures)
    lost: int = 0

    def look(self, times: int = 1, after: timedelta = MINUTE) -> None:
        """Looks so often, and counts the looks that lost the connection."""
        for _ in range(times):
            self.clock.set(self.clock.now() + after)
            try:
                poll.look(self.env, self.box, troubles=self.troubles)
            except LinkLost:
                self.lost += 1
                self.box.close()


def aside(env: Services) -> list[tuple[str, bool]]:
    """Returns the folder of each mail set aside, and whether that has ended."""
    with env.store.read() as tx:
        return [(row.folder, row.ended_at is not None) for row in tx.find(UnfetchedMail)]


def standing(env: Services) -> object:
    """Returns the mails set aside that the status shows."""
    with env.store.read() as tx:
        return status_gathering.gather(UnitOfWork(env, tx, env.clock.now()), link=True).document()["set_aside"]


def alarms(env: Services) -> list[tuple[str, str]]:
    """Returns kind and text of each alarm, in their order."""
    raised = sorted(asking.alarms(env), key=lambda one: one.raised_at)
    return [(str(one.kind), one.text.english) for one in raised]


# ---------------------------------------------------------------- on a real server


@dataclass
class Shared:
    """The mailbox of a user on Dovecot."""

    dovecot: Dovecot
    user: str

    @contextmanager
    def colleague(self) -> Iterator[imaplib.IMAP4]:
        """Opens another client of it."""
        with imaplib.IMAP4("localhost", self.dovecot.imap_port, timeout=PATIENCE) as client:
            client.login(self.user, self.dovecot.password)
            yield client

    def deliver(self, *numbers: int, folder: str = "INBOX") -> None:
        """Stores mails of these numbers."""
        for number in numbers:
            self.dovecot.append(self.user, folder, mail(number), NOW)

    def file_of(self, number: int, folder: str = "", domain: str = "shop") -> Path:
        """Returns the file in which the server keeps a mail."""
        maildir = self.dovecot.folder / "home" / self.user / "Maildir" / folder
        files = (path for part in ("cur", "new") for path in (maildir / part).iterdir())
        return next(path for path in files if f"<{number}@{domain}".encode() in path.read_bytes())


@pytest.fixture
def shared(dovecot: Dovecot, mail_user: str) -> Shared:
    """Returns an untouched mailbox on a server that does not run as root."""
    return Shared(dovecot, mail_user)


def box_of(shared: Shared) -> ImapMailbox:
    """Returns a connection to that mailbox which knows nothing of an earlier one."""
    return ImapMailbox(
        ImapAccount(
            host="localhost", port=shared.dovecot.imap_port, user=shared.user, tls="none", ca_file=None,
            timeout=PATIENCE,
            password=lambda: shared.dovecot.password,
        )
    )  # fmt: skip


@pytest.fixture
def reader(env: Services, clock: SetClock, shared: Shared) -> Iterator[Reader]:
    """Reads that mailbox."""
    reads = Reader(env, clock, box_of(shared))
    yield reads
    reads.box.close()


def test_a_file_that_the_server_may_not_read_in_the_inbox(reader: Reader, shared: Shared, env: Services) -> None:
    """Two looks fail, the third takes in what lies before and behind; the alarm names folder and number alone."""
    shared.deliver(*range(6))
    shared.deliver(10, folder="Junk")
    shared.file_of(2).chmod(0)
    reader.look(3)
    assert reader.lost == 2
    assert subjects(env) == ["V0", "V1", "V10", "V3", "V4", "V5"]
    assert aside(env) == [("INBOX", False)]
    assert alarms(env) == [("mail not fetched", "INBOX: 3")]
    assert standing(env) == {"INBOX": ["3"]}
    shared.deliver(6)
    reader.look(30)
    assert reader.lost == 2
    assert "V6" in subjects(env)
    assert len(alarms(env)) == 1


def test_it_does_not_hinder_the_first_look_at_much_mail(reader: Reader, shared: Shared, env: Services) -> None:
    """Also the mail of an officer, which is fetched first: the third look has all others, that of officers first."""
    officer = b"From: c.bakker@bzk.example\r\nMessage-ID: <%d@bzk.example>\r\nSubject: V%d\r\n\r\nZie je dit?\r\n"
    shared.deliver(*range(30))
    for number in (30, 31):
        shared.dovecot.append(shared.user, "INBOX", officer % (number, number), NOW)
    shared.deliver(*range(32, 60))
    shared.file_of(30, domain="bzk").chmod(0)
    reader.look(3)
    assert reader.lost == 2
    assert sorted(subjects(env)) == sorted(f"V{number}" for number in range(60) if number != 30)
    assert aside(env) == [("INBOX", False)]
    first = min(asking.messages(env, direction=Direction.IN), key=lambda row: row.id)
    assert first.subject == "V31"


def test_a_mail_set_aside_is_asked_for_each_hour(reader: Reader, shared: Shared, env: Services) -> None:
    """It comes in when the server can read it again; before the hour nobody asks, also not after a restart."""
    shared.deliver(0, 1, 2)
    bad = shared.file_of(1)
    bad.chmod(0)
    reader.look(3)
    reader.look(after=HOUR)
    assert aside(env) == [("INBOX", False)]
    assert not closes(env)
    bad.chmod(0o600)
    reader.box.close()
    reader.box = box_of(shared)  # as after a restart of the desk
    reader.look(5, after=10 * MINUTE)
    assert subjects(env) == ["V0", "V2"]
    reader.look(after=10 * MINUTE)
    assert subjects(env) == ["V0", "V1", "V2"]
    assert aside(env) == [("INBOX", True)]
    assert standing(env) == {}
    assert [kind for kind, _ in alarms(env)] == ["mail not fetched", "mail fetched"]
    reader.look(3, after=HOUR)
    assert closes(env)
    assert subjects(env) == ["V0", "V1", "V2"]
    assert reader.lost == 2


def test_a_mail_set_aside_that_is_gone(reader: Reader, shared: Shared, env: Services) -> None:
    """A colleague moved it away: nobody asks any more, and no alarm says that it came."""
    shared.deliver(0, 1, 2)
    shared.file_of(1).chmod(0)
    reader.look(3)
    with shared.colleague() as client:
        client.select()
        client.store("2", "+FLAGS", r"(\Deleted)")
        client.expunge()
    reader.look(after=HOUR)
    assert aside(env) == [("INBOX", True)]
    assert [kind for kind, _ in alarms(env)] == ["mail not fetched"]


def test_a_file_that_cannot_be_read_in_another_folder(reader: Reader, shared: Shared, env: Services) -> None:
    """No look fails, each takes in what is new in the inbox and in the other folders, and the third the rest."""
    shared.deliver(0)
    with shared.colleague() as client:
        for name in ("Archief", "Zaken"):
            client.create(name)
    shared.deliver(10, 11, 12, folder="Archief")
    shared.deliver(20, folder="Zaken")
    shared.deliver(30, folder="Sent")
    shared.file_of(11, ".Archief").chmod(0)
    reader.look()
    assert subjects(env) == ["V0", "V20"]
    shared.deliver(1)
    reader.look()
    assert subjects(env) == ["V0", "V1", "V20"]
    shared.deliver(2)
    reader.look()
    assert subjects(env) == ["V0", "V1", "V10", "V12", "V2", "V20"]
    assert reader.lost == 0
    assert alarms(env) == [("mail not fetched", "Archief: 2")]


def test_a_folder_that_is_gone_with_the_mail_in_it(reader: Reader, shared: Shared, env: Services) -> None:
    """The mail is gone too."""
    with shared.colleague() as client:
        client.create("Archief")
    shared.deliver(10, 11, folder="Archief")
    shared.file_of(11, ".Archief").chmod(0)
    reader.look(3)
    assert aside(env) == [("Archief", False)]
    with shared.colleague() as client:
        client.delete("Archief")
    reader.look(after=HOUR)
    assert aside(env) == [("Archief", True)]


def test_a_whole_folder_whose_files_cannot_be_read(reader: Reader, shared: Shared, env: Services) -> None:
    """A storage that gives nothing at all is no fault of single mails: none is set aside, and all come in later."""
    shared.deliver(0, 1)
    reader.look()
    shared.deliver(2, 3, 4)
    files = [shared.file_of(number) for number in range(5)]
    for file in files:
        file.chmod(0)
    reader.look(6)
    assert reader.lost == 6
    assert aside(env) == []
    for file in files:
        file.chmod(0o600)
    reader.look()
    assert subjects(env) == ["V0", "V1", "V2", "V3", "V4"]


# ---------------------------------------------------------------- on servers with other faults


@dataclass
class Server:
    """A small server of one inbox, on which `bad` says how the fetch of a mail is answered that it does not give."""

    bad: Callable[[Line, str], bool]  # returns True if the connection goes on
    uids: tuple[int, ...] = (1, 2, 3)
    refused: frozenset[int] = frozenset({2})

    def __call__(self, line: Line) -> None:
        """Plays one connection."""
        line.log_in("IMAP4rev1")
        while command := line.hear():
            tag, rest = command.split(" ", 1)
            if "BODY.PEEK" in rest and self._asked(rest) & self.refused:
                if not self.bad(line, tag):
                    return
            else:
                line.send(self._answer(rest) + f"{tag} OK done\r\n".encode())

    def _asked(self, rest: str) -> set[int]:
        return self._within(rest.split(" ")[2])

    def _within(self, told: str) -> set[int]:
        spans = [part.split(":") for part in told.replace("*", str(max(self.uids))).split(",")]
        return {uid for uid in self.uids if any(int(span[0]) <= uid <= int(span[-1]) for span in spans)}

    def _answer(self, rest: str) -> bytes:
        if rest.startswith("LIST"):
            return b'* LIST () "/" INBOX\r\n'
        if rest.startswith(("EXAMINE", "SELECT")):
            return b"* 3 EXISTS\r\n* OK [UIDVALIDITY 1] v\r\n* OK [UIDNEXT %d] n\r\n" % (max(self.uids) + 1)
        if rest.startswith("STATUS"):
            return b'* STATUS "INBOX" (MESSAGES %d)\r\n' % len(self.uids)
        if "SEARCH" in rest:
            found = sorted(self._within(rest.rpartition(" ")[2]))
            return b"* SEARCH %s\r\n" % b" ".join(b"%d" % uid for uid in found)
        if "RFC822.SIZE" in rest:
            return b"".join(b"* %d FETCH (UID %d RFC822.SIZE 100)\r\n" % (uid, uid) for uid in self._asked(rest))
        if "BODY.PEEK" in rest:
            return b"".join(self._given(uid) for uid in sorted(self._asked(rest)))
        return b"* BYE\r\n" if rest == "LOGOUT" else b""

    def _given(self, uid: int) -> bytes:
        octets = mail(uid)
        date = b'INTERNALDATE "17-Mar-2027 09:00:00 +0000"'
        return b"* %d FETCH (UID %d %s BODY[] {%d}\r\n%s)\r\n" % (uid, uid, date, len(octets), octets)


def _nil(line: Line, tag: str) -> bool:
    line.say('* 2 FETCH (UID 2 INTERNALDATE "17-Mar-2027 09:00:00 +0000" BODY[] NIL)', f"{tag} OK done")
    return True


def _no(line: Line, tag: str) -> bool:
    line.say(f"{tag} NO [SERVERBUG] cannot")
    return True


def _bye(line: Line, tag: str) -> bool:
    del tag
    line.say("* BYE internal error")
    return False


def _drips(line: Line, tag: str) -> bool:
    del tag
    line.say("* 2 FETCH (UID 2 BODY[] {5000}")
    line.drip()
    return False


@pytest.mark.parametrize("bad", [_nil, _no, _bye, _drips])
def test_each_way_not_to_give_a_mail(bad: Callable[[Line, str], bool], env: Services, clock: SetClock) -> None:
    """NIL, NO, an end of the session and a drip all cost that mail alone."""
    server = ScriptedImap((Server(bad),) * 9, lasting=True)
    with server.running() as port:
        box = ImapMailbox(account(port, timeout=2))
        reader = Reader(env, clock, box)
        reader.look(3)
        assert subjects(env) == ["V1", "V3"]
        assert aside(env) == [("INBOX", False)]
        box.close()


def test_more_than_one_mail_at_once(env: Services, clock: SetClock) -> None:
    """One alarm names them all; what lies between is taken in."""
    server = ScriptedImap((Server(_bye, tuple(range(1, 12)), frozenset({2, 3, 7})),) * 20, lasting=True)
    with server.running() as port:
        box = ImapMailbox(account(port))
        Reader(env, clock, box).look(3)
        box.close()
    assert [number for number in range(1, 12) if f"V{number}" not in subjects(env)] == [2, 3, 7]
    assert ("mail not fetched", "INBOX: 2, 3, 7") in alarms(env)


def test_mail_that_was_read_out_of_its_turn_is_read_again() -> None:
    """What is known not to be given by then costs no further failure."""
    server = ScriptedImap((Server(_bye),) * 9, lasting=True)
    with server.running() as port:
        box = ImapMailbox(account(port))
        for _ in range(2):
            with pytest.raises(LinkLost):
                list(box.fetch_after("INBOX", None))
        for _ in range(2):
            pages = list(box.fetch_after("INBOX", None))
            assert [[name.item for name in page.unfetched] for page in pages] == [["2"], []]
        box.close()


# ---------------------------------------------------------------- the order of folders


def test_folders_in_trouble_come_last_and_more_and_more_rarely() -> None:
    """Sent comes first as long as it is well, and the inbox is read in each look."""
    inbox, sent, other = Folder("INBOX", Role.INBOX), Folder("Sent", Role.SENT), Folder("Archief", Role.OTHER)
    troubles, tried = FolderFailures(), list[int]()
    assert troubles.order([inbox, sent, other]) == [sent, inbox, other]
    troubles.failed("Sent")
    assert troubles.order([inbox, sent, other]) == [inbox, other, sent]
    troubles.read("Sent")
    assert troubles.order([inbox, sent, other]) == [sent, inbox, other]
    for look in range(200):
        order = troubles.order([inbox, sent, other])
        assert order[:2] == [sent, inbox]
        if other in order:
            tried.append(look)
            troubles.failed("Archief")
    assert tried == [0, 1, 2, 4, 7, 12, 21, 38, 71, 132, 193]

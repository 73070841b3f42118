# SPDX-License-Identifier: EUPL-1.2
"""What a soak or a round of chaos counts as lost, doubled or broken: nothing on a good desk, and what is planted."""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.bench import chaos, soak_count
from tests.bench.chaos_faults import Fault
from tests.bench.desk import Servers
from tests.bench.mails import Mail
from tests.bench.soak_count import Diary, Kept
from tests.desks import kept, life, scenes
from tests.desks.played import Played
from tests.flow.desk_process import DeskProcess
from tests.servers.platform import PlatformServer, ReceivedMail


class Platform(PlatformServer):
    """A platform that has received these mails."""

    def __init__(self, mails: list[ReceivedMail]) -> None:
        self._mails = mails

    def received(self, recipient: str | None = None) -> list[ReceivedMail]:
        """Returns them, or those of one recipient."""
        return [mail for mail in self._mails if recipient in {None, *mail.rcpt_tos}]


@dataclass
class Counted:
    """A desk at rest with what its servers hold; a test takes something away, or adds it."""

    desk: DeskProcess
    inbox: list[Kept]
    received: list[ReceivedMail]
    diary: Diary

    def wrong(self) -> list[str]:
        """Returns what is counted that should be zero."""
        servers = object.__new__(Servers)
        object.__setattr__(servers, "platform", Platform(self.received))
        return soak_count.counted(servers, self.desk, self.diary, "desk", clocks=False).faults

    def write(self, statement: str) -> None:
        """Changes the record behind the program's back, and leaves the guards of the past as they were."""
        with closing(sqlite3.connect(self.desk.folder / "flaggermail.db")) as database, database:
            guards = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in guards:
                database.execute(f"DROP TRIGGER {name}")
            assert database.execute(statement).rowcount
            for _, guard in guards:
                database.execute(guard)

    def file_of(self, mail: Kept) -> Path:
        """Returns where the octets of a mail lie."""
        digest = hashlib.sha256(mail.octets).hexdigest()
        return next((self.desk.folder / "archive").rglob(digest))

    @property
    def to_platform(self) -> ReceivedMail:
        """The notification as the platform received it."""
        (name,) = self.desk.rows("SELECT message_id FROM outbox WHERE at_most_once")[0]
        return next(mail for mail in self.received if str(name).encode() in mail.octets)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a desk on which a notification has left and was answered."""
    folder = tmp_path_factory.mktemp("counted") / "desk"
    folder.mkdir(mode=0o750)
    kept.configure(kept.HERE / "config", folder)
    desk = Played.begin(folder, life.BEGIN)
    scenes.play(desk, "S03-msg")
    desk.end()
    return folder


@pytest.fixture
def counted(played: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Returns a copy of the desk beside servers that agree with it."""
    folder = shutil.copytree(played, tmp_path / "desk")
    desk = DeskProcess(folder, "desk", "officer")
    files = {path.name: path.read_bytes() for path in (folder / "archive").rglob("*") if path.is_file()}
    rows = desk.rows("SELECT folder, numbering, item, digest, internaldate FROM delivery")
    inbox = [
        Kept("/".join(map(str, row[:3])), datetime.fromisoformat(str(row[4])).replace(tzinfo=UTC), files[str(row[3])])
        for row in rows
    ]
    sent = desk.rows("SELECT id, message_id, recipient FROM outbox WHERE state = 'accepted'")
    received = [received_as(*map(str, row)) for row in sent]
    approved = [str(row[0]) for row in desk.rows("SELECT DISTINCT notification FROM outbox WHERE at_most_once")]
    found = Counted(desk, inbox, received, Diary(approved=approved))
    monkeypatch.setattr(soak_count, "inbox", lambda *_: found.inbox)
    return found


def received_as(queued: str, name: str, recipient: str) -> ReceivedMail:
    """Returns a mail that came through our submission server under that number of its queue."""
    at = datetime(2024, 6, 6, 8, 0, tzinfo=UTC)
    trace = f"Received: from desk by mta with ESMTPSA\r\n id {queued}; Thu, 6 Jun 2024 10:00:00 +0200\r\n"
    return ReceivedMail("desk@bzk.example", (recipient,), f"{trace}Message-ID: <{name}>\r\n\r\n".encode(), at)


def _not_taken_in(counted: Counted) -> None:
    counted.inbox.append(Kept("inbox/1/999", counted.inbox[0].internaldate, b"Message-ID: <lost@x.example>\r\n\r\n"))


def _octets_gone(counted: Counted) -> None:
    counted.file_of(counted.inbox[0]).unlink()


def _gone_from_server(counted: Counted) -> None:
    counted.diary.accepted.append(Mail("stranger", "never@x.example", "", b""))


def _two_messages(counted: Counted) -> None:
    counted.write(
        "UPDATE message SET message_id = (SELECT min(message_id) FROM message WHERE direction = 'in') "
        "WHERE direction = 'in'"
    )


def _not_received(counted: Counted) -> None:
    counted.received.remove(counted.to_platform)


def _received_twice(counted: Counted) -> None:
    mail = counted.to_platform
    counted.received.append(replace(mail, octets=mail.octets.replace(b" id ", b" id x")))


def _unapproved(counted: Counted) -> None:
    counted.diary.approved.clear()


def _chain_broken(counted: Counted) -> None:
    counted.write("UPDATE event SET digest = upper(digest) WHERE seq = (SELECT max(seq) FROM event)")


def _event_gone(counted: Counted) -> None:
    counted.write("DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)")


PLANTED: dict[str, tuple[Callable[[Counted], None], str]] = {
    "a mail that was not taken in": (_not_taken_in, "LOST: in the mailbox"),
    "a mail without its octets": (_octets_gone, "LOST: in the mailbox"),
    "a mail that no server has": (_gone_from_server, "taken by our servers"),
    "a mail that became two": (_two_messages, "DOUBLED: several messages"),
    "a notification that nobody received": (_not_received, "LOST: neither received"),
    "a notification that left twice": (_received_twice, "DOUBLED: notification"),
    "a notification that nobody approved": (_unapproved, "received without approval"),
    "a changed event": (_chain_broken, "audit verify"),
    "an event that is gone": (_event_gone, "audit verify"),
}


def test_nothing_is_counted_on_a_desk_that_is_whole(counted: Counted) -> None:
    """Its mails, cases and notification are those of its servers."""
    assert counted.diary.approved
    assert counted.wrong() == []


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_is_counted(counted: Counted, planted: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Under its name, and a round of chaos in which it happened ends in status 1."""
    plant, named = PLANTED[planted]
    plant(counted)
    wrong = counted.wrong()
    assert [one for one in wrong if one.startswith(named)]
    assert chaos.report([chaos.Round(Fault.CRASH, 1, 30.0, 5, 1, 1, [], wrong)]) == 1
    said = capsys.readouterr().out
    for line, begins in (("mail lost", "LOST"), ("mail doubled", "DOUBLED"), ("chains broken", "audit verify")):
        shown = re.search(rf"^{line} +(\d+)", said, re.MULTILINE)
        assert shown is not None
        assert int(shown[1]) == sum(one.startswith(begins) for one in wrong)

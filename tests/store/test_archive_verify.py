# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail archive verify`: every file that is not what it should be is named, and the counts of folders close."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.cases import erasure
from flaggermail.cli.showing import parts
from flaggermail.commands.move import DeclineMessage
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as AskedDesk
from flaggermail.intake import poll
from flaggermail.mail.message import Json
from flaggermail.ports import Census, Cursor, MailPage
from flaggermail.record.events import EventKind
from flaggermail.services import Services
from flaggermail.settings.model import MailboxSettings
from flaggermail.stories.doubles import ListMailbox
from tests import asking
from tests.store.desk_fixtures import CITIZEN, REFERRER, Desk, mail

MARCH = datetime(2024, 3, 31, 21, 59, tzinfo=UTC)  # 23:59 in Amsterdam
APRIL = datetime(2024, 3, 31, 22, 1, tzinfo=UTC)  # 00:01 in Amsterdam


class StaffMailbox(ListMailbox):
    """A mailbox in which staff delete and restore mail in the inbox."""

    def __init__(self, settings: MailboxSettings) -> None:
        super().__init__(settings)
        self.gone: set[str] = set()  # items of the inbox
        self.unknown: set[str] = set()  # items that no fetch gives

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields what is there above the position."""
        for page in super().fetch_after(folder, position):
            yield replace(page, mails=[raw for raw in page.mails if folder != "INBOX" or raw.item not in self.gone])

    def census(self, folder: str, position: str, expected: int | None) -> Census | None:
        """Returns the items that are there."""
        found = super().census(folder, position, None)
        if found is None or folder != "INBOX":
            return found
        items = sorted({*found.items} - self.gone | self.unknown)
        return None if len(items) == expected else replace(found, items=items)


@pytest.fixture
def mailbox(desk: Desk) -> StaffMailbox:
    """Returns a mailbox with two mails of March, one of April and one in Sent, all taken in."""
    box = StaffMailbox(desk.env.settings.desk.mailbox)
    for number, at in enumerate((MARCH, MARCH, APRIL)):
        box.deliver("inbox", mail(REFERRER, f"Vraag {number}", f"Tekst {number}."), at)
    box.deliver("sent", mail("team@bzk.example", "Antwoord", "Van Outlook."), APRIL)
    poll.look(desk.env, box)
    return box


def verified(env: Services) -> Mapping[str, Json]:
    """Returns the document that an archivist gets."""
    return AskedDesk(lambda: env, Caller(login="archivist1")).answer("archive verify")


def found(env: Services) -> list[tuple[object, object]]:
    """Returns kind and name of each finding."""
    return [(one["kind"], one["name"]) for one in parts(verified(env), "findings")]


def counts(env: Services, folder: str = "INBOX") -> dict[object, tuple[object, ...]]:
    """Returns by period: server, archived, excluded, gone, difference."""
    lines = parts(verified(env), "counts")
    names = ("server", "archived", "excluded", "gone", "difference")
    return {line["period"]: tuple(line[name] for name in names) for line in lines if line["folder"] == folder}


def archive_of(env: Services) -> Path:
    """Returns the folder of the archive."""
    assert isinstance(env.store, SqlStore)
    return Path(str(env.store.engine.url.database)).parent / "archive"


def file_of(env: Services, item: str = "1") -> Path:
    """Returns the archive file of a mail of the inbox."""
    (copy,) = asking.deliveries(env, folder="INBOX", item=item)
    return archive_of(env) / copy.digest[:2] / copy.digest


def tamper(desk: Desk, statement: str) -> None:
    """Changes the database by hand."""
    with closing(sqlite3.connect(archive_of(desk.env).parent / "database")) as connection, connection:
        connection.execute(statement)


# ---- counts


def test_counts_close_by_folder_and_month_after_an_ordinary_look(desk: Desk, mailbox: StaffMailbox) -> None:
    """The month is that of the desk's zone, as staff see it."""
    assert verified(desk.env)["closes"]
    assert counts(desk.env) == {
        None: (3, 3, {}, 0, 0), "2024-03": (2, 2, {}, 0, 0), "2024-04": (1, 1, {}, 0, 0)
    }  # fmt: skip
    assert counts(desk.env, "Sent")[None] == (1, 1, {}, 0, 0)
    poll.look(desk.env, mailbox, everywhere=False)
    mailbox.deliver("inbox", mail(REFERRER, "Vraag 4", "Tekst 4."), APRIL)
    poll.look(desk.env, mailbox, everywhere=False)  # after a push
    assert counts(desk.env)[None] == (4, 4, {}, 0, 0)


def test_mail_that_staff_delete_and_put_back_is_counted_as_gone_and_there(desk: Desk, mailbox: StaffMailbox) -> None:
    """The archive keeps what the server no longer holds; the look that missed it is recorded once."""
    mailbox.gone.add("1")
    for _ in range(3):
        poll.look(desk.env, mailbox)
    assert counts(desk.env) == {
        None: (2, 2, {}, 1, 0), "2024-03": (1, 1, {}, 1, 0), "2024-04": (1, 1, {}, 0, 0)
    }  # fmt: skip
    assert verified(desk.env)["closes"]
    assert desk.happened(EventKind.COPIES_CHANGED) == 1
    mailbox.gone.clear()
    poll.look(desk.env, mailbox)
    assert counts(desk.env)[None] == (3, 3, {}, 0, 0)
    desk.assert_whole()


def test_one_deleted_and_one_new_mail_do_not_hide_each_other(desk: Desk, mailbox: StaffMailbox) -> None:
    """As many as before are there, and yet the folder is counted anew."""
    mailbox.gone.add("2")
    mailbox.deliver("inbox", mail(REFERRER, "Vraag 5", "Tekst 5."), APRIL)
    poll.look(desk.env, mailbox)
    assert counts(desk.env)[None] == (3, 3, {}, 1, 0)
    assert verified(desk.env)["closes"]


def test_a_citizens_mail_that_was_destroyed_is_excluded_with_its_reason(desk: Desk, mailbox: StaffMailbox) -> None:
    """The server still holds it, the archive does not."""
    mailbox.deliver("inbox", mail(CITIZEN, "Een bericht", "Dit klopt niet."), desk.env.clock.now())
    poll.look(desk.env, mailbox)
    last = file_of(desk.env, "4")
    (copy,) = asking.deliveries(desk.env, item="4")
    desk.do(DeclineMessage(message=copy.message))
    desk.clock.set(desk.env.clock.now() + timedelta(days=71))
    erasure.tick(desk.env)
    assert not last.exists()
    assert counts(desk.env)[None] == (4, 3, {"destroyed": 1}, 0, 0)
    assert verified(desk.env)["closes"]


def test_a_mail_the_desk_never_took_in_is_a_finding_that_says_how_many(desk: Desk, mailbox: StaffMailbox) -> None:
    """The server lists more below the read position than the desk knows: the folder, the number, and what to do."""
    mailbox.unknown |= {"8", "9"}
    mailbox.deliver("inbox", mail(REFERRER, "Vraag 6", "Tekst 6."), APRIL)
    poll.look(desk.env, mailbox)
    (one,) = parts(verified(desk.env), "findings")
    assert (one["kind"], one["name"]) == ("never taken in", "folder INBOX")
    assert one["text"] == "the server held 6 mails, the desk knows 4: 2 were never taken in"
    assert "move the folder's mails" in str(one["remedy"])


def test_a_renumbered_folder_closes(desk: Desk, mailbox: StaffMailbox) -> None:
    """Another numbering: the same copies, and one that the server lost on the way is gone."""
    mailbox.gone.add("3")
    mailbox.numbering = "8"
    for _ in range(2):
        poll.look(desk.env, mailbox)
    assert counts(desk.env)[None] == (2, 2, {}, 1, 0)
    assert verified(desk.env)["closes"]
    desk.assert_whole()


def test_a_desk_that_was_upgraded_says_that_it_has_not_counted_yet(desk: Desk, mailbox: StaffMailbox) -> None:
    """Until the first complete look of this version there is no number to compare with."""
    with desk.env.store.begin() as tx:
        cursor = tx.cursor("INBOX")
        assert cursor is not None
        tx.advance("INBOX", Cursor(cursor.position, cursor.looked_at))
    assert found(desk.env) == [("not counted", "folder INBOX")]
    poll.look(desk.env, mailbox)
    assert verified(desk.env)["closes"]


# ---- files


@pytest.mark.usefixtures("mailbox")
def test_any_flipped_bit_is_named(desk: Desk) -> None:
    """Each file of the archive in turn; that of a mail of the mailbox opens the count of its month too."""
    for path in sorted(archive_of(desk.env).glob("*/*")):
        octets = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(bytes([octets[0] ^ 1]) + octets[1:])
        named = found(desk.env)
        path.write_bytes(octets)
        assert ("file changed", f"archive {path.parent.name}/{path.name}") in named
    assert verified(desk.env)["closes"]
    path = file_of(desk.env)
    path.chmod(0o600)
    path.write_bytes(b"x" + path.read_bytes())
    assert found(desk.env)[1:] == [("octets lost", "folder INBOX, 2024-03")]
    assert counts(desk.env)["2024-03"] == (2, 1, {}, 0, 1)


@pytest.mark.usefixtures("mailbox")
def test_a_missing_and_an_extra_file_are_named(desk: Desk) -> None:
    """A file that is no mail is a finding; a whole one that no row names is listed, as in `audit verify`."""
    path = file_of(desk.env)
    path.unlink()
    (archive_of(desk.env) / "notes.txt").write_text("x")
    extra = desk.env.octets.put(b"Subject: of nobody\r\n\r\n")
    document = verified(desk.env)
    assert not document["closes"]
    assert document["extra"] == [f"{extra[:2]}/{extra}"]
    assert ("file missing", f"archive {path.parent.name}/{path.name}") in found(desk.env)
    assert ("file foreign", "archive notes.txt") in found(desk.env)


@pytest.mark.usefixtures("mailbox")
def test_a_changed_row_is_named_before_the_counts_that_rest_on_it(desk: Desk) -> None:
    """Whoever hides a missing mail in the database is found by the events."""
    tamper(desk, "UPDATE delivery SET gone_at = first_seen_at WHERE item = '1' AND folder = 'INBOX'")
    assert found(desk.env)[0] == ("record", "record")
    tamper(desk, "UPDATE cursor SET held = 2 WHERE folder = 'INBOX'")
    assert found(desk.env)[0] == ("record", "record")

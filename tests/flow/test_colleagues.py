# SPDX-License-Identifier: EUPL-1.2
"""Colleagues work in the same mailbox, on a real Dovecot: nothing that they do hides a mail or makes two of it."""

from __future__ import annotations

import imaplib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from flaggermail import wiring
from flaggermail.intake import poll
from flaggermail.letters import observing
from flaggermail.ports import Mailbox
from flaggermail.record.events import EventKind
from flaggermail.record.rows import Alarm, Case, OutboxMail, StoredMessage
from flaggermail.services import Services
from tests.flow.desk_process import DeskProcess, patiently
from tests.flow.test_daemon import refer
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix

SUBJECT = "Verkeerde stemdag rondgestuurd"


@dataclass
class Looking:
    """The desk without its daemon: it looks when the test says so."""

    desk: DeskProcess
    env: Services
    mailbox: Mailbox
    dovecot: Dovecot

    def look(self, *, everywhere: bool = True) -> int:
        """Look; tell how many mails were taken in."""
        return poll.look(self.env, self.mailbox, everywhere=everywhere)

    @contextmanager
    def colleague(self, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """Another client with a folder open."""
        with imaplib.IMAP4("localhost", self.dovecot.imap_port, timeout=30) as client:
            client.login(self.desk.mailbox, self.dovecot.password)
            assert client.select(folder)[0] == "OK"
            yield client

    def move(self, target: str, folder: str = "INBOX") -> None:
        """A colleague moves all that is in a folder."""
        with self.colleague(folder) as client:
            client.create(target)
            assert client._simple_command("MOVE", "1:*", target)[0] == "OK"  # noqa: SLF001 - imaplib knows no MOVE

    def events(self) -> Counter[EventKind]:
        """How often what happened to mail."""
        with self.env.store.read() as tx:
            kinds = Counter(event.kind for _, event in tx.events())
        return Counter({kind: kinds[kind] for kind in (EventKind.MESSAGE_TAKEN_IN, EventKind.DELIVERY_SEEN)})

    def cases(self) -> list[str]:
        """The cases there are."""
        with self.env.store.read() as tx:
            return [case.number for case in tx.find(Case)]


@pytest.fixture
def looking(desk: DeskProcess, dovecot: Dovecot, postfix: Postfix) -> Iterator[Looking]:
    """Give a desk that has looked once, after which one referral has come."""
    env = wiring.open_services(desk.folder)
    mailbox = wiring.mailbox(env.settings)
    found = Looking(desk, env, mailbox, dovecot)
    try:
        assert found.look() == 0
        refer(desk, postfix)
        dovecot.wait_for_messages(desk.mailbox, 1)
        yield found
    finally:
        mailbox.close()
        env.close()


TAKEN_IN_ONCE = Counter({EventKind.MESSAGE_TAKEN_IN: 1})


@pytest.mark.parametrize("target", ["Archief/2027", "Deleted", "Junk"])
def test_moved_before_it_was_seen(looking: Looking, target: str) -> None:
    """A referral that was filed, deleted or taken for junk before our look opens its case all the same, once."""
    looking.move(target)
    assert looking.look() == 1
    assert (looking.cases(), looking.events()) == (["VF-NU-0001"], TAKEN_IN_ONCE)
    assert looking.look() == 0


def test_moved_after_it_was_seen(looking: Looking) -> None:
    """A referral that a colleague files afterwards is the same one, and keeps its instant."""
    assert looking.look() == 1
    with looking.env.store.read() as tx:
        (before,) = tx.find(StoredMessage, direction="in")
    looking.move("Archief")
    assert looking.look() == 1  # another delivery, not another mail
    assert looking.events() == TAKEN_IN_ONCE + Counter({EventKind.DELIVERY_SEEN: 1})
    with looking.env.store.read() as tx:
        assert tx.find(StoredMessage, direction="in") == [before]
    assert looking.cases() == ["VF-NU-0001"]


def test_read_flagged_and_answered_first(looking: Looking) -> None:
    r"""\\Seen, \\Flagged and \\Answered decide nothing, and are as they were afterwards."""
    with looking.colleague() as client:
        client.fetch("1", "(BODY[])")
        client.store("1", "+FLAGS", r"(\Flagged \Answered)")
    assert looking.look() == 1
    assert looking.dovecot.flags(looking.desk.mailbox) == [
        frozenset({"\\Seen", "\\Flagged", "\\Answered", "flaggermail"})
    ]
    assert looking.cases() == ["VF-NU-0001"]


def test_expunged_before_it_was_seen(looking: Looking, postfix: Postfix) -> None:
    """What was deleted for good is gone; the mail behind it is taken in, and the gap is not searched for ever."""
    with looking.colleague() as client:
        client.store("1", "+FLAGS", r"(\Deleted)")
        client.expunge()
    assert looking.look() == 0
    refer(looking.desk, postfix, 2)
    looking.dovecot.wait_for_messages(looking.desk.mailbox, 1)
    assert looking.look() == 1
    assert looking.events() == TAKEN_IN_ONCE


def test_answered_by_a_colleague(looking: Looking) -> None:
    """The answer that a colleague typed stands in Sent: it is filed in the case once, and starts nothing."""
    assert looking.look() == 1
    with looking.env.store.read() as tx:
        (referral,) = tx.find(StoredMessage, direction="in")
    typed = (
        f"From: {looking.desk.mailbox}@bzk.example\r\nTo: f.voorbeeld@lindewaard.example\r\nSubject: Re: {SUBJECT}\r\n"
        f"Message-ID: <typed.{looking.desk.mailbox}@bzk.example>\r\nIn-Reply-To: <{referral.message_id}>\r\n\r\n"
        "Dank, we kijken ernaar.\r\n"
    ).encode()
    looking.dovecot.append(looking.desk.mailbox, "Sent", typed, looking.env.clock.now())
    assert looking.look() == 1
    assert looking.look() == 0
    with looking.env.store.read() as tx:
        (answer,) = tx.find(StoredMessage, message_id=f"typed.{looking.desk.mailbox}@bzk.example")
        assert (answer.direction, answer.place, answer.case) == ("out", "case", "VF-NU-0001")
        assert tx.find(Alarm) == []


def test_sent_mail_that_was_filed_further_down(looking: Looking) -> None:
    """A folder below Sent holds sent mail too."""
    typed = b"From: desk@bzk.example\r\nTo: elections-eu@tiktok-platform.example\r\n\r\nGraag nagaan.\r\n"
    looking.dovecot.append(looking.desk.mailbox, "Sent", typed, looking.env.clock.now())
    looking.move("Sent/2027", "Sent")
    assert looking.look() == 2
    with looking.env.store.read() as tx:
        assert [alarm.kind for alarm in tx.find(Alarm)] == ["unregistered use"]


def test_all_numbers_given_anew(looking: Looking, postfix: Postfix) -> None:
    """A changed UIDVALIDITY: all is read again and known by its content; not one event is written, and nobody hears."""
    refer(looking.desk, postfix, 2)
    looking.dovecot.wait_for_messages(looking.desk.mailbox, 2)
    assert looking.look() == 2
    with looking.env.store.read() as tx:
        before = sum(1 for _ in tx.events())
    looking.mailbox.close()
    _forget_numbers(looking)
    assert looking.look() == 2
    with looking.env.store.read() as tx:
        assert sum(1 for _ in tx.events()) == before
    refer(looking.desk, postfix, 3)
    looking.dovecot.wait_for_messages(looking.desk.mailbox, 3)
    assert looking.look() == 1
    assert looking.events() == Counter({EventKind.MESSAGE_TAKEN_IN: 3})


def _forget_numbers(looking: Looking) -> None:
    """Let Dovecot number the inbox anew, as it does after its index was lost."""

    def numbering() -> bytes:
        with looking.colleague() as client:
            return bytes(client.response("UIDVALIDITY")[1][0])

    old, maildir = numbering(), looking.dovecot.folder / "home" / looking.desk.mailbox / "Maildir"

    def forgotten() -> bool:
        for file in maildir.glob("dovecot*"):
            file.unlink()
        return numbering() != old

    patiently(forgotten, "other numbers")  # they are made from the second of the day


def test_a_hint_is_about_the_inbox_alone(looking: Looking) -> None:
    """After a hint the inbox is read and no other folder; those have their turn each interval."""
    looking.move("Archief")
    assert looking.look(everywhere=False) == 0
    assert looking.look() == 1


def test_the_keyword(looking: Looking) -> None:
    """What was taken in bears the keyword, and nothing else that a colleague would see."""
    assert looking.look() == 1
    assert looking.dovecot.flags(looking.desk.mailbox) == [frozenset({"flaggermail"})]


def test_no_keyword_while_observing(looking: Looking) -> None:
    """A desk that observes leaves no trace in the mailbox."""
    observing.begin(looking.env)
    assert looking.look() == 1
    assert looking.dovecot.flags(looking.desk.mailbox) == [frozenset()]


def test_junk_wakes_nobody_until_somebody_saves_it(looking: Looking) -> None:
    """A stranger's mail in Junk waits without a notice; moved to the inbox, it is shown to the officer once."""
    looking.move("Archief")
    looking.look()
    strange = b"From: a@shop.example\r\nTo: desk@bzk.example\r\nMessage-ID: <s@shop.example>\r\n\r\nWat nu?\r\n"
    looking.dovecot.append(looking.desk.mailbox, "Junk", strange, looking.env.clock.now())

    def notices() -> int:
        with looking.env.store.read() as tx:
            return len(tx.find(OutboxMail, kind="officer_notice"))

    before = notices()
    assert looking.look() == 1
    with looking.env.store.read() as tx:
        (junk,) = tx.find(StoredMessage, message_id="s@shop.example")
    assert (junk.place, notices()) == ("quarantine", before)
    looking.move("INBOX", "Junk")
    assert looking.look() == 1
    assert notices() == before + 1
    assert looking.look() == 0
    assert notices() == before + 1

# SPDX-License-Identifier: EUPL-1.2
"""Colleagues work in the same mailbox, on a real Dovecot, without hiding or duplicating a mail."""

from __future__ import annotations

import imaplib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from flaggermail.intake import poll
from flaggermail.letters import writing
from flaggermail.ports import Mailbox
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Direction, Kind
from flaggermail.services import Services
from flaggermail.wiring import assembly
from flaggermail.wiring.mail_servers import ImapService
from tests import asking
from tests.corpus import one_in
from tests.flow.desk_process import DeskProcess
from tests.flow.test_daemon import refer
from tests.patience import PATIENCE
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
        """Looks at the mailbox and returns the number of mails taken in."""
        return poll.look(self.env, self.mailbox, everywhere=everywhere)

    @contextmanager
    def colleague(self, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """Opens another client with a folder selected."""
        with imaplib.IMAP4("localhost", self.dovecot.imap_port, timeout=PATIENCE) as client:
            client.login(self.desk.mailbox, self.dovecot.password)
            assert client.select(folder)[0] == "OK"
            yield client

    def move(self, target: str, folder: str = "INBOX") -> None:
        """Moves all mail of a folder, as a colleague."""
        with self.colleague(folder) as client:
            client.create(target)
            assert client._simple_command("MOVE", "1:*", target)[0] == "OK"  # noqa: SLF001 - imaplib knows no MOVE

    def events(self) -> Counter[EventKind]:
        """Returns the number of events about incoming mail, by kind."""
        with self.env.store.read() as tx:
            kinds = Counter(event.kind for _, event in tx.events())
        return Counter({kind: kinds[kind] for kind in (EventKind.MESSAGE_TAKEN_IN, EventKind.DELIVERY_SEEN)})

    def cases(self) -> list[str]:
        """Returns the numbers of all cases."""
        return [case.number for case in asking.cases(self.env)]


@pytest.fixture
def looking(desk: DeskProcess, dovecot: Dovecot, postfix: Postfix) -> Iterator[Looking]:
    """Builds a desk that has looked once, after which one referral arrived."""
    env = assembly.open_services(desk.folder)
    mailbox = ImapService(env.settings).mailbox()
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


@pytest.mark.parametrize("target", one_in(3, ["Archief/2027", "Deleted", "Junk"]))
def test_moved_before_it_was_seen(looking: Looking, target: str) -> None:
    """A referral that a colleague moved, deleted or marked as junk before the look opens its case once."""
    looking.move(target)
    assert looking.look() == 1
    assert (looking.cases(), looking.events()) == (["VF-NU-0001"], TAKEN_IN_ONCE)
    assert looking.look() == 0


def test_moved_after_it_was_seen(looking: Looking) -> None:
    """A referral moved after the look is recognised and keeps its instant."""
    assert looking.look() == 1
    (before,) = asking.messages(looking.env, direction=Direction.IN)
    looking.move("Archief")
    assert looking.look() == 1  # another delivery, not another mail
    assert looking.events() == TAKEN_IN_ONCE + Counter({EventKind.DELIVERY_SEEN: 1})
    assert asking.messages(looking.env, direction=Direction.IN) == [before]
    assert looking.cases() == ["VF-NU-0001"]


def test_read_flagged_and_answered_first(looking: Looking) -> None:
    r"""\\Seen, \\Flagged and \\Answered are ignored and left unchanged."""
    with looking.colleague() as client:
        client.fetch("1", "(BODY[])")
        client.store("1", "+FLAGS", r"(\Flagged \Answered)")
    assert looking.look() == 1
    assert looking.dovecot.flags(looking.desk.mailbox) == [
        frozenset({"\\Seen", "\\Flagged", "\\Answered", "flaggermail"})
    ]
    assert looking.cases() == ["VF-NU-0001"]


def test_expunged_before_it_was_seen(looking: Looking, postfix: Postfix) -> None:
    """A mail expunged before the look is lost; the next one is taken in."""
    with looking.colleague() as client:
        client.store("1", "+FLAGS", r"(\Deleted)")
        client.expunge()
    assert looking.look() == 0
    refer(looking.desk, postfix, 2)
    looking.dovecot.wait_for_messages(looking.desk.mailbox, 1)
    assert looking.look() == 1
    assert looking.events() == TAKEN_IN_ONCE


def test_answered_by_a_colleague(looking: Looking) -> None:
    """A colleague's answer in Sent is filed in the case once and raises no alarm."""
    assert looking.look() == 1
    (referral,) = asking.messages(looking.env, direction=Direction.IN)
    typed = (
        f"From: {looking.desk.mailbox}@bzk.example\r\nTo: f.voorbeeld@lindewaard.example\r\nSubject: Re: {SUBJECT}\r\n"
        f"Message-ID: <typed.{looking.desk.mailbox}@bzk.example>\r\nIn-Reply-To: <{referral.message_id}>\r\n\r\n"
        "Dank, we kijken ernaar.\r\n"
    ).encode()
    looking.dovecot.append(looking.desk.mailbox, "Sent", typed, looking.env.clock.now())
    assert looking.look() == 1
    assert looking.look() == 0
    (answer,) = asking.messages(looking.env, message_id=f"typed.{looking.desk.mailbox}@bzk.example")
    assert (answer.direction, answer.place, answer.case) == ("out", "case", "VF-NU-0001")
    assert asking.alarms(looking.env) == []


def test_sent_mail_that_was_filed_further_down(looking: Looking) -> None:
    """Mail in a subfolder of Sent counts as sent mail."""
    typed = b"From: desk@bzk.example\r\nTo: elections-eu@tiktok-platform.example\r\n\r\nGraag nagaan.\r\n"
    looking.dovecot.append(looking.desk.mailbox, "Sent", typed, looking.env.clock.now())
    looking.move("Sent/2027", "Sent")
    assert looking.look() == 2
    assert [alarm.kind for alarm in asking.alarms(looking.env)] == ["unregistered use"]


def test_all_numbers_given_anew(looking: Looking, postfix: Postfix) -> None:
    """After a change of UIDVALIDITY all mail is recognised by its content; only its new number is recorded."""
    refer(looking.desk, postfix, 2)
    looking.dovecot.wait_for_messages(looking.desk.mailbox, 2)
    assert looking.look() == 2
    with looking.env.store.read() as tx:
        before = max(number for number, _ in tx.events())
    looking.mailbox.close()
    looking.dovecot.renumber(looking.desk.mailbox)
    assert looking.look() == 2
    with looking.env.store.read() as tx:
        assert [event.kind for _, event in tx.events(before)] == [EventKind.COPIES_CHANGED] * 2
    refer(looking.desk, postfix, 3)
    looking.dovecot.wait_for_messages(looking.desk.mailbox, 3)
    assert looking.look() == 1
    assert looking.events() == Counter({EventKind.MESSAGE_TAKEN_IN: 3})


def test_a_hint_is_about_the_inbox_alone(looking: Looking) -> None:
    """A look after a hint reads the inbox only; the full look reads the other folders."""
    looking.move("Archief")
    assert looking.look(everywhere=False) == 0
    assert looking.look() == 1


def test_the_keyword(looking: Looking) -> None:
    """Mail taken in has the keyword and no other new flag."""
    assert looking.look() == 1
    assert looking.dovecot.flags(looking.desk.mailbox) == [frozenset({"flaggermail"})]


def test_no_keyword_while_observing(looking: Looking) -> None:
    """A desk in observe mode sets no keyword."""
    writing.begin(looking.env)
    assert looking.look() == 1
    assert looking.dovecot.flags(looking.desk.mailbox) == [frozenset()]


def test_junk_wakes_nobody_until_somebody_saves_it(looking: Looking) -> None:
    """A stranger's mail in Junk causes no notice. Moved to the inbox, it causes one."""
    looking.move("Archief")
    looking.look()
    strange = b"From: a@shop.example\r\nTo: desk@bzk.example\r\nMessage-ID: <s@shop.example>\r\n\r\nWat nu?\r\n"
    looking.dovecot.append(looking.desk.mailbox, "Junk", strange, looking.env.clock.now())

    def notices() -> int:
        return len(asking.mails(looking.env, kind=Kind.OFFICER_NOTICE))

    before = notices()
    assert looking.look() == 1
    (junk,) = asking.messages(looking.env, message_id="s@shop.example")
    assert (junk.place, notices()) == ("quarantine", before)
    looking.move("INBOX", "Junk")
    assert looking.look() == 1
    assert notices() == before + 1
    assert looking.look() == 0
    assert notices() == before + 1

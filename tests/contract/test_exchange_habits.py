# SPDX-License-Identifier: EUPL-1.2
"""What Exchange Online does to a mailbox that is read by IMAP: pauses, sessions that end, two mails in one second.

The lines are those of its answers as administrators and authors of mail programs have reported them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flaggermail.adapters.imap.link import LONGEST_PAUSE
from flaggermail.adapters.imap.mailbox import ImapMailbox
from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.daemon.reconnection import Reconnection
from flaggermail.errors import LinkLost, PauseAsked
from flaggermail.ports import Interrupt
from flaggermail.wording.servers import MailboxFailure
from tests.contract.imap_account import given, mailbox_on
from tests.contract.test_imap import MAIL, give, mail, sizes
from tests.doubles.scripted_imap import Line, ScriptedImap

PAUSE = "Request is throttled. Suggested Backoff Time: 299961 milliseconds"
SECONDS = 299.961


def at_login(line: Line) -> None:
    """Throttles the login."""
    line.greet()
    line.answer("LOGIN", done=f"NO {PAUSE}")


def at_login_as_bad(line: Line) -> None:
    """Throttles the login with BAD, and ends the connection."""
    line.greet()
    tag = line.expect("LOGIN")
    line.say(f"{tag} BAD {PAUSE}", "* BYE Connection closed. 14")


def at_the_inbox(line: Line) -> None:
    """Throttles the selection of the inbox."""
    line.log_in()
    line.answer("EXAMINE", done=f"NO {PAUSE}")


def at_the_sizes(line: Line) -> None:
    """Throttles a fetch, whose NO otherwise means that a mail is expunged."""
    line.log_in()
    line.examine(uidnext=4)
    line.answer("SEARCH", "* SEARCH 3")
    line.answer("RFC822.SIZE", done=f"NO {PAUSE}")


def at_the_mails(line: Line) -> None:
    """Throttles the fetch of the mails, with BAD, and ends the connection."""
    line.log_in()
    line.examine(uidnext=4)
    line.answer("SEARCH", "* SEARCH 3")
    sizes(line, u3=40)
    tag = line.expect("BODY.PEEK[]")
    line.say(f"{tag} BAD {PAUSE}", "* BYE Connection closed. 14")


def read(mailbox: ImapMailbox) -> None:
    """Reads the inbox from its begin."""
    list(given(mailbox, "INBOX", "1/0"))


@pytest.mark.parametrize("throttles", [at_login, at_login_as_bad, at_the_inbox, at_the_sizes, at_the_mails])
def test_a_pause_is_told_wherever_it_is_asked_for(throttles: Callable[[Line], None]) -> None:
    """A pause that is asked for in NO or BAD, at any step, reaches the daemon in seconds, with one line of text."""

    def script(line: Line) -> None:
        throttles(line)
        line.until_closed()

    with mailbox_on(ScriptedImap((script,))) as mailbox, pytest.raises(PauseAsked) as asked:
        read(mailbox)
    assert asked.value.seconds == SECONDS
    assert asked.value.text == "127.0.0.1: the server throttles this account and asks for a pause of 300 s"
    assert asked.value.meaning.code == MailboxFailure.THROTTLED.value


@pytest.mark.parametrize("step", ["STATUS", "EXAMINE"])
def test_a_throttled_folder_is_not_left_out(step: str) -> None:
    """A pause asked for at another folder than the inbox ends the look: that folder is not reported as unreadable."""

    def script(line: Line) -> None:
        line.log_in()
        if step == "EXAMINE":
            line.answer('STATUS "Zaken"', "* STATUS Zaken (UIDVALIDITY 7)")
        line.answer(step, done=f"BAD {PAUSE}")
        line.until_closed()

    with mailbox_on(ScriptedImap((script,))) as mailbox, pytest.raises(PauseAsked):
        mailbox.news("Zaken", "7/1")


def test_a_pause_instead_of_idle() -> None:
    """A pause asked for in place of the continuation of IDLE is one too."""

    def script(line: Line) -> None:
        line.log_in()
        line.examine()
        tag = line.expect("WAIT IDLE")
        line.say(f"{tag} BAD {PAUSE}")
        line.until_closed()

    with mailbox_on(ScriptedImap((script,))) as mailbox, pytest.raises(PauseAsked):
        mailbox.wait(EventInterrupt(), 60)


def test_a_pause_without_end_is_bounded() -> None:
    """A pause of a year is cut to an hour: an answer gone wrong must not end the reading of the mailbox."""

    def script(line: Line) -> None:
        line.log_in()
        line.answer("EXAMINE", done="NO Request is throttled. Suggested Backoff Time: 9999999999 milliseconds")
        line.until_closed()

    with mailbox_on(ScriptedImap((script,))) as mailbox, pytest.raises(PauseAsked) as asked:
        read(mailbox)
    assert asked.value.seconds == LONGEST_PAUSE


def test_a_mail_asks_for_no_pause() -> None:
    """The same words in a line that cannot be read, which may be of a mail, are no wish of the server."""

    def script(line: Line) -> None:
        line.log_in()
        line.examine(uidnext=4)
        line.answer("SEARCH", "* SEARCH 3")
        line.expect("RFC822.SIZE")
        line.say(f"Subject: {PAUSE}")
        line.until_closed()

    with mailbox_on(ScriptedImap((script,))) as mailbox, pytest.raises(LinkLost) as lost:
        read(mailbox)
    assert not isinstance(lost.value, PauseAsked)


class Waiting:
    """Implements `ports.Interrupt` in simulated time: notes what is waited for."""

    def __init__(self) -> None:
        self.at = 0.0

    def wait(self, seconds: float) -> bool:
        """Advances the time."""
        self.at += seconds
        return False

    def is_set(self) -> bool:
        """Never set."""
        return False

    def set(self) -> None:
        """Does nothing."""

    def fileno(self) -> int:
        """Must not be asked: there is nothing to poll."""
        raise AssertionError("polled")


def test_the_pause_is_kept() -> None:
    """The daemon asks again when the pause is over and not before; a lost line is made anew within a second."""
    waits = Waiting()
    stop: Interrupt = waits
    with mailbox_on(ScriptedImap(())) as mailbox:
        reconnection = Reconnection(mailbox, lambda: 0.5, lambda: waits.at)
        reconnection.pause(stop, reconnection.lost(PauseAsked("throttled", SECONDS)), at_most=60)
        assert SECONDS <= waits.at < SECONDS + 1
        reconnection.made()
        assert reconnection.lost(LinkLost("the server says goodbye")) <= 1


def test_a_session_that_ends_at_29_minutes_costs_nothing() -> None:
    """The server ends IDLE: the mail that came meanwhile is read on the next connection, from the same position."""

    def first(line: Line) -> None:
        line.log_in()
        line.examine(uidnext=4)
        line.expect("WAIT IDLE")
        line.say("+ IDLE accepted, awaiting DONE command.")
        line.say("* BYE Session invalidated - AccessTokenExpired")
        line.until_closed()

    def second(line: Line) -> None:
        line.log_in()
        line.examine(uidnext=5)
        line.answer("SEARCH UID 4:*", "* SEARCH 4")
        sizes(line, u4=40)
        give(line, mail(4))
        line.until_closed()

    with mailbox_on(ScriptedImap((first, second))) as mailbox:
        with pytest.raises(LinkLost, match="goodbye"):
            mailbox.wait(EventInterrupt(), 60)
        [[message]] = list(given(mailbox, "INBOX", "1/3"))
    assert message.octets == MAIL


def test_two_mails_in_one_second() -> None:
    """INTERNALDATE has whole seconds: two mails of one second are two, each with an item of its own."""

    def script(line: Line) -> None:
        line.log_in()
        line.examine(uidnext=5)
        line.answer("SEARCH", "* SEARCH 3 4")
        sizes(line, u3=40, u4=40)
        give(line, mail(3), mail(4))
        line.until_closed()

    with mailbox_on(ScriptedImap((script,))) as mailbox:
        [both] = list(given(mailbox, "INBOX", "1/0"))
    assert [message.item for message in both] == ["3", "4"]
    assert both[0].internaldate == both[1].internaldate
    assert both[0].key != both[1].key

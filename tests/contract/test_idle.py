# SPDX-License-Identifier: EUPL-1.2
"""Waiting for mail: a notice is never overlooked, and a closed connection is never taken for silence."""

import imaplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from flaggermail.adapters.imap.idle import RENEW_AFTER, wait_for_notice
from flaggermail.adapters.imap.link import close_link, inner, open_link
from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.errors import LinkLost
from tests.contract.imap_account import account, given, mailbox_on
from tests.doubles.scripted_imap import Line, Script, ScriptedImap
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates

LONG = 2 * PATIENCE  # seconds; longer than the patience of any script, so that an overlooked notice fails the test


def idle(line: Line, *after_continuation: str) -> str:
    """Lets the client start IDLE; returns the tag that ends it."""
    tag = line.expect("WAIT IDLE")
    line.say("+ idling", *after_continuation)
    return tag


def done(line: Line, tag: str, *untagged: str) -> None:
    """Lets the client end IDLE."""
    line.expect("DONE")
    line.say(*untagged, f"{tag} OK idle over")


def at_the_inbox(rest: Callable[[Line], None]) -> Script:
    """Builds the script of a client that logs in and selects the inbox, followed by `rest`."""

    def script(line: Line) -> None:
        line.log_in()
        line.examine()
        rest(line)

    return script


def wait_against(rest: Callable[[Line], None], *, at_most: float = LONG, timeout: float = PATIENCE) -> list[str]:
    """Waits for mail at a server that continues with `rest`; returns the commands it received."""
    server = ScriptedImap((at_the_inbox(rest),))
    with mailbox_on(server, timeout=timeout) as mailbox:
        mailbox.wait(EventInterrupt(), at_most)
    return server.commands


@contextmanager
def connection_to(rest: Script) -> Iterator[imaplib.IMAP4]:
    """Yields a logged-in connection to a server that continues with `rest`."""

    def script(line: Line) -> None:
        line.log_in()
        rest(line)

    with ScriptedImap((script,)).running() as port:
        client = open_link(account(port), None)
        try:
            yield inner(client)
        finally:
            close_link(client)


class TestNotices:
    """Each way in which a server may announce mail ends the wait."""

    def test_together_with_the_continuation(self) -> None:
        """A notice in the same segment as `+`, already read into the buffer, is seen at once."""

        def rest(line: Line) -> None:
            done(line, idle(line, "* 5 EXISTS"))
            line.until_closed()

        wait_against(rest)

    def test_together_with_the_continuation_in_tls(self, certificates: Certificates) -> None:
        """A notice already decrypted in the TLS layer, where a poll of the socket sees nothing, is seen at once."""

        def rest(line: Line) -> None:
            done(line, idle(line, "* 5 EXISTS"))
            line.until_closed()

        server = ScriptedImap((at_the_inbox(rest),), tls=certificates.server.server_context())
        with mailbox_on(server, tls="implicit", ca_file=certificates.ca_file) as mailbox:
            mailbox.wait(EventInterrupt(), LONG)

    def test_later_in_tls(self, certificates: Certificates) -> None:
        """A notice during the wait is seen through TLS too."""

        def rest(line: Line) -> None:
            tag = idle(line)
            line.pause()
            line.say("* OK still here")
            line.pause()
            line.say("* 5 EXISTS")
            done(line, tag)
            line.until_closed()

        server = ScriptedImap((at_the_inbox(rest),), tls=certificates.server.server_context())
        with mailbox_on(server, tls="implicit", ca_file=certificates.ca_file) as mailbox:
            mailbox.wait(EventInterrupt(), LONG)

    def test_before_the_continuation(self) -> None:
        """An untagged line before `+` is an ordinary notice, not an error."""

        def rest(line: Line) -> None:
            tag = line.expect("IDLE")
            line.say("* 5 EXISTS", "+ idling")
            done(line, tag)
            line.until_closed()

        wait_against(rest)

    def test_in_two_pieces(self) -> None:
        """A line that arrives in pieces is read as one."""

        def rest(line: Line) -> None:
            tag = idle(line)
            line.send(b"* 5 EX")
            line.pause()
            line.send(b"ISTS\r\n")
            done(line, tag)
            line.until_closed()

        wait_against(rest)

    def test_with_the_end_of_idle(self) -> None:
        """A notice between DONE and its answer ends the wait, and IDLE is not restarted."""

        def rest(line: Line) -> None:
            done(line, idle(line), "* 5 EXISTS")
            line.until_closed()

        with connection_to(rest) as imap:
            wait_for_notice(imap, EventInterrupt(), LONG, renew_after=0.01)

    def test_while_another_folder_was_read(self) -> None:
        """Mail that arrived while Sent was selected is never announced, but ends the next wait at once."""

        def script(line: Line) -> None:
            line.log_in()
            line.examine(uidnext=5)
            line.examine("Sent")
            line.answer("SEARCH UID 1:*", "* SEARCH")
            line.examine(uidnext=6)
            line.look_again(5, 5)
            done(line, idle(line, "* 7 EXISTS"))
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox:
            mailbox.position("INBOX")
            list(given(mailbox, "Sent", "1/0"))
            mailbox.wait(EventInterrupt(), LONG)  # at once
            mailbox.wait(EventInterrupt(), LONG)  # announced already: idles

    def test_while_the_inbox_was_read(self) -> None:
        """Mail that arrived during a fetch that began without it ends the next wait at once."""

        def message(line: Line, uid: int) -> None:
            line.answer("RFC822.SIZE", f"* {uid} FETCH (UID {uid} RFC822.SIZE 2)")
            date = "06-Jun-2024 10:34:00 +0200"
            line.answer("BODY.PEEK[]", f'* {uid} FETCH (UID {uid} INTERNALDATE "{date}" BODY[] "ab")')

        def script(line: Line) -> None:
            line.log_in()
            line.examine(uidnext=3)
            line.answer("SEARCH UID 1:*", "* SEARCH 1 2")
            message(line, 1)
            line.examine("Sent")
            line.answer("SEARCH UID 1:*", "* SEARCH")
            line.examine(uidnext=4)
            message(line, 2)
            line.look_again(3, 3)
            line.until_closed()

        with mailbox_on(ScriptedImap((script,)), batch_messages=1) as mailbox:
            batches = given(mailbox, "INBOX", "1/0")
            next(batches)
            list(given(mailbox, "Sent", "1/0"))
            assert len(list(batches)) == 1
            mailbox.wait(EventInterrupt(), LONG)

    def test_told_in_passing(self) -> None:
        """Mail announced in the answer to another command is not announced again, and ends the next wait at once."""

        def script(line: Line) -> None:
            line.log_in()
            line.examine(uidnext=5)
            line.answer("SEARCH UID 5:*", "* SEARCH 4", "* 7 EXISTS")
            line.look_again(4, 5)
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox:
            assert list(given(mailbox, "INBOX", str(mailbox.position("INBOX")))) == []
            mailbox.wait(EventInterrupt(), LONG)

    def test_expunges_and_flags_are_no_notice(self) -> None:
        """Expunges and flag changes by colleagues do not end the wait."""

        def rest(line: Line) -> None:
            done(line, idle(line, "* 3 EXPUNGE", "* 1 FETCH (FLAGS (\\Seen))", "* OK still here"))
            done(line, idle(line, "* 4 EXISTS"))
            line.until_closed()

        with connection_to(rest) as imap:
            wait_for_notice(imap, EventInterrupt(), LONG, renew_after=0.05)


class TestEnds:
    """A closed connection, or one that may be closed, is a lost link, never an empty answer."""

    def test_the_server_closes(self) -> None:
        """The end of the stream is reported once, and the next call reconnects."""

        def first(line: Line) -> None:
            line.log_in()
            line.examine()
            idle(line)

        def second(line: Line) -> None:
            line.log_in()
            line.examine(uidnext=9)
            line.until_closed()

        with mailbox_on(ScriptedImap((first, second))) as mailbox:
            with pytest.raises(LinkLost, match=r"127\.0\.0\.1: the server closed the connection"):
                mailbox.wait(EventInterrupt(), LONG)
            assert mailbox.position("INBOX").uid == 8

    def test_the_server_closes_in_tls(self, certificates: Certificates) -> None:
        """The end of the stream is reported in TLS too."""

        def rest(line: Line) -> None:
            idle(line)

        server = ScriptedImap((at_the_inbox(rest),), tls=certificates.server.server_context())
        with (
            mailbox_on(server, tls="implicit", ca_file=certificates.ca_file) as mailbox,
            pytest.raises(LinkLost, match="the server closed the connection"),
        ):
            mailbox.wait(EventInterrupt(), LONG)

    def test_the_server_says_goodbye(self) -> None:
        """BYE ends the connection, with the server's reason."""

        def rest(line: Line) -> None:
            idle(line, "* BYE down for maintenance")
            line.until_closed()

        with pytest.raises(LinkLost, match="goodbye: down for maintenance"):
            wait_against(rest)

    def test_the_server_closes_in_the_middle_of_a_line(self) -> None:
        """An end in the middle of a line is reported as a closed connection."""

        def rest(line: Line) -> None:
            idle(line)
            line.send(b"* 5 EX")

        with pytest.raises(LinkLost, match="the server closed the connection"):
            wait_against(rest)

    def test_half_a_line_and_silence(self) -> None:
        """The rest of a line is awaited up to the time-out."""

        def rest(line: Line) -> None:
            idle(line)
            line.send(b"* 5 EX")
            line.until_closed()

        with pytest.raises(LinkLost, match=r"no answer within 1 s"):
            wait_against(rest, timeout=1)

    def test_a_line_that_is_dead_without_a_word(self) -> None:
        """A half-open connection is detected at the end of each wait, when DONE gets no answer."""

        def rest(line: Line) -> None:
            idle(line)
            line.until_closed()

        with pytest.raises(LinkLost, match=r"no answer within 1 s"):
            wait_against(rest, at_most=0.5, timeout=1)

    def test_idle_is_refused(self) -> None:
        """A server that offers IDLE and refuses it is reported as such."""

        def rest(line: Line) -> None:
            line.answer("IDLE", done="NO not now")
            line.until_closed()

        with pytest.raises(LinkLost, match="refuses IDLE: WAIT NO not now"):
            wait_against(rest)


class TestTime:
    """Every wait ends by time or by the interrupt, and IDLE is renewed before the server would end it."""

    def test_nothing_comes(self) -> None:
        """After `at_most` seconds the wait is over, and the connection stays usable."""

        def rest(line: Line) -> None:
            done(line, idle(line))
            line.search_end(0, 2)
            line.until_closed()

        with mailbox_on(ScriptedImap((at_the_inbox(rest),))) as mailbox:
            mailbox.wait(EventInterrupt(), 0.5)
            assert mailbox.position("INBOX").uid == 2

    def test_renewed_before_the_server_ends_it(self) -> None:
        """IDLE is restarted within one wait, before the 25th minute."""

        def rest(line: Line) -> None:
            done(line, idle(line))
            done(line, idle(line))
            done(line, idle(line, "* 1 EXISTS"))
            line.until_closed()

        assert RENEW_AFTER < 25 * 60
        with connection_to(rest) as imap:
            wait_for_notice(imap, EventInterrupt(), LONG, renew_after=0.01)

    def test_interrupted(self) -> None:
        """The interrupt ends the wait at once, without asking a possibly slow server, and closes the connection."""
        stop = EventInterrupt()

        def rest(line: Line) -> None:
            idle(line)
            stop.set()
            line.until_closed()

        server = ScriptedImap((at_the_inbox(rest),))
        with mailbox_on(server) as mailbox:
            mailbox.wait(stop, LONG)
        assert "DONE" not in server.commands

    def test_interrupted_before(self) -> None:
        """Once set, the interrupt ends later waits too, without a command to the server."""
        stop = EventInterrupt()
        stop.set()
        with mailbox_on(ScriptedImap(())) as mailbox:
            mailbox.wait(stop, LONG)

    def test_no_idle(self) -> None:
        """Without IDLE the wait is a sleep, and NOOP shows that the connection is alive."""

        def script(line: Line) -> None:
            line.log_in("IMAP4rev1")
            line.examine()
            line.answer("NOOP")
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox:
            mailbox.wait(EventInterrupt(), 0.5)

    def test_no_idle_interrupted(self) -> None:
        """The interrupt ends that sleep as well."""
        stop = EventInterrupt()

        def script(line: Line) -> None:
            line.log_in("IMAP4rev1")
            line.examine()
            stop.set()
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox:
            mailbox.wait(stop, LONG)

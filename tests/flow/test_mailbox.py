# SPDX-License-Identifier: EUPL-1.2
"""The mailbox on a real Dovecot: new mail is noticed and read whole, and reading leaves no trace."""

import imaplib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from threading import Timer

import pytest

from flaggermail.adapters.imap.mailbox import ImapAccount, ImapMailbox
from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.errors import LinkLost, LoginRefused
from flaggermail.ports import RawMessage
from tests.contract.imap_account import given
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot

LONG = 5 * PATIENCE  # seconds
SHORTLY = 0.3  # seconds until the client is in IDLE
SOON = PATIENCE  # seconds: far below LONG, far above Dovecot's half second


def mail(subject: str, body: str = "Goedemorgen.\r\n") -> bytes:
    """Returns a small mail."""
    return f"From: a@gemeente.example\r\nSubject: {subject}\r\nX-Own: {subject}\r\n\r\n{body}".encode()


@dataclass(frozen=True)
class Desk:
    """An unused mailbox on a server."""

    user: str
    dovecot: Dovecot
    certificates: Certificates

    @property
    def account(self) -> ImapAccount:
        """Returns the account as an installation has it, with implicit TLS."""
        return ImapAccount(
            host="localhost",
            port=self.dovecot.imaps_port,
            user=self.user,
            password=lambda: self.dovecot.password,
            tls="implicit",
            ca_file=self.certificates.ca_file,
            timeout=PATIENCE,
        )

    def deliver(self, *subjects: str) -> None:
        """Delivers mails with these subjects."""
        for subject in subjects:
            self.dovecot.deliver(self.user, mail(subject))

    @contextmanager
    def colleague(self) -> Iterator[imaplib.IMAP4]:
        """Opens another client of the same mailbox."""
        with imaplib.IMAP4("localhost", self.dovecot.imap_port, timeout=LONG) as client:
            client.login(self.user, self.dovecot.password)
            yield client


@pytest.fixture
def desk(mail_user: str, dovecot: Dovecot, certificates: Certificates) -> Desk:
    """Returns an untouched mailbox."""
    return Desk(mail_user, dovecot, certificates)


@pytest.fixture
def mailbox(desk: Desk) -> Iterator[ImapMailbox]:
    """Opens the adapter on it."""
    with closing(desk.account) as opened:
        yield opened


@contextmanager
def closing(account: ImapAccount) -> Iterator[ImapMailbox]:
    """Opens the mailbox of an account and closes it at the end."""
    opened = ImapMailbox(account)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def shortly(act: Callable[[], None]) -> Iterator[None]:
    """Runs `act` shortly after, while the test waits."""
    timer = Timer(SHORTLY, act)
    timer.start()
    yield
    timer.join()


def read(mailbox: ImapMailbox, folder: str = "INBOX", after: str | None = None) -> list[RawMessage]:
    """Returns all messages above a position."""
    return [message for batch in given(mailbox, folder, after) for message in batch]


def subjects(messages: list[RawMessage]) -> list[str]:
    """Returns the subjects of the messages."""
    lines = [line for message in messages for line in message.octets.split(b"\r\n") if line.startswith(b"Subject: ")]
    return [line.removeprefix(b"Subject: ").decode() for line in lines]


def seconds_of(wait: Callable[[], None]) -> float:
    """Returns the seconds that a wait takes."""
    started = time.monotonic()
    wait()
    return time.monotonic() - started


class TestWaiting:
    """The wait ends when mail arrives at any time."""

    def test_a_delivery_ends_the_wait(self, desk: Desk, mailbox: ImapMailbox) -> None:
        """A mail delivered during IDLE ends the wait and can be read."""
        assert read(mailbox) == []
        with shortly(lambda: desk.deliver("one")):
            assert seconds_of(lambda: mailbox.wait(EventInterrupt(), LONG)) < SOON
        assert subjects(read(mailbox)) == ["one"]

    def test_every_delivery_does(self, desk: Desk, mailbox: ImapMailbox) -> None:
        """Every later delivery ends the wait too, and each mail is read once."""
        position = str(mailbox.position("INBOX"))
        for subject in ("one", "two", "three"):
            with shortly(lambda name=subject: desk.deliver(name)):  # type: ignore[misc] # mypy infers no type of a default
                assert seconds_of(lambda: mailbox.wait(EventInterrupt(), LONG)) < SOON
            found = read(mailbox, after=str(position))
            assert subjects(found) == [subject]
            position = found[-1].cursor or ""

    def test_what_came_between_look_and_wait(self, desk: Desk, mailbox: ImapMailbox) -> None:
        """A mail that arrives between the look and the wait ends the wait at once."""
        read(mailbox)
        desk.deliver("between")
        read(mailbox, "Sent")
        assert seconds_of(lambda: mailbox.wait(EventInterrupt(), LONG)) < SOON
        assert subjects(read(mailbox)) == ["between"]

    def test_the_interrupt(self, mailbox: ImapMailbox) -> None:
        """The interrupt ends the wait at once."""
        stop = EventInterrupt()
        with shortly(stop.set):
            assert seconds_of(lambda: mailbox.wait(stop, LONG)) < SOON

    def test_the_time(self, mailbox: ImapMailbox) -> None:
        """The wait ends at its time limit, and the connection stays usable."""
        assert SHORTLY <= seconds_of(lambda: mailbox.wait(EventInterrupt(), SHORTLY)) < SOON
        assert read(mailbox) == []


class TestReading:
    """All mail is read unchanged and left unchanged."""

    def test_the_octets(self, desk: Desk, mailbox: ImapMailbox) -> None:
        """The octets are those the server holds."""
        desk.deliver("one", "two")
        assert [message.octets for message in read(mailbox)] == desk.dovecot.messages(desk.user)

    def test_no_flag_changes(self, desk: Desk, mailbox: ImapMailbox) -> None:
        r"""Reading sets no \\Seen and leaves a colleague's flags unchanged."""
        desk.deliver("one", "two")
        with desk.colleague() as client:
            client.select()
            client.store("2", "+FLAGS", r"(\Flagged \Answered)")
        assert len(read(mailbox)) == 2
        assert desk.dovecot.flags(desk.user) == [frozenset(), frozenset({"\\Flagged", "\\Answered"})]

    def test_a_colleague_has_read_it(self, desk: Desk, mailbox: ImapMailbox) -> None:
        r"""A mail that a colleague has opened is read too: \\Seen is ignored."""
        desk.deliver("one")
        with desk.colleague() as client:
            client.select()
            client.fetch("1", "(BODY[])")
        assert subjects(read(mailbox)) == ["one"]

    def test_sent(self, desk: Desk, mailbox: ImapMailbox) -> None:
        """Sent is read too, and the INTERNALDATE keeps the server's offset."""
        at = datetime(2024, 6, 6, 10, 34, tzinfo=timezone(timedelta(hours=2)))
        desk.dovecot.append(desk.user, "Sent", mail("answer"), at)
        [message] = read(mailbox, "Sent")
        assert message.internaldate == at
        assert message.internaldate.utcoffset() is not None
        assert (message.folder, message.octets) == ("Sent", mail("answer"))

    def test_bounded_batches(self, desk: Desk) -> None:
        """Batches respect the limits of messages and of octets."""
        desk.deliver(*"abcde")
        with closing(replace(desk.account, batch_messages=2)) as mailbox:
            assert [len(batch) for batch in given(mailbox, "INBOX", None)] == [2, 2, 1]
        with closing(replace(desk.account, batch_octets=100)) as mailbox:
            assert [len(batch) for batch in given(mailbox, "INBOX", None)] == [1] * 5

    def test_a_colleague_deletes_meanwhile(self, desk: Desk) -> None:
        """A mail expunged during the reading is skipped, and the rest is read."""
        desk.deliver("one", "two", "three")
        with closing(replace(desk.account, batch_messages=1)) as mailbox:
            batches = given(mailbox, "INBOX", None)
            first = list(next(batches))
            with desk.colleague() as client:
                client.select()
                client.store("2", "+FLAGS", r"(\Deleted)")
                client.expunge()
            assert subjects(first + [message for batch in batches for message in batch]) == ["one", "three"]

    def test_a_folder_made_anew(self, desk: Desk, mailbox: ImapMailbox) -> None:
        """A folder that was deleted and created again is read from its beginning."""
        folder = "Verzonden é"
        with desk.colleague() as client:
            client.create('"Verzonden &AOk-"')
            client.append('"Verzonden &AOk-"', "", "", mail("old"))
            [old] = read(mailbox, folder)
            mailbox.position("INBOX")
            client.delete('"Verzonden &AOk-"')
            client.create('"Verzonden &AOk-"')
            client.append('"Verzonden &AOk-"', "", "", mail("new"))
        assert subjects(read(mailbox, folder, old.cursor)) == ["new"]

    def test_forty_megabytes(self, desk: Desk, mailbox: ImapMailbox) -> None:
        """A mail of forty megabytes is read whole, in a batch of its own."""
        large = mail("film", ("x" * 998 + "\r\n") * 40_000)
        desk.deliver("before")
        desk.dovecot.deliver(desk.user, large)
        desk.deliver("after")
        batches = list(given(mailbox, "INBOX", None))
        assert [subjects(list(batch)) for batch in batches] == [["before"], ["film"], ["after"]]
        assert batches[1][0].octets.endswith(large)


class TestLink:
    """The connection is verified, and a lost one is restored."""

    def test_starttls(self, desk: Desk) -> None:
        """STARTTLS reads the same mailbox."""
        desk.deliver("one")
        with closing(replace(desk.account, tls="starttls", port=desk.dovecot.imap_port)) as mailbox:
            assert subjects(read(mailbox)) == ["one"]

    def test_wrong_password(self, desk: Desk) -> None:
        """A wrong password raises LoginRefused without the password."""
        with closing(replace(desk.account, password=lambda: "verkeerd")) as mailbox:
            with pytest.raises(LoginRefused, match=r"refuses the login of .*AUTHENTICATIONFAILED") as refused:
                mailbox.folders()
            assert "verkeerd" not in str(refused.value)

    def test_expired_certificate(self, desk: Desk, certificates: Certificates) -> None:
        """An expired certificate is refused and named as such."""
        with (
            Dovecot.running(certificates.expired()) as server,
            closing(replace(desk.account, port=server.imaps_port)) as mailbox,
            pytest.raises(LinkLost, match="certificate is not accepted: certificate has expired"),
        ):
            mailbox.folders()

    def test_wrong_host_name(self, desk: Desk, certificates: Certificates) -> None:
        """A certificate of another host is refused, with implicit TLS and after STARTTLS."""
        with Dovecot.running(certificates.wrong_host()) as server:
            for account in (
                replace(desk.account, port=server.imaps_port),
                replace(desk.account, port=server.imap_port, tls="starttls"),
            ):
                with closing(account) as mailbox, pytest.raises(LinkLost, match="not valid for 'localhost'"):
                    mailbox.folders()

    def test_unknown_authority(self, desk: Desk) -> None:
        """A certificate of an unknown authority is refused."""
        with (
            closing(replace(desk.account, ca_file=None)) as mailbox,
            pytest.raises(LinkLost, match="certificate is not accepted"),
        ):
            mailbox.folders()

    def test_the_server_restarts(self, mail_user: str, certificates: Certificates) -> None:
        """A restart of the server ends the wait with LinkLost.

        The next call reconnects and reads what arrived meanwhile.
        """
        with Dovecot.running(certificates.server) as server:
            desk = Desk(mail_user, server, certificates)
            with closing(desk.account) as mailbox:
                position = mailbox.position("INBOX")
                with shortly(server.stop), pytest.raises(LinkLost, match=r"closed|goodbye"):
                    mailbox.wait(EventInterrupt(), LONG)
                with pytest.raises(LinkLost, match="refused"):
                    mailbox.position("INBOX")
                server.start()
                desk.deliver("meanwhile")
                assert subjects(read(mailbox, after=str(position))) == ["meanwhile"]


def test_what_is_asked_for_first_is_given_first(desk: Desk) -> None:
    """A search finds mail of more than seventy known senders, by address and domain, and replies to the desk's mail."""
    answer = mail("answer").replace(b"X-Own", b"References: <vf.0123@bzk.example>\r\nX-Own").replace(b"a@gem", b"b@oth")
    began = datetime.now(UTC)  # a test may run past midnight
    for octets in (mail("before"), mail("stranger").replace(b"gemeente", b"elsewhere"), mail("known"), answer):
        desk.dovecot.deliver(desk.user, octets)
    mailbox = ImapMailbox(desk.account)
    try:
        here = mailbox.position("INBOX")
        senders = [*(f"domain{number}.example" for number in range(70)), "gemeente.example"]
        found = [raw.item for batch in mailbox.fetch_first("INBOX", f"{here.uidvalidity}/1", senders) for raw in batch]
        after = [raw.item for batch in given(mailbox, "INBOX", f"{here.uidvalidity}/1") for raw in batch]
        days = [began + timedelta(days=number) for number in (0, 2)]
        recent = [
            [raw.item for batch in mailbox.fetch_first("INBOX", None, senders, day) for raw in batch] for day in days
        ]
        with pytest.raises(ValueError, match="not fit for a search"):
            list(mailbox.fetch_first("INBOX", str(here), ['x" ALL "']))
    finally:
        mailbox.close()
    assert (found, after) == (["3", "4"], ["2", "3", "4"])
    assert recent == [["1", "3", "4"], []]  # by the day on which the server got them

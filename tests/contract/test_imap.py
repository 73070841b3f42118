# SPDX-License-Identifier: EUPL-1.2
"""Reading a mailbox: whatever the server does, no message is lost, duplicated, confused with another, or changed."""

import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flaggermail.adapters.imap.fetching import Position
from flaggermail.adapters.imap.link import close_link, inner, open_link
from flaggermail.adapters.imap.mailbox import ImapMailbox
from flaggermail.adapters.system.machine import MachineHealthProbe
from flaggermail.errors import ConfigurationError, FolderUnreadable, LinkLost, LoginRefused
from flaggermail.ports import RawMessage, Role
from tests.contract.imap_account import SECRET, Changes, account, given, mailbox_on
from tests.doubles.scripted_imap import Line, Script, ScriptedImap, greeting_only, login_only
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates

MAIL = b"Subject: proef\r\n\r\nVertrouwelijk.\r\n"
DATE = "06-Jun-2024 10:34:00 +0200"


def uids(batches: Sequence[Sequence[RawMessage]]) -> list[list[int]]:
    """Returns the UIDs of each batch."""
    return [[int(message.item) for message in batch] for batch in batches]


def names(mailbox: ImapMailbox) -> list[str]:
    """Returns the names of the watched folders."""
    return [folder.name for folder in mailbox.folders()]


def mail(uid: int, octets: bytes = MAIL, date: str = DATE, extra: str = "") -> bytes:
    """Builds the response line of one message."""
    head = f'* {uid} FETCH (UID {uid} {extra}INTERNALDATE "{date}" BODY[] {{{len(octets)}}}\r\n'
    return head.encode() + octets + b")\r\n"


def give(line: Line, *messages: bytes, asked: str = "BODY.PEEK[]", done: str = "OK done") -> None:
    """Answers the next fetch of messages."""
    tag = line.expect(asked)
    line.send(b"".join(messages) + f"{tag} {done}\r\n".encode())


def sizes(line: Line, **octets: int) -> None:
    """Answers the next fetch of sizes; the keywords are `u` and the UID."""
    told = (f"* {uid[1:]} FETCH (UID {uid[1:]} RFC822.SIZE {size})" for uid, size in octets.items())
    line.answer("RFC822.SIZE", *told)


def read(script: Script, after: str = "1/0", **changes: int) -> list[Sequence[RawMessage]]:
    """Reads the inbox of a server that runs this script after the login."""

    def whole(line: Line) -> None:
        line.log_in()
        script(line)
        line.until_closed()

    wanted: Changes = {"batch_messages": changes.get("messages", 100), "batch_octets": changes.get("octets", 1000)}
    with mailbox_on(ScriptedImap((whole,)), **wanted) as mailbox:
        return list(given(mailbox, "INBOX", after))


class TestFetching:
    """Messages above the position are returned once, complete, and in order."""

    def test_octets_instant_and_place(self) -> None:
        """The octets are untouched and the instant keeps its offset."""

        def script(line: Line) -> None:
            line.examine(uidvalidity=7, uidnext=4)
            line.answer("SEARCH UID 1:*", "* SEARCH 3")
            sizes(line, u3=40)
            give(line, mail(3, b"\x00\xffA: \xe9\r\n\r\n"))

        [[message]] = read(script, "7/0")
        assert message == RawMessage(b"\x00\xffA: \xe9\r\n\r\n", message.internaldate, "INBOX", "7", "3", cursor="7/3")
        assert message.internaldate.isoformat() == "2024-06-06T10:34:00+02:00"
        assert type(message.internaldate.tzinfo) is type(UTC)

    def test_the_unknown_zone_is_utc(self) -> None:
        """An INTERNALDATE with zone -0000 is timezone-aware."""

        def script(line: Line) -> None:
            line.examine(uidnext=4)
            line.answer("SEARCH", "* SEARCH 3")
            sizes(line, u3=40)
            give(line, mail(3, date="06-Jun-2024 08:34:00 -0000"))

        [[message]] = read(script)
        assert message.internaldate == datetime(2024, 6, 6, 8, 34, tzinfo=UTC)
        assert message.internaldate.utcoffset() == timedelta(0)

    def test_an_instant_of_no_calendar_is_text_and_costs_no_mail(self) -> None:
        """A server that gives such a date for one message gives the others; what it wrote is kept with the message."""

        def script(line: Line) -> None:
            line.examine(uidnext=9)
            line.answer("SEARCH", "* SEARCH 1 2 3 4 5 6")
            sizes(line, u1=1, u2=1, u3=1, u4=1, u5=1, u6=1)
            dates = enumerate(
                ("31-Dec-9999 23:59:00 +0000", "01-Jan-1601 00:00:00 +0000", "06-Jun-2024 10:34:00 +2600",
                 "06-Jun-2024 10:34:60 +0200", "31-Dec-9999 23:59:00 -0100", DATE), 1,
            )  # fmt: skip
            give(line, *(mail(uid, date=date) for uid, date in dates))

        before = datetime.now(UTC)
        [messages] = read(script)
        assert [m.written for m in messages] == [
            "", "", "2024-06-06 10:34:00 +2600", "not a date", "9999-12-31 23:59:00 -0100", ""
        ]  # fmt: skip
        assert [m.internaldate.isoformat() for m in messages if not m.written] == [
            "9999-12-31T23:59:00+00:00", "1601-01-01T00:00:00+00:00", "2024-06-06T10:34:00+02:00"
        ]  # fmt: skip
        assert all(before <= m.internaldate <= datetime.now(UTC) for m in messages if m.written)

    def test_an_instant_beyond_all_numbers_costs_no_other_mail(self) -> None:
        """The library raises for the whole answer: each message is asked for alone, that one without its date."""

        def script(line: Line) -> None:
            line.examine(uidnext=9)
            line.answer("SEARCH", "* SEARCH 1 2")
            sizes(line, u1=1, u2=1)
            odd = "06-Jun-99999999999999999999 10:34:00 +0000"
            give(line, mail(1), mail(2, date=odd))
            line.answer("NOOP")
            line.answer("SEARCH UID 1,2", "* SEARCH 1 2")
            give(line, mail(1))
            give(line, mail(2, date=odd), asked="INTERNALDATE")
            give(line, b"* 2 FETCH (UID 2 BODY[] {2}\r\n\r\n)\r\n", asked="(BODY.PEEK[])")

        [messages] = read(script)
        assert [(m.item, m.written) for m in messages] == [("1", ""), ("2", "not a date")]

    def test_nothing_above_the_position(self) -> None:
        """The last message, which `n:*` always includes, is not returned again."""

        def script(line: Line) -> None:
            line.examine(uidnext=6)
            line.answer("SEARCH UID 6:*", "* SEARCH 5")

        assert read(script, "1/5") == []

    def test_another_uidvalidity(self) -> None:
        """With another UIDVALIDITY the whole folder is returned, however high the position."""

        def script(line: Line) -> None:
            line.examine(uidvalidity=2, uidnext=2)
            line.answer("SEARCH UID 1:*", "* SEARCH 1")
            sizes(line, u1=10)
            give(line, mail(1))

        [[message]] = read(script, "1/5")
        assert (message.numbering, message.item) == ("2", "1")

    def test_uidvalidity_between_position_and_fetch(self) -> None:
        """The position is compared with each new selection of the folder, not with the one it came from."""

        def script(line: Line) -> None:
            line.log_in()
            line.examine(uidvalidity=1, uidnext=6)
            line.examine("Sent")
            line.answer("SEARCH UID 1:*", "* SEARCH")
            line.examine(uidvalidity=2, uidnext=2)
            line.answer("SEARCH UID 1:*", "* SEARCH 1")
            sizes(line, u1=10)
            give(line, mail(1))
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox:
            position = mailbox.position("INBOX")
            assert position == Position(1, 5)
            list(given(mailbox, "Sent", "1/0"))
            assert uids(list(given(mailbox, "INBOX", str(position)))) == [[1]]

    def test_looked_at_again(self) -> None:
        """A folder already selected is refreshed with NOOP; one NOOP and one search serve a position and a fetch."""

        def script(line: Line) -> None:
            line.log_in()
            line.examine(uidnext=6)
            line.look_again(5, 6)
            sizes(line, u6=10)
            give(line, mail(6))
            line.look_again(6, 7)
            sizes(line, u7=10)
            give(line, mail(7))
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox:
            assert mailbox.position("INBOX") == Position(1, 5)
            assert mailbox.position("INBOX") == Position(1, 6)
            assert uids(list(given(mailbox, "INBOX", "1/5"))) == [[6]]
            assert uids(list(given(mailbox, "INBOX", "1/6"))) == [[7]]

    def test_a_second_search_may_show_what_the_first_did_not(self) -> None:
        """A server that reads a folder once a second lists a mail late; the fetch of the same look finds it."""

        def script(line: Line) -> None:
            line.log_in()
            line.examine(uidnext=6)
            line.look_again(5, 5)
            line.answer("SEARCH UID 6:*", "* SEARCH 6")
            sizes(line, u6=10)
            give(line, mail(6))
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox:
            assert mailbox.position("INBOX") == Position(1, 5)
            assert mailbox.position("INBOX") == Position(1, 5)
            assert uids(list(given(mailbox, "INBOX", "1/5"))) == [[6]]

    def test_a_position_of_another_mail_is_searched_from(self) -> None:
        """What was found for a position serves a fetch that goes on where the folder was known to end, and no other."""

        def script(line: Line) -> None:
            line.log_in()
            line.examine(uidnext=6)
            line.look_again(5, 6)
            line.answer("SEARCH UID 5:*", "* SEARCH 5 6")
            sizes(line, u5=10, u6=10)
            give(line, mail(5), mail(6))
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox:
            assert mailbox.position("INBOX") == Position(1, 5)
            assert mailbox.position("INBOX") == Position(1, 6)
            assert uids(list(given(mailbox, "INBOX", "1/4"))) == [[5, 6]]

    def test_a_single_mail_comes_in_one_answer(self) -> None:
        """Its beginning is asked for together with its size, and is the mail if it is as long."""

        def script(line: Line) -> None:
            line.examine(uidvalidity=7, uidnext=4)
            line.answer("SEARCH UID 1:*", "* SEARCH 3")
            beginning = mail(3, extra=f"RFC822.SIZE {len(MAIL)} ").replace(b"BODY[]", b"BODY[]<0>")
            give(line, beginning, asked="(RFC822.SIZE INTERNALDATE BODY.PEEK[]<0.1000000>)")

        [[message]] = read(script, "7/0")
        assert (message.octets, message.item) == (MAIL, "3")
        assert message.internaldate.isoformat() == "2024-06-06T10:34:00+02:00"

    @pytest.mark.parametrize("size", [f"RFC822.SIZE {len(MAIL) + 1} ", "RFC822.SIZE 1 ", ""])
    def test_a_beginning_that_is_not_as_long_as_the_mail_is_none(self, size: str) -> None:
        """A longer mail, and one whose size is an estimate, is fetched as a whole."""

        def script(line: Line) -> None:
            line.examine(uidnext=4)
            line.answer("SEARCH", "* SEARCH 3")
            give(line, mail(3, extra=size).replace(b"BODY[]", b"BODY[]<0>"), asked="BODY.PEEK[]<0.1000000>")
            give(line, mail(3, MAIL + b"And more.\r\n"), asked="BODY.PEEK[])")

        [[message]] = read(script)
        assert message.octets == MAIL + b"And more.\r\n"

    def test_many_uids(self) -> None:
        """A wide range is searched in spans, so that no answer exceeds the maximum line length."""

        def script(line: Line) -> None:
            line.examine(uidnext=200_000)
            line.answer("SEARCH UID 1:90000", "* SEARCH 5")
            line.answer("SEARCH UID 90001:180000", "* SEARCH")
            line.answer("SEARCH UID 180001:*", "* SEARCH 199999")
            sizes(line, u5=10, u199999=10)
            give(line, mail(5), mail(199_999))

        assert uids(read(script)) == [[5, 199_999]]

    def test_no_uidnext(self) -> None:
        """Without UIDNEXT the server is asked for its last message."""

        def script(line: Line) -> None:
            line.log_in()
            line.answer("EXAMINE", "* 2 EXISTS", "* OK [UIDVALIDITY 1] valid")
            line.answer("SEARCH UID *", "* SEARCH 12")
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox:
            assert mailbox.position("INBOX") == Position(1, 12)

    def test_only_reading(self) -> None:
        """Folders are examined, never selected, and bodies are peeked at: no flag can change."""

        def script(line: Line) -> None:
            line.log_in()
            line.examine(uidnext=2)
            line.answer("SEARCH", "* SEARCH 1")
            sizes(line, u1=10)
            give(line, mail(1))
            line.until_closed()

        server = ScriptedImap((script,))
        with mailbox_on(server) as mailbox:
            list(given(mailbox, "INBOX", "1/0"))
        words = " ".join(server.commands)
        assert "BODY.PEEK[]" in words
        assert not {"SELECT", "STORE", "COPY", "MOVE", "EXPUNGE", "BODY[]"} & set(words.replace("(", " ").split())


class TestBatches:
    """Batches are bounded in number and in octets."""

    def test_octets(self) -> None:
        """A batch ends before it exceeds the bound; a larger message gets a batch of its own."""

        def script(line: Line) -> None:
            line.examine(uidnext=6)
            line.answer("SEARCH", "* SEARCH 1 2 3 4 5")
            sizes(line, u1=600, u2=400, u3=1, u4=5000, u5=10)
            give(line, mail(1), mail(2), asked="FETCH 1,2 ")
            give(line, mail(3), asked="FETCH 3 ")
            give(line, mail(4), asked="FETCH 4 ")
            give(line, mail(5), asked="FETCH 5 ")

        assert uids(read(script, octets=1000)) == [[1, 2], [3], [4], [5]]

    def test_number(self) -> None:
        """No batch has more messages than the bound."""

        def script(line: Line) -> None:
            line.examine(uidnext=4)
            line.answer("SEARCH", "* SEARCH 3 1 2")
            sizes(line, u1=1, u2=1)
            give(line, mail(1), mail(2), asked="FETCH 1,2 ")
            sizes(line, u3=1)
            give(line, mail(3), asked="FETCH 3 ")

        assert uids(read(script, messages=2)) == [[1, 2], [3]]

    def test_another_folder_in_between(self) -> None:
        """The caller may use another folder between two batches; the next batch is still of the first folder."""

        def script(line: Line) -> None:
            line.log_in()
            line.examine(uidnext=3)
            line.answer("SEARCH", "* SEARCH 1 2")
            sizes(line, u1=1)
            give(line, mail(1))
            line.examine("Sent")
            line.answer("SEARCH UID 1:*", "* SEARCH")
            line.examine(uidnext=3)
            sizes(line, u2=1)
            give(line, mail(2))
            line.until_closed()

        with mailbox_on(ScriptedImap((script,)), batch_messages=1) as mailbox:
            batches = given(mailbox, "INBOX", "1/0")
            next(batches)
            list(given(mailbox, "Sent", "1/0"))
            assert uids(list(batches)) == [[2]]

    def test_another_uidvalidity_in_between(self) -> None:
        """If UIDVALIDITY changes between two batches, no new message is taken for an old one."""

        def script(line: Line) -> None:
            line.log_in()
            line.examine(uidnext=3)
            line.answer("SEARCH", "* SEARCH 1 2")
            sizes(line, u1=1)
            give(line, mail(1))
            line.examine("Sent")
            line.answer("SEARCH UID 1:*", "* SEARCH")
            line.examine(uidvalidity=2, uidnext=3)
            line.until_closed()

        with mailbox_on(ScriptedImap((script,)), batch_messages=1) as mailbox:
            batches = given(mailbox, "INBOX", "1/0")
            next(batches)
            list(given(mailbox, "Sent", "1/0"))
            with pytest.raises(LinkLost, match="UIDVALIDITY changed"):
                next(batches)


class TestOddAnswers:
    """Missing and unexpected parts of an answer are detected."""

    def test_expunged_meanwhile(self) -> None:
        """A message that is expunged between search and fetch is left out; the others are returned."""

        def script(line: Line) -> None:
            line.examine(uidnext=3)
            line.answer("SEARCH", "* SEARCH 1 2")
            sizes(line, u1=1, u2=1)
            give(line, mail(2))
            line.answer("NOOP", "* 1 EXPUNGE")
            line.answer("SEARCH UID 1", "* SEARCH")

        assert uids(read(script)) == [[2]]

    def test_no_for_the_whole_batch(self) -> None:
        """If the server refuses the batch because one message is gone, each of the others is fetched alone."""

        def script(line: Line) -> None:
            line.examine(uidnext=4)
            line.answer("SEARCH", "* SEARCH 1 2 3")
            sizes(line, u1=1, u2=1, u3=1)
            give(line, done="NO [EXPUNGEISSUED] some are gone")
            line.answer("NOOP", "* 1 EXPUNGE")
            line.answer("SEARCH UID 1,2,3", "* SEARCH 2 3")
            give(line, mail(2), asked="FETCH 2 ")
            give(line, mail(3), asked="FETCH 3 ")

        assert uids(read(script)) == [[2, 3]]

    def test_listed_and_not_given(self) -> None:
        """A message that is listed but not returned is never skipped: the error names folder and UID."""

        def script(line: Line) -> None:
            line.examine(uidnext=3)
            line.answer("SEARCH", "* SEARCH 1 2")
            sizes(line, u1=1, u2=1)
            give(line, mail(1), b"* 2 FETCH (UID 2 BODY[] NIL)\r\n")
            line.answer("NOOP")
            line.answer("SEARCH UID 2", "* SEARCH 2")
            give(line, done="NO cannot read it")

        with pytest.raises(LinkLost, match="INBOX: the server lists the message with UID 2 and does not give it"):
            read(script)

    def test_what_nobody_asked_for(self) -> None:
        """Flags in an answer, and lines about messages that were not requested, are ignored."""

        def script(line: Line) -> None:
            line.examine(uidnext=3)
            line.answer("SEARCH", "* SEARCH 2")
            sizes(line, u2=1, u9=1)
            unasked = b"* 2 FETCH (FLAGS (\\Seen))\r\n* 5 EXISTS\r\n* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n"
            give(line, unasked, mail(1), mail(2, extra="FLAGS (\\Seen) "))

        assert uids(read(script)) == [[2]]

    def test_unreadable(self) -> None:
        """An unreadable answer loses the connection; the error quotes nothing of it, since it may be mail."""

        def script(line: Line) -> None:
            line.examine(uidnext=3)
            line.answer("SEARCH", "* SEARCH 2")
            sizes(line, u2=1)
            line.expect("BODY.PEEK[]")
            line.say("Vertrouwelijk")

        with pytest.raises(LinkLost, match="cannot be read") as lost:
            read(script)
        assert "Vertrouwelijk" not in str(lost.value)

    def test_a_folder_that_is_not_there(self) -> None:
        """The error contains the server's reason."""

        def script(line: Line) -> None:
            line.answer("EXAMINE", done="NO Mailbox does not exist")

        with pytest.raises(LinkLost, match="Mailbox does not exist"):
            read(script)


class TestLogin:
    """Credentials go only where they are safe; a refused login and a broken connection are told apart."""

    def refused(self, answer: str, capabilities: str = "IMAP4rev1", **changes: str) -> str:
        """Logs in at a server with this answer; returns the error's class and text."""

        def script(line: Line) -> None:
            line.greet(capabilities)
            line.answer("LOGIN", done=answer)
            line.until_closed()

        with (
            mailbox_on(ScriptedImap((script,)), user=changes.get("user", "desk")) as mailbox,
            pytest.raises(LinkLost) as lost,
        ):
            mailbox.folders()
        assert SECRET not in str(lost.value)
        return f"{type(lost.value).__name__}: {lost.value}"

    def test_no(self) -> None:
        """NO is a refusal; the error omits the server's text, which may repeat what it was sent."""
        text = self.refused(f"NO [AUTHENTICATIONFAILED] not with {SECRET}")
        assert text == (
            "LoginRefused: 127.0.0.1: the server refuses the login of desk (AUTHENTICATIONFAILED); "
            "the name or the password is wrong: correct mailbox.user in flaggermail.yaml, or the password in its "
            "credential"
        )

    def test_no_without_a_code(self) -> None:
        """NO without a response code, as older servers send it, is a refusal."""
        assert self.refused("NO BAD password").startswith("LoginRefused: ")

    def test_not_now(self) -> None:
        """A server whose password check is down does not refuse the credentials."""
        assert self.refused("NO [UNAVAILABLE] later").startswith("LinkLost: ")

    def test_bad(self) -> None:
        """BAD is no refusal of the credentials."""
        assert self.refused("BAD what").startswith("LinkLost: ")

    def test_the_line_breaks(self) -> None:
        """A connection that closes during the login is no refusal."""

        def script(line: Line) -> None:
            line.greet()
            line.expect("LOGIN")

        with mailbox_on(ScriptedImap((script,))) as mailbox, pytest.raises(LinkLost, match="closed") as lost:
            mailbox.folders()
        assert not isinstance(lost.value, LoginRefused)

    def test_user_with_a_backslash(self) -> None:
        """The user name of a shared mailbox is quoted like any string."""
        server = ScriptedImap((login_only,))
        with mailbox_on(server, user=r"eigenaar\gedeeld vak") as mailbox:
            mailbox.folders()
        assert any(rf'LOGIN "eigenaar\\gedeeld vak" "{SECRET}"' in command for command in server.commands)

    def test_plain_where_offered(self) -> None:
        """SASL PLAIN carries a password with any characters."""

        def script(line: Line) -> None:
            line.greet("IMAP4rev1 AUTH=PLAIN")
            tag = line.expect("AUTHENTICATE PLAIN")
            line.say("+ ")
            line.expect("AGRlc2sAZ8OpaGVpbQ==")
            line.say("* CAPABILITY IMAP4rev1", f"{tag} OK done")
            line.until_closed()

        with mailbox_on(ScriptedImap((script,)), password=lambda: "géheim") as mailbox:
            assert names(mailbox) == ["INBOX", "Sent"]

    def test_plain_refused(self) -> None:
        """NO to SASL PLAIN is a refusal as well."""

        def script(line: Line) -> None:
            line.greet("IMAP4rev1 AUTH=PLAIN")
            tag = line.expect("AUTHENTICATE PLAIN")
            line.say("+ ")
            line.hear()
            line.say(f"{tag} NO [EXPIRED] change it")
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox, pytest.raises(LoginRefused, match=r"\(EXPIRED\)"):
            mailbox.folders()

    @pytest.mark.parametrize("password", ["géheim", "geheim\r\nx LOGOUT"])
    def test_login_that_cannot_carry_it(self, password: str) -> None:
        """If only LOGIN is offered, a password it cannot carry is not sent, least of all as a command."""
        server = ScriptedImap((greeting_only(),))
        with mailbox_on(server, password=lambda: password) as mailbox, pytest.raises(LoginRefused) as refused:
            mailbox.folders()
        assert password not in str(refused.value)

    def test_no_password(self) -> None:
        """A missing credential raises `LoginRefused`, which names it."""

        def missing() -> str:
            raise ConfigurationError("credential imap-password: not found")

        server = ScriptedImap((greeting_only(),))
        with mailbox_on(server, password=missing) as mailbox, pytest.raises(LoginRefused, match="imap-password"):
            mailbox.folders()

    def test_login_disabled(self) -> None:
        """A server that announces LOGINDISABLED is sent no password."""
        server = ScriptedImap((greeting_only("IMAP4rev1 LOGINDISABLED"),))
        with mailbox_on(server) as mailbox, pytest.raises(LinkLost, match="takes no password"):
            mailbox.folders()

    def test_preauth(self) -> None:
        """A session that the server opens without authentication is ended at once (decision 25)."""
        server = ScriptedImap((greeting_only(greeting="PREAUTH hello"),))
        with mailbox_on(server) as mailbox, pytest.raises(LinkLost, match="PREAUTH"):
            mailbox.folders()

    def test_greeted_with_goodbye(self) -> None:
        """The error contains the reason in a BYE greeting."""
        server = ScriptedImap((lambda line: line.say("* BYE too many"),))
        with mailbox_on(server) as mailbox, pytest.raises(LinkLost, match="BYE too many"):
            mailbox.folders()

    def test_the_secret_is_not_in_repr(self) -> None:
        """The repr of an account shows neither the password nor its source."""
        assert "password" not in repr(account(1))


class TestTls:
    """Nothing is sent in clear text over a network, and nothing received before TLS is trusted."""

    def starttls(
        self, certificates: Certificates, script: Script, health_probe: MachineHealthProbe | None = None, **changes: str
    ) -> ImapMailbox:
        """Connects with STARTTLS."""
        wanted: Changes = {"tls": "starttls", "ca_file": certificates.ca_file, "host": changes.get("host", "localhost")}
        wanted["presented"] = (health_probe or MachineHealthProbe({})).presented
        with mailbox_on(ScriptedImap((script,)), **wanted) as mailbox:
            mailbox.folders()
        return mailbox

    def test_starttls(self, certificates: Certificates) -> None:
        """The login comes after TLS, and what was said before it is discarded."""

        def script(line: Line) -> None:
            line.greet("IMAP4rev1 STARTTLS LOGINDISABLED", greeting="OK [CAPABILITY IMAP4rev1 STARTTLS] ready")
            line.answer("STARTTLS")
            line.start_tls(certificates.ending(ends).server_context())
            line.answer("CAPABILITY", "* CAPABILITY IMAP4rev1")
            line.answer("LOGIN")
            line.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 IDLE")
            line.until_closed()

        ends, health_probe = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC), MachineHealthProbe({})
        self.starttls(certificates, script, health_probe)
        assert health_probe.certificates() == {"mailbox": ends}

    def test_octets_behind_starttls(self, certificates: Certificates) -> None:
        """Octets injected before TLS begins end the connection (decision 25)."""

        def script(line: Line) -> None:
            line.greet("IMAP4rev1 STARTTLS")
            tag = line.expect("STARTTLS")
            line.say(f"{tag} OK begin", "* CAPABILITY IMAP4rev1 EVIL")
            line.until_closed()

        with pytest.raises(LinkLost, match="octets behind the answer to STARTTLS"):
            self.starttls(certificates, script)

    def test_no_starttls(self, certificates: Certificates) -> None:
        """If STARTTLS is not offered, the password is not sent."""
        with pytest.raises(LinkLost, match="no STARTTLS"):
            self.starttls(certificates, greeting_only())

    def test_preauth_instead_of_starttls(self, certificates: Certificates) -> None:
        """A PREAUTH greeting does not bypass TLS."""
        with pytest.raises(LinkLost, match="PREAUTH"):
            self.starttls(
                certificates,
                greeting_only("IMAP4rev1 STARTTLS", "PREAUTH hello"),
            )

    def test_clear_text_stays_on_this_machine(self) -> None:
        """`tls none` to another machine is a configuration error."""
        with pytest.raises(ConfigurationError, match="tls none"):
            ImapMailbox(account(143, host="mail.bzk.example"))

    def test_authorities_that_cannot_be_read(self, tmp_path: Path) -> None:
        """A missing file of certificate authorities is a configuration error."""
        with pytest.raises(ConfigurationError, match=r"ca\.pem does not exist"):
            ImapMailbox(account(993, tls="implicit", ca_file=tmp_path / "ca.pem"))


class TestConnection:
    """A connection belongs to one thread, logs nothing of what it reads, and closes promptly."""

    def test_the_trace_is_off(self, caplog: pytest.LogCaptureFixture) -> None:
        """No mail, subject or password is logged, even at DEBUG."""
        caplog.set_level(logging.DEBUG)

        def script(line: Line) -> None:
            line.examine(uidnext=4)
            line.answer("SEARCH", "* SEARCH 3")
            sizes(line, u3=40)
            give(line, mail(3))

        read(script)
        assert "proef" not in caplog.text
        assert "Vertrouwelijk" not in caplog.text
        assert SECRET not in caplog.text

    def test_the_trace_is_off_inside(self) -> None:
        """Imaplib's own debug level is 0, so it does not even format what it reads."""
        with ScriptedImap((login_only,)).running() as port:
            client = open_link(account(port), None)
            assert client._imap.debug == 0  # noqa: SLF001 - the very attribute that imapclient sets
            assert inner(client).debug == 0
            close_link(client)

    def test_another_thread(self) -> None:
        """Another thread is refused, since it would read the answers to the first one's commands."""
        errors: list[str] = []

        def elsewhere(mailbox: ImapMailbox) -> None:
            for act in (mailbox.folders, mailbox.close, lambda: mailbox.position("INBOX")):
                with pytest.raises(RuntimeError) as error:
                    act()
                errors.append(str(error.value))

        server = ScriptedImap((login_only,))
        with mailbox_on(server) as mailbox:
            mailbox.folders()
            thread = threading.Thread(target=elsewhere, args=(mailbox,), name="second")
            thread.start()
            thread.join()
        assert errors == ["this mailbox connection belongs to thread MainThread, not to second"] * 3

    def test_a_thread_that_has_ended(self) -> None:
        """Another thread may close the connection of a thread that has ended."""
        server = ScriptedImap((login_only,))
        with mailbox_on(server) as mailbox:
            thread = threading.Thread(target=mailbox.folders)
            thread.start()
            thread.join()
            mailbox.close()
            mailbox.close()

    def test_nobody_listens(self) -> None:
        """A refused connection is a lost link."""
        with pytest.raises(LinkLost, match="Connection refused"):
            ImapMailbox(account(1)).folders()

    def test_silence(self) -> None:
        """A server that accepts and says nothing is given up after the time-out."""
        server = ScriptedImap((lambda line: line.until_closed(),))
        with mailbox_on(server, timeout=0.1) as mailbox, pytest.raises(LinkLost, match=r"no answer within 0\.1 s"):
            mailbox.folders()

    def test_goodbye_that_is_not_answered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Closing does not wait for a dead server, and raises nothing."""
        monkeypatch.setattr("flaggermail.adapters.imap.link._LOGOUT_SECONDS", 0.05)

        def script(line: Line) -> None:
            line.log_in()
            line.answer("LIST")
            line.expect("LOGOUT")
            line.hear()

        with mailbox_on(ScriptedImap((script,)), timeout=PATIENCE) as mailbox:
            mailbox.folders()


class TestFolders:
    """Every folder is watched; a folder that the server refuses does not stop the others."""

    def test_listed(self) -> None:
        """The names are decoded (RFC 9051, appendix A.1), and excluded folders are left out."""

        def script(line: Line) -> None:
            line.log_in()
            line.answer("LIST", '* LIST () "/" INBOX', '* LIST (\\Noselect) "/" Oud', '* LIST () "/" "Caf&AOk-/1"',
                        '* LIST () "/" Agenda')  # fmt: skip
            line.until_closed()

        with mailbox_on(ScriptedImap((script,)), excluded_folders=frozenset({"Agenda"})) as mailbox:
            assert names(mailbox) == ["INBOX", "Café/1"]

    def test_status_leaves_the_inbox_selected(self) -> None:
        """The position of another folder is read with STATUS, so that the inbox needs no second EXAMINE."""

        def script(line: Line) -> None:
            line.log_in()
            line.examine(uidnext=4)
            line.answer('STATUS "Sent"', "* STATUS Sent (UIDVALIDITY 7 UIDNEXT 12)")
            line.look_again(3)
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox:
            assert mailbox.position("INBOX") == Position(1, 3)
            assert mailbox.position("Sent") == Position(7, 11)
            assert mailbox.position("INBOX") == Position(1, 3)

    def test_status_without_what_was_asked(self) -> None:
        """If STATUS lacks the UIDNEXT, the folder is selected."""

        def script(line: Line) -> None:
            line.log_in()
            line.answer('STATUS "Sent"', "* STATUS Sent (UIDVALIDITY 7)")
            line.examine("Sent", uidvalidity=7, uidnext=12)
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox:
            assert mailbox.position("Sent") == Position(7, 11)

    @pytest.mark.parametrize("asked", ["STATUS", "EXAMINE"])
    def test_a_folder_that_is_refused(self, asked: str) -> None:
        """NO about one folder, deleted or not readable for us, is an error that names it; the connection stays open."""

        def script(line: Line) -> None:
            line.log_in()
            if asked == "EXAMINE":
                line.answer('STATUS "Zaken"', "* STATUS Zaken (UIDVALIDITY 7 UIDNEXT 12)")
            line.answer(asked, done="NO [NONEXISTENT] no such folder")
            line.examine(uidnext=4)
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox:
            with pytest.raises(FolderUnreadable, match=r"^Zaken: the server refuses it; it has no such folder: "):
                list(given(mailbox, "Zaken", str(mailbox.position("Zaken"))))
            assert mailbox.position("INBOX") == Position(1, 3)

    def test_a_refused_inbox(self) -> None:
        """A refused inbox is a lost link."""

        def script(line: Line) -> None:
            line.log_in()
            line.answer("EXAMINE", done="NO [NONEXISTENT] no such folder")
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox, pytest.raises(LinkLost, match="no such folder"):
            mailbox.position("INBOX")

    def test_the_role_comes_with_the_mail(self) -> None:
        """Each mail carries the role of its folder."""

        def script(line: Line) -> None:
            line.log_in()
            line.answer("LIST", '* LIST () "/" INBOX', '* LIST (\\Junk) "/" Reclame')
            line.examine("Reclame", uidnext=4)
            line.answer("SEARCH", "* SEARCH 3")
            sizes(line, u3=40)
            give(line, mail(3))
            line.until_closed()

        with mailbox_on(ScriptedImap((script,))) as mailbox:
            mailbox.folders()
            [[message]] = given(mailbox, "Reclame", "1/0")
        assert message.role is Role.JUNK


class TestKeyword:
    """A keyword is set where the server keeps it, and does no harm elsewhere."""

    @staticmethod
    def marked(
        *lines: str, done: str = "OK [READ-WRITE] selected", stored: str | None = None, uidvalidity: int = 1
    ) -> tuple[bool, list[str]]:
        """Marks two mails on a server with this answer to SELECT and, if given, to STORE; then reads on."""

        def script(line: Line) -> None:
            line.log_in()
            line.examine(uidnext=6)
            line.answer('SELECT "INBOX"', "* 2 EXISTS", f"* OK [UIDVALIDITY {uidvalidity}] valid", *lines, done=done)
            if stored is not None:
                line.answer("STORE 3,5 +FLAGS.SILENT (gezien)", done=stored)
            line.examine(uidnext=6)
            line.until_closed()

        server = ScriptedImap((script,))
        with mailbox_on(server, keyword="gezien") as mailbox:
            assert mailbox.position("INBOX") == Position(1, 5)
            kept = mailbox.mark("INBOX", "1", ["3", "5"])
            assert mailbox.position("INBOX") == Position(1, 5)
        return kept, [command.split(" ", 1)[1] for command in server.commands]

    @pytest.mark.parametrize("permitted", [r"\Seen \*", r"\Seen Gezien"])
    def test_permitted(self, permitted: str) -> None:
        """The keyword is stored if new keywords or this one in any case are permitted.

        Afterwards the folder is read-only again.
        """
        kept, commands = self.marked(f"* OK [PERMANENTFLAGS ({permitted})] kept", stored="OK done")
        assert kept
        assert commands[-2:] == ['EXAMINE "INBOX"', "LOGOUT"]

    @pytest.mark.parametrize("lines", [(r"* OK [PERMANENTFLAGS (\Seen \Flagged ander)] kept",), ()])
    def test_not_permitted(self, lines: tuple[str, ...]) -> None:
        """A server that keeps other flags only, or does not say, is not asked to store anything."""
        kept, commands = self.marked(*lines)
        assert not kept
        assert not any("STORE" in command for command in commands)

    def test_other_numbers(self) -> None:
        """If the folder was recreated meanwhile, its UIDs belong to other mails and none is marked."""
        assert not self.marked(r"* OK [PERMANENTFLAGS (\*)] kept", uidvalidity=2)[0]

    @pytest.mark.parametrize("done", ["NO [NOPERM] not yours", "OK [READ-ONLY] selected"])
    def test_a_folder_that_is_for_reading(self, done: str) -> None:
        """In a folder without write access no keyword is set, and reading continues on the same connection."""
        assert not self.marked(r"* OK [PERMANENTFLAGS (\*)] kept", done=done)[0]

    def test_a_store_that_is_refused(self) -> None:
        """A refused STORE sets no keyword, and reading continues."""
        assert not self.marked(r"* OK [PERMANENTFLAGS (\*)] kept", stored="NO [LIMIT] too many keywords")[0]

    def test_no_keyword_wanted(self) -> None:
        """Without a keyword in the settings, or without mail, no command is sent."""
        with mailbox_on(ScriptedImap(())) as mailbox:
            assert not mailbox.mark("INBOX", "1", ["3"])
        with mailbox_on(ScriptedImap(()), keyword="gezien") as mailbox:
            assert not mailbox.mark("INBOX", "1", [])

    def test_a_line_that_is_lost(self) -> None:
        """A connection that closes during SELECT is a lost link."""

        def script(line: Line) -> None:
            line.log_in()
            line.expect("SELECT")

        with mailbox_on(ScriptedImap((script,)), keyword="gezien") as mailbox, pytest.raises(LinkLost):
            mailbox.mark("INBOX", "1", ["3"])

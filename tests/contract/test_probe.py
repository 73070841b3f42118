# SPDX-License-Identifier: EUPL-1.2
"""The probes of `check --online`: what servers answer at each step, and that no foreign mail is ever deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from flaggermail.adapters.imap.probe import ImapProbe
from flaggermail.adapters.smtp.submission import SmtpSubmitter, SubmissionAccount
from flaggermail.errors import LinkLost, LoginRefused
from flaggermail.ports import Folder, Role
from flaggermail.ports.probing import Found, SubmissionSeen
from flaggermail.stories.doubles import SetClock
from flaggermail.wording.servers import AttemptText, MailboxFailure
from tests.contract.imap_account import account
from tests.doubles.scripted_imap import Line, Script, ScriptedImap
from tests.doubles.scripted_smtp import Fault, ScriptedSmtp

INBOX = Folder("INBOX", Role.INBOX)
AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
MAIL = Found("INBOX", Role.INBOX, "7", "12", AT, b"")
ALL = "IMAP4rev1 IDLE UIDPLUS ACL"


@contextmanager
def probing(script: Script, *, logged_in: bool = True) -> Iterator[tuple[ImapProbe, ScriptedImap]]:
    """Yields a probe on a server that plays this script after the login."""

    def whole(line: Line) -> None:
        if logged_in:
            line.log_in(ALL)
        script(line)
        line.until_closed()

    server = ScriptedImap((whole,))
    with server.running() as port:
        probe = ImapProbe(account(port))
        try:
            if logged_in:
                probe.connect()
                assert "UIDPLUS" in probe.log_in()
            yield probe, server
        finally:
            probe.close()


def selected(line: Line, verb: str, numbering: int = 7) -> None:
    """Answers a SELECT or EXAMINE of the inbox."""
    line.answer(f'{verb} "INBOX"', "* 1 EXISTS", f"* OK [UIDVALIDITY {numbering}] valid", done="OK [READ-WRITE] done")


def test_a_mail_is_found_by_field_or_subject() -> None:
    """The search asks for both; without a word for the field alone. Octets and arrival are those of the server."""

    def script(line: Line) -> None:
        selected(line, "EXAMINE")
        line.answer('SEARCH OR HEADER X-Flaggermail-Check "abc" SUBJECT "abc"', "* SEARCH 12")
        line.answer(
            "FETCH 12", '* 1 FETCH (UID 12 INTERNALDATE "26-Nov-2026 10:00:00 +0100" BODY[] {2}', "hi)",
        )  # fmt: skip
        selected(line, "EXAMINE")
        line.answer('SEARCH HEADER X-Flaggermail-Check ""', "* SEARCH")

    with probing(script) as (probe, _):
        (found,) = probe.find([INBOX], "X-Flaggermail-Check", "abc")
        assert probe.find([INBOX], "X-Flaggermail-Check", "") == []
    assert (found.octets, found.numbering, found.item, found.internaldate) == (b"hi", "7", "12", AT)


def test_a_mail_is_deleted_by_its_uid_alone() -> None:
    """UID EXPUNGE names the one mail: what colleagues have marked stays."""

    def script(line: Line) -> None:
        selected(line, "SELECT")
        line.answer(r"UID STORE 12 +FLAGS (\Deleted)")
        line.answer("UID EXPUNGE 12", "* 1 EXPUNGE")
        line.answer("UID FETCH 12")

    with probing(script) as (probe, server):
        assert probe.remove(MAIL)
    assert not any(command.split(" ", 1)[1] == "EXPUNGE" for command in server.commands)


def test_without_uidplus_nothing_is_marked_and_nothing_is_deleted() -> None:
    """A plain EXPUNGE would delete foreign mail: the mail stays, and the folder is not even opened."""

    def script(line: Line) -> None:
        line.log_in("IMAP4rev1 IDLE")

    with probing(script, logged_in=False) as (probe, server):
        probe.connect()
        probe.log_in()
        assert not probe.remove(MAIL)
    assert not any("SELECT" in command or "STORE" in command for command in server.commands)


@pytest.mark.parametrize("numbering", [7, 8])
def test_a_refusal_or_another_numbering_deletes_nothing(numbering: int) -> None:
    """A folder that was renumbered has another mail under this UID; a read-only one refuses the mark."""

    def script(line: Line) -> None:
        selected(line, "SELECT", numbering)
        if numbering == 7:
            line.answer("UID STORE 12", done="NO [NOPERM] no right")

    with probing(script) as (probe, server):
        assert not probe.remove(MAIL)
    assert not any("EXPUNGE" in command for command in server.commands)


def test_rights_are_asked_for_where_the_server_names_them() -> None:
    """MYRIGHTS (RFC 4314): the letters after the folder, whose name may have quotation marks; none after a NO."""

    def script(line: Line) -> None:
        line.answer(r'MYRIGHTS "a \"b\" &AOk-"', r'* MYRIGHTS "a \"b\" &AOk-" lrswit')
        line.answer('MYRIGHTS "INBOX"', done="NO [NOPERM] no")

    with probing(script) as (probe, _):
        assert probe.rights('a "b" é') == "lrswit"
        assert probe.rights("INBOX") == ""


def test_a_keyword_counts_only_if_it_is_shown() -> None:
    """A server that answers OK and stores nothing keeps no keyword."""

    def script(line: Line) -> None:
        for shown in (r"(\Seen Vlag)", r"(\Seen)"):
            selected(line, "SELECT")
            line.answer("UID STORE 12 +FLAGS (vlag)")
            line.answer("UID FETCH 12", f"* 1 FETCH (UID 12 FLAGS {shown})")

    with probing(script) as (probe, _):
        assert probe.keeps_keyword(MAIL, "vlag")
        assert not probe.keeps_keyword(MAIL, "vlag")


def test_a_refused_folder_cannot_be_read_and_the_line_goes_on() -> None:
    """A NO is an answer; the end of the connection is a lost line, whatever was asked."""

    def script(line: Line) -> None:
        line.answer('EXAMINE "Sent"', done="NO [NONEXISTENT] no")
        selected(line, "EXAMINE")
        line.expect("EXAMINE")
        line.say("* BYE Server Unavailable. 15")
        line.sock.shutdown(2)

    with probing(script) as (probe, _):
        assert not probe.can_read("Sent")
        assert probe.can_read("INBOX")
        with pytest.raises(LinkLost):
            probe.can_read("INBOX")


def test_connecting_and_logging_in_fail_apart() -> None:
    """A port that refuses is no login that is refused; neither shows the password."""
    with pytest.raises(LinkLost, match="at port 1"):
        ImapProbe(account(1)).connect()

    def script(line: Line) -> None:
        line.greet()
        line.answer("LOGIN", done="NO [AUTHENTICATIONFAILED] geheim wachtwoord")

    with probing(script, logged_in=False) as (probe, _):
        assert probe.connect() is None
        with pytest.raises(LoginRefused, match="refuses the login of desk") as refused:
            probe.log_in()
    assert "geheim" not in str(refused.value)


def test_a_known_answer_comes_with_its_meaning() -> None:
    """Both at the login and at the submission server; an unknown one comes with the server's words alone."""

    def script(line: Line) -> None:
        line.greet()
        line.answer("LOGIN", done="NO [ALERT] Your account is not enabled for IMAP use.")

    with probing(script, logged_in=False) as (probe, _):
        probe.connect()
        with pytest.raises(LoginRefused) as refused:
            probe.log_in()
    assert refused.value.meaning.code == MailboxFailure.IMAP_OFF
    disabled = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
    found = looked(ScriptedSmtp(replies={"AUTH": disabled}, offers=("AUTH PLAIN",)))
    assert found.logged_in.code == AttemptText.HINTED


def looked(server: ScriptedSmtp, port: int | None = None) -> SubmissionSeen:
    """Looks at a submission server in clear text."""
    with server.running():
        submission = SubmissionAccount(
            host="127.0.0.1", port=port or server.port, user="desk", password=lambda: "geheim", tls="none",
            ca_file=None, timeout=3, local_hostname="desk.bzk.example",
        )  # fmt: skip
        return SmtpSubmitter(submission, SetClock(AT)).look()


def test_the_submission_server_is_looked_at_up_to_the_login() -> None:
    """Its keywords and its size are read, nothing is sent."""
    server = ScriptedSmtp(offers=("AUTH PLAIN", "SIZE 35882577", "8BITMIME", "DSN"))
    found = looked(server)
    assert (found.connected, found.logged_in, found.size) == ("", "", 35882577)
    assert found.offers >= {"8bitmime", "dsn"}
    assert "smtputf8" not in found.offers
    assert not {"MAIL", "RCPT", "DATA"} & set(server.verbs())
    assert looked(ScriptedSmtp(offers=("AUTH PLAIN", "SIZE"))).size is None


def test_no_connection_and_no_login_are_told_apart() -> None:
    """Silence at the greeting is no connection; a refused password is no login, and shows no secret."""
    silent = looked(ScriptedSmtp(replies={"greeting": Fault.HANG}))
    assert silent.connected
    assert not silent.logged_in
    refused = looked(ScriptedSmtp(replies={"AUTH": "535 5.7.139 geheim"}, offers=("AUTH PLAIN",)))
    assert not refused.connected
    assert refused.logged_in
    assert "geheim" not in refused.logged_in.english
    assert looked(ScriptedSmtp(offers=())).logged_in == AttemptText.NO_LOGIN()
    assert looked(ScriptedSmtp(), port=1).connected

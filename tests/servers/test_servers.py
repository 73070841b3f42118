# SPDX-License-Identifier: EUPL-1.2
"""The test servers behave as the tests that use them assume."""

import asyncio
import email
import imaplib
import re
import smtplib
import ssl
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from email.message import Message
from pathlib import Path
from threading import Thread

import aiosmtplib
import psycopg
import pytest
from sqlalchemy import create_engine, text

from flaggermail.mail.authentication.authres import AuthenticationMethod, Trust, judge, read_trace
from flaggermail.mail.authentication.report_origin import made_here
from flaggermail.mail.message import Address
from tests.flow.desk_process import patiently
from tests.patience import PATIENCE
from tests.servers import ServerNotStartedError, run, server_folder
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer, ReceivedMail
from tests.servers.ports import free_ports, wait_until_refused
from tests.servers.postfix import AUTHSERV_ID, Postfix
from tests.servers.postgres import Postgres
from tests.servers.postgres_pair import PostgresPair

SUMMER_IN_THE_HAGUE = timezone(timedelta(hours=2))


def mail(sender: str, recipient: str, *headers: str, body: str = "Goedemiddag.\r\n") -> bytes:
    """Builds a small message with CRLF line ends."""
    own = (f"From: {sender}", f"To: {recipient}", "Date: Thu, 06 Jun 2024 10:34:00 +0200", "Message-ID: <1@a.example>")
    lines = (*headers, *own)
    return "\r\n".join((*lines, "", body)).encode()


def submit(postfix: Postfix, certificates: Certificates, dovecot: Dovecot, sender: str, recipient: str) -> None:
    """Sends one mail through the submission port as the daemon does."""
    asyncio.run(_submit(postfix, certificates.client_context(), dovecot.password, sender, recipient))


async def _submit(postfix: Postfix, context: ssl.SSLContext, password: str, sender: str, recipient: str) -> None:
    client = aiosmtplib.SMTP(
        hostname="localhost",
        port=postfix.submission_port,
        start_tls=True,
        tls_context=context,
        username=sender,
        password=password,
        timeout=PATIENCE,
    )
    async with client:
        await client.sendmail(sender, [recipient], mail(sender, recipient))
        transport = client.transport
    # TLS closes after QUIT; a loop that stops earlier leaves an open socket to the garbage collector.
    assert isinstance(transport, asyncio.Transport)
    transport.abort()
    await asyncio.sleep(0)


class TestDovecot:
    """IMAP and LMTP."""

    def test_implicit_tls_is_verified_and_idle_offered(
        self, dovecot: Dovecot, certificates: Certificates, mail_user: str
    ) -> None:
        """A client with our authority logs in and finds IDLE; Sent carries its special use (RFC 6154)."""
        context = certificates.client_context()
        with imaplib.IMAP4_SSL("localhost", dovecot.imaps_port, ssl_context=context, timeout=PATIENCE) as client:
            client.login(mail_user, dovecot.password)
            assert "IDLE" in client.capability()[1][0].decode().split()
            folders = [line for line in client.list()[1] if isinstance(line, bytes)]
        assert {line.split()[-1] for line in folders} == {b"INBOX", b"Sent", b"Junk", b"Deleted"}
        assert [b"\\Sent" in line for line in folders if line.endswith(b"Sent")] == [True]

    def test_starttls_is_offered(self, dovecot: Dovecot, certificates: Certificates, mail_user: str) -> None:
        """The clear-text port upgrades to TLS with the same certificate."""
        with imaplib.IMAP4("127.0.0.1", dovecot.imap_port, timeout=PATIENCE) as client:
            client.starttls(certificates.client_context())
            client.login(mail_user, dovecot.password)

    def test_a_stranger_authority_is_not_trusted(self, dovecot: Dovecot) -> None:
        """A client without our authority refuses the certificate."""
        with pytest.raises(ssl.SSLCertVerificationError):
            imaplib.IMAP4_SSL(
                "localhost", dovecot.imaps_port, ssl_context=ssl.create_default_context(), timeout=PATIENCE
            )

    def test_a_wrong_password_is_refused(self, dovecot: Dovecot, mail_user: str) -> None:
        """A wrong password is refused."""
        with (
            imaplib.IMAP4("127.0.0.1", dovecot.imap_port, timeout=PATIENCE) as client,
            pytest.raises(imaplib.IMAP4.error),
        ):
            client.login(mail_user, "other")

    def test_append_keeps_octets_and_instant(self, dovecot: Dovecot, mail_user: str) -> None:
        """A message stored with APPEND keeps its octets and the instant of its INTERNALDATE, and is unseen."""
        octets, then = mail("a@b.example", "c@d.example"), datetime(2024, 6, 6, 10, 34, tzinfo=SUMMER_IN_THE_HAGUE)
        dovecot.append(mail_user, "Sent", octets, then)
        assert dovecot.messages(mail_user, "Sent") == [octets]
        assert dovecot.flags(mail_user, "Sent") == [frozenset()]
        with imaplib.IMAP4("127.0.0.1", dovecot.imap_port, timeout=PATIENCE) as client:
            client.login(mail_user, dovecot.password)
            client.select("Sent", readonly=True)
            line = client.fetch("1", "(INTERNALDATE)")[1][0]
        assert isinstance(line, bytes)
        shown = line.decode().split('"')[1]
        assert datetime.strptime(shown.strip(), "%d-%b-%Y %H:%M:%S %z") == then

    def test_lmtp_delivers_with_the_null_return_path(self, dovecot: Dovecot, mail_user: str) -> None:
        """deliver() stores a message with bare line feeds and leading dots in INBOX; only line ends become CRLF."""
        dovecot.deliver(mail_user, b"Subject: x\n\n.een\n..twee\n")
        (octets,) = dovecot.messages(mail_user)
        assert octets.startswith(b"Return-Path: <>\r\n")
        assert octets.endswith(b"\r\n\r\n.een\r\n..twee\r\n")

    def test_restart_keeps_ports_and_mail(self, certificates: Certificates, mail_user: str) -> None:
        """After stop() the ports refuse; after start() the same ports serve the same mail."""
        with Dovecot.running(certificates.server) as server:
            server.deliver(mail_user, mail("a@b.example", "c@d.example"))
            before = server.messages(mail_user)
            server.stop()
            with pytest.raises(ConnectionRefusedError):
                server.messages(mail_user)
            server.start()
            assert server.messages(mail_user) == before


class TestPostfix:
    """Submission, the MX, and delivery to the platforms."""

    def test_submission_reaches_the_platform(
        self, postfix: Postfix, dovecot: Dovecot, certificates: Certificates, platform: PlatformServer, mail_user: str
    ) -> None:
        """A mail sent with STARTTLS and AUTH arrives at the platforms' server with its envelope."""
        sender, recipient = f"{mail_user}@bzk.example", f"{mail_user}@x-platform.example"
        submit(postfix, certificates, dovecot, sender, recipient)
        (received,) = platform.wait(1, recipient=recipient)
        assert (received.mail_from, received.rcpt_tos) == (sender, (recipient,))
        assert received.octets.endswith(mail(sender, recipient))

    def test_implicit_tls_reaches_the_platform(
        self, postfix: Postfix, dovecot: Dovecot, certificates: Certificates, platform: PlatformServer, mail_user: str
    ) -> None:
        """The submissions port speaks TLS from the first octet and also requires AUTH."""
        sender, recipient = f"{mail_user}@bzk.example", f"{mail_user}@x-platform.example"
        context = certificates.client_context()
        with smtplib.SMTP_SSL(
            "localhost", postfix.submissions_port, context=context, local_hostname="a.example", timeout=PATIENCE
        ) as client:
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                client.sendmail(sender, [recipient], mail(sender, recipient))
            assert refused.value.recipients[recipient][0] == 554
            client.login(sender, dovecot.password)
            client.sendmail(sender, [recipient], mail(sender, recipient))
        assert platform.wait(1, recipient=recipient)

    def test_without_tls_or_login_nothing_is_taken(
        self, postfix: Postfix, certificates: Certificates, mail_user: str
    ) -> None:
        """Submission replies 530 before STARTTLS and 554 to a client that has not logged in."""
        sender = f"{mail_user}@bzk.example"
        with smtplib.SMTP("localhost", postfix.submission_port, local_hostname="a.example", timeout=PATIENCE) as client:
            assert client.docmd("MAIL", f"FROM:<{sender}>")[0] == 530
            client.starttls(context=certificates.client_context())
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                client.sendmail(sender, ["a@x-platform.example"], mail(sender, "a@x-platform.example"))
        assert refused.value.recipients["a@x-platform.example"][0] == 554

    def test_a_wrong_password_is_refused(self, postfix: Postfix, certificates: Certificates, mail_user: str) -> None:
        """A wrong password is refused: AUTH asks Dovecot."""
        with smtplib.SMTP("localhost", postfix.submission_port, local_hostname="a.example", timeout=PATIENCE) as client:
            client.starttls(context=certificates.client_context())
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login(mail_user, "other")

    def test_our_judgement_stands_above_a_forged_one(self, postfix: Postfix, dovecot: Dovecot, mail_user: str) -> None:
        """Mail from outside arrives in Dovecot with our Authentication-Results above those of the sender."""
        postfix.set_dmarc_results({"x-platform.example": "pass"})
        forged = f"Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from=forged.example"
        ours = f"{AUTHSERV_ID}; dmarc=pass header.from=x-platform.example"
        for domain, expected in (("x-platform.example", [ours]), ("sub.x-platform.example", [])):
            sender, recipient = f"a@{domain}", f"{mail_user}@bzk.example"
            postfix.deliver_from_outside(mail(sender, recipient, forged), sender, recipient)
            parsed = _newest(dovecot, mail_user, 1 + (not expected))
            assert parsed.get_all("Authentication-Results") == [*expected, forged.partition(": ")[2]]

    def test_who_submits_with_their_own_login_is_verified(
        self, postfix: Postfix, dovecot: Dovecot, certificates: Certificates, mail_user: str
    ) -> None:
        """A mail between two mailboxes of our server is verified by the login, in the name of that user only."""
        postfix.set_logins([mail_user])
        ours, other = f"{mail_user}@bzk.example", f"other-{mail_user}@bzk.example"
        trust = Trust(AuthenticationMethod.NAMED, AUTHSERV_ID, AUTHSERV_ID, frozenset({"bzk.example"}))
        for count, (author, verdict) in enumerate([(ours, "verified"), (other, "unverified")], 1):
            with smtplib.SMTP(
                "localhost", postfix.submission_port, local_hostname="a.example", timeout=PATIENCE
            ) as client:
                client.starttls(context=certificates.client_context())
                client.login(ours, dovecot.password)
                client.sendmail(author, [ours], mail(author, ours))
            octets = _newest(dovecot, mail_user, count).as_bytes()
            assert judge(read_trace(octets), (Address(author),), trust, lambda domain: domain).value == verdict

    def test_the_part_after_the_plus_is_no_part_of_the_user(
        self, postfix: Postfix, dovecot: Dovecot, mail_user: str
    ) -> None:
        """Mail to user+token@ is delivered to the user and keeps the whole address in Delivered-To."""
        recipient = f"{mail_user}+token@bzk.example"
        postfix.deliver_from_outside(mail("a@b.example", recipient), "a@b.example", recipient)
        assert _newest(dovecot, mail_user, 1)["Delivered-To"] == recipient

    def test_no_relaying_from_outside(self, postfix: Postfix) -> None:
        """The MX accepts mail for our domain only."""
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            postfix.deliver_from_outside(mail("a@b.example", "c@d.example"), "a@b.example", "c@d.example")

    @pytest.mark.parametrize("reply", ["550 5.7.1 nee", "450 4.7.1 later"])
    def test_a_refused_recipient(self, postfix: Postfix, mail_user: str, reply: str) -> None:
        """A recipient in the table gets its reply; after a rewrite of the table the next mail is accepted."""
        recipient = f"{mail_user}@bzk.example"
        postfix.set_recipient_access({recipient: reply})
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            postfix.deliver_from_outside(mail("a@b.example", recipient), "a@b.example", recipient)
        assert refused.value.recipients[recipient][0] == int(reply[:3])
        postfix.set_recipient_access({})
        postfix.deliver_from_outside(mail("a@b.example", recipient), "a@b.example", recipient)

    def test_what_the_platform_refuses_comes_back_as_a_bounce(
        self, postfix: Postfix, dovecot: Dovecot, certificates: Certificates, platform: PlatformServer, mail_user: str
    ) -> None:
        """A 550 from the platform causes a delivery status notification with null return path."""
        sender, recipient = f"{mail_user}@bzk.example", f"{mail_user}@x-platform.example"
        platform.refusals[recipient] = 550
        submit(postfix, certificates, dovecot, sender, recipient)
        bounce = _newest(dovecot, mail_user, 1)
        assert bounce["Return-Path"] == "<>"
        assert bounce.get_content_type() == "multipart/report"
        assert bounce.get_param("report-type") == "delivery-status"
        assert made_here(read_trace(bounce.as_bytes()), ["bzk.example"])

    def test_what_comes_from_outside_was_not_made_here(
        self, postfix: Postfix, dovecot: Dovecot, mail_user: str
    ) -> None:  # fmt: skip
        """A mail with the trace of a report of ours below comes in over SMTP, and Postfix writes from whom."""
        recipient = f"{mail_user}@bzk.example"
        forged = b"Received: by mx.bzk.example (Postfix)\r\n\tid 4XyZ1; Thu, 6 Jun 2024 10:34:00 +0200\r\n"
        postfix.deliver_from_outside(forged + mail("MAILER-DAEMON@mx.bzk.example", recipient), "", recipient)
        assert not made_here(read_trace(_newest(dovecot, mail_user, 1).as_bytes()), ["bzk.example"])

    def test_what_the_platform_puts_off_is_tried_again(
        self, postfix: Postfix, dovecot: Dovecot, certificates: Certificates, platform: PlatformServer, mail_user: str
    ) -> None:
        """A 450 from the platform delays the mail by seconds, not by Postfix's usual minutes."""
        sender, recipient = f"{mail_user}@bzk.example", f"{mail_user}@x-platform.example"
        platform.refusals[recipient] = 450
        submit(postfix, certificates, dovecot, sender, recipient)
        patiently(lambda: f"to=<{recipient}>" in postfix.log() and "status=deferred" in postfix.log(), "it is put off")
        assert platform.received(recipient) == []
        platform.refusals.clear()
        assert platform.wait(1, recipient=recipient)

    def test_a_hang_after_the_final_dot_delivers_all_the_same(
        self, postfix: Postfix, dovecot: Dovecot, mail_user: str
    ) -> None:
        """For a chosen sender the server hangs until the client gives up, but delivers: an uncertain send."""
        sender, recipient, hang = f"hang-{mail_user}@b.example", f"{mail_user}@bzk.example", 5
        postfix.set_hangs({sender: hang})
        client = smtplib.SMTP("localhost", postfix.mx_port, local_hostname="a.example", timeout=PATIENCE)
        for command in ("EHLO a.example", f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA"):
            assert client.docmd(command)[0] < 400
        assert client.sock is not None
        client.sock.settimeout(1)
        client.send(mail(sender, recipient) + b".\r\n")
        with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
            client.getreply()
        assert _newest(dovecot, mail_user, 1)["Return-Path"] == f"<{sender}>"
        delays = rf"to=<{re.escape(recipient)}>.* delays=([\d.]+)/.* status=sent"
        (before_the_queue,) = patiently(lambda: re.findall(delays, postfix.log()), "the delivery is in the log")
        assert float(before_the_queue) >= hang - 1  # that long it was with the server that did not answer

    @pytest.mark.long
    def test_forty_megabytes_pass(
        self, postfix: Postfix, dovecot: Dovecot, platform: PlatformServer, mail_user: str
    ) -> None:
        """A mail of 40 MB passes every server."""
        body = "0123456789" * 7 + "\r\n"
        octets = mail("a@b.example", "c@d.example", body=body * (40_000_000 // len(body)))
        postfix.deliver_from_outside(octets, "a@b.example", f"{mail_user}@bzk.example")
        (kept,) = dovecot.wait_for_messages(mail_user, 1)
        assert kept.endswith(octets)
        with smtplib.SMTP("127.0.0.1", platform.port, local_hostname="a.example", timeout=PATIENCE) as client:
            client.sendmail("a@b.example", ["c@d.example"], octets)
        assert [received.octets for received in platform.received()] == [octets]


class TestPlatformServer:
    """The server that acts for the platforms."""

    def test_it_answers_by_itself(
        self, postfix: Postfix, dovecot: Dovecot, platform: PlatformServer, mail_user: str
    ) -> None:
        """An answer may itself send mail, which arrives from outside."""
        ours = f"{mail_user}@bzk.example"

        def answer(received: ReceivedMail) -> None:
            (theirs,) = received.rcpt_tos
            postfix.deliver_from_outside(mail(theirs, ours), theirs, received.mail_from)

        platform.answer = answer
        _send_directly(platform, ours, "desk@x-platform.example")
        assert _newest(dovecot, mail_user, 1)["From"] == "desk@x-platform.example"

    def test_a_failing_answer_is_told(self, platform: PlatformServer) -> None:
        """An exception in an answer is raised in the test, not only logged."""

        def answer(received: ReceivedMail) -> None:
            raise LookupError(received.mail_from)

        platform.answer = answer
        _send_directly(platform, "a@bzk.example", "b@x-platform.example")
        with pytest.raises(LookupError, match=r"a@bzk\.example"):
            platform.clear()

    def test_waiting_wakes_on_arrival(self, platform: PlatformServer) -> None:
        """wait() returns when the mail has arrived, or reports how many arrived in time."""
        sending = Thread(target=_send_directly, args=(platform, "a@bzk.example", "b@x-platform.example"))
        sending.start()
        assert [received.mail_from for received in platform.wait(1)] == ["a@bzk.example"]
        sending.join()
        with pytest.raises(TimeoutError, match="1 of 2 mails"):
            platform.wait(2, 0.1)

    def test_mail_of_an_earlier_test_is_forgotten(self, platform: PlatformServer, mail_user: str) -> None:
        """Postfix may still have some of a desk that is gone."""
        for user in ("user-0123456789ab", mail_user):
            _send_directly(platform, f"{user}@bzk.example", "b@x-platform.example")
        assert [received.mail_from for received in platform.received()] == [f"{mail_user}@bzk.example"]

    def test_it_comes_back_on_the_same_port(self) -> None:
        """After stop() the port refuses; start() reopens it and keeps the mails."""
        with PlatformServer.running() as server:
            _send_directly(server, "a@bzk.example", "b@x-platform.example")
            server.stop()
            wait_until_refused(server.port)
            server.start()
            _send_directly(server, "a@bzk.example", "b@x-platform.example")
            assert len(server.received()) == 2


class TestPostgres:
    """Databases created on demand."""

    def test_it_answers(self, postgres: Postgres) -> None:
        """SQLAlchemy accepts the URL of a new database."""
        engine = create_engine(postgres.database())
        with engine.connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
        engine.dispose()

    def test_a_copy_holds_what_its_template_held(self, postgres: Postgres) -> None:
        """A database copied from a template has its tables and another URL."""
        template = postgres.database()
        _execute(template, "CREATE TABLE kept (n int)")
        copy = postgres.database(template)
        _execute(copy, "INSERT INTO kept VALUES (1)")
        assert copy != template

    def test_restart_keeps_the_rows(self) -> None:
        """stop() and start() keep the databases."""
        with Postgres.running() as server:
            url = server.database()
            server.stop()
            with pytest.raises(psycopg.OperationalError):
                _execute(url, "SELECT 1")
            server.start()
            _execute(url, "SELECT 1")


class TestPostgresPair:
    """A primary, and a standby that takes over."""

    def test_what_was_committed_is_there_after_each_fail_over(self, postgres_pair: PostgresPair) -> None:
        """The URL finds the primary again, twice: the server that died has come back as a standby in between."""
        url = postgres_pair.database()
        first = postgres_pair.primary
        _execute(url, "CREATE TABLE kept (n int PRIMARY KEY)")
        _execute(url, "INSERT INTO kept VALUES (1)")
        for added in ("INSERT INTO kept VALUES (2)", "INSERT INTO kept VALUES (3)"):
            postgres_pair.fail_over()
            with pytest.raises(psycopg.errors.UniqueViolation):
                _execute(url, "INSERT INTO kept VALUES (1)")
            _execute(url, added)
            postgres_pair.rejoin()
        assert postgres_pair.primary is first
        assert postgres_pair.standby.execute("SELECT pg_is_in_recovery()") == [(True,)]


class TestCertificates:
    """Each wrong certificate has exactly one fault."""

    def test_expired(self, certificates: Certificates) -> None:
        """The expired certificate is refused for its date."""
        with Dovecot.running(certificates.expired()) as server:
            assert "expired" in _refusal(server, certificates)

    def test_wrong_host(self, certificates: Certificates) -> None:
        """The certificate of another host is refused for its name."""
        with Dovecot.running(certificates.wrong_host()) as server:
            assert "Hostname mismatch" in _refusal(server, certificates)


class TestStarting:
    """A server that does not start is reported with its cause."""

    def test_a_failed_start_shows_the_log_and_keeps_it(self, certificates: Certificates, tmp_path: Path) -> None:
        """The error contains Dovecot's own message, and the folder is kept."""
        broken = type(certificates.server)(tmp_path / "missing.pem", tmp_path / "missing.key")
        with pytest.raises(ServerNotStartedError, match=r"missing\.pem") as raised, Dovecot.running(broken):
            pass
        kept = Path(str(raised.value).partition("--- ")[2].partition("\n")[0])
        assert kept.exists()
        run(["rm", "-r", str(kept.parent)], tmp_path / "log")

    def test_a_port_is_held_while_nothing_listens(self) -> None:
        """A server that is down finds its port free again: no other process that tests is given it."""
        (ours,) = free_ports(1)
        asked = f"from tests.servers import ports; ports._PORTS = ({ours}, 0); print(ports.free_ports(1))"
        ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
        assert ran.stdout == "[0]\n"

    def test_a_taken_port_is_recognised(self, certificates: Certificates, dovecot: Dovecot) -> None:
        """Every server reports a taken port as such, so that other ports are tried."""
        taken = dovecot.imap_port
        with server_folder("taken") as folder, pytest.raises(ServerNotStartedError) as by_dovecot:
            Dovecot(folder, certificates.server, "x", taken, *free_ports(3)).start()
        with server_folder("taken") as folder, pytest.raises(ServerNotStartedError) as by_postfix:
            Postfix(folder, certificates.server, dovecot, 1, taken, *free_ports(2)).start()
        with pytest.raises(ServerNotStartedError) as by_platform:
            PlatformServer(taken).start()
        assert [error.value.port_was_taken for error in (by_dovecot, by_postfix, by_platform)] == [True] * 3


def _newest(dovecot: Dovecot, user: str, count: int) -> Message:
    return email.message_from_bytes(dovecot.wait_for_messages(user, count)[-1])


def _send_directly(platform: PlatformServer, sender: str, recipient: str) -> None:
    with smtplib.SMTP("127.0.0.1", platform.port, local_hostname="a.example", timeout=PATIENCE) as client:
        client.sendmail(sender, [recipient], mail(sender, recipient))


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(statement.encode())


def _refusal(server: Dovecot, certificates: Certificates) -> str:
    with pytest.raises(ssl.SSLCertVerificationError) as refused:
        imaplib.IMAP4_SSL("localhost", server.imaps_port, ssl_context=certificates.client_context(), timeout=PATIENCE)
    return refused.value.verify_message

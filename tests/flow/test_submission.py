# SPDX-License-Identifier: EUPL-1.2
"""Submission through a real Postfix: the result states what happened to the message."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from flaggermail.adapters.smtp.submission import SmtpSubmitter, SubmissionAccount, Tls
from flaggermail.mail.compose import Letter, compose
from flaggermail.mail.message import Address
from flaggermail.mail.reply_tokens import OWN_HEADER
from flaggermail.ports import Accepted, Refused, Submission, Unknown
from flaggermail.record.refusals import SmtpStage
from flaggermail.wording.servers import AttemptText, MailboxFailure
from tests.patience import PATIENCE
from tests.servers import OUR_DOMAIN
from tests.servers.certificates import Certificates, ServerCertificate
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix

TOKEN = "0123456789abcdef0123456789abcdef"
BOTH: tuple[Tls, ...] = ("starttls", "implicit")
NIGHT = "Een korte regel.\n.\n..\n.verborgen\n...\n" + "lang " * 400 + "\néén\n"


class SystemClock:
    """The system's clock."""

    def now(self) -> datetime:
        """Returns the present in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class Desk:
    """A user of the desk, the servers around it and an unused address at a platform."""

    user: str
    postfix: Postfix
    dovecot: Dovecot
    platform: PlatformServer
    certificates: Certificates

    @property
    def sender(self) -> str:
        """Returns the desk's address."""
        return f"{self.user}@{OUR_DOMAIN}"

    @property
    def recipient(self) -> str:
        """Returns the platform's address."""
        return f"{self.user}@x-platform.example"

    @property
    def account(self) -> SubmissionAccount:
        """Returns a working account, with STARTTLS and AUTH."""
        return SubmissionAccount(
            host="localhost",
            port=self.postfix.submission_port,
            user=self.sender,
            password=lambda: self.dovecot.password,
            tls="starttls",
            ca_file=self.certificates.ca_file,
            timeout=PATIENCE,
            local_hostname=f"desk.{OUR_DOMAIN}",
        )

    def account_by(self, tls: Tls) -> SubmissionAccount:
        """Returns a working account with STARTTLS or implicit TLS."""
        port = self.postfix.submission_port if tls == "starttls" else self.postfix.submissions_port
        return replace(self.account, tls=tls, port=port)

    def letter(self, body: str = "Goedemorgen.\n") -> bytes:
        """Returns the octets of a letter to the platform."""
        return compose(
            Letter(
                message_id=f"vf.{TOKEN}.1@{OUR_DOMAIN}",
                date=datetime(2024, 6, 6, 10, 34, tzinfo=UTC),
                from_=Address(self.sender, "Verkiezingen flagger"),
                to=(Address(self.recipient),),
                subject="Vóór het sluiten van de stembureaus",
                body=body,
                headers=((OWN_HEADER, TOKEN),),
            )
        )

    def submit(
        self, *recipients: str, octets: bytes = b"", account: SubmissionAccount | None = None
    ) -> list[Submission]:
        """Submits as the outbox does, by default the letter to the platform."""
        submitter = SmtpSubmitter(account or self.account, SystemClock())
        return list(submitter.submit(octets or self.letter(), self.sender, recipients or (self.recipient,)))


@pytest.fixture
def desk(
    mail_user: str, postfix: Postfix, dovecot: Dovecot, platform: PlatformServer, certificates: Certificates
) -> Iterator[Desk]:
    """Returns a desk, and afterwards resets Postfix's refusals and delays."""
    yield Desk(mail_user, postfix, dovecot, platform, certificates)
    postfix.set_recipient_access({})
    postfix.set_hangs({})


class TestAccepted:
    """Mail without a fault."""

    @pytest.mark.parametrize("tls", ["starttls", "implicit"])
    def test_it_arrives_at_the_platform_octet_for_octet(self, desk: Desk, tls: Tls) -> None:
        """Dots, long lines and accents arrive at the platform octet for octet, below Postfix's own fields."""
        octets, before = desk.letter(NIGHT), datetime.now(UTC)
        (result,) = desk.submit(octets=octets, account=desk.account_by(tls))
        assert isinstance(result, Accepted)
        assert result.answer.english.startswith("2.0.0 Ok: queued as ")
        assert before <= result.at <= datetime.now(UTC)
        (received,) = desk.platform.wait(1, recipient=desk.recipient)
        assert received.mail_from == desk.sender
        assert received.octets.endswith(octets)

    def test_it_arrives_in_our_own_mailbox_octet_for_octet(self, desk: Desk) -> None:
        """Lines of dots up to the limit of 998 octets arrive in the desk's mailbox unchanged, through LMTP too."""
        lines = [b"." * length for length in (1, 2, 3, 997, 998)] + [b"x" * 998, b""]
        octets = b"\r\n".join([b"Subject: punten", b"Message-ID: <1@a.example>", b"", *lines])
        (result,) = desk.submit(desk.sender, octets=octets)
        assert isinstance(result, Accepted)
        (stored,) = desk.dovecot.wait_for_messages(desk.user, 1)
        assert stored.partition(b"\r\n\r\n")[2] == octets.partition(b"\r\n\r\n")[2]

    def test_a_bounce_names_our_message(self, desk: Desk) -> None:
        """A bounce carries the envelope identifier and the original recipient (RFC 3461), and no text of the mail."""
        desk.platform.refusals = {desk.recipient: 550}
        (result,) = desk.submit()
        assert isinstance(result, Accepted)
        (report,) = desk.dovecot.wait_for_messages(desk.user, 1)
        assert f"Original-Envelope-Id: vf.{TOKEN}.1@{OUR_DOMAIN}\r\n".encode() in report
        assert f"Original-Recipient: rfc822;{desk.recipient}\r\n".encode() in report
        assert b"Goedemorgen" not in report


class TestRefused:
    """Refusals: nothing was taken, and the result says whether to try again."""

    @pytest.mark.parametrize(
        ("reply", "permanent"), [("550 5.7.1 no such desk", True), ("450 4.7.1 greylisted", False)]
    )
    def test_one_of_two_recipients(
        self,
        desk: Desk,
        reply: str,
        permanent: bool,  # noqa: FBT001 - the expectation
    ) -> None:
        """If one of two recipients is refused, the other gets the mail."""
        refused = f"not-{desk.recipient}"
        desk.postfix.set_recipient_access({refused: reply})
        first, second = desk.submit(refused, desk.recipient)
        assert isinstance(first, Refused)
        assert (first.recipient, first.permanent, first.code) == (refused, permanent, int(reply[:3]))
        assert reply[10:] in first.text.english
        assert isinstance(second, Accepted)
        (received,) = desk.platform.wait(1, recipient=desk.recipient)
        assert received.rcpt_tos == (desk.recipient,)

    def test_the_only_recipient(self, desk: Desk) -> None:
        """A greylisted mail is refused temporarily, and arrives once when tried again."""
        desk.postfix.set_recipient_access({desk.recipient: "450 4.7.1 greylisted"})
        (first,) = desk.submit()
        assert isinstance(first, Refused)
        assert (first.permanent, first.code) == (False, 450)
        desk.postfix.set_recipient_access({})
        (second,) = desk.submit()
        assert isinstance(second, Accepted)
        desk.platform.wait(1, recipient=desk.recipient)
        assert len(desk.platform.received(desk.recipient)) == 1

    @pytest.mark.parametrize("tls", ["starttls", "implicit"])
    def test_a_wrong_password(self, desk: Desk, tls: Tls) -> None:
        """A wrong password is a temporary refusal, and no text shows it."""
        wrong = replace(desk.account_by(tls), password=lambda: "geheim-maar-fout")
        (result,) = desk.submit(account=wrong)
        assert result == Refused(
            desk.recipient,
            permanent=False,
            code=535,
            text=AttemptText.HINTED(
                what=AttemptText.LOGIN_DENIED(),
                hint=MailboxFailure.CREDENTIALS(server="submission", file="its credential"),
            ),
            stage=SmtpStage.SESSION,
        )

    def test_no_login_at_all(self, desk: Desk) -> None:
        """Without a login Postfix refuses the mail, and the result quotes its words."""
        (result,) = desk.submit(account=replace(desk.account, user=None, password=None))
        assert isinstance(result, Refused)
        assert result.code == 554
        assert "Access denied" in result.text.english

    @pytest.mark.parametrize(
        ("certificate", "words"),
        [
            (Certificates.expired, "certificate has expired"),
            (Certificates.wrong_host, "certificate is not valid for 'localhost'"),
        ],
    )
    def test_a_certificate_that_does_not_fit(
        self, desk: Desk, certificate: Callable[[Certificates], ServerCertificate], words: str
    ) -> None:
        """Nothing is sent to a server with a bad certificate, by STARTTLS or implicit TLS."""
        shown = certificate(desk.certificates)
        with Postfix.running(shown, desk.dovecot, desk.platform.port) as postfix:
            there = replace(desk, postfix=postfix)
            results = [result for tls in BOTH for result in there.submit(account=there.account_by(tls))]
            log = postfix.log()
        for result in results:
            assert isinstance(result, Refused)
            assert (result.permanent, result.code) == (False, 0)
            assert words in result.text.english
        assert "sasl_username" not in log
        assert not desk.platform.received(desk.recipient)

    def test_a_server_that_is_down(self, desk: Desk) -> None:
        """A server that is down is a temporary refusal. After its restart the same octets are sent."""
        with Postfix.running(desk.certificates.server, desk.dovecot, desk.platform.port) as postfix:
            there = replace(desk, postfix=postfix)
            postfix.stop()
            (down,) = there.submit()
            assert isinstance(down, Refused)
            assert (down.permanent, down.code) == (False, 0)
            postfix.start()
            (again,) = there.submit()
            assert isinstance(again, Accepted)
            desk.platform.wait(1, recipient=desk.recipient)


class TestUnknown:
    """The server has the message and does not say so."""

    def test_a_hang_after_the_final_dot(self, desk: Desk) -> None:
        """A server that hangs after the final dot leaves the result unknown, although the mail is delivered."""
        desk.postfix.set_hangs({desk.sender: 10})
        (result,) = desk.submit(account=replace(desk.account, timeout=5))
        assert result == Unknown(desk.recipient, AttemptText.NO_REPLY(what=AttemptText.SILENT(seconds="5")))
        (received,) = desk.platform.wait(1, recipient=desk.recipient)
        assert received.octets.endswith(desk.letter())

# SPDX-License-Identifier: EUPL-1.2
"""Whatever a submission server does, the result tells how far the message went; a refused one is safe to resend."""

import base64
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict, Unpack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaggermail.adapters.smtp.submission import SmtpSubmitter, SubmissionAccount, Tls
from flaggermail.adapters.system.machine import MachineHealthProbe
from flaggermail.errors import ConfigurationError
from flaggermail.ports import Accepted, Refused, Submission, Unknown
from flaggermail.record.refusals import SmtpStage
from flaggermail.wording.servers import AttemptText
from tests.corpus import each
from tests.doubles.scripted_smtp import Fault, Reply, ScriptedSmtp
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates

NOW = datetime(2024, 6, 6, 8, 34, tzinfo=UTC)
SENDER, ONE, TWO = "desk@desk.example", "one@platform.example", "two@platform.example"
OCTETS = b"Message-ID: <vf.1+2=3@desk.example>\r\nSubject: proef\r\n\r\nGoedemorgen.\r\n"
SECRET = "geheim-wachtwoord"
TAKEN = AttemptText.SAYS(words="2.0.0 queued as 4711")
REFUSED = {
    "sender": AttemptText.SENDER_REFUSED,
    "recipient": AttemptText.RECIPIENT_REFUSED,
    "message": AttemptText.MESSAGE_REFUSED,
}


@dataclass
class SteppingClock:
    """A clock that advances by one second each time it is read."""

    times: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        """Returns the next instant."""
        self.times.append(NOW + timedelta(seconds=len(self.times)))
        return self.times[-1]


class Changes(TypedDict, total=False):
    """The account settings that a test changes."""

    host: str
    user: str | None
    password: Callable[[], str] | None
    tls: Tls
    ca_file: Path | None
    timeout: float
    presented: Callable[[str, object], None]


def account(port: int, **changes: Unpack[Changes]) -> SubmissionAccount:
    """Builds an account in clear text on this machine, without login."""
    plain = SubmissionAccount(
        host="127.0.0.1", port=port, user=None, password=None, tls="none", ca_file=None, timeout=PATIENCE,
        local_hostname="desk.example",
    )  # fmt: skip
    return replace(plain, **changes)


def submit(
    server: ScriptedSmtp,
    *recipients: str,
    octets: bytes = OCTETS,
    sender: str = SENDER,
    witness: str = "",
    changes: Changes | None = None,
) -> list[Submission]:
    """Submits through a server that runs for this one message."""
    with server.running():
        submitter = SmtpSubmitter(account(server.port, **(changes or {})), SteppingClock())
        return list(submitter.submit(octets, sender, recipients or (ONE,), witness))


def login(certificates: Certificates, **changes: Unpack[Changes]) -> Changes:
    """Builds the changes for an account with STARTTLS and login."""
    usual: Changes = {
        "tls": "starttls",
        "ca_file": certificates.ca_file,
        "user": "desk",
        "password": lambda: SECRET,
    }
    return {**usual, **changes}


def starttls(certificates: Certificates, **replies: Reply) -> ScriptedSmtp:
    """Builds a server that offers STARTTLS, then login."""
    return ScriptedSmtp(replies, offers=("STARTTLS",), tls=certificates.server.server_context())


class TestAccepted:
    """The server accepted the message."""

    def test_the_instant_is_that_of_the_reply_to_the_final_dot(self) -> None:
        """The clock is read once, when the 250 arrives; the server's words, with its queue id, are kept."""
        assert submit(ScriptedSmtp()) == [Accepted(ONE, NOW, TAKEN)]

    def test_each_recipient_has_a_result_in_the_order_asked(self) -> None:
        """Only accepted recipients get the message: one DATA, three results."""
        server = ScriptedSmtp({f"RCPT {TWO}": "550 5.1.1 unknown"})
        results = submit(server, TWO, ONE, "three@platform.example")
        assert results == [
            Refused(TWO, permanent=True, code=550, text=AttemptText.RECIPIENT_REFUSED(words="5.1.1 unknown")),
            Accepted(ONE, NOW, TAKEN),
            Accepted("three@platform.example", NOW, TAKEN),
        ]
        assert server.verbs() == ["EHLO", "MAIL", "RCPT", "RCPT", "RCPT", "DATA", "QUIT"]

    def test_a_recipient_named_twice_gets_it_once(self) -> None:
        """A recipient named twice gets two results but one RCPT."""
        server = ScriptedSmtp()
        assert submit(server, ONE, ONE) == [Accepted(ONE, NOW, TAKEN)] * 2
        assert server.verbs().count("RCPT") == 1

    def test_the_name_under_which_it_left_is_told(self) -> None:
        """Exchange names its Message-ID in the reply to the final dot; it comes with the result beside the words."""
        name = "CH2PR14MB4005@CH2PR14MB4005.namprd14.prod.mailcloud.example"
        words = f"2.0.0 OK <{name}> [Hostname=CH2PR14MB4005.namprd14.prod.mailcloud.example]"
        assert submit(ScriptedSmtp({".": f"250 {words}"})) == [
            Accepted(ONE, NOW, AttemptText.SAYS(words=words), message_id=name)
        ]

    def test_nobody_to_send_to_needs_no_connection(self) -> None:
        """Without recipients there are no results and no connection."""
        assert SmtpSubmitter(account(1), SteppingClock()).submit(OCTETS, SENDER, []) == []

    @pytest.mark.parametrize("fault", [Fault.HANG, Fault.DROP, "500 5.5.2 what"])
    def test_what_happens_after_the_reply_changes_nothing(self, fault: Reply) -> None:
        """A server that hangs or closes at QUIT has accepted the message nevertheless."""
        assert submit(ScriptedSmtp({"QUIT": fault}), changes={"timeout": 0.2}) == [Accepted(ONE, NOW, TAKEN)]

    def test_an_empty_sender_is_the_null_path(self) -> None:
        """An empty sender is sent as MAIL FROM:<> (RFC 5321, section 4.5.5), without a request for reports."""
        server = ScriptedSmtp(offers=("DSN",))
        submit(server, sender="")
        assert "MAIL FROM:<>" in server.commands


class TestOctetsOnTheWire:
    """The frozen octets are what is sent."""

    @settings(max_examples=60)
    @given(st.lists(st.binary(max_size=40).map(lambda line: line.translate(None, b"\r\n")), min_size=1, max_size=12))
    def test_undoubling_the_dots_gives_the_frozen_octets(self, lines: list[bytes]) -> None:
        """Dot-stuffing (RFC 5321, section 4.5.2) is reversible for lines of any octets, even lines of dots only."""
        octets = b"".join(
            line + b"\r\n" for line in [b"S: x", b"", b".", b"..", *lines, *[b"." + line for line in lines]]
        )
        server = ScriptedSmtp(offers=("8BITMIME", "SMTPUTF8"))
        assert isinstance(submit(server, octets=octets)[0], Accepted)
        (wire,) = server.wire
        assert wire.endswith(b"\r\n.\r\n")
        received = [line.removeprefix(b".") for line in wire.removesuffix(b".\r\n").split(b"\r\n")]
        assert b"\r\n".join(received) == octets

    def test_a_large_message_arrives_whole(self) -> None:
        """With more than the system takes at once, the final dot waits until the rest was sent."""
        octets = b"Subject: groot\r\n\r\n" + (b".".ljust(900, b"x") + b"\r\n") * 15_000
        server = ScriptedSmtp()
        assert isinstance(submit(server, octets=octets, changes={"timeout": 30})[0], Accepted)
        assert server.wire == [octets.replace(b"\r\n.", b"\r\n..") + b".\r\n"]

    @pytest.mark.parametrize("octets", [b"a\nb\r\n", b"a\rb\r\n", b"a", b"", b"x" * 999 + b"\r\n"])
    def test_octets_unfit_for_smtp_never_reach_the_network(self, octets: bytes) -> None:
        """The message is refused permanently, without a connection: there is no server at port 1."""
        (result,) = SmtpSubmitter(account(1), SteppingClock()).submit(octets, SENDER, [ONE])
        assert isinstance(result, Refused)
        assert (result.permanent, result.code) == (True, 0)
        assert result.text.english.startswith("the message is not fit for SMTP: ")

    @each(
        "address",
        ["", "a", "a b@c.example", "<a@b.example>", "a@b.example\r\nDATA", "a@b.example> NOTIFY=NEVER", "a@b@c"],
    )
    def test_an_address_cannot_write_commands(self, address: str) -> None:
        """An invalid address is refused permanently; the others get the message."""
        server = ScriptedSmtp()
        bad, good = submit(server, address, ONE)
        assert isinstance(bad, Refused)
        assert (bad.permanent, bad.code) == (True, 0)
        assert isinstance(good, Accepted)
        assert server.verbs() == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
        if address:
            (result,) = submit(server, sender=address)
            assert isinstance(result, Refused)
            assert result.permanent


class TestWitness:
    """A blind copy to ourselves in the same transaction proves that the message was sent."""

    def test_the_copy_travels_with_the_message(self) -> None:
        """The copy follows the recipient, without its own result or report; the recipient's options are unchanged."""
        server = ScriptedSmtp(offers=("DSN",))
        (result,) = submit(server, witness=SENDER)
        assert isinstance(result, Accepted)
        assert server.verbs() == ["EHLO", "MAIL", "RCPT", "RCPT", "DATA", "QUIT"]
        assert server.commands[2].startswith(f"RCPT TO:<{ONE}> NOTIFY=FAILURE,DELAY")
        assert server.commands[3] == f"RCPT TO:<{SENDER}> NOTIFY=NEVER"
        assert len(server.wire) == 1

    def test_no_copy_without_the_recipient(self) -> None:
        """A copy that arrived alone would prove a sending that never happened."""
        server = ScriptedSmtp({f"RCPT {ONE}": "450 4.7.1 greylisted"})
        (result,) = submit(server, witness=SENDER)
        assert isinstance(result, Refused)
        assert server.verbs() == ["EHLO", "MAIL", "RCPT", "QUIT"]

    def test_a_refused_copy_keeps_nothing_back(self) -> None:
        """The message is sent without its copy."""
        server = ScriptedSmtp({f"RCPT {SENDER}": "550 5.1.1 no"})
        (result,) = submit(server, witness=SENDER)
        assert isinstance(result, Accepted)
        assert len(server.wire) == 1


class TestLine:
    """Whether a refusal concerns this message or the connection."""

    @each(
        ("replies", "line"),
        [
            ({"greeting": Fault.DROP}, True),
            ({"greeting": "421 4.3.2 closing"}, True),
            ({"MAIL": "421 4.3.2 closing"}, True),
            ({"RCPT": "421 4.3.2 closing"}, False),
            ({".": "421 4.7.0 not this text"}, False),
            ({"MAIL": "451 4.3.0 not now"}, False),
            ({"RCPT": "450 4.7.1 greylisted"}, False),
            ({"DATA": Fault.DROP}, False),
            ({".": "451 4.3.0 not now"}, False),
        ],
    )
    def test_what_it_is_about(self, replies: Mapping[str, Reply], line: bool) -> None:  # noqa: FBT001 - the expectation
        """A server that closes before a recipient concerns the connection; later it may concern that message."""
        (result,) = submit(ScriptedSmtp(replies))
        assert isinstance(result, Refused)
        assert (result.permanent, result.stage is SmtpStage.CONNECTION) == (False, line)


class TestExtensions:
    """Extensions are used only if offered and needed."""

    def test_a_report_is_asked_for_one_recipient(self) -> None:
        """RFC 3461: headers only, our Message-ID in xtext as envelope identifier, the recipient as we know it."""
        server = ScriptedSmtp(offers=("DSN", "8BITMIME", "SMTPUTF8"))
        submit(server, "a+b@platform.example")
        assert f"MAIL FROM:<{SENDER}> RET=HDRS ENVID=vf.1+2B2+3D3@desk.example" in server.commands
        expected = "RCPT TO:<a+b@platform.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2Bb@platform.example"
        assert expected in server.commands

    @pytest.mark.parametrize(("offers", "recipients"), [((), (ONE,)), (("DSN",), (ONE, TWO))])
    def test_else_no_report(self, offers: tuple[str, ...], recipients: tuple[str, ...]) -> None:
        """No report is requested without the offer, or for several recipients, who would all get the same ORCPT."""
        server = ScriptedSmtp(offers=offers)
        submit(server, *recipients)
        assert f"MAIL FROM:<{SENDER}>" in server.commands
        assert f"RCPT TO:<{ONE}>" in server.commands

    def test_a_message_without_a_usable_message_id_has_no_envelope_identifier(self) -> None:
        """ENVID is at most 100 characters long (RFC 3461, section 4.4)."""
        server = ScriptedSmtp(offers=("DSN",))
        submit(server, octets=b"Message-ID: <" + b"x" * 99 + b"@b>\r\n\r\n\r\n")
        assert f"MAIL FROM:<{SENDER}> RET=HDRS" in server.commands

    @pytest.mark.parametrize(
        ("octets", "recipient", "options"),
        [
            ("S: x\r\n\r\né\r\n".encode(), ONE, " BODY=8BITMIME"),
            ("S: é\r\n\r\nx\r\n".encode(), ONE, " SMTPUTF8 BODY=8BITMIME"),
            (OCTETS, "é@platform.example", " SMTPUTF8"),
        ],
    )
    def test_eight_bits_need_the_servers_offer(self, octets: bytes, recipient: str, options: str) -> None:
        """They are declared if offered; otherwise the message is refused permanently and DATA never sent."""
        able, unable = ScriptedSmtp(offers=("8BITMIME", "SMTPUTF8")), ScriptedSmtp()
        assert isinstance(submit(able, recipient, octets=octets)[0], Accepted)
        assert f"MAIL FROM:<{SENDER}>{options}" in able.commands
        assert f"RCPT TO:<{recipient}>" in able.commands
        (result,) = submit(unable, recipient, octets=octets)
        assert isinstance(result, Refused)
        assert (result.permanent, result.code) == (True, 0)
        assert "which the server does not offer" in result.text.english
        assert unable.verbs() == ["EHLO", "QUIT"]


class TestRefused:
    """The server certainly does not have the message."""

    @each(
        ("step", "said"),
        [("MAIL", "sender"), ("RCPT", "recipient"), ("DATA", "message"), (".", "message")],
    )
    @each(("reply", "permanent"), [("550 5.7.1 no", True), ("450 4.7.1 later", False)])
    def test_a_reply_to_the_message_is_for_good_or_for_now(
        self,
        step: str,
        said: str,
        reply: str,
        permanent: bool,  # noqa: FBT001 - the expectation
    ) -> None:
        """A 5yz or 4yz reply at each step is kept with code and text; DATA follows only an accepted recipient."""
        server = ScriptedSmtp({step: reply})
        assert submit(server) == [
            Refused(
                ONE,
                permanent=permanent,
                code=int(reply[:3]),
                text=REFUSED[said](words=reply[4:]),
                stage=SmtpStage(said),
            )
        ]
        assert ("DATA" in server.verbs()) == (step in {"DATA", "."})
        assert server.verbs()[-1] == "QUIT"

    def test_all_recipients_share_a_refusal_at_the_dot(self) -> None:
        """A recipient that was refused before keeps its own reason."""
        server = ScriptedSmtp({f"RCPT {TWO}": "450 4.7.1 greylisted", ".": "552 5.2.3 too big"})
        assert submit(server, ONE, TWO) == [
            Refused(
                ONE,
                permanent=True,
                code=552,
                text=AttemptText.MESSAGE_REFUSED(words="5.2.3 too big"),
                stage=SmtpStage.MESSAGE,
            ),
            Refused(TWO, permanent=False, code=450, text=AttemptText.RECIPIENT_REFUSED(words="4.7.1 greylisted")),
        ]

    @each("step", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
    @each("fault", [Fault.DROP, Fault.HANG])
    def test_a_lost_line_before_the_message_is_for_now(self, step: str, fault: Fault) -> None:
        """The refusal is temporary, with code 0, as no reply came, and a text that says what happened."""
        (result,) = submit(ScriptedSmtp({step: fault}), changes={"timeout": 0.3})
        assert isinstance(result, Refused)
        assert (result.permanent, result.code) == (False, 0)
        assert result.text

    def test_a_line_that_breaks_within_the_message_is_for_now(self) -> None:
        """The final dot was never sent, so the server cannot have accepted it (RFC 5321, section 4.1.1.4)."""
        octets = b"Subject: groot\r\n\r\n" + (b"x" * 900 + b"\r\n") * 30_000
        (result,) = submit(ScriptedSmtp({"DATA": Fault.DROP_WITHIN}), octets=octets)
        assert result == Refused(ONE, permanent=False, code=0, text=AttemptText.ENDED(), stage=SmtpStage.MESSAGE)

    def test_a_server_that_says_no_to_everybody_is_for_now(self) -> None:
        """A 554 greeting concerns the server's state, not this message, so the refusal is temporary."""
        (result,) = submit(ScriptedSmtp({"greeting": "554 5.3.2 closed"}))
        assert result == Refused(
            ONE, permanent=False, code=554, text=AttemptText.SAYS(words="5.3.2 closed"), stage=SmtpStage.SESSION
        )

    def test_a_server_that_goes_while_we_name_recipients(self) -> None:
        """A 421 ends the session: no recipient is accepted, not even one named before."""
        server = ScriptedSmtp({f"RCPT {TWO}": "421 4.3.2 going down"})
        results = submit(server, ONE, TWO)
        assert [isinstance(result, Refused) and not result.permanent for result in results] == [True, True]
        assert server.wire == []

    @pytest.mark.parametrize("looks", [1, 2])
    def test_a_process_whose_lease_is_over_sends_nothing(self, looks: int) -> None:
        """It was stopped before DATA, or within the text: the server gets no end of it, and the refusal is for now."""
        answers = iter([True] * (looks - 1) + [False] * 2)
        server = ScriptedSmtp()
        with server.running():
            submitter = SmtpSubmitter(account(server.port), SteppingClock(), lambda: next(answers))
            (result,) = submitter.submit(OCTETS, SENDER, [ONE])
        assert isinstance(result, Refused)
        assert (result.permanent, result.text.code) == (False, "delivery: lease over")
        assert not any(text.endswith(b"\r\n.\r\n") for text in server.wire)
        assert ("DATA" in server.verbs()) == (looks > 1)

    def test_no_server_at_all(self) -> None:
        """A refused connection names host and port."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
            (result,) = SmtpSubmitter(account(port), SteppingClock()).submit(OCTETS, SENDER, [ONE])
        assert isinstance(result, Refused)
        assert (result.permanent, result.code) == (False, 0)
        assert f"127.0.0.1 on port {port}" in result.text.english

    def test_words_are_one_printable_line(self) -> None:
        """Replies with several lines, escape sequences or broken UTF-8 do not reach a log or a terminal."""
        (result,) = submit(ScriptedSmtp({"MAIL": "550-no\x1b[2J\r\n550 never \udcff"}))
        assert isinstance(result, Refused)
        assert result.text.english == "sender refused: no?[2J never ?"

    def test_nonsense_is_for_now(self) -> None:
        """A malformed reply is a temporary refusal."""
        (result,) = submit(ScriptedSmtp({"RCPT": "hello there"}))
        assert isinstance(result, Refused)
        assert (result.permanent, result.code) == (False, 0)


class TestUnknown:
    """After the final dot only a reply decides."""

    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            (Fault.HANG, "no answer within 0.3 s"),
            (Fault.DROP, "the server ended the connection"),
            ("hello there", "Malformed"),
            ("354 go on", "reply 354"),
        ],
    )
    def test_no_clear_reply_to_the_dot(self, reply: Reply, words: str) -> None:
        """The server has the whole message and may keep it; refused recipients are certain nevertheless."""
        server = ScriptedSmtp({".": reply, f"RCPT {TWO}": "550 5.1.1 unknown"})
        first, second = submit(server, ONE, TWO, changes={"timeout": 0.3})
        assert isinstance(first, Unknown)
        assert first.recipient == ONE
        assert words in first.text.english
        assert isinstance(second, Refused)
        assert second.permanent
        assert server.wire == [OCTETS + b".\r\n"]


class TestTls:
    """Nothing is sent in clear text over a network, or to another host."""

    @pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "CRAM-MD5 PLAIN"])
    def test_starttls_and_login(self, certificates: Certificates, mechanisms: str) -> None:
        """EHLO is repeated inside TLS (RFC 3207, section 4.2), then one AUTH, then the message."""
        server = replace(starttls(certificates), offers_in_tls=(f"AUTH {mechanisms}",))
        assert submit(server, changes=login(certificates)) == [Accepted(ONE, NOW, TAKEN)]
        assert server.verbs() == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
        assert base64.b64decode(server.commands[3].split()[2]) == f"\0desk\0{SECRET}".encode()

    def test_implicit_tls(self, certificates: Certificates) -> None:
        """TLS starts with the first octet (RFC 8314, section 3.3)."""
        server = ScriptedSmtp(tls=certificates.server.server_context(), implicit_tls=True)
        assert submit(server, changes=login(certificates, tls="implicit")) == [Accepted(ONE, NOW, TAKEN)]
        assert server.verbs() == ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]

    @pytest.mark.parametrize("mode", ["implicit", "starttls", "none"])
    def test_the_end_of_the_certificate_is_known(self, certificates: Certificates, mode: Tls) -> None:
        """The expiry is read from the session that sent the message; in clear text there is none."""
        ends, health_probe = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC), MachineHealthProbe({})
        context = certificates.ending(ends).server_context() if mode != "none" else None
        server = ScriptedSmtp(offers=("STARTTLS",), tls=context, implicit_tls=mode == "implicit")
        changes = login(certificates, tls=mode, presented=health_probe.presented)
        submit(server, changes={"presented": health_probe.presented} if mode == "none" else changes)
        assert health_probe.certificates() == ({} if mode == "none" else {"submission": ends})

    def test_no_starttls_offered(self, certificates: Certificates) -> None:
        """If an attacker removes the offer of STARTTLS, neither password nor message is sent."""
        server = replace(starttls(certificates), offers=("AUTH PLAIN",))
        (result,) = submit(server, changes=login(certificates))
        assert result == Refused(
            ONE,
            permanent=False,
            code=0,
            text=AttemptText.NO_STARTTLS(),
            stage=SmtpStage.SESSION,
        )
        assert server.verbs() == ["EHLO", "QUIT"]

    @pytest.mark.parametrize("reply", ["454 4.7.0 not now", "501 5.5.4 no"])
    def test_starttls_refused(self, certificates: Certificates, reply: str) -> None:
        """Any refusal of STARTTLS is temporary, since it says nothing about the message."""
        server = starttls(certificates, STARTTLS=reply)
        (result,) = submit(server, changes=login(certificates))
        assert result == Refused(
            ONE, permanent=False, code=int(reply[:3]), text=AttemptText.SAYS(words=reply[4:]), stage=SmtpStage.SESSION
        )
        assert server.verbs() == ["EHLO", "STARTTLS", "QUIT"]

    @pytest.mark.parametrize("injected", ["250 ok", "250-submission.example\r\n250 AUTH PLAIN", "x"])
    def test_octets_injected_before_tls_end_the_connection(self, certificates: Certificates, injected: str) -> None:
        """CVE-2011-0411: an attacker answers before the server, so the connection ends before TLS begins."""
        server = starttls(certificates, STARTTLS=f"220 go ahead\r\n{injected}")
        (result,) = submit(server, changes=login(certificates))
        assert result == Refused(
            ONE, permanent=False, code=0, text=AttemptText.UNASKED(),
            stage=SmtpStage.SESSION,
        )  # fmt: skip
        assert server.verbs() == ["EHLO", "STARTTLS"]

    def test_clear_text_in_place_of_tls(self, certificates: Certificates) -> None:
        """A server that continues in clear text after its 220 gets no message."""
        server = replace(starttls(certificates), tls=None)
        (result,) = submit(server, changes=login(certificates, timeout=0.5))
        assert isinstance(result, Refused)
        assert (result.permanent, result.code) == (False, 0)
        assert server.wire == []

    @pytest.mark.parametrize("mode", ["implicit", "starttls"])
    @pytest.mark.parametrize(
        ("which", "words"), [("expired", "certificate has expired"), ("wrong_host", "not valid for '127.0.0.1'")]
    )
    def test_a_certificate_that_does_not_fit(
        self, certificates: Certificates, mode: Tls, which: str, words: str
    ) -> None:
        """The refusal is temporary and names the reason, and no password is sent."""
        shown = certificates.expired() if which == "expired" else certificates.wrong_host()
        server = ScriptedSmtp(offers=("STARTTLS",), tls=shown.server_context(), implicit_tls=mode == "implicit")
        (result,) = submit(server, changes=login(certificates, tls=mode))
        assert isinstance(result, Refused)
        assert (result.permanent, result.code) == (False, 0)
        assert words in result.text.english
        assert "AUTH" not in server.verbs()

    def test_an_unknown_authority(self, certificates: Certificates) -> None:
        """Without ca_file the system's authorities decide, and none of them knows this server."""
        server = starttls(certificates)
        (result,) = submit(server, changes=login(certificates, ca_file=None))
        assert isinstance(result, Refused)
        assert "the server's certificate is not accepted: " in result.text.english

    def test_tls_below_1_2(self, certificates: Certificates) -> None:
        """RFC 8997 forbids TLS below 1.2 for mail."""
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            (result,) = submit(old_tls(certificates), changes=login(certificates))
        assert isinstance(result, Refused)
        assert result.text.english.startswith("TLS failed: ")


def old_tls(certificates: Certificates) -> ScriptedSmtp:
    """Builds a server that supports TLS 1.1 at most."""
    context = certificates.server.server_context()
    context.minimum_version = context.minimum_version.MINIMUM_SUPPORTED
    context.maximum_version = context.maximum_version.TLSv1_1
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    return ScriptedSmtp(offers=("STARTTLS",), tls=context)


class TestAuthentication:
    """A wrong password is our fault, not the message's, so the refusal is temporary."""

    @pytest.mark.parametrize(
        ("code", "stage"),
        [
            (535, SmtpStage.SESSION),
            (534, SmtpStage.SESSION),
            (454, SmtpStage.SESSION),
            (421, SmtpStage.CONNECTION),
        ],
    )
    def test_refused_credentials(self, certificates: Certificates, code: int, stage: SmtpStage) -> None:
        """The code is kept, AUTH is tried once, and the message is not sent."""
        server = starttls(certificates, AUTH=f"{code} 5.7.8 no")
        (result,) = submit(server, changes=login(certificates))
        assert result == Refused(
            ONE, permanent=False, code=code, text=AttemptText.LOGIN_REFUSED(file="its credential"), stage=stage
        )
        assert server.verbs().count("AUTH") == 1
        assert "MAIL" not in server.verbs()

    @pytest.mark.parametrize("form", ["535 5.7.8 {} is wrong", "{} is wrong"])
    def test_a_server_that_repeats_the_secret(self, certificates: Certificates, form: str) -> None:
        """Neither the password nor its encoded form appears in a text that is stored and logged."""
        encoded = base64.b64encode(f"\0desk\0{SECRET}".encode()).decode()
        server = starttls(certificates, AUTH=form.format(f"AUTH PLAIN {encoded} {SECRET}"))
        (result,) = submit(server, changes=login(certificates))
        assert isinstance(result, Refused)
        assert result.text == AttemptText.LOGIN_REFUSED(file="its credential")

    def test_no_mechanism_in_common(self, certificates: Certificates) -> None:
        """Only PLAIN and LOGIN are used, inside TLS; without either the message is not sent."""
        server = replace(starttls(certificates), offers_in_tls=("AUTH CRAM-MD5",))
        (result,) = submit(server, changes=login(certificates))
        assert isinstance(result, Refused)
        assert (result.permanent, result.code) == (False, 0)
        assert server.verbs() == ["EHLO", "STARTTLS", "EHLO", "QUIT"]

    @pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
    def test_authentication_demanded_later(self, step: str) -> None:
        """A 530 at any step concerns us, not the message (RFC 4954, section 6)."""
        (result,) = submit(ScriptedSmtp({step: "530 5.7.0 authentication required"}))
        assert isinstance(result, Refused)
        assert (result.permanent, result.code) == (False, 530)

    def test_a_password_that_cannot_be_read(self, certificates: Certificates, tmp_path: Path) -> None:
        """The text contains the file's name, never its content."""
        missing = tmp_path / "password"
        (result,) = submit(starttls(certificates), changes=login(certificates, password=missing.read_text))
        assert isinstance(result, Refused)
        assert (result.permanent, result.code) == (False, 0)
        assert str(missing) in result.text.english

    def test_the_account_hides_its_password(self, certificates: Certificates) -> None:
        """The representation does not contain the password."""
        assert "password" not in repr(account(1, **login(certificates)))


class TestConfiguration:
    """An unsafe account prevents the start."""

    @pytest.mark.parametrize("host", ["mail.example", "192.0.2.1", "::", "0.0.0.0"])  # noqa: S104 - not bound to
    def test_clear_text_over_a_network(self, host: str) -> None:
        """`tls: none` is only for a server on this machine."""
        with pytest.raises(ConfigurationError, match="on this machine"):
            SmtpSubmitter(account(25, host=host), SteppingClock())

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
    def test_clear_text_on_this_machine(self, host: str) -> None:
        """The demo and a local relay use clear text."""
        SmtpSubmitter(account(25, host=host), SteppingClock())

    def test_half_a_login(self, certificates: Certificates) -> None:
        """A user without a password, or the reverse, is refused."""
        halves: tuple[Changes, ...] = (login(certificates, user=None), login(certificates, password=None))
        for half in halves:
            with pytest.raises(ConfigurationError, match="belong together"):
                SmtpSubmitter(account(25, **half), SteppingClock())

    def test_authorities_that_cannot_be_read(self, tmp_path: Path) -> None:
        """The error names the file."""
        missing = tmp_path / "ca.pem"
        with pytest.raises(ConfigurationError, match=str(missing)):
            SmtpSubmitter(account(25, tls="implicit", ca_file=missing), SteppingClock())

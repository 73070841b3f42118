# SPDX-License-Identifier: EUPL-1.2
"""A server that drips is broken off: each whole answer has one deadline, and nothing stays held afterwards.

Each server here sends an octet, or a line, many times within the time limit, so that no single read is ever late.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from flaggermail.adapters.dns.resolver import DnsResolver
from flaggermail.adapters.imap.link import Tls
from flaggermail.adapters.imap.mailbox import ImapMailbox
from flaggermail.adapters.imap.probe import ImapProbe
from flaggermail.adapters.oauth.endpoint import Granted, SecretFiles, TokenLine, fetch_token
from flaggermail.adapters.oauth.tokens import KeptRefreshTokens, RenewingTokens
from flaggermail.adapters.pagers.apprise_pager import ApprisePager
from flaggermail.adapters.smtp.submission import SmtpSubmitter
from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.adapters.system.heartbeat import HttpHeartbeat
from flaggermail.adapters.web import SLOWEST, Deadline, connect, in_time
from flaggermail.errors import LinkLost
from flaggermail.ports import Refused, Unknown
from flaggermail.settings.oauth_section import OAuth2Settings
from tests.contract import test_smtp as smtp
from tests.contract.imap_account import account, given, mailbox_on
from tests.doubles.dripping import AT_MOST, DrippingServer
from tests.doubles.scripted_imap import LISTED, Line, Script, ScriptedImap
from tests.doubles.scripted_smtp import Fault, ScriptedSmtp
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates

SECONDS = 1.2  # for an answer
SOON = AT_MOST / 2  # seconds: half of what the servers here go on for
TLS_RECORD = b"\x16\x03\x03\x40\x00"  # the head of a handshake record of 16,384 octets (RFC 8446, section 5.1)
HTTP = b"HTTP/1.1 200 OK\r\n"
OF_A_LIBRARY = pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")


@contextmanager
def broken_off() -> Iterator[None]:
    """What is done within ends soon."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON


# ---------------------------------------------------------------- the mailbox


def _greeted(rest: Script) -> Script:
    def script(line: Line) -> None:
        line.greet()
        rest(line)

    return script


def _logged_in(rest: Script) -> Script:
    def script(line: Line) -> None:
        line.log_in()
        rest(line)

    return script


def _then(*steps: Script) -> Script:
    def script(line: Line) -> None:
        for step in steps:
            step(line)

    return script


def _answer(words: str, *lines: str, piece: str = "x") -> Script:
    """Answers a command with these lines, and then drips."""

    def rest(line: Line) -> None:
        line.expect(words)
        line.say(*lines)
        line.drip(piece)

    return rest


OPENING: dict[str, Script] = {
    "a greeting": lambda line: line.drip(),
    "a greeting line by line": lambda line: line.drip("* OK wait\r\n"),
    "a login": _greeted(_answer("LOGIN")),
    "a login line by line": _greeted(_answer("LOGIN", piece="* OK wait\r\n")),
    "a list": _logged_in(_answer("LIST", '* LIST () "/" INBOX', piece="* ")),
    "a list line by line": _logged_in(_answer("LIST", piece='* LIST () "/" INBOX\r\n')),
}


@pytest.mark.parametrize("name", OPENING)
def test_a_mailbox_that_drips_while_it_is_opened(name: str) -> None:
    """Greeting, login and list of folders each have the deadline as a whole, in the daemon and in an online check."""
    for use in (_lists_folders, _probes):
        with ScriptedImap((OPENING[name],)).running() as port, broken_off(), pytest.raises(LinkLost, match="no answer"):
            use(port)


def _lists_folders(port: int) -> None:
    ImapMailbox(account(port, timeout=SECONDS)).folders()


def _probes(port: int) -> None:
    probe = ImapProbe(account(port, timeout=SECONDS))
    try:
        probe.connect()
        probe.log_in()
        probe.folders()
    finally:
        probe.close()


def _examined(rest: Script) -> Script:
    def script(line: Line) -> None:
        line.log_in()
        line.examine(uidnext=4)
        rest(line)

    return script


def _sized(rest: Script) -> Script:
    def script(line: Line) -> None:
        line.answer("SEARCH", "* SEARCH 3")
        line.answer("RFC822.SIZE", "* 1 FETCH (UID 3 RFC822.SIZE 400000)")
        rest(line)

    return _examined(script)


READING: dict[str, Script] = {
    "a selection": _logged_in(_answer("EXAMINE", "* 0 EXISTS", piece="* OK wait\r\n")),
    "a search": _examined(_answer("SEARCH", piece="* SEARCH 3\r\n")),
    "sizes": _examined(_then(lambda line: line.answer("SEARCH", "* SEARCH 3"), _answer("RFC822.SIZE"))),
    "a mail": _sized(_answer("BODY.PEEK", "* 1 FETCH (UID 3 BODY[] {400000}")),
    "a mail of no end": _sized(_answer("BODY.PEEK", piece="* 1 FETCH (UID 3 FLAGS ())\r\n")),
}


@pytest.mark.parametrize("name", READING)
def test_a_mailbox_that_drips_while_it_is_read(name: str) -> None:
    """A mail that takes an hour by the octet is broken off like any other answer."""
    server = ScriptedImap((READING[name],))
    with broken_off(), mailbox_on(server, timeout=SECONDS) as mailbox, pytest.raises(LinkLost, match="no answer"):
        list(given(mailbox, "INBOX", None))


def test_a_large_mail_has_time_by_its_size() -> None:
    """It takes twice the time limit here, at more than the slowest rate: it is read to its end."""
    octets = b"Subject: proef\r\n\r\n" + b"x" * int(4 * SECONDS * SLOWEST)

    def gives(line: Line) -> None:
        tag = line.expect("BODY.PEEK")
        line.send(f'* 1 FETCH (UID 3 INTERNALDATE " 1-Mar-2027 09:00:00 +0000" BODY[] {{{len(octets)}}}\r\n'.encode())
        never, parts = threading.Event(), 8
        for start in range(0, len(octets), len(octets) // parts):
            line.send(octets[start : start + len(octets) // parts])
            never.wait(2 * SECONDS / parts)
        line.say(")", f"{tag} OK done")
        line.until_closed()

    with mailbox_on(ScriptedImap((_sized(gives),)), timeout=SECONDS) as mailbox:
        ((raw,),) = list(given(mailbox, "INBOX", None))
    assert raw.octets == octets


def test_a_deadline_grows_with_the_octets_that_were_expected_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of no end has an end."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    deadline = Deadline(30, expected=10 * SLOWEST)
    deadline.count(4 * SLOWEST)
    now[0] = 33.0
    assert deadline.left() == 1
    deadline.count(400 * SLOWEST)
    assert deadline.left() == 7
    now[0] = 40.0
    with pytest.raises(TimeoutError):
        deadline.left()
    deadline.restart()
    assert deadline.left() == 30


def _idling(rest: Script) -> Script:
    def script(line: Line) -> None:
        line.log_in()
        line.examine()
        line.expect("IDLE")
        rest(line)

    return script


IDLING: dict[str, Script] = {
    "the start": lambda line: line.drip(),
    "the start line by line": lambda line: line.drip("* OK wait\r\n"),
    "a notice": _then(lambda line: line.say("+ idling"), lambda line: line.drip("* 1 EX")),
    "the end": _then(lambda line: line.say("+ idling", "* 1 EXISTS"), lambda line: line.drip("* OK wait\r\n")),
}


@pytest.mark.parametrize("name", IDLING)
def test_a_mailbox_that_drips_in_idle(name: str) -> None:
    """Silence in IDLE is as it should be; half a line, or no end of it, is not."""
    server = ScriptedImap((_idling(IDLING[name]),))
    with broken_off(), mailbox_on(server, timeout=SECONDS) as mailbox, pytest.raises(LinkLost, match="no answer"):
        mailbox.wait(EventInterrupt(), 60)


def test_a_session_may_last_and_be_silent() -> None:
    """The time counts from a command, and in IDLE from the first octet of a notice: here both come after its end."""
    pause = threading.Event()

    def script(line: Line) -> None:
        line.log_in()
        line.answer("LIST", *LISTED)
        line.examine()
        tag = line.expect("IDLE")
        line.say("+ idling")
        pause.wait(2 * SECONDS)
        line.say("* 1 EXISTS")
        assert line.hear() == "DONE"
        line.say(f"{tag} OK done")
        line.until_closed()

    with mailbox_on(ScriptedImap((script,)), timeout=SECONDS) as mailbox:
        mailbox.folders()
        pause.wait(2 * SECONDS)
        mailbox.wait(EventInterrupt(), 60)


@pytest.mark.parametrize("starttls", [False, True])
def test_a_tls_handshake_that_drips(certificates: Certificates, *, starttls: bool) -> None:
    """Both ways to TLS, at both servers."""
    tls: Tls = "starttls" if starttls else "implicit"

    def script(line: Line) -> None:
        if starttls:
            line.greet("IMAP4rev1 STARTTLS")
            line.answer("STARTTLS")
        line.sock.recv(1 << 16)
        line.sock.sendall(TLS_RECORD)
        line.drip()

    with ScriptedImap((script,)).running() as port, broken_off(), pytest.raises(LinkLost):
        ImapMailbox(account(port, tls=tls, ca_file=certificates.ca_file, timeout=SECONDS)).folders()


def test_the_first_address_that_is_silent_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with a dead address and a living one is reached within the one deadline."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_server(("127.0.0.1", 0)) as living:
        held = [socket.socket() for _ in range(4)]  # fill the queue of the first, which then answers no more
        for one in held:
            one.settimeout(0)
            one.connect_ex(full.getsockname())
        both = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", each.getsockname()) for each in (full, living)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        with broken_off(), connect("two.example", 1, Deadline(2 * SECONDS)) as reached:
            assert reached.getpeername() == living.getsockname()
        for one in held:
            one.close()


def test_a_name_that_nobody_looks_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's look-up has no time limit of its own: it is left behind, at every server."""
    end = threading.Event()

    def silent(*_: object, **__: object) -> list[object]:
        end.wait(AT_MOST)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    with broken_off():
        with pytest.raises(LinkLost, match="no answer"):
            ImapMailbox(account(1, timeout=SECONDS)).folders()
        with pytest.raises(LinkLost, match="does not answer"):
            TokenLine("http://localhost:9/token", SECONDS).get("http://localhost:9/token")
        submitter = SmtpSubmitter(smtp.account(9, host="localhost", timeout=SECONDS), smtp.SteppingClock())
        assert submitter.look().connected
    end.set()


# ---------------------------------------------------------------- the submission server

STEPS = ["greeting", "EHLO", "MAIL", "RCPT", "DATA"]


@pytest.mark.parametrize("fault", [Fault.DRIP, Fault.DRIP_LINES])
@pytest.mark.parametrize("step", STEPS)
def test_a_submission_server_that_drips(step: str, fault: Fault) -> None:
    """Each reply has the deadline as a whole, that of several lines too; before the final dot nothing is in doubt."""
    server = ScriptedSmtp({step: fault})
    with broken_off():
        (result,) = smtp.submit(server, changes={"timeout": SECONDS})
    assert isinstance(result, Refused)
    assert not result.permanent


@pytest.mark.parametrize("fault", [Fault.DRIP, Fault.DRIP_LINES])
def test_an_answer_to_the_final_dot_that_drips(fault: Fault) -> None:
    """After it the mail is in doubt, as after silence."""
    with broken_off():
        (result,) = smtp.submit(ScriptedSmtp({".": fault}), changes={"timeout": SECONDS})
    assert isinstance(result, Unknown)


@pytest.mark.parametrize("step", ["greeting", "EHLO", "STARTTLS", "AUTH"])
def test_an_online_check_of_a_submission_server_that_drips(step: str, certificates: Certificates) -> None:
    """The check says which step failed, and ends."""
    server = ScriptedSmtp({step: Fault.DRIP}, offers=("STARTTLS",), tls=certificates.server.server_context())
    changes = smtp.login(certificates, timeout=SECONDS)
    with server.running(), broken_off():
        seen = SmtpSubmitter(smtp.account(server.port, **changes), smtp.SteppingClock()).look()
    assert bool(seen.logged_in) is (step == "AUTH")
    assert bool(seen.connected) is (step != "AUTH")


@pytest.mark.parametrize("begins", [b"", b"220 ready\r\n"])
def test_a_submission_server_that_drips_in_a_handshake(begins: bytes, certificates: Certificates) -> None:
    """Under implicit TLS, and where the answer to EHLO drips in clear text."""
    tls: Tls = "starttls" if begins else "implicit"
    account_of = smtp.login(certificates, tls=tls, timeout=SECONDS)
    with DrippingServer(begins or TLS_RECORD, greets=bool(begins)).running() as server, broken_off():
        seen = SmtpSubmitter(smtp.account(server.port, **account_of), smtp.SteppingClock()).look()
    assert seen.connected


# ---------------------------------------------------------------- tokens

ANSWERS = {
    "headers": b"HTTP/1.1 200 OK\r\nX-Long: ",
    "the status": b"HT",
    "a body": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
    "a body in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1f4\r\n",
    "a refusal": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 500\r\n\r\n",
}
SECTION = OAuth2Settings.model_validate(
    {"token_endpoint": "https://login.example/token", "client_id": "desk", "scope": "mail", "grant": "refresh_token"}
)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_token_endpoint_that_drips(name: str, tmp_path: Path) -> None:
    """The request ends at its deadline, and with it the locks of this process and of the others."""
    kept = KeptRefreshTokens(tmp_path / "tokens")
    with DrippingServer(ANSWERS[name]).running() as server:
        url = f"http://127.0.0.1:{server.port}/token"

        def asked(secret: str) -> Granted:
            return fetch_token(SECTION, secret, SecretFiles("the file"), TokenLine(url, SECONDS))

        tokens = RenewingTokens(asked, lambda: "secret", kept, SECONDS)
        with broken_off():
            for now in (0.0, 1.0):
                with pytest.raises(LinkLost):
                    tokens.token(now)
            with kept.held(0):  # free
                pass
        assert server.left.wait(SOON)


def test_a_proxy_and_an_authority_over_tls_that_drip() -> None:
    """The way through a proxy, and the handshake, are part of the one request."""
    for begins in (b"", TLS_RECORD, HTTP):
        with DrippingServer(begins).running() as server, broken_off():
            with pytest.raises(LinkLost):
                TokenLine(f"https://127.0.0.1:{server.port}/", SECONDS).get(f"https://127.0.0.1:{server.port}/")
            proxied = TokenLine("https://login.example/", SECONDS, f"http://127.0.0.1:{server.port}")
            with pytest.raises(LinkLost):
                proxied.get("https://login.example/")


def test_all_requests_for_one_token_have_one_deadline() -> None:
    """An authority is asked for its description first: what that took is missing from the rest."""
    with DrippingServer(HTTP).running() as server, broken_off():
        url = f"http://127.0.0.1:{server.port}/"
        line = TokenLine(url, SECONDS)
        with pytest.raises(LinkLost):
            line.get(url)
        with pytest.raises(LinkLost):
            line.post(url, {})
        assert server.met == 1  # the second has no time to begin


def test_who_waits_for_another_request_waits_no_longer(tmp_path: Path) -> None:
    """Neither for a thread nor for another process, which may have been stopped in the middle."""
    asking, go_on = threading.Event(), threading.Event()

    def slow(_: str) -> Granted:
        asking.set()
        go_on.wait(PATIENCE)
        return Granted("token", 3600)

    tokens = RenewingTokens(slow, lambda: "secret", KeptRefreshTokens(tmp_path), SECONDS)
    thread = threading.Thread(target=tokens.token, args=(0.0,))
    thread.start()
    assert asking.wait(PATIENCE)
    other = RenewingTokens(slow, lambda: "secret", KeptRefreshTokens(tmp_path), SECONDS)
    with broken_off():
        with pytest.raises(LinkLost, match="another request for a token takes too long"):
            tokens.token(0.0)
        with pytest.raises(LinkLost, match="another process of the desk asks for a token"):
            other.token(0.0)
    go_on.set()
    thread.join(PATIENCE)
    assert other.token(1.0).value == "token"


# ---------------------------------------------------------------- the others


@pytest.mark.parametrize("begins", [b"", HTTP, TLS_RECORD])
def test_a_monitor_that_drips(begins: bytes) -> None:
    """The beat was not heard, and the next is not kept waiting."""
    with DrippingServer(begins).running() as server, broken_off():
        scheme = "https" if begins == TLS_RECORD else "http"
        assert HttpHeartbeat(lambda: f"{scheme}://127.0.0.1:{server.port}/", "1", SECONDS).beat()


@OF_A_LIBRARY
@pytest.mark.parametrize("name", ["headers", "a body"])
def test_a_pager_that_drips(name: str) -> None:
    """The page counts as not taken, and no thread stays with the service."""
    pytest.importorskip("apprise")
    with DrippingServer(ANSWERS[name]).running() as server, broken_off():
        pager = ApprisePager(lambda _: lambda: f"json://127.0.0.1:{server.port}/", 2 * SECONDS)
        paged = pager.call("first", "title", "text")
        assert (paged.taken, paged.why.english) == (False, "TimeoutError")
        assert server.left.wait(SOON)


def by_both_protocols(ending: ExitStack) -> tuple[DrippingServer, socket.socket]:
    """Returns a server that drips by TCP, and a socket at the same port for UDP, which may be another program's."""
    while True:
        server = ending.enter_context(DrippingServer(b"\x10\x00").running())
        datagrams = ending.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        with suppress(OSError):
            datagrams.bind(("127.0.0.1", server.port))
            return server, datagrams


def test_a_name_server_that_drips() -> None:
    """Over TCP, after a short answer over UDP (RFC 1035, section 4.2)."""
    with ExitStack() as ending:
        server, datagrams = by_both_protocols(ending)

        def truncates() -> None:
            query, client = datagrams.recvfrom(4096)
            datagrams.sendto(query[:2] + b"\x83\x80" + query[4:], client)

        threading.Thread(target=truncates, daemon=True).start()
        with broken_off():
            assert DnsResolver(("127.0.0.1",), server.port, SECONDS).look_up("key.example").texts is None
        assert server.left.wait(SOON)


def test_what_is_left_behind_ends_at_its_next_step() -> None:
    """A call that is given up does not go on for ever."""
    ended = threading.Event()

    def endless() -> None:
        try:
            while True:
                time.sleep(0.01)
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        in_time(endless, 0.1)
    assert ended.wait(PATIENCE)

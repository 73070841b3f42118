# SPDX-License-Identifier: EUPL-1.2
"""Each mistake of set-up, made at a server or its network, yields its own sentence through the adapters.

Every row of the table is played at every one of its steps by a scripted server; what a real Dovecot and a real Postfix
say is in tests/flow/test_server_answers.py.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from flaggermail.adapters.imap.mailbox import ImapMailbox
from flaggermail.adapters.oauth.endpoint import SecretFiles, TokenLine, fetch_token
from flaggermail.adapters.oauth.sasl import Bearer
from flaggermail.adapters.server_answers.answer import ConnectFailure, KnownAnswer, ProtocolStep
from flaggermail.adapters.server_answers.recognise import known
from flaggermail.adapters.smtp.submission import SmtpSubmitter
from flaggermail.errors import LinkLost, LoginRefused
from flaggermail.ports import AccessToken, Refused
from flaggermail.settings.oauth_section import OAuth2Settings
from flaggermail.wording.said import StoredText
from flaggermail.wording.servers import MailboxFailure
from tests.contract.imap_account import SECRET
from tests.contract.imap_account import account as imap_account
from tests.contract.test_smtp import OCTETS, ONE, SENDER, SteppingClock
from tests.contract.test_smtp import account as smtp_account
from tests.corpus import each
from tests.doubles.scripted_imap import Line, Script, ScriptedImap
from tests.doubles.scripted_smtp import Fault, Reply, ScriptedSmtp
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates, ServerCertificate
from tests.servers.token_endpoint import TokenEndpoint, refuses
from tests.tools.dutch import english_in

CLOSED = 1  # a port at which nothing listens
SHARED = "verkiezingen@bzk.example"
FILE = "/run/credentials/secret"
CANARY = "canary-of-the-token"
ESCAPE = "\x1b[2J"
ROWS = [(f"{step}: {row.line}", row, step) for row in known() for step in row.steps]


class Lent:
    """Implements `ports.TokenSource` with one token that was just fetched."""

    def token(self, now: float) -> AccessToken:
        """Returns the token."""
        return AccessToken(CANARY, now, now + 3000, now + 3600)

    def forget(self, token: AccessToken) -> None:
        """Does nothing."""


BEARER = Bearer(tokens=Lent(), mailbox=SHARED, client_id="1234-abcd", monotonic=lambda: 0.0)


def said_by_imap(row: KnownAnswer, step: ProtocolStep, words: str = "") -> LinkLost:
    """Returns the fault of a mailbox whose server gives this answer, followed by `words`, at this step."""
    state, _, text = f"{row.line}{words}".partition(" ")
    plain = "LOGIN failed" not in row.line

    def end(line: Line, tag: str) -> None:
        line.say(f"* BYE {text}" if state == "BYE" else f"{tag} {state} {text}")
        if state != "BYE":
            line.until_closed()

    def password(line: Line) -> None:
        line.greet("IMAP4rev1 IDLE AUTH=PLAIN" if plain else "IMAP4rev1 IDLE")
        if not plain:
            end(line, line.expect("LOGIN"))
            return
        tag = line.expect("AUTHENTICATE PLAIN")
        line.say("+ ")
        line.hear()
        end(line, tag)

    def token(line: Line) -> None:
        line.greet("IMAP4rev1 IDLE AUTH=XOAUTH2")
        tag = line.expect("AUTHENTICATE XOAUTH2")
        line.say("+ ")
        line.hear()
        end(line, tag)

    def after_password(line: Line) -> None:
        line.log_in()
        end(line, line.expect("EXAMINE"))

    def after_token(line: Line) -> None:
        line.greet("IMAP4rev1 IDLE AUTH=XOAUTH2")
        tag = line.expect("AUTHENTICATE XOAUTH2")
        line.say("+ ")
        line.hear()
        line.say(f"{tag} OK done")
        line.answer("CAPABILITY", "* CAPABILITY IMAP4rev1 IDLE")
        end(line, line.expect("EXAMINE"))

    scripts: dict[ProtocolStep, Script] = {
        ProtocolStep.IMAP_PASSWORD: password,
        ProtocolStep.IMAP_TOKEN: token,
        ProtocolStep.IMAP_AFTER_PASSWORD: after_password,
        ProtocolStep.IMAP_AFTER_TOKEN: after_token,
    }
    by_token = step in {ProtocolStep.IMAP_TOKEN, ProtocolStep.IMAP_AFTER_TOKEN}
    with ScriptedImap((scripts[step],)).running() as port:
        mailbox = ImapMailbox(
            replace(imap_account(port), secret_file=lambda: FILE, bearer=BEARER if by_token else None)
        )
        with pytest.raises(LinkLost) as lost:
            mailbox.news("INBOX", None)
        mailbox.close()
    return lost.value


REPLIED: dict[ProtocolStep, str] = {
    ProtocolStep.SMTP_PASSWORD: "AUTH",
    ProtocolStep.SMTP_TOKEN: "AUTH",
    ProtocolStep.SMTP_SENDER: "MAIL",
    ProtocolStep.SMTP_RECIPIENT: "RCPT",
    ProtocolStep.SMTP_MESSAGE: ".",
}


def said_by_smtp(row: KnownAnswer, step: ProtocolStep, words: str = "") -> Refused:
    """Returns the refusal of a submission server that gives this answer, followed by `words`, at this step."""
    verb = REPLIED.get(step) or ("EHLO" if row.line.startswith("504") else "greeting")
    by_token = step is ProtocolStep.SMTP_TOKEN
    offers = ("AUTH XOAUTH2",) if by_token else ("AUTH PLAIN",)
    server = ScriptedSmtp({verb: f"{row.line}{words}"}, offers=offers)
    return submitted(server, password=step is ProtocolStep.SMTP_PASSWORD, by_token=by_token)


def submitted(server: ScriptedSmtp, *, password: bool = False, by_token: bool = False) -> Refused:
    """Submits one mail, which must be refused."""
    with server.running():
        taken = replace(smtp_account(server.port), bearer=BEARER if by_token else None)
        if password or by_token:
            taken = replace(taken, user="desk", password=lambda: SECRET, secret_file=lambda: FILE)
        (result,) = SmtpSubmitter(taken, SteppingClock()).submit(OCTETS, SENDER, [ONE])
    assert isinstance(result, Refused)
    return result


def hint(result: Refused) -> StoredText:
    """Returns what the refusal means."""
    (found,) = result.text.sentences("hint")
    return found


def assert_says(meaning: StoredText, row: KnownAnswer, shown: str) -> None:
    """The meaning is the row's own, in both languages, and stands in what is shown in English."""
    assert meaning.code == row.means.value
    assert meaning.english in shown
    for language in ("en", "nl"):
        assert "{" not in meaning.in_language(language)
    assert english_in(meaning.in_language("nl")) == []
    assert [word for word in (SECRET, CANARY, ESCAPE) if word in shown] == []
    assert shown.isprintable()


IMAP = [one for one in ROWS if one[2].startswith("imap")]
SMTP = [one for one in ROWS if one[2].startswith("smtp")]
TOKEN = [one for one in ROWS if one[2] is ProtocolStep.TOKEN]
OF_LOGINS = frozenset(
    {ProtocolStep.IMAP_PASSWORD, ProtocolStep.IMAP_TOKEN, ProtocolStep.SMTP_PASSWORD, ProtocolStep.SMTP_TOKEN}
)


@each("name", [name for name, _, _ in IMAP])
def test_a_mailbox_server_that_answers_so(name: str) -> None:
    """The fault says what the answer means; of an answer to a login its words are not repeated."""
    row, step = next((row, step) for other, row, step in IMAP if other == name)
    lost = said_by_imap(row, step, f" {SECRET if step in OF_LOGINS else ''} {ESCAPE}")
    assert_says(lost.meaning, row, str(lost))


@each("name", [name for name, _, _ in SMTP])
def test_a_submission_server_that_answers_so(name: str) -> None:
    """So does a refusal; the server's own words, where they may be shown, stay what decides about retries."""
    row, step = next((row, step) for other, row, step in SMTP if other == name)
    result = said_by_smtp(row, step, f" {SECRET if step in OF_LOGINS else ''} {ESCAPE}")
    assert_says(hint(result), row, result.text.english)
    assert english_in(result.text.in_language("nl")) == []
    assert bool(result.words) == (step not in OF_LOGINS)


@each("name", [name for name, _, _ in TOKEN])
def test_a_token_endpoint_that_answers_so(name: str) -> None:
    """Of what the endpoint says only the error and Entra's number are told."""
    row, _ = next((row, step) for other, row, step in TOKEN if other == name)
    error, _, description = row.line.partition(" ")
    answer = refuses(error, 401, f"{description} {SECRET} {ESCAPE}\r\n")
    with TokenEndpoint(lambda _: answer).running() as endpoint:
        section = OAuth2Settings(token_endpoint=endpoint.url, client_id="desk", scope="mail", mailbox=SHARED)
        with pytest.raises(LoginRefused) as refused:
            fetch_token(section, SECRET, SecretFiles(FILE), TokenLine(endpoint.url, 2))
    assert_says(refused.value.meaning, row, str(refused.value))


def test_what_passes_by_itself_is_no_refused_login() -> None:
    """A server that is busy is tried again soon, and a wrong password slowly, so that the account is not locked."""
    kinds = {
        row.means: type(said_by_imap(row, step))
        for _, row, step in IMAP
        if step in {ProtocolStep.IMAP_PASSWORD, ProtocolStep.IMAP_TOKEN} and not row.line.startswith("BAD")
    }
    soon = {cause for cause, kind in kinds.items() if kind is LinkLost}
    assert soon == {
        MailboxFailure.UNAVAILABLE,
        MailboxFailure.TOO_MANY_SESSIONS,
        MailboxFailure.BANDWIDTH,
        MailboxFailure.CONNECTION_LIMIT,
        MailboxFailure.LOGIN_BACKEND,
    }


def test_an_unknown_answer_keeps_its_words() -> None:
    """Without a row the text is what it was."""
    row = replace(known()[0], steps=(ProtocolStep.SMTP_RECIPIENT,), line="550 5.1.1 no such person")
    result = said_by_smtp(row, ProtocolStep.SMTP_RECIPIENT)
    assert result.text.english == "recipient refused: 5.1.1 no such person"
    assert result.words == "5.1.1 no such person"


# ---- no connection


def lacking_key_identifier(folder: Path) -> tuple[Path, ServerCertificate]:
    """Makes an authority, and a server's certificate that lacks what RFC 5280, section 4.2.1.1, asks of it."""
    now, name = datetime.now(UTC), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "own authority")])
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]

    def built(key: ec.EllipticCurvePrivateKey, subject: x509.Name, *, authority: bool) -> x509.Certificate:
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
        )
        if authority:
            made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            usage = x509.KeyUsage(
                digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
            )  # fmt: skip
            made = made.add_extension(usage, critical=True)
        return made.sign(keys[0], hashes.SHA256())

    pem = serialization.Encoding.PEM
    ca = folder / "own-ca.pem"
    ca.write_bytes(built(keys[0], name, authority=True).public_bytes(pem))
    files = ServerCertificate(folder / "lacking.pem", folder / "lacking.key")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    files.cert_file.write_bytes(built(keys[1], subject, authority=False).public_bytes(pem))
    unencrypted = serialization.NoEncryption()
    files.key_file.write_bytes(keys[1].private_bytes(pem, serialization.PrivateFormat.PKCS8, unencrypted))
    return ca, files


def silent(line: Line) -> None:
    """Says nothing until the client leaves."""
    line.hear()


def greets(line: Line) -> None:
    """Speaks plain text at once."""
    line.say("* OK ready")
    line.file.readline()


def imap_connects(
    row: KnownAnswer, certificate: ServerCertificate | None, ca_file: Path | None, monkeypatch: pytest.MonkeyPatch
) -> StoredText:
    """Returns the meaning of the fault when the mailbox is opened."""
    code = row.example.code
    tls = "none" if code in {ConnectFailure.NO_HOST, ConnectFailure.REFUSED, ConnectFailure.NO_WAY} else "implicit"
    if code == ConnectFailure.SILENT:
        tls = "none"
    if code in {ConnectFailure.NO_HOST, ConnectFailure.REFUSED, ConnectFailure.NO_WAY}:
        account = imap_account(CLOSED)
        fail_to_connect(ConnectFailure(code), monkeypatch)
        return opened(ImapMailbox(account))
    script = silent if code == ConnectFailure.SILENT else greets
    context = certificate.server_context() if certificate else None
    with ScriptedImap((script,), tls=context).running() as port:
        timeout = 0.2 if code == ConnectFailure.SILENT else PATIENCE
        account = imap_account(port, tls="implicit" if tls == "implicit" else "none", ca_file=ca_file, timeout=timeout)
        return opened(ImapMailbox(account))


def opened(mailbox: ImapMailbox) -> StoredText:
    """Opens a mailbox, which must fail; returns what the fault means, which its text says."""
    with pytest.raises(LinkLost) as lost:
        mailbox.news("INBOX", None)
    mailbox.close()
    meaning = lost.value.meaning
    assert meaning.english in str(lost.value)
    assert str(lost.value).count(meaning.english) == 1
    return meaning


def smtp_connects(
    row: KnownAnswer, certificate: ServerCertificate | None, ca_file: Path | None, monkeypatch: pytest.MonkeyPatch
) -> StoredText:
    """Returns the meaning of the fault when a mail is submitted."""
    code = row.example.code
    if code in {ConnectFailure.NO_HOST, ConnectFailure.REFUSED, ConnectFailure.NO_WAY}:
        fail_to_connect(ConnectFailure(code), monkeypatch)
        account = smtp_account(CLOSED, host="localhost")
        (result,) = SmtpSubmitter(account, SteppingClock()).submit(OCTETS, SENDER, [ONE])
        assert isinstance(result, Refused)
        return hint(result)
    greeting: dict[str, Reply] = {"greeting": Fault.HANG} if code == ConnectFailure.SILENT else {}
    context = certificate.server_context() if certificate else None
    server = ScriptedSmtp(greeting, tls=context, implicit_tls=certificate is not None)
    with server.running():
        account = smtp_account(server.port, timeout=0.2 if code == ConnectFailure.SILENT else PATIENCE)
        if code != ConnectFailure.SILENT:
            account = replace(account, tls="implicit", ca_file=ca_file)
        (result,) = SmtpSubmitter(account, SteppingClock()).submit(OCTETS, SENDER, [ONE])
    assert isinstance(result, Refused)
    return hint(result)


def fail_to_connect(fault: ConnectFailure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the DNS know no name, or no way lead anywhere, as no machine does on demand."""
    if fault is ConnectFailure.NO_HOST:

        def unknown(*_: object, **__: object) -> object:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
    elif fault is ConnectFailure.NO_WAY:

        def unreachable(*_: object, **__: object) -> object:
            raise OSError(errno.EHOSTUNREACH, "No route to host")

        monkeypatch.setattr(socket, "create_connection", unreachable)
        monkeypatch.setattr("asyncio.selector_events.BaseSelectorEventLoop.sock_connect", unreachable)


@pytest.mark.parametrize("connects", [imap_connects, smtp_connects])
def test_a_connection_that_fails_so(
    connects: Callable[[KnownAnswer, ServerCertificate | None, Path | None, pytest.MonkeyPatch], StoredText],
    certificates: Certificates,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS, port, way, TLS and certificate: each fault names the key, or the place outside, to change."""
    own_ca, lacking = lacking_key_identifier(tmp_path)
    strict = ssl.create_default_context

    def strictly(purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH, *, cafile: Path | None = None) -> ssl.SSLContext:
        context = strict(purpose, cafile=cafile)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    served: dict[str, tuple[ServerCertificate | None, Path | None]] = {
        "9": (certificates.to_come(), certificates.ca_file),
        "10": (certificates.expired(), certificates.ca_file),
        "19": (certificates.server, None),
        "20": (certificates.server, own_ca),
        "62": (certificates.wrong_host(), certificates.ca_file),
        "85": (lacking, own_ca),
    }
    for row in (row for row in known() if ProtocolStep.CONNECT in row.steps):
        with monkeypatch.context() as patch:
            if row.example.status == "85":  # Python asks this from 3.13 on
                patch.setattr("flaggermail.adapters.tls.ssl.create_default_context", strictly)
            certificate, ca_file = served.get(row.example.status, (None, None))
            assert connects(row, certificate, ca_file, patch).code == row.means.value, row.line

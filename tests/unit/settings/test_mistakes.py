# SPDX-License-Identifier: EUPL-1.2
"""Each mistake that `check` knows is found in a set-up that has it, with its severity and its sentence."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from flaggermail.adapters.db import inspection
from flaggermail.cli.check import command as check
from flaggermail.cli.session import Session
from flaggermail.commands.assess import Decide
from flaggermail.commands.cases import AssignCase, OpenCase
from flaggermail.errors import ConfigurationError
from flaggermail.health.advice import setup_faults, setup_faults_on
from flaggermail.mail.message import Json
from flaggermail.record.case_values import CaseType, Decision, Origin
from flaggermail.record.events import EventKind, added
from flaggermail.record.rows import Case
from flaggermail.record.states import Severity
from flaggermail.rules.classifier import RuleSet
from flaggermail.rules.configuration import load
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.mistakes import SORTS, SetupFault, SetupFaultCode
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import SetClock
from flaggermail.wiring import assembly, setup_checks
from flaggermail.wiring.opening import DeskConnection
from tests.doubles.broken_desks import CONFIG, DATABASE, SETTINGS, edit, sound
from tests.doubles.migrated import register_in, with_a_later_revision
from tests.tools.check_table import MANUAL, rows, with_table

NOW = datetime.fromisoformat("2027-03-10T12:00:00+01:00")
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
VOUCHED = "  login_domains: [bzk.example]\n"
NAMED = f"  authserv_id: mx.bzk.example\n{VOUCHED}"
SECRET = "credentials/imap-password"
Spoil = Callable[[Path], None]
ELSEWHERE = {  # what no set-up on this machine shows
    SetupFaultCode.CONFIGURATION: "tests/bad_config",
    SetupFaultCode.MAILBOX_READ_BEFORE: "tests/story/test_read_before.py",
    SetupFaultCode.ARCHIVE_READ_ONLY: "tests/flow/test_machine.py",
    SetupFaultCode.DATABASE_DISK: "tests/unit/cli/test_start_exits.py",
    SetupFaultCode.TOKEN_REACH: "tests/story/test_one_mailbox.py",
    SetupFaultCode.MARK_UNPROVEN: "tests/store/test_trust_proof.py",
    SetupFaultCode.MARK_ENDS: "tests/store/test_trust_proof.py",
    SetupFaultCode.DISK_FULL: "tests/unit/settings/test_full_disk.py",
}


def settings(old: str, new: str) -> Spoil:
    """Returns a change of flaggermail.yaml."""
    return lambda folder: edit(folder / SETTINGS, old, new)


def mailbox(*lines: str) -> Spoil:
    """Returns a change of the mailbox's server, to one on another machine."""
    text = "".join(f"\n  {line}" for line in lines)
    return settings("  host: localhost\n  port: 1\n  tls: none\n  user", f"  host: imap.bzk.example{text}\n  user")


def ending_secret(folder: Path) -> None:
    """Lets the desk log in with tokens, whose secret ends in thirty days."""
    edit(folder / SETTINGS, "  user", "  login: oauth2\n  user")
    section = "token_endpoint: https://login.example/token, client_id: desk, scope: mail, secret_ends_on: 2027-04-09"
    section += ", accept_risk: the application may open other mailboxes"
    edit(folder / SETTINGS, "\nstore:", f"\noauth2: {{{section}}}\n\nstore:")
    (folder / "credentials" / "oauth2-secret").write_text("geheim", encoding="utf-8")
    (folder / "credentials" / "oauth2-secret").chmod(0o600)


def rota(old: str, new: str) -> Spoil:
    """Returns a change of oncall.yaml."""
    return lambda folder: edit(folder / "oncall.yaml", old, new)


def written(name: str, text: str, mode: int = 0o600) -> Spoil:
    """Returns a spoiling that writes a file."""

    def spoil(folder: Path) -> None:
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(mode)

    return spoil


def authority(text: str) -> Spoil:
    """Returns a spoiling that names a file of authorities with that text."""

    def spoil(folder: Path) -> None:
        written("ca.pem", text)(folder)
        settings("  user: verk", "  ca_file: ca.pem\n  user: verk")(folder)

    return spoil


def database(statement: str) -> Spoil:
    """Returns a spoiling of the database by a statement."""

    def spoil(folder: Path) -> None:
        with closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
            connection.execute(statement)

    return spoil


def no_pagers_extra(folder: Path) -> None:
    """Names a pager, with its credential."""
    rota("    login: head1\n", "    login: head1\n    pagers: [{credential: pager-head}]\n")(folder)
    written("credentials/pager-head", "json://localhost\n")(folder)


def no_token_library(folder: Path) -> None:
    """Lets the desk log in by the rules of a provider."""
    edit(folder / SETTINGS, "  user", "  login: oauth2\n  user")
    section = "provider: microsoft, authority: https://login.example/tenant, client_id: desk, scope: mail"
    risk = "accept_risk: the application may open other mailboxes"
    edit(folder / SETTINGS, "\nstore:", f"\noauth2: {{{section}, {risk}}}\n\nstore:")
    written("credentials/oauth2-secret", "geheim\n")(folder)


def with_certificate(text: str) -> Spoil:
    """Lets the desk log in with a certificate: this text."""

    def spoil(folder: Path) -> None:
        edit(folder / SETTINGS, "  user", "  login: oauth2\n  user")
        section = "provider: microsoft, authority: https://login.example/tenant, client_id: desk, scope: mail"
        more = "certificate: desk-cert, accept_risk: the application may open other mailboxes"
        edit(folder / SETTINGS, "\nstore:", f"\noauth2: {{{section}, {more}}}\n\nstore:")
        written("credentials/desk-cert", text)(folder)
        written("credentials/oauth2-key", KEY)(folder)

    return spoil


def signed_until(day: date) -> str:
    """Returns a certificate that ends on that day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk")])
    ends = datetime.combine(day, time(12), UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, ends - timedelta(days=90), ends)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def one_approver(folder: Path) -> None:
    """Wants two approvers and leaves one."""
    settings("persons: 1", "persons: 2")(folder)
    edit(folder / "oncall.yaml", ", approver]", "]", every=True)


def own_name(folder: Path) -> None:
    """Gives the desk a name of its own, and leaves the rest as the example has it."""
    edit(folder / SETTINGS, "nl: Ministerie van Voorbeeldzaken", "nl: Ministerie van Binnenlandse Zaken")


def two_at_once(folder: Path) -> None:
    """Adds an election whose period begins in that of the next one."""
    another = (
        "  - code: GR2027\n    name: {nl: Raad, en: Council}\n    polling_days: [2027-04-14]\n"
        "    period: {begins: 2027-03-20, ends: 2027-04-30}\n"
    )
    file = folder / "elections.yaml"
    file.write_text(file.read_text(encoding="utf-8") + another, encoding="utf-8")


def unused_policy(folder: Path) -> None:
    """Adds a policy that no use names."""
    text = (shipped("config") / "escalation.yaml").read_text(encoding="utf-8")
    policies = "\npolicies:\n"
    strict = f"{policies}  - name: strict\n    receipt: [{{after: 5}}]\n"
    (folder / "escalation.yaml").write_text(text.replace(policies, strict), encoding="utf-8")


def left_half(name: str) -> Spoil:
    """Leaves a file as a killed backup does."""

    def spoil(folder: Path) -> None:
        (folder / name).parent.mkdir(0o700, exist_ok=True)
        (folder / name).write_bytes(b"half")

    return spoil


def opened(name: str, mode: int) -> Spoil:
    """Gives a file of the desk, or a folder of that name, a mode whatever the umask."""

    def spoil(folder: Path) -> None:
        path = folder / name
        if name != DATABASE:
            path.mkdir(exist_ok=True)
        path.chmod(mode)

    return spoil


CASES: tuple[tuple[SetupFaultCode, Spoil, str], ...] = (
    (SetupFaultCode.DATABASE_FOLDER, settings("sqlite:///", "sqlite:///nowhere/"), "nowhere does not exist; create it"),
    (SetupFaultCode.DATABASE_UNREADABLE, written(DATABASE, "my notes\n" * 200), "file is not a database); restore it"),
    (SetupFaultCode.DATABASE_FOREIGN, database("DROP TABLE alembic_version"), "the tables of another program; name"),
    (
        SetupFaultCode.DATABASE_NEWER,
        database("UPDATE alembic_version SET version_num = '9999'"),
        "is 9999, this program",
    ),
    (
        SetupFaultCode.DATABASE_DRIVER,
        settings("sqlite:///", "postgresql+psycopg://u@db.example/"),
        "flaggermail[postgres]",
    ),
    (
        SetupFaultCode.DATABASE_IN_MEMORY,
        settings("sqlite:///flaggermail.db", "sqlite://"),
        "keeps the record in memory, and",
    ),
    (
        SetupFaultCode.DATABASE_IN_MEMORY,
        settings("sqlite:///flaggermail.db", "'sqlite:///:memory:'"),
        "write sqlite:///flag",
    ),
    (
        SetupFaultCode.DATABASE_IS_FOLDER,
        settings("sqlite:///flaggermail.db", "sqlite:///rules"),
        "rules is a folder; name a",
    ),
    (
        SetupFaultCode.ARCHIVE_FOLDER,
        settings("archive: archive", f"archive: archive\n  codes: {DATABASE}"),
        f"store.codes: {{folder}}/{DATABASE} is no folder in which this account can write",
    ),
    (
        SetupFaultCode.ARCHIVE_FOLDER,
        settings("archive: archive", f"archive: {DATABASE}/archive"),
        f"{DATABASE} is no folder",
    ),
    (
        SetupFaultCode.ARCHIVE_GONE,
        database("INSERT INTO in_force VALUES ('r', 'rules', 'v', printf('%064d', 0), '2027-03-01 00:00:00', NULL)"),
        "archive is not the archive of this record; mount",
    ),
    (SetupFaultCode.CA_FILE, authority(KEY), "ca.pem holds a private key and no certificate; name a PEM file"),
    (SetupFaultCode.CA_FILE, authority("notes\n"), "mailbox.ca_file: "),
    (SetupFaultCode.CA_FILE, authority(CERTIFICATE), "ca.pem cannot be read"),
    (
        SetupFaultCode.CA_FILE,
        settings("  user: verk", "  ca_file: ca.pem\n  user: verk"),
        "ca.pem does not exist; name a",
    ),
    (SetupFaultCode.PAGER_EXTRA, no_pagers_extra, "pip install 'flaggermail[pagers]'"),
    (
        SetupFaultCode.PROXY_ACCOUNT,
        settings("archive: archive\n", "archive: archive\ndoor:\n  proxy_account: wwwdata\n"),
        "door.proxy_account: this machine has no account wwwdata; write the one",
    ),
    (SetupFaultCode.TOKEN_EXTRA, no_token_library, "pip install 'flaggermail[microsoft]'"),
    (
        SetupFaultCode.POLICY_AHEAD,
        lambda folder: edit(folder / "platforms.yaml", "read_on: 2026-01-09", "read_on: 2027-03-11", first=True),
        "platforms[0].policy.read_on: 2027-03-11 of X lies in the future, as today is 2027-03-10; write the day",
    ),
    (
        SetupFaultCode.CREDENTIAL_MISSING,
        lambda folder: (folder / SECRET).unlink(),
        "flaggermail.yaml mailbox.credential: credential imap-password: found neither",
    ),
    (SetupFaultCode.CREDENTIAL_OPEN, lambda folder: (folder / SECRET).chmod(0o644), "(mode 644); run `chmod 600 /"),
    (SetupFaultCode.CREDENTIAL_LINES, written(SECRET, "secret\nof mine\n"), "imap-password: its file has 2 lines"),
    (SetupFaultCode.CREDENTIAL_LINES, written(SECRET, "secret\n\n"), "imap-password: its file has 2 lines"),
    (SetupFaultCode.CREDENTIAL_UNREADABLE, written(SECRET, "\n"), "is empty; write the secret into it"),
    (
        SetupFaultCode.CREDENTIAL_SIGNS,
        written(SECRET, "secret \n"),
        "in its file begins or ends with a space; take that",
    ),
    (
        SetupFaultCode.CREDENTIAL_SIGNS,
        written(SECRET, "'secret'\n"),
        "in its file is in quotation marks; take that away",
    ),
    (SetupFaultCode.CREDENTIAL_SIGNS, written(SECRET, "\ufeffsecret\n"), "in its file begins with a byte order mark"),
    (
        SetupFaultCode.FOLDER_SHARED,
        settings("archive: archive", "archive: ."),
        "holds the configuration; name a folder of its own",
    ),
    (
        SetupFaultCode.FOLDER_SHARED,
        settings("archive: archive", "archive: archive\n  codes: archive/codes"),
        "lies in the folder of the archive; name",
    ),
    (
        SetupFaultCode.FOLDER_SHARED,
        settings("archive: archive", "archive: rules/archive"),
        "lies in the folder of the rules; name",
    ),
    (
        SetupFaultCode.TLS_PORT,
        mailbox("port: 143", "tls: implicit"),
        "fit port 143, at which servers speak starttls; write",
    ),
    (SetupFaultCode.TLS_PORT, mailbox("port: 993", "tls: starttls"), "`tls: implicit`, or `port: 143`"),
    (SetupFaultCode.TLS_PORT, mailbox("port: 587"), "mailbox.tls: implicit does not fit port 587"),
    (
        SetupFaultCode.APPROVERS,
        one_approver,
        "2 must approve, but 1 officer has the role approver or head in oncall.yaml",
    ),
    (SetupFaultCode.SECRET_ENDS, ending_secret, "the secret of the application ends on 2027-04-09; make a new one"),
    (
        SetupFaultCode.LOGIN_CERTIFICATE_ENDS,
        with_certificate(signed_until(date(2027, 4, 8))),
        "the certificate in the credential desk-cert ends on 2027-04-08; make a new one, register it",
    ),
    (
        SetupFaultCode.LOGIN_CERTIFICATE_UNREADABLE,
        with_certificate(KEY),
        "the credential desk-cert holds no certificate",
    ),
    (SetupFaultCode.EXAMPLE, mailbox(), "are those of the example; write your own"),
    (
        SetupFaultCode.EXAMPLE_LEFT,
        own_name,
        "report.organisation: still the example's (Het Ministerie van Voorbeeldzaken, The Ministry of Example Affairs)",
    ),
    (
        SetupFaultCode.OFFICER_DOMAIN,
        rota("b.devries@bzk.example", "b.devries@bzk.exmaple"),
        "officer2 writes from bzk.exm",
    ),
    (
        SetupFaultCode.ELECTION_NONE,
        written("elections.yaml", "elections: []\n"),
        "a case needs an election: `flaggermail election add`",
    ),
    (
        SetupFaultCode.ELECTION_FAR,
        lambda folder: edit(folder / "elections.yaml", "2027-", "2037-", every=True),
        "no period includes today or begins within 13 weeks",
    ),
    (SetupFaultCode.ELECTION_OVERLAP, two_at_once, "of PS2027 and GR2027 share the days 2027-03-20 to 2027-03-31; a"),
    (SetupFaultCode.BY_REPLY, settings("  by_reply: totp\n", ""), "not chosen, so it is off"),
    (SetupFaultCode.PAGER_NONE, settings("by_reply: totp", "by_reply: pager"), "officer1 approves and has no pager"),
    (
        SetupFaultCode.LOGIN_DOMAIN,
        settings(VOUCHED, ""),
        "officer1, officer2, head1 write from bzk.example, the mailbox's",
    ),
    (SetupFaultCode.TRUST, settings(NAMED, ""), "mailbox.authserv_id: missing"),
    (SetupFaultCode.TRUST, settings(NAMED, "  trust: nobody\n"), "mailbox.trust: nobody, so"),
    (SetupFaultCode.ON_CALL_NOBODY, rota("fallback_officer: officer1\n", ""), "nobody is ever on call"),
    (SetupFaultCode.POLICY_UNUSED, unused_policy, "strict is used nowhere"),
    (
        SetupFaultCode.OFFSET,
        rota("shifts: []", "shifts: [{officer: head1, begins: 2027-03-29T07:00:00+01:00, ends: 2027-03-30T07:00Z}]"),
        "shifts[0].begins: 2027-03-29T07:00:00+01:00 is 2027-03-29T08:00:00+02:00 in Europe/Amsterdam",
    ),
    (SetupFaultCode.FILE_OPEN, opened(DATABASE, 0o660), "(mode 660); run `chmod go-rwx /"),
    (SetupFaultCode.FILE_OPEN, opened("archive", 0o770), "(mode 770); run `chmod -R go-rwx /"),
    (SetupFaultCode.FILE_OPEN, opened("codes", 0o750), "(mode 750); run `chmod -R go-rwx /"),
    (SetupFaultCode.FILE_OPEN, opened("tokens", 0o701), "(mode 701); run `chmod -R go-rwx /"),
    (SetupFaultCode.FILE_OPEN, opened("backup", 0o750), "(mode 750); run `chmod -R go-rwx /"),
    (SetupFaultCode.ODD, settings("00'\n\nmail", "00'\n  time_zone: Etc/GMT-1\n\nmail"), "Etc/GMT-1 has no summer"),
    (SetupFaultCode.ODD, rota("B. de Vries", "A. Jansen"), "officers: officer1, officer2 have one name, by which"),
    (
        SetupFaultCode.ODD,
        lambda folder: edit(folder / "elections.yaml", "[2027-03-17]", "[2027-03-17, 2027-03-17]"),
        "PS2027 names a polling day twice; remove one",
    ),
    (
        SetupFaultCode.ODD,
        lambda folder: edit(folder / "elections.yaml", "ends: 2027-", "ends: 2037-"),
        "the period of PS2027 is longer than a year; correct it",
    ),
    (
        SetupFaultCode.ODD,
        lambda folder: edit(folder / "platforms.yaml", "read_on: 2026-01-09", "read_on: 2025-03-09", first=True),
        "platforms.yaml policy.read_on: years ago for X; read it again, and write the day",
    ),
    (SetupFaultCode.LEFT_OVER, left_half("backup/.kept.tar.gz.part"), "backup/.kept.tar.gz.part`"),
)
"""A set-up with each mistake: its code, what is done, and words of its sentence."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Returns a desk without a fault, a week before an election."""
    with time_machine.travel(NOW, tick=False):
        yield sound(tmp_path / "desk", read_in=2026)


def found(folder: Path) -> list[SetupFault]:
    """Returns what the program finds in the set-up."""
    read = load(folder)
    return [
        *setup_faults(read),
        *setup_faults_on(read, NOW.date()),
        *setup_checks.machine_faults(read, setup_checks.marks_in_file),
    ]


def test_a_good_set_up_has_no_mistake(folder: Path) -> None:
    """Nothing is found in a desk without a fault, and `check` says that all is in order."""
    assert found(folder) == []
    result = CliRunner().invoke(check, ["--json"], obj=Session(folder))
    told = json.loads(result.stdout)
    assert (result.exit_code, told["severity"], told["findings"], told["faults"]) == (0, None, [], [])


@pytest.mark.parametrize(("code", "spoil", "said"), CASES, ids=[f"{code}-{n}" for n, (code, *_) in enumerate(CASES)])
def test_a_mistake_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: SetupFaultCode, spoil: Spoil, said: str
) -> None:
    """Each mistake is found once for its cause, in one line with what would be right, with its severity's status."""
    monkeypatch.setattr(setup_checks, "is_module", lambda _: False)
    if code is SetupFaultCode.TOKEN_EXTRA:
        monkeypatch.setattr("flaggermail.wiring.credentials.is_module", lambda _: False)
    monkeypatch.setattr("flaggermail.adapters.db.inspection.driver_is_installed", lambda: False)
    spoil(folder)
    named = found(folder)
    assert {one.code for one in named} >= {code}, named
    texts = [one.text for one in named if one.code is code]
    assert said.replace("{folder}", str(folder)) in texts[0]
    assert all(text.splitlines() == [text] for text in texts)
    others = {one.code for one in named} - {code} - {SetupFaultCode.EXAMPLE}
    # An archive in the folder of the configuration lies open too, as that folder may.
    open_too = {SetupFaultCode.FILE_OPEN} if code is SetupFaultCode.FOLDER_SHARED else set()
    assert others <= {SetupFaultCode.TRUST} | open_too, others


def test_every_mistake_has_its_case() -> None:
    """The table of sentences, and these cases, know each code; every sentence can be written."""
    assert set(SORTS) == set(SetupFaultCode)
    unseen = {
        SetupFaultCode.CREDENTIAL_UNSEEN,
        SetupFaultCode.DATABASE_CLOSED,
        SetupFaultCode.DATABASE_OLDER,
        SetupFaultCode.RULES_NONE,
        SetupFaultCode.REFERRER_UNLISTED,
        SetupFaultCode.OVERRIDE_VOID,
        SetupFaultCode.OFFICER_LEFT,
    }  # tested below
    assert {code for code, *_ in CASES} | ELSEWHERE.keys() | unseen == set(SetupFaultCode)


def test_a_database_of_an_older_revision_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once there is a later revision, the mistake says which one is needed, and the command to run."""
    monkeypatch.setattr(inspection, "HERE", with_a_later_revision(tmp_path))
    (text,) = [one.text for one in found(folder) if one.code is SetupFaultCode.DATABASE_OLDER]
    assert "is 0001, this program needs 9999: run `flaggermail db upgrade`" in text


def test_the_manual_has_the_table_of_mistakes() -> None:
    """docs/operation.md has each code with its severity, and its sentence or the row of docs/mistakes.md with it."""
    page = MANUAL.read_text(encoding="utf-8")
    assert with_table(page) == page
    assert len(list(rows())) == len(SetupFaultCode)


@pytest.mark.parametrize(
    ("spoil", "status", "severity"),
    [
        (mailbox(), 0, Severity.NOTE),
        (mailbox("port: 143"), 1, Severity.FAULT),
        (settings("sqlite:///", "sqlite:///nowhere/"), 2, Severity.REFUSES),
    ],
    ids=["note", "fault", "refuses"],
)
def test_the_worst_mistake_decides_the_status(folder: Path, spoil: Spoil, status: int, severity: Severity) -> None:
    """A note is exit status 0, a fault 1, what refuses the start 2; the document has code, severity and sentence."""
    spoil(folder)
    edit(folder / SETTINGS, "  by_reply: totp\n", "")
    plain = CliRunner().invoke(check, obj=Session(folder))
    told = json.loads(CliRunner().invoke(check, ["--json"], obj=Session(folder)).stdout)
    assert (plain.exit_code, told["severity"]) == (status, severity)
    assert "note: flaggermail.yaml approval.by_reply: not chosen" in plain.stdout
    assert [one["severity"] for one in told["findings"]] == sorted(
        (one["severity"] for one in told["findings"]), key=[*map(str, Severity)].index
    )
    assert told["faults"] == [one["text"] for one in told["findings"] if one["severity"] != Severity.NOTE]
    lines = plain.stdout.splitlines()
    assert plain.stderr == ""
    assert [line.removeprefix("fault: ") for line in lines][: len(told["faults"])] == told["faults"]
    assert ("fault: " in plain.stdout) == (severity is Severity.FAULT)
    assert lines[-2].startswith("configuration in order: " if status == 0 else "configuration read: ")
    assert lines[-1].startswith("not looked at, as only `flaggermail check --online` does: ")


def test_without_rules_every_mail_waits(folder: Path) -> None:
    """A folder of rules without a rule is a note."""
    read = load(folder)
    bare = read.model_copy(update={"rules": RuleSet()})
    assert [one.code for one in setup_faults(bare)] == [SetupFaultCode.RULES_NONE]


def test_what_another_account_may_not_see_is_said_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that may not look is told so in a sentence. Root may look everywhere, so that is played."""
    closed = {folder / DATABASE, folder / "credentials"}
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) not in closed and may(path, mode))
    isfile = os.path.isfile
    monkeypatch.setattr(os.path, "isfile", lambda path: Path(path).parent not in closed and isfile(path))
    named = found(folder)
    assert {one.code for one in named} == {SetupFaultCode.DATABASE_CLOSED, SetupFaultCode.CREDENTIAL_UNSEEN}
    assert all("this account" in one.text for one in named)
    closed.add(folder / "rules")
    with pytest.raises(ConfigurationError, match="rules: is closed to this account"):
        load(folder)


@pytest.mark.parametrize("file", ["elections: []\n", None], ids=["none in the file", "a far one in the file"])
def test_an_election_added_by_command_is_near(folder: Path, file: str | None) -> None:
    """`check` knows the elections of the database too, those of exercises and closed ones excepted."""
    if file is None:
        edit(folder / "elections.yaml", "2027-", "2037-", every=True)
    else:
        written("elections.yaml", file)(folder)
    register_in(folder)
    desk = DeskConnection(folder, officer="officer1", now=lambda: NOW)
    try:
        codes = [str(one["code"]) for one in documents(desk.answer("check"), "findings")]
        assert [code for code in codes if code.startswith("election-")] in (["election-none"], ["election-far"])
        desk.answer(
            "election add",
            {
                "code": "TK2027", "name_nl": "Kamerverkiezing", "name_en": "Election", "polling_days": ["2027-03-24"],
                "period_from": "2027-03-10", "period_until": "2027-03-31",
            },
        )  # fmt: skip
        codes = [str(one["code"]) for one in documents(desk.answer("check"), "findings")]
        assert [code for code in codes if code.startswith("election-")] == []
        desk.answer("election close", {"code": "TK2027"})
        codes = [str(one["code"]) for one in documents(desk.answer("check"), "findings")]
        assert len([code for code in codes if code.startswith("election-")]) == 1
    finally:
        desk.close()


def test_elections_that_overlap_are_noted_as_the_database_knows_them(folder: Path) -> None:
    """Two that were added by command are named with the days that they share, until one is closed or it is over."""
    register_in(folder)
    desk = DeskConnection(folder, officer="officer1", now=lambda: NOW)
    try:
        for code, begins, ends in (("AA", "10", "25"), ("BB", "20", "30"), ("CC", "26", "30")):
            desk.answer(
                "election add",
                {
                    "code": code, "name_nl": code, "name_en": code, "polling_days": [f"2027-04-{begins}"],
                    "period_from": f"2027-04-{begins}", "period_until": f"2027-04-{ends}",
                },
            )  # fmt: skip
        noted = [str(one["text"]) for one in documents(desk.answer("check"), "findings")]
        assert [text.partition(";")[0].partition("elections: ")[2] for text in noted] == [
            "the periods of AA and BB share the days 2027-04-20 to 2027-04-25",
            "the periods of BB and CC share the days 2027-04-26 to 2027-04-30",
        ]
        desk.answer("election close", {"code": "BB"})
        assert documents(desk.answer("check"), "findings") == []
    finally:
        desk.close()
    two_at_once(folder)
    settings_ = load(folder)
    noted_on = [setup_faults_on(settings_, date(2027, *day)) for day in ((3, 31), (4, 1))]
    assert [[one.code for one in found_on] for found_on in noted_on] == [[SetupFaultCode.ELECTION_OVERLAP], []]


def test_what_has_no_end_is_checked_and_shown(folder: Path) -> None:
    """A shift and a channel for ever are written with `none`; the desk opens, and shows that they have no end."""
    shifts = "shifts: [{officer: head1, begins: 1970-01-01T00:00:00+01:00, ends: none}]"
    edit(folder / "oncall.yaml", "shifts: []", shifts)
    edit(folder / "platforms.yaml", "valid_from:", "valid_until: none\n        valid_from:", first=True)
    result = CliRunner().invoke(check, obj=Session(folder))
    assert (result.exit_code, result.stderr) == (0, "")
    desk = DeskConnection(folder, officer="officer1", now=lambda: NOW)
    try:
        asked = desk.answer("oncall next")
        (shift,) = documents(asked, "shifts")
        assert (shift["begins_at"], shift["ends_at"]) == ("1970-01-01T00:00:00+01:00", None)
        assert json.loads(json.dumps(desk.answer("oncall now")))["officer"]["id"] == "head1"
        assert desk.answer("readiness")["hours"] == 0
    finally:
        desk.close()


def test_a_referrer_on_no_list_is_a_note_until_somebody_adds_it(folder: Path) -> None:
    """Vlieland is no municipality of the dated list: a case that it referred is a note, named once, till it is added.

    A listed municipality, a mailbox at a provider and a case of an exercise give none.
    """
    register_in(folder)
    env = assembly.open_services(folder, SetClock(NOW))
    try:
        with env.store.begin() as tx:
            work = UnitOfWork(env, tx, NOW, "officer1")
            for number, address in enumerate(
                ["griffie@vlieland.nl", "raad@vlieland.nl", "a@groningen.nl", "b@gmail.com", "c@ameland.nl"], 1
            ):
                case = Case(
                    number=f"VF-PS2027-{number:04d}", election="PS2027", type=CaseType.CONTENT, origin=Origin.REFERRAL,
                    token=f"{number:032x}", referrer_address=address, opened_at=NOW, opened_by="officer1",
                    exercise=address.endswith("ameland.nl"),
                )  # fmt: skip
                work.record(EventKind.CASE_OPENED, added(case), about=EventRef(case=case.number))
    finally:
        env.close()
    desk = DeskConnection(folder, officer="officer1", now=lambda: NOW)
    try:
        (note,) = noted(desk, SetupFaultCode.REFERRER_UNLISTED)
        assert note.startswith("rules/lists: vlieland.nl is on no list and has referred 2 cases, so each of its mails")
        desk.answer("referrer add", {"domain": "vlieland.nl"})
        assert noted(desk, SetupFaultCode.REFERRER_UNLISTED) == []
    finally:
        desk.close()


def test_an_override_of_somebody_who_has_left_is_a_note(folder: Path) -> None:
    """Only while it runs or is to come, and only of who is no officer."""
    register_in(folder)
    desk = DeskConnection(folder, officer="officer1", now=lambda: NOW)
    try:
        for officer, begins in (("officer2", NOW), ("head1", NOW + timedelta(days=2))):
            span = {"begins_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=8)).isoformat()}
            desk.answer("oncall override", {"officer": officer, **span})
        assert noted(desk, SetupFaultCode.OVERRIDE_VOID) == []
        edit(folder / "oncall.yaml", "id: officer2", "id: officer3")
        (note,) = noted(desk, SetupFaultCode.OVERRIDE_VOID)
        assert "officer2 is none of them any more, and has an override from 2027-03-10T12:00+01:00" in note
    finally:
        desk.close()
    later = DeskConnection(folder, officer="officer1", now=lambda: NOW + timedelta(hours=9))
    try:
        assert noted(later, SetupFaultCode.OVERRIDE_VOID) == []
    finally:
        later.close()


def test_cases_of_an_officer_who_left_the_rota_are_a_note_until_somebody_has_them(folder: Path) -> None:
    """A form that waits for somebody who left waits for ever; a decided case, and a colleague's, are no note."""
    register_in(folder)
    env = assembly.open_services(folder, SetClock(NOW))
    opened: list[str] = []
    try:
        with env.store.begin() as tx:
            work = UnitOfWork(env, tx, NOW, "officer1")
            for _ in range(4):
                wanted = OpenCase(election="PS2027", type=CaseType.CONTENT, origin=Origin.MEDIA, title="Een bericht")
                opened.append(wanted.perform(work).key)
            Decide(case=opened[0], decision=Decision.NONE, reason="niets").perform(work)
            for number in opened[:3]:
                AssignCase(case=number, officer="officer2").perform(work)
    finally:
        env.close()
    desk = DeskConnection(folder, officer="officer1", now=lambda: NOW)
    try:
        assert noted(desk, SetupFaultCode.OFFICER_LEFT) == []
        edit(folder / "oncall.yaml", "officer2", "officer9", every=True)
        (note,) = noted(desk, SetupFaultCode.OFFICER_LEFT)
        assert f"officer2 is named no more, and 2 undecided cases are theirs, {opened[1]} first" in note
        for number in opened[1:3]:
            desk.answer("case assign", {"case": number, "officer": "officer9"})
        assert noted(desk, SetupFaultCode.OFFICER_LEFT) == []
    finally:
        desk.close()


def noted(desk: DeskConnection, code: SetupFaultCode = SetupFaultCode.REFERRER_UNLISTED) -> list[str]:
    """Returns what `check` says under that code; by default of referrers on no list."""
    found = documents(desk.answer("check"), "findings")
    return [str(one["text"]) for one in found if one["code"] == code]


def documents(found: Mapping[str, Json], name: str) -> list[Mapping[str, Json]]:
    """Returns the objects of a list in a document."""
    listed = found[name]
    assert isinstance(listed, list)
    return [one for one in listed if isinstance(one, Mapping)]


# ---------------------------------------------------------------- the start


def test_the_daemon_refuses_what_check_refuses(folder: Path) -> None:
    """Each mistake that refuses the start is named at once, all together; a fault alone is not among them."""
    edit(folder / SETTINGS, "sqlite:///", "sqlite:///nowhere/")
    edit(folder / "platforms.yaml", "read_on: 2026-01-09", "read_on: 2027-03-11", first=True)
    (folder / SECRET).unlink()
    with pytest.raises(ConfigurationError) as refused:
        assembly.require_ready(load(folder), SetClock(NOW))
    assert [line.partition(":")[0] for line in refused.value.faults] == [
        "platforms.yaml platforms[0].policy.read_on", "flaggermail.yaml store.database",
    ]  # fmt: skip


def test_a_missing_password_does_not_keep_the_daemon_from_starting_and_is_said(folder: Path) -> None:
    """A desk that restarts at night goes on; the journal says what is missing, where, and what would be right."""
    (folder / SECRET).unlink()
    with capture_logs() as logged:
        assembly.require_ready(load(folder), SetClock(NOW))
    (said,) = (line for line in logged if line["event"] == "set-up faulty")
    assert said["object"] == SetupFaultCode.CREDENTIAL_MISSING
    assert said["log_level"] == "warning"
    assert said["reason"].startswith("flaggermail.yaml mailbox.credential: credential imap-password: found neither as ")
    assert "write `LoadCredential=imap-password:FILE`" in said["reason"]


def test_a_missing_authority_stops_the_daemon_and_no_command(folder: Path) -> None:
    """`run` ends with status 2; what is shown and recorded beside it needs no authority: the daemon sends later."""
    register_in(folder)
    edit(folder / SETTINGS, "port: 1\n  tls: none\n\nstore", "port: 1\n  ca_file: gone.pem\n\nstore")
    with pytest.raises(ConfigurationError, match=r"submission\.ca_file: .*gone\.pem does not exist; name a PEM file"):
        assembly.require_ready(load(folder), SetClock(NOW))
    desk = DeskConnection(folder, officer="officer1", now=lambda: NOW)
    try:
        assert desk.answer("case list")["cases"] == []
        desk.answer("election close", {"code": "PS2027"})
    finally:
        desk.close()


def test_the_example_is_a_note_and_does_not_run(folder: Path) -> None:
    """Address, host and organisation of the example: `check` notes it, `run` refuses; one of them changed is enough."""
    mailbox()(folder)
    with pytest.raises(ConfigurationError, match="are those of the example"):
        assembly.require_ready(load(folder), SetClock(NOW))
    edit(folder / SETTINGS, "nl: Ministerie van Voorbeeldzaken", "nl: Ministerie van Binnenlandse Zaken")
    assembly.require_ready(load(folder), SetClock(NOW))


def test_the_shipped_configuration_is_the_example() -> None:
    """What `init` writes is recognised as the example, and the scenarios' configuration is not."""
    assert SetupFaultCode.EXAMPLE in {one.code for one in setup_faults(load(shipped("config"), shipped("rules")))}
    assert SetupFaultCode.EXAMPLE not in {one.code for one in setup_faults(load(CONFIG, shipped("rules")))}


def test_what_is_left_of_the_example_is_named_in_each_place(folder: Path) -> None:
    """Report, officers, channels and lists, each in a line of its own; nothing once they are the desk's own."""
    own_name(folder)
    left = [one.text.split(":")[0] for one in setup_faults(load(folder)) if one.code is SetupFaultCode.EXAMPLE_LEFT]
    assert left == [
        "flaggermail.yaml report.organisation",
        "oncall.yaml officers",
        "platforms.yaml platforms",
        "rules/lists",
    ]
    lists = [path for path in (folder / "rules" / "lists").iterdir() if ".example" in path.read_text(encoding="utf-8")]
    for path in (folder / SETTINGS, folder / "oncall.yaml", folder / "platforms.yaml", *lists):
        edit(path, ".example", ".nl", every=True)
    edit(folder / SETTINGS, "Het Ministerie van Voorbeeldzaken", "Het Ministerie van Binnenlandse Zaken")
    edit(folder / SETTINGS, "The Ministry of Example Affairs", "The Ministry of the Interior")
    assert SetupFaultCode.EXAMPLE_LEFT not in {one.code for one in setup_faults(load(folder))}


def test_a_configuration_with_a_policy_ahead_is_merely_loaded(folder: Path) -> None:
    """The day of a reading is judged by a clock, which loading a configuration has not."""
    edit(folder / "platforms.yaml", "read_on: 2026-01-09", "read_on: 2137-03-11", first=True)
    assert load(folder).platform_list[0].policy.read_on.year == 2137


@pytest.mark.parametrize("config", [shipped("config"), CONFIG], ids=["shipped", "tests"])
def test_policies_were_read_before_every_story(config: Path) -> None:
    """The shipped example and the scenarios' configuration name days before the first story, of March 2023."""
    read = load(config, shipped("rules"))
    assert max(platform.policy.read_on for platform in read.platform_list) < date(2023, 3, 1)


def test_looking_at_a_database_leaves_no_file(folder: Path) -> None:
    """`check` may run under another account than the daemon: a file of its own would be in the daemon's way."""
    before = sorted(folder.rglob("*"))
    assert found(folder) == []
    assert sorted(folder.rglob("*")) == before

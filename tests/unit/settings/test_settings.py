# SPDX-License-Identifier: EUPL-1.2
"""A configuration is accepted as a whole or refused with every fault named by file, line and column."""

from __future__ import annotations

import shutil
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from flaggermail.cli.check import command as check
from flaggermail.cli.session import Session
from flaggermail.errors import ConfigurationError
from flaggermail.health.advice import setup_faults
from flaggermail.mail.authentication.authres import AuthenticationMethod, Trust
from flaggermail.record.states import ClockKind, Means, Period
from flaggermail.rules.configuration import Configuration, load
from flaggermail.settings.escalation_file import CLOCKS, EscalationFile
from flaggermail.settings.mistakes import SetupFaultCode
from flaggermail.settings.sections import ByReply
from flaggermail.settings.steps import Step
from flaggermail.shipped import shipped
from tests.corpus import each

TESTS = Path(__file__).parents[2]
GOOD = TESTS / "config"
MISTAKES = sorted(path for path in (TESTS / "bad_config").iterdir() if path.is_dir())


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Returns a valid configuration, rules included, for a test to spoil."""
    return good(tmp_path)


def good(folder: Path) -> Path:
    """Copies that configuration into `folder`; returns the folder."""
    shutil.copytree(GOOD, folder, dirs_exist_ok=True)
    shutil.copytree(shipped("rules"), folder / "rules", ignore=shutil.ignore_patterns("samples"))
    (folder / "rules" / "samples").symlink_to(shipped("rules") / "samples")  # 650 files, which no mistake changes
    shutil.copytree(shipped("config") / "templates", folder / "templates")
    return folder


def replace(file: Path, old: str, new: str) -> None:
    """Replaces a text that occurs exactly once in the file."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def faults(directory: Path) -> tuple[str, ...]:
    """Returns the faults of a configuration that must be refused."""
    with pytest.raises(ConfigurationError) as caught:
        load(directory)
    return caught.value.faults


def warnings(settings: Configuration) -> tuple[str, ...]:
    """Returns the sentences of what the settings show by themselves, except what all of these desks have."""
    shared = {SetupFaultCode.EXAMPLE, SetupFaultCode.LOGIN_DOMAIN}
    return tuple(found.text for found in setup_faults(settings) if found.code not in shared)


# ---- mistakes


@each("mistake", MISTAKES, ids=lambda path: path.name)
@pytest.mark.slow
def test_mistake_is_named_with_place_and_remedy(mistake: Path, tmp_path: Path) -> None:
    """Every directory of tests/bad_config is refused with exactly the message it expects."""
    directory = good(tmp_path / mistake.name)
    apart = {"expected.txt", "removed.txt"}
    overlay = [path for path in mistake.rglob("*") if path.is_file() and path.name not in apart]
    for path in overlay:
        shutil.copyfile(path, directory / path.relative_to(mistake))
    removed = mistake / "removed.txt"
    for name in removed.read_text(encoding="utf-8").split() if removed.exists() else ():
        (directory / name).unlink()
    result = CliRunner().invoke(check, obj=Session(directory))
    assert (result.exit_code, result.stderr) == (2, "")
    assert result.stdout == (mistake / "expected.txt").read_text(encoding="utf-8")
    shutil.rmtree(directory)


def test_there_are_enough_mistakes() -> None:
    """The collection of mistakes does not shrink unnoticed."""
    assert len(MISTAKES) >= 50


@pytest.mark.parametrize("spelt", ["INBOX", "inbox", "Inbox", "iNBOX"])
def test_the_inbox_is_one_folder_in_any_spelling(directory: Path, spelt: str) -> None:
    """It is read, and found in the record, as INBOX (RFC 9051, section 5.1), so that no spelling reads it again."""
    replace(directory / "flaggermail.yaml", "mailbox:\n", f"mailbox:\n  inbox: {spelt}\n")
    assert load(directory).desk.mailbox.inbox == "INBOX"
    replace(directory / "flaggermail.yaml", "mailbox:\n", "mailbox:\n  excluded_folders: [inBox]\n")
    assert "'INBOX' has to be watched" in faults(directory)[0]


@pytest.mark.parametrize("name", ["Postvak IN", "INBOX/Inbox", "\u0131nbox"])
def test_other_folders_keep_their_spelling(directory: Path, name: str) -> None:
    """Servers tell the names of all other folders apart by their capitals."""
    replace(directory / "flaggermail.yaml", "mailbox:\n", f"mailbox:\n  inbox: {name}\n")
    assert load(directory).desk.mailbox.inbox == name


@pytest.mark.parametrize("key", ["password", "imap_password", "secret", "api_key", "access_token", "wachtwoord"])
def test_secret_is_refused_and_never_repeated(directory: Path, key: str) -> None:
    """A secret in YAML, under any name, is refused with its proper place, and its value is not shown."""
    replace(directory / "flaggermail.yaml", "  tls: none\n  user", f"  tls: none\n  {key}: hunter2\n  user")
    (fault,) = faults(directory)
    assert "systemd credential or a file" in fault
    assert "hunter2" not in fault


def test_secret_below_an_unknown_key_is_found_too(directory: Path) -> None:
    """Secrets are also found in an unknown block, such as one pasted from another program."""
    replace(directory / "flaggermail.yaml", "submission:\n", "imap:\n  login:\n    password: hunter2\nsubmission:\n")
    found = faults(directory)
    assert any(" imap.login.password: a secret has no place here" in fault for fault in found)
    assert not any("hunter2" in fault for fault in found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  database: sqlite:///flaggermail.db", "  database: postgres://u:hunter2@db.bzk.example/x"),
        ("  database: sqlite:///flaggermail.db", "  database: postgresql+psycopg://db.bzk.example/x?password=hunter2"),
        ("  user: verkiezingenflagger", "  user: verkiezingenflagger\n  credential: hunter2 correct horse"),
    ],
)
def test_value_that_may_hold_a_password_is_not_repeated(directory: Path, old: str, new: str) -> None:
    """A password in a database URL or in place of a credential's name is left out of the message."""
    replace(directory / "flaggermail.yaml", old, new)
    assert "hunter2" not in "\n".join(faults(directory))


@pytest.mark.parametrize("value", ["*other", "!!python/name:os.system x", "&a [*a]"])
def test_yaml_can_make_plain_values_only(directory: Path, value: str) -> None:
    """Tags, aliases and self-referencing values in YAML are faults."""
    replace(directory / "flaggermail.yaml", "  host: localhost\n  port: 143", f"  host: {value}\n  port: 143")
    assert faults(directory)[0].startswith("flaggermail.yaml:14:")


# ---- reading


def test_yaml_is_version_1_2(directory: Path) -> None:
    """`no` as a name stays text, and a leading zero does not make a number octal (YAML 1.2.2, section 10.3.2)."""
    replace(directory / "flaggermail.yaml", "nl: Ministerie van Voorbeeldzaken", "nl: no")
    replace(directory / "flaggermail.yaml", "  port: 143", "  port: 0143")
    settings = load(directory)
    assert settings.desk.organisation.name.nl == "no"
    assert settings.desk.mailbox.port == 143


def test_instant_keeps_its_offset(directory: Path) -> None:
    """A shift begins at the written instant, whatever its offset."""
    shift = "shifts:\n  - {officer: officer2, begins: 2027-03-28T01:30:00+01:00, ends: 2027-03-28T07:00:00+02:00}\n"
    replace(directory / "oncall.yaml", "shifts: []\n", shift)
    (read,) = load(directory).rota.shifts
    assert (read.begins_at, read.ends_at) == (
        datetime(2027, 3, 28, 0, 30, tzinfo=UTC),
        datetime(2027, 3, 28, 5, 0, tzinfo=UTC),
    )


def test_paths_are_relative_to_the_directory(directory: Path) -> None:
    """Relative paths are resolved against the configuration directory."""
    (directory / "ca.pem").touch()
    replace(directory / "flaggermail.yaml", "  tls: none\n  user", "  tls: none\n  ca_file: ca.pem\n  user")
    settings = load(directory)
    assert settings.desk.store.database == f"sqlite:///{directory}/flaggermail.db"
    assert settings.archive == directory / "archive"
    assert settings.desk.mailbox.ca_file == directory / "ca.pem"
    assert settings.templates == directory / "templates"
    assert settings.rules_directory == directory / "rules"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:////var/lib/flaggermail/desk.db",
        "postgresql+psycopg:///flaggermail",
        "postgresql+psycopg://flagger@db.bzk.example:5433/flaggermail?passfile=/etc/flaggermail/pgpass",
    ],
)
def test_database_url_is_left_alone(directory: Path, url: str) -> None:
    """A database URL in memory, absolute or on PostgreSQL is left unchanged."""
    replace(directory / "flaggermail.yaml", "sqlite:///flaggermail.db", f"'{url}'")
    assert load(directory).desk.store.database == url


def test_rules_are_looked_for_inside_then_beside_the_directory(tmp_path: Path) -> None:
    """`config/rules` wins over `rules` next to `config`, and a named folder wins over both."""
    config = shutil.copytree(GOOD, tmp_path / "config")
    for folder, name in ((tmp_path / "rules", "beside"), (config / "rules", "inside"), (tmp_path / "named", "named")):
        folder.mkdir()
        rule = f"stage: noise\nrules:\n  - name: {name}\n    when: {{placed: true}}\n    then: {{kind: noise}}\n"
        for table in ("intake.yaml", "outcome-words.yaml", "reply-words.yaml"):
            shutil.copy(shipped("rules") / table, folder)
        (folder / "10-only.yaml").write_text(rule, encoding="utf-8")
    assert [rule.name for rule in load(config, tmp_path / "named").rules.rules] == ["named"]
    assert [rule.name for rule in load(config).rules.rules] == ["inside"]
    shutil.rmtree(config / "rules")
    assert [rule.name for rule in load(config).rules.rules] == ["beside"]
    shutil.rmtree(tmp_path / "rules")
    assert faults(config) == (
        "rules:1:1: the folder is missing or holds no NN-name.yaml; `flaggermail init DIR` writes rules to start from",
    )


def test_version_of_the_rules_is_that_of_their_octets(directory: Path) -> None:
    """Any change in a rule file changes the version, even a comment; a word table for another purpose does not."""
    before = load(directory).rules.version
    (directory / "rules" / "mail-language.yaml").write_text("else: true\n", encoding="utf-8")
    assert load(directory).rules.version == before
    with (directory / "rules" / "90-noise.yaml").open("a", encoding="utf-8") as file:
        file.write("# one more\n")
    assert load(directory).rules.version != before


def test_rule_knows_its_file_and_line(directory: Path) -> None:
    """A rule's place is the file and line of its name."""
    rule = load(directory).rules.rules[0]
    file, _, line = rule.place.partition(":")
    written = (directory / "rules" / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert written.strip() == f"- name: {rule.name}"


def test_a_list_is_a_file_with_one_domain_a_line(directory: Path) -> None:
    """In a list file, remarks after # and empty lines are ignored; the file name is the name of the list."""
    written = "# ours\n\nweekblad.example  # since May\ndagblad.example\n"
    (directory / "rules" / "lists" / "weeklies.txt").write_text(written, encoding="utf-8")
    assert load(directory).rules.lists["weeklies"] == {"dagblad.example", "weekblad.example"}


# ---- shipped files


@pytest.mark.parametrize("config", [shipped("config"), GOOD], ids=["config", "tests/config"])
def test_configuration_of_the_checkout_is_in_order(config: Path) -> None:
    """Both configurations load without faults or warnings and hold the values the scenarios rely on."""
    settings = load(config, shipped("rules"))
    assert [said for said in warnings(settings) if "approval.by_reply: not chosen" not in said] == []
    assert [platform.code for platform in settings.platforms] == ["X", "Meta", "Google", "TikTok", "Snapchat"]
    assert {election.code for election in settings.elections} >= {"PS2023", "TK2023", "EP2024", "PS2027"}
    urgent = next(channel for channel in settings.channels if channel.code == "x-urgent")
    assert (urgent.name, urgent.to) == ("Urgent Escalation Channel", ("urgent-escalation@x-platform.example",))
    assert (urgent.valid_from, urgent.can_confirm, urgent.language) == (date(2019, 5, 1), True, "en")
    head = settings.rota.head()
    assert head is not None
    assert head.id == "head1"


@each("config", [shipped("config"), GOOD], ids=["config", "without the file"])
@each("period", list(Period))
def test_escalation_policy_is_the_default_one(config: Path, period: Period) -> None:
    """Receipt at 60 and 120 minutes, to the head at 240; human at 180; substance in the morning; a decision at 30.

    The decision step applies outside quiet periods only. The shipped file equals the defaults without a file.
    """
    file = load(config, shipped("rules")).escalation
    assert file == EscalationFile()
    decision = () if period is Period.QUIET else (Step(ClockKind.DECISION, 30, "officer"),)
    sent = datetime(2027, 3, 17, 18, 42, 30, tzinfo=ZoneInfo("Europe/Amsterdam"))  # a Wednesday
    assert file.policy(period, "x-urgent").steps(*CLOCKS, since=sent) == (
        Step(ClockKind.RECEIPT, 60, "officer"),
        Step(ClockKind.RECEIPT, 120, "officer"),
        Step(ClockKind.RECEIPT, 240, "head"),
        Step(ClockKind.HUMAN, 180, "officer"),
        Step(ClockKind.SUBSTANCE, 798, how=(Means.MAIL,)),  # 8:00 on Thursday
        Step(ClockKind.SUBSTANCE, 6558, how=(Means.MAIL,), repeat=10_080),  # and on Monday
        *decision,
    )
    assert file.acknowledged_minutes == 60


STRICT = """\
policies:
  - name: usual
    receipt: [{after: 60}]
  - name: strict
    receipt:
      - {after: 15, repeat: 5, until: 4 times}
      - {after: 45, tell: both, repeat: 30, until: 200 minutes}
      - {after: 90, tell: officer2}
use:
  polling_day: strict
  election: usual
  quiet: usual
  channels:
    - {channel: x-urgent, election: strict}
"""


def test_a_policy_is_chosen_by_period_and_channel(directory: Path) -> None:
    """The channel's own policy comes first; in a period it does not name, the general policy applies."""
    (directory / "escalation.yaml").write_text(STRICT, encoding="utf-8")
    file = load(directory).escalation
    chosen = {
        (period, channel): file.policy(period, channel).name
        for period in Period
        for channel in ("x-urgent", "meta", None)
    }
    assert {key for key, name in chosen.items() if name == "strict"} == {
        (Period.POLLING_DAY, "x-urgent"), (Period.POLLING_DAY, "meta"), (Period.POLLING_DAY, None),
        (Period.ELECTION, "x-urgent"),
    }  # fmt: skip
    assert file.policy(Period.POLLING_DAY).steps(ClockKind.RECEIPT, since=datetime(2027, 3, 17, tzinfo=UTC)) == (
        Step(ClockKind.RECEIPT, 15, repeat=5, times=4),
        Step(ClockKind.RECEIPT, 45, "both", repeat=30, until=200),
        Step(ClockKind.RECEIPT, 90, "officer2"),
    )


def test_a_policy_that_holds_nowhere_is_remarked(directory: Path) -> None:
    """A policy that is never used is a warning: it may be a mistake under `use`."""
    (directory / "escalation.yaml").write_text(
        STRICT.replace("day: strict", "day: usual").replace("election: strict", "election: usual"), encoding="utf-8"
    )
    assert [w for w in warnings(load(directory)) if "strict" in w] == [
        "escalation.yaml policies: strict is used nowhere; name it under `use`, or remove it"
    ]


def test_shipped_files_go_into_the_wheel() -> None:
    """The build puts the shipped files where `shipped` looks for them in the package."""
    pyproject = tomllib.loads((TESTS.parent / "pyproject.toml").read_text(encoding="utf-8"))
    sources = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["sources"]
    assert sources == {name: f"flaggermail/_shipped/{name}" for name in ("config", "rules", "docs", "systemd")}


# ---- authentication of senders


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("  authserv_id: mx.bzk.example\n", Trust(AuthenticationMethod.NAMED, "mx.bzk.example", "mx.bzk.example")),
        (
            "  trust: named\n  authserv_id: mx.bzk.example\n",
            Trust(AuthenticationMethod.NAMED, "mx.bzk.example", "mx.bzk.example"),
        ),
        (
            "  trust: named\n  authserv_id: desk-auth\n  received_by: bzk.example\n",
            Trust(AuthenticationMethod.NAMED, "desk-auth", "bzk.example"),
        ),
        (
            "  trust: topmost\n  received_by: mx.bzk.example\n",
            Trust(AuthenticationMethod.TOPMOST, None, "mx.bzk.example"),
        ),
        ("  trust: dkim\n", Trust(AuthenticationMethod.DKIM, None, None)),
        ("  trust: nobody\n", Trust(AuthenticationMethod.NOBODY, None, None)),
        ("", Trust(AuthenticationMethod.NOBODY, None, None)),
    ],
)
def test_one_witness_vouches_for_senders(directory: Path, lines: str, wanted: Trust) -> None:
    """The method is a named server, an unnamed server, DKIM or none; a name alone means a named server."""
    replace(directory / "flaggermail.yaml", "  authserv_id: mx.bzk.example\n", lines)
    assert load(directory).desk.mailbox.trusted == wanted


# ---- warnings


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("flaggermail.yaml", "  authserv_id: mx.bzk.example\n", "", "no sender is verified"),
        ("flaggermail.yaml", "  authserv_id: mx.bzk.example\n", "  trust: nobody\n", "no sender is verified"),
        ("flaggermail.yaml", "  authserv_id: mx.bzk.example\n", "  trust: dkim\n", "only platforms' mail is verified"),
        ("flaggermail.yaml", "  user:", "  trust: named+dkim\n  user:", "bears no signature of its own"),
        ("flaggermail.yaml", "  persons: 1", "  persons: 2", ""),
        ("oncall.yaml", "fallback_officer: officer1\n", "", "nobody is ever on call"),
        (
            "oncall.yaml",
            "shifts: []\n",
            "shifts:\n  - {officer: head1, begins: 2027-03-29T07:00:00+01:00, ends: 2027-03-29T17:00:00+02:00}\n",
            "shifts[0].begins: 2027-03-29T07:00:00+01:00 is 2027-03-29T08:00:00+02:00 in Europe/Amsterdam",
        ),
    ],
)
def test_what_is_allowed_and_probably_not_meant_is_a_warning(
    directory: Path, file: str, old: str, new: str, said: str
) -> None:
    """A suspicious but valid setting loads with one warning; two approvals of three approvers give none."""
    replace(directory / file, old, new)
    said_lines = warnings(load(directory))
    assert len(said_lines) == (1 if said else 0)
    assert said in "".join(said_lines)


def test_too_few_approvers_are_a_warning(directory: Path) -> None:
    """Too few approvers are a warning: no notification could ever be sent."""
    file = directory / "oncall.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(", approver]", "]"), encoding="utf-8")
    assert warnings(load(directory)) == ()  # the head may approve
    replace(directory / "flaggermail.yaml", "persons: 1", "persons: 2")
    (warning,) = warnings(load(directory))
    assert "no notification can be sent" in warning


def test_how_a_reply_approves_is_to_be_chosen(directory: Path) -> None:
    """Without the key nothing approves by reply, and one warning says so; each choice ends it."""
    replace(directory / "flaggermail.yaml", "  by_reply: totp\n", "")
    settings = load(directory)
    assert settings.desk.approval.means is ByReply.OFF
    (warning,) = warnings(settings)
    assert "approval.by_reply: not chosen" in warning
    replace(directory / "flaggermail.yaml", "  persons: 1\n", "  persons: 1\n  by_reply: off\n")
    assert warnings(load(directory)) == ()


def test_an_approver_without_a_pager_is_named(directory: Path) -> None:
    """Codes by pager reach nobody who has none: each such approver is named, and no other."""
    replace(directory / "flaggermail.yaml", "by_reply: totp", "by_reply: pager")
    replace(
        directory / "oncall.yaml", "    login: head1\n", "    login: head1\n    pagers: [{credential: pager-head}]\n"
    )
    said = warnings(load(directory))
    assert [line.partition(" approves")[0].rpartition(" ")[2] for line in said] == ["officer1", "officer2"]


def test_the_secrets_lie_beside_the_archive(directory: Path) -> None:
    """They lie in `codes` beside the archive by default, else where the setting says, from the directory on."""
    assert load(directory).codes == directory / "codes"
    replace(directory / "flaggermail.yaml", "  archive: archive\n", "  archive: /var/lib/desk/archive\n")
    assert load(directory).codes == Path("/var/lib/desk/codes")
    replace(directory / "flaggermail.yaml", "store:\n", "store:\n  codes: secret/codes\n")
    assert load(directory).codes == directory / "secret/codes"


@pytest.mark.parametrize("login", ["j.jansen", "_svc", "1001", "jansen@bzk", "BZK\\\\jansen"])
def test_login_may_be_what_systems_and_directories_call_a_person(directory: Path, login: str) -> None:
    """A login may be any user name of a system or directory, with dots or a domain."""
    replace(directory / "oncall.yaml", "login: officer1", f'login: "{login}"')
    assert load(directory).rota.by_login(login.replace("\\\\", "\\")) is not None


# ---- addresses


NO_MAIL = "is no mail address; write name@domain alone"
LONG, TOO_LONG = ("a" * 70 + "@bzk.example", "\u00e9" * 33 + "@bzk.example")  # octets


@each("address", ["a..jansen@bzk.example", ".a@bzk.example", "a.@bzk.example", LONG, "jos\u00e9\u200b@bzk.example",
                  TOO_LONG, "a b@bzk.example", "a@-bzk.example", "a@bzk..example"])  # fmt: skip
@pytest.mark.parametrize("file", ["oncall.yaml", "platforms.yaml", "flaggermail.yaml"])
def test_an_address_that_no_mail_can_be_written_to_is_refused(directory: Path, file: str, address: str) -> None:
    """For an officer, a channel and the desk itself: what `compose` refuses, loading refuses."""
    old = {
        "oncall.yaml": "a.jansen@bzk.example", "platforms.yaml": "urgent-escalation@x-platform.example",
        "flaggermail.yaml": "address: verkiezingenflagger@bzk.example",
    }[file]  # fmt: skip
    sound = (directory / file).read_text("utf-8")
    replace(directory / file, old, f"address: '{address}'" if file == "flaggermail.yaml" else f"'{address}'")
    found = faults(directory)
    (directory / file).write_text(sound, "utf-8")  # for the next address
    assert any(NO_MAIL in fault for fault in found), found


@pytest.mark.parametrize(("file", "old", "new"), [
    ("oncall.yaml", "a.jansen@bzk.example", "jos\u00e9@bzk.example"),
    ("platforms.yaml", "urgent-escalation@x-platform.example", "\u00e9@x-platform.example"),
    ("flaggermail.yaml", "address: verkiezingenflagger@bzk.example", "address: flagg\u00e9r@bzk.example"),
])  # fmt: skip
def test_an_address_that_is_not_ascii_needs_a_server_that_takes_it(
    directory: Path, file: str, old: str, new: str
) -> None:
    """RFC 6531: refused unless the submission server offers SMTPUTF8, as the setting says; then it is taken."""
    replace(directory / file, old, new)
    assert any("only a submission server that offers SMTPUTF8" in fault for fault in faults(directory))
    replace(directory / "flaggermail.yaml", "submission:\n", "submission:\n  smtputf8: true\n")
    assert load(directory).desk.submission.smtputf8


def test_a_domain_that_is_not_ascii_is_named_as_servers_know_it(directory: Path) -> None:
    """The form in which each server takes it."""
    replace(directory / "oncall.yaml", "a.jansen@bzk.example", "info@b\u00fccher.example")
    assert any("info@xn--bcher-kva.example" in fault for fault in faults(directory))


@pytest.mark.parametrize("address", [
    "verkiezingenflagger@bzk.example", "Verkiezingenflagger+jansen@bzk.example", "desk2@bzk.example",
    "desk2+jansen@bzk.example",
])  # fmt: skip
def test_no_officer_has_an_address_of_the_mailbox(directory: Path, address: str) -> None:
    """The mailbox's own, an alias, and either with a tag behind a plus sign."""
    replace(directory / "flaggermail.yaml", "mailbox:\n", "mailbox:\n  aliases: [desk2@bzk.example]\n")
    replace(directory / "oncall.yaml", "a.jansen@bzk.example", address)
    assert any("is the shared mailbox; write the officer's own address" in fault for fault in faults(directory))


def test_a_mailbox_too_long_for_a_token_has_no_plus_addresses(directory: Path) -> None:
    """Else no mail of the desk could be composed."""
    replace(directory / "flaggermail.yaml", "address: verkiezingenflagger@", f"address: {'a' * 40}@")
    assert any("too long to carry a token" in fault for fault in faults(directory))
    replace(directory / "flaggermail.yaml", "mailbox:\n", "mailbox:\n  plus_addresses: false\n")
    assert load(directory).desk.mailbox.address.startswith("aaaa")


def test_a_name_of_the_desk_with_an_invisible_character_is_refused(directory: Path) -> None:
    """`compose` refuses it in each mail of the desk."""
    replace(directory / "flaggermail.yaml", "nl: Verkiezingen flagger", 'nl: "Verkiezingen\u200bflagger"')
    assert any("invisible character U+200B" in fault for fault in faults(directory))

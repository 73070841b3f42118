# SPDX-License-Identifier: EUPL-1.2
"""The mistakes that administrators make, and what the program says to each: the table of docs/mistakes.md.

Each is made at a desk without a fault, and the command is typed there. `python -m tests.tools.mistakes` writes it.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import time_machine

from flaggermail.settings.mistakes import SetupFaultCode
from tests.command_line import type_here
from tests.doubles.broken_desks import edit, sound
from tests.doubles.migrated import register_in
from tests.unit.settings.test_mistakes import CASES

TESTS = Path(__file__).parents[1]
MANUAL = TESTS.parent / "docs" / "mistakes.md"
NOW = datetime.fromisoformat("2027-03-10T12:00:00+01:00")
HEAD = "| mistake | what the program says | exit status |\n|---|---|---|\n"
_GROWING = re.compile(r"(?P<revision>(?<= )0\d{3}\b)|(?<=\()\d+(?= of)|\d+(?= files are)")


@dataclass(frozen=True)
class Made:
    """One mistake in plain words: `spoil` makes it at a desk, and `typed` is the command that tells of it."""

    words: str
    spoil: Callable[[Path], None] = lambda _: None
    typed: str = "check"
    login: str = "officer1"
    direct: bool = True  # beside the door, as the account of the desk's files

    @property
    def row(self) -> str:
        """The row of the manual, made by running the program."""
        status, said = told(self)
        escaped = said.replace("|", r"\|")
        return f"| {self.words} | `` {escaped} `` | {status} |\n"


def _laid(name: str) -> Callable[[Path], None]:
    """Returns a spoiling that lays the files of tests/bad_config over the desk."""
    overlay = TESTS / "bad_config" / name
    aside = {"expected.txt", "removed.txt"}

    def spoil(folder: Path) -> None:
        for path in overlay.rglob("*"):
            if path.is_file() and path.name not in aside:
                shutil.copyfile(path, folder / path.relative_to(overlay))
        removed = overlay / "removed.txt"
        for file in removed.read_text(encoding="utf-8").split() if removed.exists() else ():
            (folder / file).unlink(missing_ok=True)

    return spoil


def _known(code: SetupFaultCode, number: int = 0) -> Callable[[Path], None]:
    """Returns the spoiling of a mistake that `check` knows: of the first set-up of that code, or a later one."""
    return [spoil for one, spoil, _ in CASES if one is code][number]


def _typing(words: str, typed: str, *, login: str = "officer1") -> Made:
    """Returns a mistake of the command line."""
    return Made(words, typed=typed, login=login)


def _in(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Returns a change of a file."""
    return lambda folder: edit(folder / name, old, new, first=True)


def _desk(old: str, new: str) -> Callable[[Path], None]:
    """Returns a change of flaggermail.yaml."""
    return _in("flaggermail.yaml", old, new)


def _rota(old: str, new: str) -> Callable[[Path], None]:
    """Returns a change of oncall.yaml."""
    return _in("oncall.yaml", old, new)


def _added(name: str, text: str) -> Callable[[Path], None]:
    """Returns that a text is added to a file."""

    def spoil(folder: Path) -> None:
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return spoil


def _moved(file: Path, name: str) -> None:
    file.rename(file.with_name(name))


def _as_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


_NAMES = "nl: Ministerie van Voorbeeldzaken\n    en: Ministry of Example Affairs"
_HEAD = "    login: head1\n"
MISTAKES = (
    # ---- flaggermail.yaml
    Made("a key is misspelt", _laid("01-unknown-key")),
    Made("a key is missing", _laid("03-missing-key")),
    Made("a key is written twice", _laid("04-duplicate-key")),
    Made("a value with a colon is not in quotes", _laid("06-second-colon")),
    Made("a quotation mark is not closed", _laid("07-open-quotation-mark")),
    Made("a tab in place of spaces", _laid("08-tab")),
    Made("the indentation is wrong", _laid("09-indentation")),
    Made("a file is missing", _laid("10-missing-file")),
    Made("a file is empty", _laid("11-empty-file")),
    Made("a file was saved as Windows-1252", _laid("13-not-utf-8")),
    Made("the password stands in the settings", _laid("14-password-in-yaml")),
    Made("a word in place of the port", _laid("15-wrong-type")),
    Made("a key without a value", _laid("19-no-value")),
    Made("an unknown word for TLS", _laid("18-unknown-word")),
    Made("no TLS to another machine", _laid("27-tls-none-to-another-machine")),
    Made("the form of TLS does not fit the port", _known(SetupFaultCode.TLS_PORT)),
    Made("the port of submission for the mailbox", _known(SetupFaultCode.TLS_PORT, 2)),
    Made("the file of the authority does not exist", _known(SetupFaultCode.CA_FILE, 3)),
    Made("the file of the authority is the private key", _known(SetupFaultCode.CA_FILE)),
    Made("nobody verifies senders", _known(SetupFaultCode.TRUST)),
    Made("`trust: named` without a name", _laid("71-trust-named-without-name")),
    Made("`trust: topmost` without the server", _laid("72-trust-topmost-without-server")),
    Made("the folder of sent mail is the inbox", _laid("32-sent-is-the-inbox")),
    Made("the folder of sent mail is excluded", _laid("76-sent-unwatched")),
    Made("the time zone is a city's own name", _laid("23-time-zone")),
    Made("how replies approve was not chosen", _known(SetupFaultCode.BY_REPLY)),
    Made("codes by mail without the risk accepted", _laid("126-mail-codes-without-the-risk")),
    Made("the host with its port", _laid("180-host-with-port")),
    Made("the host as a web address", _laid("181-host-with-scheme")),
    Made("the host with login and password", _laid("182-host-with-login")),
    Made("two hosts", _laid("183-host-two-names")),
    Made("an IPv6 address in brackets", _laid("184-host-in-brackets")),
    Made("yes in Dutch", _desk("  user: verk", "  plus_addresses: nee\n  user: verk")),
    Made("a number with its unit", _desk("  user: verk", "  poll_seconds: 60s\n  user: verk")),
    Made("one word in place of a list", _desk("  user: verk", "  excluded_folders: Archief\n  user: verk")),
    Made("a flag of IMAP for the keyword", _desk("  user: verk", "  keyword: \\Seen\n  user: verk")),
    Made("`tls: true`", _desk("tls: none\n  user", "tls: true\n  user")),
    Made(
        "the name of the field with the server's name",
        _desk("authserv_id: mx.bzk.example", "authserv_id: 'Authentication-Results: mx.bzk.example'"),
    ),
    Made("a domain with its @", _desk("login_domains: [bzk.example]", "login_domains: ['@bzk.example']")),
    Made("officers on the mailbox's own server", _known(SetupFaultCode.LOGIN_DOMAIN)),
    Made("the organisation in one language", _desk(f"name:\n    {_NAMES}", "name: Ministerie")),
    Made("a phone number without the country", _desk("phone: '+31 70 000 0000'\n\nmail", "phone: '070 123'\n\nmail")),
    Made("a phone number without quotes", _desk("phone: '+31 70 000 0000'\n\nmail", "phone: +3170123\n\nmail")),
    Made("three must approve", _desk("persons: 1", "persons: 3")),
    Made("a password's path in place of its name", _desk("  user: verk", "  credential: /etc/pw\n  user: verk")),
    Made("a merge that was not finished", _desk("\napproval:", "\n<<<<<<< HEAD\napproval:")),
    Made("a space that came from a web page", _desk("  port: 1\n  tls: none\n  u", "\u00a0 port: 1\n  tls: none\n  u")),
    Made("two documents in one file", _desk("\napproval:", "\n---\napproval:")),
    Made("a file called .yml", lambda folder: _moved(folder / "platforms.yaml", "platforms.yml")),
    # ---- the database, the archive, the passwords
    Made("the folder of the database does not exist", _known(SetupFaultCode.DATABASE_FOLDER)),
    Made("the database is another file", _known(SetupFaultCode.DATABASE_UNREADABLE)),
    Made("the database of another program", _known(SetupFaultCode.DATABASE_FOREIGN)),
    Made("the database of a newer version", _known(SetupFaultCode.DATABASE_NEWER)),
    Made("PostgreSQL without its extra", _known(SetupFaultCode.DATABASE_DRIVER)),
    Made("the password of PostgreSQL in the address", _laid("29-database-password")),
    Made("the archive cannot be a folder", _known(SetupFaultCode.ARCHIVE_FOLDER)),
    Made("the disk of the archive is not mounted", _known(SetupFaultCode.ARCHIVE_GONE)),
    Made("the database in memory", _known(SetupFaultCode.DATABASE_IN_MEMORY)),
    Made("the database by its path", _desk("sqlite:///flaggermail.db", "/var/lib/flaggermail/flaggermail.db")),
    Made("the database is a folder", _desk("sqlite:///flaggermail.db", "sqlite:///rules")),
    Made("another kind of database", _desk("sqlite:///flaggermail.db", "mysql://db.bzk.example/flaggermail")),
    Made("the archive in somebody's home", _laid("185-archive-in-a-home")),
    Made("the archive by a word of systemd", _laid("186-archive-of-a-unit")),
    Made("the database by a variable", _laid("187-database-by-variable")),
    Made("the archive in the configuration's own folder", _known(SetupFaultCode.FOLDER_SHARED)),
    Made("the secrets of codes in the archive", _known(SetupFaultCode.FOLDER_SHARED, 1)),
    Made("a password is missing", _known(SetupFaultCode.CREDENTIAL_MISSING)),
    Made("a password that other accounts may read", _known(SetupFaultCode.CREDENTIAL_OPEN)),
    Made("a password with a second line", _known(SetupFaultCode.CREDENTIAL_LINES)),
    Made("an empty file for a password", _known(SetupFaultCode.CREDENTIAL_UNREADABLE)),
    Made("a folder in place of a password", lambda folder: _as_folder(folder / "credentials" / "imap-password")),
    Made("a password with a space behind it", _known(SetupFaultCode.CREDENTIAL_SIGNS)),
    Made("a password in quotation marks", _known(SetupFaultCode.CREDENTIAL_SIGNS, 1)),
    Made("a proxy that runs as an officer", _laid("193-proxy-is-a-person")),
    Made("a proxy's account that the machine lacks", _known(SetupFaultCode.PROXY_ACCOUNT)),
    # ---- oncall.yaml
    Made("an officer's address with the name", _laid("20-address-with-name")),
    Made("an officer's address in a domain of nobody else", _known(SetupFaultCode.OFFICER_DOMAIN)),
    Made("a shift of somebody who is no officer", _laid("33-officer-unknown")),
    Made("nobody has the role head", _laid("36-no-head")),
    Made("two shifts overlap", _laid("37-shifts-overlap")),
    Made("a shift without its offset", _laid("26-instant-without-offset")),
    Made("a shift with the offset of winter in summer", _known(SetupFaultCode.OFFSET)),
    Made("nobody is ever on call", _known(SetupFaultCode.ON_CALL_NOBODY)),
    Made("two must approve, and one may", _known(SetupFaultCode.APPROVERS)),
    Made("a pager without the extra", _known(SetupFaultCode.PAGER_EXTRA)),
    Made("codes by pager, and an approver without one", _known(SetupFaultCode.PAGER_NONE)),
    Made("a role in Dutch", _rota("roles: [head, approver]", "roles: [hoofd, approver]")),
    Made("two officers with one login", _rota("login: officer2", "login: officer1")),
    Made("the address of a pager in the settings", _rota(_HEAD, f"{_HEAD}    pagers: ['tgram://token/chat']\n")),
    Made(
        "a date as in a letter",
        _rota("shifts: []", "shifts: [{officer: head1, begins: 17-03-2027 08:00, ends: 18-03-2027 08:00}]"),
    ),
    # ---- platforms.yaml, elections.yaml, escalation.yaml, rules
    Made("a platform's domain with a star", _laid("21-domain-with-star")),
    Made("a channel's address in another domain", _laid("43-channel-address-elsewhere")),
    Made("a policy read in the future", _known(SetupFaultCode.POLICY_AHEAD)),
    Made("a day that no calendar has", _laid("25-no-such-day")),
    Made("an election's code that is a number", _laid("17-number-for-text")),
    Made("a polling day outside the period", _laid("44-polling-day-outside-period")),
    Made("no election", _known(SetupFaultCode.ELECTION_NONE)),
    Made("no election near", _known(SetupFaultCode.ELECTION_FAR)),
    Made("two elections at once", _known(SetupFaultCode.ELECTION_OVERLAP)),
    Made("reminders out of order", _laid("31-reminders-not-rising")),
    Made("a policy of reminders that nothing uses", _known(SetupFaultCode.POLICY_UNUSED)),
    Made("a rule names a list that is not there", _laid("47-rule-list-unknown")),
    Made("a rule that would match every mail", _laid("46-rule-matches-everything")),
    Made("the days of an election exchanged", _in("elections.yaml", "begins: 2027-02-01", "begins: 2027-05-01")),
    Made("an election's code in small letters", _in("elections.yaml", "code: PS2027", "code: ps2027")),
    Made("an address on a list of domains", _added("rules/lists/government.txt", "griffie@ameland.example\n")),
    Made("a provider of mailboxes on a list", _added("rules/lists/government.txt", "gmail.com\n")),
    Made("a template that is gone", lambda folder: (folder / "templates" / "nl" / "reminder.j2").unlink()),
    Made("a template with a name that nobody gives", _added("templates/nl/reminder.j2", "{{ naam }}\n")),
    Made("a template whose `if` does not end", _added("templates/nl/reminder.j2", "{% if number %}\n")),
    Made(
        "a template that breaks where a value is missing",
        _added("templates/nl/alarm.j2", "{{ (minutes / 60) | round(1) }}\n"),
    ),
    Made("an alarm without its words", _in("templates/words.yaml", "    rules refused: gew", "    rules refusd: gew")),
    # ---- commands
    Made("the example is run unchanged", _known(SetupFaultCode.EXAMPLE), "run"),
    _typing("`--config` names a folder that is not there", "--config {folder}/nowhere check"),
    _typing("`--config` names a file", "--config {folder}/flaggermail.yaml check"),
    _typing("`init` into a folder in use", "init {folder}"),
    _typing("a file whose ending says another format", "latency --format csv --out {folder}/figures.html"),
    _typing("a file in a format that is not made", "latency --out {folder}/figures.xlsx"),
    _typing("old mail in the format of another program", "ingest {folder}/flaggermail.db"),
    Made("an address in place of a domain", register_in, "referrer add griffie@ameland.example"),
    Made("a provider of mailboxes as a referrer", register_in, "referrer add gmail.com"),
    _typing("a misspelt command", "cases"),
    _typing("a misspelt option", "check --jsn"),
    Made("a command while the desk has no open door", typed="case list", direct=False),
    _typing("a case that does not exist", "case show VF-EP2024-0099"),
    _typing("a login that is no officer's", "resume", login="somebody"),
    _typing("a login of nobody in oncall.yaml reads", "case list", login="somebody"),
    Made("an officer who does not exist", register_in, "officer enrol offcer1"),
    _typing("`demo` without its extra", "demo --once"),
    _typing("an instant in words", "events --since yesterday"),
    _typing("`replay` of a folder without a scenario", "replay {folder}/rules"),
)


def told(mistake: Made) -> tuple[int, str]:
    """Makes the mistake at a desk of its own; returns the exit status and the one sentence that the program says."""
    with tempfile.TemporaryDirectory(prefix="flaggermail-mistake-") as name, time_machine.travel(NOW, tick=False):
        folder = sound(Path(name) / "desk", read_in=2026)
        mistake.spoil(folder)
        status, out, err = _typed(folder, mistake)
        summary = ("configuration in order", "configuration read", "not looked at")
        lines = err.splitlines() or [line for line in out.splitlines() if not line.startswith(summary)]
        assert lines, (mistake.words, out)
        return status, _plain(lines, folder)


def _plain(lines: Sequence[str], folder: Path) -> str:
    """Returns the first sentence without this machine's folder and without what grows with the program."""
    first = lines[0].replace(str(folder), "DIR").strip()
    return _GROWING.sub(lambda found: "REVISION" if found["revision"] else "N", first)


def _typed(folder: Path, mistake: Made) -> tuple[int, str, str]:
    """Types the command with a login and without the extras; returns the exit status and what it printed."""
    words = ["--config", str(folder), *(word.format(folder=folder) for word in mistake.typed.split())]
    with _as_new_administrator(mistake.login):
        ran = type_here(words, direct=mistake.direct)
    return ran.status, ran.out, ran.err


@contextmanager
def _as_new_administrator(login: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flaggermail.wiring.setup_checks.is_module", lambda module: module != "apprise")
        patch.setattr("flaggermail.adapters.db.inspection.driver_is_installed", lambda: False)
        patch.setitem(sys.modules, "aiosmtpd", None)
        for name in ("aiosmtpd.smtp", "flaggermail.adapters.demo_servers"):
            patch.delitem(sys.modules, name, raising=False)
        patch.setattr("flaggermail.cli.session.login", lambda: login)
        for owner, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
            patch.setattr(owner, hook, getattr(owner, hook))  # `run` sets them for the whole process
        yield


def rows(head: str = HEAD) -> list[str]:
    """Returns the rows of the manual's table that has this head."""
    found = re.search(re.escape(head) + r"((?:\|[^\n]*\n)*)", MANUAL.read_text(encoding="utf-8"))
    assert found, "the page has no such table"
    return found[1].splitlines(keepends=True)


def write(made: Iterable[str], head: str = HEAD) -> None:
    """Replaces the rows of that table."""
    before, now = head + "".join(rows(head)), head + "".join(made)
    MANUAL.write_text(MANUAL.read_text(encoding="utf-8").replace(before, now), encoding="utf-8")


if __name__ == "__main__":
    write(mistake.row for mistake in MISTAKES)

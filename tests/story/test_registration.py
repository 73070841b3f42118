# SPDX-License-Identifier: EUPL-1.2
"""Only the daemon registers its configuration: a command with a copy of it says so and changes nothing."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from flaggermail.cases.configuration_record import configuration_number, differences
from flaggermail.cli import ingest
from flaggermail.ports import Store
from flaggermail.record.audit import Head
from flaggermail.record.definition import Record
from flaggermail.record.events import EventKind
from flaggermail.record.rows import Channel, Election, Notification, OutboxMail, RegisteredFile
from flaggermail.record.states import LEASE
from flaggermail.rules.configuration import load
from flaggermail.shipped import shipped
from flaggermail.wiring import assembly, daemon_assembly, databases
from tests.command_line import Ran, type_here
from tests.story.conftest import CONFIG

R = TypeVar("R", bound=Record)
URGENT, THIEF = "urgent-escalation@x-platform.example", "thief@x-platform.example"
THEIRS = f"""\
      - code: x-thief
        name: Another way
        kind: mail
        to: [{THIEF}]
        language: en
        valid_from: 2019-05-01
      - code: x-urgent
"""
OPENING = (
    "case", "open", "--election", "EP2024", "--type", "D_general_warning", "--origin", "earlier_cases",
    "--title", "Two boxes",
)  # fmt: skip


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns the configuration of a desk with an empty record; this account is its first officer."""
    monkeypatch.setattr("flaggermail.cli.session.login", lambda: "officer1")
    folder = tmp_path / "desk"
    shutil.copytree(CONFIG, folder)
    shutil.copytree(shipped("rules"), folder / "rules")
    shutil.copytree(shipped("config") / "templates", folder / "templates")
    (folder / "credentials").mkdir(mode=0o700)
    (folder / "credentials" / "imap-password").write_text("secret\n")
    (folder / "credentials" / "imap-password").chmod(0o600)
    databases.upgrade_database(folder)
    return folder


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replaces a text in a file of a configuration, which stays valid."""
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), "utf-8")
    load(folder)


LASTS = 600.0  # seconds of a lease


def daemon_runs(directory: Path) -> None:
    """Starts the daemon and stops it at once."""
    daemon = daemon_assembly.daemon(directory)
    daemon.claim.lasts = LASTS
    daemon.warm = daemon.confinement = None
    daemon.stop.set()
    with closing(daemon.env):
        daemon.run()


def copied(directory: Path) -> Path:
    """Returns a copy of a configuration that names the same database and archive."""
    copy = directory.with_name("copy")
    shutil.copytree(directory, copy)
    store = load(directory).desk.store
    edit(copy, "flaggermail.yaml", "  database: ", f"  database: {store.database}  # ")
    edit(copy, "flaggermail.yaml", "  archive: ", f"  archive: {store.archive}  # ")
    return copy


def typed(directory: Path, *words: str) -> Ran:
    """Runs a command line with that configuration."""
    return type_here(["--config", str(directory), *words])


def rows(directory: Path, kind: type[R]) -> list[R]:
    """Returns the rows of that kind on record."""
    with closing(assembly.open_services(directory)) as env, env.store.read() as tx:
        return list(tx.find(kind))


def head(directory: Path) -> Head:
    """Returns the head of the chain: it moves with every event."""
    with closing(assembly.open_services(directory)) as env, env.store.read() as tx:
        found = tx.head()
        assert found is not None
        return found


def address(directory: Path) -> tuple[str, ...]:
    """Returns the address of the urgent channel on record."""
    return next(row.to for row in rows(directory, Channel) if row.code == "x-urgent")


def test_a_view_with_a_copied_configuration_changes_nothing(directory: Path) -> None:
    """A copy has another address for a channel: the list is shown, one line names the difference, no event is added."""
    daemon_runs(directory)
    copy, before = copied(directory), head(directory)
    edit(copy, "platforms.yaml", URGENT, THIEF)
    shown = typed(copy, "case", "list")
    assert shown.status == 0
    (line,) = shown.err.splitlines()
    assert str(copy) in line
    assert "channel x-urgent: to" in line
    assert THIEF not in line
    assert address(directory) == (URGENT,)
    assert head(directory) == before
    assert typed(directory, "case", "list").err == ""


def test_programs_get_the_differences_as_a_field(directory: Path) -> None:
    """The document names what differs, and has no such field where nothing does."""
    daemon_runs(directory)
    copy = copied(directory)
    edit(copy, "platforms.yaml", URGENT, THIEF)
    edit(copy, "oncall.yaml", "+31 6 0000 0001", "+31 6 0000 0009")
    document = typed(copy, "case", "list", "--json").json
    assert isinstance(document, dict)
    found = document["configuration_differs"]
    assert {"what": "channel", "key": "x-urgent", "fields": ["to"]} in found
    assert {"what": "file", "key": "oncall.yaml", "fields": []} in found
    here = typed(directory, "case", "list", "--json").json
    assert isinstance(here, dict)
    assert "configuration_differs" not in here


def test_a_copied_channel_is_no_address_of_the_desk(directory: Path) -> None:
    """A command drafts to the address on record, and a channel that only the copy has is unknown."""
    daemon_runs(directory)
    copy = copied(directory)
    edit(copy, "platforms.yaml", URGENT, THIEF)
    edit(copy, "platforms.yaml", "      - code: x-urgent\n", THEIRS)
    opened = typed(directory, *OPENING, "--json").json
    assert isinstance(opened, dict)
    number = opened["key"]
    form = directory / "form.yaml"
    form.write_text("incorrect: true\ncriteria: [1]\n", encoding="utf-8")
    typed(directory, "case", "assess", number, str(form))
    typed(directory, "case", "decide", number, "notify", "--reason", "a vote is lost")
    unknown = typed(copy, "notify", number, "--channel", "x-thief")
    assert unknown.status == 1
    drafted = typed(copy, "notify", number, "--channel", "x-urgent", "--json")
    assert drafted.status == 0, drafted.err
    (draft,) = rows(directory, Notification)
    assert draft.to == (URGENT,)
    approved = typed(copy, "approve", draft.id)
    assert approved.status == 1  # by the copy the channel has another address
    assert {URGENT, THIEF}.isdisjoint(mail.recipient for mail in rows(directory, OutboxMail))


def test_a_command_before_the_daemon_ever_ran_is_refused(directory: Path) -> None:
    """Nothing is written, the words say what to do, and views answer."""
    refused = typed(directory, *OPENING)
    assert refused.status == 1
    assert "the daemon has not run yet" in refused.err
    assert "flaggermail run" in refused.err
    assert head(directory).seq == 0
    assert typed(directory, "case", "list").status == 0
    daemon_runs(directory)
    assert typed(directory, *OPENING).status == 0


def test_old_mail_may_come_before_the_daemon(directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ingest` registers where no daemon ever ran, in the name of its account; later it only compares."""
    monkeypatch.setattr(ingest, "login", lambda: "flaggermail")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "one.eml").write_bytes(b"From: A <a@b.example>\r\nSubject: Old\r\n\r\nText.\r\n")
    assert typed(directory, "ingest", str(tmp_path / "old")).status == 0
    with closing(assembly.open_services(directory)) as env, env.store.read() as tx:
        registering = {EventKind.ELECTION_ADDED, EventKind.CONFIGURATION_REGISTERED}
        assert {event.actor for _, event in tx.events() if event.kind in registering} == {"flaggermail"}
    assert rows(directory, Election)
    edit(directory, "platforms.yaml", URGENT, THIEF)
    again = typed(directory, "ingest", str(tmp_path / "old"))
    assert "channel x-urgent: to" in again.err
    assert address(directory) == (URGENT,)


def test_another_address_of_the_mailbox_is_told_while_clocks_run(directory: Path) -> None:
    """`check` and the daemon at its start say that answers to the former address would be lost, unless it is an alias.

    Without a running clock nobody waits for an answer, and nothing is said.
    """
    daemon_runs(directory)
    was, now = "address: verkiezingenflagger@bzk.example", "address: verkiezingen@bzk.example"
    edit(directory, "flaggermail.yaml", was, now)
    assert "mailbox.address" not in typed(directory, "check").out
    edit(directory, "flaggermail.yaml", now, was)
    opened = typed(directory, *OPENING, "--json").json
    assert isinstance(opened, dict)
    number = opened["key"]
    (directory / "form.yaml").write_text("incorrect: true\ncriteria: [1]\n", encoding="utf-8")
    typed(directory, "case", "assess", number, str(directory / "form.yaml"))
    typed(directory, "case", "decide", number, "notify", "--reason", "a vote is lost")
    called = ("--means", "phone", "--text", "we told them", "--channel", "x-urgent", "--counts-as", "notification")
    assert typed(directory, "case", "note", number, *called).status == 0
    edit(directory, "flaggermail.yaml", was, now)
    said = "flaggermail.yaml mailbox.address: another than the daemon took in, while clocks run; name that one under"
    assert f"note: {said}" in typed(directory, "check").out
    alias = f"{now}\n  aliases: [verkiezingenflagger@bzk.example]"
    edit(directory, "flaggermail.yaml", now, alias)
    assert said not in typed(directory, "check").out
    edit(directory, "flaggermail.yaml", alias, now)
    with capture_logs() as logged:
        daemon_runs(directory)
    assert [one["reason"][: len(said)] for one in logged if one.get("object") == "odd"] == [said]


def test_a_second_daemon_registers_nothing(directory: Path) -> None:
    """A daemon with a copied configuration that does not get the lease leaves the record as it is."""
    first = daemon_assembly.daemon(directory)
    with closing(first.env):
        daemon_runs(directory)
        first.env.store.acquire(LEASE, "the first", LASTS)
        copy, before = copied(directory), head(directory)
        edit(copy, "platforms.yaml", URGENT, THIEF)
        daemon_runs(copy)
        assert (address(directory), head(directory)) == ((URGENT,), before)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("platforms.yaml", URGENT, THIEF),
        ("oncall.yaml", "login: officer2", "login: other"),
        ("rules/lists/free_mail.txt", "", "newcomer.example\n"),
    ],
)
def test_a_door_knows_that_the_daemon_took_in_another_configuration(
    directory: Path, name: str, old: str, new: str
) -> None:
    """The number grows when the daemon starts with other files, and not when it starts with the same."""
    daemon_runs(directory)
    with closing(assembly.open_services(directory)) as door:
        known = number_on(door.store)
        daemon_runs(directory)
        assert number_on(door.store) == known
        if old:
            edit(directory, name, old, new)
        else:
            with (directory / name).open("a") as file:
                file.write(new)
        assert number_on(door.store) == known
        daemon_runs(directory)
        assert number_on(door.store) > known
        with door.store.read() as tx:
            assert differences(door.settings, tx) != ()
            assert differences(assembly.reloaded(door).settings, tx) == ()


def number_on(store: Store) -> int:
    """Returns the number of the configuration that the daemon last took in."""
    with store.read() as tx:
        return configuration_number(tx)


def test_words_that_mean_the_same_are_no_difference(directory: Path) -> None:
    """A comment, and a path to the same folder through a link, are no difference; the elections only seed."""
    daemon_runs(directory)
    with (directory / "oncall.yaml").open("a") as file:
        file.write("# a comment\n")
    edit(directory, "elections.yaml", "EP2024", "EP2023")
    link = directory.with_name("link")
    link.symlink_to(directory)
    assert typed(directory, "case", "list").err == ""
    assert typed(link, "case", "list").err == ""
    assert {row.key for row in rows(directory, RegisteredFile)} >= {"flaggermail.yaml", "oncall.yaml"}

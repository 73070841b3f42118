# SPDX-License-Identifier: EUPL-1.2
"""docs/several-machines.md, typed block by block: a streaming pair by hand, two nodes on it, fail-over, hand-over.

Two machines are two clusters and two nodes on this one: its addresses are replaced by the folders of the clusters'
sockets, and nothing else is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.bench.desk import VOUCHED, Servers
from tests.flow.desk_process import ROOT, DeskProcess, patiently
from tests.servers import ServerNotStartedError, account, give, server_folder, under
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.long
PAGE = (ROOT / "docs" / "several-machines.md").read_text("utf-8")


def block(heading: str, language: str, number: int = 0) -> str:
    """Returns a block of that language below a heading of the page."""
    section = re.search(rf"^##+ {re.escape(heading)}$.*?(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    assert section, heading
    return str(re.findall(rf"^```{language}\n(.*?)^```$", section[0], re.MULTILINE | re.DOTALL)[number])


@dataclass
class Machines:
    """The two clusters, made by the page."""

    first: Postgres
    second: Postgres

    def typed(self, command: str, at: Postgres, other: Postgres) -> None:
        """Types a block of the shell at a database server, as the account of PostgreSQL."""
        programs = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
        names = {"PGDATA": str(at.folder / "cluster"), "PRIMARY": str(other.folder), "REPLICATOR": "vf"}
        env = {**os.environ, **names, "PATH": f"{programs}:{os.environ['PATH']}"}
        subprocess.run([*under(*account("postgres")), "sh", "-ec", command], check=True, env=env, cwd=at.folder)

    @staticmethod
    def sql(statements: str, at: Postgres) -> None:
        """Types a block of SQL at a primary."""
        for statement in filter(None, map(str.strip, statements.split(";"))):
            at.execute(statement)


@pytest.fixture
def machines() -> Iterator[Machines]:
    """Returns a primary and a server that is still empty; both are stopped at the end."""
    with server_folder("pg") as one, server_folder("pg") as other:
        made = Machines(Postgres(one), Postgres(other))
        for folder in (one, other):
            give(folder, *account("postgres"))
        made.first.make_cluster()
        made.first.start()
        try:
            yield made
        finally:
            for server in (made.first, made.second):
                with suppress(ServerNotStartedError):  # the test stopped it
                    server.stop()


@pytest.fixture
def servers(
    certificates: Certificates, dovecot: Dovecot, postfix: Postfix, platform: PlatformServer
) -> Servers:  # fmt: skip
    """Returns the servers of the session."""
    postfix.set_dmarc_results(dict.fromkeys(VOUCHED, "pass"))
    return Servers(certificates, dovecot, postfix, platform)


def store(machines: Machines) -> dict[str, object]:
    """Returns the page's section `store`."""
    text = block("2. The desk", "yaml")
    for address, server in (("10.0.0.1", machines.first), ("10.0.0.2", machines.second)):
        text = text.replace(address, str(server.folder))
    return dict(YAML(typ="safe").load(text)["store"])


def configure(folder: Path, settings: Mapping[str, object]) -> None:
    """Writes that section into a configuration, and makes the key that the page makes."""
    yaml = YAML()
    written = yaml.load((folder / "flaggermail.yaml").read_text("utf-8"))
    written["store"].update(settings)
    yaml.dump(written, folder / "flaggermail.yaml")
    makes_key = block("2. The desk", "sh").replace("/etc/flaggermail", str(folder))
    subprocess.run(["sh", "-ec", makes_key], check=True)


@contextmanager
def copied(desk: DeskProcess, folder: Path) -> Iterator[DeskProcess]:
    """Yields a second node whose configuration is a copy; it has ended at the end."""
    shutil.copytree(desk.folder, folder, symlinks=True)
    node = DeskProcess(folder, desk.mailbox, desk.officer, desk.database)
    try:
        yield node
    finally:
        node.end()


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with a short path."""
    return tmp_path_factory.mktemp("d")


def leads(nodes: Sequence[DeskProcess]) -> str:
    """Returns the id of the node that leads, by the page's command; empty if none does, or more than one.

    Starts nodes that ended anew, as the page's unit does: a leader that handed over ends.
    """
    for node in nodes:
        if node.process_ended():
            node.start(waits=False)
    (words,) = block("2. The desk", "sh", 2).splitlines()
    try:
        listed = nodes[0].read(*words.split()[1:])
    except AssertionError:  # the database is away
        return ""
    assert isinstance(listed, dict)
    found = [str(one["id"]) for one in listed["nodes"] if one["leads"]]
    return found[0] if len(found) == 1 else ""


def test_the_page_makes_a_desk_that_outlives_its_primary_and_its_leader(
    machines: Machines, servers: Servers, mail_user: str, folder: Path
) -> None:
    """Every command of the page does what the page says."""
    with ExitStack() as stack:
        # 1. The pair.
        machines.sql(block("1. The pair", "sql"), machines.first)
        machines.typed(block("1. The pair", "sh"), machines.second, machines.first)
        machines.second.start()
        machines.sql(block("1. The pair", "sql", 1), machines.first)
        # 2. The desk: two nodes with one configuration.
        settings = store(machines)
        one = stack.enter_context(servers.desk(mail_user, None, str(settings["database"])))
        configure(one.folder, settings)
        nodes = [one, stack.enter_context(copied(one, folder / "second"))]
        check, enable = block("2. The desk", "sh", 1).splitlines()
        assert enable.startswith("systemctl enable --now flaggermail")
        for node in nodes:
            node.run(*check.split()[1:])
            node.start(waits=False)
        patiently(lambda: leads(nodes), "one node leads")
        # 3. The primary dies.
        machines.first.stop()
        machines.typed(block("3. When the primary dies", "sh"), machines.second, machines.first)
        machines.sql(block("3. When the primary dies", "sql"), machines.second)
        assert patiently(lambda: leads(nodes), "one node leads on the new primary")
        machines.typed('rm -r "$PGDATA"', machines.first, machines.second)
        machines.typed(block("1. The pair", "sh"), machines.first, machines.second)
        machines.first.start()
        machines.sql(block("1. The pair", "sql", 1), machines.second)
        patiently(lambda: machines.second.execute("SELECT 1 FROM pg_stat_replication"), "the old one follows")
        # 4. Practise it.
        hand_over, _ = block("Practise it", "sh").splitlines()
        first = patiently(lambda: leads(nodes), "one node leads")
        patiently(lambda: any(one["ready"] for one in nodes[0].listed("node", "list")), "the other one is ready")
        nodes[0].run(*hand_over.split()[1:])
        patiently(lambda: leads(nodes) not in {"", first}, "the other node leads")


def test_the_page_has_every_command_of_nodes() -> None:
    """Nothing on the page is a command that does not exist: these are all that name nodes."""
    assert set(re.findall(r"flaggermail node [a-z-]+", PAGE)) == {"flaggermail node list", "flaggermail node hand-over"}


def test_the_settings_of_patroni_keep_its_own_rule() -> None:
    """loop_wait + 2 * retry_timeout <= ttl (Patroni's manual, "Dynamic Configuration Settings")."""
    found = YAML(typ="safe").load(block("Patroni, a managed server, poolers", "yaml"))
    assert found["loop_wait"] + 2 * found["retry_timeout"] <= found["ttl"]
    assert found["synchronous_mode"] is True

# SPDX-License-Identifier: EUPL-1.2
"""A desk of three nodes between real servers, for one round of `bench chaos`: its story and what must be true of it."""

from __future__ import annotations

import json
import random
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from ruamel.yaml import YAML

from tests.bench import soak_count
from tests.bench.chaos_doors import DoorSoak
from tests.bench.chaos_nodes import Node, Watch, copied, hosts
from tests.bench.desk import Servers
from tests.bench.mails import Mails
from tests.bench.soak import written
from tests.flow.desk_process import message_id, patiently
from tests.patience import PATIENCE
from tests.servers import account, give, server_folder
from tests.servers.postgres import Postgres
from tests.servers.postgres_pair import PostgresPair
from tests.servers.relay import Relay, to_file, to_port

MAILBOX: dict[str, object] = {"poll_seconds": 2, "timeout_seconds": 10, "keyword": "flaggermail"}
OTHERS: dict[str, dict[str, object]] = {
    "submission": {"timeout_seconds": 10},
    "rate_limits": {
        "burst": 100, "mails_per_hour": 1000, "verified_per_hour": 1000, "unverified_per_hour": 1000,
        "failed_per_hour": 1000, "notices_per_sender": 1000, "answers_per_sender": 1000, "answers_per_hour": 10000,
    },
}  # fmt: skip
STEPS = [{"after": 1, "tell": "officer"}]
SETTLING = 240.0
_PORT = 5432


@dataclass
class ChaosDesk:
    """The nodes, the office in which commands are typed, and the servers of one round."""

    soak: DoorSoak
    nodes: Sequence[Node]
    servers: Servers
    postgres: Postgres
    pair: PostgresPair | None
    watch: Watch
    takeovers: list[float] = field(default_factory=list)  # seconds, from kill -9 to the lease of the next leader
    kept_up: bool = True  # whether nodes that end of their own are started again

    @classmethod
    @contextmanager
    def running(
        cls,
        servers: Servers,
        user: str,
        seed: int,
        *,
        pair: bool = False,
        disk: Path | None = None,
        clocks: bool = False,
    ) -> Iterator[ChaosDesk]:
        """Runs a desk whose nodes have all started; nothing of it is left at the end.

        `pair`: on a primary with a standby. `disk`: where the database's disk is mounted, if it has one of its own.
        `clocks`: each node has a clock of its own.
        """
        chance = random.Random(f"chaos/{seed}")  # noqa: S311 - the same run again is the purpose
        with ExitStack() as stack:
            two = stack.enter_context(PostgresPair.running()) if pair else None
            one = two.primary if two else stack.enter_context(Postgres.running() if disk is None else _placed(disk))
            url = two.database() if two else one.database()
            office = stack.enter_context(servers.desk(user, OTHERS, url, **MAILBOX))
            places = Path(stack.enter_context(server_folder("nodes")))
            _write(office.folder)
            behind = [two.primary, two.standby] if two else [one]
            reached = {_PORT + at: to_file(f"{each.folder}/.s.PGSQL.5432") for at, each in enumerate(behind)}
            ports = (servers.dovecot.imaps_port, servers.postfix.submission_port)
            made = stack.enter_context(hosts(places, reached | {port: to_port(port) for port in ports}))
            nodes = [
                copied(office.folder, places / host.name, _address(url, host.gateway, len(behind)), host, clock=clocks)
                for host in made
            ]
            stack.callback(_end, nodes)
            watch = Watch(url.replace("+psycopg", ""))
            stack.callback(watch.close)
            soak = DoorSoak(servers, written(office), chance, Mails(seed, f"{user}@bzk.example"), nodes=nodes)
            desk = cls(soak, nodes, servers, one, two, watch)
            for node in nodes:
                node.start()
            yield desk

    # ---- who leads

    @property
    def leader(self) -> Node | None:
        """The node that holds the lease by the record, if it runs."""
        term = self.watch.term
        return next((one for one in self.nodes if one.runs and term and one.led_as(term.holder)), None)

    def others(self) -> list[Node]:
        """Returns the nodes that do not lead, once one does."""
        leader = self.awaited_leader()
        return [one for one in self.nodes if one is not leader]

    def awaited_leader(self) -> Node:
        """Waits until a node leads; returns it."""
        return patiently(self._kept_up_leader, "a node leads", PATIENCE)

    def _kept_up_leader(self) -> Node | None:
        self.watch_over()
        return self.leader

    def watch_over(self) -> None:
        """Starts nodes again that ended of their own."""
        for node in self.nodes if self.kept_up else ():
            node.watch_over()

    def kill_leader(self) -> Node:
        """Kills the leader and waits for the next one's lease; returns the one that was killed."""
        leader = self.awaited_leader()
        term = self.watch.term
        assert term is not None
        begun = time.monotonic()
        leader.kill()
        self.takeovers.append(self.watch.taken_after(term.fencing) - begun)
        return leader

    # ---- the story

    def begin(self) -> None:
        """Waits until referrals are cases and one notification has left; it is reminded of a minute later."""
        self.awaited_leader()
        self.soak.open_doors()
        for _ in range(2):
            self.soak.referral()
        cases = "SELECT number FROM case_file"
        patiently(lambda: self._rows(cases), "the first case", PATIENCE)
        self.soak.notify()
        left = "SELECT id FROM outbox WHERE at_most_once AND state = 'accepted'"
        patiently(lambda: self._rows(left), "the first notification leaves", PATIENCE)

    def traffic(self) -> None:
        """Lets mail of strangers and platforms come, and an officer notify a platform."""
        self.soak.referral()
        self.soak.stranger()
        if self.soak.chance.random() < 0.5:  # else the platform keeps silent, and a reminder is due
            self.soak.platform()

    def settle(self) -> None:
        """Starts what does not run, lets what is due be sent and waits until nothing is pending."""
        for node in self.nodes:
            if node.process is None:
                node.start()
        self.awaited_leader()
        self.soak.referral()  # the desk that is left still works
        try:
            patiently(self._settled, "nothing waits any more", SETTLING)
        except AssertionError:
            self.soak.diary.findings.append(f"not settled: {self._pending()}, ends: {[n.ends for n in self.nodes]}")
        self.soak.repeat()

    def answers(self) -> bool:
        """Returns whether the database answers."""
        return bool(self._rows("SELECT 1"))

    @staticmethod
    def of_database(node: Node) -> list[Relay]:
        """Returns the relays through which a node reaches the database."""
        return [relay for port, relay in node.host.relays.items() if port - _PORT in range(2)]

    def _rows(self, query: str) -> list[tuple[object, ...]]:
        with suppress(psycopg.Error):  # the database may be away
            return self.soak.desk.rows(query)
        return []

    def _pending(self) -> str:
        waiting = self._rows(
            "SELECT kind, state, next_try_at, answer FROM outbox WHERE state IN ('queued','attempting')"
        )
        stored = self._rows("SELECT count(*) FROM delivery WHERE folder = 'INBOX'")
        inbox = soak_count.inbox_size(self.servers, self.soak.desk.mailbox)
        return f"{stored} of {inbox} mails on record, waiting: {waiting[:4]}, who says it leads: {self.claimants()}"

    def _settled(self) -> bool:
        self.watch_over()
        with suppress(psycopg.Error):
            return len(self.claimants()) == 1 and self.soak.is_settled() and not self.missing_reminders()
        return False

    # ---- what must be true

    def missing_reminders(self) -> list[str]:
        """Returns what runs without the reminder that is due after a minute, and reminders that nobody received."""
        query = """
            SELECT c.notification FROM clock c WHERE c.kind = 'receipt' AND c.state = 'running' AND NOT EXISTS
            (SELECT 1 FROM reminder r WHERE r.notification = c.notification AND r.clock = 'receipt')"""
        found = [f"no reminder of {row[0]}" for row in self.soak.desk.rows(query)]
        office = self.soak.desk.officer
        boxes = {box: self.servers.dovecot.messages(box) for box in (office, f"head-{office}")}
        names = {message_id(octets) for box in boxes.values() for octets in box}
        mails = self.soak.desk.rows("SELECT message_id FROM outbox WHERE kind IN ('reminder', 'escalation')")
        return found + [f"reminder {row[0]} not received" for row in mails if row[0] not in names]

    def reminded(self) -> int:
        """Returns how many reminders are on record."""
        return len(self.soak.desk.rows("SELECT id FROM reminder"))

    def claimants(self) -> list[str]:
        """Returns the hosts of the nodes that run and say in their status that they lead."""
        found = []
        for node in self.nodes:
            status = node.folder / "status.json"
            said = json.loads(status.read_bytes()).get("node") if node.runs and status.exists() else None
            found += [node.host.name] if said and said["leads"] else []
        return found


def _write(folder: Path) -> None:
    """Lets every node keep octets and secrets in the database, and a reminder fall due after a minute."""
    yaml = YAML()
    settings = yaml.load((folder / "flaggermail.yaml").read_text("utf-8"))
    settings["store"]["octets"] = "database"
    yaml.dump(settings, folder / "flaggermail.yaml")
    key = folder / "credentials" / "secrets-key"
    key.write_bytes(b64encode(bytes(32)))
    key.chmod(0o600)
    policy = {"name": "quick", "receipt": STEPS, "human": [], "substance": [], "decision": []}
    named = dict.fromkeys(("polling_day", "election", "quiet"), "quick")
    yaml.dump({"acknowledged_minutes": 60, "policies": [policy], "use": named}, folder / "escalation.yaml")


def _address(url: str, gateway: str, servers: int) -> str:
    """Returns the URL of that database as a node reaches it."""
    name = urlsplit(url).path.lstrip("/")
    if servers == 1:
        return f"postgresql+psycopg://vf@{gateway}:{_PORT}/{name}"
    many = "&".join(f"host={gateway}:{_PORT + at}" for at in range(servers))
    return f"postgresql+psycopg://vf@/{name}?{many}&target_session_attrs=read-write"


@contextmanager
def _placed(disk: Path) -> Iterator[Postgres]:
    """Runs a cluster on the disk that is mounted at `disk`."""
    give(disk, *account("postgres"))
    server = Postgres(disk)
    server.make_cluster()
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _end(nodes: Sequence[Node]) -> None:
    for node in nodes:
        node.host.plug_cable()
        node.close_door()
        node.kill()

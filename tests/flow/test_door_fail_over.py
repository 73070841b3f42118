# SPDX-License-Identifier: EUPL-1.2
"""A door whose database fails over: a command is done once, and whoever sent it is told what is known."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.cli.door_client import DoorClient
from flaggermail.ports import NodeReport
from flaggermail.record.states import LEASE
from tests.flow.desk_process import patiently
from tests.flow.door_process import Answer, DoorProcess, desk_of, door_on, request
from tests.patience import PATIENCE
from tests.servers import server_folder
from tests.servers.commit_cutter import CommitCutter, Cut
from tests.servers.postgres import Postgres
from tests.servers.postgres_pair import PostgresPair

pytestmark = [pytest.mark.outside, pytest.mark.xdist_group("postgres")]
OPENED = {"election": "EP2024", "type": "A_content", "origin": "media"}
OPEN, CASES = "/v1/commands/case-open", "/v1/views/case-list"


def opened(door: DoorProcess, key: str) -> Answer:
    """Opens a case by a command that may be repeated."""
    return door.ask(OPEN, "POST", OPENED, Idempotency_Key=key)


def cases(door: DoorProcess) -> list[object]:
    """Returns the cases that a view lists."""
    found = door.ask(CASES).document["cases"]
    assert isinstance(found, list)
    return found


@pytest.fixture
def cutter(own_postgres: Postgres) -> Iterator[CommitCutter]:
    """Returns a socket before the server."""
    with server_folder("cut") as folder, CommitCutter.before(own_postgres.folder, folder) as found:
        yield found


def desk_behind(cutter: CommitCutter, server: Postgres, folder: Path) -> Path:
    """Returns a desk whose database is reached through the cutter."""
    url = server.database()
    return desk_of(folder, ("officer1", os.geteuid()), database=url.replace(str(server.folder), str(cutter.folder)))


def test_a_command_whose_commit_was_cut_is_in_doubt_and_its_repeat_is_done_once(
    own_postgres: Postgres, cutter: CommitCutter, tmp_path: Path
) -> None:
    """Whether or not it is on record, the door says that it does not know, and the same key finds out."""
    with door_on(desk_behind(cutter, own_postgres, tmp_path / "desk")) as door:
        for number, cut in enumerate(Cut, 1):
            cutter.cut = cut
            doubtful = opened(door, f"cut-{number:04}")
            assert (doubtful.status, doubtful.document["type"]) == (503, "command-in-doubt"), doubtful
            assert int(doubtful.headers["retry-after"]) > 0
            assert len(cases(door)) == number - (cut is Cut.BEFORE_COMMIT)
            repeated = [opened(door, f"cut-{number:04}") for _ in range(2)]
            assert [one.status for one in repeated] == [200, 200], repeated
            assert repeated[0].document == repeated[1].document
            assert len(cases(door)) == number


def test_a_command_typed_once_is_repeated_by_its_client(
    own_postgres: Postgres, cutter: CommitCutter, tmp_path: Path
) -> None:
    """A person sees the answer, and no doubt."""
    with door_on(desk_behind(cutter, own_postgres, tmp_path / "desk")) as door:
        for number, cut in enumerate(Cut, 1):
            cutter.cut = cut
            assert DoorClient(door.path).answer("case open", OPENED)["key"]
            assert not cutter.armed
            assert len(cases(door)) == number


def test_a_door_finds_the_server_that_took_over(postgres_pair: PostgresPair, tmp_path: Path) -> None:
    """Until then it says so; then commands and views work as before, and those of before are there."""
    url = postgres_pair.database()
    folder = desk_of(tmp_path / "desk", ("officer1", os.geteuid()), database=url)
    with door_on(folder) as door:
        assert opened(door, "before-01").status == 200
        postgres_pair.primary.stop()
        for answer in (opened(door, "while-001"), door.ask(CASES)):
            assert (answer.status, answer.document["type"]) == (503, "record-away"), answer
        postgres_pair.promote()
        until = time.monotonic() + PATIENCE
        while (answer := opened(door, "while-001")).status == 503:
            assert time.monotonic() < until, answer
            time.sleep(0.1)
        assert [opened(door, key).status for key in ("before-01", "while-001")] == [200, 200]
        assert len(cases(door)) == 2
        assert door.process.poll() is None


def replicated(pair: PostgresPair, folder: Path) -> Path:
    """Returns a desk on the pair, whose views are read from the standby."""
    url = pair.database()
    found = desk_of(folder, ("officer1", os.geteuid()), database=url)
    settings = found / "flaggermail.yaml"
    replica = pair.url(url.rpartition("@/")[2].partition("?")[0], pair.standby)
    lines = settings.read_text("utf-8")
    assert url in lines
    settings.write_text(lines.replace(url, f"{url}\n  replica: {replica}", 1), "utf-8")
    return found


def answers(door: DoorProcess, address: str, status: int) -> Answer:
    """Returns what is answered at an address once it has that status."""
    found: list[Answer] = []

    def asked() -> bool:
        found.append(door.ask(address))
        return found[-1].status == status

    patiently(asked, f"{status} at {address}")
    return found[-1]


def test_while_the_primary_is_away_lists_say_so_and_nobody_reads_unseen(
    postgres_pair: PostgresPair, tmp_path: Path
) -> None:
    """A list and its page come from the replica; what leaves a trace waits for the primary, and so does a command."""
    with door_on(replicated(postgres_pair, tmp_path / "desk")) as door:
        first = opened(door, "before-01")
        shown = f"/v1/views/case-show?case={first.document['key']}"
        assert len(cases(door)) == 1
        assert "record" not in door.ask(CASES).headers
        answers(door, shown, 200)
        postgres_pair.standby.execute("SELECT pg_wal_replay_pause()")
        assert opened(door, "before-02").status == 200
        assert len(cases(door)) == 2
        postgres_pair.primary.stop()
        patiently(lambda: "record" in door.ask(CASES).headers, "the door has noticed")
        listed = door.ask(CASES)
        assert (listed.status, listed.headers["record"]) == (200, "replica; primary away")
        assert len(cases(door)) == 1  # as it is
        page = door.ask("/cases", Accept_Language="en")
        assert (page.status, b"comes from its replica" in page.body) == (200, True)
        unread = door.ask(shown)
        assert (unread.status, unread.document["type"]) == (503, "reading-unkept"), unread
        assert (opened(door, "while-001").status, door.ask("/health").status) == (503, 200)
        postgres_pair.standby.execute("SELECT pg_wal_replay_resume()")
        postgres_pair.promote()
        postgres_pair.go_alone()
        answers(door, shown, 200)
        assert opened(door, "while-001").status == 200
        assert len(cases(door)) == 3
        assert "record" not in door.ask(CASES).headers


def test_a_large_task_is_no_older_than_its_door_while_the_replica_is_behind(
    postgres_pair: PostgresPair, tmp_path: Path
) -> None:
    """A process that rests packs the case that was just opened, and says how far it is.

    Without a primary it packs none: who asks for a dossier is on record before it is handed out.
    """
    with door_on(replicated(postgres_pair, tmp_path / "desk")) as door:
        first = opened(door, "before-01")
        answers(door, dossier_of(first), 200)
        postgres_pair.standby.execute("SELECT pg_wal_replay_pause()")
        second = opened(door, "before-02")
        *told, packed = door.raw(request(dossier_of(second), Prefer="progress")).split(b"HTTP/1.1 ")[1:]
        assert packed.startswith(b"200 OK"), packed[:500]
        assert told
        assert {one[:3] for one in told} == {b"102"}
        assert f"{second.document['key']}/bagit.txt".encode() in packed
        postgres_pair.primary.stop()
        unread = door.ask(dossier_of(first))
        assert (unread.status, b"bagit.txt" in unread.body) == (503, False), unread
        assert len(cases(door)) == 1  # as it is


def dossier_of(case: Answer) -> str:
    """Returns the address of the dossier of a case that was opened."""
    return f"/v1/views/archive-dossier-file?case={case.document['key']}"


def test_each_door_says_whether_any_node_leads(own_postgres: Postgres, tmp_path: Path) -> None:
    """By the record, for a door beside a standby or beside no daemon too; a status file of this machine is no proof."""
    url = own_postgres.database()
    folder = desk_of(tmp_path / "desk", ("officer1", os.geteuid()), database=url)
    node = NodeReport("n1", "other-machine", "0.1")
    with closing(SqlStore(url, lambda: b"salt" * 4)) as leader, door_on(folder) as door:
        assert door.ask(CASES).headers["daemon"] == "not running"
        leader.nodes.report(node)
        patiently(lambda: "since=" in door.ask(CASES).headers["daemon"], "a node that waits has been seen")
        now = datetime.now(UTC).isoformat()
        own = {"written_at": now, "wrong": ["x"], "findings": [{"code": "mailbox never read", "since": None}]}
        (folder / "status.json").write_text(json.dumps(own), "utf-8")
        assert "not running" in door.ask(CASES).headers["daemon"]
        leader.acquire(LEASE, "n1", 6)
        patiently(lambda: door.ask(CASES).headers["daemon"] == "running", "the leader is seen")
        page = door.ask("/cases", Accept_Language="en").body
        assert b"other-machine leads the desk now" in page
        assert b"has not been read" not in page
        leader.release()
        patiently(lambda: "not running" in door.ask(CASES).headers["daemon"], "nobody leads")

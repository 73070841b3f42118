# SPDX-License-Identifier: EUPL-1.2
"""Two daemons on one PostgreSQL: one leads, the other waits, and takes over whatever became of the first.

Mail of before, meanwhile and after is on record once and confirmed once. Both nodes are on this machine, so that they
have one host name: no name says which of them lives.
"""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests import running
from tests.flow.desk_process import DeskProcess, patiently
from tests.flow.engines import POSTGRESQL
from tests.flow.machine import FakedClock, status_of
from tests.flow.test_database_away import assert_whole, refer, wait_for_confirmations, wait_until_on_record
from tests.patience import PATIENCE
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix

pytestmark = [pytest.mark.parametrize("engine", [POSTGRESQL], indirect=True), pytest.mark.long]
FENCING, SEEN = "SELECT fencing FROM lease", "SELECT count(DISTINCT id), min(seen) FROM node"


@pytest.fixture
def second(desk: DeskProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskProcess]:
    """Returns another node of the desk: a configuration and a status of its own, and the archive that both reach."""
    folder = tmp_path_factory.mktemp("d") / "second"
    shutil.copytree(desk.folder, folder, symlinks=True)
    yaml, file = YAML(), folder / "flaggermail.yaml"
    settings = yaml.load(file.read_text("utf-8"))
    settings["store"]["archive"] = str(desk.folder / Path(settings["store"]["archive"]).name)
    settings["store"]["status"] = str(folder)
    yaml.dump(settings, file)
    node = replace(desk, folder=folder, process=None, logs=[])
    try:
        yield node
    finally:
        node.end()


def stands_by(node: DeskProcess, *, ready: bool = True) -> None:
    """Starts a node beside one that leads, and waits until it says so, and whether it is ready to lead."""
    node.start(waits=False)
    patiently(lambda: '"standby"' in node.log() and status_of(node).get("node"), "it stands by", 3 * PATIENCE)
    assert not node.process_ended(), node.log()
    assert '"daemon started"' not in node.log()
    shown = status_of(node)["node"]
    assert isinstance(shown, dict)
    assert (shown["leads"], shown["ready"]) == (False, ready)


def leads(node: DeskProcess) -> None:
    """Waits until a node that stood by has taken over and works."""
    patiently(lambda: "daemon started" in node.log(), "it has taken over", 3 * PATIENCE)
    assert '"took over"' in node.log()
    assert node.process is not None
    running.expect(node.process, node.logs[-1])


def kill(node: DeskProcess) -> None:
    """Ends a node as a power cut does."""
    assert node.process is not None
    running.expect_no_more(node.process)
    node.process.kill()
    node.killed()


def test_a_standby_an_hour_ahead_leaves_a_healthy_lease_and_takes_that_of_a_dead_leader(
    desk: DeskProcess, second: DeskProcess, postfix: Postfix, platform: PlatformServer, tmp_path: Path
) -> None:
    """Its own clock says that the lease is long over; the database's says how it is, and that the node is not ready."""
    clock = FakedClock(tmp_path)
    clock.set(timedelta(hours=1))
    desk.start()
    ahead = replace(second, inside=("env", *(f"{name}={value}" for name, value in clock.environment.items())))
    stands_by(ahead, ready=False)
    refer(desk, postfix, 1)
    wait_for_confirmations(platform, 1)
    wait_until_on_record(desk)
    ((nodes, before),) = desk.rows(SEEN)
    patiently(lambda: desk.rows(SEEN)[0][1] != before, "both have tried again")
    assert (nodes, desk.rows(FENCING)) == (2, [(1,)])
    clock.set(timedelta(0))  # the mails of a leader an hour ahead are another matter
    kill(desk)
    refer(desk, postfix, 2)
    leads(ahead)
    second.process, second.logs = ahead.process, ahead.logs
    wait_for_confirmations(platform, 2)
    wait_until_on_record(second)
    assert desk.rows(FENCING) == [(2,)]
    second.stop()
    assert_whole(desk, platform, referrals=2, mails=2)


def test_a_leader_that_is_stopped_hands_over(
    desk: DeskProcess, second: DeskProcess, postfix: Postfix, platform: PlatformServer
) -> None:
    """SIGTERM releases the lease; the standby takes it, and the first comes back as a standby and takes over again."""
    desk.start()
    stands_by(second)
    refer(desk, postfix, 1)
    wait_for_confirmations(platform, 1)
    desk.stop()
    leads(second)
    stands_by(desk)
    refer(desk, postfix, 2)
    wait_for_confirmations(platform, 2)
    wait_until_on_record(desk)
    second.stop()
    leads(desk)
    desk.stop()
    assert desk.rows("SELECT count(*) FROM node") == [(0,)]
    assert_whole(desk, platform, referrals=2, mails=2)


def test_a_leader_that_hangs_for_longer_than_its_lease_writes_and_sends_no_more(
    desk: DeskProcess, second: DeskProcess, postfix: Postfix, platform: PlatformServer
) -> None:
    """It is stopped anywhere, and awake again ends by itself, so that its service manager makes it a standby."""
    desk.start()
    stands_by(second)
    refer(desk, postfix, 1)
    wait_for_confirmations(platform, 1)
    wait_until_on_record(desk)
    first = desk.process
    assert first is not None
    running.expect_no_more(first)
    first.send_signal(signal.SIGSTOP)
    refer(desk, postfix, 2)
    leads(second)
    wait_for_confirmations(platform, 2)
    first.send_signal(signal.SIGCONT)
    refer(desk, postfix, 3)
    assert first.wait(PATIENCE) == 1
    assert "LeaseHeld" in desk.log()
    wait_for_confirmations(platform, 3)
    wait_until_on_record(second)
    second.stop()
    assert_whole(desk, platform, referrals=3, mails=3)


def test_a_hand_over_is_one_command(
    desk: DeskProcess, second: DeskProcess, postfix: Postfix, platform: PlatformServer
) -> None:
    """The leader ends with an exit that is started again; without a standby nothing is handed over."""
    desk.start()
    refer(desk, postfix, 1)
    wait_for_confirmations(platform, 1)
    with pytest.raises(AssertionError, match="no other node is ready"):
        desk.run("node", "hand-over")
    stands_by(second)
    both = [(True, False), (False, True)]
    patiently(lambda: [(one["leads"], one["ready"]) for one in desk.listed("node", "list")] == both, "both are listed")
    first = desk.process
    assert first is not None
    running.expect_no_more(first)
    desk.run("node", "hand-over")
    assert first.wait(PATIENCE) == 1
    assert [json.loads(line)["result"] for line in desk.log().splitlines() if '"hands over"' in line] == ["released"]
    leads(second)
    wait_until_on_record(second)
    second.stop()
    assert_whole(desk, platform, referrals=1, mails=1)

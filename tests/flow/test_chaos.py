# SPDX-License-Identifier: EUPL-1.2
"""One round of each fault of `./dev bench chaos`: three nodes of one desk, each on a host of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import chaos
from tests.bench.chaos import Played, Round
from tests.bench.chaos_faults import STRIKES, Fault
from tests.bench.desk import VOUCHED, Servers
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix

SEED = 7
FINE = Round(Fault.CRASH, SEED, 30.0, 5, 2, 1, [4.0], [])


@pytest.fixture
def servers(
    certificates: Certificates, dovecot: Dovecot, postfix: Postfix, platform_server: PlatformServer
) -> Iterator[Servers]:
    """Returns the servers of the session, which vouch for what the rounds' strangers send."""
    postfix.set_dmarc_results(dict.fromkeys(VOUCHED, "pass"))
    yield Servers(certificates, dovecot, postfix, platform_server)
    platform_server.clear()


@pytest.mark.long(one_in=14)  # a round takes a minute: one of fourteen on each change
@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
def test_nothing_is_lost_doubled_or_forgotten(servers: Servers, fault: Fault) -> None:
    """All mail is on record, a platform gets a notification once at most, no reminder is missing, the chain is whole.

    A round of a crash may be over before one is due.
    """
    played = chaos.play(servers, fault, SEED)
    assert played.wrong == []
    assert played.mails > 0
    assert played.platform > 0
    assert played.repeated > 0


def test_each_fault_comes_at_least_seven_times_in_a_hundred_rounds() -> None:
    """The draw is even, the same for a seed, and begins with the same rounds however many are asked for."""
    drawn = chaos.drawn(100, SEED)
    assert len(drawn) == 100
    assert min(drawn.count(fault) for fault in Fault) >= 7
    assert chaos.drawn(20, SEED) == drawn[:20]
    assert set(STRIKES) == set(Fault)


def test_a_run_goes_on_where_the_last_one_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of rounds is read again with its seed, and only what it lacks is played."""
    asked: list[tuple[Fault, int]] = []

    def play(_servers: object, fault: Fault, seed: int) -> Round:
        asked.append((fault, seed))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return replace(FINE, fault=fault, seed=seed)

    monkeypatch.setattr(chaos, "play", play)
    state, servers = tmp_path / "rounds", object.__new__(Servers)
    with pytest.raises(KeyboardInterrupt):
        chaos.run(servers, 4, SEED, state)
    assert chaos.run(servers, 4, None, state) == 0
    assert [fault for fault, _ in asked[:2] + asked[3:]] == chaos.drawn(4, SEED)
    assert asked[2] == asked[3]


@pytest.mark.parametrize("wrong", ["LOST: x", "DOUBLED: x", "reminder x not received", "audit verify fails: x"])
def test_whatever_is_wrong_ends_in_status_1(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The table counts it under its name."""
    assert chaos.report([FINE, replace(FINE, wrong=[wrong])]) == 1
    assert "goal" in capsys.readouterr().out


def test_a_slow_take_over_ends_in_status_1(tmp_path: Path) -> None:
    """It must not take longer than ten seconds; the figure has a name in the report."""
    out = tmp_path / "figures.json"
    assert chaos.report([FINE]) == 0
    assert chaos.report([replace(FINE, takeovers=[4.0, 10.5])], out) == 1
    (figure,) = json.loads(out.read_text("utf-8"))
    assert (figure["name"], figure["figure"], figure["met"]) == ("takeover.p99", 10.5, False)


def test_the_state_is_written_whole(tmp_path: Path) -> None:
    """Nothing beside the file is left."""
    Played(SEED, [FINE]).write(tmp_path / "rounds.json")
    assert [path.name for path in tmp_path.iterdir()] == ["rounds.json"]

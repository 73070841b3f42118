# SPDX-License-Identifier: EUPL-1.2
"""The configuration of a node that waits: what of it would change a channel or a rule, and what it leads with then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.cases.configuration_record import as_registered, unready
from flaggermail.ports import Transaction
from flaggermail.record.rows import Channel, Platform
from flaggermail.rules.configuration import load
from flaggermail.wiring import rule_folders
from tests.story.test_registration import THEIRS, copied, daemon_runs, directory, edit  # noqa: F401 - a fixture


@contextmanager
def record(folder: Path) -> Iterator[Transaction]:
    """Reads the record of a desk."""
    url = load(folder).desk.store.database
    with closing(SqlStore(url, lambda: b"")) as store, store.read() as tx:
        yield tx


def standby(leader: Path) -> Path:
    """Returns the configuration of a second node of a desk whose leader has run."""
    daemon_runs(leader)
    return copied(leader)


def reasons(node: Path) -> list[str]:
    """Returns why a node is not ready."""
    with record(node) as tx:
        return [one.english for one in unready(load(node), tx)]


def test_a_node_with_the_same_files_is_ready(directory: Path) -> None:  # noqa: F811 - a fixture
    """Wherever its folder is; and so is one of a desk on which no daemon has run."""
    assert reasons(directory) == []
    assert reasons(standby(directory)) == []


def _another_channel(node: Path) -> None:
    edit(node, "platforms.yaml", "      - code: x-urgent\n", THEIRS)


def _another_address(node: Path) -> None:
    edit(node, "platforms.yaml", "urgent-escalation@x-platform.example", "other@x-platform.example")


def _another_rule(node: Path) -> None:
    rule = max((node / "rules").glob("[0-9][0-9]-*.yaml"))
    rule.write_text(rule.read_text("utf-8") + "\n# another version of the rules\n", "utf-8")


def _another_word(node: Path, name: str, word: str) -> None:
    edit(node, f"rules/{name}", f"    - {word}\n", f"    - {word}\n    - word of this node\n")


CHANGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a channel more": (_another_channel, "x-thief"),
    "another address": (_another_address, "x-urgent"),
    "a rule": (_another_rule, "rules"),
    "a word of a referral": (partial(_another_word, name="intake.yaml", word="zelf gemeld"), "rules"),
    "a word of a reply": (partial(_another_word, name="reply-words.yaml", word="niet opgenomen"), "rules"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_node_that_would_change_something_is_not_ready(directory: Path, change: str) -> None:  # noqa: F811 - a fixture
    """One sentence names its folder and what differs, and no value."""
    node = standby(directory)
    make, named = CHANGES[change]
    make(node)
    (said,) = reasons(node)
    assert named in said
    assert str(node) in said
    assert "@" not in said


def test_what_is_each_nodes_own_leaves_it_ready(directory: Path) -> None:  # noqa: F811 - a fixture
    """Another interval of polling is no reason to keep a desk without a leader."""
    node = standby(directory)
    edit(node, "flaggermail.yaml", "mailbox:\n", "watch: {disk_free_mb: 600}\nmailbox:\n")
    assert reasons(node) == []


@pytest.mark.parametrize("change", CHANGES)
def test_it_leads_with_what_the_record_holds(directory: Path, change: str) -> None:  # noqa: F811 - a fixture
    """With the channels, platforms and rules of the record it would change nothing, and its own files stay."""
    node = standby(directory)
    CHANGES[change][0](node)
    before = (node / "platforms.yaml").read_bytes()
    with record(node) as tx:
        found = as_registered(rule_folders.with_registered(load(node)), tx)
        assert unready(found, tx) == ()
        assert sorted(found.channels, key=lambda one: one.code) == tx.find(Channel)
        assert sorted(found.platforms, key=lambda one: one.code) == tx.find(Platform)
        assert {one.code: one.also_called for one in found.platform_list} == {
            one.code: one.also_called for one in load(directory).platform_list
        }
    led = load(directory)
    assert (found.intake, found.reply_words) == (led.intake, led.reply_words)
    assert (node / "platforms.yaml").read_bytes() == before

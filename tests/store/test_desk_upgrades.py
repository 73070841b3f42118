# SPDX-License-Identifier: EUPL-1.2
"""The desks of earlier versions are upgraded one revision at a time, and from each revision, alike on both engines.

A folder or a revision that is added is taken in without a change here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.desks import kept, loaded
from tests.servers.postgres import Postgres
from tests.store.test_desk_of_before import DESKS, Before, assert_folded, assert_proved, copied, opened

pytestmark = pytest.mark.xdist_group("postgres")


@dataclass(frozen=True)
class Stages:
    """A desk of before on SQLite at each revision, from its own to the newest."""

    desk: Path
    files: dict[str, Path]

    def file(self, revision: str) -> Path:
        """Returns the database at that revision."""
        return self.files[revision]


@pytest.fixture(scope="module", params=DESKS, ids=lambda desk: desk.name)
def stages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    """Upgrades a desk one revision at a time and keeps each stage."""
    folder = tmp_path_factory.mktemp("stages")
    kept.unpack(request.param, folder)
    file, files = folder / loaded.SQLITE_FILE, dict[str, Path]()
    for revision in loaded.revisions_from(loaded.revision_of(file)):
        loaded.upgrade_to(f"sqlite:///{file}", revision)
        files[revision] = Path(shutil.copy(file, folder / f"at-{revision}.db"))
    assert loaded.revision_of(file) == revision
    yield Stages(request.param, files)
    shutil.rmtree(folder)  # 100 MB


def assert_alike(file: Path, url: str) -> None:
    """Asserts that both databases have the same tables with the same rows."""
    types, found = loaded.contents(url)
    expected = loaded.sqlite_contents(file, types)
    assert found.keys() == expected.keys()
    for table, rows in found.items():
        assert rows == expected[table], table
    assert found["event"]


def test_each_revision_changes_the_rows_alike(stages: Stages, postgres: Postgres) -> None:
    """With the rows of before in the tables, every revision leaves the same rows on both engines."""
    first, *later = stages.files
    url = postgres.database()
    loaded.load(stages.file(first), url)
    assert_alike(stages.file(first), url)
    for revision in later:
        loaded.upgrade_to(url, revision)
        assert_alike(stages.file(revision), url)


def test_every_revision_can_be_left_behind(stages: Stages, postgres: Postgres) -> None:
    """A desk that is on PostgreSQL since any of the revisions has the newest one's rows after the upgrade."""
    *before, newest = stages.files
    for revision in before:
        url = postgres.database()
        loaded.load(stages.file(revision), url)
        loaded.upgrade_to(url, newest)
        assert_alike(stages.file(newest), url)


# ---------------------------------------------------------------- what a person reads


@dataclass(frozen=True)
class Pair:
    """The same desk of before on SQLite and on PostgreSQL, upgraded as an operator does."""

    sqlite: Before
    postgresql: Before

    def both(self, *words: str) -> tuple[str, str]:
        """Returns what a command prints on each."""
        return self.sqlite.type(*words), self.postgresql.type(*words)


@pytest.fixture(scope="module", params=DESKS, ids=lambda desk: desk.name)
def pair(
    request: pytest.FixtureRequest, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Returns the two desks, for tests that only read."""
    folder, url = tmp_path_factory.mktemp("pair"), postgres.database()
    one, another = (copied(request.param, folder / name) for name in ("sqlite", "postgresql"))
    loaded.load(another / loaded.SQLITE_FILE, url)
    loaded.move(another, url)
    (another / loaded.SQLITE_FILE).unlink()
    found = Pair(opened(request.param, one), opened(request.param, another))
    assert found.postgresql.env.settings.desk.store.database == url
    yield found
    found.sqlite.env.close()
    found.postgresql.env.close()


def test_both_engines_give_the_same_figures(pair: Pair) -> None:
    """Three clocks, minutes and reported hours, counters, cursors, events and every row are the same."""
    assert kept.found(pair.sqlite.env) == kept.found(pair.postgresql.env)
    assert kept.digests(pair.sqlite.env) == kept.digests(pair.postgresql.env)


def test_both_records_fold_to_their_rows_and_are_intact(pair: Pair) -> None:
    """The events fold to the rows, and `audit verify` finds the same on both."""
    for desk in (pair.sqlite, pair.postgresql):
        assert_folded(desk)
        assert_proved(desk)
    one, another = pair.both("audit", "verify")
    assert one == another


LISTS = ("case list", "election list", "message list", "outbox list --all", "quarantine list", "declined list",
         "channel list", "audit head")  # fmt: skip


@pytest.mark.parametrize("words", LISTS)
def test_both_engines_list_the_same_in_the_same_order(pair: Pair, words: str) -> None:
    """Lists have the same rows in the same order, in text and in JSON: no order is left to the engine."""
    for more in ([], ["--json"]):
        one, another = pair.both(*words.split(), *more)
        assert one == another


def test_both_engines_show_each_case_alike(pair: Pair) -> None:
    """Each case has the same document."""
    numbers = [case["number"] for case in json.loads(pair.sqlite.type("case", "list", "--json"))["cases"]]
    assert numbers
    for number in numbers:
        one, another = pair.both("case", "show", number, "--json")
        assert one == another

# SPDX-License-Identifier: EUPL-1.2
"""A desk with nearly every kind of event reads the same on SQLite with files, and on PostgreSQL, its octets too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flaggermail.desk.desk import Caller, Desk
from flaggermail.desk.views.view import cursor_of
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from tests.desks import kept, loaded
from tests.servers.postgres import Postgres
from tests.store.test_kept_desk import Kept, assert_folded, assert_proved, copied, opened

pytestmark = pytest.mark.xdist_group("postgres")


def test_every_row_is_loaded(kept_desk: Path, postgres: Postgres, tmp_path: Path) -> None:
    """The tables, with the store's own, have the same rows: the two desks below differ in their engine alone."""
    file = copied(kept_desk, tmp_path / "desk") / loaded.SQLITE_FILE
    url = postgres.database()
    loaded.load(file, url)
    types, found = loaded.contents(url)
    assert found == loaded.sqlite_contents(file, types)
    assert found["event"]


# ---------------------------------------------------------------- what a person reads


@dataclass(frozen=True)
class Pair:
    """The same desk on SQLite and on PostgreSQL."""

    sqlite: Kept
    postgresql: Kept

    def both(self, *words: str) -> tuple[str, str]:
        """Returns what a command prints on each."""
        return self.sqlite.type(*words), self.postgresql.type(*words)


@pytest.fixture(scope="module")
def pair(kept_desk: Path, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Returns the two desks, for tests that only read."""
    folder, url = tmp_path_factory.mktemp("pair"), postgres.database()
    one, another = (copied(kept_desk, folder / name) for name in ("sqlite", "postgresql"))
    loaded.load(another / loaded.SQLITE_FILE, url)
    loaded.move(another, url)
    loaded.move_octets(another, url)
    (another / loaded.SQLITE_FILE).unlink()
    found = Pair(opened(kept_desk, one), opened(kept_desk, another))
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


def desk_of(found: Kept) -> Desk:
    """Returns the desk as its head asks it."""
    return Desk(lambda: found.env, Caller(officer=found.env.settings.rota.heads[0].id))


def parts(found: Kept, case: str) -> list[object]:
    """Returns the events of a case, the latest first, three at once."""
    desk = desk_of(found)
    lines: list[object] = []
    cursor: dict[str, Json] = {}
    while True:
        shown = desk.answer("case events", {"case": case, "limit": 3, **cursor})
        events = shown["events"]
        assert isinstance(events, list)
        lines += events
        if shown["next"] is None:
            return lines
        cursor = {"cursor": shown["next"]}


def test_both_engines_follow_the_events_of_a_case(pair: Pair) -> None:
    """The latest first, to the first."""
    numbers = [case["number"] for case in json.loads(pair.sqlite.type("case", "list", "--json"))["cases"]]
    for number in numbers:
        one, another = parts(pair.sqlite, number), parts(pair.postgresql, number)
        assert one == another
        assert one


@pytest.mark.parametrize("number", [1 << 31, (1 << 63) - 1, 1 - (1 << 63)])
@pytest.mark.parametrize("view", ["events", "case events"])
def test_both_engines_refuse_a_number_of_no_event(pair: Pair, view: str, number: int) -> None:
    """A cursor that a person wrote is no fault of the database."""
    case = json.loads(pair.sqlite.type("case", "list", "--json"))["cases"][0]["number"]
    for found in (pair.sqlite, pair.postgresql):
        with pytest.raises(Refusal):
            desk_of(found).answer(view, {"case": case, "cursor": cursor_of((number,))})

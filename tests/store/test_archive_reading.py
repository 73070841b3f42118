# SPDX-License-Identifier: EUPL-1.2
"""Who may read the archive, and what the record keeps of each reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from flaggermail.desk.desk import Caller, Desk
from flaggermail.desk.views import VIEWS
from flaggermail.desk.views.view import ArchiveView, Document
from flaggermail.errors import Refusal
from flaggermail.record.events import EventKind
from flaggermail.record.rows import ArchiveReading
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.rota import DESK, READERS
from tests.store.desk_fixtures import Desk as PlayedDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowShelf(ArchiveView):
    """A view of the archive that only this test knows."""

    MAY: ClassVar[frozenset[str]] = READERS

    UNTOLD: ClassVar[frozenset[str]] = frozenset({"words"})

    number: str | None = None
    words: str | None = None
    broken: bool = False

    def show(self, work: UnitOfWork) -> Document:
        """Returns who reads. Raises Refusal if it is broken."""
        if self.broken:
            raise Refusal("shelf: is broken")
        return {"reader": work.actor}

    def about(self, work: UnitOfWork) -> str | None:
        """Returns the number."""
        del work
        return self.number


@pytest.fixture
def env(desk: PlayedDesk, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Returns the services of a desk that knows the view."""
    monkeypatch.setitem(VIEWS, "shelf", f"{__name__}:ShowShelf")
    return desk.env


def _asked(env: Services, officer: str | None = None, login: str | None = None) -> Document:
    return Desk(lambda: env, Caller(officer=officer, login=login)).answer(
        "shelf", {"number": "VF-TK2026-0001", "words": "the text"}
    )


@pytest.mark.parametrize(
    ("caller", "reader"),
    [
        ({"officer": "officer1"}, "officer1"),
        ({"login": "head1"}, "head1"),
        ({"login": "archivist1"}, "archivist1"),
    ],
)
def test_officers_and_archivists_read_and_it_is_written_down(
    env: Services, caller: dict[str, str], reader: str
) -> None:
    """The event says who, what and when; the words of a search in the text stay out of it."""
    assert _asked(env, **caller)["reader"] == reader
    with env.store.read() as tx:
        (row,) = tx.find(ArchiveReading)
        event = [event for _, event in tx.events()][-1]
    assert (row.request, row.reader, row.case) == ("shelf", reader, "VF-TK2026-0001")
    assert row.asked == '{"number": "VF-TK2026-0001"}'
    assert (event.kind, event.actor, event.case) == (EventKind.ARCHIVE_READ, reader, "VF-TK2026-0001")


@pytest.mark.parametrize(
    "caller",
    [{"login": "mallory"}, {"login": "no reader of the archive"}, {"login": ""}, {}, {"officer": "daemon"},
     {"officer": "reader"}, {"login": "Archivist1"}],
)  # fmt: skip
def test_a_stranger_is_refused_in_words_and_nothing_is_written(env: Services, caller: dict[str, str]) -> None:
    """The refusal says who may, and where that is configured."""
    with pytest.raises(Refusal, match=r"^shelf: user .* is nobody of this desk; .* oncall\.yaml lists read here"):
        _asked(env, **caller)
    with env.store.read() as tx:
        assert tx.find(ArchiveReading) == []


def test_what_is_refused_shows_nothing_and_is_no_reading(env: Services) -> None:
    """A request that fails leaves no event."""
    with pytest.raises(Refusal, match="is broken"):
        Desk(lambda: env, Caller(officer="officer1")).answer("shelf", {"broken": True})
    with env.store.read() as tx:
        assert tx.find(ArchiveReading) == []


def test_an_archivist_gives_no_command(env: Services) -> None:
    """They decide, approve and send nothing, and are in no rota."""
    rota = env.settings.rota
    assert rota.officer("archivist1") is None
    assert rota.by_login("archivist1") is None
    assert rota.by_name("D. Smit") is None
    assert "archivist" not in DESK
    for caller in (Caller(login="archivist1"), Caller(officer="archivist1")):
        with pytest.raises(Refusal, match="officer"):
            Desk(lambda: env, caller).answer("resume", {})

# SPDX-License-Identifier: EUPL-1.2
"""What destroys, seals or freezes is done whole or not at all: killed, and on a full disk; the next try does it.

Retention destroys octets before its record is committed, so that after a kill in between the next tick does the rest.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.cases import erasure
from flaggermail.commands.annexes import ApproveAnnex
from flaggermail.commands.holds import ExcludeMessage
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.commands.reports import DraftReport, FreezeReport
from flaggermail.errors import StoreFailure
from flaggermail.ports import Store, Transaction
from flaggermail.record.kinds import Place
from flaggermail.record.rows import Annex, ReportFreeze
from tests.store.conftest import new_store
from tests.store.desk_fixtures import CITIZEN, Desk, mail
from tests.store.test_annexes import ANNEX, made
from tests.store.test_disk_fails import no_file_grows
from tests.store.test_report_freeze import DRAFT

pytestmark = pytest.mark.outside  # a process is killed, and a PDF asks the system for its libraries


def prepare_retention(desk: Desk, folder: Path) -> None:
    """Declines a citizen's mail, whose time then ends."""
    del folder
    desk.receive(mail(CITIZEN, "Nep", "Ik zag dit, haal het weg."))
    desk.settle()
    desk.clock.set(desk.clock.now() + timedelta(days=71))


def prepare_exclusion(desk: Desk, folder: Path) -> None:
    """Puts private mail to the noise."""
    del folder
    stored = desk.receive(mail("tante.kanarie@elsewhere.example", "Verjaardag", "Kom je zondag taart eten?"))
    desk.settle()
    desk.do(PlaceMessage(message=stored.id, noise=True, reason="nothing for us"))
    desk.settle()


def exclude(desk: Desk) -> None:
    """Takes it out."""
    (stored,) = desk.messages(place=Place.NOISE)
    desk.do(ExcludeMessage(message=stored.id, reason="private"), by="head1")


def destroyed(desk: Desk) -> bool:
    """Returns whether the octets of a mail are destroyed, and asserts that the record says so and no more."""
    (gone,) = (row for row in desk.messages() if row.place in {Place.DECLINED, Place.NOISE})
    archived = {file.digest for file in desk.env.octets.files()}
    if gone.discarded_at is not None:
        assert gone.digest not in archived
    return gone.discarded_at is not None


ACTS: dict[str, tuple[Callable[[Desk, Path], object], Callable[[Desk], object], Callable[[Desk], bool]]] = {
    "retention": (prepare_retention, lambda desk: erasure.tick(desk.env), destroyed),
    "taken out": (prepare_exclusion, exclude, destroyed),
    "sealed": (
        lambda desk, folder: made(desk, folder, "confirmed"),
        lambda desk: desk.do(ApproveAnnex(annex=ANNEX, revision=2), by="signer"),
        lambda desk: desk.row(Annex, ANNEX).approved_at is not None,
    ),
    "frozen": (
        lambda desk, _: desk.do(DraftReport(election="EP2024", text=DRAFT), by="writer1"),
        lambda desk: desk.do(FreezeReport(election="EP2024", early=True), by="head1"),
        lambda desk: bool(desk.all(ReportFreeze)),
    ),
}  # fmt: skip


class Dying:
    """A store that dies at the end of its first unit of work that writes: before it is committed, or after."""

    def __init__(self, store: Store, *, committed: bool) -> None:
        self._store, self._committed = store, committed

    def __getattr__(self, name: str) -> object:
        """Delegates everything else to the store."""
        return getattr(self._store, name)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Opens a unit of work and dies."""
        with self._store.begin() as tx:
            yield tx
            if not self._committed:
                os.kill(os.getpid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


def killed(desk: Desk, act: Callable[[Desk], object], url: str, *, committed: bool) -> None:
    """Does that in another process, which dies in it."""
    child = os.fork()
    if child == 0:
        try:
            store = Dying(new_store(url), committed=committed)
            desk.env = replace(desk.env, store=store)  # type: ignore[arg-type] # the proxy delegates the rest
            act(desk)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("name", ACTS)
def test_killed_in_it_the_next_try_does_it_once(desk: Desk, tmp_path: Path, name: str) -> None:
    """Killed before its record is committed nothing is on record, killed after it all is; then it is done once."""
    prepare, act, is_done = ACTS[name]
    prepare(desk, tmp_path)
    assert not is_done(desk)
    assert isinstance(desk.env.store, SqlStore)
    url = desk.env.store.engine.url.render_as_string(hide_password=False)
    events = len(desk.events())
    killed(desk, act, url, committed=False)
    assert len(desk.events()) == events
    assert not is_done(desk)
    killed(desk, act, url, committed=True)
    assert is_done(desk)
    desk.assert_whole()


@pytest.mark.parametrize("name", ACTS)
def test_on_a_full_disk_nothing_is_half_done(desk: Desk, tmp_path: Path, name: str) -> None:
    """The fault is named, and nothing of it on record; with room again the same is done once."""
    prepare, act, is_done = ACTS[name]
    prepare(desk, tmp_path)
    events = len(desk.events())
    with no_file_grows(), pytest.raises(StoreFailure):
        act(desk)
    assert len(desk.events()) == events
    assert not is_done(desk)
    act(desk)
    assert is_done(desk)
    desk.assert_whole()

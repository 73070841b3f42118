# SPDX-License-Identifier: EUPL-1.2
"""A row may hold any instant of the calendar, if another program wrote it: nothing that reads it may raise."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel.sql.sqltypes import UTCDateTime

from flaggermail.adapters.db.mapping import all_tables
from flaggermail.cases import erasure
from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.desk.desk import view_of
from flaggermail.desk.views import VIEWS
from flaggermail.desk.views.view import OctetsView
from flaggermail.errors import ConfigurationError, Refusal
from flaggermail.health import readiness, self_check, status_gathering
from flaggermail.mail.message import Json
from flaggermail.notices import digest
from flaggermail.outbox import delivery
from flaggermail.record.definition import Record
from flaggermail.record.rows import (
    Annex,
    Case,
    Device,
    Election,
    Notification,
    OutboxMail,
    Rehearsal,
    StoredMessage,
)
from flaggermail.reminders import paging, sending
from flaggermail.services import Services, UnitOfWork
from tests.corpus import long
from tests.desks.loaded import SQLITE_FILE
from tests.store.test_kept_desk import Kept, copied, opened

FIRST, LAST = "0001-01-01 00:00:00.000000", "9999-12-31 23:59:59.999999"
HELD = {
    "1, then 9999": (FIRST, LAST), "9999, then 1": (LAST, FIRST), "year 1": (FIRST, FIRST), "year 9999": (LAST, LAST),
}  # fmt: skip
"""By name: what the columns of a row hold, in turn. The first two put both instants into each column."""
PROOF = frozenset({"event", "chain_head", "cursor", "kept_form", "lease", "reading"})
"""What the store keeps for itself: its triggers refuse a change, or its instants are compared in SQL alone."""
MOST = 12  # things of one kind that are asked for: those of a kind differ in little else than their words
NAMED: Mapping[str, tuple[str, type[Record]]] = {
    "annex files": ("annex", Annex), "annex form": ("annex", Annex), "annex show": ("annex", Annex),
    "case account": ("case", Case), "case form": ("case", Case), "case show": ("case", Case),
    "case text": ("draft", Notification), "exercise debrief": ("exercise", Rehearsal),
    "message octets": ("message", StoredMessage), "message sample": ("message", StoredMessage),
    "message show": ("message", StoredMessage), "officer enrolment": ("device", Device),
    "outbox show": ("mail", OutboxMail), "report changes": ("election", Election),
    "report form": ("election", Election), "rules test": ("message", StoredMessage), "archive dossier": ("case", Case),
}  # fmt: skip
"""By view: the field that names what is shown, and its rows."""
GIVEN: Mapping[str, list[dict[str, Json]]] = {
    "annex form read": [{"annex": "a00000001", "text": "marks:"}],
    "archive dossier part": [],  # asked by `archive export` below
    "archive find": [{"words": ["stembiljet"]}, {"date": "2024-06"}],
    "archive retention": [{}, {"as_of": "2030-01-01"}],
    "archive retention lines": [{}, {"as_of": "2030-01-01"}],
    "case form read": [{"text": "nothing"}],
    "message list": [{}, {"place": "own"}, {"place": "case"}],
    "notify preview": [{"case": "VF-EP2024-0001", "channel": "x-urgent"}],
    "outbox list": [{"everything": True}],
    "quarantine list": [{}, {"old": True}],
    "report document": [{"election": "EP2024", "form": "html", "draft": True}],
    "report verify": [{"octets": ""}],
    "rules compare": [{"name": "30-authorities.yaml", "files": {}}],
    "referrer list": [{"all": True}],
}
TYPED = (
    ("status",), ("case", "list"), ("quarantine", "list"), ("quarantine", "list", "--old"), ("events",), ("latency",),
    ("latency", "--format", "csv"), ("report", "uses"), ("oncall", "now"), ("oncall", "next"), ("oncall", "handover"),
    ("oncall", "pages"), ("oncall", "held"), ("outbox", "list", "--all"), ("archive", "verify"),
    ("archive", "retention"), ("audit", "verify"), ("declined", "list"), ("channel", "list"), ("election", "list"),
    ("readiness",), ("exercise", "debrief"), ("annex", "list"), ("officer", "list"), ("referrer", "list"),
)  # fmt: skip


@pytest.fixture(scope="module")
def desk(kept_desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """Yields a desk that has nearly every kind of row."""
    found = opened(kept_desk, copied(kept_desk, tmp_path_factory.mktemp("odd") / "desk"))
    yield found
    found.env.close()


@pytest.fixture(params=[*list(HELD)[:2], *map(long, list(HELD)[2:])])
def odd(desk: Kept, request: pytest.FixtureRequest) -> Kept:
    """Returns the desk with these instants in every row."""
    with closing(sqlite3.connect(desk.folder / SQLITE_FILE)) as connection, connection:
        for table in all_tables().tables.values():
            names = [column.name for column in table.c if isinstance(column.type, UTCDateTime)]
            if names and table.name not in PROOF:
                values = zip(names, itertools.cycle(HELD[request.param]))
                given = ", ".join(f"\"{name}\" = '{value}'" for name, value in values)
                connection.execute(f'UPDATE "{table.name}" SET {given}')  # noqa: S608 - names of our own schema
    return desk


def requests(env: Services, name: str) -> list[dict[str, Json]]:
    """Returns what is asked of a view."""
    if name not in NAMED:
        return GIVEN.get(name, [{}])
    field, kind = NAMED[name]
    with env.store.read() as tx:
        return [{field: str(getattr(row, row.KEY))} for row in tx.find(kind)[:MOST]]


def raised_by_views(env: Services, folder: Path) -> dict[tuple[str, str], str]:
    """Asks every view for everything; returns what they raised, by name and request. They may refuse."""
    session = Session(folder, given=env, officer="officer1")
    raised = {}
    for name in VIEWS:
        for request in requests(env, name):
            try:
                with suppress(Refusal, ConfigurationError):
                    (session.fetch if issubclass(view_of(name), OctetsView) else session.ask)(name, **request)
            except Exception as error:  # noqa: BLE001 - all are listed
                raised[name, str(request)] = repr(error)
    return raised


def raised_by_jobs(env: Services) -> dict[str, str]:
    """Does every job of the daemon; returns what they raised."""
    raised = {}
    for job in JOBS:
        try:
            job(env)
        except Exception as error:  # noqa: BLE001 - all are listed
            raised[getattr(job, "__qualname__", repr(job))] = repr(error)
    return raised


def test_every_view_shows_it(odd: Kept) -> None:
    """No view raises, whatever instants the rows hold."""
    assert raised_by_views(odd.env, odd.folder) == {}


def _exports(odd: Kept, into: Path) -> Iterator[tuple[str, ...]]:
    """Yields what is typed to export cases and the figures."""
    for number, request in enumerate(requests(odd.env, "case show")):
        yield "archive", "export", str(request["case"]), "--out", str(into / f"case{number}")
    yield "archive", "export", "--election", "EP2024", "--out", str(into / "election")
    for form in ("svg", "html"):
        yield "latency", "--format", form, "--out", str(into / form)


def test_the_command_line_prints_it(odd: Kept, tmp_path: Path) -> None:
    """Each list prints, and each export is written."""
    raised = {}
    for words in (*TYPED, *_exports(odd, tmp_path)):
        result = CliRunner().invoke(commands, words, obj=Session(odd.folder, given=odd.env, officer="officer1"))
        if result.exception is not None and not isinstance(result.exception, SystemExit | Refusal):
            raised[words] = repr(result.exception)
    assert raised == {}


def _self_check(env: Services) -> object:
    return self_check.tick(env, {"reminders": timedelta(0)})


def _status(env: Services) -> object:
    with env.store.read() as tx:
        return status_gathering.gather(UnitOfWork(env, tx, env.clock.now()), link=True).document()


JOBS: tuple[Callable[[Services], object], ...] = (
    _status, _self_check, sending.tick, paging.tick, digest.send_digest, digest.tell_held_back, digest.tell_noise,
    readiness.send, erasure.tick, delivery.drain,
)  # fmt: skip


def test_every_job_goes_on(odd: Kept) -> None:
    """No job of the daemon raises: neither what only tells, nor what reminds and sends."""
    assert raised_by_jobs(odd.env) == {}

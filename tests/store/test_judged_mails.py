# SPDX-License-Identifier: EUPL-1.2
"""Mails as the desk's senders write them go where a person would put them (tests/mails/judged)."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime, parseaddr
from pathlib import Path

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.cases import lifecycle
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.stories.doubles import CountedRandomness
from tests.corpus import each
from tests.mail_senders import Mail, Senders, load
from tests.store.desk_fixtures import SERVER, Desk, NewDesk, opened

ALL = list(load("judged"))
LATER = timedelta(minutes=41)  # after the notification


class Night:
    """A desk with one notification to X that waits for an answer; each mail comes to a copy of it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.notification = desk.notification(desk.notified())

    def receive(self, octets: bytes, folder: Path) -> tuple[Desk, StoredMessage]:
        """Takes a mail in at a copy of the desk in `folder`."""
        held = self.desk.env.store
        assert isinstance(held, SqlStore)
        with (
            closing(sqlite3.connect(str(held.engine.url.database))) as full,
            closing(sqlite3.connect(folder / "database")) as empty,
        ):
            full.backup(empty)
        chance = CountedRandomness("later")
        copy = opened(self.desk.env, self.desk.env.settings, folder)
        store = SqlStore(f"sqlite:///{folder / 'database'}", chance.salt)
        copy.env = replace(copy.env, octets=self.desk.env.octets, randomness=chance, store=store)
        copy.clock.set(self.desk.clock.now() + LATER)
        return copy, copy.receive(octets)

    def arrived(self, senders: Senders, mail: Mail) -> bytes:
        """Returns the mail as our own server delivers it, its placeholders filled in."""
        domain = parseaddr(mail.sender or senders.sender)[1].rpartition("@")[2] or "elsewhere.example"
        at = format_datetime(self.desk.clock.now() + LATER)
        trace = f"Authentication-Results: {SERVER}; dmarc={mail.auth} header.from={domain}\n"
        trace += f"Received: from mail.{domain} by {SERVER} with ESMTPS; {at}\n"
        if mail.auth == "ours":
            trace = f"Received: by {SERVER} (Postfix)\n\tid 4XyZ1; {at}\n"
        octets = trace.encode() + senders.octets(mail, self.notification.message_id or "")
        return octets.replace(b"\n", b"\r\n")


@pytest.fixture(scope="module")
def night(new_desk: NewDesk) -> Night:
    """Returns the desk that is copied for each mail."""
    return Night(new_desk())


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Path]:
    """Yields a new folder for each mail."""

    def made() -> Iterator[Path]:
        for number in range(len(ALL)):
            folder = tmp_path / str(number)
            folder.mkdir()
            yield folder
            shutil.rmtree(folder)  # together they would be 150 MB

    return made()


@each(("who", "senders", "mail"), ALL, ids=[f"{who}-{mail.name}" for who, _, mail in ALL], of="mails")
def test_a_mail_goes_where_a_person_would_put_it(
    night: Night, folders: Iterator[Path], who: str, senders: Senders, mail: Mail
) -> None:
    """Its place, whether it opens a case, which clocks it stops, and the attempts that it tells of."""
    wanted = mail.judged
    assert wanted is not None, who
    desk, stored = night.receive(night.arrived(senders, mail), next(folders))
    with closing(desk.env.store):
        cases = [case for case in desk.cases() if case.root_message == stored.id]
        stopped = [name for name, (state, _) in desk.clocks(night.notification.id).items() if state != "running"]
        assert stored.place is wanted.place, stored.reason
        assert (len(cases), sorted(stopped)) == (wanted.opens, sorted(wanted.stops))
        assert (stored.place is Place.NOISE and stored.pending_digest) == wanted.listed
        confirmed = desk.mails(kind=Kind.INTAKE_CONFIRMATION)
        assert len(confirmed) <= len(cases)
        if wanted.attempts is not None:
            with desk.env.store.read() as tx:
                assert lifecycle.attempts_of(UnitOfWork(desk.env, tx, desk.clock.now()), cases[0]) == wanted.attempts

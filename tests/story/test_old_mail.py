# SPDX-License-Identifier: EUPL-1.2
"""The years before: mail in files is filed as mail in the mailbox is, and nothing else follows from it."""

from __future__ import annotations

import json
import mailbox
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flaggermail.adapters.files.old_mail import LARGEST
from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.intake.ingest import ingest
from flaggermail.ports import RawMessage
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import ArrivalBasis, Direction, Place
from flaggermail.record.rows import Alarm, Case, Delivery, OutboxMail, Page, Reminder, StoredMessage
from flaggermail.reminders import reminders
from flaggermail.replay.doubles import SetClock
from flaggermail.services import Services
from tests.story.conftest import NOW

THEN = datetime(2024, 6, 6, 11, 6, tzinfo=UTC)
REFERRAL = """Authentication-Results: mx.bzk.example; dmarc=pass header.from=lindewaard.example\r
Received: from mail.lindewaard.example by mx.bzk.example; Thu, 6 Jun 2024 13:06:00 +0200\r
From: Fenna Voorbeeld <f.voorbeeld@lindewaard.example>\r
To: verkiezingenflagger@bzk.example\r
Date: Mon, 1 Jan 2001 00:00:00 +0000\r
Subject: Verkeerde stemdag rondgestuurd {number}\r
Message-ID: <r{number}@lindewaard.example>\r
Content-Type: text/plain; charset=utf-8\r
\r
Zie het bericht nummer {number}. Zelf twee keer gemeld.\r
From now on nobody votes, it says.\r
"""
KINDS = ("arrival", "disputed", "digest", "id", "received_at", "first_seen_at", "reason", "pending_digest", "place")


def referral(number: int) -> bytes:
    """Returns a referral of a verified authority, received in 2024."""
    return REFERRAL.format(number=number).encode()


def ingested(env: Services, *arguments: str | Path) -> Result:
    """Runs `flaggermail ingest` on the desk."""
    session = Session(env.settings.directory, given=env, officer="officer1")
    return CliRunner().invoke(commands, ["ingest", *map(str, arguments)], obj=session)


def counts(env: Services, *arguments: str | Path) -> tuple[int, int, int, list[str]]:
    """Returns what was found, new and already there, and why the rest was refused."""
    said = json.loads(ingested(env, "--json", *arguments).stdout)
    assert said["found"] == said["new"] + said["already_there"] + len(said["refused"])
    return said["found"], said["new"], said["already_there"], [one["why"] for one in said["refused"]]


def messages(env: Services) -> list[StoredMessage]:
    """Returns every message of the record."""
    with env.store.read() as tx:
        return tx.find(StoredMessage)


def write_mbox(path: Path, mails: Sequence[bytes], ends: bytes = b"\r\n") -> Path:
    """Writes an mbox as a mail server does, with quoted From lines."""
    lines = []
    for octets in mails:
        lines.append(b"From someone@lindewaard.example Thu Jun  6 11:05:00 2024" + ends)
        lines += [b">" + one if one.lstrip(b">").startswith(b"From ") else one for one in octets.splitlines(True)]
        lines.append(ends)
    path.write_bytes(b"".join(lines))
    return path


def write_maildir(path: Path, mails: Sequence[bytes]) -> Path:
    """Writes a Maildir whose files have the instant of arrival."""
    for name in ("cur", "new", "tmp"):
        (path / name).mkdir(parents=True)
    for number, octets in enumerate(mails):
        file = path / "cur" / f"{number:05d}.host:2,S"
        file.write_bytes(octets)
        os.utime(file, (THEN.timestamp(), THEN.timestamp()))
    return path


def test_the_same_record_as_by_the_mailbox(env: Services, tmp_path: Path) -> None:
    """A mail of an mbox, a Maildir and an .eml file is filed as the same mail from the mailbox, octet for octet."""
    for number in range(4):
        raw = RawMessage(referral(number), THEN, "INBOX", 1, number + 1)
        if number == 0:
            ingest(env, raw)
    write_mbox(tmp_path / "old.mbox", [referral(1)])
    write_maildir(tmp_path / "Maildir", [referral(2)])
    (tmp_path / "one.eml").write_bytes(referral(3))
    assert counts(env, tmp_path / "old.mbox", tmp_path / "Maildir", tmp_path / "one.eml") == (3, 3, 0, [])
    by_mailbox, *by_file = messages(env)
    assert {message.arrival for message in by_file} == {ArrivalBasis.OWN_LINE}
    for number, message in enumerate(by_file, start=1):
        assert env.octets.get(message.digest) == referral(number)
        assert message.received_at == THEN
        assert message.disputed
        same = ("verdict", "verdict_basis", "kinds", "rule", "direction", "mechanical", "from_address", "priority")
        assert [getattr(message, name) for name in same] == [getattr(by_mailbox, name) for name in same]


def test_nothing_follows(env: Services, clock: SetClock, tmp_path: Path) -> None:
    """No mail, no alarm, no page and no reminder comes of old mail, however long it lies; and no case."""
    (tmp_path / "old").mkdir()
    for number in range(5):
        (tmp_path / "old" / f"{number}.eml").write_bytes(referral(number))
    bounce = Path(__file__).parents[1] / "mails"
    copied = 5
    for path in sorted(bounce.glob("*.eml"))[:150]:
        (tmp_path / "old" / path.name).write_bytes(path.read_bytes())
        copied += 1
    found, new, known, refused = counts(env, tmp_path / "old")
    assert (found, refused) == (copied, [])
    assert new + known == copied
    for _ in range(20):
        clock.set(clock.now() + timedelta(hours=2))
        reminders.tick(env)
    with env.store.read() as tx:
        of_mail = [row for row in tx.find(OutboxMail) if row.kind != "digest"]
        assert (of_mail, tx.find(Alarm), tx.find(Page), tx.find(Reminder), tx.find(Case)) == ([], [], [], [], [])
        assert not any(message.pending_digest for message in tx.find(StoredMessage))

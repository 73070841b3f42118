# SPDX-License-Identifier: EUPL-1.2
"""The years before: mail in files is filed as mail in the mailbox is, and nothing else follows from it."""

from __future__ import annotations

import json
import mailbox
import os
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner, Result

from flaggermail.adapters.files.old_mail import LARGEST
from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.errors import Refusal
from flaggermail.figures import ledger
from flaggermail.figures.uses import uses_of
from flaggermail.intake import facts, old_mail
from flaggermail.intake import ingest as intake
from flaggermail.intake.ingest import ingest
from flaggermail.mail.message import Message, SenderVerdict
from flaggermail.ports import RawMessage, Transaction
from flaggermail.record.kinds import ArrivalBasis, Direction, Place
from flaggermail.record.rows import StoredMessage
from flaggermail.record.states import InstantBasis
from flaggermail.reminders import sending
from flaggermail.services import Services
from flaggermail.stories.doubles import SetClock
from tests import asking
from tests.patience import PATIENCE
from tests.story.conftest import NOW
from tests.tools.outlook_file import OutlookMail, outlook_message

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
USE = """From: verkiezingenflagger@bzk.example\r
To: Urgent Escalation <urgent-escalation@x-platform.example>\r
Date: Mon, 1 Jan 2001 00:00:00 +0000\r
Subject: Two boxes\r
Message-ID: <use@bzk.example>\r
\r
Please check these posts.\r
"""
LETTER = '"From me to you<U+001B>[2J"'
ANSWER = """Authentication-Results: mx.bzk.example; dmarc=pass header.from=x-platform.example\r
Received: from mail.x-platform.example by mx.bzk.example; Thu, 6 Jun 2024 13:06:30 +0200\r
From: X <desk@x-platform.example>\r
To: verkiezingenflagger@bzk.example\r
Subject: About two boxes\r
Message-ID: <answer@x-platform.example>\r
\r
We looked at the posts.\r
"""


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
    return asking.messages(env)


def write_mbox(path: Path, mails: Sequence[bytes], ends: bytes = b"\r\n") -> Path:
    """Writes an mbox as a mail server does, with quoted From lines."""
    lines = []
    for octets in mails:
        lines.append(b"From someone@lindewaard.example Thu Jun  6 11:05:00 2024" + ends)
        lines += [
            b">" + one if one.lstrip(b">").startswith(b"From ") else one for one in octets.splitlines(keepends=True)
        ]
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
        raw = RawMessage(referral(number), THEN, "INBOX", "1", str(number + 1))
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
        os.utime(tmp_path / "old" / path.name, (NOW.timestamp() - 60, NOW.timestamp() - 60))  # a copy of today
        copied += 1
    found, new, known, refused = counts(env, tmp_path / "old")
    rubbish = ["begins with no header field (a name and a colon), so it is no mail"]  # header-after-rubbish.eml
    assert (found, refused) == (copied, rubbish)
    assert new + known == copied - 1
    for _ in range(20):
        clock.set(clock.now() + timedelta(hours=2))
        sending.tick(env)
    of_mail = [row for row in asking.mails(env) if row.kind != "digest"]
    assert (of_mail, asking.alarms(env), asking.pages(env), asking.reminders(env), asking.cases(env)) == (
        [],
        [],
        [],
        [],
        [],
    )
    assert not any(message.pending_digest for message in asking.messages(env))


def test_old_mail_waits_apart(env: Services, tmp_path: Path) -> None:
    """The quarantine of today, its count and its reminders do not know of old mail; `--old` lists it."""
    (tmp_path / "one.eml").write_bytes(referral(1))
    counts(env, tmp_path / "one.eml")
    assert json.loads(act(env, "quarantine", "list", "--json").stdout)["messages"] == []
    (waiting,) = json.loads(act(env, "quarantine", "list", "--old", "--json").stdout)["messages"]
    assert waiting["arrival"] == "own received line"
    assert "from a file of old mail" in waiting["reason"]


# ---- what a file says


def test_each_form_says_when_a_mail_came(env: Services, tmp_path: Path) -> None:
    """Our server's line first, then any Received line, then what the form itself says; never the Date field."""
    own = referral(1)
    other = own.replace(b"by mx.bzk.example", b"by mx.elsewhere.example").replace(b"13:06:00", b"13:07:00")
    none = b"".join(line for line in own.splitlines(keepends=True) if not line.startswith(b"Received"))
    box = write_mbox(tmp_path / "a.mbox", [own, other.replace(b"<r1", b"<r2"), none.replace(b"<r1", b"<r3")])
    write_maildir(tmp_path / "Maildir", [none.replace(b"<r1", b"<r4")])
    single = tmp_path / "5.eml"
    single.write_bytes(none.replace(b"<r1", b"<r5"))
    os.utime(single, (NOW.timestamp() - 60, NOW.timestamp() - 60))
    assert counts(env, box, tmp_path / "Maildir", single)[:3] == (5, 5, 0)
    assert [(m.arrival.value, m.received_at) for m in messages(env)] == [
        ("own received line", THEN),
        ("received line", THEN + timedelta(minutes=1)),
        ("mbox line", THEN - timedelta(minutes=1)),
        ("maildir", THEN),
        ("file", NOW - timedelta(minutes=1)),
    ]
    assert all(message.disputed for message in messages(env))


def test_an_instant_to_come_is_not_believed(env: Services, tmp_path: Path) -> None:
    """A line or a file dated after today, or before there was mail, says nothing."""
    late, early = (referral(1).replace(b"2024 13", year + b" 13") for year in (b"2031", b"1971"))
    (tmp_path / "1.eml").write_bytes(late)
    (tmp_path / "2.eml").write_bytes(early.replace(b"<r1", b"<r2"))
    os.utime(tmp_path / "1.eml", (NOW.timestamp() + 9e7, NOW.timestamp() + 9e7))
    os.utime(tmp_path / "2.eml", (1.0, 1.0))
    counts(env, tmp_path)
    found = [m for m in messages(env) if m.enclosed_in is None]
    assert {(m.arrival, m.received_at) for m in found} == {(ArrivalBasis.FILE, NOW)}


@pytest.mark.parametrize("ends", [b"\r\n", b"\n"], ids=["crlf", "lf"])
def test_an_mbox_gives_each_mail_as_it_was(env: Services, tmp_path: Path, ends: bytes) -> None:
    """Quoted From lines lose one mark; a line that only looks like one, and line ends, stay as they are."""
    tricky = referral(1) + b">From me\r\n\r\nFrom here on it is quoted\r\n\r\n"
    mails = [octets.replace(b"\r\n", ends) for octets in (tricky, referral(2), referral(3))]
    assert counts(env, write_mbox(tmp_path / "old", mails, ends))[:2] == (3, 3)
    assert [env.octets.get(message.digest) for message in messages(env)] == mails
    box = mailbox.mbox(tmp_path / "theirs.mbox")
    box.add(b"Subject: theirs\n\nFrom the library, quoted\n")
    box.close()
    assert counts(env, tmp_path / "theirs.mbox")[1] == 1
    assert env.octets.get(messages(env)[-1].digest) == b"Subject: theirs\n\nFrom the library, quoted\n"


def test_sent_mail_is_known_by_its_folder(env: Services, tmp_path: Path) -> None:
    """A path named --sent, and one named as the mailbox's own folder, hold sent mail; no address makes it so."""
    forged = write_mbox(tmp_path / "inbox.mbox", [USE.encode()])
    counts(env, forged)
    assert [(m.direction, m.place) for m in messages(env)] == [(Direction.IN, Place.QUARANTINE)]
    for path, option in ((tmp_path / "Sent.mbox", []), (tmp_path / "x", ["--sent"])):
        write_mbox(path, [USE.replace("<use", f"<{path.stem}").replace("2001", f"200{len(option) + 2}").encode()])
        assert counts(env, *option, path)[:2] == (1, 1)
        message = messages(env)[-1]
        assert (message.direction, message.place) == (Direction.OUT, Place.QUARANTINE)
        assert "possible unregistered use" in message.reason.english
    assert asking.alarms(env) == []


def test_outlook_files_are_kept_as_they_are(env: Services, tmp_path: Path) -> None:
    """The octets of an .msg file are the archived ones, and its own header says when it came."""
    trace = "Received: from a by mx.bzk.example; Thu, 6 Jun 2024 13:06:00 +0200\r\n"
    octets = outlook_message(OutlookMail(("Fenna", "f@lindewaard.example"), "Oud", "Tekst", headers=trace))
    (tmp_path / "oud.msg").write_bytes(octets)
    assert counts(env, tmp_path / "oud.msg")[:2] == (1, 1)
    (message,) = messages(env)
    assert (env.octets.get(message.digest), message.subject) == (octets, "Oud")
    assert (message.received_at, message.verdict) == (THEN, SenderVerdict.UNVERIFIED)


# ---- copies


def test_a_copy_of_a_mail_that_is_held_changes_nothing(env: Services, tmp_path: Path) -> None:
    """It is recorded as another delivery of the one message: neither its instant nor its verdict counts."""
    unsure = referral(1).replace(b"dmarc=pass", b"dmarc=none")
    ingest(env, RawMessage(unsure, NOW, "INBOX", "1", "1"))
    before = messages(env)
    write_mbox(tmp_path / "old.mbox", [referral(1)])
    assert counts(env, tmp_path / "old.mbox") == (1, 0, 1, [])
    assert messages(env) == before
    found = asking.deliveries(env)
    assert {row.arrival for row in found} == {ArrivalBasis.SERVER, ArrivalBasis.OWN_LINE}
    assert {row.message for row in found} == {before[0].id}


def test_the_server_is_believed_before_a_file(env: Services, tmp_path: Path) -> None:
    """Once the mailbox shows a mail that a file brought, its INTERNALDATE is the arrival, and no longer disputed."""
    write_mbox(tmp_path / "old.mbox", [referral(1)])
    counts(env, tmp_path / "old.mbox")
    at = THEN + timedelta(seconds=40)
    ingest(env, RawMessage(referral(1), at, "INBOX", "1", "1"))
    (message,) = messages(env)
    assert (message.received_at, message.arrival, message.disputed) == (at, ArrivalBasis.SERVER, False)


def test_a_mail_that_a_file_showed_first_is_told_all_the_same(
    env: Services, clock: SetClock, tmp_path: Path
) -> None:  # fmt: skip
    """An export that holds the mail of this minute takes nothing away from it once the mailbox shows it."""
    today = f"{clock.now():%a, %d %b %Y %H:%M:%S} +0000"
    fresh = [referral(number).replace(b"Thu, 6 Jun 2024 13:06:00 +0200", today.encode()) for number in (1, 2)]
    write_mbox(tmp_path / "export.mbox", fresh[:1])
    counts(env, tmp_path / "export.mbox")
    for number, octets in enumerate(fresh, start=1):
        ingest(env, RawMessage(octets, clock.now(), "INBOX", "1", str(number)))
    shown_before, never_shown = (one for one in messages(env) if one.direction is Direction.IN)
    varying = {"id", "message_id", "content_key", "digest", "subject", "case"} | {"suggestions"}  # the other's case
    names = {spec.name for spec in fields(StoredMessage)}
    assert {name for name in names if getattr(shown_before, name) != getattr(never_shown, name)} == varying
    assert [case.root_message for case in asking.cases(env)] == [shown_before.id, never_shown.id]
    kinds = sorted(row.kind for row in asking.mails(env))
    assert kinds == ["intake_confirmation"] * 2 + ["officer_notice"] * 2
    assert counts(env, tmp_path / "export.mbox")[:3] == (1, 0, 1)


def test_run_again_it_finds_everything_there(env: Services, tmp_path: Path) -> None:
    """The same path again, a file that grew, and one that lost its first mail: only what is new is taken in."""
    box = write_mbox(tmp_path / "old.mbox", [referral(1), referral(2)])
    assert counts(env, box)[:3] == (2, 2, 0)
    assert counts(env, box)[:3] == (2, 0, 2)
    write_mbox(box, [referral(1), referral(2), referral(3)])
    assert counts(env, box)[:3] == (3, 1, 2)
    write_mbox(box, [referral(2), referral(3), referral(4), referral(4)])
    assert counts(env, box)[:3] == (4, 1, 3)
    assert len(asking.deliveries(env)) == 4


# ---- what is refused


def test_a_mail_that_two_batches_hold_is_one(env: Services, tmp_path: Path) -> None:
    """The second is read before the first is recorded, and is known all the same."""
    numbers = [*range(old_mail.BATCH_MAILS), 0, *range(old_mail.BATCH_MAILS, old_mail.BATCH_MAILS + 10), 3]
    box = write_mbox(tmp_path / "old.mbox", [referral(number) for number in numbers])
    assert counts(env, box) == (len(numbers), len(numbers) - 2, 2, [])
    assert len(messages(env)) == len(numbers) - 2


def test_the_next_batch_is_parsed_while_one_is_recorded(
    env: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Shown by a first batch that is recorded once the second is parsed."""
    prepare, ask, second, seen = intake.prepare, facts.ask, Event(), list[bool]()

    def prepared(env: Services, mails: Sequence[RawMessage]) -> intake.Batch:
        batch = prepare(env, mails)
        if len(mails) < old_mail.BATCH_MAILS:
            second.set()
        return batch

    def asked(env: Services, tx: Transaction, mails: Sequence[tuple[RawMessage, Message]]) -> None:
        seen.append(second.wait(PATIENCE))
        ask(env, tx, mails)

    monkeypatch.setattr(intake, "prepare", prepared)
    monkeypatch.setattr(facts, "ask", asked)
    count = old_mail.BATCH_MAILS + 10
    box = write_mbox(tmp_path / "old.mbox", [referral(number) for number in range(count)])
    assert counts(env, box) == (count, count, 0, [])
    assert all(seen)


def test_whatever_is_refused_is_named(env: Services, tmp_path: Path) -> None:
    """Each with its reason, the rest is taken in, and the status is 1."""
    old = tmp_path / "old"
    (old / "below").mkdir(parents=True)
    (old / "below" / "1.eml").write_bytes(referral(1))
    (old / "circle").symlink_to(old)
    (old / "empty.eml").touch()
    (old / "letter.mbox").write_bytes(b"From me to you\x1b[2J\n\nHello\n")
    (old / "notes.txt").write_bytes(b"Subject: no mail\n")
    (old / "false.msg").write_bytes(b"PK")
    (old / ".hidden").write_bytes(b"x")
    (tmp_path / "nothing").mkdir()
    os.mkfifo(old / "pipe.eml")
    with (old / "large.eml").open("wb") as file:
        file.write(b"Subject: x\n")
        file.truncate(LARGEST + 1)
    (old / "locked.eml").symlink_to(old / "locked.eml")
    result = ingested(env, old, tmp_path / "nothing", tmp_path / "missing.mbox")
    assert result.exit_code == 1
    assert result.stdout == "11 found: 1 new, 0 already there, 10 refused\n"
    said = [line.removeprefix(f"refused: {tmp_path}/") for line in result.stderr.splitlines()]
    assert said == [
        "old/circle: is a link, which is not followed; name the file or folder itself",
        "old/empty.eml: is empty",
        "old/false.msg: is no Outlook message, though it is named so",
        f"old/large.eml: has {LARGEST + 1} octets; at most {LARGEST} are taken in",
        f"old/letter.mbox: is no mbox: its first line is {LETTER}, and not From, an address and a date",
        "old/locked.eml: is a link, which is not followed; name the file or folder itself",
        "old/notes.txt: is no mail: .eml, .msg, mbox and Maildir are read",
        "old/pipe.eml: is no mail: .eml, .msg, mbox and Maildir are read",
        "nothing: holds no mail: no .eml, no .msg, no mbox and no Maildir",
        "missing.mbox: there is no such file or folder",
    ]


def test_a_file_that_changes_is_named(env: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mails before its end are taken in, the last one is not, as it may be incomplete."""
    box = write_mbox(tmp_path / "old.mbox", [referral(number) for number in range(120)])
    whole = intake.ingest_batches

    def while_written(env: Services, batches: Iterator[Sequence[RawMessage]]) -> Iterator[list[intake.Outcome]]:
        begun = next(batches)
        with box.open("ab") as file:
            file.write(b"more")
        return whole(env, chain([begun], batches))

    monkeypatch.setattr("flaggermail.intake.old_mail.ingest_batches", while_written)
    assert counts(env, box) == (120, 119, 0, ["changed while it was read; run ingest again"])
    monkeypatch.undo()
    assert counts(env, box)[:3] == (120, 1, 119)


# ---- what a person says it is


@pytest.fixture
def exchange(env: Services, tmp_path: Path) -> Services:
    """A closed election, and the mail of its only use in files."""
    write_mbox(tmp_path / "Sent.mbox", [USE.encode()])
    (tmp_path / "Sent.mbox").write_bytes((tmp_path / "Sent.mbox").read_bytes().replace(b"11:05:00", b"08:34:20"))
    write_mbox(tmp_path / "in.mbox", [ANSWER.encode()])
    assert counts(env, tmp_path / "Sent.mbox", tmp_path / "in.mbox")[:2] == (2, 2)
    act(env, "election", "close", "EP2024")
    act(env, "case", "open", "--election", "EP2024", "--type", "A_content", "--origin", "media", "--past")
    return env


def act(env: Services, *arguments: str) -> Result:
    """Runs a command of an officer, which must succeed."""
    session = Session(env.settings.directory, given=env, officer="officer1")
    result = CliRunner().invoke(commands, list(arguments), obj=session, catch_exceptions=False)
    assert result.exit_code == 0
    return result


def refused(env: Services, *arguments: str) -> str:
    """Runs a command that the desk refuses; returns why."""
    session = Session(env.settings.directory, given=env, officer="officer1")
    with pytest.raises(Refusal) as caught:
        CliRunner().invoke(commands, list(arguments), obj=session, catch_exceptions=False)
    return str(caught.value)


def of(env: Services, message_id: str) -> StoredMessage:
    """Returns the message with that Message-ID."""
    return next(message for message in messages(env) if message.message_id == message_id)


def nobody_is_told(env: Services, clock: SetClock) -> None:
    """Asserts that nothing was sent, and that no reminder comes in the days that follow."""
    for _ in range(40):
        clock.set(clock.now() + timedelta(minutes=90))
        sending.tick(env)
    assert [row for row in asking.mails(env) if row.kind != "digest"] == []
    assert (asking.reminders(env), asking.alarms(env), asking.pages(env)) == ([], [], [])


def test_the_use_of_years_ago(exchange: Services, clock: SetClock) -> None:
    """Its copy and its answer, marked by a person, give the figures of the day, with their basis; nobody is told."""
    case, use = "VF-EP2024-0001", of(exchange, "use@bzk.example").id
    said = act(exchange, "message", "mark", use, "--as", "notification", "--case", case).stdout
    assert said == f"{case}/1 registered, sent 2024-06-06T08:34:20+00:00, basis: sent copy\n"
    nobody_is_told(exchange, clock)
    answer = of(exchange, "answer@x-platform.example").id
    act(exchange, "message", "mark", answer, "--as", "answer", "--case", case)
    shown = act(exchange, "case", "show", case).stdout
    assert "2024-06-06 10:34+02:00, basis: sent copy" in shown
    assert "152 minutes, 2.5 hours (2 hours and 32 minutes)" in shown
    with exchange.store.read() as tx:
        (found,) = uses_of(ledger.of_rows(tx))
        at_hand = uses_of(ledger.of_events((event for _, event in tx.events()), clock.now()))
    assert at_hand == [found]
    assert (found.sent_basis, found.human and found.human.basis) == (InstantBasis.SENT_COPY, InstantBasis.MAIL)
    asked = json.loads(act(exchange, "report", "uses", "--from", "2024", "--to", "2024", "--json").stdout)
    assert (asked["total"]["uses"], asked["total"]["longest_minutes"]) == ([f"{case}/1"], 152)
    nobody_is_told(exchange, clock)


def test_an_instant_by_hand_says_so(exchange: Services, clock: SetClock) -> None:
    """Instants that a person names are printed as such, and stand in the figures as such."""
    case, use = "VF-EP2024-0001", of(exchange, "use@bzk.example").id
    mark = ("message", "mark", use, "--as", "notification", "--case", case, "--at", "2024-06-06T10:30")
    assert "basis: by hand" in act(exchange, *mark).stdout
    answer = of(exchange, "answer@x-platform.example").id
    by_hand = ("--at", "2024-06-06T13:00", "--notification", f"{case}/1")
    act(exchange, "message", "mark", answer, "--as", "answer", *by_hand)
    assert "2024-06-06 10:30+02:00, basis: by hand" in act(exchange, "case", "show", case).stdout
    assert "2024-06-06 13:00+02:00, basis: by hand" in act(exchange, "message", "show", answer).stdout
    with exchange.store.read() as tx:
        (found,) = uses_of(ledger.of_rows(tx))
        assert uses_of(ledger.of_events((event for _, event in tx.events()), clock.now())) == [found]
    assert found.sent_basis is InstantBasis.BY_HAND
    assert found.human is not None
    assert (found.human.basis, found.human.minutes) == (InstantBasis.BY_HAND, 150)


def test_a_use_without_a_copy(exchange: Services, clock: SetClock) -> None:
    """Where the copy is lost, a note names the instant; the desk of then could ask nobody to approve."""
    case = "VF-EP2024-0001"
    note = ["case", "note", case, "--means", "mail", "--text", "As the report says.", "--channel", "x-urgent"]
    note += ["--counts-as", "notification", "--at", "2024-06-06T10:34"]
    act(exchange, *note)
    assert "2024-06-06 10:34+02:00, basis: by hand" in act(exchange, "case", "show", case).stdout
    nobody_is_told(exchange, clock)
    assert "mail is noted by hand only where it is lost" in refused(exchange, *note[:-1], "2027-03-16T10:00")
    act(exchange, "case", "close", case)


def test_what_cannot_be_marked(exchange: Services, tmp_path: Path) -> None:
    """Each refusal says what would be right, and changes nothing."""
    case, use = "VF-EP2024-0001", of(exchange, "use@bzk.example").id
    answer = of(exchange, "answer@x-platform.example").id
    write_mbox(tmp_path / "more.mbox", [referral(1)])
    undated = tmp_path / "undated.eml"
    undated.write_bytes(USE.replace("<use", "<undated").replace("2001", "2002").encode())
    counts(exchange, tmp_path / "more.mbox", "--sent", undated)
    ours, theirs = of(exchange, "undated@bzk.example").id, of(exchange, "r1@lindewaard.example").id

    def why(message: str, *words: str) -> str:
        return refused(exchange, "message", "mark", message, "--as", *words)

    assert "the file does not say when" in why(ours, "notification", "--case", case)
    assert "has not come yet" in why(ours, "notification", "--case", case, "--at", "2028-01-01T00:00")
    assert "name the case" in why(use, "notification")
    assert "was not sent from here" in why(theirs, "notification", "--case", case)
    assert "was sent from here" in why(use, "answer", "--case", case)
    assert "has none that was sent" in why(answer, "answer", "--case", case)
    assert "not on 2018-06-06" in why(use, "notification", "--case", case, "--at", "2018-06-06T10:00")
    assert "say what it is" in refused(exchange, "message", "confirm", use)
    act(exchange, "message", "mark", use, "--as", "notification", "--case", case)
    assert f"is the copy of {case}/1 already" in why(use, "notification", "--case", case)
    ingest(exchange, RawMessage(referral(7), THEN, "INBOX", "1", "1"))
    live = of(exchange, "r7@lindewaard.example").id
    assert "leave out --at" in why(live, "answer", "--case", case, "--at", "2024-06-06T13:00")


def test_an_old_referral_opens_a_case_but_nobody_is_written_to(
    env: Services, clock: SetClock, tmp_path: Path
) -> None:  # fmt: skip
    """A case opened from it names it, and neither the confirmation nor the decision goes to who wrote it years ago."""
    write_mbox(tmp_path / "old.mbox", [referral(1)])
    counts(env, tmp_path / "old.mbox")
    (message,) = messages(env)
    opened = ("--election", "EP2024", "--type", "A_content", "--origin", "referral", "--from-message", message.id)
    act(env, "case", "open", *opened)
    act(env, "case", "decide", "VF-EP2024-0001", "none", "--reason", "years ago")
    nobody_is_told(env, clock)

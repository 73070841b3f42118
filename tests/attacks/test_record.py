# SPDX-License-Identifier: EUPL-1.2
"""Somebody who can write the database or the archive: what leaves the desk, and what `audit` says of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.commands.approve import Approve
from flaggermail.commands.notify import Draft
from flaggermail.commands.outbox import CancelMail, ResolveMail
from flaggermail.health.status_gathering import gather
from flaggermail.outbox import delivery
from flaggermail.record.definition import where
from flaggermail.record.event_codec import GENESIS, link
from flaggermail.record.events import EventKind, added
from flaggermail.record.rows import Alarm, OutboxMail
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import MailState
from flaggermail.services import UnitOfWork
from tests.desks import kept, life, scenes
from tests.desks.played import Played, with_shipped
from tests.doubles.migrated import migrated
from tests.store.desk_fixtures import META, X_CHANNEL, Desk, desk_settings, equipped, opened

THIEF = "thief@elsewhere.example"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Returns an empty desk, its database and archive in `tmp_path`."""
    (tmp_path / "database").write_bytes(migrated())
    settings = desk_settings()
    equipment = equipped(settings, tmp_path)
    equipment.store.close()
    made = opened(equipment, settings, tmp_path)
    yield made
    made.env.store.close()
    equipment.close()


def sql(folder: Path, statement: str, **values: str) -> int:
    """Changes the database by other means; returns the number of rows changed."""
    with closing(sqlite3.connect(folder / "database")) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        return connection.execute(statement, values).rowcount


def redirect(folder: Path, mail: OutboxMail, recipient: str = THIEF) -> None:
    """Sets another recipient by one UPDATE."""
    assert sql(folder, "UPDATE outbox SET recipient = :to WHERE id = :id", to=recipient, id=mail.id) == 1


def audit(desk: Desk, *words: str) -> tuple[int, str]:
    """Runs `flaggermail audit`; returns its exit status and everything it prints."""
    session = Session(Path(), given=desk.env, officer="officer1")
    result = CliRunner().invoke(commands, ["audit", *words], obj=session)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return 1, f"{result.output}{result.exception}"  # `main` prints the text of an error in one line
    return result.exit_code, result.output


def waiting(desk: Desk) -> OutboxMail:
    """Approves a notification to X and returns its mail, which waits beside the mails that report the approval."""
    key = desk.drafted()
    desk.do(Approve(draft=key))
    return desk.one(OutboxMail, where(OutboxMail.notification).is_(key), where(OutboxMail.at_most_once).is_(True))


def alarms(desk: Desk) -> list[str]:
    """Returns the texts of the alarms that a mail is withheld."""
    return [alarm.text.english for alarm in desk.alarms(kind=AlarmKind.OUTBOX_CHANGED)]


# ---------------------------------------------------------------- what leaves


CHANGES = {
    "recipient": "recipient = 'thief@elsewhere.example'",
    "octets": "digest = (SELECT digest FROM outbox WHERE kind <> 'notification' LIMIT 1)",
    "notification": "notification = NULL",
    "kind": "kind = 'alarm', at_most_once = 0",
    "once": "at_most_once = 0",
    "sender": "sender = ''",
    "subject": "subject = 'another'",
    "text in an integer": "tries = 'many'",
    "a blob": "recipient = x'00ff'",
    "no instant": "queued_at = 'yesterday'",
    "no text": "subject = CAST(x'ff' AS TEXT)",
    "real": "tries = 0.5",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_one_update_of_the_outbox_is_found_before_the_send(desk: Desk, tmp_path: Path, change: str) -> None:
    """The changed mail does not leave, one alarm says so, all other mail leaves, and `audit verify` names the row."""
    mail = waiting(desk)
    others = len(desk.mails(state=MailState.QUEUED)) - 1
    statement = f"UPDATE outbox SET {change} WHERE id = :id"  # noqa: S608 - one of the lines above
    assert sql(tmp_path, statement, id=mail.id) == 1
    desk.settle()
    with desk.env.store.read() as tx:  # every loop of the daemon goes on
        assert gather(UnitOfWork(desk.env, tx, desk.clock.now()), link=True).outbox["queued"] <= 1
    assert desk.server.to(X_CHANNEL) == desk.server.to(THIEF) == []
    assert len(desk.server.envelopes) == others + 1  # and the alarm
    assert len(alarms(desk)) == 1
    assert alarms(desk)[0].startswith(mail.id)
    status, said = audit(desk, "verify")
    assert status == 1
    assert f"outbox {mail.id}: is not what the events say" in said


def test_a_recipient_changed_together_with_its_personal_value_is_found(desk: Desk, tmp_path: Path) -> None:
    """The value must be the one that the event committed to."""
    mail = waiting(desk)
    redirect(tmp_path, mail)
    value = f'"{THIEF}"'
    sql(tmp_path, "UPDATE personal SET value = :new WHERE value = :old", new=value, old=f'"{mail.recipient}"')
    desk.settle()
    assert desk.server.to(X_CHANNEL) == desk.server.to(THIEF) == []
    assert len(alarms(desk)) == 1


def test_a_mail_without_its_index_does_not_leave(desk: Desk, tmp_path: Path) -> None:
    """Taking entries out of the index withholds the mail and stops nothing else."""
    mail = waiting(desk)
    others = len(desk.mails(state=MailState.QUEUED)) - 1
    sql(tmp_path, "DELETE FROM row_event WHERE key = :id", id=mail.id)
    desk.settle()
    assert desk.server.to(X_CHANNEL) == []
    assert len(desk.server.envelopes) == others + 1
    assert f"row_event outbox {mail.id}" in audit(desk, "verify")[1]


def test_the_mail_leaves_once_the_row_is_restored(desk: Desk, tmp_path: Path) -> None:
    """A withheld mail costs one alarm however often it is due, writes nothing meanwhile, and then leaves."""
    mail = waiting(desk)
    redirect(tmp_path, mail)
    for _ in range(5):
        desk.settle()
    before = len(desk.events())
    delivery.drain(desk.env)
    assert len(desk.events()) == before
    assert len(alarms(desk)) == 1
    redirect(tmp_path, mail, X_CHANNEL)
    delivery.drain(desk.env)
    assert len(desk.server.to(X_CHANNEL)) == 1
    assert audit(desk, "verify")[0] == 0


@pytest.mark.parametrize("state", ["queued", "attempting"])
def test_no_mail_is_sent_again_by_an_update(desk: Desk, tmp_path: Path, state: str) -> None:
    """A mail that left is not sent a second time, also not by the recovery after a restart."""
    key = desk.notified()
    sent = len(desk.server.envelopes)
    at = desk.mail_of(key).queued_at.strftime("%Y-%m-%d %H:%M:%S.000000")
    sql(tmp_path, "UPDATE outbox SET state = :state, next_try_at = :at, at_most_once = 0", state=state, at=at)
    delivery.recover(desk.env)
    desk.settle()
    assert len(desk.server.to(X_CHANNEL)) == 1
    again = desk.server.envelopes[sent:]
    assert all(b"audit verify" in envelope.octets for envelope in again)
    assert len(alarms(desk)) == len(desk.mails()) - len(again)


def test_the_recovery_makes_no_changed_row_true(desk: Desk, tmp_path: Path) -> None:
    """A mail that left and is called in progress by an UPDATE gets no event that says so, and does not leave again."""
    desk.notified()
    before, sent = desk.mails(), len(desk.server.envelopes)
    assert any(not mail.at_most_once for mail in before)
    sql(tmp_path, "UPDATE outbox SET state = 'attempting'")
    assert delivery.recover(desk.env) == 0
    desk.settle()
    assert all(b"audit verify" in envelope.octets for envelope in desk.server.envelopes[sent:])
    said = audit(desk, "verify")[1]
    assert all(f"outbox {mail.id}: is not what the events say: state" in said for mail in before)


def test_a_changed_row_cannot_be_resolved(desk: Desk, tmp_path: Path) -> None:
    """Else an officer could have a mail that left sent again, which an UPDATE calls uncertain."""
    mail = desk.mail_of(desk.notified())
    sql(tmp_path, "UPDATE outbox SET state = 'uncertain' WHERE id = :id", id=mail.id)
    for act in (ResolveMail(mail=mail.id, again=True), ResolveMail(mail=mail.id, sent_at=mail.queued_at)):
        assert "`flaggermail audit verify` says more" in desk.refused(act)
    desk.settle()
    assert len(desk.server.to(X_CHANNEL)) == 1


def test_a_row_without_events_is_not_sent(desk: Desk, tmp_path: Path) -> None:
    """A copy of a mail with another recipient is withheld."""
    mail = waiting(desk)
    sql(
        tmp_path,
        "INSERT INTO outbox (id, dedupe, recipient, kind, message_id, sender, subject, digest, at_most_once, state, "
        "queued_at, next_try_at, tries, answer, bounced, exercise) SELECT 'o00009999', 'x', :to, kind, message_id, "
        "sender, subject, digest, 0, state, queued_at, next_try_at, tries, answer, bounced, exercise FROM outbox "
        "WHERE id = :id",
        to=THIEF,
        id=mail.id,
    )
    desk.settle()
    assert (len(desk.server.to(X_CHANNEL)), desk.server.to(THIEF)) == (1, [])
    assert alarms(desk) == ["o00009999: added"]


def test_octets_that_were_changed_or_lost_do_not_leave(desk: Desk, tmp_path: Path) -> None:
    """A mail whose file was changed is withheld; the mails behind it leave."""
    mail = waiting(desk)
    others = len(desk.mails(state=MailState.QUEUED)) - 1
    file = tmp_path / "archive" / mail.digest[:2] / mail.digest
    whole = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(whole.replace(b"To:", b"Cc:", 1))
    desk.settle()
    assert desk.server.to(X_CHANNEL) == []
    assert len(desk.server.envelopes) == others + 1
    assert [alarm.text.english for alarm in desk.alarms(kind=AlarmKind.OCTETS_LOST)] == [
        f"mail {mail.id}, file {mail.digest}"
    ]
    status, said = audit(desk, "verify")
    assert (status, f"archive {mail.digest[:2]}/{mail.digest}: was changed" in said) == (1, True)
    file.write_bytes(whole)
    desk.settle()
    assert len(desk.server.to(X_CHANNEL)) == 1


def test_a_platform_gets_mail_at_the_approved_addresses_only(desk: Desk) -> None:
    """Even with an event of its own, a mail of a notification to another address or with other octets is withheld."""
    mail = waiting(desk)
    octets = desk.env.octets.put(desk.env.octets.get(mail.digest).replace(b"invalid", b"valid"))
    with desk.env.store.begin() as tx:
        row = replace(mail, id="o00009999", dedupe="another", recipient=META)
        UnitOfWork(desk.env, tx, desk.clock.now()).record(EventKind.MAIL_QUEUED, added(row))
        draft = replace(mail, id="o00009998", dedupe="a third", notification=None)
        UnitOfWork(desk.env, tx, desk.clock.now()).record(EventKind.MAIL_QUEUED, added(draft))
        other = replace(mail, id="o00009997", dedupe="a fourth", digest=octets)
        UnitOfWork(desk.env, tx, desk.clock.now()).record(EventKind.MAIL_QUEUED, added(other))
    desk.settle()
    assert (len(desk.server.to(X_CHANNEL)), desk.server.to(META)) == (1, [])
    assert sorted(alarms(desk)) == ["o00009997: not approved", "o00009998: not approved", "o00009999: recipient"]


def test_a_cancelled_notification_sends_nothing(desk: Desk) -> None:
    """Its approval is over, whatever mail is queued for it afterwards by an event of its own."""
    mail = waiting(desk)
    desk.do(CancelMail(mail=mail.id))
    with desk.env.store.begin() as tx:
        row = replace(mail, id="o00009999", dedupe="another")
        UnitOfWork(desk.env, tx, desk.clock.now()).record(EventKind.MAIL_QUEUED, added(row))
    desk.settle()
    assert desk.server.to(X_CHANNEL) == []
    assert alarms(desk) == ["o00009999: not approved"]


@pytest.mark.parametrize("persons", [1, 2])
def test_an_approver_without_the_role_approves_nothing_that_still_waits(desk: Desk, persons: int) -> None:
    """Roles are looked up once more at the send; of two approvers both must still have theirs."""
    approval = desk.env.settings.desk.approval.model_copy(update={"persons": persons})
    of_desk = desk.env.settings.desk.model_copy(update={"approval": approval})
    desk.with_settings(desk.env.settings.model_copy(update={"desk": of_desk}))
    key = desk.do(Draft(case=desk.decided(), channel="x-urgent"), "clerk").key
    for approver in ("officer1", "officer2")[:persons]:
        desk.do(Approve(draft=key), approver)
    mail = desk.one(OutboxMail, where(OutboxMail.notification).is_(key), where(OutboxMail.at_most_once).is_(True))
    rota = desk.env.settings.oncall
    officers = [
        officer.model_copy(update={"roles": frozenset({"officer"})}) if officer.id == "officer1" else officer
        for officer in rota.officers
    ]
    changed = rota.model_copy(update={"officers": tuple(officers)})
    desk.with_settings(desk.env.settings.model_copy(update={"oncall": changed}))
    desk.settle()
    assert desk.server.to(X_CHANNEL) == []
    assert alarms(desk) == []  # nobody changed the record
    told = desk.one(Alarm, where(Alarm.kind).is_(AlarmKind.OUTBOX_WITHHELD)).text.english
    assert told.startswith(f"{mail.id}: withheld: {persons - 1} ")
    assert "that of officer1 does not count" in told


def test_a_changed_mail_does_not_hold_up_the_others_after_an_outage(desk: Desk, tmp_path: Path) -> None:
    """While the server cannot be reached the first mail alone is tried; a changed one is not that first mail."""
    first = min(desk.mails(state=MailState.QUEUED), key=lambda m: m.id, default=None) or waiting(desk)
    desk.server.says(0)
    delivery.drain(desk.env)
    tried = next(m for m in desk.mails(state=MailState.QUEUED) if m.tries)
    redirect(tmp_path, tried)
    desk.server.script.clear()
    desk.go_on(60)
    assert first is not None
    assert {mail.id for mail in desk.mails(state=MailState.QUEUED)} == {tried.id}
    assert desk.server.to(THIEF) == []


# ---------------------------------------------------------------- what was rewritten


def forged(folder: Path, last: int) -> None:
    """Cuts the chain after an event, or writes all of it anew, and sets the head so that it fits."""
    with closing(sqlite3.connect(folder / "database")) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM event WHERE seq > ?", (last,))
        connection.execute("DELETE FROM personal WHERE event > ?", (last,))
        connection.execute("DELETE FROM row_event WHERE event > ?", (last,))
        digest = GENESIS
        for seq, octets in connection.execute("SELECT seq, octets FROM event ORDER BY seq").fetchall():
            new = octets.replace(b'"actor":"officer1"', b'"actor":"officer2"')
            digest = link(digest, new)
            actor = json.loads(new)["actor"]
            connection.execute(
                "UPDATE event SET octets = ?, digest = ?, actor = ? WHERE seq = ?", (new, digest, actor, seq)
            )
        connection.execute("UPDATE chain_head SET seq = ?, digest = ?", (last, digest))


def test_another_text_written_into_rows_and_events_does_not_leave(desk: Desk, tmp_path: Path) -> None:
    """Rows and events agree on the other text, but the event no longer has its digest."""
    mail = waiting(desk)
    other = desk.env.octets.put(desk.env.octets.get(mail.digest).replace(b"invalid", b"valid"))
    with closing(sqlite3.connect(tmp_path / "database")) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for seq, octets in connection.execute("SELECT seq, octets FROM event").fetchall():
            new = octets.replace(mail.digest.encode(), other.encode())
            connection.execute("UPDATE event SET octets = ? WHERE seq = ?", (new, seq))
        for table in ("outbox", "notification", "message"):
            connection.execute(f"UPDATE {table} SET digest = ? WHERE digest = ?", (other, mail.digest))  # noqa: S608 - one of the three
    desk.settle()
    assert desk.server.to(X_CHANNEL) == []
    assert alarms(desk) == [f"{mail.id}: added"]


def with_triggers(folder: Path) -> None:
    """Creates the triggers again, as a careful intruder does."""
    template = folder / "template"
    template.write_bytes(migrated())
    with closing(sqlite3.connect(template)) as fresh:
        made = fresh.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    with closing(sqlite3.connect(folder / "database")) as connection, connection:
        for (statement,) in made:
            connection.execute(statement)


def test_a_chain_written_anew_is_found_against_any_earlier_head(desk: Desk, tmp_path: Path) -> None:
    """Without an earlier head nothing is found, which the manual says; with one kept elsewhere it is."""
    desk.decided()
    status, printed = audit(desk, "head", "--json")
    early = json.loads(printed)
    assert (status, set(early)) == (0, {"seq", "digest", "at"})
    desk.notified(case=desk.decided())
    late = audit(desk, "head")[1].strip()
    kept_heads = (f"{early['seq']}:{early['digest']}", late)
    for head in kept_heads:
        assert audit(desk, "verify", "--since", head)[0] == 0
    forged(tmp_path, int(late.partition(":")[0]))
    with_triggers(tmp_path)
    assert audit(desk, "verify")[0] == 0
    for head in kept_heads:
        status, said = audit(desk, "verify", "--since", head)
        assert (status, "written anew" in said) == (1, True)


def test_a_tail_that_was_cut_off_is_found_against_an_earlier_head(desk: Desk, tmp_path: Path) -> None:
    """The head set back to an earlier event does not hide that later ones existed."""
    desk.decided()
    with closing(sqlite3.connect(tmp_path / "database")) as connection:
        backup = connection.serialize()
    first = audit(desk, "head")[1].strip()
    desk.notified(case=desk.decided())
    last = audit(desk, "head")[1].strip()
    desk.env.store.close()
    for file in tmp_path.glob("database*"):
        file.unlink()
    (tmp_path / "database").write_bytes(backup)
    assert audit(desk, "verify")[0] == 0
    assert audit(desk, "verify", "--since", first)[0] == 0
    status, said = audit(desk, "verify", "--since", first, "--since", last)
    assert status == 1
    assert f"head {last[:10]}" in said
    assert "later events were cut off" in said


def test_of_a_tail_that_was_cut_off_the_first_missing_event_is_named_first(desk: Desk, tmp_path: Path) -> None:
    """Their personal values remain, one finding each; the cause stands before them."""
    desk.notified()
    sql(tmp_path, "DROP TRIGGER event_no_delete")
    sql(tmp_path, "DELETE FROM event WHERE seq > 20")
    status, said = audit(desk, "verify")
    assert (status, said.partition(":")[0]) == (1, "event 21")
    assert "was taken away: the head names event" in said.splitlines()[0]


@pytest.mark.parametrize(
    "head",
    ["", "12", "x:y", "12:", ":ab", f"-1:{GENESIS}", f"12:{GENESIS[:-1]}", f"12:{GENESIS}0", f"{'9' * 40}:{GENESIS}",
     f"١٢:{GENESIS}", f"12:{'g' * 64}"],
)  # fmt: skip
def test_a_head_that_is_none_is_refused(desk: Desk, head: str) -> None:
    """Wrong use gives exit status 2 and says what a head looks like."""
    status, said = audit(desk, "verify", "--since", head)
    assert status == 2
    assert "SEQ:DIGEST" in said


def test_the_head_of_an_empty_record(desk: Desk, tmp_path: Path) -> None:
    """Number 0 with the digest of nothing is in every chain; a number beyond the chain is in none."""
    assert audit(desk, "verify", "--since", f"0:{GENESIS}")[0] == 0
    assert audit(desk, "verify", "--since", f"0:{'1' * 64}")[0] == 1
    assert audit(desk, "verify", "--since", f"{10**14}:{GENESIS}")[0] == 1
    sql(tmp_path, "DELETE FROM chain_head")
    assert audit(desk, "head")[0] == 1
    assert audit(desk, "verify")[0] == 1


# ---------------------------------------------------------------- the archive


def test_a_file_without_a_row_is_called_harmless_only_in_a_whole_record(desk: Desk, tmp_path: Path) -> None:
    """Where the record itself was changed, the row that named the file may be what was taken away."""
    desk.notified()
    desk.env.octets.put(b"archived, and then the process died")
    sql(tmp_path, "DELETE FROM chain_head")
    status, said = audit(desk, "verify")
    assert (status, "no row names it" in said, "no sign of a change" in said) == (1, True, False)


def test_the_archive_is_compared_with_the_record(desk: Desk, tmp_path: Path) -> None:
    """A missing, a changed and a foreign file are findings; a whole one that no row names is a note."""
    desk.notified()
    assert audit(desk, "verify")[0] == 0
    left = desk.env.octets.put(b"archived, and then the process died")
    (tmp_path / "archive" / left[:2] / ".abc.part").write_bytes(b"half")
    status, said = audit(desk, "verify")
    assert (status, f"note: archive {left[:2]}/{left}" in said, "no sign of a change" in said) == (0, True, True)
    document = json.loads(audit(desk, "verify", "--json")[1])
    assert document["differences"] == []
    assert len(document["unnamed_files"]) == 2
    mail = desk.mails()[0]
    file = tmp_path / "archive" / mail.digest[:2] / mail.digest
    moved = file.with_name("letter.eml")
    file.rename(moved)
    status, said = audit(desk, "verify")
    assert (status, "letter.eml: is no file" in said, f"{mail.digest}: is missing" in said) == (1, True, True)
    file.symlink_to(moved)
    assert f"{mail.digest}: is no file of this program" in audit(desk, "verify")[1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE channel SET valid_from = 'soon'",
        "UPDATE election SET polling_days = '{'",
        "UPDATE platform SET domains = x'00'",
        "UPDATE election SET exercise = NULL, period_from = 7",
        "UPDATE chain_head SET seq = 'last'",
        "UPDATE counter SET value = 'many'",
        "UPDATE channel SET name = CAST(x'ff' AS TEXT)",
    ],
)
def test_a_row_that_cannot_be_read_is_found_and_no_traceback(tmp_path: Path, statement: str) -> None:
    """Opening the desk reads these rows; `audit verify` names them all the same, with exit status 1."""
    folder = tmp_path / "desk"
    folder.mkdir()
    kept.configure(kept.HERE / "config", folder)
    played = Played.begin(folder, life.BEGIN)
    scenes.play(played, "S01")
    played.end()
    with closing(sqlite3.connect(folder / "flaggermail.db")) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        try:
            connection.execute(statement)
        except sqlite3.IntegrityError:
            connection.execute(statement.replace("exercise = NULL, ", ""))
    result = CliRunner().invoke(commands, ["--direct", "--config", str(folder), "audit", "verify"])
    assert type(result.exception).__name__ == "Refusal", (result.exception, result.output)
    table = statement.split()[1]
    assert table in result.output or table == "chain_head"


def test_a_missing_database_is_no_empty_record(tmp_path: Path) -> None:
    """`audit verify` neither creates a database nor calls it whole."""
    folder = tmp_path / "desk"
    folder.mkdir()
    kept.configure(kept.HERE / "config", folder)
    with_shipped(folder)
    result = CliRunner().invoke(commands, ["--direct", "--config", str(folder), "audit", "verify"])
    assert "does not exist" in str(result.exception)
    assert not (folder / "flaggermail.db").exists()


def test_a_clock_that_moves_back_changes_nothing(desk: Desk) -> None:
    """Verifying reads only: twice the same, and no event is added."""
    desk.notified()
    before = audit(desk, "verify", "--json")
    desk.clock.set(desk.clock.now() + timedelta(hours=1))
    assert audit(desk, "verify", "--json") == before

# SPDX-License-Identifier: EUPL-1.2
"""Citizens' reports: declined automatically only if every condition holds, stored minimally, and erased in time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flaggermail.adapters.db.mapping import all_tables
from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.system.machine import MachineHealthProbe
from flaggermail.cases import erasure
from flaggermail.commands.cases import OpenCase
from flaggermail.commands.elections import AddElection, CloseElection
from flaggermail.commands.move import DeclineMessage
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.daemon import publishing
from flaggermail.errors import ArchiveFailure
from flaggermail.health import self_check
from flaggermail.letters import writing
from flaggermail.outbox import delivery
from flaggermail.record.case_values import CaseType, Origin, Source
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import Alarm, Attempt, Case, Decline, ElectionSecret, OutboxMail, StoredMessage, Watched
from flaggermail.services import UnitOfWork
from flaggermail.wording.alarms import Health
from tests.store.desk_fixtures import CITIZEN, OFFICER, REFERRER, START, Desk, X, mail, report_of

TEXT = "Ik zag een kanarie, haal dit bericht weg."
SUBJECT = "Nep kanarie"
WINDOW = timedelta(days=70)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def report(
    sender: str = CITIZEN, subject: str = SUBJECT, text: str = TEXT, *, auth: str | None = "pass",
    at: datetime = START, extra: Sequence[str] = (),
) -> bytes:  # fmt: skip
    """Builds a citizen's report about a single post."""
    return mail(sender, subject, text, auth=auth, at=at, extra=extra)


def declined(desk: Desk, octets: bytes | None = None) -> StoredMessage:
    """Ingests a report that is declined, and sends the answer."""
    stored = desk.receive(octets or report())
    assert stored.place == "declined", stored.reason.english
    delivery.drain(desk.env)
    return stored


def file_of(desk: Desk) -> Path:
    """Returns the path of the desk's database; its archive is in the same folder."""
    assert isinstance(desk.env.store, SqlStore)
    return Path(str(desk.env.store.engine.url.database))


def held(desk: Desk) -> bytes:
    """Returns everything the database stores, in rows, chain and personal values."""
    store = desk.env.store
    assert isinstance(store, SqlStore)
    with store.engine.connect() as connection:
        rows = [row for table in all_tables().tables.values() for row in connection.execute(table.select())]
    return "\n".join(str(value) for row in rows for value in row).encode()


def in_file(desk: Desk) -> bytes:
    """Returns every octet of the database's file, free pages included."""
    desk.env.store.close()
    with closing(sqlite3.connect(file_of(desk))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file_of(desk).read_bytes()


def archived(desk: Desk) -> Iterator[bytes]:
    """Returns everything the archive stores."""
    return (path.read_bytes() for path in (file_of(desk).parent / "archive").glob("??/*"))


def after_the_window(desk: Desk) -> int:
    """Moves the clock past the review window; returns how many mails were destroyed."""
    desk.clock.set(desk.clock.now() + WINDOW)
    return erasure.tick(desk.env)


# ---------------------------------------------------------------- who is declined automatically


def test_a_report_is_declined_where_everything_holds(desk: Desk) -> None:
    """A declined report gets one answer, opens no case and sends no other mail."""
    stored = declined(desk)
    assert (stored.kinds, stored.reason.english) == (("citizen_report",), "a citizen's report about a single post")
    assert [envelope.recipient for envelope in desk.server.envelopes] == [CITIZEN]
    assert desk.cases() == []


FORWARD = (
    "Ik zag dit, haal dit weg.\n\n-----Oorspronkelijk bericht-----\nVan: A <a@b.example>\nVerzonden: dinsdag\n"
    "Aan: C\nOnderwerp: Nep\n\nStem morgen."
)
PICTURE = (
    "--cut\nContent-Type: text/plain\n\nIk zag dit, haal dit weg.\n--cut\n"
    "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\nAAAA\n--cut--"
)
MIXED = ('Content-Type: multipart/mixed; boundary="cut"', "MIME-Version: 1.0")


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (report(auth="none"), ""),
        (report(auth="fail"), ""),
        (report(auth=None), ""),
        (report("kiezer@bedrijf.example"), "not from a provider"),
        (report(text=FORWARD), "a forward"),
        (report(text=PICTURE, extra=MIXED), "with an attachment"),
        (report(text=f"{TEXT}\n\nA. Testdijk\nGriffie gemeente Kromwoude"), "an authority or a newsroom"),
        (report(text="Mag ik u bellen?", subject="Stembureau"), "without a citizen's words"),
    ],
    ids=["unverified", "failed", "nobody asked", "no free mail", "forward", "attachment", "authority", "other words"],
)  # fmt: skip
def test_one_condition_less_and_a_person_decides(desk: Desk, octets: bytes, why: str) -> None:
    """The mail is quarantined and its sender unanswered: one failed condition is enough, whatever the rules say."""
    stored = desk.receive(octets)
    delivery.drain(desk.env)
    assert stored.place == "quarantine"
    assert not [envelope for envelope in desk.server.envelopes if envelope.recipient != OFFICER]
    if why:
        with desk.env.store.read() as tx:
            doubts = erasure.doubts(UnitOfWork(desk.env, tx, desk.clock.now()), desk.env.parser.parse(octets))
        assert [why in doubt.english for doubt in doubts] == [True]


def test_nothing_speaks_against_the_report_itself(desk: Desk) -> None:
    """The unchanged report, from which each case above differs in one thing, raises no doubt."""
    with desk.env.store.read() as tx:
        assert erasure.doubts(UnitOfWork(desk.env, tx, desk.clock.now()), desk.env.parser.parse(report())) == ()


def test_a_sender_of_an_authority_by_name_needs_a_person(desk: Desk) -> None:
    """A display name that contains an authority prevents the decline, such as that of a clerk who writes from home."""
    octets = report().replace(f"From: {CITIZEN}".encode(), f"From: Gemeente Kromwoude <{CITIZEN}>".encode())
    assert desk.receive(octets).place == "quarantine"


def test_earlier_contact_needs_a_person(desk: Desk) -> None:
    """A report by a sender who wrote about something else before is quarantined."""
    desk.receive(mail(CITIZEN, "Vraag", "Mag ik u bellen?"))
    stored = desk.receive(report())
    assert (stored.place, stored.reason.english) == ("quarantine", "looks like a citizen's report: a person decides")


def test_a_mailing_list_is_not_answered(desk: Desk) -> None:
    """A report through a mailing list is quarantined."""
    assert desk.receive(report(extra=("List-Id: <a.example>",))).place == "quarantine"


def test_a_sender_is_told_once_in_a_period(desk: Desk) -> None:
    """A second mail in the period is quarantined; another election uses another key."""
    declined(desk)
    second = desk.receive(report(subject="Nog een"))
    assert (second.place, second.reason.english) == ("quarantine", "this sender was declined in this period")
    desk.clock.set(desk.clock.now() + timedelta(days=1000))
    today = desk.clock.now().date()
    desk.do(
        AddElection(
            code="NEXT", name_nl="Volgende", name_en="Next", polling_days=(today,), period_from=today,
            period_until=today + timedelta(days=9),
        )
    )  # fmt: skip
    desk.do(PlaceMessage(message=second.id, noise=True, reason="answered by phone"))
    other = "ander@mailprovider.example"
    declined(desk, report(other, at=desk.clock.now()))
    digests = {row.election: row.id.partition("/")[2] for row in desk.all(Decline)}
    assert sorted(digests) == ["EP2024", "NEXT"]
    secrets = {row.election: row.secret for row in desk.all(ElectionSecret)}
    assert len({*secrets.values()}) == 2
    assert all(len(secret or "") == 64 for secret in secrets.values())


# ---------------------------------------------------------------- what is kept


def test_of_a_declined_mail_no_address_name_or_subject_is_kept(desk: Desk) -> None:
    """Neither rows nor events nor personal values contain them; the body is only in the archive."""
    octets = report().replace(f"From: {CITIZEN}".encode(), f"From: Karin Kanarie <{CITIZEN}>".encode())
    stored = declined(desk, octets)
    assert (stored.from_address, stored.from_name, stored.subject) == (None, None, None)
    found = held(desk)
    assert b"anarie" not in found
    assert TEXT.encode() not in found
    assert octets in list(archived(desk))
    addressed = {mail.kind for mail in desk.mails() if mail.recipient == CITIZEN}
    assert addressed == {"decline"}
    assert found.count(CITIZEN.encode()) == 4  # recipient and key of our answer, each as row and as personal value
    desk.assert_whole()


def test_the_answer_of_a_machine_is_kept_as_little(desk: Desk) -> None:
    """An out-of-office reply or a bounce of our answer is filed as declined too, without address and subject."""
    declined(desk)
    answer = desk.one(OutboxMail, where(OutboxMail.kind).is_(Kind.DECLINE))
    away = mail(
        CITIZEN, "Automatic reply: kanarie", "I am away.", answers=answer.message_id,
        extra=("Auto-Submitted: auto-replied",),
    )  # fmt: skip
    bounce = report_of(answer.message_id, CITIZEN)
    for octets in (away, bounce):
        stored = desk.receive(octets)
        assert (stored.place, stored.from_address, stored.subject) == ("declined", None, None)
    assert len(desk.all(Decline)) == 1
    assert b"anarie" not in held(desk)
    desk.settle()
    alarms = [desk.env.parser.parse(e.octets).text for e in desk.server.to(OFFICER)]
    assert alarms
    assert not [text for text in alarms if CITIZEN in text]
    desk.assert_whole()


def test_the_key_is_destroyed_when_the_election_closes(desk: Desk) -> None:
    """Rows, chain and file no longer contain the key, and the chain stays intact."""
    declined(desk)
    secret = desk.one(ElectionSecret).secret
    assert secret is not None
    assert secret.encode() in held(desk)
    desk.do(CloseElection(code="EP2024"))
    row = desk.one(ElectionSecret)
    assert (row.secret, row.destroyed_at) == (None, desk.clock.now())
    assert secret.encode() not in held(desk)
    assert desk.happened(EventKind.ELECTION_KEY_DESTROYED) == 1
    desk.assert_whole()
    assert secret.encode() not in in_file(desk)


# ---------------------------------------------------------------- the end of the review window


def test_after_the_window_nothing_of_a_citizen_is_left(desk: Desk) -> None:
    """The octets and the address in and around our answer are erased from rows, chain, archive and file."""
    stored = declined(desk)
    desk.server.says(250)
    assert erasure.tick(desk.env) == 0
    desk.clock.set(desk.clock.now() + WINDOW - timedelta(seconds=1))
    assert erasure.tick(desk.env) == 0
    desk.clock.set(desk.clock.now() + timedelta(seconds=1))
    assert erasure.tick(desk.env) == 2
    assert erasure.tick(desk.env) == 0
    found = held(desk)
    assert CITIZEN.encode() not in found
    assert not [octets for octets in archived(desk) if CITIZEN.encode() in octets]
    assert desk.message(stored.id).discarded_at == desk.clock.now()
    discarded = [event for event in desk.events() if event.kind is EventKind.OCTETS_DISCARDED]
    assert [(event.reason, event.actor) for event in discarded] == [("review window", "daemon")] * 2
    assert {attempt.text for attempt in desk.all(Attempt)} == {""}
    desk.assert_whole()
    assert len(desk.all(Decline, where(Decline.taken_back_at).is_(None))) == 1  # the count stays
    assert CITIZEN.encode() not in in_file(desk)


def test_only_declined_mail_goes(desk: Desk) -> None:
    """A referral, a question and a platform's mail of the same day keep their octets."""
    kept = [
        mail(REFERRER, "Bericht over stembiljet", "Een bericht."),
        mail(CITIZEN, "Vraag", "Mag ik u bellen?"),
        mail(X, "Hello", "We are here."),
    ]
    rows = [desk.receive(octets) for octets in kept]
    declined(desk, report("ander@mailprovider.example"))
    desk.settle()
    assert after_the_window(desk) == 2
    assert [desk.message(row.id).discarded_at for row in rows] == [None] * 3
    assert set(kept) <= set(archived(desk))
    desk.assert_whole()


def test_octets_that_another_message_shares_stay(desk: Desk) -> None:
    """Octets that another message shares are not destroyed with the first."""
    octets = report()
    stored = declined(desk, octets)
    with desk.env.store.begin() as tx:
        other = replace(stored, id="m99999999", place=Place.NOISE, content_key="other")
        UnitOfWork(desk.env, tx, desk.clock.now()).record(EventKind.MESSAGE_TAKEN_IN, added(other))
    after_the_window(desk)
    assert desk.message(stored.id).discarded_at is not None
    assert octets in list(archived(desk))


def test_a_copy_that_comes_later_brings_nothing_back(desk: Desk) -> None:
    """A folder that is read again, or a second delivery, restores no octets."""
    octets = report()
    stored = declined(desk, octets)
    after_the_window(desk)
    again = desk.receive(octets)
    assert again.id == stored.id
    assert octets not in list(archived(desk))
    desk.assert_whole()


def test_nothing_is_destroyed_while_the_desk_observes(desk: Desk) -> None:
    """Retention destroys nothing on a restored copy of the desk that only observes."""
    declined(desk)
    writing.begin(desk.env)
    assert after_the_window(desk) == 0


def test_a_file_that_cannot_be_destroyed_is_tried_again(desk: Desk) -> None:
    """The mail does not count as destroyed until a later tick succeeds."""
    stored = declined(desk)
    usual = desk.env.octets

    class Stubborn:
        """An archive that refuses to discard anything."""

        put, put_all, get, sweep = usual.put, usual.put_all, usual.get, usual.sweep
        files, fault = usual.files, usual.fault

        def discard(self, digest: str) -> None:
            """Raises `ArchiveFailure`."""
            raise ArchiveFailure(digest)

    desk.env = replace(desk.env, octets=Stubborn())
    assert after_the_window(desk) == 0
    assert desk.message(stored.id).discarded_at is None
    desk.env = replace(desk.env, octets=usual)
    assert erasure.tick(desk.env) == 2


# ---------------------------------------------------------------- by a person


def test_a_decline_that_is_taken_back_becomes_a_case_with_its_sender(desk: Desk) -> None:
    """Address, name and subject are restored from the raw mail; the sender no longer counts and gets a confirmation."""
    stored = declined(desk, report().replace(f"From: {CITIZEN}".encode(), f"From: Kim <{CITIZEN}>".encode()))
    desk.do(PlaceMessage(message=stored.id, new=True, source=Source.MEDIA))
    case = desk.one(Case)
    assert (case.referrer_address, case.referrer_name, case.title) == (CITIZEN, "Kim", SUBJECT)
    row = desk.message(stored.id)
    assert (row.place, row.case, row.from_address, row.subject) == ("case", case.number, CITIZEN, SUBJECT)
    assert desk.all(Decline, where(Decline.taken_back_at).is_(None)) == []
    delivery.drain(desk.env)
    assert case.number in (desk.env.parser.parse(desk.server.to(CITIZEN)[-1].octets).subject or "")
    assert after_the_window(desk) == 1  # our answer; the mail is a referral now
    assert desk.message(stored.id).discarded_at is None
    desk.assert_whole()


def test_a_declined_mail_can_be_put_into_a_case_and_not_to_the_noise(desk: Desk) -> None:
    """Noise is kept indefinitely, which a declined mail must not be."""
    stored = declined(desk)
    assert "was declined" in desk.refused(PlaceMessage(message=stored.id, noise=True, reason="nothing"))
    number = desk.do(OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.MEDIA)).key
    desk.do(PlaceMessage(message=stored.id, case=number))
    assert desk.message(stored.id).from_address == CITIZEN


def test_after_the_window_nothing_can_be_taken_back(desk: Desk) -> None:
    """The refusal names the day on which the mail was destroyed."""
    stored = declined(desk)
    after_the_window(desk)
    refused = desk.refused(
        OpenCase(election="EP2024", type=CaseType.OTHER, origin=Origin.MEDIA, from_message=stored.id)
    )
    assert "was destroyed on 2024-08-15" in refused


def test_a_person_declines_what_waits(desk: Desk) -> None:
    """The stored personal data is erased and the sender answered once; the notice about it ends with the window."""
    waiting = desk.receive(report(text=f"{TEXT} Ik ben van de gemeente."))
    assert waiting.place == "quarantine"
    desk.settle()
    assert desk.do(DeclineMessage(message=waiting.id)).text.english.endswith("is declined; its sender is told")
    row = desk.message(waiting.id)
    assert (row.place, row.kinds, row.from_address, row.subject) == ("declined", ("citizen_report",), None, None)
    again = desk.receive(report(subject="Nog een kanarie"))
    desk.settle()
    assert desk.do(DeclineMessage(message=again.id)).text.english.endswith("its sender was told before in this period")
    assert len(desk.all(Decline)) == 1
    assert len(desk.mails(kind=Kind.DECLINE)) == 1
    desk.assert_whole()
    assert after_the_window(desk) == 3
    assert b"anarie" not in held(desk)
    assert CITIZEN.encode() not in held(desk)
    assert not [octets for octets in archived(desk) if CITIZEN.encode() in octets]
    desk.assert_whole()


def test_who_cannot_be_told_is_declined_in_silence(desk: Desk) -> None:
    """An unverified sender is not answered, even if a person declines the mail."""
    waiting = desk.receive(report(auth="none"))
    assert desk.do(DeclineMessage(message=waiting.id)).text.english.endswith("is declined; nobody is told")
    assert desk.all(Decline) == []


@pytest.mark.parametrize("sender", [X, OFFICER])
def test_a_platform_and_an_officer_are_no_citizens(desk: Desk, sender: str) -> None:
    """Mail of a platform or an officer cannot be declined."""
    waiting = desk.receive(mail(sender, "Hello", "We are here."))
    assert "platform or an officer" in desk.refused(DeclineMessage(message=waiting.id))


def test_what_is_in_a_case_cannot_be_declined(desk: Desk) -> None:
    """A referral that is in a case cannot be declined."""
    stored = desk.receive(mail(REFERRER, "Bericht over stembiljet", "Een bericht."))
    assert "is in case" in desk.refused(DeclineMessage(message=stored.id))


def test_nothing_is_destroyed_by_one_reading_of_a_clock(desk: Desk) -> None:
    """After a leap of 71 days a mail stays until mail shows that the clock is right; a week later a person hears so."""
    seconds, lead = [0.0], [timedelta(0)]
    probe = MachineHealthProbe({}, lead=lambda: lead[0], monotonic=lambda: seconds[0])
    env, stored = replace(desk.env, health_probe=probe), declined(desk)

    def kept(after: timedelta, leap: timedelta = timedelta(0)) -> tuple[bool, str, list[str]]:
        """Returns whether the mail is kept after a time and a leap, what `status` says, and the alarms."""
        seconds[0] += after.total_seconds()
        lead[0] += leap
        desk.clock.set(desk.clock.now() + after + leap)
        publishing.clean_up(env)
        self_check.tick(env, {})
        with env.store.read() as tx:
            row, told = tx.get(StoredMessage, stored.id), tx.find(Alarm)
            (found,) = tx.find(Watched, where(Watched.id).is_("destroying"))
        assert row is not None
        return row.discarded_at is None, found.value, sorted(one.kind for one in told if one.kind.startswith("destr"))

    probe.arrived(desk.clock.now(), desk.clock.now())
    assert kept(2 * HOUR) == (True, Health.DESTROYED().english, [])
    is_kept, why, _ = kept(HOUR, leap=71 * DAY)
    assert (is_kept, "has not run evenly" in why) == (True, True)
    is_kept, why, told = kept(2 * HOUR)
    assert (is_kept, "no mail arrived" in why, told) == (True, True, [])
    assert kept(7 * DAY)[::2] == (True, ["destroying waits"])
    probe.arrived(desk.clock.now() - 71 * DAY, desk.clock.now())  # as the server says, our clock is still wrong
    assert kept(HOUR)[0]
    probe.arrived(desk.clock.now() - timedelta(minutes=9), desk.clock.now())
    assert kept(HOUR) == (False, Health.DESTROYED().english, ["destroying goes on", "destroying waits"])

# SPDX-License-Identifier: EUPL-1.2
"""Who may read, what is kept of a reading, who sees it, and who looks at the same thing now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from flaggermail.adapters.db.store import SqlStore
from flaggermail.cli.session import Session
from flaggermail.cli.showing import parts
from flaggermail.commands import door
from flaggermail.daemon import publishing
from flaggermail.desk.desk import Caller, view_of
from flaggermail.desk.desk import Desk as Door
from flaggermail.desk.presence import Presence
from flaggermail.desk.views import READS, VIEWS
from flaggermail.desk.views.view import Document, OctetsView
from flaggermail.errors import (
    DiskFailure,
    ReadCancelled,
    ReadingUnkept,
    Refusal,
    ServerFull,
    StoreAway,
    StoreBusy,
    StoreFailure,
)
from flaggermail.mail.message import Json
from flaggermail.ports import ReadingLog, Store, Transaction
from flaggermail.record.kinds import Kind
from flaggermail.record.readings import ReadAccess, ReadItem, ReadKind, hour_of
from flaggermail.services import Services
from flaggermail.wording.refusals import CommandRefusal
from tests.command_line import type_here
from tests.corpus import each
from tests.store.conftest import new_store
from tests.store.desk_fixtures import CONFIG, OFFICER, REFERRER, START, Desk, X, mail

HOUR = hour_of(START)
NOBODY = (
    Caller(login="root"), Caller(login="mallory"), Caller(), Caller(login=""), Caller(officer="daemon"),
    Caller(officer="ghost"),
)  # fmt: skip


def shown_by(door: Door, name: str, request: Mapping[str, Json]) -> Document:
    """Returns what a view answers, or the facts beside its octets."""
    return door.fetch(name, request).facts if issubclass(view_of(name), OctetsView) else door.answer(name, request)


class Asking:
    """Asks the desk as a person of the rota, by their login; `presence` is that of the process."""

    def __init__(self, env: Services, person: str = "officer1", presence: Presence | None = None) -> None:
        rota = env.settings.rota
        login = next(one.login for one in (rota.officer(person), rota.associate(person)) if one is not None)
        self._door = Door(lambda: env, Caller(login=login), presence=presence)

    def __call__(self, name: str, /, **asked: Json) -> Document:
        """Returns the answer."""
        return shown_by(self._door, name, asked)


def kept(env: Services, *items: ReadItem) -> set[ReadAccess]:
    """Returns the rows of these items."""
    return set(env.store.readings.of(items))


def refused(env: Services, name: str, caller: Caller) -> str:
    """Returns the code of the refusal of a view."""
    with pytest.raises(Refusal) as caught:
        shown_by(Door(lambda: env, caller), name, {})
    return caught.value.said.code


# ---- a right to read


@each("name", sorted(VIEWS))
def test_nobody_of_the_rota_reads_nothing(desk: Desk, name: str) -> None:
    """Each view is refused to root, strangers and unknown ids before its request is read; oncall.yaml is named."""
    for caller in NOBODY:
        assert refused(desk.env, name, caller) == CommandRefusal.NO_READER.value
    with pytest.raises(Refusal, match=r"^.*: user root is nobody of this desk; .*oncall\.yaml"):
        shown_by(Door(lambda: desk.env, Caller(login="root")), name, {"colour": "blue"})


@each("name", sorted(VIEWS))
def test_each_view_takes_a_role(desk: Desk, name: str) -> None:
    """A person reads what one of their roles may read; for the rest, the refusal names the roles that may."""
    rota = desk.env.settings.rota
    for person in ("officer1", "clerk", "weigher", "signer", "head1", "archivist1", "writer1", "privacy1"):
        may = bool(rota.roles_of(person) & view_of(name).MAY)
        with pytest.raises(Refusal) as caught:  # at the latest for what is asked
            shown_by(Door(lambda: desk.env, Caller(officer=person)), name, {"colour": "blue"})
        code = caught.value.said.code
        assert may or all(role in str(caught.value) for role in view_of(name).MAY)
        assert (code == CommandRefusal.MAY_NOT_READ.value) is not may, (person, name, code)


def test_who_is_no_officer_reads_what_their_task_needs() -> None:
    """The privacy officer sees who read a case, and no mail; archivists and report writers see no rota."""
    of_privacy = {name for name in VIEWS if "privacy officer" in view_of(name).MAY}
    assert of_privacy == {"case readers", "complete"}
    assert not [name for name in door.COMMANDS if "privacy officer" in door.command_of(name).MAY]
    for role in ("archivist", "report writer"):
        mine = {name for name in VIEWS if role in view_of(name).MAY}
        assert not mine & {
            "oncall now",
            "oncall pages",
            "officer list",
            "officer enrolment",
            "notify preview",
            "case readers",
        }
        assert {"case list", "case show", "message show", "events", "archive dossier"} <= mine


@dataclass
class Nothing:
    """Stands in for the files of a desk, of which an inspection that is refused asks nothing."""


@pytest.mark.parametrize("name", ["audit head", "audit verify"])
def test_an_inspection_that_shows_keys_of_the_record_is_for_its_persons(desk: Desk, name: str) -> None:
    """Behind the desk, case numbers, rows that differ and the head of the chain are no stranger's."""
    with pytest.raises(Refusal) as caught:
        Door(lambda: desk.env, Caller(login="root"), Nothing()).answer(name, {})  # type: ignore[arg-type] # as it says
    assert caught.value.said.code == CommandRefusal.NO_READER.value


# ---- a reading leaves a trace


def test_one_row_a_person_thing_and_hour_and_no_event(desk: Desk) -> None:
    """Looking again within the hour writes nothing; the next hour and another person are rows; the chain stays."""
    case, item = desk.decided(), ReadItem(ReadKind.CASE, "VF-EP2024-0001")
    before = len(desk.events())
    for _ in range(3):
        Asking(desk.env)("case show", case="1")
    assert kept(desk.env, item) == {ReadAccess("officer1", item, HOUR)}
    Asking(desk.env, "archivist1")("case show", case=case)
    desk.clock.set(START + timedelta(minutes=26))
    Asking(desk.env)("case show", case=case)
    later = HOUR + timedelta(hours=1)
    assert kept(desk.env, item) == {ReadAccess(*one) for one in (
        ("officer1", item, HOUR), ("archivist1", item, HOUR), ("officer1", item, later),
    )}  # fmt: skip
    assert len(desk.events()) == before
    desk.assert_whole()


def test_each_view_of_a_case_draft_or_mail_keeps_its_own(desk: Desk) -> None:
    """The row names the case, draft or mail by the key of the record, however it was typed."""
    draft = desk.drafted()
    stored = desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    case, own = ReadItem(ReadKind.CASE, "VF-EP2024-0001"), ReadItem(ReadKind.CASE, str(stored.case))
    of_mail, of_draft = ReadItem(ReadKind.MAIL, stored.id), ReadItem(ReadKind.DRAFT, draft)
    notice = next(one for one in desk.mails() if one.shows == stored.id)
    asked: dict[str, tuple[dict[str, Json], set[ReadItem]]] = {
        "case show": ({"case": "1"}, {case}), "case form": ({"case": "VF-EP2024-0001-K7QF"}, {case}),
        "case text": ({"draft": "1/1"}, {of_draft}),
        "notify preview": ({"case": "1", "channel": "meta-elections"}, {case}),
        "events": ({"case": "1"}, {case}), "message show": ({"message": f"<{stored.message_id}>"}, {of_mail}),
        "message octets": ({"message": stored.id}, {of_mail}), "message sample": ({"message": stored.id}, {of_mail}),
        "outbox show": ({"mail": notice.id}, {of_mail}), "rules test": ({"message": stored.id}, {of_mail}),
    }  # fmt: skip
    every = [case, own, of_mail, of_draft]
    for number, (name, (request, shown)) in enumerate(asked.items()):
        desk.clock.set(START + timedelta(hours=number))
        Asking(desk.env)(name, **request)
        read = {one.item for one in kept(desk.env, *every) if one.hour == HOUR + timedelta(hours=number)}
        assert read == shown, name
    desk.clock.set(START + timedelta(hours=50))
    Asking(desk.env)("events")
    assert {one.item for one in kept(desk.env, *every) if one.hour == HOUR + timedelta(hours=50)} == {case, own}


def test_every_view_that_names_a_case_draft_or_mail_is_known_to_show_it() -> None:
    """A new view with such a field is entered in `READS`, or is a list or a view of the archive, which says why."""
    apart = {
        "annex list": "a list: no word of a mail", "archive dossier": "an event", "archive dossier file": "an event",
        "archive dossier part": "the plan is an event",
        "archive find": "an event", "report document": "a flag: a draft of the report",
    }  # fmt: skip
    named = {"annex", "case", "draft", "mail", "message", "of"}
    for name in VIEWS:
        has = {spec.name for spec in fields(view_of(name))} & named
        assert bool(has) is (name in READS or name in apart), name
        assert READS.get(name) in {None, *has}


def test_what_is_refused_or_not_found_is_no_reading(desk: Desk) -> None:
    """Only what was shown is kept."""
    case, item = desk.decided(), ReadItem(ReadKind.CASE, "VF-EP2024-0001")
    for person, name, request in (
        ("privacy1", "case show", {"case": case}), ("officer1", "notify preview", {"case": case, "channel": "nowhere"}),
        ("officer1", "case show", {"case": "VF-EP2024-0009"}),
    ):  # fmt: skip
        with pytest.raises(Refusal):
            Asking(desk.env, person)(name, **request)
    assert kept(desk.env, item, ReadItem(ReadKind.CASE, "VF-EP2024-0009")) == set()


@dataclass
class FailingLog:
    """A log of readings on a disk that is full, or beside a writer that does not end."""

    inner: ReadingLog
    error: StoreFailure | StoreBusy

    def keep(self, readings: Collection[ReadAccess]) -> None:
        """Fails."""
        del readings
        raise self.error


@dataclass
class WithoutRoom:
    """A store whose readings cannot be written."""

    inner: object
    readings: FailingLog
    has_replica: bool = False

    def __getattr__(self, name: str) -> object:
        """Delegates everything else."""
        return getattr(self.inner, name)


@pytest.mark.parametrize("error", [DiskFailure("the disk is full"), StoreBusy("busy"), StoreAway("away")])
def test_an_officer_reads_on_a_full_disk_and_the_journal_says_so(desk: Desk, error: StoreFailure | StoreBusy) -> None:
    """The view is shown; one line names person and thing, and why no row was kept."""
    case = desk.decided()
    store = WithoutRoom(desk.env.store, FailingLog(desk.env.store.readings, error))
    with capture_logs() as lines:
        shown = Asking(replace(desk.env, store=store))("case show", case=case)  # type: ignore[arg-type] # it delegates
    assert shown["number"] == case
    (line,) = lines
    assert (line["event"], line["object"], line["actor"]) == ("reading not kept", f"case {case}", "officer1")
    assert line["reason"] == str(error)


def of_replica(desk: Desk, error: StoreFailure | StoreBusy) -> Services:
    """Returns the services of a desk whose views a replica answers, and whose readings meet that error."""
    store = WithoutRoom(desk.env.store, FailingLog(desk.env.store.readings, error), has_replica=True)
    return replace(desk.env, store=store)  # type: ignore[arg-type] # it delegates the rest


def test_where_a_replica_answers_nobody_reads_unseen(desk: Desk) -> None:
    """Its primary may be away for long. A list leaves no trace; on a full disk an officer reads, as everywhere."""
    case = desk.decided()
    away = of_replica(desk, StoreAway("no answer"))
    with pytest.raises(ReadingUnkept, match="no answer"):
        Asking(away)("case show", case=case)
    assert Asking(away)("case list")["cases"]
    for error in (ServerFull("No space left on device"), StoreBusy("busy")):
        with capture_logs() as lines:
            assert Asking(of_replica(desk, error))("case show", case=case)["number"] == case
        assert [line["event"] for line in lines] == ["reading not kept"]


@dataclass
class InTheWay:
    """A store whose readers a standby cancels, so many times."""

    inner: Store
    times: int

    def __getattr__(self, name: str) -> object:
        """Delegates everything else."""
        return getattr(self.inner, name)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Cancels a reader in the middle."""
        with self.inner.read() as tx:
            yield tx
            self.times -= 1
            if self.times >= 0:
                raise ReadCancelled("canceling statement due to conflict with recovery")


def test_a_view_that_a_standby_cancels_is_asked_once_more(desk: Desk) -> None:
    """One conflict is nothing to tell a person; two are, as what is away for now."""
    case = desk.decided()
    for times, fails in ((1, False), (2, True)):
        store = InTheWay(desk.env.store, times)
        asking = Asking(replace(desk.env, store=store))  # type: ignore[arg-type] # it delegates the rest
        with pytest.raises(ReadCancelled) if fails else nullcontext():
            assert asking("case show", case=case)["number"] == case


def test_a_record_that_is_being_written_keeps_no_reader(desk: Desk) -> None:
    """While another writer holds the lock, the officer waits two seconds at most, and reads."""
    case = desk.decided()
    with desk.env.store.begin() as tx, capture_logs() as lines:
        tx.number("held")
        other = new_store(str(desk.env.store.engine.url), wait=0.2)  # type: ignore[attr-defined] # of the real store
        shown = Asking(replace(desk.env, store=other))("case show", case=case)
        other.close()
    assert (shown["number"], [line["event"] for line in lines]) == (case, ["reading not kept"])


def test_readings_go_after_their_term(desk: Desk) -> None:
    """The daemon's hourly work removes what is older than `readings.retention_days`, and nothing else."""
    case, item = desk.decided(), ReadItem(ReadKind.CASE, "VF-EP2024-0001")
    days = desk.env.settings.desk.readings.retention_days
    Asking(desk.env)("case show", case=case)
    desk.clock.set(START + timedelta(days=days))
    Asking(desk.env, "head1")("case show", case=case)
    publishing.clean_up(desk.env)
    assert {one.person for one in kept(desk.env, item)} == {"officer1", "head1"}
    desk.clock.set(START + timedelta(days=days, hours=1))
    publishing.clean_up(desk.env)
    assert {one.person for one in kept(desk.env, item)} == {"head1"}
    desk.assert_whole()


# ---- the store


def test_a_row_is_kept_once_on_each_engine(store: SqlStore) -> None:
    """Rows come back as they were kept, to the hour; keeping them again, in part or by another, adds what is new."""
    log = store.readings
    one = ReadItem(ReadKind.CASE, "VF-EP2024-0001")
    rows = [ReadAccess("officer1", one, HOUR), ReadAccess("head1", ReadItem(ReadKind.MAIL, "m00000001"), HOUR)]
    log.keep(rows[:1])
    log.keep(rows)
    log.keep(rows)
    assert sorted(log.of([row.item for row in rows]), key=str) == sorted(rows, key=str)
    assert log.of([]) == []
    assert log.forget(HOUR) == 0
    assert log.forget(HOUR + timedelta(seconds=1)) == 2
    with store.read() as tx:
        assert list(tx.events()) == []
        assert tx.verify().findings == []


def test_a_reading_waits_for_no_writer_on_postgresql(postgres_url: str) -> None:
    """The chain's head is locked by a long writer, and the row of a reading is committed beside it."""
    store, item = new_store(postgres_url), ReadItem(ReadKind.CASE, "VF-EP2024-0001")
    with store.begin() as tx:
        tx.number("held")
        store.readings.keep([ReadAccess("officer1", item, HOUR)])
        assert len(store.readings.of([item])) == 1
    store.close()


def test_several_keep_the_same_row_at_once(
    store: SqlStore, in_threads: Callable[[Callable[[int], object], int], list[object]]
) -> None:
    """Insert or nothing: no thread fails, and there is one row."""
    item = ReadItem(ReadKind.CASE, "VF-EP2024-0001")
    in_threads(lambda _: store.readings.keep([ReadAccess("officer1", item, HOUR)]), 6)
    assert store.readings.of([item]) == [ReadAccess("officer1", item, HOUR)]


# ---- who sees who read


def lines(answer: Document) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Returns hour, person and what was read of each line of `case readers`."""
    return [
        (str(one["hour"]), str(one["officer"]), [(str(part["kind"]), str(part["id"])) for part in parts(one, "read")])
        for one in parts(answer, "readers")
    ]


def test_the_head_sees_who_read_a_case_and_that_look_is_kept(desk: Desk) -> None:
    """The case, its drafts and mails, its dossiers, and the look itself; by hour, with names and no count."""
    stored = desk.receive(mail(REFERRER, "Bericht", "Er is iets."))
    case = str(stored.case)
    other = desk.receive(mail(X, "Anything", "Words."))
    Asking(desk.env, "officer2")("message show", message=stored.id)
    Asking(desk.env)("message show", message=other.id)
    Asking(desk.env, "archivist1")("case show", case=case)
    desk.clock.set(START + timedelta(hours=1))
    Asking(desk.env, "archivist1")("archive find", case=case)
    Asking(desk.env, "writer1")("archive dossier", election="EP2024")
    Asking(desk.env, "privacy1")("case readers", case=case)
    shown = Asking(desk.env, "head1")("case readers", case=case.rpartition("-")[2])
    assert (shown["case"], shown["retention_days"], shown["next"]) == (case, 365, None)
    first, second = (START.replace(minute=0, hour=hour).isoformat() for hour in (10, 11))
    assert lines(shown) == [
        (first, "archivist1", [("case", case)]), (first, "officer2", [("mail", stored.id)]),
        (second, "archivist1", [("archive", "archive find")]), (second, "privacy1", [("readers", case)]),
        (second, "writer1", [("archive", "archive dossier")]),
    ]  # fmt: skip
    assert lines(Asking(desk.env, "privacy1")("case readers", case=case))[2:4] == [
        (second, "archivist1", [("archive", "archive find")]), (second, "head1", [("readers", case)]),
    ]  # fmt: skip
    names = {one["officer"]: one["name"] for one in parts(shown, "readers")}
    assert (names["officer2"], names["privacy1"]) == ("B. de Vries", "H. Smeets")
    for person in ("officer1", "archivist1", "writer1", "signer"):
        assert refused(desk.env, "case readers", Caller(officer=person)) == CommandRefusal.MAY_NOT_READ.value


def test_the_list_of_readers_is_given_in_parts(desk: Desk) -> None:
    """Each line comes once, in the order of the hours, whatever the limit."""
    case = desk.decided()
    for hour in range(5):
        desk.clock.set(START + timedelta(hours=hour))
        Asking(desk.env)("case show", case=case)
        Asking(desk.env, "head1")("case show", case=case)
    whole = lines(Asking(desk.env, "privacy1")("case readers", case=case))
    found, cursor = [], None
    while True:
        part = Asking(desk.env, "privacy1")("case readers", case=case, limit=3, cursor=cursor)
        found += lines(part)
        cursor = part["next"]
        if cursor is None:
            break
    assert found[:10] == whole[:10]
    assert len(found) == 11  # and the privacy officer's own first look


def test_what_a_reply_asked_for_is_listed_from_the_record(desk: Desk) -> None:
    """`toon 1` by mail shows a case: the answer is on record with its recipient, so it needs no row."""
    case = desk.decided()
    name = "asked@bzk.example"
    desk.receive(mail(OFFICER, "Vraag", f"toon {case}", message_id=name))
    (answer,) = desk.mails(kind=Kind.REPLY_ANSWER)
    assert kept(desk.env, ReadItem(ReadKind.CASE, case)) == set()
    shown = Asking(desk.env, "head1")("case readers", case=case)
    assert lines(shown) == [(START.replace(minute=0).isoformat(), "officer1", [("reply", answer.id)])]


def test_the_command_line_prints_the_readers(desk: Desk) -> None:
    """A line an hour and person: the hour, the name, and what was read."""
    case = desk.decided()
    Asking(desk.env)("case show", case=case)
    ran = type_here(("case", "readers", "1"), Session(CONFIG, given=desk.env, officer="head1"))
    assert (ran.status, ran.err) == (0, "")
    assert [line.split() for line in ran.out.splitlines()] == [
        ["HOUR", "WHO", "READ"], ["2024-06-06", "10:00+02:00", "A.", "Jansen", "case", case],
    ]  # fmt: skip
    nobody = type_here(("case", "readers", "1"), Session(CONFIG, given=desk.env, officer="officer1"))
    assert (nobody.status, nobody.out) == (1, "")
    assert "officer1 has none of the roles head, privacy officer that read this" in nobody.err


# ---- who looks now


def test_others_who_look_at_the_same_thing_come_with_each_view(desk: Desk) -> None:
    """For two minutes, by name; never oneself, no list, and no view of another thing. No row says so."""
    case, presence = desk.decided(), Presence()
    other = desk.decided()
    first = Asking(desk.env, presence=presence)("case show", case=case)
    assert first["looking"] == []
    desk.clock.set(START + timedelta(seconds=119))
    shown = Asking(desk.env, "officer2", presence)("case form", case=case)
    assert shown["looking"] == [{"officer": "officer1", "name": "A. Jansen", "at": START.isoformat()}]
    assert Asking(desk.env, "officer2", presence)("case show", case=other)["looking"] == []
    assert "looking" not in Asking(desk.env, "officer2", presence)("case list")
    assert Asking(desk.env, "officer2")("case show", case=case)["looking"] == []  # another process
    again = Asking(desk.env, presence=presence)("case show", case=case)
    assert [one["officer"] for one in parts(again, "looking")] == ["officer2"]


def test_an_hour_is_that_of_utc() -> None:
    """Where the clock is put back, two hours of the desk are two hours of readings."""
    first, second = (datetime.fromisoformat(f"2026-10-25T02:30:00{offset}") for offset in ("+02:00", "+01:00"))
    assert hour_of(second) - hour_of(first) == timedelta(hours=1)

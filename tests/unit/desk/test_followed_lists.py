# SPDX-License-Identifier: EUPL-1.2
"""A list is followed by its cursors: every line once and in order, whatever is added while somebody reads.

A new list has a line in `LISTS`: its request, the fields that hold its lines, and what adds a row to it. A list that
the configuration or other rules fill has no such function: it is followed as it is, line by line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flaggermail.cli import session
from flaggermail.cli.session import Session
from flaggermail.desk.desk import Caller, Desk, view_of
from flaggermail.desk.views import VIEWS
from flaggermail.desk.views.view import ListView
from flaggermail.mail.message import Json
from flaggermail.record.case_values import CaseType, ChannelKind, LanguageCode, Origin, Source
from flaggermail.record.events import Event, EventKind, added
from flaggermail.record.kinds import AnnexForm, ArrivalBasis, Direction, Kind, Place
from flaggermail.record.rows import (
    Annex,
    Case,
    Channel,
    Election,
    HeldBack,
    Notification,
    OutboxMail,
    Page,
    Record,
    RememberedDomain,
    Reminder,
    StoredMessage,
)
from flaggermail.record.states import ClockKind
from flaggermail.services import Services
from flaggermail.settings.steps import Step, write_steps
from tests.corpus import each
from tests.unit.desk.conftest import NOON

LINES, APART = 250, 10
EARLY, LATE = 35, 2485  # of rows that are added while the list is read: before what was read, and behind it
STEPS = write_steps([Step(ClockKind.DECISION, 60)])
CASE = "VF-EP2024-9999"
FROM_FILE = next(basis for basis in ArrivalBasis if basis.in_file)
Made = Callable[[int], Record]


def at(number: int) -> datetime:
    """Returns the instant of a row; two rows have the same."""
    return NOON + timedelta(minutes=number // (2 * APART))


def message(place: Place, arrival: ArrivalBasis = ArrivalBasis.SERVER) -> Made:
    """Returns what makes messages in a place."""
    return lambda number: StoredMessage(
        id=f"m{number:08d}", message_id=None, content_key=f"k{number}", digest=f"d{number}", direction=Direction.IN,
        received_at=at(number), first_seen_at=at(number), place=place, arrival=arrival,
    )  # fmt: skip


def case(number: int) -> Case:
    """Makes an undecided case, whose clock runs."""
    return Case(
        number=f"VF-EP2024-{number:04d}", election="EP2024", type=CaseType.CONTENT, origin=Origin.REFERRAL,
        token=f"t{number}", opened_at=at(number), opened_by="officer1", steps=STEPS,
    )  # fmt: skip


def reminder(number: int) -> Reminder:
    """Makes a reminder about the case that every desk here has."""
    return Reminder(
        id=f"r{number:04d}", kind=Kind.REMINDER, case=CASE, clock=ClockKind.DECISION, step=60, officer="officer1",
        due_at=at(number), told_at=at(number), token=f"r{number}",
    )  # fmt: skip


def mail(number: int) -> OutboxMail:
    """Makes a mail that waits."""
    return OutboxMail(
        id=f"o{number:08d}", kind=Kind.REMINDER, dedupe=f"o{number}", message_id=f"{number}@desk.example", sender="",
        recipient="a@desk.example", subject="s", digest="", queued_at=at(number),
    )  # fmt: skip


def page(number: int) -> Page:
    """Makes a page that waits."""
    key = f"p{number:04d}/officer1/1"
    return Page(id=key, about="x", officer="officer1", position=1, pager="sms", text="t", queued_at=at(number))


def held(number: int) -> HeldBack:
    """Makes a notice that was held back."""
    return HeldBack(
        id=f"h{number:08d}", officer="officer1", kind=Kind.OFFICER_NOTICE, dedupe=f"h{number}", what="w", next_step="s",
        held_at=at(number),
    )  # fmt: skip


def domain(number: int) -> RememberedDomain:
    """Makes a domain that an officer remembered."""
    return RememberedDomain(
        id=f"d{number:04d}.example", source=Source.MEDIA, added_at=at(number), added_by="officer1"
    )  # fmt: skip


def annex(number: int) -> Annex:
    """Makes an annex of the notification that every desk here has."""
    return Annex(
        id=f"a{number:08d}", notification=f"{CASE}/1", case=CASE, form=AnnexForm.REPLY, language=LanguageCode.NL,
        entries=(), digests=(), parser="1", seals=(), marks="[]", shaped_by=(), proposed_by="officer1",
        proposed_at=at(number),
    )  # fmt: skip


def election(number: int) -> Election:
    """Makes an election."""
    day = (NOON + timedelta(days=number)).date()
    return Election(
        code=f"E{number:04d}", name_nl="v", name_en="e", polling_days=(day,), period_from=day, period_until=day
    )  # fmt: skip


def channel(number: int) -> Channel:
    """Makes a channel by telephone."""
    return Channel(code=f"c{number:04d}", platform="X", name="n", kind=ChannelKind.PHONE, valid_from=NOON.date())


def case_or_mail(number: int) -> Record:
    """Makes a case, or a mail that waits in the quarantine."""
    return case(number) if number % (2 * APART) else message(Place.QUARANTINE)(number)


@dataclass(frozen=True)
class Followed:
    """A list: the fields with its lines, the request, and what makes a row of it."""

    fields: Sequence[str]
    make: Made | None = None
    request: Mapping[str, Json] = field(default_factory=dict)


# tests/unit/desk/test_papers.py, tests/store/test_readings.py and tests/store/test_nodes.py follow these.
ELSEWHERE = frozenset({"archive dossier", "case readers", "latency", "node list", "report changes"})
LATEST_FIRST = frozenset({"case events"})  # what is added comes before the cursor
NOTE = ("cases", "clocks", "awaited", "unanswered", "acknowledged", "quarantine", "uncertain", "withheld")
LISTS: Mapping[str, Followed] = {
    "annex list": Followed(["annexes"], annex),
    "archive find": Followed(["cases", "mails"], message(Place.NOISE), {"date": "2024-06"}),
    "case events": Followed(["events"], reminder, {"case": CASE}),
    "case list": Followed(["cases"], case),
    "channel list": Followed(["channels"], channel),
    "declined list": Followed(["messages"], message(Place.DECLINED)),
    "election list": Followed(["elections"], election),
    "events": Followed(["events"], domain),
    "message list": Followed(["messages"], message(Place.NOISE)),
    "officer list": Followed(["officers"]),
    "oncall handover": Followed(NOTE, case_or_mail),
    "oncall held": Followed(["held"], held),
    "oncall next": Followed(["clocks"], case),
    "oncall now": Followed(["reminders"], reminder),
    "oncall pages": Followed(["pages"], page),
    "outbox list": Followed(["mails"], mail, {"everything": True}),
    "quarantine list": Followed(["messages"], message(Place.QUARANTINE, FROM_FILE), {"old": True}),
    "referrer list": Followed(["referrers"], domain),
}


def write(env: Services, *rows: Record) -> None:
    """Adds rows."""
    now = env.clock.now()
    with env.store.begin() as tx:
        tx.append(*(Event(EventKind.CASE_OPENED, now, "x", (added(row),), getattr(row, "case", None)) for row in rows))


def filled(env: Services, make: Made | None) -> None:
    """Adds the case that other rows name, and the rows of a list."""
    with env.store.read() as tx:
        one = tx.find(Channel)[0]
    use = Notification(
        id=f"{CASE}/1", case=CASE, platform=one.platform, channel=one.code, channel_name=one.name, template="x",
        language=LanguageCode.NL, subject="s", drafted_by="officer1", drafted_at=NOON, token="u", digest="",
    )  # fmt: skip
    write(env, case(9999), use)
    if make is not None:
        write(env, *(make(number * APART) for number in range(LINES)))


class Reading:
    """Asks for a list as a program does, part after part."""

    def __init__(self, env: Services, name: str) -> None:
        self._desk, self._name, self._list = Desk(lambda: env, Caller(officer="officer1")), name, LISTS[name]

    def part(self, limit: int, cursor: Json = None) -> tuple[list[str], Json]:
        """Returns the lines of one part, each as JSON, and the cursor of the next."""
        request = {**self._list.request, "limit": limit, **({} if cursor is None else {"cursor": cursor})}
        found = self._desk.answer(self._name, request)
        lines: list[str] = []
        for name in self._list.fields:
            held = found[name]
            assert isinstance(held, list)
            lines += (json.dumps([name, line], sort_keys=True) for line in held)
        return lines, found["next"]

    def whole(self, limit: int, between: Callable[[], None] = lambda: None) -> list[str]:
        """Follows the list to its end; `between` is done after the third part."""
        lines, cursor = self.part(limit)
        for number in range(1, 10_000):
            if cursor is None:
                return lines
            if number == 3:
                between()
            more, cursor = self.part(limit, cursor)
            assert 0 < len(more) <= limit
            lines += more
        raise AssertionError("the list has no end")


def test_every_list_is_followed() -> None:
    """No view with a cursor is left out, but those whose lines are parts of one thing, and those of other tests."""
    of_one_thing = {name for name in VIEWS if name.endswith(" show")}
    of_one_thing |= {"archive dossier", "case readers", "latency", "report changes"}
    lists = {name for name in VIEWS if issubclass(view_of(name), ListView)}
    assert lists - of_one_thing - ELSEWHERE == set(LISTS)


@each("name", sorted(LISTS))
def test_each_line_comes_once_and_in_order(new_desk: Callable[[], Services], name: str) -> None:
    """In parts of 7 or of 100 as in one."""
    env = new_desk()
    filled(env, LISTS[name].make)
    lines, left = Reading(env, name).part(1_000)
    assert left is None
    assert len(lines) >= (LINES if LISTS[name].make else 2)
    assert len(set(lines)) == len(lines)
    small, large = (7, 100) if LISTS[name].make else (1, 2)
    assert Reading(env, name).whole(large) == lines
    assert Reading(env, name).whole(small) == lines


@each("name", sorted(name for name, one in LISTS.items() if one.make))
def test_what_is_added_meanwhile_moves_no_line(new_desk: Callable[[], Services], name: str) -> None:
    """What is added behind the cursor comes in its turn; what is added before it is not seen, and nothing is twice."""
    env, make = new_desk(), LISTS[name].make
    assert make is not None
    filled(env, make)
    reading = Reading(env, name)
    before, _ = reading.part(1_000)
    found = reading.whole(7, between=lambda: write(env, make(EARLY), make(LATE)))
    after, _ = reading.part(1_000)
    assert len(set(found)) == len(found)
    assert set(before) <= set(found)
    order = {line: place for place, line in enumerate(after)}
    assert found == sorted(found, key=order.__getitem__)
    late = set(after) - set(before)
    assert set(found) - set(before) <= late
    assert bool(late & set(found)) is (name not in LATEST_FIRST)


def test_a_command_follows_to_the_end(new_desk: Callable[[], Services], monkeypatch: pytest.MonkeyPatch) -> None:
    """However many parts the list has; its JSON has every line, and `next` is null."""
    empty = new_desk()
    filled(empty, held)
    monkeypatch.setattr(session, "MOST_AT_ONCE", 7)
    found = Session(Path(), given=empty, officer="officer1").ask_all("oncall held", "held")
    lines = found["held"]
    assert isinstance(lines, list)
    assert (len(lines), found["next"]) == (LINES, None)

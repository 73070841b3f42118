# SPDX-License-Identifier: EUPL-1.2
"""The readiness letter: to each officer, once a morning, with the facts of the record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as Door
from flaggermail.health import readiness
from flaggermail.health.readiness import Readiness
from flaggermail.outbox import delivery
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.rows import BadAddress, Election, Watched
from flaggermail.rules.configuration import Configuration
from flaggermail.services import UnitOfWork
from flaggermail.settings.model import ShiftSettings
from tests.store.desk_fixtures import HEAD, OFFICER, START, X_CHANNEL, Desk

EIGHT = datetime.fromisoformat("2024-06-07T08:00:00+02:00")


def letters(desk: Desk) -> list[str]:
    """Sends what is due; returns the letters sent, as their recipient and subject."""
    before = len(desk.server.envelopes)
    readiness.send(desk.env)
    delivery.drain(desk.env)
    sent = [(one.recipient, desk.env.parser.parse(one.octets)) for one in desk.server.envelopes[before:]]
    return [f"{to}: {read.subject}" for to, read in sent if (read.subject or "").startswith("Klaar voor ")]


def text_of(desk: Desk) -> str:
    """Returns the text of the last mail sent, in one line."""
    return " ".join(desk.env.parser.parse(desk.server.envelopes[-1].octets).text.split())


def shortened(desk: Desk) -> None:
    """Lets the period of the election of 17 March 2027 begin the day before, and end the day after."""
    begins, ends = date(2027, 3, 16), date(2027, 3, 18)
    with desk.env.store.begin() as tx:
        row = tx.get(Election, "PS2027")
        assert row is not None
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        work.record(EventKind.ELECTION_ADDED, changed(row, replace(row, period_from=begins, period_until=ends)))


def test_each_officer_gets_one_letter_a_morning(desk: Desk) -> None:
    """Before eight nobody does, at eight everybody, at nine nobody again, the next morning everybody, and then no more.

    A daemon that did not run at eight makes it up at eleven; the record folds.
    """
    officers = len(desk.env.settings.rota.officers)
    desk.clock.set(EIGHT - timedelta(minutes=1))
    assert letters(desk) == []
    desk.clock.set(EIGHT)
    sent = letters(desk)
    assert len(sent) == len(set(sent)) == officers
    assert {one.partition(":")[0] for one in sent} >= {OFFICER, HEAD}
    for hours in (0, 1, 15):
        desk.clock.set(EIGHT + timedelta(hours=hours))
        assert letters(desk) == []
    desk.clock.set(EIGHT + timedelta(days=1, hours=3))
    assert len(letters(desk)) == officers
    desk.clock.set(EIGHT + timedelta(days=14))  # the period is over
    assert letters(desk) == []
    desk.assert_whole()


def test_before_the_period_a_letter_comes_only_where_something_lacks(desk: Desk) -> None:
    """Fourteen and three days before polling day, and not between; the desk in order hears nothing."""
    shortened(desk)
    for day, expected in ((2, False), (3, True), (4, False), (14, True), (15, False)):
        desk.clock.set(datetime(2027, 3, day, 8, tzinfo=UTC))
        assert bool(letters(desk)) is expected, day
    assert "7 punten" in (desk.env.parser.parse(desk.server.envelopes[-1].octets).subject or "")


def test_a_ready_desk_is_silent_outside_the_period(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing lacking, the fourteenth day before polling day is silent; within the period the letter comes."""
    monkeypatch.setattr(readiness, "gather", lambda _work, _election: Readiness(rehearsed=1))
    shortened(desk)
    desk.clock.set(datetime(2027, 3, 3, 8, tzinfo=UTC))
    assert letters(desk) == []
    desk.clock.set(datetime(2027, 3, 16, 8, tzinfo=UTC))
    sent = letters(desk)
    assert sent
    assert all("Alle 7 punten in orde" in one for one in sent)
    assert desk.happened(EventKind.DIGEST_SENT) == 1


def test_the_letter_tells_what_the_record_knows(desk: Desk) -> None:
    """Bounced addresses, hours without duty, clocks, the longest wait and uses are those of the record."""
    desk.notified()
    with desk.env.store.begin() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now())
        bad = BadAddress(id=X_CHANNEL, since=START, mail="o00000001")
        work.record(EventKind.ADDRESS_BAD, added(bad))
    desk.with_settings(unattended(desk.env.settings))
    desk.clock.set(EIGHT)
    assert letters(desk)
    told = text_of(desk)
    assert f"mail niet aankomt: {X_CHANNEL}" in told
    assert "Uren in de komende 14 dagen waarin niemand dienst heeft: 334, de eerste vanaf 7 juni 2024 om 10:00" in told
    assert "Lopende klokken: 3, de langste al 1286 minuten" in told
    assert "Meldingen in deze verkiezing: 1" in told
    assert "Laatste oefening: nooit" in told


def unattended(settings: Configuration) -> Configuration:
    """Returns settings with one shift of two hours from eight, and nobody else on call."""
    shift = ShiftSettings(officer="officer1", begins=EIGHT, ends=EIGHT + timedelta(hours=2))
    oncall = settings.oncall.model_copy(update={"fallback_officer": None, "weekly": (), "shifts": (shift,)})
    return settings.model_copy(update={"oncall": oncall})


def test_the_command_shows_the_same_facts(desk: Desk) -> None:
    """`readiness` answers with the facts on any day; a certificate known to the daemon is in the record."""
    asked = Door(lambda: desk.env, Caller(officer="officer1"))
    ends = desk.clock.now() + timedelta(days=9, hours=1)
    with desk.env.store.begin() as tx:
        row = Watched(id="certificate of mailbox", failing=True, since=START, value="soon", until=ends)
        UnitOfWork(desk.env, tx, desk.clock.now()).record(EventKind.PROBE_CHANGED, added(row))
    found = json.loads(json.dumps(dict(asked.answer("readiness", {}))))
    assert found["election"] == "EP2024"
    assert found["certificates"] == [{"name": "mailbox", "days": 9}]
    assert "certificates" in found["lacks"]
    assert found["rehearsed"] is None
    assert found["uses"] == 0


@pytest.mark.parametrize("language", ["nl", "en"])
def test_each_point_is_a_paragraph_of_its_own(desk: Desk, language: str) -> None:
    """The ten points stand apart in both languages, whatever their values."""
    organisation = desk.env.settings.desk.organisation.model_copy(update={"language": language})
    told = desk.env.settings.desk.model_copy(update={"organisation": organisation})
    desk.with_settings(desk.env.settings.model_copy(update={"desk": told}))
    desk.notified()
    desk.clock.set(EIGHT)
    readiness.send(desk.env)
    delivery.drain(desk.env)
    paragraphs = desk.env.parser.parse(desk.server.envelopes[-1].octets).text.strip().split("\n\n")
    assert len(paragraphs) == 11
    assert all(paragraph.count(":") >= 1 for paragraph in paragraphs[1:10])

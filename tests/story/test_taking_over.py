# SPDX-License-Identifier: EUPL-1.2
"""The hand-over can be answered: a case is taken by its number, and what waits comes with a token of one's own."""

from __future__ import annotations

import pytest

from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import OutboxMail, StoredMessage
from tests.attacks.replying import in_language
from tests.store.desk_fixtures import CITIZEN, REFERRER, Desk, mail
from tests.store.test_replies import answers_to, body, reply
from tests.story.test_escalation_night import SECOND_OFFICER, Made, pass_time

TEXT = "text/plain; charset=utf-8"
BOB = f"B. de Vries <{SECOND_OFFICER}>"
ROTA = {"shifts": [], "weekly": [
    {"officer": "officer1", "day": "thursday", "begins": "07:00", "ends": "14:00"},
    {"officer": "officer2", "day": "thursday", "begins": "14:00", "ends": "23:00"},
]}  # fmt: skip
SAID = {
    "nl": ("neem", "bij u", "Deze mail van 6 juni 2024 om 10:34 aan A. Jansen wacht nog."),
    "en": ("take", "with you", "This mail of 6 June 2024 at 10:34 to A. Jansen still waits."),
}


def to_bob(desk: Desk, kind: Kind) -> list[OutboxMail]:
    """Returns the mails of that kind to the second officer, the first one first."""
    found = desk.mails(recipient=SECOND_OFFICER, kind=kind)
    return sorted(found, key=lambda one: one.id)


def anew(desk: Desk) -> dict[str, OutboxMail]:
    """Returns what was sent anew to the second officer, by subject."""
    return {one.subject.partition(" [")[0]: one for one in to_bob(desk, Kind.OFFICER_NOTICE) if "anew/" in one.dedupe}


def said(desk: Desk, row: StoredMessage) -> str:
    """Returns the only answer to a reply, on one line."""
    (found,) = answers_to(desk, row)
    return " ".join(body(desk, found).split())


def evening(make: Made, language: str = "nl") -> tuple[Desk, str, str]:
    """A mail waits, an answer is unverified, a case is undecided; the shift changes. Returns desk, use and case."""
    desk = make(rota=ROTA)
    desk.with_settings(in_language(desk.env.settings, language))
    use = desk.notified()
    desk.receive(mail(CITIZEN, "Iets over stemmen", "Wat is dit?", at=desk.clock.now(), auth="none"))
    desk.receive(mail(auth="none", answers=desk.message_id_of(use), at=desk.clock.now()))
    desk.receive(mail(REFERRER, "Vervalste stempas", "Zie https://x.example/1", at=desk.clock.now()))
    (opened,) = desk.cases(referrer_address=REFERRER)
    pass_time(desk, 4 * 60)
    return desk, use, opened.number


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_waits_comes_anew_to_who_takes_over_and_can_be_answered(make: Made, language: str) -> None:
    """Each once, with its text, to the officer who comes on call; the earlier recipient's own mail still counts."""
    desk, use, _ = evening(make, language)
    found = anew(desk)
    assert len(found) == 2, found
    parked, doubted = (
        next(one for about, one in found.items() if words in about) for words in ("stemmen", "Two boxes")
    )
    assert SAID[language][2] in " ".join(body(desk, parked).split())
    assert "Wat is dit?" in body(desk, parked)
    pass_time(desk, 60)
    assert len(anew(desk)) == 2
    reply(desk, parked, "ruis", TEXT, by=BOB)
    reply(desk, doubted, "echt", TEXT, by=BOB)
    assert desk.messages(from_address=CITIZEN)[0].place == Place.NOISE
    assert desk.clocks(use)["receipt"][0] == "stopped"
    desk.assert_whole()


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_case_is_taken_by_its_number(make: Made, language: str) -> None:
    """An undecided one brings its form; of a decided one comes what still waits: `gebeld` answers its reminder."""
    desk, use, opened = evening(make, language)
    (note,) = to_bob(desk, Kind.DIGEST)
    verb, with_you, _ = SAID[language]
    assert f"- {verb} NUM" in body(desk, note)
    reply(desk, note, f"{verb} {opened[-1]}", TEXT, by=BOB)
    assert desk.case(opened).assigned_to == "officer2"
    (form,) = (one for one in to_bob(desk, Kind.REPLY_ANSWER) if "=====" in body(desk, one))
    before = set(anew(desk))
    number = desk.notification(use).case
    assert with_you in said(desk, reply(desk, note, f"{verb} {number}", TEXT, by=BOB))
    assert desk.case(number).assigned_to == "officer2"
    (about,) = set(anew(desk)) - before
    assert sum("anew/" in one.dedupe for one in to_bob(desk, Kind.OFFICER_NOTICE)) == len(anew(desk))
    call = {"nl": "gebeld 14:30 ze hebben het", "en": "called 14:30 they have it"}[language]
    desk.clock.set(desk.clock.now().replace(hour=12, minute=40))  # 14:40 at the desk
    reply(desk, anew(desk)[about], call, TEXT, by=BOB)
    assert desk.clocks(use)["human"][0] == "stopped"
    assert form.case == opened
    desk.assert_whole()


def test_an_ok_to_what_came_anew_acknowledges(make: Made) -> None:
    """In the name of who took over."""
    desk, use, _ = evening(make)
    (note,) = to_bob(desk, Kind.DIGEST)
    before = set(anew(desk))
    reply(desk, note, f"neem {desk.notification(use).case}", TEXT, by=BOB)
    (about,) = set(anew(desk)) - before
    reply(desk, anew(desk)[about], "ok", TEXT, by=BOB)
    acknowledged = [row for row in desk.reminders() if row.acknowledged_by == "officer2"]
    assert [row.notification for row in acknowledged] == [use]


@pytest.mark.parametrize("text", ["neem", "neem 99", "neem 1 of 2", "neem 1?", "neem 1\nneem 2", "ik neem niets"])
def test_an_unclear_number_takes_nothing(make: Made, text: str) -> None:
    """The answer says what would do."""
    desk, _, _ = evening(make)
    (note,) = to_bob(desk, Kind.DIGEST)
    row = reply(desk, note, text, TEXT, by=BOB)
    assert desk.happened(EventKind.CASE_ASSIGNED) == 0
    assert "neem NUMMER" in said(desk, row)

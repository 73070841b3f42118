# SPDX-License-Identifier: EUPL-1.2
"""What a mail offers is obeyed, and what is not obeyed says why and what would be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.record.definition import where
from flaggermail.record.kinds import Place
from flaggermail.record.rows import OutboxMail, StoredMessage
from tests.attacks.replying import in_language
from tests.store.desk_fixtures import META, Desk, X, mail
from tests.store.test_replies import answers_to, body, invite, latest, reply

TEXT = "text/plain; charset=utf-8"
OFFERED = {"nl": "bij NUMMER", "en": "with NUMBER"}


def answer(desk: Desk, sent: OutboxMail, text: str) -> str:
    """Returns the answer to a reply of a minute later, on one line."""
    desk.clock.set(desk.clock.now() + timedelta(minutes=1))
    (found,) = answers_to(desk, reply(desk, sent, text, TEXT))
    return " ".join(body(desk, found).split())


def parked(desk: Desk, sender: str = X) -> tuple[StoredMessage, OutboxMail]:
    """A platform's mail that names nothing of ours waits; returns its row and the notice."""
    desk.clock.set(desk.clock.now() + timedelta(minutes=3))
    row = desk.receive(mail(sender, "Your enquiry", "We have it with the team.", at=desk.clock.now()))
    assert row.place == Place.QUARANTINE
    return row, latest(desk, where(OutboxMail.shows).is_(row.id))


def two_cases(desk: Desk) -> tuple[str, str]:
    """Two cases in which X was notified; returns their numbers."""
    first, second = (desk.notification(desk.notified()).case for _ in range(2))
    return first, second


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_mail_is_placed_anew_until_somebody_acted_on_it(desk: Desk, language: str) -> None:
    """The answer offers it, and it is obeyed; the same case twice is answered so; clocks follow."""
    desk.with_settings(in_language(desk.env.settings, language))
    first, second = two_cases(desk)
    row, notice = parked(desk)
    word = OFFERED[language].split()[0]
    assert f"- {OFFERED[language]}" in answer(desk, notice, f"{word} 1")
    assert desk.clocks(f"{first}/1")["receipt"][0] == "stopped"
    assert f"- {OFFERED[language]}" in answer(desk, notice, f"{word} 01")
    assert desk.message(row.id).case == first
    answer(desk, notice, f"{word} 2")
    assert desk.message(row.id).case == second
    assert desk.clocks(f"{first}/1")["receipt"][0] == "running"
    assert desk.clocks(f"{second}/1")["receipt"][0] == "stopped"
    desk.do(PlaceMessage(message=row.id, case=first), by="officer2")
    refused = answer(desk, notice, f"{word} 02")
    assert "B. de Vries" in refused
    assert first in refused
    assert OFFERED[language] not in refused
    assert desk.message(row.id).case == first
    desk.assert_whole()


@pytest.mark.parametrize("before", ["nieuw", "ruis"])
def test_what_opened_a_case_or_is_noise_is_not_placed_anew_and_not_offered(desk: Desk, before: str) -> None:
    """The first reply settled it; the refusal offers nothing that would be refused."""
    two_cases(desk)
    row, notice = parked(desk)
    answer(desk, notice, before)
    placed = desk.message(row.id)
    refused = answer(desk, notice, "bij 1")
    assert "op die mail kwam al een antwoord" in refused
    assert "NUMMER" not in refused
    assert desk.message(row.id) == placed


def test_a_colleagues_placing_is_not_undone_by_a_late_reply(desk: Desk) -> None:
    """Though this officer's own notice was not answered yet."""
    first, _ = two_cases(desk)
    row, notice = parked(desk)
    desk.do(PlaceMessage(message=row.id, case=first), by="officer2")
    assert "B. de Vries heeft deze mail intussen behandeld" in answer(desk, notice, "ruis")
    assert desk.message(row.id).case == first


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("bij", "Er is geen klok gestopt: Meta is in {case} niets gevraagd."),
        ("with", "No clock stopped: Meta was asked nothing in {case}."),
    ],
)
def test_the_answer_says_that_a_platform_was_never_asked_in_that_case(desk: Desk, word: str, told: str) -> None:
    """And that the mail may be placed elsewhere."""
    first, _ = two_cases(desk)
    _, notice = parked(desk, META)
    text = answer(desk, notice, f"{word} 1")
    assert told.format(case=first) in text
    assert "NUM" in text


@pytest.mark.parametrize(
    ("verb", "written", "read", "way"),
    [
        ("neem", "Neem deze op je Piet", "Neem deze op je Piet", "op je Piet"),
        ("neem", "Ik neem hem", "Ik neem hem", "Ik"),
        ("neem", "Take it, Pete will know why and when", "Take it, Pete will know why and when", "Pete"),
        ("neem", "neem niet", "neem niet", "niet"),
        ("akkoord", "Akkoord maar", "Akkoord maar", "maar"),
        ("akkoord", "Akkoord maar niet nu", "Akkoord maar niet nu", "maar niet nu"),
        ("akkoord", "Akkoord 123 456 maar wacht", "Akkoord CODE maar wacht", "maar wacht"),
        ("ok", "ok maar wacht", "ok maar wacht", "maar wacht"),
        ("bij", "with 2 or 3", "with 2 or 3", "or 3"),
        ("echt", "volgens mij echt", "volgens mij echt", "volgens mij"),
    ],
)
def test_what_is_not_understood_names_the_word_in_the_way(
    desk: Desk, verb: str, written: str, read: str, way: str
) -> None:
    """The fewest words without which the line would be understood; a code among them is not repeated."""
    (found,) = answers_to(desk, reply(desk, invite(desk, verb), written, TEXT))
    lines = body(desk, found).splitlines()
    assert any(line.endswith(f": «{read}»") for line in lines), lines
    assert any(line in {f"| In de weg staat: «{way}»", f"| In the way: «{way}»"} for line in lines), lines


@pytest.mark.parametrize("written", ["Wat moet ik hiermee?", "x " * 90, "Piet"])
def test_where_no_word_is_in_the_way_none_is_named(desk: Desk, written: str) -> None:
    """The line is quoted all the same."""
    (found,) = answers_to(desk, reply(desk, invite(desk, "ok"), written, TEXT))
    text = body(desk, found)
    assert "Gelezen:" in text
    assert "In de weg" not in text

# SPDX-License-Identifier: EUPL-1.2
"""What the answer to a reply says: which clocks stopped, and when; the line that was read and refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import OutboxMail, Reminder
from tests.store.desk_fixtures import Desk, mail
from tests.store.test_door import ask
from tests.store.test_replies import answers_to, body, invite, latest, reply, said

TEXT = "text/plain; charset=utf-8"


def answer(desk: Desk, sent: OutboxMail, text: str) -> str:
    """Returns the answer to a reply, on one line."""
    (found,) = answers_to(desk, reply(desk, sent, text, TEXT))
    return " ".join(body(desk, found).split())


def unverified(desk: Desk, minutes: int) -> OutboxMail:
    """A platform's answer of that many minutes after the sending, for which nobody vouches; returns its notice."""
    key = desk.notified()
    sent = desk.notification(key).sent_at
    assert sent is not None
    desk.clock.set(sent + timedelta(minutes=minutes))
    desk.receive(mail(answers=desk.message_id_of(key), auth="none", at=desk.clock.now(), text="I am looking at it."))
    desk.clock.set(desk.clock.now() + timedelta(minutes=3))
    return latest(desk, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE))


@pytest.mark.parametrize(
    ("word", "minutes", "told"),
    [
        ("echt", 99, "zijn gestopt om {at}, na 99 minuten."),
        ("echt", 1, "zijn gestopt om {at}, na 1 minuut."),
        ("genuine", 99, "stopped at {at}, after 99 minutes."),
        ("genuine", 1, "stopped at {at}, after 1 minute."),
    ],
)
def test_a_confirmed_answer_says_which_clocks_it_stopped(desk: Desk, word: str, minutes: int, told: str) -> None:
    """At the local time of its arrival, after the minutes of the figures; a clock that runs on is not named."""
    notice = unverified(desk, minutes)
    came = desk.clock.now() - timedelta(minutes=3)
    text = answer(desk, notice, word)
    names = {
        "echt": "De klokken 'ontvangstbevestiging' en 'reactie van een medewerker' ",
        "genuine": "The clocks 'confirmation of receipt' and 'answer by a person' ",
    }
    assert names[word] + told.format(at=f"{came.astimezone(desk.env.settings.zone):%H:%M}") in text


def test_a_sender_who_is_refused_after_all_lets_the_clocks_run_again(desk: Desk) -> None:
    """The facts name each clock, its start, and that it runs; the next confirmation says since when."""
    notice = unverified(desk, 99)
    assert "zijn gestopt" in answer(desk, notice, "echt")
    did = ask(desk, "message refuse", message=str(notice.shows), reason="it was not theirs")["did"]
    assert isinstance(did, dict)
    ((resumed),) = did["clocks"]
    assert (resumed["kinds"], resumed["turn"]) == (["receipt", "human"], "running again")
    assert resumed["minutes"] is None


def test_a_call_says_what_it_stopped_and_a_second_one_that_nothing_was_left(desk: Desk) -> None:
    """One that reached nobody counts as no answer; a later answer finds the clocks stopped."""
    sent = invite(desk, "gebeld")
    at = desk.clock.now().astimezone(desk.env.settings.zone)
    unanswered = answer(desk, sent, f"gebeld {at:%H:%M} geen gehoor")
    assert "Er is geen klok gestopt: dit geldt niet als antwoord van een platform." in unanswered
    assert f"zijn gestopt om {at:%H:%M}, binnen een minuut." in answer(desk, sent, f"gebeld {at:%H:%M} zij hebben het")
    desk.clock.set(desk.clock.now() + timedelta(minutes=2))
    later = answer(desk, sent, f"called {at + timedelta(minutes=1):%H:%M} they have it")
    assert "No clock stopped: an earlier answer had already stopped them." in later
    before = answer(desk, sent, f"gebeld {at - timedelta(minutes=30):%H:%M} zij hebben het")
    assert "Er is geen klok gestopt: dit is van vóór de verzending." in before


def test_a_mail_that_answers_no_notification_stops_no_clock_and_the_answer_says_why(desk: Desk) -> None:
    """A mail of the quarantine that is placed in a case; an acknowledged reminder lets the clocks run."""
    sent = invite(desk, "bij")
    assert "Er is geen klok gestopt: dit is geen antwoord op een verzonden melding." in answer(
        desk, sent, said(desk, "bij", sent)
    )
    assert "De klokken lopen door." in answer(desk, invite(desk, "ok"), "ok")
    assert desk.one(Reminder).acknowledged_at is not None


@pytest.mark.parametrize(
    ("verb", "written", "quoted"),
    [
        ("ok", "ok maar wacht", "| Gelezen: «ok maar wacht»"),
        ("ok", "Hoi,\n\nok\u202e maar\u200b wacht\n\nGroet", "| Gelezen: «ok maar wacht»"),
        ("ok", f"ok {'heel ' * 40}lang", f"| Gelezen: «ok {'heel ' * 15}h…»"),
        ("bij", "with 2 or 3", "| Read: «with 2 or 3»"),
        ("akkoord", "akkoord 123 456 maar wacht", "| Gelezen: «akkoord CODE maar wacht»"),
        ("akkoord", "akkoord", "| Gelezen: «akkoord»"),
        ("over aan", "over aan Pietersen", "| Gelezen: «over aan Pietersen»"),
    ],
)
def test_a_refusal_quotes_the_line_that_was_read(desk: Desk, verb: str, written: str, quoted: str) -> None:
    """On one line, marked as others' words, cut, without what is not seen and without a code."""
    (found,) = answers_to(desk, reply(desk, invite(desk, verb), written, TEXT))
    assert quoted in body(desk, found).splitlines()


@pytest.mark.parametrize(
    ("line", "quoted"),
    [
        ("criterium: veel", "| Gelezen: «criterium: veel»"),
        ("besluit: meld Piet", "| Gelezen: «besluit: meld Piet»"),
        ("criterium: 1\ncriterium: 2", "| Gelezen: «criterium: 2»"),
        ("pogingen: een paar", "| Gelezen: «pogingen: een paar»"),
    ],
)
def test_a_refused_form_quotes_its_line(desk: Desk, line: str, quoted: str) -> None:
    """The first line that is filled in and cannot be read."""
    reply(desk, invite(desk, "neem"), "neem", TEXT)
    form = latest(desk, where(OutboxMail.kind).is_(Kind.REPLY_ANSWER))
    filled = {"onjuist": "ja", "regel": "artikel N 7", "criterium": "1", "pogingen": "2", "besluit": "meld Meta"}
    own = "\n".join(f"{word}: {value}" for word, value in filled.items() if not line.startswith(word))
    (found,) = answers_to(desk, reply(desk, form, f"{own}\n{line}", TEXT))
    assert quoted in body(desk, found).splitlines()

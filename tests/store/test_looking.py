# SPDX-License-Identifier: EUPL-1.2
"""An officer asks by mail how things stand, or for one case, and is shown it; nothing changes by that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flaggermail.mail.message import SenderVerdict
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import OutboxMail, StoredMessage
from tests.attacks.replying import in_language
from tests.store.desk_fixtures import CITIZEN, HEAD, OFFICER, REFERRER, X_CHANNEL, Desk, mail
from tests.store.test_replies import answers_to, body, invite, latest, reply

TEXT = "text/plain; charset=utf-8"
MOST_LINES = 40


def asked(desk: Desk, text: str, *, auth: str = "pass", sender: str = OFFICER, subject: str = "Vraag") -> StoredMessage:
    """The officer writes a mail that answers none of ours; returns its row."""
    desk.clock.set(desk.clock.now() + timedelta(minutes=1))
    name = f"asked{desk.clock.now():%H%M}@{sender.rpartition('@')[2]}"
    return desk.receive(mail(sender, subject, text, auth=auth, at=desk.clock.now(), message_id=name))


def answer_to(desk: Desk, row: StoredMessage) -> str:
    """Returns the only answer to a mail of an officer, subject and text."""
    (found,) = answers_to(desk, row)
    subject = desk.env.parser.parse(desk.env.octets.get(found.digest)).subject
    return f"{subject}\n{body(desk, found)}"


def busy(desk: Desk) -> tuple[str, str]:
    """A notification without a receipt for 130 minutes, a draft, a mail that waits, an open case; returns the cases."""
    silent = desk.notification(desk.notified()).case
    desk.go_on(130)
    desk.drafted("meta-elections")
    desk.receive(mail(CITIZEN, "Iets", "Wat is dit?", at=desk.clock.now(), auth="none"))
    desk.receive(mail(REFERRER, "Vervalste stempas", "Zie https://x.example/1", at=desk.clock.now()))
    (opened,) = desk.cases(referrer_address=REFERRER)
    return silent, opened.number


@pytest.mark.parametrize(
    ("language", "word", "said"),
    [
        (
            "nl",
            "Stand",
            ("Stand om", "Te laat:", "ontvangst niet bevestigd, 131 minuten", "Wacht op u:", "- neem NUMMER"),
        ),
        ("nl", "status.", ("Stand om", "1 te laat")),
        (
            "en",
            "Status",
            ("Status at", "Late:", "receipt not confirmed, 131 minutes", "Waits for you:", "- take NUMBER"),
        ),
        ("en", "stand van zaken", ("Stand om", "1 te laat")),
    ],
)
def test_the_stand_is_told_to_whoever_writes_without_a_token(
    desk: Desk, language: str, word: str, said: tuple[str, ...]
) -> None:
    """The language is that of the word where it tells one; what is late comes first."""
    desk.with_settings(in_language(desk.env.settings, language))
    silent, opened = busy(desk)
    row = asked(desk, f"{word}\n\nA. Jansen")
    text = answer_to(desk, row)
    assert row.place == Place.OWN
    for words in said:
        assert words in text, text
    assert silent in text
    assert opened in text
    assert {"nl": "(afzender niet geverifieerd)", "en": "(sender not verified)"}[
        "nl" if "Stand om" in text else "en"
    ] in text
    assert len(text.splitlines()) <= MOST_LINES
    desk.assert_whole()


@pytest.mark.parametrize("verb", ["neem", "ok", "akkoord", "bij", "echt"])
def test_any_mail_may_be_answered_so_used_or_not(desk: Desk, verb: str) -> None:
    """Also a notice that asks for nothing, a form, and a colleague's mail: what shows a state takes no token."""
    desk.decided()
    sent = invite(desk, verb)
    for text in ("stand", "toon 1"):
        row = reply(desk, sent, text, TEXT)
        assert "Niet uitgevoerd" not in answer_to(desk, row)
    before = desk.happened(EventKind.REPLY_OBEYED)
    reply(desk, sent, "stand", TEXT, by=f"C. Bakker <{HEAD}>")
    assert desk.happened(EventKind.REPLY_OBEYED) == before
    to_head = desk.mails(recipient=HEAD)
    assert "Stand om" in body_subject(desk, max(to_head, key=lambda one: one.id))


def body_subject(desk: Desk, sent: OutboxMail) -> str:
    """Returns the subject of a mail of ours."""
    return desk.env.parser.parse(desk.env.octets.get(sent.digest)).subject or ""


def test_a_form_may_be_answered_so_and_still_counts_afterwards(desk: Desk) -> None:
    """The form itself, sent back with that word above, is read as a form."""
    reply(desk, invite(desk, "neem"), "neem", TEXT)
    form = latest(desk, where(OutboxMail.kind).is_(Kind.REPLY_ANSWER))
    assert "Stand om" in answer_to(desk, reply(desk, form, "stand", TEXT))
    filled = "onjuist: ja\nregel: artikel N 7\ncriterium: 1\npogingen: 2\nbesluit: geen: niet meer nodig"
    assert "het besluit is vastgelegd (geen actie)" in answer_to(desk, reply(desk, form, filled, TEXT))


@pytest.mark.parametrize(
    ("language", "word", "said"),
    [
        (
            "nl",
            "toon",
            ("Zaak: Two boxes", "Gemeld, wacht op antwoord (melden)", "- X, verzonden op", "ontvangst: wacht 130 min"),
        ),
        (
            "en",
            "show",
            ("Case: Two boxes", "Notified, waits for an answer (notify)", "- X, sent on", "receipt: waits 130 min"),
        ),
    ],
)
def test_one_case_is_shown_in_forty_lines(desk: Desk, language: str, word: str, said: tuple[str, ...]) -> None:
    """However much came in; the number alone is enough where one election is open."""
    desk.with_settings(in_language(desk.env.settings, language))
    use = desk.notified()
    for number in range(20):
        text = f"We look, part {number}. {'word ' * 30}"
        subject = f"Re: Two boxes {'and a very long subject ' * 9}{number}"
        desk.receive(
            mail(subject=subject, text=text, auth="none", answers=desk.message_id_of(use), at=desk.clock.now())
        )
    desk.clock.set(desk.clock.now() + timedelta(minutes=129))
    row = asked(desk, f"{word} 1")
    text = answer_to(desk, row)
    for words in said:
        assert words in text, text
    (found,) = answers_to(desk, row)
    sent = desk.env.octets.get(found.digest).decode("utf-8", "replace").partition("\r\n\r\n")[2]
    plain = sent.partition("\r\n--")[0] if sent.startswith("--") is False else sent.split("\r\n--")[0]
    assert len(text.splitlines()) <= MOST_LINES, text
    assert plain


def test_an_undecided_case_that_is_shown_can_be_taken_at_once(desk: Desk) -> None:
    """What the mail offers is obeyed."""
    _, opened = busy(desk)
    row = asked(desk, f"Toon zaak {opened}")
    (shown,) = answers_to(desk, row)
    assert "- neem" in body(desk, shown)
    reply(desk, shown, "neem", TEXT)
    assert desk.case(opened).assigned_to == "officer1"


def test_no_such_case_is_refused_with_what_would_do(desk: Desk) -> None:
    """The refusal is in the language of the word, and says what to answer, never what to type at a terminal."""
    desk.decided()
    text = " ".join(answer_to(desk, asked(desk, "toon 99")).split())
    assert "Niet uitgevoerd" in text
    assert "zaak VF-EP2024-0099: is niet bekend; antwoord `stand` om de lopende zaken te zien" in text
    assert "flaggermail case" not in text


@pytest.mark.parametrize(
    "text", ["stand?", "stand maar niet nu", "stand\nok", "toon 1 of 2", "niet stand", "Wat is de stand"]
)
def test_what_is_not_plainly_asked_shows_nothing(desk: Desk, text: str) -> None:
    """In reply it is refused as ever."""
    row = reply(desk, invite(desk, "ok"), text, TEXT)
    assert "Niet uitgevoerd" in answer_to(desk, row)


@pytest.mark.parametrize(
    ("auth", "sender"), [("none", OFFICER), ("fail", OFFICER), ("pass", REFERRER), ("pass", CITIZEN)]
)
def test_nobody_but_a_verified_officer_is_answered(desk: Desk, auth: str, sender: str) -> None:
    """Others' mail is judged as ever."""
    busy(desk)
    row = asked(desk, "stand", auth=auth, sender=sender)
    assert not answers_to(desk, row)
    assert row.place not in {Place.OWN, Place.NOISE}


def test_unverified_answers_and_replies_are_among_what_waits(desk: Desk) -> None:
    """Each with the mail to look for; a mail that is refused waits no longer."""
    use = desk.notified()
    desk.receive(mail(auth="none", answers=desk.message_id_of(use), at=desk.clock.now()))
    sent = latest(desk, where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE))
    assert "is dit antwoord echt?" in answer_to(desk, asked(desk, "stand"))
    assert "geldt als vals" in answer_to(desk, reply(desk, sent, "vals", TEXT))
    assert "is dit antwoord echt?" not in answer_to(desk, asked(desk, "stand"))
    assert {row.verdict for row in desk.messages(notification=use)} >= {SenderVerdict.FAILED}


def test_a_matter_of_which_nothing_left_is_not_forgotten(desk: Desk) -> None:
    """A notification that the server refused for good stops no clock and starts none; only the case still says it."""
    desk.server.says(550, X_CHANNEL, "5.1.1 no such desk")
    case = desk.notification(desk.notified()).case
    desk.settle()
    told = answer_to(desk, asked(desk, "stand"))
    assert f"{case} Two boxes coloured on one list: besloten te melden, maar er is niets onderweg" in told
    assert "1 wacht op u" in told
    desk.server.script.clear()
    desk.drafted("meta-elections", case)
    assert "niets onderweg" not in answer_to(desk, asked(desk, "stand"))

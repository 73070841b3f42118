# SPDX-License-Identifier: EUPL-1.2
"""What an officer is told in a night of ticket systems, and what stands of it in case, report and annex afterwards."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage

from flaggermail.figures.ledger import of_events, of_rows
from flaggermail.figures.uses import AnswerForm, uses_of
from flaggermail.mail.message import MechanicalKind
from flaggermail.matching import lookup
from flaggermail.record.events import EventKind
from flaggermail.record.rows import OutboxMail
from flaggermail.services import UnitOfWork
from tests.doubles.scenarios import Played, Reopen
from tests.shipped_parser import PARSER

OFFICER = "a.jansen@bzk.example"


def told(played: Played, subject: str) -> str:
    """Returns the text of the first mail to the officer whose subject holds these words."""
    mails = [message_from_bytes(octets, policy=policy.default) for to, octets in played.sent if to == OFFICER]
    found = [mail for mail in mails if subject in mail["Subject"] and isinstance(mail, EmailMessage)]
    assert found, [mail["Subject"] for mail in mails]
    body = found[0].get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def test_a_question_without_a_name_is_told_and_can_be_a_persons(scenarios: Callable[[str], Played]) -> None:
    """The notice says that it asks, and offers `mens`; the first receipt is told to nobody."""
    played = scenarios("ticket-night-en")
    text = told(played, "[X Support] Your report (5519)")
    assert "Deze stelt een vraag." in text
    assert "- mens - automaat" in text
    assert "Could you send the exact URL of the post?" in text
    assert "Could you please check" not in text
    subjects = [str(message_from_bytes(octets)["Subject"]) for to, octets in played.sent if to == OFFICER]
    assert not [subject for subject in subjects if "Request received" in subject]


def test_the_reminder_repeats_what_automatic_mail_said(scenarios: Callable[[str], Played]) -> None:
    """After 180 minutes it says what is known, with the time of each mail."""
    text = told(scenarios("ticket-night-en"), "180 minuten")
    assert "De automatische mail van 20:14 uur stelt een vraag." in text
    assert "De automatische mail van 21:10 uur meldt dat onze mail is geopend." in text


def test_an_absence_is_a_reason_to_phone(scenarios: Callable[[str], Played]) -> None:
    """It is told with its end, and a deleted mail is an alarm."""
    played = scenarios("ticket-night-nl")
    assert "meldt dat iemand afwezig is tot 22 juni: bel" in told(played, "Automatisch antwoord: uw melding")
    assert "meldt dat onze mail ongelezen is verwijderd" in told(played, "ongelezen is verwijderd")


def test_a_comment_is_told_as_one_and_can_be_taken_back(scenarios: Callable[[str], Played]) -> None:
    """Its notice says on what it rests, and offers `automaat` first."""
    text = told(scenarios("ticket-night-nl"), "DESK-41 Uw melding")
    assert "een reactie van een met naam genoemde medewerker in het ticketsysteem" in text
    assert "- automaat - mens" in text
    assert "'reactie van een medewerker' zijn gestopt om 20:40" in text


def test_the_clock_runs_to_the_mails_arrival_and_both_replies_are_events(reopened: Reopen) -> None:
    """`automaat` lets the clock run again, `mens` stops it where it had stopped."""
    env = reopened("ticket-night-nl", lambda ended: ended)
    with env.store.read() as tx:
        kinds = [event.kind for _, event in tx.events(0)]
        (use,) = uses_of(of_rows(tx))
        assert of_events((event for _, event in tx.events(0)), env.clock.now()).clocks == of_rows(tx).clocks
    assert kinds.count(EventKind.MESSAGE_RECLASSIFIED) == 2
    assert kinds.count(EventKind.CLOCK_RESUMED) == 1
    assert use.human is not None
    assert (use.human.minutes, use.human.form) == (40, AnswerForm.MAIL)


def test_the_figures_say_that_it_was_a_comment(reopened: Reopen) -> None:
    """The form of the answer, which report, page and case print, is the comment."""
    env = reopened("ticket-night-en", lambda ended: ended)
    with env.store.read() as tx:
        (use,) = uses_of(of_rows(tx))
    assert use.human is not None
    assert use.human.form is AnswerForm.COMMENT
    assert use.receipt is not None
    assert use.receipt.form is AnswerForm.AUTOMATIC


def test_a_letter_of_ours_is_no_comment_whoever_is_named(reopened: Reopen) -> None:
    """A frame that repeats our letter below a stranger's name holds no person's words, nor below an officer's."""
    env = reopened("ticket-night-en", lambda ended: ended)
    parser = PARSER
    head = "From: s@tickets.x-platform.example\nX-Mailer: Zendesk Mailer\nAuto-Submitted: auto-generated\n\n"
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now())
        letter = next(octets for to, octets in _sent(work) if to == "urgent-escalation@x-platform.example")
        own = parser.parse(letter).reply_text
        for name, words, kind in (
            ("Casey Roe", own, MechanicalKind.AUTO_REPLY),
            ("A. Jansen", "Is anybody looking at this?", MechanicalKind.AUTO_REPLY),
            ("Casey Roe", "Is anybody looking at this?", MechanicalKind.HUMAN),
        ):
            read = parser.parse(f"{head}{name}, Jun 6, 2024, 20:00 GMT+2\n\n{words}".encode())
            assert read.kind is MechanicalKind.HUMAN
            assert lookup.without_ours(work, read, "X").kind is kind


def _sent(work: UnitOfWork) -> list[tuple[str, bytes]]:
    return [(mail.recipient, work.env.octets.get(mail.digest)) for mail in work.tx.find(OutboxMail)]


def test_automatic_mails_come_together_and_a_person_first(scenarios: Callable[[str], Played]) -> None:
    """After the first receipt each mail is told with its text: two automatic ones in one mail, after the person's."""
    played = scenarios("own-words")
    subjects = [str(message_from_bytes(octets)["Subject"]) for to, octets in played.sent if to == OFFICER]
    answers = [subject for subject in subjects if subject.startswith("Antwoord van een platform: ")]
    assert [subject.partition(": ")[2].partition(" [")[0] for subject in answers] == [
        "Re: Your report", "Re: Your report", "Re: Your report", "Your report", "How did we do?"
    ]  # fmt: skip
    together = told(played, "platform: Your report")
    assert "A specialist for elections was assigned to it." in together
    assert "Your report is now with our second line." in together


def test_a_polite_receipt_offers_mens_and_an_answer_offers_not_yet(scenarios: Callable[[str], Played]) -> None:
    """What only confirms stops the receipt clock alone, whoever signs it; each answer can be taken back."""
    played = scenarios("own-words")
    polite = told(played, "Re: Your report")
    assert "De klok 'ontvangstbevestiging' is gestopt om 20:05" in polite
    assert "- mens - automaat" in polite
    answers = [message_from_bytes(octets, policy=policy.default) for to, octets in played.sent if to == OFFICER]
    assert any("- nog niet - automaat - mens" in " ".join(mail.as_string().split()) for mail in answers)

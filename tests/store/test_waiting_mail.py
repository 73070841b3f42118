# SPDX-License-Identifier: EUPL-1.2
"""A reminder, an escalation and a page say that mail waits which may be the answer, and a reply to them places it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flaggermail.record.events import EventKind
from flaggermail.record.finding import where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Notification, OutboxMail, Page, Reminder, StoredMessage
from flaggermail.reminders import paging
from tests.store.desk_fixtures import HEAD, OFFICER, Desk, X, mail
from tests.store.test_officer_unheard import call_pagers
from tests.store.test_replies import reply

PLAIN_TEXT = "text/plain; charset=utf-8"
SAID = {"nl": ("van 13:06 uur wacht: antwoord `bij 1`", "bij 1"), "en": ("from 13:06 waits: reply `with 1`", "with 1")}


def speaks(desk: Desk, language: str) -> None:
    """Sets the desk's language."""
    found = desk.env.settings.desk
    organisation = found.organisation.model_copy(update={"language": language})
    changed = found.model_copy(update={"organisation": organisation})
    desk.env = replace(desk.env, settings=desk.env.settings.model_copy(update={"desk": changed}))


def text_of(desk: Desk, sent: OutboxMail) -> str:
    """Returns the words of a mail of ours."""
    return " ".join(desk.env.parser.parse(desk.env.octets.get(sent.digest)).text.split())


def last(desk: Desk, kind: Kind, recipient: str) -> OutboxMail:
    """Returns the last mail of that kind to that person."""
    found = desk.all(OutboxMail, where(OutboxMail.kind).is_(kind), where(OutboxMail.recipient).is_(recipient))
    return max(found, key=lambda one: one.id)


def answer(desk: Desk, text: str = "We removed it.", auth: str = "pass", sender: str = X) -> StoredMessage:
    """A mail of the platform that names nothing of ours, received now."""
    stored = desk.receive(mail(sender, f"Your enquiry {text}", text, auth=auth, at=desk.clock.now()))
    assert stored.place == "quarantine", (stored.place, stored.reason.english)
    return stored


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_head_is_told_that_an_answer_waits_and_places_it_by_reply(desk: Desk, language: str) -> None:
    """The escalation names sender and arrival; `bij 1` in reply files the mail in that case and stops the clock."""
    speaks(desk, language)
    call_pagers(desk)
    key = desk.notified()
    desk.clock.set(desk.clock.now().replace(hour=11, minute=6))  # 13:06 at the desk
    stored = answer(desk)
    desk.go_on(240)
    paging.tick(desk.env)
    sent = last(desk, Kind.ESCALATION, HEAD)
    words, said = SAID[language]
    assert words in text_of(desk, sent)
    assert any(page.text.endswith("min, mail waits") for page in desk.all(Page))
    reply(desk, sent, said, PLAIN_TEXT, by=HEAD)
    placed = desk.row(StoredMessage, stored.id)
    assert placed.case == desk.row(Notification, key).case
    assert desk.clocks(key)["receipt"][0] == "stopped"
    assert desk.happened(EventKind.REPLY_NOT_UNDERSTOOD) == 0
    desk.assert_whole()


def test_several_mails_are_named_with_the_command_that_places_each(desk: Desk) -> None:
    """`bij NUMMER` would not say which mail is meant, so it is not offered, and does nothing."""
    desk.notified()
    found = [answer(desk), answer(desk, "It stays up.", auth="none")]
    desk.go_on(60)
    sent = last(desk, Kind.REMINDER, OFFICER)
    text = text_of(desk, sent)
    assert all(f"flaggermail quarantine place {one.id} --case" in text for one in found)
    assert "afzender niet geverifieerd" in text
    assert "bij" not in text.partition("Zet op de eerste regel")[2]
    reply(desk, sent, "bij 1", PLAIN_TEXT, by="A. Jansen <a.jansen@bzk.example>")
    assert all(desk.row(StoredMessage, one.id).place == "quarantine" for one in found)


def test_without_such_mail_nothing_is_added(desk: Desk) -> None:
    """Mail of others, of another platform, or from before the notification is no answer of this one."""
    answer(desk)
    desk.go_on(1)
    desk.notified()
    desk.receive(mail("who@elsewhere.example", "Vraag", "Wat is dit?", at=desk.clock.now()))
    desk.go_on(60)
    paging.tick(desk.env)
    assert desk.all(Reminder)
    assert "wacht:" not in text_of(desk, last(desk, Kind.REMINDER, OFFICER))
    assert not [page for page in desk.all(Page) if "mail waits" in page.text]


def test_a_forged_mail_is_named_with_its_verdict_and_stops_no_clock(desk: Desk) -> None:
    """Whoever writes in the platform's name is listed as perhaps forged; a reply files it and the clock runs on."""
    key = desk.notified()
    answer(desk, auth="fail")
    desk.go_on(60)
    sent = last(desk, Kind.REMINDER, OFFICER)
    assert "mogelijk vervalst" in text_of(desk, sent)
    reply(desk, sent, "bij 1", PLAIN_TEXT, by="A. Jansen <a.jansen@bzk.example>")
    assert desk.clocks(key)["receipt"][0] == "running"


def test_a_reminder_is_still_acknowledged_after_its_mail_was_placed(desk: Desk) -> None:
    """`bij 1` twice acts once, and `ok` to the same mail acknowledges."""
    desk.notified()
    stored = answer(desk, auth="none")
    desk.go_on(60)
    sent = last(desk, Kind.REMINDER, OFFICER)
    for said in ("bij 1", "bij 1", "ok"):
        reply(desk, sent, said, PLAIN_TEXT, by="A. Jansen <a.jansen@bzk.example>")
    assert desk.row(StoredMessage, stored.id).case == sent.case
    assert desk.happened(EventKind.MESSAGE_PLACED) == 1
    assert desk.happened(EventKind.REMINDER_ACKNOWLEDGED) == 1


@pytest.mark.parametrize(("language", "words"), [("nl", "uur wacht: `"), ("en", "waits: `")])
def test_a_mail_about_several_silences_names_it_at_each(desk: Desk, language: str, words: str) -> None:
    """One mail of the platform may answer either case, so each line gives the command with its own case."""
    speaks(desk, language)
    keys = [desk.notified(), desk.notified()]
    stored = answer(desk)
    desk.go_on(60)
    text = text_of(desk, last(desk, Kind.REMINDER, OFFICER))
    for key in keys:
        case = desk.row(Notification, key).case
        assert f"{words}flaggermail quarantine place {stored.id} --case {case}`" in text

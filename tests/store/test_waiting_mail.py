# SPDX-License-Identifier: EUPL-1.2
"""A reminder, an escalation and a page say that mail waits which may be the answer, and a reply to them places it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import OutboxMail, Page, StoredMessage
from flaggermail.reminders import paging
from flaggermail.reminders.quarantine_ageing import NAMED
from tests.store.desk_fixtures import HEAD, OFFICER, Desk, X, mail
from tests.store.test_officer_unheard import call_pagers
from tests.store.test_replies import reply

PLAIN_TEXT = "text/plain; charset=utf-8"
SAID = {
    "nl": ("van 13:06 uur wacht op u: antwoord `bij 1`", "bij 1"),
    "en": ("received at 13:06 waits for you: reply `with 1`", "with 1"),
}


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
    found = desk.mails(kind=kind, recipient=recipient)
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
    assert any(
        page.text.endswith({"nl": "min, mail wacht", "en": "min, mail waits"}[language]) for page in desk.all(Page)
    )
    reply(desk, sent, said, PLAIN_TEXT, by=HEAD)
    placed = desk.message(stored.id)
    assert placed.case == desk.notification(key).case
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
    assert all(desk.message(one.id).place == "quarantine" for one in found)


def test_without_such_mail_nothing_is_added(desk: Desk) -> None:
    """Mail of others, of another platform, or from before the notification is no answer of this one."""
    answer(desk)
    desk.go_on(1)
    desk.notified()
    desk.receive(mail("who@elsewhere.example", "Vraag", "Wat is dit?", at=desk.clock.now()))
    desk.go_on(60)
    paging.tick(desk.env)
    assert desk.reminders()
    assert "wacht op u:" not in text_of(desk, last(desk, Kind.REMINDER, OFFICER))
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
    assert desk.message(stored.id).case == sent.case
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
        case = desk.notification(key).case
        assert f"{words}flaggermail quarantine place {stored.id} --case {case}`" in text


FIRM = "agent@ticket-office.example"  # the platform's desk, at another firm, in no list
CLUED = {
    "the number": "Your matter {case}",
    "the platform's reference": "[3-1220000] Update",
}


def clued(
    desk: Desk, key: str, name: str, sender: str = FIRM, auth: str = "pass", text: str = "Done."
) -> StoredMessage:
    """A mail of an address that nobody listed, which a clue ties to the case."""
    case = desk.notification(key).case
    stored = desk.receive(mail(sender, CLUED[name].format(case=case), text, auth=auth, at=desk.clock.now()))
    assert stored.place == "quarantine"
    return stored


def receipt(desk: Desk, key: str) -> None:
    """The platform's system confirms under a reference of its own, which the case names from then on."""
    extra = ("Auto-Submitted: auto-replied",)
    octets = mail(
        X, "[3-1220000] Received", "Thanks.", answers=desk.message_id_of(key), extra=extra, at=desk.clock.now()
    )
    desk.receive(octets)


@pytest.mark.parametrize("name", CLUED)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_mail_that_a_clue_ties_to_the_case_is_named_with_its_author(desk: Desk, language: str, name: str) -> None:
    """Head or officer reads who wrote it; `bij 1` files it; it is no mail of the platform, so the clock runs on."""
    speaks(desk, language)
    key = desk.notified()
    by, kind = HEAD, Kind.ESCALATION
    if name == "the platform's reference":
        receipt(desk, key)
        by, kind = OFFICER, Kind.REMINDER  # of the human clock, which has no escalation here
    desk.clock.set(desk.clock.now().replace(hour=11, minute=6))
    stored = clued(desk, key, name)
    desk.go_on(240)
    sent = last(desk, kind, by)
    words, said = SAID[language]
    assert f"{FIRM} {words}" in text_of(desk, sent)
    reply(desk, sent, said, PLAIN_TEXT, by=by)
    assert desk.message(stored.id).case == desk.notification(key).case
    assert desk.clocks(key)["human"][0] == "running"
    desk.assert_whole()


@pytest.mark.parametrize(("auth", "clock"), [("pass", ("stopped", 152)), ("none", ("running", None))])
def test_the_heads_reply_stops_the_clock_at_the_arrival_of_a_verified_answer(
    desk: Desk, auth: str, clock: tuple[str, int | None]
) -> None:
    """Another address of the platform names the case, after a stranger did: `bij 1` files it, and only it."""
    key = desk.notified()
    desk.clock.set(desk.clock.now().replace(hour=11, minute=6))
    clued(desk, key, "the number")
    stored = clued(desk, key, "the number", "agent@mail.x-platform.example", auth, "We removed it.")
    desk.go_on(240)
    sent = last(desk, Kind.ESCALATION, HEAD)
    reply(desk, sent, "bij 1", PLAIN_TEXT, by=HEAD)
    assert desk.message(stored.id).notification == key
    assert desk.clocks(key)["human"] == clock


@pytest.mark.parametrize("auth", ["pass", "none", "fail"])
def test_strangers_who_name_the_case_do_not_crowd_out_the_answer(desk: Desk, auth: str) -> None:
    """Ten of them come before a mail in the platform's name: it is named first, and `bij 1` still means it."""
    key = desk.notified()
    desk.go_on(1)
    for number in range(10):
        clued(desk, key, "the number", f"w{number}@elsewhere{number}.example", auth, f"Done {number}.")
    desk.go_on(1)
    stored = answer(desk, auth="none")
    desk.go_on(60)
    sent = last(desk, Kind.REMINDER, OFFICER)
    text = text_of(desk, sent)
    assert text.count(" uur wacht op u: ") == NAMED
    assert text.index("Een mail van X (afzender niet geverifieerd) van") < text.index(
        "Een mail van w0@elsewhere0.example"
    )
    assert text.count("antwoord `bij 1`") == 1
    reply(desk, sent, "bij 1", PLAIN_TEXT, by="A. Jansen <a.jansen@bzk.example>")
    assert desk.message(stored.id).case == sent.case


def test_forged_mail_in_the_platforms_name_takes_no_place_of_true_mail(desk: Desk) -> None:
    """Ten forged mails, then a verified one and one of the other firm: both are named, and `bij 1` means the first."""
    key = desk.notified()
    desk.go_on(1)
    for number in range(10):
        answer(desk, f"It stays up. {number}", auth="fail")
    desk.go_on(1)
    stored, firm = answer(desk), clued(desk, key, "the number")
    desk.go_on(60)
    sent = last(desk, Kind.REMINDER, OFFICER)
    text = text_of(desk, sent)
    assert firm.from_address is not None
    assert text.index("Een mail van X van") < text.index(firm.from_address) < text.index("mogelijk vervalst")
    assert text.count(" uur wacht op u: ") == NAMED
    reply(desk, sent, "bij 1", PLAIN_TEXT, by="A. Jansen <a.jansen@bzk.example>")
    assert desk.message(stored.id).case == sent.case


def test_what_only_resembles_is_not_named(desk: Desk) -> None:
    """A reference inside another, a bare run of its digits, and the number of another case tie nothing."""
    key, other = desk.notified(), desk.decided()
    receipt(desk, key)
    desk.go_on(1)
    for subject in ("[3-12200001] Update", "about 3-1220000-7", "3-1220000", f"Your matter {other}"):
        desk.receive(mail(FIRM, subject, f"Done, {subject}.", at=desk.clock.now()))
    desk.go_on(185)
    sent = last(desk, Kind.REMINDER, OFFICER)
    assert (sent.notification, FIRM in text_of(desk, sent)) == (key, False)

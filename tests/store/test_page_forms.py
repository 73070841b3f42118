# SPDX-License-Identifier: EUPL-1.2
"""What the forms of pages do at their edges: emptied fields, refusals in lists, drafts named by a case, cut posts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from flaggermail.commands.approve import Reject
from flaggermail.commands.notify import Draft
from flaggermail.desk.desk import Desk as AnsweringDesk
from flaggermail.desk.views.view import Document
from flaggermail.door.desk_health import DeskHealth, SeenFinding
from flaggermail.door.pages.acts import FORM_TYPE
from flaggermail.door.pages.rendering import foreign
from flaggermail.errors import StoreBusy
from flaggermail.health.status_document import StatusCode
from flaggermail.mail.message import Json, SenderVerdict
from flaggermail.record.kinds import Place
from flaggermail.record.rows import Case, Notification
from flaggermail.record.states import NotificationState
from tests.doubles.paged import ARCHIVIST, OFFICER1, OK, Browser, PlayedSource, SeenPage, pages_of
from tests.store.desk_fixtures import CITIZEN, REFERRER, Desk, X, mail
from tests.tools.played_night import night

ASSESSED: dict[str, Any] = {
    "incorrect": "true", "contradicts": "Article J 1", "criteria": ["1", "3"], "own_attempts": "2", "satire": "false",
}  # fmt: skip
REFUSED, MALFORMED, NOT_FOUND = 422, 400, 404


def assessing(desk: Desk, browser: Browser) -> SeenPage:
    """A referral comes in and is assessed; returns the page with the form filled as the record has it."""
    desk.receive(mail(REFERRER, "Wrong polling day", "One can vote on Friday. https://x.example/1"))
    (case,) = desk.all(Case)
    return browser.send(browser.look(f"/cases/{case.number}/assess"), "assess", **ASSESSED)


def waiting(desk: Desk) -> tuple[str, str]:
    """Two mails come in that belong to no case; returns their ids."""
    one = desk.receive(mail(CITIZEN, "Nepaccount", "Er is een account dat zich voordoet als de gemeente."))
    other = desk.receive(mail("redactie@krant.example", "Vraag", "Klopt het?"))
    assert {one.place, other.place} == {Place.QUARANTINE}
    return one.id, other.id


def without_dead_anchors(page: SeenPage) -> None:
    """Each link within a page leads to an element that it has."""
    ids = set(re.findall(r' id="([^"]*)"', page.html))
    assert {link[1:] for link in page.links if link.startswith("#")} <= ids


def test_a_field_that_is_emptied_is_empty_in_the_record(desk: Desk, browser: Browser) -> None:
    """Nobody is told that something was done which was not: the record has what the form showed."""
    page = assessing(desk, browser)
    browser.send(page, "assess", contradicts="", criteria=[])
    (case,) = desk.all(Case)
    assert (case.contradicts, case.criteria, case.own_attempts) == ("", (), 2)
    refused = browser.send(browser.look(page.address.partition("?")[0]), "assess", own_attempts="")
    assert refused.status == REFUSED
    without_dead_anchors(refused)


def test_an_empty_field_that_nobody_filled_says_nothing(desk: Desk, browser: Browser) -> None:
    """What was not known stays not known."""
    desk.receive(mail(REFERRER, "Wrong polling day", "One can vote on Friday. https://x.example/1"))
    (case,) = desk.all(Case)
    browser.send(browser.look(f"/cases/{case.number}/assess"), "assess", incorrect="true")
    (found,) = desk.all(Case)
    assert (found.contradicts, found.override_reason) == (case.contradicts, case.override_reason)
    assert found.incorrect


def test_a_forged_mail_is_refused_with_a_reason(desk: Desk, browser: Browser) -> None:
    """The desk asks for one, so the form does."""
    desk.notified()
    found = desk.receive(mail(X, "Re: your note", "We look at it.", auth=None))
    page = browser.look(f"/messages/{found.id}")
    refused = browser.send(page, "forged")
    assert refused.status == REFUSED
    without_dead_anchors(refused)
    assert browser.send(refused, "forged", reason="They say they did not write it.").status == OK
    assert desk.message(found.id).verdict is SenderVerdict.FAILED


def test_an_archivist_reads_a_case(desk: Desk) -> None:
    """A page asks no view that its readers may not see; one that is refused leads to a page that is not."""
    number = desk.decided()
    reader = Browser(PlayedSource(desk.env), ARCHIVIST)
    assert reader.look(f"/cases/{number}").status == OK
    assert "/cases" in reader.look("/").links


def test_the_draft_that_was_shown_is_the_one_that_is_approved(desk: Desk, browser: Browser) -> None:
    """An address may name a case alone, whose only draft is another one by the time of the press."""
    first = desk.drafted()
    case = desk.notification(first).case
    shown = browser.look(f"/drafts/{case}")
    assert shown.status == OK
    desk.do(Reject(draft=first, reason="not the right channel"))
    second = desk.do(Draft(case=case, channel="meta-elections")).key
    assert browser.post(shown, "approve").status != 303
    assert desk.row(Notification, second).state is NotificationState.DRAFT


def test_a_refusal_in_a_list_stands_at_its_own_mail(desk: Desk, browser: Browser) -> None:
    """What was typed comes back there and nowhere else, and the summary leads to it."""
    _, other = waiting(desk)
    page = browser.look("/quarantine")
    form = next(
        one for one in page.forms if ("message", other) in one.fields and "case" in one.names and one.act == "place"
        and ("case", "") in one.fields
    )  # fmt: skip
    form.fields[:] = [(name, "VF-NONE-9999" if name == "case" else text) for name, text in form.fields]
    refused = browser.post(SeenPage(page.address, OK, {}, "", (form,), (), ""), "place")
    assert refused.status == NOT_FOUND
    kept = [one for one in refused.forms if ("case", "VF-NONE-9999") in one.fields]
    assert [dict(one.fields)["message"] for one in kept] == [other]
    assert refused.html.count("<details open>") == 1
    without_dead_anchors(refused)


def test_a_mail_that_was_placed_can_be_taken_back(desk: Desk, browser: Browser) -> None:
    """By one press on its own page; the list that was looked at is shown after a placement."""
    one, _ = waiting(desk)
    number = desk.decided()
    page = browser.look("/quarantine?old=")
    form = next(form for form in page.forms if ("message", one) in form.fields and ("case", "") in form.fields)
    form.fields[:] = [(name, number if name == "case" else text) for name, text in form.fields]
    placed = browser.post(SeenPage("/quarantine?old=", OK, {}, "", (form,), (), ""), "place")
    assert placed.headers["Location"].startswith(f"/quarantine?about={one}&done=")
    assert desk.message(one).case == number
    assert browser.post(browser.look(f"/messages/{one}"), "take_back").status == 303
    assert desk.message(one).place is Place.QUARANTINE


def test_a_refused_time_of_sending_comes_back_at_its_mail(tmp_path: Path) -> None:
    """In the outbox too, where each mail in doubt has a form."""
    desk = night(tmp_path)
    browser = Browser(PlayedSource(desk.env))
    refused = browser.send(browser.look("/outbox"), "sent", sent_at="yesterday")
    assert refused.status == REFUSED
    assert ("sent_at", "yesterday") in refused.form("sent").fields
    assert 'aria-invalid="true"' in refused.html
    assert [link for link in refused.links if link.startswith("#sent-sent_at")]
    without_dead_anchors(refused)
    desk.env.close()


UNSEEN = "a\u202eb\u2028c\u3164d\U000e0041e\u034ff\x85g\ud800h"


def test_what_nobody_sees_is_shown_by_its_number() -> None:
    """Line separators, fillers, tags and halves of characters too; an emoji keeps its form."""
    shown = foreign(UNSEEN)
    assert re.sub("⟨U\\+[0-9A-F]{4,6}⟩", "", shown) == "abcdefgh"
    assert foreign("a\n\t\N{HEAVY BLACK HEART}\ufe0f") == "a\n\t\N{HEAVY BLACK HEART}\ufe0f"


def test_no_words_of_strangers_hide_anything(desk: Desk, browser: Browser) -> None:
    """The answer of a server, and an address that a refusal quotes, pass no rule of drafts or mails."""
    desk.server.says(450, text="later\u202e gpj.exe")
    desk.notified()
    outbox, nowhere = browser.look("/outbox").html, browser.look("/cases/VF-\u202eNONE").html
    assert "⟨U+202E⟩" in outbox
    assert "\u202e" not in outbox + nowhere


def test_a_typed_emoji_comes_back_as_it_was_typed(desk: Desk, browser: Browser) -> None:
    """A form that is refused changes nothing in what a person wrote."""
    family = "\N{MAN}\u200d\N{WOMAN} <b>\"'"
    page = assessing(desk, browser)
    refused = browser.send(page, "assess", contradicts=family, own_attempts="5000")
    assert ("contradicts", family) in refused.form("assess").fields


def test_a_form_that_did_not_arrive_whole_does_nothing(desk: Desk, browser: Browser) -> None:
    """Its beginning holds the token; the rest of its fields is missing."""
    page = assessing(desk, browser)
    before = len(desk.events())
    begun = urlencode(page.form("assess").fields)
    cut = {"X_REMOTE_UID": str(OFFICER1), "CONTENT_LENGTH": str(len(begun) + 20)}
    client = pages_of(PlayedSource(desk.env)).test_client()
    address = page.address.partition("?")[0]
    answer = client.post(address, data=begun, content_type=FORM_TYPE, environ_overrides=cut)
    assert answer.status_code == MALFORMED
    assert len(desk.events()) == before


def test_an_address_that_is_none_is_a_page_but_to_programs(browser: Browser) -> None:
    """With the headers of every page."""
    page = browser.look("/nowhere")
    assert page.status == NOT_FOUND
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert browser.look("/v1/nowhere").headers["Content-Type"] == "application/problem+json"


def test_a_long_mail_is_cut_and_says_so(desk: Desk, browser: Browser) -> None:
    """A page stays short whatever a stranger sends; what is missing is counted, and where it is."""
    found = desk.receive(mail(CITIZEN, "Lang", "regel met tekst\n" * 20_000 + "het einde"))
    page = browser.look(f"/messages/{found.id}")
    assert len(page.html) < 150_000
    assert "het einde" not in page.html
    assert "more characters" in page.words


def test_a_subject_from_right_to_left_moves_nothing_beside_it(desk: Desk, browser: Browser) -> None:
    """Arabic and Hebrew are isolated, in titles too; other lines stay as they are."""
    subject = "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET} <1>"
    found = desk.receive(mail(CITIZEN, subject, "Klopt het?"))
    for address in ("/", "/quarantine", f"/messages/{found.id}"):
        assert "\u2068\u05d0\u05d1 &lt;1&gt;\u2069" in browser.look(address).html
    assert foreign("\u2068") == "⟨U+2068⟩"


def test_each_button_of_a_list_says_of_which_mail_it_is(desk: Desk, browser: Browser) -> None:
    """Whoever hears one button after the other hears the subject with it."""
    one, _ = waiting(desk)
    html = browser.look("/quarantine").html
    assert f'<h2 id="of-{one}">' in html
    buttons = re.findall(r"<(?:button|summary)[^>]*>", html)
    assert [button for button in buttons if "aria-describedby" not in button] == []


def test_several_faults_of_the_desk_are_one_landmark(desk: Desk) -> None:
    """Each is read; a screen reader lists one region of that name."""
    health = DeskHealth((SeenFinding(StatusCode.UNREAD), SeenFinding(StatusCode.DENIED)))
    html = Browser(PlayedSource(desk.env, health=health)).look("/cases").html
    assert ("The mailbox is not being read" in html, "no mail leaves" in html) == (True, True)
    assert html.count('aria-label="How the desk works"') == 1


def test_a_form_whose_end_nobody_knows_acts_once(desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database went away as it was done: the form comes back with its key, and pressing again repeats nothing."""
    page = assessing(desk, browser)
    answer = AnsweringDesk.answer

    def lost(self: AnsweringDesk, name: str, request: Mapping[str, Json], key: str | None = None) -> Document:
        found = answer(self, name, request, key=key)
        if name == "case assess":
            raise StoreBusy("the database gave no answer")
        return found

    with monkeypatch.context() as away:
        away.setattr(AnsweringDesk, "answer", lost)
        refused = browser.post(page, "assess", contradicts="Article J 24")
    assert refused.status == 503
    assert ("contradicts", "Article J 24") in refused.form("assess").fields
    before = len(desk.events())
    assert browser.post(refused, "assess").status == 303
    assert len(desk.events()) == before


def test_a_form_that_was_gone_back_to_and_changed_says_that_it_was_done(desk: Desk, browser: Browser) -> None:
    """In words of a page, not of an interface; pressing again sends what it says now."""
    page = assessing(desk, browser)
    assert browser.post(page, "assess", contradicts="Article J 24").status == 303
    changed = browser.post(page, "assess", contradicts="Article J 25")
    assert changed.status == 409
    assert "This form was sent before" in changed.words
    assert "Idempotency" not in changed.html
    browser.send(changed, "assess")
    (case,) = desk.all(Case)
    assert case.contradicts == "Article J 25"

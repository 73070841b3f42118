# SPDX-License-Identifier: EUPL-1.2
"""A placing is one press, and can be taken back until somebody has acted on the mail or in its case."""

from __future__ import annotations

import re

import pytest

from flaggermail.commands.cases import AssignCase
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.record.kinds import Place
from flaggermail.record.rows import Case, StoredMessage
from tests.doubles.paged import OFFICER2, OK, Browser, PlayedSource, SeenPage
from tests.store.desk_fixtures import CITIZEN, Desk, X, mail


def waiting(desk: Desk) -> StoredMessage:
    """A platform's mail comes in that may belong to the case which is there."""
    desk.notified()
    found = desk.receive(mail(X, "Re: your note", "We got your note and look at it.", auth=None))
    desk.receive(mail(CITIZEN, "Nepaccount", "Er is een account dat zich voordoet als de gemeente."))
    assert found.place is Place.QUARANTINE
    return found


def placed(desk: Desk, browser: Browser, stored: StoredMessage) -> SeenPage:
    """Places a mail in the case by the form of the quarantine; returns the page of the mail, by the link after it."""
    case = desk.all(Case)[0].number
    form = browser.look("/quarantine")
    done = browser.send(form, "place", message=stored.id, case=case)
    assert done.status == OK
    link = next(one for one in done.links if one == f"/messages/{stored.id}")
    assert desk.row(StoredMessage, stored.id).case == case
    desk.go_on(1)
    return browser.look(link)


def test_a_mail_is_placed_in_three_presses_at_most(desk: Desk, browser: Browser) -> None:
    """From the first page: to the mails without a place, and the suggested case; the reason is beside it."""
    stored = waiting(desk)
    case = desk.all(Case)[0].number
    presses, page = 0, browser.look("/")
    for press in ("link", "button"):
        if press == "link":
            assert "/quarantine" in page.links
            page = browser.look("/quarantine")
        else:
            wanted = {("act", "place"), ("message", stored.id), ("case", case)}
            assert [one for one in page.forms if wanted <= set(one.fields)]
            page = browser.send(page, "place", message=stored.id, case=case)
        presses += 1
    assert presses <= 3
    assert desk.row(StoredMessage, stored.id).case == case


def test_a_list_names_the_platform_of_a_sender(desk: Desk, browser: Browser) -> None:
    """By its name, beside the verdict on the sender."""
    stored = waiting(desk)
    html = browser.look("/quarantine").html
    line = html.partition(f'id="of-{stored.id}"')[2].partition("</li>")[0]
    assert f"{X} · X " in line
    assert "sender not verified" in line


def test_a_placing_is_taken_back(desk: Desk, browser: Browser) -> None:
    """By the link that follows a placing; the mail waits again, and the form is gone."""
    stored = waiting(desk)
    page = placed(desk, browser, stored)
    assert "A. Jansen placed this mail." in page.words
    after = browser.send(page, "take_back")
    assert after.status == OK
    assert desk.row(StoredMessage, stored.id).place is Place.QUARANTINE
    assert "take_back" not in {one.act for one in after.forms}


def test_noise_is_taken_back(desk: Desk, browser: Browser) -> None:
    """What was set aside too, also by a colleague."""
    stored = waiting(desk)
    desk.do(PlaceMessage(message=stored.id, noise=True, reason="spam"))
    desk.go_on(1)
    other = browser.as_(OFFICER2)
    other.send(other.look(f"/messages/{stored.id}"), "take_back")
    assert desk.row(StoredMessage, stored.id).place is Place.QUARANTINE


@pytest.mark.parametrize("by", ["officer1", "officer2"])
def test_once_somebody_acted_a_placing_stays(desk: Desk, browser: Browser, by: str) -> None:
    """Pressed on a page from before, it is refused with who, what and when; a page made later offers a correction."""
    stored = waiting(desk)
    page = placed(desk, browser, stored)
    case = desk.row(StoredMessage, stored.id).case or ""
    desk.do(AssignCase(case=case, officer="officer1"), by=by)
    refused = browser.send(page, "take_back")
    assert refused.status == 422
    assert "somebody has acted on it since it was placed" in refused.words
    assert desk.env.settings.rota.name_of(by) in refused.words
    assert desk.row(StoredMessage, stored.id).case == case
    later = browser.look(f"/messages/{stored.id}")
    assert "take_back" not in {one.act for one in later.forms}
    assert [one.act for one in later.forms if ("back", "true") in one.fields] == ["place"]


def test_what_the_daemon_does_is_nobodys_act(desk: Desk, browser: Browser) -> None:
    """A reminder, or another mail in the case, leaves a placing as it was."""
    stored = waiting(desk)
    page = placed(desk, browser, stored)
    desk.go_on(120)
    use = desk.notifications()[0].id
    other = desk.receive(mail(X, "Re: Two boxes", "Another one.", answers=desk.message_id_of(use)))
    assert other.case == desk.row(StoredMessage, stored.id).case
    browser.send(page, "take_back")
    assert desk.row(StoredMessage, stored.id).place is Place.QUARANTINE


def test_a_mail_that_the_desk_placed_has_no_such_form(desk: Desk, browser: Browser) -> None:
    """There is nothing of a person to take back."""
    key = desk.notified()
    found = desk.receive(mail(X, "Re: Two boxes", "Got it.", answers=desk.message_id_of(key)))
    assert found.case is not None
    assert "take_back" not in {one.act for one in browser.look(f"/messages/{found.id}").forms}


def test_the_link_after_a_placing_leads_to_a_mail_alone(desk: Desk, browser: Browser) -> None:
    """Whatever the address says, it is a page of the desk."""
    waiting(desk)
    for about in ("//evil.example", "https://evil.example", "javascript:alert(1)", '"><script>'):
        page = browser.look(f"/quarantine?done=place&about={about}")
        assert "<script" not in page.html
        assert [one for one in page.links if "evil" in one or "alert" in one] == [
            one for one in page.links if one.startswith("/messages/") and ("evil" in one or "alert" in one)
        ]


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_mail_says_by_which_rule_and_on_asking_by_which_words(desk: Desk, language: str) -> None:
    """The evidence of its place, the rule and the verdict at once; the sender's words as text."""
    key = desk.notified()
    text = "We have received your request and will review it. <b>"
    found = desk.receive(mail(X, "Re: Two boxes", text, answers=desk.message_id_of(key)))
    assert found.rule
    browser = Browser(PlayedSource(desk.env), language=language)
    page = browser.look(f"/messages/{found.id}")
    assert found.rule in page.words
    assert {"en": "sender verified", "nl": "afzender vastgesteld"}[language] in page.words
    assert "<q>" not in page.html
    why = browser.look(next(one for one in page.links if "why=1" in one).partition("#")[0])
    assert re.search(r"<li>[^<]+: <q>[^<]+</q>", why.html)
    assert "<b>" not in why.html
    case = browser.look(f"/cases/{key.partition('/')[0]}")
    assert found.rule in case.words

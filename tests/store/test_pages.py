# SPDX-License-Identifier: EUPL-1.2
"""The desk at a screen: from a referral to a notification that a second look approved, without script."""

from __future__ import annotations

from typing import Any

import pytest

from flaggermail.record.events import EventKind
from flaggermail.record.rows import Case, Notification
from flaggermail.record.states import NotificationState
from tests.doubles.paged import ARCHIVIST, FORBIDDEN, HEAD, OFFICER2, OK, STRANGER, Browser, PlayedSource, SeenPage
from tests.store.desk_fixtures import REFERRER, Desk, mail

ASSESSED: dict[str, Any] = {
    "incorrect": "true", "contradicts": "Article J 1 of the Elections Act", "criteria": ["3"], "own_attempts": "2",
    "satire": "false",
}  # fmt: skip


@pytest.fixture
def browser(desk: Desk) -> Browser:
    """Returns officer1 at the pages of a desk."""
    return Browser(PlayedSource(desk.env))


def opened(desk: Desk, browser: Browser) -> SeenPage:
    """A referral comes in; returns the page of its case."""
    desk.receive(
        mail(REFERRER, "Wrong polling day", "This account says that one can vote on Friday. https://x.example/1")
    )
    (case,) = desk.all(Case)
    return browser.look(f"/cases/{case.number}")


def decided(desk: Desk, browser: Browser) -> SeenPage:
    """The case is assessed and decided; returns the page for the notification."""
    case = opened(desk, browser)
    assess = browser.look(f"{case.address}/assess")
    page = browser.send(assess, "assess", **ASSESSED)
    return browser.send(page, "decide", decision="notify", reason="Voters may come on the wrong day.")


def test_a_referral_becomes_an_approved_notification_by_forms_alone(desk: Desk, browser: Browser) -> None:
    """Each step is an act of the person in the record, and the draft is sent only after the approval."""
    notify = decided(desk, browser)
    assert notify.address.startswith("/cases/")
    assert notify.status == OK, notify.html
    draft = browser.send(
        notify, "notify", channel="x-urgent", title="Wrong polling day", text="Please check this post."
    )
    assert "Please check this post." in draft.html
    assert [one.state for one in desk.all(Notification)] == [NotificationState.DRAFT]
    head = browser.as_(HEAD)
    approved = head.send(head.look(draft.address.partition("?")[0]), "approve")
    assert approved.status == OK, approved.words
    assert [one.state for one in desk.all(Notification)] == [NotificationState.APPROVED]
    kinds = [event.kind for event in desk.events()]
    assert {EventKind.CASE_ASSESSED, EventKind.CASE_DECIDED} <= set(kinds)


def test_tonight_shows_what_runs_and_what_waits(desk: Desk, browser: Browser) -> None:
    """A case without a decision is an open clock; its page is one press away."""
    case = opened(desk, browser)
    tonight = browser.look("/")
    assert "no decision yet" in tonight.words
    assert case.address in tonight.links


@pytest.mark.parametrize("address", ["/", "/cases", "/quarantine", "/outbox"])
@pytest.mark.parametrize("uid", [STRANGER, 4242])
def test_a_stranger_sees_nothing(desk: Desk, address: str, uid: int) -> None:
    """Whoever is nobody of the desk gets a page that says so, and no word of the record."""
    page = Browser(PlayedSource(desk.env), uid).look(address)
    assert page.status == FORBIDDEN
    assert "oncall.yaml" in page.words or "account" in page.words


def test_a_role_that_may_not_is_told(desk: Desk) -> None:
    """An archivist reads no list of the night."""
    page = Browser(PlayedSource(desk.env), ARCHIVIST).look("/outbox")
    assert page.status == FORBIDDEN


def test_a_refused_form_comes_back_filled_with_its_fault_beside_the_field(desk: Desk, browser: Browser) -> None:
    """The summary links to the field, the field names the fault, and nothing that was typed is lost."""
    case = opened(desk, browser)
    page = browser.look(f"{case.address}/assess")
    refused = browser.send(page, "assess", **(ASSESSED | {"own_attempts": "5000"}))
    assert refused.status == 422
    assert "#assess-own_attempts" in refused.links
    kept = refused.form("assess").fields
    assert ("own_attempts", "5000") in kept
    assert ("contradicts", ASSESSED["contradicts"]) in kept
    assert ("incorrect", "true") in kept
    assert ("criteria", "3") in kept
    assert 'aria-invalid="true"' in refused.html


def test_nothing_is_chosen_beforehand(desk: Desk, browser: Browser) -> None:
    """No field of assessment, decision or recipient has a value that nobody gave."""
    case = opened(desk, browser)
    page = browser.look(f"{case.address}/assess")
    own = {"act", "token", "key", "version"}
    for act in ("assess", "decide"):
        assert {name: text for name, text in page.form(act).fields if name not in own and text} == {}
    notify = decided_again(desk, browser, case)
    assert {name: text for name, text in notify.form("notify").fields if name not in own and text} == {}


def decided_again(desk: Desk, browser: Browser, case: SeenPage) -> SeenPage:
    """Assesses and decides the case; returns the page for the notification."""
    del desk
    page = browser.send(browser.look(f"{case.address}/assess"), "assess", **ASSESSED)
    return browser.send(page, "decide", decision="notify", reason="Voters may come on the wrong day.")


def test_a_form_that_is_sent_twice_acts_once(desk: Desk, browser: Browser) -> None:
    """The key of the form makes the second post a repeat."""
    case = opened(desk, browser)
    page = browser.look(f"{case.address}/assess")
    first = browser.post(page, "assess", **ASSESSED)
    again = browser.post(page, "assess", **ASSESSED)
    assert (first.status, again.status) == (303, 303)
    assert [event.kind for event in desk.events()].count(EventKind.CASE_ASSESSED) == 1


def test_a_stale_page_is_refused_with_who_what_and_when(desk: Desk, browser: Browser) -> None:
    """What one typed stays, beside what somebody else did since."""
    case = opened(desk, browser)
    page = browser.look(f"{case.address}/assess")
    other = browser.as_(OFFICER2)
    other.send(other.look(page.address), "assess", **ASSESSED)
    late = browser.send(page, "assess", **(ASSESSED | {"contradicts": "something else"}))
    assert late.status == 409
    assert ("contradicts", "something else") in late.form("assess").fields
    assert "officer2" in late.words or "B. " in late.words


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_a_post_of_another_site_does_nothing(desk: Desk, browser: Browser, headers: dict[str, str]) -> None:
    """What the browser says of its origin is believed."""
    case = opened(desk, browser)
    before = len(desk.events())
    assert browser.post(case, "take", headers=headers).status == FORBIDDEN
    assert len(desk.events()) == before


def test_a_form_of_another_person_or_page_does_nothing(desk: Desk, browser: Browser) -> None:
    """The token is bound to both, where a browser says nothing of its origin."""
    case = opened(desk, browser)
    before = len(desk.events())
    assert browser.as_(OFFICER2).post(case, "take").status == FORBIDDEN
    page = browser.look(f"{case.address}/assess")
    form = page.form("assess")
    form.fields[:] = [
        ("token", case.form("take").fields[1][1]) if name == "token" else (name, text) for name, text in form.fields
    ]
    assert browser.post(page, "assess", **ASSESSED).status == FORBIDDEN
    assert len(desk.events()) == before


def test_a_page_that_did_not_change_is_not_sent_again(desk: Desk) -> None:
    """By its entity tag; a dead daemon changes it."""
    source = PlayedSource(desk.env)
    mine = Browser(source)
    first = mine.look("/")
    assert mine.look("/", **{"If-None-Match": first.headers["ETag"]}).status == 304
    source.running = False
    again = mine.look("/", **{"If-None-Match": first.headers["ETag"]})
    assert again.status == OK
    assert "daemon does not run" in again.words


STORED = "<script>alert(1)</script> \"' --> ]]> {{ 7*7 }} {% raw %} \u202egnp.exe"


def test_strangers_words_are_text(desk: Desk, browser: Browser) -> None:
    """Whatever a mail holds, no page has an element or a direction of its making."""
    desk.receive(mail(REFERRER, STORED, STORED))
    for page in ("/", "/cases", "/quarantine", *(f"/cases/{one.number}" for one in desk.all(Case))):
        html = browser.look(page).html
        assert "<script" not in html
        assert "\u202e" not in html
    (case,) = desk.all(Case)
    mails = [link for link in browser.look(f"/cases/{case.number}").links if link.startswith("/messages/")]
    html = browser.look(mails[0]).html
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "{{ 7*7 }}" in html


def test_every_page_bears_the_headers_that_keep_others_out(browser: Browser) -> None:
    """No inline style or script, no frame, no address given on, no guess of a media type."""
    for address in ("/", "/static/desk.css", "/cases/VF-NONE"):
        headers = browser.look(address).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert (headers["X-Frame-Options"], headers["Referrer-Policy"]) == ("DENY", "no-referrer")
        assert headers["X-Content-Type-Options"] == "nosniff"

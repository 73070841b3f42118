# SPDX-License-Identifier: EUPL-1.2
"""The desk at a screen: from a referral to a notification that a second look approved, without script."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.commands.approve import Reject
from flaggermail.door.pages import case_page
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import Case, Notification
from flaggermail.record.states import NotificationState
from tests.doubles.paged import ARCHIVIST, FORBIDDEN, HEAD, OFFICER2, OK, STRANGER, Browser, PlayedSource, SeenPage
from tests.store.desk_fixtures import REFERRER, Desk, mail

ASSESSED: dict[str, Any] = {
    "incorrect": "true", "contradicts": "Article J 1 of the Elections Act", "criteria": ["3"], "own_attempts": "2",
    "satire": "false",
}  # fmt: skip


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


def test_an_early_draft_of_many_is_shown(desk: Desk, browser: Browser) -> None:
    """A case with more notifications than a list of a page has lines shows each of them."""
    case = desk.decided()
    for _ in range(51):
        draft = desk.drafted(case=case)
        desk.do(Reject(draft=draft, reason="anew"))
    page = browser.look(f"/drafts/{case}/1")
    assert page.status == OK
    assert f"{case}/1" in page.words


@pytest.mark.parametrize(("minutes", "words"), [(152, "2 hours and 32 minutes"), (13140, "9 days and 3 hours")])
def test_a_wait_is_told_as_in_mails(desk: Desk, browser: Browser, minutes: int, words: str) -> None:
    """From two days on in days."""
    opened(desk, browser)
    desk.clock.set(desk.clock.now() + timedelta(minutes=minutes))
    assert words in browser.look("/").words


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


def shown_first(page: SeenPage) -> str:
    """Returns the list of what happened that is not folded, as HTML."""
    return page.html.partition('id="events"')[2].partition("<details>")[0]


@pytest.mark.parametrize(
    ("language", "assessed", "by_desk", "folded"),
    [
        ("en", "assessment recorded", "the desk · mail received", "token for a reply issued"),
        ("nl", "beoordeling vastgelegd", "de desk · mail ontvangen", "kenmerk voor een antwoord uitgegeven"),
    ],
)
def test_what_happened_is_in_words(desk: Desk, language: str, assessed: str, by_desk: str, folded: str) -> None:
    """Who, what, the latest first; steps that tell an officer nothing are folded."""
    browser = Browser(PlayedSource(desk.env), language=language)
    case = opened(desk, browser)
    browser.send(browser.look(f"{case.address}/assess"), "assess", **ASSESSED)
    page = browser.look(case.address)
    first = shown_first(page)
    assert f"A. Jansen · {assessed}" in first
    assert first.index(assessed) < first.index(by_desk)
    assert folded not in first
    assert folded in page.html
    assert "officer1 ·" not in page.html
    assert "case assessed" not in page.html


def test_events_are_listed_to_the_first(desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of a case has a bounded number of them, and a link to those before, and so on."""
    monkeypatch.setattr(case_page, "LATEST_EVENTS", 7)
    case = opened(desk, browser)
    number = case.address.rpartition("/")[2]
    of_case = [event for event in desk.events() if event.case == number]
    page, parts = case, [case.html.partition("<summary>All events")[2].count('<li><span class="when">')]
    while further := next((one for one in page.links if "/events?" in one and "since=" not in one), None):
        page = browser.look(further)
        parts.append(page.html.count('<li><span class="when">'))
    assert len(parts) > 1
    assert max(parts) == 7
    assert sum(parts) == len(of_case)
    assert "case opened" in page.words


def test_the_latest_mails_from_outside_are_unfolded(desk: Desk, browser: Browser) -> None:
    """What was written apart from what was forwarded; at most three; our own notices to officers are folded."""
    case = opened(desk, browser)
    number = case.address.rpartition("/")[2]
    for at in range(4):
        desk.go_on(1)
        desk.receive(mail(REFERRER, f"[{number}] more {at}", f"Look at this, text {at}.\n\n{FORWARDED}"))
    page = browser.look(case.address)
    texts = [at for at in range(4) if f"Look at this, text {at}." in page.html]
    assert texts == [1, 2, 3]
    assert page.html.count('<details class="card" open>') == 1
    opened_one = page.html.partition('<details class="card" open>')[2].partition("</details>")[0]
    assert "Look at this, text 3." in opened_one
    assert "What was forwarded" in opened_one
    assert "You can vote on Friday too." in opened_one
    others = page.html.partition("Other mails")[2].partition("<details>")[0]
    assert "more 0" in others
    assert "more 1" not in others
    notices = page.html.partition("to officers</summary>")[2].partition("</details>")[0]
    assert "Nieuwe zaak" in notices


FORWARDED = """\
---------- Forwarded message ---------
From: Somebody <somebody@mailprovider.example>
Date: Thu, 6 Jun 2024 at 08:12
Subject: Friday
To: <griffie@lindewaard.example>

You can vote on Friday too.
"""


def test_a_page_of_long_mails_is_small(desk: Desk, browser: Browser) -> None:
    """Each text is cut on the page of the case, whose link leads to the whole of it."""
    case = opened(desk, browser)
    number = case.address.rpartition("/")[2]
    for at in range(3):
        desk.go_on(1)
        desk.receive(
            mail(REFERRER, f"[{number}] long {at}", f"{at} < " * 20_000 + f"\n\n{FORWARDED}" + "word " * 9_000)
        )
    page = browser.look(case.address)
    assert len(page.html.encode()) <= 60_000
    longest = max(
        (browser.look(one) for one in page.links if one.startswith("/messages/")), key=lambda one: len(one.html)
    )
    assert len(longest.html) > 60_000


def test_a_lost_mail_leaves_its_case_readable(desk: Desk, browser: Browser) -> None:
    """A mail whose octets are no longer there is a link in the case."""
    case = opened(desk, browser)
    (stored,) = desk.messages(case=case.address.rpartition("/")[2], direction=Direction.IN)
    assert isinstance(desk.env.store, SqlStore)
    archive = Path(str(desk.env.store.engine.url.database)).parent / "archive"
    (archive / stored.digest[:2] / stored.digest).unlink()
    page = browser.look(case.address)
    assert page.status == OK
    assert f"/messages/{stored.id}" in page.links
    assert "This account says" not in page.html


def test_persons_have_their_names(desk: Desk, browser: Browser) -> None:
    """No page shows the id of a person for their name."""
    notify = decided(desk, browser)
    draft = browser.send(notify, "notify", channel="x-urgent", title="Wrong polling day", text="Please check.")
    case = browser.look(draft.address.partition("?")[0].replace("/drafts/", "/cases/").rpartition("/")[0])
    browser.send(case, "take")
    for address in (case.address, "/cases", draft.address, "/", "/outbox", "/quarantine"):
        words = browser.look(address).words
        assert "officer1" not in words, address
    assert "A. Jansen" in browser.look("/cases").html


def test_outgoing_mail_names_its_recipient(desk: Desk, browser: Browser) -> None:
    """An officer and a platform by their names beside the address; what is settled is a line below what waits."""
    desk.notified()
    desk.server.says(-1, "urgent-escalation@x-platform.example")
    desk.approved()
    desk.settle()
    page = browser.look("/outbox?everything=1")
    waits, _, settled = page.html.partition("<h2>Settled</h2>")
    assert "to X (urgent-escalation@x-platform.example)" in waits
    assert "to A. Jansen (a.jansen@bzk.example)" in settled
    assert "It was sent" not in settled


def test_a_suggestion_names_its_case(desk: Desk, browser: Browser) -> None:
    """By its title, which leads to the case, beside the reasons."""
    desk.notified()
    desk.receive(mail(subject="Re: your note", auth=None))
    (case,) = desk.all(Case)
    page = browser.look("/quarantine")
    assert f'<a href="/cases/{case.number}">{case.title}</a>' in page.html


def test_a_draft_names_its_platform_and_days_are_in_words(desk: Desk, browser: Browser) -> None:
    """The platform by its name in the list of channels, on the draft and on its case; no day in digits alone."""
    notify = decided(desk, browser)
    assert "X: Urgent Escalation Channel" in notify.html
    draft = browser.send(notify, "notify", channel="x-urgent", title="Wrong polling day", text="Please check.")
    assert "to X ·" in draft.html.partition("</title>")[0]
    assert "9 January 2023" in draft.html.partition('<pre class="sent">')[0]
    assert "1 approval is needed." in draft.words
    assert "0 approvals" not in draft.words
    (case,) = desk.all(Case)
    assert "X: Urgent Escalation Channel" in browser.look(f"/cases/{case.number}").words


def test_a_clock_that_stopped_is_named_by_what_stopped_it(desk: Desk, browser: Browser) -> None:
    """No page says of an answer that it has not come."""
    use = desk.notified()
    desk.go_on(5)
    desk.receive(mail(answers=desk.message_id_of(use), at=desk.clock.now()))
    page = browser.look(f"/cases/{use.rpartition('/')[0]}")
    stopped = [line for line in shown_first(page).splitlines() if "clock stopped" in line]
    assert stopped
    assert not any("not confirmed" in line or "no answer" in line for line in stopped)
    assert "first answer of a person" in page.html.partition("<table>")[2].partition("</table>")[0]

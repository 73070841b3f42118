# SPDX-License-Identifier: EUPL-1.2
"""A form that rests on what is no longer so: what changed since, and what the record says beside what was typed."""

from __future__ import annotations

from flaggermail.commands.contact_notes import NoteContact
from flaggermail.record.case_values import ContactMeans
from flaggermail.record.rows import Case
from tests.doubles.paged import HEAD, OFFICER2, Browser, SeenPage
from tests.store.desk_fixtures import Desk
from tests.store.test_page_acts import referred
from tests.store.test_page_forms import without_dead_anchors
from tests.store.test_pages import ASSESSED

STALE = 409
MINE = {**ASSESSED, "contradicts": "Something <else>", "criteria": ["1"], "own_attempts": "2"}


def overtaken(desk: Desk, browser: Browser, act: str = "assess") -> SeenPage:
    """Another officer assesses and decides while the page is open; returns what the first one is told."""
    page = browser.look(f"/cases/{referred(desk)}/assess")
    desk.go_on(5)
    other = browser.as_(OFFICER2)
    assessed = other.send(other.look(page.address), "assess", **ASSESSED)
    other.send(assessed, "decide", decision="notify", reason="Voters may come on the wrong day.")
    fields = MINE if act == "assess" else {"decision": "decline", "ground": "no_criterion", "reason": "Mine."}
    return browser.send(page, act, **fields)


def beside(page: SeenPage, field: str) -> str:
    """Returns what stands beside a field about the record."""
    return page.html.partition(f'id="{field}-now">')[2].partition("</p>")[0]


def test_what_happened_since_is_listed(desk: Desk, browser: Browser) -> None:
    """Each act with who and when, the latest first, and nothing that was there before the page was opened."""
    page = overtaken(desk, browser)
    assert page.status == STALE
    told = page.html.partition("What happened since")[2].partition("</ol>")[0]
    assert told.count("<li>") == 2
    assert told.index("decision recorded: notify a platform") < told.index("assessment recorded")
    assert "10:39</span> · B. de Vries" in told
    assert "B. de Vries assessed" in page.words
    assert "officer2" not in page.words
    assert "case opened" not in told
    without_dead_anchors(page)


def test_what_the_record_says_stands_beside_what_was_typed(desk: Desk, browser: Browser) -> None:
    """In words, where it differs; a field that says the same has nothing beside it."""
    page = overtaken(desk, browser)
    assert ("contradicts", "Something <else>") in page.form("assess").fields
    assert beside(page, "assess-contradicts") == "Recorded now: Article J 1 of the Elections Act"
    assert beside(page, "assess-criteria") == "Recorded now: voters lose the chance to vote"
    assert 'aria-describedby="assess-criteria-hint assess-criteria-now"' in page.html
    assert beside(page, "assess-own_attempts") == beside(page, "assess-satire") == ""


def test_a_decision_that_was_taken_stands_beside_ones_own(desk: Desk, browser: Browser) -> None:
    """Of a form whose fields the record never fills in, too."""
    page = overtaken(desk, browser, "decide")
    assert beside(page, "decide-decision") == "Recorded now: notify a platform"
    assert beside(page, "decide-reason") == "Recorded now: Voters may come on the wrong day."
    assert ("decision", "decline") in page.form("decide").fields


def test_pressing_again_records_it_all_the_same(desk: Desk, browser: Browser) -> None:
    """What nobody filled in on the first page stays as the other had it."""
    page = browser.look(f"/cases/{referred(desk)}/assess")
    other = browser.as_(OFFICER2)
    other.send(other.look(page.address), "assess", **ASSESSED)
    late = browser.send(page, "assess", contradicts="Mine")
    browser.send(late, "assess")
    (case,) = desk.all(Case)
    assert (case.contradicts, case.criteria, case.satire, case.assessed_by) == ("Mine", (3,), False, "officer1")


def test_an_approver_is_told_what_was_noted(desk: Desk, browser: Browser) -> None:
    """On the page of a draft, whose address names its case."""
    draft = desk.drafted()
    head = browser.as_(HEAD)
    page = head.look(f"/drafts/{draft}")
    desk.go_on(1)
    desk.do(NoteContact(case=draft.partition("/")[0], means=ContactMeans.PHONE, text="It is gone."), by="officer2")
    late = head.send(page, "approve")
    assert late.status == STALE
    assert "B. de Vries · contact noted" in late.html.partition("What happened since")[2].partition("</ol>")[0]


def test_a_form_that_is_refused_for_another_reason_says_nothing_of_this(desk: Desk, browser: Browser) -> None:
    """Nobody was faster."""
    page = browser.look(f"/cases/{referred(desk)}/assess")
    refused = browser.send(page, "assess", **{**MINE, "own_attempts": "5000"})
    assert refused.status not in {200, STALE}
    assert "since you opened" not in refused.words
    assert "Recorded now" not in refused.words

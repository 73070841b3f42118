# SPDX-License-Identifier: EUPL-1.2
"""The pages in Debian's Chromium: nothing that axe-core objects to, nothing wider than a telephone, no script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from flaggermail.record.events import EventKind
from flaggermail.record.rows import Case, Notification
from flaggermail.record.states import NotificationState
from tests.corpus import one_in
from tests.doubles.paged import HEAD
from tests.patience import PATIENCE
from tests.store.desk_fixtures import Desk
from tests.tools.page_pictures import LANGUAGES, SCHEMES, Scheme, addresses, served
from tests.tools.played_night import night

pytestmark = [pytest.mark.outside, pytest.mark.xdist_group("browser")]
MILLISECONDS = 1000 * PATIENCE
WIDTHS = (320, 1280)
NAMES = (
    "tonight", "cases", "open", "case", "referral", "events", "assess", "notify", "note", "write", "correct", "draft",
    "message", "attached", "picture", "quarantine", "outbox", "refused", "nothing",
)  # fmt: skip
CELLS = tuple(product(LANGUAGES, WIDTHS, SCHEMES))
MOST_TABS = 120
PRESSES = 8  # of links and buttons; at most 14 were meant


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk in the middle of a night."""
    desk = night(tmp_path_factory.mktemp("night"))
    yield desk
    desk.env.close()


@pytest.fixture(scope="module")
def root(played: Desk) -> Iterator[str]:
    """The address of its pages, for officer1."""
    with served(played) as address:
        yield address


def cells() -> Iterator[tuple[str, tuple[str, int, Scheme]]]:
    """Yields each page with each cell, first with the one after that of the page before."""
    for number, name in enumerate(NAMES):
        for turn in range(len(CELLS)):
            yield name, CELLS[(number * 5 + turn) % len(CELLS)]


def opened(browser: Browser, language: str, wide: int, scheme: Scheme = "light", *, script: bool = False) -> Page:
    """Returns a page of a browser in that language and window; the desk's own pages need no script."""
    context = browser.new_context(
        viewport={"width": wide, "height": 800}, color_scheme=scheme, locale=language, java_script_enabled=script,
        extra_http_headers={"Accept-Language": language},
    )  # fmt: skip
    context.set_default_timeout(MILLISECONDS)
    return context.new_page()


def show(page: Page, played: Desk, root: str, name: str) -> None:
    """Opens one of the `NAMES`: a page, a form that was refused, or what is not there."""
    known = addresses(played)
    page.goto(root + known.get(name, known["assess"] if name == "refused" else "/cases/VF-NONE"))
    if name == "refused":
        page.fill("#assess-own_attempts", "5000")
        page.click("form[aria-labelledby=assessing] button")


@pytest.mark.parametrize(("name", "cell"), one_in(len(CELLS), cells(), 4), ids=str)
def test_axe_objects_to_no_page(
    browser: Browser, played: Desk, root: str, name: str, cell: tuple[str, int, Scheme]
) -> None:
    """Each page, a refused form and a page that is not there; rules of good practice are on beside those of WCAG."""
    language, wide, scheme = cell
    page = opened(browser, language, wide, scheme, script=True)  # for axe itself
    show(page, played, root, name)
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    found = Axe().run(page)
    page.context.close()
    assert found.violations_count == 0, found.generate_report()


def test_nothing_that_is_pressed_is_printed(browser: Browser, played: Desk, root: str) -> None:
    """No page prints its navigation or a button; what was assessed is printed, though it stands in a form."""
    page = opened(browser, "nl", 794)
    page.emulate_media(media="print")
    for name, address in addresses(played).items():
        page.goto(root + address)
        pressed = page.locator(":is(button, nav, .button, footer a):visible")
        assert pressed.all_inner_texts() == [], name
        if name == "assess":
            assert page.locator("#assess-contradicts").is_visible()
    page.context.close()


def tab_to(page: Page, wanted: str) -> None:
    """Presses Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.locator(f"{wanted}:focus").count():
            return
    raise AssertionError(f"{wanted} is not reached by Tab at {page.url}: {page.inner_text('main')[:3000]}")


def follow(page: Page) -> None:
    """Presses Enter on a link or a button, and waits for the page that it leads to."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_notification_by_keyboard_alone_on_a_telephone_without_script(browser: Browser, tmp_path: Path) -> None:
    """From the first page to a draft that a second person approves: Tab, Space, letters and Enter."""
    desk = night(tmp_path)
    (case,) = [one for one in desk.all(Case) if one.decision is None]
    with served(desk) as root, served(desk, HEAD) as heads:
        page = opened(browser, "en", 375)
        page.goto(root)
        for wanted, keys in (
            (f"a[href='/cases/{case.number}']", None), (f"a[href='/cases/{case.number}/assess']", None),
            ("#assess-incorrect-1", " "), ("#assess-contradicts", "Article J 1"), ("#assess-criteria-3", " "),
            ("#assess-own_attempts", "2"), ("form[aria-labelledby=assessing] button", None),
            ("#decide-decision-1", " "), ("#decide-reason", "Voters may come on the wrong day."),
            ("form[aria-labelledby=deciding] button", None), ("#notify-channel", "x: Urgent Escalation Channel (x-urg"),
            ("#notify-text", "Please check this account."), ("main form button", None),
        ):  # fmt: skip
            tab_to(page, wanted)
            if keys is None:
                follow(page)
            else:
                page.keyboard.type(keys)
        draft = page.url.removeprefix(root).partition("?")[0]
        page.context.close()
        head = opened(browser, "nl", 1280)
        head.goto(heads + draft)
        tab_to(head, "form:has(input[value=approve]) button")
        follow(head)
        head.context.close()
    found = desk.row(Notification, draft.removeprefix("/drafts/"))
    assert found.state == NotificationState.APPROVED
    assert found.approved_by == ("head1",)
    acts = [event.kind for event in desk.events() if event.case == case.number and event.actor == "officer1"]
    assert {EventKind.CASE_ASSESSED, EventKind.CASE_DECIDED} <= set(acts)
    desk.env.close()


@dataclass
class Newcomer:
    """Somebody who has read no manual: presses what says what they want, and counts the presses."""

    page: Page
    presses: int = 0

    def press(self, words: str, kind: Literal["link", "button"] = "link") -> None:
        """Presses the first link or button in sight that says so."""
        self.page.get_by_role(kind, name=words).first.click()
        self.presses += 1

    def fill(self, label: str, text: str) -> None:
        """Fills in the field that says so."""
        self.page.get_by_label(label).fill(text)

    def choose(self, question: str, answer: str) -> None:
        """Chooses an answer to a question."""
        self.page.get_by_role("group", name=question).get_by_label(answer).check()


def test_a_newcomer_finds_the_way_from_the_first_page_to_an_approved_notification(
    browser: Browser, tmp_path: Path
) -> None:
    """By the words on the pages alone: eight presses beside the fields, two of them those of the approver."""
    desk = night(tmp_path)
    with served(desk) as root, served(desk, HEAD) as heads:
        walk = Newcomer(opened(browser, "en", 1280))
        walk.page.goto(root)
        walk.press("Stemmen op vrijdag?")
        walk.press("Assess and decide")
        assert not walk.page.get_by_role("button", name="Record the decision").is_visible()  # it would lose the answers
        walk.choose("Is it in fact incorrect or misleading?", "yes")
        walk.fill("Which rule or source does it contradict?", "Article J 1")
        walk.choose("What does it do to a vote?", "voters lose the chance to vote")
        walk.fill("How often did the referrer try themselves?", "1")
        walk.press("Record the assessment", "button")
        assert "repeated attempts means at least 2" in walk.page.inner_text(".banner.done")
        walk.press("Go on to the decision")
        walk.choose("What do you decide?", "notify a platform")
        walk.page.get_by_label("Reason", exact=True).fill("Voters may come on the wrong day.")
        walk.press("Record the decision", "button")
        walk.page.get_by_label("Channel").select_option("x-urgent")
        walk.fill("Your text", "Please check this account.")
        walk.press("Make the draft", "button")
        draft = walk.page.url.rpartition("/drafts/")[2].partition("?")[0]
        head = Newcomer(opened(browser, "nl", 375), walk.presses)
        head.page.goto(heads)
        head.press(f"Concept {draft}")
        head.press("Precies deze tekst goedkeuren", "button")
        found = desk.row(Notification, draft)
        head.page.context.close()
        walk.page.context.close()
    assert (found.state, found.approved_by) == (NotificationState.APPROVED, ("head1",))
    assert head.presses == PRESSES
    desk.env.close()

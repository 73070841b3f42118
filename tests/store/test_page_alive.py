# SPDX-License-Identifier: EUPL-1.2
"""A page says whether anything is new, reloads only if its reader asks, and is sent anew only if it changed."""

from __future__ import annotations

import re

import pytest

from flaggermail.door.desk_health import DeskHealth, SeenFinding
from flaggermail.health.status_document import StatusCode
from tests.doubles.paged import OK, Browser, PlayedSource, SeenPage
from tests.store.desk_fixtures import REFERRER, Desk, mail

CHANGED, UNCHANGED = "Something was recorded since you last looked.", "Nothing was recorded since you last looked."


def again(page: SeenPage) -> str:
    """Returns the address of "look again"."""
    return next(one for one in reversed(page.links) if "since=" in one and "refresh=" not in one)


def test_looking_again_says_whether_anything_is_new(desk: Desk, browser: Browser) -> None:
    """A line in one place either way; it goes on until one has seen it."""
    first = browser.look("/")
    assert CHANGED not in first.words
    assert UNCHANGED not in first.words
    assert UNCHANGED in browser.look(again(first)).words
    desk.receive(mail(REFERRER, "Wrong polling day", "It says Friday. https://x.example/1"))
    for _ in range(2):
        later = browser.look(again(first))
        assert CHANGED in later.words
        assert later.html.count('class="since') == 1
    seen = re.search(r'class="since changed".*?<a href="([^"]+)"', later.html)
    assert seen is not None
    assert UNCHANGED in browser.look(seen[1].replace("&amp;", "&")).words


def test_looking_again_keeps_what_was_asked(desk: Desk, browser: Browser) -> None:
    """The search, not that something was done a moment ago."""
    del desk
    there = again(browser.look("/cases?state=open&correspondent=%26x&done=take&about=m1"))
    assert there.startswith("/cases?")
    assert {"state=open", "correspondent=%26x"} <= set(there.partition("?")[2].split("&"))
    assert "done" not in there
    assert "about" not in there


@pytest.mark.parametrize("since", ["x", "-1", "1e3", "9" * 19, "\u0663", "", "1 OR 1"])
def test_a_version_that_is_none_is_not_one(browser: Browser, since: str) -> None:
    """The page is shown as ever."""
    page = browser.look(f"/?since={since}")
    assert page.status == OK
    assert 'class="since' not in page.html


def test_a_page_reloads_only_if_its_reader_asks(desk: Desk, browser: Browser) -> None:
    """Off by default, switched on and off at the foot; the way back to the page keeps it."""
    first = browser.look("/")
    assert "Refresh" not in first.headers
    on = browser.look(next(one for one in first.links if "refresh=60" in one))
    assert on.headers["Refresh"] == "60"
    assert UNCHANGED in on.words
    desk.receive(mail(REFERRER, "Wrong polling day", "It says Friday. https://x.example/1"))
    assert CHANGED in browser.look(on.address).words
    elsewhere = browser.look("/cases?refresh=60")
    assert "Refresh" not in elsewhere.headers
    assert "/?refresh=60" in elsewhere.links
    off = browser.look(next(one for one in on.links if one == "/" and one != on.address))
    assert "Refresh" not in off.headers


@pytest.mark.parametrize("every", ["0", "1", "61", "60; url=https://evil.example", "060"])
def test_no_other_pace_and_no_other_page(browser: Browser, every: str) -> None:
    """Nobody's link makes a page reload without pause, or lead elsewhere."""
    assert "Refresh" not in browser.look(f"/?refresh={every}").headers


def test_what_can_be_filled_in_never_reloads(desk: Desk, browser: Browser) -> None:
    """Whatever the address asks; a page with a refused form neither."""
    desk.receive(mail(REFERRER, "Wrong polling day", "It says Friday. https://x.example/1"))
    case = desk.decided()
    for address in (
        f"/cases/{case}",
        f"/cases/{case}/assess",
        f"/cases/{case}/notify",
        "/quarantine",
        "/outbox",
        "/cases",
    ):
        page = browser.look(f"{address}?refresh=60")
        assert page.status == OK
        assert "Refresh" not in page.headers


def test_a_page_is_sent_anew_only_if_it_changed(desk: Desk) -> None:
    """By the record, the minute, the person, the language, and how the desk works."""
    source = PlayedSource(desk.env)
    browser = Browser(source)
    for address in ("/", "/cases", "/quarantine", "/outbox", "/?refresh=60"):
        tag = browser.look(address).headers["ETag"]
        same = browser.look(address, **{"If-None-Match": tag})
        assert (same.status, same.headers.get("Refresh")) == (304, "60" if "refresh" in address else None)
        source.health = DeskHealth((SeenFinding(StatusCode.UNREAD),))
        assert browser.look(address, **{"If-None-Match": tag}).status == OK
        source.health = DeskHealth()
        assert browser.look(address, **{"If-None-Match": tag, "Accept-Language": "nl"}).status == OK
    desk.receive(mail(REFERRER, "Wrong polling day", "It says Friday. https://x.example/1"))
    assert browser.look(address, **{"If-None-Match": tag}).status == OK
    tag = browser.look("/").headers["ETag"]
    desk.go_on(1)
    assert browser.look("/", **{"If-None-Match": tag}).status == OK

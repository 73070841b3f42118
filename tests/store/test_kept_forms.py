# SPDX-License-Identifier: EUPL-1.2
"""A form that is left half filled comes back to its person alone, for a day, and is no part of the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.desk.kept_forms import KEPT_FOR, LONGEST_KEPT, MOST_KEPT
from flaggermail.ports import KeptForm
from flaggermail.record.rows import Case
from tests.doubles.paged import OFFICER2, OK, Browser, SeenPage
from tests.store.desk_fixtures import Desk
from tests.store.samples import NOON
from tests.store.test_page_acts import referred
from tests.store.test_pages import ASSESSED

HALF: dict[str, Any] = {
    "incorrect": "true",
    "contradicts": "Article <J> 1",
    "criteria": ["2"],
    "own_attempts": "many",
}


def keep(browser: Browser, page: SeenPage, act: str, **fields: Any) -> SeenPage:  # noqa: ANN401 - as of a form
    """Presses the button that keeps a form."""
    return pressed(browser, page, act, "keep", **fields)


def pressed(browser: Browser, page: SeenPage, act: str, aim: str, **fields: Any) -> SeenPage:  # noqa: ANN401 - as above
    """Presses another button of a form than that of its act."""
    form = page.form(act)
    assert f'name="aim" value="{aim}" formnovalidate' in page.html
    form.fields.append(("aim", aim))
    return browser.send(page, act, **fields)


def typed(page: SeenPage, act: str) -> set[tuple[str, str]]:
    """Returns the fields of a form but for those that no person fills in."""
    return {(name, text) for name, text in page.form(act).fields if name not in {"token", "key", "version", "act"}}


def test_a_kept_form_comes_back_as_it_was_left(desk: Desk, browser: Browser) -> None:
    """With the time; what is wrong in it is no matter yet, and nothing stands in the record."""
    case, before = referred(desk), len(desk.events())
    page = keep(browser, browser.look(f"/cases/{case}/assess"), "assess", **HALF)
    assert "Nothing was sent or recorded." in page.words
    desk.go_on(90)
    again = browser.look(f"/cases/{case}/assess")
    assert "Not sent yet: kept at 10:34." in again.words
    filled = {("incorrect", "true"), ("contradicts", "Article <J> 1"), ("criteria", "2"), ("own_attempts", "many")}
    assert filled <= typed(again, "assess")
    assert {name for name, text in typed(again, "assess") if text} == {name for name, _ in filled}
    assert {name for name, text in typed(again, "decide") if text} == set()
    assert [event for event in desk.events()[before:] if event.actor == "officer1"] == []
    desk.assert_whole()


def test_nobody_else_sees_a_kept_form(desk: Desk, browser: Browser) -> None:
    """Neither its words nor that there is one."""
    case = referred(desk)
    keep(browser, browser.look(f"/cases/{case}/assess"), "assess", **HALF)
    other = browser.as_(OFFICER2).look(f"/cases/{case}/assess")
    assert "Article" not in other.html.partition('id="deciding"')[0].replace("article of the", "")
    assert "kept at" not in other.words


def test_what_is_done_is_kept_no_longer(desk: Desk, browser: Browser) -> None:
    """The form that is sent takes what was kept with it, and leaves the other form of the page."""
    case = referred(desk)
    address = f"/cases/{case}/assess"
    keep(browser, browser.look(address), "assess", **HALF)
    keep(browser, browser.look(address), "decide", reason="Voters may come on the wrong day.")
    browser.send(browser.look(address), "assess", **ASSESSED)
    page = browser.look(address)
    assert page.words.count("kept at") == 1
    assert ("reason", "Voters may come on the wrong day.") in typed(page, "decide")
    assert ("contradicts", ASSESSED["contradicts"]) in typed(page, "assess")


def test_what_is_kept_can_be_discarded(desk: Desk, browser: Browser) -> None:
    """By a button that is there only then."""
    case = referred(desk)
    address = f"/cases/{case}/note"
    assert 'value="discard"' not in browser.look(address).html
    page = keep(browser, browser.look(address), "note", text="They have it")
    page = pressed(browser, browser.look(address), "note", "discard")
    assert "What you kept is discarded." in page.words
    assert "They have it" not in page.html


def test_a_kept_form_goes_after_a_day(desk: Desk, browser: Browser) -> None:
    """It is shown no longer, and the next form that is kept takes its row away."""
    case = referred(desk)
    keep(browser, browser.look(f"/cases/{case}/note"), "note", text="They have it")
    desk.clock.set(desk.clock.now() + KEPT_FOR + timedelta(seconds=1))
    assert "They have it" not in browser.look(f"/cases/{case}/note").html
    keep(browser, browser.look("/cases/new"), "open", title="Two boxes")
    assert desk.env.store.forms.of("officer1", f"/cases/{case}/note") == []


def test_few_forms_are_kept_and_none_that_is_long(desk: Desk, browser: Browser) -> None:
    """The oldest goes for the latest; a text that is too long comes back with the reason."""
    cases = [desk.decided() for _ in range(MOST_KEPT + 1)]
    for case in cases:
        desk.go_on(1)
        keep(browser, browser.look(f"/cases/{case}/note"), "note", text=f"about {case}")
    kept = [bool(desk.env.store.forms.of("officer1", f"/cases/{case}/note")) for case in cases]
    assert kept == [False, *[True] * MOST_KEPT]
    long = "x" * (LONGEST_KEPT + 1)
    refused = keep(browser, browser.look(f"/cases/{cases[0]}/note"), "note", text=long)
    assert refused.status != OK
    assert ("text", long) in typed(refused, "note")
    assert desk.env.store.forms.of("officer1", f"/cases/{cases[0]}/note") == []


def test_a_kept_form_rests_on_what_its_person_saw(desk: Desk, browser: Browser) -> None:
    """Somebody else assessed meanwhile: sending what was kept is refused, and keeps what was typed."""
    case = referred(desk)
    address = f"/cases/{case}/assess"
    keep(browser, browser.look(address), "assess", **(HALF | {"own_attempts": "2"}))
    other = browser.as_(OFFICER2)
    other.send(other.look(address), "assess", **ASSESSED)
    late = browser.send(browser.look(address), "assess")
    assert late.status == 409, late.words[:600]
    assert ("contradicts", "Article <J> 1") in typed(late, "assess")
    browser.send(late, "assess")
    (found,) = [one for one in desk.all(Case) if one.number == case]
    assert (found.contradicts, found.satire) == ("Article <J> 1", False)  # what one left open stays as the other had it


def test_a_page_with_a_kept_form_is_kept_by_no_browser(desk: Desk, browser: Browser) -> None:
    """What was kept moves no event, so no entity tag could tell it."""
    case = desk.decided()
    address = f"/cases/{case}/notify"
    tag = browser.look(address).headers["ETag"]
    assert browser.look(address, **{"If-None-Match": tag}).status == 304
    keep(browser, browser.look(address), "notify", text="Please check this post.")
    again = browser.look(address, **{"If-None-Match": tag})
    assert again.status == OK
    assert again.headers["Cache-Control"] == "no-store"
    assert ("text", "Please check this post.") in typed(again, "notify")


@pytest.mark.parametrize("aim", ["keep", "discard", "nonsense"])
def test_no_other_form_is_kept(desk: Desk, browser: Browser, aim: str) -> None:
    """Only those in which one types much; a button that the page does not have does nothing."""
    page, before = browser.look(f"/cases/{desk.decided()}"), len(desk.events())
    page.form("close").fields.append(("aim", aim))
    assert browser.post(page, "close").status == 400
    assert len(desk.events()) == before


def test_both_engines_keep_the_newest_of_a_person(store: SqlStore) -> None:
    """A later one takes the place of the one before it; beyond the bound the oldest goes; each goes once it is old."""
    made = [KeptForm("officer1", f"/cases/{number}", "note", NOON + timedelta(minutes=number), 7, {"text": ("é\n",)})
            for number in range(4)]  # fmt: skip
    for one in made:
        store.forms.keep(one, 3)
    assert [store.forms.of("officer1", one.page) for one in made] == [[], *([one] for one in made[1:])]
    again = replace(made[3], texts={"text": ("later",)}, version=None)
    store.forms.keep(again, 3)
    assert store.forms.of("officer1", again.page) == [again]
    assert store.forms.of("officer2", again.page) == []
    assert store.forms.forget(made[2].at) == 1
    store.forms.discard("officer1", again.page, "note")
    assert [len(store.forms.of("officer1", one.page)) for one in made] == [0, 0, 1, 0]

# SPDX-License-Identifier: EUPL-1.2
"""Approving on a page: the one-time code beside the login, which is good once and is kept and shown nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from flaggermail.commands.devices import RevokeDevice
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as AnsweringDesk
from flaggermail.record.events import EventKind
from flaggermail.record.rows import Device
from flaggermail.record.states import NotificationState
from flaggermail.reminders import paging
from flaggermail.stories.doubles import ListPager
from tests.attacks.approving import App, a_desk, asked, replied, settings_for, with_app
from tests.doubles.paged import HEAD, OFFICER1, OK, SEEN, Browser, PlayedSource, SeenPage
from tests.store.desk_fixtures import Desk

REFUSED = 422


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Returns a desk that approves by codes of the officers' own devices."""
    return a_desk(tmp_path, settings_for("totp"))


def shown(desk: Desk, draft: str, uid: int = OFFICER1, language: str = "en") -> tuple[Browser, SeenPage]:
    """Returns a person's browser at the page of a draft, and the page."""
    browser = Browser(PlayedSource(desk.env), uid, language)
    return browser, browser.look(f"/drafts/{draft}")


def state(desk: Desk, draft: str) -> NotificationState:
    """Returns the state of a draft."""
    return desk.notification(draft).state


def device(desk: Desk) -> Device:
    """Returns the only device."""
    (found,) = desk.all(Device)
    return found


def wrong(app: App) -> str:
    """Returns six digits that count at no time near now."""
    near = {app.code(30 * step) for step in range(-300, 4)}
    return next(code for code in map(str, range(100_000, 999_999)) if code not in near)


def test_a_code_of_the_own_app_approves_once(desk: Desk) -> None:
    """The approval is the person's; the same code approves no second draft."""
    app, first = with_app(desk, "officer1"), desk.drafted()
    browser, page = shown(desk, first)
    field = re.search(r'<input id="approve-code"[^>]*>', page.html)
    assert field is not None
    assert 'autocomplete="one-time-code"' in field[0]
    assert 'inputmode="numeric"' in field[0]
    code = app.code()
    assert browser.send(page, "approve", code=f"{code[:3]} {code[3:]}").status == OK
    assert state(desk, first) is NotificationState.APPROVED
    (approved,) = (event for event in desk.events() if event.kind is EventKind.NOTIFICATION_APPROVED)
    assert approved.actor == "officer1"
    second = desk.drafted()
    browser, page = shown(desk, second)
    refused = browser.send(page, "approve", code=code)
    assert (refused.status, state(desk, second)) == (REFUSED, NotificationState.DRAFT)
    assert "this code was used before" in refused.words


@pytest.mark.parametrize("code", ["", "akkoord", "12345", "1234567"])
def test_without_a_code_nothing_is_approved(desk: Desk, code: str) -> None:
    """The fault is in the summary, which leads to the field; what is no code of an app is not counted as a guess."""
    with_app(desk, "officer1")
    draft = desk.drafted()
    browser, page = shown(desk, draft)
    refused = browser.send(page, "approve", code=code)
    assert (refused.status, state(desk, draft)) == (REFUSED, NotificationState.DRAFT)
    assert "#approve-code" in refused.links
    assert "the code is missing or wrong" in refused.words
    assert device(desk).wrong_codes == 0


def test_a_form_without_the_field_needs_a_code_too(desk: Desk) -> None:
    """Whoever leaves the field away, or says that the record had filled it, has given no code."""
    with_app(desk, "officer1")
    draft = desk.drafted()
    browser, page = shown(desk, draft)
    form = page.form("approve")
    form.fields[:] = [(name, text) for name, text in form.fields if name != "code"]
    assert browser.send(page, "approve").status == REFUSED
    assert state(desk, draft) is NotificationState.DRAFT


def test_five_wrong_codes_lock_the_device(desk: Desk) -> None:
    """Each is counted though the act is refused; then the right one does nothing, and the page says what remains."""
    app = with_app(desk, "officer1")
    draft = desk.drafted()
    for tried in range(1, 6):
        browser, page = shown(desk, draft)
        assert browser.send(page, "approve", code=wrong(app)).status == REFUSED
        assert device(desk).wrong_codes == tried
    assert device(desk).locked_at is not None
    refused = browser.post(page, "approve", code=app.code())
    assert (refused.status, state(desk, draft)) == (REFUSED, NotificationState.DRAFT)
    _, page = shown(desk, draft)
    assert [one.act for one in page.forms] == ["reject"]
    assert "locked after five wrong codes" in page.words
    assert f"flaggermail approve {draft}" in page.words


def test_a_code_is_not_counted_where_the_approval_is_refused_anyway(desk: Desk) -> None:
    """It stays good for the draft that one meant."""
    app = with_app(desk, "officer1")
    draft = desk.drafted()
    browser, page = shown(desk, draft)
    code = app.code()
    wanted = page.form("approve")
    wanted.fields[:] = [
        ("draft", "VF-EP2024-9999/1") if name == "draft" else (name, text) for name, text in wanted.fields
    ]
    assert browser.send(page, "approve", code=code).status not in {OK, SEEN}
    browser, page = shown(desk, draft)
    assert browser.send(page, "approve", code=code).status == OK


def test_a_code_is_kept_and_shown_nowhere(desk: Desk, tmp_path: Path) -> None:
    """Neither the right one nor a wrong one is in a page, the database, its log, an event or the journal."""
    app = with_app(desk, "officer1")
    draft = desk.drafted()
    with capture_logs() as logged:
        browser, page = shown(desk, draft)
        tried, right = wrong(app), app.code()
        refused = browser.send(page, "approve", code=tried)
        approved = browser.send(refused, "approve", code=right)
    assert approved.status == OK
    held = b"".join(file.read_bytes() for file in tmp_path.glob("database*"))
    everything = held + f"{refused.html}{approved.html}{logged}{desk.events()}{desk.all(Device)}".encode()
    for code in (tried, right):
        assert re.search(rb"(?<![0-9A-Za-z.])" + code.encode() + rb"(?![0-9A-Za-z])", everything) is None
    assert dict(refused.form("approve").fields)["code"] == ""


def test_a_press_that_is_repeated_approves_once(desk: Desk) -> None:
    """The key of the form decides, not the code, which is no part of what is kept."""
    app = with_app(desk, "officer1")
    draft = desk.drafted()
    browser, page = shown(desk, draft)
    code = app.code()
    assert [browser.post(page, "approve", code=one).status for one in (code, code, app.code(30))] == [SEEN] * 3
    kinds = [event.kind for event in desk.events()]
    assert kinds.count(EventKind.NOTIFICATION_APPROVED) == 1


def test_a_code_of_a_colleague_approves_nothing(desk: Desk) -> None:
    """Each has their own device, whose codes are theirs alone."""
    app = with_app(desk, "officer1")
    with_app(desk, "head1")
    draft = desk.drafted()
    head, page = shown(desk, draft, HEAD)
    refused = head.send(page, "approve", code=app.code())
    assert (refused.status, state(desk, draft)) == (REFUSED, NotificationState.DRAFT)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "no app for codes is enrolled for"), ("nl", "geen app met codes geactiveerd")]
)
def test_an_approver_without_a_device_is_told_what_remains(desk: Desk, language: str, words: str) -> None:
    """The page offers no button that cannot work; the terminal, where the login counts, still approves."""
    draft = desk.drafted()
    _, page = shown(desk, draft, language=language)
    assert [one.act for one in page.forms] == ["reject"]
    assert words in page.words
    assert "officer1" not in page.words
    assert f"flaggermail approve {draft}" in page.words
    AnsweringDesk(lambda: desk.env, Caller(login="officer1")).answer("approve", {"draft": draft})
    assert state(desk, draft) is NotificationState.APPROVED


def test_a_revoked_device_approves_nothing(desk: Desk) -> None:
    """A page that was open before is refused."""
    app = with_app(desk, "officer1")
    draft = desk.drafted()
    browser, page = shown(desk, draft)
    desk.do(RevokeDevice(officer="officer1"), by="clerk")
    assert browser.send(page, "approve", code=app.code()).status == REFUSED
    assert state(desk, draft) is NotificationState.DRAFT


@pytest.mark.parametrize("by_reply", [None, "off", "mail"])
def test_where_a_desk_has_no_second_factor_the_login_approves(tmp_path: Path, by_reply: str | None) -> None:
    """The page says so, and has no field."""
    desk = a_desk(tmp_path, settings_for(by_reply))
    draft = desk.drafted()
    browser, page = shown(desk, draft)
    assert "your login approves" in page.words
    assert "code" not in page.form("approve").names
    assert browser.send(page, "approve").status == OK
    assert state(desk, draft) is NotificationState.APPROVED


def test_a_code_by_pager_approves_the_draft_that_it_was_sent_for(tmp_path: Path) -> None:
    """It is bound to person and draft; whoever has no pager, or got no code, is told what remains."""
    desk = a_desk(tmp_path, settings_for("pager", pagers=["officer1"]))
    first, second = desk.drafted(), desk.drafted()
    paging.drain(desk.env)
    assert isinstance(desk.env.pager, ListPager)
    called = re.findall(r"\b[A-HJ-NP-Z2-9]{6}\b", str(desk.env.pager.calls))
    assert len(called) == 2
    browser, page = shown(desk, first)
    assert browser.send(page, "approve", code=called[1]).status == REFUSED
    assert browser.send(browser.look(page.address), "approve", code=called[0]).status == OK
    assert (state(desk, first), state(desk, second)) == (NotificationState.APPROVED, NotificationState.DRAFT)
    _, head = shown(desk, second, HEAD)
    assert "approve" not in [one.act for one in head.forms]
    assert "no pager is configured for" in head.words


def test_a_code_that_came_by_mail_is_spent_for_the_page(desk: Desk) -> None:
    """Whoever reads the mailbox may have seen it."""
    app = with_app(desk, "officer1")
    first, code = desk.drafted(), app.code()
    replied(desk, asked(desk, "officer1"), f"akkoord {code}")
    assert state(desk, first) is NotificationState.APPROVED
    second = desk.drafted()
    browser, page = shown(desk, second)
    assert browser.send(page, "approve", code=code).status == REFUSED
    assert state(desk, second) is NotificationState.DRAFT

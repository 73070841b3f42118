# SPDX-License-Identifier: EUPL-1.2
"""The first page: how the desk works before all else, and what each page says of it at its top."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from flaggermail.commands.cases import OpenCase
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as AskedDesk
from flaggermail.desk.views import tonight
from flaggermail.door.desk_health import DeskHealth, SeenFinding, health_of
from flaggermail.errors import StoreBusy
from flaggermail.health.status_document import StatusCode
from flaggermail.mail.message import Json
from flaggermail.record.case_values import CaseType, Origin
from flaggermail.record.rows import OutboxMail
from flaggermail.record.states import MailState
from flaggermail.stories.scenario_file import ScriptedAnswer
from tests.doubles.paged import OK, Browser, PlayedSource
from tests.doubles.told_status import gathered
from tests.store.desk_fixtures import X_CHANNEL, Desk

READ = "2024-06-06T10:33:00+02:00"
FINE = DeskHealth(read_at=READ)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("last read 10:33", "mail leaves", "no page of the last 24 hours was lost")),
        ("nl", ("voor het laatst gelezen 10:33", "mail wordt verzonden", "geen oproep")),
    ],
)
def test_health_comes_first(desk: Desk, language: str, words: tuple[str, ...]) -> None:
    """Mailbox, outgoing mail and pagers, before clocks, drafts and mail."""
    page = Browser(PlayedSource(desk.env, health=FINE), language=language).look("/")
    assert [one for one in words if one not in page.words] == []
    assert page.html.index(words[0]) < page.html.index('id="clocks"')


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("code", list(StatusCode))
def test_each_page_says_what_is_wrong_and_since_when(desk: Desk, code: StatusCode, language: str) -> None:
    """In the reader's language; what a probe measured is marked as English."""
    health = DeskHealth((SeenFinding(code, "2024-06-05T21:03:00+02:00", "clock: <late>"),))
    browser = Browser(PlayedSource(desk.env, health=health), language=language)
    for address in ("/", "/cases", "/quarantine", "/outbox"):
        page = browser.look(address)
        banner = page.html.partition('class="banner wrong"')[2].partition("</div>")[0]
        assert {"en": "(since 5 June 2024, 21:03", "nl": "(sinds 5 juni 2024"}[language].split(",")[0] in banner
        assert 'lang="en">clock: &lt;late&gt;<' in banner


def test_tonight_says_of_each_part_since_when(desk: Desk) -> None:
    """A mailbox that is not read, a server that takes nothing, pages that reached nobody."""
    at = "2024-06-06T09:15:00+02:00"
    found = (SeenFinding(StatusCode.UNREACHABLE, READ), SeenFinding(StatusCode.WAITS, at))
    health = DeskHealth(found, READ, undelivered=2, undelivered_since=at)
    words = Browser(PlayedSource(desk.env, health=health)).look("/").words
    assert "The mailbox cannot be reached. last read 10:33" in words
    assert "Mail waits for the mail server. since 09:15" in words
    assert "2 pages of the last 24 hours reached nobody since 09:15" in words


def test_without_a_daemon_nothing_is_called_fine(desk: Desk) -> None:
    """What the last status said of mail and pagers may no longer be so."""
    page = Browser(PlayedSource(desk.env, running=False, health=FINE)).look("/")
    assert page.html.count(">unknown<") == 3
    assert "mail leaves" not in page.words


def test_the_facts_are_those_of_the_daemons_status(desk: Desk) -> None:
    """As it writes them; what another version writes is shown, and what is malformed left out."""
    desk.notified()
    seen = replace(gathered(desk.env), link=False, looks={"INBOX": desk.clock.now() - timedelta(hours=1)})
    health = health_of(seen.document())
    assert [one.code for one in health.findings] == [StatusCode.UNREACHABLE, StatusCode.UNREAD]
    assert health.read_at == health.findings[0].since == (desk.clock.now() - timedelta(hours=1)).astimezone(
        desk.env.settings.zone
    ).isoformat()  # fmt: skip
    odd: dict[str, Json] = {
        "findings": [{"code": "sun spots", "since": "soon", "detail": "many"}, 3],
        "mailbox": [],
        "pages": {"x": ""},
    }
    assert health_of(odd) == DeskHealth((SeenFinding(StatusCode.PROBE, "", "sun spots many"),))


def test_a_database_that_is_away_is_said_in_words_and_since_when(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """A page instead of the one that was asked for, with what the daemon knows at its top."""
    health = DeskHealth((SeenFinding(StatusCode.DATABASE, READ, "database: locked"),))
    browser = Browser(PlayedSource(desk.env, health=health))
    assert browser.look("/").status == OK

    def away(_: object) -> None:
        raise StoreBusy("the database gave no answer")

    monkeypatch.setattr(type(desk.env.store), "read", away)
    page = browser.look("/cases")
    assert page.status == 503
    assert "The database cannot be used: everything waits. (since 6 June 2024" in page.words
    assert page.headers["Cache-Control"] == "no-store"


def test_mail_in_doubt_is_first_on_each_part_of_the_outbox(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However late it was queued, it is on the first part, once, and can be resolved there; nothing is left out."""
    monkeypatch.setattr("flaggermail.door.pages.desk_pages.CARDS", 2)
    desk.server.script[:] = [ScriptedAnswer(to=X_CHANNEL, code=-1), ScriptedAnswer(code=450, text="busy")]
    desk.drafted()
    desk.go_on(1)
    doubtful = desk.mail_of(desk.notified()).id
    queued = {one.id for one in desk.all(OutboxMail) if one.state is not MailState.UNCERTAIN}
    assert (len(queued) > 2, desk.row(OutboxMail, doubtful).state) == (True, MailState.UNCERTAIN)
    browser = Browser(PlayedSource(desk.env))
    page, seen = browser.look("/outbox"), list[list[str]]()
    while True:
        seen.append(re.findall(r'<li class="card[^"]*" id="([^"]+)"', page.html))
        further = next((one for one in page.links if "cursor=" in one and "since=" not in one), None)
        if further is None:
            break
        page = browser.look(further)
    assert len(seen) > 1
    assert [part[0] for part in seen] == [doubtful] * len(seen)
    assert sorted(one for part in seen for one in part[1:]) == sorted(queued)
    assert f"/outbox?mail={doubtful}" in browser.look("/").links
    for one in (doubtful, *queued):  # Tonight links to each by itself
        assert re.findall(r'<li class="card[^"]*" id="([^"]+)"', browser.look(f"/outbox?mail={one}").html) == [one]
    assert browser.look("/outbox?state=uncertain").html.count('<li class="card') == 1
    browser.send(browser.look("/outbox"), "sent", sent_at=desk.clock.now().isoformat())
    assert desk.row(OutboxMail, doubtful).state is MailState.ACCEPTED


def test_what_is_not_shown_is_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest clocks of cases and notifications together; the counts are of all, whatever is listed."""
    for title in ("a", "b", "c", "d"):
        desk.do(OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.MEDIA, title=title))
        desk.go_on(7)
    desk.notified()
    desk.go_on(120)
    ask = AskedDesk(lambda: desk.env, Caller(login="officer1")).answer
    every = ask("tonight")
    monkeypatch.setattr(tonight, "MOST_SHOWN", 2)
    few = ask("tonight")
    assert few["in_all"] == every["in_all"]
    assert few["clocks"] == every["clocks"][:2]  # type: ignore[index]  # a list of JSON
    assert every["in_all"] == {"clocks": 5, "late": 5, "awaited": 0, "drafts": 0, "messages": 0, "doubtful": 0}

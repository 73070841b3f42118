# SPDX-License-Identifier: EUPL-1.2
"""`oncall page` queues a test page to each pager; the daemon calls them, after all others, and no alarm follows."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from flaggermail.cli.session import Session
from flaggermail.commands.oncall import TryPagers
from flaggermail.commands.outcome import PageFact
from flaggermail.errors import Refusal
from flaggermail.health.status_gathering import gather
from flaggermail.record.events import EventKind
from flaggermail.record.states import OfficerRole, PageState
from flaggermail.reminders import paging
from flaggermail.reminders.sending import tick
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.model import PagerSettings
from flaggermail.stories.doubles import ListPager, SetClock
from tests import asking
from tests.acting import run
from tests.command_line import type_here
from tests.story.conftest import NOW
from tests.story.test_late import notify
from tests.story.test_pagers import calls, kinds

PAGERS = (PagerSettings(credential="first", after=5), PagerSettings(credential="second", after=10))
TAKEN = [{"pager": "first", "taken": True, "why": ""}, {"pager": "second", "taken": True, "why": ""}]


@pytest.fixture
def paged(env: Services) -> Services:
    """Builds a desk whose officers each have two pagers; officer2 only assesses."""
    made = tuple(
        one.model_copy(
            update={"pagers": PAGERS, **({"roles": (OfficerRole.ASSESSOR,)} if one.id == "officer2" else {})}
        )
        for one in env.settings.oncall.officers
    )
    oncall = env.settings.oncall.model_copy(update={"officers": made})
    return replace(env, settings=env.settings.model_copy(update={"oncall": oncall}))


def pages(env: Services) -> list[tuple[str, str, PageState]]:
    """Returns officer, pager and state of each page."""
    return [(page.officer, page.pager, page.state) for page in asking.pages(env)]


def test_each_pager_is_called_once_by_the_daemon(paged: Services) -> None:
    """The command calls nobody; its facts name the pages, and the record keeps each and its result."""
    outcome = run(paged, TryPagers(officer="officer1"), "officer1")
    assert outcome.text.in_language("nl") == "medewerker officer1: 2 pagers worden met een testbericht opgeroepen"
    assert outcome.did.pages == tuple(
        PageFact(page=f"trial/officer1/{NOW.isoformat()}/{at}", pager=name, held=False)
        for at, name in enumerate(("first", "second"))
    )
    assert calls(paged) == []
    assert run(paged, TryPagers(officer="officer1"), "officer1").did == outcome.did  # asked twice in one instant
    assert paging.drain(paged) == 2
    assert calls(paged) == [("first", "proefoproep"), ("second", "proefoproep")]
    assert pages(paged) == [("officer1", name, PageState.SENT) for name in ("first", "second")]
    assert kinds(paged) == [
        *(EventKind.PAGE_QUEUED,) * 2, *(EventKind.PAGE_ATTEMPTED, EventKind.PAGE_SENT) * 2,
    ]  # fmt: skip


def test_failed_trials_raise_no_alarm_and_no_finding(paged: Services) -> None:
    """Whoever tries pagers sees what failed; status counts only pages that were to wake somebody."""
    assert isinstance(paged.pager, ListPager)
    paged.pager.broken |= {"first", "second"}
    run(paged, TryPagers(officer="officer1"), "officer1")
    assert paging.drain(paged) == 2
    assert asking.alarms(paged) == []
    with paged.store.read() as tx:
        found = gather(UnitOfWork(paged, tx, paged.clock.now()), link=True)
    assert not any(found.pages.values())


def test_a_trial_takes_no_call_from_the_night(paged: Services, clock: SetClock) -> None:
    """Test pages have a limit of their own, beyond which they are held; a reminder's page is called before them."""
    for minute in range(7):
        clock.set(NOW + timedelta(minutes=minute))
        run(paged, TryPagers(officer="officer1"), "officer1")
    states = [state for _, _, state in pages(paged)]
    assert (states.count(PageState.QUEUED), states.count(PageState.HELD)) == (12, 2)
    notify(paged, 1, clock.now() - timedelta(minutes=66))
    tick(paged)
    clock.set(clock.now() + timedelta(minutes=6))
    paging.tick(paged)
    paging.drain(paged)
    assert calls(paged)[0] != ("first", "proefoproep")
    assert len(calls(paged)) == 13


@pytest.mark.parametrize(
    ("by", "officer", "code"),
    [
        ("officer2", "officer1", "pagers of another"),
        ("officer1", "nobody", "officer not in rota"),
    ],
)
def test_an_assessor_tries_only_their_own(paged: Services, by: str, officer: str, code: str) -> None:
    """The refusal names the field; nothing is queued. An officer tries everybody's pagers, an assessor their own."""
    with pytest.raises(Refusal) as caught:
        run(paged, TryPagers(officer=officer), by)
    assert (caught.value.code, caught.value.where) == (code, "officer")
    assert pages(paged) == []
    run(paged, TryPagers(officer="officer2"), "officer2")
    assert len(pages(paged)) == 2


def test_the_command_line_waits_for_the_calls(paged: Services) -> None:
    """It asks for the pages until each has a result; `--json` keeps its fields beside those of a command."""
    daemon = threading.Timer(0.5, paging.drain, (paged,))
    daemon.start()
    ran = type_here(
        ["oncall", "page", "officer1", "--json"], Session(paged.settings.directory, given=paged, officer="officer1")
    )
    daemon.join()
    assert isinstance(ran.json, dict)
    assert (ran.status, ran.json["pagers"]) == (0, TAKEN)
    assert {"key", "state", "warnings", "did", "version"} <= set(ran.json)


def test_without_a_daemon_the_command_line_says_so(paged: Services) -> None:
    """When the time is over, what was not called is said, with what shows it later; the exit status is 1."""
    session = Session(paged.settings.directory, given=paged, officer="officer1")
    ran = type_here(["oncall", "page", "officer1", "--wait", "0"], session)
    says = "not called yet; `flaggermail oncall pages` shows the result, `flaggermail status` whether the daemon runs"
    assert (ran.status, ran.out) == (1, f"first: {says}\nsecond: {says}\n")

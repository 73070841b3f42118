# SPDX-License-Identifier: EUPL-1.2
"""Nobody approves with what the shared mailbox or the record holds: codes by pager."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.record.rows import Page
from flaggermail.reminders import paging
from flaggermail.stories.doubles import ListPager
from tests.attacks.approving import (
    a_desk,
    asked,
    latest,
    printed_code,
    reopened,
    replied,
    settings_for,
    state_of,
    text_of,
    told,
)
from tests.store.desk_fixtures import HEAD, OFFICER, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Returns a desk that approves by codes by pager, which the officer and the head have."""
    return a_desk(tmp_path, settings_for("pager", pagers=["officer1", "head1"]))


def called(desk: Desk) -> list[tuple[str, str]]:
    """Calls the pagers that are due; returns each pager with the text it was called with."""
    pager = desk.env.pager
    assert isinstance(pager, ListPager)
    before = len(pager.calls)
    paging.drain(desk.env)
    return pager.calls[before:]


def code_for(calls: list[tuple[str, str]], officer: str) -> str:
    """Returns the code in the last call of the officer's pager."""
    text = [text for pager, text in calls if pager == f"pager-{officer}"][-1]
    found = re.search(r"\bcode ([A-Z2-9]{6})\b", text)
    assert found is not None, text
    return found[1]


def test_the_code_comes_by_pager_alone(desk: Desk) -> None:
    """The pager of each approver gets their own code with draft and platform; the request and every row have none."""
    draft = desk.drafted()
    calls = called(desk)
    mine, heads = code_for(calls, "officer1"), code_for(calls, "head1")
    assert mine != heads
    assert all(draft in text and "jansen" not in text.lower() and "@" not in text for _, text in calls)
    assert mine not in text_of(desk, asked(desk, "officer1"))
    assert mine not in "".join(page.text for page in desk.all(Page))
    assert "pager" in text_of(desk, asked(desk, "officer1"))
    assert "CODE" not in text_of(desk, asked(desk, "officer2"))  # has no pager
    replied(desk, asked(desk, "officer1"), f"akkoord {heads}")
    assert state_of(desk, draft) == "draft"
    replied(desk, asked(desk, "officer1"), f"Oké, {mine.lower()}")
    assert state_of(desk, draft) == "approved"
    desk.assert_whole()


def test_an_approver_without_a_pager_is_told_the_command(desk: Desk) -> None:
    """Nobody is paged for them, and a reply with any code is answered with the command."""
    draft = desk.drafted()
    answer = told(desk, replied(desk, asked(desk, "officer2"), "akkoord ABC234"))
    assert "geen pager" in answer
    assert f"flaggermail approve {draft}" in answer


@pytest.mark.parametrize("said", ["akkoord CODE?", "Doen we dit? CODE", "akkoord CODE\n\nMaar eerst overleggen."])
def test_a_code_in_a_reply_that_did_nothing_ends_the_request(desk: Desk, said: str) -> None:
    """The code lies in the shared inbox for two hours: it must not approve when a member writes it again."""
    draft = desk.drafted()
    code = code_for(called(desk), "officer1")
    replied(desk, asked(desk, "officer1"), said.replace("CODE", code))
    desk.go_on(1)
    replied(desk, asked(desk, "officer1"), f"akkoord {code}")
    assert state_of(desk, draft) == "draft"
    desk.go_on(1)
    again = code_for(called(desk), "officer1")  # the officer was asked anew
    assert again != code
    replied(desk, asked(desk, "officer1"), f"akkoord {again}")
    assert state_of(desk, draft) == "approved"


def test_a_code_ends_with_the_pager_that_was_called(desk: Desk) -> None:
    """A pager is lost and taken out of the configuration: the code on its display approves nothing any more."""
    draft = desk.drafted()
    code = code_for(called(desk), "officer1")
    desk.with_settings(settings_for("pager", pagers=["head1"]))
    assert "geen pager" in told(desk, replied(desk, asked(desk, "officer1"), f"akkoord {code}"))
    assert state_of(desk, draft) == "draft"


def test_replies_to_an_old_request_ring_once(desk: Desk) -> None:
    """A member who answers an expired request again and again in the officer's name does not ring their pager."""
    desk.drafted()
    called(desk)
    desk.clock.set(desk.clock.now() + timedelta(minutes=121))
    request = asked(desk, "officer1")
    for number in range(15):
        replied(desk, request, f"akkoord AAAA{number:02d}")
        desk.clock.set(desk.clock.now() + timedelta(minutes=1))
    assert [pager for pager, _ in called(desk)] == ["pager-officer1"]


def test_a_code_outlives_a_restart_but_not_the_desks_key(desk: Desk, tmp_path: Path) -> None:
    """After a restart the code still counts; after a restore without the desk's key it does not, whoever kept it."""
    first = desk.drafted()
    code = code_for(called(desk), "officer1")
    desk = reopened(desk, tmp_path)
    replied(desk, asked(desk, "officer1"), code)
    assert state_of(desk, first) == "approved"
    desk.clock.set(desk.clock.now() + timedelta(minutes=2))
    second = desk.drafted()
    code = code_for(called(desk), "officer1")
    (tmp_path / "codes" / "key").unlink()
    replied(desk, asked(desk, "officer1"), code)
    assert state_of(desk, second) == "draft"


def test_a_key_of_another_account_or_readable_by_others_calls_nobody(desk: Desk, tmp_path: Path) -> None:
    """With a key that others may read no code is called out; the failed page raises its alarm."""
    desk.drafted()
    first = called(desk)
    (tmp_path / "codes" / "key").chmod(0o644)
    desk.clock.set(desk.clock.now() + timedelta(minutes=2))
    draft = desk.drafted()
    assert called(desk) == []
    replied(desk, asked(desk, "officer1"), f"akkoord {code_for(first, 'officer1')}")
    assert state_of(desk, draft) == "draft"
    assert "pager" in latest(desk, "alarm", OFFICER).subject.lower()
    assert latest(desk, "approval_request", HEAD)


def test_a_request_whose_code_is_not_called_out_says_so(desk: Desk) -> None:
    """Beyond the hourly limit of pages no code comes: the request then names the command, not the pager."""
    for _ in range(13):
        desk.clock.set(desk.clock.now() + timedelta(minutes=2))
        desk.drafted()
    assert len([pager for pager, _ in called(desk) if pager == "pager-officer1"]) == 12
    assert "pager" not in text_of(desk, asked(desk, "officer1"))
    assert "flaggermail approve" in text_of(desk, asked(desk, "officer1"))


@pytest.mark.parametrize(("before", "now"), [("totp", "pager"), ("off", "pager"), ("mail", "pager"), ("pager", "mail")])
def test_a_request_of_before_the_desk_changed_its_way_brings_a_new_one(tmp_path: Path, before: str, now: str) -> None:
    """No code was called or written for it: the reply is told so, and the code comes with a new request, once."""
    desk = a_desk(tmp_path, settings_for(before, pagers=["officer1"]))
    draft = desk.drafted()
    called(desk)
    old = asked(desk, "officer1")
    desk.with_settings(settings_for(now, pagers=["officer1"]))
    desk.go_on(3)
    assert "het verzoek dat u beantwoordde, gaf geen code" in told(desk, replied(desk, old, "akkoord ABC234"))
    new = asked(desk, "officer1")
    code = code_for(called(desk), "officer1") if now == "pager" else printed_code(desk, new)
    replied(desk, old, "akkoord ABC235")
    assert called(desk) == []
    assert asked(desk, "officer1") == new
    replied(desk, new, f"akkoord {code}")
    assert state_of(desk, draft) == "approved"
    desk.assert_whole()

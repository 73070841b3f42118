# SPDX-License-Identifier: EUPL-1.2
"""Before it is approved, a draft is shown beside its template and beside the draft before it."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.commands.approve import Reject
from flaggermail.commands.notify import Draft
from flaggermail.commands.platform_checks import wording
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as AnsweringDesk
from flaggermail.desk.views.difference import MOST_LINES, pieces
from flaggermail.errors import ArchiveFailure
from flaggermail.mail.message import Json
from flaggermail.record.kinds import PieceKind
from flaggermail.record.rows import Notification
from flaggermail.services import UnitOfWork
from tests.doubles.paged import OK, Browser, PlayedSource
from tests.pace import within
from tests.store.desk_fixtures import Desk

WRITTEN = "Please look at post 17 first."


def asked(desk: Desk, draft: str, *, difference: bool = True) -> dict[str, Any]:
    """Returns what officer1 is shown of a draft."""
    request: dict[str, Json] = {"draft": draft, "difference": difference}
    return dict(AnsweringDesk(lambda: desk.env, Caller(login="officer1")).answer("case text", request))


def drafted(desk: Desk, case: str, text: str, channel: str = "x-urgent") -> str:
    """Returns the number of a new draft with that text."""
    return str(desk.do(Draft(case=case, channel=channel, text=text)).key)


def two_drafts(desk: Desk) -> tuple[str, str]:
    """Returns the numbers of a draft that was rejected and of the next one."""
    case = desk.decided()
    first = drafted(desk, case, WRITTEN)
    drafted(desk, case, "To another channel.", "meta-elections")
    desk.do(Reject(draft=first, reason="Name the account, not the post."))
    return first, drafted(desk, case, "Please look at account <b>17</b> first.")


def test_a_draft_is_compared_with_its_template_and_the_draft_before(desk: Desk) -> None:
    """What nobody wrote is the same in all; the draft before is of the same case and channel."""
    first, second = two_drafts(desk)
    shown = asked(desk, second)
    template, before = shown["differences"]
    assert (template["compared_with"], before["compared_with"], before["draft"]) == ("template", "draft", first)
    added = "".join(one["text"] for one in template["pieces"] if one["kind"] == "added")
    assert added.strip() == "Please look at account <b>17</b> first."
    assert "removed" not in {one["kind"] for one in template["pieces"]}
    changed = [(one["kind"], one["text"].strip()) for one in before["pieces"] if one["kind"] != "same"]
    assert {("removed", "post 17"), ("added", "account <b>17</b>")} <= set(changed)
    assert asked(desk, second, difference=False)["differences"] == []


def test_the_pieces_make_both_texts(desk: Desk) -> None:
    """Nothing of what is sent is left out of the comparison."""
    first, second = two_drafts(desk)
    pieces_ = asked(desk, second)["differences"][1]["pieces"]
    with desk.env.store.read() as tx:
        work = UnitOfWork(desk.env, tx, desk.clock.now(), "officer1")
        for number, other in ((first, "added"), (second, "removed")):
            said = wording(work, desk.row(Notification, number))
            text = "".join(one["text"] for one in pieces_ if one["kind"] != other)
            assert text == f"{said.subject}\n\n{said.body.strip()}\n"


def test_the_page_of_a_draft_says_what_was_added(desk: Desk) -> None:
    """By elements that mark it, and in words for whoever hears it; what a person typed is text."""
    _, second = two_drafts(desk)
    page = Browser(PlayedSource(desk.env)).look(f"/drafts/{second}")
    assert page.status == OK
    assert '<ins><span class="unseen">added: </span>' in page.html
    assert '<del><span class="unseen">removed: </span>post 17' in page.html
    assert "account &lt;b&gt;17&lt;/b&gt;" in page.html
    assert "<b>17" not in page.html
    assert "end of what was added" in page.words


def test_a_draft_whose_octets_are_gone_takes_nothing_with_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The draft before may be lost; the one to approve is shown all the same, beside its template."""
    first, second = two_drafts(desk)
    lost, found = desk.notification(first).digest, desk.env.octets.get

    def get(_: object, digest: str) -> bytes:
        if digest == lost:
            raise ArchiveFailure("lost")
        return found(digest)

    monkeypatch.setattr(type(desk.env.octets), "get", get)
    shown = asked(desk, second)
    assert [one["compared_with"] for one in shown["differences"]] == ["template"]


@given(st.text("ab \n", max_size=60), st.text("ab \n", max_size=60))
def test_pieces_make_both_texts_whatever_they_are(before: str, after: str) -> None:
    """And a text beside itself is one piece."""
    found = pieces(before, after)
    assert "".join(one.text for one in found if one.kind is not PieceKind.ADDED) == before
    assert "".join(one.text for one in found if one.kind is not PieceKind.REMOVED) == after
    assert all(one.kind is PieceKind.SAME for one in pieces(before, before))


@pytest.mark.parametrize("alphabet", ["a\n", "a ", "ab\n ", "\n"], ids=repr)
def test_no_text_holds_the_page_up(alphabet: str) -> None:
    """Texts of few words in any order, up to a length that nobody types."""
    chance = random.Random(7)  # noqa: S311 - no secret
    one, other = ("".join(chance.choices(alphabet, k=8_000)) for _ in range(2))
    began = time.process_time()
    pieces(one, other)
    assert within(time.process_time() - began, 2.0)


def test_a_text_of_too_many_lines_differs_as_a_whole() -> None:
    """Rather than hold the page up."""
    long = "line\n" * (MOST_LINES + 1)
    assert [one.kind for one in pieces(long, f"{long}x")] == [PieceKind.REMOVED, PieceKind.ADDED]

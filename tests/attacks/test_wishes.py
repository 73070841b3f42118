# SPDX-License-Identifier: EUPL-1.2
"""An approval with a wish is none: the text waits, and the words are shown to who wrote them and to the author."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.commands.notify import Draft
from flaggermail.record.rows import StoredMessage
from tests.attacks.approving import App, a_desk, asked, latest, replied, settings_for, state_of, text_of, told, with_app
from tests.store.desk_fixtures import OFFICER, Desk, mail

CLERK = "clerk@bzk.example"
SIGNED = "\n\nGroet,\nAnna Jansen\n\nSamen niet alleen, maar gezamenlijk"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Returns a desk that approves by codes of the officers' own devices."""
    return a_desk(tmp_path, settings_for("totp"))


def approved(desk: Desk, app: App, text: str) -> tuple[str, StoredMessage]:
    """Returns a new draft of the clerk's, and the officer's reply to the request about it."""
    desk.clock.set(desk.clock.now() + timedelta(minutes=3))
    draft = desk.do(Draft(case=desk.decided(), channel="x-urgent"), "clerk").key
    return draft, replied(desk, asked(desk, "officer1"), text.replace("CODE", app.code()))


def asks_to_look(desk: Desk, below: str) -> None:
    """Sends the officer's mail that asks for the overview, as any mail may."""
    desk.clock.set(desk.clock.now() + timedelta(minutes=3))
    now = desk.clock.now()
    desk.receive(mail(OFFICER, "Stand", f"stand{below}", at=now, message_id=f"{now:%H%M}@bzk.example"))


def test_the_author_and_the_approver_see_the_words_that_keep_a_text(desk: Desk) -> None:
    """The draft stays, both read the sentence and what would send it, and the code alone then does."""
    app = with_app(desk, "officer1")
    draft, reply = approved(desk, app, "Akkoord CODE\n\nHaal link 2 er nog uit.")
    answer = told(desk, reply)
    assert "«Haal link 2 er nog uit.»" in answer
    assert "antwoord dan nogmaals met de opdracht alleen" in answer
    shown = " ".join(text_of(desk, latest(desk, "officer_notice", CLERK)).split())
    assert "A. Jansen antwoordde" in shown
    assert "«Haal link 2 er nog uit.»" in shown
    assert state_of(desk, draft) == "draft"
    desk.go_on(2)
    replied(desk, asked(desk, "officer1"), f"akkoord {app.code()}")
    assert state_of(desk, draft) != "draft"
    desk.assert_whole()


def test_a_wish_on_the_line_of_the_code_is_shown_to_the_author_too(desk: Desk) -> None:
    """Without the code, which stood beside it."""
    app = with_app(desk, "officer1")
    draft, reply = approved(desk, app, "Akkoord CODE maar zonder link 2")
    shown = text_of(desk, latest(desk, "officer_notice", CLERK))
    assert "Akkoord CODE maar zonder link 2" in shown
    assert reply.notification == draft
    assert state_of(desk, draft) == "draft"


@pytest.mark.parametrize("place", ["akkoord CODE\n\nWISH{}", "akkoord CODE{}\n\nWISH"])
def test_a_wish_that_is_repeated_waits_each_time(desk: Desk, place: str) -> None:
    """What approved nothing is no evidence of a signature, however often it ends a mail."""
    app = with_app(desk, "officer1")
    for _ in range(4):
        text = place.replace("WISH", "Stuur het morgenochtend.").format(SIGNED.partition("\n\nSamen")[0])
        draft, reply = approved(desk, app, text)
        assert "«Stuur het morgenochtend.»" in told(desk, reply)
        assert state_of(desk, draft) == "draft"


def test_a_motto_under_two_mails_that_did_something_is_a_signature(desk: Desk) -> None:
    """Until then it waits; from then on it says nothing, and a wish above or below it still does."""
    app = with_app(desk, "officer1")
    assert "gezamenlijk" in told(desk, approved(desk, app, f"akkoord CODE{SIGNED}")[1])
    asks_to_look(desk, SIGNED)
    assert state_of(desk, approved(desk, app, f"akkoord CODE{SIGNED}")[0]) == "draft"
    asks_to_look(desk, SIGNED)
    assert state_of(desk, approved(desk, app, f"akkoord CODE{SIGNED}")[0]) != "draft"
    for wish in (f"\n\nPas morgen.{SIGNED}", f"{SIGNED}\n\nPas morgen."):
        draft, reply = approved(desk, app, f"akkoord CODE{wish}")
        assert "Pas morgen." in told(desk, reply)
        assert state_of(desk, draft) == "draft"


def test_words_that_ended_two_other_mails_outside_a_signature_wait(desk: Desk) -> None:
    """A sentence right below the verb is no signature, whatever its writer said it of before."""
    app = with_app(desk, "officer1")
    for _ in range(3):
        asks_to_look(desk, "\n\nDoe het morgen.")
    assert state_of(desk, approved(desk, app, "akkoord CODE\n\nDoe het morgen.")[0]) == "draft"

# SPDX-License-Identifier: EUPL-1.2
"""Portals, replies and bad addresses, as an officer types them."""

from __future__ import annotations

import re

import pytest

from flaggermail.record.events import EventKind, added
from flaggermail.record.rows import BadAddress
from flaggermail.services import UnitOfWork
from tests.unit.cli.conftest import Desk

CHANNEL = "urgent-escalation@x-platform.example"


def decided(desk: Desk) -> str:
    """Makes a case with the decision to notify; returns its number."""
    number = desk.done(
        "case", "open", "--election", "EP2024", "--type", "D_general_warning", "--origin", "earlier_cases",
        "--title", "Two boxes",
    ).split()[1]  # fmt: skip
    (desk.folder / "form.yaml").write_text("incorrect: true\ncontradicts: the law\ncriteria: [1]\n", "utf-8")
    desk.done("case", "assess", number, str(desk.folder / "form.yaml"))
    desk.done("case", "decide", number, "notify", "--reason", "such votes are invalid")
    return number


def test_a_portal_from_the_draft_to_the_clocks(desk: Desk) -> None:
    """The preview and `case text` print only the text to paste; the note changes the case to notified."""
    number = decided(desk)
    shown = desk.done("notify", number, "--channel", "tiktok-portal", "--preview")
    assert shown.startswith(f"[{number}-XXXX] ")
    assert "Message-ID" not in shown
    assert desk.done("notify", number, "--channel", "tiktok-portal") == f"{number}/1\n"
    assert "--counts-as notification" in desk.done("approve", f"{number}/1")
    text = desk.done("case", "text", f"{number}/1")
    assert re.sub(rf"{number}-[A-Z2-9]{{4}}", f"{number}-XXXX", text) == shown
    desk.done("case", "note", number, "--means", "portal", "--channel", "tiktok-portal", "--counts-as", "notification",
              "--text", "Submitted")  # fmt: skip
    assert "Partner portal" in desk.done("case", "show", number)
    assert desk.done("case", "list", "--state", "notified") != "no cases\n"
    assert desk.type("case", "text", f"{number}/9").status == 1


def test_a_reply_finds_its_channel_and_a_referrer_has_none(desk: Desk) -> None:
    """A reply to the only notified platform needs no channel; a referrer has none."""
    number = desk.notified()
    (desk.folder / "more.txt").write_text("One more address.", "utf-8")
    said = desk.done("case", "reply", number, "--to", "platform", "--text", str(desk.folder / "more.txt"))
    assert f"draft {number}/2" in said
    wrong = desk.type("case", "reply", number, "--to", "referrer", "--channel", "x-urgent", "--text",
                      str(desk.folder / "more.txt"))  # fmt: skip
    assert wrong.status == 2
    nobody = desk.type("case", "reply", number, "--to", "referrer", "--text", str(desk.folder / "more.txt"))
    assert (nobody.status, "nobody referred it" in nobody.err) == (1, True)


@pytest.mark.parametrize("as_json", [False, True])
def test_the_list_shows_which_address_mail_came_back_from(desk: Desk, *, as_json: bool) -> None:
    """`channel list` shows a bad address until it is cleared."""
    with desk.env.store.begin() as tx:
        bad = BadAddress(id=CHANNEL, since=desk.clock.now(), mail="o00000001")
        UnitOfWork(desk.env, tx, desk.clock.now()).record(EventKind.ADDRESS_BAD, added(bad))
    words = ("channel", "list", "--json") if as_json else ("channel", "list")
    since = "2024-06-06T10:3" if as_json else f"{CHANNEL} on 2024-06-06 10:3"
    assert since in desk.done(*words)
    assert desk.done("channel", "clear", CHANNEL, "--reason", "mended") == f"address {CHANNEL}: may be used again\n"
    assert since not in desk.done(*words)

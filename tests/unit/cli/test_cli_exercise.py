# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail exercise` with a story: its start, its refusals and its debrief."""

from __future__ import annotations

from flaggermail.stories import rehearsing
from tests.unit.cli.conftest import Desk

START = ("exercise", "start", "--story", "S08")


def test_one_command_rehearses_a_night(desk: Desk) -> None:
    """It names the story and the pace; the debrief is shown while it runs, and after its end."""
    started = desk.done(*START, "--speed", "30", "--even-today")
    assert started.startswith("exercise EX240606 plays S08, 30 minutes in one: the desk writes as referrers")
    rehearsing.tick(desk.env)
    desk.go_to("2024-06-06T10:36:00+02:00")
    shown = desk.done("exercise", "debrief")
    assert "EX240606 played S08, 30 minutes in one\n" in shown
    assert "came VF-EX240606-0001" in " ".join(shown.split())
    assert "not decided: VF-EX240606-0001\n" in shown
    desk.done("exercise", "stop")
    document = desk.type("exercise", "debrief", "EX240606", "--json").json
    assert isinstance(document, dict)
    assert [one["what"] for one in document["moments"]][:1] == ["came"]
    assert set(document) == {
        "version", "exercise", "story", "speed", "started_at", "until", "moments", "waits", "unclear", "unanswered",
        "undecided", "unacknowledged",
    }  # fmt: skip


def test_what_cannot_be_played_is_refused_in_one_line(desk: Desk) -> None:
    """A refusal says what would be accepted."""
    assert desk.type(*START).err == ("exercise: today is polling day of EP2024; --even-today rehearses all the same\n")
    assert "there are S05, S08" in desk.type("exercise", "start", "--story", "../S08").err
    assert "must be from 1 to 240" in desk.type(*START, "--speed", "0").err
    assert "name" in desk.type("exercise", "start").err
    assert "no story was played" in desk.type("exercise", "debrief").err

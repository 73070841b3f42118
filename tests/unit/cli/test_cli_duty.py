# SPDX-License-Identifier: EUPL-1.2
"""Who is on call, how things stand, and whether the record is whole."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Desk

REMINDER = "VF-EP2024-0001/1/receipt/60/officer1"


def test_reminders_are_listed_until_somebody_is_on_it(desk: Desk) -> None:
    """`now` names the officer and what waits; an acknowledgement takes it off the list."""
    desk.notified()
    assert desk.done("oncall", "now") == (
        "on call: A. Jansen (officer1), +31 6 0000 0001\nno reminder waits for an acknowledgement\n"
    )
    desk.go_to("2024-06-06T11:34:00+02:00")
    now = desk.type("oncall", "now", "--json").json
    assert isinstance(now, dict)
    assert (now["officer"]["id"], [r["id"] for r in now["reminders"]]) == ("officer1", [REMINDER])
    assert all("token" not in reminder for reminder in now["reminders"])
    assert REMINDER in desk.done("oncall", "now")
    desk.done("oncall", "ack", REMINDER)
    assert "no reminder waits" in desk.done("oncall", "now")


def test_a_reminder_whose_clock_has_stopped_waits_for_nobody(desk: Desk) -> None:
    """Once the platform has answered there is nothing left to acknowledge."""
    number = desk.notified()
    desk.go_to("2024-06-06T11:34:00+02:00")
    desk.done("case", "note", number, "--means", "phone", "--text", "they have it", "--counts-as", "platform_ack")
    assert "no reminder waits" in desk.done("oncall", "now")


def test_next_lists_shifts_and_the_next_reminder(desk: Desk) -> None:
    """An override stands in the list; its instants are local time."""
    desk.notified()
    words = ("oncall", "override", "officer2", "--from", "2024-06-06T18:00", "--until", "2024-06-07T07:00")
    desk.done(*words)
    shown = desk.done("oncall", "next")
    assert "2024-06-06 18:00+02:00  2024-06-07 07:00+02:00  B. de Vries  override" in shown
    assert "at other hours: A. Jansen (officer1)" in shown
    assert "next reminder due: 2024-06-06 11:34+02:00" in shown
    document = desk.type("oncall", "next", "--json").json
    assert document == {
        "shifts": [
            {
                "officer": "officer2", "begins_at": "2024-06-06T18:00:00+02:00", "ends_at": "2024-06-07T07:00:00+02:00",
                "override": True,
            }
        ],
        "otherwise": "officer1",
        "next_reminder_due": "2024-06-06T11:34:00+02:00",
    }  # fmt: skip
    desk.go_to("2024-06-06T19:00:00+02:00")
    assert "on call: B. de Vries (officer2)" in desk.done("oncall", "now")


def test_status_says_how_things_stand(desk: Desk) -> None:
    """Cases, clocks, quarantine, outbox, the last look at each folder and who is on call."""
    desk.notified()
    desk.receive(b"From: a@b.example\r\nMessage-ID: <q@b.example>\r\nSubject: ?\r\n\r\nhello\r\n")
    desk.go_to("2024-06-06T10:59:00+02:00")
    told = desk.type("status")
    assert (told.status, told.err) == (1, "")
    assert told.out == (
        "cases:              1 notified\n"
        "clocks running:     1 receipt, 1 human, 1 substance\n"
        "quarantine:         1, the oldest 0h25\n"
        "outbox:             none\n"
        "last look at INBOX: never\n"
        "last look at Sent:  never\n"
        "on call:            A. Jansen (officer1), +31 6 0000 0001\n"
        "daemon:             does not run\n"
        "wrong:              no daemon runs\n"
        "wrong:              the mailbox was not read for 15 min\n"
    )
    document = desk.type("status", "--json").json
    assert document == {
        "observing_since": None,
        "cases": {"open": 0, "decided": 0, "notified": 1, "answered": 0, "closed": 0, "exercise": 0},
        "running_clocks": {"receipt": 1, "human": 1, "substance": 1},
        "quarantine": 1,
        "outbox": {"queued": 0, "attempting": 0, "uncertain": 0, "since": None},
        "last_look": {"INBOX": None, "Sent": None},
        "on_call": "officer1",
        "daemon": False,
        "free_mb": {},
        "watched": {},
        "held_back": 0,
        "suppressed": 0,
        "pages": {"failed": 0, "held": 0},
        "wrong": ["no daemon runs", "the mailbox was not read for 15 min"],
    }


def test_an_exercise_is_counted_by_itself(desk: Desk) -> None:
    """A rehearsal is never mistaken for a case."""
    desk.done(
        "election", "add", "OEF", "--name-nl", "Oefening", "--name-en", "Exercise", "--polling-day", "2024-06-06",
        "--period", "2024-06-01", "2024-06-30", "--exercise",
    )  # fmt: skip
    desk.done("case", "open", "--election", "OEF", "--type", "other", "--origin", "media")
    assert desk.type("status").out.startswith("cases:              1 exercise\n")


def test_the_record_proves_itself(desk: Desk) -> None:
    """Every event is counted."""
    desk.notified()
    out = desk.done("audit", "verify")
    assert out.endswith(" events, chain intact\n")
    assert int(out.split()[0]) > 10


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE event SET octets = X'00' WHERE seq = 3", "event 3: was changed"),
        ("DELETE FROM event WHERE seq = 3", "event 3: was changed, moved or taken away"),
        ("UPDATE personal SET value = '\"somebody else\"'", "a personal value is not the one"),
    ],
)
def test_a_changed_record_is_named(desk: Desk, tmp_path: Path, tampering: str, found: str) -> None:
    """Status 1, and the first event concerned."""
    desk.notified()
    with sqlite3.connect(tmp_path / "scenario.db") as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute(tampering)
    database.close()
    ran = desk.type("audit", "verify")
    assert (ran.status, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert found in ran.err

# SPDX-License-Identifier: EUPL-1.2
"""The on-call commands, `status` and `audit verify`."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from flaggermail import __version__
from flaggermail.record.states import CLOCKS, Means
from flaggermail.settings.escalation_file import EscalationFile, EscalationPolicy, PolicyStep
from flaggermail.settings.model import ShiftSettings
from tests.doubles.told_status import document, told
from tests.unit.cli.conftest import Desk

REMINDER = "VF-EP2024-0001/1/receipt/60/officer1"


def test_reminders_are_listed_until_somebody_is_on_it(desk: Desk) -> None:
    """`now` names the officer on call and the open reminders; an acknowledgement removes one from the list."""
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
    """A reminder is no longer listed once its clock has stopped."""
    number = desk.notified()
    desk.go_to("2024-06-06T11:34:00+02:00")
    desk.done("case", "note", number, "--means", "phone", "--text", "they have it", "--counts-as", "platform_ack")
    assert "no reminder waits" in desk.done("oncall", "now")


def test_a_shift_without_an_end_is_listed_as_one(desk: Desk) -> None:
    """`next` shows no day of the next century for a shift that lasts until somebody changes it."""
    settings = desk.env.settings
    shift = ShiftSettings.model_validate({"officer": "officer2", "begins": "2024-06-01T07:00:00+02:00", "ends": "none"})
    oncall = settings.oncall.model_copy(update={"shifts": (shift,)})
    desk.env = replace(desk.env, settings=settings.model_copy(update={"oncall": oncall}))
    assert "2024-06-01 07:00+02:00  no end  B. de Vries" in desk.done("oncall", "next")


def test_next_lists_shifts_and_the_next_reminder(desk: Desk) -> None:
    """`next` lists an override in local time, the fallback officer and the next reminder."""
    desk.notified()
    words = ("oncall", "override", "officer2", "--from", "2024-06-06T18:00", "--until", "2024-06-07T07:00")
    desk.done(*words)
    shown = desk.done("oncall", "next")
    assert "2024-06-06 18:00+02:00  2024-06-07 07:00+02:00  B. de Vries  override" in shown
    assert "at other hours: A. Jansen (officer1)" in shown
    assert "next reminder due: 2024-06-06 11:34+02:00" in shown
    document = desk.type("oncall", "next", "--json").json
    assert isinstance(document, dict)
    assert isinstance(document["clocks"], list)
    *clocks, awaited = document["clocks"]
    assert isinstance(awaited, dict)
    assert awaited["clock"] == "substance"
    assert {**document, "clocks": clocks} == {
        "version": document["version"],
        "shifts": [
            {
                "officer": "officer2", "name": "B. de Vries", "begins_at": "2024-06-06T18:00:00+02:00",
                "ends_at": "2024-06-07T07:00:00+02:00", "override": True,
            }
        ],
        "otherwise": "officer1",
        "fallback_officer": {"id": "officer1", "name": "A. Jansen", "phone": "+31 6 0000 0001"},
        "clocks": [
            {
                "about": "VF-EP2024-0001/1", "clock": "receipt", "since": "2024-06-06T10:34:00+02:00",
                "now": "no step has fallen due", "now_said": {"code": "clock: none fell due", "details": {}},
                "now_until": None,
                "steps": [
                    {
                        "after": after, "repetition": 0, "due_at": due, "told_at": due, "officer": officer,
                        "officer_name": name, "to_head": officer == "head1", "how": ["mail", "pager"],
                        "by_every_means": True, "escalates": officer == "head1", "asks": False,
                    }
                    for after, due, officer, name in (
                        (60, "2024-06-06T11:34:00+02:00", "officer1", "A. Jansen"),
                        (120, "2024-06-06T12:34:00+02:00", "officer1", "A. Jansen"),
                        (240, "2024-06-06T14:34:00+02:00", "head1", "C. Bakker"),
                    )
                ],
            }
        ],
        "next_reminder_due": "2024-06-06T11:34:00+02:00", "void": [], "next": None,
    }  # fmt: skip
    desk.go_to("2024-06-06T19:00:00+02:00")
    assert "on call: B. de Vries (officer2)" in desk.done("oncall", "now")


def test_next_shows_how_each_reminder_was_worked_out(desk: Desk) -> None:
    """`next` shows each sum with its recipient, why nothing is due, and the effect of an acknowledgement."""
    number = desk.notified()
    desk.done("oncall", "override", "officer2", "--from", "2024-06-06T12:00", "--until", "2024-06-06T13:00")
    assert desk.done("oncall", "next").splitlines()[2:] == [
        "at other hours: A. Jansen (officer1), +31 6 0000 0001",
        "VF-EP2024-0001/1 receipt, since 2024-06-06 10:34+02:00",
        "  60 min after 10:34 = 11:34, to A. Jansen",
        "  120 min after 10:34 = 12:34, to B. de Vries",
        "  240 min after 10:34 = 14:34, to C. Bakker (head)",
        "  now: no step has fallen due",
        "VF-EP2024-0001/1 substance, since 2024-06-06 10:34+02:00",
        "  1286 min after 10:34 = 2024-06-07 08:00, to A. Jansen, by mail alone",
        "  5606 min after 10:34 = 2024-06-10 08:00, to A. Jansen, by mail alone",
        "  now: no step has fallen due",
        "next reminder due: 2024-06-06 11:34+02:00",
    ]
    desk.go_to("2024-06-06T11:34:00+02:00")
    desk.go_to("2024-06-06T11:40:00+02:00")
    desk.done("oncall", "ack", REMINDER)
    assert (
        "  VF-EP2024-0001/1 receipt, since 2024-06-06 10:34+02:00\n"
        "    120 min after 10:34 = 12:34, to B. de Vries\n"
        "    acknowledged until 12:40: still on it?, to B. de Vries\n"
        "    240 min after 10:34 = 14:34, to C. Bakker (head)\n"
        "    now: every step that fell due was told\n"
    ) in desk.done("case", "show", number)


def test_next_says_by_which_means_where_it_is_not_by_all(desk: Desk) -> None:
    """`next` says "by mail alone" or "by pager alone" for a step without the other means."""
    steps = (PolicyStep(after=60, how=(Means.MAIL,)), PolicyStep(after=120, how=(Means.PAGER,)))
    policies = tuple(EscalationPolicy(name=name, receipt=steps) for name in ("election", "quiet"))
    settings = desk.env.settings.model_copy(update={"escalation": EscalationFile(policies=policies)})
    desk.env = replace(desk.env, settings=settings)
    desk.notified()
    shown = desk.done("oncall", "next")
    assert "  60 min after 10:34 = 11:34, to A. Jansen, by mail alone\n" in shown
    assert "  120 min after 10:34 = 12:34, to A. Jansen, by pager alone\n" in shown


def test_next_at_answers_who_would_get_this(desk: Desk) -> None:
    """`next --at` shows who is on call then, the policy of each election, and the steps sent until then."""
    desk.notified()
    shown = desk.done("oncall", "next", "--at", "2024-06-06T14:34")
    assert shown.startswith("on call then: A. Jansen (officer1), +31 6 0000 0001\n")
    assert "policy for EP2024: election\n" in shown
    assert "policy for PS2027: quiet\n" in shown
    assert (
        "VF-EP2024-0001/1 receipt, since 2024-06-06 10:34+02:00\n"
        "  60 min after 10:34 = 11:34, to A. Jansen\n"
        "  120 min after 10:34 = 12:34, to A. Jansen\n"
        "  240 min after 10:34 = 14:34, to C. Bakker (head)\n"
    ) in shown
    document = desk.type("oncall", "next", "--at", "2024-06-06T11:33", "--json").json
    assert isinstance(document, dict)
    assert (document["officer"], document["clocks"][0]["steps"]) == ("officer1", [])
    assert "nothing will be told by then" in desk.done("oncall", "next", "--at", "2024-06-06T11:33")


def test_a_shift_is_given_away_or_exchanged(desk: Desk) -> None:
    """`swap` gives away the running shift, to an officer named by id or name, or exchanges two shifts."""
    desk.notified()
    assert desk.done("oncall", "swap", "now", "de Vries") == (
        "officer2 is on call from 2024-06-06T10:34+02:00 to 2024-06-06T22:34+02:00\n"
    )
    assert "on call: B. de Vries" in desk.done("oncall", "now")
    for officer, begins, ends in (("officer1", "07T08:00", "07T16:00"), ("officer2", "07T16:00", "07T23:00")):
        desk.done("oncall", "override", officer, "--from", f"2024-06-{begins}", "--until", f"2024-06-{ends}")
    desk.done("oncall", "swap", "2024-06-07T08:00", "2024-06-07T16:00")
    desk.go_to("2024-06-07T08:00:00+02:00")
    assert "on call: B. de Vries" in desk.done("oncall", "now")
    desk.go_to("2024-06-07T16:00:00+02:00")
    assert "on call: A. Jansen" in desk.done("oncall", "now")


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("now", "nobody"), "is not in oncall.yaml"),
        (("now", "officer1"), "has that shift already"),
        (("2024-06-09T08:00", "officer2"), "none begins then"),
        (("now", "2024-06-09T08:00"), "none begins then"),
    ],
)
def test_a_swap_that_cannot_be_is_refused(desk: Desk, words: tuple[str, str], fault: str) -> None:
    """An impossible swap is refused with a one-line reason."""
    ran = desk.type("oncall", "swap", *words)
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert fault in ran.err


def test_the_handover_note_names_all_that_is_in_hand(desk: Desk) -> None:
    """The hand-over note lists open cases, next steps, reminders with their acknowledgements, and the quarantine."""
    assert desk.done("oncall", "handover") == "no case\n"
    desk.notified()
    desk.receive(b"From: a@b.example\r\nMessage-ID: <q@b.example>\r\nSubject: ?\r\n\r\nhello\r\n")
    desk.go_to("2024-06-06T11:34:00+02:00")
    note = desk.done("oncall", "handover")
    assert f"not answered: {REMINDER}, told 2024-06-06 11:34+02:00 to officer1\n" in note
    desk.done("oncall", "ack", REMINDER)
    note = desk.done("oncall", "handover")
    assert "VF-EP2024-0001  notified" in note
    assert "  120 min after 10:34 = 12:34, to A. Jansen" in note
    assert f"acknowledged: {REMINDER}, by officer1 until 2024-06-06 12:34+02:00\n" in note
    assert "in quarantine: m" in note
    assert "not answered" not in note
    document = desk.type("oncall", "handover", "--json").json
    assert isinstance(document, dict)
    assert {name: len(rows) for name, rows in document.items() if name not in {"version", "next"}} == {
        "cases": 1, "clocks": 1, "awaited": 0, "unanswered": 0, "acknowledged": 1, "quarantine": 1,
        "uncertain": 0, "withheld": 0,
    }  # fmt: skip


def test_status_says_how_things_stand(desk: Desk, tmp_path: Path) -> None:
    """`status` shows cases, clocks, quarantine, outbox, the last look at each folder and whether someone is on call."""
    desk.notified()
    desk.receive(b"From: a@b.example\r\nMessage-ID: <q@b.example>\r\nSubject: ?\r\n\r\nhello\r\n")
    desk.go_to("2024-06-06T10:59:00+02:00")
    said = told(desk.env, tmp_path)
    assert said.exit_code == 1
    assert said.output == (
        f"written:            2024-06-06 10:59+02:00, 0h00 ago, by flaggermail {__version__}\n"
        "daemon:             runs\n"
        "cases:              1 notified\n"
        "clocks running:     1 receipt, 1 human, 1 substance, the oldest 0h25\n"
        "quarantine:         1, the oldest 0h25\n"
        "outbox:             none\n"
        "mailbox link:       up\n"
        "last look at INBOX: never\n"
        "last look at Sent:  never\n"
        "on call:            somebody: `flaggermail oncall now` says who\n"
        "wrong:              the mailbox was not read to its end yet: the journal says why\n"
    )
    assert document(desk.env, tmp_path) == {
        "written_at": "2024-06-06T10:59:00+02:00",
        "version": __version__,
        "starting": False,
        "ok": False,
        "wrong": ["the mailbox was not read to its end yet: the journal says why"],
        "findings": [{"code": "mailbox never read", "detail": "", "since": None}],
        "observing_since": None,
        "cases": {"open": 0, "decided": 0, "notified": 1, "answered": 0, "closed": 0, "exercise": 0},
        "clocks": {
            "running": 3, "oldest_at": "2024-06-06T10:34:00+02:00", "receipt": 1, "human": 1, "substance": 1,
        },
        "quarantine": 1,
        "quarantine_oldest_at": "2024-06-06T10:34:00+02:00",
        "set_aside": {},
        "outbox": {
            "waiting": 0, "oldest_at": None, "queued": 0, "attempting": 0, "uncertain": 0, "withheld": 0,
            "last_error": None,
        },
        "mailbox": {"last_read_at": None, "link": "up", "fault": None},
        "last_look": {"INBOX": None, "Sent": None},
        "on_call": True,
        "free_mb": {},
        "watched": {},
        "ends": {},
        "held_back": 0,
        "suppressed": 0,
        "clocks_older": {age: dict.fromkeys(CLOCKS, 0) for age in ("60", "120", "240", "1440")},
        "reminders": {},
        "platform_mails": {"verified": 0, "unverified": 0, "failed": 0},
        "unjudged": 0,
        "pages": {"failed": 0, "held": 0},
        "pages_oldest_at": None,
        "unverified_officer_replies": 0,
        "jobs": {},
        "node": None,
        "daemon": True,
    }  # fmt: skip


def test_an_exercise_is_counted_by_itself(desk: Desk, tmp_path: Path) -> None:
    """An exercise is counted separately from cases."""
    desk.done(
        "election", "add", "OEF", "--name-nl", "Oefening", "--name-en", "Exercise", "--polling-day", "2024-06-06",
        "--period", "2024-06-01", "2024-06-30", "--exercise",
    )  # fmt: skip
    desk.done("case", "open", "--election", "OEF", "--type", "other", "--origin", "media")
    assert "cases:              1 exercise\n" in told(desk.env, tmp_path).output


def test_the_record_proves_itself(desk: Desk) -> None:
    """`audit verify` counts every event of an intact record."""
    desk.notified()
    out = desk.done("audit", "verify")
    assert out.endswith(" events, chain intact\n")
    assert int(out.splitlines()[-1].split()[0]) > 10


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE event SET octets = X'00' WHERE seq = 3", "event 3: was changed"),
        ("DELETE FROM event WHERE seq = 3", "event 3: was changed, moved or taken away"),
        ("UPDATE personal SET value = '\"somebody else\"'", "personal value is not the one"),
    ],
)
def test_a_changed_record_is_named(desk: Desk, tmp_path: Path, tampering: str, found: str) -> None:
    """A changed record gives status 1 and names the first changed event."""
    desk.notified()
    with sqlite3.connect(tmp_path / "scenario.db") as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute(tampering)
    database.close()
    ran = desk.type("audit", "verify")
    assert (ran.status, len(ran.err.splitlines())) == (1, 1)
    assert found in ran.out
    assert found in ran.err

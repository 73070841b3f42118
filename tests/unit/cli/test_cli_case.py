# SPDX-License-Identifier: EUPL-1.2
"""A case from opening to closing, as an officer types it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flaggermail.cli.forms import begun
from tests.unit.cli.conftest import CONFIG, VOUCHED, Desk

ANSWER = (
    VOUCHED.format(domain="x-platform.example")
    + "From: X Government <gov-eu@x-platform.example>\r\nTo: verkiezingenflagger@bzk.example\r\n"
    "Subject: Re: your notification\r\nMessage-ID: <answer@x-platform.example>\r\n{thread}\r\n"
    "Thank you. We will look into this.\r\n"
)


def answer_to(desk: Desk, draft: str) -> bytes:
    """Returns a mail from the platform that answers the notification `draft`."""
    shown = desk.type("case", "show", draft.partition("/")[0], "--json").json
    assert isinstance(shown, dict)
    sent = next(n["message_id"] for n in shown["notifications"] if n["id"] == draft)
    return ANSWER.format(thread=f"In-Reply-To: <{sent}>\r\nReferences: <{sent}>\r\n").encode()


def test_a_case_from_opening_to_closing(desk: Desk) -> None:
    """Each command prints the new state, and the list shows it."""
    assert desk.done("case", "list") == "no cases\n"
    number = desk.notified()
    assert desk.done("case", "assign", number, "officer2") == f"case {number} is with officer2\n"
    desk.done("case", "reclassify", number, "--type", "A_content", "--source", "media")
    listed = desk.done("case", "list", "--election", "EP2024", "--state", "notified").splitlines()
    assert listed[0].split() == ["CASE", "OPENED", "STATE", "DECISION", "TYPE", "ORIGIN", "WITH", "TITLE"]
    assert listed[1].split() == [
        number, "2024-06-06", "10:33+02:00", "notified", "notify", "A_content", "earlier_cases", "officer2",
        "Two", "boxes", "coloured", "on", "one", "list",
    ]  # fmt: skip
    assert desk.done("case", "close", number) == f"case {number} closed\n"
    assert desk.done("case", "list", "--state", "notified") == "no cases\n"
    found = desk.type("case", "list", "--json").json
    assert isinstance(found, dict)
    assert [(case["number"], case["state"], "token" in case) for case in found["cases"]] == [(number, "closed", False)]


def test_show_tells_how_long_the_platform_took(desk: Desk) -> None:
    """`case show` gives the answer time in local time: 152 minutes are "2.5 hours" on every stopped clock."""
    number = desk.notified()
    answer = answer_to(desk, f"{number}/1")
    desk.go_to("2024-06-06T13:06:00+02:00")
    desk.receive(answer)
    shown = desk.done("case", "show", number)
    assert "sent:        2024-06-06 10:34+02:00" in shown
    assert "human:       2024-06-06 13:06+02:00, 152 minutes, 2.5 hours (2 hours and 32 minutes)" in shown
    assert shown.index("your notification") > shown.index("Messages in the order of their arrival")
    document = desk.type("case", "show", number, "--json").json
    assert isinstance(document, dict)
    human = document["notifications"][0]["clocks"][1]
    assert (human["kind"], human["minutes"], human["hours"]) == ("human", 152, "2.5")
    assert human["spoken"]["nl"] == "2,5 uur (2 uur en 32 minuten)"
    assert human["stopped_at"] == "2024-06-06T13:06:00+02:00"
    assert ["notification"] in [message["kinds"] for message in document["messages"]]


def test_a_spoken_answer_is_marked(desk: Desk) -> None:
    """A phone note stops receipt and human, and is marked as oral and by hand."""
    number = desk.notified()
    desk.go_to("2024-06-06T11:40:00+02:00")
    desk.done(
        "case", "note", number, "--means", "phone", "--at", "2024-06-06T11:30", "--counts-as", "platform_ack",
        "--file", "-", text="They have it.\nA colleague is looking.",
    )  # fmt: skip
    shown = desk.done("case", "show", number)
    assert "2024-06-06 11:30+02:00, 56 minutes, 0.9 hours (56 minutes), oral, basis: by hand" in shown
    assert "substance:   running since 2024-06-06 10:34+02:00" in shown
    assert "(phone, counts as platform_ack) 2024-06-06 11:30+02:00, entered 2024-06-06 11:40+02:00 by officer1" in shown
    assert "\n  They have it.\n  A colleague is looking.\n" in shown
    assert "reminder VF-EP2024-0001/1/receipt/60/officer1: told 2024-06-06 11:40+02:00 to officer1" in shown


def test_a_follow_up_is_a_draft_and_no_use(desk: Desk) -> None:
    """A follow-up needs its own approval and starts no clock."""
    number = desk.notified()
    words = "We refer to our mail of this morning and ask you to check the second narrative too."
    done = desk.done("case", "reply", number, "--to", "platform", "--channel", "x-urgent", "--text", "-", text=words)
    assert f"draft {number}/2" in done
    desk.done("approve", f"{number}/2")
    desk.go_to("2024-06-06T10:50:00+02:00")
    document = desk.type("case", "show", number, "--json").json
    assert isinstance(document, dict)
    assert [(n["use"], n["state"], len(n["clocks"])) for n in document["notifications"]] == [
        (True, "sent", 3), (False, "sent", 0),
    ]  # fmt: skip
    assert f"Follow-up {number}/2" in desk.done("case", "show", number)


def test_an_assessment_is_taken_from_a_form(desk: Desk) -> None:
    """Every key of the form is recorded; an empty key changes nothing, an empty list clears the value."""
    number = desk.notified()
    form = desk.folder / "assessment.yaml"
    form.write_text(
        "incorrect: false\ncontradicts: Kieswet J 26\ncriteria: [2, 3]\naspects: [conduct]\nown_attempts: 2\n"
        "all_means_used: true\noverride_reason: election day\nsatire: false\n",
        encoding="utf-8",
    )
    assert desk.done("case", "assess", number, str(form)) == f"case {number} assessed\n"
    form.write_text("incorrect: true\ncriteria:\naspects: []\n", encoding="utf-8")
    desk.done("case", "assess", number, str(form))
    document = desk.type("case", "show", number, "--json").json
    assert isinstance(document, dict)
    keys = (
        "incorrect",
        "contradicts",
        "criteria",
        "aspects",
        "own_attempts",
        "all_means_used",
        "override_reason",
        "satire",
    )
    assert [document[key] for key in keys] == [True, "Kieswet J 26", [2, 3], [], 2, True, "election day", False]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("incorect: true", ":2:1 incorect: is not known"),
        ("incorrect: yes", ":2:1 incorrect: 'yes' must be true or false"),
        ("incorrect: 1", ":2:1 incorrect: 1 must be true or false"),
        ("criteria: 1", ":2:1 criteria: 1 must be a list of numbers"),
        ("criteria: [one]", ":2:1 criteria: ['one'] must be a list of numbers"),
        ("own_attempts: true", ":2:1 own_attempts: True must be a whole number"),
        ("aspects: [1]", ":2:1 aspects: [1] must be a list"),
        ("contradicts: 3", ":2:1 contradicts: 3 must be text"),
        ("satire: [", ":3:1: is not YAML 1.2"),
    ],
)
def test_a_wrong_form_is_refused_with_its_place(desk: Desk, line: str, fault: str) -> None:
    """A wrong form is refused with file, line, column, key and what would be right; nothing is recorded."""
    number = desk.notified()
    form = desk.folder / "wrong.yaml"
    form.write_text(f"override_reason: kept out\n{line}\n", encoding="utf-8")
    ran = desk.type("case", "assess", number, str(form))
    assert (ran.status, ran.out) == (2, "")
    assert f"{form}{fault}" in ran.err
    assert "kept out" not in desk.done("case", "show", number, "--json")


def editor(desk: Desk, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """Installs a script as the officer's editor; returns the file to which it copies its form."""
    program = desk.folder / "editor"
    seen = desk.folder / "seen"
    program.write_text(f'#!/bin/sh\ncp "$1" {seen}\n{script}\n', encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(program))
    monkeypatch.setenv("XDG_STATE_HOME", str(desk.folder / "state"))
    return seen


def forms(desk: Desk) -> list[Path]:
    """Returns the forms that are kept."""
    return list((desk.folder / "state").rglob("*.yaml"))


@pytest.mark.outside
def test_the_editor_shows_what_is_known(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The editor shows the case and the reasoning of related cases; what is saved is recorded."""
    first = desk.notified()
    desk.done(
        "case", "open", "--election", "EP2024", "--type", "A_content", "--origin", "media", "--related", first,
        "--title", "Again\n incorrect: true",
    )  # fmt: skip
    seen = editor(desk, monkeypatch, """sed -i 's/^satire:$/satire: true/; s/^criteria:$/criteria: [1]/' "$1" """)
    assert desk.done("case", "assess", "VF-EP2024-0002", "--edit") == "case VF-EP2024-0002 assessed\n"
    form = seen.read_text(encoding="utf-8")
    assert "#   reason: such votes are invalid" in form
    assert "1 a vote becomes invalid" in form
    assert "\nincorrect:\n" in form
    document = desk.type("case", "show", "VF-EP2024-0002", "--json").json
    assert isinstance(document, dict)
    assert (document["satire"], document["criteria"], document["incorrect"]) == (True, [1], None)
    editor(desk, monkeypatch, """sed -i 's/^own_attempts:$/own_attempts: 3/' "$1" """)
    desk.done("case", "assess", "VF-EP2024-0002", "--edit")
    assert "\ncriteria: [1]\n" in seen.read_text(encoding="utf-8")
    assert forms(desk) == []


@pytest.mark.outside
def test_a_form_that_cannot_be_taken_is_kept_and_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A form with a fault is kept, the message names its path, and the next `--edit` continues with it."""
    number = desk.notified()
    editor(desk, monkeypatch, """sed -i 's/^satire:$/satire: perhaps/' "$1" """)
    ran = desk.type("case", "assess", number, "--edit")
    (kept,) = forms(desk)
    assert ran.status == 2
    assert f"flaggermail case assess {number} --edit` goes on with it, in {kept}" in ran.err
    assert f"{kept}:" in ran.err
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    seen = editor(desk, monkeypatch, """sed -i 's/^satire: perhaps$/satire: true/' "$1" """)
    again = desk.type("case", "assess", number, "--edit")
    assert (again.status, "goes on; --anew begins another" in again.err) == (0, True)
    assert "satire: perhaps" in seen.read_text(encoding="utf-8")
    assert forms(desk) == []
    assert '"satire": true' in desk.done("case", "show", number, "--json")


@pytest.mark.outside
def test_a_form_whose_act_is_refused_is_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A form whose act is refused is kept with everything that was typed."""
    number = desk.notified()
    editor(desk, monkeypatch, """sed -i 's/^criteria: .*/criteria: [7]/; s/^satire:$/satire: false/' "$1" """)
    assert desk.type("case", "assess", number, "--edit").status == 1
    (kept,) = forms(desk)
    assert "satire: false" in kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("end", ["exit 1", "kill -9 $$", "kill -TERM $$"])
@pytest.mark.outside
def test_what_was_typed_outlives_an_editor_that_is_killed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """If the editor is killed, nothing is recorded and the next `--edit` continues with the saved form."""
    number = desk.notified()
    editor(desk, monkeypatch, f"""sed -i 's/^satire:$/satire: true/' "$1"; {end}""")
    ran = desk.type("case", "assess", number, "--edit")
    assert (ran.status, "your form is kept" in ran.err) == (1, True)
    assert '"satire": null' in desk.done("case", "show", number, "--json")
    seen = editor(desk, monkeypatch, "true")
    desk.done("case", "assess", number, "--edit")
    assert "satire: true" in seen.read_text(encoding="utf-8")
    assert '"satire": true' in desk.done("case", "show", number, "--json")
    assert forms(desk) == []


@pytest.mark.outside
def test_an_editor_killed_before_anything_was_typed_leaves_no_form(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor killed before anything was typed leaves no form."""
    number = desk.notified()
    editor(desk, monkeypatch, "kill -9 $$")
    assert desk.type("case", "assess", number, "--edit").status == 1
    assert forms(desk) == []


@pytest.mark.outside
def test_a_form_left_behind_by_a_killed_program_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A form left by a killed program is continued if something was typed in it; an empty one is not."""
    number = desk.notified()
    form = begun(CONFIG, number, "satire:\n")
    seen = editor(desk, monkeypatch, "true")
    assert desk.type("case", "assess", number, "--edit").status == 1
    assert "criteria: [1]" in seen.read_text(encoding="utf-8")
    form = begun(CONFIG, number, "satire:\n")
    form.write_text("satire: true\n", encoding="utf-8")
    desk.done("case", "assess", number, "--edit")
    assert seen.read_text(encoding="utf-8") == "satire: true\n"


@pytest.mark.outside
def test_a_kept_form_is_dropped_on_demand_and_says_who_was_faster(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--anew` discards a kept form; continuing one warns if a colleague has assessed the case since."""
    number = desk.notified()
    editor(desk, monkeypatch, "true")
    form = begun(CONFIG, number, "satire:\n")
    form.write_text("satire: perhaps\n", encoding="utf-8")
    os.utime(form, (0, 0))
    assert "officer1 has assessed the case since" in desk.type("case", "assess", number, "--edit").err
    ran = desk.type("case", "assess", number, "--edit", "--anew")
    assert (ran.status, "left as it was" in ran.err) == (1, True)
    assert forms(desk) == []
    assert desk.type("case", "assess", number, "--anew").status == 2


@pytest.mark.outside
def test_a_form_left_as_it_was_records_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing the editor without a change records nothing."""
    number = desk.notified()
    editor(desk, monkeypatch, "true")
    ran = desk.type("case", "assess", number, "--edit")
    assert (ran.status, "nothing was recorded" in ran.err) == (1, True)
    assert forms(desk) == []


def test_elections_are_added_and_closed_at_once(desk: Desk) -> None:
    """An election can be added and closed with one command each, and a new case can use it at once."""
    added = desk.done(
        "election", "add", "GR2026", "--name-nl", "Gemeenteraad 2026", "--name-en", "Municipal 2026",
        "--polling-day", "2026-03-18", "--period", "2026-02-02", "2026-04-01", "--exercise",
    )  # fmt: skip
    assert added == "election GR2026 added\n"
    desk.done("case", "open", "--election", "GR2026", "--type", "other", "--origin", "media")
    assert "GR2026  2026-03-18    2026-02-02  2026-04-01  open, exercise  Gemeenteraad 2026" in desk.done(
        "election", "list"
    )
    desk.done("election", "close", "GR2026")
    found = desk.type("election", "list", "--json").json
    assert isinstance(found, dict)
    assert [(e["polling_days"], e["closed_at"]) for e in found["elections"] if e["code"] == "GR2026"] == [
        (["2026-03-18"], "2024-06-06T10:33:00+02:00")
    ]
    assert desk.type("case", "open", "--election", "GR2026", "--type", "other", "--origin", "media").status == 1

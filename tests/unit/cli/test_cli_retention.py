# SPDX-License-Identifier: EUPL-1.2
"""`archive retention`, `hold` and `release` as an archivist types them, with hostile words in every reason."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests import asking
from tests.unit.cli.conftest import VOUCHED, Desk

CASE = "VF-EP2024-0001"
HOSTILE = "=cmd|' /C calc'!A1 \x1b[2J\u202egnp.exe"


def mail(sender: str, subject: str, text: str) -> bytes:
    """Builds a mail whose sender our server verified."""
    domain = sender.rpartition("@")[2]
    head = f"From: {sender}\r\nTo: verkiezingenflagger@bzk.example\r\nSubject: {subject}\r\n"
    return f"{VOUCHED.format(domain=domain)}{head}Message-ID: <{len(text)}@{domain}>\r\n\r\n{text}\r\n".encode()


@pytest.fixture
def case(desk: Desk) -> str:
    """Returns a closed case without a class of its own, beside a citizen's mail and one that waits."""
    desk.done("case", "open", "--election", "EP2024", "--type", "A_content", "--origin", "media", "--title", "Kanarie")
    desk.done("case", "decide", CASE, "none", "--reason", "nothing to do")
    desk.done("case", "close", CASE)
    desk.receive(mail("kiezer@mailprovider.example", "Nep", "Ik zag een bericht, haal dit weg."))
    desk.receive(mail("anybody@nowhere.example", "Kanarie", "Look at this."))
    return CASE


def shown(desk: Desk, *words: str) -> Mapping[str, object]:
    """Returns the overview as JSON."""
    found = json.loads(desk.done("archive", "retention", "--json", *words))
    assert isinstance(found, dict)
    return found


def standing(desk: Desk, *words: str) -> dict[str, object]:
    """Returns how each thing stands, by its id."""
    things = shown(desk, *words)["things"]
    assert isinstance(things, list)
    return {thing["id"]: thing["standing"] for thing in things}


def test_the_overview_judges_the_day_that_is_asked_for(desk: Desk, case: str) -> None:
    """A case closed on 6 June 2024 is kept up to and including 6 June 2034, and then on the list."""
    assert standing(desk)[case] == "running"
    assert standing(desk, "--as-of", "2024-06-05") == {}
    assert standing(desk, "--as-of", "2034-06-06")[case] == "running"
    assert standing(desk, "--as-of", "2034-06-07")[case] == "due"
    assert standing(desk, "--as-of", "2034-06-07", "--election", "PS2027") == {}


def test_a_hold_takes_a_case_from_the_list_and_its_end_puts_it_back(desk: Desk, case: str) -> None:
    """What is held is named with its hold; a hold whose last day has passed keeps nothing."""
    desk.done("archive", "hold", case, "--reason", "request under the Woo", "--until", "2035-01-31")
    assert standing(desk, "--as-of", "2035-01-31")[case] == "held"
    assert standing(desk, "--as-of", "2035-02-01")[case] == "due"
    desk.done("archive", "release", "h00000001", "--reason", "answered", officer="head1")
    assert standing(desk, "--as-of", "2035-01-31")[case] == "due"


def test_the_screen_says_what_how_many_why_and_that_nothing_was_destroyed(desk: Desk, case: str) -> None:
    """Classes, holds, review window, citizens' mail, list and declaration stand below each other."""
    desk.done("archive", "hold", "--election", "EP2024", "--reason", "question 2024Z1", officer="officer1")
    out = desk.done("archive", "retention")
    for words in (
        "Classes on 2024-06-06", "entry 1 of the selection list of the example", "question 2024Z1", "quarantine",
        "2024-08-15", "2 kept, 2 held, 0 due, 0 destroyed", "DRAFT - DECLARATION OF DESTRUCTION",
        "C. Bakker", "Nothing was destroyed: this is a dry run",
    ):  # fmt: skip
        assert words in out
    assert "on hold:" in desk.done("case", "show", case)
    assert "question 2024Z1" in desk.done("case", "show", case)
    assert "until 2024-08-15, and by h00000001" in desk.done("declined", "list")
    assert [row.id for row in asking.messages(desk.env) if row.discarded_at is not None] == []


def test_private_mail_is_taken_out_by_the_head(desk: Desk) -> None:
    """Screen and JSON say who took it out and why, and the archive's counts; a hostile reason acts on no terminal."""
    key = desk.receive(mail("tante@nowhere.example", "Taart", "Kom je zondag?"))
    desk.go_to("2024-06-06T12:00:00+02:00")
    desk.done("quarantine", "place", key, "--noise", "--reason", "private")
    assert "has none of the roles" in desk.type("archive", "exclude", key, "--reason", "x").err
    out = desk.done("archive", "exclude", key, "--reason", HOSTILE, officer="head1")
    assert f"message {key} is taken out of the archive" in out
    for said in (desk.done("archive", "retention"), desk.type("archive", "verify").out):
        assert key in said
        assert "taken out" in said
        assert "head1" in said
        assert [sign for sign in said if not (sign.isprintable() or sign in "\r\n\t")] == []
    (gone,) = json.loads(desk.type("archive", "verify", "--json").out)["taken_out"]
    assert (gone["message"], gone["by"], gone["arrived"]) == (key, "head1", "2024-06-06")
    assert "message excluded" in desk.done("events")
    again = desk.type("archive", "exclude", key, "--reason", "x", officer="head1")
    assert (again.status, "was taken out of the archive by head1" in again.err) == (1, True)


def test_both_files_hold_the_list_and_no_word_of_a_stranger(desk: Desk, case: str, tmp_path: Path) -> None:
    """Text and CSV are written side by side; titles, subjects and addresses are in neither."""
    out = tmp_path / "list.txt"
    said = desk.done("archive", "retention", "--as-of", "2034-06-07", "--out", str(out))
    assert "list.txt" in said
    assert "list.csv" in said
    assert "Nothing was destroyed" in said
    text = out.read_text(encoding="utf-8")
    for words in (
        "CONCEPT - VERKLARING VAN VERNIETIGING", "DRAFT - DECLARATION OF DESTRUCTION", "7 juni 2034", "7 June 2034",
        "1 zaak met", "1 case with", "10 jaar (P10Y)", "10 years (P10Y)", "entry 1 of the selection list", case,
        "er is niets vernietigd", "nothing was destroyed",
    ):  # fmt: skip
        assert words in text, words
    with out.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    (due,) = [row for row in rows if row["id"] == case]
    assert (due["standing"], due["kept_until"], due["period"], due["appraisal"]) == ("due", "2034-06-06", "P10Y", "V")
    for content in (text, out.with_suffix(".csv").read_text(encoding="utf-8")):
        assert not [word for word in ("Kanarie", "nowhere", "kiezer", "@") if word in content]


def test_no_reason_acts_on_a_terminal_or_in_a_spreadsheet(desk: Desk, case: str, tmp_path: Path) -> None:
    """Escapes are shown, not sent; a cell that begins like a formula is text."""
    desk.done("archive", "hold", case, "--reason", HOSTILE)
    out = tmp_path / "list.txt"
    desk.done("archive", "retention", "--out", str(out))
    written = out.read_text("utf-8") + out.with_suffix(".csv").read_text("utf-8")
    for said in (desk.done("archive", "retention"), desk.done("case", "show", case), shown_raw(desk), written):
        assert [sign for sign in said if not (sign.isprintable() or sign in "\r\n\t")] == []
    with out.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        (held,) = [row for row in csv.DictReader(file) if row["held_by"]]
    assert held["hold_reasons"].startswith("'=cmd")


def shown_raw(desk: Desk) -> str:
    """Returns the overview's JSON as it is printed."""
    return desk.done("archive", "retention", "--json")


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("retention", "--as-of", "2034"), 2, "is no day"),
        (("retention", "--as-of", "9999-12-31"), 1, "is no day"),
        (("retention", "--election", "nowhere"), 1, "there is no such election"),
        (("retention", "--out", "list.csv"), 2, "names the text file"),
        (("retention", "--out", "nowhere/list.txt"), 1, "nowhere/list.txt: cannot be written"),
        (("hold", "--reason", "x"), 1, "needs either a case or an election"),
        (("hold", CASE), 2, "--reason"),
        (("hold", CASE, "--reason", " "), 1, "reason"),
        (("hold", CASE, "--reason", "x", "--until", "2024-06-05"), 1, "that day is over"),
        (("hold", CASE, "--reason", "x", "--until", "tomorrow"), 2, "is no day"),
        (("release", "h\x1b[2J", "--reason", "x"), 1, "there is no such hold"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    desk: Desk, case: str, words: tuple[str, ...], status: int, says: str
) -> None:
    """Wrong use and refusals name what is wrong and what would be right."""
    ran = desk.type("archive", *words, officer="head1")
    assert (ran.status, ran.out) == (status, "")
    assert says in ran.err
    assert ran.err.count("\n") == 1
    assert "\x1b" not in ran.err
    assert case == CASE


def test_a_dossier_names_each_hold_and_is_the_same_after_its_last_day(desk: Desk, case: str, tmp_path: Path) -> None:
    """Holds on the case and on its election stand in list and log; the end of one by its day changes no octet."""
    desk.done("archive", "hold", case, "--reason", HOSTILE, "--until", "2024-07-01")
    desk.done("archive", "hold", "--election", "EP2024", "--reason", "question 2024Z1")
    desk.done("archive", "release", "h00000002", "--reason", "answered", officer="head1")
    first, second = tmp_path / "first", tmp_path / "second"
    desk.done("archive", "export", case, "--out", str(first))
    desk.go_to("2024-09-01T12:00:00+02:00")
    desk.done("archive", "export", case, "--out", str(second))
    found = {path.relative_to(first): path.read_bytes() for path in first.rglob("*") if path.is_file()}
    assert found == {path.relative_to(second): path.read_bytes() for path in second.rglob("*") if path.is_file()}
    listed = found[Path("data", case, "index.txt")].decode()
    (line,) = [line for line in listed.splitlines() if line.startswith("Vernietigingsstop")]
    assert "h00000001: 2024-06-06 10:33+02:00 - 2024-07-01: =cmd" in line
    assert "h00000002: 2024-06-06 10:33+02:00 - 2024-06-06 10:33+02:00: question 2024Z1" in line
    events = found[Path("data", "events-0001.jsonl")].decode()
    assert [json.loads(one)["kind"] for one in events.splitlines()][-3:] == [
        "hold placed",
        "hold placed",
        "hold lifted",
    ]

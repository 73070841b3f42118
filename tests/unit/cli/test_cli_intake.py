# SPDX-License-Identifier: EUPL-1.2
"""The commands to ask a referrer, to find earlier cases on a narrative, and for declined mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from flaggermail.cases import erasure
from flaggermail.cli.case import written_form
from flaggermail.cli.session import Session
from tests.unit.cli.conftest import CONFIG, VOUCHED, Desk

REFERRAL = (
    VOUCHED.format(domain="lindewaard.example")
    + "From: Griffie <griffie@lindewaard.example>\r\nTo: verkiezingenflagger@bzk.example\r\n"
    "Subject: Bericht over stembiljet\r\nMessage-ID: <r1@lindewaard.example>\r\n\r\n"
    "Er gaat een bericht rond. Geen reactie van het platform.\r\n"
).encode()


@pytest.fixture
def listed(desk: Desk) -> Desk:
    """Returns a desk with two narratives on its list and an earlier, decided case on both."""
    tags = desk.env.settings.desk.tags.model_copy(update={"narratives": ("two-boxes", "wrong-day")})
    settings = desk.env.settings.desk.model_copy(update={"tags": tags})
    desk.env = replace(desk.env, settings=desk.env.settings.model_copy(update={"desk": settings}))
    opened = ("--election", "TK2023", "--type", "A_content", "--origin", "media", "--title", "Old boxes")
    desk.done("case", "open", *opened)
    desk.done("case", "tag", "VF-TK2023-0001", "two-boxes", "wrong-day")
    desk.done("case", "decide", "VF-TK2023-0001", "none", "--reason", "the post said it was a joke")
    desk.clock.set(datetime.fromisoformat("2024-06-06T10:33:30+02:00"))
    return desk


def test_an_earlier_case_on_the_same_narrative_is_shown_with_its_reasoning(listed: Desk) -> None:
    """Earlier cases on a narrative are shown in `case show`, its JSON and the form, across elections.

    They are shown only once the case itself has the narrative.
    """
    number = listed.notified()
    assert "Earlier on" not in listed.done("case", "show", number)
    assert listed.done("case", "tag", number, "two-boxes") == f"case {number} is about two-boxes\n"
    shown = listed.done("case", "show", number)
    assert "narratives:" in shown
    assert "Earlier on two-boxes: VF-TK2023-0001  Old boxes" in shown
    assert "election: TK2023" in shown
    assert "decision: none, 2024-06-06 10:33+02:00" in shown
    assert "reason:   the post said it was a joke" in shown
    document = listed.type("case", "show", number, "--json").json
    assert isinstance(document, dict)
    assert [other["number"] for other in document["same_narrative"]] == ["VF-TK2023-0001"]
    assert "Earlier on" not in listed.done("case", "show", "VF-TK2023-0001")
    session = Session(CONFIG, given=listed.env, officer="officer1")
    form = written_form(session.ask("case form", case=number))
    assert "# Same narrative, VF-TK2023-0001: Old boxes" in form
    assert "#   reason: the post said it was a joke" in form


def test_cases_are_listed_by_narrative(listed: Desk) -> None:
    """Cases are listed by narrative, across elections; a removed narrative no longer lists the case."""
    number = listed.notified()
    listed.done("case", "tag", number, "two-boxes")
    found = listed.done("case", "list", "--tag", "two-boxes").splitlines()
    assert [line.split()[0] for line in found[1:]] == ["VF-TK2023-0001", number]
    listed.done("case", "tag", number, "--remove", "two-boxes")
    assert number not in listed.done("case", "list", "--tag", "two-boxes")
    assert listed.done("case", "list", "--tag", "other") == "no cases\n"
    assert listed.type("case", "tag", number).status == 2


def test_a_referrer_is_asked_for_what_case_show_names(desk: Desk, tmp_path: Path) -> None:
    """`case ask` requests the items that `case show` lists as missing, or one item and a question from a file."""
    desk.receive(REFERRAL)
    shown = desk.done("case", "show", "VF-EP2024-0001")
    assert "missing:  a screenshot, where it can be seen, a phone number" in shown
    asked = desk.done("case", "ask", "VF-EP2024-0001")
    assert asked == (
        "case VF-EP2024-0001: the referrer is asked for a screenshot, where it can be seen, a phone number\n"
    )
    desk.go_to("2024-06-06T10:34:00+02:00")
    question = tmp_path / "question.txt"
    question.write_text("Op welk platform stond het?\n", encoding="utf-8")
    ran = desk.type("case", "ask", "VF-EP2024-0001", "--item", "contact", "--text", str(question))
    assert ran.out.endswith("is asked for a phone number, an answer to your question\n")
    assert ran.err == "note: the referrer was asked before, last on 2024-06-06 at 10:33\n"
    document = desk.type("case", "show", "VF-EP2024-0001", "--json").json
    assert isinstance(document, dict)
    assert document["missing"] == ["screenshot", "link", "contact"]


REPORT = (
    VOUCHED.format(domain="mailprovider.example")
    + "From: Kim <kiezer@mailprovider.example>\r\nTo: verkiezingenflagger@bzk.example\r\n"
    "Subject: {subject}\r\nMessage-ID: <{name}@mailprovider.example>\r\n\r\nIk zag dit, haal het weg. {more}\r\n"
)


def test_declined_mail_is_listed_shown_and_taken_back(desk: Desk) -> None:
    """Declined mail is listed without senders, can be read, and is no longer counted once it becomes a case."""
    assert desk.done("declined", "list") == "no mail is declined\n"
    first = desk.receive(REPORT.format(subject="Nep", name="c1", more="").encode())
    listed = desk.done("declined", "list").splitlines()
    assert listed[1].split()[:5] == ["2024-06-06", "10:33+02:00", first, "citizen_report", "until"]
    assert "2024-08-15" in listed[1]
    assert "kiezer" not in listed[1]
    assert listed[2] == "senders declined in EP2024: 1"
    assert "Ik zag dit" in desk.done("declined", "show", first)
    document = desk.type("declined", "list", "--json").json
    assert isinstance(document, dict)
    assert document["senders"] == {"EP2024": 1}
    assert [(m["id"], m["from_address"], m["kept_until"][:10]) for m in document["messages"]] == [
        (first, None, "2024-08-15")
    ]
    assert desk.done("quarantine", "place", first, "--new") == f"message {first} opened VF-EP2024-0001\n"
    assert desk.done("declined", "list") == "no mail is declined\n"
    assert "Kim <kiezer@mailprovider.example>" in desk.done("case", "show", "VF-EP2024-0001")


def test_a_person_declines_a_mail_that_waits(desk: Desk) -> None:
    """`declined add` says whether the sender is told; after the review period the mail is destroyed."""
    waiting = desk.receive(REPORT.format(subject="Nep", name="c1", more="Ik woon in deze gemeente.").encode())
    assert desk.done("declined", "add", waiting) == f"message {waiting} is declined; its sender is told\n"
    assert desk.type("declined", "add", waiting).err == (
        f"message {waiting}: is in declined; only mail that waits, or noise, can be declined\n"
    )
    desk.go_to("2024-08-16T10:33:00+02:00")
    erasure.tick(desk.env)
    assert "destroyed 2024-08-16 10:33+02:00" in desk.done("declined", "list")
    ran = desk.type("declined", "show", waiting)
    assert (ran.status, ran.err.startswith(f"message {waiting}: its octets were destroyed at the end")) == (1, True)
    assert desk.done("audit", "verify").endswith("chain intact\n")

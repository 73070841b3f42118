# SPDX-License-Identifier: EUPL-1.2
"""The parsed fields of each mail in tests/mails; its .readme describes the mail."""

from __future__ import annotations

import json
from pathlib import Path

from flaggermail.mail.message import contract, packed, unpacked
from tests.corpus import each
from tests.shipped_parser import PARSER

MAILS = Path(__file__).parents[2] / "mails"


@each("name", sorted(path.stem for path in MAILS.glob("*.eml")), of="mails")
def test_the_mail_is_read_as_its_expectation_says(name: str) -> None:
    """Every field in the expectation has exactly that value."""
    message = PARSER.parse((MAILS / f"{name}.eml").read_bytes())
    expected = json.loads((MAILS / f"{name}.expected.json").read_text("utf-8"))
    found = json.loads(json.dumps(contract(message)))
    assert {key: found[key] for key in expected} == expected


@each("name", sorted(path.stem for path in MAILS.glob("*.eml")), of="mails")
def test_a_message_comes_back_whole_from_its_packed_form(name: str) -> None:
    """A message is unchanged by its packed form, which the parsing process sends."""
    message = PARSER.parse((MAILS / f"{name}.eml").read_bytes())
    assert unpacked(json.loads(json.dumps(packed(message)))) == message


def test_each_mail_says_what_it_is_about() -> None:
    """Each sample has an expectation and a readme."""
    for mail in MAILS.glob("*.eml"):
        assert mail.with_suffix(".readme").read_text("utf-8").strip()
        assert mail.with_suffix(".expected.json").exists()


def test_a_report_names_the_mail_that_it_is_about() -> None:
    """A report gives the Message-ID of the returned mail (RFC 3464, RFC 5965)."""
    for name in ("dsn-failed", "dsn-delayed", "dsn-delivered", "feedback-report"):
        assert PARSER.parse((MAILS / f"{name}.eml").read_bytes()).original_message_id == "n1@ministerie.example"

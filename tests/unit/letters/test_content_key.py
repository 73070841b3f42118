# SPDX-License-Identifier: EUPL-1.2
"""The content key of a letter equals the key computed from the sent mail, so our own mail is recognised."""

from dataclasses import replace

import pytest
from hypothesis import given

from flaggermail.letters.writing import content_key_of
from flaggermail.mail.compose import Letter, compose
from flaggermail.mail.message import Address
from flaggermail.mail.vocabulary import visible_lines
from tests.shipped_parser import PARSER
from tests.unit.mail.test_compose import LETTER, LETTERS


@given(LETTERS)
def test_the_key_of_a_letter_is_the_key_of_its_octets(letter: Letter) -> None:
    """The keys are equal for any letter, encoded or folded, once invisible characters are removed."""
    letter = replace(letter, body=visible_lines(letter.body))
    page = "<p>the same" if letter.body.strip() else ""
    for shape in (letter, replace(letter, flowed=True), replace(letter, flowed=True, html=page)):
        assert content_key_of(shape) == PARSER.parse(compose(shape)).content_key


@pytest.mark.parametrize(
    "letter",
    [
        replace(LETTER, subject="Café  =?utf-8?Q?no_word?= " + "long " * 40),
        replace(LETTER, body="| From here\n| > quoted\n\n-- \nDesk \n" + "é" * 300 + "\n"),
        replace(LETTER, to=(Address("B@b.example", "Vries, B."), Address("a@b.example")), cc=(Address("c@d.example"),)),
        replace(LETTER, references=("a@b.example", "c@d.example", "a@b.example")),
        replace(LETTER, to=(Address("jos\u00e9.\u7530@b.example", "Jos\u00e9"),), international=True),
        replace(LETTER, body="-----BEGIN PGP MESSAGE-----\n\nxyz\n-----END PGP MESSAGE-----\n"),
        replace(LETTER, body=f">quoted\n>> > {'more ' * 30}\n-- \nFrom here\n{'long ' * 30}> 5\n", flowed=True),
    ],
    ids=["subject", "text", "addresses", "references", "international", "armour", "flowed"],
)
def test_the_key_of_an_odd_letter_is_the_key_of_its_octets(letter: Letter) -> None:
    """The keys are equal for texts that readers treat in special ways."""
    assert content_key_of(letter) == PARSER.parse(compose(letter)).content_key


def test_another_text_is_another_key() -> None:
    """Every part of a letter that a reader would notice changes the key."""
    others = (
        replace(LETTER, body="Good evening\n"), replace(LETTER, subject="Else"), replace(LETTER, cc=(LETTER.from_,)),
        replace(LETTER, from_=Address("e@f.example")), replace(LETTER, date=LETTER.date.replace(hour=3)),
        replace(LETTER, references=("a@b.example",)),
    )  # fmt: skip
    assert len({content_key_of(letter) for letter in (LETTER, *others)}) == len(others) + 1

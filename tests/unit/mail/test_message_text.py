# SPDX-License-Identifier: EUPL-1.2
"""The writer's own words, and the mail inside a forward."""

from __future__ import annotations

from pathlib import Path

import pytest

from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.errors import ConfigurationError
from flaggermail.mail.forwards.attribution_line import quote_mark
from flaggermail.mail.forwards.forwarded import Inline, find_inline
from flaggermail.mail.forwards.reply_text import reply_text
from flaggermail.mail.html_page import text_of
from flaggermail.mail.subject import split_subject
from tests.corpus import each
from tests.shipped_parser import LANGUAGE

# How gateways and programs render the narrow no-break space between minutes and AM.
SPACES = [
    "",
    " ",
    "\u00a0",
    "\u202f",
    "\u2009",
    "\ufffd",
    "?",
    "?a0",
    "\u00c2\u00a0",
    "\u00e2\u20ac\u00af",
    "=E2=80=AF",
    "=A0",
]


@each("space", SPACES)
def test_the_quote_line_is_known_by_any_broken_space(space: str) -> None:
    """A quote line is recognised with any broken space; the line of 6 June 2024 read "10:34?a0AM"."""
    line = f"On Thu, Jun 6, 2024 at 10:34{space}AM Jane Doe <jane@a.example> wrote:"
    assert reply_text(["Thanks.", "", line, "", "Dear people,"], LANGUAGE) == "Thanks."


@each(
    "lines",
    [
        ["Op do 6 jun 2024 om 10:34 schreef Jan Bos <jan@a.example>:"],
        ["Op 6 jun 2024 om 10:34 heeft Jan Bos", "<jan@a.example> het volgende geschreven:"],
        ["Am 06.06.24 um 10:34 schrieb Jan Bos:"],
        ["Le jeu. 6 juin 2024 \u00e0 10:34, Jan Bos <jan@a.example> a", "\u00e9crit :"],
        ["Jan Bos <jan@a.example> schreef:"],
        ["2024-06-06 10:34 GMT+02:00 Jan Bos <jan@a.example>:"],
    ],
)
def test_quote_lines_of_four_languages(lines: list[str]) -> None:
    """Quote lines in four languages are recognised, folded or not, with or without a verb."""
    assert quote_mark([*lines, "", "> x"], 0, LANGUAGE) == len(lines)


@pytest.mark.parametrize(
    "line", ["Op maandag schreef de burgemeester:", "On Monday we said:", "Zie 1, 2 en 3:", "Hij schreef:"]
)
def test_a_sentence_is_no_quote_line(line: str) -> None:
    """A quote line needs an instant or an address; a verb alone is not enough."""
    assert quote_mark([line, "", "tekst"], 0, LANGUAGE) == 0
    assert reply_text([line, "tekst"], LANGUAGE) == f"{line}\ntekst"


@each(
    ("text", "expected"),
    [
        ("Akkoord.\n\nMet vriendelijke groet,\nJan\nGemeente", "Akkoord."),
        ("Akkoord.\n-- \nJan", "Akkoord."),
        ("Akkoord.\n\nVerzonden vanaf mijn telefoon", "Akkoord."),
        ("Akkoord.\n\nDit bericht is vertrouwelijk en alleen voor u.\nBewaar het niet.", "Akkoord."),
        ("CAUTION: this came from outside.\nDo not click.\n\nAkkoord.", "Akkoord."),
        ("Akkoord.\n\n-----Oorspronkelijk bericht-----\nVan: x\n\noud", "Akkoord."),
        ("> oud\n\nAkkoord.", "Akkoord."),
        (
            "Met groet uit Delft kreeg ik dit.\nEen tweede regel.",
            "Met groet uit Delft kreeg ik dit.\nEen tweede regel.",
        ),
        ("Groet", "Groet"),
        ("", ""),
    ],
)
def test_only_the_writers_own_words_are_kept(text: str, expected: str) -> None:
    """Quotation, signature, notice and banner are removed; a text that merely contains such words stays."""
    assert reply_text(text.split("\n"), LANGUAGE) == expected


def forward(text: str, subject: str = "", *, answers: bool = False) -> Inline | None:
    """Returns the forwarded mail of a text."""
    return find_inline(text.split("\n"), split_subject(subject, LANGUAGE), LANGUAGE, answers=answers)


BLOCK = "From: Jane <jane@a.example>\nSent: Thursday\nTo: Bob <bob@a.example>\nSubject: Old\n\nThe old text."


def test_a_header_block_is_a_forward_or_a_quotation_by_the_subject() -> None:
    """A header block is a quotation after "Re:" and a forward after "FW:"; without a prefix In-Reply-To decides."""
    assert forward(BLOCK, "Re: Old") is None
    assert forward(BLOCK, "Old", answers=True) is None
    for found in (
        forward(BLOCK, "FW: Old", answers=True),
        forward(BLOCK, "Old"),
        forward(f"Note.\n\n{BLOCK}", "FW: Old"),
    ):
        assert found is not None
        assert found.mail.sender is not None
        assert (found.mail.sender.address, found.mail.subject, found.mail.date) == ("jane@a.example", "Old", "Thursday")
        assert found.mail.body == "The old text."


def test_a_line_that_says_forwarded_decides_even_in_a_reply() -> None:
    """A line that says "forwarded" decides, even against the subject of a reply."""
    found = forward(f"Note.\n\n---------- Forwarded message ---------\n{BLOCK}", "Re: Old")
    assert found is not None
    assert found.start == 2


@pytest.mark.parametrize("prefix", ["> ", "*", ""])
def test_blocks_are_read_quoted_and_with_bold_labels(prefix: str) -> None:
    """A forward is read from a quoted block (Apple Mail) and from one with bold labels and blank lines (HTML)."""
    labels = ["Van", "Datum ontvangst", "Aan", "CC", "Onderwerp"]
    values = ["Jan <jan@a.example>", "6 juni 2024", "x@b.example", "", "Oud"]
    mark = "*" if prefix == "*" else ""
    quote = "> " if prefix == "> " else ""
    lines = [f"{quote}{mark}{label}:{mark} {value}" for label, value in zip(labels, values, strict=True)]
    found = forward(
        "\n\n".join([*lines, f"{quote}Tekst."]) if prefix == "*" else "\n".join([*lines, quote, f"{quote}Tekst."]),
        "FW: x",
    )
    assert found is not None
    assert (found.mail.cc, found.mail.date, found.mail.body) == ((), "6 juni 2024", "Tekst.")


def test_a_mail_without_a_block_is_no_forward() -> None:
    """The subject alone or an incomplete block is no forward."""
    assert forward("Kijk eens.", "FW: iets") is None
    assert forward("Van: maandag\nTot: vrijdag", "FW: iets") is None
    assert forward("Aan: iedereen\nOnderwerp: feest", "FW: iets") is None


def test_html_becomes_lines_without_what_nobody_reads() -> None:
    """Scripts, styles and comments are removed, quotations are marked, addresses in angle brackets stay."""
    page = (
        "<!-- note --><style>p{}</style><script>if (a<b) x()</script><p>One&nbsp;<b>two</b></p>"
        "<blockquote>old<br>er</blockquote>three &lt;a@b.example&gt; <c@d.example><ul><li>four</li></ul>"
    )
    assert text_of(page).replace("\u00a0", " ").split("\n") == [
        "One two",
        "",
        "> old",
        "> er",
        "",
        "three <a@b.example> <c@d.example>",
        "",
        "- four",
    ]


def test_the_words_of_the_rules_are_checked(tmp_path: Path) -> None:
    """Unknown keys and wrong values in the word tables are faults: such a rule would silently not work."""
    (tmp_path / "mail-machines.yaml").write_text("nl:\n  robot_lines: [x]\n", "utf-8")
    (tmp_path / "mail-language.yaml").write_text("nl:\n  reply_prefix: [antw]\n  closings: groet\nen: 3\n", "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        read_language(tmp_path)
    assert [fault.split(": ")[0].rpartition(" ")[2] for fault in raised.value.faults] == [
        "nl.reply_prefix",
        "nl.closings",
        "en",
    ]
    (tmp_path / "mail-language.yaml").write_text("nl: [", "utf-8")
    with pytest.raises(ConfigurationError, match=r"mail-language\.yaml:\d+:\d+"):
        read_language(tmp_path)
    with pytest.raises(ConfigurationError, match="the file is missing"):
        read_language(tmp_path / "missing")

# SPDX-License-Identifier: EUPL-1.2
"""Names of files in a dossier are harmless everywhere, and keys stay hidden."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.archive.dossier_lists import Keys, visible, visible_line
from flaggermail.documents.octets import file_name
from tests.pace import within

KEY = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("screenshot.png", "0001-1-screenshot.png"),
        ("../../x", "0001-1-x.bin"),
        ("..\\..\\boot.ini", "0001-1-boot.ini"),
        ("a\0b.txt", "0001-1-a_b.txt"),
        ("x" * 300 + ".jpeg", "0001-1-" + "x" * 60 + ".jpeg"),
        ("CON", "0001-1-CON.bin"),
        ("nul.txt", "0001-1-nul.txt"),
        ("\U0001f4a9.png", "0001-1-attachment.png"),
        ("factuur\u202efdp.exe", "0001-1-factuurfdp.exe"),
        ("Schermafbeelding één.PNG", "0001-1-Schermafbeelding_een.PNG"),
        (".bashrc", "0001-1-attachment.bashrc"),
        ("-rf", "0001-1-rf.bin"),
        ("", "0001-1-attachment.bin"),
        (None, "0001-1-attachment.bin"),
        ("a.b.c.tar.gz", "0001-1-a_b_c_tar.gz"),
        ("0001.mdto.xml", "0001-1-0001_mdto.xml"),
        ("factuur.pdf.exe", "0001-1-factuur_pdf.exe"),
        ("report.", "0001-1-report.bin"),
        ("%0a%2e%2e", "0001-1-0a_2e_2e.bin"),
    ],
)
def test_a_strangers_name_becomes_harmless(name: str | None, expected: str) -> None:
    """No path, no reserved name, no invisible sign; the extension stays."""
    assert file_name("0001-1", name) == expected


@given(st.text(max_size=400))
def test_no_name_leads_elsewhere(name: str) -> None:
    """Whatever the name, the file name is short ASCII without a separator, and begins with its number."""
    found = file_name("0001-1", name)
    assert re.fullmatch(r"0001-1-[A-Za-z0-9][A-Za-z0-9_-]{0,70}[.][A-Za-z0-9]{1,10}", found)


def test_hidden_signs_are_shown() -> None:
    """A bidirectional or control character is visible; line breaks are kept, or become spaces."""
    assert visible("a\u202eb\n\x1b") == "a<U+202E>b\n<U+001B>"
    assert visible_line("a\nb\tc\0") == "a b c<U+0000>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"<vf.{KEY}.12@bzk.example>", "<[key].12@bzk.example>"),
        (f"desk+{KEY}@bzk.example", "desk[key]@bzk.example"),
        (f"(VF.{KEY.upper()})", "([key])"),
        ("Re: [VF-EP2024-0001-K7QF] Boxes", "Re: [VF-EP2024-0001] Boxes"),
        ("vf-ep2024-0001-k7qf", "vf-ep2024-0001"),
        ("VF-EP2024-0001", "VF-EP2024-0001"),
        ("VF-EP2024-0001-K7QFX", "VF-EP2024-0001-K7QFX"),
        ("550e8400-e29b-4123-abcd-446655440000@host", "550e8400-e29b-4123-abcd-446655440000@host"),
        (KEY, KEY),  # a digest is as long in another place: rows with a bare key are left out whole
    ],
)
def test_keys_are_hidden(text: str, expected: str) -> None:
    """Reply keys and the tails of numbers are hidden, and nothing else."""
    assert Keys("VF").hidden(text) == expected


def test_hiding_is_linear() -> None:
    """100 kB of almost-keys cost no time."""
    began = time.process_time()
    for text in ("vf." * 33_000, "VF-" + "A1" * 50_000, "VF-EP2024-" * 10_000, "+" + "a" * 100_000, "VF-E-1-" * 14_000):
        Keys("VF").hidden(text)
    assert within(time.process_time() - began, 1)

# SPDX-License-Identifier: EUPL-1.2
"""Case numbers with a tail: how they are made, and found again in what mail programs make of them."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.mail.case_numbers import (
    ALPHABET,
    MOST,
    Tailed,
    case_numbers,
    named_once,
    numbers_of_elections,
    tail_from,
    tailed_numbers,
    with_tail,
    without_tail,
    without_tails,
)
from flaggermail.mail.vocabulary import may_hold
from tests.corpus import each
from tests.pace import within

ONE = Tailed("VF-EP2024-0001", "K7QF")
SEPARATORS = st.sampled_from(
    ["-", "\u2013", "\u2014", "\u2212", " ", "\u00a0", " - ", "-\n", "-\r\n> ", "\n> > -", "_"]
)


@given(st.sampled_from(["", "Re: [", "> ", "[#12] ", "("]), SEPARATORS, SEPARATORS, SEPARATORS, st.booleans())
def test_a_number_is_found_however_its_groups_are_joined(
    before: str,
    first: str,
    second: str,
    third: str,
    small: bool,  # noqa: FBT001 - drawn
) -> None:
    """Any dash, space or quoted line break joins the groups, and case does not matter."""
    text = f"{before}VF{first}EP2024{second}0001{third}K7QF] and so on"
    assert tailed_numbers(text.lower() if small else text, "VF")[:1] == (ONE,)


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_number_is_found_across_a_line_break_inside_a_group(cut: int) -> None:
    """A gateway breaks a line at its width, in a quotation below the next line's marks."""
    for torn in (f"VF-EP2024-0001-{'K7QF'[:cut]}\n> {'K7QF'[cut:]}", f"VF-EP2024-{'0001'[:cut]}\n{'0001'[cut:]}-K7QF"):
        assert tailed_numbers(f"> about {torn}, thanks", "VF") == (ONE,)


@pytest.mark.parametrize(
    "text",
    [
        "VF-EP2024-0001", "VF-EP2024-0001-K7Q", "VF-EP2024-0001-K7QFX", "XVF-EP2024-0001-K7QF", "VF-EP2024-01-K7QF",
        "VF-EP2024-0001-K7O1",
    ],
)  # fmt: skip
def test_what_is_no_number_with_a_tail(text: str) -> None:
    """Too short, too long, part of another word, or with characters that no tail has."""
    assert tailed_numbers(text, "VF") == ()


def test_a_number_with_a_tail_is_that_number() -> None:
    """Where bare numbers are looked for, the tail is left out; what only looks like one is no number at all."""
    assert case_numbers("[VF-EP2024-0001-K7QF] and vf-ep2024-0002", "VF") == ("VF-EP2024-0001", "VF-EP2024-0002")
    assert case_numbers("VF-EP2024-0001-K7QFX", "VF") == ()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("VF-EP2024-0001-K7QF", "VF-EP2024-0001"), (" vf-ep2024-0001-k7qf ", "VF-EP2024-0001"),
        ("VF-EP2024-0001", "VF-EP2024-0001"), ("VF-EP2024-2345", "VF-EP2024-2345"), ("7", "7"),
        ("VF-EP2024-0001/1", "VF-EP2024-0001/1"), ("vf-2-EP2024-0001-K7QF", "VF-2-EP2024-0001"),
        ("VF_A-EP2024-0001-K7QF", "VF_A-EP2024-0001"), ("VF_A-EP2024-0001", "VF_A-EP2024-0001"),
    ],
)  # fmt: skip
def test_a_typed_tail_is_left_out(typed: str, meant: str) -> None:
    """Only a whole number with a tail is shortened."""
    assert without_tail(typed) == meant


@pytest.mark.parametrize(
    ("subject", "printed"),
    [
        ("[VF-EP2024-0001-K7QF] Two boxes", "[VF-EP2024-0001] Two boxes"),
        ("Re: Ticket 88 vf-ep2024-0001-k7qf: two boxes", "Re: Ticket 88 vf-ep2024-0001: two boxes"),
        ("RE: VF\u2013EP2024\u20130001\u2013W9PS", "RE: VF\u2013EP2024\u20130001"),  # another's, behind a dash
        ("Re: VF EP2024 0001 K7QF two boxes", "Re: VF EP2024 0001 two boxes"),
        ("Re: VF-EP2024-0001 Real posts", "Re: VF-EP2024-0001 Real posts"),  # a word, and no tail of ours
        ("VF-EP2024-0001-K7QF, VF-EP2024-0002-K7QG", "VF-EP2024-0001, VF-EP2024-0002"),
        ("Two boxes", "Two boxes"),
    ],
)
def test_a_printed_subject_has_no_tails(subject: str, printed: str) -> None:
    """Tails are keys: they are cut from what is printed for others, however a gateway changed the dashes."""
    assert without_tails(subject, "VF", {"K7QF"}) == printed


@given(st.integers(0, 16**32 - 1))
def test_a_tail_is_made_of_the_first_bits_of_a_token(bits: int) -> None:
    """Equal bits give equal tails, of characters that are found again."""
    tail = tail_from(f"{bits:032x}")
    assert len(tail) == 4
    assert set(tail) <= set(ALPHABET)
    assert tailed_numbers(with_tail("VF-PS2027-0007", tail), "VF") == (Tailed("VF-PS2027-0007", tail),)


def test_tails_are_spread_evenly() -> None:
    """Each of the 32 characters stands equally often at each place."""
    tails = [tail_from(f"{n:05x}") for n in range(0, 16**5, 7)]
    for place in range(4):
        counts = Counter(tail[place] for tail in tails)
        assert len(counts) == 32
        assert max(counts.values()) - min(counts.values()) < len(tails) / 320


def test_the_number_found_is_bounded_and_so_is_the_time() -> None:
    """One more than the limit is enough to know that it was passed; no text takes long."""
    assert len(tailed_numbers(" ".join(f"VF-EP2024-{n:04d}-K7QF" for n in range(1000)), "VF")) == MOST + 1
    for text in ("VF-" * 600_000, "VF-A-" + "1\n" * 900_000, "VF" + " \n> " * 400_000, "VF-A-111-" * 200_000):
        begun = time.process_time()
        tailed_numbers(text, "VF")
        assert within(time.process_time() - begun, 3)


def test_a_text_without_the_word_holds_none_in_any_case() -> None:
    """Whatever a search that ignores case takes for an ASCII character, the quick look says that it may be there."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
    passing = re.compile(f"[{letters}]", re.IGNORECASE)
    found = [character for character in map(chr, range(sys.maxunicode + 1)) if passing.fullmatch(character)]
    assert len(found) > 2 * 26
    for character in found:
        meant = [one for one in letters if re.fullmatch(one, character, re.IGNORECASE)]
        assert all(may_hold(f"x{character}f", f"{one}F") for one in meant), ascii(character)
    assert not may_hold("Een brief over de verkiezing, caf\u00e9 en al", "VF")
    assert may_hold("over vf-ep2024-0001", "VF-")


@each(
    ("text", "expected"),
    [
        ("VF-EP2024-0001-K7QF", ("VF-EP2024-0001",)),
        ("zaak kr-ps2027-0012", ("KR-PS2027-0012",)),
        ("CASE_VF-EP2024-0001.pdf", ("CASE_VF-EP2024-0001", "VF-EP2024-0001")),
        ("MYVF EP2024 0001", ("MYVF-EP2024-0001",)),
        ("> your number is VF-\n> EP2024-0001", ("VF-EP2024-0001",)),
        ("VF-EP2019-0001, EP2024-0001, the EP2024 of 0001, VF-EP2024-01", ()),
    ],
)
def test_numbers_of_known_elections_have_any_prefix(text: str, expected: tuple[str, ...]) -> None:
    """The code of an election and its digits lead to the word before them, whatever stands between."""
    assert numbers_of_elections(text, ["EP2024", "PS2027"]) == expected


def test_very_many_numbers_of_elections_are_not_all_looked_for() -> None:
    """A mail that is nothing but numbers, or nearly, costs little."""
    begun = time.process_time()
    for text in (
        "VF-EP2024-0001 " * 20_000,
        "EP2024-" * 100_000,
        "A-" * 200_000 + "EP2024-0001",
        "EP2024-0001 " * 50_000,
    ):
        assert len(numbers_of_elections(text, ["EP2024"])) <= 4 * MOST
    assert len(numbers_of_elections(" ".join(f"VF-EP2024-{n:04d}" for n in range(1000)), ["EP2024"])) <= 4 * MOST
    assert within(time.process_time() - begun, 5)


@pytest.mark.parametrize(
    ("subject", "number", "left"),
    [
        ("[VF-EP2024-0001-K7QF] Two boxes", "VF-EP2024-0001-K7QF", None),
        ("Van X: Re: [VF-EP2024-0001-K7QF] Two boxes [VF-EP2024-0001]", "VF-EP2024-0001", "{} Re: Two boxes {}"),
        ("[VF-EP2024-0001-K7QF] Ontvangen: vf-ep2024-0001", "VF-EP2024-0001-K7QF", "[VF-EP2024-0001-K7QF] Ontvangen:"),
        ("Nieuwe zaak: [VF-EP2024-0002] en VF-EP2024-00011 [VF-EP2024-0001]", "VF-EP2024-0001", None),
        ("Bel nu X [VF-EP2024-0001] [VF-EP2024-0001]", "VF-EP2024-0001", "Bel nu X [VF-EP2024-0001]"),
    ],
)
def test_a_subject_of_ours_names_its_case_once(subject: str, number: str, left: str | None) -> None:
    """The number of the mail that is shown or answered is left out; that of another case stays."""
    wanted = left.format("Van X:", f"[{number}]") if left else subject
    assert named_once(subject, number) == wanted

# SPDX-License-Identifier: EUPL-1.2
"""Quantities as people write them, in two languages: what means the same is the same, and what does not is not."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.report.quantities import Quantity, QuantityKind, plain, read, same, whole
from flaggermail.wording.number_words import CARDINALS, amount
from tests.corpus import each

# every spelling in a line means the same, and the same as in no other line
SAME: dict[str, tuple[str, ...]] = {
    "never": ("nooit", "geen enkele keer", "nul keer", "never", "0 times"),
    "once": ("eenmaal", "één keer", "een keer", "eén keer", "één enkele maal", "1x", "1 keer", "once", "one time"),
    "twice": ("tweemaal", "twee keer", "twee maal", "2x", "2 \u00d7", "twice", "two times", "2 times"),
    "twelve": ("twaalf", "12", "twelve"),
    "twenty-one": ("eenentwintig", "21", "twenty-one", "twenty one"),
    "thirty-two": ("tweeëndertig", "tweeendertig", "32", "thirty-two"),
    "dossier": ("35 165", "35165", "35.165", "35,165", "35\u00a0165", "35\u202f165"),
    "two and a half": ("2,5", "2.5", "2½", "tweeënhalf", "two and a half"),
    "third": ("derde", "3e", "3de", "third", "3rd"),
    "half an hour": ("een half uur", "half uur", "0,5 uur", "half an hour", "½ uur", "30 minuten"),
    "an hour and a half": ("anderhalf uur", "1,5 uur", "1½ uur", "an hour and a half", "one and a half hours",
                            "90 min"),
    "152 minutes": ("2 uur en 32 minuten", "152 minuten", "2 h 32 min", "2u32", "2 hours and 32 minutes", "2 uur 32"),
    "no minute": ("minder dan een minuut", "minder dan 1 minuut", "less than a minute", "0 minuten"),
    "quarter": ("een kwartier", "15 minuten", "a quarter of an hour", "vijftien minuten"),
    "nine days": ("9 dagen, 3 uur en 12 minuten", "9 days, 3 hours and 12 minutes", "13.152 minuten",
                  "219 uur en 12 min"),
    "day": ("6 juni 2024", "6 June 2024", "June 6, 2024", "2024-06-06", "06-06-2024", "6-6-24", "do 06-jun-2024",
            "donderdag 6 juni 2024", "6th of June 2024", "6/6/2024"),
    "instant": ("10.34 uur", "10:34", "10:34 AM", "10:34 uur", "10.34 a.m.", "10:34:00"),
    "afternoon": ("13.06 uur", "13:06", "1:06 PM", "1.06 pm"),
    "part": ("31,5%", "31.5 %", "31,5 procent", "31.5 percent"),
    "case": ("VF-EP2024-0001", "VF-EP2024-0001-K7QF", "VF\u2011EP2024\u20110001"),
    "notification": ("VF-EP2024-0001/1",),
    "offset": ("(UTC+02:00)", "UTC +02:00"),
}  # fmt: skip


def one(text: str) -> Quantity:
    """Returns the only quantity of a text."""
    (found,) = read(plain(text))
    return found


@each("name", SAME)
def test_spellings_of_a_quantity_mean_the_same(name: str) -> None:
    """In digits, in words, with either decimal sign, in either language."""
    for first, second in combinations(SAME[name], 2):
        assert same(one(first), one(second)), (first, second)


def test_different_quantities_are_told_apart() -> None:
    """No spelling of one line means what a spelling of another line does."""
    for name, other in combinations(SAME, 2):
        for first in SAME[name]:
            assert not any(same(one(first), one(second)) for second in SAME[other]), (name, other, first)


@each(("hours", "minutes", "expected"), [
    ("2,5 uur", "152 minuten", True), ("2,5 uur", "147 minuten", True), ("2,5 uur", "146 minuten", False),
    ("2,5 uur", "153 minuten", False), ("2,53 uur", "152 minuten", True), ("2,53 uur", "151 minuten", False),
    ("tweeënhalf uur", "2 h 32 min", True), ("3 uur", "152 minuten", False), ("2 uur", "2 dagen", False),
    ("0,3 uur", "een kwartier", True), ("2,5 uur", "2,6 uur", False), ("9 dagen", "216 uur", True),
    ("9 dagen", "219 uur", False), ("2,5 uur", "2,53 uur", True),
])  # fmt: skip
def test_hours_are_the_rounded_minutes(hours: str, minutes: str, *, expected: bool) -> None:
    """Tenths and hundredths are rounded half up, as the record does; whole hours and days are not."""
    assert same(one(hours), one(minutes)) is expected
    assert same(one(minutes), one(hours)) is expected


NONE = [
    "Een algemene waarschuwing", "ten minste", "ten behoeve van", "één van de platforms", "one of the platforms",
    "nu eenmaal", "de Tweede Kamer", "de Eerste Kamer", "at once", "EP2024", "https://x.example/2024/06",
    "a12@x.example", "once the mail arrived", "iemand van de pers", "sha256 3fa9b2", "12345678901234567890",
    "per uur", "A4", "de dag van de stemming", "mei", "may",
]  # fmt: skip


@each("text", NONE)
def test_what_is_no_quantity_is_none(text: str) -> None:
    """Articles, idioms, names and addresses."""
    assert read(plain(text)) == ()


@each(("text", "kinds"), [
    ("na 2,5 uur (2 uur en 32 minuten), op 6 juni 2024 om 13.06 uur", "duration duration date time"),
    ("Kamerstukken II, 2023-2024, 35 165, nr. 73", "count count count count"),
    ("2024-11-28 09:00+01:00", "date time offset"),
    ("217 (31,5% van alle mail)", "count percent"),
    ("46 juni 2024", "date"), ("10.94 uur", "time"), ("op 6 en 7 juni", "count date"),
    ("driemaal in vier weken", "times count"), ("De derde melding van zaak VF-EP2024-0001/2", "ordinal number"),
])  # fmt: skip
def test_a_sentence_is_read_into_its_quantities(text: str, kinds: str) -> None:
    """Each with its kind, in order; what cannot be a date or a time keeps its kind and matches none that can."""
    assert [quantity.kind.name.casefold() for quantity in read(plain(text))] == kinds.split()


def test_a_cell_with_a_word_is_a_count() -> None:
    """Alone, "geen" and "een" are figures; in a sentence they are not."""
    assert [whole(text)[0].meanings[0].value for text in ("geen", "None", "een", "Een.")] == [0, 0, 1, 1]
    assert whole("een melding") == ()


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    """Quantities follow each other and lie within the text."""
    shown = plain(text)
    end = 0
    for quantity in read(shown):
        assert end <= quantity.start < quantity.end <= len(shown)
        end = quantity.end


@given(st.text("0123456789.,:-/ uhxjnae", max_size=80))
def test_any_digits_can_be_read(text: str) -> None:
    """Broken dates, times and numbers too."""
    for quantity in read(plain(text)):
        assert same(quantity, quantity)


@given(st.sampled_from(sorted(CARDINALS)))
def test_number_words_have_their_value(word: str) -> None:
    """As the table says, in capitals and without accents too."""
    assert amount(word) == amount(word.upper()) == CARDINALS[word]
    assert one(f"de {word} meldingen").kind is QuantityKind.COUNT

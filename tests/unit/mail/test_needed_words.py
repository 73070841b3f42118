# SPDX-License-Identifier: EUPL-1.2
"""A text is passed over only if none of the phrases is in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.mail.machine_words import NeededWords, phrases, words_of
from flaggermail.mail.vocabulary import folded
from tests.corpus import each
from tests.shipped_parser import LANGUAGE

WORDS = LANGUAGE.machines
LISTS = {
    "absence_lines": True,
    "absence_alone": True,
    "receipt_lines": False,
    "failure_lines": False,
    "delay_lines": False,
}
PIECES = st.sampled_from(["ik", "ben", "ziek", "\u00e9", "er", "out", "...", ".", "1", "\u0142", "-", "x"])


@each("name", LISTS)
def test_a_text_with_a_phrase_is_never_passed_over(name: str) -> None:
    """Each phrase alone, between other words, with its gap filled and with letters behind it is found possible."""
    needed = NeededWords(WORDS.words[name], whole=LISTS[name])
    pattern = phrases(WORDS.words[name], whole=LISTS[name])
    for phrase in WORDS.words[name]:
        for filled in (phrase, phrase.replace(" ... ", "zzz"), f"a, {phrase}.", f"{phrase}en {phrase}"):
            small = folded(filled)
            assert needed.met(small, words_of(small)) or pattern.search(small) is None, filled


@given(st.lists(st.lists(PIECES, min_size=1, max_size=4).map(" ".join), max_size=5), st.booleans(), st.data())
def test_any_phrases(wanted: list[str], whole: bool, data: st.DataObject) -> None:  # noqa: FBT001 - drawn by Hypothesis
    """For any phrases and any text: what the pattern finds was found possible."""
    wanted = [folded(phrase) for phrase in wanted]
    pieces = data.draw(st.lists(PIECES | st.sampled_from(["", " ", *wanted]), max_size=8))
    small = folded(data.draw(st.sampled_from(["", " "])).join(pieces))
    needed = NeededWords(wanted, whole=whole)
    assert needed.met(small, words_of(small)) or phrases(wanted, whole=whole).search(small) is None


def test_an_ordinary_text_is_passed_over() -> None:
    """Words that occur in some phrases do not suffice, nor does a part of a word."""
    needed = NeededWords(["ik ben ziek", "ik ... is afwezig nu", "gesloten"], whole=True)
    for small in ("ik ben er", "ik is afwezigheid nu", "opgesloten"):
        assert not needed.met(small, words_of(small)), small
    assert needed.met("nu: gesloten!", words_of("nu: gesloten!"))

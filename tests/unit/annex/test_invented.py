# SPDX-License-Identifier: EUPL-1.2
"""The invented exchanges are what they say: names in running prose, none of them in a list, the same for a seed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import pytest

from flaggermail.annex.redaction.known import KnownToDesk
from flaggermail.annex.redaction.marks import Mark, PrintedText
from flaggermail.annex.redaction.spans import fold
from flaggermail.annex.redaction.words_left import words_left
from tests.invented import INVENTED, NAMES, SEED, STAY, Planted, exchanges
from tests.unit.annex.measuring import KNOWN, truth_of

_LISTS = ("given_names", "surnames", "ordinary", "never", "places", "roles", "institutions", "bodies", "functions")
FEW, FRESH = 60, 7
"""Exchanges of a quick measurement, and a seed whose misses nobody read."""


def test_three_names_of_ten_stand_in_prose_alone() -> None:
    """At least 30 % of the names are of persons whom no header, salutation, signature or cue introduces."""
    kinds = Counter(detail.kind for annex in exchanges(count=100) for detail in annex.details)
    assert kinds[Planted.PROSE] >= 0.30 * sum(kinds[kind] for kind in NAMES)
    assert set(kinds) == set(Planted)


def test_no_name_and_no_place_that_is_to_be_found_is_in_a_list() -> None:
    """Whoever adds one of these words to a list measures the list."""
    kinds = ("given", "surnames", "second", "towns", "parties", "broadcasters", "services")
    words = {fold(word) for kind in kinds for value in INVENTED[kind] for word in re.split(r"[ -]", value)}
    words |= {fold(value) for kind in kinds for value in INVENTED[kind]}
    assert {name: sorted(words & KNOWN.words[name]) for name in _LISTS} == {name: [] for name in _LISTS}
    assert not words & (KNOWN.words.towns | KNOWN.words.abbreviations)


def test_the_same_seed_gives_the_same_exchanges() -> None:
    """Texts and places are the same; another seed gives others."""
    first, again, other = (next(exchanges(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first.texts != other.texts


def _left(texts: Sequence[PrintedText], marks: Sequence[Mark], known: KnownToDesk) -> Iterable[tuple[int, int, int]]:
    return words_left(texts, marks, known)


def _demand(seed: int, count: int) -> None:
    """Fails if a figure is below what is asked of the marks."""
    found = truth_of(exchanges(seed, count), _left)
    print(found.table())  # noqa: T201 - `pytest -rP` shows the figures of the docs
    titles = (Planted.IN_SUBJECT, Planted.IN_FILE)
    assert found.recall(NAMES) >= 0.90, found.missed
    assert found.recall(titles) >= 0.95, found.missed
    assert found.recall(NAMES, after_ticks=True) >= 0.95, found.missed
    assert found.recall(titles, after_ticks=True) >= 0.95, found.missed
    assert len(found.halves) <= found.places[Planted.IN_FILE] / 200, found.halves  # small ones in names of files
    assert found.unasked == 0, found.missed
    assert found.touched(STAY) <= 0.005, found.missed
    assert found.precision >= 0.97, found.wrong
    assert found.seconds * 1000 / found.mails <= 15 * 4  # on a machine that is busy


def test_a_few_exchanges_show_what_is_proposed() -> None:
    """Names of nobody's list, institutions that stay, unknown words that are asked about: with a fresh seed."""
    _demand(FRESH, FEW)


@pytest.mark.long
def test_three_hundred_exchanges_show_what_is_proposed() -> None:
    """The same for the exchanges that the figures of the docs are of."""
    _demand(SEED, 300)

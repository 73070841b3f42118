# SPDX-License-Identifier: EUPL-1.2
"""The invented exchanges are what they say: names in running prose, none of them in a list, the same for a seed."""

from __future__ import annotations

import re
from collections import Counter

from flaggermail.redaction.spans import fold
from tests.invented import INVENTED, NAMES, Planted, exchanges
from tests.unit.redaction.measuring import KNOWN

_LISTS = ("given_names", "ordinary", "never", "places", "roles")


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


def test_the_same_seed_gives_the_same_exchanges() -> None:
    """Texts and places are the same; another seed gives others."""
    first, again, other = (next(exchanges(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first.texts != other.texts

# SPDX-License-Identifier: EUPL-1.2
"""Sentences of the product with sample details, for tests."""

from __future__ import annotations

from collections.abc import Mapping

from flaggermail.wording.said import Sentence, StoredText

NUMBERS: Mapping[str, str | int] = {
    "count": 2, "tries": 3, "events": 3, "of_now": 4, "score": 85, "mails": 2, "marks": 2, "unticked": 2, "speed": 60,
    "cases": 2, "pagers": 2,
}  # fmt: skip
NOTHING: Mapping[str, str | int] = {}


def sample(sentence: Sentence, given: Mapping[str, str | int] = NOTHING) -> StoredText:
    """Says a sentence, with something that belongs to no language for each detail that is not given."""
    return sentence(**{name: given.get(name, NUMBERS.get(name, "XK-7")) for name in sentence.details})

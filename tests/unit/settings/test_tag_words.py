# SPDX-License-Identifier: EUPL-1.2
"""No label and no narrative records what platforms did."""

from __future__ import annotations

from flaggermail.rules.configuration import load
from flaggermail.settings.reply_words import outcome_word
from flaggermail.settings.word_tables import load_outcomes
from flaggermail.shipped import shipped
from tests.corpus import each

WORDS = load_outcomes(shipped("rules"), [])


@each(
    "tag",
    [
        "removed", "post-removed", "PostDeleted", "taken_offline", "offline", "blocked-by-platform", "verwijderd",
        "niet-verwijderde", "offline-gehaald", "gelabeld", "effect", "effectief", "succes", "unsuccessful",
        "still-online",         "GEEN-ACTIE",
    ],
)  # fmt: skip
def test_a_word_for_an_outcome_is_found_in_a_tag(tag: str) -> None:
    """A word for an outcome is found in a tag, alone or within it, in capitals or inflected, in Dutch and English."""
    assert outcome_word(tag, WORDS) is not None


def test_the_shipped_tags_hold_none() -> None:
    """The shipped tags contain no outcome; `advert-blocked` is the reason for a case and is allowed."""
    tags = load(shipped("config"), shipped("rules")).desk.tags
    assert len(tags.labels) + len(tags.narratives) > 10
    assert not [tag for tag in (*tags.labels, *tags.narratives) if outcome_word(tag, WORDS)]

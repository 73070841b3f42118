# SPDX-License-Identifier: EUPL-1.2
"""Words that are left for the second reader: capitals that neither a mark nor a list covers."""

from __future__ import annotations

from flaggermail.annex.redaction.marks import PrintedPart
from tests.corpus import each
from tests.unit.annex.marked_names import BODY, asked_words

SUBJECT, FILE = PrintedPart.SUBJECT, PrintedPart.ATTACHMENT
LEFT = [
    (BODY, "Zoals afgesproken kijkt Jorinde mee.", ["Jorinde"]),
    (BODY, "Jorinde belde gisteren. Gisteren belde niemand.", ["Jorinde"]),
    (BODY, "Daar woont inwoner van Owusu-Ansah al jaren.", ["Owusu", "Ansah"]),
    (BODY, "Ik zag Bakker bij de kassa.", ["Bakker"]),
    (BODY, "Op 6 Mar 2027 en in de Tweede Kamer, bij de NOS en op JA21 na: niets.", []),
    (BODY, "Getikt: [gelakt 5.1.2e] en Ons kenmerk VF-EP2024-0001.", []),
    (SUBJECT, "Gerucht in Harmelderdam", ["Harmelderdam"]),
    (FILE, "notitie-hummelink.docx", ["hummelink"]),
    (FILE, "schermafbeelding van der hummelink.png", ["van", "der", "hummelink"]),
]


@each("case", LEFT)
def test_words_that_no_list_knows_are_left(case: tuple[PrintedPart, str, list[str]]) -> None:
    """Names within sentences and before verbs, and small ones in names of files; no months, codes and institutions."""
    part, text, wanted = case
    assert asked_words((part, text)) == wanted


def test_what_is_marked_is_not_asked_about() -> None:
    """A word under a mark is answered already."""
    assert asked_words((PrintedPart.FROM, "Jorinde Wopereis <j@a.example>"), (BODY, "Zoals Jorinde zegt.")) == []

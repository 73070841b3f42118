# SPDX-License-Identifier: EUPL-1.2
"""What somebody asked of the archive, and what else a row holds as JSON, in words."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class Asked(Sentence):
    """A field of a request to read in the archive; its name is the field's."""

    WORDS = "asked: words", "{value}", "{value}"
    NUMBER = "asked: number", "number {value}", "nummer {value}"
    CORRESPONDENT = "asked: correspondent", "mail from or to {value}", "mail van of aan {value}"
    DATE = "asked: date", "date {value}", "datum {value}"
    TAG = "asked: tag", "tag {value}", "label {value}"
    CASE = "asked: case", "case {value}", "zaak {value}"
    ELECTION = "asked: election", "election {value}", "verkiezing {value}"
    IN_TEXT = "asked: in_text", "words in the text of its mails", "woorden in de tekst van de mails"
    AS_OF = "asked: as_of", "as on {value}", "naar de stand van {value}"
    ANNEX = "asked: annex", "annex {value}", "bijlage {value}"
    AS_APPROVED = "asked: as_approved", "as it was approved", "zoals die is goedgekeurd"
    ALL = "asked: all", "everything", "alles"


class Listed(Sentence):
    """A list, or the whole of something, that is too long for a line."""

    STEPS = "listed: steps", "{count:step|steps}", "{count:stap|stappen}"
    PLACES = "listed: places", "{count:place|places}", "{count:plaats|plaatsen}"
    REPORT = "listed: report", "what the report is made from", "waaruit het verslag bestaat"

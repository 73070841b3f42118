# SPDX-License-Identifier: EUPL-1.2
"""Planted mails from proposal to files: nothing that was taken out is in a file, and nothing else is changed."""

from __future__ import annotations

import html
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pikepdf
import pytest

from flaggermail.adapters.documents.writer import OfficeDocuments
from flaggermail.annex import layout, printed
from flaggermail.annex.printed import PrintedExchange, PrintedMail
from flaggermail.annex.redaction.marks import MARKER, RECIPIENTS, SEPARATORS, Detail, Mark, PrintedText, redacted
from flaggermail.annex.redaction.proposals import propose
from flaggermail.documents.html import page
from flaggermail.documents.model import Document
from flaggermail.figures.account import Print
from flaggermail.record.case_values import LanguageCode
from flaggermail.wording.annex import WooGround
from tests import pdf_reading, planted
from tests.tools.leaks import leaks
from tests.unit.annex.measuring import KNOWN

AT = datetime(2024, 6, 6, 8, 34, tzinfo=UTC)
STYLE = Print(LanguageCode.NL, ZoneInfo("Europe/Amsterdam"), tuple(f"maand {number}" for number in range(1, 13)))
LONG_ENOUGH = 6  # letters and digits of a detail that is not part of another word by chance


@dataclass
class Batch:
    """Planted mails as one exchange, with the marks that were proposed and those that a person added."""

    texts: list[PrintedText]
    marks: list[Mark]
    details: list[str]
    added: int = 0

    def exchange(self) -> PrintedExchange:
        """Returns the mails as an annex prints them."""
        numbers = sorted({text.mail for text in self.texts})
        mails = (tuple(text for text in self.texts if text.mail == number) for number in numbers)
        return PrintedExchange(
            tuple(
                PrintedMail(f"m{number}", "", ours=False, at=AT, language="", texts=texts, seals=(), taken_out=0)
                for number, texts in enumerate(mails)
            )
        )


def batches(seed: int, mails: int, size: int) -> Iterator[Batch]:
    """Yields the planted annexes of so many mails, about `size` mails together."""
    batch, count = Batch([], [], []), 0
    for annex in planted.annexes(seed, mails):
        proposed = propose(annex.texts, KNOWN)
        missed = list(overlooked(annex, proposed))
        first = len(batch.texts)
        batch.texts += [replace(text, mail=text.mail + count) for text in annex.texts]
        batch.marks += [replace(mark, of=mark.of + first) for mark in (*proposed, *missed)]
        batch.details += [annex.texts[one.of].text[one.start : one.end] for one in annex.details]
        batch.added += len(missed)
        count += annex.texts[-1].mail + 1
        if count >= size:
            yield batch
            batch, count = Batch([], [], []), 0
    if count:
        yield batch


def overlooked(annex: planted.Annex, proposed: Sequence[Mark]) -> Iterator[Mark]:
    """Yields what a person adds: each planted character that no proposal takes out."""
    for number, text in enumerate(annex.texts):
        covered = {at for mark in proposed if mark.of == number for at in range(mark.start, mark.end)}
        known = {at for one in annex.details if one.of == number for at in range(one.start, one.end)}
        states = "".join("x" if at in known - covered else " " for at in range(len(text.text)))
        for run in re.finditer("x+", states):
            yield Mark(number, run.start(), run.end(), WooGround.PERSONAL_SPHERE, Detail.OTHER)


def squeezed(text: str, without: str = "") -> str:
    """Returns a text without what is never drawn, and without some other signs."""
    return "".join(
        sign for sign in text if unicodedata.category(sign) not in {"Cf", "Cc", "Zs"} and sign not in without
    )


def kept(batch: Batch, put: str = "") -> list[str]:
    """Returns what each text holds beside its marks, told by character and not by the code that is tried.

    `put` stands at the beginning of each mark.
    """
    begun = {(mark.of, mark.start) for mark in batch.marks}
    gone = {(mark.of, at) for mark in batch.marks for at in range(mark.start, mark.end)}
    return [
        "".join(put * ((number, at) in begun) + sign * ((number, at) not in gone) for at, sign in enumerate(text.text))
        for number, text in enumerate(batch.texts)
    ]


def of_pdf(octets: bytes) -> str:
    """Returns the words of a PDF in its reading order; asserts that each page has some."""
    with pikepdf.open(io.BytesIO(octets)) as pdf:
        shown = pdf_reading.texts_of_pages(pdf)
        read = [
            (piece.page, str(piece.holder.get("/ActualText", shown.get((piece.page, piece.number), ""))))
            for piece in pdf_reading.every_piece(pdf)
        ]
        assert {number for number, text in read if text.strip()} == set(range(len(pdf.pages)))
    return "".join(text for _, text in read)


def by_chance(batch: Batch, words: set[str]) -> set[str]:
    """Returns the words that the kept text holds: an ordinary word, or "an [gelakt", which is Angela for a search."""
    texts = [lettered("".join(kept(batch, put))) for put in ("", "gelakt")]
    return {one for one in words if any(lettered(one) in text for text in texts)}


def lettered(text: str) -> str:
    """Returns the letters and digits of a text, as a search for leaks reads it."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if sign.isalnum())


def tried(batch: Batch) -> None:
    """Asserts that the files of a batch hold all that is kept, in its order, and nothing that was taken out."""
    exchange, marks = batch.exchange(), printed.fitting(batch.texts, batch.marks)
    left = kept(batch)
    for number, text in enumerate(batch.texts):
        out = MARKER.sub("", redacted(text, [mark for mark in marks if mark.of == number]))
        between = SEPARATORS if text.part in RECIPIENTS else ""
        assert squeezed(out, between) == squeezed(left[number], between)
    document = Document(
        title="T", language="nl", organisation="O", at=AT, blocks=layout.blocks(exchange, marks, STYLE, 1)
    )
    plain, made, writer = layout.plain(exchange, marks, STYLE), page(document), OfficeDocuments()
    odt, pdf = writer.odt(document), writer.pdf(document)
    read = {
        "html": html.unescape(re.sub("<[^>]*>", "", made.partition("</h1>")[2])),
        "odt": "".join(passage.text for passage in writer.read_odt(odt)).removeprefix("T"),
        "pdf": of_pdf(pdf).removeprefix("T"),
    }
    for form, words_read in read.items():
        assert squeezed(words_read, ":") == squeezed(plain, ":"), form
    words = {one for one in batch.details if sum(map(str.isalnum, one)) >= LONG_ENOUGH}
    stands = by_chance(batch, words)
    assert len(stands) <= len(words) / 50, stands
    for octets in (plain.encode(), made.encode(), odt, pdf):
        assert leaks(octets, words - stands) == []


def test_mails_from_proposal_to_files() -> None:
    """A few mails: every planted detail is gone from text, HTML, ODT and PDF, and every other character is there."""
    [batch] = batches(7, 8, 8)
    assert len(batch.details) > 60
    tried(batch)


@pytest.mark.long
def test_five_hundred_mails_from_proposal_to_files() -> None:
    """The same for 500 mails in twenty annexes."""
    every = list(batches(2024, 500, 25))
    assert sum(len(batch.details) for batch in every) > 4_000
    assert sum(batch.added for batch in every) < 400
    for batch in every:
        tried(batch)

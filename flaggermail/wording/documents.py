# SPDX-License-Identifier: EUPL-1.2
"""What a document says about its own parts, and why one cannot be written or read."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class PrintedWord(Sentence):
    """What a document says about its own parts."""

    NOTES = "printed: notes", "Notes", "Noten"
    NOTE = "printed: note", "note {number}", "noot {number}"
    BACK = "printed: back", "back to the place of note {number}", "terug naar de plaats van noot {number}"


class DocumentFault(Sentence):
    """Every reason for refusing to write or to read a document."""

    NO_OPEN_DOCUMENT = ("no open document",
        "document: is no OpenDocument text; save it as .odt, without a password, and hand it in again",
        "document: is geen OpenDocument-tekst; sla het op als .odt, zonder wachtwoord, en lever het opnieuw in")
    DOCUMENT_ENCRYPTED = ("document encrypted", "document: has a password; save it without one and hand it in again",
        "document: heeft een wachtwoord; sla het op zonder wachtwoord en lever het opnieuw in")
    DOCUMENT_TOO_LARGE = ("document too large",
        "document: is over {most} MiB, packed or unpacked, or has too many files in it; hand it in without pictures",
        "document: is groter dan {most} MiB, al dan niet uitgepakt, of bevat te veel bestanden; laat afbeeldingen weg")
    DOCUMENT_SWELLS = ("document swells",
        "document: its text is over {most} times as large as the file; save it again in LibreOffice",
        "document: de tekst is meer dan {most} keer zo groot als het bestand; sla het opnieuw op in LibreOffice")
    DOCUMENT_TOO_FINE = ("document too fine",
        "document: has over {elements} elements or {passages} paragraphs, or a huge element; hand in the report alone",
        "document: meer dan {elements} elementen of {passages} alinea's, of een te groot element; lever het rapport in")
    DOCUMENT_BROKEN = ("document broken",
        "document: content.xml cannot be read (line {line}, column {column}); save it again in LibreOffice",
        "document: content.xml is niet te lezen (regel {line}, kolom {column}); sla het opnieuw op in LibreOffice")
    DOCUMENT_DECLARES = ("document declares",
        "document: content.xml declares a document type, as no office program does; save it again in LibreOffice",
        "document: content.xml heeft een documenttype, wat niet hoort; sla het opnieuw op in LibreOffice")
    REPORT_EXTRA = ("report extra",
        "PDF: needs the extra `report`, which is not installed; run `pip install 'flaggermail[report]'`",
        "PDF: de uitbreiding `report` is niet geïnstalleerd; voer uit: `pip install 'flaggermail[report]'`")
    REPORT_LIBRARY = ("report library",
        "PDF: a library of the system is missing ({fault}); install the Debian packages {packages}",
        "PDF: er ontbreekt een bibliotheek van het systeem ({fault}); installeer de Debian-pakketten {packages}")

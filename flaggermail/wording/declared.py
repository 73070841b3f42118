# SPDX-License-Identifier: EUPL-1.2
"""The lines of a draft of a declaration of destruction."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class Declared(Sentence):
    """Every line and every part of a line, without its indentation."""

    TITLE = ("declaration: title", "DRAFT - DECLARATION OF DESTRUCTION", "CONCEPT - VERKLARING VAN VERNIETIGING")
    DRY_RUN = ("declaration: dry run",
        "This is a dry run: nothing was destroyed, and flaggermail does not destroy these records.",
        "Dit is een proefberekening: er is niets vernietigd, en flaggermail vernietigt deze stukken niet.")
    ORGANISATION = "declaration: organisation", "Organisation: {name}", "Organisatie: {name}"
    AS_OF = "declaration: as of", "As of: {day}", "Peildatum: {day}"
    OF_ELECTION = "declaration: of election", "Scope: election {election}", "Bereik: verkiezing {election}"
    OF_ALL = "declaration: of all", "Scope: all elections", "Bereik: alle verkiezingen"
    WHAT = "declaration: what", "1. What may be destroyed", "1. Wat voor vernietiging in aanmerking komt"
    LISTED = ("declaration: listed", "The destruction list names each record.",
        "De vernietigingslijst noemt elk stuk afzonderlijk.")
    OF_CLASS = "declaration: class", "Class {name}", "Klasse {name}"
    NUMBER = "declaration: number", "- number: {sum}", "- aantal: {sum}"
    PERIOD = ("declaration: period", "- retention period: {period} ({written}), from {start}",
        "- bewaartermijn: {period} ({written}), vanaf {start}")
    BEGAN = ("declaration: began", "- began between {first} and {last}", "- begonnen tussen {first} en {last}")
    BASIS = "declaration: basis", "- basis: {basis}", "- grondslag: {basis}"
    NOT = "declaration: not", "2. What is not destroyed", "2. Wat niet wordt vernietigd"
    HELD = "declaration: held", "On legal hold: {sum}.", "Onder een vernietigingsstop: {sum}."
    HOLDS = "declaration: holds", "Holds: {holds}.", "Vernietigingsstops: {holds}."
    TRANSFER = ("declaration: transfer", "Kept for good and due for transfer: {sum}.",
        "Blijvend te bewaren en toe aan overbrenging: {sum}.")
    WAY = "declaration: way", "3. Way of destruction", "3. Wijze van vernietiging"
    APPROVAL = ("declaration: approval", "4. Approval, beforehand and by persons",
        "4. Goedkeuring, vooraf en door personen")
    HEAD = "declaration: head", "- head of the desk: {name}", "- hoofd van de desk: {name}"
    ARCHIVIST = ("declaration: archivist", "- archivist or information manager: {name}",
        "- archivaris of informatiebeheerder: {name}")
    RESPONSIBLE = ("declaration: responsible", "- for the body responsible for the archives: {name}",
        "- namens de zorgdrager: {name}")
    SIGNATURE = ("declaration: signature", "  date and signature: {line}", "  datum en handtekening: {line}")

    SUM = ("declaration: sum", "{cases} with {mail}; {loose} without a case", "{cases} met {mail}; {loose} zonder zaak")
    CASES = "declaration: cases", "{count:case|cases}", "{count:zaak|zaken}"
    MESSAGES = "declaration: messages", "{count:message|messages}", "{count:bericht|berichten}"
    FROM_CLOSING = ("declaration: from closing", "the closing of the case (without a case: the arrival)",
        "het sluiten van de zaak (zonder zaak: de ontvangst)")
    FROM_ELECTION = ("declaration: from election",
        "the last day of the election period (outside of one: the arrival)",
        "de laatste dag van de verkiezingsperiode (daarbuiten: de ontvangst)")
    FROM_ARRIVAL = "declaration: from arrival", "the arrival", "de ontvangst"
    TO_FILL_IN = "declaration: to fill in", "to be filled in {line}", "nog in te vullen {line}"

# SPDX-License-Identifier: EUPL-1.2
"""Where a mail may belong, and by which clues."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class Hint(Sentence):
    """A suggestion, and the clues for it."""

    SUGGESTION = "hint: suggestion", "{case} ({score}): {why}", "{case} (score {score} van 100): {why}"
    ATTACHED = "hint: attached", "it was attached to mail of this case", "was bijlage van mail in deze zaak"
    SAME_REFERRAL = ("hint: same referral", "the same referral was taken in before",
        "dezelfde melding is al eerder ontvangen")
    OUR_KEY = "hint: our key", "answers mail of ours in this case", "antwoord op mail van ons in deze zaak"
    SAME_THREAD = ("hint: same thread", "refers to something that mail of this case named",
        "verwijst naar iets wat mail in deze zaak noemde")
    NUMBER = "hint: number", "its number is named", "noemt het zaaknummer"
    TAIL = ("hint: tail", "it bears the number as we sent it there",
        "draagt het nummer zoals wij het daarheen stuurden")
    QUOTES = "hint: quotes", "it quotes words of ours", "citeert woorden van ons"
    PLACED_BEFORE = ("hint: placed before", "a person filed mail from this address there",
        "een medewerker plaatste mail van dit adres in deze zaak")
    OTHER_SUBJECT = ("hint: other subject", "answers its mail under another subject",
        "antwoord op mail in deze zaak, met een ander onderwerp")
    WAITS = "hint: waits", "waits for an answer of this platform", "wacht op antwoord van dit platform"
    SAME_TEXT = "hint: same text", "the texts agree", "de teksten komen overeen"
    SAME_SUBJECT = ("hint: same subject", "the same subject and somebody in common",
        "hetzelfde onderwerp en een gemeenschappelijke betrokkene")
    SAME_ADDRESS = "hint: same address", "the same web address in both", "hetzelfde webadres in beide"
    SAME_SENDER = "hint: same sender", "this sender has a case that is open", "deze afzender heeft een lopende zaak"
    SAME_ORGANISATION = ("hint: same organisation", "of the same organisation, about the same kind of matter",
        "van dezelfde organisatie, over hetzelfde soort kwestie")
    NOT_TO_US = "hint: not to us", "it was not addressed to us", "was niet aan ons gericht"
    NOT_VERIFIED = "hint: not verified", "nobody vouches for its sender", "de afzender is niet geverifieerd"
    OTHER_ADDRESS = ("hint: other address", "it comes from another address than was known there",
        "komt van een ander adres dan daar bekend was")
    OTHER_HOST = ("hint: other host", "its host is not among those listed for the channel",
        "de host hoort niet bij het kanaal")
    OTHER_CASE_WAITS = ("hint: other case waits", "another case waits for this platform too",
        "ook een andere zaak wacht op dit platform")
    OTHER_RECIPIENT = "hint: other recipient", "that mail went to somebody else", "die mail ging naar een ander"
    CLOSED = "hint: closed", "the case is closed", "de zaak is gesloten"
    NOT_ENOUGH = "hint: not enough", "that alone places no mail", "dat alleen is niet genoeg om mail te plaatsen"

# SPDX-License-Identifier: EUPL-1.2
"""What a letter to Parliament says of a use of the line, sentence by sentence."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class Account(Sentence):
    """A sentence of the paragraph about one use."""

    CONTENT = ("account: content",
        "{organisation} asked {platform} on {at}, through its channel {channel}, to check content.",
        "{organisation} heeft {platform} op {at} via het kanaal {channel} gevraagd berichten te beoordelen.")
    CHANNEL = ("account: channel",
        ("{organisation} asked {platform} on {at}, through its channel {channel}, to look at an account that its owner "
         "can no longer use."),
        ("{organisation} heeft {platform} op {at} via het kanaal {channel} gevraagd te kijken naar een account waar "
         "de eigenaar niet meer bij kan."))
    ADVERT = ("account: advert",
        ("{organisation} asked {platform} on {at}, through its channel {channel}, to check a blocked advertisement "
         "again."),
        ("{organisation} heeft {platform} op {at} via het kanaal {channel} gevraagd een geblokkeerde advertentie "
         "opnieuw te beoordelen."))
    GENERAL_WARNING = ("account: general warning",
        ("{organisation} asked {platform} on {at}, through its channel {channel}, to watch for such posts, because "
         "they appeared before."),
        ("{organisation} heeft {platform} op {at} via het kanaal {channel} gevraagd te letten op zulke berichten, "
         "omdat zij eerder verschenen."))
    WARNING = ("account: warning",
        "{organisation} asked {platform} on {at}, through its channel {channel}, to watch for certain posts.",
        ("{organisation} heeft {platform} op {at} via het kanaal {channel} gevraagd te letten op bepaalde berichten."))
    OTHER = ("account: other",
        "{organisation} sent {platform} a notification on {at}, through its channel {channel}.",
        "{organisation} heeft {platform} op {at} via het kanaal {channel} een melding gedaan.")
    POLICY = ("account: policy",
        'The notification cites {platform}\'s policy "{policy}".',
        'De melding noemt het beleid "{policy}" van {platform}.')
    EARLIER = ("account: earlier",
        "An earlier notification, sent on {at}, did not reach {platform}.",
        "Een eerdere melding, verstuurd op {at}, heeft {platform} niet bereikt.")
    SENT_COPY = ("account: sent copy",
        "The time of sending is taken from our copy in Sent.",
        "Het tijdstip van verzending komt van onze kopie in Verzonden.")
    SENT_BY_HAND = ("account: sent by hand",
        "The time of sending was noted by hand.",
        "Het tijdstip van verzending is met de hand genoteerd.")
    AUTOMATIC_RECEIPT = ("account: automatic receipt",
        "An automatic confirmation of receipt came after {took}, on {at}.",
        "Na {took} kwam een automatische ontvangstbevestiging, op {at}.")
    ANSWERED = ("account: answered",
        "{platform} replied after {took}, on {at}.",
        "{platform} heeft na {took} gereageerd, op {at}.")
    OPEN = ("account: open",
        "By {at}, {took} after the notification, no reply by a member of {platform}'s staff had been recorded.",
        ("Op {at}, {took} na de melding, was nog geen reactie van een medewerker van {platform} vastgelegd."))
    SUBSTANCE = ("account: substance",
        "A reply to the matter itself came after {took}, on {at}.",
        "Een inhoudelijke reactie volgde na {took}, op {at}.")
    NO_SUBSTANCE = ("account: no substance",
        "No reply to the matter itself has been recorded.",
        "Een inhoudelijke reactie is niet vastgelegd.")
    QUOTED = ("account: quoted",
        "The reply quotes our notification, by which we recognised it.",
        "Onder het antwoord stond onze melding; daaraan is het herkend.")
    COMMENT = ("account: comment",
        "The reply was written by a named person in the platform's ticket system.",
        "De reactie is door een met naam genoemde medewerker in het ticketsysteem van het platform geschreven.")
    ORAL = ("account: oral",
        "The reply was given orally; its time was noted by hand.",
        "De reactie is mondeling gegeven; het tijdstip is met de hand genoteerd.")
    PORTAL = ("account: portal",
        "The reply was given through a portal; its time was noted by hand.",
        "De reactie is via een portaal gegeven; het tijdstip is met de hand genoteerd.")
    BY_HAND = ("account: by hand",
        "The time of the reply was noted by hand.",
        "Het tijdstip van de reactie is met de hand genoteerd.")


class AccountLabel(Sentence):
    """What stands before each value above a mail."""

    QUESTION = "label: question", "Notification", "Melding"
    ANSWER = "label: answer", "Reply", "Reactie"
    RECEIPT = "label: receipt", "Confirmation of receipt", "Ontvangstbevestiging"
    FROM = "label: from", "From", "Van"
    SENT = "label: sent", "Date sent", "Datum verzending"
    RECEIVED = "label: received", "Date received", "Datum ontvangst"
    TO = "label: to", "To", "Aan"
    CC = "label: cc", "CC", "CC"

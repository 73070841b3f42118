# SPDX-License-Identifier: EUPL-1.2
"""The pieces of a refusal: what stands for its details, and what somebody did in the meantime."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class Piece(Sentence):
    """What stands for a detail of such a reason."""

    CASE = "part: case", "case {key}", "zaak {key}"
    MESSAGE = "part: message", "message {key}", "mail {key}"
    NOTIFICATION = "part: notification", "notification {key}", "melding {key}"
    OUTBOX = "part: outbox", "outbox {key}", "outbox {key}"
    REMINDER = "part: reminder", "reminder {key}", "herinnering {key}"
    ADDRESS = "part: address", "address {key}", "adres {key}"
    DEVICE = "part: device", "device {key}", "app {key}"
    ELECTION = "part: election", "election {key}", "verkiezing {key}"
    ROTA = "part: rota", "rota {key}", "rooster {key}"
    HOLD = "part: hold", "hold {key}", "vernietigingsstop {key}"
    ANNEX = "part: annex", "annex {key}", "bijlage {key}"
    DESK = "part: desk", "state of the {key}", "toestand van de {key}"
    DRAFT = "part: draft", "draft {key}", "concept {key}"
    OFFICER = "part: officer", "officer {key}", "medewerker {key}"
    ATTACHED_MAIL = "part: attached mail", "an attached mail", "een bijgevoegde mail"
    THE_DESK = "part: the desk", "the desk", "de desk"
    USE_OTHER = "part: use other", "use {ways}", "gebruik {ways}"
    OR = "part: or", "{one} or {other}", "{one} of {other}"
    NO_OTHER_CHANNEL = ("part: no other channel", "{platform} has no other channel today",
        "{platform} heeft vandaag geen ander kanaal")
    SPAN = "part: span", "from {begin} to {end}", "van {begin} tot en met {end}"
    SPAN_OPEN = "part: span open", "from {begin} to further notice", "vanaf {begin}"
    JOINED = "part: joined", "its mail belongs to {case}", "de mail hoort bij {case}"
    NONE_SENT = "part: none sent", "none that was sent", "geen verzonden melding"
    ELECTIONS_OPEN = "part: elections open", "open elections are {codes}", "open verkiezingen: {codes}"
    NO_ELECTION_OPEN = "part: no election open", "no election is open", "er is geen verkiezing open"
    NO_NARRATIVE = "part: no narrative", "no narrative", "geen verhaallijn"
    NO_NARRATIVES = ("part: no narratives", "none; write them into tags.narratives of flaggermail.yaml",
        "geen; zet ze onder tags.narratives in flaggermail.yaml")
    FOLDER_OF_ANOTHER = ("part: folder of another", "{place} belongs to the account {account}",
        "{place} hoort bij het account {account}")


class LetterText(Sentence):
    """What a mail to an officer says of itself."""

    SHIPPED = ("letter: shipped",
        "This mail was written with the shipped template: that of the desk is faulty. An alarm says where.",
        "Deze mail heeft de meegeleverde tekst: het sjabloon van de desk bevat een fout. Een alarm noemt de plaats.")


class HasDone(Sentence):
    """What somebody did in the meantime."""

    CASE_OPENED = "did: case opened", "opened it", "opende de zaak"
    CASE_ASSESSED = "did: case assessed", "assessed it", "beoordeelde de zaak"
    CASE_DECIDED = "did: case decided", "recorded the decision {what}", "legde een besluit vast"
    CASE_ASSIGNED = "did: case assigned", "gave it to {what}", "gaf de zaak aan {what}"
    CASE_CLOSED = "did: case closed", "closed it", "sloot de zaak"
    CASE_REOPENED = "did: case reopened", "opened it again", "opende de zaak opnieuw"
    CONTACT_NOTED = "did: contact noted", "noted a contact by {what}", "noteerde een contact"
    INFORMATION_ASKED = "did: information asked", "asked the referrer something", "stelde de melder een vraag"
    MESSAGE_TAKEN_IN = "did: message taken in", "took in a mail", "nam een mail in"
    MESSAGE_PLACED = "did: message placed", "moved a mail", "verplaatste een mail"
    MESSAGE_CONFIRMED = "did: message confirmed", "confirmed the sender", "bevestigde de afzender"
    MESSAGE_REFUSED = "did: message refused", "rejected the sender", "merkte de afzender aan als vals"
    NOTIFICATION_DRAFTED = "did: notification drafted", "drafted a notification", "schreef een concept"
    NOTIFICATION_APPROVED = "did: notification approved", "approved a notification", "keurde een melding goed"
    NOTIFICATION_REJECTED = ("did: notification rejected", "rejected or replaced a draft",
        "keurde een concept af of verving het")
    NOTIFICATION_SENT = "did: notification sent", "sent a notification", "verstuurde een melding"
    REMINDER_ACKNOWLEDGED = "did: reminder acknowledged", "acknowledged it", "pakte de herinnering op"
    REMINDER_HANDED_OVER = "did: reminder handed over", "handed it over to {what}", "droeg dit over aan {what}"
    MESSAGE_EXCLUDED = "did: message excluded", "took it out of the archive", "haalde deze uit het archief"
    HOLD_PLACED = "did: hold placed", "put it on hold", "stelde een vernietigingsstop in"
    HOLD_LIFTED = "did: hold lifted", "lifted a hold on it", "hief een vernietigingsstop op"
    ROTA_OVERRIDDEN = "did: rota overridden", "gave a shift to {what}", "gaf een dienst aan {what}"
    CHANGED = "did: changed", "changed it", "wijzigde dit"

# SPDX-License-Identifier: EUPL-1.2
"""The words of a dossier in Dutch and English; MDTO metadata uses the Dutch ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from flaggermail.mail.message import SenderVerdict
from flaggermail.mail.signature_facts import Dnssec, SignatureState
from flaggermail.record.case_values import CaseType, Decision, Origin, Source
from flaggermail.record.clocks import ClockKind
from flaggermail.record.contacts import ContactMeans, LanguageCode
from flaggermail.record.kinds import Kind, OctetSource
from flaggermail.record.states import CaseState, ClockState, NotificationState

Words = Mapping[LanguageCode, str]


class Absence(StrEnum):
    """Why the octets of a mail are not in a dossier."""

    OFFICERS = "officers"
    NEVER_LEFT = "never left"
    DESTROYED = "destroyed"
    LOST = "lost"
    UNDECODED = "undecoded"  # an attachment


class Label(StrEnum):
    """The words around the facts in a list."""

    CASES = "Cases"
    CASE = "Case"
    ELECTION = "Election"
    TYPE = "Type"
    ORIGIN = "Origin"
    STATE = "State"
    TITLE = "Title"
    OPENED = "Opened"
    CLOSED = "Closed"
    HOLDS = "Holds"
    DECIDED = "Decided"
    REASON = "Reason"
    EXERCISE = "Exercise"
    REFERRER = "Referrer"
    MAILS = "Mails"
    NUMBER = "Number"
    AT = "At"
    WAY = "Way"
    RECEIVED = "Received"
    SENT = "Sent"
    SENDER = "Sender"
    SUBJECT = "Subject"
    KINDS = "Kinds"
    FILES = "Files"
    ABSENT = "Absent"
    NOTIFICATIONS = "Notifications"
    CLOCKS = "Clocks"
    NOTES = "Notes"
    LEFT_OUT = "Left out"
    NONE = "None"
    AS_OF = "As of"
    ORGANISATION = "Organisation"
    PLATFORM = "Platform"
    WORDS = "Words"
    AUTHOR = "Author"
    BACK = "Back"
    RECEIPTS = "Receipts"
    TAKEN_IN = "Taken in"
    OCTETS_BY = "Octets by"
    SENDER_WAS = "Sender was"
    SIGNATURE = "Signature"
    KEY = "Key"
    RESOLVER = "Resolver"
    LOOKED_UP = "Looked up"


def _pairs(pairs: Mapping[Label, tuple[str, str]]) -> Mapping[Label, Words]:
    return {label: {LanguageCode.NL: nl, LanguageCode.EN: en} for label, (nl, en) in pairs.items()}


LABELS: Mapping[Label, Words] = _pairs({
    Label.CASES: ("Zaken", "Cases"),
    Label.CASE: ("Zaak", "Case"),
    Label.ELECTION: ("Verkiezing", "Election"),
    Label.TYPE: ("Soort", "Type"),
    Label.ORIGIN: ("Herkomst", "Origin"),
    Label.STATE: ("Status", "State"),
    Label.TITLE: ("Titel", "Title"),
    Label.OPENED: ("Geopend", "Opened"),
    Label.CLOSED: ("Gesloten", "Closed"),
    Label.HOLDS: ("Vernietigingsstop", "Legal hold"),
    Label.DECIDED: ("Besluit", "Decision"),
    Label.REASON: ("Reden", "Reason"),
    Label.EXERCISE: ("oefening, telt in geen enkel cijfer", "exercise, in no figure"),
    Label.REFERRER: ("Melder", "Referrer"),
    Label.MAILS: ("Mails in volgorde van aankomst", "Mails in the order of their arrival"),
    Label.NUMBER: ("Nummer", "Number"),
    Label.AT: ("Ontvangen of verzonden", "Received or sent"),
    Label.WAY: ("Richting", "Way"),
    Label.RECEIVED: ("ontvangen", "received"),
    Label.SENT: ("verzonden", "sent"),
    Label.SENDER: ("Afzender", "Sender"),
    Label.SUBJECT: ("Onderwerp", "Subject"),
    Label.KINDS: ("Aard", "Kind"),
    Label.FILES: ("Bestanden", "Files"),
    Label.ABSENT: ("niet aanwezig", "not here"),
    Label.NOTIFICATIONS: ("Meldingen aan platforms", "Notifications to platforms"),
    Label.CLOCKS: ("Reactie van het platform", "Answer of the platform"),
    Label.NOTES: ("Notities van gesprekken", "Contact notes"),
    Label.LEFT_OUT: ("Niet in dit dossier", "Not in this dossier"),
    Label.NONE: ("geen", "none"),
    Label.AS_OF: ("Stand van", "As of"),
    Label.ORGANISATION: ("Organisatie", "Organisation"),
    Label.PLATFORM: ("Platform en kanaal", "Platform and channel"),
    Label.WORDS: ("Tekst", "Text"),
    Label.AUTHOR: ("Door", "By"),
    Label.BACK: ("Alle zaken", "All cases"),
    Label.RECEIPTS: ("Vastgelegd bij ontvangst", "Recorded at receipt"),
    Label.TAKEN_IN: ("Opgehaald", "Taken in"),
    Label.OCTETS_BY: ("Octetten uit", "Octets from"),
    Label.SENDER_WAS: ("Afzender toen", "Sender then"),
    Label.SIGNATURE: ("DKIM-handtekening", "DKIM signature"),
    Label.KEY: ("Sleutel in de DNS", "Key in the DNS"),
    Label.RESOLVER: ("naamserver", "name server"),
    Label.LOOKED_UP: ("opgezocht", "looked up"),
})  # fmt: skip

ABSENCES: Mapping[Absence, Words] = {
    Absence.OFFICERS: {
        LanguageCode.NL: "mail tussen de desk en de eigen medewerkers; het logboek vertelt wat ermee gebeurde",
        LanguageCode.EN: "mail between the desk and its own officers; the event log tells what was done with it",
    },
    Absence.NEVER_LEFT: {
        LanguageCode.NL: "is nooit verzonden", LanguageCode.EN: "was never sent",
    },
    Absence.DESTROYED: {
        LanguageCode.NL: "vernietigd", LanguageCode.EN: "destroyed",
    },
    Absence.LOST: {
        LanguageCode.NL: "ontbreekt in het archief of is daar veranderd; `flaggermail audit verify` zegt meer",
        LanguageCode.EN: "is missing from the archive or was changed there; `flaggermail audit verify` says more",
    },
    Absence.UNDECODED: {
        LanguageCode.NL: "niet los op te slaan; staat in de mail zelf",
        LanguageCode.EN: "cannot be decoded alone; it is in the mail itself",
    },
}  # fmt: skip

CASE_TYPES: Mapping[CaseType, Words] = {
    CaseType.CONTENT: {LanguageCode.NL: "inhoud", LanguageCode.EN: "content"},
    CaseType.CHANNEL: {
        LanguageCode.NL: "account of kanaal overgenomen of geblokkeerd",
        LanguageCode.EN: "account or channel taken over or blocked",
    },
    CaseType.ADVERT: {
        LanguageCode.NL: "advertentie ten onrechte geweigerd", LanguageCode.EN: "advert wrongly refused",
    },
    CaseType.GENERAL_WARNING: {LanguageCode.NL: "algemene waarschuwing", LanguageCode.EN: "general warning"},
    CaseType.OTHER: {LanguageCode.NL: "overig", LanguageCode.EN: "other"},
}  # fmt: skip

KINDS: Mapping[Kind, Words] = {
    kind: {LanguageCode.NL: nl, LanguageCode.EN: en}
    for kind, nl, en in (
        (Kind.REFERRAL, "melding aan de desk", "referral"),
        (Kind.PLATFORM_ACK, "ontvangstbevestiging van een platform", "platform's acknowledgement"),
        (Kind.SUBSTANTIVE_REPLY, "inhoudelijk antwoord", "substantive reply"),
        (Kind.AUTO_REPLY, "automatisch antwoord", "automatic reply"),
        (Kind.BOUNCE, "bericht van niet-bezorgen", "bounce"),
        (Kind.DELIVERED, "bericht van bezorgen", "delivery report"),
        (Kind.FEEDBACK_REPORT, "klachtrapport", "feedback report"),
        (Kind.CITIZEN_REPORT, "bericht van een burger", "citizen's report"),
        (Kind.NOISE, "niet relevant", "not relevant"),
        (Kind.UNKNOWN, "overige mail", "other mail"),
        (Kind.OFFICER_REPLY, "antwoord van een medewerker", "officer's reply"),
        (Kind.NOTIFICATION, "melding aan een platform", "notification to a platform"),
        (Kind.DECLINE, "afwijzing", "decline"),
        (Kind.INTAKE_CONFIRMATION, "ontvangstbevestiging aan de melder", "confirmation to the referrer"),
        (Kind.INFORMATION_REQUEST, "vraag aan de melder", "question to the referrer"),
        (Kind.DECISION_NOTICE, "bericht over het besluit", "notice of the decision"),
        (Kind.FOLLOW_UP, "vervolgbericht", "follow-up"),
        (Kind.APPROVAL_REQUEST, "verzoek om goedkeuring", "approval request"),
        (Kind.OFFICER_NOTICE, "bericht aan een medewerker", "notice to an officer"),
        (Kind.REPLY_ANSWER, "antwoord aan een medewerker", "answer to an officer"),
        (Kind.DIGEST, "overzicht", "digest"),
        (Kind.CONTACT_NOTE, "notitie", "note"),
        (Kind.REMINDER, "herinnering", "reminder"),
        (Kind.ESCALATION, "escalatie", "escalation"),
        (Kind.ALARM, "alarm", "alarm"),
    )
}

_VALUES: Sequence[tuple[StrEnum, str, str]] = (
    (CaseState.OPEN, "open", "open"),
    (CaseState.DECIDED, "besluit genomen", "decided"),
    (CaseState.NOTIFIED, "gemeld, wacht op reactie", "notified, waits for an answer"),
    (CaseState.ANSWERED, "beantwoord", "answered"),
    (CaseState.CLOSED, "gesloten", "closed"),
    (Origin.REFERRAL, "melding aan de desk", "referral"),
    (Origin.MEDIA, "media", "media"),
    (Origin.EARLIER_CASES, "eerdere zaken", "earlier cases"),
    (Source.MEDIA, "media", "media"),
    (Source.FACT_CHECKER, "factchecker", "fact-checker"),
    (Source.GOVERNMENT_BODY, "overheidsorganisatie", "government body"),
    (Source.FELLOW_AUTHORITY, "collega-autoriteit", "fellow authority"),
    (Decision.NOTIFY, "melden aan een platform", "notify a platform"),
    (Decision.DECLINE, "afwijzen", "decline"),
    (Decision.REFER, "doorverwijzen", "refer on"),
    (Decision.NONE, "geen actie", "no action"),
    (ClockKind.RECEIPT, "ontvangst bevestigd", "receipt"),
    (ClockKind.HUMAN, "eerste reactie van een medewerker", "first answer of a person"),
    (ClockKind.SUBSTANCE, "inhoudelijk antwoord", "answer to the matter"),
    (ClockState.RUNNING, "nog geen", "none yet"),
    (ClockState.STOPPED, "gestopt", "stopped"),
    (ClockState.CANCELLED, "vervallen", "cancelled"),
    (NotificationState.DRAFT, "concept", "draft"),
    (NotificationState.APPROVED, "goedgekeurd", "approved"),
    (NotificationState.SENT, "verzonden", "sent"),
    (NotificationState.FAILED, "niet bezorgd", "not delivered"),
    (NotificationState.REJECTED, "concept afgekeurd", "draft rejected"),
    (NotificationState.CANCELLED, "ingetrokken", "cancelled"),
    (ContactMeans.PHONE, "telefoon", "phone"),
    (ContactMeans.PORTAL, "portaal", "portal"),
    (ContactMeans.MAIL, "mail die verloren is gegaan", "mail that is lost"),
    (ContactMeans.MEETING, "gesprek", "meeting"),
    (SenderVerdict.VERIFIED, "geverifieerd", "verified"),
    (SenderVerdict.UNVERIFIED, "niet geverifieerd", "not verified"),
    (SenderVerdict.FAILED, "afgekeurd", "failed"),
    (SignatureState.VERIFIED, "klopt", "verified"),
    (SignatureState.FAILED, "klopt niet op de bewaarde kopie", "failed on the stored copy"),
    (SignatureState.ABSENT, "ontbreekt", "absent"),
    (SignatureState.NOT_CHECKED, "niet gecontroleerd", "not checked"),
    (Dnssec.YES, "ja", "yes"),
    (Dnssec.NO, "nee", "no"),
    (Dnssec.UNKNOWN, "niet bekend", "not known"),
    (OctetSource.IMAP, "IMAP", "IMAP"),
    (OctetSource.GRAPH_MIME, "Graph (MIME)", "Graph (MIME)"),
    (OctetSource.FILE, "een bestand", "a file"),
    (OctetSource.PLAYED, "een oefening", "an exercise"),
)


def said(value: StrEnum, language: LanguageCode) -> str:
    """Says a value of a closed set in words."""
    return _WORDS[type(value), value.value][language]


# By type as well: two members of different sets are equal if their values are.
_WORDS: Mapping[tuple[type[StrEnum], str], Words] = {
    (type(value), value.value): {LanguageCode.NL: nl, LanguageCode.EN: en} for value, nl, en in _VALUES
}

# SPDX-License-Identifier: EUPL-1.2
"""What the account of an election to Parliament says, apart from its text blocks and a person's own words."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class ReportText(Sentence):
    """Sentences, headings and labels of the report; every name in braces is a figure, a link or a name."""

    TITLE = ("report: title", "Report on the use of the election flagger status",
        "Rapport over het gebruik van de status van verkiezingen flagger")
    DRAFT = "report: draft", "DRAFT", "CONCEPT"
    DRAFT_NOTE = ("report: draft note", "Draft, as the record stood on {at}; these figures are not frozen.",
        "Concept, naar de stand van {at}; deze cijfers zijn niet vastgelegd.")
    POLLING_DAYS = "report: polling days", "Day of voting: {days}.", "Dag van de stemming: {days}."
    FROZEN = ("report: frozen", "The figures are those of {at}.", "De cijfers zijn vastgesteld op {at}.")
    USE_HEADING = "report: use heading", "Use around the election", "Gebruik rond de verkiezing"
    COUNT = ("report: count", "{organisation} used its status of election flagger {times} around the election.",
        "{organisation} heeft de status van verkiezingen flagger rond de verkiezing {times} gebruikt.")
    NO_USE = ("report: no use", "{organisation} did not use its status of election flagger around the election.",
        "{organisation} heeft de status van verkiezingen flagger rond de verkiezing niet gebruikt.")
    ONE_USE = "report: one use", "Notification to {platform}, {day}", "Melding aan {platform}, {day}"
    EARLIER_ONE = ("report: earlier one", "A notification on the same subject was sent before, on {days}.",
        "Over hetzelfde onderwerp is eerder een melding gedaan, op {days}.")
    EARLIER_MORE = ("report: earlier more", "Notifications on the same subject were sent before, on {days}.",
        "Over hetzelfde onderwerp zijn eerder meldingen gedaan, op {days}.")
    POLICY = ("report: policy", "The notification cites {platform}'s policy {policy}.",
        "De melding noemt het beleid {policy} van {platform}.")
    NOT_DECIDED = ("report: not decided", "No decision was recorded beforehand.",
        "Er is vooraf geen besluit vastgelegd.")
    NOT_DECIDED_MAIL = ("report: not decided, mail",
        "No decision was recorded beforehand; a member of staff wrote the mail themselves.",
        "Er is vooraf geen besluit vastgelegd; een medewerker schreef de mail zelf.")
    MAIL_BASIS = ("report: mail basis", "Both times come from our own server, not from the sender.",
        "Beide tijden komen van onze eigen server, niet van de afzender.")
    SEE_ANNEX = "report: see annex", "See annex {number}.", "Zie bijlage {number}."
    ANNEXES = "report: annexes", "Annexes", "Bijlagen"
    ANNEX = "report: annex", "Annex {number}", "Bijlage {number}"
    ANNEX_OF = ("report: annex of", "This annex belongs to the notification to {platform} of {at}.",
        "Deze bijlage hoort bij de melding aan {platform} van {at}.")
    CONTACTS_HEADING = "report: contacts heading", "Other contacts with platforms", "Andere contacten met platforms"
    CONTACTS = ("report: contacts",
        "The following contacts were no use of the status and are not counted as such.",
        "De volgende contacten waren geen gebruik van de status en tellen niet als zodanig mee.")
    CONTACT = "report: contact", "{at}, {means}: {words}", "{at}, {means}: {words}"
    PHONE = "report: phone", "by telephone", "per telefoon"
    PORTAL = "report: portal", "through a portal", "via een portaal"
    MEETING = "report: meeting", "in a meeting", "in een overleg"
    MAIL = "report: mail", "by mail", "per mail"
    RECEIVED_HEADING = "report: received heading", "Signals and decisions", "Signalen en besluiten"
    RECEIVED = "report: received", "Cases, by the source of the signal", "Zaken, naar bron van het signaal"
    DECIDED = "report: decided", "Cases, by decision", "Zaken, naar besluit"
    SOURCE = "report: source", "Source", "Bron"
    DECISION = "report: decision", "Decision", "Besluit"
    NUMBER = "report: number", "Number", "Aantal"
    TOTAL = "report: total", "Total", "Totaal"
    FEWER = "report: fewer", "fewer than {least}", "minder dan {least}"
    DECLINED = ("report: declined", "Messages from citizens about single posts that were not dealt with: {count}.",
        "Berichten van burgers over losse posts die niet in behandeling zijn genomen: {count}.")
    BY_PLATFORM = "report: by platform", "Uses per platform", "Gebruik per platform"
    BY_TYPE = "report: by type", "Uses per kind of case", "Gebruik per soort zaak"
    BY_CRITERION = ("report: by criterion", "Uses per expected consequence (several may apply)",
        "Gebruik per te verwachten gevolg (meer dan één is mogelijk)")
    PLATFORM = "report: platform", "Platform", "Platform"
    KIND = "report: kind", "Kind", "Soort"
    CRITERION = "report: criterion", "Consequence", "Gevolg"
    OVERVIEW = "report: overview", "The uses at a glance", "Overzicht van het gebruik"
    DAY = "report: day", "Sent on", "Verzonden op"
    MATTER = "report: matter", "Matter", "Onderwerp"
    WAIT = "report: wait", "Until a person answered", "Tot de reactie van een medewerker"
    RESTS_ON = "report: rests on", "The times rest on", "Tijden berusten op"
    STILL_OPEN = "report: still open", "open, so far {took}", "open, tot nu toe {took}"
    MEDIAN = ("report: median",
        "Of the {count} uses the median wait is {took}; a use without an answer counts as 'longer than so far'.",
        ("Van de {count} meldingen is de mediaan van de wachttijd {took}; een melding zonder antwoord telt mee als "
         "'langer dan tot nu toe'."))
    WITHIN = ("report: within",
        ("A member of the platform's staff answered within 1 hour to {first}, within 4 hours to {second} and within "
         "24 hours to {third}. There is no norm for these times."),
        ("Een medewerker van het platform reageerde binnen 1 uur op {first}, binnen 4 uur op {second} en binnen "
         "24 uur op {third}. Voor deze tijden geldt geen norm."))
    SHARE = "report: share", "{count} of {of} uses", "{count} van de {of} meldingen"
    NO_SHARES = ("report: no shares", "With fewer than ten uses every value is given, and no share.",
        "Bij minder dan tien meldingen staat elke waarde er, en geen aandeel.")
    STEPS = "report: steps", "Our own steps up to the sending", "Onze eigen stappen tot de verzending"
    STEP_OF = "report: step of", "Use", "Melding"
    STEP_OF_USE = "report: step of use", "{platform}, {day}", "{platform}, {day}"
    STEP_SIGNAL = "report: step signal", "Signal", "Signaal"
    STEP_DECISION = "report: step decision", "Decision", "Besluit"
    STEP_APPROVAL = "report: step approval", "Approval", "Goedkeuring"
    STEP_SENT = "report: step sent", "Sent", "Verzonden"
    STEP_TOOK = "report: step took", "From the first step to the sending", "Van de eerste stap tot de verzending"
    OPENED_ALONE = "report: opened alone", "{at} (case opened)", "{at} (zaak geopend)"
    NOT_RECORDED = "report: not recorded", "not recorded", "niet vastgelegd"
    ELECTIONS = "report: elections", "Elections side by side", "Verkiezingen naast elkaar"
    ELECTION = "report: election", "Election", "Verkiezing"
    USES = "report: uses", "Uses", "Meldingen"
    ANSWERED = "report: answered", "Answered", "Beantwoord"
    OPEN = "report: open", "Open", "Open"
    WAITS = "report: waits", "Waits", "Wachttijden"
    MEDIAN_OF = "report: median of", "median {took}", "mediaan {took}"
    CLOCKS = "report: clocks", "Times of this notification", "Tijdstippen bij deze melding"
    REMARKS_HEADING = "report: remarks heading", "Remarks", "Opmerkingen"
    PAPERS = ("report: papers", "Parliament was informed about the status before.",
        "De Kamer is eerder over de status geïnformeerd.")
    PAPER = ("report: paper", "Parliamentary Papers {chamber} {year}, {dossier}, no. {number}",
        "Kamerstukken {chamber} {year}, {dossier}, nr. {number}")
    PAPER_ANNEX = "report: paper annex", ', annex "{annex}"', ", bijlage '{annex}'"
    COLOPHON = "report: colophon", "Colophon", "Colofon"
    PUBLISHER = "report: publisher", "Publisher", "Uitgave"
    ADDRESS = "report: address", "Address", "Adres"
    TELEPHONE = "report: telephone", "Telephone", "Telefoon"
    HOURS = "report: hours", "Hours", "Bereikbaar"
    AND = "report: and", " and ", " en "


class Counted(Sentence):
    """What is counted, as a table of the report names it, by the code of the value."""

    MEDIA = "counted: media", "media", "media"
    FACT_CHECKER = "counted: fact_checker", "fact-checkers", "factcheckers"
    GOVERNMENT_BODY = ("counted: government_body", "government bodies with a legal basis of their own",
        "overheidsorganisaties met een eigen grondslag")
    FELLOW_AUTHORITY = "counted: fellow_authority", "fellow authorities", "medeoverheden"
    EARLIER = ("counted: earlier_cases", "earlier cases, without a new signal",
        "eerdere zaken, zonder nieuw signaal")
    NO_SOURCE = "counted: no source", "source not recorded", "bron niet vastgelegd"
    NOTIFY = "counted: notify", "notified to a platform", "voorgelegd aan een platform"
    NOT_BEFOREHAND = ("counted: not_beforehand", "notified to a platform without a decision recorded beforehand",
        "voorgelegd aan een platform zonder vooraf vastgelegd besluit")
    NOT_SENT = "counted: not_sent", "decided to notify, not sent", "besloten voor te leggen, niet verzonden"
    DECLINE = "counted: decline", "not notified to a platform", "niet voorgelegd"
    REFER = "counted: refer", "referred elsewhere", "doorverwezen"
    NONE = "counted: none", "not pursued", "geen vervolg"
    UNDECIDED = "counted: undecided", "not decided", "nog geen besluit"
    CONTENT = "counted: A_content", "posts", "berichten"
    CHANNEL = "counted: B_channel", "account taken over or not usable", "account overgenomen of onbruikbaar"
    ADVERT = "counted: C_advert", "advertisement held back", "tegengehouden advertentie"
    WARNING = "counted: D_general_warning", "request to watch for posts", "verzoek op berichten te letten"
    OTHER = "counted: other", "other", "overig"
    INVALID = "counted: 1", "a vote becomes invalid", "een stem wordt ongeldig"
    MISDIRECTED = ("counted: 2", "a vote goes to a person other than intended",
        "een stem gaat naar een ander dan bedoeld")
    LOST = "counted: 3", "voters lose the chance to vote", "kiezers kunnen hun stem niet uitbrengen"


class Times(Sentence):
    """How often, in words up to twelve."""

    ONCE = "times: 1", "once", "eenmaal"
    TWICE = "times: 2", "twice", "tweemaal"
    THREE = "times: 3", "three times", "driemaal"
    FOUR = "times: 4", "four times", "viermaal"
    FIVE = "times: 5", "five times", "vijfmaal"
    SIX = "times: 6", "six times", "zesmaal"
    SEVEN = "times: 7", "seven times", "zevenmaal"
    EIGHT = "times: 8", "eight times", "achtmaal"
    NINE = "times: 9", "nine times", "negenmaal"
    TEN = "times: 10", "ten times", "tienmaal"
    ELEVEN = "times: 11", "eleven times", "elfmaal"
    TWELVE = "times: 12", "twelve times", "twaalfmaal"
    MORE = "times: more", "{count} times", "{count} maal"


class FormText(Sentence):
    """Comments in the form of a draft."""

    HEAD = ("form: head", "Draft of the report to Parliament on {election}.",
        "Concept van het rapport aan de Kamer over {election}.")
    RULES = ("form: rules",
        "In your own words. What a platform did about a notification is not reported. Name no persons.",
        "In uw eigen woorden. Wat een platform met een melding deed, wordt niet gerapporteerd. Noem geen personen.")
    LANGUAGES = ("form: languages", "The languages in which the report is made.",
        "De talen waarin het rapport wordt gemaakt.")
    TITLE = "form: title", "Empty: the ordinary title.", "Leeg: de gewone titel."
    USE = ("form: use", "Notification to {platform} on {at}, through {channel}.",
        "Melding aan {platform} op {at}, via {channel}.")
    CASE_TITLE = "form: case title", "Title of the case: {title}", "Titel van de zaak: {title}"
    DECIDED = "form: decided", "Reason of the decision: {reason}", "Reden van het besluit: {reason}"
    REASON = ("form: reason", "Why the platform was asked, in one or two sentences.",
        "Waarom het platform is gevraagd, in een of twee zinnen.")
    PARAPHRASE = ("form: paraphrase", "What the answer said, in one sentence of yours. To read it: {command}",
        "Wat de reactie inhield, in een zin van uzelf. Om deze te lezen: {command}")
    UNANSWERED = ("form: unanswered", "No answer of a person is on record.",
        "Er is geen reactie van een medewerker vastgelegd.")
    CONTACTS = ("form: contacts",
        "Contacts noted by hand that belong to no use. leave_out: true if one was not with a platform.",
        ("Met de hand genoteerde contacten die bij geen melding horen. leave_out: true als het niet met een platform "
         "was."))
    CONTACT = ("form: contact", "{case}, {at}, {means}. To read the note: {command}",
        "{case}, {at}, {means}. Om de notitie te lezen: {command}")
    WORDS = ("form: words", "With which platform it was, and about what, in one sentence.",
        "Met welk platform het was en waarover, in een zin.")
    PAPERS = ("form: papers", "Earlier parliamentary papers, for footnotes.",
        "Eerdere Kamerstukken, voor voetnoten.")
    CONSENTS = ("form: consents", "Authorities that agreed to be named in the words above.",
        "Overheden die ermee instemmen dat zij hierboven worden genoemd.")
    REMARKS = "form: remarks", "A last paragraph, if wanted.", "Een slotalinea, indien gewenst."

# SPDX-License-Identifier: EUPL-1.2
"""What pictures, tables and the page of figures say."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class Caption(Sentence):
    """Labels of a picture, heads and cells of a table."""

    # a picture
    NOTIFICATION = "caption: notification", "Notification to {platform}", "Melding aan {platform}"
    SENT = "caption: sent", "sent", "verzonden"
    REMINDER = "caption: reminder", "reminder to the officer", "herinnering aan de medewerker"
    REMINDERS = ("caption: reminders", "{count:reminder|reminders} to the officer",
        "{count:herinnering|herinneringen} aan de medewerker")
    ESCALATION = "caption: escalation", "escalation", "escalatie"
    ESCALATIONS = "caption: escalations", "{count:escalation|escalations}", "{count:escalatie|escalaties}"
    RECEIPT = "caption: receipt", "receipt confirmed", "ontvangst bevestigd"
    HUMAN = "caption: human", "answer by a person", "reactie van een medewerker"
    SUBSTANCE = "caption: substance", "answer to the matter", "inhoudelijk antwoord"
    UNTIL = "caption: until", "until {at}", "tot {at}"
    STILL_SILENT = ("caption: still silent", "until then no answer by a person",
        "tot dan geen reactie van een medewerker")
    STILL_MATTER = ("caption: still matter", "until then no answer to the matter",
        "tot dan geen inhoudelijk antwoord")
    WAITED = "caption: waited", "{took} until a person answered", "{took} tot de reactie van een medewerker"
    WAITS = ("caption: waits", "{took} without an answer by a person",
        "{took} zonder reactie van een medewerker")
    CUT = "caption: cut", "cut after 24 hours: another scale", "afgebroken na 24 uur: andere schaal"
    DOTS = ("caption: dots", "Until a person answered, all notifications",
        "Tot de reactie van een medewerker, alle meldingen")
    STEPS = ("caption: steps", "The scale runs in steps of equal width; an arrow is a notification without an answer.",
        "De schaal loopt in stappen van gelijke breedte; een pijl is een melding zonder antwoord.")
    OPEN_SO_FAR = "caption: open so far", "open, {took}", "open, {took}"
    MEDIAN_TICK = "caption: median tick", "median", "mediaan"
    ALL_PLATFORMS = "caption: all platforms", "All platforms", "Alle platforms"
    STEP_MINUTES = "caption: step minutes", "{count} min", "{count} min"
    STEP_HOURS = "caption: step hours", "{count:hour|hours}", "{count} uur"
    STEP_DAYS = "caption: step days", "{count} days", "{count} dagen"
    STEP_YEARS = "caption: step years", "{count:year|years}", "{count} jaar"
    NOT_TO_SCALE = "caption: not to scale", "(not to scale)", "(niet op schaal)"

    # what an instant rests on, and the form of an answer
    BASIS_MAIL = "caption: basis mail", "mail", "mail"
    BASIS_COPY = "caption: basis copy", "by the sent copy", "volgens verzonden kopie"
    BASIS_QUOTED = "caption: basis quoted", "matched by quoted text", "herkend aan geciteerde tekst"
    BASIS_HAND = "caption: basis hand", "by hand", "met de hand"
    FORM_MAIL = "caption: form mail", "mail", "mail"
    FORM_AUTOMATIC = "caption: form automatic", "automatic", "automatisch"
    FORM_COMMENT = "caption: form comment", "comment in a ticket system", "reactie in een ticketsysteem"
    FORM_ORAL = "caption: form oral", "oral", "mondeling"
    FORM_PORTAL = "caption: form portal", "portal", "portaal"

    # tables
    CLOCK = "caption: clock", "Clock", "Klok"
    INSTANT = "caption: instant", "Time", "Tijdstip"
    MINUTES = "caption: minutes", "Minutes", "Minuten"
    TENTHS = "caption: tenths", "Hours", "Uren"
    BASIS = "caption: basis", "Basis", "Basis"
    FORM = "caption: form", "Form", "Vorm"
    OPEN = "caption: open", "open", "open"
    NONE = "caption: none", "none", "geen"
    CLOCKS_OF = "caption: clocks of", "Clocks of {number}", "Klokken van {number}"
    TOLD = ("caption: told", "Reminders: {reminders}. Escalations: {escalations}.",
        "Herinneringen: {reminders}. Escalaties: {escalations}.")
    BY_PLATFORM = "caption: by platform", "By platform", "Per platform"
    BY_CHANNEL = "caption: by channel", "By channel", "Per kanaal"
    BY_ELECTION = "caption: by election", "By election", "Per verkiezing"
    PLATFORM = "caption: platform", "Platform", "Platform"
    CHANNEL = "caption: channel", "Channel", "Kanaal"
    ELECTION = "caption: election", "Election", "Verkiezing"
    COUNT_SENT = "caption: count sent", "Sent", "Verzonden"
    COUNT_ANSWERED = "caption: count answered", "Answered", "Beantwoord"
    COUNT_OPEN = "caption: count open", "Open", "Open"
    MEDIAN = "caption: median", "Median (minutes)", "Mediaan (minuten)"
    LONGEST = "caption: longest", "Longest wait (minutes)", "Langste wachttijd (minuten)"
    VALUES = "caption: values", "Every wait (minutes)", "Alle wachttijden (minuten)"
    SHARES = "caption: shares", "Answered within (no norm)", "Beantwoord binnen (geen norm)"
    SHARE = "caption: share", "{count:hour|hours}: {answered} of {of}", "{count} uur: {answered} van {of}"

    # the page
    TITLE = "caption: title", "Response times of platforms", "Reactietijden van platforms"
    AS_OF = "caption: as of", "{organisation}, as of {at}", "{organisation}, stand op {at}"
    STATE = "caption: state", "As of {at}", "Stand op {at}"
    SUMMARY = "caption: summary", "Summary", "Samenvatting"
    USES = "caption: uses", "Notifications", "Meldingen"
    NOT_USED = ("caption: not used", "No notification was sent to a platform.",
        "Er is geen melding aan een platform gedaan.")
    METHOD = "caption: method", "Method", "Methode"


class Method(Sentence):
    """How the figures come about, for a reader of the page."""

    UNIT = ("method: unit",
        ("What is counted is the notification to one platform, however many mails it took. Follow-ups and exercises are"
        " not counted."),
        ("Geteld wordt de melding aan één platform, hoeveel mails daar ook voor nodig waren. Vervolgberichten en"
        " oefeningen tellen niet mee."))
    CLOCKS = ("method: clocks",
        ("Three clocks start when our mail server accepts the notification: until the first confirmation of receipt,"
        " automatic ones included; until the first answer by a person; and until the first answer to the matter. One"
        " mail can stop several. The reported time is that of the answer by a person."),
        ("Drie klokken starten zodra onze mailserver de melding aanneemt: tot de eerste ontvangstbevestiging, ook als"
        " die automatisch is; tot de eerste reactie van een medewerker; en tot het eerste inhoudelijke antwoord. Eén"
        " mail kan meer klokken stoppen. De gerapporteerde reactietijd is die tot de reactie van een medewerker."))
    INSTANTS = ("method: instants",
        ("A mail counts from the time at which our server accepted or received it, never from the date that its sender"
        " wrote. Where a time rests on something else, the table says so: the copy of a sent mail, an answer known"
        " only by the words that it quotes, or a note made by hand."),
        ("Een mail telt vanaf het tijdstip waarop onze server die aannam of ontving, nooit vanaf de datum die de"
        " afzender erin zette. Rust een tijdstip op iets anders, dan staat dat in de tabel: de kopie van een verzonden"
        " mail, een antwoord dat alleen aan geciteerde woorden is herkend, of een aantekening met de hand."))
    MINUTES = ("method: minutes",
        ("Minutes are the difference of the two times as printed, without their seconds. Hours are rounded to tenths,"
        " half a tenth upwards: 152 minutes are 2.5 hours."),
        ("Minuten zijn het verschil van de twee afgedrukte tijdstippen, zonder seconden. Uren zijn afgerond op tienden,"
        " een halve tiende naar boven: 152 minuten is 2,5 uur."))
    MEDIAN = ("method: median",
        ("A median is given from five notifications on. It is the estimate of Kaplan and Meier (1958): a notification"
        " without an answer counts as 'longer than so far'. Where exactly half are answered between two answers, it is"
        " the midpoint of these two. If half or more may still be open, there is none. The longest wait includes open"
        " notifications."),
        ("Een mediaan wordt gegeven vanaf vijf meldingen. Het is de schatting van Kaplan en Meier (1958): een melding"
        " zonder antwoord telt mee als 'langer dan tot nu toe'. Is tussen twee reacties precies de helft beantwoord,"
        " dan is het het midden van die twee. Kan de helft of meer nog open zijn, dan is er geen mediaan. De langste"
        " wachttijd omvat ook open meldingen."))
    SHARES = ("method: shares",
        ("With fewer than ten notifications every wait is shown, and no share. From ten on, the shares answered within"
        " 1, 4 and 24 hours are given. There is no norm for these times."),
        ("Bij minder dan tien meldingen staat elke wachttijd er, en geen aandeel. Vanaf tien staat erbij welk deel"
        " binnen 1, 4 en 24 uur is beantwoord. Voor deze tijden geldt geen norm."))
    REMINDERS = ("method: reminders",
        "Reminders and escalations went to our own officers. None of them went to a platform.",
        "Herinneringen en escalaties gingen naar onze eigen medewerkers. Geen daarvan ging naar een platform.")
    NO_OUTCOME = ("method: no outcome",
        "What a platform did about a matter is not recorded and is in no figure: the platform alone decides.",
        ("Wat een platform met een melding deed, wordt niet bijgehouden en zit in geen enkel cijfer: daarover beslist"
        " alleen het platform."))
    TIMES = ("method: times",
        ("Times are those of the time zone {zone}. Where the clocks change, the difference from universal time (UTC) is"
        " added."),
        ("Tijdstippen zijn die van de tijdzone {zone}. Waar de klok wordt verzet, staat het verschil met universele"
        " tijd (UTC) erbij."))

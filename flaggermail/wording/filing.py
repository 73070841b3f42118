# SPDX-License-Identifier: EUPL-1.2
"""Why a mail lies where it lies, and what placed it."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class Filed(Sentence):
    """Why a mail was filed, or waits for a person."""

    MACHINE = "filed: machine", "machine mail: {kind}", "automatische mail ({kind})"
    OFFICERS_NAME = ("filed: officers name", "in an officer's name, in answer to a mail about no case",
        "op naam van een medewerker, in antwoord op een mail zonder zaak")
    PLATFORM_UNPLACED = ("filed: platform unplaced", "a platform's mail that fits no case",
        "mail van een platform die bij geen zaak past")
    UNKNOWN = "filed: unknown", "no rule knows what it is", "geen regel herkent deze mail"
    CARRIES_REFERRAL = ("filed: carries referral", "machine mail that carries a referral",
        "automatische mail met een melding erin")
    NOBODY_WROTE = ("filed: nobody wrote", "nobody wrote it for the desk",
        "niet door een persoon voor de desk geschreven")
    OWN_CHECK = ("filed: own check", "sent to the desk itself by `flaggermail check --online`",
        "door `flaggermail check --online` aan de desk zelf gestuurd")
    LATE = "filed: late", "{reason}; taken in late", "{reason}; te laat verwerkt"
    JUNK = "filed: junk", "{reason}; in the junk folder", "{reason}; in de map met ongewenste mail"
    OUT_OF_JUNK = ("filed: out of junk", "{reason}; taken out of the junk folder",
        "{reason}; uit de map met ongewenste mail gehaald")
    DISPUTED = "filed: disputed", "{reason}: {dispute}", "{reason}: {dispute}"
    TYPED_TO_CHANNEL = ("filed: typed to channel", "possible unregistered use: typed by hand to a channel",
        "mogelijk een melding buiten het programma om: met de hand aan een kanaal gericht")
    COLLEAGUE_IN_CASE = ("filed: colleague in case", "sent by a colleague in this case",
        "door een collega verstuurd in deze zaak")
    COLLEAGUE = ("filed: colleague", "sent by a colleague, belongs to no case",
        "door een collega verstuurd, hoort bij geen zaak")
    FAILED = ("filed: failed", "filed; the sender failed the check and stops nothing",
        "geplaatst; de afzendercontrole is mislukt, dus deze mail stopt geen klok")
    UNVERIFIED = ("filed: unverified", "filed; unverified, stops nothing until a person confirms it",
        "geplaatst; niet geverifieerd, stopt pas een klok als iemand dit bevestigt")
    ARRIVAL_DISPUTED = ("filed: arrival disputed", "filed; its arrival is disputed and needs a person",
        "geplaatst; de tijd van aankomst staat niet vast en wacht op beoordeling")
    IN_CASE = "filed: in case", "filed in its case", "in de zaak geplaatst"
    REFERRAL = "filed: referral", "a referral", "een melding"
    REFERRAL_UNVERIFIED = ("filed: referral unverified", "looks like a referral, but its sender is unverified",
        "lijkt een melding, maar de afzender is niet geverifieerd")
    REFERRAL_FAILED = ("filed: referral failed", "looks like a referral, but its sender is failed",
        "lijkt een melding, maar de afzendercontrole is mislukt")
    MAY_BELONG = "filed: may belong", "may belong to a case that is there", "hoort mogelijk bij een bestaande zaak"
    NO_ELECTION = ("filed: no election", "looks like a referral, but no election is open",
        "lijkt een melding, maar er is geen verkiezing open")
    DECLINED_BEFORE = ("filed: declined before", "this sender was declined in this period",
        "deze afzender is in deze periode al afgewezen")
    CITIZEN_UNVERIFIED = ("filed: citizen unverified", "looks like a citizen's report, but its sender is unverified",
        "lijkt een melding van een burger, maar de afzender is niet geverifieerd")
    CITIZEN_FAILED = ("filed: citizen failed", "looks like a citizen's report, but its sender is failed",
        "lijkt een melding van een burger, maar de afzendercontrole is mislukt")
    CITIZEN_TO_JUDGE = ("filed: citizen to judge", "looks like a citizen's report: a person decides",
        "lijkt een melding van een burger: een medewerker beslist")
    CITIZEN_IN_DOUBT = ("filed: citizen in doubt", "looks like a citizen's report: {doubts}; a person decides",
        "lijkt een melding van een burger: {doubts}; een medewerker beslist")
    CITIZEN = ("filed: citizen", "a citizen's report about a single post",
        "een melding van een burger over een los bericht")
    ATTACHED = "filed: attached", "attached to the mail that brought it", "bijlage van de mail waarmee deze kwam"
    CASE_OPENED_FROM = "filed: case opened from", "a case was opened from it", "hiermee is een zaak geopend"
    NOTE_NAMES = "filed: note names", "the note names {message}", "de notitie noemt {message}"
    DECLINE_TAKEN_BACK = "filed: decline taken back", "a decline taken back", "een afwijzing is teruggenomen"
    DECLINED_BY_PERSON = "filed: declined by person", "declined by a person", "door een medewerker afgewezen"
    ANSWER_CAME_BACK = ("filed: answer came back", "our answer to a citizen came back",
        "ons antwoord aan een burger kwam terug")
    TAKEN_OUT = ("filed: taken out", "taken out of the archive: {reason}", "uit het archief gehaald: {reason}")
    UNJUDGED = "filed: unjudged", "could not be judged: {fault}", "kon niet worden beoordeeld: «{fault}»"
    PUT_BACK = "filed: put back", "put back by {officer}", "teruggezet door {officer}"


class CitizenDoubt(Sentence):
    """Why a person decides about an apparent citizen's report."""

    NO_PUBLIC_PROVIDER = ("doubt: no public provider", "not from a provider of mailboxes to the public",
        "niet van een aanbieder van postvakken voor het publiek")
    FORWARD = "doubt: forward", "a forward", "een doorgestuurde mail"
    ATTACHMENT = "doubt: attachment", "with an attachment", "met een bijlage"
    LONG = "doubt: long", "longer than is read", "langer dan wordt gelezen"
    AUTHORITYS_WORDS = ("doubt: authoritys words", "with the words of an authority or a newsroom",
        "met woorden van een overheid of een redactie")
    NO_CITIZENS_WORDS = "doubt: no citizens words", "without a citizen's words", "zonder woorden van een burger"


class Dispute(Sentence):
    """Why an arrival time is not reliable."""

    BEFORE_LOOK = ("dispute: before look", "dated before our look of {at} UTC, which did not show it",
        "gedateerd vóór onze controle van {at:instant} (UTC), die deze mail niet toonde")
    SERVER_LINE = ("dispute: server line", "our own server took it at {at} UTC",
        "onze eigen server nam deze mail aan op {at:instant} (UTC)")
    AFTER_SIGHT = ("dispute: after sight",
        "the server dates it {at} UTC, later than the desk first saw it; first sight counts",
        "de server dateert deze mail op {at:instant} (UTC), na het moment waarop de desk deze zag; dat moment telt")
    TOO_OLD = ("dispute: too old", "the server dates it {at} UTC, before any such mail; first sight counts",
        ("de server dateert deze mail op {at:instant} (UTC), en zo oud kan deze niet zijn; het moment telt waarop de "
         "desk deze zag"))
    NO_INSTANT = ("dispute: no instant", "the server dates it {text}, which is no instant; first sight counts",
        "de server dateert deze mail op «{text}», en dat is geen tijdstip; het moment telt waarop de desk deze zag")
    OWN_LINE = ("dispute: own line", "from a file of old mail: the arrival is that of our own server's Received line",
        "uit een bestand met oude mail: de aankomst is die uit de Received-regel van onze eigen server")
    LAST_HOP = ("dispute: last hop", "from a file of old mail: the arrival is that of its last Received line",
        "uit een bestand met oude mail: de aankomst is die uit de laatste Received-regel")
    MBOX_LINE = ("dispute: mbox line", "from a file of old mail: the arrival is that of the From line of the mbox",
        "uit een bestand met oude mail: de aankomst is die uit de scheidingsregel van de mbox")
    MAILDIR = ("dispute: maildir", "from a file of old mail: the arrival is the time of the file in its Maildir",
        "uit een bestand met oude mail: de aankomst is de tijd van het bestand in de Maildir")
    FILE = ("dispute: file", "from a file of old mail that does not say when it arrived; shown is the time of the file",
        "uit een bestand met oude mail dat niet zegt wanneer deze aankwam; getoond is de tijd van het bestand")
    MOVED = ("dispute: moved", "old mail that was moved in: no look saw it arrive",
        "oude mail die naar de mailbox is verplaatst: geen controle zag deze aankomen")
    BEFORE_SENDING = ("dispute: before sending", "before the sending at {at} UTC",
        "vóór de verzending op {at:instant} (UTC)")


class Says(Sentence):
    """What a mail says that a platform's machine wrote, besides that ours arrived."""

    QUESTION = "says: question", "asks something", "stelt een vraag"
    PROMISE = "says: promise", "promises something", "zegt iets toe"
    ANSWER = "says: answer", "answers the matter itself", "gaat inhoudelijk op de zaak in"
    COMMENT = "says: comment", "holds a comment with a name", "bevat een reactie met een naam"
    READ = "says: read", "says that our mail was opened", "meldt dat onze mail is geopend"
    UNREAD = ("says: unread", "says that our mail was deleted without being read",
        "meldt dat onze mail ongelezen is verwijderd")
    HANDLED = ("says: handled", "says what a mail program did with our mail",
        "meldt wat een mailprogramma met onze mail deed")
    ABSENCE = "says: absence", "says that somebody is away: phone", "meldt dat iemand afwezig is: bel"
    ABSENCE_UNTIL = ("says: absence until", "says that somebody is away until {until}: phone",
        "meldt dat iemand afwezig is tot {until}: bel")
    REPORT = "says: report", "is a complaint about our mail", "is een klacht over onze mail"


class Basis(Sentence):
    """What placed a mail in its case."""

    TOKEN = "basis: token", "token of ours", "kenmerk van ons"
    REFERS = "basis: refers", "refers to <{message}>", "verwijst naar <{message}>"
    NUMBER = "basis: number", "names {case}, sender fits", "noemt {case}, de afzender past"
    TAIL = "basis: tail", "names {case} with its tail", "noemt {case} met het achtervoegsel"
    QUOTES = "basis: quotes", "quotes {count} of our words", "citeert {count:woord|woorden} van ons"
    REFERENCE_QUOTES = ("basis: reference quotes", "names {reference} and quotes {count} of our words",
        "noemt {reference} en citeert {count:woord|woorden} van ons")
    PLACED_BEFORE = ("basis: placed before", "comes from {address}, whose mail a person filed here",
        "komt van {address}; een medewerker plaatste eerder mail van dat adres in deze zaak")
    REFERENCE = "basis: reference", "names {reference}", "noemt {reference}"
    TAKES_BACK = "basis: takes back", "takes back <{message}>", "trekt <{message}> in"
    REFERS_TOO = ("basis: refers too", "refers, as others do, to <{message}>",
        "verwijst, net als andere mail, naar <{message}>")
    REPORTS = "basis: reports", "reports about {mail}", "bericht over de bezorging van {mail}"
    SCORE = "basis: score", "score {score}", "score {score}"
    ENCLOSED = "basis: enclosed", "forwarded in {message}", "doorgestuurd in {message}"
    BY_HAND = "basis: by hand", "placed by {officer}", "geplaatst door {officer}"
    OURS = "basis: ours", "sent by us", "door ons verstuurd"

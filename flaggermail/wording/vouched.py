# SPDX-License-Identifier: EUPL-1.2
"""Who vouches for the sender of a mail, or why nobody does."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class Vouched(Sentence):
    """The evidence about a sender."""

    NOBODY_ASKED = ("vouched: nobody asked", "nobody was asked who wrote it",
        "er is niet gecontroleerd wie deze mail schreef")
    ONLY_PLATFORMS = ("vouched: only platforms", "signatures are checked only for domains of a platform",
        "handtekeningen worden alleen gecontroleerd voor domeinen van een platform")
    NO_SERVER = ("vouched: no server", "no receiving server is configured to vouch for senders",
        "er is geen mailserver ingesteld die afzenders controleert")
    NO_AUTHOR = ("vouched: no author", "the mail does not have exactly one author",
        "de mail heeft niet precies één afzender")
    SAYS_NOTHING = "vouched: says nothing", "{server} says nothing about DMARC", "{server} meldt niets over DMARC"
    UNREADABLE_FAIL = ("vouched: unreadable fail",
        "a field of {server} cannot be read for certain, and says dmarc=fail",
        "een veld van {server} is niet goed leesbaar en meldt dmarc=fail")
    DMARC = ("vouched: dmarc", "dmarc={result} by {server} for {domains}",
        "{server} meldt dmarc={result} voor {domains}")
    OTHER_DOMAIN = ("vouched: other domain", "DMARC result of {server} is not about {domain}",
        "de uitkomst van DMARC bij {server} gaat niet over {domain}")
    SERVER_OF = "vouched: server of", "the server of {domain}", "de server van {domain}"
    LOGIN = "vouched: login", "auth=pass by {server} for {domain}", "{server} meldt auth=pass voor {domain}"
    MARK = ("vouched: mark", "marked by Exchange as written inside {domain}",
        "volgens Exchange geschreven binnen {domain}")
    MARK_UNPROVEN = ("vouched: mark unproven",
        "marked as written inside {domain}, but nobody has shown that this mark cannot be forged",
        "gemarkeerd als geschreven binnen {domain}, maar niet is aangetoond dat dit kenmerk niet te vervalsen is")
    REHEARSED = "vouched: rehearsed", "as the rehearsal has it", "zoals het verhaal van de oefening zegt"
    THIS_MAIL = "vouched: this mail", "this mail", "deze mail"
    BOTH = "vouched: both", "{first}; {second}", "{first}; {second}"
    ENCLOSED = ("vouched: enclosed", "nobody vouches for an attached mail",
        "van een bijgevoegde mail wordt de afzender niet gecontroleerd")
    COMPOSED = "vouched: composed", "composed here", "hier geschreven"
    CONFIRMED = "vouched: confirmed", "confirmed by {officer}", "bevestigd door {officer}"
    REFUSED = "vouched: refused", "refused by {officer}: {reason}", "vals verklaard door {officer}: {reason}"


class SignatureProof(Sentence):
    """What a DKIM signature proves."""

    TOO_LARGE = ("signature: too large", "the mail is too large for its signature to be checked",
        "de mail is te groot om de handtekening te controleren")
    HEADER = ("signature: header", "its signature proves too little: {defect}",
        "de handtekening bewijst te weinig: de kop van de mail is niet in orde")
    NONE = "signature: none", "no DKIM signature of {domain}", "geen DKIM-handtekening van {domain}"
    WEAK = ("signature: weak", "DKIM signature of {signer} proves too little: {weakness}",
        "de DKIM-handtekening van {signer} bewijst te weinig: {weakness}")
    STRICT = ("signature: strict", "DKIM signature of {signer}: {domain} wants a signature of its very own domain",
        "DKIM-handtekening van {signer}: {domain} eist een handtekening van het eigen domein")
    FAULT = "signature: fault", "DKIM signature of {signer}: {fault}", "DKIM-handtekening van {signer}: {fault}"
    FITS = ("signature: fits", "DKIM signature of {signer} fits, checked here, for {domain}",
        "de DKIM-handtekening van {signer} klopt, hier gecontroleerd, voor {domain}")
    ALTERED = ("signature: altered", "DKIM signature of {signer} does not fit: the mail is not as it was signed",
        "de DKIM-handtekening van {signer} klopt niet: de mail is niet zoals hij is ondertekend")
    QUESTIONS = "signature: questions", "more than {most} questions to the DNS", "meer dan {most} vragen aan de DNS"
    NO_ANSWER = ("signature: no answer", "no answer from the DNS about {name} now",
        "de DNS geeft nu geen antwoord over {name}")
    KEY_MISSING = ("signature: key missing", "its key is not in the DNS, or not readable",
        "de sleutel staat niet in de DNS of is niet leesbaar")
    IDENTITY = "signature: identity", "its i= lies outside its domain", "het veld i= ligt buiten het domein"
    KEY_UNREADABLE = ("signature: key unreadable", "its key cannot be read ({fault})",
        "de sleutel is niet leesbaar ({fault})")
    KEY_SHORT = "signature: key short", "its key has {bits} bits only", "de sleutel heeft maar {bits} bits"
    ALGORITHM = "signature: algorithm", "its algorithm is not {algorithm}", "het algoritme is niet {algorithm}"
    PARTIAL = ("signature: partial", "it covers only the beginning of the text (l=)",
        "dekt alleen het begin van de tekst (l=)")
    UNCOVERED = "signature: uncovered", "it does not cover {fields}", "dekt deze velden niet: {fields}"
    REPEATED = ("signature: repeated", "the mail has more than one field {fields}",
        "de mail heeft meer dan één veld {fields}")
    EXPIRED = "signature: expired", "it has expired (x=)", "is verlopen (x=)"
    UNDATED = "signature: undated", "it does not say when it was made", "vermeldt niet wanneer hij is gemaakt"
    OLD = ("signature: old", "it was made at {at} UTC, not lately",
        "is gemaakt op {at:instant} (UTC), niet kort geleden")
    KEY_WITHDRAWN = "signature: key withdrawn", "its key was withdrawn", "de sleutel is ingetrokken"
    NO_KEY = "signature: no key", "its record holds no key", "in de DNS staat geen sleutel"
    KEY_KIND = ("signature: key kind", "its key is of a kind that is not checked here",
        "dit soort sleutel wordt hier niet gecontroleerd")
    KEY_HASH = "signature: key hash", "its key does not allow SHA-256", "de sleutel staat SHA-256 niet toe"
    KEY_PURPOSE = "signature: key purpose", "its key is not for mail", "de sleutel is niet voor mail"
    KEY_TEST = ("signature: key test", "its key says that the signer is only testing",
        "volgens de sleutel is de ondertekenaar nog aan het testen")

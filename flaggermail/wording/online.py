# SPDX-License-Identifier: EUPL-1.2
"""What `check --online` finds at each step, and the steps' names; what mends it is in `online_mending`."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class Online(Sentence):
    """What was found. The names are those of `online.outcomes.OutcomeCode`."""

    NOT_TRIED = ("online: not tried",
        "not tried, because this step found no way on: {step}",
        "niet geprobeerd, omdat het eerder misging bij deze stap: {step}")
    IMAP_OPEN = ("online: imap open",
        "{host} answers at port {port} (tls: {tls})",
        "{host} antwoordt op poort {port} (tls: {tls})")
    IMAP_CLOSED = ("online: imap closed",
        "no connection with the mailbox: {words}",
        "geen verbinding met de mailbox: {words}")
    CERTIFICATE_GOOD = ("online: certificate good",
        "the certificate of {host} is trusted and ends on {day}",
        "het certificaat van {host} is in orde en loopt tot {day}")
    CERTIFICATE_ENDS = ("online: certificate ends",
        "the certificate of {host} ends on {day}, in {count:day|days}",
        "het certificaat van {host} loopt af op {day}, over {count:dag|dagen}")
    CERTIFICATE_NONE = ("online: certificate none",
        "the line to {host} is in clear text, on this machine only",
        "de verbinding met {host} is onversleuteld, alleen binnen deze machine")
    IMAP_LOGGED_IN = "online: imap logged in", "{user} is logged in with {means}", "{user} is aangemeld met {means}"
    IMAP_LOGIN_REFUSED = ("online: imap login refused",
        "the mailbox server refuses the login: {words}",
        "de mailserver weigert de aanmelding: {words}")
    IMAP_LOGIN_FAILED = ("online: imap login failed",
        "the login at the mailbox server failed: {words}",
        "aanmelden bij de mailserver is mislukt: {words}")
    CAPABLE = ("online: capable",
        "the server offers what the desk uses: {names}",
        "de server kan wat de desk gebruikt: {names}")
    CAPABLE_OF_LESS = "online: capable of less", "the server does not offer {names}", "de server kent dit niet: {names}"
    FOLDERS_THERE = ("online: folders there",
        "{count:folder is|folders are} watched; inbox {inbox}, sent mail {sent}, junk {junk}",
        "{count:map wordt|mappen worden} gelezen; inkomend {inbox}, verzonden {sent}, ongewenst {junk}")
    FOLDER_MISSING = ("online: folder missing",
        "there is no folder {folder}; there are: {there}",
        "er is geen map {folder}; er zijn: {there}")
    JUNK_MISSING = ("online: junk missing",
        "there is no folder {folder} for junk mail; there are: {there}",
        "er is geen map {folder} voor ongewenste mail; er zijn: {there}")
    FOLDERS_UNREAD = ("online: folders unread",
        "the folders cannot be listed: {words}",
        "de mappen zijn niet op te vragen: {words}")
    RIGHTS_GIVEN = ("online: rights given",
        "the server names the rights in {count:folder|folders}: {rights}",
        "de server noemt de rechten in {count:map|mappen}: {rights}")
    RIGHTS_TRIED = ("online: rights tried",
        "the server names no rights; {count:folder was|folders were} opened and can be read",
        "de server noemt geen rechten; {count:map is geopend en is|mappen zijn geopend en zijn} te lezen")
    RIGHT_LACKING = ("online: right lacking",
        "the login may not read {folders}",
        "deze mappen mag de aanmelding niet lezen: {folders}")
    OTHER_REFUSED = "online: other refused", "{words}", "{words}"
    OTHER_OPENED = "online: other opened", "{words}", "{words}"
    OTHER_UNCLEAR = "online: other unclear", "{words}", "{words}"
    OTHER_ACCEPTED = ("online: other accepted",
        "no other mailbox was tried: the configuration accepts that the token may open others",
        "er is geen andere mailbox geprobeerd: volgens de configuratie mag het token ook andere openen")
    OTHER_UNASKED = ("online: other unasked",
        "the login has no token, and a password opens its own mailbox",
        "de aanmelding gaat zonder token, en een wachtwoord opent alleen de eigen mailbox")
    LEFT_NOTHING = ("online: left nothing",
        "no mail of an earlier check is left",
        "er is geen mail van een eerdere controle over")
    LEFT_REMOVED = ("online: left removed",
        "{count:mail|mails} of an earlier check that was cut off deleted: {names}",
        "{count:mail|mails} van een eerdere, afgebroken controle verwijderd: {names}")
    LEFT_THERE = ("online: left there",
        "{count:mail|mails} of an earlier check left: {names}",
        "{count:mail|mails} van een eerdere controle over: {names}")
    SUBMISSION_OPEN = ("online: submission open",
        "{host} answers at port {port} (tls: {tls})",
        "{host} antwoordt op poort {port} (tls: {tls})")
    SUBMISSION_CLOSED = ("online: submission closed",
        "no connection with the submission server: {words}",
        "geen verbinding met de verzendserver: {words}")
    SUBMISSION_LOGGED_IN = ("online: submission logged in",
        "{user} is logged in with {means}",
        "{user} is aangemeld met {means}")
    SUBMISSION_NO_LOGIN = ("online: submission no login",
        "the configuration names no login for the submission server",
        "de configuratie noemt geen aanmelding bij de verzendserver")
    SUBMISSION_LOGIN_REFUSED = ("online: submission login refused",
        "no login at the submission server: {words}",
        "geen aanmelding bij de verzendserver: {words}")
    SUBMISSION_OFFERS = ("online: submission offers",
        "the server offers {names} and takes mails of {size}",
        "de server kent {names} en neemt mails aan van {size}")
    SUBMISSION_OFFERS_LESS = ("online: submission offers less",
        "the server does not offer {names}",
        "de server kent dit niet: {names}")
    SUBMISSION_NO_UTF8 = ("online: submission no utf8",
        "the server does not offer {name}, and `submission.smtputf8` says that it does",
        "de server kent {name} niet, en volgens `submission.smtputf8` wel")
    SUBMISSION_SMALL = ("online: submission small",
        "the server takes mails of at most {size}",
        "de server neemt mails aan van hooguit {size}")
    SELF_ARRIVED = ("online: self arrived",
        "a mail to {address} arrived in {folder} after {count:second|seconds}",
        "een mail aan {address} kwam na {count:seconde|seconden} aan in {folder}")
    SELF_JUNK = ("online: self junk",
        "the desk's own mail arrived in the junk folder {folder}",
        "mail van de desk zelf kwam aan in de map met ongewenste mail {folder}")
    SELF_REFUSED = ("online: self refused",
        "the submission server does not take the mail to {address}: {words}",
        "de verzendserver neemt de mail aan {address} niet aan: {words}")
    SELF_UNCERTAIN = ("online: self uncertain",
        "nobody knows whether the submission server took the mail, and it did not arrive: {words}",
        "het is onbekend of de verzendserver de mail aannam, en hij kwam niet aan: {words}")
    SELF_MISSING = ("online: self missing",
        "the submission server took the mail, and it did not arrive at {address} within {count:second|seconds}",
        "de verzendserver nam de mail aan, maar die kwam niet binnen {count:seconde|seconden} aan bij {address}")
    ID_KEPT = "online: id kept", "the Message-ID survives", "de Message-ID blijft zoals hij was"
    ID_REPLACED = ("online: id replaced",
        "the server replaces the Message-ID: {sent} became {found}",
        "de server vervangt de Message-ID: {sent} werd {found}")
    HEADER_KEPT = ("online: header kept",
        "the header field of the desk survives",
        "het eigen veld in de kop blijft staan")
    HEADER_LOST = ("online: header lost",
        "the header field {field} of the desk does not survive",
        "het eigen veld {field} blijft niet in de kop staan")
    BODY_KEPT = ("online: body kept",
        "the text arrives octet for octet (SHA-256 {digest})",
        "de tekst komt ongewijzigd aan (SHA-256 {digest})")
    BODY_CHANGED = ("online: body changed",
        "the server changes the text of a mail",
        "de server wijzigt de tekst van een mail")
    KEYWORD_KEPT = "online: keyword kept", "the keyword {keyword} is stored", "het label {keyword} wordt bewaard"
    KEYWORD_LOST = ("online: keyword lost",
        "the server does not store the keyword {keyword}",
        "de server bewaart het label {keyword} niet")
    KEYWORD_UNUSED = "online: keyword unused", "the configuration sets no keyword", "de configuratie zet geen label"
    RESULTS_OURS = ("online: results ours",
        "the server wrote Authentication-Results as {server}",
        "de server schreef Authentication-Results als {server}")
    RESULTS_OTHER = ("online: results other",
        "Authentication-Results come from {found}, and the configuration trusts {server}",
        "Authentication-Results komen van {found}, terwijl de configuratie {server} vertrouwt")
    RESULTS_NONE = ("online: results none",
        "the desk's own mail bears no Authentication-Results",
        "eigen mail heeft geen Authentication-Results")
    RESULTS_UNTRUSTED = ("online: results untrusted",
        "the configuration trusts the Authentication-Results of no server; this mail has: {found}",
        "de configuratie vertrouwt de Authentication-Results van geen enkele server; in deze mail staat: {found}")
    PLUS_KEPT = ("online: plus kept",
        "mail to {address} arrives, and the server shows that address",
        "mail aan {address} komt aan, en de server toont dat adres")
    PLUS_LOST = ("online: plus lost",
        "mail to a plus-address does not come through: {words}",
        "mail aan een plusadres komt niet door: {words}")
    PLUS_MISSING = ("online: plus missing",
        "mail to {address} was taken and did not arrive",
        "mail aan {address} is aangenomen, maar kwam niet aan")
    PLUS_STRIPPED = ("online: plus stripped",
        "mail to {address} arrives, and nothing in it shows that address",
        "mail aan {address} komt aan, maar dat adres staat er niet meer in")
    PLUS_OFF = ("online: plus off",
        "the configuration uses no plus-addresses",
        "de configuratie gebruikt geen plusadressen")
    CLOCK_AGREES = ("online: clock agrees",
        "the clocks agree: the mailbox server's differs by {count:second|seconds} at least",
        "de klokken lopen gelijk: die van de mailserver wijkt ten minste {count:seconde|seconden} af")
    CLOCK_DIFFERS = ("online: clock differs",
        "the clock of the mailbox server is {side} by {count:second|seconds} at least",
        "de klok van de mailserver loopt ten minste {count:seconde|seconden} {side}")
    AHEAD = "online: ahead", "ahead", "voor"
    BEHIND = "online: behind", "behind", "achter"
    SPF_FOUND = "online: spf found", "{domain} has a record of SPF: {record}", "{domain} heeft een SPF-record: {record}"
    SPF_NONE = "online: spf none", "{domain} has no record of SPF", "{domain} heeft geen SPF-record"
    SPF_SEVERAL = ("online: spf several",
        "{domain} has {count:record|records} of SPF, and with more than one none counts",
        "{domain} heeft {count:SPF-record|SPF-records}, en bij meer dan een telt er geen")
    DKIM_FOUND = ("online: dkim found",
        "the mail is signed for {domain}, and the key {selector} is in the DNS",
        "de mail is ondertekend voor {domain}, en de sleutel {selector} staat in de DNS")
    DKIM_UNSIGNED = ("online: dkim unsigned",
        "the mail bears no DKIM signature of {domain}",
        "de mail heeft geen DKIM-handtekening van {domain}")
    DKIM_KEYLESS = ("online: dkim keyless",
        "the mail is signed for {domain}, and the DNS has no key {selector}",
        "de mail is ondertekend voor {domain}, maar de DNS heeft geen sleutel {selector}")
    DMARC_FOUND = ("online: dmarc found",
        "{domain} has a policy of DMARC: {record}",
        "{domain} heeft een DMARC-beleid: {record}")
    DMARC_NONE = "online: dmarc none", "{domain} has no policy of DMARC", "{domain} heeft geen DMARC-beleid"
    DNS_SILENT = "online: dns silent", "the DNS gives no answer about {name}", "de DNS geeft geen antwoord over {name}"
    MARK_GONE = ("online: mark gone",
        "a forged internal mark does not survive",
        "een vervalst intern kenmerk blijft niet staan")
    MARK_SURVIVES = ("online: mark survives",
        "a forged internal mark survives: {field}",
        "een vervalst intern kenmerk blijft staan: {field}")
    MARK_UNKNOWN = ("online: mark unknown",
        "nobody knows whether a forged internal mark survives: {words}",
        "het is onbekend of een vervalst intern kenmerk blijft staan: {words}")
    MARK_UNASKED = ("online: mark unasked",
        "the configuration trusts no internal marks",
        "de configuratie vertrouwt geen interne kenmerken")
    PROOF_PLACED = ("online: proof placed",
        "a scratch desk took the mail in and opened case {case}",
        "een proefdesk nam de mail aan en opende zaak {case}")
    PROOF_UNPLACED = ("online: proof unplaced",
        "a scratch desk took the mail in and opened no case: {words}",
        "een proefdesk nam de mail aan, maar opende geen zaak: «{words}»")
    PROOF_ANSWERED = ("online: proof answered",
        "its confirmation of receipt went to {address} alone and arrived",
        "de ontvangstbevestiging ging alleen naar {address} en kwam aan")
    PROOF_UNANSWERED = ("online: proof unanswered",
        "its confirmation of receipt did not arrive: {words}",
        "de ontvangstbevestiging kwam niet aan: {words}")
    PROOF_ARCHIVED = ("online: proof archived",
        "its archive gives {count:mail|mails} back octet for octet",
        "het archief geeft {count:mail|mails} ongewijzigd terug")
    PROOF_UNARCHIVED = ("online: proof unarchived",
        "its archive does not give the mails back: {words}",
        "het archief geeft de mails niet terug: «{words}»")
    PROOF_VERIFIED = ("online: proof verified",
        "its record proves itself: {count:event|events}",
        "de registratie bewijst zichzelf: {count:gebeurtenis|gebeurtenissen}")
    PROOF_UNVERIFIED = ("online: proof unverified",
        "its record does not prove itself: {words}",
        "de registratie bewijst zichzelf niet: «{words}»")
    PAGERS_TAKEN = ("online: pagers taken",
        "{count:pager|pagers} took a test page",
        "{count:pager nam|pagers namen} een proefoproep aan")
    PAGERS_NONE = "online: pagers none", "no officer has a pager", "geen medewerker heeft een pager"
    PAGERS_LEFT_OUT = ("online: pagers left out",
        "{count:pager was|pagers were} not called, as you asked",
        "{count:pager is|pagers zijn} op verzoek niet geprobeerd")
    PAGER_REFUSED = ("online: pager refused",
        "pager {pager} took no test page: {words}",
        "pager {pager} nam geen proefoproep aan: {words}")
    DISK_ENOUGH = ("online: disk enough",
        "{free} MB are free for database and archive",
        "er is {free} MB vrij voor database en archief")
    DISK_LOW = ("online: disk low",
        "{free} MB are free for {place}, and {least} MB are wanted",
        "er is {free} MB vrij voor {place}, en {least} MB is nodig")
    DATABASE_GOOD = ("online: database good",
        "{kind} answers, schema {revision}, isolation {isolation}",
        "{kind} antwoordt, schema {revision}, isolatie {isolation}")
    DATABASE_NEW = ("online: database new",
        "there is no database yet, `flaggermail run` makes one",
        "er is nog geen database, `flaggermail run` maakt hem")
    DATABASE_BAD = ("online: database bad",
        "the database cannot be used: {words}",
        "de database is niet te gebruiken: «{words}»")
    TIME_ZONE_SAME = ("online: time zone same",
        "this machine shows the time of {zone}",
        "deze machine toont de tijd van {zone}")
    TIME_ZONE_OTHER = ("online: time zone other",
        "this machine shows another time than {zone}: {offset} beside UTC",
        "deze machine toont een andere tijd dan {zone}: {offset} ten opzichte van UTC")
    CLEANED = ("online: cleaned",
        "{count:mail|mails} of this check deleted",
        "{count:mail|mails} van deze controle verwijderd")
    REMAINS = ("online: remains",
        "{count:mail|mails} of this check left: {names}",
        "{count:mail|mails} van deze controle over: {names}")
    BROKEN = ("online: broken",
        "the step ended with an error of the server's or of this program: {words}",
        "de stap eindigde met een fout van de server of van dit programma: «{words}»")
    WITH_TOKEN = "online: with token", "a token", "een token"
    WITH_PASSWORD = "online: with password", "a password", "een wachtwoord"
    NO_LIMIT = "online: no limit", "any size", "elke omvang"
    MEGABYTES = "online: megabytes", "{count} MB", "{count} MB"
    NO_RECEIPT = "online: no receipt", "the scratch desk wrote none", "de proefdesk schreef er geen"
    NOT_SEEN = "online: not seen", "it was not seen in the mailbox", "hij is niet in de mailbox gezien"


class OnlineStep(Sentence):
    """The name of each step. The names are those of `online.outcomes.CheckStep`."""

    IMAP_CONNECT = "step: imap connect", "connection with the mailbox", "verbinding met de mailbox"
    IMAP_CERTIFICATE = "step: imap certificate", "certificate of the mailbox server", "certificaat van de mailserver"
    IMAP_LOGIN = "step: imap login", "login at the mailbox", "aanmelden bij de mailbox"
    CAPABILITIES = "step: capabilities", "what the mailbox server offers", "mogelijkheden van de mailserver"
    FOLDERS = "step: folders", "folders", "mappen"
    RIGHTS = "step: rights", "rights in the folders", "rechten in de mappen"
    OTHER_MAILBOX = "step: other mailbox", "another mailbox", "een andere mailbox"
    LEFT_OVER = "step: left over", "mail of earlier checks", "mail van eerdere controles"
    SUBMISSION_CONNECT = ("step: submission connect",
        "connection with the submission server",
        "verbinding met de verzendserver")
    SUBMISSION_CERTIFICATE = ("step: submission certificate",
        "certificate of the submission server",
        "certificaat van de verzendserver")
    SUBMISSION_LOGIN = "step: submission login", "login at the submission server", "aanmelden bij de verzendserver"
    SUBMISSION_OFFERS = ("step: submission offers",
        "what the submission server offers",
        "mogelijkheden van de verzendserver")
    SELF_MAIL = "step: self mail", "a mail to the desk itself", "een mail aan de desk zelf"
    MESSAGE_ID = "step: message id", "Message-ID", "Message-ID"
    OWN_HEADER = "step: own header", "header field of the desk", "eigen veld in de kop"
    BODY = "step: body", "text of the mail", "tekst van de mail"
    KEYWORD = "step: keyword", "keyword", "label"
    RESULTS = "step: results", "Authentication-Results", "Authentication-Results"
    PLUS_ADDRESS = "step: plus address", "plus-address", "plusadres"
    CLOCK = "step: clock", "clocks", "klokken"
    SPF = "step: spf", "SPF", "SPF"
    DKIM = "step: dkim", "DKIM", "DKIM"
    DMARC = "step: dmarc", "DMARC", "DMARC"
    FORGED_MARK = "step: forged mark", "forged internal mark", "vervalst intern kenmerk"
    PAGERS = "step: pagers", "pagers", "pagers"
    DISK = "step: disk", "disk", "schijf"
    DATABASE = "step: database", "database", "database"
    TIME_ZONE = "step: time zone", "time zone", "tijdzone"
    PLACED = "step: placed", "proof: placed", "proef: geplaatst"
    ANSWERED = "step: answered", "proof: answered", "proef: beantwoord"
    ARCHIVED = "step: archived", "proof: archived", "proef: gearchiveerd"
    VERIFIED = "step: verified", "proof: verified", "proef: bewezen"
    CLEAN_UP = "step: clean up", "deleting the mail of this check", "mail van deze controle verwijderen"

# SPDX-License-Identifier: EUPL-1.2
"""What mends each thing that `check --online` finds; `online.outcomes` says which belongs to which."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class ToMend(Sentence):
    """What to change, and where. The names are those of outcomes that are not in order."""

    IMAP_CLOSED = ("mend: imap closed",
        ("correct `mailbox.host`, `mailbox.port`, `mailbox.tls` or `mailbox.ca_file`; ask the network to let port "
         "{port} through"),
        ("verbeter `mailbox.host`, `mailbox.port`, `mailbox.tls` of `mailbox.ca_file`; vraag netwerkbeheer om poort "
         "{port} open te zetten"))
    CERTIFICATE_ENDS = ("mend: certificate ends",
        "have the certificate of {host} renewed before that day",
        "laat het certificaat van {host} voor die dag vernieuwen")
    CERTIFICATE_NONE = ("mend: certificate none",
        "write `tls: implicit` as soon as the server is on another machine",
        "schrijf `tls: implicit` zodra de server op een andere machine staat")
    IMAP_LOGIN_REFUSED = ("mend: imap login refused",
        ("correct `mailbox.user` and its credential, or section `oauth2`; let the administrator of the mailbox "
         "allow IMAP"),
        ("verbeter `mailbox.user` met het bijbehorende geheim, of de sectie `oauth2`; laat de beheerder van de "
         "mailbox IMAP toestaan"))
    IMAP_LOGIN_FAILED = ("mend: imap login failed",
        "try again in some minutes; if it stays so, show these words to the administrator of the mailbox",
        ("probeer het over enkele minuten opnieuw; blijft het zo, leg deze woorden dan voor aan de beheerder van de "
         "mailbox"))
    CAPABLE_OF_LESS = ("mend: capable of less",
        ("nothing has to change: without IDLE new mail is seen at each poll (`mailbox.poll_seconds`), and without "
         "UIDPLUS mail of a check stays in the mailbox"),
        ("er hoeft niets te veranderen: zonder IDLE verschijnt nieuwe mail bij elke ronde (`mailbox.poll_seconds`), "
         "en zonder UIDPLUS blijft mail van een controle in de mailbox staan"))
    FOLDER_MISSING = ("mend: folder missing",
        "write the name of one of these folders",
        "schrijf de naam van een van deze mappen")
    JUNK_MISSING = ("mend: junk missing",
        "write the name of the folder that takes junk mail, or leave it: every folder is read",
        "schrijf de naam van de map met ongewenste mail, of laat het zo: elke map wordt gelezen")
    FOLDERS_UNREAD = ("mend: folders unread",
        "let the administrator of the mailbox give {user} full access to it",
        "laat de beheerder van de mailbox {user} volledige toegang geven")
    RIGHT_LACKING = ("mend: right lacking",
        ("let the administrator of the mailbox give {user} the right to read these folders, or name them in "
         "`mailbox.excluded_folders`"),
        ("laat de beheerder van de mailbox {user} leesrecht op deze mappen geven, of noem ze in "
         "`mailbox.excluded_folders`"))
    OTHER_OPENED = ("mend: other opened",
        "limit the application to {own} before the desk runs (administrator.md, «One mailbox and no other»)",
        "beperk de applicatie tot {own} voordat de desk draait (administrator.md, «One mailbox and no other»)")
    OTHER_UNCLEAR = ("mend: other unclear",
        "name another mailbox that exists and can be read over IMAP",
        "noem een andere mailbox, die bestaat en via IMAP te lezen is")
    OTHER_ACCEPTED = ("mend: other accepted",
        "name a mailbox in `oauth2.other_mailbox` in the place of `oauth2.accept_risk`",
        "noem een mailbox in `oauth2.other_mailbox` in plaats van `oauth2.accept_risk`")
    LEFT_REMOVED = "mend: left removed", "nothing has to change", "er hoeft niets te veranderen"
    LEFT_THERE = ("mend: left there",
        "delete these mails by hand; the desk deletes no other mail",
        "verwijder deze mails met de hand; andere mail verwijdert de desk niet")
    SUBMISSION_CLOSED = ("mend: submission closed",
        ("correct `submission.host`, `submission.port`, `submission.tls` or `submission.ca_file`; ask the network "
         "to let port {port} through"),
        ("verbeter `submission.host`, `submission.port`, `submission.tls` of `submission.ca_file`; vraag "
         "netwerkbeheer om poort {port} open te zetten"))
    SUBMISSION_LOGIN_REFUSED = ("mend: submission login refused",
        ("correct `submission.user` and its credential, or section `oauth2`; let the administrator of the mail "
         "server allow authenticated submission for this mailbox"),
        ("verbeter `submission.user` met het bijbehorende geheim, of de sectie `oauth2`; laat de beheerder van de "
         "mailserver aangemeld verzenden voor deze mailbox toestaan"))
    SUBMISSION_OFFERS_LESS = ("mend: submission offers less",
        ("nothing has to change: without DSN the desk learns of a failed delivery from ordinary bounces, and "
         "without 8BITMIME or SMTPUTF8 a mail that needs it waits"),
        ("er hoeft niets te veranderen: zonder DSN blijkt een mislukte bezorging uit gewone foutmeldingen, en "
         "zonder 8BITMIME of SMTPUTF8 wacht een mail die dat nodig heeft"))
    SUBMISSION_NO_UTF8 = ("mend: submission no utf8",
        "remove `submission.smtputf8`, and write addresses that are ASCII",
        "verwijder `submission.smtputf8`, en noem adressen met alleen letters zonder accenten")
    SUBMISSION_SMALL = ("mend: submission small",
        "let the administrator of the mail server allow mails of {size}; dossiers and forwarded mail can be large",
        ("laat de beheerder van de mailserver mails van {size} toestaan; dossiers en doorgestuurde mail kunnen "
         "groot zijn"))
    SELF_JUNK = ("mend: self junk",
        "let the administrator of the mail server exempt the desk's own address from the junk filter",
        ("laat de beheerder van de mailserver het eigen adres van de desk uitzonderen van het filter voor "
         "ongewenste mail"))
    SELF_REFUSED = ("mend: self refused",
        "give {user} the right to send as {address}, or correct `submission.user` or `mailbox.address`",
        "geef {user} het recht om te verzenden als {address}, of verbeter `submission.user` of `mailbox.address`")
    SELF_UNCERTAIN = ("mend: self uncertain",
        "check again; if it stays so, raise `submission.timeout_seconds`",
        "controleer opnieuw; blijft het zo, verhoog dan `submission.timeout_seconds`")
    SELF_MISSING = ("mend: self missing",
        ("find out at the mail server where mail to {address} goes; correct `mailbox.address`, `mailbox.user` or "
         "`oauth2.mailbox`"),
        ("ga bij de mailserver na waar mail aan {address} terechtkomt; verbeter `mailbox.address`, `mailbox.user` "
         "of `oauth2.mailbox`"))
    ID_REPLACED = ("mend: id replaced",
        "nothing has to change: answers are recognised by the field of the desk, by References and by the number",
        ("er hoeft niets te veranderen: antwoorden zijn te herkennen aan het eigen veld, aan References en aan het "
         "nummer"))
    HEADER_LOST = ("mend: header lost",
        "let the administrator of the mail server keep header fields that begin with X-Flaggermail",
        "laat de beheerder van de mailserver velden die met X-Flaggermail beginnen ongemoeid")
    BODY_CHANGED = ("mend: body changed",
        "have disclaimers and rewritten links switched off for this mailbox, or do not use `trust: dkim`",
        "laat disclaimers en herschreven koppelingen voor deze mailbox uitzetten, of gebruik geen `trust: dkim`")
    KEYWORD_LOST = "mend: keyword lost", "leave `mailbox.keyword` out", "laat `mailbox.keyword` weg"
    RESULTS_OTHER = ("mend: results other",
        "write one of these names into `mailbox.authserv_id` if it is your own receiving server",
        "schrijf een van deze namen bij `mailbox.authserv_id` als dat uw eigen ontvangende server is")
    RESULTS_NONE = ("mend: results none",
        ("many servers write none on their own users' mail; look at a mail from outside before you rely on "
         "`mailbox.authserv_id`"),
        ("veel servers schrijven ze niet op mail van eigen gebruikers; bekijk een mail van buiten voordat u op "
         "`mailbox.authserv_id` vertrouwt"))
    RESULTS_UNTRUSTED = ("mend: results untrusted",
        ("write the name of your own receiving server into `mailbox.authserv_id`; until then no sender is verified "
         "by it"),
        ("schrijf de naam van uw eigen ontvangende server bij `mailbox.authserv_id`; tot dan verifieert niemand zo "
         "een afzender"))
    PLUS_LOST = ("mend: plus lost",
        "let the administrator of the mail server allow plus-addresses, or write `mailbox.plus_addresses: false`",
        "laat de beheerder van de mailserver plusadressen toestaan, of schrijf `mailbox.plus_addresses: false`")
    PLUS_MISSING = ("mend: plus missing",
        "let the administrator of the mail server allow plus-addresses, or write `mailbox.plus_addresses: false`",
        "laat de beheerder van de mailserver plusadressen toestaan, of schrijf `mailbox.plus_addresses: false`")
    PLUS_STRIPPED = ("mend: plus stripped",
        "write `mailbox.plus_addresses: false`: answers are recognised by other marks",
        "schrijf `mailbox.plus_addresses: false`: antwoorden zijn aan andere kenmerken te herkennen")
    CLOCK_DIFFERS = ("mend: clock differs",
        "set the clock of this machine by NTP; if it is right, tell the administrator of the mail server",
        "zet de klok van deze machine gelijk met NTP; loopt die goed, meld het dan aan de beheerder van de mailserver")
    SPF_NONE = ("mend: spf none",
        "publish a TXT record at {domain} that names the servers which send for it (RFC 7208)",
        "publiceer bij {domain} een TXT-record met de servers die ervoor verzenden (RFC 7208)")
    SPF_SEVERAL = ("mend: spf several",
        "join them into one record (RFC 7208, section 3.2)",
        "voeg ze samen tot een record (RFC 7208, paragraaf 3.2)")
    DKIM_UNSIGNED = ("mend: dkim unsigned",
        ("have outgoing mail of {domain} signed; a server may sign only what leaves it, so look at a mail that a "
         "platform received"),
        ("laat uitgaande mail van {domain} ondertekenen; een server ondertekent soms alleen wat hem verlaat, dus "
         "bekijk een mail die een platform ontving"))
    DKIM_KEYLESS = ("mend: dkim keyless",
        "publish the public key as a TXT record at {name} (RFC 6376)",
        "publiceer de openbare sleutel als TXT-record bij {name} (RFC 6376)")
    DMARC_NONE = ("mend: dmarc none",
        "publish a TXT record at _dmarc.{domain} (RFC 7489)",
        "publiceer een TXT-record bij _dmarc.{domain} (RFC 7489)")
    DNS_SILENT = ("mend: dns silent",
        "look at /etc/resolv.conf, and at the way from this machine to its name servers",
        "kijk naar /etc/resolv.conf, en naar de weg van deze machine naar de naamservers")
    MARK_SURVIVES = ("mend: mark survives",
        ("take `exchange` out of `mailbox.trust`; let the administrator of the mail server remove such fields from "
         "submitted mail"),
        ("haal `exchange` weg bij `mailbox.trust`; laat de beheerder van de mailserver zulke velden uit aangeboden "
         "mail verwijderen"))
    MARK_UNKNOWN = ("mend: mark unknown",
        "check again; until it is known, internal marks count for nothing",
        "controleer opnieuw; tot het bekend is, tellen interne kenmerken niet")
    PROOF_UNPLACED = ("mend: proof unplaced",
        "run `flaggermail rules check`; a rule of your own may come before the shipped ones",
        "voer `flaggermail rules check` uit; een eigen regel kan voor de meegeleverde komen")
    PROOF_UNANSWERED = ("mend: proof unanswered",
        "look at the steps above: what refuses this answer refuses every confirmation",
        "kijk naar de stappen hierboven: wat dit antwoord tegenhoudt, houdt elke bevestiging tegen")
    PROOF_UNARCHIVED = ("mend: proof unarchived",
        "look at the file system of the temporary folder (`TMPDIR`), which lost what was written",
        "kijk naar het bestandssysteem van de tijdelijke map (`TMPDIR`), waar iets verloren ging")
    PROOF_UNVERIFIED = ("mend: proof unverified",
        "report this as a fault of the program, with these words",
        "meld dit met deze woorden als fout in het programma")
    PAGER_REFUSED = ("mend: pager refused",
        "correct the credential {pager}, then try `flaggermail oncall page {officer}`",
        "verbeter het geheim {pager} en probeer daarna `flaggermail oncall page {officer}`")
    DISK_LOW = ("mend: disk low",
        "make room, or lower `watch.disk_free_mb`",
        "maak ruimte, of verlaag `watch.disk_free_mb`")
    DATABASE_BAD = ("mend: database bad",
        "do what the words say, or correct `store.database`",
        "doe wat er staat, of verbeter `store.database`")
    TIME_ZONE_OTHER = ("mend: time zone other",
        ("nothing has to change: the desk shows its own zone everywhere, only the journal of this machine shows "
         "another"),
        "er hoeft niets te veranderen: de desk toont overal de eigen tijd, alleen het journaal van deze machine niet")
    REMAINS = ("mend: remains",
        "delete these mails by hand; without UIDPLUS or the right to delete the desk cannot",
        "verwijder deze mails met de hand; zonder UIDPLUS of het recht om te verwijderen kan de desk het niet")
    BROKEN = ("mend: broken",
        "check again; if it stays so, report it with these words",
        "controleer opnieuw; blijft het zo, meld het dan met deze woorden")

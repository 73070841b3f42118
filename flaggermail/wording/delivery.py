# SPDX-License-Identifier: EUPL-1.2
"""How an attempt to deliver a mail ended: our sentences, with the server's own words quoted in them as `words`."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class Attempted(Sentence):
    """How an attempt ended, or why a mail was not handed over."""

    REPLY = "delivery: reply", "{reply} {what}", "{reply} {what}"
    DIGITS = "delivery: digits", "reply {reply}", "antwoord {reply}"
    HINTED = "delivery: hinted", "{what}; {hint}", "{what}; {hint}"
    SAYS = "delivery: says", "{words}", "«{words}»"
    SENDER_REFUSED = ("delivery: sender refused", "sender refused: {words}",
        "onze afzender is geweigerd: «{words}»")
    RECIPIENT_REFUSED = ("delivery: recipient refused", "recipient refused: {words}",
        "de ontvanger is geweigerd: «{words}»")
    MESSAGE_REFUSED = "delivery: message refused", "message refused: {words}", "de mail is geweigerd: «{words}»"
    LOGIN_REFUSED = ("delivery: login refused",
        "authentication refused; correct submission.user in flaggermail.yaml, or the password in {file}",
        "inloggen is geweigerd; pas submission.user in flaggermail.yaml aan, of het wachtwoord in {file}")
    LOGIN_DENIED = "delivery: login denied", "authentication refused", "inloggen is geweigerd"
    LOGIN_LATER = "delivery: login later", "authentication failed for now", "inloggen lukt nu niet"
    NO_LOGIN = ("delivery: no login", "the server offers no authentication by PLAIN or LOGIN",
        "de server biedt geen inlogmethode PLAIN of LOGIN")
    NO_TOKEN_LOGIN = ("delivery: no token login",
        "the server takes no token (neither OAUTHBEARER nor XOAUTH2); correct submission.login in flaggermail.yaml",
        "de server aanvaardt geen token (OAUTHBEARER of XOAUTH2); pas submission.login in flaggermail.yaml aan")
    TOKEN_REFUSED = ("delivery: token refused",
        ("the server refuses the token for {mailbox} ({told}); allow SMTP with OAuth2 for this mailbox and give the "
         "application the right to send for it, or correct the section oauth2 in flaggermail.yaml"),
        ("de server weigert het token voor {mailbox} («{told}»); sta SMTP met OAuth2 voor deze mailbox toe en geef de "
         "applicatie het recht om ervoor te verzenden, of pas het deel oauth2 in flaggermail.yaml aan"))
    TOKEN_DENIED = ("delivery: token denied", "the server refuses the token for {mailbox} ({told})",
        "de server weigert het token voor {mailbox} («{told}»)")
    NO_TOKEN = ("delivery: no token", "{fault}",
        "er is geen token om in te loggen bij de verzendserver; de toelichting, in het Engels: «{fault}»")
    NO_STARTTLS = ("delivery: no starttls", "the server does not offer STARTTLS, nothing was sent",
        "de server biedt geen STARTTLS; er is niets verzonden")
    UNASKED = ("delivery: unasked", "unasked octets came before TLS began: the line may be tampered with",
        "vóór het begin van TLS kwamen er ongevraagd gegevens: de verbinding is mogelijk gemanipuleerd")
    NOT_OFFERED = ("delivery: not offered", "the message needs {extension}, which the server does not offer",
        "de mail heeft {extension} nodig, en dat biedt de server niet")
    SILENT = "delivery: silent", "no answer within {seconds} s", "geen antwoord binnen {seconds} s"
    ENDED = "delivery: ended", "the server ended the connection", "de server verbrak de verbinding"
    NO_SERVER = ("delivery: no server", "{words}; correct submission.host or submission.port",
        "geen verbinding («{words}»); pas submission.host of submission.port aan")
    CERTIFICATE = ("delivery: certificate", "the server's certificate is not accepted: {words}",
        "het certificaat van de server wordt niet aanvaard: «{words}»")
    TLS_FAILED = "delivery: tls failed", "TLS failed: {words}", "TLS is mislukt: «{words}»"
    NO_REPLY = ("delivery: no reply", "no reply to the end of the message: {what}",
        "geen antwoord op het einde van de mail: {what}")
    ODD_REPLY = ("delivery: odd reply", "reply {reply} to the end of the message: {words}",
        "antwoord {reply} op het einde van de mail: «{words}»")
    NO_ADDRESS = "delivery: no address", "{address} is not a mail address", "{address} is geen mailadres"
    SENDER_NO_ADDRESS = ("delivery: sender no address", "sender {address} is not a mail address",
        "de afzender {address} is geen mailadres")
    UNFIT = ("delivery: unfit", "the message is not fit for SMTP: {fault}",
        "de mail is niet geschikt voor SMTP; meld dit aan de beheerder")
    NO_SECRET = ("delivery: no secret", "{fault}",
        "het wachtwoord voor de verzendserver is niet bruikbaar; `flaggermail check` toont waarom")
    NOT_IN_ARCHIVE = ("delivery: not in archive", "{fault}",
        "de mail is niet uit het archief te lezen; `flaggermail audit verify` toont waarom")
    NO_EXERCISE_ADDRESS = ("delivery: no exercise address", "exercise: this is no exercise address",
        "oefening: dit is geen oefenadres")
    PLAYED = ("delivery: played", "exercise: the desk plays this address; nothing left",
        "oefening: de desk speelt dit adres; er is niets verzonden")
    PROGRAM_ENDED = ("delivery: program ended", "the program ended before the server's answer was recorded",
        "het programma stopte voordat het antwoord van de server was vastgelegd")
    COPY_FOUND = ("delivery: copy found", "a copy of it came back to our mailbox",
        "een kopie ervan kwam terug in onze mailbox")
    DELAY_REPORTED = ("delivery: delay reported", "its delay was reported: it was taken",
        "er kwam een bericht van vertraging: de mail was aangenomen")
    SETTLED = "delivery: settled", "settled by {officer}", "vastgelegd door {officer}"


class ServerHint(Sentence):
    """Which setting a fault of a connection speaks about, and what would be right."""

    CA_NONE = ("server hint: ca none",
        "{server}.ca_file: name the file with the certificate of the authority that signed it",
        "{server}.ca_file: noem het bestand met het certificaat van de uitgever ervan")
    CA_OTHER = ("server hint: ca other",
        ("{server}.ca_file: {file} held another authority when the daemon started; name the file of the one with the "
         "certificate of the authority that signed it, and restart"),
        ("{server}.ca_file: {file} bevatte bij de start een andere uitgever; noem het bestand met het certificaat van "
         "de juiste en start opnieuw"))
    CA_STRICT = ("server hint: ca strict",
        ("{server}.ca_file: certificates lack what RFC 5280 asks of them; let the authority issue them anew, as "
         "docs/administrator.md says under 'An authority of your own'"),
        "{server}.ca_file: de certificaten voldoen niet aan RFC 5280; laat de uitgever ze opnieuw maken")
    NAME = ("server hint: name", "{server}.host: write a name that the certificate bears",
        "{server}.host: schrijf een naam die in het certificaat staat")
    TLS_LATER = ("server hint: tls later",
        "{server}.tls: at port {port} TLS does not begin with the first octet; write `tls: starttls`",
        "{server}.tls: op poort {port} begint de verbinding zonder TLS; schrijf `tls: starttls`")
    TLS_FIRST = ("server hint: tls first",
        ("{server}.tls: where the server speaks TLS from the first octet at port {port}, write `tls: implicit`"),
        "{server}.tls: begint de verbinding op poort {port} meteen met TLS, schrijf dan `tls: implicit`")

# SPDX-License-Identifier: EUPL-1.2
"""Why a submission server does not take the desk's mail, and what to change where.

A sentence quotes nothing that a server said: its details come from the settings alone (`Reader` of `recognise`).
"""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class SubmissionCause(Sentence):
    """Why a submission server does not take the desk's mail."""

    SMTP_OFF_FOR_ALL = ("submission cause: SMTP off for all",
        ("authenticated SMTP is off for the whole organisation; allow it for this mailbox alone: `Set-CASMailbox "
         "{mailbox} -SmtpClientAuthenticationDisabled $false`, which outweighs `Set-TransportConfig`; it takes up "
         "to an hour"),
        ("geverifieerd SMTP staat uit voor de hele organisatie; sta het alleen voor deze mailbox toe: "
         "`Set-CASMailbox {mailbox} -SmtpClientAuthenticationDisabled $false`, dat gaat vóór `Set-TransportConfig`; "
         "dit duurt tot een uur"))
    SMTP_OFF = ("submission cause: SMTP off",
        ("authenticated SMTP is off for {mailbox}: `Set-CASMailbox {mailbox} -SmtpClientAuthenticationDisabled "
         "$false`, or `Manage email apps` of the user in the Microsoft 365 admin center; it takes up to an hour"),
        ("geverifieerd SMTP staat uit voor {mailbox}: `Set-CASMailbox {mailbox} -SmtpClientAuthenticationDisabled "
         "$false`, of `Manage email apps` van de gebruiker in het Microsoft 365-beheercentrum; dit duurt tot een uur"))
    SECURITY_DEFAULTS = ("submission cause: security defaults",
        ("the security defaults of the organisation lock password logins out: use submission.login oauth2; do not "
         "switch the defaults off"),
        ("de `security defaults` van de organisatie sluiten inloggen met een wachtwoord uit: gebruik "
         "submission.login oauth2; schakel ze niet uit"))
    CRITERIA = ("submission cause: criteria",
        ("a policy stopped the login of {user}, most likely Conditional Access (exclude the application or allow "
         "this machine's address), else an authentication policy against passwords (use submission.login oauth2), "
         "else the password in {file} is wrong; the `Sign-in logs` of Entra say which"),
        ("een beleidsregel hield het inloggen van {user} tegen, meestal Conditional Access (zonder de applicatie "
         "uit of sta het adres van deze machine toe), anders een regel tegen wachtwoorden (gebruik submission.login "
         "oauth2), anders is het wachtwoord in {file} onjuist; in `Sign-in logs` van Entra staat welke"))
    NO_PASSWORDS = ("submission cause: no passwords",
        "Exchange Online takes no password for sending any more: write `login: oauth2` under submission",
        "Exchange Online aanvaardt voor verzenden geen wachtwoord meer: schrijf `login: oauth2` bij submission")
    EXCHANGE_PASSWORD = ("submission cause: Exchange password",
        ("Exchange does not take the password of {user}: it is wrong or ended (correct it in {file}), the account "
         "is blocked or needs a second factor, or a shared mailbox was named, which has no password: use "
         "submission.login oauth2"),
        ("Exchange aanvaardt het wachtwoord van {user} niet: het is onjuist of verlopen (pas het aan in {file}), "
         "het account is geblokkeerd of vraagt een tweede factor, of het is een gedeelde mailbox, die geen "
         "wachtwoord heeft: gebruik submission.login oauth2"))
    TOKEN_REFUSED = ("submission cause: token refused",
        ("Exchange does not take the token for sending as {mailbox}, most likely because SMTP.SendAsApp (with an "
         "account that signed in: SMTP.Send) lacks consent; else the service principal of {client_id} bears the "
         "wrong object id or lacks FullAccess on {mailbox}, or authenticated SMTP is off for it"),
        ("Exchange aanvaardt het token voor verzenden namens {mailbox} niet, meestal doordat toestemming voor "
         "SMTP.SendAsApp (bij een aangemeld account: SMTP.Send) ontbreekt; anders heeft de service principal van "
         "{client_id} het verkeerde object-id of geen FullAccess op {mailbox}, of staat geverifieerd SMTP daarvoor "
         "uit"))
    NOT_LOGGED_IN = ("submission cause: not logged in",
        ("the server wants a login before it takes mail: write submission.user with its password, or `login: "
         "oauth2`, and check that port {port} is the one for submission (587)"),
        ("de server wil dat er wordt ingelogd voordat hij mail aanneemt: schrijf submission.user met het "
         "wachtwoord, of `login: oauth2`, en controleer dat poort {port} die voor verzenden is (587)"))
    SEND_AS = ("submission cause: send as",
        ("{user} may not send as {mailbox}: `Add-RecipientPermission {mailbox} -Trustee {user} -AccessRights "
         "SendAs`, or make mailbox.address an address of the account that logs in; it takes up to an hour"),
        ("{user} mag niet verzenden als {mailbox}: `Add-RecipientPermission {mailbox} -Trustee {user} -AccessRights "
         "SendAs`, of maak van mailbox.address een adres van het account dat inlogt; dit duurt tot een uur"))
    NOT_OWNED = ("submission cause: not owned",
        ("the server does not let {user} send from {mailbox}: add the pair to its `smtpd_sender_login_maps`, or "
         "correct submission.user or mailbox.address"),
        ("de server laat {user} niet verzenden vanaf {mailbox}: voeg het paar toe aan `smtpd_sender_login_maps`, of "
         "pas submission.user of mailbox.address aan"))
    TOO_MANY_AT_ONCE = ("submission cause: too many at once",
        ("{user} has more connections for sending open than Exchange allows (three): stop other programs that send "
         "with this account; the desk tries again by itself"),
        ("{user} heeft meer verbindingen voor verzenden open dan Exchange toestaat (drie): stop andere programma's "
         "die met dit account verzenden; de desk probeert het vanzelf opnieuw"))
    ADDRESS_BLOCKED = ("submission cause: address blocked",
        ("Exchange takes no mail for outside from this organisation or this address; mostly the tenant is new or on "
         "trial: ask the support of Microsoft for an exception, and look at `Restricted entities` in Defender"),
        ("Exchange neemt van deze organisatie of dit adres geen mail naar buiten aan; meestal is de tenant nieuw of "
         "op proef: vraag de ondersteuning van Microsoft om een uitzondering en kijk in Defender bij `Restricted "
         "entities`"))
    SENDER_BLOCKED = ("submission cause: sender blocked",
        ("Exchange has blocked {mailbox} as a source of spam: find out who used it, then release it in Defender "
         "under `Restricted entities`"),
        ("Exchange heeft {mailbox} geblokkeerd als bron van spam: zoek uit wie het gebruikte, en geef het daarna in "
         "Defender vrij bij `Restricted entities`"))
    EXCHANGE_QUOTA = ("submission cause: Exchange quota",
        ("{mailbox} has sent as much as Exchange allows in a day: it ends within a day; find out what else sends "
         "with it"),
        ("{mailbox} heeft zoveel verzonden als Exchange op een dag toestaat: binnen een dag is het voorbij; zoek "
         "uit wat er nog meer mee verzendt"))
    GMAIL_QUOTA = ("submission cause: Gmail quota",
        ("{mailbox} has sent as much as Gmail allows in a day: it ends within 24 hours; find out what else sends "
         "with it"),
        ("{mailbox} heeft zoveel verzonden als Gmail op een dag toestaat: binnen 24 uur is het voorbij; zoek uit "
         "wat er nog meer mee verzendt"))
    TOO_MANY_LOGINS = ("submission cause: too many logins",
        ("Gmail saw too many logins of {user} in a short time: stop other programs that log in with it; the desk "
         "waits by itself"),
        ("Gmail zag in korte tijd te veel logins van {user}: stop andere programma's die ermee inloggen; de desk "
         "wacht vanzelf"))
    LOGIN_BACKEND = ("submission cause: login backend",
        ("the submission server cannot check logins now, as what it asks (mostly Dovecot) is away: start that, and "
         "look into the log of the server at {host}"),
        ("de verzendserver kan nu geen logins controleren, omdat wat hij raadpleegt (meestal Dovecot) weg is: start "
         "dat, en kijk in het logboek van de server op {host}"))
    UNAUTHENTICATED = ("submission cause: unauthenticated",
        ("Gmail finds neither SPF nor DKIM for the domain of {mailbox}: publish the server's address in SPF and "
         "sign with DKIM, in the DNS of that domain"),
        ("Gmail vindt voor het domein van {mailbox} geen SPF en geen DKIM: neem in de DNS van dat domein het adres "
         "van de server op in SPF en onderteken met DKIM"))
    STARTTLS_FIRST = ("submission cause: STARTTLS first",
        "the server takes mail with TLS only: write `tls: starttls` (or `implicit` with port 465) under submission",
        "de server neemt mail alleen met TLS aan: schrijf `tls: starttls` (of `implicit` met poort 465) bij submission")
    RELAY = ("submission cause: relay",
        ("the server does not send on for this machine: log in with submission.user, or use its port for submission "
         "(587), or let its administrator allow the machine"),
        ("de server verzendt niet verder voor deze machine: log in met submission.user, gebruik de poort voor "
         "verzenden (587), of laat de beheerder ervan de machine toestaan"))
    RECIPIENT_REJECTED = ("submission cause: recipient rejected",
        ("the server takes no mail for this recipient: compare the address; if it refuses every recipient, name "
         "submission.user, or let its administrator look at its rules for recipients"),
        ("de server neemt geen mail voor deze ontvanger aan: controleer het adres; weigert hij elke ontvanger, noem "
         "dan submission.user, of laat de beheerder ervan de regels voor ontvangers nakijken"))
    CLIENT_REJECTED = ("submission cause: client rejected",
        ("the server takes nothing from the address of this machine: let its administrator allow it, or log in at "
         "port 587"),
        ("de server neemt van het adres van deze machine niets aan: laat de beheerder ervan het toestaan, of log in "
         "op poort 587"))
    HELLO = ("submission cause: hello",
        ("the server wants a whole host name in the greeting: give this machine one (`hostnamectl set-hostname "
         "desk.DOMAIN`), and restart the daemon"),
        ("de server wil in de begroeting een volledige hostnaam: geef deze machine er een (`hostnamectl "
         "set-hostname desk.DOMEIN`) en herstart de daemon"))
    TOO_MANY_CONNECTIONS = ("submission cause: too many connections",
        ("this machine has more connections open than the server allows: stop what else sends from it, or raise "
         "`smtpd_client_connection_count_limit`; the desk tries again by itself"),
        ("deze machine heeft meer verbindingen open dan de server toestaat: stop wat er nog meer mee verzendt, of "
         "verhoog `smtpd_client_connection_count_limit`; de desk probeert het vanzelf opnieuw"))
    SENDER_DOMAIN = ("submission cause: sender domain",
        "the server finds no domain for {mailbox} in the DNS: correct mailbox.address, or the DNS that the server asks",
        ("de server vindt geen domein voor {mailbox} in de DNS: pas mailbox.address aan, of de DNS die de server "
         "raadpleegt"))
    SIZE = ("submission cause: size",
        ("the mail is larger than the server takes: let its administrator raise `message_size_limit`, or leave out "
         "an attachment"),
        ("de mail is groter dan de server aanneemt: laat de beheerder ervan `message_size_limit` verhogen, of laat "
         "een bijlage weg"))
    SERVER_BROKEN = ("submission cause: server broken",
        ("the server's own configuration is broken (often a table that cannot be read): its log at {host} names it; "
         "nothing at the desk is to be changed"),
        ("de configuratie van de server zelf is kapot (vaak een tabel die niet te lezen is): het logboek op {host} "
         "noemt welke; bij de desk is niets te wijzigen"))
    DISK_FULL = ("submission cause: disk full",
        "the disk of the submission server at {host} is full: make room there; the desk tries again by itself",
        "de schijf van de verzendserver op {host} is vol: maak daar ruimte; de desk probeert het vanzelf opnieuw")

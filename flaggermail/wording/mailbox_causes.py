# SPDX-License-Identifier: EUPL-1.2
"""Why no connection is made, or a mailbox server does not let the desk in; and what to change where.

A sentence quotes nothing that a server said: its details come from the settings alone (`Reader` of `recognise`).
"""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class ConnectionCause(Sentence):
    """Why no connection to a server is made."""

    NO_HOST = ("connection cause: no host",
        "the DNS knows no {host}: correct {server}.host, or the resolver of this machine if it is right",
        "de DNS kent geen {host}: pas {server}.host aan, of de resolver van deze machine als die naam klopt")
    REFUSED = ("connection cause: refused",
        "nothing listens at port {port} of {host}: correct {server}.port or {server}.host, or start the server",
        "op poort {port} van {host} luistert niets: pas {server}.port of {server}.host aan, of start de server")
    NO_WAY = ("connection cause: no way",
        ("no way leads to {host} from here: allow port {port} in the firewall and the unit's `IPAddressAllow`, or "
         "mend the route"),
        ("vanaf hier leidt er geen weg naar {host}: sta poort {port} toe in de firewall en in `IPAddressAllow` van "
         "de unit, of herstel de route"))
    CERTIFICATE_ENDED = ("connection cause: certificate ended",
        "the certificate of {host} has ended: let those who run the server renew it; do not switch TLS off",
        "het certificaat van {host} is verlopen: laat de beheerders van de server het vernieuwen; zet TLS niet uit")
    CERTIFICATE_TO_COME = ("connection cause: certificate to come",
        ("the certificate of {host} is not valid yet: set the clock of this machine, or have the right one "
         "installed there"),
        ("het certificaat van {host} is nog niet geldig: zet de klok van deze machine gelijk, of laat het juiste "
         "plaatsen"))


class MailboxCause(Sentence):
    """Why a mailbox server does not let the desk in, or does not open a folder."""

    NO_MAILBOX_RIGHT = ("mailbox cause: no right",
        ("the token is good, but gives no right to the mailbox {mailbox}; give {user} full access to it: "
         "`Add-MailboxPermission -Identity {mailbox} -User OBJECT-ID -AccessRights FullAccess`; or correct "
         "oauth2.mailbox or mailbox.address; or the mailbox has no licence or does not exist"),
        ("het token is goed, maar geeft geen recht op mailbox {mailbox}; geef {user} volledige toegang: "
         "`Add-MailboxPermission -Identity {mailbox} -User OBJECT-ID -AccessRights FullAccess`; of pas "
         "oauth2.mailbox of mailbox.address aan; of de mailbox heeft geen licentie of bestaat niet"))
    PASSWORD_WITHOUT_MAILBOX = ("mailbox cause: password without mailbox",
        ("the login of {user} passes, but no mailbox opens: mailbox.user is an alias or names a mailbox without a "
         "licence, or its password is wrong; correct mailbox.user or the password in {file}"),
        ("het inloggen van {user} lukt, maar er gaat geen mailbox open: mailbox.user is een alias of een mailbox "
         "zonder licentie, of het wachtwoord is onjuist; pas mailbox.user aan, of het wachtwoord in {file}"))
    TOKEN_REFUSED = ("mailbox cause: token refused",
        ("Exchange does not take the token for {mailbox}, most likely because the service principal bears the wrong "
         "object id (`New-ServicePrincipal -AppId {client_id} -ObjectId` with the one of `Enterprise applications`, "
         "not of `App registrations`); else give it FullAccess on {mailbox}, consent to IMAP.AccessAsApp, or allow "
         "IMAP (`Set-CASMailbox {mailbox} -ImapEnabled $true`)"),
        ("Exchange aanvaardt het token voor {mailbox} niet, meestal doordat de service principal het verkeerde "
         "object-id heeft (`New-ServicePrincipal -AppId {client_id} -ObjectId` met dat uit `Enterprise "
         "applications`, niet uit `App registrations`); geef hem anders FullAccess op {mailbox}, verleen "
         "toestemming aan IMAP.AccessAsApp, of sta IMAP toe (`Set-CASMailbox {mailbox} -ImapEnabled $true`)"))
    NO_PASSWORDS = ("mailbox cause: no passwords",
        ("Exchange Online takes no password over IMAP: write `login: oauth2` under mailbox and the section oauth2; "
         "on a server of your own, the name {user} or the password in {file} is wrong"),
        ("Exchange Online aanvaardt geen wachtwoord via IMAP: schrijf `login: oauth2` bij mailbox en het onderdeel "
         "oauth2; op een eigen server is de naam {user} of het wachtwoord in {file} onjuist"))
    UNAVAILABLE = ("mailbox cause: unavailable",
        ("Exchange cannot serve the mailbox {mailbox} now, mostly for minutes: nothing to change; if it lasts "
         "hours, look at `Service health` of the Microsoft 365 admin center, and whether the mailbox is being moved"),
        ("Exchange kan mailbox {mailbox} nu niet bedienen, meestal minutenlang: er is niets te wijzigen; duurt het "
         "uren, kijk dan bij `Service health` van het Microsoft 365-beheercentrum, en of de mailbox wordt verplaatst"))
    THROTTLED = ("mailbox cause: throttled",
        ("Exchange slows {mailbox} down because too much was asked of it: stop other programs that read it, or "
         "raise mailbox.poll_seconds; the desk waits by itself"),
        ("Exchange remt {mailbox} af omdat er te veel is gevraagd: stop andere programma's die deze mailbox lezen, "
         "of verhoog mailbox.poll_seconds; de desk wacht vanzelf"))
    APP_PASSWORD = ("mailbox cause: app password",
        ("the account {user} has two-step verification, so its own password does not work here: write an app "
         "password into {file}, or use {server}.login oauth2"),
        ("account {user} heeft verificatie in twee stappen, dus het gewone wachtwoord werkt hier niet: zet een "
         "app-wachtwoord in {file}, of gebruik {server}.login oauth2"))
    GMAIL_PASSWORD = ("mailbox cause: Gmail password",
        ("Gmail does not take the password of {user}: most likely Workspace takes none from programs (use "
         "{server}.login oauth2), or the one in {file} is no app password, or {server}.user is wrong"),
        ("Gmail aanvaardt het wachtwoord van {user} niet: meestal aanvaardt Workspace er geen van programma's "
         "(gebruik {server}.login oauth2), of in {file} staat geen app-wachtwoord, of {server}.user is onjuist"))
    IMAP_OFF = ("mailbox cause: IMAP off",
        "IMAP is off for {mailbox}: switch it on in its settings under `Forwarding and POP/IMAP`",
        "IMAP staat uit voor {mailbox}: zet het aan in de instellingen ervan, bij `Forwarding and POP/IMAP`")
    IMAP_OFF_IN_DOMAIN = ("mailbox cause: IMAP off in domain",
        ("IMAP is off for the whole domain of {mailbox}: in the admin console of Workspace allow it under `Gmail`, "
         "`End User Access`"),
        ("IMAP staat uit voor het hele domein van {mailbox}: sta het toe in de beheerconsole van Workspace, bij "
         "`Gmail`, `End User Access`"))
    WEB_LOGIN = ("mailbox cause: web login",
        ("Gmail wants to see a person: sign in as {user} in a browser, confirm that it was you, and try again; use "
         "{server}.login oauth2 to be rid of it"),
        ("Gmail wil een mens zien: meld in een browser aan als {user}, bevestig dat u het was en probeer het "
         "opnieuw; met {server}.login oauth2 is dit voorbij"))
    TOO_MANY_SESSIONS = ("mailbox cause: too many sessions",
        ("{mailbox} has more sessions open than Gmail allows (15): close mail programs that read it, or stop a "
         "second desk"),
        ("{mailbox} heeft meer sessies open dan Gmail toestaat (15): sluit mailprogramma's die deze mailbox lezen, "
         "of stop een tweede desk"))
    BANDWIDTH = ("mailbox cause: bandwidth",
        ("{mailbox} was read more than Gmail allows in a day: nothing to change, it ends within a day; stop other "
         "programs that fetch all mail"),
        ("{mailbox} is vaker gelezen dan Gmail op een dag toestaat: er is niets te wijzigen, binnen een dag is het "
         "voorbij; stop andere programma's die alle mail ophalen"))
    CREDENTIALS = ("mailbox cause: credentials",
        "the name or the password is wrong: correct {server}.user in flaggermail.yaml, or the password in {file}",
        "de naam of het wachtwoord is onjuist: pas {server}.user in flaggermail.yaml aan, of het wachtwoord in {file}")
    CLEAR_TEXT = ("mailbox cause: clear text",
        ("the server takes no password without TLS: write `tls: implicit` with port 993, or `tls: starttls`, under "
         "mailbox"),
        ("de server aanvaardt geen wachtwoord zonder TLS: schrijf `tls: implicit` met poort 993, of `tls: "
         "starttls`, bij mailbox"))
    LOGIN_BACKEND = ("mailbox cause: login backend",
        ("the server cannot check logins now: what it asks (its user database, LDAP or the token service) is away; "
         "look into the log of the mail server at {host}"),
        ("de server kan nu geen logins controleren: wat hij raadpleegt (zijn gebruikersbestand, LDAP of de "
         "tokendienst) is weg; kijk in het logboek van de mailserver op {host}"))
    CONNECTION_LIMIT = ("mailbox cause: connection limit",
        ("{user} has more connections open from this address than the server allows: stop a second desk or another "
         "program, or raise `mail_max_userip_connections` at the server"),
        ("{user} heeft vanaf dit adres meer verbindingen open dan de server toestaat: stop een tweede desk of een "
         "ander programma, of verhoog `mail_max_userip_connections` op de server"))
    PASSWORD_ENDED = ("mailbox cause: password ended",
        "the password of {user} has ended: set a new one at the server and write it into {file}",
        "het wachtwoord van {user} is verlopen: stel op de server een nieuw in en zet het in {file}")
    NOT_ALLOWED = ("mailbox cause: not allowed",
        ("the name and its proof are right, but {user} may not log in for {mailbox}: let the mail administrator "
         "allow it, or correct mailbox.user"),
        ("de naam en het bewijs kloppen, maar {user} mag niet inloggen voor {mailbox}: laat de mailbeheerder dit "
         "toestaan, of pas mailbox.user aan"))
    TOKEN_UNCHECKED = ("mailbox cause: token unchecked",
        ("the server does not accept the token for {mailbox}: it expects another audience, scope or name in it, or "
         "its clock or this machine's is wrong; compare oauth2.client_id, oauth2.scope and oauth2.mailbox with the "
         "server's own OAuth2 settings"),
        ("de server aanvaardt het token voor {mailbox} niet: hij verwacht daarin een andere `audience`, scope of "
         "naam, of zijn klok of die van deze machine loopt verkeerd; vergelijk oauth2.client_id, oauth2.scope en "
         "oauth2.mailbox met de OAuth2-instellingen van de server"))
    NO_FOLDER = ("mailbox cause: no folder",
        ("it has no such folder: where it is the one of mailbox.inbox, mailbox.sent or mailbox.junk, write there "
         "the name of a folder that the server lists"),
        ("hij heeft die map niet: is dit de map van `mailbox.inbox`, `mailbox.sent` of `mailbox.junk`, schrijf daar "
         "dan de naam van een map die de server noemt"))
    NO_FOLDER_RIGHT = ("mailbox cause: no folder right",
        ("{user} may not open this folder: give it the rights to look up and read (`doveadm acl set -u {mailbox} "
         "FOLDER user={user} lookup read`), or leave it out with mailbox.excluded_folders"),
        ("{user} mag deze map niet openen: geef het recht om te zien en te lezen (`doveadm acl set -u {mailbox} "
         "FOLDER user={user} lookup read`), of laat de map weg met mailbox.excluded_folders"))

# SPDX-License-Identifier: EUPL-1.2
"""Why a token endpoint gives no token, and what to change where.

A sentence quotes nothing that a server said: its details come from the settings alone (`Reader` of `recognise`).
"""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class TokenCause(Sentence):
    """Why a token endpoint gives no token."""

    SECRET_WRONG = ("token cause: secret wrong",
        ("the client secret in {client_file} is not that of application {client_id}; often its id was copied in "
         "place of its value: make a new one under `Certificates & secrets` of the app registration and write its "
         "`Value` there"),
        ("het client secret in {client_file} hoort niet bij applicatie {client_id}; vaak is de id gekopieerd in "
         "plaats van de waarde: maak bij `Certificates & secrets` van de app-registratie een nieuw en zet de "
         "`Value` daar neer"))
    SECRET_ENDED = ("token cause: secret ended",
        ("the client secret in {client_file} has ended: make a new one under `Certificates & secrets` of "
         "application {client_id}, write its `Value` into that file and its last day into oauth2.secret_ends_on"),
        ("het client secret in {client_file} is verlopen: maak bij `Certificates & secrets` van applicatie "
         "{client_id} een nieuw, zet de `Value` in dat bestand en de laatste dag in oauth2.secret_ends_on"))
    NO_APPLICATION = ("token cause: no application",
        ("this directory has no application {client_id}: correct oauth2.client_id (the `Application (client) ID`), "
         "or oauth2.{source} if it names another directory, or have an administrator consent to the application"),
        ("deze directory kent geen applicatie {client_id}: pas oauth2.client_id aan (de `Application (client) ID`), "
         "of oauth2.{source} als daar een andere directory staat, of laat een beheerder de applicatie toestaan"))
    NO_TENANT = ("token cause: no tenant",
        ("it knows no such directory: correct the last part of oauth2.{source}; the `Overview` of the app "
         "registration shows it as `Directory (tenant) ID`"),
        ("deze directory bestaat niet: pas het laatste deel van oauth2.{source} aan; `Overview` van de "
         "app-registratie toont het als `Directory (tenant) ID`"))
    CERTIFICATE_UNKNOWN = ("token cause: certificate unknown",
        ("the certificate in {client_file} is not registered with application {client_id}, or its key is that of "
         "another: upload it under `Certificates & secrets`, and check oauth2.certificate_key"),
        ("het certificaat in {client_file} is niet geregistreerd bij applicatie {client_id}, of de sleutel hoort "
         "bij een ander: upload het bij `Certificates & secrets` en controleer oauth2.certificate_key"))
    NO_PROOF = ("token cause: no proof",
        ("application {client_id} is confidential and wants a proof beside the refresh token: name its secret with "
         "oauth2.client_credential, or allow public client flows under `Authentication` of the app registration"),
        ("applicatie {client_id} is vertrouwelijk en vraagt naast het refresh token een bewijs: noem het secret met "
         "oauth2.client_credential, of sta bij `Authentication` van de app-registratie `public client flows` toe"))
    APPLICATION_OFF = ("token cause: application off",
        ("application {client_id} is switched off: let an administrator enable sign-in under `Enterprise "
         "applications`, `Properties`"),
        ("applicatie {client_id} is uitgeschakeld: laat een beheerder aanmelden toestaan bij `Enterprise "
         "applications`, `Properties`"))
    NO_CONSENT = ("token cause: no consent",
        ("nobody consented to what application {client_id} asks: grant admin consent under `API permissions` of the "
         "app registration, or sign in again as the account of the mailbox and consent"),
        ("er is geen toestemming voor wat applicatie {client_id} vraagt: verleen beheerderstoestemming bij `API "
         "permissions` van de app-registratie, of laat het account van de mailbox opnieuw aanmelden"))
    SCOPE = ("token cause: scope",
        ("oauth2.scope {scope} is not valid here: with client_credentials write the address of the mail service and "
         "/.default, with refresh_token the permissions by name"),
        ("oauth2.scope {scope} is hier niet geldig: schrijf bij client_credentials het adres van de maildienst met "
         "/.default, en bij refresh_token de rechten met hun naam"))
    NO_SERVICE = ("token cause: no service",
        ("the directory does not know the mail service that oauth2.scope {scope} names: correct the address in it, "
         "or oauth2.{source} if it is another organisation's directory"),
        ("de directory kent de maildienst in oauth2.scope {scope} niet: pas het adres daarin aan, of "
         "oauth2.{source} als dat de directory van een andere organisatie is"))
    UNUSED = ("token cause: unused",
        ("the refresh token in {file} has ended because it was not used for too long: sign in again as the account "
         "of the mailbox, and write the new one into that file"),
        ("het refresh token in {file} is verlopen doordat het te lang niet is gebruikt: laat het account van de "
         "mailbox opnieuw aanmelden en zet het nieuwe in dat bestand"))
    WITHDRAWN = ("token cause: withdrawn",
        ("the refresh token in {file} was withdrawn, mostly because the password of the account was changed: sign "
         "in again as that account, and write the new one into that file"),
        ("het refresh token in {file} is ingetrokken, meestal doordat het wachtwoord van het account is gewijzigd: "
         "laat dat account opnieuw aanmelden en zet het nieuwe in dat bestand"))
    REFRESH_ENDED = ("token cause: refresh ended",
        ("the refresh token in {file} has ended or was withdrawn; an application whose consent screen is still in "
         "testing gets one for seven days only: publish it, sign in again and write the new one into that file"),
        ("het refresh token in {file} is verlopen of ingetrokken; staat het toestemmingsscherm van de applicatie "
         "nog op `testing`, dan geldt het maar zeven dagen: publiceer het, meld opnieuw aan en zet het nieuwe in "
         "dat bestand"))
    SECOND_FACTOR = ("token cause: second factor",
        ("the account must prove a second factor, which no program can: sign in again and write the new refresh "
         "token into {file}, or use grant client_credentials, which needs no account"),
        ("het account moet een tweede factor tonen en dat kan geen programma: meld opnieuw aan en zet het nieuwe "
         "refresh token in {file}, of kies grant client_credentials, dat geen account nodig heeft"))
    BLOCKED = ("token cause: blocked",
        ("a policy of Conditional Access blocks the sign-in: exclude application {client_id} from it, or allow the "
         "address of this machine, in the Entra admin center under `Protection`"),
        ("een beleidsregel van Conditional Access blokkeert het aanmelden: zonder applicatie {client_id} daarvan "
         "uit, of sta het adres van deze machine toe, in het Entra-beheercentrum bij `Protection`"))
    ACCOUNT_OFF = ("token cause: account off",
        ("the account that signed in is disabled: enable it in the Entra admin center, or sign in with another "
         "account that may read {mailbox} and write its refresh token into {file}"),
        ("het account dat was aangemeld is uitgeschakeld: schakel het in het Entra-beheercentrum in, of meld aan "
         "met een ander account dat {mailbox} mag lezen en zet het refresh token in {file}"))
    CLOCK = ("token cause: clock",
        ("what the desk signs seems too old or too new: set the clock of this machine (`timedatectl`, chrony or "
         "systemd-timesyncd)"),
        ("wat de desk ondertekent lijkt te oud of te nieuw: zet de klok van deze machine gelijk (`timedatectl`, "
         "chrony of systemd-timesyncd)"))
    KEY_DELETED = ("token cause: key deleted",
        ("the key in {file} is not, or no longer, one of the service account: make a new key (JSON) under `Service "
         "accounts`, `Keys`, and put it there unchanged"),
        ("de sleutel in {file} is geen sleutel (meer) van het serviceaccount: maak bij `Service accounts`, `Keys` "
         "een nieuwe (JSON) en zet die daar ongewijzigd neer"))
    NO_ACCOUNT = ("token cause: no account",
        ("{mailbox} is no account of the domain (a group or an alias is none): correct oauth2.mailbox or "
         "mailbox.address"),
        ("{mailbox} is geen account van het domein (een groep of alias evenmin): pas oauth2.mailbox of "
         "mailbox.address aan"))
    NOT_DELEGATED = ("token cause: not delegated",
        ("the domain has not delegated {scope} to the service account: in the admin console of Workspace, `API "
         "controls`, `Domain-wide delegation`, add its numeric client id (not its address) with this scope; it can "
         "take a day"),
        ("het domein heeft {scope} niet aan het serviceaccount gedelegeerd: voeg in de beheerconsole van Workspace "
         "bij `API controls`, `Domain-wide delegation` het numerieke client-id (niet het adres) toe met deze scope; "
         "het kan een dag duren"))
    CLIENT_DELETED = ("token cause: client deleted",
        ("the client of oauth2.client_id {client_id} was deleted: restore it within 30 days in the console of the "
         "project, or make a new one and correct oauth2.client_id and its secret in {client_file}"),
        ("de client van oauth2.client_id {client_id} is verwijderd: herstel die binnen 30 dagen in de console van "
         "het project, of maak een nieuwe en pas oauth2.client_id en het secret in {client_file} aan"))
    POLICY = ("token cause: policy",
        ("a policy of the domain forbids {scope}: trust the application in the admin console of Workspace under "
         "`API controls`, `App access control`"),
        ("een beleidsregel van het domein verbiedt {scope}: vertrouw de applicatie in de beheerconsole van "
         "Workspace bij `API controls`, `App access control`"))

# SPDX-License-Identifier: EUPL-1.2
"""What a page says: a few words, as a pager shows little."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class PageText(Sentence):
    """Parts of a page."""

    ALARM = "page: alarm", "alarm: {what}", "alarm: {what}"
    MAIL_WAITS = "page: mail waits", ", mail waits", ", mail wacht"


class AlarmName(Sentence):
    """The kind of an alarm in a word or two; its sentence stands in `config/templates/words.yaml`."""

    BOUNCED = "alarm name: bounced", "bounced", "mail teruggekomen"
    BOUNCE_UNCLEAR = "alarm name: bounce unclear", "bounce unclear", "onduidelijk welke mail terugkwam"
    BOUNCE_CLAIMED = "alarm name: bounce claimed", "bounce claimed", "mail mogelijk teruggekomen"
    DELAYED = "alarm name: delayed", "delayed", "mail vertraagd"
    DEFERRED = "alarm name: deferred", "deferred", "mail uitgesteld"
    REFUSED = "alarm name: refused", "refused", "mail geweigerd"
    UNCERTAIN = "alarm name: uncertain", "uncertain", "verzending onzeker"
    FORGED = "alarm name: forged", "forged", "mogelijk vervalst"
    UNVERIFIED = "alarm name: unverified", "unverified senders", "afzenders niet geverifieerd"
    DELETED_UNREAD = "alarm name: deleted unread", "deleted unread", "ongelezen verwijderd"
    UNREGISTERED_USE = "alarm name: unregistered use", "unregistered use", "melding buiten het programma om"
    FOLDER_MISSING = "alarm name: folder missing", "folder missing", "map ontbreekt"
    MAILBOX_SILENT = "alarm name: mailbox silent", "mailbox silent", "mailbox niet leesbaar"
    MAILBOX_BACK = "alarm name: mailbox back", "mailbox back", "mailbox weer leesbaar"
    MAIL_UNFETCHED = "alarm name: mail unfetched", "mail not fetched", "mail niet op te halen"
    MAIL_FETCHED = "alarm name: mail fetched", "mail fetched", "mail alsnog opgehaald"
    UNJUDGED = "alarm name: unjudged", "unjudged", "mail niet beoordeeld"
    RULES_REFUSED = "alarm name: rules refused", "rules refused", "regels afgekeurd"
    WAITING = "alarm name: waiting", "mail waits", "mail wacht"
    OUTBOX_WAITS = "alarm name: outbox waits", "outbox waits", "verzending stokt"
    OUTBOX_FLOWS = "alarm name: outbox flows", "outbox flows", "verzending hersteld"
    OUTBOX_DENIED = "alarm name: outbox denied", "outbox denied", "verzendserver weigert"
    OUTBOX_TAKEN = "alarm name: outbox taken", "outbox taken", "verzendserver neemt weer aan"
    OUTBOX_CHANGED = "alarm name: outbox changed", "outbox changed", "mail gewijzigd"
    OUTBOX_WITHHELD = "alarm name: outbox withheld", "outbox withheld", "mail tegengehouden"
    RECIPIENT_WAITS = "alarm name: recipient waits", "recipient waits", "ontvanger neemt mail niet aan"
    PAGERS_FAILED = "alarm name: pagers failed", "pagers failed", "pagers werken niet"
    DISK_LOW = "alarm name: disk low", "disk low", "weinig schijfruimte"
    DISK_BACK = "alarm name: disk back", "disk back", "schijfruimte hersteld"
    TICK_LATE = "alarm name: tick late", "tick late", "herinneringen vertraagd"
    TICK_BACK = "alarm name: tick back", "tick back", "herinneringen op tijd"
    CERTIFICATE_ENDS = "alarm name: certificate ends", "certificate ends", "certificaat verloopt"
    CERTIFICATE_RENEWED = "alarm name: certificate renewed", "certificate renewed", "certificaat vernieuwd"
    SECRET_ENDS = "alarm name: secret ends", "secret ends", "geheim verloopt"
    SECRET_RENEWED = "alarm name: secret renewed", "secret renewed", "geheim vernieuwd"
    MARK_UNPROVEN = "alarm name: mark unproven", "mark unproven", "kenmerk van Exchange niet beproefd"
    MARK_PROVEN = "alarm name: mark proven", "mark proven", "kenmerk van Exchange beproefd"
    CLOCK_WRONG = "alarm name: clock wrong", "clock wrong", "klok wijkt af"
    CLOCK_RIGHT = "alarm name: clock right", "clock right", "klok loopt gelijk"
    ARCHIVE_AWAY = "alarm name: archive away", "archive away", "archief onbruikbaar"
    ARCHIVE_BACK = "alarm name: archive back", "archive back", "archief weer bruikbaar"
    DATABASE_AWAY = "alarm name: database away", "database away", "database onbruikbaar"
    DATABASE_BACK = "alarm name: database back", "database back", "database weer bruikbaar"
    SANDBOX_LESS = "alarm name: sandbox less", "sandbox less", "afscherming minder"
    SANDBOX_WHOLE = "alarm name: sandbox whole", "sandbox whole", "afscherming hersteld"
    CLOCK_SET = "alarm name: clock set", "clock set", "klok verzet"
    CLOCK_KEPT = "alarm name: clock kept", "clock kept", "klok niet meer verzet"
    DEVICE_LOCKED = "alarm name: device locked", "device locked", "app geblokkeerd"
    OCTETS_LOST = "alarm name: octets lost", "octets lost", "mail ontbreekt in archief"
    OFFICER_UNHEARD = "alarm name: officer unheard", "officer unheard", "antwoord niet uitgevoerd"
    OFFICER_UNREACHED = "alarm name: officer unreached", "officer unreached", "medewerker onbereikbaar"
    MAIL_UNMADE = "alarm name: mail unmade", "mail not made", "mail niet te maken"
    OVERRIDE_VOID = "alarm name: override void", "override void", "vervanging telt niet"
    SERVER_MISNAMED = "alarm name: server misnamed", "server misnamed", "naam van mailserver wijkt af"
    JOB_FAILED = "alarm name: job failed", "job failed", "bericht mislukt"


class PageFault(Sentence):
    """Why a pager was not called."""

    CREDENTIAL = ("page fault: credential", "credential {pager}: cannot be read",
        "wachtwoordbestand {pager}: is niet leesbaar")
    NOT_INSTALLED = ("page fault: not installed",
        "pagers need the extra `pagers`: pip install 'flaggermail[pagers]'",
        "voor pagers is de uitbreiding `pagers` nodig: `pip install 'flaggermail[pagers]'`")
    NO_ADDRESS = ("page fault: no address", "its credential holds no address of one service that is known",
        "het wachtwoordbestand bevat geen adres van één bekende dienst")
    NOT_TAKEN = "page fault: not taken", "the service did not take it", "de dienst nam het bericht niet aan"
    CODE_VOID = ("page fault: code void",
        "its code is not valid any more, or the desk's key for codes cannot be read",
        "de code is niet meer geldig, of de sleutel voor codes van de desk is niet leesbaar")
    OFTEN = "page fault: often", "called often enough in this hour", "in dit uur al vaak genoeg opgeroepen"
    ENDED = "page fault: ended", "the program ended in each call", "het programma stopte bij elke oproep"

# SPDX-License-Identifier: EUPL-1.2
"""What an alarm is about; what its kind says stands in `config/templates/words.yaml`."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class AlarmText(Sentence):
    """What an alarm is about."""

    SENDER = "alarm: sender", "{address}: {basis}", "{address}: {basis}"
    FORGED = ("alarm: forged", "{address}, about {case}: {subject} ({basis})",
        "{address}, over {case}: «{subject}» ({basis})")
    FORGED_ANYWHERE = ("alarm: forged anywhere", "{address}, about no case: {subject} ({basis})",
        "{address}, niet over een zaak: «{subject}» ({basis})")
    CLAIM = ("alarm: claim", "{address} ({basis}): {recipient}: {subject}",
        "{address} ({basis}): {recipient}: «{subject}»")
    FITS = "alarm: fits", "{address} ({basis}): {mails}", "{address} ({basis}): {mails}"
    FITTING = "alarm: fitting", "{mail}: {recipient}: {subject}", "{mail}: {recipient}: «{subject}»"
    MAIL = "alarm: mail", "{recipient}: {subject}", "{recipient}: «{subject}»"
    MAIL_ANSWERED = ("alarm: mail answered", "mail {mail} to {recipient}: {answer}",
        "mail {mail} aan {recipient}: {answer}")
    UNREACHED = "alarm: unreached", "{name}", "{name}"
    UNMADE = "alarm: unmade", "to {name} ({address}): {fault}", "aan {name} ({address}): {fault}"
    OVERRIDE = ("alarm: override", "{officer}, {begin:instant} to {end:instant}",
        "{officer}, {begin:instant} tot {end:instant}")
    FAULT = "alarm: fault", "{key}: {fault}", "{key}: {fault}"
    DEVICE = "alarm: device", "the app of {name} ({device})", "de app van {name} ({device})"
    UNJUDGED = "alarm: unjudged", "{key}: {fault}", "{key}: «{fault}»"
    TREND = ("alarm: trend",
        ("in 24 hours {now} of {of_now:mail|mails} from platforms, and {before} of {of_before} before that; the "
         "latest: {address}: {basis}"),
        ("in 24 uur {now} van {of_now:mail|mails} van platforms, en {before} van {of_before} daarvoor; de "
         "laatste: {address}: {basis}"))
    SERVER_NAMES = ("alarm: server names", "your server writes {written}; the configuration says {configured}",
        "uw server schrijft {written}; in de instellingen staat {configured}")
    MAILBOX = ("alarm: mailbox", "{folder} could not be read after {at:instant}",
        "{folder} was niet te lezen na {at:instant}")
    NEVER_READ = "alarm: never read", "{folder} could not be read yet", "{folder} was nog niet te lezen"
    UNFETCHED = ("alarm: unfetched", "{folder}: {items}", "{folder}: {items}")
    EXPLAINED = "alarm: explained", "{what}; {meaning}", "{what}; {meaning}"
    WAITING = ("alarm: waiting",
        "{count:mail waits|mails wait} since {since:instant}; the server's last answer: {answer}",
        "{count:mail wacht|mails wachten} sinds {since:instant}; laatste antwoord van de server: {answer}")
    UNANSWERED = ("alarm: unanswered",
        "{count:mail waits|mails wait} since {since:instant}; the server has not answered",
        "{count:mail wacht|mails wachten} sinds {since:instant}; de server heeft nog niet geantwoord")
    TO_RECIPIENTS = ("alarm: to recipients",
        "{count:mail waits|mails wait} since {since:instant}, to {recipients}; the server's last answer: {answer}",
        ("{count:mail wacht|mails wachten} sinds {since:instant}, aan {recipients}; laatste antwoord van de server: "
         "{answer}"))
    NOTHING_HELD_UP = ("alarm: nothing held up", "none of our mail is held up any more",
        "er wordt geen mail van ons meer tegengehouden")
    PAGERS = ("alarm: pagers", "{name} did not get the page «{page}» by {pager}: {why}",
        "{name} kreeg de oproep «{page}» niet via {pager}: {why}")
    RULES = "alarm: rules", "{faults}", "{places}"
    DATABASE = ("alarm: database", "nothing could be recorded for {count:minute|minutes}, from {since:instant} on",
        "er kon {count:minuut|minuten} lang niets worden vastgelegd, vanaf {since:instant}")
    JOB = "alarm: job", "{job}: {fault}", "{job}: «{fault}»"
    TEMPLATE = ("alarm: template", "{faults}\nuntil it is mended, the shipped template is used in its place",
        "{places}\ntot het hersteld is, geldt het meegeleverde sjabloon")
    FOUND = "alarm: found", "{what}: {value}", "{what}: {value}"
    LOST = "alarm: lost", "mail {key}, file {digest}", "mail {key}, bestand {digest}"


class Differs(Sentence):
    """How a mail of ours differs from the record."""

    UNREADABLE = "differs: unreadable", "unreadable", "niet leesbaar"
    ADDED = "differs: added", "added", "toegevoegd"
    CHANGED = "differs: changed", "changed", "gewijzigd"
    NOT_APPROVED = "differs: not approved", "not approved", "niet goedgekeurd"
    RECIPIENT = "differs: recipient", "recipient", "andere ontvanger"
    OCTETS = "differs: octets", "octets", "andere inhoud"


class HealthPlace(Sentence):
    """A place or a server that is measured."""

    ARCHIVE = "measured: archive", "archive", "het archief"
    DATABASE = "measured: database", "database", "de database"
    MAILBOX = "measured: mailbox", "mailbox", "de mailbox"
    SUBMISSION = "measured: submission", "submission", "de verzendserver"


class Health(Sentence):
    """What was measured, and what of it."""

    DISK = "health: disk", "disk of {place}", "schijf van {place}"
    TICK = "health: tick", "tick of {loop}", "controle op herinneringen"
    CERTIFICATE = "health: certificate", "certificate of {server}", "certificaat van {server}"
    SECRET = "health: secret", "secret for tokens (oauth2)", "geheim om in te loggen (oauth2)"
    MARK = ("health: mark", "proof of Exchange's mark for mail from inside",
        "proef van het kenmerk van Exchange voor interne mail")
    MARK_NEVER_TRIED = ("health: mark never tried", "never tried, so it counts for nothing",
        "nog niet gedaan; het kenmerk telt niet")
    MARK_SURVIVED = ("health: mark survived", "a forged mark arrived, so it counts for nothing",
        "een vals kenmerk kwam door; het kenmerk telt niet")
    MARK_EXPIRED = ("health: mark expired", "ended {at:instant} (UTC); it counts for nothing until it is tried again",
        "verlopen sinds {at:instant} (UTC); het kenmerk telt pas weer na een nieuwe proef")
    CLOCK = "health: clock", "clock", "klok"
    SANDBOX = "health: sandbox", "sandbox of the parser: {barrier}", "afscherming van het lezen van mail: {barrier}"
    HOLDS = "health: holds", "holds", "werkt"
    HELD_BEFORE = ("health: held before", "does not hold at this start, and should: the journal says what is missing",
        "werkt sinds deze start niet, en zou moeten werken")
    OWN_CLOCK = "health: own clock", "clock of this machine", "klok van deze computer"
    SET_BACK = ("health: set back", "set back by more than {seconds} s within the hour",
        "binnen het uur meer dan {seconds} seconden teruggezet")
    SET_FORWARD = ("health: set forward", "set forward by more than {seconds} s within the hour",
        "binnen het uur meer dan {seconds} seconden vooruitgezet")
    NOT_SET = "health: not set", "was not set", "niet verzet"
    GONE = ("health: gone",
        ("not found at {path}: its disk is not mounted, or the folder was moved or emptied; nothing is taken in, and "
         "no mail leaves, until it is back"),
        ("niet gevonden in {path}: de schijf is niet gekoppeld, of de map is verplaatst of leeg; er komt niets binnen "
         "en er vertrekt geen mail tot het er weer is"))
    READ_ONLY = ("health: read only",
        "{path} cannot be written; nothing is taken in, and no mail leaves, until it can",
        "in {path} kan niet worden geschreven; tot dat weer kan, komt er niets binnen en vertrekt er geen mail")
    FULL = ("health: full", "the disk of {path} is full; nothing is taken in, and no mail leaves, until there is room",
        "de schijf van {path} is vol; tot er ruimte is, komt er niets binnen en vertrekt er geen mail")
    BROKEN = ("health: broken", "its folder cannot be used: {fault}", "de map is niet te gebruiken: {fault}")
    AT_FAULT = ("health: at fault", "a file of it is missing, damaged or cannot be read: the journal says which",
        "een bestand ontbreekt, is beschadigd of onleesbaar: het logboek zegt welk")
    IN_PLACE = "health: in place", "in place", "aanwezig"
    LITTLE_FREE = "health: little free", "less than {free} MB free", "minder dan {free} MB vrij"
    ENOUGH_FREE = "health: enough free", "enough free", "genoeg vrij"
    LATE = "health: late", "more than {seconds} s ago", "meer dan {seconds} seconden geleden"
    IN_TIME = "health: in time", "in time", "op tijd"
    LOGIN_CERTIFICATE = ("health: login certificate", "certificate for tokens (oauth2)",
        "certificaat om in te loggen (oauth2)")
    ENDS_WITHIN = ("health: ends within", "until {at:instant} (UTC), within {count:day|days}",
        "tot {at:instant} (UTC), binnen {count:dag|dagen}")
    HAS_ENDED = ("health: has ended", "ended {at:instant} (UTC); the desk cannot log in without a new one",
        "verlopen sinds {at:instant} (UTC); zonder een nieuw kan de desk niet inloggen")
    UNTIL = "health: until", "until {at:instant} (UTC)", "tot {at:instant} (UTC)"
    AHEAD = ("health: ahead", "the server more than {seconds} s ahead of us",
        "de server loopt meer dan {seconds} seconden voor")
    BEHIND = ("health: behind", "the server more than {seconds} s behind us",
        "de server loopt meer dan {seconds} seconden achter")
    DATED_AHEAD = ("health: dated ahead", "in doubt: a mail came in at {at:instant} (UTC) that the server dates later",
        "onzeker: op {at:instant} (UTC) kwam mail binnen die de server op een later moment dateert")
    AGREES = "health: agrees", "agrees, as far as mail shows", "loopt gelijk, voor zover uit mail blijkt"

# SPDX-License-Identifier: EUPL-1.2
"""What an alarm is about; what its kind says stands in `config/templates/words.yaml`."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class AlarmText(Sentence):
    """What an alarm is about."""

    SENDER = "alarm: sender", "{address}: {basis}", "{address}: {basis}"
    CLAIM = ("alarm: claim", "{address} ({basis}): {recipient}: {subject}",
        "{address} ({basis}): {recipient}: «{subject}»")
    FITS = "alarm: fits", "{address} ({basis}): {mails}", "{address} ({basis}): {mails}"
    FITTING = "alarm: fitting", "{mail}: {recipient}: {subject}", "{mail}: {recipient}: «{subject}»"
    MAIL = "alarm: mail", "{recipient}: {subject}", "{recipient}: «{subject}»"
    MAIL_ANSWERED = ("alarm: mail answered", "{recipient}: {subject}: {answer}",
        "{recipient}: «{subject}»: {answer}")
    FAULT = "alarm: fault", "{key}: {fault}", "{key}: {fault}"
    UNJUDGED = "alarm: unjudged", "{key}: {fault}", "{key}: «{fault}»"
    TREND = ("alarm: trend",
        ("in 24 hours {now} of {of_now:mail|mails} from platforms, and {before} of {of_before} before that; the "
         "latest: {address}: {basis}"),
        ("in 24 uur {now} van {of_now:mail|mails} van platforms, en {before} van {of_before} daarvoor; de "
         "laatste: {address}: {basis}"))
    SERVER_NAMES = ("alarm: server names", "your server writes {written}; the configuration says {configured}",
        "uw server schrijft {written}; in de instellingen staat {configured}")
    MAILBOX = "alarm: mailbox", "{folder} could not be read after {at}", "{folder} was niet te lezen na {at}"
    NEVER_READ = "alarm: never read", "{folder} could not be read yet", "{folder} was nog niet te lezen"
    WAITING = ("alarm: waiting", "{count:mail waits|mails wait} since {since}; the server's last answer: {answer}",
        "{count:mail wacht|mails wachten} sinds {since}; laatste antwoord van de server: {answer}")
    UNANSWERED = ("alarm: unanswered", "{count:mail waits|mails wait} since {since}; the server has not answered",
        "{count:mail wacht|mails wachten} sinds {since}; de server heeft nog niet geantwoord")
    PAGERS = ("alarm: pagers", "{name} did not get the page «{page}» by {pager}: {why}",
        "{name} kreeg de oproep «{page}» niet via {pager}: {why}")
    RULES = "alarm: rules", "{faults}", "{places}"
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


class Health(Sentence):
    """What was measured, and what of it."""

    DISK = "health: disk", "disk of {place}", "schijf van {place}"
    TICK = "health: tick", "tick of {loop}", "controle op herinneringen"
    CERTIFICATE = "health: certificate", "certificate of {server}", "certificaat van {server}"
    SECRET = "health: secret", "secret for tokens (oauth2)", "geheim voor tokens (oauth2)"
    CLOCK = "health: clock", "clock", "klok"
    LITTLE_FREE = "health: little free", "less than {free} MB free", "minder dan {free} MB vrij"
    ENOUGH_FREE = "health: enough free", "enough free", "genoeg vrij"
    LATE = "health: late", "more than {seconds} s ago", "meer dan {seconds} s geleden"
    IN_TIME = "health: in time", "in time", "op tijd"
    UNTIL = "health: until", "until {at} UTC", "tot {at} UTC"
    AHEAD = ("health: ahead", "the server more than {seconds} s ahead of us",
        "de server loopt meer dan {seconds} s voor")
    BEHIND = ("health: behind", "the server more than {seconds} s behind us",
        "de server loopt meer dan {seconds} s achter")
    AGREES = "health: agrees", "agrees, as far as mail shows", "loopt gelijk, voor zover uit mail blijkt"

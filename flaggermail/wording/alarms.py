# SPDX-License-Identifier: EUPL-1.2
"""What alarms are about, and what pagers are told."""

from __future__ import annotations

from flaggermail.wording.said import Sentence, of_catalogue


class AlarmText(Sentence):
    """What an alarm is about."""

    SENDER = "alarm: sender"
    FORGED = "alarm: forged"
    FORGED_ANYWHERE = "alarm: forged anywhere"
    CLAIM = "alarm: claim"
    FITS = "alarm: fits"
    FITTING = "alarm: fitting"
    MAIL = "alarm: mail"
    MAIL_ANSWERED = "alarm: mail answered"
    UNREACHED = "alarm: unreached"
    UNMADE = "alarm: unmade"
    OVERRIDE = "alarm: override"
    FAULT = "alarm: fault"
    DEVICE = "alarm: device"
    UNJUDGED = "alarm: unjudged"
    TREND = "alarm: trend"
    SERVER_NAMES = "alarm: server names"
    MAILBOX = "alarm: mailbox"
    NEVER_READ = "alarm: never read"
    UNFETCHED = "alarm: unfetched"
    EXPLAINED = "alarm: explained"
    WAITING = "alarm: waiting"
    UNANSWERED = "alarm: unanswered"
    TO_RECIPIENTS = "alarm: to recipients"
    NOTHING_HELD_UP = "alarm: nothing held up"
    PAGERS = "alarm: pagers"
    RULES = "alarm: rules"
    DATABASE = "alarm: database"
    JOB = "alarm: job"
    TEMPLATE = "alarm: template"
    FOUND = "alarm: found"
    LOST = "alarm: lost"


class OutboxFindingText(Sentence):
    """How a queued mail differs from the record."""

    vars().update(of_catalogue("alarms", "differs: "))


class HealthPlace(Sentence):
    """A place or a server that is measured."""

    ARCHIVE = "measured: archive"
    DATABASE = "measured: database"
    MAILBOX = "measured: mailbox"
    SUBMISSION = "measured: submission"


class Health(Sentence):
    """What was measured, and what of it."""

    DISK = "health: disk"
    TICK = "health: tick"
    CERTIFICATE = "health: certificate"
    SECRET = "health: secret"
    MARK = "health: mark"
    MARK_NEVER_TRIED = "health: mark never tried"
    MARK_SURVIVED = "health: mark survived"
    MARK_EXPIRED = "health: mark expired"
    CLOCK = "health: clock"
    SANDBOX = "health: sandbox"
    NODES = "health: nodes"
    NODES_AGREE = "health: nodes agree"
    HOLDS = "health: holds"
    HELD_BEFORE = "health: held before"
    OWN_CLOCK = "health: own clock"
    SET_BACK = "health: set back"
    SET_FORWARD = "health: set forward"
    NOT_SET = "health: not set"
    DESTROYING = "health: destroying"
    DESTROYED = "health: destroyed"
    UNEVEN = "health: uneven"
    ALONE = "health: alone"
    GONE = "health: gone"
    NOT_IN_DATABASE = "health: not in database"
    READ_ONLY = "health: read only"
    FULL = "health: full"
    BROKEN = "health: broken"
    AT_FAULT = "health: at fault"
    IN_PLACE = "health: in place"
    LITTLE_FREE = "health: little free"
    ENOUGH_FREE = "health: enough free"
    LATE = "health: late"
    IN_TIME = "health: in time"
    LOGIN_CERTIFICATE = "health: login certificate"
    ENDS_WITHIN = "health: ends within"
    HAS_ENDED = "health: has ended"
    UNTIL = "health: until"
    AHEAD = "health: ahead"
    BEHIND = "health: behind"
    DATED_AHEAD = "health: dated ahead"
    AGREES = "health: agrees"


class PageText(Sentence):
    """Parts of a page."""

    ALARM = "page: alarm"
    MAIL_WAITS = "page: mail waits"
    TRIAL = "page: trial"


class AlarmName(Sentence):
    """The kind of an alarm in a word or two; its sentence is in `config/templates/words.yaml`."""

    vars().update(of_catalogue("alarms", "alarm name: "))


class PageFailure(Sentence):
    """Why a pager was not called."""

    CREDENTIAL = "page fault: credential"
    NOT_INSTALLED = "page fault: not installed"
    NO_ADDRESS = "page fault: no address"
    NOT_TAKEN = "page fault: not taken"
    CODE_VOID = "page fault: code void"
    OFTEN = "page fault: often"
    ENDED = "page fault: ended"

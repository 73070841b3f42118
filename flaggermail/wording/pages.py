# SPDX-License-Identifier: EUPL-1.2
"""The words of pages: headings, labels, buttons and hints, and the names of closed sets as pages show them."""

from __future__ import annotations

from collections.abc import Mapping

from flaggermail.wording.dossier import DossierClock, DossierDecision
from flaggermail.wording.events import EventWord
from flaggermail.wording.pieces import MailWord, TypeWord
from flaggermail.wording.said import Sentence


class ScreenText(Sentence):
    """What a page says, by the name that its template uses."""

    SKIP = "page: skip"
    NAVIGATION = "page: navigation"
    HEALTH = "page: health"
    WORKS = "page: works"
    TONIGHT = "page: tonight"
    CASES = "page: cases"
    QUARANTINE = "page: quarantine"
    OUTBOX = "page: outbox"
    ACTS_AS = "page: acts as"
    DAEMON_DOWN = "page: daemon down"
    DAEMON_LAST = "page: daemon last"
    SINCE_DAY = "page: since day"
    MAILBOX = "page: mailbox"
    LAST_READ = "page: last read"
    SUBMISSION = "page: submission"
    MAIL_LEAVES = "page: mail leaves"
    PAGERS = "page: pagers"
    PAGES_LOST = "page: pages lost"
    NO_PAGE_LOST = "page: no page lost"
    UNKNOWN = "page: unknown"
    MADE_AT = "page: made at"
    RELOAD = "page: reload"
    DONE = "page: done"
    REFUSED = "page: refused"
    SENT_BEFORE = "page: sent before"
    ERROR_TITLE = "page: error title"
    WANTED = "page: wanted"
    NOT_SHOWN = "page: not shown"
    TO_TONIGHT = "page: to tonight"
    LATE_NOW = "page: late now"
    NOTHING_LATE = "page: nothing late"
    ON_CALL = "page: on call"
    NOBODY_ON_CALL = "page: nobody on call"
    NEXT_ON_CALL = "page: next on call"
    NOBODY_NEXT = "page: nobody next"
    IN_DOUBT = "page: in doubt"
    OPEN_CLOCKS = "page: open clocks"
    NO_CLOCKS = "page: no clocks"
    WAITS_FOR = "page: waits for"
    SINCE = "page: since"
    LATE = "page: late"
    NEXT_STEP = "page: next step"
    NEXT_STEP_NOBODY = "page: next step nobody"
    AND_MORE = "page: and more"
    DRAFTS = "page: drafts"
    NO_DRAFTS = "page: no drafts"
    DRAFT_TO = "page: draft to"
    DRAFTED_BY = "page: drafted by"
    WAITS_FOR_YOU = "page: waits for you"
    MAIL_TO_PLACE = "page: mail to place"
    NO_MAIL_TO_PLACE = "page: no mail to place"
    NO_SUBJECT = "page: no subject"
    UNKNOWN_SENDER = "page: unknown sender"
    AWAITED = "page: awaited"
    EXERCISE = "page: exercise"
    FILTER = "page: filter"
    ELECTION = "page: election"
    STATE = "page: state"
    ALL = "page: all"
    WITH_A_CLOCK = "page: with a clock"
    SHOW = "page: show"
    NO_CASES = "page: no cases"
    THE_CASE = "page: the case"
    TITLE = "page: title"
    OFFICER = "page: officer"
    OPENED = "page: opened"
    FURTHER = "page: further"
    LOOKING = "page: looking"
    ASSESS_AND_DECIDE = "page: assess and decide"
    WRITE_NOTIFICATION = "page: write notification"
    NOBODY = "page: nobody"
    THE_DESK = "page: the desk"
    REFERRER = "page: referrer"
    DECIDED = "page: decided"
    NOTIFICATIONS = "page: notifications"
    NO_NOTIFICATIONS = "page: no notifications"
    SENT = "page: sent"
    BY_HAND = "page: by hand"
    CLOCKS = "page: clocks"
    CLOCK = "page: clock"
    STARTED = "page: started"
    STOPPED = "page: stopped"
    STOPPED_AFTER = "page: stopped after"
    RUNS = "page: runs"
    MAILS = "page: mails"
    FROM_US = "page: from us"
    NO_MAILS = "page: no mails"
    WHOLE_MAIL = "page: whole mail"
    OTHER_MAILS = "page: other mails"
    OWN_NOTICES = "page: own notices"
    NOTES = "page: notes"
    RELATED = "page: related"
    ACTS = "page: acts"
    TAKE = "page: take"
    CLOSE = "page: close"
    EVENTS = "page: events"
    LATEST_FIRST = "page: latest first"
    ALL_EVENTS = "page: all events"
    EARLIER_EVENTS = "page: earlier events"
    FROM = "page: from"
    TO = "page: to"
    SUBJECT = "page: subject"
    RECEIVED = "page: received"
    DISPUTED = "page: disputed"
    THE_MAIL = "page: the mail"
    WROTE = "page: wrote"
    NOTHING_WRITTEN = "page: nothing written"
    FORWARDED = "page: forwarded"
    CUT = "page: cut"
    WHOLE_TEXT = "page: whole text"
    ATTACHMENTS = "page: attachments"
    NO_NAME = "page: no name"
    OCTETS = "page: octets"
    BELONGS_TO = "page: belongs to"
    WHY_HERE = "page: why here"
    IS_IT_GENUINE = "page: is it genuine"
    UNTIL_GENUINE = "page: until genuine"
    GENUINE = "page: genuine"
    FORGED = "page: forged"
    PLACE = "page: place"
    PLACE_IN = "page: place in"
    ELSEWHERE = "page: elsewhere"
    CASE_NUMBER = "page: case number"
    PLACE_THERE = "page: place there"
    NEW_CASE = "page: new case"
    REASON = "page: reason"
    AS_NOISE = "page: as noise"
    PUT_BACK = "page: put back"
    QUARANTINE_IS = "page: quarantine is"
    NEW_MAIL = "page: new mail"
    OLD_MAIL = "page: old mail"
    SERVER_TAKES_NOTHING = "page: server takes nothing"
    OUTBOX_EMPTY = "page: outbox empty"
    TO_RECIPIENT = "page: to recipient"
    QUEUED = "page: queued"
    UNCERTAIN_IS = "page: uncertain is"
    SENT_AT = "page: sent at"
    SENT_AT_HINT = "page: sent at hint"
    IT_WAS_SENT = "page: it was sent"
    SEND_AGAIN = "page: send again"
    TRY_NOW = "page: try now"
    CANCEL = "page: cancel"
    WAITING_ALONE = "page: waiting alone"
    SETTLED = "page: settled"
    SETTLED_TOO = "page: settled too"
    ASSESSMENT = "page: assessment"
    YES = "page: yes"
    NO = "page: no"
    IS_INCORRECT = "page: is incorrect"
    CONTRADICTS = "page: contradicts"
    CONTRADICTS_HINT = "page: contradicts hint"
    CRITERIA = "page: criteria"
    CRITERIA_HINT = "page: criteria hint"
    CRITERION_1 = "page: criterion 1"
    CRITERION_2 = "page: criterion 2"
    CRITERION_3 = "page: criterion 3"
    OWN_ATTEMPTS = "page: own attempts"
    OWN_ATTEMPTS_HINT = "page: own attempts hint"
    ALL_MEANS = "page: all means"
    SATIRE = "page: satire"
    OVERRIDE = "page: override"
    OVERRIDE_HINT = "page: override hint"
    KEEP_ASSESSMENT = "page: keep assessment"
    LACKS = "page: lacks"
    DECISION = "page: decision"
    WHAT_IS_DECIDED = "page: what is decided"
    REASON_HINT = "page: reason hint"
    DECIDE = "page: decide"
    REFERRAL = "page: referral"
    NO_REFERRAL = "page: no referral"
    NOTIFY_IS = "page: notify is"
    CHANNEL = "page: channel"
    CHOOSE = "page: choose"
    TITLE_HINT = "page: title hint"
    TEXT = "page: text"
    TEXT_HINT = "page: text hint"
    CONTACT = "page: contact"
    CONTACT_HINT = "page: contact hint"
    MAKE_DRAFT = "page: make draft"
    AS_SENT = "page: as sent"
    POLICY = "page: policy"
    POLICY_READ = "page: policy read"
    APPROVAL = "page: approval"
    APPROVALS_NEEDED = "page: approvals needed"
    APPROVED_BY = "page: approved by"
    NOT_NOW = "page: not now"
    REPEAT_DAY = "page: repeat day"
    REPEAT_DAY_HINT = "page: repeat day hint"
    APPROVE = "page: approve"
    REJECT = "page: reject"
    OTHERS_APPROVE = "page: others approve"
    NOBODY_APPROVES = "page: nobody approves"


class CaseStateWord(Sentence):
    """The state of a case."""

    OPEN = "case state: open"
    DECIDED = "case state: decided"
    NOTIFIED = "case state: notified"
    ANSWERED = "case state: answered"
    CLOSED = "case state: closed"


class ClockWord(Sentence):
    """What a clock waits for."""

    RECEIPT = "clock: receipt"
    HUMAN = "clock: human"
    SUBSTANCE = "clock: substance"
    DECISION = "clock: decision"
    QUARANTINE = "clock: quarantine"


class NotificationWord(Sentence):
    """The state of a notification."""

    DRAFT = "notification: draft"
    APPROVED = "notification: approved"
    SENT = "notification: sent"
    FAILED = "notification: failed"
    REJECTED = "notification: rejected"
    CANCELLED = "notification: cancelled"


class VerdictWord(Sentence):
    """Whether it is known who sent a mail."""

    VERIFIED = "verdict: verified"
    UNVERIFIED = "verdict: unverified"
    FAILED = "verdict: failed"


class StatusWord(Sentence):
    """What is wrong with the desk, by `health.status_document.StatusCode`."""

    STARTING = "finding: starting"
    UNREACHABLE = "finding: mailbox unreachable"
    NEVER_READ = "finding: mailbox never read"
    UNREAD = "finding: mailbox unread"
    DENIED = "finding: submission denied"
    WAITS = "finding: mail waits"
    IN_DOUBT = "finding: mail in doubt"
    WITHHELD = "finding: mail withheld"
    UNHEARD = "finding: replies unheard"
    UNLOGGED = "finding: lines unlogged"
    DISK = "finding: disk full"
    DATABASE = "finding: database away"
    PROBE = "finding: probe failing"


def _by_value(of: type[Sentence]) -> Mapping[str, Sentence]:
    return {one.value.partition(": ")[2]: one for one in of}


CLOSED_SETS: Mapping[str, Mapping[str, Sentence]] = {
    "case": _by_value(CaseStateWord),
    "clock": _by_value(ClockWord),
    "waited": _by_value(DossierClock),  # what stopped it
    "notification": _by_value(NotificationWord),
    "verdict": _by_value(VerdictWord),
    "health": _by_value(StatusWord),
    "mail": _by_value(MailWord),
    "event": _by_value(EventWord),
    "decision": _by_value(DossierDecision),
    "type": {
        "A_content": TypeWord.CONTENT,
        "B_channel": TypeWord.CHANNEL,
        "C_advert": TypeWord.ADVERT,
        "D_general_warning": TypeWord.GENERAL_WARNING,
        "other": TypeWord.OTHER,
    },
}
"""The words for the values of closed sets, by the name that templates give the set."""

# SPDX-License-Identifier: EUPL-1.2
"""The words of pages: headings, labels, buttons and hints, and the names of closed sets as pages show them."""

from __future__ import annotations

from collections.abc import Mapping

from flaggermail.wording.acts import ActPart
from flaggermail.wording.dossier import DossierClock, DossierDecision, DossierMeans, DossierOrigin
from flaggermail.wording.events import EventWord
from flaggermail.wording.pieces import MailWord, SourceWord, TypeWord
from flaggermail.wording.said import Sentence


class ScreenText(Sentence):
    """What a page says, by the name that its template uses."""

    SKIP = "page: skip"
    NAVIGATION = "page: navigation"
    HEALTH = "page: health"
    TONIGHT = "page: tonight"
    CASES = "page: cases"
    QUARANTINE = "page: quarantine"
    OUTBOX = "page: outbox"
    ACTS_AS = "page: acts as"
    DAEMON_DOWN = "page: daemon down"
    DAEMON_LAST = "page: daemon last"
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
    KEEP_FORM = "page: keep form"
    DISCARD_FORM = "page: discard form"
    KEPT_AT = "page: kept at"
    FORM_KEPT = "page: form kept"
    FORM_DISCARDED = "page: form discarded"
    UNLIKE_TEMPLATE = "page: unlike template"
    UNLIKE_DRAFT = "page: unlike draft"
    UNLIKE_IS = "page: unlike is"
    UNLIKE_TEMPLATE_IS = "page: unlike template is"
    UNLIKE_NOTHING = "page: unlike nothing"
    ADDED = "page: added"
    ADDED_ENDS = "page: added ends"
    REMOVED = "page: removed"
    REMOVED_ENDS = "page: removed ends"
    NOTE_CONTACT = "page: note contact"
    NOTE_IS = "page: note is"
    MEANS = "page: means"
    NOTE_TEXT = "page: note text"
    NOTE_AT = "page: note at"
    COUNTS_AS = "page: counts as"
    COUNTS_AS_HINT = "page: counts as hint"
    NOTE_CHANNEL = "page: note channel"
    NOTE_CHANNEL_HINT = "page: note channel hint"
    KEEP_NOTE = "page: keep note"
    WRITE_REFERRER = "page: write referrer"
    ASK = "page: ask"
    ASK_IS = "page: ask is"
    ASK_WHAT = "page: ask what"
    QUESTION = "page: question"
    SEND_QUESTION = "page: send question"
    REPLY_REFERRER = "page: reply referrer"
    REPLY_IS = "page: reply is"
    SEND_REPLY = "page: send reply"
    CORRECT = "page: correct"
    TYPE_AND_SOURCE = "page: type and source"
    TYPE = "page: type"
    SOURCE = "page: source"
    IS_NOW = "page: is now"
    NOT_KNOWN = "page: not known"
    KEEP_CORRECTION = "page: keep correction"
    LABELS = "page: labels"
    LABELS_ARE = "page: labels are"
    NO_LABELS = "page: no labels"
    ADD_LABELS = "page: add labels"
    REMOVE_LABELS = "page: remove labels"
    KEEP_LABELS = "page: keep labels"
    LINK_CASES = "page: link cases"
    LINK_CASES_HINT = "page: link cases hint"
    LINK = "page: link"
    OPEN_CASE = "page: open case"
    OPEN_CASE_IS = "page: open case is"
    ORIGIN = "page: origin"
    CHOOSE_ONE = "page: choose one"
    REMINDERS = "page: reminders"
    REMINDED = "page: reminded"
    ACKNOWLEDGED = "page: acknowledged"
    ACKNOWLEDGE = "page: acknowledge"
    HAND_OVER = "page: hand over"
    HAND_OVER_TO = "page: hand over to"
    HAND_OVER_NOW = "page: hand over now"
    WHO_WROTE = "page: who wrote"
    WROTE_PERSON = "page: wrote person"
    WROTE_SYSTEM = "page: wrote system"
    ASPECTS = "page: aspects"
    ADVICE = "page: advice"
    ADVICE_HINT = "page: advice hint"
    GROUND = "page: ground"
    GROUND_HINT = "page: ground hint"
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


class CountsWord(Sentence):
    """What a contact note counts as."""

    NOTIFICATION = "counts: notification"
    FOLLOW_UP = "counts: follow_up"
    PLATFORM_ACK = "counts: platform_ack"
    SUBSTANTIVE_REPLY = "counts: substantive_reply"


class DeclineGroundWord(Sentence):
    """The ground on which a referral is declined."""

    OUTSIDE_PROCESS = "ground: outside_process"
    ILLEGAL_ONLY = "ground: illegal_only"
    SINGLE_POST = "ground: single_post"
    MEANS_LEFT = "ground: means_left"
    NO_CRITERION = "ground: no_criterion"
    OTHER = "ground: other"


class AspectWord(Sentence):
    """A side of the election."""

    ORGANISATION = "aspect: organisation"
    CONDUCT = "aspect: conduct"
    INTEGRITY = "aspect: integrity"


def _by_value(of: type[Sentence]) -> Mapping[str, Sentence]:
    return {one.value.partition(": ")[2]: one for one in of}


CLOSED_SETS: Mapping[str, Mapping[str, Sentence]] = {
    "case": _by_value(CaseStateWord),
    "clock": _by_value(ClockWord),
    "waited": _by_value(DossierClock),  # what stopped it
    "notification": _by_value(NotificationWord),
    "verdict": _by_value(VerdictWord),
    "mail": _by_value(MailWord),
    "event": _by_value(EventWord),
    "decision": _by_value(DossierDecision),
    "origin": _by_value(DossierOrigin),
    "source": {one.name.lower(): one for one in SourceWord},
    "means": _by_value(DossierMeans),
    "counts": _by_value(CountsWord),
    "ground": _by_value(DeclineGroundWord),
    "aspect": _by_value(AspectWord),
    "item": {one.name.lower(): one for one in (ActPart.ATTEMPTS, ActPart.SCREENSHOT, ActPart.LINK, ActPart.CONTACT)},
    "type": {
        "A_content": TypeWord.CONTENT,
        "B_channel": TypeWord.CHANNEL,
        "C_advert": TypeWord.ADVERT,
        "D_general_warning": TypeWord.GENERAL_WARNING,
        "other": TypeWord.OTHER,
    },
}
"""The words for the values of closed sets, by the name that templates give the set."""

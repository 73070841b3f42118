# SPDX-License-Identifier: EUPL-1.2
"""Where a mail belongs and by what, who vouches for its sender, and how it was read."""

from __future__ import annotations

from flaggermail.wording.said import Sentence


class FilingReason(Sentence):
    """Why a mail was filed, or waits for a person."""

    MACHINE = "filed: machine"
    OFFICERS_NAME = "filed: officers name"
    PLATFORM_UNPLACED = "filed: platform unplaced"
    UNKNOWN = "filed: unknown"
    CARRIES_REFERRAL = "filed: carries referral"
    PASSED_ON = "filed: passed on"
    BY_MACHINE = "filed: by machine"
    NOBODY_WROTE = "filed: nobody wrote"
    OWN_CHECK = "filed: own check"
    LATE = "filed: late"
    JUNK = "filed: junk"
    OUT_OF_JUNK = "filed: out of junk"
    DISPUTED = "filed: disputed"
    TYPED_TO_CHANNEL = "filed: typed to channel"
    COLLEAGUE_IN_CASE = "filed: colleague in case"
    COLLEAGUE = "filed: colleague"
    FAILED = "filed: failed"
    UNVERIFIED = "filed: unverified"
    ARRIVAL_DISPUTED = "filed: arrival disputed"
    IN_CASE = "filed: in case"
    REFERRAL = "filed: referral"
    REFERRAL_UNVERIFIED = "filed: referral unverified"
    REFERRAL_FAILED = "filed: referral failed"
    MAY_BELONG = "filed: may belong"
    NO_ELECTION = "filed: no election"
    DECLINED_BEFORE = "filed: declined before"
    CITIZEN_UNVERIFIED = "filed: citizen unverified"
    CITIZEN_FAILED = "filed: citizen failed"
    CITIZEN_TO_JUDGE = "filed: citizen to judge"
    CITIZEN_IN_DOUBT = "filed: citizen in doubt"
    CITIZEN = "filed: citizen"
    ATTACHED = "filed: attached"
    CASE_OPENED_FROM = "filed: case opened from"
    NOTE_NAMES = "filed: note names"
    DECLINE_TAKEN_BACK = "filed: decline taken back"
    DECLINED_BY_PERSON = "filed: declined by person"
    ANSWER_CAME_BACK = "filed: answer came back"
    TAKEN_OUT = "filed: taken out"
    UNJUDGED = "filed: unjudged"
    PUT_BACK = "filed: put back"


class CitizenDoubt(Sentence):
    """Why a person decides about an apparent citizen's report."""

    NO_PUBLIC_PROVIDER = "doubt: no public provider"
    FORWARD = "doubt: forward"
    ATTACHMENT = "doubt: attachment"
    LONG = "doubt: long"
    AUTHORITYS_WORDS = "doubt: authoritys words"
    NO_CITIZENS_WORDS = "doubt: no citizens words"


class ArrivalDoubt(Sentence):
    """Why an arrival time is in doubt."""

    BEFORE_LOOK = "dispute: before look"
    SERVER_LINE = "dispute: server line"
    AFTER_SIGHT = "dispute: after sight"
    TOO_OLD = "dispute: too old"
    NO_INSTANT = "dispute: no instant"
    OWN_LINE = "dispute: own line"
    LAST_HOP = "dispute: last hop"
    MBOX_LINE = "dispute: mbox line"
    MAILDIR = "dispute: maildir"
    FILE = "dispute: file"
    MOVED = "dispute: moved"
    BEFORE_SENDING = "dispute: before sending"


class MachineStatement(Sentence):
    """What a mail says that a platform's machine wrote, besides that ours arrived."""

    QUESTION = "says: question"
    PROMISE = "says: promise"
    ANSWER = "says: answer"
    TICKET = "says: ticket"
    COMMENT = "says: comment"
    READ = "says: read"
    UNREAD = "says: unread"
    HANDLED = "says: handled"
    ABSENCE = "says: absence"
    ABSENCE_UNTIL = "says: absence until"
    REPORT = "says: report"


class PlacementBasis(Sentence):
    """What placed a mail in its case."""

    TOKEN = "basis: token"
    REFERS = "basis: refers"
    NUMBER = "basis: number"
    TAIL = "basis: tail"
    QUOTES = "basis: quotes"
    REFERENCE_QUOTES = "basis: reference quotes"
    PLACED_BEFORE = "basis: placed before"
    REFERENCE = "basis: reference"
    TAKES_BACK = "basis: takes back"
    REFERS_TOO = "basis: refers too"
    REPORTS = "basis: reports"
    SCORE = "basis: score"
    ENCLOSED = "basis: enclosed"
    BY_HAND = "basis: by hand"
    OURS = "basis: ours"


class SuggestionText(Sentence):
    """A suggestion, and the clues for it."""

    SUGGESTION = "hint: suggestion"
    ATTACHED = "hint: attached"
    SAME_REFERRAL = "hint: same referral"
    OUR_KEY = "hint: our key"
    SAME_THREAD = "hint: same thread"
    NUMBER = "hint: number"
    TAIL = "hint: tail"
    QUOTES = "hint: quotes"
    PLACED_BEFORE = "hint: placed before"
    OTHER_SUBJECT = "hint: other subject"
    WAITS = "hint: waits"
    SAME_TEXT = "hint: same text"
    SAME_SUBJECT = "hint: same subject"
    SAME_ADDRESS = "hint: same address"
    SAME_SENDER = "hint: same sender"
    SAME_ORGANISATION = "hint: same organisation"
    NOT_TO_US = "hint: not to us"
    NOT_VERIFIED = "hint: not verified"
    OTHER_ADDRESS = "hint: other address"
    OTHER_HOST = "hint: other host"
    OTHER_CASE_WAITS = "hint: other case waits"
    OTHER_RECIPIENT = "hint: other recipient"
    CLOSED = "hint: closed"
    NOT_ENOUGH = "hint: not enough"


class SenderEvidence(Sentence):
    """The evidence about a sender."""

    NOBODY_ASKED = "vouched: nobody asked"
    ONLY_PLATFORMS = "vouched: only platforms"
    NO_SERVER = "vouched: no server"
    NO_AUTHOR = "vouched: no author"
    SAYS_NOTHING = "vouched: says nothing"
    UNREADABLE_FAIL = "vouched: unreadable fail"
    DMARC = "vouched: dmarc"
    OTHER_DOMAIN = "vouched: other domain"
    SERVER_OF = "vouched: server of"
    LOGIN = "vouched: login"
    MARK = "vouched: mark"
    MARK_UNPROVEN = "vouched: mark unproven"
    REHEARSED = "vouched: rehearsed"
    THIS_MAIL = "vouched: this mail"
    BOTH = "vouched: both"
    ENCLOSED = "vouched: enclosed"
    COMPOSED = "vouched: composed"
    CONFIRMED = "vouched: confirmed"
    REFUSED = "vouched: refused"


class SignatureProof(Sentence):
    """What a DKIM signature proves."""

    TOO_LARGE = "signature: too large"
    HEADER = "signature: header"
    NONE = "signature: none"
    WEAK = "signature: weak"
    STRICT = "signature: strict"
    FAULT = "signature: fault"
    FITS = "signature: fits"
    ALTERED = "signature: altered"
    QUESTIONS = "signature: questions"
    NO_ANSWER = "signature: no answer"
    KEY_MISSING = "signature: key missing"
    IDENTITY = "signature: identity"
    KEY_UNREADABLE = "signature: key unreadable"
    KEY_SHORT = "signature: key short"
    ALGORITHM = "signature: algorithm"
    PARTIAL = "signature: partial"
    UNCOVERED = "signature: uncovered"
    REPEATED = "signature: repeated"
    EXPIRED = "signature: expired"
    UNDATED = "signature: undated"
    OLD = "signature: old"
    KEY_WITHDRAWN = "signature: key withdrawn"
    NO_KEY = "signature: no key"
    KEY_KIND = "signature: key kind"
    KEY_HASH = "signature: key hash"
    KEY_PURPOSE = "signature: key purpose"
    KEY_TEST = "signature: key test"


class IngestRefusal(Sentence):
    """Why `ingest` refuses a mail, file or folder."""

    MISSING = "not taken: missing"
    UNREADABLE = "not taken: unreadable"
    NO_MAIL = "not taken: no mail"
    NO_MBOX = "not taken: no mbox"
    NO_OUTLOOK = "not taken: no outlook"
    EMPTY = "not taken: empty"
    NOTHING = "not taken: nothing"
    NO_HEADER = "not taken: no header"
    LINK = "not taken: link"
    DEEP = "not taken: deep"
    TOO_LARGE = "not taken: too large"
    CHANGED = "not taken: changed"


class ReadingField(Sentence):
    """A field of a request to read in the archive; its name is the field's."""

    WORDS = "asked: words"
    NUMBER = "asked: number"
    CORRESPONDENT = "asked: correspondent"
    DATE = "asked: date"
    TAG = "asked: tag"
    CASE = "asked: case"
    ELECTION = "asked: election"
    IN_TEXT = "asked: in_text"
    AS_OF = "asked: as_of"
    ANNEX = "asked: annex"
    AS_APPROVED = "asked: as_approved"
    ALL = "asked: all"


class LongValue(Sentence):
    """A list, or the whole of something, that is too long for a line."""

    STEPS = "listed: steps"
    PLACES = "listed: places"
    REPORT = "listed: report"

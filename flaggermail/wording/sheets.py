# SPDX-License-Identifier: EUPL-1.2
"""What the sheets of a case, a draft and a mail say: the questions of a form, and what was calculated or compared."""

from __future__ import annotations

from flaggermail.wording.said import Sentence


class ClockText(Sentence):
    """Why nothing is due of an open clock now."""

    DUE = "clock: due"
    ACKNOWLEDGED = "clock: acknowledged"
    ALL_TOLD = "clock: all told"
    NONE_FELL_DUE = "clock: none fell due"


class FormQuestion(Sentence):
    """A question of the assessment."""

    INCORRECT = "form: incorrect"
    CONTRADICTS = "form: contradicts"
    CRITERIA = "form: criteria"
    ASPECTS = "form: aspects"
    OWN_ATTEMPTS = "form: own attempts"
    OWN_ATTEMPTS_DATED = "form: own attempts dated"
    ALL_MEANS_USED = "form: all means used"
    OVERRIDE_REASON = "form: override reason"
    SATIRE = "form: satire"


class FormFaultText(Sentence):
    """What is wrong with an answer of the assessment."""

    UNKNOWN = "form fault: unknown"
    BOOLEAN = "form fault: boolean"
    TEXT = "form fault: text"
    NUMBERS = "form fault: numbers"
    ASPECTS = "form fault: aspects"
    NUMBER = "form fault: number"


class PreviewText(Sentence):
    """What a preview has a placeholder for."""

    TAIL = "preview: tail"
    TOKEN = "preview: token"
    MESSAGE_ID = "preview: message-id"
    DATE = "preview: date"


class RuleText(Sentence):
    """What becomes of a mail by the rules."""

    BECOMES = "rules: becomes"
    OUTCOME = "rules: outcome"
    OUTCOME_WITH = "rules: outcome with"


class PlaceWord(Sentence):
    """Where a mail is filed."""

    CASE = "place: case"
    QUARANTINE = "place: quarantine"
    NOISE = "place: noise"
    DECLINED = "place: declined"
    OWN = "place: own"


class SampleDifference(Sentence):
    """How an anonymised mail is read otherwise than the mail itself."""

    KIND = "sample: kind"
    FORWARD = "sample: forward"


class SentFileRefusal(Sentence):
    """Why files that came with a request are refused."""

    FOLDER = "sent: folder"
    PATH = "sent: path"
    TOO_MANY = "sent: too many"
    TOO_LONG = "sent: too long"
    NO_BASE64 = "sent: no base64"
    NO_MAIL = "sent: no mail"


class LookingText(Sentence):
    """Who else looks at the same case, draft or mail."""

    ALSO = "looking: also"
    ONE = "looking: one"

# SPDX-License-Identifier: EUPL-1.2
"""The field of a request that a refusal is about, by the code of the refusal, and what would be right in its place.

Commands and views call one thing by several names: of the names in a line of the table, the one that the request's
class has is the field; the first where the class is not known. A refusal that is in no line is about no field: it is
about who asks, about the desk, or about the request as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping

from flaggermail.wording.refusals import AnnexRefusal, CommandRefusal, ReportRefusal, SendingRefusal, ViewRefusal
from flaggermail.wording.said import Sentence, StoredText
from flaggermail.wording.sheets import SentFileRefusal

Names = tuple[str, ...]

WANTED = ("wanted", "allowed", "meant", "known", "example", "drafts", "stories", "uses", "right")
"""The details of refusals that say what would be right: one value, or all that are possible."""
_C, _A, _V, _S = CommandRefusal, AnnexRefusal, ViewRefusal, SentFileRefusal
_OF: Mapping[Names, tuple[Sentence, ...]] = {
    ("case", "draft", "of"): (
        _V.DOSSIER_EMPTY, _V.DOSSIER_TOO_LARGE, _V.TEXT_WITHIN_CASE, _C.CASE_OR_ELECTION, _C.NOBODY_TO_ASK,
        _C.CLOSED_TO_QUESTIONS, _C.NOT_READY_TO_NOTIFY, _C.NOTIFIED_ALREADY, _C.CASE_CLOSED_ALREADY, _C.CASE_UNDECIDED,
        _C.NOT_DECIDED_TO_NOTIFY, _C.EXERCISE_NOT_ACCOUNTED, _C.NOTHING_TO_ACCOUNT, _C.NO_SUCH_CASE,
        _C.NOBODY_TO_WRITE_TO, _C.WHOLE_NUMBER, _C.REFERRER_UNPROVEN, _C.REFERRER_TO_CALL, _C.HOLD_OF_ONE_THING,
        _C.NAME_THE_CASE, _C.PLACE_FIRST, _C.SAY_WHERE, _A.NONE_SENT,
    ),
    ("related",): (_C.NO_PRECEDENT, _C.RELATED_TO_ITSELF),
    ("items",): (_C.NOTHING_TO_ASK,),
    ("criteria",): (_C.CRITERIA_UNKNOWN,),
    ("own_attempts",): (_C.ATTEMPTS_OUT_OF_RANGE,),
    ("ground",): (_C.GROUND_OF_DECLINE,),
    ("type",): (_C.NOTHING_TO_CORRECT, _C.IS_SO_ALREADY),
    ("tags",): (_C.NARRATIVE_UNKNOWN, _C.NARRATIVE_BORNE),
    ("remove",): (_C.NARRATIVE_NOT_BORNE,),
    ("draft", "case"): (
        _C.DRAFT_OF_CLOSED_CASE, _C.DRAFT_BY_ONESELF, _C.DRAFT_APPROVED_BY_ONESELF,
        _C.DRAFT_WAITS, _C.NO_SUCH_DRAFT, _C.NO_DRAFT_OF_CASE, _C.WHICH_DRAFT, _C.NO_DRAFT_ANY_MORE,
        SendingRefusal.DRAFT,
    ),
    ("policy_read",): (_C.POLICY_DAY_TO_REPEAT,),
    ("code",): (
        _C.CODE_WRONG, _C.CODE_LATE, _C.CODE_SPENT, _C.CODE_CLOCK_BACK, _C.CODE_NO_DEVICE, _C.CODE_LOCKED,
        _C.CODE_LOST, _C.CODE_SHARED, _C.CODE_NO_PAGER, _C.CODE_NOT_GIVEN,
    ),
    ("channel", "draft", "case"): (
        _C.CHANNEL_BOUNCED, _C.CHANNEL_UNKNOWN, _C.CHANNEL_NOT_VALID, _C.NOTE_NEEDS_CHANNEL, _C.USE_NEEDS_CHANNEL,
        _C.TEXT_NOT_APPROVED, _C.EXCHANGE_NEEDS_CHANNEL, _C.APPROVED_NOT_DONE, _C.CHANNEL_FOR_EXERCISES,
        _C.CHANNEL_IS_REAL,
    ),
    ("text",): (
        _V.TEXT_TOO_LONG, _V.TEXT_NOT_KEPT, _V.QUOTE_OPEN, _V.NO_WORD, _V.STAR_WITHIN, _V.STEM_TOO_SHORT,
        _C.TEXT_NEEDED, _C.DRAFT_FAULTY, _C.DRAFT_FAULTY_LETTER, _A.OTHER_FORM, _A.NO_HEAD, _A.WITHIN_A_MARK,
        _A.ENDS_NO_MARK, _A.EMPTY_MARK, _A.OPEN_MARK, _A.NO_GROUND, _A.OVER_A_LABEL, _A.TEXT_DIFFERS, _A.LABEL_DIFFERS,
    ),
    ("address",): (_C.ADDRESS_NOT_BAD,),
    ("effective_at",): (_C.USED_BEFORE_APPROVAL, _C.NOTE_IN_FUTURE),
    ("means",): (_C.MAIL_IS_NO_NOTE,),
    ("message", "from_message"): (
        _S.NO_MAIL, _C.MESSAGE_HAS_CASE, _C.MESSAGE_DESTROYED, _C.NOT_TO_DECLINE,
        _C.NO_CITIZENS_REPORT, _C.NO_SUCH_MESSAGE, _C.MARK_IT, _C.MARKED_ALREADY, _C.NO_PLATFORMS_MAIL, _C.NO_COPY,
        _C.NO_ANSWER_OF_OURS, _C.TO_NO_CHANNEL, _C.VERIFIED_ALREADY, _C.SENT_FROM_HERE, _C.COMPOSED_HERE,
        _C.DECLINED_ALREADY, _C.IN_QUARANTINE_ALREADY, _C.ACTED_SINCE_PLACING, _C.NO_REPORT, _C.SENDER_NOT_VERIFIED,
        _C.EXERCISE_TEACHES_NOTHING, _C.OCTETS_DESTROYED, _C.KEPT_BY_HOLD, _C.EXCLUDED_ALREADY, _C.EXCLUDES_NO_CASE,
        _C.EXCLUDES_NOTHING_OURS, _C.EXCLUDES_WHAT_IS_JUDGED, _C.EXCLUDES_IN_WINDOW, _C.EXCLUDES_NOTHING_HELD,
        _C.EXCLUDES_WITH_OUTER, _C.EXCLUDES_NO_PLATFORM, _C.EXCLUDES_NO_ANSWER, _C.EXCLUDES_AFTER_SENDING,
        _A.DESTROYED, _A.LOST,
    ),
    ("kinds",): (_C.NAME_A_KIND,),
    ("at",): (_C.INSTANT_UNKNOWN, _C.INSTANT_IN_FUTURE, _C.INSTANT_KNOWN),
    ("remember",): (_C.REMEMBER_NEW,),
    ("notification",): (
        _C.NAME_THE_USE, _C.NO_SUCH_NOTIFICATION, _C.NOTIFICATION_ELSEWHERE, _C.NOTIFICATION_TO_ANOTHER,
    ),
    ("mail",): (
        _C.NO_SUCH_MAIL, _C.NOT_UNCERTAIN, _C.ROW_DIFFERS, _C.WAITS_NO_MORE, _C.PERHAPS_TAKEN, _C.IN_DOUBT,
        _C.REFUSED_FOR_GOOD, _C.NEVER_LEFT, _C.FITS_SEVERAL, SendingRefusal.MAIL,
    ),
    ("sent_at",): (_C.SAY_WHEN_SENT, _C.SENT_IN_FUTURE, _C.SENT_BEFORE_WRITTEN),
    ("officer",): (
        _C.OFFICER_NOT_IN_ROTA, _C.APPROVES_NOTHING, _C.ENROLLER_APPROVES, _C.NO_SUCH_OFFICER, _C.HAS_NO_DEVICE,
        _C.HAS_DEVICE, _C.NO_OTHER_OFFICER, _C.OFFICER_NOT_CLEAR, _C.HAS_SHIFT, _C.NO_PAGER, _C.PAGERS_OF_ANOTHER,
    ),
    ("device",): (_V.DEVICE_NOT_WAITING, _V.SECRET_MISSING, _C.NO_SUCH_DEVICE),
    ("reminder",): (_C.NO_SUCH_REMINDER, _C.ACKNOWLEDGED_ALREADY),
    ("shift",): (_C.NO_SUCH_SHIFT, _C.SHIFT_OVER, _C.NOBODY_ON_CALL),
    ("other",): (_C.SAME_HOLDER,),
    ("ends_at",): (_C.ENDS_BEFORE_BEGIN,),
    ("election", "code", "case"): (
        _C.ELECTION_CLOSED, _C.ELECTION_EXISTS, _C.ELECTION_CODE, _C.ELECTION_CLOSED_ALREADY, _C.NO_SUCH_ELECTION,
        _C.NEAR_ELECTION, _C.EXERCISE_HAS_NO_FIGURES, _C.NO_OPEN_ELECTION, ReportRefusal.NO_DRAFT,
        ReportRefusal.INCOMPLETE, ReportRefusal.FROZEN, ReportRefusal.DISAGREES, ReportRefusal.NOT_FROZEN,
        ReportRefusal.NOT_OVER, ReportRefusal.EXERCISE, ReportRefusal.DAMAGED, ReportRefusal.WHICH_ELECTION,
    ),
    ("polling_days",): (_C.NO_POLLING_DAY, _C.POLLING_DAY_OUTSIDE),
    ("story",): (_C.NO_SUCH_STORY,),
    ("speed",): (_C.SPEED_NEEDS_STORY, _C.SPEED_OUT_OF_RANGE),
    ("even_today",): (_C.POLLING_DAY_TODAY,),
    ("with_waiting",): (_C.MAIL_WAITED_BEFORE,),
    ("platform",): (_C.NEAR_PLATFORM, _C.NO_SUCH_PLATFORM),
    ("as_of",): (_C.AS_OF_IN_FUTURE,),
    ("until",): (_C.DAYS_BACKWARDS, _C.HOLD_ENDED_BEFORE),
    ("since",): (_V.HEAD_UNREADABLE, _C.DAYS_NOT_BEGUN),
    ("language",): (_V.LANGUAGE_UNKNOWN, ReportRefusal.LANGUAGE_NOT_HELD),
    ("octets",): (_V.NO_BASE64, ReportRefusal.NOT_BASE64),
    ("domain", "message"): (
        _C.LISTED_ALREADY, _C.LISTED_NOT_REMEMBERED, _C.NOT_REMEMBERED, _C.PLATFORM_ANSWERS_THERE, _C.NOT_REGISTERED,
        _C.FREE_MAIL, _C.PLATFORMS_DOMAIN, _C.OWN_DOMAIN,
    ),
    ("source",): (_C.NO_LIST_OF_SOURCE,),
    ("hold",): (_C.NO_SUCH_HOLD, _C.HOLD_LIFTED_ALREADY, _C.HOLD_IS_OVER),
    ("of",): (_A.NO_MAIL, _A.NO_REPLY, _A.NOT_SENT, _A.NAME_THE_USE, _A.NOTHING_KEPT),
    ("annex",): (
        _A.ROW_GONE, _A.UNKNOWN, _A.DECIDED, _A.READ_OTHERWISE, _A.NEWER_MAIL, _A.NOT_APPROVED, _A.NOT_CONFIRMED,
        _A.OWN_MARKS, _A.UNKNOWN_HANDS, _A.WITHDRAWN,
    ),
    ("revision", "text"): (_A.OTHER_REVISION,),
    ("marks",): (_A.MARK_OUTSIDE, _A.UNTICKED),
    ("name",): (_V.SCHEMA_UNKNOWN, _S.FOLDER),
    ("attachment", "number"): (
        _V.ATTACHMENT_ALONE, _V.ATTACHMENTS_ALIKE, _V.NO_SUCH_ATTACHMENT, _V.NO_PICTURE, _V.PICTURE_TOO_LARGE,
        _V.PICTURE_BROKEN, _V.PICTURE_GIVEN_UP,
    ),
    ("files",): (_S.PATH, _S.TOO_MANY, _S.TOO_LONG),
    ("exercise",): (_V.STORY_NOT_PLAYED,),
    ("words",): (_V.NOTHING_TO_FIND, _V.WORD_NOT_UNDERSTOOD),
    ("messages",): (_V.NO_THREADS,),
    ("correspondent",): (_V.NO_CORRESPONDENT,),
    ("date",): (_V.NO_DATE, _V.DATES_BACKWARDS, _V.NO_DAY, _V.DAY_TOO_FAR),
    ("tag",): (_V.NO_TAG,),
    ("cursor",): (_V.NO_CURSOR,),
    ("version",): (_C.VERSION_UNKNOWN, _C.VERSION_TOO_OLD, _C.CHANGED_SINCE, _C.CHANGED_SINCE_ON),
}  # fmt: skip
_NAMES_IT = frozenset({_C.NOT_ONE_OF, _C.EMPTY})
"""Refusals that have the field as their detail `name`."""
_FIELDS: Mapping[str, Names] = {one.value: names for names, several in _OF.items() for one in several}


def fields_of(refusal: StoredText) -> Names:
    """Returns the names of the field that a refusal is about; none if it is about no field."""
    if refusal.code in _NAMES_IT:
        return (str(refusal.detail("name")),)
    if refusal.code == ViewRefusal.NO_LIST_OF_TEXTS:
        return (str(refusal.detail("field")),)
    if (fault := _first_fault(refusal)) is not None:
        return (str(fault.detail("field")),)
    return _FIELDS.get(refusal.code, ())


def wanted(refusal: StoredText, language: str) -> str:
    """Returns what would be right instead of what was refused, in a language; empty if the refusal does not say it."""
    said = _first_fault(refusal) or refusal
    return next((text for name in WANTED if (text := said.worded(name, language))), "")


def _first_fault(refusal: StoredText) -> StoredText | None:
    """Returns the first of the faults of a request that cannot be read; None for any other refusal."""
    faults = refusal.sentences("faults") if refusal.code == CommandRefusal.REQUEST_FAULTY else ()
    return faults[0] if faults else None

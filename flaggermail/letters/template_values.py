# SPDX-License-Identifier: EUPL-1.2
"""The mail templates and the names that each may use: exactly those that the callers supply.

| name | value |
|---|---|
| `number` | str; None without a case, as for a decline |
| `polling_day` of the readiness letter, `policy_read_on`; `polling_days` | date; list of dates |
| `sent_at`, `now`, `due_at`, `until`, `enrolled_at` | aware datetime |
| `sent_at` of a reply's answer and of the case form | aware datetime: when the reply arrived |
| `minutes`, `attempts` | int: minutes since sending or since the opening of the case; the owner's own attempts |
| `minutes` of an officer's notice, of an alarm | int or None: from the sending to the arrival of the mail, or to now |
| `title`, `platform` of mail to an officer | str: of the case and of the notification that it is about; or empty |
| `original` | mapping with `sender` and `text` (str), the forwarded mail; or None |
| `whole` | str: the command that shows the whole mail; empty if `text` is all of it |
| `clocks` of an officer's notice, `unstopped` | as in `did` of a reply's answer |
| `criteria`, `aspects` | list of int 1 to 3; list of str: organisation, conduct, integrity |
| `earlier` | list of mappings or objects with `number` (str) and `sent_on` (date) |
| `report_urls` | list of mappings or objects with `platform` and `url` (str) |
| `told` | list of mappings or objects with `at` (aware datetime) and `officer` (str) |
| `phone`, `platform` and `channel` of a reminder or escalation, `acknowledged`, `acknowledged_by` | str or None |
| `phone` of a call sheet, a submission request and an alarm | str or None |
| `acknowledged` | the time, or a longer text; `acknowledged_by` names the officer |
| `can_confirm`, `understood`, `follow_up`, `approved`, `unsure`, `automatic` | bool |
| `asks` | bool: asks whether somebody is still on it, after an acknowledgement has expired |
| `persons`, `have` | int: how many must approve, how many did |
| `void`, `still` of an approval | lists of str: whose approval does not count, who may still approve |
| `state` of an approval | str: a `record.states.MailState`, or withheld; empty if nothing leaves by mail, or not yet |
| `since`, `away` of an approval | aware datetime or None: queued since; bool: because the server is away |
| `what` of an approval | str: the server's answer, or why it is withheld |
| `by` of an approval | str: who said that the mail was sent; empty if our server or a copy of it did |
| `officers`, `own` of an approval | list of str: who decided; bool: the reader did |
| `policy_age` | int or None: the days since the policy was read |
| `stale`, `repeats` | bool: these days are many; the approver repeats the day |
| `to`, `cc` | list of str: addresses |
| `changed` | bool: the referrer was told another decision before |
| `why` | str: a decline reason (cases.assessment), or refer, or none |
| `missing` | list of str: attempts, screenshot, link, contact |
| `attachments`, `suggestions`, `what_would_work` | list of str |
| `signed` | mapping with `signer`, `signer_phone` and `signer_organisation` (str), as the sender signed, or empty |
| `alike` | list of mappings with `case`, `reply` (str: what to type), `title` (str), `minutes` (int), `why` (list) |
| `named` of a case form | list of str: the names of the platforms in the referral |
| `suggestions` of a case form | list of str: web addresses, proposed as the text |
| `total`, `more`, `waiting` | int: mails of a digest, or reminders; `more` are not listed, `waiting` are quarantined |
| `history` | int: old mails moved in within a day, which are kept apart |
| `cases` | list of str: case numbers |
| `open_cases` | list of mappings with `number`, `title`, `state` (str, see records.Case) |
| `entries` | list of objects with `at` as `sent_at`, `sender`, `verdict`, `subject` and `place` (str) |
| `verdict` | str: verified, unverified or failed; of the sender |
| `unread` | int: mails not read whole, with the one that brought the others; of a case form bool: without its text |
| `whose` | str: the class of trust of held-back mail (`SenderTrust`), empty for the desk's own alarms |
| `entries` of held-back mail | the same with `alarm` (bool), `kind`, `number` and `next_step` (str) for `place` |
| `silences` | list of mappings with the names of a reminder, and `case` (str) for its number |
| `clocks` | list of mappings with `about`, `clock`, `officer` (str), `sent_at`, `due_at` (None if no step is left) |
| `awaited` | list of mappings with `case`, `title`, `platform`, `sent_at`, and `contact` as in `matters`, or None |
| `late`, `going_on` | list of mappings with `case`, `title`, `platform`, `clock` (str), `minutes` (int) |
| `drafts`, `answers` | list of mappings with `draft`, `platform`, `at`; as `entries`, with `number` |
| `stuck` | list of mappings with `case`, `title`: to be notified, and nothing is on its way |
| `counts` | mapping of int: how many there are of each list, with `replies`, `held` and `outbox` |
| `state`, `decision` of a shown case | str, as in record.rows.Case; `officer`, `sender`: str or empty |
| `notifications` | list of mappings with `platform`, `state`, `sent_at`, `clocks` |
| `clocks` of one of `notifications` | list of mappings with `kind`, `state` (str), `at` (or None), `minutes` (int) |
| `entries` of a shown case | as `entries`, with `ours` (bool); `at`: when the reply arrived, `sent_at`: the opening |
| `unanswered`, `in_hand` | list of mappings with `about`, `officer` (str) and `at`: sent, acknowledged until |
| `uncertain`, `withheld` | list of mappings with `place`, `number`, `recipient` (str), `why` (str): it is withheld |
| `behind` | int: minutes by which a mail is late; for several steps, since the first fell due |
| `kind` | str: the subject; `reminder` or `escalation` for several; the recipient role for quarantined mail |
| `clock` | str: receipt, human, decision |
| `replies` | list of str: the possible replies to this mail, one act each |
| `matters` | list of mappings with `case`, `sent_at`, `phone` and `platform` (empty if undecided) |
| `channels` | list of mappings with `code`, `name` and `kind`: mail, portal or phone |
| `earlier` of a case form | list of mappings with `number`, `title`, `criteria`, `rule`, `decision`, `reason` |
| `moments` | list of mappings with `at`, `what` (notices.debrief.Turn), `about`, `officer` (str), `minutes` or None |
| `waits` | list of mappings with `place`, `subject` (str), `minutes` (int), `still` (bool) |
| `unclear` | list of mappings with `place`, `subject` (str): mail that no rule placed or classified |
| `story`, `speed` | str; int: minutes of the story in one |
| `details`, `bounced` | list of str |
| `policies`, `pagers`, `unused`, `certificates` of the readiness letter | list of mappings with `name`, `days` |
| `hours`, `running`, `uses` | int |
| `rehearsed`, `longest`; `since` | int or None: days, minutes; aware datetime or None |
| `line_read` | str: the line of a refused reply that was read; empty if it was performed |
| `in_the_way`; `code_spent` | str: the words of that line which kept it from being understood; bool |
| `until` of a reply's answer | aware datetime or None: until when no code counts |
| `why` of a reply | str: a value of `replies.answered.Why`, empty if it was performed |
| `did` | list of mappings with `what` and its details: see `flaggermail.replies` |
| `by_reply` | str: a value of `settings.sections.ByReply`: how the recipient can approve by reply |
| `what` of a device | str: enrolled, confirmed, locked, revoked; `by` made the device, `actor` did this |
| `platforms` of a section of the report | str: the names of all platforms, listed |
| any other | str, possibly empty |
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from flaggermail.record.case_values import LanguageCode


class Unstopped(StrEnum):
    """Why a mail or note that could be an answer stopped no clock."""

    NO_NOTIFICATION = "no notification"  # it answers none that was sent
    NEVER_ASKED = "never asked"  # it is a platform's, which was asked nothing in that case
    UNVERIFIED = "sender not verified"
    NO_ANSWER = "no answer"  # by its kind; a call that reached nobody
    BEFORE_SENDING = "before the sending"
    STOPPED_BEFORE = "stopped before"  # by an earlier answer


class MomentKind(StrEnum):
    """The kind of a moment in a rehearsal."""

    CAME = "came"
    ANSWERED = "answered"  # a platform, about a notification
    PLACED = "placed"
    TAKEN = "taken"
    ASSESSED = "assessed"
    DECIDED = "decided"
    APPROVED = "approved"
    SENT = "sent"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    PAGED = "paged"
    NOTED = "noted"


class ReplyRefusal(StrEnum):
    """Why a reply is refused."""

    UNKNOWN = "not understood"
    TWO = "two verbs"
    DOUBT = "words of doubt"
    BESIDE = "words beside it"
    CODE = "wrong code"
    CODE_LATE = "code too late"
    CODE_SPENT = "code spent"
    CLOCK_BACK = "clock set back"
    BY_COMMAND = "by command only"
    NO_DEVICE = "no device"
    DEVICE_LOCKED = "device locked"
    DEVICE_LOST = "device lost"
    DEVICE_SHARED = "device made by an approver"
    NO_PAGER = "no pager"
    CODE_NOT_GIVEN = "no code given"
    NAME = "no such officer"
    INSTANT = "no such time"
    TWICE = "a time that came twice"
    LINES = "lines missing"
    CHANNEL = "no such channel"
    UNCHANGED = "form unchanged"
    TYPE = "no such type"
    SOURCE = "no such source"
    NOTHING = "nothing is asked"
    FORWARD = "a forward"
    FOREIGN = "somebody else was asked"
    TWO_MAILS = "answers two mails"
    EXPIRED = "expired"
    USED = "answered before"
    ACTED = "acted on since"
    SETTLED = "settled before"
    REFUSED = "refused"
    FORM = "form as sent is missing"
    SENDER = "another sender"
    RESENT = "sent on"
    HIDDEN = "hidden text"
    DISAGREE = "alternatives disagree"


LANGUAGES = tuple(LanguageCode)

EVERY = frozenset({"organisation", "desk_address", "number", "language"})

PLATFORM = frozenset({
    "platform", "channel", "election", "polling_days", "policy_title", "policy_url", "policy_read_on", "can_confirm",
    "criteria", "aspects", "title", "text", "earlier", "authority", "attempts", "contact",
})  # fmt: skip

MATTER = frozenset({"title", "platform"})
"""What the first line of a mail to an officer names, beside the minutes."""

OFFICER = MATTER | {"replies"}

LATE = frozenset({
    "platform", "channel", "minutes", "sent_at", "now", "due_at", "phone", "clock", "acknowledged", "behind", "parked",
    "known",
})  # fmt: skip

APPROVAL = MATTER | {"draft", "follow_up", "channel", "kind", "persons"}

PLATFORM_TEMPLATES = ("notification", "general_warning", "channel_recovery", "advert", "follow_up", "own_text")

REPORT_TEMPLATES = ("report_background", "report_method")
"""Sections of the report to Parliament that seldom change: `Subject` is the heading, `- ` begins an item of a list."""

TO_OTHERS = frozenset({
    *PLATFORM_TEMPLATES, *REPORT_TEMPLATES, "call_sheet", "decided_not_to_notify", "decided_to_notify", "decline",
    "exercise_mark", "information_request", "intake_confirmation", "referrer_reply",
})  # fmt: skip
"""Templates of what platforms, referrers, citizens and Parliament read; all others are of mail to officers."""

PLAIN_TEMPLATES = frozenset({*PLATFORM_TEMPLATES, *REPORT_TEMPLATES, "call_sheet", "decline"})
"""Templates of plain text of fixed lines. Mail to officers and referrers is written in both shapes."""

VALUES: Mapping[str, frozenset[str]] = MappingProxyType({
    **dict.fromkeys(PLATFORM_TEMPLATES, EVERY | PLATFORM),
    **dict.fromkeys(REPORT_TEMPLATES, frozenset({"organisation", "platforms"})),
    "call_sheet": EVERY | PLATFORM | {"phone"},
    "submission_request": EVERY | OFFICER | {"kind", "platform", "channel", "phone", "subject", "text", "next_step"},
    "referrer_reply": EVERY | {"text"},
    "intake_confirmation": EVERY | {"title", "phone"},
    "information_request": EVERY | {"missing", "question"},
    "decided_to_notify": EVERY | {"changed"},
    "decided_not_to_notify": EVERY | {"changed", "why", "reason", "advice"},
    "decline": EVERY | {"report_urls"},
    "exercise_mark": EVERY,
    "officer_notice": EVERY
    | OFFICER
    | {"kind", "sender", "subject", "text", "attachments", "suggestions", "next_step", "missing", "urgent", "labels"}
    | {"open_cases", "unsure", "verdict", "unread", "hops", "original", "whole", "minutes", "clocks", "unstopped"}
    | {"automatic", "says", "comment", "alike", "signed", "carried", "together", "to_matter"},
    "approval_request": EVERY | APPROVAL
    | {"author", "to", "cc", "policy_title", "policy_url", "policy_read_on", "subject", "text", "code", "until"}
    | {"by_reply", "policy_age", "stale", "repeats"},
    "approval_notice": EVERY | APPROVAL
    | {"officers", "own", "approved", "reason", "have", "state", "sent_at", "since", "away", "what", "by"}
    | {"void", "still"},
    "reminder": EVERY | OFFICER | LATE | {"asks"},
    "escalation": EVERY | OFFICER | LATE | {"told", "acknowledged_by"},
    "reminder_digest": EVERY | OFFICER | {"kind", "total", "more", "behind", "silences"},
    "awaited": EVERY | OFFICER | {"total", "more", "awaited"},
    "resent_notice": EVERY | OFFICER | {"name", "sent_at", "subject", "text"},
    "reminder_handed_over": EVERY | OFFICER | {"by", "matters"},
    "played_call": EVERY | OFFICER | {"text"},
    "passed_on": EVERY | OFFICER | {"name", "text", "kind", "what", "next_step"},
    "case_form": EVERY | {"title", "type", "sender", "verdict", "text", "unread", "missing", "earlier", "channels"}
    | {"suggestions", "form", "sent_at", "original", "signed", "named"},
    "alarm": EVERY | OFFICER | {"kind", "what", "next_step", "phone", "minutes"},
    "debrief": EVERY | {"story", "speed", "sent_at", "until", "moments", "waits", "unclear", "unanswered", "more"},
    "digest": EVERY | {"total", "more", "cases", "waiting", "entries", "next_step", "history"},
    "noise_digest": EVERY | {"total", "more", "entries", "next_step"},
    "readiness": EVERY | {"election", "polling_day", "total", "policies", "hours", "since", "pagers", "unused"}
    | {"bounced", "certificates", "rehearsed", "running", "longest", "uses", "next_step"},
    "held_notices": EVERY | {"replies"} | {"total", "more", "whose", "entries", "next_step"},
    "quarantine_reminder": EVERY | {"replies"} | {"kind", "total", "more", "entries", "next_step"},
    "handover": EVERY
    | OFFICER
    | {"total", "open_cases", "clocks", "awaited", "unanswered", "in_hand", "waiting", "entries", "uncertain"}
    | {"withheld"},
    "desk_summary": EVERY | OFFICER
    | {"at", "late", "going_on", "awaited", "drafts", "answers", "entries", "uncertain", "counts", "waiting", "officer"}
    | {"sent_at", "stuck", "withheld"},
    "case_summary": EVERY | OFFICER
    | {"state", "decision", "officer", "sent_at", "sender", "notifications", "entries", "more", "at"},
    "reply_answer": EVERY | MATTER
    | {"understood", "why", "details", "did", "form", "what_would_work", "by_reply", "draft", "sent_at", "line_read"}
    | {"in_the_way", "code_spent", "until"},
    "device_enrolled": EVERY | OFFICER | {"by", "until"},
    "device_notice": EVERY | OFFICER | {"what", "officer", "by", "actor", "enrolled_at"},
})  # fmt: skip

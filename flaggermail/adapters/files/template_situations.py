# SPDX-License-Identifier: EUPL-1.2
"""Situations in which a mail is written: values for each branch of each template, to try it before it is used.

A situation is coherent, as the callers of `writing.render` make it: one without a case has no number, a clock of the
decision has no platform. `names` in `letters.template_values` says which values a template gets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from flaggermail.letters.template_values import PLATFORM_TEMPLATES, VALUES, MomentKind, ReplyRefusal, Unstopped
from flaggermail.record.case_values import DeclineReason, SenderTrust
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import CASE_STATES, CLOCKS, CaseState, MailState, NotificationState
from flaggermail.settings.sections import ByReply

SENT = datetime(2024, 6, 6, 8, 34, 40, tzinfo=UTC)

MATTER: Mapping[str, object] = {
    "case": "VF-EP2024-0001", "title": "Two boxes", "platform": "Loudhailer", "sent_at": SENT, "minutes": 61,
    "phone": "+31 70 000 0000", "contact": None,
}  # fmt: skip

CARRIED = {"service": "Zivver", "person": "A. Bode", "opens": "VF-EP2024-0001"}
ALIKE_CASE = {
    "case": "VF-EP2024-0002", "reply": "2", "title": "Two boxes", "minutes": 60, "why": ["VF-EP2024-0001"],
}  # fmt: skip
SIGNED = {"signer": "Anna Bode", "signer_phone": "070 000 0000", "signer_organisation": "Gemeente Demo"}
UNCERTAIN = {"place": "o00000006", "number": "VF-EP2024-0001", "recipient": "Loudhailer", "exercise": True}
UNDECIDED: Mapping[str, object] = {
    **MATTER, "case": "VF-EP2024-0002", "title": "", "platform": "", "sent_at": None, "phone": None, "minutes": None,
}  # fmt: skip
LATE_MAIL: Mapping[str, object] = {
    "at": SENT, "sender": "A. Bode", "verdict": "unverified", "subject": "Verkeerde stemdag", "place": "VF-EP2024-0001",
    "exercise": False,
}  # fmt: skip
RUNNING = [
    {"about": "VF-EP2024-0001/1", "clock": clock, "sent_at": SENT, "due_at": due, "officer": "J. Wacht",
     "exercise": due is None}
    for clock, due in (("receipt", SENT + timedelta(minutes=60)), ("human", None), ("decision", SENT))
]  # fmt: skip

ALIKE: Mapping[str, object] = {
    "desk_address": "the address of the desk",
    "number": "VF-EP2024-0001",
    "platform": "Loudhailer",
    "channel": "Loudhailer 6",
    "polling_day": date(2024, 6, 6),
    "polling_days": [date(2024, 6, 6)],
    "policy_title": "Civic integrity policy",
    "policy_url": "the address of the policy",
    "policy_read_on": date(2024, 5, 2),
    "can_confirm": True,
    "criteria": [1, 3],
    "aspects": ["organisation", "conduct", "integrity"],
    "earlier": [
        {"number": "VF-PS2023-0001", "sent_on": date(2023, 3, 13)},
        {"number": "VF-TK2023-0001", "sent_on": date(2023, 11, 22)},
    ],
    "attempts": 3,
    "history": 49_950,
    "phone": "+31 70 000 0000",
    "changed": False,
    "draft": "VF-EP2024-0001/1",
    "follow_up": False,
    "persons": 2,
    "author": "J. Wacht",
    "officer": "K. Dienst",
    "officers": ["K. Dienst", "L. Vroeg"],
    "own": True,
    "state": "",
    "policy_age": 35,
    "signed": SIGNED,
    "carried": CARRIED,
    "alike": [ALIKE_CASE],
    "named": ["Loudhailer", "Pictogram"],
    "stale": False,
    "repeats": False,
    "to": ["Loudhailer 1", "Loudhailer 2"],
    "cc": ["Loudhailer 3"],
    "code": "K7PQ2M",
    "until": SENT + timedelta(hours=2),
    "approved": True,
    "by_reply": "totp",
    "actor": "J. Wacht",
    "enrolled_at": SENT,
    "have": 2,
    "void": ["officer7"],
    "still": ["J. Wacht", "K. Dienst"],
    "away": False,
    "name": "J. Wacht",
    "why": "other",
    "report_urls": [
        {"platform": "Loudhailer", "url": "Loudhailer 4"},
        {"platform": "Pictogram", "url": "Pictogram 4"},
    ],
    "kind": "new case",
    "urgent": False,
    "unsure": False,
    "automatic": False,
    "says": "",
    "comment": False,
    "together": [],
    "to_matter": False,
    "known": [{"at": SENT, "says": "VF-EP2024-0001"}],
    "labels": ["question"],
    "sender": "A. Bode",
    "verdict": "verified",
    "unread": 0,
    "original": None,
    "whole": "",
    "unstopped": "",
    "whose": "unverified",
    "attachments": ["screenshot.png", "original.eml"],
    "suggestions": ["VF-EP2024-0001"],
    "minutes": 60,
    "sent_at": SENT,
    "now": SENT + timedelta(minutes=60),
    "due_at": SENT + timedelta(minutes=60),
    "clock": "receipt",
    "told": [
        {"at": SENT + timedelta(minutes=60), "officer": "J. Wacht"},
        {"at": SENT + timedelta(minutes=120), "officer": "J. Wacht"},
    ],
    "acknowledged_by": "J. Wacht",
    "understood": True,
    "total": 42,
    "more": 2,
    "waiting": 7,
    "cases": ["VF-EP2024-0001"],
    "entries": [LATE_MAIL],
    "behind": 40,
    "type": "A_content",
    "channels": [{"code": "loud-1", "name": "Loudhailer", "kind": "mail"}],
    "by": "J. Wacht",
    "matters": [
        {**MATTER, "contact": {"at": SENT, "what": "auto_reply", "by": "", "verdict": "unverified"}},
        {**MATTER, "contact": {"at": SENT, "what": "phone", "by": "J. Wacht", "verdict": "verified"}, "phone": None},
        {**MATTER, "contact": {"at": SENT, "what": "own_mail", "by": "", "verdict": "verified"}},
        UNDECIDED,
    ],
    "details": ["VF-EP2024-0001"],
    "did": [{"what": "acknowledged", "minutes": 60}],
    "line_read": "ok maar wacht",
    "in_the_way": "maar wacht",
    "code_spent": False,
    "awaited": [
        {**MATTER, "exercise": False, "contact": {"at": SENT, "what": "mail", "by": "", "verdict": "verified"}},
        {**MATTER, "case": "VF-EP2024-0002", "exercise": True},
    ],
    "asks": False,
    "parked": [
        {"at": SENT, "who": "Loudhailer", "verdict": "verified", "reply": "1", "place": "m00000009"},
        {"at": SENT, "who": "E. Ander", "verdict": "failed", "reply": "", "place": "m00000010"},
    ],
    "open_cases": [
        {"number": "VF-EP2024-0001", "title": "Two boxes", "state": state, "exercise": state is CaseState.OPEN}
        for state in (CaseState.OPEN, CaseState.DECIDED, CaseState.NOTIFIED)
    ],
    "clocks": RUNNING,
    "unanswered": [{"about": "VF-EP2024-0001", "at": SENT, "officer": "J. Wacht", "exercise": True}],
    "story": "S08",
    "speed": 60,
    "moments": [
        {"at": SENT, "what": turn.value, "about": "VF-EP2024-0001", "officer": officer, "minutes": minutes}
        for turn in MomentKind
        for officer, minutes in (("", None), ("J. Wacht", 0), ("J. Wacht", 1), ("J. Wacht", 12))
    ],
    "waits": [
        {"place": "m00000009", "subject": "Verkeerde stemdag", "minutes": minutes, "still": still}
        for minutes, still in ((12, True), (1, False), (0, False))
    ],
    "unclear": [{"place": "m00000009", "subject": "Verkeerde stemdag"}],
    "in_hand": [{"about": "VF-EP2024-0001", "at": SENT, "officer": "J. Wacht", "exercise": False}],
    "uncertain": [UNCERTAIN],
    "withheld": [{**UNCERTAIN, "why": "VF-EP2024-0001"}],
    "policies": [{"name": "Civic integrity policy", "days": 35}, {"name": "Community guidelines", "days": 31}],
    "hours": 12,
    "since": SENT,
    "pagers": [{"name": "A. Jansen", "days": None}, {"name": "B. de Vries", "days": 40}],
    "unused": [{"name": "Loudhailer 6", "days": None}],
    "bounced": ["Loudhailer"],
    "certificates": [{"name": "Loudhailer 5", "days": 1}],
    "rehearsed": 200,
    "running": 2,
    "longest": 61,
    "uses": 3,
    "hops": [{"at": SENT, "hop_by": "Alfa", "hop_from": "Bravo", "hop_protocol": "LMTP", "delay": 61}],
}
LISTS = ("late", "running", "awaited", "drafts", "stuck", "answers", "entries", "uncertain", "withheld")
STAND: Mapping[str, object] = {
    "at": SENT,
    "late": [{**MATTER, "clock": clock, "exercise": False} for clock in ("receipt", "human", "decision")],
    "going_on": [{**MATTER, "clock": "receipt", "minutes": 1, "exercise": True}], "stuck": [{**UNCERTAIN, **MATTER}],
    "drafts": [{"draft": "VF-EP2024-0001/1", "platform": "Loudhailer", "at": SENT, "exercise": False}],
    "answers": [
        {"number": "VF-EP2024-0001", "place": "m00000009", "at": SENT, "sender": sender, "verdict": "unverified"}
        for sender in ("Loudhailer", "")
    ],
    "counts": {**dict.fromkeys(LISTS, 9), "replies": 1, "held": 2, "outbox": 1},
}  # fmt: skip
SHOWN: Mapping[str, object] = {
    "state": "notified", "decision": "notify", "at": SENT,
    "notifications": [
        {"platform": "Loudhailer", "state": "sent", "sent_at": SENT, "clocks": [
            {"kind": "receipt", "state": "stopped", "at": SENT, "minutes": 1},
            {"kind": "human", "state": "running", "at": None, "minutes": 61},
            {"kind": "substance", "state": "cancelled", "at": None, "minutes": 0},
        ]},
        *({"platform": "Loudhailer", "state": state, "sent_at": None, "clocks": []} for state in NotificationState),
    ],
    "entries": [
        {"at": SENT, "sender": sender, "subject": "", "verdict": "unverified", "ours": ours}
        for sender, ours in (("Loudhailer", False), ("", False), ("", True))
    ],
}  # fmt: skip
REASONED: Mapping[str, object] = {
    "number": "VF-TK2023-0001", "title": "Twee vakjes", "criteria": [1], "rule": "artikel N 7", "decision": "notify",
    "reason": "zo een stem telt niet",
}  # fmt: skip
STOPPED: Mapping[str, object] = {
    "kinds": list(CLOCKS), "turn": "stopped", "started_at": SENT, "at": SENT + timedelta(minutes=1), "minutes": 1,
}  # fmt: skip
RESUMED: Mapping[str, object] = {"kinds": ["human"], "turn": "running again", "started_at": SENT}
DID: Sequence[Mapping[str, object]] = [
    {"what": "acknowledged", "minutes": 60}, {"what": "handed over", "name": "J. Wacht"},
    {"what": "swapped", "name": "J. Wacht"},
    {"what": "noted", "at": SENT, "means": "phone", "stops": True},
    {"what": "noted", "at": SENT, "means": "phone", "stops": False},
    {"what": "noted", "at": SENT, "means": "portal", "stops": True},
    {"what": "submitted", "at": SENT, "starts": True}, {"what": "submitted", "at": SENT, "starts": False},
    {"what": "asked"}, {"what": "assessed"}, {"what": "decided", "decision": "notify", "unproven": ""},
    {"what": "decided", "decision": "refer", "unproven": ""},
    {"what": "decided", "decision": "none", "unproven": "m00000001"}, {"what": "few attempts"},
    {"what": "drafted", "draft": "VF-EP2024-0001/1", "channel": "Loudhailer 6"},
    {"what": "device confirmed"},
    {"what": "confirmed", "clocks": [STOPPED]}, {"what": "refused", "clocks": [RESUMED]}, {"what": "refused"},
    *({"what": "confirmed", "unstopped": why.value, "platform": "Loudhailer", "case": ""} for why in Unstopped),
    {"what": "placed", "case": "VF-EP2024-0001"},
    {"what": "opened", "case": "VF-EP2024-0001", "domain": "", "known": ""}, {"what": "noise", "case": ""},
    {"what": "opened", "case": "VF-EP2024-0001", "domain": "Oudestad", "known": ""},
    {"what": "opened", "case": "VF-EP2024-0001", "domain": "", "known": True},
    {"what": "reclassified", "case": "VF-EP2024-0001", "type": "B_channel", "source": ""},
    {"what": "reclassified", "case": "VF-EP2024-0001", "type": "", "source": "media"},
]  # fmt: skip
SILENCE: Mapping[str, object] = {
    "known": [{"at": SENT, "says": "VF-EP2024-0001"}],
    "parked": [{"at": SENT, "who": "Loudhailer", "verdict": "unverified", "reply": "", "place": "m00000009"}],
    "case": "VF-EP2024-0001", "title": "Two boxes", "platform": "Loudhailer", "minutes": 60,
    "channel": "Loudhailer 6",
    "sent_at": SENT, "due_at": SENT + timedelta(minutes=60), "phone": None, "clock": "receipt", "acknowledged": None,
    "asks": False, "now": SENT + timedelta(minutes=60),
}  # fmt: skip
SILENCES: Sequence[Mapping[str, object]] = [
    SILENCE,
    {**SILENCE, "clock": "human", "phone": "+31 70 000 0000", "acknowledged": "11:36"},
    {**SILENCE, "clock": "decision", "platform": None, "channel": None, "acknowledged": "11:36"},
    {**SILENCE, "acknowledged": "11:36", "asks": True},
]

HELD: Sequence[Mapping[str, object]] = [
    {
        "alarm": alarm, "kind": kind, "number": number, "at": SENT, "sender": sender,
        "verdict": "failed" if sender else "verified", "subject": "Verkeerde stemdag" if sender else "",
        "next_step": "VF-EP2024-0001",
    }
    for alarm, kind, number, sender in [
        *((False, kind, "VF-EP2024-0001", "A. Bode") for kind in ("new case", "unplaced mail")),
        *((False, kind, None, "A. Bode") for kind in ("further mail", "platform answer")),
        *((True, kind.value, None, "") for kind in AlarmKind),
    ]
]  # fmt: skip

UNSIGNED = [{"at": SENT, "sender": "", "verdict": "unverified", "subject": "", "place": "m00000009", "exercise": False}]
"""A mail without sender and subject."""

NOISE = [{"at": SENT, "domain": "Exampletown", "subject": "Nieuwsbrief", "next_step": "VF-EP2024-0001"}]

NOTHING: Mapping[str, object] = {
    "parked": [],
    "criteria": [], "aspects": [], "text": "", "earlier": [], "attempts": 0, "contact": "", "authority": "",
    "phone": None, "advice": "", "report_urls": [], "attachments": [], "suggestions": [], "acknowledged": None,
    "told": [], "awaited": [], "late": [], "drafts": [], "answers": [], "going_on": [], "notifications": [],
    "cases": [], "entries": [], "more": 0, "waiting": 0, "behind": 0,
    "acknowledged_by": None, "what_would_work": [], "can_confirm": False, "missing": [], "open_cases": [], "clocks": [],
    "alike": [], "named": [], "signed": dict.fromkeys(SIGNED, ""), "policy_age": None,
    "carried": dict.fromkeys(CARRIED, ""), "moments": [], "waits": [], "unclear": [],
    "unanswered": [], "in_hand": [], "uncertain": [], "stuck": [], "withheld": [], "void": [], "still": [], "hops": [],
    "policies": [], "hours": 0, "since": None, "pagers": [], "unused": [], "bounced": [], "certificates": [],
    "rehearsed": None, "running": 0, "longest": None, "uses": 0,
}  # fmt: skip

DECIDED = (*DeclineReason, "refer", "none")  # why no notification was sent
LISTED = "Loudhailer 5"

HOPS = [
    {"at": None, "hop_by": "", "hop_from": "", "hop_protocol": "", "delay": None},
    {"at": SENT, "hop_by": "Alfa", "hop_from": "", "hop_protocol": "LMTP", "delay": None},
    {"at": SENT, "hop_by": "Bravo", "hop_from": "Alfa", "hop_protocol": "ESMTPS", "delay": 61},
]

VARIANTS: Mapping[str, Sequence[Mapping[str, object]]] = {
    "officer_notice": [
        {"kind": "unplaced mail", "number": None, "title": "", "platform": "", "minutes": None},
        {"kind": "platform answer"},
        {"kind": "platform answer", "platform": "", "clocks": [RESUMED], "whole": "VF-EP2024-0001"},
        *({"kind": "platform answer", "clocks": [], "unstopped": why.value} for why in Unstopped),
        {"original": {"sender": ALIKE["sender"], "text": "VF-EP2024-0001"}},
        {"original": {"sender": "", "text": "VF-EP2024-0001"}, "text": ""},
        {"kind": "unplaced mail", "carried": {**CARRIED, "person": ""}, "number": None, "title": "", "platform": ""},
        {"kind": "further mail"},
        *({"signed": {**dict.fromkeys(SIGNED, ""), key: SIGNED[key]}} for key in SIGNED),
        {"kind": "unplaced mail", "sender": "", "subject": "", "verdict": "unverified"},
        {"urgent": True, "labels": []},
        {"kind": "platform answer", "unsure": True, "verdict": "unverified"},
        {"kind": "platform answer", "automatic": True},
        {"kind": "platform answer", "automatic": True, "says": "VF-EP2024-0001", "platform": ""},
        {"kind": "platform answer", "automatic": True, "says": "VF-EP2024-0001", "replies": ["mens", "person"]},
        {"kind": "platform answer", "comment": True, "to_matter": True},
        {"kind": "platform answer", "automatic": True, "together": [{**LATE_MAIL, "text": "VF-EP2024-0001"}]},
        {"unread": 1, "verdict": "failed"},
        {"unread": 31},
        {"kind": "platform answer", "unsure": True, "hops": HOPS},
    ],
    "held_notices": [{"whose": whose} for whose in ("", *SenderTrust)],
    "reminder": [
        {"clock": "human", "acknowledged": None, "behind": 0},
        {"asks": True},
        {"clock": "decision", "platform": None, "channel": None, "phone": None, "minutes": 30},
    ],
    **{
        name: [{"criteria": []}, {"aspects": []}, {"text": f"{LISTED}\r\n\r\n- {LISTED}\r\n"}]
        for name in PLATFORM_TEMPLATES
    },
    "escalation": [{"clock": "human"}, {"clock": "decision", "platform": None, "channel": None, "phone": None}],
    "decline": [{"number": None}, {"report_urls": [{"platform": "Loudhailer", "url": LISTED}]}],
    "alarm": [{"number": None, "title": "", "kind": "forged"}],
    "reminder_handed_over": [{"number": None, "title": ""}, {"matters": []}],
    "reminder_digest": [{"kind": "escalation"}, {"silences": list(reversed(SILENCES))}],
    "digest": [{"entries": UNSIGNED}, {"history": 1}],
    "handover": [{"entries": UNSIGNED}],
    "awaited": [{"number": None, "title": ""}, {"more": 0}],
    "desk_summary": [
        {"officer": ""},
        {"waiting": 1},
        {"waiting": 0, "counts": {**dict.fromkeys(LISTS, 0), "replies": 0, "held": 0, "outbox": 0}},
    ],
    "case_summary": [{"state": state, "decision": "", "officer": ""} for state in CASE_STATES],
    "quarantine_reminder": [{"kind": "head"}, {"total": 1, "kind": "officer"}, {"entries": UNSIGNED}],
    "reply_answer": [
        {"understood": False, "did": [], "number": None, "title": ""},
        {"did": DID, "form": ""},
        *({"understood": False, "did": [], "why": why.value} for why in ReplyRefusal),
        *(
            {"understood": False, "did": [], "why": ReplyRefusal.CODE.value, "by_reply": means.value}
            for means in ByReply
        ),
    ],
    "case_form": [
        {"unread": True, "text": ""},
        {"verdict": "unverified", "sender": ""},
        {"type": "B_channel"},
        {"earlier": []},
        {"earlier": [REASONED, {**REASONED, "reason": ""}]},
        {"original": {"sender": ALIKE["sender"], "text": "VF-EP2024-0001"}},
        {"original": {"sender": "", "text": "VF-EP2024-0001"}, "text": ""},
    ],
    "device_notice": [{"what": what} for what in ("enrolled", "confirmed", "locked", "revoked")],
    "approval_request": [
        *({"by_reply": means.value} for means in ByReply),
        {"follow_up": True},
        {"persons": 1},
        {"to": [], "cc": []},
        {"policy_read_on": None, "policy_age": None},
        {"policy_age": 1},
        {"policy_age": 412, "stale": True},
        {"policy_age": 412, "stale": True, "repeats": True},
    ],
    "passed_on": [
        {"name": ""},
        {"text": ""},
        {"title": "", "name": "", "text": ""},
        {"kind": ""},
        {"kind": "uncertain", "what": "", "title": ""},
    ],
    "approval_notice": [
        {"approved": False},
        {"have": 1, "state": ""},
        {"have": 1, "state": "", "void": [], "still": []},
        {"state": "withheld", "have": 1},
        *({"state": state.value} for state in MailState),
        {"state": "accepted", "what": "", "by": ""},
        {"state": "accepted", "what": "", "by": "", "follow_up": True},
        {"state": "queued", "away": True, "what": ""},
        {"state": "wish", "what": ""},
        {"own": False, "officers": ["K. Dienst"]},
        {"follow_up": True},
        {"kind": "mail"},
        {"kind": "phone"},
    ],
    "exercise_mark": [],
    "readiness": [{"total": 0}, {"total": 1, "rehearsed": 1, "longest": 1}],
    "decided_to_notify": [{"changed": True}],
    "decided_not_to_notify": [{"changed": True}, *({"why": why} for why in DECIDED)],
}


_TEXTS: Mapping[str, object] = {
    **dict.fromkeys((
        "organisation", "election", "platforms", "title", "text", "authority", "contact", "reason", "advice",
        "next_step", "subject", "what", "question", "form", "acknowledged",
    ), "Two boxes"),
    "language": "en", "missing": ["attempts", "link"], "what_would_work": ["ok", "to NAME"],
    "replies": ["ok", "to NAME"],
}  # fmt: skip


_OWN: Mapping[str, Mapping[str, object]] = {
    "alarm": {"kind": "uncertain"},
    "case_form": {"earlier": [REASONED]},
    "case_summary": SHOWN,
    "held_notices": {"entries": HELD},
    "noise_digest": {"entries": NOISE},
    "officer_notice": {"clocks": [STOPPED]},
    "passed_on": {"kind": "uncertain"},
    "reminder_digest": {"kind": "reminder"},
    "reply_answer": {"why": ""},
    "desk_summary": STAND,
}
"""What a name means in one template alone."""


def usual(name: str) -> dict[str, object]:
    """Returns every value that the callers of template `name` pass, and no other."""
    known = {**_TEXTS, **ALIKE, "silences": SILENCES, **_OWN.get(name, {})}
    return {key: known[key] for key in VALUES[name]}


def variants(name: str) -> list[Mapping[str, object]]:
    """Returns the changes to the usual values for every branch of a template: full, empty, and its own variants."""
    return [{}, NOTHING, *VARIANTS.get(name, []), *({**NOTHING, **each} for each in VARIANTS.get(name, []))]

# SPDX-License-Identifier: EUPL-1.2
"""The values with which each template is tried before it is used: its situations, and what may be missing or long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flaggermail.adapters.files.template_situations import NOTHING, usual, variants
from flaggermail.letters.template_values import VALUES
from flaggermail.record.rows.alarms import AlarmKind

_WITHOUT_CASE: Mapping[str, object] = {"number": None, "title": "", "platform": ""}
_CASELESS = frozenset({
    "alarm", "awaited", "debrief", "decline", "device_enrolled", "device_notice", "digest", "exercise_mark",
    "reminder_handed_over", "handover", "held_notices", "noise_digest", "passed_on", "quarantine_reminder",
    "readiness", "reminder_digest", "reply_answer", "resent_notice", "desk_summary",
})  # fmt: skip
"""Templates of mail that may be about no case, or about several."""

_MISSING: Mapping[str, Sequence[Mapping[str, object]]] = {
    "alarm": [{"minutes": None}, *({"kind": kind.value} for kind in AlarmKind)],
    "officer_notice": [{"minutes": None}],
    "passed_on": [{"kind": kind.value} for kind in AlarmKind],
    "reply_answer": [{"until": None}],
    "approval_notice": [{"state": "", "sent_at": None, "since": None}],
}
_FREE = frozenset({
    "organisation", "election", "platforms", "platform", "channel", "title", "text", "authority", "contact", "reason",
    "advice", "next_step", "subject", "what", "question", "sender", "name", "officer", "author", "actor", "by",
    "details", "attachments", "suggestions", "bounced", "policy_title", "policy_url", "line_read", "in_the_way", "says",
})  # fmt: skip
"""Names whose texts people write, of any length."""

_EMPTY: Mapping[str, object] = {"known": [], "replies": [], "labels": [], "details": []}
_TIMES, _MANY, _TOLD = 200, 10, 6  # words of a long text; repetitions of a long list; changes that a fault names


def situations(name: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Yields values with which template `name` must be filled in, each with the words that say what is special in them.

    Each value that may be missing is missing alone and together with all others, empty, or long; and each kind occurs.
    """
    known, given = VALUES[name], usual(name)
    alone = ({key: value} for key, value in {**NOTHING, **_EMPTY}.items())
    caseless = [_WITHOUT_CASE, {**NOTHING, **_WITHOUT_CASE}] if name in _CASELESS else []
    changes = [{}, *alone, *_MISSING.get(name, []), *caseless, *variants(name)]
    for change in changes:
        own = {key: value for key, value in change.items() if key in known}
        if own or not change:
            yield _words(own), {**given, **own}
    yield "each text is long", {key: _long(value) if key in _FREE else value for key, value in given.items()}
    longer = {key: value * _MANY for key, value in given.items() if isinstance(value, list)}
    yield "each list is long", {**given, **longer}


def _words(changes: Mapping[str, object]) -> str:
    if len(changes) > _TOLD:
        return "what may be missing is missing"
    return " and ".join(f"{key} is {_shown(value)}" for key, value in changes.items()) or "nothing is missing"


def _shown(value: object) -> str:
    if value is None or value == "":
        return "missing"
    if isinstance(value, Sequence) and not value:
        return "empty"
    return str(value) if isinstance(value, str | int) else "another"


def _long(value: object) -> object:
    """Returns a long text for a text, also within a list: of many words, and one word that is longer than a line."""
    if isinstance(value, str):
        return f"{value} {'word ' * _TIMES}{'x' * _TIMES}\n{value}"
    return [_long(inner) for inner in value] if isinstance(value, list) else value

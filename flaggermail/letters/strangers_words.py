# SPDX-License-Identifier: EUPL-1.2
"""Strangers' words in mail to officers and referrers: one marked, cut line each.

A subject, title, name, file name or address of a received mail may contain line breaks, invisible characters, or words
that look like a reply or a form line. `guarded` makes every template value one line of visible characters and cuts
what a stranger wrote; `marked` puts the mark of others' text before each line that contains a stranger's words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flaggermail.letters.shapes import MARK
from flaggermail.letters.template_values import PLATFORM_TEMPLATES
from flaggermail.mail.invisible import visible

LONGEST = 120  # characters of a title, subject, name, file name or address
LONGEST_READ = 80  # characters of the line of a refused reply
LONGEST_LINK = 300
LONGEST_ALARM = 500  # of what an alarm is about: an address, a subject, a server's words, and the setting to mend

AS_WRITTEN = frozenset({*PLATFORM_TEMPLATES, "call_sheet", "referrer_reply", "exercise_mark"})
"""Templates whose values are a person's own words, approved as a whole."""

_STRANGERS: Mapping[str, int] = {
    "title": LONGEST, "subject": LONGEST, "sender": LONGEST, "attachments": LONGEST,
    "signer": LONGEST, "signer_phone": LONGEST,
    "suggestions": LONGEST_LINK, "hop_by": LONGEST, "hop_from": LONGEST, "hop_protocol": LONGEST,
    "line_read": LONGEST_READ, "in_the_way": LONGEST_READ,
}  # fmt: skip
_OF_ALARMS: Mapping[str, int] = {**_STRANGERS, "what": LONGEST_ALARM}
_OF_DRAFTS: Mapping[str, int] = {"title": LONGEST}  # they show the subject that a person approves
# An officer's words, our own form, or what the template marks.
_SEVERAL_LINES = frozenset({"text", "question", "reason", "advice", "form"})
_WITH_ANSWERS = frozenset({"alarm", "approval_notice"})  # they may quote a server
_DRAFTS = frozenset({"approval_request", "submission_request"})
_STRANGER = "\ufdd1"  # begins a stranger's words; a noncharacter, which no text contains
_BREAKS = str.maketrans(dict.fromkeys("\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


def one_line(text: str, longest: int = LONGEST) -> str:
    """Returns `text` on one line, without invisible characters, of at most `longest` characters."""
    shown = visible(unmarked(text.translate(_BREAKS)))
    return shown if len(shown) <= longest else f"{shown[: longest - 1].rstrip()}\u2026"


def guarded(template: str, values: Mapping[str, object]) -> Mapping[str, object]:
    """Returns the values of a template, strangers' words in them cut, with a sign for `marked`."""
    if template in AS_WRITTEN:
        return values
    if template in _WITH_ANSWERS:
        return {name: _guarded(name, value, _OF_ALARMS) for name, value in values.items()}
    strangers = _OF_DRAFTS if template in _DRAFTS else _STRANGERS
    return {name: _guarded(name, value, strangers) for name, value in values.items()}


def left_out(values: Mapping[str, object]) -> Mapping[str, object]:
    """Returns template values with an ellipsis for each subject, title, name and address that a stranger may write."""
    return {name: _left_out(name, value) for name, value in values.items()}


def _left_out(name: str, value: object) -> object:
    if isinstance(value, str):
        return "\u2026" if value and name in _STRANGERS else value
    if isinstance(value, Mapping):
        return left_out(value)
    return [_left_out(name, inner) for inner in value] if isinstance(value, Sequence) else value


def _guarded(name: str, value: object, strangers: Mapping[str, int]) -> object:
    if isinstance(value, str):
        return _words(name, value, strangers)
    if isinstance(value, Mapping):
        return {key: _guarded(str(key), inner, strangers) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_guarded(name, inner, strangers) for inner in value]
    return value


def _words(name: str, value: str, strangers: Mapping[str, int]) -> str:
    if not value or name in _SEVERAL_LINES:
        return value
    if name in strangers:
        words = one_line(value, strangers[name])
        return f"{_STRANGER}{words}" if words else ""
    return one_line(value, len(value))


def marked(line: str) -> str:
    """Returns a line of a mail with the mark of others' text if it contains strangers' words."""
    if _STRANGER not in line:
        return line
    words = unmarked(line)
    return words if words.lstrip(" ").startswith(MARK) else f"{MARK}{words}"


def shortened(text: str, longest: int) -> str:
    """Returns a template value cut to that many characters; a stranger's words keep their sign."""
    sign = _STRANGER if text[:1] == _STRANGER else ""
    words = unmarked(text)
    return sign + (words if len(words) <= longest else f"{words[: longest - 1].rstrip()}\u2026")


def unmarked(text: str) -> str:
    """Returns `text` without the signs before strangers' words."""
    return text.replace(_STRANGER, "")

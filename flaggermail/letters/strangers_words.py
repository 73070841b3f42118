# SPDX-License-Identifier: EUPL-1.2
"""Strangers' words in mail to officers and referrers: one marked, cut line each.

A subject, title, name, file name or address of a received mail may contain line breaks, invisible characters, or words
that look like a reply or a form line. `guarded` makes every template value one line of visible characters, cuts what a
stranger wrote, and keeps it together: `fitted` wraps the other lines only and puts the mark of others' text before
each line that contains a stranger's words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flaggermail.letters.template_values import PLATFORM_TEMPLATES
from flaggermail.mail.invisible import visible

MARK = "| "
LONGEST = 120  # characters of a title, subject, name, file name or address
LONGEST_READ = 80  # characters of the line of a refused reply
LONGEST_LINK = 300
LONGEST_ALARM = 300  # characters of what an alarm is about: an address, a subject and a server's words

AS_WRITTEN = frozenset({*PLATFORM_TEMPLATES, "call_sheet", "referrer_reply", "exercise_mark"})
"""Templates whose values are a person's own words, approved as a whole."""

_STRANGERS: Mapping[str, int] = {
    "title": LONGEST, "subject": LONGEST, "sender": LONGEST, "attachments": LONGEST,
    "suggestions": LONGEST_LINK, "hop_by": LONGEST, "hop_from": LONGEST, "hop_protocol": LONGEST,
    "line_read": LONGEST_READ,
}  # fmt: skip
_OF_ALARMS: Mapping[str, int] = {**_STRANGERS, "what": LONGEST_ALARM}
_SEVERAL_LINES = frozenset({"text", "question", "reason", "advice"})  # an officer's words, or marked by the template
_LINES_KEPT = frozenset({"form"})  # our own lines, each kept unwrapped
_DRAFTS = frozenset({"approval_request", "submission_request"})  # they show the subject that a person approves
# Noncharacters, which no text contains: a space within kept words, the begin of a stranger's words, a kept line.
_SPACE, _STRANGER, _KEPT = "\ufdd0", "\ufdd1", "\ufdd2"
_REMOVED = str.maketrans({_SPACE: " ", _STRANGER: None, _KEPT: None})
_BREAKS = str.maketrans(dict.fromkeys("\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


def one_line(text: str, longest: int = LONGEST) -> str:
    """Returns `text` on one line, without invisible characters, of at most `longest` characters."""
    shown = visible(text.translate(_BREAKS).translate(_REMOVED))
    return shown if len(shown) <= longest else f"{shown[: longest - 1].rstrip()}\u2026"


def guarded(template: str, values: Mapping[str, object]) -> Mapping[str, object]:
    """Returns the values of a template, strangers' words in them cut, kept together and marked for `fitted`."""
    if template in AS_WRITTEN:
        return values
    if template == "alarm":
        return {name: _guarded(name, value, _OF_ALARMS) for name, value in values.items()}
    return {name: _guarded(name, value, {} if template in _DRAFTS else _STRANGERS) for name, value in values.items()}


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
    if name in _LINES_KEPT:
        return "\n".join(f"{_KEPT}{line}" for line in value.split("\n"))
    if name in strangers:
        return _kept(value, strangers[name], _STRANGER)
    return _kept(value, len(value), _KEPT) if name in _STRANGERS else one_line(value, len(value))


def _kept(value: str, longest: int, sign: str) -> str:
    """Returns the words as one piece for `fitted`; empty if nothing of them is visible."""
    words = one_line(value, longest).replace(" ", _SPACE)
    return f"{sign}{words}" if words else ""


def fitted(line: str, wrap: Callable[[str], str]) -> str:
    """Returns a line of a mail as it is sent: marked and whole if it contains strangers' words, else wrapped."""
    if _STRANGER in line:
        return restored(line if line.lstrip(" ").startswith(MARK) else f"{MARK}{line}")
    return restored(line) if _KEPT in line else wrap(line)


def restored(text: str) -> str:
    """Returns `text` without the characters that kept words together."""
    return text.translate(_REMOVED)

# SPDX-License-Identifier: EUPL-1.2
"""The headers of a request that the door obeys: language, versions, and the key of a repeat."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus

from flaggermail.door.problems import Problem
from flaggermail.wording.door import DoorProblem
from flaggermail.wording.said import ENGLISH

IF_MATCH = "If-Match"
_RANGE = re.compile(r"(\*|[a-z]{1,8})(?:-[a-z0-9]{1,8})*(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?", re.IGNORECASE)
_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')  # RFC 9110, 8.8.3
_VERSION = re.compile(r'"?([0-9]{1,15})"?')
_KEY = re.compile(r'"?([A-Za-z0-9._:~-]{8,128})"?')


def language_of(accepted: str, known: Sequence[str]) -> str:
    """Returns the language that Accept-Language asks for (RFC 9110, 12.5.4), English if it asks for none of `known`."""
    weights: dict[str, float] = {}
    for asked in accepted.lower().split(","):
        found = _RANGE.fullmatch(asked.strip())
        if found:
            weights.setdefault(found[1], float(found[2] or 1))
    others = weights.get("*", 0.0)
    ranked = sorted(known, key=lambda one: (-weights.get(one, others), one != ENGLISH))
    return ranked[0] if ranked and weights.get(ranked[0], others) > 0 else ENGLISH


def is_known(tag: str, asked: str) -> bool:
    """True if If-None-Match names the tag of what would be answered (RFC 9110, 13.1.2).

    `*` names none: whether there is an answer at all is known once it is made.
    """
    return tag in _TAG.findall(asked)


def wants_progress(asked: str) -> bool:
    """True if Prefer (RFC 7240) holds our preference `progress`: interim answers while a large task is done."""
    return any(one.partition(";")[0].strip().lower() == "progress" for one in asked.split(","))


def version_of(asked: str | None) -> int | None:
    """Returns the version that If-Match names; None without one. Raises Problem for what is none."""
    if asked is None or asked.strip() == "*":
        return None
    found = _VERSION.fullmatch(asked.strip())
    if found is None:
        raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.NO_VERSION(header=IF_MATCH), where="version")
    return int(found[1])


def key_of(asked: str | None) -> str | None:
    """Returns the key by which a repeat of a command is known; None without one. Raises Problem for what is none."""
    if asked is None:
        return None
    found = _KEY.fullmatch(asked.strip())
    if found is None:
        raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.NO_KEY())
    return found[1]

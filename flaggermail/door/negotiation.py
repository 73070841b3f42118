# SPDX-License-Identifier: EUPL-1.2
"""The headers of a request that the door obeys: versions, and the key of a repeat."""

from __future__ import annotations

import re
from http import HTTPStatus

from flaggermail.door.problems import Problem
from flaggermail.wording.door import DoorProblem

IF_MATCH = "If-Match"
_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')  # RFC 9110, 8.8.3
_VERSION = re.compile(r'"?([0-9]{1,15})"?')
_KEY = re.compile(r'"?([A-Za-z0-9._:~-]{8,128})"?')


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

# SPDX-License-Identifier: EUPL-1.2
"""Requests at the edge: a JSON object becomes the frozen value of a command or a view, or is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from flaggermail.errors import Refusal
from flaggermail.mail.message_json import Json

T = TypeVar("T")
STRICT = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)
"""How the base classes of commands and views have their fields read."""


_READERS: dict[type[object], TypeAdapter[object]] = {}  # built on first use: a command line needs one of them


def _reader(kind: type[object]) -> TypeAdapter[object]:
    if kind not in _READERS:
        _READERS[kind] = TypeAdapter(kind)
    return _READERS[kind]


def read_request(kind: type[T], name: str, request: Mapping[str, Json]) -> T:
    """Returns `request` as a value of the frozen dataclass `kind`; raises Refusal naming what is wrong in it."""
    try:
        found = _reader(kind).validate_json(json.dumps(request))
    except ValidationError as fault:
        found = "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in fault.errors())
        raise Refusal(f"{name}: {found}") from fault
    if not isinstance(found, kind):
        raise TypeError(f"{name}: read as {type(found).__name__}")
    return found

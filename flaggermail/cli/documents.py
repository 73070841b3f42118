# SPDX-License-Identifier: EUPL-1.2
"""Reads the desk's answers: typed parts of a JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


def parts(document: Mapping[str, Json], name: str) -> list[Mapping[str, Json]]:
    """Returns the objects in the list called `name`."""
    found = document[name]
    return [part for part in found if isinstance(part, Mapping)] if isinstance(found, list | tuple) else []


def part(document: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Returns the object called `name`; empty for null."""
    found = document[name]
    return found if isinstance(found, Mapping) else {}


def texts(document: Mapping[str, Json], name: str) -> list[str]:
    """Returns the list called `name` as texts."""
    found = document[name]
    return [str(text) for text in found] if isinstance(found, list | tuple) else []


def text(document: Mapping[str, Json], name: str) -> str:
    """Returns a field as text; empty for null."""
    found = document[name]
    return "" if found is None else str(found)


def number(document: Mapping[str, Json], name: str) -> int:
    """Returns a whole number; 0 for null."""
    found = document[name]
    return found if isinstance(found, int) else 0


def minute(document: Mapping[str, Json], name: str) -> str:
    """Returns an instant to the minute, with the offset that the desk gave it; empty for null."""
    found = document[name]
    return datetime.fromisoformat(found).isoformat(sep=" ", timespec="minutes") if isinstance(found, str) else ""

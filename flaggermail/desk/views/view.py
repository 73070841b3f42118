# SPDX-License-Identifier: EUPL-1.2
"""What every view is: a frozen value with what is asked for, and the document that answers it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, tzinfo
from typing import ClassVar
from zoneinfo import ZoneInfo

from pydantic import ConfigDict

from flaggermail.commands.requests import STRICT
from flaggermail.mail.message import Json
from flaggermail.record.rows import Record
from flaggermail.services import UnitOfWork
from flaggermail.wording.said import StoredText

Document = Mapping[str, Json]

SECRET = frozenset({"token"})  # a token authorises acts by mail
# Programs that read `--json` know these fields by their earlier names.
_IN_JSON = {"at_most_once": "once", "counted": "use", "match_basis": "basis", "pending_digest": "missed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class View(ABC):
    """Base class of every view."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    @abstractmethod
    def show(self, work: UnitOfWork) -> Document:
        """Returns the document, read in the one snapshot of `work`. Raises NotFound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveView(View):
    """Base class of the views for officers, archivists and report writers alone, each use of which is an event.

    The desk refuses them to others, and writes the event after `show`, before it returns the document.
    """

    UNTOLD: ClassVar[frozenset[str]] = frozenset()  # fields that the event does not hold

    def asked(self) -> dict[str, Json]:
        """Returns the fields that were given, for the event; never words of a mail's text."""
        named = {spec.name: json_of(getattr(self, spec.name), UTC) for spec in fields(self)}
        return {name: value for name, value in named.items() if value and name not in self.UNTOLD}

    def about(self, work: UnitOfWork) -> str | None:
        """Returns the whole number of the only case that is read; None if it is not one. Raises NotFound."""
        del work
        return None


def plain(record: Record, zone: ZoneInfo) -> dict[str, Json]:
    """Returns a row for JSON: instants in `zone` with their offset, without secrets."""
    names = [spec.name for spec in fields(record) if spec.name not in SECRET]
    return {_IN_JSON.get(name, name): json_of(getattr(record, name), zone) for name in names}


def json_of(value: object, zone: tzinfo) -> Json:
    """Returns a field's JSON value; instants in `zone` with their offset."""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [json_of(entry, zone) for entry in value]
    if isinstance(value, StoredText):
        return value.english
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} is not known in JSON")

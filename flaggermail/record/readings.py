# SPDX-License-Identifier: EUPL-1.2
"""What a view reads of the record, and the row that is kept of it: a person, a case, draft or mail, and an hour.

Readings are no part of the record: no event makes them, nothing is folded from them, and no figure counts them. The law
asks who had access to personal data (AVG article 5(2), BIO2 control 8.15), and not how often a colleague looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple


class ReadKind(StrEnum):
    """The kind of what is read."""

    CASE = "case"
    DRAFT = "draft"  # a notification, before or after it is sent
    MAIL = "mail"
    READERS = "readers"  # who read a case: that answer is about persons, too
    ARCHIVE = "archive"  # a view of the archive, which the record keeps as an event: no row
    REPLY = "reply"  # a mail that answered an officer's reply about a case, which the record keeps: no row


class ReadItem(NamedTuple):
    """A case by its whole number, or a draft or mail by its id."""

    kind: ReadKind
    key: str


@dataclass(frozen=True, slots=True)
class ReadAccess:
    """A person (the id of an officer or associate) who read something, and the beginning of that hour in UTC."""

    person: str
    item: ReadItem
    hour: datetime


def hour_of(at: datetime) -> datetime:
    """Returns the beginning of the hour, in UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)

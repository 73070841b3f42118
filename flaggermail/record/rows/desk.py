# SPDX-License-Identifier: EUPL-1.2
"""The state of the desk itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from flaggermail.record.case_values import Source
from flaggermail.record.definition import Column, Record, record
from flaggermail.record.kinds import TrustMark, Versioned


@record
class DeskState(Record):
    """The single row that says whether the desk is observing: it takes in and files mail, and sends nothing."""

    TABLE: ClassVar[str] = "desk_state"
    CHECKS: ClassVar[tuple[tuple[str, str], ...]] = (("desk_state_is_one_row", "id IN ('desk')"),)
    id: str = "desk"
    observing: bool
    since: datetime
    since_by: str
    until: datetime | None = None
    until_by: str | None = None


@record
class Watched(Record):
    """A health probe of the daemon: whether it is failing, and since when its current state holds."""

    TABLE: ClassVar[str] = "watched"
    id: str  # the name of the probe
    failing: bool
    since: datetime
    value: str  # measured at that instant
    until: datetime | None = None  # when a server's certificate ends; None for other probes


@record
class TrustProof(Record):
    """The last trial of a mark that our server removes from mail of the outside: whether a forged one survived."""

    TABLE: ClassVar[str] = "trust_proof"
    id: Annotated[TrustMark, Column.CHECKED]
    tried_at: datetime
    survived: bool  # then the mark proves nothing
    tried_by: str  # an officer's id
    message_id: str  # of the mail that bore the forged mark, without angle brackets


@record
class RememberedDomain(Record):
    """A domain that an officer added to those of known referrers; its subdomains belong to it too."""

    TABLE: ClassVar[str] = "remembered_domain"
    id: str  # in lower case
    source: Annotated[Source, Column.CHECKED]  # of what is referred from there
    added_at: datetime
    added_by: str
    message: str | None = None  # the mail that showed it
    removed_at: datetime | None = None
    removed_by: str | None = None


@record
class ArchiveReading(Record):
    """Somebody read in the archive: who, when, and what they asked for."""

    TABLE: ClassVar[str] = "archive_reading"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"asked"})
    id: str
    request: str  # the name of the view
    reader: str  # the id of an officer, archivist or report writer
    at: datetime
    case: str | None = None  # the only case that was read
    asked: Annotated[str, Column.LONG]  # the fields of the request as JSON, without words of a mail's text


@record
class InForce(Record):
    """An archived version of the rules or templates, and the period in which it was in force."""

    TABLE: ClassVar[str] = "in_force"
    id: str  # subject, and the number of the period
    what: Annotated[Versioned, Column.CHECKED]
    version: Annotated[str, Column.INDEXED]  # SHA-256 over names and octets of its files
    digest: str  # of the archived files
    since: datetime
    until: datetime | None = None


@record
class RegisteredFile(Record):
    """A file of the configuration as the daemon last took it in, for other processes to compare theirs with."""

    TABLE: ClassVar[str] = "registered_file"
    KEY: ClassVar[str] = "name"
    name: str
    fingerprint: str  # SHA-256 of its values, so that comments are no difference; `digest` names octets in the archive
    since: datetime

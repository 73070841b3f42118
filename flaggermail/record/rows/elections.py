# SPDX-License-Identifier: EUPL-1.2
"""An election, and the platforms and channels to which the desk writes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar

from flaggermail.record.case_values import ChannelKind, LanguageCode
from flaggermail.record.definition import Column, Record, References, record


@record
class Election(Record):
    """An election with its polling days and the period in which the desk is on alert."""

    TABLE: ClassVar[str] = "election"
    KEY: ClassVar[str] = "code"
    code: str
    name_nl: str
    name_en: str  # also for readers of a further language
    polling_days: tuple[date, ...]
    period_from: date
    period_until: date
    closed_at: datetime | None = None
    exercise: bool = False

    @property
    def names(self) -> dict[str, str]:
        """The official name for readers of each language: the Dutch one, and for all others the English one."""
        english = {language.value: self.name_en for language in LanguageCode}
        return {**english, LanguageCode.NL.value: self.name_nl}


@record
class ElectionSecret(Record):
    """The key that pseudonymizes declined citizens in one election; destroyed when the election closes."""

    TABLE: ClassVar[str] = "election_secret"
    KEY: ClassVar[str] = "election"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"secret"})
    election: str
    secret: str | None
    made_at: datetime
    destroyed_at: datetime | None = None


@record
class Platform(Record):
    """A platform; subdomains of `domains` belong to it too."""

    TABLE: ClassVar[str] = "platform"
    KEY: ClassVar[str] = "code"
    code: str
    name: str
    domains: tuple[str, ...]


@record
class Channel(Record):
    """A platform's escalation address, portal or phone, valid from `valid_from` up to and including `valid_until`."""

    TABLE: ClassVar[str] = "channel"
    KEY: ClassVar[str] = "code"
    code: str
    platform: Annotated[str, References(Platform)]
    name: str
    kind: ChannelKind
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    language: LanguageCode = LanguageCode.EN
    can_confirm: bool = True
    phone: str | None = None
    policy_title: str = ""
    policy_url: str = ""
    policy_read_on: date | None = None
    valid_from: date
    valid_until: date | None = None
    answers_from: tuple[str, ...] = ()  # further addresses that may answer there, in lower case
    hosts: tuple[str, ...] = ()  # the only hosts of the platform that answer there, in lower case; none named: all


@record
class BadAddress(Record):
    """A platform's address that bounced; not used until a person clears it."""

    TABLE: ClassVar[str] = "bad_address"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"cleared_reason"})
    id: str  # in lower case
    since: datetime
    mail: str  # the outbox mail that bounced
    cleared_at: datetime | None = None
    cleared_by: str | None = None
    cleared_reason: str | None = None


@record
class Rehearsal(Record):
    """A story that the desk plays in an exercise: since when, and how many of its minutes pass in one."""

    TABLE: ClassVar[str] = "rehearsal"
    KEY: ClassVar[str] = "election"
    election: Annotated[str, References(Election)]  # the exercise
    story: str  # the name of a shipped story
    speed: int
    started_at: datetime
    after_event: int  # the number of the last event before it


@record
class Decline(Record):
    """A sender who was told, once in this period, that reports about single posts are not handled."""

    TABLE: ClassVar[str] = "decline"
    id: str  # election and salted digest of the address
    election: str
    declined_at: datetime
    message: str
    taken_back_at: datetime | None = None  # a person made a case of it, so the sender no longer counts as declined


@record
class ReportDraft(Record):
    """What a person wrote for the report to Parliament about an election; a later draft takes its place."""

    TABLE: ClassVar[str] = "report_draft"
    KEY: ClassVar[str] = "election"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"text"})
    election: Annotated[str, References(Election)]
    text: Annotated[str, Column.LONG]  # YAML, as it was given
    drafted_at: datetime
    drafted_by: str


@record
class ReportFreeze(Record):
    """All that a report was made from at one moment; never changed, only undone."""

    TABLE: ClassVar[str] = "report_freeze"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"inputs", "undone_reason"})
    id: str
    election: Annotated[str, References(Election), Column.INDEXED]
    frozen_at: datetime
    frozen_by: str
    seq: Annotated[int, Column.BIG]  # number of the last event before it
    head: str  # digest of that event
    inputs: Annotated[str, Column.LONG]  # `report.values.ReportInputs` as canonical JSON
    inputs_digest: str  # SHA-256 of `inputs`
    documents: tuple[str, ...]  # of each document before it has a format: `nl SHA-256`
    undone_at: datetime | None = None
    undone_by: str | None = None
    undone_reason: Annotated[str | None, Column.LONG] = None

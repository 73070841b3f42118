# SPDX-License-Identifier: EUPL-1.2
"""Nine sections of `flaggermail.yaml`, `approval` and `door` among them: their values and their faults."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from flaggermail.documents.dates import DateForm, DecimalSign
from flaggermail.record.case_values import CaseType
from flaggermail.record.kinds import Kind
from flaggermail.record.terms import Appraisal, Term, TermStart
from flaggermail.settings.yaml_files.kinds import (
    Code,
    Credential,
    HeaderName,
    Login,
    Minutes,
    Model,
    Names,
    Text,
)
from flaggermail.settings.yaml_files.plain import Key

UNDECIDED = "nog te bepalen"


class ConceptSettings(Model):
    """An entry of a list of concepts: its label, its code, and the list that it is from."""

    label: Text
    code: Text | None = None
    origin: Text


class CreatorSettings(Model):
    """The organisation that made the records, with its code in a register such as TOOI."""

    name: Text
    code: Text | None = None
    origin: Text = "TOOI"


class DossierSettings(Model):
    """MDTO values of every dossier."""

    creator: CreatorSettings | None = None  # archiefvormer; None: the Dutch name of the organisation
    restriction: ConceptSettings = ConceptSettings.unchecked(
        label=UNDECIDED, origin="Begrippenlijst Beperkingen openbaarheid"
    )
    activity: Text | None = None


class ColophonSettings(Model):
    """Who publishes a report to Parliament."""

    publisher: Names
    address: Names
    telephone: Text
    hours: Names


class ReportSettings(Model):
    """How figures and instants are printed in a letter or a report."""

    organisation: Names | None = None  # as it begins a sentence, with its article; by default its name
    date_form: DateForm = DateForm.ISO  # of the instants beside a mail
    decimal_sign: DecimalSign = DecimalSign.LANGUAGE
    smallest_count: int = Field(default=3, ge=3, le=10)  # of citizens; below, "fewer than" it is printed
    colophon: ColophonSettings | None = None


class CitizenSettings(Model):
    """Retention of citizens' mail that was declined."""

    retention_days: int = Field(default=70, ge=1, le=3650)  # from arrival to the destruction of the octets


class ReferrerSettings(Model):
    """How the desk knows who may refer a matter, in addition to the lists of the rules."""

    dated_lists: bool = True  # the Dutch authorities of `rules/authorities/` are known


class TagSettings(Model):
    """Closed lists: labels that rules may give a mail, narratives of cases. Neither is counted in any figure."""

    labels: tuple[Code, ...] = ()
    narratives: tuple[Code, ...] = ()


class DoorSettings(Model):
    """The door of the desk, which officers' commands and pages go through."""

    group: Text | None = None  # of this machine: its members may open desk.sock
    proxy_account: Login | None = None  # of the reverse proxy, whose word on web.sock is believed; None: no web.sock
    header: HeaderName = "X-Remote-User"  # in which the proxy names the login of the person


def _is_term(value: str) -> str:
    Term.parse(value)
    return value


IsoPeriod = Annotated[str, AfterValidator(_is_term)]


class RetentionTerm(Model):
    """How long something is kept, from when, and what happens then; `basis` is the law or the selection list's entry.

    A class without a basis names none in the draft of a declaration, where a person has to fill it in.
    """

    code: Code
    period: IsoPeriod
    start: TermStart = TermStart.CLOSING
    appraisal: Appraisal = Appraisal.DESTROY
    basis: Text | None = None

    @property
    def term(self) -> Term:
        """The period for arithmetic."""
        return Term.parse(self.period)


class RetentionClass(RetentionTerm):
    """The term of these kinds of mail, and of cases of these types with their mail."""

    basis: Text
    kinds: tuple[Kind, ...] = ()
    cases: tuple[CaseType, ...] = ()


class RetentionSettings(Model):
    """Classes of retention, and the window in which people may take out noise and private mail."""

    review_window: IsoPeriod = "P10W"  # from arrival
    default: RetentionTerm = RetentionTerm.unchecked(code="default", period="P10Y")
    classes: tuple[RetentionClass, ...] = ()

    @property
    def window(self) -> Term:
        """The review window for arithmetic."""
        return Term.parse(self.review_window)


class ReadingSettings(Model):
    """Retention of the rows that say who read a case, draft or mail."""

    retention_days: int = Field(default=365, ge=1, le=3650)  # from the hour of the reading


def faults(section: RetentionSettings) -> Iterator[tuple[Key, str]]:
    """Classes that two entries name, and classes of nothing."""
    codes = {section.default.code: "default"}
    named: dict[str, str] = {}
    for index, entry in enumerate(section.classes):
        key: Key = ("retention", "classes", index)
        if entry.code in codes:
            yield (*key, "code"), f"{entry.code!r} is the code of another class too; each needs its own"
        codes[entry.code] = entry.code
        if not entry.kinds and not entry.cases:
            yield key, "is a class of nothing; add `kinds:` or `cases:`, or change `retention.default`"
        for name, values in (("kinds", entry.kinds), ("cases", entry.cases)):
            for at, value in enumerate(values):
                other = named.setdefault(f"{name} {value}", entry.code)
                if other != entry.code or value in values[:at]:
                    yield (*key, name, at), f"'{value}' stands in class {other} already; leave it to one place"


class OctetsPlace(StrEnum):
    """Where the octets of mail are kept."""

    FOLDER = "folder"  # `store.archive`
    DATABASE = "database"  # PostgreSQL, which has the record too


class StoreSettings(Model):
    """Locations of database and archive; relative paths are relative to the configuration directory."""

    database: Text = "sqlite:///flaggermail.db"
    replica: Text | None = None  # a hot standby of it, from which the door reads views
    archive: Path = Path("archive")
    octets: OctetsPlace = OctetsPlace.FOLDER
    codes: Path | None = None  # secrets of one-time codes; default: the folder `codes` beside the archive
    status: Path | None = None  # folder of status.json; default: that of the unit, else the one above the archive


class RateLimitSettings(Model):
    """Rate limits per person and per sender; mail above them is held back and counted, never lost."""

    burst: int = Field(default=5, ge=1, le=100)  # alarms to one person in a minute, or notices of one sender's mail
    mails_per_hour: int = Field(default=30, ge=5, le=1000)  # alarms to one person, or notices of known senders' mail
    verified_per_hour: int = Field(default=15, ge=1, le=1000)  # notices of mail whose sender is verified but unknown
    unverified_per_hour: int = Field(default=10, ge=1, le=1000)  # of mail whose sender is not verified
    failed_per_hour: int = Field(default=5, ge=1, le=1000)  # of mail whose sender failed the check
    notices_per_sender: int = Field(default=10, ge=1, le=1000)  # notices of one sender's mail in an hour
    min_interval_minutes: Minutes = 15  # between two reports of what was held back, of alarms and known senders
    pages_per_hour: int = Field(default=12, ge=1, le=100)  # to one person
    answers_per_sender: int = Field(default=10, ge=1, le=1000)  # automatic answers per hour
    answers_per_hour: int = Field(default=200, ge=1, le=10000)  # automatic answers to all senders together
    priority_per_sender: int = Field(default=20, ge=1, le=1000)  # mails per hour that go first in a flood
    priority_per_hour: int = Field(default=500, ge=1, le=10000)  # the same for all senders together


class WatchSettings(Model):
    """Thresholds of the daemon's own health checks, and the heartbeat to an outside monitor."""

    disk_free_mb: int = Field(default=500, ge=10, le=1_000_000)  # minimum, for database and archive
    clock_skew_seconds: int = Field(default=90, ge=10, le=3600)  # maximum difference from the server's clock
    certificate_days: int = Field(default=14, ge=1, le=365)  # minimum remaining validity of a server's certificate
    heartbeat: Credential | None = None  # the credential that contains the URL
    heartbeat_minutes: Minutes = 1


ACCEPTED_RISK = "members of the mailbox can approve"  # the words that `by_reply: mail` needs


class ByReply(StrEnum):
    """How a notification is approved by reply: where the code comes from."""

    PAGER = "pager"  # to the approver's pager
    TOTP = "totp"  # from the approver's own device
    MAIL = "mail"  # in the request, which every member of the mailbox can read
    OFF = "off"  # not at all: by command only


class ApprovalSettings(Model):
    """How many people must approve a notification (with two, the author cannot be one of them), and how by reply."""

    persons: Literal[1, 2] = 1
    by_reply: ByReply | None = None  # None: nobody chose, so by command only
    accept_risk: Text | None = None  # the words that `by_reply: mail` needs
    others_after_minutes: int = Field(default=10, ge=0, le=1440)  # without an answer of those on duty; 0: all at once
    repeat_policy_date: bool = False  # an approver repeats the day on which an old policy was read

    @property
    def means(self) -> ByReply:
        """How a reply approves."""
        return self.by_reply or ByReply.OFF

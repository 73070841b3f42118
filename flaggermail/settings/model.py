# SPDX-License-Identifier: EUPL-1.2
"""The configuration as frozen values: `config/*.yaml` and words of `rules/*.yaml`, checked before anything starts.

The models define what the files may contain; `settings.reading` reads them and reports faults by file, line and column.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from flaggermail.mail.authentication.authres import AuthenticationMethod, Trust
from flaggermail.record.case_values import ChannelKind, LanguageCode
from flaggermail.record.definition import LAST
from flaggermail.record.kinds import Role
from flaggermail.record.rows import Channel, Election, Platform
from flaggermail.record.states import OfficerRole
from flaggermail.settings.escalation_file import EscalationFile, StepSettings
from flaggermail.settings.oauth_section import LoginMethod, OAuth2Settings
from flaggermail.settings.reply_words import IntakeWords, ReplyWords
from flaggermail.settings.rota import (
    WEEKDAYS,
    Associate,
    AssociateRole,
    Officer,
    OfficerPager,
    Rota,
    Shift,
    WeeklyShift,
)
from flaggermail.settings.sections import (
    ApprovalSettings,
    CitizenSettings,
    DoorSettings,
    DossierSettings,
    OctetsPlace,
    RateLimitSettings,
    ReadingSettings,
    ReferrerSettings,
    ReportSettings,
    RetentionSettings,
    StoreSettings,
    TagSettings,
    WatchSettings,
)
from flaggermail.settings.steps import WAITING, Step
from flaggermail.settings.yaml_files.kinds import (
    AuthservId,
    CasePrefix,
    Code,
    Credential,
    Day,
    Domain,
    ElectionCode,
    End,
    FolderName,
    Host,
    Instant,
    Keyword,
    LastDay,
    Login,
    MailAddress,
    Minutes,
    Model,
    Names,
    Phone,
    Text,
    Tls,
    WallTime,
    WebAddress,
    Zone,
)


class OrganisationSettings(Model):
    """The organisation, and the defaults for language and time."""

    name: Names
    case_prefix: CasePrefix = "VF"
    language: LanguageCode = LanguageCode.NL
    time_zone: Zone = "Europe/Amsterdam"
    phone: Phone | None = None  # named in confirmations during an election period


class MailboxSettings(Model):
    """The shared mailbox."""

    address: MailAddress
    aliases: tuple[MailAddress, ...] = ()  # further addresses whose mail arrives here
    display_name: Names
    host: Host
    port: int = Field(default=993, ge=1, le=65535)
    tls: Tls = "implicit"
    ca_file: Path | None = None
    login: LoginMethod = LoginMethod.PASSWORD
    user: Text
    credential: Credential = "imap-password"
    inbox: FolderName = "INBOX"
    sent: FolderName = "Sent"
    junk: FolderName = "Junk"
    excluded_folders: frozenset[FolderName] = frozenset()  # contain no mail for the desk; includes their subfolders
    keyword: Keyword | None = None  # set on mail that was ingested
    poll_seconds: int = Field(default=60, ge=1, le=1740)
    timeout_seconds: int = Field(default=30, ge=1, le=300)
    plus_addresses: bool = True
    alarm_after_minutes: Minutes = 15  # unreadable for this long, it raises an alarm by mail
    backlog_after_minutes: Minutes = 120  # older mail gets no individual reply; a digest lists what was missed
    trust: AuthenticationMethod | None = None  # how senders are authenticated
    authserv_id: AuthservId | None = None  # named: the authserv-id of our own receiving server
    received_by: Domain | None = None  # its name, or a domain above it, in Received fields
    login_domains: frozenset[Domain] = frozenset()  # whose users log in at it with their address: `auth=pass` counts
    record_signatures: bool = True  # look up the keys of platforms' mail as it comes in, whatever `trust` says
    own_domains: frozenset[Domain] = frozenset()  # exchange: whose users' mail from inside bears the server's mark

    @property
    def trusted(self) -> Trust:
        """How senders are authenticated. Defaults to the named server, or to no authentication without one."""
        default = AuthenticationMethod.NAMED if self.authserv_id else AuthenticationMethod.NOBODY
        asked = AuthenticationMethod(self.trust or default)
        return Trust(asked, self.authserv_id, self.received_by or self.authserv_id, self.login_domains)

    def role_of(self, folder: str) -> Role:
        """Returns the role of a folder by its name; only for a delivery that does not say it."""
        other = Role.JUNK if folder == self.junk else Role.OTHER
        return Role.SENT if folder.startswith(self.sent) else other


class SendingProof(StrEnum):
    """What proves that a platform's mail of uncertain delivery was sent."""

    SENT = "sent"  # its copy in the folder of sent mail
    COPY = "copy"  # the copy that the mailbox received


class SubmissionSettings(Model):
    """The submission server that sends all mail."""

    host: Host
    port: int = Field(default=465, ge=1, le=65535)
    tls: Tls = "implicit"
    ca_file: Path | None = None
    login: LoginMethod = LoginMethod.PASSWORD
    user: Text | None = None
    credential: Credential = "smtp-password"
    timeout_seconds: int = Field(default=30, ge=1, le=300)
    retry_minutes: tuple[Minutes, ...] = Field(default=(1, 2, 5, 10, 15, 30), min_length=1)  # then the last repeats
    give_up_hours: int = Field(default=48, ge=1, le=240)
    alarm_after_minutes: Minutes = 15  # after which a mail that waits here raises an alarm
    reports_from: tuple[MailAddress, ...] = ()  # a relay's addresses, whose verified delivery reports count as ours
    smtputf8: bool = False  # the server offers it (RFC 6531), so an address need not be ASCII
    proof: SendingProof = SendingProof.SENT  # what proves that a platform's mail of uncertain delivery was sent


class QuarantineSettings(Model):
    """When mail is placed automatically, and who is notified of mail that waits too long."""

    place_by_score: bool = True
    score_threshold: int = Field(default=95, ge=80, le=100)  # see matching.scoring; lower could rest on the subject
    in_period: tuple[StepSettings, ...] = (StepSettings(after=60), StepSettings(after=240, tell="head"))
    outside: tuple[StepSettings, ...] = (StepSettings(after=1440), StepSettings(after=4320, tell="head"))
    min_interval_minutes: Minutes = 30  # between two such notices to one person

    def steps(self, *, in_period: bool) -> tuple[Step, ...]:
        """Returns the steps for a waiting mail, in rising order."""
        steps = self.in_period if in_period else self.outside
        return tuple(Step(WAITING, step.after, step.tell) for step in sorted(steps, key=lambda step: step.after))


class ExerciseSettings(Model):
    """Participants in exercises: their mail belongs to an exercise, whose mail goes only to them and to officers."""

    addresses: tuple[MailAddress, ...] = ()
    domains: frozenset[Domain] = frozenset()


class DeskSettings(Model):
    """`flaggermail.yaml`."""

    organisation: OrganisationSettings
    report: ReportSettings = ReportSettings.unchecked()
    mailbox: MailboxSettings
    submission: SubmissionSettings
    oauth2: OAuth2Settings | None = None
    store: StoreSettings = StoreSettings.unchecked()
    quarantine: QuarantineSettings = QuarantineSettings.unchecked()
    approval: ApprovalSettings = ApprovalSettings.unchecked()
    exercise: ExerciseSettings = ExerciseSettings.unchecked()
    referrers: ReferrerSettings = ReferrerSettings.unchecked()
    tags: TagSettings = TagSettings.unchecked()
    citizens: CitizenSettings = CitizenSettings.unchecked()
    retention: RetentionSettings = RetentionSettings.unchecked()
    readings: ReadingSettings = ReadingSettings.unchecked()
    dossier: DossierSettings = DossierSettings.unchecked()
    rate_limits: RateLimitSettings = RateLimitSettings.unchecked()
    watch: WatchSettings = WatchSettings.unchecked()
    door: DoorSettings = DoorSettings.unchecked()


class WebAddresses(Names):
    """A web address in each language."""

    nl: WebAddress
    en: WebAddress
    for _code in LanguageCode:
        __annotations__.setdefault(_code.value, "WebAddress")


class PolicySettings(Model):
    """The platform's rule that a notification invokes, as read on that day."""

    title: Text
    url: WebAddress
    read_on: Day


class ChannelSettings(Model):
    """One way to reach a platform, valid from one day to another, both included."""

    code: Code
    name: Text
    kind: ChannelKind = ChannelKind.MAIL
    to: tuple[MailAddress, ...] = ()
    cc: tuple[MailAddress, ...] = ()
    answers_from: tuple[MailAddress, ...] = ()  # further addresses that may answer there
    hosts: tuple[Domain, ...] = ()  # the only hosts of the platform that answer there; empty: all
    language: LanguageCode = LanguageCode.EN
    can_confirm: bool = True
    phone: Phone | None = None
    policy: PolicySettings | None = None  # default: the platform's
    valid_from: Day
    valid_until: LastDay = None


class PlatformSettings(Model):
    """One platform."""

    code: Code
    name: Text
    also_called: tuple[Text, ...] = ()  # its services, as referrals name them
    domains: tuple[Domain, ...] = Field(min_length=1)
    policy: PolicySettings
    report_url: WebAddresses | None = None  # where citizens report posts to the platform
    channels: tuple[ChannelSettings, ...] = Field(min_length=1)


class PlatformsFile(Model):
    """`platforms.yaml`."""

    platforms: tuple[PlatformSettings, ...] = Field(min_length=1)


class PagerSettings(Model):
    """One pager of a person. The credential contains its URL, which is secret."""

    credential: Credential
    after: int = Field(default=5, ge=0, le=1440)  # minutes without acknowledgement; alarms and escalations page at once


class OfficerSettings(Model):
    """One person of the desk."""

    id: Code
    name: Text
    address: MailAddress
    phone: Phone | None = None
    login: Login | None = None
    roles: frozenset[OfficerRole] = Field(min_length=1)
    pagers: tuple[PagerSettings, ...] = ()  # in calling order


class AssociateSettings(Model):
    """One person who is no officer: an archivist, a writer of the report to Parliament, or a privacy officer."""

    id: Code
    name: Text
    login: Login


class ShiftSettings(Model):
    """One shift; its times have an offset. `ends` is None if it has no end."""

    officer: Code
    begins: Instant
    ends: End


class WeeklyShiftSettings(Model):
    """A shift that recurs weekly, in the desk's time zone; one that ends no later than it begins, ends the next day."""

    officer: Code
    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    begins: WallTime
    ends: WallTime


class OncallFile(Model):
    """`oncall.yaml`."""

    officers: tuple[OfficerSettings, ...] = Field(min_length=1)
    shifts: tuple[ShiftSettings, ...] = ()
    weekly: tuple[WeeklyShiftSettings, ...] = ()
    fallback_officer: Code | None = None  # on call when there is no shift
    archivists: tuple[AssociateSettings, ...] = ()
    report_writers: tuple[AssociateSettings, ...] = ()
    privacy_officers: tuple[AssociateSettings, ...] = ()

    @property
    def associates(self) -> dict[AssociateRole, tuple[AssociateSettings, ...]]:
        """The persons who are no officers, by their role."""
        return {
            AssociateRole.ARCHIVIST: self.archivists,
            AssociateRole.REPORT_WRITER: self.report_writers,
            AssociateRole.PRIVACY_OFFICER: self.privacy_officers,
        }


class PeriodSettings(Model):
    """First and last day."""

    begins: Day
    ends: Day


class ElectionNames(Model):
    """The official names of an election; readers of a further language are shown the English one."""

    nl: Text
    en: Text


class ElectionSettings(Model):
    """One election."""

    code: ElectionCode
    name: ElectionNames
    polling_days: tuple[Day, ...] = Field(min_length=1)
    period: PeriodSettings
    exercise: bool = False


class ElectionsFile(Model):
    """`elections.yaml`: seeds an empty database; afterwards `flaggermail election add` is authoritative."""

    elections: tuple[ElectionSettings, ...] = ()


class Settings(Model):
    """The configuration but for its rules, which `rules.configuration` adds."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    directory: Path  # of the configuration
    templates: Path
    rules_directory: Path
    desk: DeskSettings
    platform_list: tuple[PlatformSettings, ...]
    oncall: OncallFile
    election_list: tuple[ElectionSettings, ...]
    intake: IntakeWords
    reply_words: ReplyWords
    escalation: EscalationFile = EscalationFile.unchecked()
    outcome_words: tuple[str, ...] = ()  # of `outcome-words.yaml`

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which times are displayed."""
        return ZoneInfo(self.desk.organisation.time_zone)

    @property
    def archive(self) -> Path:
        """The directory of the octets."""
        return self.directory / self.desk.store.archive

    @property
    def keeps_octets_in_database(self) -> bool:
        """True if octets and secrets are in the database, for several machines; the archive's folder is not used."""
        return self.desk.store.octets is OctetsPlace.DATABASE

    @property
    def codes(self) -> Path:
        """The directory of the secrets of one-time codes."""
        return self.directory / self.desk.store.codes if self.desk.store.codes else self.archive.parent / "codes"

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """The platforms as rows."""
        return tuple(Platform(code=p.code, name=p.name, domains=p.domains) for p in self.platform_list)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels as rows."""
        return tuple(_channel(platform, channel) for platform in self.platform_list for channel in platform.channels)

    @property
    def elections(self) -> tuple[Election, ...]:
        """The elections of the file as rows."""
        return tuple(_election(election) for election in self.election_list)

    @property
    def rota(self) -> Rota:
        """Officers and shifts."""
        return Rota(
            tuple(map(_officer, self.oncall.officers)),
            tuple(Shift(s.officer, s.begins, s.ends or LAST) for s in self.oncall.shifts),
            self.oncall.fallback_officer,
            tuple(WeeklyShift(s.officer, WEEKDAYS.index(s.day), s.begins, s.ends) for s in self.oncall.weekly),
            self.zone,
            tuple(
                Associate(one.id, one.name, one.login, role)
                for role, people in self.oncall.associates.items()
                for one in people
            ),
        )


def _officer(officer: OfficerSettings) -> Officer:
    return Officer(
        id=officer.id,
        name=officer.name,
        address=officer.address,
        phone=officer.phone,
        login=officer.login,
        roles=frozenset(officer.roles),
        pagers=tuple(OfficerPager(pager.credential, pager.after) for pager in officer.pagers),
    )


def _channel(platform: PlatformSettings, channel: ChannelSettings) -> Channel:
    policy = channel.policy or platform.policy
    return Channel(
        code=channel.code,
        platform=platform.code,
        name=channel.name,
        kind=channel.kind,
        to=channel.to,
        cc=channel.cc,
        language=channel.language,
        can_confirm=channel.can_confirm,
        phone=channel.phone,
        policy_title=policy.title,
        policy_url=policy.url,
        policy_read_on=policy.read_on,
        valid_from=channel.valid_from,
        valid_until=channel.valid_until,
        answers_from=tuple(address.lower() for address in channel.answers_from),
        hosts=tuple(host.lower() for host in channel.hosts),
    )


def platform_of(row: Platform, channels: Sequence[Channel], known: PlatformSettings | None) -> PlatformSettings:
    """Returns the settings that would give these rows; `known`: those of a file, for what no row holds.

    They are not validated: each row came from settings that were.
    """
    given = {name: getattr(known, name) for name in ("also_called", "report_url")} if known else {}
    policies = [
        PolicySettings.model_construct(title=one.policy_title, url=one.policy_url, read_on=one.policy_read_on)
        for one in channels
    ]
    ways = tuple(
        ChannelSettings.model_construct(
            policy=policy,
            **{name: getattr(one, name) for name in ChannelSettings.model_fields if name != "policy"},
        )
        for one, policy in zip(channels, policies, strict=True)
    )
    return PlatformSettings.model_construct(
        code=row.code, name=row.name, domains=row.domains, policy=next(iter(policies), None), channels=ways, **given
    )


def _election(election: ElectionSettings) -> Election:
    return Election(
        code=election.code,
        name_nl=election.name.nl,
        name_en=election.name.en,
        polling_days=election.polling_days,
        period_from=election.period.begins,
        period_until=election.period.ends,
        exercise=election.exercise,
    )


def database_file(desk: DeskSettings) -> Path | None:
    """Returns the file of the database, or None if it is not a file."""
    path = desk.store.database.removeprefix("sqlite:///")
    return None if path == desk.store.database or path.startswith(":memory:") else Path(path)

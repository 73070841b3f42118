# SPDX-License-Identifier: EUPL-1.2
"""The short lists of the desk: channels, elections, officers, and the domains of referrers that officers added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from flaggermail.cases import attention
from flaggermail.commands.channel_status import bad_addresses
from flaggermail.commands.devices import has_secret
from flaggermail.desk.answers import FLAT, ViewAnswer
from flaggermail.desk.views.view import ListView, View
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.fields import in_domains
from flaggermail.notices.duty import devices_of
from flaggermail.record.rows import BadAddress, Channel, Device, Election, Platform, RememberedDomain
from flaggermail.record.states import OfficerRole
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK, READERS, Officer
from flaggermail.settings.word_tables import LIST_OF
from flaggermail.wording.pieces import DeviceWord
from flaggermail.wording.refusals import ViewRefusal
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedChannel(ViewAnswer):
    """A channel with the name of its platform; `bad` holds those of its addresses that bounced and were not cleared."""

    row: Annotated[Channel, FLAT]
    platform_name: str
    bad: tuple[BadAddress, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelList(ViewAnswer):
    """Channels by their codes."""

    channels: tuple[ListedChannel, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChannels(ListView):
    """Every channel with its bounced addresses."""

    MAY: ClassVar[frozenset[str]] = READERS

    def show(self, work: UnitOfWork) -> ChannelList:
        """Returns the channels. Raises Refusal for a cursor of another list."""
        found = self.cut(work.tx.find(Channel), lambda channel: (channel.code,))
        names = {one.code: one.name for one in work.tx.find(Platform)}
        lines = (
            ListedChannel(row=one, platform_name=names[one.platform], bad=tuple(bad_addresses(work, one)))
            for one in found.lines
        )
        return ChannelList(channels=tuple(lines), next=found.next)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedElection(ViewAnswer):
    """An election; `name` is its name in the desk's language."""

    row: Annotated[Election, FLAT]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectionList(ViewAnswer):
    """Elections by polling day."""

    elections: tuple[ListedElection, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListElections(ListView):
    """The elections that cases belong to."""

    MAY: ClassVar[frozenset[str]] = READERS

    def show(self, work: UnitOfWork) -> ElectionList:
        """Returns the elections. Raises Refusal for a cursor of another list."""
        name = f"name_{work.env.settings.desk.organisation.language}"
        found = self.cut(sorted(work.tx.find(Election), key=_polled), _polled)
        lines = (ListedElection(row=one, name=getattr(one, name)) for one in found.lines)
        return ElectionList(elections=tuple(lines), next=found.next)


def _polled(election: Election) -> tuple[str, str]:
    return ",".join(day.isoformat() for day in election.polling_days), election.code


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOfficer(ViewAnswer):
    """An officer; `device` is the state of their device for one-time codes."""

    id: str
    name: str
    roles: frozenset[OfficerRole]
    login: str | None
    device: StoredText
    enrolled_by: str | None
    enrolled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerList(ViewAnswer):
    """Officers in the order of oncall.yaml."""

    officers: tuple[ListedOfficer, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOfficers(ListView):
    """The officers of oncall.yaml, their logins and devices."""

    MAY: ClassVar[frozenset[str]] = DESK

    def show(self, work: UnitOfWork) -> OfficerList:
        """Returns the officers. The key of a line is its place in the file, since the file gives the order."""
        found = self.cut(enumerate(work.env.settings.rota.officers), lambda line: (line[0],))
        return OfficerList(officers=tuple(_officer(work, officer) for _, officer in found.lines), next=found.next)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentSecret(ViewAnswer):
    """The otpauth address of a device, which holds its secret."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowEnrolment(View):
    """The secret of a device that waits for its first code: whoever has it can make the codes.

    The secret is in a file of the desk's own account; nobody else can ask this.
    """

    MAY: ClassVar[frozenset[str]] = DESK

    device: str

    def show(self, work: UnitOfWork) -> EnrolmentSecret:
        """Returns the address. Raises NotFound for a device in use, Refusal without its secret."""
        row = work.tx.get(Device, self.device)
        if row is None or row.confirmed_at is not None or row.revoked_at is not None:
            raise NotFound(ViewRefusal.DEVICE_NOT_WAITING(device=self.device))
        organisation = work.env.settings.desk.organisation
        issuer = getattr(organisation.name, organisation.language)
        address = work.env.codes.address(row.id, row.commitment, row.officer, issuer)
        if address is None:
            raise Refusal(ViewRefusal.SECRET_MISSING(device=row.id, folder=str(work.env.settings.codes)))
        return EnrolmentSecret(address=address)


def _officer(work: UnitOfWork, officer: Officer) -> ListedOfficer:
    device = next(reversed(devices_of(work, officer.id)), None)
    return ListedOfficer(
        id=officer.id, name=officer.name, roles=officer.roles, login=officer.login, device=_state(work, device),
        enrolled_by=device.enrolled_by if device else None, enrolled_at=device.enrolled_at if device else None,
    )  # fmt: skip


def _state(work: UnitOfWork, device: Device | None) -> StoredText:
    if device is None:
        return DeviceWord.NONE()
    if device.locked_at is not None:
        return DeviceWord.LOCKED()
    if not work.env.codes.unusable() and not has_secret(work, device):  # another account cannot tell
        return DeviceWord.LOST()
    return DeviceWord.VALID() if device.confirmed_at is not None else DeviceWord.WAITS()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDomain(ViewAnswer):
    """A remembered domain; `list`: the list of the rules for such a source; `listed`: the one that has the domain.

    A domain on `free_mail` does not count: anybody can have a mailbox there.
    """

    row: Annotated[RememberedDomain, FLAT]
    list_: str
    listed: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferrerList(ViewAnswer):
    """Remembered domains in alphabetical order."""

    referrers: tuple[ListedDomain, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReferrers(ListView):
    """Who remembered which domain, when, and for which mail."""

    MAY: ClassVar[frozenset[str]] = DESK

    all: bool = False  # removed ones too

    def show(self, work: UnitOfWork) -> ReferrerList:
        """Returns the domains. Raises Refusal for a cursor of another list."""
        lists = work.env.settings.rules.lists
        rows = work.tx.find(RememberedDomain) if self.all else attention.in_force(work.tx)
        found = self.cut(sorted(rows, key=lambda row: row.id), lambda row: (row.id,))
        lines = (
            ListedDomain(
                row=row, list_=LIST_OF[row.source],
                listed=next((name for name in sorted(lists) if in_domains(row.id, lists[name])), None),
            )
            for row in found.lines
        )  # fmt: skip
        return ReferrerList(referrers=tuple(lines), next=found.next)

# SPDX-License-Identifier: EUPL-1.2
"""The short lists of the desk: channels, elections, officers, and the domains of referrers that officers added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from flaggermail.cases import attention
from flaggermail.commands.channel_status import bad_addresses
from flaggermail.commands.devices import has_secret
from flaggermail.desk.views.view import Document, View, plain
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import Json
from flaggermail.notices.duty import devices_of
from flaggermail.record.rows import Channel, Device, Election, RememberedDomain
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK, READERS, Officer
from flaggermail.settings.word_tables import LIST_OF
from flaggermail.wording.refusals import ViewRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChannels(View):
    """Every channel with its bounced addresses."""

    MAY: ClassVar[frozenset[str]] = READERS

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"channels": [...]}, each with the addresses in "bad" that bounced and were not cleared."""
        zone = work.env.settings.zone
        return {
            "channels": [
                {**plain(channel, zone), "bad": [plain(bad, zone) for bad in bad_addresses(work, channel)]}
                for channel in work.tx.find(Channel)
            ]
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ListElections(View):
    """The elections that cases belong to."""

    MAY: ClassVar[frozenset[str]] = READERS

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"elections": [...]} by polling day; "name" is the name in the desk's language."""
        zone, language = work.env.settings.zone, work.env.settings.desk.organisation.language
        found = sorted(work.tx.find(Election), key=lambda election: (election.polling_days, election.code))
        elections = [plain(election, zone) for election in found]
        return {"elections": [{**one, "name": one[f"name_{language}"]} for one in elections]}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOfficers(View):
    """The officers of oncall.yaml, their logins and devices."""

    MAY: ClassVar[frozenset[str]] = DESK

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"officers": [...]}."""
        return {"officers": [_row(work, officer) for officer in work.env.settings.rota.officers]}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowEnrolment(View):
    """The secret of a device that waits for its first code: whoever has it can make the codes.

    The secret is in a file of the desk's own account; nobody else can ask this.
    """

    MAY: ClassVar[frozenset[str]] = DESK

    device: str

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"address"}: otpauth://... Raises NotFound for a device in use, Refusal without its secret."""
        row = work.tx.get(Device, self.device)
        if row is None or row.confirmed_at is not None or row.revoked_at is not None:
            raise NotFound(ViewRefusal.DEVICE_NOT_WAITING(device=self.device))
        organisation = work.env.settings.desk.organisation
        issuer = getattr(organisation.name, organisation.language)
        address = work.env.codes.address(row.id, row.commitment, row.officer, issuer)
        if address is None:
            raise Refusal(ViewRefusal.SECRET_MISSING(device=row.id, folder=str(work.env.settings.codes)))
        return {"address": address}


def _row(work: UnitOfWork, officer: Officer) -> dict[str, Json]:
    device = next(reversed(devices_of(work, officer.id)), None)
    if device is None:
        state = "none"
    elif device.locked_at is not None:
        state = "locked: revoke it, then enrol"
    elif not work.env.codes.unusable() and not has_secret(work, device):  # another account cannot tell
        state = "its secret is lost: enrol anew"
    else:
        state = "valid" if device.confirmed_at is not None else "waits for its first code"
    return {
        "id": officer.id,
        "name": officer.name,
        "roles": sorted(officer.roles),
        "login": officer.login,
        "device": state,
        "enrolled_by": device.enrolled_by if device else None,
        "enrolled_at": device.enrolled_at.isoformat() if device else None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReferrers(View):
    """Who remembered which domain, when, and for which mail."""

    MAY: ClassVar[frozenset[str]] = DESK

    all: bool = False  # removed ones too

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"referrers": [...]}; "listed" names the list of the rules that has the domain by itself.

        On `free_mail` it does not count: anybody can have a mailbox there.
        """
        zone, lists = work.env.settings.zone, work.env.settings.rules.lists
        rows = work.tx.find(RememberedDomain) if self.all else attention.in_force(work.tx)
        return {"referrers": [
            {
                **plain(row, zone),
                "list": LIST_OF[row.source],
                "listed": next((name for name in sorted(lists) if in_domains(row.id, lists[name])), None),
            }
            for row in sorted(rows, key=lambda row: row.id)
        ]}  # fmt: skip

# SPDX-License-Identifier: EUPL-1.2
"""Officers and their devices for one-time codes."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.commands.devices import has_secret
from flaggermail.desk.views.view import Document, View
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.message import Json
from flaggermail.notices.enrolled import devices_of
from flaggermail.record.rows import Device
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import Officer


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOfficers(View):
    """The officers of oncall.yaml, their logins and devices."""

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"officers": [...]}."""
        return {"officers": [_row(work, officer) for officer in work.env.settings.rota.officers]}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowEnrolment(View):
    """The secret of a device that waits for its first code: whoever has it can make the codes.

    The secret is in a file of the desk's own account; nobody else can ask this.
    """

    device: str

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"address"}: otpauth://... Raises NotFound for a device in use, Refusal without its secret."""
        row = work.tx.get(Device, self.device)
        if row is None or row.confirmed_at is not None or row.revoked_at is not None:
            raise NotFound(f"device {self.device}: there is no such device that waits for its first code")
        organisation = work.env.settings.desk.organisation
        issuer = getattr(organisation.name, organisation.language)
        address = work.env.codes.address(row.id, row.commitment, row.officer, issuer)
        if address is None:
            raise Refusal(f"device {row.id}: its secret is not in {work.env.settings.codes}")
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

# SPDX-License-Identifier: EUPL-1.2
"""The devices of officers that show one-time codes, and by which means each officer approves by reply."""

from __future__ import annotations

from flaggermail.record.definition import where
from flaggermail.record.rows import Device
from flaggermail.services import UnitOfWork
from flaggermail.settings.approval_section import ByReply
from flaggermail.settings.rota import Officer


def devices_of(work: UnitOfWork, officer: str) -> list[Device]:
    """Returns the officer's devices that were not revoked; one at most is confirmed."""
    return [device for device in work.tx.find(Device, where(Device.officer).is_(officer)) if device.revoked_at is None]


def valid_device(work: UnitOfWork, officer: str) -> Device | None:
    """Returns the officer's confirmed device, locked or not."""
    return next((device for device in devices_of(work, officer) if device.confirmed_at is not None), None)


def means_of(work: UnitOfWork, officer: Officer) -> ByReply:
    """Returns how this officer can approve by reply; off without the device or the pager that it needs."""
    means = work.env.settings.desk.approval.means
    lacks_pager = means is ByReply.PAGER and not officer.pagers
    device = valid_device(work, officer.id) if means is ByReply.TOTP else None
    lacks_device = means is ByReply.TOTP and (device is None or device.locked_at is not None)
    return ByReply.OFF if lacks_pager or lacks_device else means

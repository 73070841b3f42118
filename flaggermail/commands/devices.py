# SPDX-License-Identifier: EUPL-1.2
"""Officers' devices for one-time codes: made by a command, confirmed by a first code from the officer's own mail.

The secret is kept in the vault before the record refers to it. A device is valid only after its first code came in a
verified reply of the officer; officer and head are told by whom it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flaggermail.commands.command import DESK, Command, Subject
from flaggermail.commands.outcome import Did, Done, Outcome
from flaggermail.errors import NotFound, Refusal
from flaggermail.letters import writing
from flaggermail.notices import notices
from flaggermail.notices.enrolled import devices_of
from flaggermail.notices.notices import Notice
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Device
from flaggermail.record.topics import LASTS, Topic
from flaggermail.services import NOTHING, UnitOfWork
from flaggermail.settings.approval_section import APPROVES
from flaggermail.settings.rota import Officer
from flaggermail.wording.pieces import Piece
from flaggermail.wording.refusals import Because


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolDevice(Command):
    """Makes a device for an officer and asks for its first code by mail; replaces one that was never confirmed."""

    NAME = "officer enrol"
    MAY = DESK

    officer: str

    def subject(self, work: UnitOfWork) -> Subject:
        return _ever_of(work, self.officer)

    def perform(self, work: UnitOfWork) -> Outcome:
        officer = _officer(work, self.officer)
        writing.refuse(work, Piece.OFFICER(key=officer.id))
        _check_enroller(work, officer)
        fault = work.env.codes.unusable()
        if fault:
            raise Refusal(Because.VAULT_UNUSABLE(officer=officer.id, fault=fault))
        for old in devices_of(work, officer.id):
            if old.confirmed_at is not None and has_secret(work, old):
                raise Refusal(Because.HAS_DEVICE(officer=officer.id))
            _end(work, old)
        key = f"d{work.tx.number('device'):06d}"
        secret = work.env.randomness.salt() + work.env.randomness.salt()[:4]  # 160 bits (RFC 4226, section 4, R6)
        device = Device(
            id=key, officer=officer.id, enrolled_by=work.actor, enrolled_at=work.now,
            commitment=work.env.codes.make(key, secret), token=work.env.randomness.token(),
        )  # fmt: skip
        work.record(EventKind.DEVICE_ENROLLED, added(device), reason=officer.id)
        values = {"by": name_of(work, work.actor), "until": work.now + LASTS}
        notice = Notice(
            Kind.OFFICER_NOTICE, "device_enrolled", f"device/{key}", NOTHING, topic=Topic.DEVICE, token=device.token
        )  # fmt: skip
        notices.tell(work, officer, notice, values)
        _tell(work, device, "enrolled", but=officer.id)
        return Outcome(f"device {key} of {officer.id} waits for a first code by mail, at most two hours", key)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmDevice(Command):
    """Makes a device valid after its first good code, which `commands.reply_codes` has checked."""

    NAME = "officer confirm"
    MAY = APPROVES
    BY_REPLY = True

    device: str

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Device, self.device),)

    def perform(self, work: UnitOfWork) -> Outcome:
        device = work.tx.get(Device, self.device)
        if device is None or device.officer != work.actor or device.revoked_at is not None:
            raise NotFound(Because.NO_SUCH_DEVICE(device=self.device, officer=work.actor))
        confirmed = replace(device, confirmed_at=work.now)
        work.record(EventKind.DEVICE_CONFIRMED, changed(device, confirmed), reason=device.officer)
        _tell(work, confirmed, "confirmed")
        did = Did(what=Done.DEVICE_CONFIRMED)
        return Outcome(f"device {device.id} of {device.officer} is valid", device.id, did=did)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeDevice(Command):
    """Ends every device of an officer, locked ones too, and destroys the secrets that this account may destroy."""

    NAME = "officer revoke"
    MAY = DESK

    officer: str

    def subject(self, work: UnitOfWork) -> Subject:
        return _ever_of(work, self.officer)

    def perform(self, work: UnitOfWork) -> Outcome:
        officer = _officer(work, self.officer)
        found = devices_of(work, officer.id)
        if not found:
            raise Refusal(Because.HAS_NO_DEVICE(officer=officer.id))
        kept = [device.id for device in found if not _end(work, device)]
        for device in found:
            _tell(work, device, "revoked")
        folder = work.env.settings.codes
        warnings = [f"the secret of {key} lies in {folder}; the desk's account may remove it" for key in kept]
        return Outcome(f"officer {officer.id}: no device any more", officer.id, tuple(warnings))


def _ever_of(work: UnitOfWork, officer: str) -> Subject:
    """Returns every device that the officer ever had: whoever revoked one was faster."""
    return tuple((Device, one.id) for one in work.tx.find(Device, where(Device.officer).is_(officer)))


def has_secret(work: UnitOfWork, device: Device) -> bool:
    """True if the vault holds the device's secret: not after a restore without the folder of secrets."""
    return work.env.codes.codes(device.id, device.commitment, ()) is not None


def is_shared(work: UnitOfWork, device: Device) -> bool:
    """True if another approver may know the secret: who made it approves too, and two persons must approve."""
    enroller = work.env.settings.rota.officer(device.enrolled_by)
    return work.env.settings.desk.approval.persons > 1 and enroller is not None and bool(enroller.roles & APPROVES)


def tell_locked(work: UnitOfWork, device: Device) -> None:
    """Tells officer and head that a device was locked."""
    _tell(work, device, "locked")


def _check_enroller(work: UnitOfWork, officer: Officer) -> None:
    """Raises Refusal for a device that approves nothing, and for one whose secret another approver would see."""
    if not officer.roles & APPROVES:
        raise Refusal(Because.APPROVES_NOTHING(officer=officer.id))
    enroller = work.env.settings.rota.officer(work.actor)
    if work.env.settings.desk.approval.persons > 1 and enroller is not None and enroller.roles & APPROVES:
        raise Refusal(Because.ENROLLER_APPROVES(officer=officer.id, enroller=work.actor))


def _officer(work: UnitOfWork, officer_id: str) -> Officer:
    officer = work.env.settings.rota.officer(officer_id)
    if officer is None:
        raise NotFound(Because.NO_SUCH_OFFICER(officer=officer_id))
    return officer


def _end(work: UnitOfWork, device: Device) -> bool:
    """Revokes a device; returns whether its secret is gone."""
    ended = replace(device, revoked_at=work.now, revoked_by=work.actor)
    work.record(EventKind.DEVICE_REVOKED, changed(device, ended), reason=device.officer)
    return work.env.codes.forget(device.id)


def _tell(work: UnitOfWork, device: Device, what: str, but: str = "") -> None:
    """Tells the officer and the heads what happened to a device, and by whom it was made; one mail each."""
    rota = work.env.settings.rota
    persons = dict.fromkeys(person for person in (rota.officer(device.officer), *rota.heads) if person is not None)
    values: Mapping[str, object] = {
        "what": what,
        "officer": name_of(work, device.officer),
        "by": name_of(work, device.enrolled_by),
        "actor": name_of(work, work.actor),
        "enrolled_at": device.enrolled_at,
    }
    for person in persons:
        if person.id != but:
            notice = Notice(Kind.OFFICER_NOTICE, "device_notice", f"device/{device.id}/{what}/{person.id}", NOTHING)
            notices.tell(work, person, notice, values)


def name_of(work: UnitOfWork, actor: str) -> str:
    """Returns the name of an officer; of another actor, what the record calls them."""
    officer = work.env.settings.rota.officer(actor)
    return officer.name if officer else actor

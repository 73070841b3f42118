# SPDX-License-Identifier: EUPL-1.2
"""Officers' devices for one-time codes: made by a command, confirmed by a first code from the officer's own mail.

The secret is kept in the vault before the record refers to it. A device is valid only after its first code came in a
verified reply of the officer; officer and head are told by whom it was made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from flaggermail.cases import approval
from flaggermail.cases.approval import MOST_WRONG, CodeRefusal, RefusedCode
from flaggermail.commands.command import Command, Subject
from flaggermail.commands.outcome import ActFacts, ActKind, ActResult
from flaggermail.errors import NotFound, Refusal
from flaggermail.letters import writing
from flaggermail.mail.message import Message
from flaggermail.notices import approval_requests, duty, notices, pager_queue
from flaggermail.notices.duty import devices_of
from flaggermail.notices.notices import Notice
from flaggermail.record.case_values import LASTS, Topic
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Device, Notification, Token
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.states import NotificationState
from flaggermail.services import NOTHING, EventRef, UnitOfWork
from flaggermail.settings.rota import APPROVES, DESK, Officer
from flaggermail.settings.sections import ByReply
from flaggermail.wording.acts import ActText, ActWarning
from flaggermail.wording.alarms import AlarmText
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolDevice(Command):
    """Makes a device for an officer and asks for its first code by mail; replaces one that was never confirmed."""

    NAME = "officer enrol"
    MAY = DESK

    officer: str

    def subject(self, work: UnitOfWork) -> Subject:
        return _ever_of(work, self.officer)

    def perform(self, work: UnitOfWork) -> ActResult:
        officer = _officer(work, self.officer)
        writing.refuse(work, RefusalPart.OFFICER(key=officer.id))
        _check_enroller(work, officer)
        fault = work.env.codes.unusable()
        if fault:
            raise Refusal(CommandRefusal.VAULT_UNUSABLE(officer=officer.id, fault=fault))
        for old in devices_of(work, officer.id):
            if old.confirmed_at is not None and has_secret(work, old):
                raise Refusal(CommandRefusal.HAS_DEVICE(officer=officer.id))
            _end(work, old)
        key = f"d{work.tx.number('device'):06d}"
        secret = work.env.randomness.salt() + work.env.randomness.salt()[:4]  # 160 bits (RFC 4226, section 4, R6)
        device = Device(
            id=key, officer=officer.id, enrolled_by=work.actor, enrolled_at=work.now,
            commitment=work.env.codes.make(key, secret), token=work.env.randomness.token(),
        )  # fmt: skip
        work.record(EventKind.DEVICE_ENROLLED, added(device), reason=officer.id)
        values = {"by": work.env.settings.rota.officer_name(work.actor), "until": work.now + LASTS}
        notice = Notice(
            Kind.OFFICER_NOTICE, "device_enrolled", f"device/{key}", NOTHING, topic=Topic.DEVICE, token=device.token
        )  # fmt: skip
        notices.tell(work, officer, notice, values)
        _tell(work, device, "enrolled", but=officer.id)
        return ActResult(ActText.DEVICE_ENROLLED(device=key, officer=officer.id), key)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmDevice(Command):
    """Makes a device valid after its first good code, which `commands.devices` has checked."""

    NAME = "officer confirm"
    MAY = APPROVES
    BY_REPLY = True

    device: str

    def subject(self, work: UnitOfWork) -> Subject:
        return ((Device, self.device),)

    def perform(self, work: UnitOfWork) -> ActResult:
        device = work.tx.get(Device, self.device)
        if device is None or device.officer != work.actor or device.revoked_at is not None:
            raise NotFound(CommandRefusal.NO_SUCH_DEVICE(device=self.device, officer=work.actor))
        confirmed = replace(device, confirmed_at=work.now)
        work.record(EventKind.DEVICE_CONFIRMED, changed(device, confirmed), reason=device.officer)
        _tell(work, confirmed, "confirmed")
        did = ActFacts(what=ActKind.DEVICE_CONFIRMED)
        return ActResult(ActText.DEVICE_VALID(device=device.id, officer=device.officer), device.id, did=did)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeDevice(Command):
    """Ends every device of an officer, locked ones too, and destroys the secrets that this account may destroy."""

    NAME = "officer revoke"
    MAY = DESK

    officer: str

    def subject(self, work: UnitOfWork) -> Subject:
        return _ever_of(work, self.officer)

    def perform(self, work: UnitOfWork) -> ActResult:
        officer = _officer(work, self.officer)
        found = devices_of(work, officer.id)
        if not found:
            raise Refusal(CommandRefusal.HAS_NO_DEVICE(officer=officer.id))
        kept = [device.id for device in found if not _end(work, device)]
        for device in found:
            _tell(work, device, "revoked")
        folder = str(work.env.settings.codes)
        warnings = tuple(ActWarning.SECRET_LEFT(device=key, folder=folder) for key in kept)
        return ActResult(ActText.DEVICES_REVOKED(officer=officer.id), officer.id, warnings)


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
        raise Refusal(CommandRefusal.APPROVES_NOTHING(officer=officer.id))
    enroller = work.env.settings.rota.officer(work.actor)
    if work.env.settings.desk.approval.persons > 1 and enroller is not None and enroller.roles & APPROVES:
        raise Refusal(CommandRefusal.ENROLLER_APPROVES(officer=officer.id, enroller=work.actor))


def _officer(work: UnitOfWork, officer_id: str) -> Officer:
    officer = work.env.settings.rota.officer(officer_id)
    if officer is None:
        raise NotFound(CommandRefusal.NO_SUCH_OFFICER(officer=officer_id))
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
        "officer": work.env.settings.rota.officer_name(device.officer),
        "by": work.env.settings.rota.officer_name(device.enrolled_by),
        "actor": work.env.settings.rota.officer_name(work.actor),
        "enrolled_at": device.enrolled_at,
    }
    for person in persons:
        if person.id != but:
            notice = Notice(Kind.OFFICER_NOTICE, "device_notice", f"device/{device.id}/{what}/{person.id}", NOTHING)
            notices.tell(work, person, notice, values)


_DIGITS = re.compile(r"(?<!\d)\d{3}[ \t\u00a0.-]?\d{3}(?!\d)")
_SIGNS = re.compile(r"(?<![A-Z0-9])[A-HJ-NP-Z2-9]{3}[ \t\u00a0.-]?[A-HJ-NP-Z2-9]{3}(?![A-Z0-9])")
_OF_A_DEVICE = re.compile(r"[0-9]{6}")
_MOST_SEEN = 2000  # candidates looked at in one mail


@dataclass
class ReplyCode:
    """The code in one reply to an approval request, or to the mail that asks for a device's first code."""

    work: UnitOfWork
    token: Token
    fault: CodeRefusal | None = None  # why the code does nothing
    until: datetime | None = None  # until when none counts, after the clock was set back
    _wrong: Device | None = field(default=None, repr=False)
    _good: tuple[Device, int] | None = field(default=None, repr=False)

    def names(self, written: str) -> str | None:
        """Returns the draft, or the device, that `written` is a valid code for; changes nothing in the record."""
        if self.token.purpose == Topic.DEVICE:
            found = self.work.tx.find(
                Device, where(Device.token).is_(self.token.token), where(Device.revoked_at).is_(None)
            )
            return found[0].id if found and self._is_of_device(found[0], written) else None
        means = self.work.env.settings.desk.approval.means
        if means is ByReply.OFF:
            self.fault = CodeRefusal.OFF
        elif means is not ByReply.TOTP:
            return self._of_request(written)
        elif (device := duty.valid_device(self.work, self.work.actor)) is None:
            self.fault = CodeRefusal.NO_DEVICE
        elif is_shared(self.work, device):
            self.fault = CodeRefusal.SHARED
        elif self._is_of_device(device, written):
            return self.token.notification
        return None

    def settle(self) -> None:
        """Records what came of the code: it is spent, or one more was wrong. Five wrong ones lock the device."""
        if self._good is not None:
            device, step = self._good
            spent = replace(device, last_step=step, wrong_codes=0)
            self.work.record(EventKind.CODE_SPENT, changed(device, spent), reason=device.officer)
        if self._wrong is not None:
            _count_wrong(self.work, self._wrong)

    def _of_request(self, written: str) -> str | None:
        officer = self.work.env.settings.rota.officer(self.work.actor)
        if self.work.env.settings.desk.approval.means is ByReply.PAGER and (officer is None or not officer.pagers):
            self.fault = CodeRefusal.NO_PAGER
            return None
        offer = pager_queue.offer_of(self.work, self.token)
        found = approval.offer_of_code(written, self.work.actor, [offer] if offer else [], self.work.now)
        if isinstance(found, RefusedCode):
            given = approval_requests.has_code(self.work, self.token, offer)
            self.fault = CodeRefusal.WRONG if given else CodeRefusal.NOT_GIVEN
            return None
        return found.draft

    def _is_of_device(self, device: Device, written: str) -> bool:
        now = self.work.now
        codes = self.work.env.codes.codes(device.id, device.commitment, approval.steps_to_try(now))
        if device.locked_at is not None:
            self.fault = CodeRefusal.LOCKED
        elif codes is None:
            self.fault = CodeRefusal.LOST
        elif (until := approval.none_counts_until(device.last_step, now)) is not None:
            self.fault, self.until = CodeRefusal.CLOCK_BACK, until
        elif not _OF_A_DEVICE.fullmatch(approval.normalised_code(written)):
            self.fault = CodeRefusal.WRONG  # a word, or nothing: not a code that somebody tried
        else:
            found = approval.step_that_counts(written, codes, device.last_step, now)
            if not isinstance(found, CodeRefusal):
                self._good = device, found
                return True
            self.fault, self._wrong = found, device if found is CodeRefusal.WRONG else None
        return False

    def is_seen_in(self, message: Message) -> bool:
        """True if the mail holds a code that is good now: it is spent by that, whatever the mail does."""
        text = f"{message.subject or ''}\n{message.text}"
        means = self.work.env.settings.desk.approval.means
        if means is ByReply.PAGER:
            offer = pager_queue.offer_of(self.work, self.token)
            return offer is not None and offer.code in _candidates(_SIGNS, text.upper())
        if means is not ByReply.TOTP:
            return False
        seen = set(_candidates(_DIGITS, text))
        own = self.work.tx.find(Device, where(Device.officer).is_(self.work.actor), where(Device.revoked_at).is_(None))
        return any(seen & set(_codes_in_time(self.work, device).values()) for device in own)


def _count_wrong(work: UnitOfWork, device: Device) -> None:
    counted = replace(device, wrong_codes=device.wrong_codes + 1)
    work.record(EventKind.CODE_WRONG, changed(device, counted), reason=device.officer)
    if counted.wrong_codes < MOST_WRONG:
        return
    locked = replace(counted, locked_at=work.now)
    work.record(EventKind.DEVICE_LOCKED, changed(counted, locked), reason=device.officer)
    text = AlarmText.DEVICE(name=work.env.settings.rota.officer_name(device.officer), device=device.id)
    raised = alarm(AlarmKind.DEVICE_LOCKED, alarm_key(AlarmKind.DEVICE_LOCKED, device.id), text, work.now)
    notices.raise_alarm(work, raised, f"flaggermail officer revoke {device.officer}")
    tell_locked(work, locked)


def spend_seen(work: UnitOfWork, message: Message) -> None:
    """Spends every code that a mail holds: whoever reads the mailbox could write it again within its time."""
    means = work.env.settings.desk.approval.by_reply
    text = f"{message.subject or ''}\n{message.text}"
    if means is ByReply.TOTP and (seen := set(_candidates(_DIGITS, text))):
        for device in work.tx.find(Device, where(Device.revoked_at).is_(None)):
            _spend_steps(work, device, seen)
    elif means is ByReply.PAGER and (seen := set(_candidates(_SIGNS, text.upper()))):
        for token in work.tx.find(Token, where(Token.purpose).is_(Topic.APPROVAL), where(Token.used_at).is_(None)):
            _end_request(work, token, seen)


def _candidates(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for number, match in enumerate(pattern.finditer(text)):
        if number >= _MOST_SEEN:
            return
        yield approval.normalised_code(match[0])


def _spend_steps(work: UnitOfWork, device: Device, seen: set[str]) -> None:
    steps = [step for step, code in _codes_in_time(work, device).items() if code in seen]
    if steps and max(steps) > (device.last_step or 0):
        spent = replace(device, last_step=max(steps))
        work.record(EventKind.CODE_SPENT, changed(device, spent), reason=device.officer)


def _codes_in_time(work: UnitOfWork, device: Device) -> Mapping[int, str]:
    return work.env.codes.codes(device.id, device.commitment, approval.steps_in_time(work.now)) or {}


def _end_request(work: UnitOfWork, token: Token, seen: set[str]) -> None:
    if token.expires_at is None or token.expires_at <= work.now:
        return
    offer = pager_queue.offer_of(work, token)
    draft = work.tx.get(Notification, token.notification) if token.notification else None
    if offer is not None and draft is not None and draft.state == NotificationState.DRAFT and offer.code in seen:
        about = EventRef(case=token.case, notification=token.notification)
        ended = replace(token, expires_at=work.now)
        work.record(EventKind.CODE_SPENT, changed(token, ended), about=about, reason=token.officer or "")

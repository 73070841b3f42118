# SPDX-License-Identifier: EUPL-1.2
"""Checks the code in an officer's reply, and sees to it that a code which anybody could have read counts no more.

Every mail lies in a mailbox that others read. So a code is spent as soon as the desk has seen it, whether the mail that
holds it did anything or not: a device's by its time step, a request's by ending the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from flaggermail.commands import devices
from flaggermail.mail.message import Message
from flaggermail.notices import approval_requests, code_pages, enrolled, notices
from flaggermail.notifications import approval
from flaggermail.notifications.approval import MOST_WRONG, CodeFault, Void
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.rows import Device, Notification, Token
from flaggermail.record.states import NotificationState
from flaggermail.record.topics import Topic
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.approval_section import ByReply
from flaggermail.wording.alarms import AlarmText

_DIGITS = re.compile(r"(?<!\d)\d{3}[ \t\u00a0.-]?\d{3}(?!\d)")
_SIGNS = re.compile(r"(?<![A-Z0-9])[A-HJ-NP-Z2-9]{3}[ \t\u00a0.-]?[A-HJ-NP-Z2-9]{3}(?![A-Z0-9])")
_OF_A_DEVICE = re.compile(r"[0-9]{6}")
_MOST_SEEN = 2000  # candidates looked at in one mail


@dataclass
class ReplyCode:
    """The code in one reply to an approval request, or to the mail that asks for a device's first code."""

    work: UnitOfWork
    token: Token
    fault: CodeFault | None = None  # why the code does nothing
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
            self.fault = CodeFault.OFF
        elif means is not ByReply.TOTP:
            return self._of_request(written)
        elif (device := enrolled.valid_device(self.work, self.work.actor)) is None:
            self.fault = CodeFault.NO_DEVICE
        elif devices.is_shared(self.work, device):
            self.fault = CodeFault.SHARED
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
            self.fault = CodeFault.NO_PAGER
            return None
        offer = code_pages.offer_of(self.work, self.token)
        found = approval.read(written, self.work.actor, [offer] if offer else [], self.work.now)
        if isinstance(found, Void):
            given = approval_requests.has_code(self.work, self.token, offer)
            self.fault = CodeFault.WRONG if given else CodeFault.NOT_GIVEN
            return None
        return found.draft

    def _is_of_device(self, device: Device, written: str) -> bool:
        now = self.work.now
        codes = self.work.env.codes.codes(device.id, device.commitment, approval.steps_to_try(now))
        if device.locked_at is not None:
            self.fault = CodeFault.LOCKED
        elif codes is None:
            self.fault = CodeFault.LOST
        elif (until := approval.none_counts_until(device.last_step, now)) is not None:
            self.fault, self.until = CodeFault.CLOCK_BACK, until
        elif not _OF_A_DEVICE.fullmatch(approval.bare(written)):
            self.fault = CodeFault.WRONG  # a word, or nothing: not a code that somebody tried
        else:
            found = approval.step_that_counts(written, codes, device.last_step, now)
            if not isinstance(found, CodeFault):
                self._good = device, found
                return True
            self.fault, self._wrong = found, device if found is CodeFault.WRONG else None
        return False

    def is_seen_in(self, message: Message) -> bool:
        """True if the mail holds a code that is good now: it is spent by that, whatever the mail does."""
        text = f"{message.subject or ''}\n{message.text}"
        means = self.work.env.settings.desk.approval.means
        if means is ByReply.PAGER:
            offer = code_pages.offer_of(self.work, self.token)
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
    text = AlarmText.DEVICE(name=devices.name_of(work, device.officer), device=device.id)
    raised = alarm(AlarmKind.DEVICE_LOCKED, alarm_key(AlarmKind.DEVICE_LOCKED, device.id), text, work.now)
    notices.raise_alarm(work, raised, f"flaggermail officer revoke {device.officer}")
    devices.tell_locked(work, locked)


def spend_seen(work: UnitOfWork, message: Message) -> None:
    """Spends every code that a mail holds: whoever reads the mailbox could write it again within its time."""
    means = work.env.settings.desk.approval.means
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
        yield approval.bare(match[0])


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
    offer = code_pages.offer_of(work, token)
    draft = work.tx.get(Notification, token.notification) if token.notification else None
    if offer is not None and draft is not None and draft.state == NotificationState.DRAFT and offer.code in seen:
        about = EventRef(case=token.case, notification=token.notification)
        ended = replace(token, expires_at=work.now)
        work.record(EventKind.CODE_SPENT, changed(token, ended), about=about, reason=token.officer or "")

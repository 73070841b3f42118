# SPDX-License-Identifier: EUPL-1.2
"""Whose approvals of a draft count, and the codes with which one person approves one draft by mail: pure functions.

Codes are of two kinds. A *request's code* belongs to one draft and one officer: it is derived from the token of the
mail that shows the draft, the digest of the draft's octets and the officer, and expires two hours after that mail. By
pager it is derived under a key of the desk as well, so that neither mailbox nor record gives it. A *device's code*
(RFC 6238) is that of the officer's own device in a time step; it is bound to the draft by the token of the mail that is
answered.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import zip_longest

from flaggermail.record.case_values import ChannelKind
from flaggermail.record.rows import Channel, Notification
from flaggermail.settings.rota import APPROVES, Officer, Rota
from flaggermail.wording.refusals import SendingRefusal
from flaggermail.wording.said import StoredText

MOST_WRONG = 5  # wrong codes in a row, after which a device is locked
_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32 characters, without the easily confused I, O, 0 and 1
_LENGTH, _BITS = 6, 5
_STEP = 30  # seconds of a time step (RFC 6238, section 4.1)
_DRIFT = 1  # steps by which a device's clock may differ (RFC 6238, section 5.2)
_REMEMBERED = 240  # steps, two hours: an honest code that came late is told apart from a guess


class CodeRefusal(StrEnum):
    """Why a code in a reply does nothing; each is a value of `replies.answered.Why` too."""

    WRONG = "wrong code"
    LATE = "code too late"
    SPENT = "code spent"
    CLOCK_BACK = "clock set back"
    OFF = "by command only"
    NO_DEVICE = "no device"
    LOCKED = "device locked"
    LOST = "device lost"
    SHARED = "device made by an approver"
    NO_PAGER = "no pager"
    NOT_GIVEN = "no code given"


@dataclass(frozen=True, slots=True)
class ApprovalTally:
    """The approvals of a draft that count under the current rota, for an approval and the final check alike."""

    counted: tuple[str, ...]  # officers (ids) whose approval counts
    void: tuple[str, ...]  # who approved it too: no officer who may approve, not with that login, or its author
    persons: int  # how many must approve
    author: str  # with two persons they must be an officer of the desk, so that it is certain that others approved
    has_author: bool

    @property
    def is_enough(self) -> bool:
        """True if the text may leave."""
        return self.has_author and len(self.counted) >= self.persons

    def lacking(self) -> StoredText:
        """Returns what keeps the text from leaving; unsaid if nothing does."""
        if self.is_enough:
            return StoredText()
        if not self.has_author:
            return SendingRefusal.AUTHOR(officer=self.author)
        approvals = SendingRefusal.APPROVALS(count=len(self.counted), persons=self.persons)
        if not self.void:
            return approvals
        why = SendingRefusal.NO_APPROVER() if self.persons == 1 else SendingRefusal.NO_APPROVER_OR_AUTHOR()
        return SendingRefusal.VOID(approvals=approvals, officers=self.void, why=why)


def tally(rota: Rota, persons: int, draft: Notification) -> ApprovalTally:
    """Counts the approvals of a draft by this rota.

    An approval counts if its officer may approve, with the login that the rota gives them: a command that read another
    configuration may name any officer for a login, so two approvals with one login are at most one. An approval by
    reply has none: its code proves it. Where two persons must approve, the author's does not count.
    """
    given = zip_longest(draft.approved_by, draft.approved_with, fillvalue="")
    valid = {key for key, login in given if key in may_approve(rota, persons, draft) and _is_own(rota, key, login)}
    return ApprovalTally(
        counted=tuple(key for key in dict.fromkeys(draft.approved_by) if key in valid),
        void=tuple(key for key in dict.fromkeys(draft.approved_by) if key not in valid),
        persons=persons,
        author=draft.drafted_by,
        has_author=persons == 1 or rota.officer(draft.drafted_by) is not None,
    )


def may_approve(rota: Rota, persons: int, draft: Notification) -> dict[str, Officer]:
    """Returns the officers who may approve the draft, by their ids: not its author, if two persons must."""
    found = (officer for officer in rota.officers if officer.roles & APPROVES)
    return {officer.id: officer for officer in found if persons == 1 or officer.id != draft.drafted_by}


def _is_own(rota: Rota, officer: str, login: str) -> bool:
    found = rota.officer(officer)
    return found is not None and login in {"", found.login}


def channel_of(channels: Iterable[Channel], draft: Notification, was: Channel | None) -> Channel | None:
    """Returns the one of the desk's `channels` that a draft is for: by its code, or else by the way that it goes.

    A channel that was renamed is the first of its platform of that kind and telephone with all addresses of the draft.
    `was` is the channel on record. None if the desk has none.
    """
    own = [channel for channel in channels if channel.platform == draft.platform]
    named = (channel for channel in own if channel.code == draft.channel)
    renamed = (
        channel
        for channel in own
        if was is not None
        and (channel.kind, channel.phone) == (was.kind, was.phone)
        and not addresses_off_channel(channel, draft)
    )
    return next(named, None) or next(renamed, None)


def channel_lacking(channel: Channel | None, draft: Notification) -> StoredText:
    """Returns why the desk's own channel does not fit the draft; unsaid if it does."""
    if channel is None:
        return SendingRefusal.CHANNEL(channel=draft.channel, way=(*draft.to, *draft.cc) or (draft.channel_name,))
    wrong = addresses_off_channel(channel, draft)
    if not wrong and bool(draft.to) is (channel.kind == ChannelKind.MAIL):
        return StoredText()
    old, new = wrong or draft.to or (draft.channel_name,), (*channel.to, *channel.cc) or (channel.name,)
    return SendingRefusal.ADDRESS(old=old, channel=channel.code, new=new)


def addresses_off_channel(channel: Channel, draft: Notification) -> list[str]:
    """Returns the draft's addresses that are not on the channel."""
    known = {address.lower() for address in (*channel.to, *channel.cc)}
    return [address for address in (*draft.to, *draft.cc) if address.lower() not in known]


@dataclass(frozen=True, slots=True)
class Offer:
    """A draft that was shown to one officer (an id) in a mail with that token; `key` is the desk's, for a pager."""

    draft: str
    token: str = field(repr=False)
    digest: str
    officer: str
    expires_at: datetime
    key: bytes = field(default=b"", repr=False)

    @property
    def code(self) -> str:
        """The code that this officer writes to approve the draft."""
        octets = f"{self.token} {self.digest} {self.officer}".encode("ascii")
        seal = hmac.digest(self.key, octets, "sha256") if self.key else hashlib.sha256(octets).digest()
        number = int.from_bytes(seal[:4], "big")
        return "".join(_SIGNS[number >> _BITS * place & len(_SIGNS) - 1] for place in range(_LENGTH))


@dataclass(frozen=True, slots=True)
class RefusedCode:
    """A refused code: why it approves nothing, and the draft that it was for, if any."""

    reason: str
    draft: str | None = None


def offer_of_code(written: str, officer: str, offers: Iterable[Offer], now: datetime) -> Offer | RefusedCode:
    """Returns the offer that `officer` accepts with the code they wrote; case, spaces and punctuation are ignored."""
    code = normalised_code(written)
    found = [offer for offer in offers if offer.code == code]
    own = next((offer for offer in found if offer.officer == officer), None)
    if own is None:
        return RefusedCode("this code is another person's" if found else "there is no such code")
    if now >= own.expires_at:
        return RefusedCode("this code has run out", own.draft)
    return own


def normalised_code(written: str) -> str:
    """Returns a code in one case, without spaces and punctuation."""
    return "".join(sign for sign in written.upper() if sign.isalnum())


# ---- codes of a device


def step_of(at: datetime) -> int:
    """Returns the time step of an instant (RFC 6238, section 4.2)."""
    return int(at.timestamp()) // _STEP


def steps_to_try(now: datetime) -> range:
    """Returns the steps whose codes are told apart: those that count now, and outdated ones before them."""
    return range(step_of(now) - _REMEMBERED, step_of(now) + _DRIFT + 1)


def steps_in_time(now: datetime) -> range:
    """Returns the steps whose codes count now."""
    return range(step_of(now) - _DRIFT, step_of(now) + _DRIFT + 1)


def none_counts_until(last_step: int | None, now: datetime) -> datetime | None:
    """Returns until when no code of the device counts, in whole minutes; None if one may count now.

    The clock was set back since a code was spent: codes of the steps up to that one are accepted no second time.
    """
    if last_step is None or last_step <= step_of(now) + _DRIFT:
        return None
    return datetime.fromtimestamp(-(-(last_step + 1) * _STEP // 60) * 60, UTC)


def step_that_counts(written: str, codes: Mapping[int, str], last_step: int | None, now: datetime) -> int | CodeRefusal:
    """Returns the time step of the code that was written if it counts now, else why it does not.

    `codes` gives the code of each step in `steps_to_try`. No code counts whose step is `last_step` or an earlier one:
    each is accepted once (RFC 6238, section 5.2).
    """
    found = sorted((step for step, code in codes.items() if code == normalised_code(written)), reverse=True)
    in_time = [step for step in found if step in steps_in_time(now)]
    fresh = [step for step in in_time if last_step is None or step > last_step]
    if fresh:
        return fresh[0]
    if in_time:
        return CodeRefusal.SPENT
    return CodeRefusal.LATE if found else CodeRefusal.WRONG

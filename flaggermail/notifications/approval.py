# SPDX-License-Identifier: EUPL-1.2
"""The codes with which one person approves one draft by mail: pure functions of facts and an instant.

Two kinds. A *request's code* belongs to one draft and one officer: it is derived from the token of the mail that shows
the draft, the digest of the draft's octets and the officer, and expires two hours after that mail. By pager it is
derived under a key of the desk as well, so that neither mailbox nor record gives it. A *device's code* (RFC 6238) is
that of the officer's own device in a time step; it is bound to the draft by the token of the mail that is answered.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import zip_longest

from flaggermail.oncall.schedule import Rota
from flaggermail.record.clocks import OfficerRole
from flaggermail.record.rows import Notification

APPROVES = frozenset({OfficerRole.APPROVER, OfficerRole.HEAD})  # the roles that may approve
ACCEPTED_RISK = "members of the mailbox can approve"  # the words that `approval.by_reply: mail` needs
MOST_WRONG = 5  # wrong codes in a row, after which a device is locked
_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32 characters, without the easily confused I, O, 0 and 1
_LENGTH, _BITS = 6, 5
_STEP = 30  # seconds of a time step (RFC 6238, section 4.1)
_DRIFT = 1  # steps by which a device's clock may differ (RFC 6238, section 5.2)
_REMEMBERED = 240  # steps, two hours: an honest code that came late is told apart from a guess


class ByReply(StrEnum):
    """How a notification is approved by reply: where the code comes from."""

    PAGER = "pager"  # to the approver's pager
    TOTP = "totp"  # from the approver's own device
    MAIL = "mail"  # in the request, which every member of the mailbox can read
    OFF = "off"  # not at all: by command only


class CodeFault(StrEnum):
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


def approvers_of(rota: Rota, approved: Notification) -> set[str]:
    """Returns the officers whose approval counts by this rota: they may approve, and their login is their own.

    A command that read another configuration may name any officer for a login. So the login of each approval is
    recorded, and two approvals with one login are at most one. An approval by reply has none: its code proves it.
    """
    given = zip_longest(approved.approved_by, approved.approved_with or (), fillvalue="")
    found = ((rota.officer(officer), login) for officer, login in given)
    return {one.id for one, login in found if one is not None and one.roles & APPROVES and login in {"", one.login}}


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
class Void:
    """Why a code approves nothing; `draft` is the draft it was for, if any."""

    reason: str
    draft: str | None = None


def read(written: str, officer: str, offers: Iterable[Offer], now: datetime) -> Offer | Void:
    """Returns the offer that `officer` accepts with the code they wrote; case, spaces and punctuation are ignored."""
    code = bare(written)
    found = [offer for offer in offers if offer.code == code]
    own = next((offer for offer in found if offer.officer == officer), None)
    if own is None:
        return Void("this code is another person's" if found else "there is no such code")
    if now >= own.expires_at:
        return Void("this code has run out", own.draft)
    return own


def bare(written: str) -> str:
    """Returns a code without case, spaces and punctuation."""
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


def step_that_counts(written: str, codes: Mapping[int, str], last_step: int | None, now: datetime) -> int | CodeFault:
    """Returns the time step of the code that was written if it counts now, else why it does not.

    `codes` gives the code of each step in `steps_to_try`. No code counts whose step is `last_step` or an earlier one:
    each is accepted once (RFC 6238, section 5.2).
    """
    found = sorted((step for step, code in codes.items() if code == bare(written)), reverse=True)
    in_time = [step for step in found if step in steps_in_time(now)]
    fresh = [step for step in in_time if last_step is None or step > last_step]
    if fresh:
        return fresh[0]
    if in_time:
        return CodeFault.SPENT
    return CodeFault.LATE if found else CodeFault.WRONG

# SPDX-License-Identifier: EUPL-1.2
"""An outgoing mail, before and after it has octets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from flaggermail.mail.case_numbers import with_tail
from flaggermail.mail.message import Address
from flaggermail.record.case_values import SenderTrust
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Notification

REPLIED, GENERATED = "auto-replied", "auto-generated"  # RFC 3834, section 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A mail to write. `dedupe` is its deduplication key: a recipient gets at most one mail for it."""

    kind: Kind
    template: str
    language: str
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)
    dedupe: str
    token: str
    case: str | None = None
    number: str | None = None  # as its readers see it; None: the case's own
    notification: str | None = None
    answers: tuple[str, ...] = ()  # the References of the mail that this one answers, the answered Message-ID last
    automatic: str | None = GENERATED
    at_most_once: bool = False
    keyed_subject: bool = False  # the token is in the subject too, if the reply address cannot carry it
    exercise: bool = False  # for a mail without a case: it belongs to an exercise
    shows: str | None = None  # the message that a notice shows, or a decline answers
    trust: SenderTrust | None = None  # of a notice, alarm or digest: whose mail caused it; None: the desk itself
    instead_of: str | None = None  # the refused mail in whose place this one is sent


def of_notification(
    notification: Notification, to: Sequence[str], cc: Sequence[str] = (),
    values: Mapping[str, object] = MappingProxyType({}), answers: tuple[str, ...] = (),
) -> Outgoing:  # fmt: skip
    """Returns the mail of a notification or follow-up: a person approves it, so it is not marked as automatic."""
    return Outgoing(
        kind=Kind.NOTIFICATION if notification.counted else Kind.FOLLOW_UP,
        template=notification.template,
        language=notification.language,
        to=tuple(Address(address) for address in to),
        cc=tuple(Address(address) for address in cc),
        values=values,
        dedupe=f"notification/{notification.id}",
        token=notification.token,
        case=notification.case,
        number=with_tail(notification.case, notification.tail),
        notification=notification.id,
        answers=answers,
        automatic=None,
        at_most_once=True,
    )


@dataclass(frozen=True, slots=True)
class PreviewedMail:
    """A mail as it would be frozen now; it is stored nowhere."""

    message_id: str
    subject: str
    body: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Frozen:
    """A mail that has octets and a Message-ID, and is in the archive."""

    message_id: str
    subject: str
    body: str
    digest: str
    content_key: str

# SPDX-License-Identifier: EUPL-1.2
"""A parsed mail as a part of an answer: the object of `parse --json`, whose fields are those of `mail.contract`."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.desk.answers import ViewAnswer
from flaggermail.mail.message import Address, Attachment, BounceClass, Forwarded, ForwardSource, MechanicalKind, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedPerson(ViewAnswer):
    """A person as the text of a forward names them; null is what it lacks."""

    name: str | None
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedMail(ViewAnswer):
    """The mail inside a forward, as the forwarder shows it; `date` is as written there."""

    from_: ClaimedPerson | None
    to: tuple[ClaimedPerson, ...]
    cc: tuple[ClaimedPerson, ...]
    subject: str | None
    date: str | None
    body: str
    source: ForwardSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMail(ViewAnswer):
    """What a mail says. `date` has the offset that the mail gives, and sizes are in octets."""

    sha256: str
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    from_: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str | None
    date: str | None
    kind: MechanicalKind
    failed_recipients: tuple[str, ...]
    bounce_class: BounceClass | None
    forwarded: ClaimedMail | None
    text: str
    reply_text: str
    attachments: tuple[Attachment, ...]
    defects: tuple[str, ...]


def parsed(message: Message) -> ParsedMail:
    """Returns what a mail says."""
    return ParsedMail.from_fields(
        message,
        date=message.date.isoformat() if message.date else None,
        forwarded=_claimed(message.forwarded) if message.forwarded else None,
    )


def _claimed(inner: Forwarded) -> ClaimedMail:
    return ClaimedMail.from_fields(
        inner,
        from_=_person(inner.sender) if inner.sender else None,
        to=tuple(map(_person, inner.to)),
        cc=tuple(map(_person, inner.cc)),
    )


def _person(printed: Address) -> ClaimedPerson:
    """Returns a person; what is printed as an address without "@" is a name."""
    if "@" in printed.address:
        return ClaimedPerson(name=printed.name, address=printed.address)
    return ClaimedPerson(name=printed.name or printed.address, address=None)

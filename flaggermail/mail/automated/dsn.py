# SPDX-License-Identifier: EUPL-1.2
"""Parses delivery reports (RFC 3464): which mail they are about, and what happened for each recipient."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flaggermail.mail.fields import read_header, unfolded, words_decoded
from flaggermail.mail.message import BounceClass

FAILED, DELAYED = BounceClass.FAILED, BounceClass.DELAYED
_DELIVERED = "delivered"
_DONE = frozenset({_DELIVERED, "relayed", "expanded"})

MOST_RECIPIENTS = 1000
_TYPED = re.compile(r"^\s*[A-Za-z0-9-]{1,40}\s*;\s*")  # "rfc822; ADDRESS" (RFC 3464, section 2.3.2)
_QUOTED_ID = re.compile(r"^[> \t]{0,8}(?:original-)?message-id:\s{0,4}<([^<>\s]{1,250})>", re.IGNORECASE | re.MULTILINE)
_LONGEST_LIST = 20_000  # characters
_ADDRESS = re.compile(r"[^\s<>()\[\]\"':;,|=`@]{1,120}@[^\s<>()\[\]\"':;,|@`]{1,200}")
_XTEXT = re.compile(rb"\+([0-9A-F]{2})")
_GROUPS = re.compile(rb"\r?\n[ \t]*\r?\n")


@dataclass(frozen=True, slots=True)
class Recipient:
    """The report on one recipient (RFC 3464, section 2.3); `action` in lower case, empty if missing."""

    address: str
    action: str
    status: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The recipients of a report, in order."""

    recipients: tuple[Recipient, ...] = ()
    envelope_id: str | None = (
        None  # the sender's identifier of the envelope (RFC 3461, section 4.4; RFC 3464, section 2.2.1)
    )

    @property
    def bounce(self) -> BounceClass | None:
        """The worst action reported, if it is a failure or a delay."""
        actions = {_action(recipient) for recipient in self.recipients}
        return next((bounce for bounce in BounceClass if bounce in actions), None)

    @property
    def delivered(self) -> bool:
        """True if the mail reached a recipient, and no action reported is a failure or a delay."""
        return self.bounce is None and any(_action(recipient) == _DELIVERED for recipient in self.recipients)

    @property
    def unreached(self) -> tuple[str, ...]:
        """The failed recipients or, if there are none, the delayed ones; lower case, without repeats."""
        wanted = self.bounce
        if wanted is None:
            return ()
        found = (recipient.address.lower() for recipient in self.recipients if _action(recipient) == wanted)
        # Some servers cut off the local part and leave "@" and a host, which identifies no recipient.
        return tuple(dict.fromkeys(address for address in found if address and not address.startswith("@")))


def _action(recipient: Recipient) -> str:
    if recipient.action in _DONE:
        return _DELIVERED
    if recipient.action in {FAILED, DELAYED}:
        return recipient.action
    # Some systems omit or misspell Action; the class of the status code has the same meaning (RFC 3463, section 2).
    return {"5": FAILED, "4": DELAYED, "2": _DELIVERED}.get(recipient.status[:1], FAILED if recipient.action else "")


def read_report(octets: bytes) -> DeliveryReport:
    """Parses the body of a message/delivery-status or message/global-delivery-status part. Never raises."""
    recipients: list[Recipient] = []
    envelope_id: str | None = None
    for group in _GROUPS.split(octets)[: MOST_RECIPIENTS + 1]:
        fields: dict[str, str] = {}
        for name, value in read_header(group.lstrip(b"\r\n")).fields:
            fields.setdefault(name, words_decoded(unfolded(value)[0]).strip())
        envelope_id = envelope_id or fields.get("original-envelope-id") or None
        # Original-Recipient, if present, is the address we wrote to (RFC 3464, section 2.3.1).
        original, final = (_address(fields.get(f"{which}-recipient", "")) for which in ("original", "final"))
        address = original if "@" in original else final or original
        if address or "action" in fields:
            action = fields.get("action", "").partition(" ")[0].strip(";.").lower()
            recipients.append(Recipient(address, action, fields.get("status", "")))
    return DeliveryReport(tuple(recipients), envelope_id)


def decoded_xtext(text: str) -> str:
    """Decodes xtext (RFC 3461, section 4): "+3D" is "=". Some servers report the envelope identifier still encoded."""
    octets = _XTEXT.sub(lambda found: bytes([int(found.group(1), 16)]), text.encode("utf-8", "replace"))
    return octets.decode("utf-8", "replace")


def _address(value: str) -> str:
    """Returns the address in a typed field, without type, brackets and comments."""
    plain = _TYPED.sub("", value, count=1).partition(" (")[0].strip()
    inner = plain[plain.find("<") + 1 :].partition(">")[0] if "<" in plain else plain
    return inner.strip("<>\"' \t;,")


def quoted_message_id(text: str) -> str | None:
    """Returns the first Message-ID quoted in the text of a bounce without parts, or None."""
    match = _QUOTED_ID.search(text)
    return match.group(1) if match else None


def usable_addresses(value: str) -> tuple[str, ...]:
    """Returns the addresses in a field that lists recipients, in lower case; skips pipes and paths."""
    return tuple(dict.fromkeys(found.rstrip(".").lower() for found in _ADDRESS.findall(value[:_LONGEST_LIST])))

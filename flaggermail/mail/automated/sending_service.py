# SPDX-License-Identifier: EUPL-1.2
"""Reads the JSON that a sending service mails to a subscriber instead of a report of RFC 3464."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

_MARK = "x-amz-sns-message-id"  # a field that the service adds to such a mail
_LARGEST = 200_000  # characters
_EVENTS = {
    "bounce": ("bounce", "bouncedRecipients"),
    "complaint": ("complaint", "complainedRecipients"),
    "delivery": ("delivery", "recipients"),
    "deliverydelay": ("delay", "delayedRecipients"),
}
_BLOCKS = {"deliverydelay": "deliveryDelay"}


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """`event`: bounce, complaint, delivery or delay. Recipients in lower case. `message_id` of the mail concerned."""

    event: str
    recipients: tuple[str, ...] = ()
    message_id: str | None = None


def read_published(fields: Mapping[str, str], text: str) -> ServiceEvent | None:
    """Returns the event in a mail with these header fields and this text, or None. Never raises."""
    if _MARK not in fields or not text.lstrip().startswith("{"):
        return None
    plain = text.lstrip()[:_LARGEST]
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(plain.replace("\n ", "").replace("\n", ""))
    except (ValueError, RecursionError):
        return _by_name(plain)
    return _read(found) if isinstance(found, dict) else None


def _by_name(plain: str) -> ServiceEvent | None:
    """Returns only the event, for JSON that was folded or truncated in transit."""
    compact = plain[:500].replace(" ", "").lower()
    for key in ("notificationtype", "eventtype"):
        word = compact.partition(f'"{key}":"')[2].partition('"')[0]
        if word in _EVENTS:
            return ServiceEvent(_EVENTS[word][0])
    return None


def _read(content: Mapping[str, object]) -> ServiceEvent | None:
    name = content.get("notificationType") or content.get("eventType")
    word = name.lower() if isinstance(name, str) else ""
    if word not in _EVENTS:
        return None
    event, key = _EVENTS[word]
    block = content.get(_BLOCKS.get(word, word))
    listed = block.get(key) if isinstance(block, dict) else None
    people = [_address(one) for one in listed] if isinstance(listed, list) else []
    mail = content.get("mail")
    common = mail.get("commonHeaders") if isinstance(mail, dict) else None
    identifier = common.get("messageId") if isinstance(common, dict) else None
    return ServiceEvent(
        event,
        tuple(dict.fromkeys(address.lower() for address in people if address)),
        identifier.strip("<> ") if isinstance(identifier, str) else None,
    )


def _address(one: object) -> str:
    value = one.get("emailAddress") if isinstance(one, dict) else one
    return value if isinstance(value, str) else ""

# SPDX-License-Identifier: EUPL-1.2
"""Reads the hops of a mail with mail-parser. Only the contained process calls it: the fields are a stranger's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from mailparser import parse_from_bytes

from flaggermail.mail.authentication.authres import taken_at
from flaggermail.mail.fields import read_header
from flaggermail.mail.hops import Hop
from flaggermail.mail.message import is_sane
from flaggermail.mail.vocabulary import visible

LARGEST_HEADER = 64 * 1024  # octets
MOST = 40  # hops nearest to us; a mail that was relayed more often circles (RFC 5321, section 6.3)
LONGEST = 200  # characters of a name


def hops(octets: bytes) -> tuple[Hop, ...]:
    """Returns the servers from the first to our own; empty if the fields cannot be read.

    Of a field that mail-parser does not understand the instant is kept: it may be our own server's, with a stranger's
    words in it. A field with neither server nor instant is left out.
    """
    header = octets[: min(read_header(octets[:LARGEST_HEADER]).length, LARGEST_HEADER)]
    try:
        received: object = parse_from_bytes(header).received
    except Exception:  # noqa: BLE001 - boundary to a library that parses strangers' mail
        return ()
    found = [_hop(entry) for entry in received if isinstance(entry, dict)] if isinstance(received, list) else []
    read = [hop for hop in found if hop.by or hop.at][-MOST:]
    return tuple(replace(hop, delay=_delay(before, hop)) for before, hop in zip([None, *read], read, strict=False))


def _hop(entry: dict[str, object]) -> Hop:
    raw = entry.get("raw")
    return Hop(
        by=_text(entry.get("by")).partition(" ")[0],
        sender=_text(entry.get("from")),
        protocol=_text(entry.get("with")).partition(" ")[0],
        at=_instant(entry.get("date_utc")) or (taken_at(raw) if isinstance(raw, str) else None),
    )


def _delay(before: Hop | None, hop: Hop) -> float | None:
    """Returns the seconds between two hops; mail-parser writes zero where it knows none."""
    if before is None or before.at is None or hop.at is None:
        return None
    return (hop.at - before.at).total_seconds()


def _instant(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    aware = at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
    return aware if aware and is_sane(aware) else None


def _text(value: object) -> str:
    return " ".join(visible(value).split())[:LONGEST] if isinstance(value, str) else ""

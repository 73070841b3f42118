# SPDX-License-Identifier: EUPL-1.2
"""The way a stored mail came, for the officer who must judge when it arrived."""

from __future__ import annotations

from collections.abc import Iterable

from flaggermail.errors import OctetsLost
from flaggermail.mail.hops import Hop
from flaggermail.record.rows import StoredMessage
from flaggermail.services import UnitOfWork


def hops_of(work: UnitOfWork, stored: StoredMessage) -> tuple[Hop, ...]:
    """Returns the servers that relayed the mail, the first one first; empty if its octets are gone or unreadable."""
    if stored.discarded_at is not None:
        return ()
    try:
        return work.env.parser.hops(work.env.octets.get(stored.digest))
    except OctetsLost:
        return ()


def template_values(hops: Iterable[Hop]) -> list[dict[str, object]]:
    """Returns the hops as values of a template; the names are strangers' words."""
    return [
        {"at": hop.at, "hop_by": hop.by, "hop_from": hop.sender, "hop_protocol": hop.protocol, "delay": _whole(hop)}
        for hop in hops
    ]


def _whole(hop: Hop) -> int | None:
    return None if hop.delay is None else round(hop.delay)

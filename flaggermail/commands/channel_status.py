# SPDX-License-Identifier: EUPL-1.2
"""Which channels to a platform may be used today: channels are dated, and a bounced address blocks its channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from flaggermail.commands import acts
from flaggermail.commands.lookups import Outcome, given
from flaggermail.errors import NotFound, Refusal
from flaggermail.record.events import EventKind, changed
from flaggermail.record.finding import where
from flaggermail.record.rows import BadAddress, Channel, Platform
from flaggermail.services import UnitOfWork


def usable(work: UnitOfWork, code: str) -> Channel:
    """Returns the channel with that code if it may be used today; else raises Refusal naming the alternatives."""
    channel = valid(work, code, work.today)
    bad = bad_addresses(work, channel)
    if bad:
        since = bad[0].since.astimezone(work.env.settings.zone)
        raise Refusal(
            f"channel {code}: mail to {bad[0].id} came back on {since:%Y-%m-%d at %H:%M} (outbox {bad[0].mail}); "
            f"{_others(work, channel)}, or say that the address works again: `flaggermail channel clear {bad[0].id}`"
        )
    return channel


def valid(work: UnitOfWork, code: str, day: date) -> Channel:
    """Returns the channel with that code if it is valid on that day; else raises NotFound or Refusal."""
    channel = work.tx.get(Channel, code)
    if channel is None:
        known = ", ".join(c.code for c in work.tx.find(Channel))
        raise NotFound(f"channel {code}: is not known; there are {known}")
    if not _covers(channel, day):
        span = f"from {channel.valid_from} to {channel.valid_until or 'further notice'}"
        raise Refusal(f"channel {code}: is valid {span}, not on {day}; {_others(work, channel)}")
    return channel


def bad_addresses(work: UnitOfWork, channel: Channel) -> list[BadAddress]:
    """Returns the addresses of a channel that bounced and were not cleared since."""
    found = (work.tx.get(BadAddress, address.lower()) for address in (*channel.to, *channel.cc))
    return [bad for bad in found if bad is not None and bad.cleared_at is None]


def clear(work: UnitOfWork, act: acts.ClearAddress) -> Outcome:
    """Clears an address that bounced, so that it may be used again."""
    bad = work.tx.get(BadAddress, act.address.lower())
    if bad is None or bad.cleared_at is not None:
        raise Refusal(f"address {act.address}: no mail came back from it; `flaggermail channel list` shows which do")
    given("reason", act.reason)
    cleared = replace(bad, cleared_at=work.now, cleared_by=work.actor, cleared_reason=act.reason)
    work.record(EventKind.ADDRESS_CLEARED, changed(bad, cleared))
    return Outcome(f"address {bad.id}: may be used again", bad.id)


def _others(work: UnitOfWork, channel: Channel) -> str:
    """Describes the other channels of the platform that may be used today."""
    platform = work.tx.get(Platform, channel.platform)
    others = (c for c in work.tx.find(Channel, where(Channel.platform).is_(channel.platform)) if c.code != channel.code)
    ways = [_named(c) for c in others if _covers(c, work.today) and not bad_addresses(work, c)]
    if not ways:
        return f"{platform.name if platform else channel.platform} has no other channel today"
    return f"use {' or '.join(ways)}"


def _covers(channel: Channel, day: date) -> bool:
    return channel.valid_from <= day and (channel.valid_until is None or day <= channel.valid_until)


def _named(channel: Channel) -> str:
    return f"{channel.code} ({channel.kind}: {channel.name})"

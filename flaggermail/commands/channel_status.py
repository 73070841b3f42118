# SPDX-License-Identifier: EUPL-1.2
"""Which channels to a platform may be used today: channels are dated, and a bounced address blocks its channel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from flaggermail.cases.approval import channel_lacking, channel_of
from flaggermail.commands.command import Command, Subject
from flaggermail.commands.named_rows import require_text
from flaggermail.commands.outcome import ActResult
from flaggermail.errors import NotFound, Refusal
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.rows import BadAddress, Channel, Notification, Platform
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.wording.acts import ActText, ActWarning, in_a_row
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal, SendingRefusal
from flaggermail.wording.said import StoredText


def usable(work: UnitOfWork, code: str) -> Channel:
    """Returns the channel with that code if it may be used today; else raises Refusal naming the alternatives.

    The record keeps channels that platforms.yaml does not have any more: those may not.
    """
    own = sorted(channel.code for channel in work.env.settings.channels)
    if code not in own:
        raise NotFound(CommandRefusal.CHANNEL_UNKNOWN(channel=code, known=", ".join(own)))
    channel = valid(work, code, work.today)
    bad = bad_addresses(work, channel)
    if bad:
        since = bad[0].since.astimezone(work.env.settings.zone)
        raise Refusal(
            CommandRefusal.CHANNEL_BOUNCED(
                channel=code,
                address=bad[0].id,
                day=f"{since:%Y-%m-%d}",
                time=f"{since:%H:%M}",
                mail=bad[0].mail,
                others=_others(work, channel),
            )
        )
    return channel


def of_draft(work: UnitOfWork, draft: Notification) -> tuple[Channel, tuple[StoredText, ...]]:
    """Returns the desk's own channel that a draft is for, with what its approver must know of it.

    Raises Refusal if the desk has none with the addresses of the draft, or if it may not be used today.
    """
    own = channel_of(work.env.settings.channels, draft, work.tx.get(Channel, draft.channel))
    what = channel_lacking(own, draft)
    if own is None or what:
        raise Refusal(SendingRefusal.DRAFT(draft=draft.id, what=what))
    usable(work, own.code)
    warnings, written = [], ", ".join((*draft.to, *draft.cc))
    if own.code != draft.channel:
        warnings.append(ActWarning.CHANNEL_RENAMED(channel=draft.channel, now=own.code, what=written or own.kind))
    if more := [address for address in (*own.to, *own.cc) if address.lower() not in written.lower().split(", ")]:
        warnings.append(ActWarning.CHANNEL_HAS_MORE(channel=own.code, more=more, written=written))
    return own, tuple(warnings)


def valid(work: UnitOfWork, code: str, day: date) -> Channel:
    """Returns the channel with that code if it is valid on that day; else raises NotFound or Refusal."""
    channel = work.tx.get(Channel, code)
    if channel is None:
        known = ", ".join(c.code for c in work.tx.find(Channel))
        raise NotFound(CommandRefusal.CHANNEL_UNKNOWN(channel=code, known=known))
    if not _covers(channel, day):
        begin, end = channel.valid_from.isoformat(), channel.valid_until
        span = RefusalPart.SPAN(begin=begin, end=end.isoformat()) if end else RefusalPart.SPAN_OPEN(begin=begin)
        raise Refusal(
            CommandRefusal.CHANNEL_NOT_VALID(
                channel=code, span=span, day=day.isoformat(), others=_others(work, channel)
            )
        )
    return channel


def bad_addresses(work: UnitOfWork, channel: Channel) -> list[BadAddress]:
    """Returns the addresses of a channel that bounced and were not cleared since."""
    found = (work.tx.get(BadAddress, address.lower()) for address in (*channel.to, *channel.cc))
    return [bad for bad in found if bad is not None and bad.cleared_at is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearAddress(Command):
    """Clears a bad address: mail to it arrives again, so channels with it may be used."""

    NAME = "channel clear"
    MAY = DESK

    address: str
    reason: str

    def subject(self, work: UnitOfWork) -> Subject:
        return ((BadAddress, self.address.lower()),)

    def perform(self, work: UnitOfWork) -> ActResult:
        bad = work.tx.get(BadAddress, self.address.lower())
        if bad is None or bad.cleared_at is not None:
            raise Refusal(CommandRefusal.ADDRESS_NOT_BAD(address=self.address))
        require_text("reason", self.reason)
        cleared = replace(bad, cleared_at=work.now, cleared_by=work.actor, cleared_reason=self.reason)
        work.record(EventKind.ADDRESS_CLEARED, changed(bad, cleared))
        return ActResult(ActText.ADDRESS_CLEARED(address=bad.id), bad.id)


def _others(work: UnitOfWork, channel: Channel) -> StoredText:
    """Names the other channels of the platform that may be used today."""
    platform = work.tx.get(Platform, channel.platform)
    others = (c for c in work.tx.find(Channel, where(Channel.platform).is_(channel.platform)) if c.code != channel.code)
    ways = [_named(c) for c in others if _covers(c, work.today) and not bad_addresses(work, c)]
    if not ways:
        return RefusalPart.NO_OTHER_CHANNEL(platform=platform.name if platform else channel.platform)
    return RefusalPart.USE_OTHER(ways=in_a_row(ways, RefusalPart.OR))


def _covers(channel: Channel, day: date) -> bool:
    return channel.valid_from <= day and (channel.valid_until is None or day <= channel.valid_until)


def _named(channel: Channel) -> str:
    return f"{channel.code} ({channel.kind}: {channel.name})"

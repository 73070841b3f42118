# SPDX-License-Identifier: EUPL-1.2
"""What must hold before anything is written for a platform, or let go to it."""

from __future__ import annotations

from flaggermail import exercises
from flaggermail.core.records import Case, Channel
from flaggermail.environment import Work
from flaggermail.errors import NotFound, Refusal


def wanted(case: Case) -> None:
    """Refuse what nobody decided on."""
    if case.decision != "notify":
        raise Refusal(f"case {case.number}: nobody decided to notify; `flaggermail case decide {case.number} notify`")


def mail_channel(work: Work, code: str) -> Channel:
    """The channel of that code, valid today and reached by mail."""
    channel = work.tx.get(Channel, code)
    if channel is None:
        known = ", ".join(c.code for c in work.tx.find(Channel))
        raise NotFound(f"channel {code}: is not known; there are {known}")
    if work.today < channel.valid_from or (channel.valid_until is not None and work.today > channel.valid_until):
        span = f"from {channel.valid_from} to {channel.valid_until or 'further notice'}"
        raise Refusal(f"channel {code}: is valid {span}, not on {work.today}")
    if channel.kind != "mail":
        raise Refusal(
            f"channel {code}: is a {channel.kind}; submit there and record it with "
            f"`flaggermail case note CASE --channel {code} --counts-as notification`"
        )
    return channel


def in_its_world(work: Work, case: Case, channel: Channel) -> tuple[str, ...]:
    """Refuse a real notification to a platform that is only played; of an exercise, say what will not leave."""
    settings, addresses = work.env.settings, (*channel.to, *channel.cc)
    if not case.exercise and any(exercises.is_address(settings, address) for address in addresses):
        raise Refusal(f"channel {channel.code}: is for exercises only, and case {case.number} is real")
    barred = [address for address in addresses if case.exercise and not exercises.may_reach(settings, address)]
    return tuple(f"exercise: {address} is no exercise address, and nothing will leave for it" for address in barred)

# SPDX-License-Identifier: EUPL-1.2
"""A configuration that changes during the night, in ways that it allows: what was promised is promised still.

Its own chance decides, so that everything else of the night is planned as without it. The desk starts anew with the
changed files, as a daemon does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from random import Random

from flaggermail.rules.configuration import Configuration
from flaggermail.settings.model import ChannelSettings, PlatformSettings
from tests.nights.night import ADDRESSES, HOURS, Night
from tests.nights.reading import PLATFORMS

COLLEAGUE = "officer2"  # nobody's fallback, so that somebody is always on call
NEAR, PERIOD = (1, 5, 40), timedelta(days=60)  # days from the night to the other election's polling day
PREFIX = "VR"


def plan(night: Night) -> None:
    """Plans changes on about half of the nights; some are taken back."""
    chance = Random(f"changes/{night.seed}")  # noqa: S311 - the same night again is the purpose
    kinds: list[Callable[[Night, Random], None]] = [_leaves, _elects, _renumbers, _moves]
    for change in chance.sample(kinds, chance.choice((0, 0, 1, 1, 2, 4))):
        night.plan(chance.uniform(5, HOURS * 60 - 30), partial(change, night, chance))


def _change(night: Night, what: str, changes: Callable[[Configuration], Configuration]) -> None:
    night.diary.counts[f"change: {what}"] += 1
    night.configure(what, changes)


def _leaves(night: Night, chance: Random) -> None:
    """A colleague leaves oncall.yaml, and may come back; whoever is next in the rota is on call meanwhile."""

    def without(settings: Configuration) -> Configuration:
        stay = tuple(officer for officer in settings.oncall.officers if officer.id != COLLEAGUE)
        return settings.model_copy(update={"oncall": settings.oncall.model_copy(update={"officers": stay})})

    def gone() -> None:
        night.gone.add(COLLEAGUE)
        night.diary.left.append((ADDRESSES[COLLEAGUE], night.clock.now()))
        night.hinder(None, lambda read: read.recipient == ADDRESSES[COLLEAGUE])  # withheld, and told
        _change(night, "an officer leaves", without)

    def back() -> None:
        night.gone.discard(COLLEAGUE)
        night.configure("an officer leaves", None)

    gone()
    if chance.random() < 0.4:
        night.plan(chance.uniform(10, 200), back)


def _elects(night: Night, chance: Random) -> None:
    """Another election is added, whose polling day may be nearer."""
    day = night.clock.now().date() + timedelta(days=chance.choice(NEAR))
    night.diary.counts["change: an election is added"] += 1
    night.ask(
        "election add", code="HR2026", name_nl="Herindelingsverkiezing", name_en="Election after a merger",
        polling_days=(str(day),), period_from=str(day - PERIOD), period_until=str(day + PERIOD),
    )  # fmt: skip


def _renumbers(night: Night, _chance: Random) -> None:
    """New cases get another prefix; mail about the old ones finds them by their old numbers."""

    def renumbered(settings: Configuration) -> Configuration:
        organisation = settings.desk.organisation.model_copy(update={"case_prefix": PREFIX})
        return settings.model_copy(update={"desk": settings.desk.model_copy(update={"organisation": organisation})})

    _change(night, "another case prefix", renumbered)


def _moves(night: Night, chance: Random) -> None:
    """A platform gives its channel another address: what waits for the old one is refused, withheld and told."""
    platform = chance.choice(PLATFORMS)
    before = night.address_of[platform]
    after = f"desk{before.removeprefix('urgent')}"

    def moved(settings: Configuration) -> Configuration:
        platforms = tuple(_moved(one, before, after) for one in settings.platform_list)
        return settings.model_copy(update={"platform_list": platforms})

    night.address_of[platform] = after
    night.hinder(None, lambda read: read.recipient == before)
    _change(night, f"{platform} has another address", moved)


def _moved(platform: PlatformSettings, before: str, after: str) -> PlatformSettings:
    def at(channel: ChannelSettings) -> ChannelSettings:
        to = tuple(after if address == before else address for address in channel.to)
        return channel.model_copy(update={"to": to})

    return platform.model_copy(update={"channels": tuple(map(at, platform.channels))})

# SPDX-License-Identifier: EUPL-1.2
"""Finds faults in escalation policies: steps out of order, `until` without `repeat`, unknown names."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flaggermail.record.states import ClockKind, Period
from flaggermail.settings.checks import Finding, rising, twice
from flaggermail.settings.escalation_file import CLOCKS, EscalationFile, PolicyStep
from flaggermail.settings.model import OncallFile, PlatformsFile
from flaggermail.settings.steps import ROLES
from flaggermail.settings.yaml_files.faults import nearest
from flaggermail.settings.yaml_files.plain import Key


def faults(file: EscalationFile) -> Iterator[Finding]:
    """Faults that the file alone shows."""
    yield from twice("name", ((("policies", i, "name"), p.name) for i, p in enumerate(file.policies)))
    channels = enumerate(file.use.channels)
    yield from twice("channel", ((("use", "channels", i, "channel"), use.channel) for i, use in channels))
    for key, steps in _clocks(file):
        yield from rising(key, [step.after for step in steps])
        for index, step in enumerate(steps):
            yield from _until_faults((*key, index, "until"), step)
    known = {policy.name for policy in file.policies}
    for key, name in _used(file):
        if name not in known:
            yield key, f"{name!r} is no policy; {nearest(name, known)}"


def names(file: EscalationFile, oncall: OncallFile | None, platforms: PlatformsFile | None) -> Iterator[Finding]:
    """Officers and channels missing from the other files; skips a file that could not be read."""
    if oncall is not None:
        ids = {officer.id for officer in oncall.officers}
        for key, steps in _clocks(file):
            for index, step in enumerate(steps):
                if step.tell not in ids.union(ROLES):
                    known = nearest(step.tell, ids.union(ROLES))
                    yield (*key, index, "tell"), f"{step.tell!r} is neither officer, head or both nor an id; {known}"
    if platforms is not None:
        codes = {channel.code for platform in platforms.platforms for channel in platform.channels}
        for index, use in enumerate(file.use.channels):
            if use.channel not in codes:
                known = nearest(use.channel, codes)
                yield ("use", "channels", index, "channel"), f"{use.channel!r} is no channel of platforms.yaml; {known}"


def unused(file: EscalationFile) -> Collection[str]:
    """Policies that are never used."""
    return sorted({policy.name for policy in file.policies} - {name for _, name in _used(file)})


def _clocks(file: EscalationFile) -> Iterator[tuple[Key, tuple[PolicyStep, ...]]]:
    for index, policy in enumerate(file.policies):
        for clock in CLOCKS:
            yield ("policies", index, clock), getattr(policy, clock)


def _used(file: EscalationFile) -> Iterator[tuple[Key, str]]:
    for period in Period:
        yield ("use", period.value), getattr(file.use, period.value)
        for index, use in enumerate(file.use.channels):
            name = getattr(use, period.value)
            if name is not None:
                yield ("use", "channels", index, period.value), name


def _until_faults(key: Key, step: PolicyStep) -> Iterator[Finding]:
    """An `until` without `repeat`, or before the first repetition."""
    if step.until is None:
        return
    if step.repeat is None:
        yield key, "there is no `repeat:` that it would end; add one, or remove the line"
    elif step.step(ClockKind.RECEIPT).last == 0:
        yield key, f"{step.until!r} ends before the first repetition; write a later end, or remove `repeat:`"

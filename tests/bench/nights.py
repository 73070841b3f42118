# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench nights N`: N simulated nights from a seed on, with counts and the nights that broke a promise.

With `--nodes 2`, two nodes play at one record (`tests.nights.nodes`); with `--member`, a hostile member of the shared
mailbox takes part (`tests.nights.member`); with `--face exchange`, the mail servers are those of Exchange Online
(`tests.nights.exchange`).
"""

import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from tests.bench import table
from tests.nights import exchange, member_nights, nodes
from tests.nights.diary import Diary
from tests.nights.kit import Kit
from tests.nights.night import ADDRESSES
from tests.nights.planted import FAULTS, found_after
from tests.nights.reading import PLATFORMS, Read
from tests.nights.telling import story
from tests.nights.troubles import play
from tests.nights.verdict import PROMISES

FEW = 120
KINDS = ("case", "notification", "replies", "vain replies",
    "trouble: kill", "trouble: switched off", "trouble: link lost", "trouble: server away",
    "trouble: server greylist", "trouble: server refuse", "trouble: server silent",
    "trouble: server refuses a recipient", "trouble: server refuses a word", "trouble: record busy",
    "trouble: record busy after an answer", "trouble: clock set back", "trouble: policy edited",
    "platform: returned", "platform: nobody vouches", "platform: forged")  # fmt: skip


class Nights(StrEnum):
    """What is played; the value is what `./dev bench nights` is told."""

    PLAIN = ""
    MEMBER = "--member "
    EXCHANGE = "--face exchange "
    NODES = "--nodes 2 "


PLAYERS: dict[Nights, Callable[[int, Kit], Diary]] = {
    Nights.PLAIN: play, Nights.MEMBER: member_nights.play, Nights.EXCHANGE: exchange.play,
    Nights.NODES: nodes.play,
}  # fmt: skip
MEMBER = ("desk: ", "member wrote: ", "in a person's name: ", "by the desk: ")
EXCHANGE, NODES = ("exchange: ",), ("nodes: ", "pages")


def run(nights: int, seed: int | None, which: Nights = Nights.PLAIN) -> int:
    """Plays the nights, prints each that broke a promise, and counts; the exit status is 1 if one did."""
    first = seed if seed is not None else int.from_bytes(os.urandom(3), "big")
    table.note(f"{nights} nights from {first} on")
    kit, begun, counts, broken = Kit.make(), time.process_time(), Counter[str](), Counter[int]()
    hours: list[Counter[str]] = []
    try:
        for number in range(first, first + nights):
            diary = PLAYERS[which](number, kit)
            counts.update(diary.counts)
            counts["mails in"] += len(diary.incoming)
            counts["mails out"] += len(diary.handed_over)
            counts["looks at the clocks"] += len(diary.ticks)
            counts["reminders"] += sum(len(tick.due) for tick in diary.ticks)
            hours += officers_hours(diary)
            broken.update({violation.promise for violation in diary.violations})
            if diary.violations:
                table.note(story(number, diary, which))
        spent = time.process_time() - begun
    finally:
        kit.close()
    changes = sorted(what for what in counts if what.startswith("change: "))
    own = {Nights.MEMBER: MEMBER, Nights.EXCHANGE: EXCHANGE, Nights.NODES: NODES}.get(which, ())
    more = sorted(what for what in counts if own and what.startswith(own))
    shown = more if which is Nights.MEMBER else (*KINDS, *changes, *more)
    for what in ("mails in", "mails out", "looks at the clocks", "reminders", *shown):
        table.line(what, counts[what], "")
    table.line("processor time a night", spent / nights * 1000, "ms")
    totals = sorted(hour.total() for hour in hours) or [0]
    table.line("an officer's mails in an hour with any, p95", totals[-1 - len(totals) // 20], "", goal="20")
    for reason, count in max(hours, key=Counter.total, default=Counter[str]()).most_common():
        table.line(f"in the busiest hour: {reason}", count, "")
    for promise, count in sorted(broken.items()):
        table.note(f"{count} nights broke promise {promise}: {PROMISES[promise]}")
    table.note(f"{nights} nights, {broken.total()} promises broken")
    return 1 if broken else 0


def officers_hours(diary: Diary) -> list[Counter[str]]:
    """Returns the mails of each hour in which an officer got any, counted by what their subjects begin with."""
    hours: defaultdict[tuple[str, datetime], Counter[str]] = defaultdict(Counter)
    for mail in diary.handed_over:
        if mail.received and mail.recipient in ADDRESSES.values():
            begin = re.split(r"[:[\d]", Read(mail.octets, mail.recipient).subject)[0].strip()
            reason = "a platform is silent" if begin in PLATFORMS else begin
            hours[mail.recipient, mail.true.replace(minute=0, second=0, microsecond=0)][reason] += 1
    return list(hours.values())


def tell(night: int, which: Nights = Nights.PLAIN) -> int:
    """Prints one night; the exit status is 1 if it broke a promise."""
    kit = Kit.make()
    try:
        diary = PLAYERS[which](night, kit)
    finally:
        kit.close()
    table.note(story(night, diary, which))
    return 1 if diary.violations else 0


def plant() -> int:
    """Plants each fault and prints after how many nights it is found; the exit status is 1 if one is not found."""
    kit = Kit.make()
    try:
        found = {fault.name: found_after(fault, kit, FEW)[0] for fault in FAULTS}
    finally:
        kit.close()
    for name, nights in found.items():
        table.note(f"{name}: {f'found after {nights} nights' if nights else f'not found in {FEW} nights'}")
    return 0 if all(found.values()) else 1

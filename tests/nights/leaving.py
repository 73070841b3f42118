# SPDX-License-Identifier: EUPL-1.2
"""When each mail of the desk must have left, by what hindered it alone: the state of the world, not that of the desk.

A mail is known by the octets that a commit archived, a notification by its approval. A hindrance is a time in which
that mail could not leave: the server refuses it or is away, or the desk is switched off. In time without hindrance it
leaves within the waits of the retry schedule, whatever the server says to others.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.nights.letters import DESK
from tests.nights.reading import Read

if TYPE_CHECKING:
    from tests.nights.world import HandOver

SPREAD = 1.1  # of a wait, so that mails refused together are not tried again together
PLATFORM_WAITS = timedelta(minutes=1 + 2 + 5) * SPREAD + timedelta(minutes=1)  # a platform's mail asks first
WAITS = timedelta(minutes=1 + 2 + 5 + 10 + 15 + 30) * SPREAD + timedelta(minutes=1)  # after each refusal of another
_OURS = (rf"^From: .*<{DESK}>".encode(), rb"^Message-ID: <vf\.", rb"^X-Flaggermail-Ref: ")


@dataclass(frozen=True)
class Outgoing:
    """A mail that the desk has to send, from an instant of true time."""

    read: Read
    since: datetime

    @property
    def to_platform(self) -> bool:
        """Whether a person approved it for a platform."""
        return self.read.recipient.endswith("-platform.example")


@dataclass(frozen=True)
class Hindrance:
    """A time, by the true clock, in which some mail could not leave; `ends` is open as long as it lasts."""

    begins: datetime
    ends: datetime
    stops: Callable[[Read], bool]


def written_by_desk(octets: bytes) -> Read | None:
    """Returns the mail to its recipient if it is one of the desk's, as the desk wrote it; else None."""
    header = octets.partition(b"\r\n\r\n")[0]
    if not all(re.search(field, header, re.MULTILINE) for field in _OURS):
        return None
    return Read(octets, Read(octets, "").to)


def held_up(
    outgoing: Sequence[Outgoing], hindrances: Sequence[Hindrance], record: Sequence[HandOver], end: datetime
) -> Iterator[tuple[Outgoing, datetime, datetime]]:
    """Yields each mail that did not leave in time without hindrance, with the bounds of that time."""
    tries: dict[tuple[str, str], list[HandOver]] = defaultdict(list)
    for handed in record:
        tries[handed.digest, handed.recipient].append(handed)
    for mail in outgoing:
        own = tries[mail.read.digest, mail.read.recipient]
        until = next((handed.true for handed in own if _settles(handed)), end)
        asks_first = mail.to_platform and not any(handed.answer == "refused" for handed in own)
        longest = PLATFORM_WAITS if asks_first else WAITS
        for begins, ends in _free(mail, hindrances, until):
            if ends - begins > longest:
                yield mail, begins, ends
                break


def _settles(handed: HandOver) -> bool:
    """Returns whether the desk may leave it at that: taken, in doubt, or refused for good."""
    return handed.answer != "refused" or not handed.settled or handed.refused_for_good


def _free(mail: Outgoing, hindrances: Sequence[Hindrance], until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yields the times until then in which nothing hindered the mail."""
    at = mail.since
    for each in sorted(hindrances, key=lambda each: each.begins):
        if each.ends > at and each.begins < until and each.stops(mail.read):
            yield at, each.begins
            at = each.ends
    yield at, until

# SPDX-License-Identifier: EUPL-1.2
"""An evening with each effect that the desk has on others, and the end of its leader at each point around one of them.

The evening is the same each time, so the uses of ports before an effect, counted once, find it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum, auto
from random import Random

from flaggermail.record.rows import Alarm, Case
from tests import asking
from tests.nights import paged
from tests.nights.kit import Kit
from tests.nights.letters import letter
from tests.nights.nodes import Ending, TwoNodes
from tests.nights.people import People
from tests.nights.platforms import Platforms
from tests.nights.reading import Read

LENGTH = timedelta(minutes=1)  # of a pause: the other node leads, and the server waits for its client still
TRIES = 2  # that one end of a leader can cause
REFERRER, CITIZEN = "griffie0@lindewaard.example", "kiezer0@mailprovider.example"
OFFICER, HEAD = "a.jansen@bzk.example", "c.bakker@bzk.example"


class Promise(StrEnum):
    """How often an effect may happen; the value is what the manual says."""

    MOST_ONCE = "at most once"
    LEAST_ONCE = "at least once"

    def keeps(self, times: int, *, shown: bool) -> bool:
        """Returns whether the effect may happen so often; one that may be missing has to be shown to the officer."""
        if self is Promise.MOST_ONCE:
            return times == 1 or (times == 0 and shown)
        return 1 <= times <= TRIES


class Point(IntEnum):
    """Where the leader ends, around one effect, in uses of ports."""

    CHOSE = auto()  # the effect is due, and its attempt not begun
    CLAIMED = auto()  # the attempt is written, and not committed
    COMMITTED = auto()
    CONNECTED = auto()  # in the session, before it asks for the lease
    ASKED = auto()
    IN_DATA = auto()
    ANSWERED = auto()  # it is taken, and the answer is in hand
    WANTS_TO_SETTLE = auto()
    SETTLED = auto()  # the result is written, and not committed
    DONE = auto()


@dataclass(frozen=True)
class Effect:
    """An effect: which mail it is, or whose pager."""

    is_it: Callable[[Read], bool] = lambda _: False
    pager: str = ""


def _subject(words: str, to: str) -> Effect:
    return Effect(lambda read: words in read.subject and read.recipient == to)


EFFECTS = {
    "a mail to a platform": Effect(lambda read: read.recipient.endswith("-platform.example")),
    "the confirmation to a referrer": _subject("We have your message", REFERRER),
    "a letter to a referrer about the decision": Effect(
        lambda read: read.recipient == REFERRER and "We have your message" not in read.subject
    ),
    "the answer to a citizen": Effect(lambda read: read.recipient == CITIZEN),
    "a notice to an officer": _subject("New case", OFFICER),
    "a reminder": Effect(lambda read: read.recipient == OFFICER and any(True for _ in read.reminds_of())),
    "an escalation to the head": Effect(lambda read: read.recipient == HEAD and any(True for _ in read.reminds_of())),
    "a page": Effect(pager="officer1"),
}
"""By the first column of the table in docs/operation.md."""


class Calm(Random):
    """Chance on an evening on which nothing unlikely happens."""

    def random(self) -> float:
        """Returns nearly 1."""
        return 0.99


class Evening(TwoNodes):
    """One referral, one citizen's mail and one notification that nobody answers; the leader ends once, or never."""

    def __init__(self, kit: Kit, ending: Ending, at: int = 0) -> None:
        self._ending = ending
        super().__init__(0, kit)
        self.chance = Calm(0)
        for node in self.nodes:
            node.wrong = timedelta()
        self.clock.wrong = timedelta()
        self.end = self.begin + timedelta(hours=4, minutes=30)
        self.watch.strikes = at
        self.people = People(self, Platforms(self))
        self.hears.clear()
        self.plan(1, self._refers)
        self.plan(2, lambda: self.people.complain(0))

    def ending(self) -> Ending:
        """Returns what happens to the leader."""
        return self._ending

    def length(self) -> timedelta:
        """Returns the length of its pause."""
        return LENGTH

    def _refers(self) -> None:
        octets = letter(REFERRER, "Verkeerde stemdag", "Zie het bericht. Zelf twee keer gemeld.", self.clock.true)
        self.deliver(octets, "referral", lambda _: self.plan(25, self._decides))

    def _decides(self) -> None:
        (case,) = (row.number for row in asking.having(self.env, Case, {}))
        self.ask("case assess", case=case, incorrect=True, contradicts="Another day.", criteria=(3,), own_attempts=2,
            all_means_used=True)  # fmt: skip
        self.ask("case decide", case=case, decision="notify", reason="Voters may come on the wrong day")
        self.diary.decided[case] = "notify"
        draft = self.ask(
            "notify", case=case, channel="alder", title="Wrong polling day", text="A post names a wrong day."
        )
        frozen = [Read(self.env.octets.get(digest), "") for digest in self.archived]
        (digest,) = (mail.digest for mail in frozen if mail.to.endswith("-platform.example"))
        self.people.approve(str(draft), case, "Alder", digest)

    def began(self, effect: Effect) -> int:
        """Returns how many uses of ports came before the effect first began."""
        if effect.pager:
            return next(uses for uses, pager in self.pagers.began if pager == effect.pager)
        return next(uses for uses, octets, to in self.fenced.began if effect.is_it(Read(octets, to)))

    def times(self, effect: Effect) -> int:
        """Returns how often the effect happened first: the same mail received, the same call heard."""
        if effect.pager:
            calls = (times for (pager, _), times in self.pagers.heard.items() if pager == effect.pager)
            return next(calls, 0)
        got = [
            one.digest for one in self.server.record if one.received and effect.is_it(Read(one.octets, one.recipient))
        ]
        return got.count(got[0]) if got else 0

    def alarms(self) -> set[str]:
        """Returns the kinds of all alarms on record."""
        return {str(alarm.kind) for alarm in asking.having(self.env, Alarm, {})}


def use_at(point: Point, began: int, effect: Effect) -> int:
    """Returns the number of the use of a port at that point of an effect; a page has no session before its call."""
    return began + point - Point.COMMITTED - (2 if effect.pager and point > Point.CONNECTED else 0)


def evening(kit: Kit, ending: Ending, at: int = 0) -> Evening:
    """Plays the evening, on which the leader ends at that use of a port; 0: it does not end."""
    with paged.officers(kit):
        night = Evening(kit, ending, at)
        night.play()
        paged.judge(night, night.pagers)
    return night

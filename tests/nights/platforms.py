# SPDX-License-Identifier: EUPL-1.2
"""The answers of platforms on a simulated night, and the bounces and delays of mail servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from tests.nights.diary import Incoming, Use
from tests.nights.letters import letter, returned
from tests.nights.night import Night
from tests.nights.oracle import HUMAN, RECEIPT
from tests.nights.reading import Read
from tests.nights.world import HandOver

TOLERANCE = timedelta(minutes=2)
BOTH, FIRST = frozenset({RECEIPT, HUMAN}), frozenset({RECEIPT})
WAYS = {
    "silence": 4, "person": 4, "machine": 2, "machine, then person": 2, "nobody vouches": 3, "forged": 1, "returned": 2,
    "delayed": 1, "phone": 1, "no thread": 1, "nobody vouches, then person": 1, "another's ticket": 1,
    "number alone": 1, "claimed return": 1, "number alone, then person": 1,
}  # fmt: skip
STRANGER = "wim@elsewhere.example"


@dataclass
class Platforms:
    """Simulated platforms: each answers a notification in a random way."""

    night: Night
    _again: dict[str, Callable[[], None]] = field(default_factory=dict)  # digest -> writes another draft
    _unvouched: dict[str, Callable[[], None]] = field(default_factory=dict)  # digest -> effect of a confirmation
    _answered: set[str] = field(default_factory=set)
    bad: set[str] = field(default_factory=set)  # addresses that bounced

    def __post_init__(self) -> None:
        self.night.hears.append(self.hear)

    def expect(self, use: Use, again: Callable[[], None]) -> None:
        """Registers a sent notification; `again` writes another draft."""
        self._again[use.digest] = again
        self.night.settled[use.digest] = lambda handed: self._settled(use, handed)

    def _settled(self, use: Use, handed: HandOver) -> None:
        """The clocks start once the desk has recorded an acceptance."""
        if handed.answer == "accepted":
            use.silence.start(handed.at, self.night.policy)

    def hear(self, handed: HandOver, read: Read) -> None:
        """Plans the platform's answers to a notification it received."""
        use = self.night.diary.use_of(handed.digest)
        if use is None or use.digest in self._answered:
            return
        self._answered.add(use.digest)
        use.message_id = read.message_id
        if self.night.chance.random() < (0.5 if handed.in_doubt else 0.08):
            self.night.plan(self.night.chance.uniform(1, 30), partial(self._copy, use, handed))
        way = self.night.chance.choices(list(WAYS), list(WAYS.values()))[0]
        self.night.diary.counts[f"platform: {way}"] += 1
        for number, each in enumerate(way.split(", then ")):
            soon = each == "returned"
            later = self.night.chance.uniform(2, 60) if soon else self.night.chance.expovariate(1 / 80) + 2
            self.night.plan(later + 100 * number, partial(self._do, use, each))

    def _do(self, use: Use, way: str) -> None:
        if way in {"returned", "delayed"}:
            self._return(use, delayed=way == "delayed")
        elif way == "claimed return":
            self._claim(use)
        elif way in {"another's ticket", "number alone"}:
            self._suggest(use, way)
        elif way == "phone":
            self._call(use)
        elif way != "silence":
            self._write(use, way)

    def _write(self, use: Use, way: str) -> None:
        """Delivers the platform's answer by mail."""
        now, domain = self.night.clock.true, use.to.rpartition("@")[2]
        fields = ("Auto-Submitted: auto-replied",) if way == "machine" else ()
        text = "We received your request." if way == "machine" else "Got it, we have it with the team."
        auth = {"nobody vouches": "none", "forged": "fail"}.get(way, "pass")
        answers = None if way == "no thread" else use.message_id
        subject = "Automatic reply: your request" if way == "machine" else "Re: wrong polling day"
        octets = letter(f"desk@{domain}", subject, text, now, auth=auth, answers=answers, fields=fields)

        def taken(mail: Incoming) -> None:
            seen = self.night.clock.now()
            disputed = mail.arrived_at > seen + TOLERANCE  # the desk's clock was set back: its first sight counts
            answer = (seen if disputed else mail.arrived_at, FIRST if way == "machine" else BOTH)
            if auth == "pass" and answers and not disputed:
                use.silence.answers.append(answer)
            elif answers:
                use.unverified_at = use.unverified_at or seen
                self._unvouched[mail.digest] = lambda: use.silence.answers.append(answer)

        self.night.deliver(octets, f"answer to {use.id}: {way}", taken)

    def _suggest(self, use: Use, way: str) -> None:
        """Delivers a genuine mail of the platform that proves nothing; the officers of the nights leave it waiting."""
        now, domain = self.night.clock.true, use.to.rpartition("@")[2]
        text = f"Your report {use.case} was closed. ({use.id})"
        if way == "number alone":
            octets = letter(f"no-reply@community.{domain}", f"News on {use.case}", text, now)
        else:  # opened with our own References, and passed on to us
            octets = letter(use.to, f"Re: {use.case}", text, now, to=STRANGER, answers=use.message_id)
        self.night.deliver(octets, f"answer to {use.id}: {way}", lambda _: None)

    def _claim(self, use: Use) -> None:
        """Delivers a stranger's report that the notification did not arrive; it counts if an officer confirms it."""
        octets = returned(use.message_id, use.to, self.night.clock.true, delayed=False, claimed_by=STRANGER)

        def counts() -> None:
            self._came_back(use)

        def taken(mail: Incoming) -> None:
            self._unvouched[mail.digest] = counts

        self.night.deliver(octets, f"claimed return of {use.id}", taken)

    def _came_back(self, use: Use) -> None:
        use.silence.ended, use.bounced_at = True, self.night.clock.now()
        about = (use.case, use.platform)  # its reminders are withdrawn
        self.night.hinder(None, lambda read: any((told.case, told.platform) == about for told in read.reminds_of()))
        self.bad.add(use.to)

    def vouched(self, digest: str) -> None:
        """Applies the effect of an officer's confirmation of that mail."""
        self._unvouched.get(digest, lambda: None)()

    def _return(self, use: Use, *, delayed: bool) -> None:
        """Delivers a bounce or a delay notice. Most bounced notifications are drafted again."""
        octets = returned(use.message_id, use.to, self.night.clock.true, delayed=delayed)

        def taken(_: Incoming) -> None:
            if not delayed:
                self._came_back(use)
            elif (took := self._took(use)).in_doubt and not use.resolved:  # a server that reports a delay has the mail
                use.resolved = True
                use.silence.start(took.at, self.night.policy)

        self.night.deliver(octets, f"{'delay' if delayed else 'return'} of {use.id}", taken)
        if not delayed and self.night.chance.random() < 0.6:
            self.night.plan(self.night.chance.uniform(5, 60), self._again[use.digest])

    def _took(self, use: Use) -> HandOver:
        """Returns the hand-over in which the server received it."""
        return next(h for h in self.night.server.record if h.digest == use.digest and h.received)

    def _call(self, use: Use) -> None:
        """Records a phone call in which the platform said that it has the notification."""
        if (
            self.night.ask(
                "case note",
                case=use.case,
                means="phone",
                text="They have it.",
                counts_as=("platform_ack",),
                channel=use.platform.lower(),
            )
            is not None
        ):
            use.silence.answers.append((self.night.clock.now(), BOTH))

    def reached(self, case: str, platform: str, at: datetime) -> None:
        """Applies an officer's phone note. With several notifications open it is ambiguous and stops no clock."""
        uses = [use for use in self.night.diary.uses if (use.case, use.platform) == (case, platform)]
        running = [use for use in uses if use.silence.started_at is not None and not use.bounced]
        if len(running) == 1:
            running[0].silence.answers.append((at, BOTH))

    def _copy(self, use: Use, handed: HandOver) -> None:
        """Delivers a copy to the Sent folder, which proves that the server took a mail in doubt."""

        def taken(mail: Incoming) -> None:
            if handed.in_doubt and not use.resolved:
                use.resolved = True
                at = max(use.approved_at, min(mail.arrived_at, self.night.clock.now()))
                use.silence.start(at, self.night.policy)

        self.night.deliver(handed.octets, f"copy in Sent of {use.id}", taken, folder="sent")

# SPDX-License-Identifier: EUPL-1.2
"""A night of ten matters for one officer who has nothing but a telephone, and does what each mail offers.

Two platforms answer through ticket systems, one platform's mailbox is refused, the filter of outgoing mail refuses what
quotes a stranger, and the officer takes a robot for a person and takes that back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from flaggermail.record.refusals import SmtpStage
from tests import asking
from tests.nights.diary import Diary, Incoming, Referral, Use
from tests.nights.kit import Kit
from tests.nights.letters import letter
from tests.nights.night import ADDRESS_OF, ADDRESSES, HOURS, Night
from tests.nights.oracle import HUMAN, RECEIPT, SUBSTANCE, Silence
from tests.nights.reading import Read
from tests.nights.world import Ban, HandOver

OFFICER = ADDRESSES["officer1"]
MATTERS = (  # title and platform: the two with ticket systems get three each
    ("Voting on Thursday too", "Alder"),
    ("Two boxes coloured", "Dogwood"),
    ("Polling cards for sale", "Alder"),
    ("The school is closed", "Birch"),  # its mailbox is refused
    ("Votes by text message", "Dogwood"),
    ("A pencil makes it invalid", "Cedar"),
    ("No passport, no vote", "Alder"),
    ("Vote twice in two towns", "Dogwood"),
    ("The station moved away", "Cedar"),
    ("Ballots are numbered", "Elder"),  # it never answers
)
REFUSED, SILENT, TICKETS = "Birch", "Elder", ("Alder", "Dogwood")
WORD = "gokkast"  # what the filter of outgoing mail does not let through
WRITER = "wim@elsewhere.example"
ALL = frozenset({RECEIPT, HUMAN, SUBSTANCE})
BOTH, FIRST = frozenset({RECEIPT, HUMAN}), frozenset({RECEIPT})
WITHIN = timedelta(minutes=2)
FORM = """incorrect: yes
rule: The Elections Act names one polling day
criterion: 3
attempts: 2
title: {title}
text: This post is wrong: https://posts.example/{number}
decide: notify {platform}"""
ZENDESK = ("Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All", "X-Mailer: Zendesk Mailer")
JIRA = ("Auto-Submitted: auto-generated", "Precedence: bulk", "X-JIRA-FingerPrint: 5a1c")
_ABOVE = "##- Please type your reply above this line -##\n\n"
RECEIPTS = {
    "Alder": f"{_ABOVE}Your request has been received.",
    "Dogwood": "Reply above this line.\n\nJust confirming that we got your request.",
}
QUESTION = f"{_ABOVE}Could you send the exact URL of the post?\n\nThe Trust Team"
COMMENTS = {
    "Alder": "Your request has been updated.\n\nCasey Roe, {at:%b %-d, %Y, %H:%M}\n\nWe have removed the post.",
    "Dogwood": "Casey Roe added a comment - {at:%d/%b/%y %-I:%M %p}\n\nWe have removed the post.",
}


@dataclass
class Stranger:
    """The officer: reads each mail once, and answers it by one of the lines that it offers."""

    night: Night
    told: dict[str, datetime] = field(default_factory=dict)  # case -> when the officer was told what became of it
    stopped: dict[tuple[str, str], datetime | None] = field(default_factory=dict)  # by use and clock, on record
    overview: list[Read] = field(default_factory=list)  # what came when the officer asked how things stand
    _read: set[str] = field(default_factory=set)
    _last_code: int = 0
    _slipped: bool = False

    def __post_init__(self) -> None:
        self.night.hears.append(self.hear)
        self.night.must(self.night.end, self._note_clocks)

    def _note_clocks(self) -> None:
        self.stopped = {(row.notification, row.kind): row.stopped_at for row in asking.clock_rows(self.night.env)}

    def hear(self, handed: HandOver, read: Read) -> None:
        """Plans what the officer does with a mail, a few minutes later."""
        if handed.recipient != OFFICER or read.message_id in self._read:
            return
        self._read.add(read.message_id)
        kind = read.subject.removeprefix("Re: ").partition(":")[0].partition(" [")[0].partition(" at ")[0]
        if kind in {"Sent", "Not sent"} or read.alarms:
            self.told.setdefault(read.case, self.night.clock.now())
        elif kind == "Status":
            self.overview.append(read)
        does: dict[str, Callable[[Read], None]] = {
            "New case": partial(self._reply, line="take"),
            "To assess": self._fill_in,
            "Please approve": self._approve,
        }
        if kind in does:
            self._soon(partial(does[kind], read))
        elif kind == "A mail to you was refused for its content" and _offers(read, "status"):
            self._soon(partial(self._reply, read, "status"))
        elif _offers(read, "person"):
            self._soon(partial(self._slip, read))
        elif any(True for _ in read.reminds_of()) and not read.asks_nothing:
            self._soon(partial(self._acknowledge, read))

    def ask_how_it_stands(self) -> None:
        """Asks for the overview, in answer to the last mail that the officer has."""
        last = [Read(h.octets, h.recipient) for h in self.night.server.record if h.recipient == OFFICER and h.received]
        self._reply(last[-1], "status")

    def _soon(self, does: Callable[[], None]) -> None:
        self.night.plan(self.night.chance.uniform(1, 6), does)

    def _reply(self, read: Read, line: str, then: Callable[[], None] = lambda: None) -> None:
        octets = letter(
            OFFICER, f"Re: {read.subject}", f"{line}\n\nSent from my iPhone", self.night.clock.true,
            to=read.reply_to, answers=read.message_id,
        )  # fmt: skip
        self.night.deliver(octets, f"reply: {line.partition(' ')[0]}", lambda _: then())

    def _fill_in(self, read: Read) -> None:
        number, (title, platform) = next((n, m) for n, m in enumerate(MATTERS) if m[0] in read.body)
        filled = FORM.format(title=title, platform=platform, number=number)

        def taken() -> None:
            self.night.diary.decided[read.case] = "notify"
            for silence in self.night.oracle.silences:
                silence.ended |= (silence.case, silence.platform) == (read.case, "")

        self._reply(read, filled, taken)

    def _approve(self, read: Read) -> None:
        """Waits for a code that was not used yet, and sends it."""
        step = int(self.night.clock.now().timestamp()) // 30
        if step <= self._last_code:
            self.night.plan(0.6, partial(self._approve, read))
            return
        self._last_code = step
        self._reply(read, f"approve {self.night.kit.app().generate_otp(step)}", partial(self._approved, read))

    def _approved(self, read: Read) -> None:
        platform = next(name for name in ADDRESS_OF if f"notification to {name}" in read.subject)
        mails = asking.mails(self.night.env, recipient=ADDRESS_OF[platform])
        (digest,) = (mail.digest for mail in mails if read.case in mail.subject)
        silence = self.night.oracle.watch(Silence(read.case, platform, self.night.policy))
        now = self.night.clock.now()
        use = Use(read.asks_approval, read.case, platform, ADDRESS_OF[platform], digest, now, silence)
        self.night.diary.uses.append(use)
        self.night.must_leave(digest, use.to)

        def settled(handed: HandOver) -> None:
            if handed.answer == "accepted":
                silence.start(handed.at, self.night.policy)

        self.night.settled[digest] = settled

    def _slip(self, read: Read) -> None:
        """Takes a robot's question for a person's, and takes that back a quarter of an hour later."""
        (use,) = (use for use in self.night.diary.uses if use.case == read.case)
        if self._slipped:
            return
        self._slipped = True
        wrong = (use.silence.answers[-1][0], BOTH)
        self._reply(read, "person", lambda: use.silence.answers.append(wrong))
        self.night.plan(15, lambda: self._reply(read, "robot", lambda: use.silence.answers.remove(wrong)))

    def _acknowledge(self, read: Read) -> None:
        steps = set(read.reminds_of())

        def taken() -> None:
            for tick in self.night.diary.ticks:
                for silence, step in tick.due if tick.at == read.written_at else ():
                    if step in steps:
                        silence.acknowledge({OFFICER}, step.clock, self.night.clock.now())

        self._reply(read, "ok", taken)


def _offers(read: Read, line: str) -> bool:
    return f"\n- {line}" in read.body or f"\n  {line}\n" in read.body


@dataclass
class Desks:
    """The platforms: two with ticket systems, whose mail is all called automatic; others answer as persons do."""

    night: Night
    _known: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.night.hears.append(self.hear)

    def hear(self, handed: HandOver, read: Read) -> None:
        """Plans the answers to a notification, once."""
        use = self.night.diary.use_of(handed.digest)
        if use is None or use.digest in self._known:
            return
        self._known.add(use.digest)
        use.message_id = read.message_id
        if use.platform not in TICKETS:
            if use.platform != SILENT:
                self.night.plan(30, partial(self._answer, use, "We have it with the team. Kim", BOTH))
            return
        self.night.plan(2, partial(self._answer, use, RECEIPTS[use.platform], FIRST))
        if use.platform == "Alder":
            self.night.plan(14, partial(self._answer, use, QUESTION, FIRST))
        self.night.plan(90, partial(self._comment, use))

    def _comment(self, use: Use) -> None:
        self._answer(use, COMMENTS[use.platform].format(at=self.night.clock.true), ALL)

    def _answer(self, use: Use, text: str, stops: frozenset[str]) -> None:
        fields = {"Alder": ZENDESK, "Dogwood": JIRA}.get(use.platform, ())
        sender = f"support@{use.to.rpartition('@')[2]}"
        octets = letter(
            sender, "Re: your report", text, self.night.clock.true, answers=use.message_id, fields=fields
        )  # fmt: skip
        self.night.deliver(
            octets, f"{use.platform}: {text[:20]!r}", lambda mail: use.silence.answers.append((mail.arrived_at, stops))
        )


def play(seed: int, kit: Kit) -> tuple[Diary, Stranger]:
    """Plays the night of that seed."""
    night = Night(seed, kit)
    stranger = Stranger(night)
    Desks(night)
    end = night.begin + timedelta(hours=HOURS)
    night.server.bans += [
        Ban(ADDRESS_OF[REFUSED], "", 550, "5.7.1 access denied", SmtpStage.RECIPIENT, night.begin, end),
        Ban("", WORD, 554, "5.7.1 message content rejected", SmtpStage.MESSAGE, night.begin, end),
    ]
    for number, (title, _) in enumerate(MATTERS):
        night.plan(5 + 17 * number + night.chance.uniform(0, 12), partial(_refer, night, number, title))
    night.plan(20, partial(_ask, night))
    night.plan(200, stranger.ask_how_it_stands)
    return night.play(), stranger


def _refer(night: Night, number: int, title: str) -> None:
    """Delivers a municipality's referral, which opens a case."""
    sender = f"griffie{number}@lindewaard.example"
    text = f"Zie https://posts.example/{number}. Zelf twee keer gemeld bij het platform, zonder antwoord."

    def taken(mail: Incoming) -> None:
        (stored,) = asking.messages(night.env, digest=mail.digest)
        if stored.case is None:
            night.diary.broken(2, f"{mail.what} opened no case")
            return
        night.diary.referrals.append(Referral(sender, stored.message_id or "", stored.case, late=False))
        night.oracle.watch(Silence(stored.case, "", night.policy, night.clock.now()))

    night.deliver(letter(sender, title, text, night.clock.true), f"referral {number}", taken)


def _ask(night: Night) -> None:
    """Delivers a stranger's mail, of which the officer is told with its subject."""
    text = "Wat is uw mening hierover?"
    night.deliver(letter(WRITER, f"Vraag over een {WORD}", text, night.clock.true), "stranger's mail")

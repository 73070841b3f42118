# SPDX-License-Identifier: EUPL-1.2
"""Referrers, citizens and officers of a simulated night."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from flaggermail.record.rows import OutboxMail, Reminder, StoredMessage, Token
from tests import asking
from tests.nights.diary import Incoming, Referral, Use
from tests.nights.letters import letter
from tests.nights.mailing import Mailing
from tests.nights.night import ADDRESS_OF, ADDRESSES, Night
from tests.nights.oracle import ZONE, Silence, Told
from tests.nights.platforms import Platforms
from tests.nights.reading import PLATFORMS, Read
from tests.nights.world import HandOver

ELECTION = "GR2026"
CODE_LASTS = timedelta(hours=2)
LATE = timedelta(minutes=120)
HOUR = timedelta(hours=1)
MATTERS = (
    ("Verkeerde stemdag rondgestuurd", "Zie het bericht over donderdag. Zelf twee keer gemeld bij het platform."),
    ("Filmpje over twee vakjes", "Op dit filmpje kleurt iemand twee vakjes. Wij hebben het al drie keer gemeld."),
    ("Nagemaakte stempas te koop", "Iemand biedt stempassen aan. Twee keer aangekaart, zonder antwoord."),
    ("Stembureau zou gesloten zijn", "Het bericht noemt een adres dat niet klopt. Twee keer gemeld bij het platform."),
)
ASSESSED = "The polling day is another."


@dataclass
class People:
    """Simulated persons, whose actions are random."""

    night: Night
    platforms: Platforms

    def __post_init__(self) -> None:
        self.chance = self.night.chance
        self.mailing = Mailing(self.night)
        self._drafts: dict[str, tuple[str, str, str]] = {}  # case, platform and digest of drafts to approve by mail
        self._approved: set[str] = set()
        self._spent = 0  # time step of the last code that was read
        self._said: set[str] = set()  # Message-IDs of acknowledged reminders
        self._told_of: set[str] = set()  # Message-IDs of mails that were read
        self.night.hears.append(self.hear)

    # ---- incoming mail

    def refer(self, number: int) -> None:
        """Delivers a municipality's referral."""
        subject, text = MATTERS[number]
        sender = f"griffie{number}@lindewaard.example"
        octets = letter(sender, subject, text, self.night.clock.true)
        self.night.deliver(octets, f"referral {number}", lambda mail: self._referred(mail, sender))

    def _referred(self, mail: Incoming, sender: str) -> None:
        """Registers the case that the referral opened."""
        stored = self._stored(mail)
        if stored is None or stored.case is None:
            self.night.diary.broken(
                2, f"{mail.what} opened no case: {stored.reason.english if stored else 'not filed'}"
            )
            return
        late = mail.arrived_at < self.night.clock.now() - LATE
        self.night.diary.referrals.append(Referral(sender, stored.message_id or "", stored.case, late))
        self._opened(stored.case)

    def warn(self) -> None:
        """An officer opens a case without a referral."""
        case = self.night.ask(
            "case open", election=ELECTION, type="D_general_warning", origin="earlier_cases", title="Two boxes coloured"
        )
        if case:
            self._opened(case)

    def _opened(self, case: str) -> None:
        self.night.diary.counts["case"] += 1
        silence = Silence(case, "", self.night.policy, self.night.clock.now())
        self.night.oracle.watch(silence)
        if self.chance.random() < 0.1:
            self.hasten(case)
        if self.chance.random() < 0.85:
            self.night.plan(self.chance.expovariate(1 / 25), lambda: self.decide(case, silence))

    def complain(self, number: int) -> None:
        """Delivers a citizen's report, which is sometimes sent again."""
        text = f"Ik zag bericht {number}, haal dit bericht weg."
        octets = letter(f"kiezer{number}@mailprovider.example", f"Nep bericht {number}", text, self.night.clock.true)
        self.night.deliver(octets, "citizen's report")
        if text and self.chance.random() < 0.4:
            self.night.plan(self.chance.uniform(1, 200), lambda: self.complain(number))

    def noise(self, number: int) -> None:
        """Delivers mail that matches nothing."""
        text = f"Wat is uw mening over onderwerp {number}?"
        self.night.deliver(letter("x@elsewhere.example", f"Vraag {number}", text, self.night.clock.true), "noise")

    # ---- the officer's decisions

    def decide(self, case: str, silence: Silence) -> None:
        """Assesses, decides and perhaps writes to one or two platforms."""
        self.night.ask(
            "case assess",
            case=case,
            incorrect=True,
            contradicts=ASSESSED,
            criteria=(3,),
            own_attempts=2,
            all_means_used=True,
        )
        decision = self.chance.choices(["notify", "decline", "none"], [8, 1, 1])[0]
        self.night.ask(
            "case decide",
            case=case,
            decision=decision,
            reason="outside the process" if decision != "notify" else "Voters may come on the wrong day",
        )
        silence.ended = True
        self.night.diary.decided[case] = decision
        if decision != "notify":
            self.hasten(case)
        else:
            for platform in self.chance.sample(PLATFORMS, self.chance.choice([1, 1, 2])):
                self.night.plan(self.chance.uniform(0.5, 20), partial(self.draft, case, platform))

    def hasten(self, case: str) -> None:
        """Tries to write to a platform without a decision to do so; nothing may reach it."""
        platform = self.chance.choice(PLATFORMS)
        self.night.diary.counts["hasty draft"] += 1
        draft = self.night.ask("notify", case=case, channel=platform.lower(), title="At once", text="Look at this.")
        if draft:
            self.night.ask("approve", draft=draft)

    def draft(self, case: str, platform: str) -> None:
        """Drafts a notification; most are approved, some rejected, some forgotten."""
        draft = self.night.ask(
            "notify",
            case=case,
            channel=platform.lower(),
            title="Wrong polling day",
            text="A post names a wrong day: https://posts.example/1",
        )
        if not draft:
            return
        digest = self._frozen(platform)
        what = self.chance.choices(["approve", "answer", "reject", "forget"], [8, 8, 1, 3])[0]
        if what in {"answer", "forget"}:
            self._drafts[draft] = (case, platform, digest if what == "answer" else "")
        elif what == "approve":
            self.night.plan(self.chance.uniform(0.1, 15), lambda: self.approve(draft, case, platform, digest))
        else:
            self.night.ask("reject", draft=draft, reason="the text is not good enough")

    def _frozen(self, platform: str) -> str:
        """Returns the digest of the archived octets of the draft to that platform.

        Until the desk has started with the platform's new address, it writes to the one on record.
        """
        addresses = {self.night.address_of[platform], ADDRESS_OF[platform]}
        mails = [Read(self.night.env.octets.get(digest), "") for digest in self.night.archived]
        (frozen,) = (mail for mail in mails if mail.to in addresses)
        return frozen.digest

    def _to(self, digest: str) -> str:
        """Returns the address to which a frozen draft is written."""
        return Read(self.night.env.octets.get(digest), "").to

    def approve(self, draft: str, case: str, platform: str, digest: str) -> None:
        """Approves a draft; sometimes the desk is killed in the middle."""
        fatal = self.chance.randint(1, 4) if self.chance.random() < 0.1 else 0
        if self.night.ask("approve", fatal=fatal, draft=draft) is not None:
            self._let_go(draft, case, platform, digest)

    def _let_go(self, draft: str, case: str, platform: str, digest: str) -> None:
        """Registers an approved notification."""
        self.night.diary.counts["notification"] += 1
        silence = self.night.oracle.watch(Silence(case, platform, self.night.policy))
        use = Use(draft, case, platform, self._to(digest), digest, self.night.clock.now(), silence)
        self.night.diary.uses.append(use)
        self.night.must_leave(digest, use.to)
        self.platforms.expect(use, partial(self.anew, case, platform))
        trouble = self.chance.random()  # trouble matters most during the sending
        if trouble < 0.2:
            self.night.fatal = self.chance.randint(1, 8)
        elif trouble < 0.3:
            self.night.server.mood("silent", use.to, timedelta(minutes=self.chance.uniform(1, 40)))

    def anew(self, case: str, platform: str) -> None:
        """Clears the platform's bounced address and drafts the notification again."""
        address = self.night.address_of[platform]
        if self.night.ask("channel clear", address=address, reason="their server had been down") is not None:
            self.platforms.bad.discard(address)
        self.draft(case, platform)

    def swap(self) -> None:
        """The other officer takes over for two hours."""
        begin = self.night.clock.now()
        end = begin + timedelta(hours=2)
        begins, ends = begin.isoformat(), end.isoformat()
        if self.night.ask("oncall override", officer="officer2", begins_at=begins, ends_at=ends) is not None:
            self.night.swaps.append((begin, end, "officer2"))

    # ---- the officer's reaction to mail

    def hear(self, handed: HandOver, read: Read) -> None:
        """Plans the reaction to a mail that reached an officer or the head."""
        if not handed.recipient.endswith("@bzk.example") or read.message_id in self._told_of:
            return
        self._told_of.add(read.message_id)
        if read.alarms and (named := read.named("outbox resolve")) and self.chance.random() < 0.75:
            self.night.plan(self.chance.uniform(1, 60), lambda: self.resolve(named))
        if (draft := read.asks_approval) in self._drafts:
            self._asked(read, draft)
        elif named := read.named("message confirm"):
            if self.chance.random() < 0.4:
                self.night.plan(self.chance.uniform(1, 60), lambda: self._judge(read, named))
        elif any(True for _ in read.reminds_of()) and not read.asks_nothing and handed.recipient != ADDRESSES["head1"]:
            self.answer(read)

    def answer(self, read: Read) -> None:
        """Plans an acknowledgement, a phone note, another reply, a forged reply or no reaction."""
        does = {"ok": 4, "act": 2, "called": 2, "gibberish": 1, "vain": 2, "nothing": 5}
        says = self.chance.choices(list(does), list(does.values()))[0]
        if says != "nothing":
            self.night.plan(self.chance.uniform(1, 45), lambda: self._say(read, says))

    def _say(self, read: Read, says: str) -> None:
        steps = list(read.reminds_of())
        if says == "act":
            self.acknowledge(read)
        elif says == "called" and len(steps) == 1 and steps[0].platform:
            self._called(read, steps[0])
        elif says == "vain":
            self.mailing.mislead(read, "ok")
        elif says == "gibberish":
            self.mailing.answer(read, "Wat moet ik hiermee?", lambda: None)
        else:
            self.mailing.answer(read, "ok", lambda: self._acknowledged(read, read.recipient))

    def _called(self, read: Read, step: Told) -> None:
        """Replies that the officer called the platform a few minutes ago, with or without success."""
        at = (self.night.clock.true - timedelta(minutes=self.chance.randint(0, 10))).replace(second=0)
        reached = self.chance.random() < 0.7
        verb = self.chance.choice(("gebeld", "called"))

        def noted() -> None:
            """The desk takes the time that was said for the latest one of that name: an hour may come twice."""
            now, said = self.night.clock.now(), f"{at.astimezone(ZONE):%H:%M}"
            meant = (one for one in (at, at - HOUR) if one <= now and f"{one.astimezone(ZONE):%H:%M}" == said)
            if reached and (understood := next(meant, None)) is not None:
                self.platforms.reached(step.case, step.platform, understood)

        words = "ze hebben het" if reached else "geen gehoor"
        self.mailing.answer(read, f"{verb} {at.astimezone(ZONE):%H:%M} {words}", noted)

    def acknowledge(self, read: Read) -> None:
        """Acknowledges at the command line, sometimes as a colleague."""
        with self.night.env.store.read() as tx:
            token = tx.get(Token, read.token)
            reminder = tx.get(Reminder, token.reminder) if token and token.reminder else None
        by = self.chance.choices(["officer1", "officer2"], [4, 1])[0]
        if reminder is not None and self.night.ask("oncall ack", by, reminder=reminder.id) is not None:
            self._acknowledged(read, ADDRESSES[by])

    def _acknowledged(self, read: Read, by: str) -> None:
        """Acknowledges all steps of the mail once, for its recipient and for the officer who acknowledges."""
        if read.message_id in self._said:
            return
        self._said.add(read.message_id)
        steps = set(read.reminds_of())
        for tick in self.night.diary.ticks:
            if tick.at == read.written_at:
                for silence, step in tick.due:
                    if step in steps:
                        silence.acknowledge({read.recipient, by}, step.clock, self.night.clock.now())

    def resolve(self, mail: str) -> None:
        """Resolves a mail in doubt from the server's record."""
        with self.night.env.store.read() as tx:
            row = tx.get(OutboxMail, mail)
        use = self.night.diary.use_of(row.digest) if row else None
        if row is None or use is None or use.resolved:
            return
        took = next((h for h in self.night.server.record if h.digest == row.digest and h.received), None)
        done = self.night.ask(
            "outbox resolve", mail=mail, sent_at=took.at.isoformat() if took else None, again=took is None
        )
        if done is None:
            if took is not None and took.at > self.night.clock.now():
                self.night.plan(30, lambda: self.resolve(mail))
        elif took is None:
            use.again += 1
        elif not use.resolved:
            use.resolved = True
            use.silence.start(took.at, self.night.policy)

    def _asked(self, read: Read, draft: str) -> None:
        """Approves a draft by mail; a forged reply may try the same."""
        case, platform, digest = self._drafts[draft]
        if self.chance.random() < (0.15 if digest else 0.9):
            self.night.plan(self.chance.uniform(0.1, 15), lambda: self._mislead(read))

        def approved() -> None:
            in_time = self.night.clock.now() < read.written_at + CODE_LASTS
            to = self._to(digest)
            takes = to == self.night.address_of[platform] and to not in self.platforms.bad
            if in_time and takes and draft not in self._approved:
                self._approved.add(draft)
                self._let_go(draft, case, platform, digest)

        if digest and read.recipient == ADDRESSES["officer1"]:
            for _ in range(self.chance.choice([1, 1, 1, 1, 2])):  # some officers send the approval twice
                self.night.plan(self.chance.uniform(0.1, 25), lambda: self._approve_by_mail(read, approved))

    def _mislead(self, read: Read) -> None:
        """Sends a good code in a reply that must have no effect; being read, the code is spent."""
        verb, step = self._consent()
        self.mailing.mislead(read, verb, lambda: self._spend(step))

    def _approve_by_mail(self, read: Read, approved: Callable[[], None]) -> None:
        """Sends the code that the device shows now; it counts for a minute and a half, and once."""
        verb, step = self._consent()
        fresh = [False]

        def seen() -> None:
            fresh[0] = step > self._spent and abs(self._step_now() - step) <= 1
            self._spend(step)

        self.mailing.answer(read, verb, lambda: approved() if fresh[0] else None, seen)

    def _consent(self) -> tuple[str, int]:
        """Returns words of consent with the device's code, by the desk's clock, and the time step of the code."""
        step = self._step_now()
        code = self.night.kit.app().generate_otp(step)
        return f"{self.chance.choice(('akkoord', 'approve'))} {code}", step

    def _step_now(self) -> int:
        return int(self.night.clock.now().timestamp()) // 30

    def _spend(self, step: int) -> None:
        if step <= self._step_now() + 1:
            self._spent = max(self._spent, step)

    def _judge(self, read: Read, message: str) -> None:
        """Confirms an unverified answer, by command or by reply; a forged reply may try the same."""
        says = self.chance.choice(["act", "genuine", "vain", "vain"])
        if says == "act" or "Answer from a platform: " not in read.subject:
            self.confirm(message)
        elif says == "vain":
            self.mailing.mislead(read, "echt")
        else:
            with self.night.env.store.read() as tx:
                row = tx.get(StoredMessage, message)
            digest = row.digest if row else ""
            self.mailing.answer(read, self.chance.choice(("echt", "genuine")), lambda: self.platforms.vouched(digest))

    def confirm(self, message: str) -> None:
        """Confirms at the command line."""
        with self.night.env.store.read() as tx:
            row = tx.get(StoredMessage, message)
        if row is not None and self.night.ask("message confirm", message=message) is not None:
            self.platforms.vouched(row.digest)

    def _stored(self, mail: Incoming) -> StoredMessage | None:
        return next(iter(asking.messages(self.night.env, digest=mail.digest)), None)

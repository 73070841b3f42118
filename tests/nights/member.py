# SPDX-License-Identifier: EUPL-1.2
"""A member of the shared mailbox, who reads everything in it and appends what they like to any folder.

They know every mail that we sent and every mail that came, with its tokens, numbers and codes, and write what our own
receiving server would: its Authentication-Results, its delivery reports, our own headers. They type no command, and
have neither an officer's device nor an officer's pager.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random

from flaggermail.record.events import EventKind
from tests.nights.diary import Incoming
from tests.nights.letters import DESK, letter, returned
from tests.nights.mailing import SHAPES
from tests.nights.night import ADDRESS_OF, ADDRESSES, HOURS, Night
from tests.nights.oracle import ZONE
from tests.nights.reading import PLATFORMS, Read
from tests.nights.world import HandOver

MAILS = (5, 40)  # how many the member writes in a night
VERBS: Mapping[str, tuple[str, ...]] = {
    "New case: ": ("neem", "take", "take", "vraag: wat is de link?", "decline: not ours", "wijs af: niet voor ons"),
    "Unplaced mail: ": ("bij {number}", "with {number}", "nieuw", "new", "nieuw en onthoud", "ruis", "noise"),
    "Answer from a platform: ": ("echt", "genuine", "vals", "forged"),
    "Please approve: ": ("akkoord {code}", "approve {code}", "{code}", "nee: niet goed", "no: not good"),
    " after ": ("ok", "gebeld {time} ze hebben het", "called {time} they have it", "over aan De Vries", "to Bakker"),
    " silence": ("ok",),
    "To be ": ("verstuurd {time}", "submitted {time}"),
}
"""Words in the subject of a mail to an officer, and what a reply to it may say."""
ALL_VERBS = tuple(verb for verbs in VERBS.values() for verb in verbs)
FILLED = {
    "incorrect": "yes", "rule": "The polling day is another.", "criterion": "3", "attempts": "2", "means": "yes",
    "title": "Remove this", "text": "Look at https://posts.example/forged",
}  # fmt: skip
DECISIONS = ("notify {platform}", "notify {platform}, {other}", "none: settled", "decline: not ours", "refer: police")
ASKED = ("person", "machine", "number alone", "another address", "quotation")
_CODES = re.compile(r"\b(?:\d{6}|[A-HJ-NP-Z2-9]{6})\b")
_OWN = re.compile(rb"^(?:X-[\w-]+|Auto-Submitted|Feedback-ID): .*\r\n", re.MULTILINE)
_FORM_LINE = re.compile(r"^([a-z]+):[^\n]*$", re.MULTILINE)


@dataclass
class Member:
    """Writes mail with everything that the mailbox holds; counts in the diary what the desk then did, and as whom."""

    night: Night
    chance: Random
    sent: list[Read] = field(default_factory=list)  # what lies in Sent
    _seq: int = 0  # of the last event before the transaction that takes a mail in

    def __post_init__(self) -> None:
        self.night.hears.append(self.reads)
        committed = self.night.watch.on_commit

        def noted(archived: list[str]) -> None:
            committed(archived)
            self._seq = self._last()

        self.night.watch.on_commit = noted
        acts: dict[Callable[[], None], int] = {
            self.reply: 10, self.approve: 8, self.fill_form: 6, self.answer_as_platform: 5, self.return_mail: 3,
            self.refer: 2, self.copy_of_ours: 3, self.by_hand: 2, self.repeat: 3,
        }  # fmt: skip
        for _ in range(self.chance.randint(*MAILS)):
            act = self.chance.choices(list(acts), list(acts.values()))[0]
            self.night.plan(self.chance.uniform(5, HOURS * 60 - 5), act)

    def reads(self, handed: HandOver, read: Read) -> None:
        """Reads the copy in Sent; an approval request is tried out within minutes, as its time is short."""
        del handed
        self.sent.append(read)
        if "Please approve: " in read.subject and self.chance.random() < 0.5:
            self.night.plan(self.chance.uniform(0.05, 20), partial(self.approve, read))
        elif _invited(read) and self.chance.random() < 0.3:
            self.night.plan(self.chance.uniform(0.05, 60), partial(self.reply, read))
        if "To assess: " in read.subject and self.chance.random() < 0.9:
            self.night.plan(self.chance.uniform(0.05, 20), partial(self.fill_form, read))

    # ---- what they write

    def reply(self, of: Read | None = None) -> None:
        """Replies to any of our mails, with any word that a reply may say."""
        read = of or self._any(lambda mail: bool(_invited(mail)))
        if read is not None:
            named = _invited(read) if self.chance.random() < 0.9 else ALL_VERBS
            self._reply(read, self.chance.choice(named or ALL_VERBS), "reply")

    def approve(self, of: Read | None = None) -> None:
        """Approves a draft with the words and codes that the mailbox holds."""
        read = of or self._any(lambda mail: "Please approve: " in mail.subject)
        if read is not None:
            self._reply(
                read, self.chance.choice(["akkoord {code}", "approve {code}", "{code}", "ok {code}"]), "approval"
            )

    def fill_form(self, of: Read | None = None) -> None:
        """Fills in a case form that was sent to an officer, and decides."""
        read = of or self._any(lambda mail: "To assess: " in mail.subject)
        if read is None:
            return
        one, other = self.chance.sample(PLATFORMS, 2)
        values = {**FILLED, "decide": self.chance.choice(DECISIONS).format(platform=one.lower(), other=other.lower())}

        def filled(line: re.Match[str]) -> str:
            return f"{line[1]}: {values[line[1]]}" if line[1] in values else line[0]

        self._reply(read, _FORM_LINE.sub(filled, read.body), "form", shape="{verb}")

    def answer_as_platform(self) -> None:
        """Answers one of our notifications in the platform's name, with our server's word for it."""
        read = self._any(lambda mail: mail.recipient in ADDRESS_OF.values())
        if read is None:
            return
        way, domain = self.chance.choice(ASKED), read.recipient.rpartition("@")[2]
        sender = f"{self.chance.choice(['urgent', 'desk', 'noreply'])}@{domain}"
        if way == "another address":
            sender = f"desk@mail.{domain}"
        fields = ("Auto-Submitted: auto-replied",) if way == "machine" else ()
        quoted = "\n".join(f"> {line}" for line in read.body.splitlines()) if way == "quotation" else ""
        octets = letter(
            sender, f"Re: {read.subject}", f"Got it, it is being looked at. {read.case}\n\n{quoted}",
            self.night.clock.true, auth=self._auth(), fields=fields,
            answers=read.message_id if way in {"person", "machine"} else None,
        )  # fmt: skip
        self._append(octets, "platform's answer")

    def return_mail(self) -> None:
        """Reports that one of our mails did not arrive."""
        read = self._any()
        if read is not None:
            octets = returned(
                read.message_id, read.recipient, self.night.clock.true, delayed=self.chance.random() < 0.3
            )
            self._append(octets, "delivery report")

    def refer(self) -> None:
        """Writes as a municipality."""
        text = "Iemand beweert dat de stemdag is verplaatst. Twee keer gemeld bij het platform."
        subject = f"Gevaarlijk bericht {self.chance.randint(1, 9)}"
        sender = f"griffie{self.chance.randint(0, 4)}@lindewaard.example"
        self._append(letter(sender, subject, text, self.night.clock.true, auth=self._auth()), "referral")

    def copy_of_ours(self) -> None:
        """Appends one of our mails again, as it is or with other words."""
        read = self._any()
        if read is not None:
            octets = read.octets
            if self.chance.random() < 0.5:
                octets = octets.replace(b"posts.example", b"forged.example") + b"\r\nRemove this at once.\r\n"
            self._append(octets, "copy of ours", self.chance.choice(["sent", "sent", "inbox"]))

    def by_hand(self) -> None:
        """Puts a mail to a platform into Sent that was never sent."""
        to = self.chance.choice(list(ADDRESS_OF.values()))
        octets = letter(
            DESK, "Urgent: wrong polling day", "Look at https://posts.example/2", self.night.clock.true, to=to
        )
        self._append(octets, "mail by hand", "sent")

    def repeat(self) -> None:
        """Appends a mail that came before, an officer's approval perhaps, with another address, thread or date."""
        came = [mail.octets for mail in self.night.diary.incoming if not mail.what.startswith("member")]
        read = self._any(lambda mail: bool(mail.token))
        if not came or read is None:
            return
        octets = self.chance.choice(came)
        if self.chance.random() < 0.7:
            octets = re.sub(rb"^To: .*$", f"To: {read.reply_to}".encode(), octets, count=1, flags=re.MULTILINE)
            octets = re.sub(rb"<vf\.[^>]+>", f"<{read.message_id}>".encode(), octets)
        if self.chance.random() < 0.5:
            octets = octets.replace(b"Message-ID: <", f"Message-ID: <{self.chance.randint(0, 99)}.".encode(), 1)
        self._append(octets, "repetition")

    # ---- how

    def _reply(self, read: Read, verb: str, what: str, shape: str = "") -> None:
        verb = verb.format(code=self._code(read), time=self._time(), number=self._number())
        quoted = "\n".join(f"> {line}" for line in read.body.splitlines())
        text = (shape or self.chance.choice(SHAPES)).format(
            verb=verb, capital=verb[:1].upper() + verb[1:], quoted=quoted
        )
        own = _OWN.findall(read.octets.partition(b"\r\n\r\n")[0] + b"\r\n")
        fields = [line.decode().strip() for line in own] if self.chance.random() < 0.1 else []
        others = [read.recipient] * 12 + list(ADDRESSES.values())
        octets = letter(
            self.chance.choice(others), f"Re: {read.subject}", text, self.night.clock.true, to=self._to(read),
            answers=read.message_id if self.chance.random() < 0.8 else None, auth=self._auth(), fields=fields,
        )  # fmt: skip
        self._append(octets, what)

    def _code(self, read: Read) -> str:
        """Returns a code: of that mail, of any mail in Sent or of an officer's in the inbox, or a guess."""
        came = [mail.octets.decode("utf-8", "replace") for mail in self.night.diary.incoming[-30:]]
        bodies = [[read.body], [mail.body for mail in self.sent[-30:]], [text for text in came if "@bzk" in text]]
        found: list[str] = _CODES.findall("\n".join(self.chance.choice(bodies)))
        return self.chance.choice([*found, f"{self.chance.randrange(10**6):06d}"])

    def _time(self) -> str:
        return f"{self.night.clock.now().astimezone(ZONE):%H:%M}"

    def _number(self) -> str:
        numbers = sorted({mail.case for mail in self.sent if mail.case})
        return self.chance.choice(numbers) if numbers else "VF-GR2026-0001"

    def _to(self, read: Read) -> str:
        return self.chance.choice([read.reply_to] * 6 + [DESK])

    def _auth(self) -> str:
        """Returns what our server is said to have found; mostly the best."""
        return self.chance.choices(["pass", "none", "fail"], [12, 1, 1])[0]

    def _any(self, fits: Callable[[Read], bool] = lambda _: True) -> Read | None:
        """Returns one of the mails in Sent, mostly a late one."""
        found: Sequence[Read] = [mail for mail in self.sent if fits(mail)]
        return self.chance.choice(found[-8:] if self.chance.random() < 0.8 else found) if found else None

    def _append(self, octets: bytes, what: str, folder: str = "") -> None:
        folder = folder or self.chance.choices(["inbox", "sent", "junk"], [10, 1, 1])[0]
        mail = self.night.deliver(octets, f"member's {what} in {folder}", folder=folder)
        self.night.taken[mail.digest] = partial(self._taken, mail, what)
        self.night.diary.counts[f"member wrote: {what}"] += 1

    # ---- what came of it

    def _taken(self, mail: Incoming, what: str) -> None:
        """Counts the events of the transaction that took the mail in, by kind and by the person they name."""
        mail.taken_at = self.night.clock.now()
        officers = {officer.id for officer in self.night.env.settings.rota.officers}
        with self.night.env.store.read() as tx:
            for _, event in tx.events(self._seq):
                if event.kind in ANSWERING:
                    continue
                if event.actor in officers:
                    self.night.diary.counts[f"in a person's name: {event.kind} ({what})"] += 1
                    if event.kind is EventKind.NOTIFICATION_APPROVED:
                        self.night.diary.broken(9, f"{event.notification} approved as {event.actor} by a {what}")
                elif event.kind in CAUSED:
                    self.night.diary.counts[f"by the desk: {event.kind} ({what})"] += 1

    def _last(self) -> int:
        with self.night.env.store.read() as tx:
            return max((seq for seq, _ in tx.events(self._seq)), default=self._seq)


def _invited(read: Read) -> tuple[str, ...]:
    """Returns what a reply to a mail to an officer may say."""
    if not read.recipient.endswith("@bzk.example"):
        return ()
    return next((verbs for words, verbs in VERBS.items() if words in read.subject), ())


ANSWERING = frozenset({EventKind.MAIL_QUEUED, EventKind.MESSAGE_COMPOSED, EventKind.TOKEN_ISSUED})
CAUSED = frozenset(
    {
        EventKind.CASE_OPENED, EventKind.CASE_REOPENED, EventKind.CASE_REVERTED_TO_NOTIFIED, EventKind.CASE_ANSWERED,
        EventKind.CLOCK_STARTED, EventKind.CLOCK_STOPPED, EventKind.CLOCK_RESUMED, EventKind.CLOCK_CANCELLED,
        EventKind.ADDRESS_BAD, EventKind.NOTIFICATION_FAILED, EventKind.MAIL_ACCEPTED, EventKind.MAIL_RESOLVED,
        EventKind.MAIL_BOUNCED, EventKind.KEY_LEARNED, EventKind.MESSAGE_PLACED, EventKind.DELIVERY_SUPERSEDED,
        EventKind.NOTIFICATION_APPROVED, EventKind.NOTIFICATION_SENT, EventKind.REMINDER_ACKNOWLEDGED,
    }
)  # fmt: skip

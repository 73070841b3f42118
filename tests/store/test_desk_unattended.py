# SPDX-License-Identifier: EUPL-1.2
"""An unattended desk sends nothing to a platform, answers no machine, and keeps its record intact."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flaggermail.commands.approve import Approve
from flaggermail.record.kinds import Kind
from tests.store.desk_fixtures import (
    CITIZEN,
    DESK,
    HEAD,
    META,
    OFFICER,
    PLATFORM_DOMAINS,
    REFERRER,
    SERVER,
    X_CHANNEL,
    Desk,
    NewDesk,
    X,
    mail,
    report_of,
)

PROPERTY = settings(
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # no shrinking: every try makes a desk
    max_examples=settings().max_examples // 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
STAFF = {
    OFFICER, HEAD, "b.devries@bzk.example", "signer@bzk.example", "clerk@bzk.example", "weigher@bzk.example",
}  # fmt: skip
WORDS = [
    ("Bericht over stembiljet", "Er gaat een bericht rond over twee vakjes."),
    ("Misleidend bericht", "Ik zag dit bericht. Haal het weg."),
    ("Re: [VF-EP2024-0001] Two boxes", "We have reviewed it."),
    ("Re: herinnering", "ok"),
    ("Re: herinnering", "stuur nu"),
    ("approve", "akkoord VF-EP2024-0001/1 approve"),
    ("Automatic reply: away", "I am away."),
]
SENDERS = [X, META, "a@tiktok-platform.example", OFFICER, HEAD, REFERRER, CITIZEN, DESK, "w@elsewhere.example"]
SENDERS += [f"MAILER-DAEMON@{SERVER}"]
HEADERS = [(), (), (), ("Auto-Submitted: auto-replied",), ("List-Id: <a.example>",), ("X-Flaggermail-Loop: x",)]


@dataclass(frozen=True)
class Incoming:
    """An incoming mail; `answers` is the kind of our own mail it answers, if one exists."""

    sender: str
    words: tuple[str, str]
    auth: str | None
    answers: str | None
    headers: tuple[str, ...]
    folder: str
    to: str

    def arrive(self, desk: Desk) -> None:
        """Arrives at the desk; without such a mail of our own it answers none."""
        ours = desk.mails(kind=Kind(self.answers)) if self.answers else []
        octets = mail(
            self.sender, *self.words, to=self.to, auth=self.auth, at=desk.clock.now(), extra=self.headers,
            answers=ours[-1].message_id if ours else None,
        )  # fmt: skip
        desk.receive(octets, folder=self.folder)

    @property
    def answerable(self) -> bool:
        """True if the mail may get an automatic answer."""
        return self.auth == "pass" and not self.headers and self.folder == "INBOX" and self.sender != DESK


@dataclass(frozen=True)
class Report:
    """A bounce or delay report about our latest mail of that kind."""

    kind: str
    action: str

    def arrive(self, desk: Desk) -> None:
        """Arrives at the desk if there is such a mail."""
        for envelope in desk.mails(kind=Kind(self.kind))[-1:]:
            desk.receive(report_of(envelope.message_id, envelope.recipient, self.action))


@dataclass(frozen=True)
class OwnCopy:
    """A copy of a mail that was sent."""

    number: int
    folder: str

    def arrive(self, desk: Desk) -> None:
        """Arrives at the desk."""
        envelopes = desk.server.envelopes
        desk.receive(envelopes[self.number % len(envelopes)].octets, folder=self.folder)


@dataclass(frozen=True)
class Server:
    """The submission server's answer to everyone from now on; None is accepted."""

    code: int | None

    def arrive(self, desk: Desk) -> None:
        """Changes the server's answer."""
        desk.server.script.clear()
        if self.code is not None:
            desk.server.says(self.code)


@dataclass(frozen=True)
class Time:
    """Minutes that pass."""

    minutes: int

    def arrive(self, desk: Desk) -> None:
        """Advances the clock."""
        desk.go_on(self.minutes)


KINDS = st.sampled_from(["notification", "reminder", "officer_notice", "intake_confirmation", "alarm"])
INCOMING = st.builds(
    Incoming,
    st.sampled_from(SENDERS),
    st.sampled_from(WORDS),
    st.sampled_from(["pass", "pass", "fail", "none", None]),
    st.none() | KINDS,
    st.sampled_from(HEADERS),
    st.sampled_from(["INBOX", "INBOX", "INBOX", "Sent"]),
    st.sampled_from([DESK, DESK, X_CHANNEL]),
)  # fmt: skip
STEPS = (
    INCOMING
    | st.builds(Report, KINDS, st.sampled_from(["failed", "delayed"]))
    | st.builds(OwnCopy, st.integers(0, 5), st.sampled_from(["INBOX", "Sent"]))
    | st.builds(Server, st.sampled_from([None, 450, 550, -1]))
    | st.builds(Time, st.sampled_from([1, 31, 61, 130]))
)


def desk_with_a_case_in_every_state(new_desk: NewDesk) -> Desk:
    """Builds a sent notification, one whose sending is in doubt, and a draft that waits for approval."""
    desk = new_desk()
    desk.notified()
    desk.drafted("meta-elections")
    doubtful = desk.drafted()
    desk.do(Approve(draft=doubtful))
    desk.server.says(-1, X_CHANNEL)
    desk.settle()
    desk.server.script.clear()
    return desk


def to_platforms(desk: Desk) -> int:
    """Returns how many mails went to any platform."""
    domains = [envelope.recipient.rpartition("@")[2] for envelope in desk.server.envelopes]
    return sum(any(name in domain for name in PLATFORM_DOMAINS) for domain in domains)


def answers_by_message(desk: Desk) -> dict[str, set[str]]:
    """Returns, for each answered Message-ID, the Message-IDs of our answers."""
    found = defaultdict(set)
    for envelope in desk.server.envelopes:
        head = envelope.octets.partition(b"\r\n\r\n")[0].decode()
        own = re.search(r"^Message-ID: <([^>]+)>", head, re.MULTILINE | re.IGNORECASE)
        answered = re.search(r"^In-Reply-To:\s+<([^>]+)>", head, re.MULTILINE | re.IGNORECASE)
        if own and answered:
            found[answered[1]].add(own[1])
    return found


def test_unattended_desk(new_desk: NewDesk) -> None:
    """Mail of platforms, officers, citizens, machines and forgers in any order, at any pace, with any server.

    No mail goes to a platform; automatic mail goes only to staff and to verified persons who wrote to us; each mail
    gets at most one answer; everything that arrived is kept; and the rows are the fold of the events.
    """

    @PROPERTY
    @given(st.lists(STEPS, min_size=1, max_size=7))
    def holds(steps: list[Incoming | Report | OwnCopy | Server | Time]) -> None:
        desk = desk_with_a_case_in_every_state(new_desk)
        sent = to_platforms(desk)
        for step in steps:
            step.arrive(desk)
            desk.settle()
        desk.server.script.clear()
        desk.go_on(300)
        assert to_platforms(desk) == sent
        may = STAFF | {step.sender for step in steps if isinstance(step, Incoming) and step.answerable}
        assert {e.recipient for e in desk.server.envelopes if e.recipient != X_CHANNEL} <= may
        answers = answers_by_message(desk)
        assert all(len(ours) <= 1 for ours in answers.values()), answers
        assert all(m.place in {"case", "quarantine", "noise", "declined", "own"} for m in desk.messages())
        desk.assert_whole()

    holds()

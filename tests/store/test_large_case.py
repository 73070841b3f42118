# SPDX-License-Identifier: EUPL-1.2
"""A mail into a case costs the same however much the case holds: rows and statements are counted, not time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import pytest

from flaggermail.adapters.db import transaction
from flaggermail.adapters.db.mapping import to_record
from flaggermail.adapters.db.store import SqlStore
from flaggermail.cases import lifecycle
from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.notify import Draft
from flaggermail.record.case_values import Decision
from flaggermail.record.rows import Record
from flaggermail.services import UnitOfWork
from tests.store.desk_fixtures import CITIZEN, REFERRER, Desk, NewDesk, X, mail
from tests.store.test_reading_once import statements

R = TypeVar("R", bound=Record)
FEW, MANY = 24, 96  # mails that came into the case; both more than what is looked at of them


@contextmanager
def rows_made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[type[Record]]]:
    """Collects the kinds of the rows that are read meanwhile."""
    made: list[type[Record]] = []

    def noted(kind: type[R], columns: Iterable[object]) -> R:
        made.append(kind)
        return to_record(kind, columns)

    with monkeypatch.context() as patched:
        patched.setattr(transaction, "to_record", noted)
        yield made


class Exchange:
    """One case with its referrer, a platform, and everything that both write in one long thread."""

    def __init__(self, desk: Desk, *, decided: bool) -> None:
        self.desk, self.named, self.count = desk, list[str](), 0
        text = "A post in street 1 names a wrong day. " * 9
        first = mail(REFERRER, "Wrong polling day", text, at=desk.clock.now(), message_id="first@lindewaard.example")
        self.case = desk.receive(first).case or ""
        self.use = self._notified() if decided else ""

    def _notified(self) -> str:
        desk = self.desk
        desk.do(Assess(case=self.case, incorrect=True, criteria=(1,), all_means_used=True))
        desk.do(Decide(case=self.case, decision=Decision.NOTIFY, reason="such votes are invalid"))
        text = "A post at https://posts.example/1 says that the polling day is another one than it is, in your network."
        use = desk.do(Draft(case=self.case, channel="x-urgent", text=text)).key
        desk.do(Approve(draft=use))
        desk.settle()
        return use

    def writes(self, sender: str, text: str, *more: str) -> bytes:
        """Returns the next mail of the thread, which names all before it."""
        self.count += 1
        desk = self.desk
        begun = self.named or [desk.message_id_of(self.use) if self.use else "first@lindewaard.example"]
        name = f"m{self.count}@{sender.rpartition('@')[2]}"
        thread = f"References: {' '.join(f'<{one}>' for one in begun)}"
        octets = mail(
            sender, "Re: Wrong polling day", f"{text} {self.count}.", at=desk.clock.now(), message_id=name,
            extra=(f"In-Reply-To: <{begun[-1]}>", thread, *more),
        )  # fmt: skip
        self.named = [*begun, name]
        return octets


def answer(exchange: Exchange) -> bytes:
    """A platform's answer by a person."""
    return exchange.writes(X, "Got it, we have it with the team")


def machine(exchange: Exchange) -> bytes:
    """A platform's automatic mail."""
    return exchange.writes(X, "Your report was received", "Auto-Submitted: auto-replied")


def addition(exchange: Exchange) -> bytes:
    """The referrer's addition."""
    return exchange.writes(REFERRER, "One more address of the post: https://posts.example/")


def forged(exchange: Exchange) -> bytes:
    """A stranger's mail in the thread."""
    return exchange.writes(CITIZEN, "What became of it")


def quoting(exchange: Exchange) -> bytes:
    """A platform's answer without any key, which quotes our letter."""
    desk = exchange.desk
    exchange.count += 1
    letter = desk.env.parser.parse(desk.env.octets.get(desk.notification(exchange.use).digest)).reply_text
    quoted = "\n".join(f"> {line}" for line in letter.splitlines() if exchange.case not in line)
    return mail(X, f"Ticket {exchange.count}", f"Seen, number {exchange.count}.\n\n{quoted}", at=desk.clock.now())


def cost(exchange: Exchange, octets: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int, list[str]]:
    """Takes in a mail two hours later; returns the number of rows read and of statements, and their tables."""
    desk = exchange.desk
    desk.clock.set(desk.clock.now() + timedelta(hours=2))
    store = desk.env.store
    assert isinstance(store, SqlStore)
    with statements(store) as sent, rows_made(monkeypatch) as made:
        desk.take_in(octets)
    return len(made), len(sent), sorted(kind.__name__ for kind in made)


@pytest.mark.parametrize(
    ("writes", "decided"),
    [(answer, True), (machine, True), (addition, True), (addition, False), (forged, True), (quoting, True)],
    ids=["answer", "machine", "addition", "addition to an undecided case", "stranger", "quotation"],
)
@pytest.mark.slow
def test_a_mail_costs_no_more_in_a_large_case(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch, writes: Callable[[Exchange], bytes], *, decided: bool
) -> None:
    """With four times as much in the case, the same mail reads as many rows by as many statements."""
    exchange = Exchange(new_desk(), decided=decided)
    kinds = [answer, machine, addition] if decided else [addition]
    found = []
    for size in (FEW, MANY):
        while exchange.count < size:
            exchange.desk.clock.set(exchange.desk.clock.now() + timedelta(minutes=20))
            exchange.desk.take_in(kinds[exchange.count % len(kinds)](exchange))
        found.append(cost(exchange, writes(exchange), monkeypatch))
    small, large = found
    assert large == small
    filed = exchange.desk.messages(case=exchange.case)
    assert len(filed) > MANY, "the mails are in the case"


def test_the_clocks_are_the_same_as_judged_from_everything(desk: Desk) -> None:
    """Mail that comes in any order, earlier copies and late proofs of a sender stop what all of it together stops."""
    exchange = Exchange(desk, decided=True)
    for number in range(12):
        desk.clock.set(desk.clock.now() + timedelta(minutes=7))
        octets = (machine, answer, addition)[number % 3](exchange)
        desk.receive(octets, at=desk.clock.now() - timedelta(minutes=(number * 5) % 7))
        if number % 4 == 3:  # another copy of it, which came earlier
            desk.take_in(octets, at=desk.clock.now() - timedelta(minutes=5), folder="Archief")
    clocks = desk.clock_rows(notification=exchange.use)
    assert len(clocks) == 3
    before = len(desk.events())
    with desk.env.store.begin() as tx:
        lifecycle.rejudge(UnitOfWork(desk.env, tx, desk.clock.now()), exchange.use)
    assert desk.clock_rows(notification=exchange.use) == clocks
    assert len(desk.events()) == before
    assert desk.case(exchange.case).state == "answered"
    desk.assert_whole()

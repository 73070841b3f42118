# SPDX-License-Identifier: EUPL-1.2
"""Two officers who act at once: one send, one refusal that says who was faster, rows that follow from the events."""

from __future__ import annotations

import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as Door
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.outbox import delivery
from flaggermail.record.events import fold
from flaggermail.record.rows import Notification, OutboxMail
from flaggermail.record.states import MailState, NotificationState
from flaggermail.wording.refusals import CommandRefusal
from tests.corpus import looked_at, one_in
from tests.store.desk_fixtures import START, X_CHANNEL, Desk, NewDesk, mail, opened

CASE = "VF-EP2024-0001"
DRAFT = f"{CASE}/1"
PERSONS = ("officer1", "head1")
FASTER = frozenset({CommandRefusal.CHANGED_SINCE.value, CommandRefusal.CHANGED_SINCE_ON.value})
AT_ONCE, PARTS = 50, 100  # 5,000 interleavings


# ---- what is refused says who, what and when


def refusal(desk: Desk, name: str, by: str = "officer1", **asked: Json) -> Refusal:
    """Gives a command without a version, which must be refused."""
    with pytest.raises(Refusal) as caught:
        Door(lambda: desk.env, Caller(officer=by)).answer(name, asked)
    return caught.value


def give(desk: Desk, name: str, by: str = "head1", **asked: Json) -> str:
    """Gives a command; returns the key of what it was about. The next one is given a minute later."""
    key = str(Door(lambda: desk.env, Caller(officer=by)).answer(name, asked)["key"])
    desk.clock.set(desk.clock.now() + timedelta(minutes=1))
    return key


def rejected(desk: Desk) -> Refusal:
    """Approves what another has rejected."""
    draft = desk.drafted()
    give(desk, "reject", draft=draft, reason="r")
    return refusal(desk, "approve", draft=draft)


def approved_twice(desk: Desk) -> Refusal:
    """Approves what another has approved, and the desk has sent."""
    draft = desk.drafted()
    give(desk, "approve", draft=draft)
    desk.settle()
    return refusal(desk, "approve", draft=draft)


def rejected_late(desk: Desk) -> Refusal:
    """Rejects what another has approved."""
    draft = desk.drafted()
    give(desk, "approve", draft=draft)
    return refusal(desk, "reject", draft=draft, reason="r")


def decided_otherwise(desk: Desk) -> Refusal:
    """Approves a draft in a case that another has decided otherwise."""
    draft = desk.drafted()
    give(desk, "case decide", case=CASE, decision="none", reason="it is gone")
    return refusal(desk, "approve", draft=draft)


def closed(desk: Desk) -> Refusal:
    """Closes a case that another has closed."""
    case = desk.decided()
    give(desk, "case close", case=case)
    return refusal(desk, "case close", case=case)


def cancelled(desk: Desk) -> Refusal:
    """Cancels a mail that another has cancelled."""
    desk.drafted()
    waiting = desk.mails(state=MailState.QUEUED)[0].id
    give(desk, "outbox cancel", mail=waiting)
    return refusal(desk, "outbox cancel", mail=waiting)


def acknowledged(desk: Desk) -> Refusal:
    """Acknowledges a reminder that another has acknowledged."""
    desk.notified()
    desk.go_on(61)
    reminder = desk.reminders()[0].id
    give(desk, "oncall ack", reminder=reminder)
    return refusal(desk, "oncall ack", reminder=reminder)


def placed(desk: Desk) -> Refusal:
    """Opens a case from a mail that another has placed."""
    stray = desk.receive(mail("someone@elsewhere.example", "Anything", "Words.")).id
    case = desk.decided()
    give(desk, "quarantine place", message=stray, case=case)
    return refusal(desk, "case open", election="EP2024", type="other", origin="referral", from_message=stray)


def put_on_hold(desk: Desk) -> Refusal:
    """Lifts a hold that another has lifted."""
    hold = give(desk, "archive hold", case=desk.decided(), reason="a request")
    give(desk, "archive release", hold=hold, reason="answered")
    return refusal(desk, "archive release", "head1", hold=hold, reason="r")


@pytest.mark.parametrize(
    ("late", "says"),
    [
        (rejected, "; head1 rejected or replaced a draft at 10:34 (notification rejected)"),
        (approved_twice, "; head1 approved a notification at 10:34 (notification approved)"),
        (rejected_late, "; head1 approved a notification at 10:34 (notification approved)"),
        (decided_otherwise, "; head1 recorded the decision none at 10:34 (case decided)"),
        (closed, "; head1 closed it at 10:34 (case closed)"),
        (cancelled, "; head1 changed it at 10:34 (mail cancelled)"),
        (acknowledged, "; head1 acknowledged it at 11:35 (reminder acknowledged)"),
        (placed, "; head1 moved a mail at 10:34 (message placed)"),
        (put_on_hold, "; head1 lifted a hold on it at 10:35 (hold lifted)"),
    ],
)
def test_who_was_faster_is_told_without_a_version(desk: Desk, late: Callable[[Desk], Refusal], says: str) -> None:
    """A command that the state of its row refuses names who made that state, with what and when, in both languages."""
    refused = late(desk)
    assert says in str(refused)
    assert "head1" in refused.by_mail.in_language("nl")
    earlier = refused.document()["earlier"]
    assert isinstance(earlier, dict)
    assert earlier["details"]["who"] == "head1"


def test_a_refusal_for_another_reason_names_nobody(desk: Desk) -> None:
    """What is wrong in the request itself, or was never there, has no earlier act."""
    desk.drafted()
    for name, asked in (
        ("reject", {"draft": DRAFT, "reason": " "}), ("approve", {"draft": f"{CASE}/9"}), ("case ask", {"case": CASE}),
    ):  # fmt: skip
        with pytest.raises(Refusal) as caught:
            Door(lambda: desk.env, Caller(officer="officer1")).answer(name, asked)
        assert caught.value.earlier is None


def test_an_act_of_another_day_has_its_day(desk: Desk) -> None:
    """The day is told where it is not today's."""
    case = desk.decided()
    give(desk, "case close", case=case)
    desk.clock.set(START + timedelta(days=1))
    assert str(refusal(desk, "case close", case=case)).endswith(
        "; head1 closed it at 10:34 on 2024-06-06 (case closed)"
    )


# ---- interleavings


@dataclass(frozen=True)
class Act:
    """A command that somebody may give: what it is about, and what it touches if it is accepted."""

    name: str
    asked: dict[str, Json]
    about: frozenset[str]
    touches: frozenset[str]


@dataclass
class Played:
    """What was accepted, in order: who, which act, and the version after it; and what was refused."""

    accepted: list[tuple[str, Act, int]] = field(default_factory=list)
    refused: int = 0

    def others_since(self, person: str, act: Act, version: int) -> bool:
        """True if the other person changed what the act is about after that version."""
        return any(who != person and after > version and act.about & did.touches for who, did, after in self.accepted)

    def of_draft(self) -> list[str]:
        """Returns the accepted acts that settle the first draft."""
        return [act.name for _, act, _ in self.accepted if act.name in {"approve", "reject", "notify", "outbox cancel"}]


def acts(stray: str, mail_of: str | None) -> list[Act]:
    """Returns what either person may do."""
    case, draft, waiting, found = (frozenset({one}) for one in ("case", "draft", "mail", "stray"))
    known = [
        Act("approve", {"draft": DRAFT}, draft | case, draft | case | waiting),
        Act("approve", {"draft": DRAFT}, draft | case, draft | case | waiting),
        Act("reject", {"draft": DRAFT, "reason": "r"}, draft | case, draft | case),
        Act("case decide", {"case": CASE, "decision": "none", "reason": "r"}, case, case),
        Act("case decide", {"case": CASE, "decision": "notify", "reason": "r"}, case, case),
        Act("notify", {"case": CASE, "channel": "x-urgent"}, case, case | draft),
        Act("quarantine place", {"message": stray, "case": CASE}, found, found | case),
        Act("quarantine place", {"message": stray, "noise": True, "reason": "r"}, found, found),
        Act("case close", {"case": CASE}, case, case),
        Act("case assign", {"case": CASE, "officer": "officer2"}, case, case),
    ]
    if mail_of is not None:
        known.append(Act("outbox cancel", {"mail": mail_of}, waiting, waiting | draft | case))
    return known


@pytest.fixture(scope="module")
def prepared(new_desk: NewDesk) -> tuple[Desk, Path, str]:
    """Returns a desk with a draft that waits for approval and a mail in quarantine, its folder, and that mail."""
    desk = new_desk()
    assert desk.drafted() == DRAFT
    stray = desk.receive(mail("someone@elsewhere.example", "Anything", "Words.")).id
    desk.settle()
    desk.env.store.close()
    assert isinstance(desk.env.store, SqlStore)
    return desk, Path(str(make_url(desk.env.store.engine.url).database)).parent, stray


@contextmanager
def copied(whole: Desk, folder: Path, to: Path, number: int) -> Iterator[Desk]:
    """Yields a desk on a copy of the folder."""
    shutil.copytree(folder, to)
    desk = opened(whole.env, whole.env.settings, to, seed=f"interleaving {number}")
    yield desk
    desk.env.store.close()


def interleaved(desk: Desk, chance: random.Random, stray: str) -> Played:
    """Two persons look and act in a drawn order, while the daemon sends; checks each answer on the way."""
    played, seen = Played(), dict.fromkeys(PERSONS, version_of(desk))
    doors = {who: Door(lambda: desk.env, Caller(officer=who)) for who in PERSONS}
    for _ in range(chance.randint(4, 10)):
        desk.clock.set(desk.clock.now() + timedelta(minutes=1))
        who = chance.choice((*PERSONS, *PERSONS, *PERSONS, "the daemon"))
        if who == "the daemon":
            delivery.drain(desk.env)
        elif chance.random() < 0.3:
            seen[who] = number_of(doors[who].answer("case list")["version"])
        else:
            act = chance.choice(acts(stray, waiting_mail(desk)))
            version = seen[who] if chance.random() < 0.6 else None
            acted(desk, doors[who], played, who, act, version)
    delivery.drain(desk.env)
    return played


def number_of(value: Json) -> int:
    """Returns a number of a document."""
    assert isinstance(value, int)
    return value


def version_of(desk: Desk) -> int:
    """Returns the number of the last event."""
    with desk.env.store.read() as tx:
        head = tx.head()
    assert head is not None
    return head.seq


def waiting_mail(desk: Desk) -> str | None:
    """Returns the mail to the platform that waits, if there is one."""
    return next((one.id for one in desk.mails(at_most_once=True, state=MailState.QUEUED)), None)


def acted(desk: Desk, door: Door, played: Played, who: str, act: Act, version: int | None) -> None:
    """Gives the command; a version that is too old must be refused, and a refusal because of another names them."""
    late = version is not None and played.others_since(who, act, version)
    before, refused = version_of(desk), None
    try:
        answer = door.answer(act.name, act.asked if version is None else {**act.asked, "version": version})
    except Refusal as refusal:
        refused = refusal
    if refused is None:
        assert not late, (act, "was accepted although another acted on the same")
        played.accepted.append((who, act, number_of(answer["version"])))
        return
    played.refused += 1
    assert version_of(desk) == before, "what is refused changes nothing"
    if late:
        other = next(one for one in PERSONS if one != who)
        assert refused.said.code in FASTER, (act, str(refused))
        assert re.search(rf": ({other}|the desk) .* at 10:\d\d \(", str(refused)), str(refused)
    elif refused.said.code == CommandRefusal.NO_DRAFT_ANY_MORE.value:
        assert refused.earlier is not None, str(refused)


def check_the_end(desk: Desk, played: Played, *, proves: bool) -> None:
    """One send at most, and only of what was approved and never rejected; the rows are the fold of the events."""
    settled = played.of_draft()
    first = desk.notification(DRAFT)
    assert settled.count("approve") <= 1, settled
    assert not {"approve", "reject"} <= set(settled), settled
    sent = desk.server.to(X_CHANNEL)
    uses = {one.id: one for one in desk.all(Notification)}
    assert len(sent) == sum(one.state is NotificationState.SENT for one in uses.values())
    assert len(sent) <= settled.count("approve")
    if first.state is NotificationState.SENT:
        assert "outbox cancel" not in settled
        assert "reject" not in settled
    doubled = Counter(row.message_id for row in desk.all(OutboxMail) if row.at_most_once)
    assert max(doubled.values(), default=1) == 1
    with desk.env.store.read() as tx:
        assert isinstance(tx, SqlTransaction)
        assert tx.rows() == fold(event for _, event in tx.events())
        assert not proves or tx.verify().findings == []


@pytest.mark.slow
@pytest.mark.parametrize("part", one_in(PARTS, range(PARTS), 6))
def test_of_two_officers_commands_one_sends_and_the_other_is_told(
    prepared: tuple[Desk, Path, str], tmp_path: Path, part: int
) -> None:
    """Approve, reject, decide, draft, place, cancel and close in drawn orders, with and without a version."""
    whole, folder, stray = prepared
    refused = sends = 0
    for number in range(part * AT_ONCE, (part + 1) * AT_ONCE):
        with copied(whole, folder, tmp_path / str(number), number) as desk:
            played = interleaved(desk, random.Random(number), stray)  # noqa: S311 - orders are drawn, not secrets
            check_the_end(desk, played, proves=number % 10 == 0)
            refused, sends = refused + played.refused, sends + len(desk.server.to(X_CHANNEL))
        shutil.rmtree(tmp_path / str(number))
        looked_at("interleavings")
    assert refused > AT_ONCE // 2, "the draw must let them meet"
    assert sends > AT_ONCE // 10

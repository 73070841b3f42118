# SPDX-License-Identifier: EUPL-1.2
"""The state of the submission server is told from the few mails that were tried, as from all that wait."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as AskedDesk
from flaggermail.letters import standing
from flaggermail.outbox.integrity import DIFFERS
from flaggermail.ports import Transaction
from flaggermail.record.events import Event, EventKind, added
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Attempt, OutboxMail
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.states import AttemptResult, MailState, ServerState
from flaggermail.reminders import outbox_ageing
from flaggermail.services import DAEMON
from flaggermail.wording.said import as_written
from tests.store.desk_fixtures import START, Desk
from tests.store.samples import UndoneError
from tests.store.test_thousands import calls_of

WAITING = (MailState.QUEUED, MailState.ATTEMPTING)
STATES = (*WAITING, MailState.QUEUED, MailState.QUEUED, MailState.ACCEPTED, MailState.REFUSED, MailState.UNCERTAIN)
RESULTS = (AttemptResult.UNCLEAR, AttemptResult.DEFERRED), (*AttemptResult, AttemptResult.UNCLEAR, None)
ALARMS = (*DIFFERS, AlarmKind.RECIPIENT_WAITS)
STOPS = {AttemptResult.UNREACHABLE: ServerState.AWAY, AttemptResult.DENIED: ServerState.DENIES}


def queued(number: int, chance: Random, domains: str) -> OutboxMail:
    """Returns a mail of any state, tried or not, to an address in one of the domains."""
    state = chance.choice(STATES)
    tries = chance.choice((0, 0, 1, 2, 5)) if state == MailState.QUEUED else chance.choice((1, 3))
    at = START - timedelta(minutes=chance.randrange(300))
    return OutboxMail(
        id=f"o{number:07d}", kind=chance.choice((Kind.OFFICER_NOTICE, Kind.ALARM, Kind.INTAKE_CONFIRMATION)),
        dedupe=f"d{number}", message_id=f"{number}@desk.example", sender="", subject="s", digest="0" * 64,
        recipient=f"R{chance.randrange(3)}@{chance.choice(domains)}.example", state=state, queued_at=at, tries=tries,
        next_try_at=chance.choice((None, at, at)) if state == MailState.QUEUED else None,
        done_at=START - timedelta(minutes=chance.randrange(100, 900)) if state == MailState.ACCEPTED else None,
        at_most_once=chance.random() < 0.3, shows=chance.choice((None, "m1", "m2")),
    )  # fmt: skip


def attempts_of(mail: OutboxMail, chance: Random, results: Sequence[AttemptResult | None]) -> Sequence[Attempt]:
    """Returns its attempts; the last one of a mail in hand has no result."""
    found = []
    for number in range(1, mail.tries + 1):
        in_hand = mail.state == MailState.ATTEMPTING and number == mail.tries
        at, result = START - timedelta(minutes=chance.randrange(300)), None if in_hand else chance.choice(results)
        found.append(Attempt(id=f"{mail.id}/{number:04d}", mail=mail.id, started_at=at, ended_at=at, result=result))
    return found


def plainly(tx: Transaction, waiting: Sequence[OutboxMail]) -> tuple[ServerState, list[str]]:
    """Returns the state, and the refusals on which it rests, by a look at every mail that waits."""
    last = {}
    for mail in waiting:
        attempt = tx.get(Attempt, f"{mail.id}/{mail.tries - (mail.state == MailState.ATTEMPTING):04d}")
        if attempt is not None:
            last[mail.id] = attempt
    for mail in waiting:
        attempt = last.get(mail.id)
        if attempt is None or attempt.result not in STOPS:
            continue
        if not standing.accepted_since(tx, attempt.started_at + timedelta(microseconds=1)):
            return STOPS[attempt.result], [attempt.id]
    unclear = [one for one in last.values() if one.result == AttemptResult.UNCLEAR]
    open_ = [one for one in unclear if not standing.accepted_since(tx, one.started_at)]
    asked = [one for one in waiting if one.id not in last or last[one.id].result == AttemptResult.UNCLEAR]
    one_domain = len({one.recipient[-9:] for one in asked}) == 1
    refused = [one for one in waiting if any(attempt.mail == one.id for attempt in open_)]
    doubted = any(
        one.recipient != other.recipient and one.kind != other.kind
        and (Kind.ALARM in {one.kind, other.kind} or one.shows != other.shows or one.shows is None)
        and (one_domain or one.recipient[-9:] != other.recipient[-9:])
        for one, other in combinations(refused, 2)
    )  # fmt: skip
    inorder = [one.id for one in sorted(open_, key=lambda one: (one.started_at, one.id))]
    return ServerState.DOUBTED if doubted else ServerState.TAKES, inorder


def test_the_tried_mails_tell_what_all_tell(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over random records: the state, since when, and the next alarm are those of a look at every mail that waits."""
    states, alarms = set[ServerState](), set[bool]()

    def every(tx: Transaction, most: int) -> Sequence[OutboxMail]:
        del most
        return [mail for mail in standing.look(tx).waiting if not mail.tries]

    @settings(max_examples=120)
    @given(st.randoms(use_true_random=True))
    def holds(chance: Random) -> None:
        domains, results = chance.choice(("a", "aaaaab", "abc")), chance.choice(RESULTS)
        mails = [queued(number, chance, domains) for number in range(chance.choice((3, 8, 25)))]
        rows = [*mails, *(attempt for mail in mails for attempt in attempts_of(mail, chance, results))]
        rows += [
            alarm(kind, alarm_key(kind, mail.id), as_written("x"), START)
            for mail in mails if chance.random() < 0.3 for kind in [chance.choice(ALARMS)]
        ]  # fmt: skip
        with suppress(UndoneError), desk.env.store.begin() as tx:
            tx.append(Event(EventKind.MAIL_QUEUED, START, DAEMON, tuple(added(row) for row in rows)))
            look, few = standing.look(tx), standing.of_server(tx)
            state, refused = plainly(tx, look.waiting)
            assert (few.standing, [one.id for one in few.refused]) == (state, refused)
            assert (look.standing, look.refused, look.last) == (few.standing, few.refused, few.last)
            assert standing.held_since(tx, look) == standing.held_since(tx, few)
            at = outbox_ageing.next_due_outbox(desk.env, tx)
            with monkeypatch.context() as plain:
                plain.setattr(standing, "of_server", standing.look)
                plain.setattr(standing, "first_untried", every)
                assert at == outbox_ageing.next_due_outbox(desk.env, tx)
            states.add(state)
            alarms.add(at is None)
            raise UndoneError

    holds()
    assert (states, alarms) == (set(ServerState), {True, False})


def test_what_was_never_tried_is_not_read_to_tell_how_the_server_stands(desk: Desk) -> None:
    """Ten times as many mails that wait take as many calls of functions; the next alarm and the list are the same."""
    waiting = OutboxMail(
        id="", kind=Kind.DIGEST, dedupe="", message_id="x@desk.example", sender="", subject="s", digest="0" * 64,
        recipient="a@b.example", queued_at=START, next_try_at=START,
    )  # fmt: skip

    def waits(first: int, count: int) -> None:
        rows = [replace(waiting, id=f"o{number:07d}", dedupe=f"d{number}") for number in range(first, first + count)]
        with desk.env.store.begin() as tx:
            tx.append(Event(EventKind.MAIL_QUEUED, START, DAEMON, tuple(map(added, rows))))

    def shown() -> object:
        with desk.env.store.read() as tx:
            next_alarm = outbox_ageing.next_due_outbox(desk.env, tx)
        part = AskedDesk(lambda: desk.env, Caller(officer="officer1")).answer("outbox list", {"limit": 5})
        return next_alarm, part["mails"], part["standing"]

    waits(0, 20)
    shown()
    few, before = calls_of(shown), shown()
    waits(20, 200)
    assert calls_of(shown) < few + 50
    assert shown() == before

# SPDX-License-Identifier: EUPL-1.2
"""Known faults of systems like this, planted into the running product."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from unittest.mock import patch

from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.commands import platform_checks
from flaggermail.letters import standing
from flaggermail.mail.message import Message, SenderVerdict
from flaggermail.outbox import delivery, results
from flaggermail.ports import Interrupt, Refused, Transaction, Unknown
from flaggermail.record import clocks
from flaggermail.record.definition import FieldCondition, where
from flaggermail.record.rows import ClockRow, OutboxMail, Reminder, StoredMessage
from flaggermail.record.states import AttemptResult, ClockState
from flaggermail.reminders import due_steps, sending
from flaggermail.reminders.due_steps import Acknowledgement, Call, Silence
from flaggermail.reminders.open_clocks import OpenClock
from flaggermail.replies import reply_mail
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.steps import Step
from tests.nights.diary import Violation
from tests.nights.kit import Kit
from tests.nights.troubles import play


@dataclass(frozen=True)
class Fault:
    """A fault and the number of the promise that it breaks."""

    name: str
    promise: int
    planted: Callable[[], AbstractContextManager[object]]


def _attempt_recorded_after_sending() -> AbstractContextManager[object]:
    """Records the attempt together with its result, after sending. A crash in between forgets the attempt."""
    claim = delivery.claim

    def drain(env: Services, stop: Interrupt | None = None) -> int:
        del stop
        tried = 0
        while True:
            with env.store.read() as tx:
                mail = next(iter(delivery.due(tx, env.clock.now())), None)
            if mail is None:
                return tried
            answer = env.submitter.submit(env.octets.get(mail.digest), mail.sender, [mail.recipient])[0]
            claimed = claim(env)
            assert claimed is not None
            with env.store.begin() as tx:
                results.settle(UnitOfWork(env, tx, env.clock.now()), claimed, answer)
            tried += 1

    return patch.object(delivery, "drain", drain)


class _Keyed(Reminder):
    """A reminder whose key lacks the minutes of its step."""

    def __init__(self, **values: object) -> None:
        about, step, officer = str(values["id"]).rsplit("/", 2)
        key = f"{about}/{officer}" if step.isdigit() else values["id"]
        super().__init__(**{**values, "id": key})  # type: ignore[arg-type] # as the caller gives them


def _key_without_step() -> AbstractContextManager[object]:
    """Only the first step of a clock is sent; later steps have the same key."""
    return patch.object(sending, "Reminder", _Keyed)


def _stopped_by_unverified() -> AbstractContextManager[object]:
    """An unverified answer stops the clocks."""
    honest = clocks.answer_of_message

    def credulous(message: StoredMessage) -> clocks.Answer | None:
        return honest(replace(message, verdict=SenderVerdict.VERIFIED))

    return patch.object(clocks, "answer_of_message", credulous)


def _reminder_after_stop() -> AbstractContextManager[object]:
    """A query for running clocks also returns the stopped ones."""
    honest = SqlTransaction.find

    running = where(ClockRow.state).is_(ClockState.RUNNING)
    either = where(ClockRow.state).in_([ClockState.RUNNING, ClockState.STOPPED])

    def find(tx: SqlTransaction, kind: type[ClockRow], *conditions: FieldCondition) -> list[ClockRow]:
        return honest(tx, kind, *(either if condition == running else condition for condition in conditions))

    return patch.object(SqlTransaction, "find", find)


def _acknowledgement_never_expires() -> AbstractContextManager[object]:
    """An acknowledgement never expires, so its officer is never asked again."""
    honest = OpenClock.acknowledgement

    def lasting(waiting: OpenClock, reminder: Reminder) -> Acknowledgement | None:
        found = honest(waiting, reminder)
        return replace(found, until=found.until + timedelta(days=365)) if found else None

    return patch.object(OpenClock, "acknowledgement", lasting)


def _nobody_asked() -> AbstractContextManager[object]:
    """An acknowledgement expires without a question when no step is left."""
    return patch.object(due_steps, "questions", lambda *_: [])


def _asked_again() -> AbstractContextManager[object]:
    """The question after an acknowledgement is repeated under another key."""
    honest = due_steps.questions

    def questions(silence: Silence, steps: Collection[Step], now: datetime | None) -> list[Call]:
        found = honest(replace(silence, told=()), steps, now)
        later = len(silence.told)
        return [replace(call, step=replace(call.step, after=call.step.after + later)) for call in found]

    return patch.object(due_steps, "questions", questions)


def _undecided_is_sent() -> AbstractContextManager[object]:
    """A draft can be written and approved without a decision to notify."""
    return patch.object(platform_checks, "check_decided", lambda _: None)


def _retry_after_data() -> AbstractContextManager[object]:
    """Silence after the final dot counts as a temporary refusal."""

    def in_doubt(work: UnitOfWork, mail: OutboxMail, answer: Unknown) -> None:
        results.refused(work, mail, Refused(mail.recipient, permanent=False, code=451, text=answer.text))

    return patch.object(results, "in_doubt", in_doubt)


def _forger_obeyed() -> AbstractContextManager[object]:
    """An unverified reply counts as the officer's own."""
    honest = reply_mail.perform_reply

    def obey(work: UnitOfWork, stored: StoredMessage, message: Message, officer: str, token: str) -> None:
        honest(work, replace(stored, verdict=SenderVerdict.VERIFIED), message, officer, token)

    return patch.object(reply_mail, "perform_reply", obey)


def _answer_dropped_when_busy() -> AbstractContextManager[object]:
    """Records the result of a sending once, and not again if the record was busy."""

    def drain(env: Services, stop: Interrupt | None = None) -> int:
        del stop
        tried = 0
        while (claimed := delivery.claim(env)) is not None:
            answer = env.submitter.submit(env.octets.get(claimed.digest), claimed.sender, [claimed.recipient])[0]
            with env.store.begin() as tx:
                results.settle(UnitOfWork(env, tx, env.clock.now()), claimed, answer)
            tried += 1
        return tried

    return patch.object(delivery, "drain", drain)


def _refusal_holds_all() -> AbstractContextManager[object]:
    """While a refused mail waits whose refusal may concern the desk, it alone is tried."""
    honest = standing.look

    def look(tx: Transaction, without: Collection[str] = ()) -> standing.Outlook:
        found = honest(tx, without)
        unclear = [each for each in found.last.values() if each.result == AttemptResult.UNCLEAR]
        asking = [mail for mail in found.waiting if mail.id in {each.mail for each in unclear}]
        return replace(found, tried_next=asking[:1]) if asking else found

    return patch.object(standing, "look", look)


FAULTS = (
    Fault("attempt recorded after sending", 1, _attempt_recorded_after_sending),
    Fault("reminder key without the step", 3, _key_without_step),
    Fault("clock stopped by an unverified mail", 5, _stopped_by_unverified),
    Fault("reminder after stop", 4, _reminder_after_stop),
    Fault("acknowledgement that never expires", 3, _acknowledgement_never_expires),
    Fault("expired acknowledgement that nobody is asked about", 3, _nobody_asked),
    Fault("expired acknowledgement that is asked about again", 3, _asked_again),
    Fault("retry after DATA", 1, _retry_after_data),
    Fault("answer dropped when the record is busy", 13, _answer_dropped_when_busy),
    Fault("refusal that holds all mail", 12, _refusal_holds_all),
    Fault("unverified reply that approves", 6, _forger_obeyed),
    Fault("notification without a decision", 6, _undecided_is_sent),
)


def found_after(fault: Fault, kit: Kit, most: int) -> tuple[int, list[Violation]]:
    """Returns after how many nights, from seed 0, the fault breaks its promise (0: never), and the violations."""
    with fault.planted():
        for seed in range(most):
            broken = [v for v in play(seed, kit).violations if v.promise == fault.promise]
            if broken:
                return seed + 1, broken
    return 0, []

# SPDX-License-Identifier: EUPL-1.2
"""The outcome of a replay: as JSON, as a story, and as differences from the expected outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flaggermail.matching import scoring
from flaggermail.ports import Transaction
from flaggermail.record.clocks import hours, spoken, took
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import (
    Alarm,
    Case,
    ClockRow,
    ContactNote,
    Decline,
    Election,
    Notification,
    OutboxMail,
    Platform,
    Reminder,
    StoredMessage,
)
from flaggermail.record.states import CLOCKS, ClockKind, MailState
from flaggermail.services import Services
from flaggermail.stories.scenario import Scenario
from flaggermail.wording.said import counted

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Report:
    """`json` follows contract.md; `differences` lists deviations from the scenario's expectations, one line each."""

    title: str
    json: Json
    story: tuple[str, ...]
    differences: tuple[str, ...]


def report(env: Services, scenario: Scenario) -> Report:
    """Reads the outcome back from the store; exercises are in no figure."""
    given = {case.number for case in scenario.file.given.cases}
    with env.store.read() as tx:
        elections = [election.code for election in tx.find(Election, where(Election.exercise).is_(False))]
        found: Json = {
            "cases": [
                _case(env, tx, c) for c in tx.find(Case, where(Case.exercise).is_(False)) if c.number not in given
            ],
            "notifications": [
                _notification(env, tx, n)
                for n in tx.find(Notification, where(Notification.exercise).is_(False))
                if n.case not in given and n.counted and n.sent_at
            ],
            "quarantine": [
                _quarantined(m)
                for m in tx.find(
                    StoredMessage,
                    where(StoredMessage.place).is_(Place.QUARANTINE),
                    where(StoredMessage.exercise).is_(False),
                )
            ],
            "declined": len(
                tx.find(Decline, where(Decline.taken_back_at).is_(None), where(Decline.election).in_(elections))
            ),
            "outgoing": [
                _outgoing(env, m)
                for m in tx.find(
                    OutboxMail, where(OutboxMail.state).is_(MailState.ACCEPTED), where(OutboxMail.exercise).is_(False)
                )
            ],
        }
        story = tuple(_story(env, tx, given))
    return Report(scenario.file.title, found, story, tuple(differences(scenario.file.expect, found)))


def _shown(env: Services, instant: datetime | None) -> str | None:
    return instant.astimezone(env.settings.zone).isoformat() if instant else None


def _case(env: Services, tx: Transaction, case: Case) -> Json:
    messages = sorted(
        tx.find(StoredMessage, where(StoredMessage.case).is_(case.number)), key=lambda m: (m.received_at, m.id)
    )
    notes = tx.find(ContactNote, where(ContactNote.case).is_(case.number))
    reminders = [r for r in tx.find(Reminder, where(Reminder.case).is_(case.number)) if r.notification is None]
    return {
        "number": case.number,
        "election": case.election,
        "origin": case.origin,
        "source": case.source,
        "type": case.type,
        "state": case.state,
        "criteria": list(case.criteria),
        "own_attempts": case.own_attempts,
        "all_means_used": case.all_means_used,
        "decision": case.decision,
        "platform_references": list(case.platform_references),
        "related": list(case.related),
        "messages": [
            {
                "message_id": m.message_id,
                "kinds": list(m.kinds),
                "direction": m.direction,
                "received_at": _shown(env, m.received_at),
                "basis": m.match_basis.english,
                "person_basis": m.person_basis,
                "says": m.says.english,
                "verdict": m.verdict,
            }
            for m in messages
        ],
        "notes": [{"counts_as": list(n.counts_as), "effective_at": _shown(env, n.effective_at)} for n in notes],
        "reminders": sorted(str(_shown(env, r.told_at)) for r in reminders),
    }


def _notification(env: Services, tx: Transaction, notification: Notification) -> Json:
    clocks = {c.kind: c for c in tx.find(ClockRow, where(ClockRow.notification).is_(notification.id))}
    told = tx.find(Reminder, where(Reminder.notification).is_(notification.id))
    platform = tx.get(Platform, notification.platform)
    human = took(clocks.get(ClockKind.HUMAN))
    return {
        "case": notification.case,
        "platform": platform.name if platform else notification.platform,
        "channel": notification.channel,
        "state": notification.state,
        "sent_at": _shown(env, notification.sent_at),
        **{f"{kind}_at": _shown(env, c.stopped_at) if (c := clocks.get(kind)) else None for kind in CLOCKS},
        **{f"{kind}_min": took(clocks.get(kind)) for kind in CLOCKS},
        "reported_hours": None if human is None else hours(human),
        "reminders": sorted(str(_shown(env, r.told_at)) for r in told if r.kind == Kind.REMINDER),
        "escalations": sorted(str(_shown(env, r.told_at)) for r in told if r.kind == Kind.ESCALATION),
        "alarms": [
            {"kind": str(a.kind), "at": _shown(env, a.raised_at)}
            for a in sorted(
                tx.find(Alarm, where(Alarm.notification).is_(notification.id)), key=lambda a: (a.raised_at, a.id)
            )
        ],
        "by_hand": notification.by_hand or any(c.by_hand for c in clocks.values()),
        "oral": any(c.oral for c in clocks.values()),
    }


def _quarantined(message: StoredMessage) -> Json:
    return {
        "message_id": message.message_id,
        "kinds": list(message.kinds),
        "reason": message.reason.english,
        "suggestions": [scoring.read(said).document for said in message.suggestions],
    }


def _outgoing(env: Services, mail: OutboxMail) -> Json:
    message = env.parser.parse(env.octets.get(mail.digest))
    return {
        "at": _shown(env, mail.done_at),
        "to": mail.recipient,
        "subject": mail.subject,
        "kind": mail.kind,
        "case": mail.case,
        "envelope_sender": mail.sender,
        "headers": {_canonical(name): value for name, value in reversed(message.headers)},
        "text": message.text,
    }


def _canonical(name: str) -> str:
    return {"message-id": "Message-ID", "mime-version": "MIME-Version"}.get(name, name.title())


def _story(env: Services, tx: Transaction, given: set[str]) -> Iterator[str]:
    """Yields the outcome in lines for a person."""
    for case in tx.find(Case):
        if case.number in given:
            continue
        if case.exercise:
            yield f"{case.number} {case.type}, {case.state}, an exercise: in no figure"
            continue
        messages = tx.count(StoredMessage, where(StoredMessage.case).is_(case.number))
        yield f"{case.number} {case.type}, {case.state}, {counted(messages, 'message', 'messages')}"
        for notification in tx.find(
            Notification, where(Notification.case).is_(case.number), where(Notification.counted).is_(True)
        ):
            if notification.sent_at is not None:
                yield from _clock_lines(env, tx, notification)


def _clock_lines(env: Services, tx: Transaction, notification: Notification) -> Iterator[str]:
    platform = tx.get(Platform, notification.platform)
    name = platform.name if platform else notification.platform
    yield f"  {name}, {notification.channel_name}: sent {_shown(env, notification.sent_at)}"
    for clock in sorted(
        tx.find(ClockRow, where(ClockRow.notification).is_(notification.id)), key=lambda c: CLOCKS.index(c.kind)
    ):
        minutes = took(clock)
        if minutes is None:
            yield f"    {clock.kind}: {clock.state}"
        else:
            marks = [mark for mark in ("automatic", "comment", "oral") if getattr(clock, mark)]
            lasted = f"{counted(minutes, 'minute', 'minutes')}, {hours(minutes)} hours"
            yield (
                f"    {clock.kind}: {lasted} / {spoken(minutes, 'nl')}"
                f", at {_shown(env, clock.stopped_at)}{''.join(f', {mark}' for mark in marks)}"
            )
    for reminder in sorted(
        tx.find(Reminder, where(Reminder.notification).is_(notification.id)), key=lambda r: r.told_at
    ):
        yield f"    {reminder.kind} at {_shown(env, reminder.told_at)} to {reminder.officer}"


EXACT = frozenset({"cases", "notifications", "quarantine"})  # lists that may contain no unexpected entries


def differences(expected: object, found: object, where: str = "") -> Iterator[str]:
    """Yields the deviations from `expected`: its keys must agree, each entry of a list must match a separate entry."""
    if isinstance(expected, Mapping):
        if not isinstance(found, Mapping):
            yield f"{where}: expected {dict(expected)}, found {found!r}"
            return
        for key, value in expected.items():
            place = f"{where}.{key}".lstrip(".")
            if key not in found:
                yield f"{place}: is not in the result"
            else:
                yield from differences(value, found[key], place)
    elif isinstance(expected, Sequence) and not isinstance(expected, str):
        yield from _list_differences(list(expected), found, where)
    elif not _equal(expected, found):
        yield f"{where}: expected {_plain(expected)!r}, found {found!r}"


def _list_differences(expected: list[object], found: object, where: str) -> Iterator[str]:
    if not isinstance(found, Sequence) or isinstance(found, str):
        yield f"{where}: expected a list of {len(expected)}, found {found!r}"
        return
    rest = list(found)
    exact = where in EXACT or not any(isinstance(item, Mapping) for item in expected)
    if exact and len(rest) != len(expected):
        yield f"{where}: expected {counted(len(expected), 'entry', 'entries')}, found {len(rest)}: {rest!r}"
        return
    for number, item in enumerate(expected):
        if not rest:
            yield f"{where}[{number}]: expected {_plain(item)!r}, found nothing"
            continue
        scored = [list(differences(item, other, f"{where}[{number}]")) for other in rest]
        best = min(range(len(rest)), key=lambda index: len(scored[index]))
        yield from scored[best]
        rest.pop(best)


def _equal(expected: object, found: object) -> bool:
    """True if they are the same, two spellings of one instant, or an alarm that is named by its kind alone."""
    if isinstance(expected, str) and isinstance(found, Mapping):
        return set(found) == {"kind", "at"} and expected == found["kind"]
    instants = _instant(expected), _instant(found)
    return expected == found or (None not in instants and instants[0] == instants[1])


def _instant(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value

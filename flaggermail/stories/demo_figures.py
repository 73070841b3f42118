# SPDX-License-Identifier: EUPL-1.2
"""The summary after the story, read from the record only and not from the story itself."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from flaggermail.errors import StoryBroken
from flaggermail.figures.figures_page import page
from flaggermail.figures.ledger import of_rows
from flaggermail.figures.looks import Telling
from flaggermail.figures.uses import figures
from flaggermail.ports import Transaction
from flaggermail.record.case_values import LanguageCode, Origin
from flaggermail.record.clocks import CLOCKS, HUMAN, RECEIPT, hours, spoken, took
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Alarm, Case, ClockRow, Notification, OutboxMail, Platform, Reminder, StoredMessage
from flaggermail.record.states import ClockState, MailState, NotificationState, OfficerRole
from flaggermail.services import Services
from flaggermail.settings.steps import read_steps
from flaggermail.stories.scenario_file import EnteredCommand

Look = Literal["plain", "heading", "typed", "mail", "faint", "figure"]
Tell = Callable[[str, Look], None]  # prints one line in a style, if the output supports styles

WIDTH = 110
PROGRAM = "flaggermail"
_INDENT = " " * 9
_ASIDE = frozenset({Kind.APPROVAL_REQUEST, Kind.OFFICER_NOTICE})  # told only where everything is
_SAYS = frozenset({Kind.REMINDER, Kind.ESCALATION})  # whose subject says the matter
WORDS: Mapping[str, str] = {  # kind of mail -> its name here, if different
    Kind.PLATFORM_ACK: "sign of receipt",
    Kind.SUBSTANTIVE_REPLY: "answer to the matter",
    Kind.INTAKE_CONFIRMATION: "confirmation with the case number",
    Kind.OFFICER_NOTICE: "notice",
    Kind.APPROVAL_REQUEST: "request to approve it",
    Kind.DECISION_NOTICE: "notice of what was decided",
}


@dataclass
class Teller:
    """Prints each event once, in chronological order.

    With a day, `only`, it tells that day alone, each mail and command as one line, and no mail between the desk and its
    officers but reminders.
    """

    env: Services
    tell: Tell
    only: date | None = None
    _day: date | None = None
    _printed: set[str] = field(default_factory=set)

    def remark(self, at: datetime, text: str) -> None:
        """Prints what a reader should know about the next event, if anything."""
        if not text or self._leaves_out(at):
            return
        self._print_day(at)
        for line in textwrap.wrap(text, WIDTH - 2):
            self.tell(f"  {line}", "faint")

    def typed(self, act: EnteredCommand, printed: str) -> None:
        """Prints a command line and its output."""
        if self._leaves_out(act.at, aside=act.show == "aside"):
            return
        self._print_day(act.at)
        found = self.env.settings.rota.officer(act.by)
        head = f"  {self.clock(act.at)}  {found.name if found else act.by} types: "
        command = textwrap.wrap(
            f"{PROGRAM} {act.do}", WIDTH, initial_indent=head, subsequent_indent=_INDENT + "    ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        for part in command:
            self.tell(part, "typed")
        for answer in printed.splitlines() if self.only is None else ():
            self.tell(f"{_INDENT}{answer}", "faint")

    def news(self) -> None:
        """Prints every mail received or sent since the last call, as recorded."""
        with self.env.store.read() as tx:
            came = [
                m
                for m in tx.find(StoredMessage, where(StoredMessage.direction).is_(Direction.IN))
                if m.id not in self._printed
            ]
            left = [
                m
                for m in tx.find(OutboxMail, where(OutboxMail.state).is_(MailState.ACCEPTED))
                if m.id not in self._printed
            ]
        for message in came:
            way = f"{self._describe(message.from_address or '', message.from_name)} to the desk"
            self._print_mail(message.id, message.received_at, way, message.kinds, message.subject or "")
        for mail in left:
            if mail.done_at is not None:
                way = f"the desk to {self._describe(mail.recipient)}"
                self._print_mail(mail.id, mail.done_at, way, [mail.kind], mail.subject)

    def letter(self, octets: bytes) -> None:
        """Prints a mail as its reader sees it."""
        if self.only is not None:
            return
        for line in self.env.parser.parse(octets).text.strip().splitlines():
            self.tell(f"{_INDENT}| {line}".rstrip(), "faint")

    def clock(self, at: datetime) -> str:
        """Returns the time of day at the desk."""
        return f"{at.astimezone(self.env.settings.zone):%H:%M}"

    def day(self, at: datetime) -> str:
        """Returns the date at the desk."""
        local = at.astimezone(self.env.settings.zone)
        return f"{local:%A} {local.day} {local:%B %Y}"

    def _leaves_out(self, at: datetime, *, aside: bool = False) -> bool:
        """Returns whether a day alone is told, and this is of another one or beside its matter."""
        return self.only is not None and (aside or at.astimezone(self.env.settings.zone).date() != self.only)

    def _print_mail(self, key: str, at: datetime, way: str, kinds: Sequence[str], subject: str) -> None:
        self._printed.add(key)
        if self._leaves_out(at, aside=bool(_ASIDE.intersection(kinds))):
            return
        self._print_day(at)
        what = " and ".join(WORDS.get(kind, kind.replace("_", " ")) for kind in kinds)
        if self.only is not None and _SAYS.intersection(kinds):
            what = f"{what}: {subject}"
        self.tell(f"  {self.clock(at)}  {way}: {what}", "mail")
        for line in textwrap.wrap(subject, WIDTH - len(_INDENT), break_on_hyphens=False) if self.only is None else ():
            self.tell(f"{_INDENT}{line}", "plain")

    def _describe(self, address: str, name: str | None = None) -> str:
        officer = self.env.settings.rota.by_address(address)
        if officer is not None:
            return f"{officer.name} ({OfficerRole.HEAD if OfficerRole.HEAD in officer.roles else OfficerRole.OFFICER})"
        for platform in self.env.settings.platform_list:
            for channel in platform.channels:
                if address in channel.to:
                    return f"{platform.name}, {channel.name} <{address}>"
        return f"{name} <{address}>" if name else address

    def _print_day(self, at: datetime) -> None:
        local = at.astimezone(self.env.settings.zone).date()
        if local != self._day:
            self._day = local
            self.tell("", "plain")
            self.tell(self.day(at), "heading")


Line = tuple[str, Look]


def lines(tx: Transaction, numbers: tuple[str, ...], teller: Teller) -> Iterator[Line]:
    """Yields case, clocks, latency and reminders of each of these cases. Raises StoryBroken if one is missing."""
    for number in numbers:
        case = tx.get(Case, number)
        if case is None:
            raise StoryBroken(f"there is no case {number}")
        yield "", "plain"
        yield f"{case.number}  {case.title}", "heading"
        yield _row("type", case.type.replace("_", " ")), "plain"
        yield _row("origin", _origin(case)), "plain"
        yield _row("opened", f"{teller.day(case.opened_at)} {teller.clock(case.opened_at)}"), "plain"
        yield _row("decision", f"{case.decision}: {case.decision_reason}"), "plain"
        yield _row("state", case.state), "plain"
        for notification in tx.find(
            Notification,
            where(Notification.case).is_(number),
            where(Notification.counted).is_(True),
            where(Notification.state).is_(NotificationState.SENT),
        ):
            yield from _notification(tx, notification, teller)


def page_of_uses(tx: Transaction, env: Services, now: datetime) -> str:
    """Returns the page of all uses, in English as the demo's own text: what `latency --format html` writes."""
    months = env.draft_patterns.languages[LanguageCode.EN].months
    telling = Telling(LanguageCode.EN, months, env.settings.zone)
    return page(figures(of_rows(tx), now), telling, env.settings.desk.organisation.name.en)


def troubles(tx: Transaction) -> list[str]:
    """Returns what must not exist whenever no work is left."""
    found = [f"alarm {alarm.kind}: {alarm.text.english}" for alarm in tx.find(Alarm)]
    found += [
        f"quarantine: {message.reason.english}"
        for message in tx.find(StoredMessage, where(StoredMessage.place).is_(Place.QUARANTINE))
    ]
    return found + [
        f"outbox {m.id}: {m.state} ({m.answer.english})" for m in tx.find(OutboxMail) if m.state != MailState.ACCEPTED
    ]


def faults(tx: Transaction) -> list[str]:
    """Returns the inconsistencies that no story may leave in the record."""
    found = troubles(tx)
    found += [f"case {case.number} has no decision" for case in tx.find(Case, where(Case.decision).is_(None))]
    for case in tx.find(Case, where(Case.origin).is_(Origin.REFERRAL)):
        if not tx.find(
            OutboxMail, where(OutboxMail.case).is_(case.number), where(OutboxMail.kind).is_(Kind.INTAKE_CONFIRMATION)
        ):
            found.append(f"case {case.number}: nobody told the referrer its number")
    for notification in tx.find(Notification, where(Notification.counted).is_(True)):
        found += _notification_faults(tx, notification)
    return found


def _notification_faults(tx: Transaction, notification: Notification) -> list[str]:
    """Checks that all clocks have stopped if the platform answered, run if not, and that no due reminder is missing."""
    clocks = {clock.kind: clock for clock in tx.find(ClockRow, where(ClockRow.notification).is_(notification.id))}
    if notification.state != NotificationState.SENT or set(clocks) != set(CLOCKS):
        return [f"notification {notification.id}: is {notification.state} with the clocks {sorted(clocks)}"]
    answers = tx.find(
        StoredMessage,
        where(StoredMessage.notification).is_(notification.id),
        where(StoredMessage.direction).is_(Direction.IN),
    )
    wanted = ClockState.STOPPED if answers else ClockState.RUNNING
    found = [
        f"notification {notification.id}: clock {kind} is {clock.state}"
        for kind, clock in clocks.items()
        if clock.state != wanted
    ]
    minutes = took(clocks[RECEIPT])
    steps = [step for step in read_steps(notification.steps) if step.clock == RECEIPT]
    due = [step.after for step in steps if minutes is None or step.after <= minutes]
    told = sorted(
        r.step
        for r in tx.find(
            Reminder, where(Reminder.notification).is_(notification.id), where(Reminder.clock).is_(RECEIPT)
        )
    )
    if told != due:
        found.append(f"notification {notification.id}: reminders at minutes {told}, must be {due}")
    return found


def _notification(tx: Transaction, notification: Notification, teller: Teller) -> Iterator[Line]:
    platform = tx.get(Platform, notification.platform)
    clocks = {clock.kind: clock for clock in tx.find(ClockRow, where(ClockRow.notification).is_(notification.id))}
    reminders = sorted(
        tx.find(Reminder, where(Reminder.notification).is_(notification.id)), key=lambda r: (r.told_at, r.step)
    )
    to = f"{platform.name if platform else notification.platform}, {notification.channel_name}"
    yield _row("notified", to), "plain"
    if notification.sent_at is not None:
        yield _row("sent", f"{teller.day(notification.sent_at)} {teller.clock(notification.sent_at)}"), "plain"
    for kind in CLOCKS:
        yield _row(f"{kind} clock", _clock_text(clocks[kind], teller)), "plain"
    minutes = took(clocks[HUMAN])
    if minutes is not None:
        yield _row("latency", f"{hours(minutes)} hours ({_minutes_text(minutes)})"), "figure"
        yield _row("in Dutch", spoken(minutes, "nl")), "figure"
    for sent in (Kind.REMINDER, Kind.ESCALATION):
        told = [reminder for reminder in reminders if reminder.kind == sent]
        yield _row(f"{sent}s", "; ".join(_reminder_text(r, teller) for r in told) or "none"), "plain"


def _row(name: str, text: str) -> str:
    return f"  {name:<16}{text}"


def _origin(case: Case) -> str:
    if case.referrer_address:
        return f"referred by {case.referrer_name or case.referrer_address}"
    return ", ".join([case.origin.replace("_", " "), *case.related])


def _clock_text(clock: ClockRow, teller: Teller) -> str:
    minutes = took(clock)
    if minutes is None or clock.stopped_at is None:
        return f"{clock.state} since {teller.clock(clock.started_at)}"
    day = f" on {teller.day(clock.stopped_at)}" if teller.day(clock.stopped_at) != teller.day(clock.started_at) else ""
    return f"stopped at {teller.clock(clock.stopped_at)}{day}, after {_minutes_text(minutes)}"


def _minutes_text(minutes: int) -> str:
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _reminder_text(reminder: Reminder, teller: Teller) -> str:
    name = teller.env.settings.rota.officer_name(reminder.officer)
    return f"{teller.clock(reminder.told_at)} to {name} (after {_minutes_text(reminder.step)})"

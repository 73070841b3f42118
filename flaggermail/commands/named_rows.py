# SPDX-License-Identifier: EUPL-1.2
"""The look-ups and checks that commands share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from difflib import get_close_matches

from flaggermail.cases import elections
from flaggermail.commands.outcome import ActFacts, ActKind, ActResult, ClockFact, ClockTurn
from flaggermail.errors import NotFound, Refusal
from flaggermail.letters.template_values import Unstopped
from flaggermail.mail.case_numbers import without_tail
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import SenderVerdict
from flaggermail.matching import lookup
from flaggermail.record import clocks
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.rows import (
    Case,
    ClockRow,
    ContactNote,
    Election,
    Notification,
    OutboxMail,
    Platform,
    StoredMessage,
)
from flaggermail.record.states import NotificationState
from flaggermail.services import UnitOfWork
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal

LONGEST_WORD = 100  # characters that are compared with known words
LONGEST_SERIAL = 9  # digits, as `mail.case_numbers` reads them


def the_election(work: UnitOfWork, code: str) -> Election:
    """Returns the election with that code; else raises NotFound."""
    election = work.tx.get(Election, code)
    if election is None:
        if meant := nearest(code, [one.code for one in work.tx.find(Election)]):
            raise NotFound(CommandRefusal.NEAR_ELECTION(election=code, meant=meant))
        raise NotFound(CommandRefusal.NO_SUCH_ELECTION(election=code))
    return election


def nearest(typed: str, known: Iterable[str]) -> str | None:
    """Returns the known word nearest to `typed`, ignoring case; None if none is near."""
    words = {word.casefold(): word for word in known}
    near = get_close_matches(typed[:LONGEST_WORD].casefold(), words, n=1)
    return words[near[0]] if near else None


def the_case(work: UnitOfWork, number: str, *, field: str = "") -> Case:
    """Returns the case with that number, typed with or without a tail, or by its last digits; else raises NotFound.

    `field` is the field that names it, if that is not `case`.
    """
    case = work.tx.get(Case, whole_number(work, number))
    if case is None:
        raise NotFound(CommandRefusal.NO_SUCH_CASE(case=number), where=field)
    return case


def whole_number(work: UnitOfWork, typed: str) -> str:
    """Returns a case number as the record has it: without a tail, and `7` with its election where one is open.

    Raises Refusal, naming the open elections, if it is not clear which of them is meant.
    """
    serial = typed.strip()
    if not (serial.isascii() and serial.isdecimal() and len(serial) <= LONGEST_SERIAL):
        return without_tail(typed)
    codes = [election.code for election in elections.meant_by_number_alone(work)]
    if len(codes) != 1:
        listed = RefusalPart.ELECTIONS_OPEN(codes=codes) if codes else RefusalPart.NO_ELECTION_OPEN()
        example = _numbered(work, codes, serial)
        raise Refusal(CommandRefusal.WHOLE_NUMBER(case=serial, example=example, elections=listed))
    return _numbered(work, codes, serial)


def draft_id(work: UnitOfWork, typed: str, *, waits: Callable[[Notification], bool] | None = None) -> str:
    """Returns a notification's id as the record has it: `7/2` with its election, and a case alone as its only draft's.

    `waits` are the notifications that a case alone may mean, besides drafts. An id of nobody is returned as it is.
    Raises Refusal if the case has no draft, or naming several.
    """
    if work.tx.get(Notification, typed) is not None:
        return typed
    case, slash, serial = typed.strip().partition("/")
    number = whole_number(work, case)
    if slash or work.tx.get(Case, number) is None:
        return f"{number}{slash}{serial}"
    of_case = work.tx.find(Notification, where(Notification.case).is_(number))
    found = sorted(one.id for one in of_case if one.state == NotificationState.DRAFT or (waits and waits(one)))
    if len(found) != 1:
        raise Refusal(
            CommandRefusal.WHICH_DRAFT(case=number, drafts=found)
            if found
            else CommandRefusal.NO_DRAFT_OF_CASE(case=number)
        )
    return found[0]


def _numbered(work: UnitOfWork, codes: Sequence[str], serial: str) -> str:
    prefix = work.env.settings.desk.organisation.case_prefix
    code = codes[0] if codes else "ELECTION"
    number = f"{prefix}-{code}-{int(serial):04d}"
    if work.tx.get(Case, number) is not None:
        return number
    before = work.tx.columns(Case, (Case.number,), where(Case.election).is_(code))  # under another prefix
    return next((one for (one,) in before if one.endswith(f"-{code}-{int(serial):04d}")), number)


def the_message(work: UnitOfWork, key: str) -> StoredMessage:
    """Returns the message with that id, or the only one with that Message-ID; else raises NotFound."""
    message = work.tx.get(StoredMessage, key)
    if message is not None:
        return message
    found = work.tx.find(StoredMessage, where(StoredMessage.message_id).is_(key.strip("<>")))
    if len(found) != 1:
        raise NotFound(CommandRefusal.NO_SUCH_MESSAGE(message=key))
    return found[0]


def the_draft(work: UnitOfWork, key: str) -> Notification:
    """Returns the notification with that id, which must still be a draft; else raises NotFound or Refusal."""
    notification = work.tx.get(Notification, draft_id(work, key))
    if notification is None:
        raise NotFound(CommandRefusal.NO_SUCH_DRAFT(draft=key))
    if notification.state != NotificationState.DRAFT:
        raise Refusal(CommandRefusal.NO_DRAFT_ANY_MORE(draft=key, state=notification.state))
    return notification


def the_mail(work: UnitOfWork, key: str) -> OutboxMail:
    """Returns the outgoing mail with that id; else raises NotFound."""
    mail = work.tx.get(OutboxMail, key)
    if mail is None:
        raise NotFound(CommandRefusal.NO_SUCH_MAIL(mail=key))
    return mail


def one_of(name: str, value: str, allowed: Collection[str]) -> str:
    """Returns the value if it is allowed; else raises Refusal."""
    if value not in allowed:
        raise Refusal(CommandRefusal.NOT_ONE_OF(name=name, given=str(value), allowed=[str(one) for one in allowed]))
    return value


def require_text(name: str, text: str, *, field: str = "") -> None:
    """Raises Refusal for an empty text; `field` is that of the text, if that has another name."""
    if not text.strip():
        raise Refusal(CommandRefusal.EMPTY(name=name), where=field)


def platform_of(work: UnitOfWork, message: StoredMessage) -> str | None:
    """Returns the platform in whose name a message came; None if no platform's."""
    domain = (message.from_address or "").rpartition("@")[2]
    owners = ((p.code, frozenset(p.domains)) for p in work.tx.find(Platform))
    found = next((code for code, owned in owners if in_domains(domain, owned)), None)
    return found or lookup.platform_answering(work, [message.from_address or ""])


_TURNS = {EventKind.CLOCK_STOPPED: ClockTurn.STOPPED, EventKind.CLOCK_RESUMED: ClockTurn.RESUMED}
_MAY_STOP = frozenset({ActKind.BY_PERSON, ActKind.CONFIRMED, ActKind.PLACED, ActKind.NOTED})


def with_clocks(work: UnitOfWork, outcome: ActResult, before: int) -> ActFacts:
    """Adds to the facts of an act the clocks that stopped or run again since event `before`, or why none stopped."""
    turned = _turned(work, before)
    if turned:
        return replace(outcome.did, clocks=turned)
    why = _why_none(work, outcome) if outcome.did.what in _MAY_STOP else None
    message = work.tx.get(StoredMessage, outcome.key) if why is Unstopped.NO_NOTIFICATION else None
    if message is not None and (platform := _never_asked(work, message)):
        return replace(outcome.did, unstopped=Unstopped.NEVER_ASKED, platform=platform)
    return replace(outcome.did, unstopped=why) if why is not None else outcome.did


def _never_asked(work: UnitOfWork, message: StoredMessage) -> str:
    """Returns the name of the platform whose mail it is, if that was asked nothing in the mail's case; else ""."""
    platform = work.tx.get(Platform, platform_of(work, message) or "")
    if platform is None or message.case is None:
        return ""
    asked = work.tx.exists(
        Notification,
        where(Notification.case).is_(message.case),
        where(Notification.platform).is_(platform.code),
        where(Notification.state).is_(NotificationState.SENT),
    )
    return "" if asked else platform.name


def clocks_of_mail(work: UnitOfWork, message: StoredMessage, before: int) -> Mapping[str, object]:
    """Returns the clocks that a received mail stopped since event `before`, or why none, as values of its notice."""
    turned = _turned(work, before)
    why = None if turned else _why_not_by(work, message)
    return {"clocks": [asdict(fact) for fact in turned], "unstopped": why or ""}


def _turned(work: UnitOfWork, before: int) -> tuple[ClockFact, ...]:
    """Returns a fact for all clocks of a notification that turned alike."""
    last = {
        change.key: _TURNS[event.kind]
        for _, event in work.tx.events(before)
        if event.kind in _TURNS
        for change in event.changes
    }
    found: list[ClockFact] = []
    for key, turn in last.items():
        clock = work.tx.get(ClockRow, key)
        if clock is None:
            continue
        fact = ClockFact(
            kinds=(clock.kind,), notification=clock.notification, turn=turn, started_at=clock.started_at,
            at=clock.stopped_at, minutes=clocks.took(clock),
        )  # fmt: skip
        same = next((at for at, one in enumerate(found) if replace(one, kinds=fact.kinds) == fact), None)
        if same is None:
            found.append(fact)
        else:
            found[same] = replace(found[same], kinds=(*found[same].kinds, *fact.kinds))
    return tuple(found)


def _why_none(work: UnitOfWork, outcome: ActResult) -> Unstopped | None:
    """Returns why a mail or note that could be an answer stopped no clock; None if the outcome is neither."""
    if outcome.did.what is ActKind.NOTED:
        note = work.tx.get(ContactNote, outcome.key)
        if note is None:
            return None
        answer = clocks.answer_of_note(note)
        return Unstopped.NO_ANSWER if answer is None else _not_by(work, note.notification, answer.at)
    message = work.tx.get(StoredMessage, outcome.key)
    return _why_not_by(work, message) if message is not None else None


def _why_not_by(work: UnitOfWork, message: StoredMessage) -> Unstopped | None:
    """Returns why a mail that may be an answer stopped no clock; None if it is no answer to a notification."""
    if message.notification is not None and message.verdict != SenderVerdict.VERIFIED:
        return Unstopped.UNVERIFIED
    found = _not_by(work, message.notification, message.received_at)
    answers = found is Unstopped.NO_NOTIFICATION or clocks.answer_of_message(message) is not None
    return found if answers else Unstopped.NO_ANSWER


def _not_by(work: UnitOfWork, notification: str | None, at: datetime) -> Unstopped:
    """Returns why an answer of that instant stopped no clock of the notification."""
    use = work.tx.get(Notification, notification) if notification else None
    if use is None or use.sent_at is None or not use.counted:
        return Unstopped.NO_NOTIFICATION
    return Unstopped.STOPPED_BEFORE if clocks.counts(use.sent_at, at) else Unstopped.BEFORE_SENDING

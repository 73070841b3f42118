# SPDX-License-Identifier: EUPL-1.2
"""What the store knows about a message that has just come in: all look-ups that placing and deciding rest on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from flaggermail.mail import reply_tokens, subject
from flaggermail.mail.authentication import received_fields
from flaggermail.mail.message import MechanicalKind, Message
from flaggermail.matching import arrival, candidates, placing, thread_keys
from flaggermail.matching.scoring import HIGHEST, Suggestion
from flaggermail.notifications import clocks
from flaggermail.ports import RawMessage
from flaggermail.record.rows import Case, Channel, Notification, Platform, StoredMessage, Token
from flaggermail.rules import classifier
from flaggermail.services import Services, UnitOfWork


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote a mail, as far as the address says: a platform (code), an officer (id), or neither."""

    platform: str | None
    officer: str | None
    answers: str | None = None  # the token of the mail that an officer answers


def sender_of(work: UnitOfWork, message: Message) -> Sender:
    """Whose address it is; whether he wrote it is another question."""
    if message.sender is None:
        return Sender(None, None)
    officer = work.env.settings.rota.by_address(message.sender.address)
    answers = _token_of_an_officer(work, message) if officer else None
    return Sender(classifier.platform_of(message, work.tx.find(Platform)), officer.id if officer else None, answers)


def _token_of_an_officer(work: UnitOfWork, message: Message) -> str | None:
    """The most telling token of a mail that went to an officer, whoever it was."""
    named = tokens_of(message)
    told = {token.token for token in work.tx.find(Token, token=named) if token.officer is not None}
    return next((token for token in named if token in told), None)


def tokens_of(message: Message) -> tuple[str, ...]:
    """The tokens in the places where mail clients and servers carry them, the most telling first."""
    return reply_tokens.tokens(
        [
            *message.in_reply_to,
            *reversed(message.references),
            *(address.address for address in (*message.to, *message.cc)),
            *message.header_all("delivered-to"),
            *message.header_all("x-original-to"),
            *message.header_all(reply_tokens.OWN_HEADER),
            *([message.original_message_id] if message.original_message_id else []),
            message.subject or "",
        ]
    )


def known(work: UnitOfWork, message: Message, sender: Sender) -> placing.Known:
    """All that the store holds about the keys of this message; one look-up a kind of key."""
    found = work.tx.find(Token, token=tokens_of(message))
    tokens = {t.token: placing.Anchor(t.case, t.notification) for t in found}
    named = [*message.in_reply_to, *message.references]
    named += [message.original_message_id] if message.original_message_id else []
    held = {
        m.message_id or "": placing.Anchor(m.case, m.notification)
        for m in work.tx.find(StoredMessage, message_id=named)
    }
    prefix = work.env.settings.desk.organisation.case_prefix
    numbers = subject.case_numbers(f"{message.subject or ''}\n{message.text}", prefix)
    cases = work.tx.find(Case, number=numbers)
    fitting = {c.number: frozenset([c.referrer_address] if c.referrer_address else []) for c in cases}
    learned = thread_keys.learned(work, message, sender.platform)
    anchors = (*tokens.values(), *held.values(), *learned.values())
    near = {anchor.case for anchor in anchors if anchor.case} | set(fitting)
    # Who answers one that is approved has got it: it is in doubt, and its clocks will run once that is settled.
    got = {anchor.notification for anchor in anchors}
    uses = {
        n.id: n
        for n in work.tx.find(Notification, case=sorted(near))
        if n.counted and (n.state == "sent" or (n.state == "approved" and n.id in got))
    }
    if sender.platform is not None:
        uses |= {n.id: n for n in work.tx.find(Notification, platform=sender.platform, state="sent", counted=True)}
    return placing.Known(
        tokens=tokens,
        messages=held,
        learned=learned,
        numbers=fitting,
        sender_platform=sender.platform,
        uses=[placing.Use(n.id, n.case, n.platform, open=True) for n in uses.values()],
        clues={} if sender.platform or any(a.case for a in anchors) else candidates.clues(work, message),
        strayed=_strayed(work, message, sender, near),
        threshold=None if sender.platform else candidates.threshold(work, message),
    )


def suggestions(work: UnitOfWork, message: Message) -> tuple[Suggestion, ...]:
    """Where a mail that a person has taken out of its place may belong; the case that its keys name too."""
    known_now = replace(known(work, message, sender_of(work, message)), threshold=None)
    found = placing.place(message, known_now, tokens_of(message))
    named = (Suggestion(found.case, HIGHEST, (found.basis,)),) if found.case else ()
    return (*named, *found.suggestions, *found.hints)


def _strayed(work: UnitOfWork, message: Message, sender: Sender, near: Collection[str]) -> frozenset[str]:
    """The cases whose mail a person answers to write about something else, as people do who look for an address.

    Platforms give a subject of their own to every answer, and officers answer notices.
    """
    if sender.platform or sender.officer or message.kind is not MechanicalKind.HUMAN or not message.subject:
        return frozenset()
    language = work.env.language
    prefix = work.env.settings.desk.organisation.case_prefix
    topic = subject.split_subject(message.subject, language).base
    named = subject.case_numbers(f"{message.subject}\n{message.reply_text}", prefix)  # what he quotes names nothing
    answered = [*message.in_reply_to, *message.references]
    subjects = [
        (m.case, subject.split_subject(m.subject or "", language).base)
        for m in work.tx.find(StoredMessage, message_id=answered)
    ]
    subjects += [(case.number, case.title) for case in work.tx.find(Case, number=sorted(near))]
    alike = {number for number, other in subjects if subject.same_topic(topic, other)}
    return frozenset(set(near) - alike - set(named))


def known_sender(work: UnitOfWork, message: Message) -> bool:
    """Whether mail from this address was taken in before."""
    return message.sender is not None and work.tx.exists(StoredMessage, from_address=message.sender.key)


def disputed(work: UnitOfWork, raw: RawMessage, _message: Message) -> str | None:
    """Why the instant of arrival cannot be relied on, or nothing."""
    cursor = work.tx.cursor(raw.folder)
    looked_at = cursor.looked_at if cursor else None
    server = work.env.settings.desk.mailbox.trusted.received_by
    received = received_fields.own_received_line(received_fields.read_trace(raw.octets), server) if server else None
    return arrival.disputed(raw.internaldate, looked_at, received)


def too_early(work: UnitOfWork, raw: RawMessage, placement: placing.Placement) -> str | None:
    """Why an answer cannot have arrived when it is said to, or nothing: what it answers had not been sent then.

    One of the two clocks was wrong, and such an answer stops nothing: a person must know.
    """
    answered = work.tx.get(Notification, placement.notification) if placement.notification else None
    if answered is None or answered.sent_at is None or clocks.counts(answered.sent_at, raw.internaldate):
        return None
    return f"before the sending at {answered.sent_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def same_id(work: UnitOfWork, message: Message) -> str | None:
    """A message that bears this Message-ID with other content: both are kept, each names the other."""
    if message.message_id is None:
        return None
    return next((m.id for m in work.tx.find(StoredMessage, message_id=message.message_id)), None)


def channel_of(work: UnitOfWork, message: Message) -> Channel | None:
    """The channel to whose address a mail goes."""
    recipients = {address.key for address in (*message.to, *message.cc)}
    channels = work.tx.find(Channel)
    return next((c for c in channels if recipients & {address.lower() for address in (*c.to, *c.cc)}), None)


def late(env: Services, raw: RawMessage, now: datetime) -> bool:
    """Whether a mail comes to us so long after its arrival that nobody is to be answered or woken for it."""
    return raw.internaldate < now - timedelta(minutes=env.settings.desk.mailbox.backlog_after_minutes)

# SPDX-License-Identifier: EUPL-1.2
"""What the store knows about a new message: the facts on which filing and deciding are based."""

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
    """The owner of the sender's address: a platform (code), an officer (id), or neither."""

    platform: str | None
    officer: str | None
    answers: str | None = None  # the token of the mail to which an officer replied


def sender_of(work: UnitOfWork, message: Message) -> Sender:
    """Returns the owner of the From address; whether the mail is genuine is verified elsewhere."""
    if message.sender is None:
        return Sender(None, None)
    officer = work.env.settings.rota.by_address(message.sender.address)
    answers = _token_of_an_officer(work, message) if officer else None
    return Sender(classifier.platform_of(message, work.tx.find(Platform)), officer.id if officer else None, answers)


def _token_of_an_officer(work: UnitOfWork, message: Message) -> str | None:
    """Returns the most specific token in the message that was sent to an officer, whoever it was."""
    named = tokens_of(message)
    told = {token.token for token in work.tx.find(Token, token=named) if token.officer is not None}
    return next((token for token in named if token in told), None)


def tokens_of(message: Message) -> tuple[str, ...]:
    """Returns the tokens in the places where mail clients and servers preserve them, the most specific first."""
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
    """Returns all that the store knows about the keys of this message; one query per kind of key."""
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
    # An answer to an approved notification proves its delivery: it is uncertain, and its clocks start once that is
    # settled.
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
        other_subject=_under_another_subject(work, message, sender, near),
        threshold=None if sender.platform else candidates.threshold(work, message),
    )


def suggestions(work: UnitOfWork, message: Message) -> tuple[Suggestion, ...]:
    """Returns suggestions for a mail that a person took out of its case, including the case that its keys name."""
    known_now = replace(known(work, message, sender_of(work, message)), threshold=None)
    found = placing.place(message, known_now, tokens_of(message))
    named = (Suggestion(found.case, HIGHEST, (found.basis,)),) if found.case else ()
    return (*named, *found.suggestions, *found.hints)


def _under_another_subject(work: UnitOfWork, message: Message, sender: Sender, near: Collection[str]) -> frozenset[str]:
    """Returns the cases whose mail a person answers to write about another subject, as people do to find an address.

    Platforms give each answer a subject of its own, and officers answer notices, so both are exempt.
    """
    if sender.platform or sender.officer or message.kind is not MechanicalKind.HUMAN or not message.subject:
        return frozenset()
    language = work.env.language
    prefix = work.env.settings.desk.organisation.case_prefix
    topic = subject.split_subject(message.subject, language).base
    named = subject.case_numbers(f"{message.subject}\n{message.reply_text}", prefix)  # quoted text does not count
    answered = [*message.in_reply_to, *message.references]
    subjects = [
        (m.case, subject.split_subject(m.subject or "", language).base)
        for m in work.tx.find(StoredMessage, message_id=answered)
    ]
    subjects += [(case.number, case.title) for case in work.tx.find(Case, number=sorted(near))]
    alike = {number for number, other in subjects if subject.same_topic(topic, other)}
    return frozenset(set(near) - alike - set(named))


def known_sender(work: UnitOfWork, message: Message) -> bool:
    """True if mail from this address was taken in before."""
    return message.sender is not None and work.tx.exists(StoredMessage, from_address=message.sender.key)


def disputed(work: UnitOfWork, raw: RawMessage, _message: Message) -> str | None:
    """Returns why the arrival time is not reliable, or None."""
    cursor = work.tx.cursor(raw.folder)
    looked_at = cursor.looked_at if cursor else None
    server = work.env.settings.desk.mailbox.trusted.received_by
    received = received_fields.own_received_line(received_fields.read_trace(raw.octets), server) if server else None
    return arrival.disputed(raw.internaldate, looked_at, received)


def too_early(work: UnitOfWork, raw: RawMessage, placement: placing.Placement) -> str | None:
    """Returns why the arrival time of an answer is impossible, or None: it lies before the notification was sent.

    One of the two clocks was wrong. Such an answer stops no clock, so a person must be informed.
    """
    answered = work.tx.get(Notification, placement.notification) if placement.notification else None
    if answered is None or answered.sent_at is None or clocks.counts(answered.sent_at, raw.internaldate):
        return None
    return f"before the sending at {answered.sent_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def same_id(work: UnitOfWork, message: Message) -> str | None:
    """Returns a message with the same Message-ID and other content; both are kept, and the new row refers to it."""
    if message.message_id is None:
        return None
    return next((m.id for m in work.tx.find(StoredMessage, message_id=message.message_id)), None)


def channel_of(work: UnitOfWork, message: Message) -> Channel | None:
    """Returns the channel with one of the mail's recipients as its address."""
    recipients = {address.key for address in (*message.to, *message.cc)}
    channels = work.tx.find(Channel)
    return next((c for c in channels if recipients & {address.lower() for address in (*c.to, *c.cc)}), None)


def late(env: Services, raw: RawMessage, now: datetime) -> bool:
    """True if the mail is too old for notifications."""
    return raw.internaldate < now - timedelta(minutes=env.settings.desk.mailbox.backlog_after_minutes)

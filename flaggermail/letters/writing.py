# SPDX-License-Identifier: EUPL-1.2
"""From a requested mail to frozen octets in the outbox: rendered, composed and archived before its row is committed.

Observing: the desk takes in and files everything, and sends nothing.

It is meant for the first days beside an older way of working, and for a restored copy. The state is kept in the record,
so a restart does not end it; an officer does. Each suppressed mail is an event and is never sent later, nor is a
reminder that fell due meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from types import MappingProxyType

from flaggermail.errors import ConfigurationError, Refusal
from flaggermail.letters import stored_messages
from flaggermail.letters.html_part import fixed, guarded, html_part, one_line
from flaggermail.letters.outgoing import Frozen, Outgoing, PreviewedMail
from flaggermail.letters.template_values import PLAIN_TEMPLATES
from flaggermail.mail.case_numbers import named_once
from flaggermail.mail.compose import Letter, compose, flowed, is_message_id, unflowed
from flaggermail.mail.message import Address
from flaggermail.mail.reply_tokens import (
    EXERCISE_HEADER,
    LOOP_HEADER,
    OWN_HEADER,
    content_key,
    message_id,
    reply_address,
    root_reference,
    token_word,
)
from flaggermail.mail.vocabulary import visible, visible_lines
from flaggermail.ports import Rendered, Transaction
from flaggermail.record.definition import where
from flaggermail.record.events import Change, Event, EventKind, added, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import DeskState, Device, OutboxMail, Token, Withheld
from flaggermail.record.rows.outgoing import in_state
from flaggermail.record.states import MailState
from flaggermail.services import DAEMON, NOTHING, EventRef, Services, UnitOfWork
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText

# ---- a desk that only observes


DESK = "desk"


def state_of(tx: Transaction) -> DeskState | None:
    """Returns whether, since when and until when the desk is observing; None if it never was."""
    return tx.get(DeskState, DESK)


def is_on(tx: Transaction) -> bool:
    """True if the desk is observing now."""
    state = state_of(tx)
    return state is not None and state.observing


def suppresses_due_at(tx: Transaction, due_at: datetime) -> bool:
    """True if reminders due at `due_at` are suppressed: the desk is observing now, or was then."""
    state = state_of(tx)
    if state is None or state.observing:
        return state is not None
    return state.until is not None and state.since <= due_at < state.until


def begin(env: Services) -> bool:
    """Starts observing; returns False if the desk is already observing.

    Queued mail is cancelled, except mail to a platform: a person approved it, so a person decides about it.
    """
    with env.store.begin() as tx:
        return begin_in(tx, env.clock.now(), DAEMON)


def begin_in(tx: Transaction, now: datetime, actor: str) -> bool:
    """Starts observing within a transaction; see `begin`."""
    old = state_of(tx)
    if old is not None and old.observing:
        return False
    new = DeskState(observing=True, since=now, since_by=actor)
    tx.append(Event(EventKind.OBSERVING_BEGAN, now, actor, (added(new) if old is None else changed(old, new),)))
    for mail in tx.find(
        OutboxMail, where(OutboxMail.state).is_(MailState.QUEUED), where(OutboxMail.at_most_once).is_(False)
    ):
        withdrawn = changed(mail, replace(in_state(mail, MailState.CANCELLED), next_try_at=None))
        tx.append(
            Event(EventKind.MAIL_WITHHELD, now, actor, (withdrawn,), mail.case, mail.notification, reason=mail.kind)
        )
    return True


def end(work: UnitOfWork, state: DeskState) -> None:
    """Ends observing: mail requested from now on is sent."""
    ended = replace(state, observing=False, until=work.now, until_by=work.actor)
    work.record(EventKind.OBSERVING_ENDED, changed(state, ended))


def suppresses(work: UnitOfWork, kind: Kind, dedupe: str, about: EventRef = NOTHING) -> bool:
    """True if the mail with this deduplication key is suppressed: the desk is observing, or was when first asked."""
    if work.tx.get(Withheld, dedupe) is not None:
        return True
    if not is_on(work.tx):
        return False
    row = Withheld(id=dedupe, kind=kind, withheld_at=work.now)
    work.record(EventKind.MAIL_WITHHELD, added(row), reason=kind, about=about)
    return True


def refuse(work: UnitOfWork, what: StoredText) -> None:
    """Raises Refusal for an action that sends mail while the desk is observing."""
    if is_on(work.tx):
        raise Refusal(CommandRefusal.OBSERVING(what=what))


LETTERS = "letter"  # the counter of the mails that were composed


def freeze(work: UnitOfWork, outgoing: Outgoing) -> Frozen:
    """Renders and composes `outgoing` and stores its octets. Raises Refusal if no valid mail results.

    They are durable when this returns; those of a letter that a mail causes, before its unit of work commits.
    """
    letter, subject, octets = _composed(work, outgoing, work.tx.number(LETTERS))
    return Frozen(letter.message_id, subject, letter.body, work.env.octets.put(octets), content_key_of(letter))


def preview(work: UnitOfWork, outgoing: Outgoing) -> PreviewedMail:
    """Returns what `freeze` would make of `outgoing` now, and stores nothing. Raises Refusal as it does."""
    letter, subject, octets = _composed(work, outgoing, work.tx.reached(LETTERS) + 1)
    return PreviewedMail(letter.message_id, subject, letter.body, octets)


def _composed(work: UnitOfWork, outgoing: Outgoing, number: int) -> tuple[Letter, str, bytes]:
    """Returns the letter with that number, its subject as rendered, and its octets. Raises Refusal."""
    names = [*([stored_messages.MARK] if stored_messages.is_exercise_mail(work, outgoing) else []), outgoing.template]
    number_shown = outgoing.number or outgoing.case
    try:
        parts = [render(work, name, outgoing.language, number_shown, outgoing.values) for name in names]
        subject, body = " ".join(part.subject for part in parts), "\n".join(part.body for part in parts)
        subject = named_once(subject, number_shown) if number_shown else subject
        letter = _letter(work, outgoing, subject, body, number)
        return letter, subject, compose(letter)
    except (ConfigurationError, ValueError) as fault:
        raise Refusal(CommandRefusal.NO_VALID_MAIL(template=outgoing.template, fault=str(fault))) from fault


def render(
    work: UnitOfWork,
    template: str,
    language: str,
    number: str | None,
    values: Mapping[str, object] = MappingProxyType({}),
) -> Rendered:
    """Renders a template with the values common to all templates and its own, strangers' words guarded."""
    desk = work.env.settings.desk
    shared = {
        "organisation": getattr(desk.organisation.name, language),
        "desk_address": desk.mailbox.address,
        "language": language,
        "number": number,
    }
    return work.env.templates.render(template, language, {**shared, **guarded(template, _said(values, language))})


def _said(values: Mapping[str, object], language: str) -> Mapping[str, object]:
    """Returns the values with each sentence among them in the language of the mail."""
    return {name: _in_language(value, language) for name, value in values.items()}


def _in_language(value: object, language: str) -> object:
    if isinstance(value, StoredText):
        return value.in_language(language)
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {name: _in_language(inner, language) for name, inner in value.items()}
    return [_in_language(inner, language) for inner in value] if isinstance(value, Sequence) else value


def content_key_of(letter: Letter) -> str:
    """Returns the content key of `letter` that a parser would find, without parsing its octets.

    Holds only for text without control characters, which parsers treat differently.
    """
    date, references = format_datetime(letter.date), tuple(dict.fromkeys(letter.references))
    body = unflowed(flowed(letter.body), delete_space=True) if letter.flowed else letter.body
    return content_key(letter.subject, (letter.from_,), date, letter.to, letter.cc, references, body)


def _letter(work: UnitOfWork, outgoing: Outgoing, subject: str, body: str, number: int) -> Letter:
    """Builds the letter; values from foreign mail (a subject, a text, a name, a Message-ID) are sanitized first."""
    mailbox = work.env.settings.desk.mailbox
    domain = mailbox.address.rpartition("@")[2]
    answers = tuple(answered for answered in outgoing.answers if is_message_id(answered))
    own_id = message_id(outgoing.token, number, domain)
    headers = [(OWN_HEADER, own_id)]
    if stored_messages.is_exercise_mail(work, outgoing):
        headers.append((EXERCISE_HEADER, "yes"))
    if outgoing.automatic is not None:
        headers += [("Auto-Submitted", outgoing.automatic), (LOOP_HEADER, mailbox.address)]
    shown = visible_lines(body) if outgoing.automatic else body
    both = outgoing.template not in PLAIN_TEMPLATES
    titled = _subject(outgoing, subject)
    return Letter(
        message_id=own_id,
        date=work.now.astimezone(work.env.settings.zone),
        from_=Address(mailbox.address, getattr(mailbox.display_name, outgoing.language)),
        to=tuple(Address(to.address, one_line(to.name) if to.name else None) for to in outgoing.to),
        cc=outgoing.cc,
        reply_to=Address(reply_address(mailbox.address, outgoing.token)) if mailbox.plus_addresses else None,
        subject=titled,
        body=shown if both else fixed(shown),
        flowed=both,
        html=html_part(shown, language=outgoing.language, title=titled) if both else "",
        in_reply_to=answers[-1:],
        references=(root_reference(outgoing.token, domain), *answers),
        headers=tuple(headers),
        international=work.env.settings.desk.submission.smtputf8,
    )


def _subject(outgoing: Outgoing, subject: str) -> str:
    shown = visible(subject) if outgoing.automatic else subject
    return f"{shown} ({token_word(outgoing.token)})" if outgoing.keyed_subject else shown


def queue(work: UnitOfWork, outgoing: Outgoing) -> StoredText | None:
    """Freezes `outgoing` and queues it; skips recipients that already have a mail with this deduplication key.

    While the desk is observing, only the deduplication key is recorded. Returns why no valid mail came of it (an
    address that no server takes), else None: that must not keep the message that caused it from being filed.
    """
    waiting = [to for to in outgoing.to if not is_queued(work, outgoing.dedupe, to.address)]
    if not waiting:
        return None
    if suppresses(work, outgoing.kind, outgoing.dedupe, EventRef(outgoing.case, outgoing.notification)):
        return None
    try:
        frozen = freeze(work, outgoing)
    except Refusal as unmade:
        return unmade.said
    enqueue(work, outgoing, frozen, [to.address for to in waiting])
    return None


def note_unmade(work: UnitOfWork, kind: Kind, about: EventRef) -> None:
    """Records that no valid mail came of what was to be sent."""
    work.record(EventKind.MAIL_UNRENDERABLE, about=about, reason=f"{kind}: no valid mail came of it")


def enqueue(work: UnitOfWork, outgoing: Outgoing, frozen: Frozen, recipients: Sequence[str]) -> None:
    """Records a frozen mail and puts it into the outbox, one row per recipient."""
    own = stored_messages.composed(work, outgoing, frozen)
    about = EventRef(outgoing.case, outgoing.notification, own.id)
    work.record(EventKind.MESSAGE_COMPOSED, added(own), about=about)
    for recipient in recipients:
        mail = OutboxMail(
            id=f"o{work.tx.number('outbox'):08d}",
            kind=outgoing.kind,
            dedupe=_dedupe(outgoing.dedupe, recipient),
            case=outgoing.case,
            notification=outgoing.notification,
            message_id=frozen.message_id,
            sender=work.env.settings.desk.mailbox.address,
            recipient=recipient,
            subject=frozen.subject,
            digest=frozen.digest,
            at_most_once=outgoing.at_most_once,
            exercise=own.exercise,
            shows=outgoing.shows,
            trust=outgoing.trust,
            instead_of=outgoing.instead_of,
            queued_at=work.now,
            next_try_at=work.now,
        )
        work.record(EventKind.MAIL_QUEUED, added(mail), about=about)


def issue(work: UnitOfWork, token: Token) -> None:
    """Records what a reply that carries `token` refers to."""
    work.record(EventKind.TOKEN_ISSUED, added(token), about=EventRef(case=token.case, notification=token.notification))


def is_queued(work: UnitOfWork, dedupe: str, recipient: str) -> bool:
    """True if the outbox has a mail with this deduplication key for this recipient, in any state."""
    return bool(work.tx.find(OutboxMail, where(OutboxMail.dedupe).is_(_dedupe(dedupe, recipient))))


def _dedupe(dedupe: str, recipient: str) -> str:
    return f"{dedupe}/{recipient.lower()}"


def begin_restored(tx: Transaction, now: datetime, actor: str, taken_at: datetime) -> None:
    """Records that the desk was restored from a backup taken at `taken_at`; `actor` is who restored it."""
    changes = (*_tokens(tx, now), *_devices(tx, now, actor))
    tx.append(Event(EventKind.DESK_RESTORED, now, actor, changes, facts={"taken_at": taken_at}))
    begin_in(tx, now, actor)


def _tokens(tx: Transaction, now: datetime) -> tuple[Change, ...]:
    held = (token for token in tx.find(Token) if token.expires_at is None or token.expires_at > now)
    return tuple(changed(token, replace(token, expires_at=now)) for token in held)


def _devices(tx: Transaction, now: datetime, actor: str) -> tuple[Change, ...]:
    """Revokes every device: its secret is in no backup."""
    held = (device for device in tx.find(Device) if device.revoked_at is None)
    return tuple(changed(device, replace(device, revoked_at=now, revoked_by=actor)) for device in held)

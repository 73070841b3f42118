# SPDX-License-Identifier: EUPL-1.2
"""From a requested mail to frozen octets in the outbox: rendered, composed and archived before its row exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import format_datetime
from hashlib import sha256
from types import MappingProxyType

from flaggermail.errors import ConfigurationError, Refusal
from flaggermail.letters import exercises, observing, stored_messages
from flaggermail.letters.html_part import html_part
from flaggermail.letters.outgoing import Frozen, Outgoing, PreviewedMail
from flaggermail.letters.shapes import fixed
from flaggermail.letters.strangers_words import guarded, one_line
from flaggermail.letters.template_values import PLAIN_TEMPLATES
from flaggermail.mail.compose import Letter, compose, is_message_id
from flaggermail.mail.format_flowed import flowed, unflowed
from flaggermail.mail.invisible import visible, visible_lines
from flaggermail.mail.message import Address
from flaggermail.mail.message_ids import content_key
from flaggermail.mail.reply_tokens import (
    EXERCISE_HEADER,
    LOOP_HEADER,
    OWN_HEADER,
    message_id,
    reply_address,
    root_reference,
    token_word,
)
from flaggermail.ports import Rendered
from flaggermail.record.events import EventKind, added
from flaggermail.record.finding import where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import OutboxMail, Token
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.refusals import Because
from flaggermail.wording.said import Said

LETTERS = "letter"  # the counter of the mails that were composed


def freeze(work: UnitOfWork, outgoing: Outgoing) -> Frozen:
    """Renders and composes `outgoing` and stores its octets durably. Raises Refusal if no valid mail results.

    They are durable when this returns, or before the unit of work commits if it has somebody for that.
    """
    letter, subject, octets = _composed(work, outgoing, work.tx.number(LETTERS))
    if work.beside is None:
        digest = work.env.octets.put(octets)
    else:
        digest = sha256(octets).hexdigest()
        work.beside.do(work.env.octets.put, octets)
    return Frozen(letter.message_id, subject, letter.body, digest, content_key_of(letter))


def preview(work: UnitOfWork, outgoing: Outgoing) -> PreviewedMail:
    """Returns what `freeze` would make of `outgoing` now, and stores nothing. Raises Refusal as it does."""
    letter, subject, octets = _composed(work, outgoing, work.tx.reached(LETTERS) + 1)
    return PreviewedMail(letter.message_id, subject, letter.body, octets)


def _composed(work: UnitOfWork, outgoing: Outgoing, number: int) -> tuple[Letter, str, bytes]:
    """Returns the letter with that number, its subject as rendered, and its octets. Raises Refusal."""
    names = [*([exercises.MARK] if exercises.is_exercise_mail(work, outgoing) else []), outgoing.template]
    number_shown = outgoing.number or outgoing.case
    try:
        parts = [render(work, name, outgoing.language, number_shown, outgoing.values) for name in names]
        subject, body = " ".join(part.subject for part in parts), "\n".join(part.body for part in parts)
        letter = _letter(work, outgoing, subject, body, number)
        return letter, subject, compose(letter)
    except (ConfigurationError, ValueError) as fault:
        raise Refusal(Because.NO_VALID_MAIL(template=outgoing.template, fault=str(fault))) from fault


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
    if isinstance(value, Said):
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
    if exercises.is_exercise_mail(work, outgoing):
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


def queue(work: UnitOfWork, outgoing: Outgoing) -> Said | None:
    """Freezes `outgoing` and queues it; skips recipients that already have a mail with this deduplication key.

    While the desk is observing, only the deduplication key is recorded. Returns why no valid mail came of it (an
    address that no server takes), else None: that must not keep the message that caused it from being filed.
    """
    waiting = [to for to in outgoing.to if not is_queued(work, outgoing.dedupe, to.address)]
    if not waiting:
        return None
    if observing.suppresses(work, outgoing.kind, outgoing.dedupe, EventRef(outgoing.case, outgoing.notification)):
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
    """True if a mail with this deduplication key was put into the outbox for this recipient, whatever became of it."""
    return bool(work.tx.find(OutboxMail, where(OutboxMail.dedupe).is_(_dedupe(dedupe, recipient))))


def _dedupe(dedupe: str, recipient: str) -> str:
    return f"{dedupe}/{recipient.lower()}"

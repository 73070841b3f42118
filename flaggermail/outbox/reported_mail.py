# SPDX-License-Identifier: EUPL-1.2
"""Which mail of ours a delivery report is about; whether the report counts is decided by `outbox.bounces`.

Many servers return neither the mail nor its Message-ID. Then the report is about the mail that it answers, about the
mails of the exchange whose key it bears, or about what was sent lately to the address that it names, in this order. A
key and an address may fit several mails: a person says which one it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flaggermail.cases.elections import prefixes_in
from flaggermail.letters import stored_messages
from flaggermail.mail import reply_tokens
from flaggermail.mail.message import Message
from flaggermail.mail.subject import MOST, Tailed, tailed_in
from flaggermail.record.definition import where
from flaggermail.record.rows import Case, Channel, Notification, OutboxMail, StoredMessage, Token
from flaggermail.record.states import MailState
from flaggermail.services import UnitOfWork

LATELY = timedelta(days=6)
"""A server gives up after five days at most (RFC 5321, section 4.5.4.1); one day more for the servers on the way."""
OVERTAKEN = timedelta(minutes=1)
"""How long before the instant of our server's acceptance a report may have come: the clocks of two machines."""

MOST_NAMED = 100
"""Message-IDs looked up, and failed recipients: a mail of ours has few, and a stranger's report may name any number."""

_LEFT = frozenset({MailState.ATTEMPTING, MailState.UNCERTAIN, MailState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Reported:
    """The envelopes of the one mail that a report is about, or those of which it may be any (`unclear`)."""

    mails: tuple[OutboxMail, ...] = ()
    unclear: tuple[OutboxMail, ...] = ()

    @property
    def fitting(self) -> tuple[OutboxMail, ...]:
        """All that fits the report; empty if it is about no mail of ours."""
        return self.mails or self.unclear


def find(work: UnitOfWork, stored: StoredMessage, message: Message) -> Reported:
    """Returns the mail of ours that a report is about; `stored` is the report's row."""
    message = stored_messages.as_ours(work, message)
    mails = _named(work, message)
    if mails is None:
        keyed = _by_key(work, message)
        found = _by_recipient(work, stored, message) if keyed is None else keyed
        mails = [mail for mail in found if _left_before(mail, stored)]
    failed = set(message.failed_recipients)
    fitting = tuple(mail for mail in mails if not failed or mail.recipient.lower() in failed)
    # Each recipient got an envelope of its own, so a report that names no recipient is about one of several.
    one = len({mail.message_id for mail in fitting}) == 1 and (bool(failed) or len(fitting) == 1)
    return Reported(mails=fitting) if one else Reported(unclear=fitting)


def _named(work: UnitOfWork, message: Message) -> list[OutboxMail] | None:
    """Returns the mail whose Message-ID was returned or answered; none if that is another's, None if there is no such.

    A server may give our mail another Message-ID: one that we learned, or our token in the returned header, shows that
    it is ours.
    """
    original = message.original_message_id
    names = ((original,) if original else reply_tokens.answered_by(message))[:MOST_NAMED]
    sent = work.tx.find(OutboxMail, where(OutboxMail.message_id).in_(names))
    latest = next((name for name in names if any(mail.message_id == name for mail in sent)), None)
    if latest is not None:
        return [mail for mail in sent if mail.message_id == latest]
    return None if message.original_token or not (original or message.in_reply_to) else []


def _by_key(work: UnitOfWork, message: Message) -> list[OutboxMail] | None:
    """Returns the mails of the exchange whose token or tailed number the report bears; None if it bears no key."""
    borne = (message.original_token,) if message.original_token else reply_tokens.in_message(message)
    cases = [token.case for token in work.tx.find(Token, where(Token.token).in_(borne)) if token.case]
    mails = work.tx.find(OutboxMail, where(OutboxMail.case).in_(cases))
    return [mail for mail in mails if set(borne) & set(reply_tokens.tokens([mail.message_id]))] or _tailed(
        work, message
    )


def _tailed(work: UnitOfWork, message: Message) -> list[OutboxMail] | None:
    """Returns what was sent under the tailed numbers in a report, to a platform or to the referrer."""
    texts = (message.subject or "", message.original_subject or "", message.text, message.html_text)
    borne = set(tailed_in(prefixes_in(work, *texts), *texts))
    if not borne or len(borne) > MOST:
        return None
    numbers = sorted({one.number for one in borne})
    uses = work.tx.find(Notification, where(Notification.case).in_(numbers))
    exchanges = {use.id for use in uses if Tailed(use.case, use.tail or "") in borne}
    cases = work.tx.find(Case, where(Case.number).in_(numbers))
    referrers = {case.number: case.referrer_address for case in cases if Tailed(case.number, case.tail or "") in borne}
    if not exchanges and not referrers:
        return None
    return [
        mail
        for mail in work.tx.find(OutboxMail, where(OutboxMail.case).in_(numbers))
        if (mail.at_most_once and mail.notification in exchanges)
        or (mail.notification is None and mail.recipient.lower() == referrers.get(mail.case or ""))
    ]


def _by_recipient(work: UnitOfWork, stored: StoredMessage, message: Message) -> list[OutboxMail]:
    """Returns what was queued lately for the failed recipients, whose addresses a report has in lower case."""
    failed = set(message.failed_recipients[:MOST_NAMED])
    channels = (address for channel in work.tx.find(Channel) for address in (*channel.to, *channel.cc))
    written = (*channels, *(officer.address for officer in work.env.settings.rota.officers))
    spelled = failed | {address for address in written if address.lower() in failed}
    since = stored.received_at - 2 * LATELY  # a mail may have waited here before it left
    return work.tx.find(
        OutboxMail, where(OutboxMail.recipient).in_(sorted(spelled)), where(OutboxMail.queued_at).after(since)
    )


def _left_before(mail: OutboxMail, report: StoredMessage) -> bool:
    """True if a mail was handed to our server, lately, before the report came; one that bounced already was, too.

    A second report about that one must not pass for a report about a later mail to the same address.
    """
    at, came = mail.done_at or mail.queued_at, report.received_at
    return left(mail) and came - LATELY <= at <= came + OVERTAKEN


def left(mail: OutboxMail) -> bool:
    """True if our server took the mail, or may have taken it."""
    return mail.bounced or mail.state in _LEFT

# SPDX-License-Identifier: EUPL-1.2
"""The facts of a mail as it comes in: everything that its triage asks of the record, asked once.

One mail and a hundred are asked for in the same way: `ask` gets what the mails of a transaction name with one statement
for each kind of row, and `facts_of` then reads what the transaction knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from flaggermail.cases import attention, elections, erasure
from flaggermail.intake import triage
from flaggermail.intake.triage import AUTHORITIES, CARRIERS, IntakeFacts, Reading, passed_on
from flaggermail.mail.authentication import report_origin
from flaggermail.mail.authentication.authres import (
    WORST_FIRST,
    AuthenticationMethod,
    Fields,
    Organisational,
    Trust,
    author_domain,
    judge,
    own_received_line,
    read_trace,
)
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import Message, SenderVerdict, Verdict
from flaggermail.mail.reply_tokens import keys_of
from flaggermail.matching import lookup, scoring, thread_keys
from flaggermail.matching.placing import Sender
from flaggermail.ports import Clock, RawMessage, Role, SenderCheck, SignatureCheck, Transaction
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import AssignedId, Case, ClockRow, Delivery, Notification, StoredMessage, ThreadKey, Token
from flaggermail.record.states import ClockKind, ClockState
from flaggermail.replies import reply_mail
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.model import MailboxSettings
from flaggermail.settings.word_tables import FREE_MAIL, LIST_OF
from flaggermail.wording.filing import SenderEvidence
from flaggermail.wording.said import StoredText


class ByReceivingServer:
    """Implements ports.SenderCheck by the Authentication-Results of our own receiving server."""

    def __init__(self, trust: Trust, organisational: Organisational) -> None:
        self._trust, self._organisational = trust, organisational

    def verdict(self, octets: bytes, message: Message) -> Verdict:
        """Returns the verdict from the trace fields above the Received line of that server."""
        return judge(read_trace(octets), message.from_, self._trust, self._organisational)


class SignatureWeight(StrEnum):
    """What the signature of a platform's mail counts for in the verdict on its author."""

    DECIDES = "signature decides"
    NEEDED = "signature needed"  # the worse of signature and `other` counts
    RECORDED = "signature recorded"  # only its facts are kept, beside the verdict of `other`


DECIDING = {
    AuthenticationMethod.DKIM: SignatureWeight.DECIDES, AuthenticationMethod.NAMED_AND_DKIM: SignatureWeight.NEEDED,
}  # fmt: skip
"""The methods of authentication that ask for a signature; under any other its facts can only be recorded."""


class ByInternalMark:
    """Implements ports.SenderCheck by the mark of Exchange for authors inside the organisation.

    Mail from inside has no DKIM signature and no DMARC result; Exchange marks it when its author has logged in, and
    removes the mark from all other mail. `other` checks first, and a failed result of it stays.
    """

    def __init__(self, other: SenderCheck, own_domains: frozenset[str], proven: Callable[[], bool]) -> None:
        """`proven`: whether a trial has shown, lately, that a forged mark does not arrive."""
        self._other, self._own, self._proven = other, own_domains, proven

    def verdict(self, octets: bytes, message: Message) -> Verdict:
        """Returns the verdict of `other`, or the one by the mark if that says neither yes nor no."""
        found = self._other.verdict(octets, message)
        if found.value is not SenderVerdict.UNVERIFIED or not report_origin.made_inside_exchange(message):
            return found
        domain = author_domain(read_trace(octets), message.from_)
        if domain is None or domain not in self._own:
            return found
        if not self._proven():
            return Verdict(SenderVerdict.UNVERIFIED, SenderEvidence.MARK_UNPROVEN(domain=domain))
        return Verdict(SenderVerdict.VERIFIED, SenderEvidence.MARK(domain=domain))


def by_settings(
    mailbox: MailboxSettings, organisational: Organisational, mark_is_proven: Callable[[], bool]
) -> SenderCheck:  # fmt: skip
    """Returns the check that needs no DNS, as `mailbox.trust` asks for it."""
    by_server = ByReceivingServer(mailbox.trusted, organisational)
    if mailbox.trusted.asked is not AuthenticationMethod.EXCHANGE:
        return by_server
    return ByInternalMark(by_server, mailbox.own_domains, mark_is_proven)


class BySignature:
    """Implements ports.SenderCheck by the DKIM signature for authors at a platform; `other` checks all other mail.

    Only there is a DNS query worthwhile, and only there may outsiders see that mail arrived.
    """

    def __init__(
        self, other: SenderCheck, check: SignatureCheck, platforms: frozenset[str], clock: Clock,
        weight: SignatureWeight, addresses: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        """`platforms`: the domains from which the platforms write; `addresses`: the further ones that may answer."""
        self._other, self._check, self._platforms, self._clock = other, check, platforms, clock
        self._weight, self._addresses = weight, addresses

    def verdict(self, octets: bytes, message: Message) -> Verdict:
        """Returns the verdict by the weight of the signature, with the facts about it as found now."""
        domain = author_domain(read_trace(octets), message.from_)
        asked = any(address.key in self._addresses for address in message.from_)
        if domain is None or not (asked or in_domains(domain, self._platforms)):
            return self._other.verdict(octets, message)
        signed = self._check.check(octets, domain, message.date, self._clock.now())
        if self._weight is SignatureWeight.DECIDES:
            return signed
        ours = self._other.verdict(octets, message)
        if self._weight is SignatureWeight.RECORDED:
            return replace(ours, signature=signed.signature)
        return _both(ours, signed)


def _both(ours: Verdict, signed: Verdict) -> Verdict:
    """Returns the worse verdict; who can write into the mailbox can forge the first, but no platform's signature."""
    basis = SenderEvidence.BOTH(first=ours.basis, second=signed.basis)
    return Verdict(min(ours.value, signed.value, key=WORST_FIRST.index), basis, signed.signature)


def ask(env: Services, tx: Transaction, mails: Sequence[tuple[RawMessage, Message]]) -> None:
    """Asks for the rows that these mails name; what each asks for is then known to the transaction.

    Whether there is such a row at all is asked for many mails only: of one, the question costs what its answer does.
    """
    messages = [message for _, message in mails]
    keys = [keys_of(message, env.language) for message in messages]
    answered = {name for one in keys for name in one.named}
    tx.find(Delivery, where(Delivery.id).in_([raw.key for raw, _ in mails]))
    named = answered.union(message.message_id for message in messages if message.message_id is not None)
    tx.find(StoredMessage, where(StoredMessage.message_id).in_(sorted(named)))
    contents = where(StoredMessage.content_key).in_([message.content_key for message in messages])
    tx.find(StoredMessage, contents, where(StoredMessage.direction).is_(Direction.OUT))
    tx.find(Token, where(Token.token).in_(sorted({token for one in keys for token in one.tokens})))
    if len(mails) == 1:
        return
    tx.look_for(AssignedId, where(AssignedId.id).in_(sorted(answered)))
    tx.look_for(ThreadKey, where(ThreadKey.id).in_(thread_keys.ids_of_mails(answered)))
    authors = {author for message in messages for author in scoring.authors(message)}
    tx.look_for(StoredMessage, where(StoredMessage.from_address).in_(sorted(authors)))
    titles = {title for one in keys for title in (one.topic, one.inner_topic) if title}
    tx.look_for(Case, where(Case.title).in_(sorted(titles)))


def facts_of(work: UnitOfWork, raw: RawMessage, message: Message) -> IntakeFacts:
    """Returns the facts of a mail; `message` carries the verdict on its author."""
    sender = lookup.sender_of(work, message)
    message = lookup.without_ours(work, message, sender.platform)
    if sender.officer is not None and sender.answers is None:
        asks = reply_mail.asks_to_look(work, message, sender.officer)
        sender = replace(sender, asks=asks)
    known = lookup.known(work, message, sender, in_sent=raw.role is Role.SENT)
    message = lookup.with_answers(work, message, {key.notification for key in known.keys}) if known.keys else message
    named = {key.notification for key in known.keys if key.notification} | {use.notification for use in known.uses}
    answered = work.tx.find(Notification, where(Notification.id).in_(sorted(named)))
    trace = read_trace(raw.octets)
    by_platform = sorted(named) if sender.platform is not None else []
    clocks = work.tx.find(ClockRow, where(ClockRow.notification).in_(by_platform)) if by_platform else ()
    return replace(
        of_author(work, raw, message, sender),
        known=known, notifications={one.id: one for one in answered}, trace=trace,
        receipted=frozenset(
            one.notification for one in clocks if (one.kind, one.state) == (ClockKind.RECEIPT, ClockState.STOPPED)
        ),
        dispute=disputed(work, raw, trace), same_id=_same_id(work, message),
    )  # fmt: skip


def of_author(work: UnitOfWork, raw: RawMessage, message: Message, sender: Sender) -> IntakeFacts:
    """Returns the facts of a mail that do not depend on its keys, which are left out."""
    mailbox = work.env.settings.desk.mailbox
    ours = work.env.own_addresses
    election, author = elections.election_of(work, message), message.sender
    within = passed_on(message, ours, work.env.language) if message.kind in CARRIERS else None
    inner = within.sender.domain if within and within.sender else ""
    strange = author.domain if author and sender.platform is None and sender.officer is None else ""
    remembered = attention.lists_of(work, strange, inner)
    return IntakeFacts(
        raw=raw,
        message=message,
        sender=sender,
        ours=ours,
        plus_addresses=mailbox.plus_addresses,
        exercise=elections.is_players(work, message),
        election=election.code if election else None,
        declined_before=erasure.declined_before(work, message),
        known_sender=author is not None
        and work.tx.exists(StoredMessage, where(StoredMessage.from_address).is_(author.key)),
        remembered=remembered.get(strange),
        within=within,
        within_remembered=remembered.get(inner),
        to_channel=raw.role is Role.SENT and lookup.channel_of(work, message) is not None,
        late=late(work.env, raw, work.now),
    )


def reading_of(env: Services) -> Reading:
    """Returns by what the desk reads a mail now."""
    settings = env.settings
    free_mail = settings.rules.lists.get(FREE_MAIL, frozenset())
    listed = frozenset[str]().union(*(settings.rules.lists.get(LIST_OF[one], frozenset()) for one in AUTHORITIES))
    return Reading(settings.rules, env.matcher.find, env.language, settings.intake, free_mail, listed)


def disputed(work: UnitOfWork, raw: RawMessage, trace: Fields | None = None) -> StoredText | None:
    """Returns why the arrival time is not reliable, or None. `trace`: what `read_trace` returned for the octets."""
    if raw.arrival.in_file:
        return triage.disputed_in_file(raw.arrival)
    if raw.seen_at is not None:
        return triage.impossible(raw.internaldate, raw.written)
    cursor = work.tx.cursor(raw.folder)
    looked_at = cursor.looked_at if cursor else None
    server = work.env.settings.desk.mailbox.trusted.received_by
    fields = read_trace(raw.octets) if server and trace is None else trace or ()
    return triage.disputed(raw.internaldate, looked_at, own_received_line(fields, server) if server else None)


def late(env: Services, raw: RawMessage, now: datetime) -> bool:
    """True if the mail is too old for notifications; mail from files always is."""
    after = timedelta(minutes=env.settings.desk.mailbox.backlog_after_minutes)
    return raw.arrival.in_file or raw.internaldate < now - after


def _same_id(work: UnitOfWork, message: Message) -> str | None:
    """Returns a message with the same Message-ID and other content; both are kept, and the new row refers to it."""
    if message.message_id is None:
        return None
    named = work.tx.find(StoredMessage, where(StoredMessage.message_id).is_(message.message_id))
    return next((row.id for row in named), None)

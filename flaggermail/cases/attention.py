# SPDX-License-Identifier: EUPL-1.2
"""Whose mail takes an officer's attention or gets an answer: its class of trust, and the sender whose limit counts.

The domains that officers remembered: each counts as though it stood on a domain list of the rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, Protocol, TypeVar

from flaggermail.mail.fields import in_domains, mailbox_of
from flaggermail.mail.message import SenderVerdict
from flaggermail.ports import Transaction
from flaggermail.record.case_values import SenderTrust
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import ArrivalBasis, Direction, Kind, Place
from flaggermail.record.rows import Case, OutboxMail, Platform, RememberedDomain, StoredMessage
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.settings.word_tables import FREE_MAIL, LIST_OF

# ---- domains that officers remembered


def in_force(tx: Transaction) -> list[RememberedDomain]:
    """Returns the remembered domains in force, in order."""
    found = tx.find(RememberedDomain, where(RememberedDomain.removed_at).is_(None))
    return sorted(found, key=lambda row: row.id)


def list_of(work: UnitOfWork, domain: str) -> str | None:
    """Returns the list to which a remembered domain adds `domain`, or None; see `lists_of`."""
    return lists_of(work, domain).get(domain)


def lists_of(work: UnitOfWork, *domains: str) -> dict[str, str]:
    """Returns the list to which a remembered domain adds each of these, by the nearest one at or above it.

    A domain that a list of the rules holds needs no look-up: free mail stays free mail, whoever remembered it.
    """
    listed = work.env.settings.rules.lists.values()
    asked = {
        domain: [".".join(labels[start:]) for start in range(len(labels) - 1)]
        for domain in domains
        if domain and not any(in_domains(domain, those) for those in listed)
        for labels in [domain.lower().split(".")]
    }
    above = sorted({name for names in asked.values() for name in names})
    kept = {row.id: row for row in work.tx.find(RememberedDomain, where(RememberedDomain.id).in_(above))}
    kept = {name: row for name, row in kept.items() if row.removed_at is None}
    nearest = {domain: next((kept[name] for name in names if name in kept), None) for domain, names in asked.items()}
    return {domain: LIST_OF[row.source] for domain, row in nearest.items() if row is not None}


# ---- whose mail takes attention


HOUR = timedelta(hours=1)


class TrustFacts(Protocol):
    """What the class of trust of a mail depends on: a row, or these fields of it."""

    @property
    def direction(self) -> Direction:
        """Ours or theirs."""
        ...

    @property
    def verdict(self) -> SenderVerdict:
        """On its sender."""
        ...

    @property
    def case(self) -> str | None:
        """In which it was placed."""
        ...

    @property
    def from_address(self) -> str | None:
        """Of its author."""
        ...


class WaitingMail(NamedTuple):
    """Of a row of many: which mail it is, and what its place in a list by trust depends on."""

    id: str
    received_at: datetime
    direction: Direction
    verdict: SenderVerdict
    case: str | None
    from_address: str | None


OF_WAITING = (
    StoredMessage.id, StoredMessage.received_at, StoredMessage.direction, StoredMessage.verdict, StoredMessage.case,
    StoredMessage.from_address,
)  # fmt: skip
"""The fields of a `WaitingMail`, for `Transaction.columns`."""

T = TypeVar("T", bound=TrustFacts)


def trust_of(work: UnitOfWork, stored: TrustFacts) -> SenderTrust:
    """Returns the class of trust of a mail.

    Mail in a case was placed there by a key of ours or by a person: nobody else can fill the class above its verdict.
    """
    if stored.direction == Direction.OUT:  # typed by a colleague
        return SenderTrust.KNOWN
    if stored.verdict == SenderVerdict.FAILED:
        return SenderTrust.FAILED
    if stored.verdict != SenderVerdict.VERIFIED:
        return SenderTrust.UNVERIFIED if stored.case is None else SenderTrust.VERIFIED
    known = stored.case is not None or is_known(work, stored.from_address or "")
    return SenderTrust.KNOWN if known else SenderTrust.VERIFIED


def is_known(work: UnitOfWork, address: str) -> bool:
    """True for an officer, a platform, a domain on a list of the rules, and a remembered domain.

    Providers of mailboxes for everybody are excepted.
    """
    settings, domain = work.env.settings, address.rpartition("@")[2]
    if settings.rota.by_address(address) is not None or address in settings.desk.exercise.addresses:
        return True
    listed = (domains for name, domains in settings.rules.lists.items() if name != FREE_MAIL)
    platforms = frozenset(domain for platform in work.tx.find(Platform) for domain in platform.domains)
    if any(in_domains(domain, domains) for domains in (platforms, settings.desk.exercise.domains, *listed)):
        return True
    return list_of(work, domain) is not None


def sender_key(env: Services, address: str) -> str:
    """Returns what counts as one sender: a registrable domain, or one mailbox where anybody can have one.

    Tags behind a plus sign make no other sender of a mailbox.
    """
    mailbox = mailbox_of(address)
    domain = mailbox.rpartition("@")[2]
    if in_domains(domain, env.settings.rules.lists.get(FREE_MAIL, frozenset())):
        return mailbox
    return env.organisational(domain) or mailbox


def origin(work: UnitOfWork, stored: StoredMessage) -> str:
    """Returns whose limit a notice counts against: that of the sender, or of the case that the mail was filed in.

    A mail that opened its case counts against its sender, who could open any number of them.
    """
    case = work.tx.get(Case, stored.case) if stored.case else None
    if case is not None and case.root_message != stored.id:
        return case.number
    return sender_key(work.env, stored.from_address or "")


def origins(work: UnitOfWork, messages: Collection[str]) -> dict[str, str]:
    """Returns the `origin` of each of these mails, by its id."""
    fields = StoredMessage.id, StoredMessage.case, StoredMessage.from_address
    found = work.tx.columns(StoredMessage, fields, where(StoredMessage.id).in_(messages))
    cases = sorted({case for _, case, _ in found if case})
    roots = dict(work.tx.columns(Case, (Case.number, Case.root_message), where(Case.number).in_(cases)))
    senders = {address: sender_key(work.env, address) for address in {address or "" for _, _, address in found}}
    return {
        message: case if case and roots.get(case, message) != message else senders[address or ""]
        for message, case, address in found
    }


def by_trust(work: UnitOfWork, rows: Iterable[T]) -> list[T]:
    """Returns the mails with the most trusted senders first, each class in its order; a flood has few senders."""
    ranks = dict[tuple[object, ...], int]()

    def rank(row: T) -> int:
        facts = row.direction, row.verdict, row.case is None, row.from_address
        if facts not in ranks:
            ranks[facts] = trust_of(work, row).rank
        return ranks[facts]

    return sorted(rows, key=rank)


class MailsOfOne(NamedTuple):
    """What the class of trust of a mail depends on, as many mails of one sender share it; and how these arrived."""

    first_at: datetime
    verdict: SenderVerdict
    direction: Direction
    arrival: ArrivalBasis
    from_address: str | None = None  # of mail in no case
    case: str | None = None  # its trust depends on no address


def most_trusted(
    work: UnitOfWork, most: int, place: Place, arrivals: Collection[ArrivalBasis]
) -> tuple[list[StoredMessage], int]:  # fmt: skip
    """Returns the first `most` mails in a place that arrived like this, as `by_trust` orders them, and their number.

    Each class is in the order of arrival, then of the key. Each sender is judged once, by an index over what trust
    depends on, and no more rows are read of one than are asked for.
    """
    by, fields = StoredMessage.received_at, (StoredMessage.verdict, StoredMessage.direction, StoredMessage.arrival)
    here = where(StoredMessage.place).is_(place), where(StoredMessage.arrival).in_(arrivals)
    in_none, in_one = where(StoredMessage.case).is_(None), where(StoredMessage.case).after("")
    free = work.tx.alike(StoredMessage, by, (*fields, StoredMessage.from_address), *here, in_none)
    of_cases = work.tx.alike(StoredMessage, by, (*fields, StoredMessage.case), *here, in_one)
    every = [MailsOfOne(*values) for _, values in free]
    every += [MailsOfOne(at, verdict, way, how, case=number) for _, (at, verdict, way, how, number) in of_cases]
    judged = [(trust_of(work, one).rank, one) for one in every]
    rows = list[StoredMessage]()
    for _, senders in groupby(sorted(judged, key=lambda pair: (pair[0], pair[1].first_at)), key=itemgetter(0)):
        if len(rows) < most:
            rows += _first_of(work.tx, most - len(rows), place, [one for _, one in senders])
    return rows, sum(count for count, _ in (*free, *of_cases))


def _first_of(tx: Transaction, most: int, place: Place, senders: Iterable[MailsOfOne]) -> list[StoredMessage]:
    """Returns the mails that arrived first; `senders` in the order of the first mail of each."""
    rows = list[StoredMessage]()
    for one in senders:
        if len(rows) == most and rows[-1].received_at < one.first_at:
            break
        here = [where(StoredMessage.place).is_(place), where(StoredMessage.arrival).is_(one.arrival)]
        here += [where(StoredMessage.direction).is_(one.direction), where(StoredMessage.verdict).is_(one.verdict)]
        here += [where(StoredMessage.case).is_(one.case)]
        here += [where(StoredMessage.from_address).is_(one.from_address)] if one.case is None else []
        rows += tx.in_order(StoredMessage, StoredMessage.received_at, most, None, *here)
        rows = sorted(rows, key=lambda row: (row.received_at, row.id))[:most]
    return rows


def may_answer(work: UnitOfWork, stored: StoredMessage, kind: Kind, about: EventRef) -> bool:
    """True if one more automatic answer of this kind is within its limits; records an event if not.

    Each kind is counted apart. A known sender's confirmation has the limit of its mailbox only, which ends a loop
    between two machines; other answers have that of their sender and one for all of them together.
    """
    limits, known = work.env.settings.desk.rate_limits, trust_of(work, stored) is SenderTrust.KNOWN
    key = partial(mailbox_of) if known else partial(sender_key, work.env)
    asked = where(OutboxMail.queued_at).after(work.now - HOUR), where(OutboxMail.kind).is_(kind)
    lately = work.tx.columns(OutboxMail, (OutboxMail.recipient,), *asked)
    sender = key(stored.from_address or "")
    of_sender = sum(key(recipient) == sender for (recipient,) in lately)
    if of_sender < limits.answers_per_sender and (known or len(lately) < limits.answers_per_hour):
        return True
    work.record(EventKind.ANSWER_RATE_LIMITED, about=about, reason=kind.value)
    return False

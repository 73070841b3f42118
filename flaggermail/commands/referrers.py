# SPDX-License-Identifier: EUPL-1.2
"""Remembers and forgets domains whose verified mail is that of a known referrer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from flaggermail.commands.command import Command, Subject
from flaggermail.commands.outcome import ActFacts, ActKind, ActResult
from flaggermail.commands.requests import shown
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import SenderVerdict
from flaggermail.matching import lookup
from flaggermail.record.case_values import Source
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.rows import Platform, RememberedDomain, StoredMessage
from flaggermail.rules.files import is_domain
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.settings.word_tables import FREE_MAIL, LIST_OF
from flaggermail.wording.acts import ActText
from flaggermail.wording.pieces import SourceWord
from flaggermail.wording.refusals import CommandRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class AddReferrer(Command):
    """Remembers a domain: verified mail from it, and from below it, is a known referrer's."""

    NAME = "referrer add"
    MAY = DESK

    domain: str
    source: Source = Source.FELLOW_AUTHORITY

    def subject(self, work: UnitOfWork) -> Subject:
        return ((RememberedDomain, self.domain.lower()),)

    def perform(self, work: UnitOfWork) -> ActResult:
        domain = self.domain.lower()
        listed = _list_with(work, domain)
        if listed is not None:
            raise Refusal(CommandRefusal.LISTED_ALREADY(domain=domain, listed=listed))
        remember(work, domain, self.source)
        text = ActText.DOMAIN_REMEMBERED(domain=domain, source=self.source, words=SourceWord[self.source.name]())
        return ActResult(text, domain, did=ActFacts(what=ActKind.REMEMBERED, domain=domain))


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveReferrer(Command):
    """Forgets a remembered domain: mail from it is a stranger's again. Cases that were opened stay."""

    NAME = "referrer remove"
    MAY = DESK

    domain: str

    def subject(self, work: UnitOfWork) -> Subject:
        return ((RememberedDomain, self.domain.lower()),)

    def perform(self, work: UnitOfWork) -> ActResult:
        domain = self.domain.lower()
        row = work.tx.get(RememberedDomain, domain)
        if row is None or row.removed_at is not None:
            listed = _list_with(work, domain)
            if listed is not None:
                raise NotFound(CommandRefusal.LISTED_NOT_REMEMBERED(domain=domain, listed=listed))
            raise NotFound(CommandRefusal.NOT_REMEMBERED(domain=domain))
        removed = replace(row, removed_at=work.now, removed_by=work.actor)
        work.record(EventKind.REFERRER_REMOVED, changed(row, removed))
        return ActResult(ActText.DOMAIN_FORGOTTEN(domain=domain), domain)


def remember_sender(work: UnitOfWork, message: StoredMessage, source: Source) -> str | None:
    """Remembers the domain of a mail's sender and returns it; None if a list of the rules has it already.

    Raises Refusal unless our own server verified that sender: an officer who vouches for one mail vouches for no other.
    """
    domain = (message.from_address or "").rpartition("@")[2]
    if message.verdict != SenderVerdict.VERIFIED or message.confirmed_by is not None:
        raise Refusal(CommandRefusal.SENDER_NOT_VERIFIED(message=message.id))
    if message.exercise:
        raise Refusal(CommandRefusal.EXERCISE_TEACHES_NOTHING(message=message.id))
    _refuse_unfit(work, domain)
    if lookup.platform_answering(work, [message.from_address or ""]) is not None:
        raise Refusal(CommandRefusal.PLATFORM_ANSWERS_THERE(domain=domain))
    if _list_with(work, domain) is not None:
        return None
    remember(work, domain, source, message.id)
    return domain


def remember(work: UnitOfWork, domain: str, source: Source, message: str | None = None) -> None:
    """Records a domain as a referrer's, for the mail that showed it if there is one. Raises Refusal if it is unfit."""
    _refuse_unfit(work, domain)
    name = LIST_OF[source]
    if name not in work.env.settings.rules.lists:
        raise Refusal(CommandRefusal.NO_LIST_OF_SOURCE(source=source, name=name))
    row = RememberedDomain(id=domain, source=source, added_at=work.now, added_by=work.actor, message=message)
    old = work.tx.get(RememberedDomain, domain)
    if old is not None and old.removed_at is None and old.source == source:
        return
    change = changed(old, row) if old is not None else added(row)
    work.record(EventKind.REFERRER_REMEMBERED, change, about=EventRef(message=message), reason=source)


def _refuse_unfit(work: UnitOfWork, domain: str) -> None:
    """Raises Refusal for a domain that may belong to anybody, to a platform, or to ourselves."""
    settings = work.env.settings
    organisation = work.env.organisational(domain) if is_domain(domain) else None
    if organisation is None:
        raise Refusal(CommandRefusal.NOT_REGISTERED(domain=shown(domain)))
    if _overlap(domain, settings.rules.lists.get(FREE_MAIL, ())):
        raise Refusal(CommandRefusal.FREE_MAIL(domain=domain))
    owner = next((p.name for p in work.tx.find(Platform) if _overlap(domain, p.domains)), None)
    if owner is not None:
        raise Refusal(CommandRefusal.PLATFORMS_DOMAIN(domain=domain, platform=owner))
    ours = {a.rpartition("@")[2].lower() for a in (settings.desk.mailbox.address, *settings.desk.mailbox.aliases)}
    if _overlap(domain, ours):
        raise Refusal(CommandRefusal.OWN_DOMAIN(domain=domain))


def _overlap(domain: str, others: Iterable[str]) -> bool:
    """True if `domain` is one of the others, or lies below or above one."""
    here = frozenset({domain})
    known = frozenset(others)
    return in_domains(domain, known) or any(in_domains(other, here) for other in known)


def _list_with(work: UnitOfWork, domain: str) -> str | None:
    lists = work.env.settings.rules.lists
    return next((name for name in sorted(lists) if name != FREE_MAIL and in_domains(domain, lists[name])), None)

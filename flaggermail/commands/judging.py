# SPDX-License-Identifier: EUPL-1.2
"""Judges a mail again for the place in which a person files it, by the rules that judge it at intake.

Only a platform's mail stops clocks, and only its kinds depend on its place. What a person said it is stays.
"""

from __future__ import annotations

from dataclasses import replace

from flaggermail.cases import declining, elections
from flaggermail.mail.message import MechanicalKind, Message, Verdict
from flaggermail.matching import lookup, thread_keys
from flaggermail.matching.placing import Sender
from flaggermail.record.kinds import Kind, PersonBasis
from flaggermail.record.rows import Notification, StoredMessage
from flaggermail.rules import classifier
from flaggermail.rules.classifier import Classification, Context
from flaggermail.services import UnitOfWork

_UNSURE = frozenset({Kind.UNKNOWN, Kind.NOISE})


def as_written_by(work: UnitOfWork, filed: StoredMessage, mail: Message) -> StoredMessage | None:
    """Returns the row of a platform's mail as the rules judge it if `mail.kind` is true; None if no platform wrote it.

    A person's mail that no rule knows is a sign of receipt.
    """
    sender = lookup.sender_of(work, mail)
    if sender.platform is None:
        return None
    found = _found(work, filed, mail, sender)
    kinds = (Kind.PLATFORM_ACK,) if _UNSURE.issuperset(found.kinds) else found.kinds
    return replace(filed, kinds=kinds, automatic=mail.kind is MechanicalKind.AUTO_REPLY, priority=found.priority)


def in_its_place(work: UnitOfWork, filed: StoredMessage, mail: Message) -> StoredMessage:
    """Returns the row of a mail filed in a case, `mail` as parsed, with the kinds that it has there.

    Without a rule that knows it, it keeps the kinds it had; with none of those either, an answer to a notification is
    a sign of receipt.
    """
    known = () if _UNSURE.issuperset(filed.kinds) else filed.kinds
    if filed.corrected_by is not None and known:
        return filed
    sender = lookup.sender_of(work, mail)
    if sender.platform is None:
        return replace(filed, kinds=known or (Kind.UNKNOWN,))
    mail = lookup.without_ours(work, mail, sender.platform)
    found = _found(work, filed, mail, sender)
    if _UNSURE.issuperset(found.kinds):
        return replace(filed, kinds=known or ((Kind.PLATFORM_ACK,) if filed.notification else (Kind.UNKNOWN,)))
    return replace(
        filed,
        kinds=found.kinds,
        rule=found.rule,
        ruleset=work.env.settings.rules.version,
        automatic=mail.kind is MechanicalKind.AUTO_REPLY,
        person_basis=PersonBasis.COMMENT if mail.comment and mail.kind is MechanicalKind.HUMAN else None,
        platform_references=thread_keys.merged(found.references, filed.platform_references),
        priority=found.priority,
        labels=found.labels,
    )


def _found(work: UnitOfWork, filed: StoredMessage, mail: Message, sender: Sender) -> Classification:
    read = replace(mail, vouched=Verdict(filed.verdict, filed.verdict_basis))
    rules = work.env.settings.rules
    return classifier.classify(read, _context(work, filed, read, sender), rules, work.env.matcher.find)


def _context(work: UnitOfWork, filed: StoredMessage, mail: Message, sender: Sender) -> Context:
    answered = work.tx.get(Notification, filed.notification) if filed.notification else None
    since = filed.received_at - answered.sent_at if answered is not None and answered.sent_at is not None else None
    return Context(
        platform=sender.platform,
        from_officer=sender.officer is not None,
        placed=True,
        channel=answered.channel if answered else None,
        minutes=max(0, int(since.total_seconds()) // 60) if since is not None else None,
        verdict=filed.verdict,
        period=elections.election_of(work, mail) is not None,
        declined_before=declining.declined_before(work, mail),
    )

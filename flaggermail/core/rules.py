# SPDX-License-Identifier: EUPL-1.2
"""What a message means for the desk: ordered rules, the first that matches wins, and says why.

No rule can send to a platform, record an outcome or drop a message: there is no word for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from flaggermail.core.message import MechanicalKind, Message


class Kind(StrEnum):
    """What a message is for the desk."""

    REFERRAL = "referral"
    PLATFORM_ACK = "platform_ack"
    SUBSTANTIVE_REPLY = "substantive_reply"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    DELIVERED = "delivered"
    FEEDBACK_REPORT = "feedback_report"
    CITIZEN_REPORT = "citizen_report"
    NOISE = "noise"
    UNKNOWN = "unknown"
    OFFICER_REPLY = "officer_reply"
    NOTIFICATION = "notification"
    DECLINE = "decline"
    INTAKE_CONFIRMATION = "intake_confirmation"
    INFORMATION_REQUEST = "information_request"
    DECISION_NOTICE = "decision_notice"
    FOLLOW_UP = "follow_up"
    APPROVAL_REQUEST = "approval_request"
    OFFICER_NOTICE = "officer_notice"
    REPLY_ANSWER = "reply_answer"
    DIGEST = "digest"
    CONTACT_NOTE = "contact_note"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class When:
    """The conditions of a rule; all that are given must hold. Word lists and patterns: one hit is enough."""

    mechanical: frozenset[MechanicalKind] = frozenset()
    sender_list: str | None = None  # name of a domain list
    from_platform: bool | None = None
    from_officer: bool | None = None
    forwarded: bool | None = None
    has_attachment: bool | None = None
    placed: bool | None = None
    verified: bool | None = None
    declined_before: bool | None = None
    subject: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    reply: tuple[str, ...] = ()
    not_body: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `place` is file:line of its name."""

    name: str
    place: str
    when: When
    kinds: tuple[Kind, ...]
    source: str | None = None
    case_type: str | None = None
    template: str | None = None  # intake_confirmation | decline
    reference: str | None = None  # pattern whose match is the platform's own reference


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules in order, and the domain lists they name (a domain stands for its sub-domains too)."""

    rules: tuple[Rule, ...]
    lists: Mapping[str, frozenset[str]]
    version: str = ""  # sha256 of the files


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a message beside itself."""

    from_platform: bool = False
    from_officer: bool = False
    placed: bool = False
    verified: bool = False
    declined_before: bool = False


@dataclass(frozen=True, slots=True)
class Classification:
    """The outcome: kinds, which rule said so, and what it matched."""

    kinds: tuple[Kind, ...]
    rule: str | None
    trace: tuple[str, ...]
    source: str | None = None
    case_type: str | None = None
    template: str | None = None
    references: tuple[str, ...] = ()


Search = Callable[[str, str], str | None]
_MOST_REFERENCES, _READ = (
    20,
    20_000,
)  # hits, characters: more than any receipt has, and a bound for mail made of numbers


def in_domains(domain: str, domains: frozenset[str]) -> bool:
    """Whether `domain` is one of `domains` or below one of them."""
    labels = domain.lower().split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels)))


def classify(message: Message, context: Context, rules: RuleSet, search: Search) -> Classification:
    """The first rule whose conditions all hold; `unknown` when none does."""
    for rule in rules.rules:
        trace = _matches(message, context, rule.when, rules, search)
        if trace is not None:
            found = search(rule.reference, _read(message)) if rule.reference else None
            return Classification(
                rule.kinds, f"{rule.place} {rule.name}", trace, rule.source, rule.case_type, rule.template,
                (found,) if found else (),
            )  # fmt: skip
    return Classification((Kind.UNKNOWN,), None, ("no rule matched",))


def references(message: Message, rules: RuleSet, search: Search) -> tuple[str, ...]:
    """What any rule would take for a platform's own reference, in subject and text; the first twenty of a pattern."""
    patterns = dict.fromkeys(rule.reference for rule in rules.rules if rule.reference)
    return tuple(dict.fromkeys(found for pattern in patterns for found in _all(pattern, _read(message), search)))


def _read(message: Message) -> str:
    return f"{message.subject or ''}\n{message.text[:_READ]}"


def _all(pattern: str, text: str, search: Search) -> Iterator[str]:
    rest = text
    for _ in range(_MOST_REFERENCES):
        found = search(pattern, rest)
        if not found:
            return
        yield found
        rest = rest[rest.find(found) + len(found) :]


def _matches(message: Message, context: Context, when: When, rules: RuleSet, search: Search) -> tuple[str, ...] | None:
    """What matched, or nothing when a condition does not hold."""
    trace: list[str] = []
    if when.mechanical:
        if message.kind not in when.mechanical:
            return None
        trace.append(f"mechanical kind is {message.kind}")
    facts = (
        ("from a platform", when.from_platform, context.from_platform),
        ("from an officer", when.from_officer, context.from_officer),
        ("is a forward", when.forwarded, message.forwarded is not None),
        ("has an attachment", when.has_attachment, bool(message.attachments)),
        ("belongs to a case", when.placed, context.placed),
        ("sender verified", when.verified, context.verified),
        ("sender was declined in this period", when.declined_before, context.declined_before),
    )
    for name, wanted, found in facts:
        if wanted is not None:
            if wanted != found:
                return None
            trace.append(name if found else f"not: {name}")
    if when.sender_list is not None:
        domain = message.sender.domain if message.sender else ""
        if not in_domains(domain, rules.lists.get(when.sender_list, frozenset())):
            return None
        trace.append(f"{domain} is on the list {when.sender_list}")
    return _words(message, when, search, trace)


def _words(message: Message, when: When, search: Search, trace: list[str]) -> tuple[str, ...] | None:
    places = (
        ("subject", when.subject, message.subject or ""),
        ("body", when.body, message.text),
        ("reply", when.reply, message.reply_text),
    )
    for name, patterns, text in places:
        if patterns:
            hit = next((found for pattern in patterns if (found := search(pattern, text))), None)
            if hit is None:
                return None
            trace.append(f"{name} has {hit!r}")
    if any(search(pattern, message.text) for pattern in when.not_body):
        return None
    return tuple(trace) or ("no condition",)

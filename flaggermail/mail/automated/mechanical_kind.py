# SPDX-License-Identifier: EUPL-1.2
"""Decides the mechanical kind of a mail by structure, headers and origin; by its text only if a machine wrote it.

People quote bounces, forward them, and mention that they are out of the office. So a text alone never makes a bounce,
and an out-of-office reply counts only if it says nothing else (mail.automated.out_of_office).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flaggermail.mail.automated.evidence import KindEvidence, begins
from flaggermail.mail.automated.out_of_office import (
    OwnText,
    confirms,
    is_absence,
    is_mostly_absence,
    is_personal,
    mentions_absence,
    own_text,
)
from flaggermail.mail.message import MechanicalKind, Message
from flaggermail.mail.reply_tokens import LOOP_HEADER
from flaggermail.mail.subject import split_subject
from flaggermail.mail.vocabulary import Language, folded

# Fields that only an autoresponder writes. A value that denies it ("no") is respected.
_AUTORESPONDER_FIELDS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply",
    "x-auto-respond",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-vacation",
    "x-amazon-auto-reply",
    "x-list-administrivia",
)
_SENTENCE = re.compile(r"\n|(?<=[.!]) ")
_DENIALS = frozenset({"no", "none", "false", "0", ""})
_LIST_FIELDS = ("list-id", "list-post", "list-unsubscribe", "mailing-list")  # RFC 2919, RFC 2369
_LIST_SOFTWARE = ("x-mlserver", "x-ml-name", "mailing-list", "x-mailman-version", "x-sympa-to")
_LIST_ROLES = ("-admin", "-owner", "-request", "-ctl", "-help", "-return")
# Fields that only a mail server writes, in a report of its own.
_REPORT_FIELDS = (
    "x-ms-embedded-report",
    "x-ms-exchange-message-is-ndr",
    "x-report-type",
    "x-mddsn-message",
    "x-sef-processed",
)
_ABUSE_FIELDS = ("x-arf", "x-xarf", "feedback-type")
_COMPLAINT_FIELDS = ("x-hmxmroriginalrecipient",)  # in a mail that a provider returns after a complaint


_EVENTS = {
    "bounce": MechanicalKind.BOUNCE,
    "delay": MechanicalKind.BOUNCE,
    "complaint": MechanicalKind.FEEDBACK_REPORT,
    "delivery": MechanicalKind.DELIVERED,
}


def mechanical_kind(signs: KindEvidence, language: Language) -> MechanicalKind:
    """Checks in this order: complaint, delivery report, other bounce, declared automatic, then subject and text."""
    if signs.published:
        return _EVENTS[signs.published]
    if not _is_passed_on(signs, language) and (reported := _reported(signs)) is not None:
        return reported
    declared = _declared_automatic(signs.fields)
    if declared is not False and _is_bounce(signs, language, declared=bool(declared)):
        return MechanicalKind.BOUNCE
    if declared is None:
        declared = _seems_automatic(signs, language)
    return MechanicalKind.AUTO_REPLY if declared else MechanicalKind.HUMAN


def answerable(message: Message, ours: str) -> bool:
    """True if it may get an automatic answer (RFC 3834): from a person, not via a list, not from `ours` or looping."""
    many = (message.header("precedence") or "").strip().lower() in {"list", "bulk", "junk"}
    many = many or any(message.header(name) is not None for name in _LIST_FIELDS)
    own = message.sender is None or message.sender.key == ours.lower() or message.header(LOOP_HEADER) is not None
    return message.kind is MechanicalKind.HUMAN and not (many or own)


def _reported(signs: KindEvidence) -> MechanicalKind | None:
    """Returns the kind given by the structure of the mail, or None."""
    if _is_complaint(signs):
        return MechanicalKind.FEEDBACK_REPORT
    if signs.report is not None and (signs.report.recipients or signs.report_type == "delivery-status"):
        delivered = signs.report.outcome == "delivered"
        return MechanicalKind.DELIVERED if delivered else MechanicalKind.BOUNCE
    if signs.report_type == "disposition-notification" or (signs.disposition and not signs.report_type):
        # A receipt. The mail filter of a recipient who refuses a mail also writes one (RFC 5429, section 2.1.1).
        refused = signs.disposition.startswith("automatic-action") and "deleted" in signs.disposition
        return MechanicalKind.BOUNCE if refused else MechanicalKind.AUTO_REPLY
    return None


def _is_passed_on(signs: KindEvidence, language: Language) -> bool:
    """True if a person replies to or forwards a report with its parts, as some programs do: it is not a new report."""
    own = signs.types[0] == "multipart/report" or signs.null_path or signs.local in signs.words.daemon_addresses
    return not own and split_subject(signs.subject, language).first is not None


def _is_complaint(signs: KindEvidence) -> bool:
    """True for a report of RFC 5965, one of its predecessors, or a bare mail that somebody complained about."""
    if signs.report_type == "feedback-report" or "message/feedback-report" in signs.types:
        return True
    marked = any(signs.fields.get(name, "no").strip().lower() not in _DENIALS for name in _ABUSE_FIELDS)
    return marked or (not signs.text.strip() and any(name in signs.returned for name in _COMPLAINT_FIELDS))


def _declared_automatic(fields: Mapping[str, str]) -> bool | None:
    """Returns the mail's own claim: Auto-Submitted (RFC 3834, section 5), Precedence, or autoresponder fields."""
    if "auto-submitted" in fields:
        word = fields["auto-submitted"].strip().lower().partition(";")[0].partition(" ")[0].partition("(")[0]
        # A mailbox's rule forwards what persons wrote; only what it passes on says what that is.
        if word != "auto-forwarded":
            return word != "no" and bool(word)
    if fields.get("precedence", "").strip().lower() in {"auto_reply", "auto-reply"}:
        return True
    if any(fields[name].strip().lower() not in _DENIALS for name in _AUTORESPONDER_FIELDS if name in fields):
        return True
    named = fields.get("x-autogenerated", "").strip().lower() == "reply" or "vacation" in fields.get(
        "x-apple-action", ""
    )
    return True if named or fields.get("delivered-to", "").strip().lower() == "autoresponder" else None


def _is_bounce(signs: KindEvidence, language: Language, *, declared: bool) -> bool:
    """True for a bounce without a report of RFC 3464: sent by a machine, and its subject or first lines say so.

    An empty return path is never enough alone: autoresponders use one as well (RFC 3834, section 3.3).
    """
    words, fields = signs.words, signs.fields
    daemon = signs.local in words.daemon_addresses or "x-failed-recipients" in fields
    if daemon or (signs.report_type == "delivery-status" and not _is_passed_on(signs, language)):
        return True
    if any(address.key.rpartition("@")[0].partition("+")[0].endswith(words.list_addresses) for address in signs.to):
        return signs.reports_failure  # people do not write to the bounce address of a mailing list
    if _from_list(fields) and signs.local not in words.system_addresses:
        return False
    if _system_reports_failure(signs, language) or _has_written_report(signs, language):
        return True
    if declared:
        return signs.coded
    if signs.null_path:
        # An autoresponder says what it is, and quotes our mail as a bounce does.
        return signs.coded or (signs.tells_failure and not _seems_automatic(signs, language))
    # A platform's robot also writes "the account does not exist", above our own mail.
    robot = signs.local in words.robot_addresses
    return robot and signs.proven and signs.notice.says_so and (signs.coded or bool(signs.notice.recipients))


def _has_written_report(signs: KindEvidence, language: Language) -> bool:
    """True for a report of RFC 3464 as plain text, unless a person passes it on or writes about it."""
    if signs.written is None or _is_passed_on(signs, language):
        return False
    return signs.null_path or (signs.reports_failure and not _is_signed(signs.text, language))


def _system_reports_failure(signs: KindEvidence, language: Language) -> bool:
    """True if a mail system or list software reports a failure, not a person who writes from its address and signs."""
    if _is_from_system(signs) and not _is_signed(signs.text, language):
        return signs.proven or (signs.notice.says_so and bool(signs.notice.recipients))
    if signs.local.endswith(_LIST_ROLES) and any(name in signs.fields for name in _LIST_SOFTWARE):
        return signs.reports_failure or bool(signs.notice.returned)
    return any(name in signs.fields for name in _REPORT_FIELDS) and signs.proven


def _is_from_system(signs: KindEvidence) -> bool:
    """True if the author is a mail system: by its name, its role (RFC 2142), or the lack of an address."""
    words, author = signs.words, signs.fields.get("from", "")
    if signs.local in words.system_addresses or signs.sender is None or "<>" in author:
        return True
    if "@" not in signs.sender.address:
        return True
    name = folded(signs.sender.name or "")
    return name.startswith(words.system_names) or any(
        signs.local.endswith(f"_{role}") for role in words.system_addresses if "_" in role
    )


def _is_signed(text: str, language: Language) -> bool:
    """True if a closing ("kind regards") occurs before any quotation, as in a person's mail."""
    for line in text[:4000].split("\n"):
        if line.lstrip().startswith(">"):
            return False
        if folded(line).rstrip(",.!") in language.closings:
            return True
    return False


def _seems_automatic(signs: KindEvidence, language: Language) -> bool:
    """True for an automatic reply that declares nothing, by its text alone or by two weaker signs.

    A word in the subject is weak: "Auto: ..." may be about a car. It needs typical words in the text, a machine as the
    sender, or a mail that it answers.
    """
    words, first = signs.words, split_subject(signs.subject, language).first
    if first == "forward":
        return False
    own = own_text(signs.text, language)
    if is_absence(own, language):
        return True
    by_name = begins(signs.subject, words.automatic_subjects)
    by_topic = begins(signs.subject, words.absence_subjects)
    named = bool(by_name or by_topic) or _contains_phrase(signs.subject, words.absence_subjects)
    made = _is_from_robot(signs)
    if not (named or made):
        return False
    typical = _has_robot_line(own, language) or (confirms(own, language) and (named or signs.null_path))
    if not named:
        answers = signs.null_path and (signs.answers or first == "reply")
        return typical or (answers and not is_personal(own, language))
    return _is_named(signs, own, language, typical=typical or made, whole="whole" in {by_name, by_topic}) or (
        by_name == "whole" and (typical or made or is_mostly_absence(own, language))
    )


def _is_named(signs: KindEvidence, own: OwnText, language: Language, *, typical: bool, whole: bool) -> bool:
    """True if the text supports the subject's word of an automatic answer. `whole`: the word is all before a colon."""
    if is_personal(own, language):
        return False
    if is_mostly_absence(own, language):
        return True
    if whole:
        return typical or signs.answers or _named_twice(signs)
    return (typical or signs.answers) and mentions_absence(own, language)


def _named_twice(signs: KindEvidence) -> bool:
    """True if the subject has a word of an automatic answer and one of an absence: "AUTO: Jan is out of the office"."""
    behind = signs.subject.partition(":")[2]
    return bool(begins(behind, signs.words.absence_subjects)) or _contains_phrase(behind, signs.words.absence_subjects)


def _is_from_robot(signs: KindEvidence) -> bool:
    fields = signs.fields
    suppresses = "all" in fields.get("x-auto-response-suppress", "").lower()
    many = fields.get("precedence", "").strip().lower() in {"bulk", "junk"}
    return signs.local in signs.words.robot_addresses or suppresses or many or signs.null_path


def _has_robot_line(own: OwnText, language: Language) -> bool:
    lines = _SENTENCE.split(own.text)
    return any(folded(line).lstrip("*-=#([ ").startswith(language.machines.robot_lines) for line in lines)


def _from_list(fields: Mapping[str, str]) -> bool:
    return any(name in fields for name in _LIST_FIELDS)


def _contains_phrase(subject: str, phrases: Sequence[str]) -> bool:
    """True if a longer phrase occurs in a subject without a prefix: "Anna de Wit is out of the office"."""
    plain = folded(subject[:200])
    return ":" not in plain.partition(" ")[0] and any(f" {phrase}" in plain for phrase in phrases if " " in phrase)

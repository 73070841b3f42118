# SPDX-License-Identifier: EUPL-1.2
"""How much attention a mail gets that no person seems to have written for the desk.

What answers nothing of ours is told, whatever machine sent it: a secure-mail notice, a share of a file and a mention
carry a person's message. Silent is only what is seen, by its header and by its text, to be an absence, a receipt or a
report; the list of the next morning names mailings and colleagues' calendars. Word lists here make a mail heard, or
name what it is. None of them silences a mail alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum

from flaggermail.cases.checklist import ADDRESS, is_evidence
from flaggermail.mail.automated.evidence import begins
from flaggermail.mail.automated.mechanical_kind import answers_by_header, is_robot
from flaggermail.mail.automated.out_of_office import OwnText, confirms, is_mostly_absence, own_text
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import MechanicalKind, Message, NoReceipt
from flaggermail.mail.reply_tokens import in_message as tokens_in
from flaggermail.mail.vocabulary import Language, folded
from flaggermail.wording.filing import FilingReason
from flaggermail.wording.said import UNSAID, StoredText

_READ = 20_000  # characters in which names are looked for
_HOST = re.compile(r"(?<![\w.-])(?:[\w.+-]{1,64}@)?((?:[\w-]{1,63}\.){1,5}[a-z]{2,24})(?![\w-])", re.IGNORECASE)
_MAILBOX = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}(?![\w-])", re.IGNORECASE)
_CALENDAR = ("text/calendar", "application/ics")
_OPENED = frozenset({NoReceipt.READ, NoReceipt.UNREAD, NoReceipt.HANDLED})
_REPORTS = frozenset({MechanicalKind.DELIVERED, MechanicalKind.FEEDBACK_REPORT})
_BULK = frozenset({"bulk", "list"})
_BULK_FIELDS = ("list-unsubscribe", "feedback-id", "list-id")
_EVENT = "begin:vcalendar"  # RFC 5545, section 3.4
_FEW = 10  # words
_RULE = re.compile(r"_{10,}|-{20,}")


class Attention(StrEnum):
    """How much a mail gets that no person seems to have written for the desk."""

    NONE = "none"  # an absence, a receipt, a report
    LISTED = "listed"  # in the list of the next morning
    TOLD = "told"  # it waits, and the officer on call is told


def attention(message: Message, ours: Collection[str], language: Language, *, known: bool) -> Attention:
    """Returns what a machine's mail gets, or one that the rules call noise.

    `known`: somebody on a list, proven, wrote it to the desk. `ours`: our addresses, in lower case.
    """
    own = own_text(message.text, language)
    if message.kind is MechanicalKind.BOUNCE:  # told by itself if it is about no mail of ours
        return Attention.NONE
    if message.kind in _REPORTS:
        reports = language.machines.report_lines.search(own.small) is not None or not own.small.strip()
        return Attention.TOLD if _speaks(message, own, ours, language) or not reports else Attention.NONE
    if message.kind is MechanicalKind.AUTO_REPLY:
        return _of_automatic(message, own, ours, language)
    pressed = bool(begins(message.subject or "", language.machines.pressed_subjects))
    speaks = _speaks(message, own, ours, language, quotes=pressed)
    if _has_calendar(message) or pressed:
        expected = known or ((pressed or _answers(message, language)) and "://" not in own.small)
        quiet = expected and not speaks and _says_little(message, own, language)
    else:
        speaks = known and _speaks(message, own, ours, language, words=2)
        quiet = not speaks and _is_mailing(message, language) and not _is_from_somebody(message, ours, language)
    return Attention.LISTED if quiet else Attention.TOLD


def carrier(message: Message, ours: Collection[str], language: Language, *, noise: bool) -> StoredText:
    """Returns who has something passed on by which service, if the mail looks so or is noise; else nothing."""
    sender, words = message.sender, language.machines
    if sender is None:
        return UNSAID
    small = folded(f"{message.subject or ''}\n{message.text[:_READ]}")
    robot = is_robot(message, language) or words.company.search(folded(sender.name or "")) is not None
    if message.kind is MechanicalKind.HUMAN and not noise and not (robot and words.shared_lines.search(small)):
        return UNSAID
    service, people = sender.name or sender.domain, _others(message, ours)
    if people:
        return FilingReason.PASSED_ON(person=people[0], service=service)
    return FilingReason.BY_MACHINE(service=service)


def names_any(message: Message, ours: Collection[str], listed: frozenset[str]) -> bool:
    """True if one of these domains, or an address below one, is anywhere in a mail."""
    hosts = (found[1] for found in _HOST.finditer(_everything(message, ours)))
    return any(in_domains(host, listed) for host in hosts)


def _of_automatic(message: Message, own: OwnText, ours: Collection[str], language: Language) -> Attention:
    """Returns what a mail gets that is automatic by its header or its text."""
    away, answers = is_mostly_absence(own, language), _answers(message, language)
    passes_on = language.machines.shared_lines.search(own.small) is not None or _links_elsewhere(message, own)
    if passes_on or _speaks(message, own, ours, language, words=2 if away and answers else 1):
        return Attention.TOLD
    if message.no_receipt in _OPENED:
        return Attention.NONE if _says_little(message, own, language) else Attention.TOLD
    if answers and tokens_in(message):  # of ours
        return Attention.NONE
    if away or confirms(own, language):
        return Attention.NONE if answers else Attention.LISTED
    return Attention.TOLD


def _answers(message: Message, language: Language) -> bool:
    """True if its header says that it answers a mail, or that nothing can be returned to it."""
    nowhere = (message.header("return-path") or "-").replace(" ", "") == "<>"
    return nowhere or answers_by_header(message, language)


def _speaks(
    message: Message, own: OwnText, ours: Collection[str], language: Language, *, quotes: bool = True, words: int = 1
) -> bool:
    """True if it holds what a person refers: words on the matter, evidence, or a mail.

    `quotes`: its subject, and what stands behind a label in its text, is that of the mail it answers. `words`: so many
    different ones on the matter; who is away for the election names it too.
    """
    report = message.kind in _REPORTS or message.no_receipt in _OPENED
    inner = message.forwarded
    passes_on = inner is not None and (inner.sender is None or inner.sender.key not in ours)
    if not report and (passes_on or any(map(is_evidence, message.attachments))):
        return True
    said, subject = own.small, folded(message.subject or "")
    if quotes:
        lines = (line for line in said.split("\n") if line.partition(":")[0].strip() not in language.labels)
        said = "\n".join(lines).replace(subject.partition(":")[2].strip() or "\n\n", " ")
    else:
        said = f"{subject}\n{said}"
    return len({found.group() for found in language.machines.matter_words.finditer(said)}) >= words


def _links_elsewhere(message: Message, own: OwnText) -> bool:
    """True for a web address in another domain than the sender's."""
    home = message.sender.domain if message.sender else ""
    hosts = ((hit[1] or hit[2]).lower().strip(".") for hit in ADDRESS.finditer(own.small))
    return any(host and not _related(host, home) for host in hosts)


def _says_little(message: Message, own: OwnText, language: Language) -> bool:
    """True for hardly a word of one's own, or the words that a mail program writes; a line parts off how to join."""
    words = _RULE.split(own.small)[0] if _has_calendar(message) else own.small
    if words.startswith(_EVENT):
        words = words.partition("description")[2].partition("\n")[0]
    return len(words.split()) <= _FEW or language.machines.pressed_lines.search(words) is not None


def _has_calendar(message: Message) -> bool:
    if (message.header("content-type") or "").lower().startswith(_CALENDAR):
        return True
    parts = (f"{part.content_type} {part.filename or ''}".lower() for part in message.attachments)
    return any(part.startswith(_CALENDAR) or part.endswith(".ics") for part in parts)


def _is_mailing(message: Message, language: Language) -> bool:
    """True if its text says how to leave it, and header or subject that it goes to many.

    One alone is found in a share of a file, and in a referral.
    """
    words = language.machines
    bulk = (message.header("precedence") or "").strip().lower() in _BULK or any(map(message.header, _BULK_FIELDS))
    many = bulk or folded(message.subject or "").startswith(words.mailing_subjects)
    return many and words.mailing_lines.search(folded(f"{message.text}\n{message.html_text}")) is not None


def _is_from_somebody(message: Message, ours: Collection[str], language: Language) -> bool:
    """True if a mailing looks as though one person had it sent to the desk, or points at a post."""
    words, sender = language.machines, message.sender
    if message.forwarded is not None or any(map(is_evidence, message.attachments)) or _others(message, ours):
        return True
    if sender is not None and words.company.search(folded(sender.name or "")):
        return True
    said = folded(f"{message.subject or ''}\n{message.text[:_READ]}")
    return words.shared_lines.search(said) is not None or any(path in said for path in words.post_paths)


def _others(message: Message, ours: Collection[str]) -> list[str]:
    """Returns the mail addresses in it that are neither ours nor of its sender's domain, as they stand."""
    home = message.sender.domain if message.sender else ""
    found = dict.fromkeys(hit.group() for hit in _MAILBOX.finditer(_everything(message, ours)))
    return [one for one in found if not _related(one.rpartition("@")[2].lower(), home)]


def _everything(message: Message, ours: Collection[str]) -> str:
    """Returns names, addresses, subject and text, without our own addresses, with a detail or not (RFC 5233)."""
    people = (f"{one.name or ''} {one.address}" for one in (*message.from_, *message.reply_to))
    files = (part.filename or "" for part in message.attachments)
    whole = " \n".join((*people, *files, message.subject or "", message.text[:_READ]))
    local = "|".join(re.escape(one).replace("@", r"(?:\+[\w.-]+)?@", 1) for one in ours) or r"(?!)"
    return re.sub(rf"(?<![\w.+-])(?:{local})", " ", whole, flags=re.IGNORECASE)


def _related(one: str, other: str) -> bool:
    """True if two domains share their last two labels: all that is known here of who owns them."""
    return one.split(".")[-2:] == other.split(".")[-2:]

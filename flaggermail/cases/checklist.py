# SPDX-License-Identifier: EUPL-1.2
"""What a referral lacks: own attempts, a screenshot, a link, a phone number.

It is advice to an officer, so matching is lenient: anything that resembles an item counts as given.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from flaggermail.mail.addresses import in_domains
from flaggermail.mail.message import Attachment, Message
from flaggermail.record.case_values import CaseType, Item
from flaggermail.settings.intake_words import READ, IntakeWords, found

SPOKEN: Mapping[Item, str] = {
    Item.ATTEMPTS: "own attempts",
    Item.SCREENSHOT: "a screenshot",
    Item.LINK: "where it can be seen",
    Item.CONTACT: "a phone number",
}

ADDRESS = re.compile(
    r"(?:https?://|(?<![\w.@-])www\.)([\w.-]+)|(?<![\w.@/-])((?:[a-z0-9-]+\.)+[a-z]{2,})/", re.IGNORECASE
)
_SENTENCE = re.compile(r"[!?]|(?<!\d)\.|\.(?!\d)|\n{2,}")
_INSTANT = re.compile(r"(?<![\d./:-])\d{1,2}(?:[.:]\d{2}|[/-]\d{1,2})(?![\d:])")  # a time of day, or day and month
HANDLE = re.compile(r"(?<![\w.@/])@\w[\w.]{2,}")
_DATE = re.compile(r"\b\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b")
_NUMBER = re.compile(r"(?<![\w+])(?:\+|00)?\(?\d(?:[ .()/-]{0,2}\d){8,14}(?!\w)")
_NATIONAL, _COMPARED = 10, 9  # digits of a number that begins with 0; trailing digits compared between two numbers
_LOGO = re.compile(r"image\d{3}\.(?:png|gif|jpe?g)", re.IGNORECASE)  # Outlook's names for pictures in a signature
_LOGO_OCTETS = 10_000  # octets; a picture with such a name below this size is a logo
_NOT_EVIDENCE = frozenset({  # attachment types that are no evidence
    "message/rfc822", "application/vnd.ms-outlook", "application/ms-tnef", "text/calendar", "text/vcard",
    "text/x-vcard", "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature",
    "application/pgp-keys",
})  # fmt: skip


def missing(
    mails: Sequence[Message], words: IntakeWords, case_type: CaseType, ours: Collection[str] = ()
) -> tuple[Item, ...]:
    """Returns the items missing from all of `mails`, which come from one referrer.

    `ours` are the desk's phone numbers, which the referrer may quote.
    """
    wanted = (Item.CONTACT,) if case_type == CaseType.GENERAL_WARNING else tuple(Item)
    given = {item for mail in mails for item in wanted if _contains(mail, item, words, ours)}
    return tuple(item for item in wanted if item not in given)


def attempts_told(mails: Sequence[Message], words: IntakeWords) -> int:
    """Returns how many own attempts the mails date: the instants in sentences about one; a hint to an officer."""
    sentences = [part for mail in mails for part in _SENTENCE.split(_written(mail))]
    return sum(len(_INSTANT.findall(one)) for one in sentences if found(words.attempts, one) is not None)


def _contains(mail: Message, item: Item, words: IntakeWords, ours: Collection[str]) -> bool:
    match item:
        case Item.ATTEMPTS:
            return found(words.attempts, _written(mail)) is not None
        case Item.SCREENSHOT:
            return any(map(_is_evidence, mail.attachments))
        case Item.LINK:
            return _has_link(mail, words)
        case Item.CONTACT:
            return bool(numbers_in(mail.text[:READ], ours))


def _written(mail: Message) -> str:
    """Returns what the referrer wrote and forwarded, without quoted text: that is our own question to them."""
    return f"{mail.reply_text[:READ]}\n{mail.forwarded.body[:READ] if mail.forwarded else ''}"


def _is_evidence(attachment: Attachment) -> bool:
    logo = attachment.size < _LOGO_OCTETS and _LOGO.fullmatch(attachment.filename or "") is not None
    return not logo and attachment.content_type.lower() not in _NOT_EVIDENCE


def _has_link(mail: Message, words: IntakeWords) -> bool:
    """True if a web address, an account or a place in words is named.

    The sender's own domain is ignored: it occurs in signatures.
    """
    text = _written(mail)
    own = frozenset({mail.sender.domain} if mail.sender else ())
    written = text.split()  # neither an address nor an account has white space, and few words look like one
    addresses = (word for word in written if "/" in word or "www." in word.lower())
    hits = chain.from_iterable(map(ADDRESS.finditer, addresses))
    hosts = ((hit[1] or hit[2]).lower().strip(".").removeprefix("www.") for hit in hits)
    named = any(host and not in_domains(host, own) for host in hosts)
    account = any("@" in word and HANDLE.search(word) is not None for word in written)
    return named or account or found(words.places, text) is not None


def numbers_in(text: str, ours: Collection[str] = ()) -> tuple[str, ...]:
    """Returns the telephone numbers in a text as written, without those of the desk, `ours`."""
    known = {_digits(number)[-_COMPARED:] for number in ours}
    hits = (hit.group().strip() for hit in _NUMBER.finditer(_DATE.sub(" ", text)))
    return tuple(hit for hit in hits if _is_number(hit) and _digits(hit)[-_COMPARED:] not in known)


def _is_number(written: str) -> bool:
    digits = _digits(written)
    return written.startswith(("+", "00")) or (digits.startswith("0") and len(digits) == _NATIONAL)


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())

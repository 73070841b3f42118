# SPDX-License-Identifier: EUPL-1.2
"""What a referral lacks: own attempts, a screenshot, a link, a phone number.

It is advice to an officer, so matching is lenient: anything that resembles an item counts as given.

Which platforms a text names, by their own names and those of their services; a hint to an officer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import Attachment, Message
from flaggermail.mail.vocabulary import may_hold
from flaggermail.record.case_values import CaseType, Item
from flaggermail.settings.reply_words import READ, IntakeWords, found

ADDRESS = re.compile(
    r"(?:https?://|(?<![\w.@-])www\.)([\w.-]+)|(?<![\w.@/-])((?:[a-z0-9-]+\.)+[a-z]{2,})/", re.IGNORECASE
)
_SENTENCE = re.compile(r"[!?]|(?<!\d)\.|\.(?!\d)|\n{2,}")
_INSTANT = re.compile(r"(?<![\d./:-])\d{1,2}(?:[.:]\d{2}|[/-]\d{1,2})(?![\d:])")  # a time of day, or day and month
_NAMED = re.compile(r"\s{1,2}(?:(?:van|of|genaamd|called|named)\s)?(?:[\"'\u2018\u201c@]\w|[A-Z])")  # behind a holder
HANDLE = re.compile(r"(?<![\w.@/])@\w[\w.]{2,}")
_NO_DIGITS = re.compile(r"\D+")
_COMPARED = 9  # trailing digits compared between two telephone numbers
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
    return sum(len(_INSTANT.findall(one)) for one in sentences if words.attempted(one))


def _contains(mail: Message, item: Item, words: IntakeWords, ours: Collection[str]) -> bool:
    match item:
        case Item.ATTEMPTS:
            text = _written(mail)
            return words.may_tell(text) and any(map(words.attempted, _SENTENCE.split(text)))
        case Item.SCREENSHOT:
            return any(map(is_evidence, mail.attachments))
        case Item.LINK:
            return _has_link(mail, words)
        case Item.CONTACT:
            return bool(others(mail.phones, ours))


def _written(mail: Message) -> str:
    """Returns what the referrer wrote and forwarded, without quoted text: that is our own question to them."""
    return f"{mail.reply_text[:READ]}\n{mail.forwarded.body[:READ] if mail.forwarded else ''}"


def is_evidence(attachment: Attachment) -> bool:
    """True unless it is a logo, a signature, a calendar or a mail."""
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
    if named or any("@" in word and HANDLE.search(word) is not None for word in written):
        return True
    holder = any(_NAMED.match(text, hit.end()) for hit in words.holders.pattern.finditer(text.lower()))
    return holder or found(words.places, text) is not None


def others(numbers: Collection[str], ours: Collection[str]) -> tuple[str, ...]:
    """Returns the telephone numbers without those of the desk, `ours`, however they are written."""
    known = set(map(_compared, ours))
    return tuple(number for number in numbers if _compared(number) not in known)


def _compared(number: str) -> str:
    return _NO_DIGITS.sub("", number)[-_COMPARED:]


# ---- the platforms that a text names


_READ = 20_000  # characters
_SHORT = 2  # letters up to which a name counts only as it is written: "X"
_COMPOUND = 6  # letters from which a name may begin a longer word: "Instagramaccount"


def named(text: str, names: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Returns the codes of the platforms of which `text` has one of the `names`, the one named first first."""
    read = text[:_READ]
    places = {
        code: min((at for name in of if (at := _place_of(name, read)) >= 0), default=-1) for code, of in names.items()
    }
    return tuple(sorted((code for code, at in places.items() if at >= 0), key=lambda code: places[code]))


def _place_of(name: str, text: str) -> int:
    if not may_hold(text, name):
        return -1
    end = "" if len(name) >= _COMPOUND else r"(?![\w-])"
    found = re.search(rf"(?<![\w-]){re.escape(name)}{end}", text, 0 if len(name) <= _SHORT else re.IGNORECASE)
    return found.start() if found else -1

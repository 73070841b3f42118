# SPDX-License-Identifier: EUPL-1.2
"""What a referral lacks: own attempts, a screenshot, a link, a phone number.

It is advice to an officer, so matching is lenient: anything that resembles an item counts as given.

Which platforms a text names, by their own names and those of their services; a hint to an officer.

Who signed a mail, and their telephone number: what an officer needs to phone the referrer at night.

It is read from below the closing line, before any forwarded or quoted mail. It proves nothing about the sender.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, takewhile

from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import Attachment, Message
from flaggermail.mail.vocabulary import DASHES, LABELS, Language, folded, may_hold
from flaggermail.record.case_values import CaseType, Item
from flaggermail.settings.reply_words import READ, IntakeWords, found

ADDRESS = re.compile(
    r"(?:https?://|(?<![\w.@-])www\.)([\w.-]+)|(?<![\w.@/-])((?:[a-z0-9-]+\.)+[a-z]{2,})/", re.IGNORECASE
)
_SENTENCE = re.compile(r"[!?]|(?<!\d)\.|\.(?!\d)|\n{2,}")
_INSTANT = re.compile(r"(?<![\d./:-])\d{1,2}(?:[.:]\d{2}|[/-]\d{1,2})(?![\d:])")  # a time of day, or day and month
HANDLE = re.compile(r"(?<![\w.@/])@\w[\w.]{2,}")
_DIGIT = re.compile(r"\d")
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
            return any(map(is_evidence, mail.attachments))
        case Item.LINK:
            return _has_link(mail, words)
        case Item.CONTACT:
            return bool(numbers_in(mail.text[:READ], ours))


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
    account = any("@" in word and HANDLE.search(word) is not None for word in written)
    return named or account or found(words.places, text) is not None


def numbers_in(text: str, ours: Collection[str] = ()) -> tuple[str, ...]:
    """Returns the telephone numbers in a text as written, without those of the desk, `ours`."""
    known = {_digits(number)[-_COMPARED:] for number in ours}
    read = "\n".join(line for line in text.splitlines() if _DIGIT.search(line))  # no number goes on in the next line
    hits = (hit.group().strip() for hit in _NUMBER.finditer(_DATE.sub(" ", read)))
    return tuple(hit for hit in hits if _is_number(hit) and _digits(hit)[-_COMPARED:] not in known)


def _is_number(written: str) -> bool:
    digits = _digits(written)
    return written.startswith(("+", "00")) or (digits.startswith("0") and len(digits) == _NATIONAL)


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


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


# ---- who signed


_SENDER = LABELS[0]
_LINES_READ = 400  # lines of a mail in which the closing is looked for
_LINES = 12  # below the closing
_LONGEST = 60  # characters of a name
_NAME = re.compile(r"[^\W\d_][\w.'\u2019 -]+", re.UNICODE)
_PARTED = re.compile(r"\s*(?:[|,;/\u2022\u00b7]|\s-\s)\s*")


@dataclass(frozen=True, slots=True)
class Signer:
    """A name and a telephone number as they were written; either may be empty."""

    name: str
    phone: str


def signature_of(text: str, language: Language, ours: Collection[str] = ()) -> Signer | None:
    """Returns the signature in the text of a mail; None without any. `ours` are numbers of the desk, left out."""
    read = ((line.strip(), folded(line)) for line in islice(text.splitlines(), _LINES_READ))
    own = list(takewhile(lambda line: not _begins_another(line[1], language), read))
    closed = next(
        ((at, rest) for at, line in enumerate(own) if (rest := _behind_closing(*line, language)) is not None), None
    )
    if closed is None:
        return None
    at, rest = closed
    below = [line for line in (rest.strip(), *(line for line, _ in own[at + 1 : at + 1 + _LINES])) if line]
    name = next((name for line in below if (name := _name_in(line))), "")
    phone = next((number for line in below for number in numbers_in(line, ours)), "")
    return Signer(name, phone) if name or phone else None


def _behind_closing(words: str, small: str, language: Language) -> str | None:
    """Returns what stands behind the closing in its own line; None if the line, folded `small`, is no closing."""
    for closing in language.closing_starts.beginning(small):
        rest = words[len(closing) :]
        if not rest or not rest[0].isalnum():
            rest = rest.lstrip(" ,.!-:")
            return rest if not rest or rest[0].isupper() else None
    return None


def _begins_another(small: str, language: Language) -> bool:
    """True for a folded line that begins a quoted or forwarded mail."""
    mark = small.strip(DASHES)
    label = small.strip("* ").partition(":")[0].strip("* ") if ":" in small else ""
    return (
        small.startswith(">")
        or (mark != "" and mark in language.mark_lines)
        or (small.startswith("-----") and any(mark in small for mark in language.mark_lines - {""}))
        or language.labels.get(label) == _SENDER
    )


def _name_in(line: str) -> str:
    """Returns the name with which a line begins; empty for an address, a number or a sentence."""
    first = _PARTED.split(line, maxsplit=1)[0]
    words = first.split()
    is_name = len(first) <= _LONGEST and _NAME.fullmatch(first) is not None and first[0].isupper()
    return first if is_name and len(words) > 1 and not any(sign in first for sign in "@:") else ""

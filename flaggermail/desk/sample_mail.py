# SPDX-License-Identifier: EUPL-1.2
"""Composes a sample mail from a real one: written anew from its parsed content, under substituted names.

No octets are copied. HTML, the content and names of attachments, signatures, trace fields and any field not written
here are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header

from flaggermail.mail.message import Address, BounceClass, MechanicalKind, Message
from flaggermail.mail.vocabulary import Language, folded, visible_lines

PHONE = "+31 70 000 0000"
_PAGE, _NAME, _HANDLE, _REFERENCE = "https://pages.example/{}", "Naam{}", "@handle{}", "reference-{}"
_MOST = 50_000  # characters of a text; the rest is dropped
_SHORTEST_NAME = 2
_BELOW_CLOSING = 4  # non-empty lines below a closing in which every unknown word is a name
_YEARS = re.compile(r"(?:19|20)\d\d")
_DOMAIN = r"(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}"
# Tried in this order, so an earlier alternative takes what a later one would match inside it. The names of the groups
# are the keys in `_replaced`.
_FOUND = re.compile(
    rf"""
    (?P<page>\b[a-z][a-z0-9+.-]{{1,20}}:(?://|(?=[^\s:]*@))[^\s<>"']{{1,2000}})
    |(?P<address>[^\s<>@()\[\],;:"']{{1,64}}@[\w.-]{{1,253}}
        |[\w.+-]{{1,64}}\s?[\[({{]\s?(?:at|apenstaart|@)\s?[\])}}]\s?[\w-]{{1,63}}
            (?:\s?(?:\.|[\[({{]\s?(?:dot|punt|\.)\s?[\])}}])\s?[\w-]{{1,63}}){{0,5}})
    |(?P<handle>(?<!\w)[@\#](?=\w*[^\W\d])[\w.]{{2,60}})
    |(?P<internet>\b(?:\d{{1,3}}\.){{3}}\d{{1,3}}\b|\b(?:[0-9a-f]{{0,4}}:){{3,7}}[0-9a-f]{{0,4}}\b)
    |(?P<host>\b{_DOMAIN}(?::\d{{1,5}})?(?:/[^\s<>"']{{0,2000}})?)
    |(?P<account>\b[a-z]{{2}}\d\d\s?[a-z]{{4}}(?:\s?\d){{7,12}}\b)
    |(?P<secret>(?=[\w+/=-]{{0,200}}\d)[\w+/=-]{{24,}})
    |(?P<instant>\b(?:\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:19|20)\d\d|(?:19|20)\d\d-\d\d-\d\d(?:T\d\d)?|\d{{1,2}}[:.]\d\d(?::\d\d)?)\b)
    |(?P<phone>(?<!\w)\(?\+?\(?\d(?:[\s().\-/]{{0,3}}\d){{6,17}}(?!\w))
    |(?P<mixed>\b[^\W\d]{{3,}}\d[\w-]*|\b\w+_\w+\b)
    |(?P<number>\d{{3,}})
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_ENDS = re.compile(r"(?:\A|[.!?:;>*|\u2022\"(\[-]|\n[ \t>]*\n[ \t>]*)[\s>\"'(\[*-]*\Z")
_INITIAL = re.compile(r"(?<!\w)[^\W\d_]\.[ \u00a0]?\Z")
_GREETINGS = frozenset({
    "beste", "geachte", "dag", "hallo", "hoi", "hi", "dear", "hello", "mevrouw", "meneer", "heer", "dhr", "mw", "mr",
    "mrs", "ms", "drs", "ing",
})  # fmt: skip
_PARTICLES = frozenset({
    "van", "de", "der", "den", "het", "ten", "ter", "te", "la", "le", "el", "al", "bin", "von", "zu", "da", "di", "du",
    "dos",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles of domains and addresses, and what they are called in sample mails."""

    domain: Callable[[str], str | None]  # the sample domain for a domain of a platform or a list
    addresses: Mapping[str, str] = field(default_factory=dict)  # of the desk and its officers, keys in lower case
    offices: frozenset[str] = frozenset()  # local parts of a machine or an office rather than a person
    kept: frozenset[str] = frozenset()  # folded words that are not names


@dataclass(slots=True)
class Pseudonyms:
    """The substitutes for one mail; the table grows as names are found."""

    roles: Roles
    names: frozenset[str] = frozenset()  # folded words of names in the headers
    small: frozenset[str] = frozenset()  # words that the mail also writes in lower case
    closings: frozenset[str] = frozenset()
    _given: dict[tuple[str, str], str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def address(self, address: str) -> str:
        """Returns an address with the same role at a sample domain."""
        key = address.strip().strip("<>.").lower()
        known = self.roles.addresses.get(key)
        if known is not None:
            return known
        local, _, domain = key.rpartition("@")
        local = local.partition("+")[0]
        part = local if local in self.roles.offices else self._substitute("person", local, "person-{}")
        return f"{part}@{self.domain(domain)}"

    def domain(self, domain: str) -> str:
        """Returns the sample domain for `domain`, always the same one."""
        key = domain.strip(".").lower()
        return self.roles.domain(key) or self._substitute("domain", key, "elsewhere-{}.example")

    def message_id(self, message_id: str) -> str:
        """Returns the substitute for a Message-ID, without angle brackets, always the same one."""
        number = self._substitute("mail", message_id, "{}")
        return f"mail-{number}@{self.domain(message_id.rpartition('@')[2] or 'nowhere')}"

    def name(self, name: str) -> str:
        """Replaces the name of a person or an office, word by word."""
        words = _WORD.findall(unicodedata.normalize("NFC", name))
        return " ".join(self._substitute_name(word) for word in words[:4])

    def text(self, text: str) -> str:
        """Replaces everything in a text that could identify a person, and keeps the other words."""
        text = visible_lines(unicodedata.normalize("NFC", text[:_MOST]))
        return "".join(self._parts(text, self._signature(text)))

    def _parts(self, text: str, signature: frozenset[int]) -> Iterator[str]:
        end = 0
        for found in _FOUND.finditer(text):
            yield from self._words(text, end, found.start(), signature)
            yield self._replaced(found)
            end = found.end()
        yield from self._words(text, end, len(text), signature)

    def _replaced(self, found: re.Match[str]) -> str:
        kind, value = found.lastgroup or "", found.group()
        makers: Mapping[str, Callable[[str], str]] = {
            "page": lambda page: self._substitute("page", page, _PAGE),
            "host": self._host,
            "address": self._address_in_text,
            "handle": lambda handle: self._substitute("handle", handle.lower(), _HANDLE),
            "internet": lambda address: self._substitute("internet", address, "192.0.2.{}"),
            "account": lambda account: self._substitute("secret", account, _REFERENCE),
            "secret": lambda secret: self._substitute("secret", secret, _REFERENCE),
            "instant": lambda instant: instant,
            "phone": self._phone,
            "mixed": self._mixed,
            "number": self._number,
        }
        return makers[kind](value)

    def _address_in_text(self, value: str) -> str:
        address = value.strip(".")
        if "@" not in address or " " in address or "[" in address or "(" in address:
            return self._substitute("address", address.lower(), "person-{}@elsewhere.example")
        return self.address(address)

    def _host(self, host: str) -> str:
        if folded(host) in self.roles.kept or all(len(label) == 1 for label in host.split(".")):
            return host
        return self._substitute("page", host.lower(), _PAGE)

    def _phone(self, phone: str) -> str:
        digits = sum(character.isdigit() for character in phone)
        whole = phone.strip()
        return self._substitute("phone", whole, PHONE) if digits else phone

    def _mixed(self, mixed: str) -> str:
        return self._substitute("handle", mixed.lower(), "handle{}")

    def _number(self, number: str) -> str:
        """Replaces a number by another of the same length; keeps a year."""
        if _YEARS.fullmatch(number):
            return number
        count = self._substitute(f"number of {len(number)}", number, "{}")
        return f"1{count.rjust(len(number) - 1, '0')}"[: len(number)]

    def _words(self, text: str, start: int, end: int, signature: frozenset[int]) -> Iterator[str]:
        """Yields the text between two matches, with names replaced."""
        words = list(_WORD.finditer(text, start, end))
        named = [self._is_name(text, word, signature) for word in words]
        for at in range(len(words) - 2, -1, -1):  # "Anna" of "Anna de Wit" is a name even at the start of a sentence
            named[at] = named[at] or self._starts_name(text, words, named, at)
        at = start
        for word, is_name in zip(words, named, strict=True):
            yield text[at : word.start()]
            yield self._substitute_name(word.group()) if is_name else word.group()
            at = word.end()
        yield text[at:end]

    def _is_name(self, text: str, word: re.Match[str], signature: frozenset[int]) -> bool:
        plain, key = word.group(), folded(word.group())
        known = key in self.names
        if key in self.roles.kept or key in _PARTICLES or key in _GREETINGS:
            return known and plain[0].isupper() and key not in _PARTICLES | _GREETINGS
        signed = bool(signature) and text.count("\n", 0, word.start()) in signature
        if known or signed or self._is_greeted(text, word):
            return True
        before = text[max(0, word.start() - 20) : word.start()]
        capital = plain[0].isupper() and (key not in self.small)
        return capital and (_INITIAL.search(before) is not None or _ENDS.search(before) is None)

    def _starts_name(self, text: str, words: list[re.Match[str]], named: list[bool], at: int) -> bool:
        plain, key = words[at].group(), folded(words[at].group())
        if not plain[0].isupper() or key in self.roles.kept or key in _GREETINGS or key in self.small:
            return False
        for later in range(at + 1, len(words)):
            if text[words[later - 1].end() : words[later].start()].strip(" .\u00a0"):
                return False
            if named[later]:
                return True
            if folded(words[later].group()) not in _PARTICLES:
                return False
        return False

    def _is_greeted(self, text: str, word: re.Match[str]) -> bool:
        before = _WORD.findall(text[max(0, word.start() - 40) : word.start()].rpartition("\n")[2])
        heard = [folded(one) for one in before if folded(one) not in _PARTICLES]
        return bool(heard) and heard[-1] in _GREETINGS

    def _signature(self, text: str) -> frozenset[int]:
        """Returns the lines below each closing, in which people write their names as they like."""
        lines, found = text.split("\n"), set[int]()
        for number, line in enumerate(lines):
            plain = folded(line).strip(" ,.!>")
            if plain not in self.closings and not plain.startswith(tuple(f"{one}," for one in self.closings)):
                continue
            written = [at for at in range(number + 1, len(lines)) if lines[at].strip(" >")]
            found.update(written[:_BELOW_CLOSING])
            found.update({number} if "," in plain else ())
        return frozenset(found)

    def _substitute_name(self, word: str) -> str:
        return self._substitute("name", folded(word), _NAME)

    def _substitute(self, sort: str, key: str, shape: str) -> str:
        """Returns the substitute given before, or the next one of its kind."""
        if (sort, key) not in self._given:
            self._counts[sort] = self._counts.get(sort, 0) + 1
            self._given[sort, key] = shape.format(self._counts[sort])
        return self._given[sort, key]


def name_words(names: Iterable[str | None], locals_: Iterable[str]) -> frozenset[str]:
    """Returns the words of display names and of the local parts of addresses."""
    words = [word for name in names if name for word in _WORD.findall(unicodedata.normalize("NFC", name))]
    words += [word for local in locals_ for word in re.findall(r"[^\W\d_]{3,}", local)]
    return frozenset(folded(word) for word in words if len(word) >= _SHORTEST_NAME)


def small_words(text: str) -> frozenset[str]:
    """Returns the words that a text writes in lower case."""
    return frozenset(folded(word) for word in _WORD.findall(text[:_MOST]) if word.islower())


def plain_date(date: datetime | None) -> str | None:
    """Formats the Date of a sample mail, to the minute."""
    return None if date is None else date.strftime("%a, %d %b %Y %H:%M:00 %z")


_BOUNDARY = "sample-part"
_MACHINE_FIELDS = {  # fields that identify machines, and their permitted values
    "auto-submitted": ("no", "auto-replied", "auto-generated", "auto-notified"),
    "precedence": ("bulk", "list", "junk", "auto_reply", "auto-reply"),
    "x-auto-response-suppress": ("all", "dr", "rn", "nrn", "oof", "autoreply", "none"),
    "x-autogenerated": ("reply", "forward", "group"),
    **dict.fromkeys(("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-vacation"), ("yes", "no")),
}
_REPLACEMENTS = {
    "auto-submitted": "auto-generated"
}  # replaces another value with the same meaning (RFC 3834, section 5)
_LISTS = {
    "list-id": "<list.elsewhere.example>",
    "list-unsubscribe": "<https://pages.example/unsubscribe>",
    "list-post": "<mailto:list@elsewhere.example>",
}
_TYPES = {
    "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/heic": "heic",
    "application/pdf": "pdf", "text/calendar": "ics", "text/csv": "csv", "text/plain": "txt", "text/html": "html",
    "video/mp4": "mp4", "video/quicktime": "mov", "audio/mpeg": "mp3", "application/zip": "zip",
    "application/msword": "doc", "application/vnd.ms-excel": "xls", "application/vnd.ms-outlook": "msg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}  # fmt: skip
_REPORTS = {
    MechanicalKind.BOUNCE: ("failed", "5.0.0"),
    MechanicalKind.DELIVERED: ("delivered", "2.0.0"),
}


@dataclass(frozen=True, slots=True)
class SamplePart:
    """One part of a mail: its own fields and its text."""

    fields: tuple[str, ...]
    text: str


def sample(message: Message, inner: Sequence[Message], roles: Roles, language: Language) -> str:
    """Returns the sample mail (LF line ends) of `message`, with the mails `inner` attached."""
    disguise = _disguise(message, inner, roles, language)
    return _written(message, inner, disguise)


def _disguise(message: Message, inner: Sequence[Message], roles: Roles, language: Language) -> Pseudonyms:
    people = [person for mail in (message, *inner) for person in _people(mail)]
    offices = (person.address.rpartition("@")[0].partition("+")[0].lower() for person in people)
    text = "\n".join(f"{mail.subject or ''}\n{mail.text}" for mail in (message, *inner))
    return Pseudonyms(
        roles,
        names=name_words((person.name for person in people), (one for one in offices if one not in roles.offices)),
        small=small_words(text),
        closings=language.closings,
    )


def _people(message: Message) -> Iterator[Address]:
    yield from (*message.from_, *message.reply_to, *message.to, *message.cc)
    if message.forwarded is not None:
        forwarded = message.forwarded
        yield from (*([forwarded.sender] if forwarded.sender else []), *forwarded.to, *forwarded.cc)


def _written(message: Message, inner: Sequence[Message], disguise: Pseudonyms) -> str:
    parts = list(_parts(message, inner, disguise))
    fields = list(_fields(message, disguise))
    if len(parts) == 1:
        return "\n".join((*fields, *parts[0].fields, "", parts[0].text))
    boundary = _BOUNDARY
    while any(f"--{boundary}" in part.text for part in parts):
        boundary += "x"
    kind = "report" if _is_report(message) else "mixed"
    report = f'; report-type="{_report_type(message)}"' if kind == "report" else ""
    lines = [*fields, f'Content-Type: multipart/{kind}{report}; boundary="{boundary}"', ""]
    for part in parts:
        lines += [f"--{boundary}", *part.fields, "", part.text]
    return "\n".join((*lines, f"--{boundary}--", ""))


def _fields(message: Message, disguise: Pseudonyms) -> Iterator[str]:
    if message.header("return-path") is not None:
        path = (message.header("return-path") or "").strip().strip("<>")
        yield f"Return-Path: <{disguise.address(path) if '@' in path else ''}>"
    for name, people in (
        ("From", message.from_),
        ("Reply-To", message.reply_to),
        ("To", message.to),
        ("Cc", message.cc),
    ):
        if people:
            yield f"{name}: {', '.join(_person(person, disguise) for person in people)}"
    if message.subject is not None:
        yield f"Subject: {_encoded(disguise.text(' '.join(message.subject.split())))}"
    date = plain_date(message.date)
    if date is not None:
        yield f"Date: {date}"
    if message.message_id is not None:
        yield f"Message-ID: <{disguise.message_id(message.message_id)}>"
    for name, ids in (("In-Reply-To", message.in_reply_to), ("References", message.references)):
        if ids:
            yield f"{name}: {' '.join(f'<{disguise.message_id(one)}>' for one in ids)}"
    yield from _machine_fields(message)
    yield "MIME-Version: 1.0"


def _machine_fields(message: Message) -> Iterator[str]:
    for name, allowed in _MACHINE_FIELDS.items():
        value = message.header(name)
        if value is not None:
            said = [word for word in re.split(r"[\s,;]+", value.strip().lower()) if word in allowed]
            word = ", ".join(said) or _REPLACEMENTS.get(name) or ("yes" if allowed[0] == "yes" else "")
            yield from [f"{name.title()}: {word}"] if word else []
    yield from (f"{name.title()}: {value}" for name, value in _LISTS.items() if message.header(name) is not None)


def _person(person: Address, disguise: Pseudonyms) -> str:
    address = disguise.address(person.address)
    return f"{disguise.name(person.name)} <{address}>" if person.name and disguise.name(person.name) else address


def _parts(message: Message, inner: Sequence[Message], disguise: Pseudonyms) -> Iterator[SamplePart]:
    yield SamplePart(
        ("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"),
        f"{disguise.text(message.text).rstrip()}\n",
    )
    if _is_report(message):
        yield _report(message, disguise)
    for mail in inner:
        yield SamplePart(("Content-Type: message/rfc822",), _written(mail, (), disguise))
    for number, attachment in enumerate(message.attachments, start=1):
        kind = attachment.content_type.lower()
        if kind.startswith(("message/", "multipart/")) or kind == "text/rfc822-headers":
            continue
        known = kind if kind in _TYPES else "application/octet-stream"
        name = f"attachment-{number}.{_TYPES.get(kind, 'bin')}"
        yield SamplePart((f"Content-Type: {known}", f'Content-Disposition: attachment; filename="{name}"'), "")


def _is_report(message: Message) -> bool:
    return message.kind in _REPORTS or message.kind is MechanicalKind.FEEDBACK_REPORT


def _report_type(message: Message) -> str:
    return "feedback-report" if message.kind is MechanicalKind.FEEDBACK_REPORT else "delivery-status"


def _report(message: Message, disguise: Pseudonyms) -> SamplePart:
    """Returns the machine-readable part of a report (RFC 3464, RFC 5965)."""
    if message.kind is MechanicalKind.FEEDBACK_REPORT:
        return SamplePart(
            ("Content-Type: message/feedback-report",), "Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n"
        )
    action, status = ("delayed", "4.0.0") if message.bounce_class == BounceClass.DELAYED else _REPORTS[message.kind]
    original = message.original_message_id
    lines = ["Reporting-MTA: dns; mx.elsewhere.example", ""]
    for recipient in message.failed_recipients or ("nobody@nowhere.example",):
        lines += [
            f"Final-Recipient: rfc822; {disguise.address(recipient)}",
            f"Action: {action}",
            f"Status: {status}",
            "",
        ]
    if original is not None:
        lines.insert(1, f"X-Original-Message-ID: <{disguise.message_id(original)}>")
    return SamplePart(("Content-Type: message/delivery-status",), "\n".join(lines))


def _encoded(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=70).encode(linesep="\n")

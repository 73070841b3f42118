# SPDX-License-Identifier: EUPL-1.2
"""Subject lines: reply and forward prefixes, topics, case numbers.

Case numbers with a random tail: `VF-EP2024-0001-K7QF`, the form in mail to platforms and referrers.

A platform's ticket system drops References and changes the reply address, but keeps the subject and the quotation. The
tail makes the number in them a key: nobody who was not sent it knows it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

from flaggermail.mail.message import Message
from flaggermail.mail.vocabulary import Language, folded, may_hold, without_invisible

# ---- numbers with a tail


ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 characters; without I, O, 0 and 1, which people mistake for each other."""
LENGTH = 4

MOST = 8
"""Different numbers with a tail that one mail may bear. An answer bears one, and a few more in older quotations."""
LOOKED_AT = 1_000  # of what may be numbers in one text: one that is repeated without end costs little
MOST_WRONG = 3
"""Wrong tails that one mail may bear. A mail tries four of 32 ** 4 tails at most: one in 262,144 of them is right."""

# Hyphens, dashes and the minus sign; the low line of file names; white space with every no-break form.
_DASH = "\u002d\u2010-\u2015\u2212\ufe58\ufe63\uff0d_"
_BREAK = r"[ \t]{0,4}\r?\n[>|: \t]{0,12}"  # a line break in a quotation, with the quote marks of the next line
_BETWEEN = rf"(?:{_BREAK}|[{_DASH}]|[^\S\r\n]){{1,4}}"
_TORN = r"(?:=?\r?\n[>| \t]{0,12})?"  # a gateway broke the line inside a group
_BEFORE, _BEHIND = r"(?<![^\W_])", r"(?![^\W_])"


@dataclass(frozen=True, slots=True)
class Tailed:
    """A case number and the tail that a mail bears behind it, both in capitals."""

    number: str
    tail: str

    @property
    def text(self) -> str:
        """The form in which our mail bears it."""
        return with_tail(self.number, self.tail)


def with_tail(number: str, tail: str | None) -> str:
    """Returns the number as one correspondent reads it; the bare number if there is no tail."""
    return f"{number}-{tail}" if tail else number


def tail_from(token: str) -> str:
    """Returns a tail made of the first 20 bits of a random `token` of at least five hexadecimal digits."""
    bits = int(token[:5], 16)
    return "".join(ALPHABET[bits >> shift & 31] for shift in (15, 10, 5, 0))


def tailed_numbers(text: str, prefix: str) -> tuple[Tailed, ...]:
    """Returns the numbers with a tail in `text`, in order, without repeats, at most one more than `MOST`.

    Between the groups may be any dash or space, or a line break with the quote marks of the next line, also inside a
    group. A word of four letters behind a bare number is taken for a tail too; it is wrong then, and harmless.
    """
    found: dict[Tailed, None] = {}
    text = without_invisible(text)
    for match in _pattern(prefix).finditer(text) if may_hold(text, prefix) else ():
        code, serial, tail = (re.sub(r"[^A-Z0-9]", "", group.upper()) for group in match.groups())
        found[Tailed(f"{prefix.upper()}-{code}-{serial}", tail)] = None
        if len(found) > MOST:
            break
    return tuple(found)


def tailed_in(prefixes: Collection[str], *texts: str) -> tuple[Tailed, ...]:
    """Returns the numbers with a tail in several texts, in order, without repeats; those of the first prefix first."""
    return tuple(dict.fromkeys(one for prefix in prefixes for text in texts for one in tailed_numbers(text, prefix)))


def prefix_of(number: str) -> str:
    """Returns the prefix of a whole case number, which the settings named when the case was opened."""
    return number.rsplit("-", 2)[0]


def numbers_of_elections(text: str, codes: Collection[str]) -> tuple[str, ...]:
    """Returns possible case numbers of these elections in `text`, under any prefix, in capitals.

    Behind a dash or low line a prefix may begin anew: `MYVF-EP2024-0001` is one number, `CASE_VF-EP2024-0001` may be
    that or `VF-EP2024-0001`. No more are looked for once some two dozen were found, or a thousand looked at.
    """
    found: dict[str, None] = {}
    text = without_invisible(text) if any(may_hold(text, code) for code in codes) else ""
    for match in islice(_of_elections(frozenset(codes)).finditer(text), LOOKED_AT) if text else ():
        before = _PREFIX_BEFORE.search(text[max(0, match.start() - _LONGEST_PREFIX) : match.start()])
        code, serial = match[1].upper(), re.sub(r"[^0-9]", "", match[2])
        parts = re.split("([-_])", before[1].upper()) if before else []
        found |= {f"{''.join(parts[at:])}-{code}-{serial}": None for at in range(0, len(parts), 2) if parts[at]}
        if len(found) > 3 * MOST:
            break
    return tuple(found)


def without_numbers(text: str, prefix: str) -> str:
    """Returns `text` with each number, with or without its tail, replaced by a space."""
    return _pattern(prefix, "?").sub(" ", text)


def without_tails(text: str, prefix: str, tails: Collection[str]) -> str:
    """Returns `text` without the tails of its numbers.

    A word of four letters behind a number and a space is cut only if it is one of `tails`: it may be a word.
    """
    kept, at = [], 0
    for start, end in tail_places(text, prefix, tails):
        kept.append(text[at:start])
        at = end
    return "".join((*kept, text[at:]))


def tail_places(text: str, prefix: str, tails: Collection[str]) -> Iterator[tuple[int, int]]:
    """Yields where the tails are that `without_tails` cuts: from the end of the number, with the dash before a tail."""
    for match in _pattern(prefix).finditer(text):
        known = re.sub(r"[^A-Z0-9]", "", match[3].upper()) in tails
        if known or not text[match.start(3) - 1].isspace():
            yield match.end(2), match.end()


def without_tail(typed: str) -> str:
    """Returns a number as a person typed it, without the tail if it has one; any other text unchanged."""
    match = _TYPED.fullmatch(typed.strip())
    return f"{match[1]}-{match[2]}-{match[3]}".upper() if match else typed


@cache
def _pattern(prefix: str, tails: str = "") -> re.Pattern[str]:
    """Compiles the pattern of a number and its tail; `tails` is "?" for numbers without one too."""
    serial = rf"[0-9](?:{_TORN}[0-9]){{2,8}}"
    tail = rf"[{ALPHABET}](?:{_TORN}[{ALPHABET}]){{{LENGTH - 1}}}"
    head = rf"{_BEFORE}{re.escape(prefix)}{_BETWEEN}"
    tail = rf"(?:{_BETWEEN}({tail})){tails}"
    return re.compile(rf"{head}([A-Z0-9]{{1,24}}){_BETWEEN}({serial}){tail}{_BEHIND}", re.IGNORECASE)


@cache
def _of_elections(codes: frozenset[str]) -> re.Pattern[str]:
    """Compiles the pattern of the end of a number: the code of one of these elections, and the digits behind it."""
    return re.compile(
        rf"{_BEFORE}({'|'.join(map(re.escape, sorted(codes)))}){_BETWEEN}([0-9](?:{_TORN}[0-9]){{2,8}})", re.IGNORECASE
    )


_LONGEST_PREFIX = 48  # characters before a code: 32 of the prefix, and what may be between
_PREFIX_BEFORE = re.compile(rf"{_BEFORE}([A-Z0-9][A-Z0-9_-]{{0,31}}?){_BETWEEN}$", re.IGNORECASE)
_TYPED = re.compile(
    rf"([A-Z0-9]{{1,24}})[{_DASH} ]([A-Z0-9]{{1,24}})[{_DASH} ]([0-9]{{3,9}})[{_DASH} ][{ALPHABET}]{{{LENGTH}}}",
    re.IGNORECASE,
)


# ---- subjects


# "Re:", "RE : ", "Re[2]:", "Re(3):", "Re^2:", with the full-width colon of East Asian programs. A prefix has at most
# 24 characters, and only the first 60 characters are searched for it, so the time does not grow with the subject.
_PREFIX = re.compile(
    r"\s*([^\s:\uff1a\[\](){}]{1,24}(?: [^\s:\uff1a\[\](){}]{1,24})?)\s?(?:[\[(^]\d{1,3}[\])]?)?\s?[:\uff1a]\s*"
)
_LOOK = 60
_WORD = re.compile(r"[^\W_]{3,}")
_REPEATS = 50


@dataclass(frozen=True, slots=True)
class SubjectParts:
    """A subject without its prefixes. `first` is the kind of the outermost: "reply", "forward", "recall" or None.

    "VS:" is a reply in Finnish and a forward in Danish: such a prefix is removed but decides nothing.
    """

    base: str
    first: str | None = None


def split_subject(subject: str, language: Language) -> SubjectParts:
    """Removes reply and forward prefixes, including repeated ones."""
    rest, first = _unboxed(subject.strip(), language), None
    for _ in range(_REPEATS):
        match = _PREFIX.match(rest[:_LOOK])
        kind = _kind(match.group(1), language) if match else None
        if match is None or kind is None:
            break
        first = first or (kind if kind != "either" else None)
        rest = rest[match.end() :]
    return SubjectParts(rest.strip(), first)


def _unboxed(subject: str, language: Language) -> str:
    """Returns the content of "[Fwd: Posts]", the form in which old Mozilla marks a forward."""
    match = _PREFIX.match(subject[1:_LOOK]) if subject[:1] == "[" and subject[-1:] == "]" else None
    return subject[1:-1] if match and _kind(match.group(1), language) else subject


def stems(subject: str) -> tuple[str, ...]:
    """Returns the folded `subject` with one, two, three ... words before a colon removed, known prefixes or not."""
    found: list[str] = []
    rest = subject.strip()
    while len(found) < _REPEATS and (match := _PREFIX.match(rest[:_LOOK])):
        rest = rest[match.end() :]
        found.append(folded(rest))
    return tuple(stem for stem in found if stem)


def same_topic(subject: str, other: str) -> bool:
    """True if two subjects without prefixes seem to have the same topic. An empty subject matches any.

    One contains the other, or they share half of the words of the shorter one: programs and gateways prepend words to
    a subject and truncate it, and people correct it.
    """
    here, there = folded(subject), folded(other)
    if not here or not there or here in there or there in here:
        return True
    words, others = set(_WORD.findall(here)), set(_WORD.findall(there))
    return 2 * len(words & others) >= max(min(len(words), len(others)), 1)


def case_numbers(text: str, prefix: str) -> tuple[str, ...]:
    """Returns the case numbers in `text` that start with `prefix` and a hyphen, in capitals, in order, without repeats.

    A number is the prefix, the election code and at least three digits: `VF-EP2024-0001` for prefix "VF". Its tail, if
    it has one (`mail.subject`), is left out.
    """
    if not may_hold(text, f"{prefix}-"):
        return ()
    number = rf"(?<![\w-])({re.escape(prefix)}-[A-Za-z0-9]{{1,24}}-\d{{3,9}})(?:-[{ALPHABET}]{{{LENGTH}}})?(?![\w-])"
    return tuple(dict.fromkeys(found.upper() for found in re.findall(number, text, re.IGNORECASE)))


def _kind(prefix: str, language: Language) -> str | None:
    word = folded(prefix).rstrip(".")
    replies, forwards = word in language.reply_prefixes, word in language.forward_prefixes
    if replies and forwards:
        return "either"
    if replies:
        return "reply"
    if forwards:
        return "forward"
    return "recall" if word in language.recall_prefixes else None


class _DisjointSets:
    """Disjoint sets of strings (union-find with path halving)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, item: str) -> str:
        parent = self._parent
        parent.setdefault(item, item)
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, first: str, second: str) -> None:
        self._parent[self.root(second)] = self.root(first)


def conversations(messages: Sequence[Message]) -> list[list[str]]:
    """Returns the Message-IDs of `messages` grouped by thread, in the order of the first mail of each thread.

    Mails that name the same identifier share a thread, even if no mail has that identifier. The subject joins mails
    only as a last resort: a mail that names no other joins the one thread that holds a mail with its subject minus a
    prefix, if it goes from a recipient of that mail to its author. With several such threads, it stays alone. Mails
    without a Message-ID are omitted.
    """
    listed = [message for message in messages if message.message_id]
    sets = _DisjointSets()
    for message in listed:
        named = (message.message_id or "", *message.references, *message.in_reply_to)
        for identifier in named[1:]:
            sets.join(named[0], identifier)
    _join_by_subject(listed, sets)
    found: dict[str, dict[str, None]] = {}
    for message in listed:
        identifier = message.message_id or ""
        found.setdefault(sets.root(identifier), {})[identifier] = None
    return [list(identifiers) for identifiers in found.values()]


def _join_by_subject(messages: Sequence[Message], sets: _DisjointSets) -> None:
    subjects: dict[str, list[Message]] = {}
    for message in messages:
        subjects.setdefault(folded(message.subject or ""), []).append(message)
    for message in messages:
        if not message.references and not message.in_reply_to:
            same = (other for stem in stems(message.subject or "") for other in subjects.get(stem, ()))
            fitting = {sets.root(other.message_id or "") for other in same if _is_reply_to(message, other)}
            if len(fitting) == 1:
                sets.join(fitting.pop(), message.message_id or "")


def _is_reply_to(reply: Message, other: Message) -> bool:
    """True if `reply` goes from a recipient of `other` to its author."""
    receivers = {address.key for address in (*other.to, *other.cc)}
    authors = {address.key for address in (*other.from_, *other.reply_to)}
    return bool({one.key for one in reply.from_} & receivers) and bool({one.key for one in reply.to} & authors)

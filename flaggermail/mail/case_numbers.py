# SPDX-License-Identifier: EUPL-1.2
"""Case numbers, bare and with a random tail: `VF-EP2024-0001-K7QF`, the form in mail to platforms and referrers.

A platform's ticket system drops References and changes the reply address, but keeps the subject and the quotation. The
tail makes the number in them a key: nobody who was not sent it knows it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice

from flaggermail.mail.vocabulary import may_hold, without_invisible

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 characters; without I, O, 0 and 1, which people mistake for each other."""
LENGTH = 4
SERIAL = 4  # digits at the end of a number, at least
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
    text = without_invisible(text) if codes and may_hold(text, *codes) else ""
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


def named_once(subject: str, number: str) -> str:
    """Returns a subject of ours in which its case's number, in brackets, is left once: at its beginning, or its end.

    What was answered or forwarded bears that number too, with or without a tail.
    """
    own = f"[{number}]"
    before, found, after = subject.partition(own) if subject.startswith(own) else subject.rpartition(own)
    same = rf"\[?(?<![\w-]){re.escape(without_tail(number))}(?:-[{ALPHABET}]{{{LENGTH}}})?(?![\w-])\]?"
    rest = (" ".join(re.sub(same, " ", part, flags=re.IGNORECASE).split()) for part in (before, after))
    return subject if not found else " ".join(filter(None, (next(rest), own, next(rest))))


def fits_number(number: str, typed: str) -> bool:
    """True if a case number is what a person typed of it: all, with a tail, a part, or the digits at its end alone.

    Capitals, the kind of dash and zeros before the digits do not matter: `ep2024 7` fits `VF-EP2024-0007`.
    """
    words = re.sub(rf"[{_DASH}\s]+", "-", without_tail(typed.partition("/")[0].strip(" []#"))).strip("-").upper()
    head, dash, serial = words.rpartition("-")
    if serial.isascii() and serial.isdecimal() and number.endswith(f"{head}{dash or '-'}{serial.zfill(SERIAL)}"):
        return True
    return bool(head or not serial.isdecimal()) and bool(words) and words in number


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
    rf"([A-Z0-9][A-Z0-9_-]{{0,31}})[{_DASH} ]([A-Z0-9]{{1,24}})[{_DASH} ]([0-9]{{3,9}})[{_DASH} ]"
    rf"[{ALPHABET}]{{{LENGTH}}}",
    re.IGNORECASE,
)


def case_numbers(text: str, prefix: str) -> tuple[str, ...]:
    """Returns the case numbers in `text` that start with `prefix` and a hyphen, in capitals, in order, without repeats.

    A number is the prefix, the election code and at least three digits: `VF-EP2024-0001` for prefix "VF". Its tail, if
    it has one, is left out.
    """
    if not may_hold(text, f"{prefix}-"):
        return ()
    number = rf"(?<![\w-])({re.escape(prefix)}-[A-Za-z0-9]{{1,24}}-\d{{3,9}})(?:-[{ALPHABET}]{{{LENGTH}}})?(?![\w-])"
    return tuple(dict.fromkeys(found.upper() for found in re.findall(number, text, re.IGNORECASE)))

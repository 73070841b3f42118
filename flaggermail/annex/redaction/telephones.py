# SPDX-License-Identifier: EUPL-1.2
"""Telephone numbers in the writings of Dutch and other mail; no dates, times, amounts and references."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flaggermail.annex.redaction.known import KnownToDesk, contact_key
from flaggermail.annex.redaction.marks import Detail
from flaggermail.annex.redaction.spans import SPACES, TextSpan, fold

_GAP = rf"[{SPACES}().\-/\u2010\u2011\u2013]"
# Up to three signs between two digits: "+31 (0)20", "(070) - 123".
_CANDIDATE = re.compile(
    rf"(?<![^\W_])(?<![.,+#/@=\u20ac$\u00a3-])(?:\([ ]?)?(?:\+[ ]?(?:\([ ]?)?)?"
    rf"\d(?:{_GAP}{{0,3}}\d){{5,17}}(?![^\W_]|[.,:]\d|[ ]?[%\u20ac])"
)
_BEHIND_X = re.compile(rf"(?<![\w.,#/@=-])(?:\(|\+)?[ ]?\d(?:{_GAP}{{0,3}}\d){{6,17}}(?=x\d{{1,6}}\b)")
_DATE = re.compile(r"\(?(?:\d{1,2}([-./ ])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([-./ ])\d{1,2}\2\d{1,2})(?!\d)")
_PARLIAMENT = re.compile(r"(?:19|20)\d\d[/-](?:\d\d|(?:19|20)\d\d)")  # a parliamentary year, "2023/24", or two years
_WORDS = re.compile(r"[^\W\d_]+")
_NEAR = 24  # characters before a number in which its word is
_MARKS = ("T", "M", "F", "t", "m", "f")  # "T 070 123 45 67", alone before a number
_PICTURES = "\u260e\u260f\u2706\U0001f4de\U0001f4f1\u2121"

_INTERNATIONAL = range(8, 16)  # digits, ITU-T E.164
_NATIONAL = range(9, 13)  # digits with the first zero
_DUTCH = 10
_FEWEST_GROUPS = 3
_NAMED = range(6, 16)


def telephones(text: str, known: KnownToDesk) -> Iterator[TextSpan]:
    """Yields telephone numbers with their extension, as ours, a channel's or a person's."""
    extension = _extension(known)
    found = sorted((*_CANDIDATE.finditer(text), *_BEHIND_X.finditer(text)), key=lambda one: (one.start(), one.end()))
    last = 0
    for match in found:
        if match.start() < last:
            continue
        start, end = match.start(), match.end()
        if match[0].startswith("(") and ")" not in match[0]:
            start += 1
        if not _is_number(text, start, end, known) or contact_key(text[start:end]) in known.public_numbers:
            continue
        further = extension.match(text, end)
        end = last = further.end() if further else end
        yield TextSpan(start, end, _whose(text[start : match.end()], known))


def _whose(number: str, known: KnownToDesk) -> Detail:
    key = contact_key(number)
    if key in known.own_keys:
        return Detail.OWN_ADDRESS
    return Detail.CHANNEL if key in known.channel_keys else Detail.TELEPHONE


def _extension(known: KnownToDesk) -> re.Pattern[str]:
    words = "|".join(map(re.escape, known.words.sorted_lists["extension_words"]))
    return re.compile(rf"[ ]?,?[ ]?\(?(?:{words or 'ext'})[.:]?[ ]?\d{{1,6}}\)?|x\d{{1,6}}\b", re.IGNORECASE)


def _is_number(text: str, start: int, end: int, known: KnownToDesk) -> bool:
    """True if the digits from `start` to `end` are a telephone number by their form or by the word before them."""
    number = text[start:end]
    digits = "".join(filter(str.isdigit, number))
    switchboard = digits.startswith(_SWITCHBOARDS) and len(digits) in _OF_EVERYBODY
    if switchboard or _DATE.match(number) or _PARLIAMENT.match(number):
        return False
    if number.lstrip("( ").startswith("+"):
        return len(digits) in _INTERNATIONAL
    if _is_named(text, start, known):
        return len(digits) in _NAMED
    if _is_reference(text, start, known):
        return False
    bare = number.isdigit()
    if digits.startswith("00"):
        return (
            len(digits) >= _DUTCH + 1
            and digits[2] != "0"
            and len(digits) in range(11, 16)
            and not (bare and not digits.startswith(_CALLED))
        )
    if digits.startswith("0"):
        if bare:
            return len(digits) == _DUTCH or (len(digits) == _DUTCH + 1 and digits.startswith(("01", "02", "03", "07")))
        return len(digits) in _NATIONAL
    mobile = bare and len(digits) == len(_MOBILE) + 8 and digits.startswith(_MOBILE)
    return mobile or (_stands_alone(text, start, end) and len(digits) in range(8, 13) and _pairs_or_threes(number))


_MOBILE = "316"  # Dutch, without a plus sign: "31612345678"
_SWITCHBOARDS = ("0800", "0900", "0906", "0909", "140", "14000")  # of organisations, never a person's
_OF_EVERYBODY = range(4, 12)  # digits
_CALLED = ("0031", "0032", "0033", "0034", "0039", "0044", "0045", "0046", "0047", "0048", "0049", "0090", "00353")


def _pairs_or_threes(number: str) -> bool:
    """True for "12 34 56 78" and "577 776 317": how countries without a first zero write their numbers."""
    groups = re.split(rf"{_GAP}+", number.strip("()"))
    return len(groups) >= _FEWEST_GROUPS and len({len(group) for group in groups}) == 1 and len(groups[0]) in {2, 3}


def _stands_alone(text: str, start: int, end: int) -> bool:
    """True if nothing else is on the line, apart from white space, quote marks and a stroke."""
    line_start, line_end = text.rfind("\n", max(0, start - 200), start) + 1, text.find("\n", end, end + 200)
    rest = text[line_start:start] + (text[end:line_end] if line_end >= 0 else text[end : end + 200])
    return not rest.strip(f"{SPACES}\r>|*") and bool(line_start)


def _is_named(text: str, start: int, known: KnownToDesk) -> bool:
    """True if a word for a telephone, its letter or its picture is right before the number."""
    line = text[max(0, start - _NEAR) : start].rpartition("\n")[2]
    if any(picture in line for picture in _PICTURES):
        return True
    words = _WORDS.findall(line)
    if not words or re.search(r"\d[^\d]*\Z", line[line.rfind(words[-1]) :]):
        return False
    if fold(words[-1]) in known.words["telephone_words"]:
        return True
    return words[-1] in _MARKS and bool(
        re.search(rf"(?:^|[|,;{SPACES}>*])\W?{words[-1]}[.:\u00b7{SPACES}*]{{1,3}}\(?\Z", line)
    )


def _is_reference(text: str, start: int, known: KnownToDesk) -> bool:
    """True if the word before the number names a reference or an amount."""
    words = _WORDS.findall(text[max(0, start - _NEAR) : start].rpartition("\n")[2])
    last = fold(words[-1]) if words else ""
    named = last in known.language.reference_words or last in known.language.number_words
    return named or last in known.words["units"] or last in known.words["citizen_number_words"]

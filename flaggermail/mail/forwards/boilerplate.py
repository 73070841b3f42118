# SPDX-License-Identifier: EUPL-1.2
"""Text around the writer's own words: gateway banners above, signatures, notices and footers below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import islice

from flaggermail.mail.forwards.header_blocks import is_rule
from flaggermail.mail.vocabulary import Language, folded, without_invisible

_LONGEST_SIGNATURE = 16  # non-empty lines; anything longer is text
_LONGEST_MARKED = 40  # non-empty lines below "-- "
_LONGEST_CLOSING = 80
_LONGEST_FOOTER = 3  # non-empty lines of a footer without a link, and of what follows a closing of two letters
_INITIALS = 2
_LONGEST_DEVICE = 100
_LONGEST_LINKED = 400  # characters of a device line with a link
_DEVICE_WORDS = 6  # words of a device line, or of its beginning, which names the device
_BANNER_LINES = 6
_MOST_BANNERS = 3
_NOTICE_LINES = 12  # lines of a notice that are examined
_LONGEST_NOTICE = 1500
_SHORTEST_NOTICE = 60  # characters of a notice with an unknown beginning
_WORDS_OF_A_NOTICE = 3  # typical words that make any paragraph a notice
_NAME_WORDS = 4
_SHORTEST_BEFORE_NAME = 5  # characters of a closing that a name may follow: "Groet Jan", not "Best Western"
TRACKER = "\u1427"  # inserted by a mail-tracking extension
_MARK = re.compile(r"[ \t]*--[ \t\u00a0]\Z")  # RFC 3676, section 4.3
_SIGNATURE = re.compile(r"[ \t]*(?:--|\u2014)[ \t\u00a0]*\Z")  # also without the space
_NAME_ALONE = re.compile(r"[ \t]*(?:/{1,2}|[-~\u2013\u2014])[^\W\d_]\w{1,20}(?: \w{1,20}){0,3}[ \t]*\Z")  # "/Jane"
_ARMOR_END = re.compile(r"-----BEGIN PGP SIGNATURE-----[ \t]*\Z")  # RFC 9580, section 6.2
_ARMOR = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\Z")  # RFC 9580, section 7
_FOOTER_RULE = re.compile(r"[ \t]*(?:_{2,}|(?:-{1,20}~){3,20}-{0,20})[ \t]*\Z")  # above the footer of a mailing list
# A link behind a program's name: in round brackets (Markdown puts the name in square ones) or in angle brackets.
_DEVICE_LINK = re.compile(
    r"(?:\[([^\[\]]{1,80})\])?[ \t]?(?:\(\s?https?://[^\s()]{1,300}\s?\)|<\s?https?://[^\s<>]{1,300}\s?>)"
)
_LINK = re.compile(r"@|://|www\.")
_NAMES = re.compile(r"[^\W\d_][\w&-]*")
_TAG = re.compile(r"\s*[\[(*]{1,3}[^\[\](){}]{3,60}?[\])*]{1,3}:?[ \t]+(?=\S)")  # "[EXTERNAL] Dear all"
_SENTENCE = re.compile(r"\s*(?:\S+\s+){3,}[^\s@/]+[.!?]\s*")
_BETWEEN = re.compile(r"\s*[,/|]\s*|\s+-\s+")
_DECORATION = " ,.!;:*_-\u2013\u2014\u00a0|" + TRACKER
_BANNER_EDGE = "[(*!#>|-_=\u26a0\ufe0f\u2757 \t\u00a0"
_ENDS_SENTENCE = (".", "!", "?", ":", ")", "]", "*", ">")


def without_banners(lines: list[str], language: Language) -> list[str]:
    """Removes gateway warnings and a confidentiality notice from the top of `lines`."""
    for _ in range(_MOST_BANNERS):
        first = _first_written(lines)
        if first is None:
            break
        end = _end_of_banner(lines, first, language)
        if _ARMOR.match(lines[first][:80]):
            end = next((at for at in range(first, len(lines)) if not lines[at].strip()), first + 1)
        if end == first and (below := _below_paragraph(lines, first)) and _is_notice(lines, first, language):
            end = below
        if end == first:
            tag = _TAG.match(lines[first][:200])
            if tag and _is_banner(tag.group(), language):
                return [*lines[:first], lines[first][tag.end() :], *lines[first + 1 :]]
            break
        lines = lines[end:]
    return lines


def starts_with_banner(lines: Sequence[str], language: Language) -> bool:
    """True if a gateway's warning seems to be above the text. Cheaper than removing it."""
    first = _first_written(lines)
    return first is not None and (
        _TAG.match(lines[first][:200]) is not None or _is_banner(lines[first][:400], language)
    )


def _first_written(lines: Sequence[str]) -> int | None:
    return next((at for at, line in enumerate(lines) if without_invisible(line).strip() and not is_rule(line)), None)


def _is_banner(text: str, language: Language) -> bool:
    """True if `text` starts like a banner, or has a typical opening and a typical word."""
    small = folded(text).lstrip(_BANNER_EDGE)
    if small.startswith(language.banners):
        return True
    return small.startswith(language.banner_openers) and any(word in small for word in language.banner_words)


def _mentions_warning(line: str, language: Language) -> bool:
    small = folded(line[:400])
    return any(word in small for word in (*language.banner_words, *language.banner_advice))


def _end_of_banner(lines: Sequence[str], first: int, language: Language) -> int:
    """Returns the index after the banner that starts at `first`, or `first` if none does.

    A banner ends with its paragraph, or earlier at a new sentence without a word that is typical of banners.
    """
    if _TAG.match(lines[first][:200]) or not _is_banner(" ".join(lines[first : first + 2])[:400], language):
        return first
    for at in range(first + 1, min(first + _BANNER_LINES, len(lines))):
        line, above = lines[at], lines[at - 1].rstrip()
        if not line.strip() or is_rule(line):
            return at + 1
        if above.endswith(_ENDS_SENTENCE) and not _mentions_warning(line, language):
            return at
    return min(first + _BANNER_LINES, len(lines))


def _below_paragraph(lines: Sequence[str], start: int) -> int:
    """Returns the index of the first non-empty line below the paragraph at `start`, 0 if there is none."""
    at = start
    while at < len(lines) and lines[at].strip():
        at += 1
    return next((n for n in range(at, len(lines)) if lines[n].strip()), 0)


def end_of_text(lines: Sequence[str], language: Language, plain: AbstractSet[str] = frozenset()) -> int:
    """Returns the index of the line where signature, notice or footer starts, searching from the bottom.

    Of `plain` lines (`PlainLines.no_end`) only a notice is looked for, which its further words tell.
    """
    first = _first_written(lines) or 0
    end, behind = len(lines), 0
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at]
        if line in plain:
            if behind <= _LONGEST_SIGNATURE and _is_notice(lines, at, language, known=False):
                end, behind = at, 0
            else:
                behind += 1
            continue
        if not line.strip():
            continue
        longest = _LONGEST_MARKED if _MARK.match(line[:80]) else _LONGEST_SIGNATURE
        if _starts_like_notice(line, language) or _ARMOR_END.match(line[:80]):
            longest = len(lines)
        below = lines[at + 1 : end] if behind <= longest else ()
        if behind <= longest and (
            _is_notice(lines, at, language) or _starts_signature(lines, at, first, language, below)
        ):
            end, behind = at, 0
        else:
            behind += 1
    return end


def _starts_signature(lines: Sequence[str], at: int, first: int, language: Language, below: Sequence[str]) -> bool:
    """True if a signature starts at this line. `below` holds the lines below it that are still part of the text."""
    line, written = lines[at], [one for one in below if one.strip()]
    if _SIGNATURE.match(line[:80]) or _ARMOR_END.match(line[:80]):
        return True
    if _FOOTER_RULE.match(line[:200]):
        return len(written) <= _LONGEST_FOOTER or any(_LINK.search(one[:200]) for one in written)
    if _is_device_line(line, language):
        return True
    if at <= first:
        return False
    named = not written and not lines[at - 1].strip() and _NAME_ALONE.match(line[:200]) is not None
    initials = len(folded(line[:_LONGEST_CLOSING]).strip(_DECORATION)) <= _INITIALS
    if initials and (lines[at - 1].strip() or len(written) > _LONGEST_FOOTER):  # "BR" in a list of countries
        return named
    wish = folded(line).strip(_DECORATION) in language.wishes and any(_SENTENCE.fullmatch(one) for one in written)
    return named or (not wish and _is_closing(line, language))


def _is_device_line(line: str, language: Language) -> bool:
    """True for "Sent from my phone": a device, or too few words for a sentence ("Sent from my desk, it is ...")."""
    shown = _DEVICE_LINK.sub(r"\1", line[:_LONGEST_LINKED]) if "http" in line[:_LONGEST_LINKED] else line
    small = folded(shown[: _LONGEST_DEVICE + 1]).strip(_DECORATION + "[")
    if not language.device_starts.has_beginning_of(small):
        return False
    linked = len(shown) < len(line[:_LONGEST_LINKED])
    words = _NAMES.findall(small)
    if linked and small.startswith(language.device_openers) and len(words) <= _DEVICE_WORDS:
        return True
    if len(shown) > _LONGEST_DEVICE or not small.startswith(language.device_lines):
        return False
    return len(words) <= _DEVICE_WORDS or not language.device_names.isdisjoint(words[:_DEVICE_WORDS])


def _starts_like_notice(line: str, language: Language) -> bool:
    return language.disclaimers.has_beginning_of(folded(line[:200]).strip(_DECORATION))


def _is_notice(lines: Sequence[str], at: int, language: Language, *, known: bool | None = None) -> bool:
    """True if a confidentiality notice starts here, by its first words or by the typical words of its paragraph.

    `known`: whether its first words say so, where that has been looked at.
    """
    known = _starts_like_notice(lines[at], language) if known is None else known
    if not known and at and lines[at - 1].strip():
        return False
    paragraph: list[str] = []
    for line in lines[at : at + _NOTICE_LINES]:
        if not line.strip():
            break
        paragraph.append(line[:_LONGEST_NOTICE])
    text = folded(" ".join(paragraph)[:_LONGEST_NOTICE])
    if (not known and len(text) < _SHORTEST_NOTICE) or language.any_disclaimer_word.search(text) is None:
        return False
    spoken = (word for word in language.disclaimer_words if word in text)
    wanted = 1 if known else _WORDS_OF_A_NOTICE
    return len(list(islice(spoken, wanted))) == wanted


def _is_closing(line: str, language: Language) -> bool:
    """True if `line` is a closing: "Met vriendelijke groet", "Groet, Jan", "Kind regards / Vriendelijke groet"."""
    if len(line) > _LONGEST_CLOSING:
        return False
    if folded(line).strip(_DECORATION) in language.closings:
        return True
    first, *others = _BETWEEN.split(without_invisible(line).strip().strip(_DECORATION))
    if folded(first).strip(_DECORATION) in language.closings:
        return all(_is_name(other) or folded(other).strip(_DECORATION) in language.closings for other in others)
    words = first.split()
    return any(
        len(closing := folded(" ".join(words[:count]))) >= _SHORTEST_BEFORE_NAME
        and closing in language.closings
        and all(word[:1].isupper() for word in words[count:])
        and _is_name(" ".join(words[count:]))
        for count in range(len(words) - 1, 0, -1)
    )


def _is_name(text: str) -> bool:
    """True if `text` looks like a name: few words, all capitalised except short ones ("van der")."""
    words = text.strip(_DECORATION).split()
    short = 3
    capitals = sum(word[:1].isupper() for word in words)
    return bool(capitals) and len(words) <= _NAME_WORDS and all(w[:1].isupper() or len(w) <= short for w in words)

# SPDX-License-Identifier: EUPL-1.2
"""Who signed a mail, for whom, and their telephone number: what an officer needs to phone the referrer at night.

Read from below a closing ("Met vriendelijke groet"), else from the short lines at the end of the writer's own words:
many who write on a telephone close with nothing. It proves nothing about the sender.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import dropwhile, groupby, islice, takewhile

from flaggermail.mail.forwards.reply_text import NONE, PlainLines
from flaggermail.mail.message import Signer
from flaggermail.mail.vocabulary import Language, folded

_LINES_READ, _LINES = 60, 16  # last lines in which a signature is looked for, and lines of one with empty ones
_READ, _MOST = 20_000, 20  # characters in which telephone numbers are looked for, and how many are kept
_WITHIN = 8  # last lines within which a closing may begin
_SIGNS = 400  # last characters of a line that are read
_LONGEST, _LONGEST_LINE = 60, 90  # characters of a name, and of a line of a signature
_NAME_WORDS, _PROSE_WORDS = 7, 6  # most words of a name; least words of a line of prose that ends as a sentence does
_FULL = 2  # least words of a full name
_EDGE = " \t*_-~/|\u2022\u00b7\u2013\u2014>,.:;!)"
# Between the parts of a line, and "i.o." before a name; "(Bram)" within a name is none.
_PARTED = re.compile(
    r"\s*(?:[|,;:/\t\u2022\u00b7]|\s[-\u2013\u2014]\s|\s{3,}|\((?![^\W\d_][^\W\d_.]*\.?\)\s+[^\W\d_])|\s(?=[+(]?\d))\s*"
    r"|(?<!\w )(?<!\w)(?:[a-z]\.){2,}\s"
)
_SENTENCES, _CLAUSES = re.compile(r"(?<=[.!?])\s+(?=\S)"), re.compile(r"(?<=[.!?,])[^\S\n]+(?=\S)")
_ENDS = (".", "?", ":")  # of prose; a slogan below a signature ends in "!"
_WORD = re.compile(r"\([^\W\d_][^\W\d_.]*\.?\)|['\u2019]?[^\W\d_][\w'\u2019.\u2010\u2011-]*")
_DATE = re.compile(r"(?<![\w.-])\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?![-.]?\w)")
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_APART = r"(?:[^\S\n]?[.()-]{0,2}[^\S\n]?|/)"  # between two digits: "06 - 12 34", "+31 (0)6", "010/234"
_NUMBER = re.compile(
    rf"(?<![\w+])(?:\(?0(?!0)(?:{_APART}\d){{9}}|(?:\+|00)\(?\d(?:{_APART}\d){{8,14}})(?!\w)"
)  # of ten digits, or with the code of a country
_DIGIT, _SPACED = re.compile(r"\d"), re.compile(r"(?:\n|\A)[^\S\n]|[^\S\n](?:\n|\Z)")


def signature_of(own: Sequence[str], language: Language, plain: PlainLines = NONE) -> Signer:
    """Returns the signature in the last `_LINES_READ` of the writer's own lines, those above any quoted mail.

    `plain`: those of the lines that are known to hold nothing else; with the same result.
    """
    own = own[-_LINES_READ:]
    text = "\n".join(own)
    if text.islower() and _DIGIT.search(text) is None:
        return Signer()  # a name has a capital, or a number beside it
    cut = _SPACED.search(text) or len(text) > _SIGNS * _WITHIN
    lines = [line[-_SIGNS:].strip() for line in own] if cut else text.split("\n")
    closed = list(_below_closings(lines, own, language, plain))
    for read in (_full_name, _first_name):
        for block in closed:
            if name := read(block, language):
                return _signer(name, block, language)
    at_end = _at_end(lines, language)
    if not closed and not at_end:
        return Signer()
    last = list(takewhile(bool, reversed(at_end)))[::-1] if "" in at_end else []
    for read, block in ((_full_name, at_end), (_first_name, last)):
        if name := read(block, language):
            return _signer(name, block, language)
    return _signer("", closed[0] if closed else [line for line in at_end if not line.endswith(_ENDS)], language)


def _signer(name: str, block: Sequence[str], language: Language) -> Signer:
    return Signer(name, tuple(number for line in block for number in numbers_in(line)), _organisation(block, language))


def completed(signer: Signer, written: str, language: Language) -> Signer:
    """Returns the signer of one name with the whole name that is `written` in From, if it begins with that one."""
    begins = " " not in signer.name and written.startswith(f"{signer.name} ")
    return replace(signer, name=_name_in(written, language) or signer.name) if begins else signer


def numbers_in(text: str) -> tuple[str, ...]:
    """Returns the telephone numbers in the beginning of a text as they are written."""
    text = text[:_READ]
    if _DIGIT.search(text) is None:
        return ()
    read = "\n".join(filter(_DIGIT.search, text.splitlines()))  # line by line
    plain = _DATE.sub(lambda date: " " * len(date[0]), read.translate(_HYPHENS))  # as long as what was written
    hits = (read[hit.start() : hit.end()] for hit in islice(_NUMBER.finditer(plain), _MOST))
    return tuple(hit if ")" in hit else hit.removeprefix("(") for hit in hits)


def _below_closings(lines: list[str], own: Sequence[str], language: Language, plain: PlainLines) -> Iterator[list[str]]:
    """Yields what is below each closing and beside it, the last one first; empties lines that a device adds."""
    edge = len(lines) - _WITHIN
    edge = edge if _CLAUSES.search("\n".join(lines[max(0, edge) :])) else len(lines)
    for at in [at for at, line in enumerate(own) if at >= edge or line not in plain.no_end][::-1]:
        line = lines[at]
        if language.device_starts.has_beginning_of(folded(line)):
            lines[at] = ""
        elif (rest := _behind_closing(line, language, within=at >= edge)) is not None:
            yield list(takewhile(lambda line: not _is_prose(line), filter(None, (rest, *lines[at + 1 :]))))


def _behind_closing(line: str, language: Language, *, within: bool) -> str | None:
    """Returns what is behind a closing in its line, which may begin `within` the line; None without a closing."""
    parts = _CLAUSES.split(line) if within else [line]
    for at, part in enumerate(parts):
        words = part.lstrip(_EDGE)
        small = folded(words)
        for closing in language.closing_starts.beginning(small):
            rest = words[len(closing) :]
            if not rest[:1].isalnum() and (closing[1:] or rest[:1] != "."):  # not an initial
                behind = " ".join((rest.strip(_EDGE), *parts[at + 1 :])).strip()
                return None if _is_prose(f"{behind}.") and not numbers_in(behind) else behind
    return None


def _at_end(own: Sequence[str], language: Language) -> list[str]:
    """Returns the short lines at the end, or the last sentence of a mail of one line, if they may be a signature.

    They are two at most, or have a number or a word of an institution.
    """
    below = dropwhile(lambda line: not line or (len(line) > _LONGEST_LINE and not numbers_in(line)), reversed(own[1:]))
    block = list(islice(takewhile(lambda line: not _is_prose(line) and line[-1:] != ":", below), _LINES))[::-1]
    block = block if any(block) else _SENTENCES.split(next(filter(None, reversed(own)), ""))[-1:]
    if len(block) == 1 and _is_prose(block[0]):
        return []
    few = len(list(filter(None, block))) <= _FULL or any(map(numbers_in, block))
    return block if few or any(_is_no_name(word, language) for line in block for word in line.split()) else []


def _is_prose(line: str) -> bool:
    """True for a line that no signature has: a long one, or a sentence or its beginning of several words."""
    if len(line) > _LONGEST_LINE or not (line.endswith(_ENDS) or line.islower()):
        return len(line) > _LONGEST_LINE
    parts = _PARTED.split(line) if numbers_in(line) else [line]
    return max(map(len, map(str.split, parts))) >= _PROSE_WORDS


def _parts(block: Sequence[str]) -> Iterator[str]:
    return (stripped for line in block for part in _PARTED.split(line) if (stripped := part.strip(_EDGE)))


def _full_name(block: Sequence[str], language: Language) -> str:
    """Returns the first name of two words or more in the parts of these lines; empty without one."""
    names = (name for line in block for name in _names(line, language))
    return next((name for name in names if len(re.split(r"[\s.]+", name)) >= _FULL), "")


def _names(line: str, language: Language) -> Iterator[str]:
    """Yields the name at the beginning of each part of a line, then those in a short part beside a telephone number.

    Such as "ask for Jan de Boer", "Jan de Boer from Arnhem".
    """
    for part in _parts([line]):
        yield _name_in(part, language)
        words = part.split()
        if len(words) < _PROSE_WORDS and numbers_in(line):
            runs = groupby(words, lambda word: word[:1].isupper() or _is_link(word, language))
            yield from (_name_in(" ".join(run), language) for capitals, run in runs if capitals)


def _first_name(block: Sequence[str], language: Language) -> str:
    """Returns the one word with which a block begins as a name; small letters only above or beside a number."""
    first = next(_parts(block), "")
    words = first.split()
    if first.islower() and len(words) <= _FULL and all(map(str.isalpha, words)) and any(map(numbers_in, block)):
        return "" if any(_is_no_name(word, language) for word in words) else first
    name = _name_in(first, language)
    return name if len(name.split()) == 1 and folded(name) not in language.closings else ""


def _name_in(part: str, language: Language) -> str:
    """Returns the name with which a part of a line begins, up to a number or an institution; empty for a sentence."""
    written, words = part.split(), list[str]()
    if written and written[0].islower() and not _is_link(written[0], language):
        return ""
    for word in written:
        linked = len(words) > 1 and _is_link(words[-1], language)  # "de Raad" behind a first name is a name
        if _WORD.fullmatch(word) is None or (_is_no_name(word, language) and not (linked and word[0].isupper())):
            break
        if not _is_link(word, language) and not any(map(str.isupper, word[:3])):  # "d'Hondt"
            return ""
        words.append(word)
    while words and (_is_link(words[-1], language) or len(words[-1]) == 1):
        words.pop()  # "of the municipality", "T"
    if not words:
        return ""
    names = [word.strip("()") for word in words if not _is_link(word, language)]
    spelled = any(len(piece) > 1 for word in names for piece in word.split("."))
    whole = len(names) >= _FULL or len(words) > len(names) or len(words) == len(written)
    name = " ".join(words).rstrip(".")
    return name if spelled and whole and len(words) <= _NAME_WORDS and len(name) <= _LONGEST else ""


def _organisation(block: Sequence[str], language: Language) -> str:
    """Returns the first institution in the parts of these lines, from the word for one on; empty without one."""
    parts = map(str.split, _parts(block))
    known = ((at, words) for words in parts for at, word in enumerate(words) if _bare(word) in language.institutions)
    at, words = next((one for one in known if len(one[1]) > 1), (0, []))
    return " ".join(words[at:] if at < len(words) - 1 else words)


def _is_no_name(word: str, language: Language) -> bool:
    """True for a word of an institution, a function, a label or a greeting, also as either end of a longer one."""
    small = _bare(word)
    known = small in language.no_names or small in language.institutions
    return (
        known or language.no_name_starts.has_beginning_of(small) or language.no_name_ends.has_beginning_of(small[::-1])
    )


def _is_link(word: str, language: Language) -> bool:
    return all(piece in language.name_links for piece in _bare(word).split("."))  # "dr.ir.", "v.d."


def _bare(word: str) -> str:
    return folded(word).strip(".()")

# SPDX-License-Identifier: EUPL-1.2
"""The words with which mail programs mark replies and forwards, loaded from rules/mail-language.yaml.

Characters that a reader cannot see: controls, joiners, fillers, bidirectional marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from flaggermail.mail.machine_words import Listed, MachineWords, any_of, keys_of

LABELS = ("from", "to", "cc", "date", "subject", "other")
_NOTHING = re.compile(r"(?!)")
_LONGEST_ABBREVIATION = 3
_KEYED = 4  # characters
_STEM = 7  # letters of a word that is known within a longer one
_LONGEST_COMPOSED = 1000  # normalising takes time quadratic in the length of a run of accents
_FIRST_IDEOGRAPH = "\u2e80"  # scripts from here on do not put spaces between words
# Soft hyphen, joiners, bidirectional marks and isolates, byte order mark: invisible characters that programs print
# around names and addresses in case the text runs from right to left.
UNSEEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_UNSEEN = re.compile(f"[{UNSEEN}]+")
DASHES = "-_=*#~\u2014\u2013<> \t\u00a0:\uff1a.\ufeff"
"""What programs print around the words of a mark: "----- Original Message -----"."""
_PASSING = re.compile("[\u0130\u0131\u017f]")  # Turkish I with a dot and i without one, and the long s


class Beginnings:
    """Many phrases with which a text may begin, looked up by their first characters: most lines begin with none."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """`phrases`: folded."""
        self.phrases = tuple(phrases)
        grouped: dict[str, list[str]] = {}
        for phrase in self.phrases:
            grouped.setdefault(phrase[:_KEYED], []).append(phrase)
        short = tuple(phrase for key, some in grouped.items() if len(key) < _KEYED for phrase in some)
        self._short = short
        self._grouped = {key: (*some, *short) for key, some in grouped.items() if len(key) == _KEYED}

    def has_beginning_of(self, small: str) -> bool:
        """True if the folded text `small` begins with one of the phrases."""
        return small.startswith(self._grouped.get(small[:_KEYED], self._short))

    def beginning(self, small: str) -> list[str]:
        """Returns the phrases with which the folded text `small` begins, the longest first."""
        known = self._grouped.get(small[:_KEYED], self._short)
        return sorted(filter(small.startswith, known), key=len, reverse=True) if small.startswith(known) else []


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Compiles a pattern that finds any of `words` as a whole word. Plain alternatives keep it linear in the text."""
    known = sorted(set(words), key=len, reverse=True)
    spaced = "|".join(re.escape(word) for word in known if word[0] < _FIRST_IDEOGRAPH)
    unspaced = [re.escape(word) for word in known if word[0] >= _FIRST_IDEOGRAPH]
    alternatives = "|".join(([rf"(?<!\w)(?:{spaced})(?!\w)"] if spaced else []) + unspaced)
    return re.compile(alternatives, re.IGNORECASE) if alternatives else _NOTHING


def _capitalised(labels: Iterable[str]) -> re.Pattern[str]:
    """Matches a capitalised label and a colon, no word boundary: Yahoo prints `...09:26:50 CETOnderwerp: ...`."""
    alternatives = _alternatives(labels)
    return re.compile(rf"({alternatives})\s?[:\uff1a]\s?") if alternatives else _NOTHING


def _alternatives(labels: Iterable[str]) -> str:
    forms = {form for label in labels for form in _printed_forms(label)}
    return "|".join(re.escape(name) for name in sorted(forms, key=len, reverse=True))


def _printed_forms(label: str) -> Iterable[str]:
    """Yields the printed spellings of a folded label: capitalised, and all capitals for an abbreviation."""
    yield label[:1].upper() + label[1:]
    yield label[:1].upper() + re.sub("\u03c3\\Z", "\u03c2", label[1:])  # Greek: final sigma
    if len(label) <= _LONGEST_ABBREVIATION:
        yield label.upper()


def _opening(words: Iterable[str]) -> tuple[str, ...]:
    """Returns the words with a space behind them, the longest first."""
    return tuple(sorted({f"{word} " for word in words}, key=len, reverse=True))


@dataclass(frozen=True)
class Language:
    """The words of all languages together, folded."""

    words: Mapping[str, Sequence[str]]  # by KEYS
    machines: MachineWords

    reply_prefixes = Listed(frozenset)
    forward_prefixes = Listed(frozenset)
    recall_prefixes = Listed(frozenset)
    forward_lines = Listed(frozenset)
    original_lines = Listed(frozenset)
    on_behalf_words = Listed(tuple)
    on_behalf = Listed(_any_of, "on_behalf_words")
    """Matches any of the words between a sender and the person they write for."""
    openers = Listed(_opening, "quote_openers")
    quote_verbs = Listed(tuple)
    verbs = Listed(_any_of, "quote_verbs")
    """Matches any of the verbs."""
    fillers = Listed(_any_of, "quote_fillers")
    """Matches any of the words between a date and a name."""
    closings = Listed(frozenset)
    wishes = Listed(frozenset)
    thanks = Listed(frozenset)
    name_links = Listed(frozenset)
    institutions = Listed(frozenset)
    no_names = Listed(frozenset)
    block_openers = Listed(tuple)
    device_openers = Listed(tuple)
    device_lines = Listed(tuple)
    device_names = Listed(frozenset)
    reply_marks = Listed(tuple)
    banners = Listed(tuple)
    banner_openers = Listed(tuple)
    banner_words = Listed(tuple)
    banner_advice = Listed(tuple)
    disclaimers = Listed(Beginnings)
    disclaimer_words = Listed(tuple)
    reference_words = Listed(frozenset)
    number_words = Listed(frozenset)

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """The field in LABELS of each printed header name."""
        return {label: field for field in LABELS for label in self.words[f"{field}_labels"]}

    @cached_property
    def forward_starts(self) -> tuple[str, ...]:
        """The lines above forwarded mail, where more follows on the line."""
        return tuple(f"{line} " for line in self.words["forward_lines"])

    @cached_property
    def device_starts(self) -> Beginnings:
        """The words with which a line about a device begins."""
        return Beginnings({*self.device_openers, *self.device_lines})

    @cached_property
    def closing_starts(self) -> Beginnings:
        """The words with which a closing begins, or thanks in its place: the line may go on with a name."""
        return Beginnings({*self.closings, *self.thanks})

    @cached_property
    def no_name_starts(self) -> Beginnings:
        """The longer words of `no_names`: a word that begins with one is no name either."""
        return Beginnings(word for word in self.no_names if len(word) >= _STEM)

    @cached_property
    def no_name_ends(self) -> Beginnings:
        """The same words, each from its last letter to its first."""
        return Beginnings(word[::-1] for word in self.no_name_starts.phrases)

    def ends_in_verb(self, small: str) -> bool:
        """True if the folded text ends in one of the verbs as a whole word."""
        found = (word for word in self.quote_verbs if small.endswith(word))
        return any(word[0] >= _FIRST_IDEOGRAPH or small[: -len(word)].endswith(" ") for word in found)

    @cached_property
    def opener_words(self) -> frozenset[str]:
        """The first word of each opener."""
        return frozenset(opener.split(" ")[0] for opener in self.openers)

    @cached_property
    def mark_lines(self) -> frozenset[str]:
        """The lines above forwarded and quoted mail, without what is printed around their words."""
        return frozenset(line.strip(DASHES) for line in self.forward_lines | self.original_lines)

    @cached_property
    def any_disclaimer_word(self) -> re.Pattern[str]:
        """Matches the first of the words that are typical of notices: quicker than a search for each of them."""
        return re.compile(any_of(self.disclaimer_words)) if self.disclaimer_words else _NOTHING

    @cached_property
    def end_starts(self) -> Beginnings:
        """The words with which a closing, thanks in its place, a notice or a line about a device begins."""
        return Beginnings(
            {*self.closing_starts.phrases, *self.device_openers, *self.device_lines, *self.disclaimers.phrases}
        )

    @cached_property
    def inline_labels(self) -> re.Pattern[str]:
        """Matches a label in the middle of a line; Yahoo prints all labels on one line."""
        return _capitalised(label for label, field in self.labels.items() if field != "other")

    @cached_property
    def bare_labels(self) -> re.Pattern[str]:
        """Matches the Cc label right after an address without a colon; some translations omit it (`...>Dw Jane`)."""
        copies = _alternatives(label for label, field in self.labels.items() if field == "cc")
        return re.compile(rf">({copies})[ \u00a0](?![:\uff1a])") if copies else _NOTHING


KEYS = (*keys_of(Language), *(f"{label}_labels" for label in LABELS))


def without_invisible(text: str) -> str:
    """Returns `text` without invisible characters."""
    return text if text.isascii() else _UNSEEN.sub("", text)


def may_hold(text: str, *words: str) -> bool:
    """False if a pattern that ignores case finds none of these words in the text: many times as fast as the search.

    Three letters pass for an i or an s there, and no lower case tells that: a text with one may hold anything.
    """
    small = text.lower()
    return any(word.lower() in small or not word.isascii() for word in words) or (
        not text.isascii() and bool(_PASSING.search(text))
    )


def folded(text: str) -> str:
    """Normalises `text` for comparison: case-folded, each run of white space (including no-break space) one space.

    Accents are composed. Invisible characters are removed, and so is the dot that a lower-cased Turkish I leaves.
    """
    if text.isascii():
        return " ".join(text.casefold().split())
    composed = unicodedata.normalize("NFC", text) if len(text) <= _LONGEST_COMPOSED else text
    return " ".join(without_invisible(composed).casefold().replace("i\u0307", "i").split())


# ---- signs that nobody sees


# Format (zero width, bidirectional, soft hyphen, tags), control, surrogate, private use, line and paragraph separator.
_CATEGORIES = frozenset({"Cf", "Cc", "Cs", "Co", "Zl", "Zp"})
# Invisible despite their category (Unicode: Default_Ignorable_Code_Point), and the blank Braille pattern.
_RANGES = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0000, 0xE0FFF),
)  # fmt: skip
_BLANKS = str.maketrans("\t\r\n", "   ")
_PRINTABLE = frozenset(map(chr, range(0x20, 0x7F)))  # of ASCII: all can be seen


def is_invisible(char: str) -> bool:
    """True if `char` is displayed as nothing or changes how other characters are displayed."""
    if char in _PRINTABLE:
        return False
    point = ord(char)
    return unicodedata.category(char) in _CATEGORIES or any(first <= point <= last for first, last in _RANGES)


def visible(text: str) -> str:
    """Returns `text` on one line, without invisible characters."""
    return " ".join(_without_unseen(text, "\t\r\n").translate(_BLANKS).split())


def visible_lines(text: str) -> str:
    """Returns `text` with its line breaks (LF), without other invisible characters."""
    return _without_unseen(text, "\t\n")


def _without_unseen(text: str, kept: str) -> str:
    """Removes invisible characters except `kept`. Each distinct character is tested once."""
    unseen = {ord(char): None for char in set(text).difference(kept, _PRINTABLE) if is_invisible(char)}
    return text.translate(unseen) if unseen else text

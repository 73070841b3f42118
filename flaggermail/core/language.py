# SPDX-License-Identifier: EUPL-1.2
"""The words by which mail programs mark replies, forwards and automatic mail; rules/mail-language.yaml holds them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Words = Mapping[str, Sequence[str]]

LABELS = ("from", "to", "cc", "date", "subject", "other")
LISTS = (
    "reply_prefixes",
    "forward_prefixes",
    "automatic_subjects",
    "bounce_subjects",
    "forward_lines",
    "original_lines",
    "on_behalf_words",
    "quote_openers",
    "quote_verbs",
    "quote_fillers",
    "closings",
    "device_lines",
    "banners",
    "disclaimers",
    "daemon_addresses",
)
KEYS = (*LISTS, *(f"{label}_labels" for label in LABELS))

_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Language:
    """The words of all languages at once, in small letters. `labels`: header name as printed -> field of LABELS."""

    reply_prefixes: frozenset[str]
    forward_prefixes: frozenset[str]
    automatic_subjects: tuple[str, ...]
    bounce_subjects: tuple[str, ...]
    forward_lines: frozenset[str]
    original_lines: frozenset[str]
    openers: tuple[str, ...]
    closings: frozenset[str]
    device_lines: tuple[str, ...]
    banners: tuple[str, ...]
    disclaimers: tuple[str, ...]
    daemon_addresses: frozenset[str]
    labels: Mapping[str, str]
    verbs: re.Pattern[str]
    fillers: re.Pattern[str]
    on_behalf: re.Pattern[str]
    inline_labels: re.Pattern[str]  # a label in the middle of a line, as Yahoo runs them together


def folded(text: str) -> str:
    """`text` as it is compared: small letters, each run of white space (also a no-break space) one space."""
    return " ".join(text.casefold().split())


def merged(tables: Iterable[Words]) -> Language:
    """One Language of the tables of all languages; each table has keys out of KEYS."""
    words: dict[str, list[str]] = {key: [] for key in KEYS}
    for table in tables:
        for key, values in table.items():
            words[key].extend(folded(value) for value in values)
    labels = {label: field for field in LABELS for label in words[f"{field}_labels"]}
    return Language(
        reply_prefixes=frozenset(words["reply_prefixes"]),
        forward_prefixes=frozenset(words["forward_prefixes"]),
        automatic_subjects=tuple(words["automatic_subjects"]),
        bounce_subjects=tuple(words["bounce_subjects"]),
        forward_lines=frozenset(words["forward_lines"]),
        original_lines=frozenset(words["original_lines"]),
        openers=tuple(f"{word} " for word in words["quote_openers"]),
        closings=frozenset(words["closings"]),
        device_lines=tuple(words["device_lines"]),
        banners=tuple(words["banners"]),
        disclaimers=tuple(words["disclaimers"]),
        daemon_addresses=frozenset(words["daemon_addresses"]),
        labels=labels,
        verbs=_any_of(words["quote_verbs"]),
        fillers=_any_of(words["quote_fillers"]),
        on_behalf=_any_of(words["on_behalf_words"]),
        inline_labels=_capitalised(label for label, field in labels.items() if field != "other"),
    )


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of `words` standing by itself; plain alternatives, so linear in the text."""
    alternatives = "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE) if alternatives else _NOTHING


def _capitalised(labels: Iterable[str]) -> re.Pattern[str]:
    """A label with a capital and a colon; no boundary before it: Yahoo prints `...09:26:50 CETOnderwerp: ...`."""
    names = sorted({label[:1].upper() + label[1:] for label in labels} | {"CC"}, key=len, reverse=True)
    alternatives = "|".join(re.escape(name) for name in names)
    return re.compile(rf"({alternatives})\s?[:\uff1a]\s?") if alternatives else _NOTHING

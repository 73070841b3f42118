# SPDX-License-Identifier: EUPL-1.2
"""The words with which a reply corrects type and source of a case, in both languages; the first of each is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from flaggermail.record.case_values import CaseType, Source
from flaggermail.record.contacts import LanguageCode

V = TypeVar("V", CaseType, Source)
Words = Mapping[V, tuple[tuple[str, ...], tuple[str, ...]]]  # value -> words in Dutch and in English

TYPES: Words[CaseType] = {
    CaseType.CONTENT: (
        ("inhoud", "onjuist bericht", "misleidend bericht", "nepbericht", "bericht", "desinformatie"),
        ("content", "post", "incorrect post", "misleading post", "disinformation"),
    ),
    CaseType.CHANNEL: (
        ("gehackt account", "account", "kanaal", "gekaapt account", "geblokkeerd account", "gehackt kanaal",
         "account gehackt", "overgenomen account"),
        ("hacked account", "account", "channel", "hijacked account", "blocked account", "hacked channel",
         "account hacked", "lost channel"),
    ),
    CaseType.ADVERT: (
        ("geblokkeerde advertentie", "advertentie", "afgekeurde advertentie", "campagne"),
        ("blocked advert", "advert", "ad", "advertisement", "blocked ad", "rejected advert"),
    ),
    CaseType.GENERAL_WARNING: (
        ("algemene waarschuwing", "waarschuwing"), ("general warning", "warning"),
    ),
    CaseType.OTHER: (("anders", "overig"), ("other", "something else")),
}  # fmt: skip
SOURCES: Words[Source] = {
    Source.FELLOW_AUTHORITY: (
        ("gemeente", "provincie", "waterschap", "medeoverheid", "veiligheidsregio", "openbaar lichaam"),
        ("municipality", "province", "water authority", "fellow authority", "council"),
    ),
    Source.GOVERNMENT_BODY: (
        ("rijk", "ministerie", "rijksoverheid", "overheid", "politie", "kiesraad", "overheidsorgaan", "dienst"),
        ("government", "ministry", "government body", "police", "electoral council"),
    ),
    Source.FACT_CHECKER: (
        ("factchecker", "factcheckers", "fact-checker"), ("fact-checker", "factchecker", "fact checker"),
    ),
    Source.MEDIA: (
        ("media", "pers", "redactie", "krant", "omroep", "journalist"),
        ("media", "press", "newsroom", "newspaper", "broadcaster", "journalist"),
    ),
}  # fmt: skip


def value_of(written: str, words: Words[V]) -> V | None:
    """Returns the value with that word in either language, or with that code; case and spacing are ignored."""
    wanted = " ".join(written.casefold().split())
    return next((value for value, both in words.items() if wanted == value.casefold() or _has(both, wanted)), None)


def shown(words: Words[V], language: str) -> tuple[str, ...]:
    """Returns the word of each value that a reply in `language` may use."""
    at = 0 if language == LanguageCode.NL else 1
    return tuple(both[at][0] for both in words.values())


def _has(both: tuple[tuple[str, ...], tuple[str, ...]], wanted: str) -> bool:
    return any(wanted == word for words in both for word in words)

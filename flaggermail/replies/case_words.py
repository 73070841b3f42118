# SPDX-License-Identifier: EUPL-1.2
"""The words with which a reply names a type or source of a case: those of rules/reply-words.yaml, and the codes."""

from __future__ import annotations

from flaggermail.record.case_values import CaseType, Source
from flaggermail.settings.reply_words import ReplyWords, V, WordsOf


def type_named(written: str, words: ReplyWords) -> CaseType | None:
    """Returns the type with that word in either language, or None; case and spacing are ignored."""
    return _named(written, words.types, tuple(CaseType))


def source_named(written: str, words: ReplyWords) -> Source | None:
    """Returns the source with that word in either language, or None; case and spacing are ignored."""
    return _named(written, words.sources, tuple(Source))


def types(words: ReplyWords, language: str) -> tuple[str, ...]:
    """Returns a word for each type, in that language."""
    return tuple(_shown(value, words.types, language) for value in CaseType)


def sources(words: ReplyWords, language: str) -> tuple[str, ...]:
    """Returns a word for each source, in that language."""
    return tuple(_shown(value, words.sources, language) for value in Source)


def _named(written: str, words: WordsOf[V], values: tuple[V, ...]) -> V | None:
    wanted = " ".join(written.casefold().split())
    return next((value for value in values if wanted in _all_of(value, words)), None)


def _all_of(value: V, words: WordsOf[V]) -> set[str]:
    return {value.casefold(), *(word.casefold() for of in words.values() for word in of.get(value, ()))}


def _shown(value: V, words: WordsOf[V], language: str) -> str:
    """Returns the first word for a value; its code if a desk's file has none."""
    return next(iter(words.get(language, {}).get(value, ())), value)

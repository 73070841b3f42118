# SPDX-License-Identifier: EUPL-1.2
"""Loads word tables of the rules folder: words for incoming mail, words for replies, words forbidden in tags.

Also the names of its lists of domains that the program itself asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Generic, TypeVar

from pydantic import Field

from flaggermail.record.case_values import CaseType, LanguageCode, Source
from flaggermail.settings.checks import Finding
from flaggermail.settings.reply_words import IntakeWords, ReplyWords, V, WordList, WordsOf, outcome_word
from flaggermail.settings.sections import TagSettings
from flaggermail.settings.yaml_files.faults import checked
from flaggermail.settings.yaml_files.kinds import Model, Text
from flaggermail.settings.yaml_files.source import FileFault, read

L = TypeVar("L")
M = TypeVar("M", bound=Model)
Words = Annotated[tuple[Text, ...], Field(min_length=1)]

FREE_MAIL = "free_mail"  # the list of providers of mailboxes to the public
LIST_OF: Mapping[Source, str] = {
    Source.FELLOW_AUTHORITY: "fellow_authorities",
    Source.GOVERNMENT_BODY: "government",
    Source.FACT_CHECKER: "fact_checkers",
    Source.MEDIA: "media",
}
"""The list on which the shipped rules look for each source of referrals."""
INTAKE, OUTCOMES, REPLIES = "intake.yaml", "outcome-words.yaml", "reply-words.yaml"


class IntakeLanguage(Model):
    """The word lists of one language."""

    attempts: Words
    reports: Words
    selves: Words
    platforms: Words
    locations: Words
    readers: Words
    places: Words
    holders: Words
    authorities: Words
    citizens: Words


class ReplyLanguage(Model):
    """The word lists of one language."""

    assent: Words
    signature: Words
    beside: Words
    presence: Words
    hours: Words
    unreached: Words
    types: Mapping[CaseType, Words] = Field(default_factory=dict)
    sources: Mapping[Source, Words] = Field(default_factory=dict)


class BothLanguages(Model, Generic[L]):
    """A file with the same for each language."""

    nl: L
    en: L


def load_intake(rules: Path, faults: list[FileFault]) -> IntakeWords | None:
    """Loads the words of `intake.yaml` in the folder `rules`; appends problems to `faults`."""
    file = _file(BothLanguages[IntakeLanguage], rules / INTAKE, faults)
    return IntakeWords(**_lists(file, IntakeLanguage.model_fields)) if file else None


def load_reply_words(rules: Path, faults: list[FileFault]) -> ReplyWords | None:
    """Loads the words of `reply-words.yaml` in the folder `rules`; appends problems to `faults`."""
    file = _file(BothLanguages[ReplyLanguage], rules / REPLIES, faults)
    if file is None:
        return None
    both: dict[str, ReplyLanguage] = {LanguageCode.NL: file.nl, LanguageCode.EN: file.en}
    types = {language: of.types for language, of in both.items()}
    sources = {language: of.sources for language, of in both.items()}
    for name, meant in (("types", _twice(types)), ("sources", _twice(sources))):
        words = (f"{word!r} stands for {' and '.join(sorted(of))}; let it stand for one" for word, of in meant)
        faults += [FileFault(f"{rules.name}/{REPLIES}", 1, 1, name, said) for said in words]
    lists = _lists(file, ("signature", "beside", "presence", "hours", "unreached"))
    return ReplyWords((*file.nl.assent, *file.en.assent), **lists, types=types, sources=sources)


def _lists(file: BothLanguages[L], names: Iterable[str]) -> dict[str, WordList]:
    """Returns the words of both languages together, under each of these names."""
    return {name: WordList((*getattr(file.nl, name), *getattr(file.en, name))) for name in names}


def _twice(words: WordsOf[V]) -> Iterator[tuple[str, set[str]]]:
    """Yields each word that stands for two values, in whatever language."""
    meant: dict[str, set[str]] = {}
    for of in words.values():
        for value, named in of.items():
            for word in named:
                meant.setdefault(word.casefold(), set()).add(value)
    yield from ((word, values) for word, values in meant.items() if len(values) > 1)


def load_outcomes(rules: Path, faults: list[FileFault]) -> tuple[str, ...]:
    """Loads the words of `outcome-words.yaml` in the folder `rules`; appends problems to `faults`."""
    file = _file(BothLanguages[Words], rules / OUTCOMES, faults)
    return (*file.nl, *file.en) if file else ()


def _file(model: type[M], path: Path, faults: list[FileFault]) -> M | None:
    """Validates the file as a model; None without a fault if its folder is missing, which is reported elsewhere."""
    if not path.parent.is_dir():
        return None
    source = read(path, f"{path.parent.name}/{path.name}")
    found = checked(model, source)
    faults += source.faults
    return found


def tag_findings(tags: TagSettings, outcomes: tuple[str, ...]) -> Iterator[Finding]:
    """Tags that would keep a record of what platforms did."""
    for name, codes in (("labels", tags.labels), ("narratives", tags.narratives)):
        for index, code in enumerate(codes):
            word = outcome_word(code, outcomes)
            if word is not None:
                key = ("tags", name, index)
                yield key, f"{code!r} holds {word!r}: what a platform did is not kept here; name what the claim is"

# SPDX-License-Identifier: EUPL-1.2
"""Reads `rules/redaction.yaml`: the words by which names, streets and numbers are found in printed mail.

Beside it, `rules/institutions/NAME.txt` are dated lists that come with flaggermail: names that stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from flaggermail.annex.redaction.known import LISTS, RedactionWords, merged_words
from flaggermail.annex.redaction.spans import words_of
from flaggermail.errors import ConfigurationError
from flaggermail.settings.yaml_files.faults import checked
from flaggermail.settings.yaml_files.kinds import Model, Text
from flaggermail.settings.yaml_files.source import read
from flaggermail.shipped import shipped

FILE = "redaction.yaml"
INSTITUTIONS = "institutions"
_TOWNS = frozenset({"municipalities.txt", "provinces.txt"})


def _known(lists: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """Returns the lists of a language. Raises ValueError if one has a name that nothing reads."""
    for name in lists:
        if name not in LISTS:
            near = get_close_matches(name, LISTS, n=1)
            raise ValueError(f"{name!r} is no list of {FILE}; {f'write {near[0]!r}' if near else 'remove it'}")
    return lists


Words = Annotated[tuple[Text, ...], Field(min_length=1)]
LanguageLists = Annotated[Mapping[str, Words], AfterValidator(_known)]


class RedactionFile(Model):
    """`redaction.yaml`: a block for each language (ISO 639-1), and one for what belongs to any."""

    any: LanguageLists = Field(default_factory=dict)
    nl: LanguageLists = Field(default_factory=dict)
    en: LanguageLists = Field(default_factory=dict)
    de: LanguageLists = Field(default_factory=dict)
    fr: LanguageLists = Field(default_factory=dict)
    es: LanguageLists = Field(default_factory=dict)
    it: LanguageLists = Field(default_factory=dict)
    pl: LanguageLists = Field(default_factory=dict)
    tr: LanguageLists = Field(default_factory=dict)
    da: LanguageLists = Field(default_factory=dict)


def read_redaction_words(rules: Path) -> RedactionWords:
    """Returns the words of `redaction.yaml` in the folder `rules`; what it lacks is as flaggermail ships it.

    That may be the file, a list in it, or the dated lists: a desk may have been set up before there was one. Raises
    ConfigurationError with one line per fault in the file.
    """
    own, ours = rules / FILE, shipped("rules") / FILE
    words = _read(own if own.exists() else ours)
    missing = [name for name in LISTS if not words[name]]
    if missing and own.exists() and own.read_bytes() != ours.read_bytes():
        others = _read(ours)
        words = RedactionWords({**words.lists, **{name: others[name] for name in missing}})
    return _with_institutions(words, rules if (rules / INSTITUTIONS).is_dir() else shipped("rules"))


def _read(path: Path) -> RedactionWords:
    source = read(path, f"{path.parent.name}/{path.name}")
    file = checked(RedactionFile, source)
    if source.faults or file is None:
        raise ConfigurationError(*map(str, sorted(source.faults)))
    return merged_words(getattr(file, language) for language in RedactionFile.model_fields)


def _with_institutions(words: RedactionWords, rules: Path) -> RedactionWords:
    """Adds the names of the dated lists. One with a digit in it is left out: no name of a person looks like it."""
    towns, others, abbreviations = set[str](), set[str](), set[str]()
    for path in sorted((rules / INSTITUTIONS).glob("*.txt")):
        for name in _names(path):
            folded = " ".join(word.folded for word in words_of(name))
            if path.name in _TOWNS:
                towns.add(folded)
            elif name.isupper() and " " not in name:
                abbreviations.add(folded)
            else:
                others.add(folded)
    lists = {**words.lists, "institutions": words["institutions"] | others}
    return replace(words, lists=lists, towns=frozenset(towns), abbreviations=frozenset(abbreviations))


def _names(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        name = line.partition("#")[0].strip()
        if name and not any(map(str.isdigit, name)):
            yield name

# SPDX-License-Identifier: EUPL-1.2
"""Reads `rules/redaction.yaml`: the words by which names, streets and numbers are found in printed mail."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from flaggermail.errors import ConfigurationError
from flaggermail.redaction.known import LISTS, RedactionWords, merged_words
from flaggermail.shipped import shipped
from flaggermail.yaml_files.faults import checked
from flaggermail.yaml_files.kinds import Model, Text
from flaggermail.yaml_files.source import read

FILE = "redaction.yaml"


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
    """Returns the words of `redaction.yaml` in the folder `rules`; those shipped with flaggermail if it has none.

    Raises ConfigurationError with one line per fault in the file.
    """
    path = rules / FILE
    if not path.exists():  # a desk that was set up before there was one
        path = shipped("rules") / FILE
    source = read(path, f"{path.parent.name}/{path.name}")
    file = checked(RedactionFile, source)
    if source.faults or file is None:
        raise ConfigurationError(*map(str, sorted(source.faults)))
    return merged_words(getattr(file, language) for language in RedactionFile.model_fields)

# SPDX-License-Identifier: EUPL-1.2
"""The words of each language that templates and their filters need, from `words.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator

from flaggermail.record.alarms import AlarmKind
from flaggermail.record.contacts import LanguageCode
from flaggermail.settings.yaml_files.model import read_model

Word = Annotated[str, Field(min_length=1)]


class Decided(BaseModel):
    """What a decision mail tells the referrer: the reason, unless the officer writes it, and what they can do next."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    reason: Word | None = None
    advice: Word


class LanguageWords(BaseModel):
    """The words of one language that templates and filters need."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    months: Annotated[tuple[Word, ...], Field(min_length=12, max_length=12)]
    conjunction: Word  # before the last item of a list
    preposition: Word  # between day and time
    minutes: tuple[Word, Word, Word]  # less than one, one, several
    criteria: Mapping[int, Word]
    believed: Mapping[int, Word]
    aspects: Mapping[str, Word]
    alarms: Mapping[str, Word]
    remedies: Mapping[str, Word]
    doubts: Mapping[str, Word]
    missing: Mapping[str, Word]
    looked_for: Mapping[str, Word]
    labels: Mapping[str, Word] = {}
    decided: Mapping[str, Decided]

    @field_validator("alarms", "remedies")
    @classmethod
    def _all_alarms(cls, alarms: Mapping[str, Word]) -> Mapping[str, Word]:
        """Demands the words of every alarm: one that has none could not be sent."""
        if missing := [kind.value for kind in AlarmKind if kind.value not in alarms]:
            raise ValueError(f"lacks the words of {', '.join(missing)}; write a line for each")
        return alarms


@cache
def _words_file() -> type[BaseModel]:
    """Returns the model of the file `words.yaml`: a block for each language."""
    config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)
    blocks: dict[str, Any] = {language.value: (LanguageWords, ...) for language in LanguageCode}
    return create_model("WordsFile", __config__=config, **blocks)


def read_words(path: Path) -> Mapping[str, LanguageWords]:
    """Returns the words by language code; raises ConfigurationError naming every fault by file, line and column."""
    file = read_model(path, _words_file())
    return {language.value: getattr(file, language) for language in LanguageCode}

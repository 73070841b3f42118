# SPDX-License-Identifier: EUPL-1.2
"""`rules/drafts.yaml`: the patterns that check a draft to a platform."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any

import re2
from pydantic import AfterValidator, Field, create_model

from flaggermail.record.case_values import LanguageCode
from flaggermail.rules.draft_policy import DraftPatterns, LanguagePatterns
from flaggermail.settings.yaml_files.faults import read_model
from flaggermail.settings.yaml_files.kinds import Model


def _compiles(pattern: str) -> str:
    """Returns the pattern unchanged; raises ValueError if RE2 rejects it."""
    options = re2.Options()
    options.log_errors = False  # otherwise RE2 prints to standard error
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError(f"no pattern of RE2 ({error}); look-around and back-references are not possible") from error
    return pattern


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_compiles)]
Patterns = Annotated[tuple[Pattern, ...], Field(min_length=1)]
Month = Annotated[str, Field(min_length=1)]


class MustPatterns(Model):
    """Patterns that a draft must match."""

    check: Patterns
    decides: Patterns
    confirmation: Patterns


class MustNotPatterns(Model):
    """Patterns that a draft must not match."""

    removal: Patterns
    illegality: Patterns
    deadline: Patterns
    power: Patterns
    status: Patterns


class LanguageModel(Model):
    """The patterns of one language."""

    months: Annotated[tuple[Month, ...], Field(min_length=12, max_length=12)]
    must: MustPatterns
    must_not: MustNotPatterns


@cache
def _drafts_file() -> type[Model]:
    """Returns the model of `drafts.yaml`: a block for each language."""
    blocks: dict[str, Any] = {language.value: (LanguageModel, ...) for language in LanguageCode}
    return create_model("DraftsFile", __base__=Model, **blocks)


def load_draft_patterns(path: Path) -> DraftPatterns:
    """Reads the patterns of the file; raises ConfigurationError naming every fault by file, line and column."""
    file = read_model(path, _drafts_file())
    re2.purge()  # drops what was compiled to be checked
    return DraftPatterns({language.value: _language(getattr(file, language)) for language in LanguageCode})


def _language(model: LanguageModel) -> LanguagePatterns:
    return LanguagePatterns(model.months, dict(model.must), dict(model.must_not))

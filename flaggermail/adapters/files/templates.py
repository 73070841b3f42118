# SPDX-License-Identifier: EUPL-1.2
"""The mail templates of a desk, and their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, create_model, field_validator

from flaggermail.errors import ConfigurationError
from flaggermail.letters.template_values import TO_OTHERS, VALUES
from flaggermail.ports import Rendered
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.settings.yaml_files.faults import read_model
from flaggermail.settings.yaml_files.kinds import Model
from flaggermail.wording.pieces import LetterText

if TYPE_CHECKING:
    from flaggermail.adapters.files.template_engine import TemplateEngine

WORDS = "words.yaml"
TRIED_WITH = "3.1.6"
"""The version of jinja2 by which the tests of this program fill in each shipped template."""

Word = Annotated[str, Field(min_length=1)]


class Decided(Model):
    """What a decision mail tells the referrer: the reason, unless the officer writes it, and what they can do next."""

    reason: Word | None = None
    advice: Word


class LanguageWords(Model):
    """The words of one language that templates and filters need."""

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
def _words_file() -> type[Model]:
    """Returns the model of the file `words.yaml`: a block for each language."""
    blocks: dict[str, Any] = {language.value: (LanguageWords, ...) for language in LanguageCode}
    return create_model("WordsFile", __base__=Model, **blocks)


def read_words(path: Path) -> Mapping[str, LanguageWords]:
    """Returns the words by language code; raises ConfigurationError naming every fault by file, line and column."""
    file = read_model(path, _words_file())
    return {language.value: getattr(file, language) for language in LanguageCode}


class FileTemplates:
    """Implements `ports.Templates` with the files `directory/LANGUAGE/NAME.j2`; shows instants in `zone`.

    Raises ConfigurationError if `directory/words.yaml` is faulty. `spare` is a folder of templates without a fault:
    where one cannot be filled in, that of the same name there is used, with the words there, and mail to officers says
    so.
    """

    def __init__(self, directory: Path, zone: ZoneInfo, spare: Path | None = None) -> None:
        self._directory, self._zone, self._spare = directory, zone, spare
        self._words = read_words(directory / WORDS)
        self._broken: list[str] = []
        self._read: dict[Path, str] = {}

    @cached_property
    def _engine(self) -> TemplateEngine:
        return self._engine_of(self._directory, self._words)

    @cached_property
    def _spare_engine(self) -> TemplateEngine | None:
        spare = self._spare
        return self._engine_of(spare, read_words(spare / WORDS)) if spare is not None else None

    def _engine_of(self, directory: Path, words: Mapping[str, LanguageWords]) -> TemplateEngine:
        from flaggermail.adapters.files.template_engine import TemplateEngine  # noqa: PLC0415 - it imports this module

        return TemplateEngine(directory.name, self._zone, words, partial(self._text, directory))

    def render(self, name: str, language: str, values: Mapping[str, object]) -> Rendered:
        """Fills in `name` in `language`; raises ConfigurationError naming file, line and undefined name."""
        try:
            return self._engine.render(name, language, values)
        except ConfigurationError as broken:
            if self._spare_engine is None:
                raise
            self._broken += broken.faults
        shipped = self._spare_engine.render(name, language, values)
        if name in TO_OTHERS:
            return shipped
        return replace(shipped, body=f"{shipped.body}\n{LetterText.SHIPPED().in_language(language)}\n")

    def broken(self) -> Sequence[str]:
        """Returns why templates could not be filled in since this was last asked, each once."""
        found, self._broken = self._broken, []
        return tuple(dict.fromkeys(found))

    def files(self) -> dict[str, bytes]:
        """Returns the contents of all template files by their paths below the directory."""
        paths = [*self._directory.glob("*.yaml"), *self._directory.glob("*/*.j2")]
        return {path.relative_to(self._directory).as_posix(): path.read_bytes() for path in sorted(paths)}

    def check(self, *, at_start: bool = False) -> tuple[str, ...]:
        """Returns what `faults` does, and reads all templates, so that later edits of their files change nothing.

        At a start the spare ones are those of this very program: what is the same text is not tried again by the jinja2
        that filled in each before they were shipped. Later they may be of one that was installed meanwhile.
        """
        for language in self._words:
            for name in VALUES:
                with suppress(OSError, UnicodeDecodeError):
                    self._read[_file(self._directory, name, language)] = self._text(self._directory, name, language)
        return self.faults(self._spare if at_start and version("jinja2") == TRIED_WITH else None)

    def faults(self, tried: Path | None = None) -> tuple[str, ...]:
        """Returns one line per fault: what keeps a template from being filled in, in any situation.

        `tried` is another folder of templates without a fault: one that has the same text there is not tried again. It
        stands alone, so nothing but the words decides what it becomes: with other words all are tried.
        """
        same = tried is not None and self._has_words_of(tried)
        left = {
            (name, language)
            for name in VALUES
            for language in self._words
            if tried is None or not same or not self._is_that_of(tried, name, language)
        }
        return self._engine.check(left) if left else ()

    def _has_words_of(self, tried: Path) -> bool:
        """True if another folder has the same words; the folder itself is no witness."""
        try:
            return not tried.samefile(self._directory) and (
                (self._directory / WORDS).read_bytes() == (tried / WORDS).read_bytes()
            )
        except OSError:
            return False

    def _is_that_of(self, tried: Path, name: str, language: str) -> bool:
        try:
            return self._text(self._directory, name, language) == self._text(tried, name, language)
        except (OSError, UnicodeDecodeError):
            return False

    def _text(self, directory: Path, name: str, language: str) -> str:
        """Returns the text of a template's file, as read if it was. Raises OSError, UnicodeDecodeError."""
        file = _file(directory, name, language)
        return self._read[file] if file in self._read else file.read_text("utf-8")


def _file(directory: Path, name: str, language: str) -> Path:
    return directory / language / f"{name}.j2"

# SPDX-License-Identifier: EUPL-1.2
"""The mail templates of a desk; what fills them in is loaded for the first mail, since most commands write none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flaggermail.adapters.files.template_words import LanguageWords, read_words
from flaggermail.errors import ConfigurationError
from flaggermail.letters.template_values import TO_OTHERS
from flaggermail.ports import Rendered
from flaggermail.wording.pieces import LetterText

if TYPE_CHECKING:
    from flaggermail.adapters.files.template_engine import TemplateEngine


class FileTemplates:
    """Implements `ports.Templates` with the files `directory/LANGUAGE/NAME.j2`; shows instants in `zone`.

    Raises ConfigurationError if `directory/words.yaml` is faulty. `spare` is a folder of templates without a fault:
    where one cannot be filled in, that of the same name there is used, with the words there, and mail to officers says
    so.
    """

    def __init__(self, directory: Path, zone: ZoneInfo, spare: Path | None = None) -> None:
        self._directory, self._zone, self._spare = directory, zone, spare
        self._words = read_words(directory / "words.yaml")
        self._broken: list[str] = []

    @cached_property
    def _engine(self) -> TemplateEngine:
        return self._engine_of(self._directory, self._words)

    @cached_property
    def _spare_engine(self) -> TemplateEngine | None:
        spare = self._spare
        return self._engine_of(spare, read_words(spare / "words.yaml")) if spare is not None else None

    def _engine_of(self, directory: Path, words: Mapping[str, LanguageWords]) -> TemplateEngine:
        from flaggermail.adapters.files.template_engine import TemplateEngine  # noqa: PLC0415 - jinja2, when needed

        return TemplateEngine(directory, self._zone, words)

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

    def check(self) -> tuple[str, ...]:
        """Returns one line per fault: what keeps a template from being filled in, in any situation."""
        return self._engine.check()

# SPDX-License-Identifier: EUPL-1.2
"""Fills in mail templates: one file per mail and language, `Subject: ...`, an empty line and a plain text body.

A template can use its caller's values and the filters of `template_formats` only: no other file, no globals, and no
method that changes a value (jinja2's immutable sandbox).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from typing import NoReturn
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flaggermail.adapters.files.template_formats import Formats
from flaggermail.adapters.files.template_words import LanguageWords
from flaggermail.errors import ConfigurationError
from flaggermail.letters.strangers_words import guarded, marked, unmarked
from flaggermail.letters.template_values import VALUES
from flaggermail.ports import Rendered

SUBJECT = "Subject: "


@dataclass(frozen=True, slots=True)
class _Source:
    """A template file as read; `place` is its path from the template folder, as shown in error messages."""

    place: str
    subject: str
    body: str  # with one empty line for each line above it in the file, so that faults name the right line


class TemplateEngine:
    """Reads templates from `directory/LANGUAGE/NAME.j2` with the words of each language; shows instants in `zone`."""

    def __init__(self, directory: Path, zone: ZoneInfo, words: Mapping[str, LanguageWords]) -> None:
        self._directory = directory
        self._environments: Mapping[str, ImmutableSandboxedEnvironment] = {
            language: _environment(Formats(language, words[language], zone)) for language in words
        }
        self._compiled: dict[tuple[str, str], tuple[Template, Template, str]] = {}

    def render(self, name: str, language: str, values: Mapping[str, object]) -> Rendered:
        """Fills in `name` in `language`; raises ConfigurationError naming file, line and undefined name."""
        subject, body, place = self._templates(name, language)
        try:
            title = " ".join(subject.render(values).split())  # a value cannot add a header field
            text = body.render(values)
        except Exception as error:  # a template can raise what Python can; whoever sends the mail decides what follows
            raise ConfigurationError(_fault(place, error)) from error
        lines = (marked(line.rstrip()) for line in text.strip("\n").splitlines())
        return Rendered(subject=unmarked(title), body="".join(f"{line}\n" for line in lines))

    def check(self) -> tuple[str, ...]:
        """Returns one line per fault: a missing or broken template, or a name that no caller provides.

        Each template without one is filled in with the values of every situation in which its mail is written.
        """
        return tuple(
            fault
            for language in self._environments
            for name in sorted(VALUES)
            for fault in tuple(self._faults(name, language)) or self._tried(name, language)
        )

    def _tried(self, name: str, language: str) -> Iterator[str]:
        """Yields what breaks the template, and in which situation first; each fault once."""
        from flaggermail.adapters.files.template_situations import situations  # noqa: PLC0415 - to check needs it alone

        found = set[str]()
        for where, values in situations(name):
            try:
                self.render(name, language, guarded(name, values))
            except ConfigurationError as broken:
                if broken.faults[0] not in found:
                    found.add(broken.faults[0])
                    yield f"{broken.faults[0]}, where {where}"

    def _faults(self, name: str, language: str) -> Iterator[str]:
        environment = self._environments[language]
        try:
            source = self._source(name, language)
            self._templates(name, language)
        except ConfigurationError as error:
            yield from error.faults
            return
        for part in (source.subject, source.body):
            tree = environment.parse(part)
            if any(True for _ in meta.find_referenced_templates(tree)):
                yield f"{source.place}: uses another file; a template stands alone, write its text here"
            for unknown in sorted(meta.find_undeclared_variables(tree) - VALUES[name]):
                line = next((node.lineno for node in tree.find_all(nodes.Name) if node.name == unknown), 1)
                known = ", ".join(sorted(VALUES[name]))
                yield f"{source.place}:{line} {unknown}: nobody gives this; {name} knows {known}"

    def _templates(self, name: str, language: str) -> tuple[Template, Template, str]:
        """Returns subject and body, compiled once, and the file's place."""
        if (name, language) not in self._compiled:
            source = self._source(name, language)
            environment = self._environments[language]
            subject, body = (_compile(environment, part, source.place) for part in (source.subject, source.body))
            self._compiled[name, language] = subject, body, source.place
        return self._compiled[name, language]

    def _source(self, name: str, language: str) -> _Source:
        place = f"{self._directory.name}/{language}/{name}.j2"
        if name not in VALUES or language not in self._environments:
            raise ConfigurationError(f"{place}: no such template; there are {', '.join(sorted(VALUES))}")
        try:
            text = (self._directory / language / f"{name}.j2").read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"{place}: cannot be read ({error.strerror}); this file has to be there"
            ) from error
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"{place}: octet {error.start} is not UTF-8; save the file as UTF-8") from error
        subject, _, rest = text.partition("\n")
        if not subject.startswith(SUBJECT):
            raise ConfigurationError(f"{place}:1 Subject: the first line has to be `{SUBJECT}...`")
        if not rest.startswith("\n") or not rest.strip():
            raise ConfigurationError(f"{place}:2: an empty line has to follow the subject, then the body")
        return _Source(place, subject.removeprefix(SUBJECT), f"\n{rest}")


class _Sandbox(ImmutableSandboxedEnvironment):
    """Refuses powers too: to compute one may take for ever, at a reload of the daemon."""

    intercepted_binops = frozenset({"**"})

    def call_binop(self, context: Context, operator: str, left: object, right: object) -> NoReturn:  # noqa: ARG002 - jinja2 calls it
        """Raises SecurityError for an intercepted operator."""
        raise SecurityError(f"{operator}: a template cannot compute a power")


def _environment(formats: Formats) -> ImmutableSandboxedEnvironment:
    environment = _Sandbox(
        undefined=StrictUndefined,
        autoescape=False,  # plain text: escaping would print &amp; in the mail
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.clear()
    environment.filters.update(formats.filters())
    return environment


def _printable(value: object) -> object:
    """Rejects None: printing it is always a mistake, and the template must test the value first."""
    if value is None:
        raise UndefinedError("a value that may be missing is printed; test it with `if` first")
    return value


def _compile(environment: ImmutableSandboxedEnvironment, part: str, place: str) -> Template:
    try:
        code = environment.compile(part, name=place, filename=place)
    except TemplateSyntaxError as error:
        raise ConfigurationError(f"{place}:{error.lineno} syntax: {error.message}") from error
    return Template.from_code(environment, code, environment.globals)


def _fault(place: str, error: Exception) -> str:
    """Returns `place:line name: what`; jinja2 maps its traceback to the template's own lines."""
    lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == place]
    text = " ".join(str(error).split())
    names = re.findall(r"'([^']+)'", text)
    name = f" {names[-1]}" if isinstance(error, UndefinedError) and names else ""
    return f"{place}:{lines[-1] if lines else 1}{name}: {text}"

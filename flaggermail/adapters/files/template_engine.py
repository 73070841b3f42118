# SPDX-License-Identifier: EUPL-1.2
"""Fills in mail templates: one file per mail and language, `Subject: ...`, an empty line and a plain text body.

A template can use its caller's values and the filters of `template_formats` only: no other file, no globals, and no
method that changes a value (jinja2's immutable sandbox).

Template filters: how days, instants and lists are written in a mail, for one language and time zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from itertools import chain
from traceback import walk_tb
from typing import NamedTuple, NoReturn, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, Template, TemplateRuntimeError, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.idtracking import VAR_LOAD_RESOLVE
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flaggermail.adapters.files.templates import LanguageWords
from flaggermail.errors import ConfigurationError
from flaggermail.letters.html_part import MARK, WIDTH, guarded, mark_line, shortened, unmarked, wrapped
from flaggermail.letters.template_values import VALUES
from flaggermail.mail.message import SenderVerdict
from flaggermail.ports import Rendered
from flaggermail.wording.said import counted

# ---- forms of values


K = TypeVar("K")
W = TypeVar("W")

PREVIEW = 90  # characters that a telephone shows of a mail before it is opened
TITLE = 24  # characters of a title that stay beside long words
FILLED = 80  # a longer line is a whole paragraph, not one wrapped by a mail program


@dataclass(frozen=True, slots=True)
class Formats:
    """The filters. A value of the wrong type raises TemplateRuntimeError, which names the template."""

    language: str
    words: LanguageWords
    zone: ZoneInfo

    def filters(self) -> dict[str, Callable[..., object]]:
        """Returns every filter by its name in templates."""
        words = self.words
        decided = _of_table("reason, advice", words.decided)
        return {
            "day": self.day,
            "clock": self.clock,
            "instant": self.instant,
            "minutes_to": minutes_to,
            "within": self.within,
            "criterion": _of_table("criterion", words.criteria),
            "believed": _of_table("believed", words.believed),
            "aspect": _of_table("aspect", words.aspects),
            "alarm": _of_table("alarm", words.alarms),
            "remedy": _of_table("remedy", words.remedies),
            "doubt": self.doubt,
            "asked": _of_table("asked", words.missing),
            "looked_for": _of_table("looked_for", words.looked_for),
            "label": self.label,
            "counted": partial(counted, language=self.language),
            "reason": lambda value: decided(value).reason or "",
            "advice": lambda value: decided(value).advice,
            "capital": capital,
            "flow": flow,
            "line": line,
            "matter": self.matter,
            "marked": marked_lines,
        }

    def day(self, value: object) -> str:
        """Formats a date, or the local day of an instant: `6 June 2024`."""
        if isinstance(value, datetime):
            value = self._local(value)
        if not isinstance(value, date):
            raise TemplateRuntimeError(f"day: a date or an instant is needed, not {type(value).__name__}")
        return f"{value.day} {self.words.months[value.month - 1]} {value.year}"

    def clock(self, value: object) -> str:
        """Formats the local time of an instant: `10:34`.

        Adds the UTC offset on the day of a clock change and in the twelve hours before it, so that readers can
        recalculate a duration across it: `23:34 +02:00`.
        """
        local = self._local(value)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        later = (local.astimezone(UTC) + timedelta(hours=12)).astimezone(self.zone)
        changes = len({midnight.utcoffset(), local.utcoffset(), later.utcoffset()}) > 1
        offset = f" {local.isoformat()[-6:]}" if changes else ""
        return f"{local:%H:%M}{offset}"

    def instant(self, value: object) -> str:
        """Formats day and time of an instant: `6 June 2024 at 10:34`."""
        return f"{self.day(self._local(value))} {self.words.preposition} {self.clock(value)}"

    def within(self, values: Iterable[object]) -> str:
        """Joins a list for a sentence: `a, b and c`."""
        *first, last = [str(value) for value in values] or [""]
        return f"{', '.join(first)} {self.words.conjunction} {last}" if first else last

    def doubt(self, value: object) -> str:
        """Returns the mark to put beside a sender with that verdict, in brackets; empty if they are verified."""
        if value == SenderVerdict.VERIFIED:
            return ""
        return f" ({_of_table('doubt', self.words.doubts)(value)})"

    def label(self, value: object) -> str:
        """Returns the words of a label that a rule sets; a label without words is shown as it is."""
        return self.words.labels.get(str(value), str(value))

    def matter(self, title: object, act: str, platform: object = "", minutes: object = None, short: str = "") -> str:
        """Returns the first line of a mail: act, title, platform and minutes, within what a telephone's list shows.

        The title is cut for it, and keeps `TITLE`; an act too long for that is replaced by `short`, or cut.
        """
        less, *forms = self.words.minutes
        spoken = (
            (counted(minutes, *forms, language=self.language) if minutes else less) if isinstance(minutes, int) else ""
        )
        behind = "".join(f" \u00b7 {part}" for part in (platform, spoken) if part)
        room = PREVIEW - len(MARK) - len(behind)
        whole = line(title)
        if not whole:
            return f"{act}{behind}"
        most = room - 2 - min(len(unmarked(whole)), TITLE)  # characters of the act
        said = act if len(act) <= most else short or shortened(act, most)
        return f"{said}: {shortened(whole, room - 2 - len(said))}{behind}"

    def _local(self, value: object) -> datetime:
        return _aware(value).astimezone(self.zone)


def _of_table(name: str, table: Mapping[K, W]) -> Callable[[object], W]:
    """Returns the filter of that name: what a table of words.yaml has for a value."""

    def found(value: object) -> W:
        for known, words in table.items() if isinstance(value, str | int) else ():
            if known == value:
                return words
        raise TemplateRuntimeError(f"{name}: {value!r} is none of those in words.yaml")

    return found


def minutes_to(begin: object, end: object) -> int:
    """Counts the minutes between two instants, both cut to the minute, so that the result matches the printed times."""
    first, last = (_aware(value).astimezone(UTC).replace(second=0, microsecond=0) for value in (begin, end))
    return (last - first) // timedelta(minutes=1)


def line(value: object) -> str:
    """Joins others' text into one line."""
    return " ".join(str(value).split())


def capital(value: object) -> str:
    """Returns the words with a capital at the beginning, as a line of their own has it."""
    words = str(value)
    return words[:1].upper() + words[1:]


def flow(value: object) -> str:
    """Makes each paragraph one line, which is wrapped when the mail is written or read."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", str(value).strip()))
    return "\n\n".join(paragraphs) + "\n"


def marked_lines(value: object) -> str:
    """Marks each line of others' text, so that readers do not take it for ours.

    The mark is not `>`: some mail programs on phones hide quoted lines.
    """
    return "\n".join(f"{MARK}{text}".rstrip() for text in _wrapped_lines(str(value).strip().splitlines(), WIDTH))


def _wrapped_lines(lines: Iterable[str], width: int) -> Iterator[str]:
    """Wraps long lines. The remainder of a line that a mail program had wrapped joins the next line."""
    rest = ""
    for line in lines:
        goes_on = bool(rest) and line[:1].isalnum()
        if rest and not goes_on:
            yield rest
        whole = f"{rest} {line}" if goes_on else line
        *before, last = wrapped(whole, width=width).splitlines() if len(whole) > width else [whole]
        yield from before
        rest = last if before and len(line) <= FILLED else ""
        if not rest:
            yield last
    if rest:
        yield rest


def _aware(value: object) -> datetime:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise TemplateRuntimeError(f"an instant with its zone is needed, not {value!r}")
    return value


# ---- templates compiled


SUBJECT = "Subject: "


@dataclass(frozen=True, slots=True)
class _Source:
    """A template file as read; `place` is its path from the template folder, as shown in error messages."""

    place: str
    subject: str
    body: str  # with one empty line for each line above it in the file, so that faults name the right line


class _TemplatePart(NamedTuple):
    """The subject or body of a template, compiled once."""

    template: Template
    names: frozenset[str]  # that it uses and does not set itself
    uses_others: bool  # other files


Tries: TypeAlias = Sequence[tuple[str, Mapping[str, object]]]


class TemplateEngine:
    """Compiles the templates of a folder, with the words of each language, when they are first used.

    `text` returns that of a template's file by name and language, or raises OSError or UnicodeDecodeError; instants are
    shown in `zone`.
    """

    def __init__(
        self, folder: str, zone: ZoneInfo, words: Mapping[str, LanguageWords], text: Callable[[str, str], str]
    ) -> None:
        self._folder, self._text = folder, text
        self._environments: Mapping[str, ImmutableSandboxedEnvironment] = {
            language: _environment(Formats(language, words[language], zone)) for language in words
        }
        self._compiled: dict[tuple[str, str], tuple[_TemplatePart, _TemplatePart, str]] = {}

    def render(self, name: str, language: str, values: Mapping[str, object]) -> Rendered:
        """Fills in `name` in `language`; raises ConfigurationError naming file, line and undefined name."""
        subject, body, place = self._templates(name, language)
        try:
            title = " ".join(subject.template.render(values).split())  # a value cannot add a header field
            text = body.template.render(values)
        except Exception as error:  # a template can raise what Python can; whoever sends the mail decides what follows
            raise ConfigurationError(_fault(place, error)) from error
        lines = (mark_line(line.rstrip()) for line in text.strip("\n").splitlines())
        return Rendered(subject=unmarked(title), body="".join(f"{line}\n" for line in lines))

    def check(self, which: Collection[tuple[str, str]]) -> tuple[str, ...]:
        """Returns one line per fault of these, by name and language: missing, broken, or uses what no caller provides.

        Each template without one is filled in with the values of every situation in which its mail is written.
        """
        faults: dict[str, list[str]] = {language: [] for language in self._environments}
        for name in sorted(VALUES):
            tries = cache(partial(_tries, name))  # the same in each language
            for language, found in faults.items():
                if (name, language) in which:
                    found.extend(tuple(self._faults(name, language)) or self._tried(name, language, tries))
        return tuple(chain.from_iterable(faults.values()))

    def _tried(self, name: str, language: str, tries: Callable[[], Tries]) -> Iterator[str]:
        """Yields what breaks the template, and in which situation first; each fault once."""
        found = set[str]()
        for where, values in tries():
            try:
                self.render(name, language, values)
            except ConfigurationError as broken:
                if broken.faults[0] not in found:
                    found.add(broken.faults[0])
                    yield f"{broken.faults[0]}, where {where}"

    def _faults(self, name: str, language: str) -> Iterator[str]:
        try:
            source = self._source(name, language)
            *parts, place = self._templates(name, language)
        except ConfigurationError as error:
            yield from error.faults
            return
        for part, text in zip(parts, (source.subject, source.body), strict=True):
            if part.uses_others:
                yield f"{place}: uses another file; a template stands alone, write its text here"
            for unknown in sorted(part.names - VALUES[name]):
                tree = self._environments[language].parse(text)
                line = next((node.lineno for node in tree.find_all(nodes.Name) if node.name == unknown), 1)
                known = ", ".join(sorted(VALUES[name]))
                yield f"{place}:{line} {unknown}: nobody gives this; {name} knows {known}"

    def _templates(self, name: str, language: str) -> tuple[_TemplatePart, _TemplatePart, str]:
        """Returns subject and body, compiled once, and the file's place."""
        if (name, language) not in self._compiled:
            source = self._source(name, language)
            environment = self._environments[language]
            subject, body = (_compile(environment, part, source.place) for part in (source.subject, source.body))
            self._compiled[name, language] = subject, body, source.place
        return self._compiled[name, language]

    def _source(self, name: str, language: str) -> _Source:
        place = f"{self._folder}/{language}/{name}.j2"
        if name not in VALUES or language not in self._environments:
            raise ConfigurationError(f"{place}: no such template; there are {', '.join(sorted(VALUES))}")
        try:
            text = self._text(name, language)
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


_NAMES: ContextVar[set[str]] = ContextVar("names")


class _Generator(CodeGenerator):
    """Writes the code of a template and notes the names that it does not set itself.

    `jinja2.meta` finds them so too, and writes the code a second time for it.
    """

    def enter_frame(self, frame: Frame) -> None:
        """Notes the names that a part of the template takes from its values."""
        super().enter_frame(frame)
        _NAMES.get().update(name for how, name in frame.symbols.loads.values() if name and how == VAR_LOAD_RESOLVE)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Refuses powers too: to compute one may take for ever, at a reload of the daemon."""

    intercepted_binops = frozenset({"**"})
    code_generator_class = _Generator

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


def _compile(environment: ImmutableSandboxedEnvironment, part: str, place: str) -> _TemplatePart:
    try:
        tree = environment.parse(part)
        uses_others = any(True for _ in meta.find_referenced_templates(tree))
        _NAMES.set(set())
        code = environment.compile(tree, name=place, filename=place)
    except TemplateSyntaxError as error:
        raise ConfigurationError(f"{place}:{error.lineno} syntax: {error.message}") from error
    return _TemplatePart(
        Template.from_code(environment, code, environment.globals), frozenset(_NAMES.get()), uses_others
    )


def _tries(name: str) -> Tries:
    """Returns the situations in which a template's mail is written, with its values there as `render` gets them."""
    from flaggermail.adapters.files.template_trials import situations  # noqa: PLC0415 - to check needs it alone

    return tuple((where, guarded(name, values)) for where, values in situations(name))


def _fault(place: str, error: Exception) -> str:
    """Returns `place:line name: what`; jinja2 maps its traceback to the template's own lines."""
    lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == place]
    text = " ".join(str(error).split())
    names = re.findall(r"'([^']+)'", text)
    name = f" {names[-1]}" if isinstance(error, UndefinedError) and names else ""
    return f"{place}:{lines[-1] if lines else 1}{name}: {text}"

# SPDX-License-Identifier: EUPL-1.2
"""A sentence by its code: stored as code and details, and worded in the reader's language when it is shown."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Self, TypeAlias

from flaggermail.wording import catalogues
from flaggermail.wording.catalogues import NotWorded

ENGLISH = "en"
"""The language of the command line, the journal and `--json`."""
UNSAID_DETAIL = "unsaid"
"""The format of a detail that a language leaves out."""
_CODE = "code"
_WRITE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_BEGIN = f'{{"{_CODE}":'


class StoredText(str):
    """A sentence as it is stored: canonical JSON of its code and its details; empty if nothing is said.

    Made by calling a `Sentence`. Text that is no such JSON, as in a row that somebody else changed, words itself.
    """

    __slots__ = ()

    @property
    def code(self) -> str:
        """The sentence's code; empty if it has none."""
        return str(_read(self).get(_CODE, ""))

    def detail(self, name: str) -> object:
        """Returns a detail as stored; None if the sentence has no such detail."""
        return _read(self).get(name)

    def worded(self, name: str, language: str) -> str:
        """Returns a detail as the sentence shows it in a language, several as a list; empty without the detail."""
        found = self.detail(name)
        return "" if found is None else _listed(found, language)

    def sentences(self, name: str) -> tuple[StoredText, ...]:
        """Returns the sentence or the sentences that are a detail of this one."""
        found = self.detail(name)
        several = found if isinstance(found, list) else [found]
        return tuple(_said(one) for one in several if isinstance(one, dict))

    def document(self, language: str = ENGLISH) -> dict[str, object] | None:
        """Returns the code, the details, and the words in a language; None if nothing is said."""
        if not self:
            return None
        details = _read(self)
        return {"code": details.pop(_CODE, ""), "details": details, "text": self.in_language(language)}

    def retold(self, sentence: Sentence) -> StoredText:
        """Returns another sentence with those details of this one that it has. Raises KeyError if one is missing."""
        found = _read(self)
        return _said({_CODE: sentence.value, **{name: found[name] for name in sorted(sentence.details)}})

    def with_detail(self, name: str, value: Detail) -> StoredText:
        """Returns the sentence with another value of a detail that it has; as it is without that detail."""
        found = _read(self)
        return _said({**found, name: _plain(value)}) if name in found else self

    @property
    def english(self) -> str:
        """The sentence as the command line, the journal and documents show it."""
        return self.in_language(ENGLISH)

    def in_language(self, language: str) -> str:
        """Returns the sentence in a language. Raises NotWorded if the language has no words for it."""
        found = _read(self)
        sentence = _sentence(str(found.pop(_CODE, "")))
        if sentence is None:
            return str(self)
        details = {name: _detail(value, language) for name, value in found.items()}
        try:
            return sentence.words(language).format_map(details)
        except (KeyError, ValueError):  # a detail was taken away or changed by other means
            return str(self)


UNSAID = StoredText()
"""Nothing is said."""

Detail: TypeAlias = "str | int | Sequence[str]"
"""A detail of a sentence: a value, another sentence, or several of either, which are listed."""


class Sentence(StrEnum):
    """Base class of every set of sentences. A member is its code; a catalogue of each language has its words.

    A class lists its members, or takes them `of_catalogue`.

    In them `{name}` stands for the detail of that name, `{count:mail|mails}` for a number with the noun that fits it,
    `{at:instant}` for an instant that is stored in ISO 8601, in words, and `{name:unsaid}` for a detail that a language
    leaves out.
    """

    def __new__(cls, code: str) -> Self:
        """Makes a member; raises ValueError for a code that another sentence has."""
        if code in _SENTENCES:
            raise ValueError(f"two sentences have the code {code!r}")
        member = str.__new__(cls, code)
        member._value_ = code
        _SENTENCES[code] = member
        return member

    def __call__(self, **details: Detail) -> StoredText:
        """Returns the sentence with its details. Raises NotWorded if one is missing or is none of its own.

        Said without any, as many are when a module is loaded, it is not looked up: a test holds every call against it.
        """
        if details and details.keys() != self.details:
            raise NotWorded(f"{self.value}: has the details {sorted(self.details)}, not {sorted(details)}")
        return _said({_CODE: self.value, **{name: _plain(value) for name, value in details.items()}})

    def having(self, **details: Detail) -> StoredText:
        """Returns the sentence with those of the details that it has: one of several, which name different ones."""
        return self(**{name: value for name, value in details.items() if name in self.details})

    def words(self, language: str) -> str:
        """Returns the words, with the names of the details, in a language. Raises NotWorded if it has none."""
        found = catalogues.catalogue(language, type(self).__module__.rpartition(".")[2])
        if self.value not in found:
            raise NotWorded(f"{self.value}: no words in {language!r}")
        return found[self.value]

    @property
    def details(self) -> frozenset[str]:
        """The names of its details, which are the same in every language."""
        return catalogues.details_of(self.words(ENGLISH))


def of_catalogue(name: str, prefix: str) -> dict[str, str]:
    """Returns the members of a set of sentences: the codes in an English catalogue that begin so, each by its name.

    For sentences that Python says by the name or the value of something else, or a template: the catalogue lists them.
    """
    codes = [code for code in catalogues.catalogue(ENGLISH, name) if code.startswith(prefix)]
    return {re.sub(r"\W", "_", code.removeprefix(prefix)).upper(): code for code in codes}


_SENTENCES: dict[str, Sentence] = {}


class PlainText(Sentence):
    """Words without a code of their own: of a person, of a server, or of an earlier version of this program."""

    AS_WRITTEN = "as written"


def as_written(text: str) -> StoredText:
    """Returns a person's own words as a stored text; empty if there are none."""
    return PlainText.AS_WRITTEN(text=text) if text else StoredText()


def every() -> Mapping[str, Sentence]:
    """Returns all sentences by their codes."""
    for name in catalogues.sets():
        importlib.import_module(f"flaggermail.wording.{name}")
    return _SENTENCES


def _sentence(code: str) -> Sentence | None:
    return _SENTENCES.get(code) or (every().get(code) if code else None)


def counted(number: int, *forms: str, language: str = ENGLISH) -> str:
    """Returns a number with the noun that fits it: `1 minuut`, `2 minuten`."""
    return catalogues.locale(language).counted(number, *forms)


class _Number(int):
    """A number in a sentence, which may name what is counted."""

    language: str = ENGLISH

    @classmethod
    def of(cls, number: int, language: str) -> Self:
        """Returns the number for a sentence in that language."""
        made = cls(number)
        made.language = language
        return made

    def __format__(self, spec: str) -> str:
        if spec == UNSAID_DETAIL:
            return ""
        return (
            counted(int(self), *spec.split("|"), language=self.language) if "|" in spec else int.__format__(self, spec)
        )


class _Text(str):
    """A text in a sentence, which may be an instant."""

    __slots__ = ("language",)

    language: str

    @classmethod
    def of(cls, text: str, language: str) -> Self:
        """Returns the text for a sentence in that language."""
        made = cls(text)
        made.language = language
        return made

    def __format__(self, spec: str) -> str:
        if spec == UNSAID_DETAIL:
            return ""
        if spec != "instant":
            return str.__format__(self, spec)
        try:
            at = datetime.fromisoformat(self)
        except ValueError:  # changed by other means
            return str(self)
        return catalogues.locale(self.language).timed(at)


def dated(day: date, language: str) -> str:
    """Returns a day in words: `6 juni 2024`."""
    return catalogues.locale(language).dated(day)


def countable(value: object) -> object:
    """Returns a value for `{name:mail|mails}`: a number can name what is counted."""
    return _Number(value) if isinstance(value, int) else value


def _plain(value: Detail) -> object:
    """Returns a detail for JSON: a sentence in it stays one."""
    if isinstance(value, StoredText):
        return _read(value) or str(value)
    if isinstance(value, str):
        return str(value)
    return value if isinstance(value, int) else [_plain(one) for one in value]


def _said(details: Mapping[str, object]) -> StoredText:
    return StoredText(_WRITE(details))


def _read(stored: str) -> dict[str, object]:
    try:
        found = json.loads(stored) if stored.startswith(_BEGIN) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _detail(value: object, language: str) -> object:
    """Returns a detail as it is put into the words; several are listed."""
    if isinstance(value, int):
        return _Number.of(value, language)
    return _Text.of(_listed(value, language), language)


def _listed(value: object, language: str) -> str:
    if isinstance(value, dict):
        return _said(value).in_language(language)
    if isinstance(value, list):
        between = "; " if any(isinstance(one, dict) for one in value) else ", "
        return between.join(_listed(one, language) for one in value)
    return str(value)


_RANGE = re.compile(r"(\*|[a-z]{1,8})(?:-[a-z0-9]{1,8})*(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?", re.IGNORECASE)


def language_of(accepted: str, known: Sequence[str]) -> str:
    """Returns the language that Accept-Language asks for (RFC 9110, 12.5.4), English if it asks for none of `known`."""
    weights: dict[str, float] = {}
    for asked in accepted.lower().split(","):
        found = _RANGE.fullmatch(asked.strip())
        if found:
            weights.setdefault(found[1], float(found[2] or 1))
    others = weights.get("*", 0.0)
    ranked = sorted(known, key=lambda one: (-weights.get(one, others), one != ENGLISH))
    return ranked[0] if ranked and weights.get(ranked[0], others) > 0 else ENGLISH

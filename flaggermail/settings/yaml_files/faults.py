# SPDX-License-Identifier: EUPL-1.2
"""Translates validation errors of pydantic for a person with an editor: what is wrong, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from flaggermail.errors import ConfigurationError
from flaggermail.settings.yaml_files.plain import Key
from flaggermail.settings.yaml_files.source import FileFault, YamlSource, read

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails


M = TypeVar("M", bound=BaseModel)

SECRET = re.compile(r"pass(word|wd|phrase|code)?$|pwd|secret|token|api_?key|private_?key|wachtwoord", re.IGNORECASE)
_ABOUT_SECRETS = frozenset({"token_endpoint", "secret_ends_on"})  # keys of an address and of a day
_NO_PLACE = (
    "a secret has no place here; put it into a systemd credential or a file in `credentials/`, and remove the line"
)
# Values that may hold a pasted secret are not repeated in messages.
_UNREPEATED = frozenset({"credential", "database", "pagers"})

_PASSWORD = re.compile(r"(?<=:)[^\s/@:]+(?=@)")  # in an address such as user:password@host

_SHORT = 60  # characters of a value that a message repeats

_BY_TYPE = {
    "string_type": "is not text; put it in quotes",
    "int_type": "is no whole number; write digits only",
    "int_parsing": "is no whole number; write digits only",
    "int_from_float": "is no whole number; write it without a fraction",
    "bool_type": "is neither true nor false; write one of them",
    "bool_parsing": "is neither true nor false; write one of them",
    "date_type": "is no day; write it in the form 2027-03-17",
    "date_parsing": "is no day of the calendar; write it in the form 2027-03-17",
    "date_from_datetime_parsing": "is no day of the calendar; write it in the form 2027-03-17",
    "datetime_type": "is no instant; write it in the form 2027-03-17T08:00:00+01:00",
    "datetime_parsing": "is no instant; write it in the form 2027-03-17T08:00:00+01:00",
    "datetime_from_date_parsing": "is no instant; write it in the form 2027-03-17T08:00:00+01:00",
    "tuple_type": "must be a list; write each entry on a line that begins with `- `",
    "frozen_set_type": "must be a list; write each entry on a line that begins with `- `",
    "dict_type": "must be a mapping; write indented lines of the form `key: value`",
    "model_type": "must be a mapping; write indented lines of the form `key: value`",
    "too_short": "needs at least one entry; add it, on a line that begins with `- `",
    "string_too_short": "is empty; write a value",
    "path_type": "is no path of a file; write one, in quotes",
}


def checked(model: type[M], source: YamlSource) -> M | None:
    """Validates the values of a file; returns None and appends to the source's faults if that fails."""
    secrets = list(_secrets(source))
    source.faults += [source.fault(key, _NO_PLACE) for key in secrets]
    if not source.values and source.faults:
        return None  # the file could not be read at all, so missing keys are no news
    try:
        return model.model_validate(source.values)
    except ValidationError as error:
        source.faults += [
            _fault(model, source, details)
            for details in error.errors(include_url=False)
            if not _is_about(secrets, details["loc"]) and not _follows_from_entries(details)
        ]
        return None


def nearest(word: str, known: Collection[str]) -> str:
    """Suggests the closest known word, or lists all of them."""
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known)) or 'none'}"


def quoted(value: object) -> str:
    """Formats a value for a message, shortened."""
    text = repr(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    text = _PASSWORD.sub("...", text)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}..."


def _secrets(source: YamlSource) -> Iterator[Key]:
    named = ((key, key[-1]) for key in source.places)
    return (key for key, name in named if isinstance(name, str) and SECRET.search(name) and name not in _ABOUT_SECRETS)


def _is_about(keys: Collection[Key], location: Key) -> bool:
    return any(location[: len(key)] == key for key in keys)


def _follows_from_entries(details: ErrorDetails) -> bool:
    """True if a list is reported as too short only because its entries have faults of their own."""
    return details["type"] == "too_short" and bool(details["input"])


def _fault(model: type[BaseModel], source: YamlSource, details: ErrorDetails) -> FileFault:
    key = details["loc"]
    if key and key[-1] == "[key]":  # pydantic's mark for the key of a mapping
        key = key[:-1]
    return source.fault(key, _words(model, key, details))


def _words(model: type[BaseModel], key: Key, details: ErrorDetails) -> str:
    kind, value = details["type"], details["input"]
    if kind == "missing":
        return f"is missing and has no default; add a line `{key[-1]}: ...`"
    if kind == "extra_forbidden":
        return f"is no known key; {nearest(str(key[-1]), _known(model, key[:-1]))}"
    if kind == "model_type" and "pagers" in key:  # most often the address of the pager, with its token
        return "must be a mapping; write the pager's address into a credential, and here `- credential: NAME`"
    if value is None or value == "":
        return "has no value; write one, or remove the line"
    shown = isinstance(value, str | int | float) and not _UNREPEATED.intersection(map(str, key))
    words = _about_value(kind, value, details)
    return f"{quoted(value)} {words}" if shown else words


def _about_value(kind: str, value: object, details: ErrorDetails) -> str:
    context = details.get("ctx", {})
    match kind:
        case "literal_error" | "enum":
            return f"is not known; write {context['expected']}"
        case "greater_than_equal":
            return f"is too small; at least {context['ge']}"
        case "less_than_equal":
            return f"is too large; at most {context['le']}"
        case "value_error":
            return str(context["error"])
        case "string_type" if isinstance(value, list | dict):
            return "must be text, not a list or a mapping; write it on one line"
        case _:
            return _BY_TYPE.get(kind, details["msg"])


def _known(model: type[BaseModel], key: Key) -> Collection[str]:
    """Returns the keys known at `key`."""
    here: type[BaseModel] | None = model
    for step in key:
        if isinstance(step, str) and here is not None:
            field = _by_key(here).get(step)
            here = _model_in(field.annotation) if field else None
    return _by_key(here).keys() if here else ()


def _by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Returns the fields of a model by their key in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Returns the model inside an annotation such as `tuple[PlatformSettings, ...]` or `PolicySettings | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def read_model(path: Path, model: type[M]) -> M:
    """Loads the file as a `model`. Raises ConfigurationError with every fault in it."""
    source = read(path, f"{path.parent.name}/{path.name}")
    if source.faults:
        raise ConfigurationError(*map(str, sorted(source.faults)))
    try:
        return model.model_validate(source.values)
    except ValidationError as error:
        faults = (
            source.fault(fault["loc"], fault["msg"].removeprefix("Value error, "))
            for fault in error.errors(include_url=False)
        )
        raise ConfigurationError(*map(str, faults)) from error

# SPDX-License-Identifier: EUPL-1.2
"""Values as canonical JSON and back: the same values give the same octets, whatever wrote them.

A dataclass becomes an object; one that stands among others (a block, a word) names its class under `is`. Instants are
in UTC, numbers whole, keys in order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from types import UnionType
from typing import TypeVar, Union, cast, get_args, get_origin, get_type_hints

V = TypeVar("V")

_CLASS = "is"


def encode(value: object) -> str:
    """Returns a value as JSON. Raises TypeError for a type that no report holds."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(value: object) -> str:
    """Returns the SHA-256 of a value's JSON in UTF-8, in hexadecimal."""
    return hashlib.sha256(encode(value).encode()).hexdigest()


def decode(text: str, kind: type[V]) -> V:
    """Returns the value of that type which `encode` wrote. Raises ValueError, KeyError, TypeError for other text."""
    return cast("V", _value(json.loads(text), kind))


def decode_several(text: str, kinds: object) -> list[object]:
    """Returns the values that `encode` wrote of a list whose entries are of any of `kinds`, a union."""
    return [_value(one, kinds) for one in json.loads(text)]


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        held = {spec.name: _plain(getattr(value, spec.name)) for spec in fields(value)}
        return {_CLASS: type(value).__name__, **held}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"a report holds no {type(value).__name__}")


def _value(found: object, kind: object) -> object:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return _of_union(found, inner)
    if origin is not None and isinstance(found, list):
        if origin is tuple and len(inner) > 1 and inner[1] is not Ellipsis:
            return tuple(_value(one, of) for one, of in zip(found, inner, strict=True))
        return tuple(_value(one, inner[0]) for one in found)
    if origin is not None and isinstance(found, dict):
        return {key: _value(held, inner[1]) for key, held in found.items()}
    if is_dataclass(kind) and isinstance(kind, type) and isinstance(found, dict):
        hints = get_type_hints(kind)
        return kind(**{name: _value(held, hints[name]) for name, held in found.items() if name != _CLASS})
    return _scalar(found, kind)


def _of_union(found: object, kinds: Sequence[object]) -> object:
    """Returns the value as the class that it names, or as the only type beside None."""
    if found is None:
        return None
    named = found.get(_CLASS) if isinstance(found, dict) else None
    choices = [kind for kind in kinds if kind is not type(None)]
    if named is not None:
        choices = [kind for kind in choices if getattr(kind, "__name__", "") == named]
    (kind,) = choices
    return _value(found, kind)


def _scalar(found: object, kind: object) -> object:
    if kind is datetime:
        return datetime.fromisoformat(str(found))
    if kind is date:
        return date.fromisoformat(str(found))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(str(found))
    if isinstance(kind, type) and isinstance(found, kind):
        return found
    raise TypeError(f"{found!r} is no {kind}")

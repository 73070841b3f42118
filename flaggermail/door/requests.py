# SPDX-License-Identifier: EUPL-1.2
"""What is asked for: fields from a query or from a JSON object, read in one way only."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from http import HTTPStatus
from types import UnionType
from typing import Annotated, NoReturn, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from flaggermail.door.problems import Problem
from flaggermail.mail.message import Json
from flaggermail.wording.door import DoorProblem

MOST_FIELDS = 200  # of a query
DEEPEST = 20  # levels of a JSON body
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_TRUTHS: Mapping[str, bool] = {"true": True, "false": False}
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def read_query(query: str, kind: type | None, lists: frozenset[str] = frozenset()) -> dict[str, Json]:
    """Returns the fields of a query for a request of that class, each with the type that its field has.

    Text that is no value of the type stays text, which the desk then refuses by its field. `lists` are the fields
    with several values of a request that has no class. Raises Problem for what can be read in two ways.
    """
    try:
        given = parse_qsl(
            query, keep_blank_values=True, strict_parsing=bool(query), encoding="utf-8", errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError as fault:
        raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.NO_QUERY()) from fault
    types: Mapping[str, frozenset[object]] = (
        _types_of(kind) if kind is not None else dict.fromkeys(lists, frozenset({tuple}))
    )
    found: dict[str, Json] = {}
    for name, text in given:
        choices = types.get(name, frozenset())
        if tuple in choices:
            listed = found.setdefault(name, [])
            if isinstance(listed, list):
                listed.append(_value(text, choices))
        elif name in found:
            raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.FIELD_TWICE(field=name[:60]), where=name[:60])
        else:
            found[name] = _value(text, choices)
    return found


def _value(text: str, choices: frozenset[object]) -> Json:
    if bool in choices and text in _TRUTHS:
        return _TRUTHS[text]
    if int in choices and _NUMBER.fullmatch(text):
        return int(text)
    return text


@cache
def _types_of(kind: type) -> Mapping[str, frozenset[object]]:
    hints = get_type_hints(kind)
    return {spec.name: frozenset(_plain(hints[spec.name])) for spec in fields(kind)}


def _plain(hint: object) -> list[object]:
    """Returns the types that a hint allows; a list of any kind is `tuple`, beside the types of what it lists."""
    if get_origin(hint) is Annotated:
        return _plain(get_args(hint)[0])
    if get_origin(hint) in {Union, UnionType}:
        return [one for choice in get_args(hint) for one in _plain(choice)]
    if get_origin(hint) in {tuple, list, frozenset}:
        return [tuple, *(one for listed in get_args(hint) if listed is not ... for one in _plain(listed))]
    return [hint]


def read_body(body: bytes) -> dict[str, Json]:
    """Returns the object that a body holds (RFC 8259; names are unique). Raises Problem for what is none."""
    if _depth(body) > DEEPEST:
        raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.BODY_TOO_DEEP(most=DEEPEST))
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_number)
    except (ValueError, RecursionError) as fault:
        raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.BODY_NO_JSON()) from fault
    if not isinstance(found, dict):
        raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.BODY_NO_OBJECT())
    return found


def _depth(body: bytes) -> int:
    """Returns how many levels of brackets a body opens at once, whether or not it is JSON."""
    depth = deepest = 0
    for found in _BRACKETS.finditer(body):
        first = found[0][:1]
        depth += (first in b"[{") - (first in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, _ in pairs if [one for one, _ in pairs].count(name) > 1)
        raise Problem(HTTPStatus.BAD_REQUEST, DoorProblem.FIELD_TWICE(field=twice[:60]), where=twice[:60])
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")

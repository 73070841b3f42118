# SPDX-License-Identifier: EUPL-1.2
"""The description of the door: the file in the manual is what the classes say, and each request is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest
from jsonschema import Draft202012Validator

from flaggermail.commands.door import COMMANDS
from flaggermail.desk.views import READS, VIEWS
from flaggermail.door import catalogue, description
from flaggermail.mail.message import Json
from tests.tools.openapi import FILE


@pytest.fixture(scope="module")
def made() -> Mapping[str, Json]:
    """The description as the classes make it."""
    found: dict[str, Json] = json.loads(json.dumps(description.document()))
    return found


def test_the_file_in_the_manual_is_what_the_classes_say(made: Mapping[str, Json]) -> None:
    """If not: `python -m tests.tools.openapi`."""
    assert json.loads(FILE.read_text("utf-8")) == made


def test_each_request_has_its_address(made: Mapping[str, Json]) -> None:
    """Every view and every command."""
    paths = made["paths"]
    assert isinstance(paths, Mapping)
    wanted = {f"/v1/views/{name.replace(' ', '-')}" for name in VIEWS}
    wanted |= {f"/v1/commands/{name.replace(' ', '-')}" for name in COMMANDS}
    assert wanted <= set(paths)
    assert not [path for path in paths if path.endswith("/")]


def test_large_tasks_are_described_as_such_and_show_no_case(made: Mapping[str, Json]) -> None:
    """Whose case, draft or mail somebody looks at is known to the door alone, and not to its other processes."""
    paths = made["paths"]
    assert isinstance(paths, Mapping)
    told = {path for path, methods in paths.items() if '"102": {' in json.dumps(methods)}
    kinds = {name: "commands" if name in COMMANDS else "views" for name in catalogue.HEAVY}
    assert told == {f"/v1/{kind}/{name.replace(' ', '-')}" for name, kind in kinds.items()}
    assert not catalogue.APART & READS.keys()


def references(part: object) -> Iterator[str]:
    """Yields what a part of the description refers to."""
    if isinstance(part, Mapping):
        for name, value in part.items():
            if name == "$ref":
                yield str(value)
            else:
                yield from references(value)
    elif isinstance(part, list):
        for one in part:
            yield from references(one)


def test_each_schema_is_one_and_is_there(made: Mapping[str, Json]) -> None:
    """JSON Schema 2020-12, which OpenAPI 3.1 takes over."""
    components = made["components"]
    assert isinstance(components, Mapping)
    schemas = components["schemas"]
    assert isinstance(schemas, Mapping)
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    named = {found.removeprefix("#/components/schemas/") for found in references(made)}
    assert {name for name in named if not name.startswith("#")} <= set(schemas)

# SPDX-License-Identifier: EUPL-1.2
"""Tables of texts as mail programs, gateways and people write them, for the tests in the folders next to this one."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter
from ruamel.yaml import YAML

Rows = TypeVar("Rows")


def table(name: str, rows: type[Rows]) -> Rows:
    """Returns the table `name`.yaml, validated against the type of its content."""
    text = (Path(__file__).parent / f"{name}.yaml").read_text("utf-8")
    return TypeAdapter(rows).validate_python(YAML(typ="safe", pure=True).load(text))

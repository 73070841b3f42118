# SPDX-License-Identifier: EUPL-1.2
"""Loads one YAML 1.2 file as a frozen model; reports each fault as `folder/file:line:column key: what is wrong`."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from flaggermail.errors import ConfigurationError
from flaggermail.settings.yaml_files.source import read

M = TypeVar("M", bound=BaseModel)


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

# SPDX-License-Identifier: EUPL-1.2
"""A section that a file leaves out is one that could have been written."""

from __future__ import annotations

from collections.abc import Iterator

from flaggermail.rules import models
from flaggermail.rules.configuration import Configuration, load
from flaggermail.settings import model
from flaggermail.settings.yaml_files.kinds import Model
from flaggermail.shipped import shipped

MODULES = model, models  # they import all others


def kinds_of(base: type[Model]) -> Iterator[type[Model]]:
    """Yields every model of the program that is based on this one."""
    for kind in base.__subclasses__():
        if kind.__module__.startswith("flaggermail."):
            yield kind
            yield from kinds_of(kind)


def test_what_stands_for_a_section_passes_its_own_checks() -> None:
    """Each default that is a section is the one that pydantic makes, and checks, of the same values."""
    found = {
        f"{kind.__name__}.{name}": field.default
        for kind in kinds_of(Model)
        for name, field in kind.model_fields.items()
        if isinstance(field.default, Model)
    }
    assert len(found) > 12
    for name, default in found.items():
        given = {field: getattr(default, field) for field in default.model_fields_set}
        assert default == type(default).model_validate(given), name


def test_the_whole_of_the_settings_has_every_part() -> None:
    """The parts that `load` puts together, each checked before, are those that the whole demands, and no others."""
    loaded = load(shipped("config"))
    assert loaded.model_fields_set == Configuration.model_fields.keys()
    assert Configuration(**loaded.__dict__) == loaded

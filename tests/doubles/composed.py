# SPDX-License-Identifier: EUPL-1.2
"""YAML files read once for each text, and patterns compiled once: that is most of the time it takes to open a desk."""

import pickle
from functools import lru_cache
from types import SimpleNamespace

import re2
from ruamel.yaml import YAML
from ruamel.yaml.nodes import Node

from flaggermail.rules import models as rule_models
from flaggermail.settings.yaml_files import model, source

KEPT = 256  # texts; a configuration with its rules has about fifteen files
PATTERNS = 2048

_read = vars(source)["_compose"]


@lru_cache(KEPT)
def _compose(text: str) -> Node | None:
    root: Node | None = YAML(typ="safe", pure=True).compose(text)
    return root


@lru_cache(KEPT)
def _source(text: str, file: str) -> bytes:
    found = source.YamlSource(file)
    _read(text, found)
    return pickle.dumps((found.values, found.places, found.faults))


def _read_once(text: str, found: source.YamlSource) -> None:
    """Gives values and places of their own to each reader, which may rename keys and add faults."""
    found.values, found.places, faults = pickle.loads(_source(text, found.file))  # noqa: S301 - octets made here
    found.faults += faults


@lru_cache(KEPT)
def _load(text: str) -> object:
    return YAML(typ="rt").load(text)


class ComposedOnce(YAML):
    """Returns the same nodes for the same text. They are read-only; a refused text is refused each time."""

    def compose(self, stream: object) -> Node | None:
        """Works like `YAML.compose`, for a text."""
        assert isinstance(stream, str)
        return _compose(stream)


class LoadedOnce(YAML):
    """Returns the same content for the same text, with its places; `model` validates it and leaves it unchanged."""

    def load(self, stream: object) -> object:
        """Works like `YAML.load`, for a text read with its places."""
        assert isinstance(stream, str)
        assert self.typ == ["rt"]
        return _load(stream)


def compose_once() -> None:
    """Makes the readers of the configuration and of the words use them in this process."""
    vars(source)["YAML"] = ComposedOnce
    vars(source)["_compose"] = _read_once
    vars(rule_models)["re2"] = SimpleNamespace(compile=lru_cache(PATTERNS)(re2.compile), error=re2.error)
    vars(model)["YAML"] = LoadedOnce

# SPDX-License-Identifier: EUPL-1.2
"""YAML files composed once for each text: composing takes nearly all of the time to load a configuration."""

from functools import lru_cache

from ruamel.yaml import YAML
from ruamel.yaml.nodes import Node

from flaggermail.yaml_files import source

KEPT = 256  # texts; a configuration with its rules has about fifteen files


@lru_cache(KEPT)
def _compose(text: str) -> Node | None:
    root: Node | None = YAML(typ="safe", pure=True).compose(text)
    return root


class ComposedOnce(YAML):
    """Returns the same nodes for the same text. They are read-only; a refused text is refused each time."""

    def compose(self, stream: object) -> Node | None:
        """Works like `YAML.compose`, for a text."""
        assert isinstance(stream, str)
        return _compose(stream)


def compose_once() -> None:
    """Makes the configuration's reader use it in this process."""
    vars(source)["YAML"] = ComposedOnce

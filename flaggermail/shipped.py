# SPDX-License-Identifier: EUPL-1.2
"""Locates what is shipped with flaggermail: configuration, rules, templates, stories, manual; and a desk's rules."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

_PACKAGE = Path(__file__).parent
_READ = (".yaml", ".eml", ".txt")  # ends of the names of the files of a rules folder that are read


def shipped(name: str) -> Path:
    """Returns the folder `name` (`config`, `rules`, `docs`, `systemd`) of the package, else of the checkout."""
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def rules_of(directory: Path) -> Path:
    """Returns the default rules directory of the configuration in `directory`."""
    inside = directory / "rules"
    return inside if inside.is_dir() else directory.parent / "rules"


def are_shipped(rules: Path, only: Collection[str] = ()) -> bool:
    """True if files of a rules folder, by default all that are read, are octet for octet those of this very program.

    The shipped folder itself is no witness of itself.
    """
    ours = shipped("rules")
    try:
        named = only or sorted(_read_of(ours))
        return (
            not ours.samefile(rules)
            and (bool(only) or sorted(_read_of(rules)) == named)
            and all((rules / name).read_bytes() == (ours / name).read_bytes() for name in named)
        )
    except OSError:
        return False


def _read_of(rules: Path) -> Iterator[str]:
    for folder, _, names in os.walk(rules):
        yield from (os.path.relpath(f"{folder}/{name}", rules) for name in names if name.endswith(_READ))


def stories() -> dict[str, Path]:
    """Returns the folder of each shipped story, by its name: scenarios that `replay` and `exercise start` play."""
    rehearsals = _PACKAGE / "stories" / "rehearsals"
    return {folder.name: folder for folder in sorted(rehearsals.iterdir()) if folder.is_dir()}

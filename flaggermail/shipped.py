# SPDX-License-Identifier: EUPL-1.2
"""Locates what is shipped with flaggermail: configuration, rules, templates, stories, manual; and a desk's rules."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """Returns the folder `name` (`config`, `rules`, `docs`, `systemd`) of the package, else of the checkout."""
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def rules_of(directory: Path) -> Path:
    """Returns the default rules directory of the configuration in `directory`."""
    inside = directory / "rules"
    return inside if inside.is_dir() else directory.parent / "rules"


def stories() -> dict[str, Path]:
    """Returns the folder of each shipped story, by its name: scenarios that `replay` and `exercise start` play."""
    rehearsals = _PACKAGE / "stories" / "rehearsals"
    return {folder.name: folder for folder in sorted(rehearsals.iterdir()) if folder.is_dir()}

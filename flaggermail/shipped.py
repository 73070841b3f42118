# SPDX-License-Identifier: EUPL-1.2
"""Locates the configuration, rules and templates shipped with flaggermail."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """Returns the folder `name` (`config` or `rules`) of the installed package, else of the checkout."""
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name

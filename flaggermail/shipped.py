# SPDX-License-Identifier: EUPL-1.2
"""Locates what is shipped with flaggermail: configuration, rules, templates, manual and systemd unit."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """Returns the folder `name` (`config`, `rules`, `docs`, `systemd`) of the package, else of the checkout."""
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name

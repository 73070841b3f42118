# SPDX-License-Identifier: EUPL-1.2
"""The configuration, rules and templates that come with flaggermail."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """The folder `name` (`config` or `rules`): in the package when installed from a wheel, else in the checkout."""
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name

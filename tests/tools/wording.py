# SPDX-License-Identifier: EUPL-1.2
"""What the record says by code, in English."""

from __future__ import annotations

from collections.abc import Iterable

from flaggermail.wording.said import Said


def english(said: Iterable[Said]) -> tuple[str, ...]:
    """Returns each sentence in English."""
    return tuple(one.english for one in said)

# SPDX-License-Identifier: EUPL-1.2
"""What the record says by code, in English."""

from __future__ import annotations

from collections.abc import Iterable

from flaggermail.wording.said import StoredText


def english(said: Iterable[StoredText]) -> tuple[str, ...]:
    """Returns each sentence in English."""
    return tuple(one.english for one in said)

# SPDX-License-Identifier: EUPL-1.2
"""Failed recipients of bounces that follow no standard, by flufl.bounce.

Only for what is a bounce already: the library takes list mail written by people for bounces too.
"""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes

from flufl.bounce import all_failures

LARGEST = 512 * 1024  # octets read; the list of recipients stands above the returned mail


@dataclass(frozen=True, slots=True)
class Failures:
    """Addresses in small letters."""

    failed: tuple[str, ...] = ()
    delayed: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Who failed or, when nobody did, who is waited for."""
        return self.failed or self.delayed


def read_failures(octets: bytes) -> Failures:
    """The recipients that a bounce names in its text; nothing when the library cannot read it."""
    try:
        delayed, failed = all_failures(message_from_bytes(octets[:LARGEST]))
        return Failures(_addresses(failed), _addresses(delayed))
    except Exception:  # noqa: BLE001 - the boundary around a library that reads what strangers write
        return Failures()


def _addresses(found: object) -> tuple[str, ...]:
    if not isinstance(found, (set, frozenset, list, tuple)):
        return ()
    texts = (item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item) for item in found)
    return tuple(sorted({text.strip().strip("<>.").lower() for text in texts if "@" in text}))

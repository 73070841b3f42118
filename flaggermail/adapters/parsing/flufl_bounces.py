# SPDX-License-Identifier: EUPL-1.2
"""Failed recipients of bounces in non-standard formats, found by flufl.bounce.

Use it only for mail known to be a bounce: the library also takes list mail written by people for bounces.
"""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.utils import getaddresses

from flufl.bounce import all_failures

NOBODY = "nobody@invalid"  # stands for a missing author, which the library cannot read
LARGEST = 512 * 1024  # octets read; recipients are listed above the returned mail


@dataclass(frozen=True, slots=True)
class Failures:
    """Lower-case addresses of recipients."""

    failed: tuple[str, ...] = ()
    delayed: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """The failed recipients or, if there are none, the delayed ones."""
        return self.failed or self.delayed


def read_failures(octets: bytes) -> Failures:
    """Returns the recipients that a bounce names in its text; empty if the library cannot read it."""
    try:
        mail = message_from_bytes(octets[:LARGEST])
        if not getaddresses([mail.get("from", "")]):
            del mail["from"]
            mail["From"] = NOBODY
        delayed, failed = all_failures(mail)
        return Failures(_addresses(failed), _addresses(delayed))
    except Exception:  # noqa: BLE001 - boundary to a library that parses strangers' mail
        return Failures()


def _addresses(found: object) -> tuple[str, ...]:
    if not isinstance(found, (set, frozenset, list, tuple)):
        return ()
    texts = (item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item) for item in found)
    return tuple(sorted({text.strip().strip("<>.").lower() for text in texts if "@" in text}))

# SPDX-License-Identifier: EUPL-1.2
"""What the parser said lately, kept in memory: a mail is often compared with mail that was read shortly before it."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

ROOM = 6 * 1024 * 1024  # octets of answers, some hundred mails
LARGEST = 128 * 1024  # octets of one answer: a few large ones would leave no room for the others


class RecentAnswers:
    """Keeps the answers about the latest mails by the SHA-256 of their octets; thread-safe.

    An answer is kept as the child gave it, and is checked each time it is used. Nothing is written to a disk.
    """

    def __init__(self, room: int = ROOM) -> None:
        """`room`: octets of all answers together."""
        self._room = room
        self._answers: OrderedDict[bytes, bytes] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def get(self, octets: bytes) -> bytes | None:
        """Returns the answer about this mail, if it is still kept."""
        key = _key(octets)
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
        return answer

    def keep(self, octets: bytes, answer: bytes) -> None:
        """Keeps the answer about this mail; the one that was not used for longest makes room."""
        if len(answer) > LARGEST:
            return
        key = _key(octets)
        with self._lock:
            self._held += len(answer) - len(self._answers.pop(key, b""))
            self._answers[key] = answer
            while self._held > self._room:
                self._held -= len(self._answers.popitem(last=False)[1])


def _key(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()

# SPDX-License-Identifier: EUPL-1.2
"""Folders at which the connection was lost lately: they are read last, and after some failures more and more rarely.

The inbox is none of them: without it nothing is read, and the daemon connects anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from flaggermail.ports import Folder, Role

_AT_ONCE = 3  # failures after which each complete look still tries: by then a mail that is the cause is set aside
_LONGEST = 60  # complete looks without a try


class FolderFailures:
    """Counts consecutive failures by folder, and the complete polls that skip it."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._left_out: dict[str, int] = {}

    def order(self, folders: Sequence[Folder]) -> list[Folder]:
        """Returns the folders to read in a complete look, in their order.

        Sent first: where a server gave our mail another Message-ID, its copy there may be all that tells it. In trouble
        it comes after the inbox.
        """
        wanted = [folder for folder in folders if not self._sits_out(folder)]
        return sorted(wanted, key=lambda one: (one.name in self._failures, one.role is not Role.SENT))

    def _sits_out(self, folder: Folder) -> bool:
        left = self._left_out.get(folder.name, 0)
        self._left_out[folder.name] = max(0, left - 1)
        return left > 0

    def failed(self, folder: str) -> None:
        """Counts a failure of a folder."""
        failures = self._failures[folder] = self._failures.get(folder, 0) + 1
        beyond = failures - _AT_ONCE
        self._left_out[folder] = min(_LONGEST, 2 ** min(beyond, 10)) if beyond >= 0 else 0

    def read(self, folder: str) -> None:
        """Ends the trouble of a folder that was read to its end."""
        self._failures.pop(folder, None)

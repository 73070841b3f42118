# SPDX-License-Identifier: EUPL-1.2
"""A thread beside the one that takes a mail in: the disk works while the rest is worked out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self


class DiskThread:
    """Implements `services.DiskWork`. It is entered last within a transaction: all is done before the commit."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "beside")  # its thread starts with the first work
        self._begun: list[Future[object]] = []

    def do(self, work: Callable[[bytes], object], octets: bytes) -> None:
        """Begins some work after what was begun before."""
        self._begun.append(self._pool.submit(work, octets))

    def __enter__(self) -> Self:
        """Returns this object."""
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        """Waits for what was begun; raises its first exception, unless the block raised one."""
        self._pool.shutdown()
        for one in self._begun if failed is None else ():
            one.result()

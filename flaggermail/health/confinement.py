# SPDX-License-Identifier: EUPL-1.2
"""What the kernel of this machine takes from the process that parses mail (decisions.md 36)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Barrier(StrEnum):
    """One thing that confines the process."""

    NO_NEW_PRIVILEGES = "no new privileges"
    LANDLOCK = "Landlock"  # it opens no file but its own code, read-only
    SECCOMP = "seccomp"  # no program, process, network, signal or memory of another process


@dataclass(frozen=True, slots=True)
class Confinement:
    """What holds here. `landlock` is the kernel's version of it, 0 if it does not hold."""

    no_new_privileges: bool = False
    landlock: int = 0
    seccomp: bool = False

    @classmethod
    def of(cls, told: Mapping[str, object]) -> Confinement:
        """Returns what the process told about itself; whatever it did not tell does not hold."""
        version = told.get("landlock")
        return cls(
            told.get("no_new_privileges") is True,
            version if type(version) is int and version > 0 else 0,
            told.get("seccomp") is True,
        )

    @property
    def missing(self) -> tuple[Barrier, ...]:
        """What this kernel does not offer."""
        return tuple(self._missing())

    def _missing(self) -> Iterator[Barrier]:
        if not self.no_new_privileges:
            yield Barrier.NO_NEW_PRIVILEGES
        if not self.landlock:
            yield Barrier.LANDLOCK
        if not self.seccomp:
            yield Barrier.SECCOMP

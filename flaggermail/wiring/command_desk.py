# SPDX-License-Identifier: EUPL-1.2
"""The desk of the command line: one of which each part is made when something is asked of it.

A view reads rows. It needs no mail server, no parser, no templates and no secrets, whose imports take longer than all
that it does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from flaggermail.adapters.clock.clock import SystemClock, SystemRandomness
from flaggermail.cases.registration import differences
from flaggermail.rules.configuration import load
from flaggermail.services import Services
from flaggermail.wiring.databases import command_store

if TYPE_CHECKING:
    from flaggermail.ports import Clock

T = TypeVar("T")


class CommandDesk:
    """A desk for one run of the command line; `differs`: how its files differ from what the daemon took in.

    Raises ConfigurationError.
    """

    def __init__(self, directory: Path, clock: Clock | None = None) -> None:
        self._clock, self._randomness = clock or SystemClock(), SystemRandomness()
        self._settings = load(directory)
        self._store = command_store(self._settings, self._randomness)
        self._made: Services | None = None
        self.for_views = self._with_late_parts()
        with self._store.read() as tx:
            self.differs = differences(self._settings, tx)

    def whole(self) -> Services:
        """Returns the services with every part made, so that a command fails before it begins."""
        if self._made is None:
            from flaggermail.wiring.assembly import services_on, submitter

            late = _late(lambda: submitter(self._settings, self._clock))  # the daemon sends what a command writes
            self._made = services_on(self._settings, self._store, self._clock, self._randomness, late)
        return self._made

    def close(self) -> None:
        """Closes what was opened; idempotent."""
        if self._made is not None:
            self._made.close()
        self._store.close()

    def _with_late_parts(self) -> Services:
        return Services(
            settings=self._settings,
            store=self._store,
            clock=self._clock,
            randomness=self._randomness,
            octets=_late(lambda: self.whole().octets),
            parser=_late(lambda: self.whole().parser),
            sender_check=_late(lambda: self.whole().sender_check),
            templates=_late(lambda: self.whole().templates),
            matcher=_late(lambda: self.whole().matcher),
            submitter=_late(lambda: self.whole().submitter),
            draft_patterns=_late(lambda: self.whole().draft_patterns),
            language=_late(lambda: self.whole().language),
            would_work=lambda topic, language: self.whole().would_work(topic, language),
            pager=_late(lambda: self.whole().pager),
            health_probe=_late(lambda: self.whole().health_probe),
            codes=_late(lambda: self.whole().codes),
            documents=_late(lambda: self.whole().documents),
            organisational=lambda domain: self.whole().organisational(domain),
        )


class _Late:
    """Stands for a part of the desk; makes it when something is asked of it."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._make(), name)
        return found


def _late(make: Callable[[], T]) -> T:
    return cast("T", _Late(make))

# SPDX-License-Identifier: EUPL-1.2
"""The ports to this machine: clock, chance, waiting, the scheduler, the service manager, and what is measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol

from flaggermail.mail.message import Json
from flaggermail.wording.said import StoredText


class Clock(Protocol):
    """The only source of the current instant."""

    def now(self) -> datetime:
        """Returns the current instant, aware, in UTC."""
        ...


class Randomness(Protocol):
    """The only source of unguessable values."""

    def token(self) -> str:
        """Returns 128 random bits as 32 lower-case hexadecimal digits."""
        ...

    def salt(self) -> bytes:
        """Returns 16 random octets."""
        ...


class Interrupt(Protocol):
    """Interrupts a wait from another thread; once set it stays set."""

    def set(self) -> None:
        """Ends every current and later wait."""
        ...

    def is_set(self) -> bool:
        """True if the interrupt is set."""
        ...

    def wait(self, seconds: float) -> bool:
        """Waits up to `seconds` for the interrupt; returns True if it is set."""
        ...

    def fileno(self) -> int:
        """Returns a descriptor that becomes readable when the interrupt is set."""
        ...


@dataclass(frozen=True, slots=True)
class WallTime:
    """A recurring time of day; without `hour` each hour, without `weekday` (Monday is 0) each day."""

    minute: int
    hour: int | None = None
    weekday: int | None = None


class JobFailure(StrEnum):
    """How a scheduled call failed: missed, late or with an error."""

    MISSED = "missed"  # its time passed, and it ran late: the machine slept, or was overloaded
    FAILED = "failed"
    OVERLAPPED = "overlapped"  # it was skipped, because the call before it still ran


@dataclass(frozen=True, slots=True)
class JobReport:
    """One failure of the job `name`: `late` of a missed call, `error` of a failed one."""

    fault: JobFailure
    name: str
    late: timedelta = timedelta(0)
    error: BaseException | None = None


class ClockDoubt(StrEnum):
    """Why nothing that cannot be undone may rest on what this machine's clock says."""

    UNEVEN = "uneven"  # it has not run evenly for an hour since the start, or since it was set
    ALONE = "alone"  # no instant of another machine in the last day agrees with it


class Ticker(Protocol):
    """Calls functions at their times; a call that is still running is not started a second time, a late one runs once.

    A job has a name of its own. The calls are hints: the database holds what is due.
    """

    def listen(self, told: Callable[[JobReport], None]) -> None:
        """Calls `told` about each fault of a job, in the thread in which it was noticed."""
        ...

    def every(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Calls `work` every `seconds` once the ticker has started."""
        ...

    def at(self, times: Sequence[WallTime], zone: tzinfo, name: str, work: Callable[[], None]) -> None:
        """Calls `work` at these times of day in `zone`, once the ticker has started."""
        ...

    def once(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Calls `work` once, in `seconds`; replaces a call of that name that has not begun."""
        ...

    def start(self) -> None:
        """Starts the calls."""
        ...

    def stop(self, deadline: float) -> bool:
        """Stops the ticker and waits up to `deadline` seconds for running calls; returns True if all of them ended."""
        ...


class Supervisor(Protocol):
    """The service manager that supervises the daemon. No method blocks or raises, so that reports disturb nothing.

    Without one, they do nothing.
    """

    @property
    def interval(self) -> float:
        """The longest permitted time between two calls of `alive`, in seconds; infinite without a watchdog."""
        return math.inf

    def ready(self) -> None:
        """Reports that the daemon has started up."""
        return

    def status(self, text: str) -> None:
        """Reports the daemon's state in one line, without subjects, addresses or tokens."""
        del text

    def alive(self) -> None:
        """Reports that every loop of the daemon has made progress recently."""
        return

    def stopping(self) -> None:
        """Reports that the daemon is shutting down."""
        return


class HealthProbe(Protocol):
    """Measurements of this machine and of the servers it talks to."""

    def free(self) -> Mapping[str, int]:
        """Returns the free octets by the name of the place."""
        ...

    def full(self) -> Sequence[str]:
        """Returns a sentence for each disk of the desk that has no room left: which it is, and what is on it."""
        ...

    def is_full(self, place: str) -> bool:
        """True if the disk of that place has no room left."""
        ...

    def certificates(self) -> Mapping[str, datetime]:
        """Returns when the certificate of each server expires, as seen in the last session with it."""
        ...

    def login_certificate(self) -> datetime | None:
        """Returns when the certificate ends with which the desk logs in; None if it has none, or it is unreadable."""
        ...

    def skew(self) -> timedelta | None:
        """Returns a lower bound of the mailbox server's clock skew, positive if it is ahead; None if unknown."""
        ...

    def dated_ahead(self) -> datetime | None:
        """Returns when a mail was last seen in the inbox that is dated later than that; None if none was."""

    def archive(self) -> StoredText | None:
        """Returns why the archive cannot be used, unsaid if it can; None if it is not watched."""
        ...

    def leap(self) -> timedelta | None:
        """Returns by how much this machine's clock was set lately, positive if forward; None if unknown."""
        ...

    def clock_doubt(self) -> ClockDoubt | None:
        """Returns why nothing may be destroyed by this machine's clock; None if it may, or if nothing is known."""
        ...

    def arrived(self, internaldate: datetime, seen: datetime) -> None:
        """Records that a mail was seen in the inbox for the first time."""
        ...

    def returned(self, internaldate: datetime, accepted: datetime) -> None:
        """Records that the mailbox has a copy of our own mail, which the server accepted at `accepted`."""
        ...

    def presented(self, server: str, line: object) -> None:
        """Records the certificate of a session with `server`; `line` without TLS is ignored."""
        ...


class Heartbeat(Protocol):
    """Signals to an external monitor that the daemon is healthy."""

    def beat(self) -> str:
        """Sends one heartbeat; returns why that failed, without the address, or an empty string. Never raises."""
        ...


class StatusBoard(Protocol):
    """Publishes the desk's status on this machine."""

    def show(self, document: Mapping[str, Json]) -> str:
        """Replaces the published status; returns why that failed, or an empty string. Never raises OSError."""
        ...

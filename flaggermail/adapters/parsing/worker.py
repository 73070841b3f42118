# SPDX-License-Identifier: EUPL-1.2
"""Parsing in a separate process, so that a hostile mail harms nothing else (decisions.md 24).

The parent sends what it asks, a length, the seconds it may take and the octets of one mail; the child (module `child`)
answers with a length and the Message, or the hops, as JSON. The child has limits on processor time and memory, inherits
no descriptor but its two pipes, and enters its sandbox (decisions.md 36) before it reads the first mail. Of a mail that
kills it or takes too long only the header is read; the next mail gets a new child. How long is too long: `time_limit`.

Live mail uses one child. History uses several, which end after a period without work.

What the parser said lately, kept in memory: a mail is often compared with mail that was read shortly before it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from flaggermail.adapters.parsing.exchange import (
    GROWTH,
    LARGEST_ANSWER,
    LEAST_ANSWER,
    LOADED,
    TimeLimit,
    answer,
    end_child,
    first_words,
    send,
    started,
)
from flaggermail.adapters.parsing.limits import ATTACHMENT, DIGESTS, HOPS, MESSAGE, REQUEST
from flaggermail.mail.hops import Hop, hop_of
from flaggermail.mail.message import Message, unpacked
from flaggermail.ports.texts import PictureFault, Pixels

if TYPE_CHECKING:
    from flaggermail.health.findings import Confinement


# ---- answers kept


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

    def drop(self) -> None:
        """Drops all: who needs one asks again."""
        with self._lock:
            self._answers.clear()
            self._held = 0


def _key(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


# ---- the processes


MEMORY_LIMIT = 1024 * 1024 * 1024  # octets of address space
TIME_LIMIT = 10.0  # seconds per mail, see `time_limit`
DELIVERY = 0.8  # of the time limit, for a mail with all that is attached to it
LEAST = 0.05  # seconds with which it is worth to begin with an attached mail
LATE = "attached mail not read: the time for its delivery was used up"
HOPS_LIMIT = 2.0  # seconds for the hops of one mail, of which only the header is sent
HEADER = 64 * 1024  # octets
MODULE = "flaggermail.adapters.parsing.child"
FEW = 10  # below this number the live child reads the mails faster than others start
MOST = 8  # children at once: this process has to decode their answers
_DIGEST = re.compile(r"[0-9a-f]{64}")
IDLE = 60.0  # seconds without work after which the children for history end

R = TypeVar("R")


class ParserProcess:
    """One child process; usable from several threads, parses one mail at a time."""

    def __init__(
        self, rules: Path, time_limit: float, memory_limit: int, recent: RecentAnswers | None = None
    ) -> None:  # fmt: skip
        """Takes the limits of `ContainedParser`, and what it keeps. The child starts with the first mail."""
        self._rules = rules
        self._recent = RecentAnswers() if recent is None else recent
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._finalizer: weakref.finalize[[subprocess.Popen[bytes]], ParserProcess] | None = None
        self._confined: dict[str, object] | None = None  # until the child has said it

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs, else None."""
        return self._child.pid if self._child else None

    def parse_delivery(self, octets: bytes) -> tuple[Message, tuple[Message, ...]]:
        """Returns the parsed mail and the mails attached to it; see `ports.Parser`."""
        allowed = self._time_limit * DELIVERY
        deadline = time.monotonic() + allowed * LOADED
        message, spent = self._parsed(octets, allowed)
        attached: list[Message] = []
        for start, end in message.enclosed:
            left = min(allowed - spent, deadline - time.monotonic())
            if left > LEAST:
                inner, taken = self._parsed(octets[start:end], left)
                spent += taken
            else:
                inner = _unread(octets[start:end], LATE)
            attached.append(inner)
        return message, tuple(attached)

    def parse(self, octets: bytes) -> Message:
        """Returns the parsed mail; never raises on content. If a mail ends the child, only its header is read."""
        return self._parsed(octets, self._time_limit)[0]

    def _parsed(self, octets: bytes, seconds: float) -> tuple[Message, float]:
        """Works like `parse`, with a limit of its own; returns the seconds that count too, see `TimeLimit.spent`."""
        with self._lock:
            begun = time.monotonic()
            try:
                child = self._running()
                limit = TimeLimit(child.pid, seconds)
                found = _exchange(child, MESSAGE, octets, limit)
                message, spent = unpacked(json.loads(found)), limit.spent()
            except TimeoutError:
                reason = "over its time limit"
            except (OSError, EOFError):
                reason = self._how_it_ended()
            except (ValueError, KeyError, TypeError, RecursionError):
                reason = "answer not understood"
            else:
                if not message.costly:  # such a mail is read once, and what was read differs with the time it had
                    self._recent.keep(octets, found)
                return message, spent
            self._end()
        return _unread(octets, f"parser ended: {reason}"), time.monotonic() - begun

    def attachment(self, octets: bytes, number: int) -> bytes | None:
        """Returns the decoded octets of an attachment, see `ports.Parser`; None too if the mail ends the child."""
        with self._lock:
            try:
                child = self._running()
                limit = TimeLimit(child.pid, self._time_limit)
                found = json.loads(_exchange(child, ATTACHMENT, octets, limit, number))["base64"]
                return base64.b64decode(found, validate=True) if isinstance(found, str) else None
            except (OSError, EOFError, ValueError, KeyError, TypeError, RecursionError):
                self._end()
                return None

    def digests(self, octets: bytes) -> tuple[str | None, ...]:
        """Returns the digest of each attachment, see `ports.Parser`; empty if the mail ends the child."""
        with self._lock:
            try:
                child = self._running()
                limit = TimeLimit(child.pid, self._time_limit)
                found = json.loads(_exchange(child, DIGESTS, octets, limit))
                return tuple(one if isinstance(one, str) and _DIGEST.fullmatch(one) else None for one in found)
            except (OSError, EOFError, ValueError, TypeError, RecursionError):
                self._end()
                return ()

    def hops(self, octets: bytes) -> tuple[Hop, ...]:
        """Returns the servers that relayed the mail; empty, and never raises, if they cannot be read in time."""
        with self._lock:
            try:
                child = self._running()
                limit = TimeLimit(child.pid, min(HOPS_LIMIT, self._time_limit))
                return tuple(map(hop_of, json.loads(_exchange(child, HOPS, octets[:HEADER], limit))))
            except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
                self._end()  # what it has left to say must not pass for an answer about the next mail
                return ()

    def confined(self) -> Mapping[str, object]:
        """Returns what confines the child, as it says itself; empty if it does not start."""
        with self._lock:
            try:
                self._running()
            except (OSError, EOFError, ValueError):
                self._end()
                return {}
            return self._confined or {}

    def close(self) -> None:
        """Ends the child; idempotent. A later `parse` starts a new one."""
        with self._lock:
            self._end()

    def begin(self) -> None:
        """Starts the child if there is none, without awaiting it: the first mail does."""
        with self._lock, suppress(OSError):
            self._begun()

    def _running(self) -> subprocess.Popen[bytes]:
        child = self._begun()
        if self._confined is None:
            self._confined = first_words(child)
        return child

    def _begun(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        self._child = started(MODULE, str(self._rules), str(self._time_limit), str(self._memory_limit))
        self._finalizer = weakref.finalize(self, end_child, self._child)  # ends the child even without `close`
        self._confined = None
        return self._child

    def _how_it_ended(self) -> str:
        if self._child is None:
            return "not started"
        try:
            code = self._child.wait(1)
        except subprocess.TimeoutExpired:
            return "pipe broken"
        return f"signal {-code}" if code < 0 else f"exit {code}"

    def _end(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._child = self._finalizer = None


class ContainedParser:
    """Implements ports.Parser with child processes; thread-safe."""

    def __init__(
        self, rules: Path, time_limit: float = TIME_LIMIT, memory_limit: int = MEMORY_LIMIT, idle: float = IDLE
    ) -> None:
        """`rules`: the folder with mail-language.yaml; `time_limit` in seconds per mail; `memory_limit` in octets.

        `idle`: seconds after a batch until its processes end.
        """
        self._recent = RecentAnswers()
        self._limits = (rules, time_limit, memory_limit, self._recent)
        self._idle = idle
        self._live = ParserProcess(*self._limits)
        self._pool: tuple[ParserProcess, ...] = ()
        self._batch = threading.Lock()
        self._idle_timer: threading.Timer | None = None

    @property
    def pid(self) -> int | None:
        """The process that parses live mail, or None if it is not running."""
        return self._live.pid

    @property
    def pids(self) -> list[int]:
        """The running processes that parse history."""
        return [pid for process in self._pool if (pid := process.pid) is not None]

    def parse(self, octets: bytes) -> Message:
        """Returns the parsed mail; never raises on content. If a mail ends the child, only its header is read."""
        return self._live.parse(octets)

    def parse_again(self, octets: bytes) -> Message:
        """Returns what `parse` returned for this mail lately; parses it if that is not kept."""
        known = self._recent.get(octets)
        return self.parse(octets) if known is None else unpacked(json.loads(known))

    def parse_delivery(self, octets: bytes) -> tuple[Message, tuple[Message, ...]]:
        """Returns the parsed mail and the mails attached to it, within one allowance of time."""
        return self._live.parse_delivery(octets)

    def attachment(self, octets: bytes, number: int) -> bytes | None:
        """Returns the decoded octets of an attachment; see `ports.Parser`."""
        return self._live.attachment(octets, number)

    def digests(self, octets: bytes) -> tuple[str | None, ...]:
        """Returns the digest of each attachment; see `ports.Parser`."""
        return self._live.digests(octets)

    def picture(self, octets: bytes) -> Pixels | PictureFault:
        """Returns the pixels of a picture; see `ports.Parser`."""
        from flaggermail.adapters.parsing.pictures import pixels_of  # noqa: PLC0415 - a daemon shows none

        return pixels_of(octets)

    def hops(self, octets: bytes) -> tuple[Hop, ...]:
        """Returns the servers that relayed the mail; empty, and never raises, if they cannot be read in time."""
        return self._live.hops(octets)

    def parse_all(self, many: Sequence[bytes]) -> list[Message]:
        """Parses each mail, in order, with one process per core; for history."""
        return self._each(many, ParserProcess.parse)

    def parse_deliveries(self, many: Sequence[bytes]) -> list[tuple[Message, tuple[Message, ...]]]:
        """Parses each mail and what is attached to it, in order, with one process per core; for history."""
        return self._each(many, ParserProcess.parse_delivery)

    def begin(self) -> None:
        """Starts the processes for history without awaiting them: they load while their mails are sought."""
        with self._batch:
            for process in self._processes():
                process.begin()

    def _processes(self) -> tuple[ParserProcess, ...]:
        self._pool = self._pool or tuple(ParserProcess(*self._limits) for _ in range(_cores()))
        return self._pool

    def _each(self, many: Sequence[bytes], read: Callable[[ParserProcess, bytes], R]) -> list[R]:
        if len(many) < FEW:
            return [read(self._live, octets) for octets in many]
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - not needed to parse a single mail

        with self._batch:
            self._cancel_idle_timer()
            pool = self._processes()
            free: SimpleQueue[ParserProcess] = SimpleQueue()
            for process in pool:
                free.put(process)

            def read_by_a_free_one(octets: bytes) -> R:
                process = free.get()
                try:
                    return read(process, octets)
                finally:
                    free.put(process)

            try:
                with ThreadPoolExecutor(len(pool), "parse") as threads:
                    return list(threads.map(read_by_a_free_one, many))
            finally:
                self._idle_timer = threading.Timer(self._idle, self._close_pool)
                self._idle_timer.daemon = True
                self._idle_timer.start()

    def confinement(self) -> Confinement:
        """Returns what confines the child for live mail here; starts it. Nothing holds if it does not start."""
        from flaggermail.health.findings import Confinement  # noqa: PLC0415 - `parse` does not need it

        return Confinement.from_document(self._live.confined())

    def close(self) -> None:
        """Ends the children; idempotent. A later `parse` starts a new one."""
        self._cancel_idle_timer()
        self._live.close()
        self._close_pool()

    def _cancel_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()

    def _close_pool(self) -> None:
        """Ends the processes for history; a batch in progress restarts the ones it needs."""
        pool, self._pool = self._pool, ()
        for process in pool:
            process.close()
        self._recent.drop()  # of mail that nobody has asked for since


def _cores() -> int:
    return min(os.cpu_count() or 1, MOST)


def _unread(octets: bytes, defect: str) -> Message:
    """Returns what the header alone says of a mail that took too long, or for which no time was left."""
    from flaggermail.adapters.parsing.parser import header_only  # noqa: PLC0415 - slow to import, rarely needed

    return replace(header_only(octets, defect), overran=True, costly=True)


def _exchange(child: subprocess.Popen[bytes], asked: int, octets: bytes, limit: TimeLimit, number: int = 0) -> bytes:
    """Sends a mail and what is asked of it, with the number of an attachment, receives the answer.

    Raises TimeoutError at the limit, OSError or EOFError if the child ends.
    """
    send(child, (REQUEST.pack(asked, len(octets), limit.seconds, number), octets), limit)
    return answer(child, min(LARGEST_ANSWER, LEAST_ANSWER + GROWTH * len(octets)), limit)

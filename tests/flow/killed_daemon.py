# SPDX-License-Identifier: EUPL-1.2
"""The daemon with one port wrapped so that it kills itself there: `killed_daemon.py CONFIG POINT`.

The test wraps the port itself; the product has no hook for it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from flaggermail import logbook
from flaggermail.ports import BlobStore, Submission, Submitter
from flaggermail.record.audit import ArchivedFile
from flaggermail.services import Services
from flaggermail.wiring import daemon_assembly
from flaggermail.wording.said import StoredText

POINTS = ("octets stored", "attempt recorded", "after the final dot")


def die() -> None:
    """Kills the process, as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


class KilledOctets:
    """Dies as soon as the first octets are durable."""

    def __init__(self, octets: BlobStore) -> None:
        self._octets = octets

    def put(self, octets: bytes) -> str:
        """Stores the octets, then dies."""
        self._octets.put(octets)
        die()
        raise AssertionError("still alive")

    def put_all(self, many: Sequence[bytes]) -> list[str]:
        """Stores the first, then dies."""
        return [self.put(octets) for octets in many]

    def get(self, digest: str) -> bytes:
        """Returns the stored octets."""
        return self._octets.get(digest)

    def discard(self, digest: str) -> None:
        """Delegates."""
        self._octets.discard(digest)

    def sweep(self) -> int:
        """Delegates."""
        return self._octets.sweep()

    def fault(self) -> StoredText:
        """Delegates."""
        return self._octets.fault()

    def files(self) -> Iterator[ArchivedFile]:
        """Delegates."""
        return self._octets.files()


class KilledSubmitter(Submitter):
    """Dies before the connection or after the server's answer, at the first mail to a platform."""

    def __init__(self, submitter: Submitter, point: str) -> None:
        self._submitter, self._point = submitter, point

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Submits the mail, or not, and dies."""
        ours = all("platform.example" not in recipient for recipient in recipients)
        if not ours and self._point == "attempt recorded":
            die()
        answers = self._submitter.submit(octets, sender, recipients, witness)
        if not ours:
            die()
        return answers


def adapt(env: Services, point: str) -> Services:
    """Returns the services with the port of `point` wrapped."""
    if point == "octets stored":
        return replace(env, octets=KilledOctets(env.octets))
    return replace(env, submitter=KilledSubmitter(env.submitter, point))


def main(directory: str, point: str) -> None:
    """Runs the daemon until it reaches `point`."""
    if point not in POINTS:
        raise ValueError(f"no such point: {point}")
    logbook.configure()
    daemon = daemon_assembly.daemon(Path(directory), lambda env: adapt(env, point))
    daemon.obey_signals()
    daemon.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

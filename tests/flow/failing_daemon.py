# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail run` with an archive whose defect quotes the mail in its error; the test wires it itself.

An `ArchiveFailure` would be waited out: this is an error that nothing expects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from flaggermail.cli import main
from flaggermail.errors import ArchiveFailure
from flaggermail.ports import BlobStore
from flaggermail.record.audit import ArchivedFile
from flaggermail.services import Services
from flaggermail.wiring import daemon_assembly


class FailingOctets(BlobStore):
    """An archive whose errors quote the octets it cannot store."""

    def put(self, octets: bytes) -> str:
        """Raises an error that quotes the octets, with a cause that does the same."""
        if b"ustar" in octets[:512]:
            return ""  # the archived rules, stored before any mail
        try:
            return {b"": ""}[octets]
        except KeyError as cause:
            raise ValueError(octets.decode("utf-8", "replace")) from cause

    def put_all(self, many: Sequence[bytes]) -> list[str]:
        """Fails in the same way."""
        return [self.put(octets) for octets in many]

    def get(self, digest: str) -> bytes:
        """Fails in the same way."""
        raise ArchiveFailure(digest)

    def discard(self, digest: str) -> None:
        """Fails in the same way."""
        raise ArchiveFailure(digest)

    def files(self) -> Iterator[ArchivedFile]:
        """Yields nothing, as nothing was ever written."""
        return iter(())

    def sweep(self) -> int:
        """Returns 0, as nothing was ever written."""
        return 0


def adapt(env: Services) -> Services:
    """Returns the services with that archive."""
    return replace(env, octets=FailingOctets())


if __name__ == "__main__":
    daemon_assembly.daemon = partial(daemon_assembly.daemon, adapt=adapt)
    main()

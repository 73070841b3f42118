# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail run` with an archive that fails and quotes the mail in its error; the wiring is the test's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from flaggermail import wiring
from flaggermail.cli import main
from flaggermail.errors import ArchiveFault
from flaggermail.services import Services


class FailingOctets:
    """An archive that quotes what it cannot keep."""

    def put(self, octets: bytes) -> str:
        """Fail, as a library would that shows what it was given, with a cause that does the same."""
        if b"ustar" in octets[:512]:
            return ""  # the rules in force, which are noted before any mail comes
        try:
            return {b"": ""}[octets]
        except KeyError as cause:
            raise ArchiveFault(octets.decode("utf-8", "replace")) from cause

    def put_all(self, many: Sequence[bytes]) -> list[str]:
        """Fail in the same way."""
        return [self.put(octets) for octets in many]

    def get(self, digest: str) -> bytes:
        """Fail in the same way."""
        raise ArchiveFault(digest)

    def discard(self, digest: str) -> None:
        """Fail in the same way."""
        raise ArchiveFault(digest)

    def sweep(self) -> int:
        """Nothing was ever written."""
        return 0


def adapt(env: Services) -> Services:
    """The environment with that archive."""
    return replace(env, octets=FailingOctets())


if __name__ == "__main__":
    wiring.daemon = partial(wiring.daemon, adapt=adapt)
    main()

# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail run` that pauses in the middle of a mail until the test lets it go on; the test wires it itself."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from flaggermail.cli import main
from flaggermail.ports import BlobStore
from flaggermail.services import Services
from flaggermail.wiring import daemon_assembly

NTH = 5  # mail in which it pauses
PAUSED, GO_ON = "paused", "go-on"  # files beside the configuration: it has paused, it may go on


class PausingOctets:
    """An archive that waits before it keeps the nth mail from the mailbox."""

    def __init__(self, octets: BlobStore, folder: Path) -> None:
        self._octets, self._folder, self._left = octets, folder, NTH

    def __getattr__(self, name: str) -> object:
        """Delegates everything else to the archive."""
        return getattr(self._octets, name)

    def put(self, octets: bytes) -> str:
        """Stores the octets, that mail's once it may go on."""
        self._left -= octets.startswith(b"From: Fenna")
        if self._left == 0:
            (self._folder / PAUSED).touch()
            while not (self._folder / GO_ON).exists():
                time.sleep(0.01)
        return self._octets.put(octets)


def adapt(env: Services) -> Services:
    """Returns the services with that archive."""
    octets = PausingOctets(env.octets, Path(sys.argv[2]))
    return replace(env, octets=octets)  # type: ignore[arg-type] # it delegates the rest


if __name__ == "__main__":
    daemon_assembly.daemon = partial(daemon_assembly.daemon, adapt=adapt)
    main()

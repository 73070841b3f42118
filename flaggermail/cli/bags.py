# SPDX-License-Identifier: EUPL-1.2
"""Writes a dossier as a bag (BagIt, RFC 8493): beside its place first, then renamed, so that it is whole or not there.

bagit makes the manifest and bag-info.txt. It declares version 0.97 and lists the tag files in the order of the file
system, so both are written anew: the same files make the same bag.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flaggermail.cli.new_folder import new_folder

DECLARATION, INFO = "bagit.txt", "bag-info.txt"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
DECLARED = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
README, PAYLOAD = "LEESMIJ-README.txt", "data"
TAG_FILES = (README, INFO, DECLARATION, MANIFEST)  # in the order of the tag manifest
_SAFE = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,120}/){0,4}[A-Za-z0-9_][A-Za-z0-9._-]{0,160}")


@dataclass
class BagWriter:
    """A bag that is being written in `folder`; what it holds so far."""

    folder: Path
    files: int = 0
    octets: int = 0
    fingerprint: str = field(default="", init=False)  # SHA-256 of the tag manifest, once it is finished

    def write(self, path: str, octets: bytes) -> None:
        """Writes a file of the payload. Raises ValueError for a path that could lead elsewhere, OSError."""
        if not _SAFE.fullmatch(path):
            raise ValueError(f"{path!a} is no path in a dossier")
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(octets)
        self.files, self.octets = self.files + 1, self.octets + len(octets)

    def finish(self, info: Mapping[str, str]) -> None:
        """Makes the bag. Raises OSError."""
        import bagit

        logging.getLogger("bagit").disabled = True  # what it logs is raised as well
        try:
            bagit.make_bag(str(self.folder), dict(info), checksums=["sha256"])
        except bagit.BagError as fault:
            raise OSError(str(fault)) from fault
        (self.folder / DECLARATION).write_bytes(DECLARED)
        # A copy where a stranger looks first: they see no more than the names of the tag files there.
        (self.folder / README).write_bytes((self.folder / PAYLOAD / README).read_bytes())
        sums = ((hashlib.sha256((self.folder / name).read_bytes()).hexdigest(), name) for name in TAG_FILES)
        listed = "".join(f"{digest}  {name}\n" for digest, name in sums).encode("ascii")
        (self.folder / TAG_MANIFEST).write_bytes(listed)
        self.fingerprint = hashlib.sha256(listed).hexdigest()


@contextmanager
def new_bag(place: Path) -> Iterator[BagWriter]:
    """Yields a bag beside `place`, and moves it there at the end of the block; after any fault nothing is left.

    Raises Refusal if the folder cannot be written.
    """
    with new_folder(place) as folder:
        yield BagWriter(folder)

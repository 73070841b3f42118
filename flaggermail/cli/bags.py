# SPDX-License-Identifier: EUPL-1.2
"""Writes a dossier as a bag (BagIt, RFC 8493): beside its place first, then renamed, so that it is whole or not there.

The same files make the same bag.
"""

from __future__ import annotations

import hashlib
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
_LINE_END = re.compile(r"[\r\n]")
_SAFE = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,120}/){0,4}[A-Za-z0-9_][A-Za-z0-9._-]{0,160}")


@dataclass
class BagWriter:
    """A bag that is being written in `folder`; what it holds so far."""

    folder: Path
    files: int = 0
    octets: int = 0
    fingerprint: str = field(default="", init=False)  # SHA-256 of the tag manifest, once it is finished
    _digests: dict[str, str] = field(default_factory=dict, init=False)  # of the payload, by path

    def write(self, path: str, octets: bytes) -> None:
        """Writes a file of the payload. Raises ValueError for a path that could lead elsewhere, OSError."""
        if not _SAFE.fullmatch(path):
            raise ValueError(f"{path!a} is no path in a dossier")
        target = self.folder / PAYLOAD / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(octets)
        self._digests[f"{PAYLOAD}/{path}"] = hashlib.sha256(octets).hexdigest()
        self.files, self.octets = self.files + 1, self.octets + len(octets)

    def finish(self, info: Mapping[str, str]) -> None:
        """Writes the tag files (RFC 8493, sections 2.1.3, 2.2.1 and 2.2.2). Raises OSError."""
        told = {**info, "Payload-Oxum": f"{self.octets}.{self.files}"}
        lines = (f"{name}: {_LINE_END.sub('', told[name])}\n" for name in sorted(told))
        tags = {
            MANIFEST: "".join(
                f"{self._digests[path]}  {path}\n" for path in sorted(self._digests, key=_order)
            ).encode(),
            DECLARATION: DECLARED,
            INFO: "".join(lines).encode(),
            # A copy where a stranger looks first: they see no more than the names of the tag files there.
            README: (self.folder / PAYLOAD / README).read_bytes(),
        }
        sums = "".join(f"{hashlib.sha256(tags[name]).hexdigest()}  {name}\n" for name in TAG_FILES).encode("ascii")
        for name, octets in (*tags.items(), (TAG_MANIFEST, sums)):
            (self.folder / name).write_bytes(octets)
        self.fingerprint = hashlib.sha256(sums).hexdigest()


def _order(path: str) -> list[tuple[bool, str]]:
    """Sorts the files of a folder before those of the folders in it, as bagit lists them."""
    *folders, name = path.split("/")
    return [*((True, folder) for folder in folders), (False, name)]


@contextmanager
def new_bag(place: Path) -> Iterator[BagWriter]:
    """Yields a bag beside `place`, and moves it there at the end of the block; after any fault nothing is left.

    Raises Refusal if the folder cannot be written.
    """
    with new_folder(place) as folder:
        yield BagWriter(folder)

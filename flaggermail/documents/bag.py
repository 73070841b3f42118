# SPDX-License-Identifier: EUPL-1.2
"""What makes files a bag (RFC 8493): its declaration, what is said about it, and the sums of all that it holds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from flaggermail import __version__
from flaggermail.documents.tar import SAFE_PATH

DECLARATION, INFO = "bagit.txt", "bag-info.txt"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
DECLARED = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
README, PAYLOAD = "LEESMIJ-README.txt", "data"
TAG_FILES = (README, INFO, DECLARATION, MANIFEST)  # in the order of the tag manifest
_LINE_END = re.compile(r"[\r\n]")


def dossier_info(name: str, organisation: str, day: str, cases: int) -> dict[str, str]:
    """Returns what bag-info.txt says of a dossier (RFC 8493, section 2.2.2); `day` is that of its last event."""
    return {
        "Bag-Software-Agent": f"flaggermail {__version__}",
        "Bagging-Date": day,
        "External-Description": f"Dossier of {name}, cases: {cases}",
        "External-Identifier": name,
        "Source-Organization": organisation,
    }


@dataclass
class BagSums:
    """The payload of a bag as it grows: how many files and octets, and the SHA-256 of each by its path in the bag."""

    files: int = 0
    octets: int = 0
    readme: bytes = field(default=b"", init=False)
    _digests: dict[str, str] = field(default_factory=dict, init=False)

    def add(self, path: str, octets: bytes) -> str:
        """Counts a file of the payload; returns its path in the bag. Raises ValueError if it could lead elsewhere."""
        if not SAFE_PATH.fullmatch(path):
            raise ValueError(f"{path!a} is no path in a dossier")
        if path == README:
            self.readme = octets
        there = f"{PAYLOAD}/{path}"
        self._digests[there] = hashlib.sha256(octets).hexdigest()
        self.files, self.octets = self.files + 1, self.octets + len(octets)
        return there

    def tags(self, info: Mapping[str, str]) -> tuple[dict[str, bytes], str]:
        """Returns the tag files (RFC 8493, sections 2.1.3, 2.2.1 and 2.2.2), and the fingerprint of the bag.

        That is the SHA-256 of the tag manifest, which is the last of them.
        """
        told = {**info, "Payload-Oxum": f"{self.octets}.{self.files}"}
        lines = (f"{name}: {_LINE_END.sub('', told[name])}\n" for name in sorted(told))
        made = {
            MANIFEST: "".join(
                f"{self._digests[path]}  {path}\n" for path in sorted(self._digests, key=_order)
            ).encode(),
            DECLARATION: DECLARED,
            INFO: "".join(lines).encode(),
            # A copy where a stranger looks first: they see no more than the names of the tag files there.
            README: self.readme,
        }
        sums = "".join(f"{hashlib.sha256(made[name]).hexdigest()}  {name}\n" for name in TAG_FILES).encode("ascii")
        return {**made, TAG_MANIFEST: sums}, hashlib.sha256(sums).hexdigest()


def _order(path: str) -> list[tuple[bool, str]]:
    """Sorts the files of a folder before those of the folders in it, as bagit lists them."""
    *folders, name = path.split("/")
    return [*((True, folder) for folder in folders), (False, name)]

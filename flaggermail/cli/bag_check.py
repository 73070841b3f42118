# SPDX-License-Identifier: EUPL-1.2
"""Checks a dossier by its own manifests, without a desk: what is missing, added, renamed or changed, by its path.

The dossier may come from anybody: nothing outside its folder is opened, no link is followed, no special file is read.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from flaggermail.cli.new_files import new_folder
from flaggermail.documents.bag import (
    DECLARATION,
    DECLARED,
    INFO,
    MANIFEST,
    PAYLOAD,
    README,
    TAG_FILES,
    TAG_MANIFEST,
    BagSums,
)
from flaggermail.unfinished import INCOMPLETE


@dataclass
class BagWriter:
    """A bag that is being written in `folder`; what it holds so far."""

    folder: Path
    sums: BagSums = field(default_factory=BagSums, init=False)
    fingerprint: str = field(default="", init=False)  # SHA-256 of the tag manifest, once it is finished

    def write(self, path: str, octets: bytes) -> None:
        """Writes a file of the payload. Raises ValueError for a path that could lead elsewhere, OSError."""
        target = self.folder / self.sums.add(path, octets)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(octets)

    def finish(self, info: Mapping[str, str]) -> None:
        """Writes the tag files. Raises OSError."""
        tags, self.fingerprint = self.sums.tags(info)
        for name, octets in tags.items():
            (self.folder / name).write_bytes(octets)


@contextmanager
def new_bag(place: Path) -> Iterator[BagWriter]:
    """Yields a bag beside `place`, and moves it there at the end of the block; after any fault nothing is left.

    Raises Refusal if the folder cannot be written.
    """
    with new_folder(place) as folder:
        yield BagWriter(folder)


LONGEST_LINE = 8192  # octets
_LINE = re.compile(rb"([0-9a-f]{64})  ([^\r\n]+)\n")
_AT_ONCE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BagFinding:
    """What is wrong with one file of a dossier."""

    path: str
    text: str


@dataclass
class BagCheck:
    """A dossier that is checked, and what was found."""

    folder: Path
    findings: list[BagFinding] = field(default_factory=list)
    files: int = 0
    octets: int = 0
    fingerprint: str = ""  # SHA-256 of the tag manifest

    def find(self, path: str, text: str) -> None:
        """Notes a finding."""
        self.findings.append(BagFinding(path, text))


def is_dossier(folder: Path) -> bool:
    """True if the folder is a dossier, or the beginning of one."""
    return any(
        os.path.lexists(folder / name) for name in (DECLARATION, TAG_MANIFEST, MANIFEST, README, f"{PAYLOAD}/{README}")
    ) or folder.name.endswith(INCOMPLETE)


def check(folder: Path, step: Callable[[int], None]) -> BagCheck:
    """Checks every file in the folder; calls `step` with the number of octets read. Raises OSError."""
    done = BagCheck(folder)
    missing = [name for name in (DECLARATION, INFO, MANIFEST, TAG_MANIFEST) if not os.path.lexists(folder / name)]
    for name in missing:
        done.find(name, "is missing: the export did not finish, or the dossier is incomplete")
    found = set(_files(done))
    listed: set[str] = set()
    for manifest in (TAG_MANIFEST, MANIFEST):
        if manifest in found:
            listed |= _compared(done, manifest, found, step)
    for name in TAG_FILES:
        if TAG_MANIFEST in found and name not in listed and name not in missing:
            done.find(name, f"is not in {TAG_MANIFEST}")
    for path in sorted(found - listed - {TAG_MANIFEST, *TAG_FILES}):
        done.find(path, "is in no manifest: it was added or renamed")
    if DECLARATION in found and _digest(folder / DECLARATION, lambda _: None) != hashlib.sha256(DECLARED).hexdigest():
        done.find(DECLARATION, "does not declare version 1.0 of BagIt in UTF-8")
    if TAG_MANIFEST in found:
        done.fingerprint = _digest(folder / TAG_MANIFEST, lambda _: None)
    return done


def _files(done: BagCheck) -> Iterator[str]:
    """Yields the regular files; anything else in the folder is a finding."""
    for at, folders, names in os.walk(done.folder, followlinks=False, onerror=_raised):
        below = Path(at)
        relative = below.relative_to(done.folder).as_posix()
        if not folders and not names and relative != ".":
            done.find(f"{relative}/", "is an empty folder that no manifest knows")
        for name in sorted([*folders, *names]):
            path = below / name
            shown = path.relative_to(done.folder).as_posix()
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                yield shown
            elif not stat.S_ISDIR(mode):
                done.find(shown, "is a link" if stat.S_ISLNK(mode) else "is no regular file")
        folders.sort()


def _raised(fault: OSError) -> None:
    raise fault


def _compared(done: BagCheck, manifest: str, found: set[str], step: Callable[[int], None]) -> set[str]:
    """Compares the files of one manifest; returns the paths in it."""
    listed: set[str] = set()
    for number, digest, path in _lines(done, manifest):
        if not _inside(path) or path.startswith(f"{PAYLOAD}/") is not (manifest == MANIFEST):
            done.find(path, f"in line {number} of {manifest} is no path of this dossier: it was not opened")
        elif path in listed:
            done.find(path, f"stands in {manifest} twice")
        elif path not in found:
            done.find(path, f"is missing, {manifest} lists it")
        else:
            done.files += manifest == MANIFEST
            octets, actual = _read(done.folder / path, step)
            done.octets += octets if manifest == MANIFEST else 0
            if actual != digest:
                done.find(path, f"was changed: it is not what {manifest} says")
        listed.add(path)
    return listed


def _lines(done: BagCheck, manifest: str) -> Iterator[tuple[int, str, str]]:
    """Yields number, digest and path of each line; a line of another form is a finding."""
    with _opened(done.folder / manifest) as file:
        number = 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            parts = _LINE.fullmatch(line)
            try:
                path = parts.group(2).decode("utf-8") if parts else ""
            except UnicodeDecodeError:
                path = ""
            if parts is None or not path:
                done.find(manifest, f"was changed: line {number} is no line of a manifest")
            else:
                yield number, parts.group(1).decode("ascii"), path


def _inside(path: str) -> bool:
    """True for a relative path without steps upwards."""
    steps = path.split("/")
    return "\0" not in path and "\\" not in path and not {"", ".", ".."} & set(steps)


def _digest(path: Path, step: Callable[[int], None]) -> str:
    return _read(path, step)[1]


def _read(path: Path, step: Callable[[int], None]) -> tuple[int, str]:
    """Returns length and SHA-256 of a regular file."""
    total, summed = 0, hashlib.sha256()
    with _opened(path) as file:
        while block := file.read(_AT_ONCE):
            summed.update(block)
            total += len(block)
            step(len(block))
    return total, summed.hexdigest()


def _opened(path: Path) -> BinaryIO:
    """Opens a file of the dossier; a link, and a pipe on which one would wait, are refused or not waited for."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")

# SPDX-License-Identifier: EUPL-1.2
"""Several files as one tar (POSIX.1-2001, pax), in parts: written with safe names, read from whoever sends it.

The same files give the same octets: no owner, no instant. What is read may come from anybody: only regular files below
the folder are taken, each once, and no more octets than the reader allows.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterable, Iterator, Sequence

from flaggermail.documents.octets import FactsT, MediaType, Octets, in_blocks

SAFE_PATH = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,120}/){0,4}[A-Za-z0-9_][A-Za-z0-9._-]{0,160}")
"""A path in a tar or a dossier: at most four folders, no step upwards, no hidden file."""
LARGEST = 4 * 1024 * 1024 * 1024  # octets of a tar that is read, unless its reader says otherwise
_BLANK = bytes(tarfile.BLOCKSIZE)
_END = 2 * _BLANK
_LONGEST_RECORD = 1024
_PATH_RECORD = re.compile(rb"(\d{1,4}) path=([\x21-\x7e]+)\n")


def tar(name: str, files: Sequence[tuple[str, bytes]], facts: FactsT) -> Octets[FactsT]:
    """Returns files by their paths as one tar. Raises ValueError for a path that could lead elsewhere, or a second."""
    paths = [path for path, _ in files]
    for path in paths:
        if not SAFE_PATH.fullmatch(path) or paths.count(path) > 1:
            raise ValueError(f"{path!a} is no path in a tar, or is in it twice")
    heads = [_head(path, len(octets)) for path, octets in files]
    size = sum(map(len, heads)) + sum(len(octets) + _room(len(octets)) for _, octets in files) + len(_END)
    parts = _parts(list(zip(heads, (octets for _, octets in files), strict=True)))
    return Octets(media_type=MediaType.TAR, name=name, size=size, parts=parts, facts=facts)


def files(name: str, made: Sequence[tuple[str, MediaType, bytes]], facts: FactsT) -> Octets[FactsT]:
    """Returns one file as itself, with its media type, and several as one tar. Raises ValueError."""
    if len(made) != 1:
        return tar(name, [(path, octets) for path, _, octets in made], facts)
    ((path, kind, octets),) = made
    return Octets(media_type=kind, name=path, size=len(octets), parts=in_blocks(octets), facts=facts)


def _head(path: str, size: int) -> bytes:
    info = tarfile.TarInfo(path)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.PAX_FORMAT)


def _room(size: int) -> int:
    """Returns how many octets fill up the last block of a file."""
    return -size % tarfile.BLOCKSIZE


def _parts(files: Sequence[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for head, octets in files:
        yield head
        yield from in_blocks(octets)
        yield bytes(_room(len(octets)))
    yield _END


def files_in(parts: Iterable[bytes], most: int = LARGEST) -> Iterator[tuple[str, bytes]]:
    """Yields path and octets of each file of a tar that `tar` made.

    Raises ValueError for all else: other kinds of files, a second one of the name, more than `most` octets, or a tar
    that ends too early.
    """
    try:
        yield from _files(_Stream(parts, most))
    except (tarfile.HeaderError, ValueError) as fault:
        raise ValueError(f"what came is no tar of files, or not the whole of it: {fault}") from fault


def _files(stream: _Stream) -> Iterator[tuple[str, bytes]]:
    seen = set[str]()
    while (head := stream.take(tarfile.BLOCKSIZE)) != _BLANK:
        path, size = _read_head(head, stream)
        if not SAFE_PATH.fullmatch(path) or path in seen:
            raise ValueError(f"{path!a} is no path in a tar, or is in it twice")
        seen.add(path)
        octets = stream.take(size)
        stream.take(_room(size))
        yield path, octets
    if stream.take(tarfile.BLOCKSIZE) != _BLANK:
        raise ValueError("it does not end")


def _read_head(head: bytes, stream: _Stream) -> tuple[str, int]:
    """Returns path and size of a file. Raises ValueError, HeaderError."""
    info, path = _info(head), None
    if info.type == tarfile.XHDTYPE:
        if info.size > _LONGEST_RECORD:
            raise ValueError("a head is too long")
        record = stream.take(info.size)
        found = _PATH_RECORD.fullmatch(record)
        if found is None or int(found[1]) != len(record):
            raise ValueError("a head has other records than a path")
        path = found[2].decode("ascii")
        stream.take(_room(info.size))
        info = _info(stream.take(tarfile.BLOCKSIZE))
    if info.type != tarfile.REGTYPE:
        raise ValueError(f"{info.name!a} is no file")
    return info.name if path is None else path, info.size


def _info(head: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo.frombuf(head, "utf-8", "replace")
    if info.size < 0:
        raise ValueError("a size is negative")
    return info


class _Stream:
    """What a tar is read from."""

    def __init__(self, parts: Iterable[bytes], most: int) -> None:
        self._parts, self._left = iter(parts), most
        self._held = b""

    def take(self, size: int) -> bytes:
        """Returns the next octets. Raises ValueError if fewer come, or more than are allowed."""
        found, count = [self._held], len(self._held)
        while count < size:
            part = next(self._parts, None)
            if part is None:
                raise ValueError("it ends too early")
            found.append(part)
            count += len(part)
            self._left -= len(part)
            if self._left < 0:
                raise ValueError("it is too long")
        octets = b"".join(found)
        self._held = octets[size:]
        return octets[:size]

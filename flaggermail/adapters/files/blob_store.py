# SPDX-License-Identifier: EUPL-1.2
"""The archive of raw octets as read-only files named by their SHA-256: root/ab/abcd...

256 folders: more of them would each cost two syncs when they are made, and few would hold a second mail.
Once `put` returns, neither a killed process nor a power cut loses the octets: they are written beside, synced, renamed,
and the folder is synced. A name therefore always stands for whole content; what a crash leaves beside has another name.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from flaggermail.errors import ArchiveFault

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PREFIX, _SUFFIX = ".", ".part"  # of a file that is not complete
_LIBC = ctypes.CDLL(None, use_errno=True)  # for syncfs(2), which Python has not
_FILE_MODE, _FOLDER_MODE = 0o440, 0o770  # officers of the group store octets too, as the umask allows


class FileBlobStore:
    """Files under `root`, which is made when the first octets come. Several processes may write at once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._durable: set[Path] = set()  # folders whose own entry this process has synced

    def put(self, octets: bytes) -> str:
        """Make `octets` durable; return their SHA-256 in hexadecimal. Raises ArchiveFault and leaves no half file."""
        digest = _sha256(octets)
        path = self._path(digest)
        try:
            if path.exists():
                self._verify(digest, path.read_bytes())
            else:
                self._make(path.parent)
                self._write(path, octets)
            # Also for what is there already: a crash may have come between another's rename and this.
            _sync_folder(path.parent)
        except OSError as fault:
            raise ArchiveFault(f"archive: {digest} cannot be written to {path}: {_why(fault)}") from fault
        return digest

    def put_all(self, many: Sequence[bytes]) -> list[str]:
        """As `put` for each, with two syncs of the file system instead of several for each file.

        Everything is written beside and synced, then renamed and synced: no name stands for octets that could be lost.
        """
        fresh = {digest: octets for octets in many if not self._path(digest := _sha256(octets)).exists()}
        try:
            if fresh:
                self._make(self._root)
                with _synced(self._root) as sync, ExitStack() as parts:
                    written = [(parts.enter_context(self._part(key, octets)), key) for key, octets in fresh.items()]
                    sync()
                    for temporary, digest in written:
                        temporary.rename(self._path(digest))
                    sync()
        except OSError as fault:
            raise ArchiveFault(
                f"archive: {len(fresh)} mails cannot be written to {self._root}: {_why(fault)}"
            ) from fault
        return [digest if (digest := _sha256(octets)) in fresh else self.put(octets) for octets in many]

    @contextmanager
    def _part(self, digest: str, octets: bytes) -> Iterator[Path]:
        """Octets written beside their place, not synced yet."""
        path = self._path(digest)
        path.parent.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        with _beside(path) as (descriptor, temporary):
            _write(descriptor, octets)
            yield temporary

    def get(self, digest: str) -> bytes:
        """The octets filed under `digest`. Raises ArchiveFault when they are missing, unreadable or others."""
        if not _DIGEST.fullmatch(digest):
            raise ArchiveFault(f"archive: {digest!a} is not a SHA-256 in hexadecimal")
        path = self._path(digest)
        try:
            octets = path.read_bytes()
        except OSError as fault:
            raise ArchiveFault(f"archive: {digest} cannot be read from {path}: {_why(fault)}") from fault
        self._verify(digest, octets)
        return octets

    def discard(self, digest: str) -> None:
        """Remove the file of `digest`; nothing to do where there is none. Raises ArchiveFault.

        The file's blocks are freed, not written over: that is a matter of the disk.
        """
        if not _DIGEST.fullmatch(digest):
            raise ArchiveFault(f"archive: {digest!a} is not a SHA-256 in hexadecimal")
        path = self._path(digest)
        try:
            if path.exists():
                path.unlink(missing_ok=True)
                _sync_folder(path.parent)
        except OSError as fault:
            raise ArchiveFault(f"archive: {digest} cannot be removed from {path.parent}: {_why(fault)}") from fault

    def sweep(self) -> int:
        """Remove what crashed writers left beside; return how many files. Raises ArchiveFault.

        A file that a writer still holds is left alone.
        """
        removed = 0
        try:
            for path in self._root.glob(f"??/{_PREFIX}*{_SUFFIX}"):
                removed += _remove_if_abandoned(path)
        except OSError as fault:
            raise ArchiveFault(f"archive: {self._root} cannot be swept: {_why(fault)}") from fault
        return removed

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest

    def _verify(self, digest: str, octets: bytes) -> None:
        found = _sha256(octets)
        if found != digest:
            raise ArchiveFault(
                f"archive: the file of {digest} holds other octets ({len(octets)} of them, SHA-256 {found})"
            )

    def _make(self, folder: Path) -> None:
        """Make `folder` and what is missing above it, each with a durable entry in the folder that holds it."""
        if folder in self._durable and folder.is_dir():
            return
        if folder == self._root:
            missing = [above for above in (folder, *folder.parents) if not above.exists()]
        else:
            self._make(folder.parent)
            missing = [folder]
        for each in reversed(missing):
            each.mkdir(mode=_FOLDER_MODE, exist_ok=True)
            _sync_folder(each.parent)
        self._durable.add(folder)

    def _write(self, path: Path, octets: bytes) -> None:
        with _beside(path) as (descriptor, temporary):
            _write(descriptor, octets)
            os.fsync(descriptor)
            temporary.rename(path)


def _sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def _write(descriptor: int, octets: bytes) -> None:
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(octets)
    os.fchmod(descriptor, _FILE_MODE)


@contextmanager
def _beside(path: Path) -> Iterator[tuple[int, Path]]:
    """A new file in the folder of `path`, locked so that no sweep takes it; removed when the block fails."""
    descriptor, temporary = _locked(path.parent)
    try:
        yield descriptor, temporary
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _locked(folder: Path) -> tuple[int, Path]:
    """A new file in `folder` under this process's lock; another one where a sweep took the first before the lock."""
    while True:
        descriptor, name = tempfile.mkstemp(suffix=_SUFFIX, prefix=_PREFIX, dir=folder)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return descriptor, Path(name)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            os.close(descriptor)
            raise
        os.close(descriptor)


def _remove_if_abandoned(path: Path) -> int:
    """Remove a file beside unless its writer lives; return how many were removed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:  # its writer has just finished
        return 0
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return 0
    else:
        return 1
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable (fsync(2), notes: the file's own fsync does not reach its name)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _synced(folder: Path) -> Iterator[Callable[[], None]]:
    """What makes everything durable that was written meanwhile to the file system of `folder`.

    Opened before the writing: from then on Linux tells of a write that failed (syncfs(2), since 5.8).
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def sync() -> None:
        if _LIBC.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    try:
        yield sync
    finally:
        os.close(descriptor)


def _why(fault: OSError) -> str:
    """What the system says, without the path."""
    return fault.strerror or str(fault)

# SPDX-License-Identifier: EUPL-1.2
"""The archive of raw octets: read-only files named by their SHA-256, root/ab/abcd...

256 folders: each new folder costs two syncs, and with more of them few would hold a second mail.
Once `put` returns, the octets survive a killed process and a power cut: they are written to a temporary file, synced
and renamed, and the folder is synced. A file named by a digest is therefore complete; a crash leaves only temporary
files.

Files that are whole or not there, also after a power cut: written beside, synced, then renamed; and what is left.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import os
import pwd
import re
import shlex
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path

from flaggermail.errors import ArchiveFailure, OctetsLost
from flaggermail.record.audit import ArchivedFile, FileState
from flaggermail.settings.mistakes import SetupFault, SetupFaultCode, setup_fault
from flaggermail.unfinished import leftovers
from flaggermail.wording.alarms import Health
from flaggermail.wording.said import UNSAID, StoredText, counted

_LEAST = 65_536  # octets; SQLite alone makes a file of 32 KiB when it opens a database
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def full_disks(places: Mapping[str, Path]) -> Iterator[SetupFault]:
    """Yields a fault for each full disk that holds one of `places`, which are named by their keys."""
    mounts = {key: full_disk(path) for key, path in places.items()}
    for mount in sorted({mount for mount in mounts.values() if mount is not None}):
        held = [key for key, found in mounts.items() if found == mount]
        paths = " and ".join(str(places[key]) for key in held)
        keys = " and ".join(f"store.{key}" for key in held)
        yield setup_fault(SetupFaultCode.DISK_FULL, keys=keys, mount=mount, paths=paths)


def full_disk(path: Path, least: int = _LEAST) -> Path | None:
    """Returns the mount point of the disk on which `path` is or would be made; None if there is room, or none knows.

    A disk has no room for this account if it has less than `least` octets for it, or no number of a file (inode).
    """
    at = _nearest(path)
    try:
        disk = os.statvfs(at)
    except OSError:
        return None
    no_blocks = disk.f_blocks > 0 and disk.f_bavail * disk.f_frsize < least
    no_numbers = disk.f_files > 0 and disk.f_favail == 0
    return mount_point(at) if no_blocks or no_numbers else None


def is_read_only(path: Path) -> bool:
    """True if the disk of an existing path is mounted read-only; False where it does not answer, as others say so."""
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def mount_point(path: Path) -> Path:
    """Returns the folder at which the disk of an existing path is mounted."""
    at = path.resolve()
    while not at.is_mount() and at != at.parent:
        at = at.parent
    return at


def fault_words(fault: OSError, path: Path) -> str:
    """Returns the system's words, without the path that the error names; with the disk of `path` where it is full."""
    words = fault.strerror or str(fault)
    if fault.errno not in _NO_ROOM:
        return words
    return f"disk full: {words}; make room on the disk mounted at {mount_point(_nearest(path))}"


def _nearest(path: Path) -> Path:
    """Returns the path, or the nearest folder above it that is there."""
    at = path
    while not os.path.lexists(at) and at != at.parent:
        at = at.parent
    return at


# ---- files that survive a crash


_BACKUPS = "backup"  # the folder below that of the record into which the timer writes


def replace_file(path: Path, octets: bytes, mode: int) -> None:
    """Replaces a file as a whole, with that mode whatever the umask; a reader never sees a part of it. Raises OSError.

    Its name is durable only after `sync_folder`; without that, a power cut may bring the old file back.
    """
    beside = path.with_name(f".{path.name}.part")  # a fixed name: a crash leaves at most one
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC  # EXCL: do not follow a planted link
    with os.fdopen(os.open(beside, flags, mode), "wb") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)  # not left by a killed writer, for `check`
        os.fchmod(file.fileno(), mode)
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())  # else the rename may survive a power cut, and the octets not
    beside.replace(path)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable (fsync(2), notes: syncing a file does not sync its name). Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def leftover_faults(folders: Iterable[Path]) -> Iterator[SetupFault]:
    """Yields what killed backups, restores and exports left in these folders, and in `backup` below each."""
    for one in leftovers(below for folder in folders for below in (folder.absolute(), folder.absolute() / _BACKUPS)):
        command = shlex.join(["rm", "-r", str(one.path)] if one.is_folder else ["rm", str(one.path)])
        yield setup_fault(
            SetupFaultCode.LEFT_OVER, path=shlex.quote(str(one.path)), owner=_account(one.owner), command=command
        )


def _account(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # of another machine, or removed
        return f"the account {number}"


# ---- the archive


_DIGEST = re.compile(r"[0-9a-f]{64}")
_PREFIX, _SUFFIX = ".", ".part"  # of a temporary file
_DAMAGED = ".damaged"  # added to the name of a file that holds other octets than its name says
_LIBC = ctypes.CDLL(None, use_errno=True)  # for syncfs(2), which Python lacks
_LEAST_ROOM = 1_000_000  # octets; a disk with less takes no mail with a picture
_FILE_MODE, _FOLDER_MODE = 0o400, 0o700  # the desk's account alone
SOON = 5.0  # seconds in which a disk answers, and one more for each megabyte
_SLOWEST = 1_000_000  # octets a second
_AT_ONCE = 8  # files that are written at one time


def folder_fault(root: Path, key: str = "archive") -> SetupFault | None:
    """Returns why no archive, or what `key` names, can be kept at `root`; None if it can, or could be made there."""
    at = _nearest(root)
    if not os.path.isdir(at):  # noqa: PTH112 - Path.is_dir raises where it may not look
        return setup_fault(SetupFaultCode.ARCHIVE_FOLDER, key=key, path=root, why=f"{at} is no folder")
    if is_read_only(at):
        return setup_fault(SetupFaultCode.ARCHIVE_READ_ONLY, key=key, path=root)
    if not os.access(at, os.W_OK | os.X_OK):
        return setup_fault(SetupFaultCode.ARCHIVE_FOLDER, key=key, path=root, why=f"{at} is closed to it")
    return None


def missing_folder_fault(root: Path, marks: Collection[str]) -> SetupFault | None:
    """Returns that the archive at `root` is not the one whose `marks` the record names; None if it is."""
    return (
        None if FileBlobStore(root, lambda: marks).is_there() else setup_fault(SetupFaultCode.ARCHIVE_GONE, path=root)
    )


class FileBlobStore:
    """Stores files under `root`, which the first `put` creates. Several processes may write concurrently."""

    def __init__(self, root: Path, marks: Callable[[], Collection[str]] = tuple) -> None:
        """`marks` returns digests of which the archive holds one at least: a root without is another folder."""
        self._root, self._marks = root, marks
        self._durable: set[Path] = set()  # folders whose directory entry this process has synced

    def put(self, octets: bytes) -> str:
        """Stores `octets` durably; returns their SHA-256 in hexadecimal. On ArchiveFailure no partial file is left.

        A damaged file of that name is set aside for a person, as `DIGEST.damaged`, and the octets are written anew.
        """
        digest = _sha256(octets)
        path = self._path(digest)
        try:
            self._require()
            if not self._holds(path, octets):
                self._make_folder(path.parent)
                self._write(path, octets)
            # Sync even if the file exists: another process may have crashed between its rename and its sync.
            sync_folder(path.parent)
        except OSError as fault:
            raise ArchiveFailure(
                f"archive: {digest} cannot be written to {path}: {fault_words(fault, path)}"
            ) from fault
        return digest

    def put_all(self, many: Sequence[bytes]) -> list[str]:
        """Does the same as `put` for each, with two syncs of the file system instead of several per file.

        All files are written and synced, then renamed and synced: no digest's file can be lost or incomplete.
        """
        fresh: dict[str, bytes] = {}
        if not many:
            return []
        try:
            self._require()
            fresh = {digest: octets for octets in many if not self._path(digest := _sha256(octets)).exists()}
            if fresh:
                self._make_folder(self._root)
                with _synced(self._root) as sync, ExitStack() as parts:
                    written = [(parts.enter_context(self._part(key, octets)), key) for key, octets in fresh.items()]
                    sync()
                    for temporary, digest in written:
                        temporary.rename(self._path(digest))
                    sync()
        except OSError as fault:
            mails = counted(len(fresh), "mail", "mails")
            why = fault_words(fault, self._root)
            raise ArchiveFailure(f"archive: {mails} cannot be written to {self._root}: {why}") from fault
        return [digest if (digest := _sha256(octets)) in fresh else self.put(octets) for octets in many]

    def is_there(self) -> bool:
        """True if the archive holds a mark, or the record names none yet. Raises OSError if its disk fails."""
        marks = [mark for mark in self._marks() if _DIGEST.fullmatch(mark)]
        return not marks or any(self._path(mark).exists() for mark in marks)

    def fault(self) -> StoredText:
        """Returns why nothing can be stored; unsaid if something can."""
        try:
            if not self.is_there():
                return Health.GONE(path=str(self._root))
            room = os.statvfs(self._root)
        except OSError as fault:
            return (
                UNSAID if isinstance(fault, FileNotFoundError) else Health.BROKEN(fault=fault_words(fault, self._root))
            )
        if room.f_flag & os.ST_RDONLY or not os.access(self._root, os.W_OK | os.X_OK):
            return Health.READ_ONLY(path=str(self._root))
        return UNSAID if full_disk(self._root, _LEAST_ROOM) is None else Health.FULL(path=str(self._root))

    def _answers(self) -> bool:
        """True if the archive as a whole can be read."""
        try:
            return self._root.is_dir() and self.is_there()
        except OSError:
            return False

    def _require(self) -> None:
        if not self.is_there():
            raise ArchiveFailure(f"archive: {Health.GONE(path=str(self._root)).english}")

    def _holds(self, path: Path, octets: bytes) -> bool:
        """True if the file has these octets; sets aside one that has others."""
        if not path.exists():
            return False
        try:
            if path.read_bytes() == octets:
                return True
        except OSError:
            pass  # a bad block, or no right to read: what is at hand is as good
        path.rename(path.with_suffix(_DAMAGED))
        return False

    @contextmanager
    def _part(self, digest: str, octets: bytes) -> Iterator[Path]:
        """Writes octets to a temporary file next to their final path, not yet synced."""
        path = self._path(digest)
        path.parent.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        with _temporary_file(path) as (descriptor, temporary):
            _write(descriptor, octets)
            yield temporary

    def get(self, digest: str) -> bytes:
        """Returns the octets of `digest`. Raises OctetsLost if they are missing, unreadable or do not match.

        Raises ArchiveFailure if there is no archive to read.
        """
        if not _DIGEST.fullmatch(digest):
            raise ArchiveFailure(f"archive: {digest!a} is not a SHA-256 in hexadecimal")
        path = self._path(digest)
        try:
            octets = path.read_bytes()
        except OSError as fault:
            kind = OctetsLost if self._answers() else ArchiveFailure
            raise kind(f"archive: {digest} cannot be read from {path}: {fault_words(fault, path)}") from fault
        self._verify(digest, octets)
        return octets

    def discard(self, digest: str) -> None:
        """Removes the file of `digest` if it exists. Raises ArchiveFailure.

        Its blocks are freed, not overwritten: whether they can be erased depends on the disk.
        """
        if not _DIGEST.fullmatch(digest):
            raise ArchiveFailure(f"archive: {digest!a} is not a SHA-256 in hexadecimal")
        path = self._path(digest)
        try:
            if path.exists():
                path.unlink(missing_ok=True)
                sync_folder(path.parent)
        except OSError as fault:
            raise ArchiveFailure(
                f"archive: {digest} cannot be removed from {path.parent}: {fault_words(fault, path)}"
            ) from fault

    def sweep(self) -> int:
        """Removes temporary files left by crashed writers; returns their number. Raises ArchiveFailure.

        A file that a writer still locks is kept. If there is an archive, all its folders are made, and their entries
        synced at once: otherwise the first file of this process in each of them would wait for that.
        """
        removed = 0
        try:
            for path in self._root.glob(f"??/{_PREFIX}*{_SUFFIX}"):
                removed += _remove_if_abandoned(path)
            if any(self._root.glob("??/")):
                self._make_all_folders()
        except OSError as fault:
            raise ArchiveFailure(f"archive: {self._root} cannot be swept: {fault_words(fault, self._root)}") from fault
        return removed

    def files(self) -> Iterator[ArchivedFile]:
        """Yields everything below `root`, one file at a time; reads each file in pieces. Raises ArchiveFailure."""
        try:
            for folder in sorted(self._root.iterdir()) if self._root.exists() else ():
                if folder.is_symlink() or not folder.is_dir():
                    yield ArchivedFile(folder.name, "", FileState.FOREIGN)
                    continue
                for path in sorted(folder.iterdir()):
                    yield ArchivedFile(f"{folder.name}/{path.name}", path.name, self._state(path))
        except OSError as fault:
            raise ArchiveFailure(f"archive: {self._root} cannot be read: {fault_words(fault, self._root)}") from fault

    def _state(self, path: Path) -> FileState:
        if path.name.startswith(_PREFIX) and path.name.endswith(_SUFFIX):
            return FileState.PARTIAL
        plain = path.is_file() and not path.is_symlink()
        if plain and path.suffix == _DAMAGED and path == self._path(path.stem).with_suffix(_DAMAGED):
            return FileState.SET_ASIDE
        if not plain or path != self._path(path.name) or not _DIGEST.fullmatch(path.name):
            return FileState.FOREIGN
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return FileState.UNREADABLE
        return FileState.WHOLE if found == path.name else FileState.CHANGED

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest

    def _verify(self, digest: str, octets: bytes) -> None:
        found = _sha256(octets)
        if found != digest:
            raise OctetsLost(
                f"archive: the file of {digest} holds other octets ({len(octets)} of them, SHA-256 {found})"
            )

    def _make_folder(self, folder: Path) -> None:
        """Creates `folder` and its missing parents, and syncs each new directory entry."""
        if folder in self._durable and folder.is_dir():
            return
        if folder == self._root:
            missing = [above for above in (folder, *folder.parents) if not above.exists()]
        else:
            self._make_folder(folder.parent)
            missing = [folder]
        for each in reversed(missing):
            each.mkdir(mode=_FOLDER_MODE, exist_ok=True)
            sync_folder(each.parent)
        self._durable.add(folder)

    def _make_all_folders(self) -> None:
        self._make_folder(self._root)
        folders = [self._root / f"{number:02x}" for number in range(256)]
        for folder in folders:
            folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        sync_folder(self._root)
        self._durable.update(folders)

    def _write(self, path: Path, octets: bytes) -> None:
        with _temporary_file(path) as (descriptor, temporary):
            _write(descriptor, octets)
            os.fsync(descriptor)
            temporary.rename(path)


class PromptBlobStore(FileBlobStore):
    """Stores files as its base class does, and fails where their disk does not answer: a `put` may hold the record.

    One that hangs goes on in its thread, and until it ends others fail at once.
    """

    def __init__(self, root: Path, marks: Callable[[], Collection[str]] = tuple) -> None:
        """Takes what the base class takes; its threads start with their first work and stay."""
        super().__init__(root, marks)
        self._threads = ThreadPoolExecutor(_AT_ONCE, "archive")
        self._late: Future[str] | None = None

    def put(self, octets: bytes) -> str:
        """Stores `octets` durably; returns their SHA-256 in hexadecimal. Raises ArchiveFailure, soon."""
        if self._late is not None and not self._late.done():
            raise ArchiveFailure(f"archive: the disk of {self._root} still does not answer")
        seconds = SOON + len(octets) / _SLOWEST
        begun = self._threads.submit(super().put, octets)
        if wait([begun], seconds).not_done:
            self._late = begun
            raise ArchiveFailure(f"archive: the disk of {self._root} does not answer within {seconds:.0f} seconds")
        return begun.result()


def _sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def _write(descriptor: int, octets: bytes) -> None:
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(octets)
    os.fchmod(descriptor, _FILE_MODE)


@contextmanager
def _temporary_file(path: Path) -> Iterator[tuple[int, Path]]:
    """Creates a temporary file in the folder of `path`, locked against `sweep`; removes it if the block fails."""
    descriptor, temporary = _locked(path.parent)
    try:
        yield descriptor, temporary
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _locked(folder: Path) -> tuple[int, Path]:
    """Creates and locks a file in `folder`; tries again if a sweep removed the file before it was locked."""
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
    """Removes a temporary file unless its writer still runs; returns the number of files removed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:  # its writer has just renamed it
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


@contextmanager
def _synced(folder: Path) -> Iterator[Callable[[], None]]:
    """Yields a function that syncs everything written to the file system of `folder` within the block.

    The folder is opened before the writes: Linux reports errors of writes made after that (syncfs(2), since 5.8).
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

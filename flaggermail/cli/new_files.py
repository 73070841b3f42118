# SPDX-License-Identifier: EUPL-1.2
"""New files that a person names: whole or not there, and never in the place of one that is."""

from __future__ import annotations

import errno
import io
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from flaggermail import unfinished
from flaggermail.cli.terminal import safe_line
from flaggermail.errors import Refusal
from flaggermail.unfinished import INCOMPLETE, PART, new_file

if TYPE_CHECKING:
    from flaggermail.documents.octets import Octets

F = TypeVar("F")


def usable(out: Path) -> Path:
    """Returns the place for a new folder, absolute. Raises Refusal if something is there already."""
    place = out.resolve()
    shown = safe_line(str(out))
    if place.is_mount():
        raise Refusal(f"{shown}: is where a disk is mounted; name a new folder in it")
    if place.exists() and not place.is_dir():
        raise Refusal(f"{shown}: is a file; name a new folder")
    try:
        filled = place.exists() and any(place.iterdir())
    except OSError as fault:
        raise Refusal(f"{shown}: cannot be read ({fault.strerror}); name a new folder") from fault
    if filled:
        raise Refusal(f"{shown}: is not empty; name a new folder")
    return place


def unpacked(found: Octets[F]) -> Iterator[tuple[str, bytes]]:
    """Yields path and octets of each file that a desk gave, alone or in a tar. Raises Refusal for what is neither."""
    from flaggermail.documents.octets import MediaType
    from flaggermail.documents.tar import files_in

    if found.media_type is not MediaType.TAR:
        yield found.name, found.whole()
        return
    try:
        yield from files_in(found.parts)
    except ValueError as fault:
        raise Refusal(f"{found.name}: {fault}") from fault


@contextmanager
def new_folder(place: Path) -> Iterator[Path]:
    """Yields a folder beside `place`, and moves it there at the end of the block; after any fault nothing is left.

    What an export that was killed left there is removed first. Raises Refusal if the folder cannot be written.
    """
    folder = _beside(place)
    shown = safe_line(str(folder))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = unfinished.new_folder(folder, 0o700)
    except BlockingIOError as fault:
        raise Refusal(f"{shown}: an export is writing there; wait for it, or name another folder") from fault
    except FileExistsError as fault:
        raise Refusal(f"{shown}: is there, and no export left it; move it away, or name another folder") from fault
    except OSError as fault:
        raise _unwritten(place, fault) from fault
    try:
        yield folder
        unfinished.finish_folder(lock, folder, place)  # onto an empty folder, or none; any other is refused
    except OSError as fault:
        shutil.rmtree(folder, ignore_errors=True)
        raise _unwritten(place, fault) from fault
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def _unwritten(place: Path, fault: OSError) -> Refusal:
    return Refusal(f"{safe_line(str(place))}: cannot be written ({fault.strerror or fault}); nothing was kept")


def _beside(place: Path) -> Path:
    return place.with_name(place.name + INCOMPLETE)


_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})  # such as of FAT
READABLE, PRIVATE = 0o666, 0o600  # for the umask to restrict; for this account alone


def printed(show: Callable[[], None]) -> bytes:
    """Returns in UTF-8 what `show` prints to standard output."""
    held = io.BytesIO()
    with io.TextIOWrapper(held, encoding="utf-8", newline="") as file, redirect_stdout(file):
        show()
        file.flush()
        return held.getvalue()


def write_new(files: Sequence[tuple[Path, bytes]], remedy: str = "name a new file", mode: int = READABLE) -> None:
    """Writes files, each as a whole; if one of them cannot be written, none is there.

    A file that holds these very octets already is left as it is: the same command may be repeated. Raises Refusal that
    names the file, with the remedy if something else is there.
    """
    path = Path()
    with ExitStack() as undone:
        try:
            wanted = [(path, octets) for path, octets in files if not _holds(path, octets, remedy)]
            beside = []
            for path, octets in wanted:
                part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
                locked = new_file(part, mode)
                undone.callback(os.close, locked)
                undone.callback(part.unlink, missing_ok=True)
                with os.fdopen(locked, "wb", closefd=False) as file:
                    file.write(octets)
                os.fsync(locked)  # a full disk of another machine may be noticed here first
                beside.append((part, path))
            with ExitStack() as taken:
                for part, path in beside:
                    _put(part, path)
                    taken.callback(path.unlink, missing_ok=True)
                taken.pop_all()
        except FileExistsError as fault:
            raise _taken(path, remedy) from fault
        except OSError as fault:
            why = fault.strerror or fault
            raise Refusal(f"{_shown(path)}: cannot be written ({why}); nothing was written") from fault


def _put(part: Path, path: Path) -> None:
    """Gives a file its name, whole at once; nothing is replaced. Raises FileExistsError, OSError."""
    try:
        path.hardlink_to(part)
    except OSError as fault:
        if fault.errno not in _NO_LINKS:
            raise
        path.open("xb").close()  # nobody else's from here on, so that the renaming replaces nothing
        part.replace(path)


def _holds(path: Path, octets: bytes, remedy: str) -> bool:
    """True if the file has these octets, False if nothing is there. Raises Refusal if something else is."""
    if not os.path.lexists(path):
        return False
    try:
        same = path.is_file() and not path.is_symlink() and path.read_bytes() == octets
    except OSError:  # not ours to read
        same = False
    if not same:
        raise _taken(path, remedy)
    return True


def _taken(path: Path, remedy: str) -> Refusal:
    return Refusal(f"{_shown(path)}: is there already; {remedy}, or move that one away; nothing was written")


def _shown(path: Path) -> str:
    return safe_line(str(path))

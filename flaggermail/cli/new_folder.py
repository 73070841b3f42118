# SPDX-License-Identifier: EUPL-1.2
"""New folders of files, written beside their place first, then renamed: a folder is whole or not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flaggermail import unfinished
from flaggermail.cli.terminal import safe_line
from flaggermail.errors import Refusal
from flaggermail.unfinished import INCOMPLETE


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

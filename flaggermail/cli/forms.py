# SPDX-License-Identifier: EUPL-1.2
"""Partly filled forms, kept until they are recorded: one per case, in the officer's own folder, private to them.

They are stored under `$XDG_STATE_HOME`, else `~/.local/state`, separately for each configuration. The name of a form
contains the digest of its initial content, so that an untouched form is recognised even after a crash.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

_DIGITS = 16


def begun(directory: Path, case: str, form: str) -> Path:
    """Creates a file with `form`; `directory` is the configuration's."""
    folder = _folder(directory)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{case}.{_digest(form.encode())}.yaml"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(form)
    return path


def kept(directory: Path, case: str) -> Path | None:
    """Returns the case's form with changes, if any; deletes untouched ones."""
    found = None
    for path in sorted(_folder(directory).glob(f"{case}.*.yaml"), key=lambda path: path.stat().st_mtime):
        if untouched(path):
            path.unlink()
        else:
            found = path
    return found


def untouched(path: Path) -> bool:
    """True if nothing was changed in this form."""
    return path.is_file() and path.suffixes[-2:] == [f".{_digest(path.read_bytes())}", ".yaml"]


def read_filled(file: Path) -> str:
    """Returns what a person wrote in a file. Raises ClickException, UsageError naming the file."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        raise click.ClickException(f"{file}: cannot be read ({fault.strerror})") from fault
    except UnicodeDecodeError as fault:
        line = fault.object[: fault.start].count(b"\n") + 1
        raise click.UsageError(f"{file}:{line}: is not UTF-8; save the file in that encoding.") from fault


@contextmanager
def edited(path: Path, again: str) -> Iterator[None]:
    """Opens a form in the person's editor, then lets the caller record it.

    If it is not recorded, for whatever reason, it is kept, and the command `again`, which goes on with it, is named.
    """
    recorded = False
    try:
        click.edit(filename=str(path))
        yield
        recorded = True
    finally:
        if recorded or untouched(path):
            path.unlink(missing_ok=True)
        else:
            click.echo(f"note: your form is kept; `{again}` goes on with it, in {path}", err=True)


def _folder(directory: Path) -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "flaggermail" / "forms" / _digest(os.fsencode(directory.absolute()))


def _digest(octets: bytes) -> str:
    import hashlib  # with OpenSSL it takes a thirtieth of a command

    return hashlib.sha256(octets).hexdigest()[:_DIGITS]

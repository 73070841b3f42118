# SPDX-License-Identifier: EUPL-1.2
"""The mails that a command line names: files, and folders of .eml files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click


def mail_files(paths: Iterable[Path]) -> list[Path]:
    """Each file named, and the .eml files of each folder named, in the order of their names.

    Raises click.UsageError (status 2) when one is missing.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(entry for entry in path.iterdir() if entry.suffix.lower() == ".eml" and entry.is_file())
        elif path.is_file():
            files.append(path)
        else:
            raise click.UsageError(f"{path}: no such file or folder; a mail or a folder of .eml files would be right.")
    return files


def octets_of(path: Path) -> bytes:
    """The octets of the mail in `path`. Raises click.ClickException (status 1) when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror}") from fault

# SPDX-License-Identifier: EUPL-1.2
"""Finds the mails named on a command line: files, and folders of .eml files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click


def mail_files(paths: Iterable[Path]) -> list[Path]:
    """Returns the named files, and the .eml files of each named folder sorted by name.

    Raises click.UsageError (status 2) if a path is missing.
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
    """Returns the octets of the mail in `path`. Raises click.ClickException (status 1) if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror}") from fault

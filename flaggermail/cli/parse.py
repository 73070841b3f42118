# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail parse`: prints the parsed content of mails as JSON lines."""

from __future__ import annotations

import json
import os
import stat
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from flaggermail.cli.session import Session
from flaggermail.cli.showing import parts
from flaggermail.cli.terminal import safe_json

BATCH_SIZE, BATCH_OCTETS = 100, 8_000_000  # of the mails in one request
_FOLDERS = ("authorities", "lists", "samples")  # of a rules folder


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


def batches(files: Sequence[Path]) -> Iterator[tuple[list[Path], list[str]]]:
    """Yields files with their octets in Base64, as many as go into one request.

    Raises click.ClickException (status 1) if one cannot be read, after what was read before it.
    """
    paths: list[Path] = []
    octets: list[str] = []
    size = 0
    for path in files:
        try:
            read = base64_of(path)
        except click.ClickException:
            if paths:
                yield paths, octets
            raise
        paths.append(path)
        octets.append(read)
        size += len(read)
        if len(paths) == BATCH_SIZE or size >= BATCH_OCTETS:
            yield paths, octets
            paths, octets, size = [], [], 0
    if paths:
        yield paths, octets


def base64_of(path: Path) -> str:
    """Returns the octets of a file in Base64.

    Raises click.ClickException (status 1) if it cannot be read, or is a link.
    """
    if path.is_symlink():
        raise click.ClickException(f"{path}: is a link, which is not followed; name the file itself")
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise click.ClickException(f"{path}: is no file")
            return b64encode(file.read()).decode("ascii")
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror}") from fault


def rule_files(directory: Path) -> dict[str, str]:
    """Returns the files of a rules folder in Base64, by their path in it."""
    folders = (directory, *(directory / name for name in _FOLDERS))
    found = (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()) if path.is_file())
    return {path.relative_to(directory).as_posix(): base64_of(path) for path in found}


@click.command(name="parse")
@click.option(
    "--json", "as_json", is_flag=True, required=True, help="Print one JSON object per line, one for each mail."
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_obj
def command(session: Session, paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Parse mails and print their content.

    PATH is a file or a folder of .eml files; nothing is stored.

    A malformed mail is parsed as far as possible; "defects" lists what is wrong with it.

    Example: flaggermail parse --json referral.eml
    """
    del as_json  # JSON is the only format
    for files, mails in batches(mail_files(paths)):
        for path, parsed in zip(files, parts(session.ask("parse", mails=mails), "mails"), strict=True):
            click.echo(safe_json(json.dumps({"file": path.name, **parsed})))

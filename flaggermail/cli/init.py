# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail init DIR`: writes a complete, commented configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from flaggermail.cli.session import as_json_option, show_json
from flaggermail.shipped import shipped

# A checkout that was used also has a database and secrets in these folders; they are not copied.
_SUFFIXES = frozenset({".yaml", ".j2", ".md", ".txt", ".eml"})


@click.command(name="init")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@as_json_option
def command(directory: Path, *, as_json: bool) -> None:
    """Write a complete configuration to start from.

    Settings, templates and rules are written into DIR. Existing files are never overwritten: if one of them exists,
    nothing is written at all.

    Example: flaggermail init /etc/flaggermail
    """
    copies = {directory / name: source for name, source in _shipped_files()}
    there = sorted(str(path) for path in copies if path.exists() or path.is_symlink())
    if there:
        click.echo(
            f"{there[0]}: is there already ({len(there)} of {len(copies)} files are), so nothing was written; "
            "name an empty folder, or move these away",
            err=True,
        )
        raise click.exceptions.Exit(2)
    try:
        for path, source in copies.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:  # x: a file created meanwhile is not overwritten either
                file.write(source.read_bytes())
        (directory / "credentials").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        click.echo(f"{error.filename}: cannot be written ({error.strerror}); name another folder", err=True)
        raise click.exceptions.Exit(1) from None
    if as_json:
        show_json({"files": len(copies), "directory": str(directory)})
        return
    click.echo(f"{len(copies)} files written into {directory}")
    click.echo(f"next: edit them, put the passwords into {directory / 'credentials'} with mode 600, then run")
    click.echo(f"  flaggermail --config {directory} check")


def _shipped_files() -> Iterator[tuple[Path, Path]]:
    """Yields each file's path in the new folder, and its source."""
    for folder, place in (("config", Path()), ("rules", Path("rules"))):
        root = shipped(folder)
        for source in sorted(root.rglob("*")):
            if source.is_file() and (source.suffix in _SUFFIXES or source.name == "LICENSE"):
                yield place / source.relative_to(root), source

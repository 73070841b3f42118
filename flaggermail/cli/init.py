# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail init DIR`: writes a complete, commented configuration."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from flaggermail.cli.session import as_json_option, show_json
from flaggermail.shipped import shipped
from flaggermail.wording.said import counted

# A checkout that was used also has a database and secrets in these folders; they are not copied.
_SUFFIXES = frozenset({".yaml", ".j2", ".md", ".txt", ".eml"})
UNIT = "flaggermail.service"
BESIDE = (
    "flaggermail-door.service", "flaggermail-door-postgresql.conf", "flaggermail-door-proxy.conf",
    "flaggermail-secrets-key.conf", "flaggermail-backup.service", "flaggermail-backup.timer", "prometheus-rules.yaml",
)  # fmt: skip
# What the unit is written for; systemd/README.md makes this program, folder and account.
UNIT_PROGRAM = Path("/opt/flaggermail/bin/flaggermail")
UNIT_FOLDER = Path("/etc/flaggermail")


@click.command(name="init")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--unit", is_flag=True, help="Write systemd units and alert rules into DIR, too.")
@as_json_option
def command(directory: Path, *, unit: bool, as_json: bool) -> None:
    """Write a complete configuration to start from.

    Settings, templates and rules are written into DIR. Existing files are never overwritten: if one of them exists,
    nothing is written at all.

    Example: flaggermail init /etc/flaggermail --unit
    """
    copies = {directory / name: source for name, source in _shipped_files()}
    if unit:
        copies |= {directory / name: shipped("systemd") / name for name in (UNIT, *BESIDE)}
    there = sorted(str(path) for path in copies if path.exists() or path.is_symlink())
    if there:
        click.echo(
            f"{there[0]}: is there already ({len(there)} of {counted(len(copies), 'file', 'files')}), so nothing was "
            "written; name an empty folder, or move these away",
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
    manual = shipped("docs") / "administrator.md"
    if as_json:
        show_json({"files": len(copies), "directory": str(directory), "manual": str(manual)})
        return
    click.echo(f"{counted(len(copies), 'file', 'files')} written into {directory}; the manual is {manual}")
    for line in _about_the_unit(directory) if unit else ():
        click.echo(line)
    click.echo(f"next: edit them, put the passwords into {directory / 'credentials'} with mode 600, then run")
    click.echo(f"  flaggermail --config {directory} check")


def _about_the_unit(directory: Path) -> Iterator[str]:
    """Yields what the unit expects, and what of it to change for this program and folder."""
    program = Path(sys.executable).with_name("flaggermail")
    here = directory.absolute()
    yield f"{UNIT} and the door's run as the account flaggermail and keep their state in /var/lib/flaggermail:"
    yield "  set store.database and store.archive to that folder, and name other credentials in lines LoadCredential="
    if program != UNIT_PROGRAM:
        yield f"  in ExecStart= write {program} for {UNIT_PROGRAM}"
    if here != UNIT_FOLDER:
        yield f"  in ExecStart= and LoadCredential= write {here} for {UNIT_FOLDER}"


def _shipped_files() -> Iterator[tuple[Path, Path]]:
    """Yields each file's path in the new folder, and its source."""
    for folder, place in (("config", Path()), ("rules", Path("rules"))):
        root = shipped(folder)
        for source in sorted(root.rglob("*")):
            if source.is_file() and (source.suffix in _SUFFIXES or source.name == "LICENSE"):
                yield place / source.relative_to(root), source

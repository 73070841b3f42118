# SPDX-License-Identifier: EUPL-1.2
"""Desks that administrators break: each a configuration folder with one thing wrong in it or around it."""

from __future__ import annotations

import re
import resource
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from flaggermail.shipped import shipped
from tests.doubles.migrated import migrated

CONFIG = Path(__file__).parents[1] / "config"
DATABASE, ARCHIVE, SETTINGS = "flaggermail.db", "archive", "flaggermail.yaml"

ONLY_RULE = "stage: noise\nrules:\n  - name: only\n    when: {placed: true}\n    then: {kind: noise}\n"


def sound(folder: Path, read_in: int = 2023) -> Path:
    """Writes a desk without a fault into `folder`: nothing listens at its servers' ports.

    `read_in` is the year in which an officer read the platforms' policies.
    """
    shutil.copytree(CONFIG, folder)
    folder.chmod(0o750)
    settings = (folder / SETTINGS).read_text(encoding="utf-8")
    settings = re.sub(r"port: \d+", "port: 1", settings)
    vouched = "  authserv_id: mx.bzk.example\n"
    settings = settings.replace(vouched, f"{vouched}  login_domains: [bzk.example]\n")
    (folder / SETTINGS).write_text(settings, encoding="utf-8")
    policies = (folder / "platforms.yaml").read_text(encoding="utf-8")
    (folder / "platforms.yaml").write_text(policies.replace("read_on: 2023-", f"read_on: {read_in}-"), encoding="utf-8")
    shutil.copytree(shipped("rules"), folder / "rules", ignore=shutil.ignore_patterns("samples", "[0-9]*.yaml"))
    (folder / "rules" / "10-only.yaml").write_text(ONLY_RULE, encoding="utf-8")
    shutil.copytree(shipped("config") / "templates", folder / "templates")
    (folder / DATABASE).touch(mode=0o600)
    (folder / DATABASE).write_bytes(migrated())
    (folder / ARCHIVE).mkdir(mode=0o700)
    give_secrets(folder)
    return folder


def give_secrets(folder: Path) -> None:
    """Writes the two passwords of a configuration folder, each as an administrator should."""
    credentials = folder / "credentials"
    credentials.mkdir(mode=0o700, exist_ok=True)
    for name in ("imap-password", "smtp-password"):
        (credentials / name).touch(mode=0o600)
        (credentials / name).write_text("secret\n", encoding="ascii")


@dataclass(frozen=True)
class BrokenDesk:
    """What is broken: `spoil` acts on the folder once, `around` holds while one command runs.

    `check` and `run` are the exit statuses of these commands.
    """

    name: str
    spoil: Callable[[Path], None] = lambda _: None
    around: Callable[[Path], AbstractContextManager[None]] = lambda _: nullcontext()
    check: int = 2
    run: int = 2


def _replaced(name: str, text: str | bytes) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    return spoil


def edit(file: Path, old: str, new: str, *, first: bool = False, every: bool = False) -> None:
    """Replaces a text that occurs once in the file, or its first occurrence, or each."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1 or ((first or every) and old in text), (file, old)
    file.write_text(text.replace(old, new, 1 if first else -1), encoding="utf-8")


def _edited(name: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda folder: edit(folder / name, old, new)


def _removed(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return spoil


def _folder_for_file(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return spoil


def _file_for_folder(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        shutil.rmtree(folder / name)
        (folder / name).write_text("no folder\n", encoding="ascii")

    return spoil


def _unreadable(folder: Path) -> None:
    """A link that leads to itself cannot be opened by anybody, root included."""
    (folder / SETTINGS).unlink()
    (folder / SETTINGS).symlink_to(folder / SETTINGS)


def _newer(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")


def _truncated(folder: Path) -> None:
    with (folder / DATABASE).open("r+b") as file:
        file.truncate(5 * 4096 + 17)


@contextmanager
def written_by_another(folder: Path) -> Iterator[None]:
    """Another process writes the record, and does not end."""
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def no_file_grows(_: Path) -> Iterator[None]:
    """No file can grow: writing fails with EFBIG, as on a full disk with ENOSPC."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def _without_driver(_: Path) -> Iterator[None]:
    """The module of PostgreSQL's driver cannot be imported, as without the extra."""
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "psycopg"}
    for name in kept:
        del sys.modules[name]
    sys.modules["psycopg"] = None  # type: ignore[assignment] # the import system's own mark of "not there"
    try:
        yield
    finally:
        del sys.modules["psycopg"]
        sys.modules.update(kept)


_POSTGRESQL = _edited(
    SETTINGS, "sqlite:///flaggermail.db", "postgresql+psycopg://flagger@127.0.0.1:1/flaggermail?connect_timeout=2"
)
DESKS = (
    BrokenDesk("no configuration folder", shutil.rmtree),
    BrokenDesk("configuration unreadable", _unreadable),
    BrokenDesk("configuration empty", _replaced(SETTINGS, "")),
    BrokenDesk("configuration with a wrong key", _edited(SETTINGS, "  user: verk", "  usr: x\n  user: verk")),
    BrokenDesk("a folder in place of a file", _folder_for_file("platforms.yaml")),
    BrokenDesk("no folder of templates", _removed("templates")),
    BrokenDesk("database folder missing", _edited(SETTINGS, "sqlite:///", "sqlite:///nowhere/"), run=1),
    BrokenDesk("database is a text file", _replaced(DATABASE, "these are my notes\n" * 100)),
    BrokenDesk("database is a folder", _folder_for_file(DATABASE)),
    BrokenDesk("database of a newer revision", _newer),
    BrokenDesk("database truncated", _truncated),
    BrokenDesk("database locked by another process", around=written_by_another, check=0, run=1),
    BrokenDesk("disk full", around=no_file_grows, check=1, run=1),
    BrokenDesk("secrets missing", _removed("credentials"), check=1, run=0),
    BrokenDesk("archive is a file", _file_for_folder(ARCHIVE), run=1),
    BrokenDesk("PostgreSQL out of reach", _POSTGRESQL, check=0, run=1),
    BrokenDesk("PostgreSQL without its driver", _POSTGRESQL, _without_driver),
)

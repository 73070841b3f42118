# SPDX-License-Identifier: EUPL-1.2
"""A database migrated once in this process: a copy takes a hundredth of the time of another migration."""

import shutil
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from flaggermail.adapters.db.engine import make_engine
from flaggermail.adapters.db.inspection import HERE, newest
from flaggermail.adapters.db.migrate import upgrade
from flaggermail.cases.configuration_record import register
from flaggermail.ports import Clock, Randomness, Submitter
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.wiring import assembly, runs
from tests.doubles.shared_parser import sharing

NAME = "scenario.db"  # the name that wiring gives the database of a scenario


def migrate(url: str) -> str:
    """Migrates the database to the newest schema; returns its URL."""
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()
    return url


def with_a_later_revision(folder: Path, act: str = "pass") -> Path:
    """Returns a copy of the migrations in `folder` with one after them, 9999, whose upgrade does that."""
    scripts = shutil.copytree(HERE, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    later = f"revision = '9999'\ndown_revision = '{newest()}'\ndef upgrade():\n    {act}\n"
    (scripts / "versions" / "9999_later.py").write_text(later, "utf-8")
    return scripts


@cache
def migrated() -> bytes:
    """Returns the octets of a migrated SQLite file without rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        migrate(f"sqlite:///{path}")
        assert not path.with_name(f"{NAME}-wal").exists()
        return path.read_bytes()


def register_in(directory: Path) -> None:
    """Registers the configuration in that directory on its record, as the first start of its daemon does."""
    with closing(assembly.open_services(directory)) as env:
        register(env)


def replayed(
    settings: Configuration, folder: Path, clock: Clock, randomness: Randomness, submit: Submitter
) -> Services:
    """Works like `wiring.runs.replayed`, with a copied database if `folder` has none yet, and the shared parser."""
    path = folder / NAME
    if not path.exists():
        path.write_bytes(migrated())
    return sharing(runs.replayed(settings, folder, clock, randomness, submit))

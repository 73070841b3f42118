# SPDX-License-Identifier: EUPL-1.2
"""A database that this process migrated once: to copy it takes a hundredth of the time of migrating another."""

import tempfile
from functools import cache
from pathlib import Path

from flaggermail import wiring
from flaggermail.adapters.db.engine import make_engine
from flaggermail.adapters.db.migrate import upgrade
from flaggermail.ports import Clock, Randomness, Submitter
from flaggermail.services import Services
from flaggermail.settings.model import Settings

NAME = "scenario.db"  # as wiring names the database of a scenario


def migrate(url: str) -> str:
    """Bring the database to the newest schema; answers its address."""
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()
    return url


@cache
def migrated() -> bytes:
    """The octets of a migrated SQLite file without a row."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        migrate(f"sqlite:///{path}")
        assert not path.with_name(f"{NAME}-wal").exists()
        return path.read_bytes()


def replayed(settings: Settings, folder: Path, clock: Clock, randomness: Randomness, submit: Submitter) -> Services:
    """As `wiring.replayed`, its database copied where `folder` has none yet."""
    path = folder / NAME
    if not path.exists():
        path.write_bytes(migrated())
    return wiring.replayed(settings, folder, clock, randomness, submit)

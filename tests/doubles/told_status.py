# SPDX-License-Identifier: EUPL-1.2
"""The output of `flaggermail status` for a desk in simulated time, from the file its daemon would write now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from click.testing import CliRunner, Result

from flaggermail.adapters.files.status_file import StatusFile
from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.health import status_gathering
from flaggermail.health.status_document import Overview
from flaggermail.services import Services, UnitOfWork


@dataclass
class SetSession(Session):
    """A session of the command line at a set instant."""

    at: datetime | None = None

    def now(self) -> datetime:
        """Returns the set instant, or the machine's if none is set."""
        return self.at or super().now()


def gathered(env: Services, *, link: bool | None = True) -> Overview:
    """Returns the status that the daemon of `env` would publish now."""
    with env.store.read() as tx:
        return status_gathering.gather(UnitOfWork(env, tx, env.clock.now()), link=link)


def written(env: Services, *, link: bool | None = True) -> dict[str, object]:
    """Returns the document that the daemon of `env` would write now."""
    return dict(gathered(env, link=link).document())


def typed(folder: Path, at: datetime, *words: str) -> Result:
    """Runs `flaggermail status` for the configuration in `folder`, at that instant."""
    return CliRunner().invoke(commands, ["status", *words], obj=SetSession(folder, at=at))


def told(env: Services, folder: Path, *words: str) -> Result:
    """Writes the file of `env` into `folder`, with a configuration that names it, and runs `status`."""
    (folder / "flaggermail.yaml").write_text("store: {archive: archive}\n", encoding="utf-8")
    assert StatusFile(folder / "status.json").show(gathered(env).document()) == ""
    return typed(folder, env.clock.now(), *words)


def document(env: Services, folder: Path) -> dict[str, object]:
    """Returns the document that `status --json` prints."""
    found = json.loads(told(env, folder, "--json").output)
    assert isinstance(found, dict)
    return found

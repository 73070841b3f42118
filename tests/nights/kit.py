# SPDX-License-Identifier: EUPL-1.2
"""What the nights of one process share: the configuration, the reader of mails, and a store to copy."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.ports import Randomness
from flaggermail.replay.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from flaggermail.rule_changes import versions
from flaggermail.services import Services
from flaggermail.settings.escalation_file import EscalationFile
from flaggermail.settings.model import Settings
from flaggermail.settings.reading import load
from flaggermail.shipped import shipped
from tests.doubles import migrated
from tests.nights.oracle import DEFAULT, EDITED, Policy
from tests.nights.world import Server, WallClock, Watch, WatchedOctets, WatchedStore

CONFIG = Path(__file__).parent / "desk"
MEMORY = Path("/dev/shm")  # noqa: S108 - each folder in it is made anew, for this account alone
STORE = "scenario.db"
PATIENCE = 900.0  # seconds that a machine may be busy with something else


def with_policy(settings: Settings, policy: Policy) -> Settings:
    """The settings with that reminder policy, for what is sent from now on."""
    clocks = {clock: [{"after": after, "tell": who} for after, who in steps] for clock, steps in policy.items()}
    use = dict.fromkeys(("polling_day", "election", "quiet"), "night")
    escalation = EscalationFile.model_validate({"policies": [{"name": "night", **clocks}], "use": use})
    return settings.model_copy(update={"escalation": escalation})


@dataclass
class Kit:
    """Made once a process."""

    folder: Path
    equipment: Services
    store: SqlStore  # one for all: what it has compiled is half the time of a night
    default: Settings
    edited: Settings
    chance: Randomness  # of the night in hand

    @classmethod
    def make(cls) -> Kit:
        """Load everything that is slow to load."""
        folder = Path(tempfile.mkdtemp(prefix="fm-nights-", dir=MEMORY if MEMORY.is_dir() else None))
        settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
        clock = SetClock(datetime(2026, 1, 5, tzinfo=UTC))
        fresh = folder / "fresh"
        fresh.mkdir()
        (folder / "desk").mkdir()
        env = migrated.replayed(settings, fresh, clock, CountedRandomness("nights"), ScriptedSubmitter(clock))
        versions.note(env)
        env.close()
        # A mail that takes long is put aside by the time that passes, the one thing here which is not simulated.
        patient = ContainedParser(settings.rules_directory, time_limit=PATIENCE)
        env = replace(env, parser=patient)
        chance = CountedRandomness("nights")

        def salt() -> bytes:
            return made.chance.salt()

        store = SqlStore(f"sqlite:///{folder / 'desk' / STORE}", salt)
        made = cls(folder, env, store, with_policy(settings, DEFAULT), with_policy(settings, EDITED), chance)
        return made

    def desk(self, chance: Randomness) -> Path:
        """The folder of a desk on which nothing happened yet."""
        self.chance = chance
        self.store.close()
        folder = self.folder / "desk"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder / "fresh", folder)
        return folder

    def opened(self, clock: WallClock, watch: Watch, server: Server) -> Services:
        """The desk of that folder as a program opens it, with the ports of a night."""
        return replace(
            self.equipment, settings=self.default, store=WatchedStore(self.store, watch),
            octets=WatchedOctets(FileBlobStore(self.folder / "desk" / "archive"), watch), clock=clock,
            randomness=self.chance, submitter=server,
        )  # fmt: skip

    def close(self) -> None:
        """End the reader, and leave nothing behind."""
        self.store.close()
        self.equipment.close()
        shutil.rmtree(self.folder, ignore_errors=True)

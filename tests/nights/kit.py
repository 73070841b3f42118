# SPDX-License-Identifier: EUPL-1.2
"""Resources shared by the nights of one process: the configuration, the mail parser and a store to copy."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pyotp import TOTP

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.adapters.files.secrets import FileCodeVault
from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.intake import facts, rules_in_force, trust_proofs
from flaggermail.ports import Randomness
from flaggermail.rules.configuration import Configuration, load
from flaggermail.services import Services
from flaggermail.settings.escalation_file import EscalationFile
from flaggermail.shipped import shipped
from flaggermail.stories import played_mail
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from tests.doubles import migrated
from tests.nights.oracle import DEFAULT, EDITED, Policy
from tests.nights.world import Server, WallClock, Watch, WatchedOctets, WatchedStore

CONFIG = Path(__file__).parent / "desk"
MEMORY = Path("/dev/shm")  # noqa: S108 - each folder in it is created for this account only
STORE = "scenario.db"
PATIENCE = 900.0  # seconds that a machine may be busy with something else


def with_policy(settings: Configuration, policy: Policy) -> Configuration:
    """Returns the settings with that reminder policy, for mail sent from now on."""
    clocks: dict[str, object] = {
        clock: [{"after": after, "tell": who} for after, who in steps] for clock, steps in policy.items()
    }
    clocks["substance"] = [
        {"after": 240, "at": "08:00", "how": ["mail"]},
        {"after": 1680, "at": "monday 08:00", "how": ["mail"], "repeat": 10080},
    ]
    use = dict.fromkeys(("polling_day", "election", "quiet"), "night")
    escalation = EscalationFile.model_validate({"policies": [{"name": "night", **clocks}], "use": use})
    return settings.model_copy(update={"escalation": escalation})


@dataclass
class Kit:
    """Resources made once per process."""

    folder: Path
    equipment: Services
    store: SqlStore  # one for all: its compiled statements save half the time of a night
    default: Configuration
    edited: Configuration
    chance: Randomness  # of the current night
    others: list[SqlStore] = field(default_factory=list)  # of further processes at the same record

    @classmethod
    def make(cls) -> Kit:
        """Loads everything that is slow to load."""
        folder = Path(tempfile.mkdtemp(prefix="fm-nights-", dir=MEMORY if MEMORY.is_dir() else None))
        settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
        clock = SetClock(datetime(2026, 1, 5, tzinfo=UTC))
        fresh = folder / "fresh"
        fresh.mkdir()
        (folder / "desk").mkdir()
        env = migrated.replayed(settings, fresh, clock, CountedRandomness("nights"), ScriptedSubmitter(clock))
        rules_in_force.note(env)
        with env.store.begin() as tx:
            played_mail.enrol(env, tx, "officer1", "administrator")
        env.close()
        # The parser gives up on a slow mail by processor time, the only thing here that is not simulated.
        patient = ContainedParser(settings.rules_directory, time_limit=PATIENCE)
        env = replace(env, parser=patient)
        chance = CountedRandomness("nights")

        def salt() -> bytes:
            return made.chance.salt()

        store = SqlStore(f"sqlite:///{folder / 'desk' / STORE}", salt)
        made = cls(folder, env, store, with_policy(settings, DEFAULT), with_policy(settings, EDITED), chance)
        return made

    def desk(self, chance: Randomness) -> Path:
        """Makes the folder of a fresh desk and returns it."""
        self.chance = chance
        for store in (self.store, *self.others):
            store.close()
        folder = self.folder / "desk"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder / "fresh", folder)
        for store in (self.store, *self.others):
            store.release()  # what it led in the night before
        return folder

    def _salt(self) -> bytes:
        return self.chance.salt()

    def another_store(self) -> SqlStore:
        """Returns a store of its own on the same record, as another process has it; kept for all nights."""
        made = SqlStore(f"sqlite:///{self.folder / 'desk' / STORE}", self._salt)
        self.others.append(made)
        return made

    def opened(self, clock: WallClock, watch: Watch, server: Server, own: SqlStore | None = None) -> Services:
        """Returns the desk of that folder with the ports of a night, as a program opens it; `own`: with that store."""
        store, mailbox = WatchedStore(own or self.store, watch), self.default.desk.mailbox
        check = facts.by_settings(
            mailbox, self.equipment.organisational, lambda: trust_proofs.is_proven(store, clock)
        )  # fmt: skip
        return replace(
            self.equipment, settings=self.default, store=store, sender_check=check,
            octets=WatchedOctets(FileBlobStore(self.folder / "desk" / "archive"), watch), clock=clock,
            randomness=self.chance, submitter=server, codes=FileCodeVault(self._codes, self.chance.salt),
        )  # fmt: skip

    def app(self) -> TOTP:
        """Returns the first officer's device for one-time codes."""
        (secret,) = self._codes.glob("d*")  # a desk with pagers keeps its key there too
        return TOTP(secret.read_text("ascii"))

    @property
    def _codes(self) -> Path:
        return self.folder / "desk" / "codes"

    def close(self) -> None:
        """Ends the parser and removes all files."""
        for store in (self.store, *self.others):
            store.close()
        self.equipment.close()
        shutil.rmtree(self.folder, ignore_errors=True)

# SPDX-License-Identifier: EUPL-1.2
"""What `check --online` works with: the servers step by step, and a scratch desk that is thrown away."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from os import geteuid
from pathlib import Path
from pwd import getpwuid

from flaggermail.adapters.db.engine import answering_within, preferring_standby
from flaggermail.adapters.db.migrate import require_revision
from flaggermail.adapters.db.server import probe, probe_replica
from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.dns.resolver import DnsResolver
from flaggermail.adapters.files.secrets import FileCodeVault, credential
from flaggermail.adapters.imap.probe import ImapProbe
from flaggermail.adapters.pagers.apprise_pager import ApprisePager
from flaggermail.adapters.smtp.submission import SmtpSubmitter
from flaggermail.adapters.system.clock import SystemClock, SystemRandomness
from flaggermail.adapters.system.machine import free_octets
from flaggermail.cases.configuration_record import register
from flaggermail.errors import ConfigurationError, StoreBusy, StoreFailure
from flaggermail.intake.trust_proofs import record_trust_proof
from flaggermail.mail.authentication.authres import AuthenticationMethod
from flaggermail.online.checked import CheckMeans
from flaggermail.ports import Clock, Randomness, Resolver, Submitter
from flaggermail.ports.probing import DatabaseSeen, ReplicaSeen
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.settings.model import database_file
from flaggermail.wiring.assembly import make_services, open_services
from flaggermail.wiring.credentials import code_vault
from flaggermail.wiring.databases import PRIMARY_WITHIN, open_store
from flaggermail.wiring.logins import imap_account, submission_account
from flaggermail.wiring.mail_servers import proves_one_mailbox
from flaggermail.wiring.setup_checks import disks_of


def means(settings: Configuration, *, pages: bool = True, resolver: Resolver | None = None) -> CheckMeans:
    """Returns what a check works with; `resolver` is by default this machine's. Raises ConfigurationError."""
    clock, randomness = SystemClock(), SystemRandomness()
    submitter = SmtpSubmitter(submission_account(settings), clock)
    asked = settings.desk.mailbox.trusted.asked
    return CheckMeans(
        settings=settings,
        mailbox=ImapProbe(imap_account(settings)),
        submission=submitter,
        submitter=submitter,
        resolver=resolver or DnsResolver(),
        pager=ApprisePager(lambda name: credential(name, settings.directory)),
        other_mailbox=lambda: proves_one_mailbox(settings),
        database=lambda: _database(settings),
        replica=lambda: _replica(settings),
        free=lambda: free_octets(disks_of(settings)),
        seal=partial(_sealed, settings, randomness),
        scratch=scratch_desk,
        clock=clock,
        token=randomness.token,
        wait=time.sleep,
        local_offset=_local_offset,
        marks=_MarkProofs(settings) if asked is AuthenticationMethod.EXCHANGE else None,
        pages=pages,
    )


def _sealed(settings: Configuration, randomness: Randomness, text: str) -> bytes | None:
    """Returns a digest of `text` that only this desk can make; None if its key cannot be read or kept."""
    if not settings.keeps_octets_in_database:
        return FileCodeVault(settings.codes, randomness.salt).seal(text)
    try:
        with closing(open_store(settings.desk.store.database, randomness)) as store:
            return code_vault(settings, store, randomness.salt).seal(text)
    except (ConfigurationError, StoreBusy, StoreFailure):  # the step of the database says it
        return None


@dataclass(frozen=True, slots=True)
class _MarkProofs:
    """Implements `online.checked.TrustProofs` in the record of the desk, which is opened for this alone."""

    settings: Configuration

    def record(self, *, survived: bool, message_id: str) -> None:
        """Records the outcome in the name of the account that checks. Raises FlaggermailError."""
        with closing(open_services(self.settings.directory)) as env:
            record_trust_proof(env, survived=survived, message_id=message_id, by=getpwuid(geteuid()).pw_name)


@contextmanager
def scratch_desk(settings: Configuration, submit: Submitter, clock: Clock) -> Iterator[Services]:
    """Yields an empty desk with these settings in a temporary folder, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="flaggermail-check-") as name:
        folder = Path(name)
        made = make_services(
            settings, clock=clock, randomness=SystemRandomness(),
            submit=submit, database=f"sqlite:///{folder}/check.db", archive=folder / "archive",
        )  # fmt: skip
        with closing(made):
            register(made)
            yield made


def _database(settings: Configuration) -> DatabaseSeen | None:
    file = database_file(settings.desk)
    if file is not None and not file.exists():
        return None
    with closing(SqlStore(settings.desk.store.database, SystemRandomness().salt)) as store:
        require_revision(store.engine)
        return probe(store.engine)


def _replica(settings: Configuration) -> ReplicaSeen | None:
    stores = settings.desk.store
    if stores.replica is None:
        return None
    replica = answering_within(PRIMARY_WITHIN, preferring_standby(stores.replica))
    salt = SystemRandomness().salt
    with closing(SqlStore(stores.database, salt)) as there, closing(SqlStore(replica, salt)) as here:
        return probe_replica(there.engine, here.engine)


def _local_offset() -> timedelta:
    return SystemClock().now().astimezone().utcoffset() or timedelta(0)

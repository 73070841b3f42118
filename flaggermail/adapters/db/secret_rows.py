# SPDX-License-Identifier: EUPL-1.2
"""Sealed secrets in a table that no event fills: what the database holds of them, which is no use without their key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import delete, func, select, text

from flaggermail.adapters.db.mapping import table_of
from flaggermail.adapters.db.readings import BesideRecord
from flaggermail.errors import StoreBusy
from flaggermail.ports import SealedSecret

WAIT = 10.0  # seconds for another node that writes the same secret
_POLL = 0.1  # seconds between two tries at the lock of another node
_SECRET = table_of("sealed_secret")
_ADD = "INSERT INTO sealed_secret (name, key, sealed) VALUES (:name, :key, :sealed) ON CONFLICT "
_KEEP = text(_ADD + "DO NOTHING")
_REPLACE = text(_ADD + "(name) DO UPDATE SET key = excluded.key, sealed = excluded.sealed")


class SqlSecretRows(BesideRecord):
    """Implements `ports.SecretRows` on PostgreSQL. Raises StoreFailure and StoreBusy as the store does."""

    def get(self, name: str) -> SealedSecret | None:
        """Returns the sealed secret of that name; None if there is none."""
        with self.reading() as connection:
            row = connection.execute(select(_SECRET.c.key, _SECRET.c.sealed).where(_SECRET.c.name == name)).first()
        return None if row is None else SealedSecret(row.key, bytes(row.sealed))

    def put(self, name: str, secret: SealedSecret, *, replace: bool) -> None:
        """Keeps a sealed secret durably, in place of an earlier one if `replace`, else unless there is one."""
        kept = _REPLACE if replace else _KEEP
        with self.writing(WAIT) as connection:
            connection.execute(kept, {"name": name, "key": secret.key, "sealed": secret.sealed})

    def remove(self, name: str) -> None:
        """Removes the secret of that name, if there is one."""
        with self.writing(WAIT) as connection:
            connection.execute(delete(_SECRET).where(_SECRET.c.name == name))

    @contextmanager
    def locked(self, name: str, patience: float) -> Iterator[None]:
        """Keeps other nodes from the same block for the time of this one. Raises StoreBusy after `patience` seconds."""
        until = time.monotonic() + patience
        with self.reading() as connection:  # the lock ends with the transaction, also through a pooler
            while not connection.scalar(select(func.pg_try_advisory_xact_lock(func.hashtext(f"flaggermail {name}")))):
                if time.monotonic() >= until:
                    raise StoreBusy(f"another node works with the secret {name} and takes too long")
                time.sleep(_POLL)
            yield

# SPDX-License-Identifier: EUPL-1.2
"""A record whose views are read from a replica: a hot standby of PostgreSQL that follows the primary.

A replica shows a commit some time after it was made. This process never shows the record older than it has shown or
recorded it before: until the replica has come so far, the primary answers. While the primary is away the replica
answers as it is, and nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from flaggermail.adapters.db.migrate import require_current, require_revision
from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.errors import ServerFull, StoreAway, StoreBusy, StoreFailure
from flaggermail.ports.delegating import StoreOnAnother


class ReplicatedStore(StoreOnAnother):
    """The store of a door. Thread-safe: a number that is too small is mended."""

    def __init__(self, primary: SqlStore, replica: SqlStore) -> None:
        self.inner = self._primary = primary
        self._replica = replica
        self._known = 0  # the last event that this process has shown or recorded
        self.primary_away = False

    @property
    def has_replica(self) -> bool:
        """True: see `ports.Store`."""
        return True

    def require_current(self) -> None:
        """Raises ConfigurationError unless the primary, or while it is away the replica, has the newest schema.

        Makes the schema of an empty primary. Raises StoreAway if both are away.
        """
        try:
            with self._noticed():
                require_current(self._primary.engine)
        except StoreAway:
            require_revision(self._replica.engine)

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        """Begins a writing transaction on the primary; see `SqlStore.begin`."""
        with self._noticed():
            with self._primary.begin() as tx:
                yield tx
                number = tx.number_of_last
            self._know(number)

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """Begins a read-only transaction: on the replica, or on the primary if the replica is away or behind."""
        with ExitStack() as stack:
            tx = self._on_replica(stack)
            if tx is None:
                try:
                    tx = self._on_primary(stack)
                except StoreAway:
                    tx = self._on_replica(stack)  # as it is
                    if tx is None:
                        raise
            yield tx

    def catch_up(self) -> None:
        """Lets readers see what is committed by now; see `ports.Store`. While the primary is away it does nothing."""
        with suppress(StoreBusy, StoreFailure), ExitStack() as stack:
            self._on_primary(stack)

    def close(self) -> None:
        """Closes every connection; idempotent."""
        self._primary.close()
        self._replica.close()

    def _on_replica(self, stack: ExitStack) -> SqlTransaction | None:
        """Begins on the replica; None if it is away, or behind while the primary can answer."""
        try:
            with ExitStack() as trying:
                tx = trying.enter_context(self._replica.read())
                number = tx.number_of_last
                if number < self._known and not self.primary_away:
                    return None
                self._know(number)
                stack.enter_context(trying.pop_all())
                return tx
        except StoreFailure:
            return None

    def _on_primary(self, stack: ExitStack) -> SqlTransaction:
        """Begins on the primary. Raises StoreFailure."""
        with self._noticed(), ExitStack() as trying:
            tx = trying.enter_context(self._primary.read())
            self._know(tx.number_of_last)
            stack.enter_context(trying.pop_all())
            return tx

    def _know(self, number: int) -> None:
        self._known = max(self._known, number)

    @contextmanager
    def _noticed(self) -> Iterator[None]:
        """Notes whether the primary is away; one whose disk is full can be read."""
        try:
            yield
        except StoreAway as fault:
            self.primary_away = not isinstance(fault, ServerFull)
            raise
        self.primary_away = False

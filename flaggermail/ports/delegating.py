# SPDX-License-Identifier: EUPL-1.2
"""A store in front of another one: what a class of its own does differently stands in that class, and nothing else."""

from __future__ import annotations

from contextlib import AbstractContextManager

from flaggermail.ports.keeping import BlobStore, KeptForms, ReadingLog, SecretRows, Store, Transaction
from flaggermail.ports.nodes import Lease, Nodes


class StoreOnAnother(Store):
    """Implements `ports.Store` by asking `inner` for everything."""

    inner: Store

    def begin(self) -> AbstractContextManager[Transaction]:
        """See `ports.Store`."""
        return self.inner.begin()

    def read(self) -> AbstractContextManager[Transaction]:
        """See `ports.Store`."""
        return self.inner.read()

    def acquire(self, name: str, holder: str, seconds: float) -> Lease:
        """See `ports.Store`."""
        return self.inner.acquire(name, holder, seconds)

    def renew(self, seconds: float) -> bool:
        """See `ports.Store`."""
        return self.inner.renew(seconds)

    def leads(self) -> bool:
        """See `ports.Store`."""
        return self.inner.leads()

    def release(self) -> None:
        """See `ports.Store`."""
        self.inner.release()

    @property
    def nodes(self) -> Nodes:
        """See `ports.Store`."""
        return self.inner.nodes

    @property
    def readings(self) -> ReadingLog:
        """See `ports.Store`."""
        return self.inner.readings

    @property
    def forms(self) -> KeptForms:
        """See `ports.Store`."""
        return self.inner.forms

    @property
    def octets(self) -> BlobStore:
        """See `ports.Store`."""
        return self.inner.octets

    @property
    def secrets(self) -> SecretRows:
        """See `ports.Store`."""
        return self.inner.secrets

    @property
    def has_replica(self) -> bool:
        """See `ports.Store`."""
        return self.inner.has_replica

    def catch_up(self) -> None:
        """See `ports.Store`."""
        self.inner.catch_up()

    def scrub(self) -> bool:
        """See `ports.Store`."""
        return self.inner.scrub()

    def close(self) -> None:
        """See `ports.Store`."""
        self.inner.close()

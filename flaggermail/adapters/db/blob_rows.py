# SPDX-License-Identifier: EUPL-1.2
"""The archive of raw octets in PostgreSQL: a row for each digest, beside the record, so that one thing is replicated.

Octets are committed in a transaction of their own before the row that names them, as a file is synced before it. A row
is there whole or not at all, so a crash leaves no part to sweep. SHA-256 is computed by the server where octets are
compared with their digest: years of mail need not cross the line for that.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from sqlalchemy import delete, exists, func, select, text, update

from flaggermail.adapters.db.beside_record import BesideRecord
from flaggermail.adapters.db.mapping import table_of
from flaggermail.errors import ArchiveFailure, OctetsLost, StoreAway, StoreFailure
from flaggermail.record.audit import DIGEST, ArchivedFile, FileState
from flaggermail.wording.alarms import Health
from flaggermail.wording.said import UNSAID, StoredText

WAIT = 10.0  # seconds for another node that stores the same octets
_PLACE = "the table octets of the database"
_DAMAGED = ".damaged"  # added to the key of a row that holds other octets than its digest says
_SET_ASIDE = re.compile(rf"{DIGEST.pattern}{re.escape(_DAMAGED)}")
_PAGE = 1000  # keys
_OCTETS, _IN_FORCE = table_of("octets"), table_of("in_force")
_KEEP = text("INSERT INTO octets (digest, octets) VALUES (:digest, :octets) ON CONFLICT DO NOTHING")
_FOUND = func.encode(func.pg_catalog.sha256(_OCTETS.c.octets), "hex")


class SqlBlobStore(BesideRecord):
    """Implements `ports.BlobStore` on PostgreSQL. Several nodes may write concurrently.

    Each method raises StoreFailure and StoreBusy as the store does, since the archive fails with the record.
    """

    is_own = False  # True once it was seen to hold what the record names, or while a restore fills it

    def put(self, octets: bytes) -> str:
        """Stores `octets` durably; returns their SHA-256 in hexadecimal. Raises ArchiveFailure."""
        return self.put_all([octets])[0]

    def put_all(self, many: Sequence[bytes]) -> list[str]:
        """Stores all in one transaction, or none. Raises ArchiveFailure.

        A damaged row of such a digest is set aside for a person, as `DIGEST.damaged`, and the octets are written anew.
        """
        digests = [hashlib.sha256(octets).hexdigest() for octets in many]
        self._require()
        with self.reading() as connection:
            held = set(connection.scalars(select(_OCTETS.c.digest).where(_OCTETS.c.digest.in_(digests))))
        damaged = {digest for digest in held if self._state(digest) is not FileState.WHOLE}
        fresh = {digest: octets for digest, octets in zip(digests, many, strict=True) if digest not in held - damaged}
        if fresh:
            with self.writing(WAIT) as connection:
                for digest in sorted(fresh):  # two nodes that store the same ones wait, and never for each other
                    if digest in damaged:
                        connection.execute(delete(_OCTETS).where(_OCTETS.c.digest == digest + _DAMAGED))
                        aside = update(_OCTETS).where(_OCTETS.c.digest == digest)
                        connection.execute(aside.values(digest=digest + _DAMAGED))
                    connection.execute(_KEEP, {"digest": digest, "octets": fresh[digest]})
        return digests

    def get(self, digest: str) -> bytes:
        """Returns the octets of `digest`. Raises OctetsLost if they are missing, unreadable or do not match."""
        if not DIGEST.fullmatch(digest):
            raise ArchiveFailure(f"archive: {digest!a} is not a SHA-256 in hexadecimal")
        try:
            with self.reading() as connection:
                octets = connection.scalar(select(_OCTETS.c.octets).where(_OCTETS.c.digest == digest))
        except StoreAway:
            raise
        except StoreFailure as fault:  # of this row: a page of the disk is damaged
            raise OctetsLost(f"archive: {digest} cannot be read from {_PLACE}: {fault}") from fault
        if octets is None:
            self._require()
            raise OctetsLost(f"archive: {digest} is not in {_PLACE}")
        found = hashlib.sha256(octets).hexdigest()
        if found != digest:
            raise OctetsLost(
                f"archive: the row of {digest} holds other octets ({len(octets)} of them, SHA-256 {found})"
            )
        return bytes(octets)

    def discard(self, digest: str) -> None:
        """Removes the row of `digest` if it exists. Its pages are overwritten when the server reuses them."""
        if not DIGEST.fullmatch(digest):
            raise ArchiveFailure(f"archive: {digest!a} is not a SHA-256 in hexadecimal")
        with self.writing(WAIT) as connection:
            connection.execute(delete(_OCTETS).where(_OCTETS.c.digest == digest))

    def sweep(self) -> int:
        """Returns 0: a crashed writer leaves no part of a row."""
        return 0

    def files(self) -> Iterator[ArchivedFile]:
        """Yields every row in the order of its digest; the server compares each with its octets."""
        after = ""
        while keys := self._keys(after):
            for key in keys:
                yield ArchivedFile(f"{key[:2]}/{key}", key, self._state(key))
            after = keys[-1]

    def fault(self) -> StoredText:
        """Returns that this is not the archive that the record names; unsaid if it is. A full disk ends the record."""
        return UNSAID if self._is_there() else Health.NOT_IN_DATABASE()

    def _require(self) -> None:
        if not self._is_there():
            raise ArchiveFailure(f"archive: {Health.NOT_IN_DATABASE().english}")

    def _is_there(self) -> bool:
        """True if it holds octets of the rules or templates in force, or the record names none yet."""
        if not self.is_own:
            with self.reading() as connection:
                marks = select(exists().select_from(_IN_FORCE))
                held = select(exists().where(_OCTETS.c.digest == _IN_FORCE.c.digest))
                if connection.scalar(marks) and not connection.scalar(held):
                    return False
                self.is_own = True
        return True

    def _keys(self, after: str) -> Sequence[str]:
        key = _OCTETS.c.digest.collate("C")
        with self.reading() as connection:
            return connection.scalars(select(_OCTETS.c.digest).where(key > after).order_by(key).limit(_PAGE)).all()

    def _state(self, key: str) -> FileState:
        if _SET_ASIDE.fullmatch(key):
            return FileState.SET_ASIDE
        if not DIGEST.fullmatch(key):
            return FileState.FOREIGN
        try:
            with self.reading() as connection:
                found = connection.scalar(select(_FOUND).where(_OCTETS.c.digest == key))
        except StoreAway:
            raise
        except StoreFailure:
            return FileState.UNREADABLE
        return FileState.WHOLE if found == key else FileState.CHANGED

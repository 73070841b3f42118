# SPDX-License-Identifier: EUPL-1.2
"""Takes in the mail of files, of the years before the desk. It may be killed at any point and run again.

A mail in a file is known by the file and its octets, and recorded with it in one transaction: a second run finds what
the first one took in, whatever happened to the file meanwhile, and counts it as known. Nothing is sent, no clock stops,
no case opens (decision 0052).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flaggermail.intake.ingest import ingest_batches
from flaggermail.ports import OldMail, RawMessage, RefusedMail
from flaggermail.record.definition import where
from flaggermail.record.rows import Delivery
from flaggermail.services import Services

BATCH_MAILS, BATCH_OCTETS = 50, 8_000_000  # of one transaction: live mail waits for it


@dataclass
class FoundMail:
    """What was found in files: `found` is the sum of the others."""

    new: int = 0
    known: int = 0  # taken in before, or a copy of a mail that is held already
    refused: list[RefusedMail] = field(default_factory=list)

    @property
    def found(self) -> int:
        """Everything found."""
        return self.new + self.known + len(self.refused)


def take_in(
    env: Services, files: OldMail, told: Callable[[int, FoundMail], None] = lambda _read, _tally: None
) -> FoundMail:
    """Takes in every mail; `told` gets the octets read, one batch ahead, and the counts after each batch.

    Raises StoreBusy, StoreFailure and ArchiveFailure: what was taken in before stays, and the next run goes on from
    there.
    """
    tally = FoundMail()
    unknown = (_unknown(env, batch, tally) for batch in _batches(files, tally))
    for outcomes in ingest_batches(env, unknown):
        new = sum(outcome.new for outcome in outcomes)
        tally.new += new
        tally.known += len(outcomes) - new
        told(files.read(), tally)
    return tally


def _batches(files: OldMail, tally: FoundMail) -> Iterator[list[RawMessage]]:
    batch: list[RawMessage] = []
    size = 0
    for one in files.mails():
        if isinstance(one, RefusedMail):
            tally.refused.append(one)
            continue
        batch.append(one)
        size += len(one.octets)
        if len(batch) == BATCH_MAILS or size >= BATCH_OCTETS:
            yield batch
            batch, size = [], 0
    yield batch


def _unknown(env: Services, batch: list[RawMessage], tally: FoundMail) -> list[RawMessage]:
    """Returns the mails of a batch that are not on record, one of each; counts the others as known."""
    keys = {raw.key: raw for raw in batch}
    with env.store.read() as tx:
        seen = {row.id for row in tx.find(Delivery, where(Delivery.id).in_(sorted(keys)))}
    unknown = [raw for key, raw in keys.items() if key not in seen]
    tally.known += len(batch) - len(unknown)
    return unknown

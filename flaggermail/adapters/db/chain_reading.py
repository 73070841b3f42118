# SPDX-License-Identifier: EUPL-1.2
"""Reads the events of the chain on one connection, a page at a time, in a session: they are the store's own tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial

from sqlalchemy import ColumnElement, Connection
from sqlmodel import Session, col, select

from flaggermail.adapters.db import sealed
from flaggermail.adapters.db.own_tables import EventRow, PersonalRow
from flaggermail.adapters.db.verification import revealed
from flaggermail.record.event_codec import Plain, decode, decode_each
from flaggermail.record.events import Event, EventKind

PAGE = 500


class ChainReader:
    """The part of `ports.Transaction` that reads events, those added by this unit of work too."""

    _bare: Connection
    _links: sealed.ChainWriter  # with the events that are not written yet

    @cached_property
    def _session(self) -> Session:
        """The session on this connection, for the store's own tables. It writes nothing.

        It joins whatever is open: one first used within a savepoint would otherwise set a savepoint of its own, which
        nothing releases.
        """
        return Session(self._bare, autoflush=False, join_transaction_mode="rollback_only")

    def _octets_since(self, since: datetime) -> Iterator[bytes]:
        """Yields the octets of the events since `since`, in order. Starts a day earlier, as clocks may be set back."""
        for page in self._chain([col(EventRow.at) >= since - timedelta(days=1)]):
            yield from (octets for _, octets in page)

    def events(
        self, after: int = 0, kind: EventKind | None = None, *,
        case: str | None = None, since: datetime | None = None, most: int | None = None,
    ) -> Iterator[tuple[int, Event]]:  # fmt: skip
        """Yields the events after number `after` with their numbers; see `ports.Transaction`."""
        tests = [] if kind is None else [col(EventRow.kind) == kind.value]
        tests += [] if case is None else [col(EventRow.case) == case]
        tests += [] if since is None else [col(EventRow.at) >= since]
        for page in self._chain(tests, after, most):
            yield from decode_each(page, partial(revealed, self._values([seq for seq, _ in page])), kind)

    def last_about(self, key: str, most: int, before: int = 0) -> list[tuple[int, Event]]:
        """Returns the last events with that case, notification or message; see `ports.Transaction`."""
        self._links.write_out()
        newest = select(EventRow.seq, EventRow.octets).order_by(col(EventRow.seq).desc()).limit(most)
        older = [col(EventRow.seq) < before] * bool(before)
        columns = (EventRow.case, EventRow.notification, EventRow.message)  # each by its own index
        found = dict(row for one in columns for row in self._session.exec(newest.where(col(one) == key, *older)))
        last = sorted(found, reverse=True)[:most]
        values = self._values(last)
        return [(seq, decode(found[seq], partial(revealed, values))) for seq in last]

    def _values(self, events: Sequence[int]) -> dict[str, Plain]:
        """Returns the personal values of these events by commitment; erased ones are missing."""
        query = select(PersonalRow.commitment, PersonalRow.value).where(col(PersonalRow.event).in_(events))
        return {key: json.loads(value) for key, value in self._session.exec(query)}

    def _chain(
        self, tests: Sequence[ColumnElement[bool]], after: int = 0, most: int | None = None
    ) -> Iterator[Sequence[tuple[int, bytes]]]:  # fmt: skip
        """Yields pages of the events after number `after`. A reader may stop early: no cursor stays open."""
        query = select(EventRow.seq, EventRow.octets).where(*tests).order_by(col(EventRow.seq))
        left = PAGE if most is None else most
        self._links.write_out()
        while page := self._session.exec(query.where(EventRow.seq > after).limit(min(left, PAGE))).all():
            yield page
            after = page[-1][0]
            left -= 0 if most is None else len(page)

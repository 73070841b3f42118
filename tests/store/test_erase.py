# SPDX-License-Identifier: EUPL-1.2
"""Personal values can be erased on both engines: the commitments remain, and the chain stays intact."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from flaggermail.adapters.db.mapping import table_of
from flaggermail.adapters.db.store import SqlStore
from flaggermail.record.events import Change, Event, EventKind, added, changed, fold
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import ElectionSecret, OutboxMail
from tests.store.samples import broken_commitment, broken_link

AT = datetime(2024, 6, 6, 8, 34, tzinfo=UTC)


def event(*changes: Change, days: int = 0, kind: EventKind = EventKind.MAIL_QUEUED) -> Event:
    """Builds an event that many days later."""
    return Event(kind, AT + timedelta(days=days), "daemon", changes)


def mail(number: int) -> OutboxMail:
    """Builds an outbox mail to a citizen."""
    return OutboxMail(
        id=f"o{number}", kind=Kind.DECLINE, dedupe=f"decline/{number}", message_id="m", sender="us",
        recipient=f"kanarie{number}@a.example", subject="s", digest="d", queued_at=AT,
    )  # fmt: skip


def kept(store: SqlStore) -> list[str]:
    """Returns all stored personal values."""
    personal = table_of("personal")
    with store.engine.connect() as connection:
        return [row.value for row in connection.execute(select(personal.c.value).order_by(personal.c.event))]


def test_what_a_field_held_before_is_erased_and_what_it_holds_stays(store: SqlStore) -> None:
    """Only past values of the named rows and fields are erased; the fold and the chain stay intact."""
    first, second = mail(1), mail(2)
    emptied = replace(first, recipient="", dedupe="forgotten/o1")
    with store.begin() as tx:
        tx.append(event(added(first)), event(added(second)))
        tx.append(event(changed(first, emptied), days=70, kind=EventKind.MESSAGE_EXCLUDED))
        tx.erase(OutboxMail, ["o1"], ("recipient", "dedupe"), AT)
    assert "kanarie1" not in "".join(kept(store))
    assert '"decline/1"' not in kept(store)
    assert {'"kanarie2@a.example"', '"decline/2"', '"forgotten/o1"'} <= set(kept(store))
    assert kept(store).count('"s"') == 2  # a field that was not named
    with store.read() as tx:
        assert tx.rows() == fold(found for _, found in tx.events())
        assert (broken_link(tx), broken_commitment(tx)) == (None, None)
        revealed = next(found for _, found in tx.events()).changes[0].values
    assert str(revealed["recipient"]).startswith("sha256:")


def test_nothing_named_nothing_erased(store: SqlStore) -> None:
    """Without a key, or with another table or a field that is not personal, nothing is erased."""
    with store.begin() as tx:
        tx.append(event(added(mail(1))))
        tx.erase(OutboxMail, [], ("recipient",), AT)
        tx.erase(ElectionSecret, ["o1"], ("secret",), AT)
        tx.erase(OutboxMail, ["o1"], ("kind",), AT)
    assert len(kept(store)) == 3


def test_a_value_that_is_there_now_is_never_erased(store: SqlStore) -> None:
    """A field must be emptied by an event first, or the row would differ from the fold of the events."""
    with store.begin() as tx:
        tx.append(event(added(mail(1))))
        tx.erase(OutboxMail, ["o1"], ("recipient",), AT)
    assert '"kanarie1@a.example"' in kept(store)

# SPDX-License-Identifier: EUPL-1.2
"""A value that a field cannot hold is refused, wherever it was stored."""

from datetime import UTC, date, datetime

import pytest

from flaggermail.record.event_codec import row_of, typed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Delivery, Election, PageCode, Record, StoredMessage

NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "name", "value", "read"),
    [
        (StoredMessage, "kinds", ["bounce"], (Kind.BOUNCE,)),
        (StoredMessage, "received_at", "2026-03-18T12:00:00.000000+00:00", NOON),
        (StoredMessage, "received_at", NOON, NOON),
        (StoredMessage, "subject", None, None),
        (Election, "polling_days", ["2026-03-18"], (date(2026, 3, 18),)),
        (Election, "period_from", date(2026, 3, 18), date(2026, 3, 18)),
    ],
)  # fmt: skip
def test_values_are_read_from_events_and_from_columns(
    kind: type[Record], name: str, value: object, read: object
) -> None:
    """JSON gives text for days and instants, a driver gives them as they are."""
    assert typed(kind, name, value) == read


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (StoredMessage, "automatic", 1),
        (StoredMessage, "id", None),
        (StoredMessage, "id", 7),
        (StoredMessage, "kinds", "bounce"),
        (StoredMessage, "kinds", [["bounce"]]),
        (StoredMessage, "kinds", ["elsewhere"]),
        (StoredMessage, "place", "elsewhere"),
        (StoredMessage, "labels", ["a", 1]),
        (StoredMessage, "received_at", "2026-03-18T12:00:00"),
        (Delivery, "item", True),
        (Delivery, "item", 7),
        (Election, "period_from", NOON),
    ],
)  # fmt: skip
def test_an_impossible_value_is_refused(kind: type[Record], name: str, value: object) -> None:
    """A value of another type, a word outside the closed set, and nothing where something belongs."""
    with pytest.raises((TypeError, ValueError)):
        typed(kind, name, value)


def test_a_row_has_one_value_for_each_field() -> None:
    """Values are given in the order of the fields, neither fewer nor more."""
    assert row_of(PageCode, ["p", "t"]) == PageCode(id="p", token="t")
    for values in (["p"], ["p", "t", "u"]):
        with pytest.raises(ValueError, match="zip"):
            row_of(PageCode, values)

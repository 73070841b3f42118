# SPDX-License-Identifier: EUPL-1.2
"""The events are the store: folding them gives every row, whatever happened."""

from collections.abc import Callable
from contextlib import suppress

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flaggermail.record.events import Event, fold
from tests.store.conftest import new_store
from tests.store.samples import KINDS, UndoneError, broken_commitment, broken_link, histories

PROPERTY = settings(
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # no shrinking: every try makes a database, which takes long
    max_examples=settings().max_examples // 8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_the_fold_of_the_events_is_the_store(new_database: Callable[[], str]) -> None:
    """Rows of every kind are added and changed in any order, with personal fields; rollbacks leave no trace."""

    @PROPERTY
    @given(histories(), st.lists(st.booleans(), min_size=12, max_size=12))
    def holds(history: list[Event], undone: list[bool]) -> None:
        store = new_store(new_database())
        for event, undo in zip(history, undone, strict=False):
            with suppress(UndoneError), store.begin() as tx:
                if undo:
                    tx.append(event)
                    raise UndoneError
            with store.begin() as tx:
                tx.append(event)
        with store.read() as tx:
            rows = tx.rows()
            assert rows == fold(event for _, event in tx.events()) == fold(history)
            assert {table for table, _ in rows} == {kind.TABLE for kind in KINDS}
            assert (broken_link(tx), broken_commitment(tx)) == (None, None)
        store.close()

    holds()

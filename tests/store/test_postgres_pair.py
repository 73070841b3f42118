# SPDX-License-Identifier: EUPL-1.2
"""The store on a primary of PostgreSQL and its hot standby."""

from __future__ import annotations

from contextlib import closing

import pytest

from flaggermail.adapters.db.migrate import upgrade
from flaggermail.errors import StoreAway
from flaggermail.ports import Store
from tests.servers.postgres_pair import PostgresPair
from tests.store.conftest import new_store
from tests.store.samples import happened

pytestmark = pytest.mark.xdist_group("postgres")


def write(store: Store) -> None:
    """Records one more event."""
    with store.begin() as tx:
        tx.append(happened())


def number(store: Store) -> int:
    """Returns the number of events."""
    with store.read() as tx:
        head = tx.head()
    return head.seq if head else 0


@pytest.fixture
def url(postgres_pair: PostgresPair) -> str:
    """Returns the URL of an empty record on the pair, which finds the primary."""
    found = postgres_pair.database()
    with closing(new_store(found)) as store:
        upgrade(store.engine)
    return found


def test_a_primary_that_became_a_standby_is_left_for_the_new_one(postgres_pair: PostgresPair, url: str) -> None:
    """Its open sessions refuse what is written; one unit of work is away, and the next finds the new primary."""
    with closing(new_store(url)) as store:
        write(store)
        postgres_pair.primary.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        postgres_pair.primary.execute("SELECT pg_reload_conf()")
        postgres_pair.promote()
        with pytest.raises(StoreAway, match="read-only"):
            write(store)
        write(store)
        assert number(store) == 2


def test_several_servers_are_searched_for_the_primary_unless_the_address_says_otherwise(
    postgres_pair: PostgresPair, url: str
) -> None:
    """Forgotten, it would make a standby the desk's server as soon as it is named first."""
    name = url.rpartition("@/")[2].partition("?")[0]
    both = postgres_pair.standby, postgres_pair.primary
    with closing(new_store(postgres_pair.url(name, *both))) as store:
        write(store)
    any_of_them = new_store(postgres_pair.url(name, *both) + "&target_session_attrs=any")
    with closing(any_of_them), pytest.raises(StoreAway, match="read-only"):
        write(any_of_them)

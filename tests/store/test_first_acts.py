# SPDX-License-Identifier: EUPL-1.2
"""A desk that gets what the first acts of another left is the desk that these acts make."""

from __future__ import annotations

from flaggermail.record.audit import Head
from tests.store.desk_fixtures import Desk, NewDesk, mail


def head(desk: Desk) -> Head | None:
    """Returns the last of the chain, whose digest is over all events and their salts."""
    with desk.env.store.read() as tx:
        return tx.head()


def test_what_was_played_once_is_the_same_and_goes_on_the_same(new_desk: NewDesk) -> None:
    """To the digest of the chain, the mails that were sent and those that are kept, at once and after more acts."""
    new_desk().notified()
    copy, played = new_desk(), new_desk()
    assert copy.notified() == played.notified(case=played.decided())  # with a case of its own it is played
    for _ in range(2):
        assert head(copy) == head(played)
        assert copy.server.envelopes == played.server.envelopes
        for envelope in copy.server.envelopes:
            assert copy.env.octets.get(copy.mails(recipient=envelope.recipient)[0].digest)
        for desk in (copy, played):
            desk.receive(mail())
            desk.go_on(70)
    assert copy.events() == played.events()

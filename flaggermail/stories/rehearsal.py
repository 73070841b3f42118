# SPDX-License-Identifier: EUPL-1.2
"""Rehearsals: the desk plays the referrers and platforms of a shipped story to its own officers.

Entry point: `tick` takes in the mail of the story that is due, and ends the rehearsal after the last one.

The record says what was played: each mail has a delivery of its own in a folder that no server has, so that a daemon
that was restarted goes on where it was. What a mailbox server delivers goes another way and stays real.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaggermail.letters import stored_messages
from flaggermail.stories import rehearsing

if TYPE_CHECKING:
    from flaggermail.services import Services


def tick(env: Services) -> int:
    """Takes in what is due and ends what is over; returns the number of mails taken in."""
    with env.store.read() as tx:
        if stored_messages.under_way(tx) is None:
            return 0
    return rehearsing.tick(env)

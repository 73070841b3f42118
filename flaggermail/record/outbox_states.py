# SPDX-License-Identifier: EUPL-1.2
"""The states of an envelope on its way out, and which may follow which: the drawing in docs/flow.md as data.

Every change of state goes through `moved`. A test compares `NEXT` with the drawing, and finds what goes past `moved`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from flaggermail.record.rows import OutboxMail

NEXT: Mapping[str, frozenset[str]] = MappingProxyType({
    "queued": frozenset({"attempting", "cancelled", "refused"}),
    "attempting": frozenset({"accepted", "queued", "refused", "uncertain"}),
    "uncertain": frozenset({"accepted", "queued", "refused"}),
    "accepted": frozenset({"refused"}),
    "refused": frozenset(),
    "cancelled": frozenset(),
})  # fmt: skip
IN_HAND = frozenset({"attempting", "uncertain"})  # an answer of the server, or proof of one, is still awaited


def moved(mail: OutboxMail, state: str) -> OutboxMail:
    """`mail` in its next state. Raises ValueError where no arrow leads there: a fault of the program."""
    if state not in NEXT[mail.state]:
        raise ValueError(f"an envelope that is {mail.state} cannot become {state}")
    return replace(mail, state=state)

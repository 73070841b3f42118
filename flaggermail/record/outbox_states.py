# SPDX-License-Identifier: EUPL-1.2
"""The states of an outbox mail and the transitions between them: the diagram in docs/flow.md as data.

Every change of state goes through `moved`. A test compares `NEXT` with the diagram and finds code that bypasses
`moved`.
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
IN_HAND = frozenset({"attempting", "uncertain"})  # waiting for the server's answer or for proof of delivery


def moved(mail: OutboxMail, state: str) -> OutboxMail:
    """Returns `mail` in its next state. Raises ValueError if the transition is not allowed: a programming error."""
    if state not in NEXT[mail.state]:
        raise ValueError(f"an envelope that is {mail.state} cannot become {state}")
    return replace(mail, state=state)

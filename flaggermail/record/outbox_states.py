# SPDX-License-Identifier: EUPL-1.2
"""The states of an outbox mail and the transitions between them: the diagram in docs/flow.md as data.

Every change of state goes through `in_state`. A test compares `NEXT` with the diagram and finds code that bypasses
`in_state`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from flaggermail.record.rows import OutboxMail
from flaggermail.record.states import MailState

NEXT: Mapping[MailState, frozenset[MailState]] = MappingProxyType({
    MailState.QUEUED: frozenset({MailState.ATTEMPTING, MailState.CANCELLED, MailState.REFUSED}),
    MailState.ATTEMPTING: frozenset({MailState.ACCEPTED, MailState.QUEUED, MailState.REFUSED, MailState.UNCERTAIN}),
    MailState.UNCERTAIN: frozenset({MailState.ACCEPTED, MailState.QUEUED, MailState.REFUSED}),
    MailState.ACCEPTED: frozenset({MailState.REFUSED}),
    MailState.REFUSED: frozenset(),
    MailState.CANCELLED: frozenset(),
})  # fmt: skip
IN_HAND = frozenset({MailState.ATTEMPTING, MailState.UNCERTAIN})  # waiting for the server's answer or for proof


def in_state(mail: OutboxMail, state: MailState) -> OutboxMail:
    """Returns `mail` in its next state. Raises ValueError if the transition is not allowed: a programming error."""
    if state not in NEXT[mail.state]:
        raise ValueError(f"an envelope that is {mail.state} cannot become {state}")
    return replace(mail, state=state)

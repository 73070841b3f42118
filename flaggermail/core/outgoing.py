# SPDX-License-Identifier: EUPL-1.2
"""A mail that is wanted, before it has octets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flaggermail.core.message import Address
from flaggermail.core.rules import Kind

REPLIED, GENERATED = "auto-replied", "auto-generated"  # RFC 3834, section 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What is to be said to whom. `dedupe` names the reason for this mail: the same reason never gives a second one."""

    kind: Kind
    template: str
    language: str
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)
    dedupe: str
    token: str
    case: str | None = None
    notification: str | None = None
    answers: tuple[str, ...] = ()  # the References of what this mail answers, the answered Message-ID last
    automatic: str | None = GENERATED
    once: bool = False
    keyed_subject: bool = False  # the token stands in the subject too, where the reply address cannot carry it
    exercise: bool = False  # of a mail without a case: what it is about belongs to a rehearsal

# SPDX-License-Identifier: EUPL-1.2
"""How long a trial of a server's mark proves something: see `rows.TrustProof`."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from flaggermail.record.rows import TrustProof

LASTS = timedelta(days=90)
"""From a trial on: a rule of the mail server may change any day, and nobody tells the desk."""
WARNED = timedelta(days=14)
"""Before its end."""


class ProofState(StrEnum):
    """What the last trial says now."""

    NEVER_TRIED = "never tried"
    SURVIVED = "survived"  # the forged mark arrived: anybody can write it
    EXPIRED = "expired"
    ENDS_SOON = "ends soon"  # it still counts
    PROVEN = "proven"


def state_of(proof: TrustProof | None, now: datetime) -> ProofState:
    """Returns what the last trial says at `now`."""
    if proof is None:
        return ProofState.NEVER_TRIED
    if proof.survived:
        return ProofState.SURVIVED
    left = end_of(proof) - now
    if left <= timedelta(0):
        return ProofState.EXPIRED
    return ProofState.ENDS_SOON if left <= WARNED else ProofState.PROVEN


def is_proven(proof: TrustProof | None, now: datetime) -> bool:
    """True if the server's mark counts at `now`."""
    return state_of(proof, now) in {ProofState.PROVEN, ProofState.ENDS_SOON}


def end_of(proof: TrustProof) -> datetime:
    """Returns when the trial no longer counts."""
    return proof.tried_at + LASTS

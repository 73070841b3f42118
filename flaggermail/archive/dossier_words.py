# SPDX-License-Identifier: EUPL-1.2
"""The words of each closed value that a dossier shows."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from flaggermail.mail.message import Dnssec, SenderVerdict, SignatureState
from flaggermail.record.case_values import CaseType, ContactMeans, Decision, Origin, Source
from flaggermail.record.kinds import Kind, OctetSource
from flaggermail.record.states import CaseState, ClockKind, ClockState, NotificationState
from flaggermail.wording.dossier import (
    DossierCaseState,
    DossierCaseType,
    DossierClock,
    DossierClockState,
    DossierDecision,
    DossierDnssec,
    DossierKind,
    DossierMeans,
    DossierNotificationState,
    DossierOctets,
    DossierOrigin,
    DossierSignature,
    DossierSource,
    DossierVerdict,
)
from flaggermail.wording.said import Sentence


def value_in_words(value: StrEnum, language: str) -> str:
    """Returns a value of a closed set in words. Raises KeyError for one that a dossier does not show."""
    return WORDS[type(value)][value.name].words(language)


# By type: two members of different sets are equal if their values are.
WORDS: Mapping[type[StrEnum], type[Sentence]] = {
    CaseType: DossierCaseType,
    Kind: DossierKind,
    CaseState: DossierCaseState,
    Origin: DossierOrigin,
    Source: DossierSource,
    Decision: DossierDecision,
    ClockKind: DossierClock,
    ClockState: DossierClockState,
    NotificationState: DossierNotificationState,
    ContactMeans: DossierMeans,
    SenderVerdict: DossierVerdict,
    SignatureState: DossierSignature,
    Dnssec: DossierDnssec,
    OctetSource: DossierOctets,
}

# SPDX-License-Identifier: EUPL-1.2
"""DKIM verification with dkimpy (RFC 6376), with limits on mail size, signatures and DNS queries."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import dkim

from flaggermail.mail.authentication.alignment import Organisational, aligned, demands_strict_alignment
from flaggermail.mail.authentication.dkim_signature import (
    Signature,
    key_weakness,
    read_signature,
    read_tags,
    same_identity,
    weakness,
)
from flaggermail.mail.fields import read_header, unfolded
from flaggermail.mail.message import SenderVerdict, Verdict
from flaggermail.ports import Resolver
from flaggermail.wording.said import Said
from flaggermail.wording.vouched import SignatureProof

FIELD = "dkim-signature"
LARGEST = 64 * 1024 * 1024  # octets; signatures of larger mail are not verified
MOST_SIGNATURES = 20  # signatures read per mail
MOST_QUESTIONS = 4  # DNS queries per mail
SHORTEST_KEY = 1024  # bits (RFC 8301, section 3.2)
VERIFIED, FAILED, UNVERIFIED = SenderVerdict.VERIFIED, SenderVerdict.FAILED, SenderVerdict.UNVERIFIED
BEST_FIRST = (VERIFIED, None, FAILED, UNVERIFIED)  # None: DNS did not answer

_SILENT = logging.getLogger("flaggermail.dkim")
_SILENT.disabled = True  # dkimpy would copy text from the mail into our log


class _Unanswered(Exception):
    """The DNS does not answer now, or the query limit is reached."""

    def __init__(self, why: Said) -> None:
        super().__init__(why)
        self.why = why


@dataclass
class _QueryBudget:
    """The DNS queries left for one mail."""

    resolver: Resolver
    left: int = MOST_QUESTIONS

    def texts(self, name: str) -> Sequence[bytes]:
        """Returns the TXT records; raises _Unanswered."""
        if self.left == 0:
            raise _Unanswered(SignatureProof.QUESTIONS(most=MOST_QUESTIONS))
        self.left -= 1
        found = self.resolver.texts(name)
        if found is None:
            raise _Unanswered(SignatureProof.NO_ANSWER(name=name))
        return found


class DkimCheck:
    """Implements ports.SignatureCheck."""

    def __init__(self, resolver: Resolver, organisational: Organisational) -> None:
        self._resolver, self._organisational = resolver, organisational

    def check(self, octets: bytes, domain: str, date: datetime | None, now: datetime) -> Verdict:
        """Returns the verdict on the author's domain: the best among the signatures aligned with `domain`.

        `FAILED` if the key exists and the signature does not verify. A weak signature, a missing key or a DNS failure
        says nothing about the author: `UNVERIFIED`.
        """
        if len(octets) > LARGEST:
            return Verdict(UNVERIFIED, SignatureProof.TOO_LARGE())
        header = read_header(octets)
        if header.defects:  # dkimpy skips lines at which other parsers end the header: it would verify unseen fields
            return Verdict(UNVERIFIED, SignatureProof.HEADER(defect=header.defects[0]))
        fields = header.fields
        names = [name for name, _ in fields]
        questions = _QueryBudget(self._resolver)
        found = [read_signature(unfolded(value)[0]) for name, value in fields if name == FIELD][:MOST_SIGNATURES]
        found_out = [
            self._one(octets, index, signature, domain, weakness(signature, names, date, now), questions)
            for index, signature in enumerate(found)
            if signature is not None and aligned(signature.domain, domain, self._organisational)
        ]
        nothing = UNVERIFIED, SignatureProof.NONE(domain=domain)
        verdict, evidence = min(found_out, key=lambda one: BEST_FIRST.index(one[0]), default=nothing)
        return Verdict(verdict or UNVERIFIED, evidence)

    def _one(
        self, octets: bytes, index: int, signature: Signature, author: str, weak: Said | None, questions: _QueryBudget
    ) -> tuple[SenderVerdict | None, Said]:
        """Returns the verdict of one signature, None if DNS did not answer, and the evidence."""
        signer = signature.domain
        if weak is not None:
            return UNVERIFIED, SignatureProof.WEAK(signer=signer, weakness=weak)
        try:
            if not self._dmarc_allows(signature.domain, author, questions):
                return UNVERIFIED, SignatureProof.STRICT(signer=signer, domain=author)
            record = _key(questions.texts(signature.key_name))
        except _Unanswered as fault:
            return None, SignatureProof.FAULT(signer=signer, fault=fault.why)
        weak = _weak_key(signature, record)
        if weak is not None or record is None:
            return UNVERIFIED, SignatureProof.FAULT(signer=signer, fault=weak or SignatureProof.KEY_MISSING())
        if _verifies(octets, index, record):
            return VERIFIED, SignatureProof.FITS(signer=signer, domain=author)
        return FAILED, SignatureProof.ALTERED(signer=signer)

    def _dmarc_allows(self, signer: str, author: str, questions: _QueryBudget) -> bool:
        """True if the author's DMARC record allows the signer (RFC 7489, sections 3.1.1 and 6.6.3)."""
        if signer == author:
            return True
        strict = demands_strict_alignment(questions.texts(f"_dmarc.{author}"))
        home = self._organisational(author)
        if strict is None and home not in {None, author}:
            strict = demands_strict_alignment(questions.texts(f"_dmarc.{home}"))
        return not strict


def _key(records: Sequence[bytes]) -> bytes | None:
    """Returns the key record if there is exactly one (RFC 6376, 3.6.2.2: several are undefined), else None."""
    return records[0] if len(records) == 1 else None


def _weak_key(signature: Signature, record: bytes | None) -> Said | None:
    """Returns why the key is not acceptable, or None."""
    tags = read_tags(record.decode("ascii", "replace")) if record is not None else None
    if record is None or tags is None:
        return SignatureProof.KEY_MISSING()
    if not same_identity(signature, tags):
        return SignatureProof.IDENTITY()
    weak = key_weakness(tags)
    if weak is not None:
        return weak
    try:
        bits = dkim.evaluate_pk(signature.key_name, record)[1]
    except Exception as fault:  # noqa: BLE001 - dkimpy lets any exception escape on a malformed key
        return SignatureProof.KEY_UNREADABLE(fault=type(fault).__name__)
    short = not isinstance(bits, int) or bits < SHORTEST_KEY
    return SignatureProof.KEY_SHORT(bits=str(bits)) if short else None


def _verifies(octets: bytes, index: int, record: bytes) -> bool:
    """True if the signature at `index`, counted from the top, verifies."""
    try:
        verifier = dkim.DKIM(octets, logger=_SILENT, minkey=SHORTEST_KEY)
        return verifier.verify(idx=index, dnsfunc=lambda _name, timeout: record) is True  # noqa: ARG005 - dkimpy's call
    except Exception:  # noqa: BLE001 - dkimpy raises DKIMException and others on content: the signature is invalid
        return False

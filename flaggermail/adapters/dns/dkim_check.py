# SPDX-License-Identifier: EUPL-1.2
"""DKIM verification with dkimpy (RFC 6376), with limits on mail size, signatures and DNS queries."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import dkim

from flaggermail.mail.authentication.authres import Organisational, aligned, demands_strict_alignment
from flaggermail.mail.authentication.dkim_signature import (
    Signature,
    key_weakness,
    read_signature,
    read_tags,
    same_identity,
    weakness,
)
from flaggermail.mail.fields import read_header, unfolded
from flaggermail.mail.message import NOT_CHECKED, SenderVerdict, SignatureFacts, SignatureState, Verdict
from flaggermail.ports import DnsAnswer, Resolver
from flaggermail.wording.filing import SignatureProof
from flaggermail.wording.said import StoredText

FIELD = "dkim-signature"
LARGEST = 64 * 1024 * 1024  # octets; signatures of larger mail are not verified
MOST_SIGNATURES = 20  # signatures read per mail
MOST_QUESTIONS = 4  # DNS queries per mail
SHORTEST_KEY = 1024  # bits (RFC 8301, section 3.2)
LONGEST_RECORD = 4096  # characters that are kept of a key record; one of 4,096 bits has about 800
VERIFIED, FAILED, UNVERIFIED = SenderVerdict.VERIFIED, SenderVerdict.FAILED, SenderVerdict.UNVERIFIED
BEST_FIRST = (VERIFIED, None, FAILED, UNVERIFIED)  # None: DNS did not answer

_SILENT = logging.getLogger("flaggermail.dkim")
_SILENT.disabled = True  # dkimpy would copy text from the mail into our log


class _Unanswered(Exception):
    """The DNS does not answer now, or the query limit is reached; `answer` is what came in place of one."""

    def __init__(self, why: StoredText, answer: DnsAnswer | None = None) -> None:
        super().__init__(why)
        self.why, self.answer = why, answer


@dataclass
class _QueryBudget:
    """The DNS queries left for one mail."""

    resolver: Resolver
    left: int = MOST_QUESTIONS

    def texts(self, name: str) -> tuple[Sequence[bytes], DnsAnswer]:
        """Returns the TXT records, and the answer that holds them; raises _Unanswered."""
        if self.left == 0:
            raise _Unanswered(SignatureProof.QUESTIONS(most=MOST_QUESTIONS))
        self.left -= 1
        answer = self.resolver.look_up(name)
        if answer.texts is None:
            raise _Unanswered(SignatureProof.NO_ANSWER(name=name), answer)
        return answer.texts, answer


@dataclass(frozen=True, slots=True)
class _CheckedSignature:
    """One signature: the verdict on the author by it, None if DNS did not answer, and the facts."""

    verdict: SenderVerdict | None
    facts: SignatureFacts


@dataclass(frozen=True, slots=True)
class _CheckedMail:
    """A mail whose signatures are judged, the author's domain, the instant, and the queries left."""

    octets: bytes
    author: str
    now: datetime
    questions: _QueryBudget


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
            return _unverified(SignatureProof.TOO_LARGE())
        header = read_header(octets)
        if header.defects:  # dkimpy skips lines at which other parsers end the header: it would verify unseen fields
            return _unverified(SignatureProof.HEADER(defect=header.defects[0]))
        fields = header.fields
        names = [name for name, _ in fields]
        asked = _CheckedMail(octets, domain, now, _QueryBudget(self._resolver))
        found = [read_signature(unfolded(value)[0]) for name, value in fields if name == FIELD][:MOST_SIGNATURES]
        judged = [
            self._one(asked, index, signature, weakness(signature, names, date, now))
            for index, signature in enumerate(found)
            if signature is not None and aligned(signature.domain, domain, self._organisational)
        ]
        absent = SignatureFacts(SignatureState.ABSENT, SignatureProof.NONE(domain=domain))
        best = min(judged, key=lambda one: BEST_FIRST.index(one.verdict), default=_CheckedSignature(UNVERIFIED, absent))
        return Verdict(best.verdict or UNVERIFIED, best.facts.basis, best.facts)

    def _one(self, asked: _CheckedMail, index: int, signature: Signature, weak: StoredText | None) -> _CheckedSignature:
        """Judges the signature at `index`, counted from the top; `weak` says why it would prove too little."""
        signer, author = signature.domain, asked.author
        facts = replace(NOT_CHECKED, domain=signer, selector=signature.selector)
        if weak is not None:
            return _CheckedSignature(
                UNVERIFIED, replace(facts, basis=SignatureProof.WEAK(signer=signer, weakness=weak))
            )
        try:
            if not self._dmarc_allows(signer, author, asked.questions):
                return _CheckedSignature(
                    UNVERIFIED, replace(facts, basis=SignatureProof.STRICT(signer=signer, domain=author))
                )
            records, answer = asked.questions.texts(signature.key_name)
        except _Unanswered as fault:
            facts = facts if fault.answer is None else _with_answer(facts, fault.answer, asked.now)
            return _CheckedSignature(None, replace(facts, basis=SignatureProof.FAULT(signer=signer, fault=fault.why)))
        facts, record = _with_answer(facts, answer, asked.now), _key(records)
        weak = _weak_key(signature, record)
        if weak is not None or record is None:
            why = SignatureProof.FAULT(signer=signer, fault=weak or SignatureProof.KEY_MISSING())
            return _CheckedSignature(UNVERIFIED, replace(facts, basis=why))
        if _verifies(asked.octets, index, record):
            fits = SignatureProof.FITS(signer=signer, domain=author)
            return _CheckedSignature(VERIFIED, replace(facts, state=SignatureState.VERIFIED, basis=fits))
        return _CheckedSignature(
            FAILED, replace(facts, state=SignatureState.FAILED, basis=SignatureProof.ALTERED(signer=signer))
        )

    def _dmarc_allows(self, signer: str, author: str, questions: _QueryBudget) -> bool:
        """True if the author's DMARC record allows the signer (RFC 7489, sections 3.1.1 and 6.6.3)."""
        if signer == author:
            return True
        strict = demands_strict_alignment(questions.texts(f"_dmarc.{author}")[0])
        home = self._organisational(author)
        if strict is None and home not in {None, author}:
            strict = demands_strict_alignment(questions.texts(f"_dmarc.{home}")[0])
        return not strict


def _unverified(why: StoredText) -> Verdict:
    """Returns the verdict on a mail whose signatures are not even read."""
    return Verdict(UNVERIFIED, why, replace(NOT_CHECKED, basis=why))


def _with_answer(facts: SignatureFacts, answer: DnsAnswer, now: datetime) -> SignatureFacts:
    """Returns the facts with what the DNS answered: several records, which count as none, line by line."""
    server = answer.server or None
    if answer.texts is None:
        return replace(facts, resolver=server, looked_up_at=now)
    whole = b"\n".join(answer.texts)
    text = whole.decode("ascii", "backslashreplace").replace("\0", "\\x00")  # no text of the record may hold NUL
    return replace(
        facts,
        key_record=text[:LONGEST_RECORD],
        key_digest=hashlib.sha256(whole).hexdigest() if answer.texts else None,
        dnssec=answer.dnssec,
        resolver=server,
        looked_up_at=now,
    )


def _key(records: Sequence[bytes]) -> bytes | None:
    """Returns the key record if there is exactly one (RFC 6376, 3.6.2.2: several are undefined), else None."""
    return records[0] if len(records) == 1 else None


def _weak_key(signature: Signature, record: bytes | None) -> StoredText | None:
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

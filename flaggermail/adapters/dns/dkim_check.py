# SPDX-License-Identifier: EUPL-1.2
"""DKIM signatures by way of dkimpy (RFC 6376), with bounds on size, signatures and questions to the DNS."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import dkim

from flaggermail.mail.authentication.alignment import Organisational, aligned, asks_strictness
from flaggermail.mail.authentication.dkim_signature import (
    Signature,
    key_weakness,
    read_signature,
    read_tags,
    same_identity,
    weakness,
)
from flaggermail.mail.fields import read_header, unfolded
from flaggermail.mail.message import Verdict
from flaggermail.ports import Resolver

FIELD = "dkim-signature"
LARGEST = 64 * 1024 * 1024  # octets of a mail whose signature is checked
MOST_SIGNATURES = 20  # read; more are a sign of something else
MOST_QUESTIONS = 4  # to the DNS, for one mail
SHORTEST_KEY = 1024  # bits (RFC 8301, section 3.2)
VERIFIED, FAILED, UNVERIFIED, UNANSWERED = "verified", "failed", "unverified", "unanswered"
BEST_FIRST = (VERIFIED, UNANSWERED, FAILED, UNVERIFIED)

_SILENT = logging.getLogger("flaggermail.dkim")
_SILENT.disabled = True  # it would repeat a stranger's text in our log


class _Unanswered(Exception):
    """The DNS gives no answer now, or was asked often enough."""


@dataclass
class _Questions:
    """What may still be asked for one mail."""

    resolver: Resolver
    left: int = MOST_QUESTIONS

    def texts(self, name: str) -> Sequence[bytes]:
        """The TXT records; raises _Unanswered."""
        if self.left == 0:
            raise _Unanswered(f"more than {MOST_QUESTIONS} questions to the DNS")
        self.left -= 1
        found = self.resolver.texts(name)
        if found is None:
            raise _Unanswered(f"no answer from the DNS about {name} now")
        return found


class DkimCheck:
    """Implements ports.SignatureCheck."""

    def __init__(self, resolver: Resolver, organisational: Organisational) -> None:
        self._resolver, self._organisational = resolver, organisational

    def check(self, octets: bytes, domain: str, date: datetime | None, now: datetime) -> Verdict:
        """The verdict on an author at `domain`: the best of the signatures whose domain is aligned with it.

        Failed, when the key is there and the octets are not those that were signed. A signature that proves too little,
        a key that is gone, or a DNS that does not answer says nothing about the author: unverified.
        """
        if len(octets) > LARGEST:
            return Verdict(UNVERIFIED, "the mail is too large for its signature to be checked")
        header = read_header(octets)
        if header.defects:  # dkimpy passes over lines at which others end the header: it would check a field unseen
            return Verdict(UNVERIFIED, f"its signature proves too little: {header.defects[0]}")
        fields = header.fields
        names = [name for name, _ in fields]
        questions = _Questions(self._resolver)
        found = [read_signature(unfolded(value)[0]) for name, value in fields if name == FIELD][:MOST_SIGNATURES]
        verdicts = [
            self._one(octets, index, signature, domain, weakness(signature, names, date, now), questions)
            for index, signature in enumerate(found)
            if signature is not None and aligned(signature.domain, domain, self._organisational)
        ]
        nothing = Verdict(UNVERIFIED, f"no DKIM signature of {domain}")
        best = min(verdicts, key=lambda verdict: BEST_FIRST.index(verdict.value), default=nothing)
        return Verdict(UNVERIFIED, best.basis) if best.value == UNANSWERED else best

    def _one(
        self, octets: bytes, index: int, signature: Signature, author: str, weak: str | None, questions: _Questions
    ) -> Verdict:
        whose = f"DKIM signature of {signature.domain}"
        if weak is not None:
            return Verdict(UNVERIFIED, f"{whose} proves too little: {weak}")
        try:
            if not self._close_enough(signature.domain, author, questions):
                return Verdict(UNVERIFIED, f"{whose}: {author} wants a signature of its very own domain")
            record = _key(questions.texts(signature.key_name))
        except _Unanswered as fault:
            return Verdict(UNANSWERED, f"{whose}: {fault}")
        weak = _weak_key(signature, record)
        if weak is not None or record is None:
            return Verdict(UNVERIFIED, f"{whose}: {weak}")
        if _fits(octets, index, record):
            return Verdict(VERIFIED, f"{whose} fits, checked here, for {author}")
        return Verdict(FAILED, f"{whose} does not fit: the mail is not as it was signed")

    def _close_enough(self, signer: str, author: str, questions: _Questions) -> bool:
        """Whether the author's DMARC record allows the signer (RFC 7489, sections 3.1.1 and 6.6.3)."""
        if signer == author:
            return True
        strict = asks_strictness(questions.texts(f"_dmarc.{author}"))
        home = self._organisational(author)
        if strict is None and home not in {None, author}:
            strict = asks_strictness(questions.texts(f"_dmarc.{home}"))
        return not strict


def _key(records: Sequence[bytes]) -> bytes | None:
    """The only key record of a name (RFC 6376, section 3.6.2.2: of several, none can be relied on)."""
    return records[0] if len(records) == 1 else None


def _weak_key(signature: Signature, record: bytes | None) -> str | None:
    """Why the key counts for nothing, or nothing."""
    tags = read_tags(record.decode("ascii", "replace")) if record is not None else None
    if record is None or tags is None:
        return "its key is not in the DNS, or not readable"
    if not same_identity(signature, tags):
        return "its i= lies outside its domain"
    weak = key_weakness(tags)
    if weak is not None:
        return weak
    try:
        bits = dkim.evaluate_pk(signature.key_name, record)[1]
    except Exception as fault:  # noqa: BLE001 - dkimpy lets out whatever a malformed key makes it raise
        return f"its key cannot be read ({type(fault).__name__})"
    return f"its key has {bits} bits only" if not isinstance(bits, int) or bits < SHORTEST_KEY else None


def _fits(octets: bytes, index: int, record: bytes) -> bool:
    """Whether the signature with that number, counted from the top, fits the octets."""
    try:
        verifier = dkim.DKIM(octets, logger=_SILENT, minkey=SHORTEST_KEY)
        return verifier.verify(idx=index, dnsfunc=lambda _name, timeout: record) is True  # noqa: ARG005 - dkimpy's call
    except Exception:  # noqa: BLE001 - dkimpy raises on content (DKIMException and others): then it does not fit
        return False

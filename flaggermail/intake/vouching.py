# SPDX-License-Identifier: EUPL-1.2
"""The sender checks: verdicts on the author of a mail, based on its raw octets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from flaggermail.mail.authentication import report_origin
from flaggermail.mail.authentication.authres import (
    WORST_FIRST,
    AuthenticationMethod,
    Organisational,
    Trust,
    author_domain,
    judge,
    read_trace,
)
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import Message, SenderVerdict, Verdict
from flaggermail.ports import Clock, SenderCheck, SignatureCheck
from flaggermail.settings.model import MailboxSettings
from flaggermail.wording.filing import Vouched


class ByReceivingServer:
    """Implements ports.SenderCheck by the Authentication-Results of our own receiving server."""

    def __init__(self, trust: Trust, organisational: Organisational) -> None:
        self._trust, self._organisational = trust, organisational

    def verdict(self, octets: bytes, message: Message) -> Verdict:
        """Returns the verdict from the trace fields above the Received line of that server."""
        return judge(read_trace(octets), message.from_, self._trust, self._organisational)


class SignatureWeight(StrEnum):
    """What the signature of a platform's mail counts for in the verdict on its author."""

    DECIDES = "signature decides"
    NEEDED = "signature needed"  # the worse of signature and `other` counts
    RECORDED = "signature recorded"  # only its facts are kept, beside the verdict of `other`


DECIDING = {
    AuthenticationMethod.DKIM: SignatureWeight.DECIDES, AuthenticationMethod.NAMED_AND_DKIM: SignatureWeight.NEEDED,
}  # fmt: skip
"""The methods of authentication that ask for a signature; under any other its facts can only be recorded."""


class ByInternalMark:
    """Implements ports.SenderCheck by the mark of Exchange for authors inside the organisation.

    Mail from inside has no DKIM signature and no DMARC result; Exchange marks it when its author has logged in, and
    removes the mark from all other mail. `other` checks first, and a failed result of it stays.
    """

    def __init__(self, other: SenderCheck, own_domains: frozenset[str], proven: Callable[[], bool]) -> None:
        """`proven`: whether a trial has shown, lately, that a forged mark does not arrive."""
        self._other, self._own, self._proven = other, own_domains, proven

    def verdict(self, octets: bytes, message: Message) -> Verdict:
        """Returns the verdict of `other`, or the one by the mark if that says neither yes nor no."""
        found = self._other.verdict(octets, message)
        if found.value is not SenderVerdict.UNVERIFIED or not report_origin.made_inside_exchange(message):
            return found
        domain = author_domain(read_trace(octets), message.from_)
        if domain is None or domain not in self._own:
            return found
        if not self._proven():
            return Verdict(SenderVerdict.UNVERIFIED, Vouched.MARK_UNPROVEN(domain=domain))
        return Verdict(SenderVerdict.VERIFIED, Vouched.MARK(domain=domain))


def by_settings(
    mailbox: MailboxSettings, organisational: Organisational, mark_is_proven: Callable[[], bool]
) -> SenderCheck:  # fmt: skip
    """Returns the check that needs no DNS, as `mailbox.trust` asks for it."""
    by_server = ByReceivingServer(mailbox.trusted, organisational)
    if mailbox.trusted.asked is not AuthenticationMethod.EXCHANGE:
        return by_server
    return ByInternalMark(by_server, mailbox.own_domains, mark_is_proven)


class BySignature:
    """Implements ports.SenderCheck by the DKIM signature for authors at a platform; `other` checks all other mail.

    Only there is a DNS query worthwhile, and only there may outsiders see that mail arrived.
    """

    def __init__(
        self, other: SenderCheck, check: SignatureCheck, platforms: frozenset[str], clock: Clock,
        weight: SignatureWeight, addresses: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        """`platforms`: the domains from which the platforms write; `addresses`: the further ones that may answer."""
        self._other, self._check, self._platforms, self._clock = other, check, platforms, clock
        self._weight, self._addresses = weight, addresses

    def verdict(self, octets: bytes, message: Message) -> Verdict:
        """Returns the verdict by the weight of the signature, with the facts about it as found now."""
        domain = author_domain(read_trace(octets), message.from_)
        asked = any(address.key in self._addresses for address in message.from_)
        if domain is None or not (asked or in_domains(domain, self._platforms)):
            return self._other.verdict(octets, message)
        signed = self._check.check(octets, domain, message.date, self._clock.now())
        if self._weight is SignatureWeight.DECIDES:
            return signed
        ours = self._other.verdict(octets, message)
        if self._weight is SignatureWeight.RECORDED:
            return replace(ours, signature=signed.signature)
        return _both(ours, signed)


def _both(ours: Verdict, signed: Verdict) -> Verdict:
    """Returns the worse verdict; who can write into the mailbox can forge the first, but no platform's signature."""
    basis = Vouched.BOTH(first=ours.basis, second=signed.basis)
    return Verdict(min(ours.value, signed.value, key=WORST_FIRST.index), basis, signed.signature)

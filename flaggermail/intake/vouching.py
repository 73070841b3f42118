# SPDX-License-Identifier: EUPL-1.2
"""The sender checks: verdicts on the author of a mail, based on its raw octets."""

from __future__ import annotations

from flaggermail.mail.authentication.alignment import Organisational, author_domain
from flaggermail.mail.authentication.authres import WORST_FIRST, Trust, judge
from flaggermail.mail.authentication.received_fields import read_trace
from flaggermail.mail.message import Message, Verdict
from flaggermail.ports import Clock, SenderCheck, SignatureCheck
from flaggermail.rules.classifier import in_domains
from flaggermail.wording.vouched import Vouched


class ByReceivingServer:
    """Implements ports.SenderCheck by the Authentication-Results of our own receiving server."""

    def __init__(self, trust: Trust, organisational: Organisational) -> None:
        self._trust, self._organisational = trust, organisational

    def verdict(self, octets: bytes, message: Message) -> Verdict:
        """Returns the verdict from the trace fields above the Received line of that server."""
        return judge(read_trace(octets), message.from_, self._trust, self._organisational)


class BySignature:
    """Implements ports.SenderCheck by the DKIM signature for authors at a platform; `other` checks all other mail.

    Only there is a DNS query worthwhile, and only there may outsiders see that mail arrived.
    """

    def __init__(
        self, other: SenderCheck, check: SignatureCheck, platforms: frozenset[str], clock: Clock,
        *, needs_both: bool = False, addresses: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        """`platforms`: the domains from which the platforms write; `addresses`: the further ones that may answer.

        `needs_both`: a platform's mail is verified only if `other` says so too.
        """
        self._other, self._check, self._platforms, self._clock = other, check, platforms, clock
        self._needs_both, self._addresses = needs_both, addresses

    def verdict(self, octets: bytes, message: Message) -> Verdict:
        """Returns the verdict from the signature, as verified now, or the worse of both."""
        domain = author_domain(read_trace(octets), message.from_)
        asked = any(address.key in self._addresses for address in message.from_)
        if domain is None or not (asked or in_domains(domain, self._platforms)):
            return self._other.verdict(octets, message)
        signed = self._check.check(octets, domain, message.date, self._clock.now())
        return _both(self._other.verdict(octets, message), signed) if self._needs_both else signed


def _both(ours: Verdict, signed: Verdict) -> Verdict:
    """Returns the worse verdict; who can write into the mailbox can forge the first, but no platform's signature."""
    basis = Vouched.BOTH(first=ours.basis, second=signed.basis)
    return Verdict(min(ours.value, signed.value, key=WORST_FIRST.index), basis)

# SPDX-License-Identifier: EUPL-1.2
"""Parsers that also say who vouches for the author: the verdict rests on the octets, before anything is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flaggermail.core.alignment import Organisational
from flaggermail.core.author import author_domain
from flaggermail.core.authres import Trust, judge
from flaggermail.core.message import Message
from flaggermail.core.rules import in_domains
from flaggermail.core.trace import read_trace
from flaggermail.ports import Clock, Parser, SignatureCheck


class VouchedParser:
    """Implements ports.Parser: as another reads it, with what our own receiving server says of the author."""

    def __init__(self, parser: Parser, trust: Trust, organisational: Organisational) -> None:
        self._parser, self._trust, self._organisational = parser, trust, organisational

    def parse(self, octets: bytes) -> Message:
        """The mail as a value; never raises on content."""
        return self._vouched(octets, self._parser.parse(octets))

    def parse_all(self, many: Sequence[bytes]) -> list[Message]:
        """The same for many."""
        return [self._vouched(octets, read) for octets, read in zip(many, self._parser.parse_all(many), strict=True)]

    def _vouched(self, octets: bytes, message: Message) -> Message:
        return replace(message, vouched=judge(read_trace(octets), message.from_, self._trust, self._organisational))

    def close(self) -> None:
        """End what parses; safe to repeat."""
        self._parser.close()


class SignedParser:
    """Implements ports.Parser: as another reads it, with what the signature says of an author at a platform.

    Only there a look-up in the DNS is worth while, and only there the world may see that mail came.
    """

    def __init__(self, parser: Parser, check: SignatureCheck, platforms: frozenset[str], clock: Clock) -> None:
        """`platforms`: the domains from which the platforms of the channels write."""
        self._parser, self._check, self._platforms, self._clock = parser, check, platforms, clock

    def parse(self, octets: bytes) -> Message:
        """The mail as a value; never raises on content."""
        return self._vouched(octets, self._parser.parse(octets))

    def parse_all(self, many: Sequence[bytes]) -> list[Message]:
        """The same for many."""
        return [self._vouched(octets, read) for octets, read in zip(many, self._parser.parse_all(many), strict=True)]

    def _vouched(self, octets: bytes, message: Message) -> Message:
        domain = author_domain(read_trace(octets), message.from_)
        if domain is None or not in_domains(domain, self._platforms):
            return message
        return replace(message, vouched=self._check.check(octets, domain, message.date, self._clock.now()))

    def close(self) -> None:
        """End what parses; safe to repeat."""
        self._parser.close()

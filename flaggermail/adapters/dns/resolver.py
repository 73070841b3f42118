# SPDX-License-Identifier: EUPL-1.2
"""The DNS by way of dnspython: the system's name servers, and an answer within seconds or none."""

from __future__ import annotations

from collections.abc import Sequence

from dns.exception import DNSException
from dns.name import EmptyLabel, LabelTooLong, NameTooLong
from dns.rdatatype import TXT
from dns.rdtypes.txtbase import TXTBase
from dns.resolver import NXDOMAIN, Resolver

SECONDS = 3.0  # for one question, all servers and tries together


class DnsResolver:
    """Implements ports.Resolver; usable from several threads."""

    def __init__(self, servers: Sequence[str] = (), port: int = 53, seconds: float = SECONDS) -> None:
        """`servers`: addresses to ask instead of the system's; `seconds` for one question."""
        self._servers, self._port, self._seconds = servers, port, seconds

    def texts(self, name: str) -> Sequence[bytes] | None:
        """The TXT records at `name`, each joined; empty where there is none, nothing when no answer is to be had."""
        try:
            return self._asked(name)
        except (NXDOMAIN, EmptyLabel, LabelTooLong, NameTooLong):
            return ()
        except (DNSException, OSError):  # no server answers, all fail, or there is no list of servers
            return None

    def _asked(self, name: str) -> Sequence[bytes]:
        resolver = Resolver(configure=not self._servers)
        if self._servers:
            resolver.nameservers, resolver.port = list(self._servers), self._port
        answer = resolver.resolve(f"{name}.", TXT, lifetime=self._seconds, search=False, raise_on_no_answer=False)
        records = answer.rrset or ()
        return tuple(b"".join(record.strings) for record in records if isinstance(record, TXTBase))

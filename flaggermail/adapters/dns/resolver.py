# SPDX-License-Identifier: EUPL-1.2
"""DNS queries with dnspython to the system's name servers, with a time limit."""

from __future__ import annotations

from collections.abc import Sequence

from dns.exception import DNSException
from dns.name import EmptyLabel, LabelTooLong, NameTooLong
from dns.rdatatype import TXT
from dns.rdtypes.txtbase import TXTBase
from dns.resolver import NXDOMAIN, Resolver

SECONDS = 3.0  # time limit of one query, including all servers and retries


class DnsResolver:
    """Implements ports.Resolver; thread-safe."""

    def __init__(self, servers: Sequence[str] = (), port: int = 53, seconds: float = SECONDS) -> None:
        """`servers`: addresses used instead of the system's name servers; `seconds`: time limit of one query."""
        self._servers, self._port, self._seconds = servers, port, seconds

    def texts(self, name: str) -> Sequence[bytes] | None:
        """Returns the TXT records at `name`, each joined; empty if there are none, None if the DNS does not answer."""
        try:
            return self._query(name)
        except (NXDOMAIN, EmptyLabel, LabelTooLong, NameTooLong):
            return ()
        except (DNSException, OSError):  # no server answers, all fail, or resolv.conf is missing
            return None

    def _query(self, name: str) -> Sequence[bytes]:
        resolver = Resolver(configure=not self._servers)
        if self._servers:
            resolver.nameservers, resolver.port = list(self._servers), self._port
        answer = resolver.resolve(f"{name}.", TXT, lifetime=self._seconds, search=False, raise_on_no_answer=False)
        records = answer.rrset or ()
        return tuple(b"".join(record.strings) for record in records if isinstance(record, TXTBase))

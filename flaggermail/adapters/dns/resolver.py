# SPDX-License-Identifier: EUPL-1.2
"""DNS queries with dnspython to the system's name servers, with a time limit."""

from __future__ import annotations

from collections.abc import Sequence

from dns.exception import DNSException
from dns.flags import AD, RD
from dns.message import Message
from dns.name import EmptyLabel, LabelTooLong, NameTooLong
from dns.rdatatype import TXT
from dns.rdtypes.txtbase import TXTBase
from dns.resolver import NXDOMAIN, Resolver

from flaggermail.mail.message import Dnssec
from flaggermail.ports import DnsAnswer

SECONDS = 3.0  # time limit of one query, including all servers and retries


class DnsResolver:
    """Implements ports.Resolver; thread-safe."""

    def __init__(self, servers: Sequence[str] = (), port: int = 53, seconds: float = SECONDS) -> None:
        """`servers`: addresses used instead of the system's name servers; `seconds`: time limit of one query."""
        self._servers, self._port, self._seconds = servers, port, seconds

    def look_up(self, name: str) -> DnsAnswer:
        """Returns the answer about the TXT records at `name`."""
        try:
            resolver = Resolver(configure=not self._servers)
        except (DNSException, OSError):  # resolv.conf is missing
            return DnsAnswer(None)
        if self._servers:
            resolver.nameservers, resolver.port = list(self._servers), self._port
        resolver.set_flags(RD | AD)  # AD in a query asks for AD in the answer (RFC 6840, section 5.7)
        asked = " ".join(str(server) for server in resolver.nameservers)
        try:
            return self._query(resolver, name)
        except NXDOMAIN as fault:
            return DnsAnswer((), _proved(*fault.kwargs["responses"].values()), asked)
        except (EmptyLabel, LabelTooLong, NameTooLong):  # no possible name: nobody was asked
            return DnsAnswer(())
        except (DNSException, OSError):  # no server answers, or all fail
            return DnsAnswer(None, server=asked)

    def _query(self, resolver: Resolver, name: str) -> DnsAnswer:
        answer = resolver.resolve(f"{name}.", TXT, lifetime=self._seconds, search=False, raise_on_no_answer=False)
        texts = [b"".join(record.strings) for record in answer.rrset or () if isinstance(record, TXTBase)]
        return DnsAnswer(tuple(texts), _proved(answer.response), answer.nameserver or "")


def _proved(*responses: Message) -> Dnssec:
    return Dnssec.YES if responses and all(response.flags & AD for response in responses) else Dnssec.NO

# SPDX-License-Identifier: EUPL-1.2
"""DNS queries have a time limit; "no record" and "no answer now" are told apart."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from dns import flags, message, rcode, rrset

from flaggermail.adapters.dns.resolver import DnsResolver
from flaggermail.mail.message import Dnssec
from flaggermail.ports import DnsAnswer
from tests.patience import PATIENCE

NAME = "s1._domainkey.x-platform.example"


class NameServer:
    """Answers on loopback by UDP: TXT for NAME, SERVFAIL for `broken.`, nothing for `silent.`, else NXDOMAIN.

    Once it `speaks` it answers about that too.

    A server that `validates` sets AD in each answer to a query that asks for it, as a validating resolver does.
    """

    def __init__(self) -> None:
        self.validates = self.speaks = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.asked = 0
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        """Stops the thread with an empty datagram."""
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while True:
            octets, client = self.socket.recvfrom(4096)
            if not octets:
                return
            self.asked += 1
            answer = self._answer(message.from_wire(octets))
            if answer is not None:
                self.socket.sendto(answer.to_wire(), client)

    def _answer(self, question: message.Message) -> message.Message | None:
        name = question.question[0].name.to_text()
        answer = message.make_response(question)
        answer.flags |= flags.RA
        if self.validates and question.flags & flags.AD:
            answer.flags |= flags.AD
        if name.startswith("silent.") and not self.speaks:
            return None
        if name.startswith("broken."):
            answer.set_rcode(rcode.SERVFAIL)
        elif name == f"{NAME}.":
            answer.answer.append(rrset.from_text(name, 60, "IN", "TXT", '"v=DKIM1; k=rsa; " "p=AAAA"', '"second"'))
        elif name.startswith("address."):
            pass  # the name exists, but has no TXT record
        else:
            answer.set_rcode(rcode.NXDOMAIN)
        return answer


@pytest.fixture
def server() -> Iterator[NameServer]:
    """Returns a name server for one test."""
    with closing(NameServer()) as running:
        yield running


@pytest.fixture
def resolver(server: NameServer) -> DnsResolver:
    """Returns a resolver that asks that server."""
    return DnsResolver(["127.0.0.1"], server.port, PATIENCE)


def test_the_strings_of_a_record_are_joined(resolver: DnsResolver) -> None:
    """A key is longer than a string of 255 octets may be (RFC 6376, section 3.6.2.2)."""
    found = resolver.look_up(NAME).texts
    assert found is not None
    assert sorted(found) == [b"second", b"v=DKIM1; k=rsa; p=AAAA"]


@pytest.mark.parametrize(
    "name", ["none.example", "address.example", f"{'a' * 64}.example", "a..example", f"{'a.' * 140}example"]
)
def test_no_name_no_record_and_no_possible_name_are_no_key(resolver: DnsResolver, name: str) -> None:
    """All these are permanent: asking again would change nothing."""
    assert resolver.look_up(name).texts == ()


NO_ANSWER = DnsAnswer(None, Dnssec.UNKNOWN, "127.0.0.1")


def test_a_failure_is_told_apart(resolver: DnsResolver) -> None:
    """A server that fails says nothing about the record."""
    assert resolver.look_up("broken.example") == NO_ANSWER


def test_silence_is_told_apart(server: NameServer, resolver: DnsResolver) -> None:
    """A server that does not answer says nothing about the record; the wait is bounded.

    Whoever asked before and has longer waits on.
    """
    found = list[DnsAnswer]()
    patient = threading.Thread(target=lambda: found.append(resolver.look_up("silent.example")))
    patient.start()
    assert DnsResolver(["127.0.0.1"], server.port, 0.5).look_up("silent.example") == NO_ANSWER
    assert patient.is_alive()
    server.speaks = True
    patient.join(PATIENCE)
    assert [answer.texts for answer in found] == [()]


def test_a_machine_without_a_name_server_gives_no_answer() -> None:
    """A port where nothing listens gives no answer."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as unused:
        unused.bind(("127.0.0.1", 0))
        assert DnsResolver(["127.0.0.1"], unused.getsockname()[1], seconds=0.3).look_up(NAME).texts is None


@pytest.mark.parametrize("name", [NAME, "none.example", "address.example"])
def test_the_resolver_says_whether_dnssec_proves_its_answer(
    server: NameServer, resolver: DnsResolver, name: str
) -> None:
    """Asked for, the bit AD of the answer is given on, also with "no such record", with the address of the server."""
    for server.validates, said in ((False, Dnssec.NO), (True, Dnssec.YES)):
        answer = resolver.look_up(name)
        assert (answer.dnssec, answer.server) == (said, "127.0.0.1")


def test_where_no_server_was_asked_nothing_is_known(resolver: DnsResolver) -> None:
    """A name that cannot be in the DNS is asked of nobody: no such record, and nothing about DNSSEC."""
    assert resolver.look_up(f"{'a' * 64}.example") == DnsAnswer(())

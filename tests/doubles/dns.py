# SPDX-License-Identifier: EUPL-1.2
"""A DNS backed by a dictionary, and a platform that signs its mail with a key in it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import cache

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from flaggermail.mail.message import Dnssec
from flaggermail.ports import DnsAnswer

SIGNED = ("from", "to", "subject", "date", "message-id", "in-reply-to", "references")


SERVER = "192.0.2.53"  # the address of the double


class ScriptedResolver:
    """Implements ports.Resolver: `records` by name; None is no reply, a missing name has no record."""

    def __init__(
        self, records: Mapping[str, Sequence[bytes] | None], dnssec: Dnssec = Dnssec.NO, server: str = SERVER
    ) -> None:
        self.records, self.dnssec, self.server = records, dnssec, server
        self.asked: list[str] = []

    def look_up(self, name: str) -> DnsAnswer:
        """Returns the records in the dictionary."""
        self.asked.append(name)
        texts = self.records.get(name, ())
        return DnsAnswer(texts, Dnssec.UNKNOWN if texts is None else self.dnssec, self.server)


@cache
def key(number: int) -> rsa.RSAPrivateKey:
    """Returns the key of that number, made once."""
    del number
    return rsa.generate_private_key(65537, 2048)


def key_record(public: rsa.RSAPublicKey | None = None, more: str = "") -> bytes:
    """Returns the record of a key (RFC 6376, section 3.6.1), with `more` tags."""
    octets = (public or key(0).public_key()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; {more} p={base64.b64encode(octets).decode()}".encode()


def signed(
    octets: bytes, domain: str, *, number: int = 0, selector: str = "s1", covers: Sequence[str] = SIGNED,
    algorithm: str = "rsa-sha256",
) -> bytes:  # fmt: skip
    """Returns the mail with a signature of `domain` on top, made with the key `number`; "l" in `covers` means l=."""
    pem = key(number).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    there = [name for name in covers if f"\n{name}:".encode() in b"\n" + octets.lower()]
    made: bytes = dkim.DKIM(octets, signature_algorithm=algorithm.encode()).sign(
        selector.encode(), domain.encode(), pem, canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[name.encode() for name in there], length="l" in covers,
    )  # fmt: skip
    return made + octets

# SPDX-License-Identifier: EUPL-1.2
"""Whether the author of a mail addressed it to us.

A platform answers whoever opens a ticket there. Its answer to somebody else is genuine and signed; passed on to us, it
still says to whom it was written.
"""

from __future__ import annotations

from collections.abc import Collection

from flaggermail.mail.addresses import in_domains
from flaggermail.mail.authentication.dkim_signature import read_signature
from flaggermail.mail.message import Address, Message

FIELD = "dkim-signature"


def to_us(message: Message, ours: Collection[str], signers: frozenset[str], *, plus_addresses: bool) -> bool:
    """True if To or Cc names one of our addresses `ours` (in lower case), or one with a detail (RFC 5233).

    Being among the blind recipients proves nothing: so is everybody to whom a mail is passed on. A field counts only if
    every signature of the author's organisation (`signers`: its domains) covers it, and if it occurs once: whoever
    passes a signed mail on can add a field that was not signed (RFC 6376, section 8.15).
    """
    author = message.sender.domain if message.sender else ""
    signatures = [signature for value in message.header_all(FIELD) if (signature := read_signature(value))]
    covers = [
        one.covers
        for one in signatures
        if in_domains(one.domain, signers | {author}) or in_domains(author, frozenset({one.domain}))
    ]
    return any(
        len(message.header_all(name)) == 1
        and all(name in covered for covered in covers)
        and any(_is_ours(address, ours, plus_addresses=plus_addresses) for address in addresses)
        for name, addresses in (("to", message.to), ("cc", message.cc))
    )


def _is_ours(address: Address, ours: Collection[str], *, plus_addresses: bool) -> bool:
    local, _, domain = address.key.rpartition("@")
    plain = f"{local.partition('+')[0]}@{domain}"
    return address.key in ours or (plus_addresses and plain in ours)

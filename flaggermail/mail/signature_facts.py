# SPDX-License-Identifier: EUPL-1.2
"""What was found about the DKIM signature of a mail when it came in: plain values, recorded and never judged again.

They stand beside the verdict on the sender. A later look could not find them: keys are rotated, and some servers change
the octets that they store.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flaggermail.wording.said import UNSAID, Said


class SignatureState(StrEnum):
    """The state of the signature of the author's domain, on the octets that the mailbox gave."""

    VERIFIED = "verified"
    FAILED = "failed on the stored copy"  # which the server may have changed after it received the mail: no forgery yet
    ABSENT = "absent"
    NOT_CHECKED = "not checked"  # nobody asked, or nothing could be said: no answer, no usable key, a weak signature


class Dnssec(StrEnum):
    """Whether the resolver says that DNSSEC proves its answer: the bit AD (RFC 4035, section 3.2.3)."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "not known"  # nobody asked, or no answer came


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """The signature that counted among those of the author's domain, and the key record as it was seen.

    `key_record` is None if no answer came, and empty if the DNS has no such record. It is text of a limited length;
    `key_digest` is the SHA-256 of the whole record, in hexadecimal.
    """

    state: SignatureState = SignatureState.NOT_CHECKED
    basis: Said = UNSAID  # why
    domain: str | None = None  # d= and s= (RFC 6376, section 3.5)
    selector: str | None = None
    key_record: str | None = None
    key_digest: str | None = None
    dnssec: Dnssec = Dnssec.UNKNOWN
    resolver: str | None = None  # the addresses of the name servers asked
    looked_up_at: datetime | None = None


NOT_CHECKED = SignatureFacts()

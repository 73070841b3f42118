# SPDX-License-Identifier: EUPL-1.2
"""What the desk says about a certificate that is not accepted names the key to look at, and what would be right."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from flaggermail.adapters.server_answers.answer import Reader
from flaggermail.adapters.tls import tls_fault

OWN = Path("ca.pem")


@pytest.mark.parametrize(
    ("code", "ca_file", "hint"),
    [
        (20, None, "; mailbox.ca_file: name the file with"),  # no issuer is known
        (20, OWN, "; mailbox.ca_file: ca.pem held another authority when the daemon started; "),
        (62, OWN, "; mailbox.host: write a name that the certificate bears"),
        (85, OWN, "; mailbox.ca_file: certificates lack what RFC 5280 asks of them; "),  # no authority key identifier
        (92, OWN, "; mailbox.ca_file: certificates lack what RFC 5280 asks of them; "),  # no key usage
        (10, OWN, "; the certificate of mail.desk.example has ended: let"),
        (9, None, "; the certificate of mail.desk.example is not valid yet: set the clock"),
        (79, OWN, ""), (94, OWN, ""),  # beside what X509_V_FLAG_X509_STRICT asks
    ],
)  # fmt: skip
def test_a_refused_certificate_names_the_key(code: int, ca_file: Path | None, hint: str) -> None:
    """The codes are those of OpenSSL's x509_vfy.h."""
    error = ssl.SSLCertVerificationError(1, "verify failed")
    error.verify_code, error.verify_message = code, "so it is"
    said = tls_fault(Reader(host="mail.desk.example", port=993, file=str(ca_file or "")), error).english
    assert said.startswith(f"the server's certificate is not accepted: so it is{hint}")
    assert bool(hint) == (";" in said)

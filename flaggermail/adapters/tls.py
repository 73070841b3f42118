# SPDX-License-Identifier: EUPL-1.2
"""TLS contexts for the mailbox and the submission server, and their error texts in a form fit for a log."""

from __future__ import annotations

import ssl
from pathlib import Path

from flaggermail.errors import ConfigurationError
from flaggermail.settings.hosts import is_loopback

LONGEST = 200  # characters kept of a server's text


def verifying(server: str, host: str, tls: str, ca_file: Path | None) -> ssl.SSLContext | None:
    """Returns a context that verifies the server's name and certificate; TLS 1.2 or later (RFC 8314, 4.1; RFC 8997).

    Returns None if `tls` is "none". Raises ConfigurationError, naming the settings section `server`, if clear text
    would cross a network or the certificate authorities in `ca_file` cannot be read.
    """
    if tls == "none":
        if not is_loopback(host):
            raise ConfigurationError(f"{server}: tls none is for a server on this machine, not for {host}")
        return None
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as fault:  # includes ssl.SSLError
        raise ConfigurationError(f"{server}: ca_file {ca_file} cannot be used: {fault}") from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def describe_tls_error(error: ssl.SSLError) -> str:
    """Describes a TLS error for a person."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not accepted: {one_line(error.verify_message)}"
    return f"TLS failed: {one_line(error.reason or str(error))}"


def one_line(text: str) -> str:
    """Returns a server's text as one line of at most `LONGEST` characters, without control characters or surrogates."""
    joined = " ".join(text.encode("utf-8", "replace").decode().split())
    return "".join(character if character.isprintable() else "?" for character in joined)[:LONGEST]

# SPDX-License-Identifier: EUPL-1.2
"""TLS to our two servers, and what they say, fit for a log."""

from __future__ import annotations

import ssl
from pathlib import Path

from flaggermail.errors import ConfigurationError
from flaggermail.settings.hosts import is_loopback

LONGEST = 200  # characters of a server's answer that are kept


def verifying(server: str, host: str, tls: str, ca_file: Path | None) -> ssl.SSLContext | None:
    """A context that checks the server's name and certificate; TLS 1.2 or later (RFC 8314, section 4.1; RFC 8997).

    Nothing for `tls` "none". Raises ConfigurationError, which names the section `server` of the settings, when that
    would cross a network, or the authorities in `ca_file` cannot be read.
    """
    if tls == "none":
        if not is_loopback(host):
            raise ConfigurationError(f"{server}: tls none is for a server on this machine, not for {host}")
        return None
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as fault:  # ssl.SSLError is one
        raise ConfigurationError(f"{server}: ca_file {ca_file} cannot be used: {fault}") from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def tls_words(error: ssl.SSLError) -> str:
    """What went wrong with TLS, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not accepted: {one_line(error.verify_message)}"
    return f"TLS failed: {one_line(error.reason or str(error))}"


def one_line(text: str) -> str:
    """What a server said: one line, no control characters, no halves of broken UTF-8, no more than `LONGEST`."""
    joined = " ".join(text.encode("utf-8", "replace").decode().split())
    return "".join(character if character.isprintable() else "?" for character in joined)[:LONGEST]

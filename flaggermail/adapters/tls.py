# SPDX-License-Identifier: EUPL-1.2
"""TLS contexts for the mailbox and the submission server, and their error texts in a form fit for a log."""

from __future__ import annotations

import ssl
from contextlib import suppress
from pathlib import Path

from flaggermail.errors import ConfigurationError
from flaggermail.settings.hosts import is_loopback
from flaggermail.settings.mistakes import CheckCode, Mistake, mistake
from flaggermail.wording.delivery import Attempted, ServerHint
from flaggermail.wording.said import UNSAID, Said

LONGEST = 200  # characters kept of a server's text
_CERTIFICATE, _KEY = b"-----BEGIN CERTIFICATE-----", b"PRIVATE KEY-----"  # RFC 7468, sections 5 and 10

_UNKNOWN_AUTHORITY = frozenset({18, 19, 20, 21})  # X509_V_ERR_*: self-signed, or no issuer known here
_OTHER_NAME = 62  # X509_V_ERR_HOSTNAME_MISMATCH
_NO_TLS_THERE = frozenset({"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"})


def verifying(server: str, host: str, tls: str, ca_file: Path | None) -> ssl.SSLContext | None:
    """Returns a context that verifies the server's name and certificate; TLS 1.2 or later (RFC 8314, 4.1; RFC 8997).

    Returns None if `tls` is "none". Raises ConfigurationError, naming the settings section `server`, if clear text
    would cross a network or the certificate authorities in `ca_file` cannot be read.
    """
    if tls == "none":
        if not is_loopback(host):
            raise ConfigurationError(f"{server}: tls none is for a server on this machine, not for {host}")
        return None
    found = ca_file_mistake(server, ca_file)
    if found is not None:
        raise ConfigurationError(found.text)
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def ca_file_mistake(server: str, ca_file: Path | None) -> Mistake | None:
    """Returns why no certificate authority can be read from `ca_file`; None if one can, or none is named."""
    if ca_file is None:
        return None
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError as fault:  # includes ssl.SSLError
        why = f"cannot be read ({one_line(fault.strerror or str(fault))})"
    else:
        return None
    with suppress(OSError):
        octets = ca_file.read_bytes()
        if _CERTIFICATE not in octets:
            why = "holds a private key and no certificate" if _KEY in octets else "holds no certificate"
    return mistake(CheckCode.CA_FILE, server=server, file=ca_file, why=why)


def tls_fault(server: str, port: int, ca_file: Path | None, error: ssl.SSLError) -> Said:
    """Describes a TLS error, with the key of the section `server` that it speaks about, if any."""
    if isinstance(error, ssl.SSLCertVerificationError):
        told = Attempted.CERTIFICATE(words=one_line(error.verify_message))
    else:
        told = Attempted.TLS_FAILED(words=one_line(error.reason or str(error)))
    return _hinted(told, _tls_hint(server, port, ca_file, error))


def _tls_hint(server: str, port: int, ca_file: Path | None, error: ssl.SSLError) -> Said:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _UNKNOWN_AUTHORITY:
            other = ServerHint.CA_OTHER(server=server, file=str(ca_file)) if ca_file else None
            return other or ServerHint.CA_NONE(server=server)
        return ServerHint.NAME(server=server) if error.verify_code == _OTHER_NAME else UNSAID
    return ServerHint.TLS_LATER(server=server, port=str(port)) if error.reason in _NO_TLS_THERE else UNSAID


def silence(server: str, port: int, tls: str, seconds: float) -> Said:
    """Says that a server says nothing to somebody who waits for its greeting, and what may be wrong.

    A server that speaks TLS from the first octet waits for the client (RFC 8314, section 3).
    """
    hint = UNSAID if tls == "implicit" else ServerHint.TLS_FIRST(server=server, port=str(port))
    return _hinted(Attempted.SILENT(seconds=f"{seconds:g}"), hint)


def _hinted(what: Said, hint: Said) -> Said:
    return Attempted.HINTED(what=what, hint=hint) if hint else what


def one_line(text: str) -> str:
    """Returns a server's text as one line of at most `LONGEST` characters, without control characters or surrogates."""
    joined = " ".join(text.encode("utf-8", "replace").decode().split())
    return "".join(character if character.isprintable() else "?" for character in joined)[:LONGEST]

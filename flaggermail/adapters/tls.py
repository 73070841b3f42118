# SPDX-License-Identifier: EUPL-1.2
"""TLS contexts for the mailbox and the submission server, and their error texts in a form fit for a log."""

from __future__ import annotations

import errno
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from flaggermail.adapters.server_answers.answer import ConnectFailure, ProtocolStep, Reader, ServerAnswer
from flaggermail.adapters.server_answers.recognise import explain
from flaggermail.errors import ConfigurationError
from flaggermail.record.definition import usable
from flaggermail.settings.mistakes import SetupFault, SetupFaultCode, setup_fault
from flaggermail.settings.yaml_files.kinds import is_loopback
from flaggermail.wording.said import UNSAID, StoredText
from flaggermail.wording.servers import AttemptText

LONGEST = 200  # characters kept of a server's text
_CERTIFICATE, _KEY = b"-----BEGIN CERTIFICATE-----", b"PRIVATE KEY-----"  # RFC 7468, sections 5 and 10

_NO_TLS_THERE = frozenset({"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"})
_NO_SUCH_HOST = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
_NO_WAY = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EPERM, errno.EACCES})


def verifying(server: str, host: str, tls: str, ca_file: Path | None) -> ssl.SSLContext | None:
    """Returns a context that verifies the server's name and certificate; TLS 1.2 or later (RFC 8314, 4.1; RFC 8997).

    Returns None if `tls` is "none". Raises ConfigurationError, naming the settings section `server`, if clear text
    would cross a network or the certificate authorities in `ca_file` cannot be read.
    """
    if tls == "none":
        if not is_loopback(host):
            raise ConfigurationError(f"{server}: tls none is for a server on this machine, not for {host}")
        return None
    found = ca_file_fault(server, ca_file)
    if found is not None:
        raise ConfigurationError(found.text)
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def ca_file_fault(server: str, ca_file: Path | None) -> SetupFault | None:
    """Returns why no certificate authority can be read from `ca_file`; None if one can, or none is named."""
    if ca_file is None:
        return None
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError as fault:  # includes ssl.SSLError
        missing = isinstance(fault, FileNotFoundError)
        why = "does not exist" if missing else f"cannot be read ({one_line(fault.strerror or str(fault))})"
    else:
        return None
    with suppress(OSError):
        octets = ca_file.read_bytes()
        if _CERTIFICATE not in octets:
            why = "holds a private key and no certificate" if _KEY in octets else "holds no certificate"
    return setup_fault(SetupFaultCode.CA_FILE, server=server, file=ca_file, why=why)


def tls_fault(reader: Reader, error: ssl.SSLError) -> StoredText:
    """Describes a TLS error, with what to change if that is known."""
    return hinted(tls_words(error), connect_meaning(reader, error))


def tls_words(error: ssl.SSLError) -> StoredText:
    """Describes a TLS error."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return AttemptText.CERTIFICATE(words=one_line(error.verify_message))
    return AttemptText.TLS_FAILED(words=one_line(error.reason or str(error)))


def connect_meaning(reader: Reader, error: OSError) -> StoredText:
    """Returns what an error of DNS, TCP or TLS means for the settings; `reader.file` is the certificate authority's."""
    answer = _as_answer(reader, error)
    found = explain(ProtocolStep.CONNECT, answer, reader) if answer else None
    return found.said if found else UNSAID


def _as_answer(reader: Reader, error: OSError) -> ServerAnswer | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        kind = ConnectFailure.CERTIFICATE_BY_OWN_AUTHORITY if reader.file else ConnectFailure.CERTIFICATE
        return ServerAnswer(kind, str(error.verify_code))
    if isinstance(error, ssl.SSLError):
        return ServerAnswer(ConnectFailure.NO_TLS) if error.reason in _NO_TLS_THERE else None
    if isinstance(error, socket.gaierror):
        return ServerAnswer(ConnectFailure.NO_HOST) if error.errno in _NO_SUCH_HOST else None
    if isinstance(error, ConnectionRefusedError):
        return ServerAnswer(ConnectFailure.REFUSED)
    return ServerAnswer(ConnectFailure.NO_WAY) if error.errno in _NO_WAY else None


def silence_meaning(reader: Reader, tls: str) -> StoredText:
    """Returns the likely cause when a server sends no greeting.

    A server that speaks TLS from the first octet waits for the client (RFC 8314, section 3).
    """
    found = None if tls == "implicit" else explain(ProtocolStep.CONNECT, ServerAnswer(ConnectFailure.SILENT), reader)
    return found.said if found else UNSAID


def hinted(what: StoredText, hint: StoredText) -> StoredText:
    """Returns what happened, with what to change if that is known."""
    return AttemptText.HINTED(what=what, hint=hint) if hint else what


def certificate_end(line: object) -> datetime | None:
    """Returns when the certificate ends that a server presented on this line; None in clear text."""
    certificate = line.getpeercert() if isinstance(line, ssl.SSLSocket | ssl.SSLObject) else None
    ends = certificate.get("notAfter") if certificate else None
    if not isinstance(ends, str):
        return None
    return usable(datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC))  # 9999: no end (RFC 5280, 4.1.2.5)


def one_line(text: str) -> str:
    """Returns a server's text as one line of at most `LONGEST` characters, without control characters or surrogates."""
    joined = " ".join(text.encode("utf-8", "replace").decode().split())
    return "".join(character if character.isprintable() else "?" for character in joined)[:LONGEST]

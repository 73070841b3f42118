# SPDX-License-Identifier: EUPL-1.2
"""Why no connection came about: the faults of DNS, TCP and TLS."""

from __future__ import annotations

from collections.abc import Sequence

from flaggermail.adapters.server_answers.answer import ConnectFault, KnownAnswer, ProtocolStep, Service
from flaggermail.wording.said import Sentence
from flaggermail.wording.servers import ConnectionCause, ServerHint

_OPENSSL = "OpenSSL, x509_vfy.h"
_NO_ISSUER = frozenset({"18", "19", "20", "21"})  # self-signed, or no issuer known here
_STRICT = frozenset(map(str, range(80, 94)))  # X509_V_FLAG_X509_STRICT, which Python sets from 3.13 on
_ADDRESS = frozenset({"64"})  # the host is written as an IP address
_EITHER = frozenset[str]({ConnectFault.CERTIFICATE, ConnectFault.CERTIFICATE_BY_OWN_AUTHORITY})
_NONE = frozenset[str]()


def _row(
    means: Sentence, line: str, source: str, statuses: frozenset[str] = _NONE, codes: frozenset[str] = _NONE
) -> KnownAnswer:
    return KnownAnswer(
        means=means, service=Service.NETWORK, steps=(ProtocolStep.CONNECT,), line=line, source=source, codes=codes,
        statuses=statuses,
    )  # fmt: skip


KNOWN: Sequence[KnownAnswer] = (
    _row(ConnectionCause.NO_HOST, "no-host Name or service not known", "getaddrinfo(3), EAI_NONAME"),
    _row(ConnectionCause.REFUSED, "refused Connection refused", "connect(2), ECONNREFUSED"),
    _row(ConnectionCause.NO_WAY, "no-way No route to host", "connect(2), EHOSTUNREACH, ENETUNREACH and EPERM"),
    _row(ServerHint.TLS_FIRST, "silent no greeting", "RFC 8314, section 3: with TLS first, the server waits"),
    _row(ServerHint.TLS_LATER, "no-tls WRONG_VERSION_NUMBER", "OpenSSL, for plain text where TLS was expected"),
    _row(ServerHint.CA_NONE, "certificate 19 self-signed certificate in certificate chain", _OPENSSL, _NO_ISSUER),
    _row(ServerHint.CA_OTHER, "certificate-by-own-authority 20 unable to get local issuer", _OPENSSL, _NO_ISSUER),
    _row(ServerHint.CA_STRICT, "certificate 85 Missing Authority Key Identifier", _OPENSSL, _STRICT, _EITHER),
    _row(ServerHint.NAME, "certificate 62 hostname mismatch", _OPENSSL, _ADDRESS, _EITHER),
    _row(ConnectionCause.CERTIFICATE_ENDED, "certificate 10 certificate has expired", _OPENSSL, codes=_EITHER),
    _row(ConnectionCause.CERTIFICATE_TO_COME, "certificate 9 certificate is not yet valid", _OPENSSL, codes=_EITHER),
)

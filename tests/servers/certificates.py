# SPDX-License-Identifier: EUPL-1.2
"""The tests' own certificate authority, with a valid, an expired and a wrongly named server certificate."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


@dataclass(frozen=True)
class ServerCertificate:
    """The PEM files of one server: its certificate and its private key."""

    cert_file: Path
    key_file: Path

    def server_context(self) -> ssl.SSLContext:
        """Returns a context with which a Python server presents this certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.cert_file, self.key_file)
        return context


class Certificates:
    """One authority and the certificates it issues, as files in `folder`."""

    def __init__(self, folder: Path) -> None:
        """Makes the authority and the valid certificate, for localhost and 127.0.0.1."""
        self._folder = folder
        self._authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(self.ca_file)
        self.server = self._issue("server", "localhost", "127.0.0.1")

    def expired(self) -> ServerCertificate:
        """Returns a certificate for the right names that expired yesterday."""
        return self._issue("expired", "localhost", "127.0.0.1", ends=datetime.now(UTC) - timedelta(days=1))

    def ending(self, ends: datetime) -> ServerCertificate:
        """Returns a valid certificate that expires then."""
        return self._issue("ending", "localhost", "127.0.0.1", ends=ends)

    def to_come(self) -> ServerCertificate:
        """Returns a certificate for the right names that is valid from tomorrow on."""
        return self._issue("to-come", "localhost", "127.0.0.1", begins=datetime.now(UTC) + timedelta(days=1))

    def wrong_host(self) -> ServerCertificate:
        """Returns a valid certificate of another host."""
        return self._issue("wrong-host", "elsewhere.example")

    def client_context(self) -> ssl.SSLContext:
        """Returns the context of a production client that trusts this authority."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    def _issue(
        self, name: str, *hosts: str, ends: datetime | None = None, begins: datetime | None = None
    ) -> ServerCertificate:
        issued = self._authority.issue_cert(*hosts, not_before=begins, not_after=ends)
        files = ServerCertificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        issued.cert_chain_pems[0].write_to_path(files.cert_file)
        issued.private_key_pem.write_to_path(files.key_file)
        files.key_file.chmod(0o644)  # servers read it under their own accounts; it protects nothing
        return files

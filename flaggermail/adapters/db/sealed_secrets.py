# SPDX-License-Identifier: EUPL-1.2
"""Secrets in the database, sealed under a key that each node has from its service manager and no database has.

AES-256 in Galois/Counter Mode (NIST SP 800-38D): a nonce of 96 random bits, then what it gives. The name of the row and
of its key are the associated data (RFC 5116, section 2.1), so that a row that was changed, or put in the place of
another, does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from flaggermail.adapters.files.secrets import SECRET_NAME
from flaggermail.errors import ArchiveFailure, ConfigurationError, StoreBusy, StoreFailure
from flaggermail.ports import SealedSecret, SecretRows
from flaggermail.wording.said import StoredText

KEY = "secrets-key"  # the credential
_KEY_OCTETS, _NONCE_OCTETS = 32, 12
_PROBE = "key-check"  # a row that every node opens at its start
_MAKE = f"make one with `openssl rand -base64 {_KEY_OCTETS}` and give the same to every node as the credential {KEY}"


class SealedSecrets:
    """Implements `adapters.files.secrets.SecretPlace`. `key` reads the credential: 32 octets in Base64."""

    def __init__(self, rows: SecretRows, key: Callable[[], str]) -> None:
        self.rows, self._key = rows, key

    def unusable(self) -> StoredText:
        """Returns an empty text: what this account may do was proven at the start, by `require`."""
        return StoredText()

    def require(self) -> None:
        """Raises ConfigurationError unless the key of this node is that of the desk; the first node's becomes it."""
        self.once(_PROBE, _PROBE.encode())

    def read(self, name: str) -> bytes | None:
        """Returns a secret; None if there is none, or none that this node can open."""
        try:
            return self.opened(name)
        except ConfigurationError:
            return None

    def holds(self, name: str) -> bool:
        """True if there is a row of that name, whatever key opens it."""
        return self.rows.get(_checked(name)) is not None

    def opened(self, name: str) -> bytes | None:
        """Returns a secret; None if there is none. Raises ConfigurationError if it does not open with this key."""
        held = self.rows.get(_checked(name))
        if held is None:
            return None
        cipher, own = self._cipher()
        if held.key != own:
            raise ConfigurationError(
                f"credential {KEY}: is key {own}, and the secret {name} in the database is sealed under key "
                f"{held.key}; give this node the credential that the other nodes have"
            )
        try:
            return cipher.decrypt(held.sealed[:_NONCE_OCTETS], held.sealed[_NONCE_OCTETS:], _place(name, own))
        except (InvalidTag, ValueError):  # too short for a nonce
            raise ConfigurationError(
                f"database, table sealed_secret: the row {name} was changed, or is that of another name; remove it: "
                "forms-key and key-check are made anew, a device is enrolled again"
            ) from None

    def write(self, name: str, octets: bytes) -> None:
        """Keeps a secret durably, in place of an earlier one. Raises ArchiveFailure."""
        try:
            self.rows.put(_checked(name), self._sealed(name, octets), replace=True)
        except (ConfigurationError, StoreBusy, StoreFailure) as fault:
            raise ArchiveFailure(f"no secret can be kept in the database: {fault}") from fault

    def once(self, name: str, octets: bytes) -> bytes:
        """Returns the secret of a name, and makes it of `octets` if it is not there; all nodes get the same.

        Raises ConfigurationError, StoreFailure, StoreBusy.
        """
        found = self.opened(name)
        if found is None:
            self.rows.put(name, self._sealed(name, octets), replace=False)
            found = self.opened(name)
        return octets if found is None else found

    def forget(self, name: str) -> bool:
        """Destroys a secret; returns whether none is left."""
        try:
            self.rows.remove(_checked(name))
        except (StoreBusy, StoreFailure):
            return False
        return True

    def _sealed(self, name: str, octets: bytes) -> SealedSecret:
        cipher, own = self._cipher()
        nonce = os.urandom(_NONCE_OCTETS)
        return SealedSecret(own, nonce + cipher.encrypt(nonce, octets, _place(name, own)))

    def _cipher(self) -> tuple[AESGCM, str]:
        """Returns the cipher of this node's key, and what tells keys apart. Raises ConfigurationError."""
        try:
            key = base64.b64decode(self._key(), validate=True)
        except (binascii.Error, ValueError):  # ValueError: a letter that is not ASCII
            key = b""
        if len(key) != _KEY_OCTETS:
            raise ConfigurationError(f"credential {KEY}: is not {_KEY_OCTETS} octets in Base64; {_MAKE}")
        return AESGCM(key), hashlib.sha256(b"flaggermail key " + key).hexdigest()[:8]


def _checked(name: str) -> str:
    if not SECRET_NAME.fullmatch(name):
        raise ValueError(f"{name!a} names no secret")
    return name


def _place(name: str, key: str) -> bytes:
    return f"flaggermail sealed_secret {name} {key}".encode()

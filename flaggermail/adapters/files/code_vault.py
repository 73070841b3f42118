# SPDX-License-Identifier: EUPL-1.2
"""The secrets of one-time codes (RFC 6238): one file each, which the desk's own account alone may read.

The folder is 0700, its files 0600. A file is written beside, synced and renamed before the record refers to it. A file
that belongs to another account, or that others may read, counts as missing: somebody else may have put it there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import pwd
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pyotp

from flaggermail.adapters.files.blob_store import replace_file, sync_folder
from flaggermail.errors import ArchiveFault
from flaggermail.wording.pieces import Piece
from flaggermail.wording.said import Said

_NAME = re.compile(r"[a-z0-9-]{1,40}")
_KEY = "key"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class FileCodeVault:
    """Implements `ports.CodeVault` in `folder`, made when the first secret is; `salt` gives 16 random octets."""

    def __init__(self, folder: Path, salt: Callable[[], bytes]) -> None:
        self._folder, self._salt = folder, salt

    def unusable(self) -> Said:
        """Returns whose folder it is if it is not this account's; empty if secrets can be kept."""
        place = next(path for path in (self._folder, *self._folder.parents) if path.exists())
        owner = place.stat().st_uid
        if owner == os.geteuid():
            return Said()
        return Piece.FOLDER_OF_ANOTHER(place=str(place), account=_account(owner))

    def make(self, device: str, secret: bytes) -> str:
        """Keeps the secret of a device durably; returns the commitment to it. Raises ArchiveFault."""
        text = base64.b32encode(secret).decode("ascii")
        self._write(device, text.encode("ascii"))
        return _commitment(device, text)

    def codes(self, device: str, commitment: str, steps: Iterable[int]) -> Mapping[int, str] | None:
        """Returns the code in each time step (RFC 4226, section 5.3); None without the committed secret."""
        secret = self._secret(device, commitment)
        if secret is None:
            return None
        generator = pyotp.HOTP(secret)
        return {step: generator.at(step) for step in steps}

    def address(self, device: str, commitment: str, account: str, issuer: str) -> str | None:
        """Returns the otpauth address, which holds the secret; None without the committed secret."""
        secret = self._secret(device, commitment)
        return None if secret is None else pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)

    def seal(self, text: str) -> bytes | None:
        """Returns the HMAC-SHA-256 of `text` under the desk's key, made on first use; None if it cannot be kept."""
        key = self._read(_KEY)
        if key is None and not self.unusable() and not self._path(_KEY).exists():
            try:
                self._write(_KEY, base64.b32encode(self._salt() + self._salt()))
            except ArchiveFault:
                return None
            key = self._read(_KEY)
        return None if key is None else hmac.digest(key, text.encode(), "sha256")

    def forget(self, device: str) -> bool:
        """Destroys the secret of a device; returns whether none is left."""
        try:
            self._path(device).unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def _secret(self, device: str, commitment: str) -> str | None:
        octets = self._read(device)
        text = octets.decode("ascii", "replace") if octets is not None else ""
        return text if text and hmac.compare_digest(_commitment(device, text), commitment) else None

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!a} names no secret")
        return self._folder / name

    def _read(self, name: str) -> bytes | None:
        """Returns the octets of a file that is this account's alone, else None."""
        try:
            descriptor = os.open(self._path(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            private = found.st_uid == os.geteuid() and not found.st_mode & _OTHERS
            return file.read() if private and stat.S_ISREG(found.st_mode) else None

    def _write(self, name: str, octets: bytes) -> None:
        """Writes beside, syncs, renames, and syncs the folder."""
        try:
            if not self._folder.exists():
                self._folder.mkdir(mode=0o700, parents=True)
                sync_folder(self._folder.parent)
            replace_file(self._path(name), octets, 0o600)
            sync_folder(self._folder)
        except OSError as fault:
            raise ArchiveFault(f"{self._folder}: no secret can be kept ({fault.strerror})") from None


def _commitment(device: str, secret: str) -> str:
    """Returns what events hold of a secret; its 160 random bits cannot be found from it."""
    return hashlib.sha256(f"{device} {secret}".encode()).hexdigest()


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)

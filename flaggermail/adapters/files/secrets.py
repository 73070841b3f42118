# SPDX-License-Identifier: EUPL-1.2
"""Passwords, read from systemd credentials or from a private file; never from YAML, arguments or the environment."""

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
from typing import Protocol

import pyotp

from flaggermail.adapters.files.blob_store import replace_file, sync_folder
from flaggermail.errors import ArchiveFailure, ConfigurationError
from flaggermail.settings.mistakes import SetupFault, SetupFaultCode, setup_fault
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.said import StoredText

_SLIPS = (
    (re.compile(r"^\ufeff"), "begins with a byte order mark, which an editor wrote"),
    (re.compile(r"^\s|\s$"), "begins or ends with a space"),
    (re.compile(r"""^(["']).*\1$"""), "is in quotation marks"),
)
_GROUP_AND_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def credential(name: str, directory: Path) -> Callable[[], str]:
    """Returns a reader of the credential `name`. It reads at every call, so that a changed password needs no restart.

    The reader looks in `$CREDENTIALS_DIRECTORY` (systemd.exec(5), LoadCredential=), then in `credentials/` of the
    configuration `directory`, where only the owner may have access. One trailing line break is removed. It raises
    ConfigurationError if the credential is missing, accessible to others, empty or not UTF-8.
    """

    def read() -> str:
        found = _look(name, directory)
        if isinstance(found, SetupFault):
            raise ConfigurationError(found.text)
        return found

    return read


def secret_fault(name: str, directory: Path, *, several: bool = False) -> SetupFault | None:
    """Returns why the credential `name` cannot be used, or is probably not as it was meant; None if all is well.

    `several`: it may have several lines, as a certificate, a private key and a key file have.
    """
    found = _look(name, directory)
    if isinstance(found, SetupFault):
        return found
    lines = found.replace("\r", "\n").split("\n")
    if several:
        return None
    if len(lines) > 1:
        return setup_fault(SetupFaultCode.CREDENTIAL_LINES, name=name, count=len(lines))
    what = next((words for signs, words in _SLIPS if signs.search(found)), None)
    return setup_fault(SetupFaultCode.CREDENTIAL_SIGNS, name=name, what=what) if what else None


def credential_file(name: str, directory: Path) -> Callable[[], str]:
    """Returns a function that names the file in which the credential `name` is looked for first, or found."""
    return lambda: str(_given(name) or directory / "credentials" / name)


def _given(name: str) -> Path | None:
    """Returns the file of a credential from systemd; None if there is none."""
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    found = given and os.path.isfile(Path(given) / name)  # noqa: PTH113 - Path.is_file raises where it may not look
    return Path(given) / name if given and found else None


def credential_version(name: str, directory: Path) -> Callable[[], str]:
    """Returns a function whose value changes when the file of the credential `name` is replaced or rewritten."""

    def version() -> str:
        given = os.environ.get("CREDENTIALS_DIRECTORY")
        for path in (*([Path(given) / name] if given else []), directory / "credentials" / name):
            try:
                found = path.stat()
            except OSError:
                continue
            return f"{found.st_ino}/{found.st_mtime_ns}/{found.st_size}"
        return "missing"

    return version


def _look(name: str, directory: Path) -> str | SetupFault:
    """Returns the secret, or why it cannot be used."""
    if (from_systemd := _given(name)) is not None:
        # systemd protects this folder with access lists that the mode bits do not show.
        return _text(from_systemd, guarded=True)
    own = directory / "credentials" / name
    if os.path.isfile(own):  # noqa: PTH113 - as in `_given`
        return _text(own, guarded=False)
    if os.path.isdir(own):  # noqa: PTH112 - as in `_given`
        return _unusable(own, "is a folder; write the secret into a file of that name")
    if os.path.isdir(own.parent) and not os.access(own.parent, os.X_OK):  # noqa: PTH112 - as in `_given`
        return setup_fault(SetupFaultCode.CREDENTIAL_UNSEEN, name=name, folder=own.parent)
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    first = f"{given}/{name}" if given else f"$CREDENTIALS_DIRECTORY/{name} (not set)"
    return setup_fault(SetupFaultCode.CREDENTIAL_MISSING, name=name, given=first, own=own)


def _text(path: Path, *, guarded: bool) -> str | SetupFault:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            octets = file.read()
    except OSError as error:
        return _unusable(path, f"cannot be read ({error.strerror}); let this account read it")
    if not guarded and mode & _GROUP_AND_OTHERS:
        return setup_fault(SetupFaultCode.CREDENTIAL_OPEN, path=path, mode=f"{mode & 0o777:o}")
    try:
        secret = octets.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return _unusable(path, "is not UTF-8; save the secret in that encoding")
    if not secret:
        return _unusable(path, "is empty; write the secret into it")
    return secret


def _unusable(path: Path, why: str) -> SetupFault:
    return setup_fault(SetupFaultCode.CREDENTIAL_UNREADABLE, path=path, why=why)


SECRET_NAME = re.compile(r"[a-z0-9-]{1,40}")
_KEY = "key"


class SecretPlace(Protocol):
    """Where secrets are kept by their names, for the desk's own account alone."""

    def unusable(self) -> StoredText:
        """Returns why this account cannot keep secrets here; empty if it can."""
        ...

    def read(self, name: str) -> bytes | None:
        """Returns a secret; None if there is none that is this account's alone."""
        ...

    def holds(self, name: str) -> bool:
        """True if something is kept by that name, also if this account cannot open it."""
        ...

    def write(self, name: str, octets: bytes) -> None:
        """Keeps a secret durably, in place of an earlier one. Raises ArchiveFailure."""
        ...

    def forget(self, name: str) -> bool:
        """Destroys a secret; returns whether none is left."""
        ...


class KeptCodeVault:
    """Implements `ports.CodeVault` in a place for secrets; `salt` gives 16 random octets."""

    def __init__(self, place: SecretPlace, salt: Callable[[], bytes]) -> None:
        self._place, self._salt = place, salt

    def unusable(self) -> StoredText:
        """Returns why this account cannot keep secrets there; empty if it can."""
        return self._place.unusable()

    def make(self, device: str, secret: bytes) -> str:
        """Keeps the secret of a device durably; returns the commitment to it. Raises ArchiveFailure."""
        text = base64.b32encode(secret).decode("ascii")
        self._place.write(device, text.encode("ascii"))
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
        key = self._place.read(_KEY)
        if key is None and not self.unusable() and not self._place.holds(_KEY):
            try:
                self._place.write(_KEY, base64.b32encode(self._salt() + self._salt()))
            except ArchiveFailure:
                return None
            key = self._place.read(_KEY)
        return None if key is None else hmac.digest(key, text.encode(), "sha256")

    def forget(self, device: str) -> bool:
        """Destroys the secret of a device; returns whether none is left."""
        return self._place.forget(device)

    def _secret(self, device: str, commitment: str) -> str | None:
        octets = self._place.read(device)
        text = octets.decode("ascii", "replace") if octets is not None else ""
        return text if text and hmac.compare_digest(_commitment(device, text), commitment) else None


class FileCodeVault(KeptCodeVault):
    """The vault in a folder, made when the first secret is."""

    def __init__(self, folder: Path, salt: Callable[[], bytes]) -> None:
        super().__init__(SecretFolder(folder), salt)


class SecretFolder:
    """Implements `SecretPlace`: a file for each secret."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def unusable(self) -> StoredText:
        """Returns whose folder it is if it is not this account's; empty if secrets can be kept."""
        place = next(path for path in (self._folder, *self._folder.parents) if path.exists())
        owner = place.stat().st_uid
        if owner == os.geteuid():
            return StoredText()
        return RefusalPart.FOLDER_OF_ANOTHER(place=str(place), account=_account(owner))

    def holds(self, name: str) -> bool:
        """True if there is a file of that name, whoever may read it."""
        return self._path(name).exists()

    def forget(self, name: str) -> bool:
        """Removes the file of a secret; returns whether none is left."""
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def _path(self, name: str) -> Path:
        if not SECRET_NAME.fullmatch(name):
            raise ValueError(f"{name!a} names no secret")
        return self._folder / name

    def read(self, name: str) -> bytes | None:
        """Returns the octets of a file that is this account's alone, else None."""
        try:
            descriptor = os.open(self._path(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            private = found.st_uid == os.geteuid() and not found.st_mode & _GROUP_AND_OTHERS
            return file.read() if private and stat.S_ISREG(found.st_mode) else None

    def write(self, name: str, octets: bytes) -> None:
        """Writes beside, syncs, renames, and syncs the folder."""
        try:
            if not self._folder.exists():
                self._folder.mkdir(mode=0o700, parents=True)
                sync_folder(self._folder.parent)
            replace_file(self._path(name), octets, 0o600)
            sync_folder(self._folder)
        except OSError as fault:
            raise ArchiveFailure(f"{self._folder}: no secret can be kept ({fault.strerror})") from None


def _commitment(device: str, secret: str) -> str:
    """Returns what events hold of a secret; its 160 random bits cannot be found from it."""
    return hashlib.sha256(f"{device} {secret}".encode()).hexdigest()


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)

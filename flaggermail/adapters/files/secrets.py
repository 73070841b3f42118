# SPDX-License-Identifier: EUPL-1.2
"""Passwords, read from systemd credentials or from a private file; never from YAML, arguments or the environment."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from flaggermail.errors import ConfigurationError
from flaggermail.settings.mistakes import CheckCode, Mistake, mistake

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
        if isinstance(found, Mistake):
            raise ConfigurationError(found.text)
        return found

    return read


def secret_mistake(name: str, directory: Path, *, several: bool = False) -> Mistake | None:
    """Returns why the credential `name` cannot be used, or is probably not as it was meant; None if all is well.

    `several`: it may have several lines, as a certificate, a private key and a key file have.
    """
    found = _look(name, directory)
    if isinstance(found, Mistake):
        return found
    lines = found.replace("\r", "\n").split("\n")
    if several:
        return None
    if len(lines) > 1:
        return mistake(CheckCode.CREDENTIAL_LINES, name=name, count=len(lines))
    what = next((words for signs, words in _SLIPS if signs.search(found)), None)
    return mistake(CheckCode.CREDENTIAL_SIGNS, name=name, what=what) if what else None


def credential_file(name: str, directory: Path) -> Callable[[], str]:
    """Returns a function that names the file in which the credential `name` is looked for first, or found."""

    def found() -> str:
        given = os.environ.get("CREDENTIALS_DIRECTORY")
        if given and os.path.isfile(Path(given) / name):  # noqa: PTH113 - Path.is_file raises where it may not look
            return str(Path(given) / name)
        return str(directory / "credentials" / name)

    return found


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


def _look(name: str, directory: Path) -> str | Mistake:
    """Returns the secret, or why it cannot be used."""
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    if given and os.path.isfile(Path(given) / name):  # noqa: PTH113 - Path.is_file raises where it may not look
        # systemd protects this folder with access lists that the mode bits do not show.
        return _text(Path(given) / name, guarded=True)
    own = directory / "credentials" / name
    if os.path.isfile(own):  # noqa: PTH113 - as above
        return _text(own, guarded=False)
    if os.path.isdir(own):  # noqa: PTH112 - as above
        return _unusable(own, "is a folder; write the secret into a file of that name")
    if os.path.isdir(own.parent) and not os.access(own.parent, os.X_OK):  # noqa: PTH112 - as above
        return mistake(CheckCode.CREDENTIAL_UNSEEN, name=name, folder=own.parent)
    first = f"{given}/{name}" if given else f"$CREDENTIALS_DIRECTORY/{name} (not set)"
    return mistake(CheckCode.CREDENTIAL_MISSING, name=name, given=first, own=own)


def _text(path: Path, *, guarded: bool) -> str | Mistake:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            octets = file.read()
    except OSError as error:
        return _unusable(path, f"cannot be read ({error.strerror}); let this account read it")
    if not guarded and mode & _GROUP_AND_OTHERS:
        return mistake(CheckCode.CREDENTIAL_OPEN, path=path, mode=f"{mode & 0o777:o}")
    try:
        secret = octets.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return _unusable(path, "is not UTF-8; save the secret in that encoding")
    if not secret:
        return _unusable(path, "is empty; write the secret into it")
    return secret


def _unusable(path: Path, why: str) -> Mistake:
    return mistake(CheckCode.CREDENTIAL_UNREADABLE, path=path, why=why)

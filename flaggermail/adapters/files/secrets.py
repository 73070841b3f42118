# SPDX-License-Identifier: EUPL-1.2
"""Passwords, read from systemd credentials or from a private file; never from YAML, arguments or the environment."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from flaggermail.errors import ConfigurationError

_GROUP_AND_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def credential(name: str, directory: Path) -> Callable[[], str]:
    """Returns a reader of the credential `name`. It reads at every call, so that a changed password needs no restart.

    The reader looks in `$CREDENTIALS_DIRECTORY` (systemd.exec(5), LoadCredential=), then in `credentials/` of the
    configuration `directory`, where only the owner may have access. One trailing line break is removed. It raises
    ConfigurationError if the credential is missing, accessible to others, empty or not UTF-8.
    """

    def read() -> str:
        given = os.environ.get("CREDENTIALS_DIRECTORY")
        if given and (Path(given) / name).is_file():
            # systemd protects this folder with access lists that the mode bits do not show.
            return _text(Path(given) / name, guarded=True)
        own = directory / "credentials" / name
        if own.is_file():
            return _text(own, guarded=False)
        first = f"{given}/{name}" if given else f"$CREDENTIALS_DIRECTORY/{name} (not set)"
        raise ConfigurationError(
            f"credential {name}: found neither as {first} nor as {own}; "
            f"write `LoadCredential={name}:FILE` into the systemd unit, or the secret into the latter with mode 600"
        )

    return read


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


def _text(path: Path, *, guarded: bool) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            octets = file.read()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}); let this account read it") from error
    if not guarded and mode & _GROUP_AND_OTHERS:
        raise ConfigurationError(f"{path}: other accounts may read it (mode {mode & 0o777:o}); run `chmod 600 {path}`")
    try:
        secret = octets.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is not UTF-8; save the secret in that encoding") from None
    if not secret:
        raise ConfigurationError(f"{path}: is empty; write the secret into it")
    return secret

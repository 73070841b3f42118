# SPDX-License-Identifier: EUPL-1.2
"""Keeps a token ready: renewed before its end, and a new refresh token stored before it is used."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from flaggermail.adapters.files.blob_store import replace_file, sync_folder
from flaggermail.adapters.oauth.endpoint import Granted
from flaggermail.errors import ArchiveFailure, ConfigurationError, LinkLost, LoginRefused, StoreBusy, StoreFailure
from flaggermail.ports import AccessToken

if TYPE_CHECKING:
    from flaggermail.adapters.db.sealed_secrets import SealedSecrets

Ask = Callable[[str], Granted]
"""Fetches a token for a client secret or refresh token. Raises LinkLost, LoginRefused."""

_PART, _MARGIN = 0.2, 300.0  # a token is renewed when a fifth of its life is left, or five minutes if that is more
_HALF = 0.5  # but not before the half of a short life
_LEAST = 60.0  # seconds that a token is kept, whatever life its endpoint names, unless a server refuses it
_PAUSE = 60.0  # seconds between two tries while the old token lives
_POLL = 0.05  # seconds between two tries at the lock of another process
_PATIENCE = 30.0  # seconds
_NAME = "refresh-token"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class RefreshTokens(Protocol):
    """Keeps the newest refresh token of a credential, for every process of the desk. Raises LinkLost."""

    def held(self, patience: float = _PATIENCE) -> AbstractContextManager[None]:
        """Keeps other processes of the desk from refreshing meanwhile; waits for one that does."""
        ...

    def successor(self, credential: str) -> str:
        """Returns the newest token that descends from the credential, or the credential itself."""
        ...

    def keep(self, credential: str, token: str) -> None:
        """Keeps a token durably: one that is not kept is not used."""
        ...


class RenewingTokens:
    """Implements `ports.TokenSource`; may be used by several threads.

    `secret` reads the credential at each request. `kept` holds refresh tokens; None with a client secret. `patience` is
    the seconds that a thread waits for another one that asks, and then for another process that does.
    """

    def __init__(
        self, ask: Ask, secret: Callable[[], str], kept: RefreshTokens | None, patience: float = _PATIENCE
    ) -> None:
        self._ask, self._secret, self._kept, self._patience = ask, secret, kept, patience
        self._lock = threading.Lock()
        self._token: AccessToken | None = None
        self._refused: AccessToken | None = None
        self._not_before = float("-inf")

    def token(self, now: float) -> AccessToken:
        """Returns a token that lives long enough; see `ports.TokenSource`."""
        with self._turn():
            old = self._token if self._token is not self._refused else None
            if old is not None and (now < old.renew_at or now < min(self._not_before, old.ends_at)):
                return old
            try:
                granted = self._fetch()
            except LinkLost:
                if old is None or now >= old.ends_at:
                    raise
                self._not_before = now + _PAUSE  # the old one still serves
                return old
            margin = min(max(granted.life * _PART, _MARGIN), granted.life * _HALF)
            kept = max(granted.life - margin, _LEAST)
            self._token = AccessToken(granted.value, got_at=now, renew_at=now + kept, ends_at=now + granted.life)
            return self._token

    def forget(self, token: AccessToken) -> None:
        """Gives up a token that a server refused."""
        if self._token is token:  # without the lock: another thread may be asking
            self._refused = token

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Lets one thread at a time ask. Raises LinkLost if another one takes too long."""
        if not self._lock.acquire(timeout=self._patience):
            raise LinkLost("another request for a token takes too long")
        try:
            yield
        finally:
            self._lock.release()

    def _fetch(self) -> Granted:
        try:
            secret = self._secret()
        except ConfigurationError as fault:
            raise LoginRefused(f"no secret for a token: {fault}") from None
        if self._kept is None:
            return self._ask(secret)
        with self._kept.held(self._patience):
            granted = self._ask(self._kept.successor(secret))
            if granted.refresh_token is not None:
                self._kept.keep(secret, granted.refresh_token)
        return granted


class KeptRefreshTokens:
    """The newest refresh token, in a file of the desk's account alone (0600) in `folder` (0700).

    It belongs to the credential from which it descends: a new credential makes it void.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / "refresh-token.json"

    @contextmanager
    def held(self, patience: float = _PATIENCE) -> Iterator[None]:
        """Keeps other processes of the desk from refreshing meanwhile; waits for one that does. Raises LinkLost."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise self._lost(fault) from None
        try:
            _lock_within(patience, lock)
            yield
        finally:
            os.close(lock)

    def successor(self, credential: str) -> str:
        """Returns the newest token that descends from the credential, or the credential itself."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return credential
        except OSError as fault:
            raise self._lost(fault) from None
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_uid != os.geteuid() or found.st_mode & _OTHERS:
                return credential  # somebody else may have put it there
            return _descendant(file.read(), credential)

    def keep(self, credential: str, token: str) -> None:
        """Writes the token beside, syncs and renames. Raises LinkLost: a token that is not kept is not used."""
        try:
            replace_file(self._path, _written(credential, token), 0o600)
            sync_folder(self._folder)
        except OSError as fault:
            raise self._lost(fault) from None

    def _lost(self, fault: OSError) -> LinkLost:
        return LinkLost(
            f"{self._folder}: no refresh token can be kept ({fault.strerror}); let this account write there"
        )


class SealedRefreshTokens:
    """The newest refresh token, sealed in the database, for every node of the desk."""

    def __init__(self, secrets: SealedSecrets) -> None:
        self._secrets = secrets

    @contextmanager
    def held(self, patience: float = _PATIENCE) -> Iterator[None]:
        """Keeps other nodes from refreshing meanwhile; waits for one that does. Raises LinkLost."""
        with ExitStack() as until_done:
            with _as_link_lost():
                until_done.enter_context(self._secrets.rows.locked(_NAME, patience))
            yield

    def successor(self, credential: str) -> str:
        """Returns the newest token that descends from the credential, or the credential itself. Raises LinkLost."""
        with _as_link_lost():
            return _descendant(self._secrets.opened(_NAME) or b"", credential)

    def keep(self, credential: str, token: str) -> None:
        """Seals and commits the token. Raises LinkLost: a token that is not kept is not used."""
        with _as_link_lost():
            self._secrets.write(_NAME, _written(credential, token))


@contextmanager
def _as_link_lost() -> Iterator[None]:
    try:
        yield
    except (ArchiveFailure, ConfigurationError, StoreBusy, StoreFailure) as fault:
        raise LinkLost(f"no refresh token can be kept in the database: {fault}") from None


def _written(credential: str, token: str) -> bytes:
    return json.dumps({"of": _commitment(credential), "token": token}).encode()


def _descendant(octets: bytes, credential: str) -> str:
    """Returns the token that was written for the credential, or the credential itself."""
    try:
        told: object = json.loads(octets)
    except ValueError:
        return credential
    if not isinstance(told, dict) or told.get("of") != _commitment(credential):
        return credential
    token = told.get("token")
    return token if isinstance(token, str) and token else credential


def _lock_within(seconds: float, descriptor: int) -> None:
    """Locks a file for this process. Raises LinkLost if another one, perhaps stopped, holds it longer."""
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise LinkLost("another process of the desk asks for a token and takes too long") from None
            time.sleep(_POLL)
        else:
            return


def _commitment(credential: str) -> str:
    return hashlib.sha256(credential.encode()).hexdigest()

# SPDX-License-Identifier: EUPL-1.2
"""Makes the door of a desk: services that last, on the configuration that the daemon took in, without its secrets."""

from __future__ import annotations

import grp
import os
import resource
import secrets
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

from flaggermail import logbook
from flaggermail.adapters.files.rights import account
from flaggermail.adapters.system import machine
from flaggermail.adapters.system.clock import EventInterrupt, SystemClock, SystemRandomness
from flaggermail.adapters.system.machine import SystemdSupervisor
from flaggermail.cases.configuration_record import configuration_number
from flaggermail.desk import kept_forms
from flaggermail.desk.repeats import KEPT_FOR
from flaggermail.desk.status import read_status, status_file
from flaggermail.door import apart
from flaggermail.door.application import DoorApplication, ServedState, door_application
from flaggermail.door.desk_health import DeskHealth, SeenFinding, health_of
from flaggermail.door.listening import default_socket, listen
from flaggermail.door.pages.site import add_pages
from flaggermail.door.peers import Proxy
from flaggermail.door.serving import Door, Sockets
from flaggermail.errors import ConfigurationError, FlaggermailError, MachineFailure, StoreBusy, StoreFailure
from flaggermail.health.status_document import StatusCode, instant, judged
from flaggermail.record.states import LEASE, LEASE_SECONDS
from flaggermail.rules.configuration import load
from flaggermail.settings.mistakes import SetupFaultCode, setup_fault
from flaggermail.sockets import SOCKET_NAME, WEB_SOCKET
from flaggermail.stories.doubles import StoryClock
from flaggermail.wiring import assembly
from flaggermail.wiring.credentials import secrets_of
from flaggermail.wiring.databases import open_replicated
from flaggermail.wiring.opening import desk_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flaggermail.adapters.db.replica import ReplicatedStore
    from flaggermail.desk.ground import DeskFiles
    from flaggermail.mail.message import Json
    from flaggermail.ports import Clock, NodeSeen, Store
    from flaggermail.rules.configuration import Configuration
    from flaggermail.services import Services
    from flaggermail.settings.sections import DoorSettings

DESCRIPTORS = 4_096  # files and connections at once; many accounts may have some hundred each
FORMS_KEY = "forms.key"  # the file beside the archive
FORMS_SECRET = "forms-key"  # noqa: S105 - the name of the row in the database
_SECRET_OCTETS = 32
APART = "--apart"  # the option of `serve` for a process that does large tasks
TRIM_EVERY, LOOK_EVERY, FORGET_EVERY = 60, 10, 3600  # seconds


class ServedDesk:
    """Implements `door.application.DeskSource`. Raises ConfigurationError, StoreFailure, StoreBusy."""

    def __init__(self, directory: Path, clock: Clock | None = None) -> None:
        self._directory, self._clock = directory.absolute(), clock or SystemClock()
        self._files = desk_files(self._directory, self._clock.now)
        self._seconds, self._kept_for = 0, ""
        self._replicated: ReplicatedStore | None = None
        self._nodes: Sequence[NodeSeen] = ()
        self._services = self._open()
        self._number = self._registered()
        self._status = status_file(self._directory)
        self.catch_up()

    @property
    def ground(self) -> DeskFiles:
        """The files of the desk."""
        return self._files

    @property
    def sockets(self) -> DoorSettings:
        """Who may open the sockets."""
        return self._services.settings.desk.door

    def services(self) -> Services:
        """Returns the services on the configuration in force."""
        return self._services

    def state(self) -> ServedState:
        """Returns the configuration in force by its number, and how the daemon is: see `_led`."""
        away = self._replicated is not None and self._replicated.primary_away
        try:
            found = judged(read_status(self._status), self._now())
        except FlaggermailError as fault:
            unreadable = SeenFinding(StatusCode.PROBE, detail=str(fault))
            return ServedState(self._number, daemon=False, health=DeskHealth((unreadable,)), primary_away=away)
        return replace(_led(found, self._nodes), configuration=self._number, primary_away=away)

    def each_second(self) -> None:
        """Reads the configuration anew once the daemon has taken in another; now and then gives memory back."""
        self._seconds += 1
        if self._seconds % TRIM_EVERY == 0:
            machine.give_back()
        if self._seconds % LOOK_EVERY == 0:  # a daemon under systemd has a folder of its own for it
            with suppress(ConfigurationError):
                self._status = status_file(self._directory)
        if self._seconds % FORGET_EVERY == 0:
            self._forget()
        self.catch_up()
        try:
            number = self._registered()
            if number == self._number:
                return
            made = self._on(load(self._directory), self._services.store)
        except (StoreBusy, StoreFailure):  # each request says so; the number is read again in a second
            return
        except ConfigurationError as fault:
            if str(fault) != self._kept_for:
                logbook.door_reloaded(str(fault))
            self._kept_for = str(fault)
            return
        self._services = replace(made, parser=self._services.parser)
        self._number, self._kept_for = number, ""
        logbook.door_reloaded("")

    def _forget(self) -> None:
        """Forgets answers of which no repeat is expected, and forms that were kept; later if the record is busy."""
        with suppress(StoreBusy, StoreFailure):
            with self._services.store.begin() as tx:
                tx.forget_answers(self._now() - KEPT_FOR)
            self._services.store.forms.forget(self._now() - kept_forms.KEPT_FOR)

    def catch_up(self) -> None:
        """Lets views show what is committed by now; notices whether the primary is away, and which node leads."""
        store = self._services.store
        store.catch_up()
        if store.nodes.is_shared:
            try:
                self._nodes = store.nodes.seen(LEASE, LEASE_SECONDS)
            except (StoreBusy, StoreFailure):  # nobody can know, and each request says so
                self._nodes = []

    def close(self) -> None:
        """Closes what was opened."""
        self._services.close()

    def _now(self) -> datetime:
        return self._clock.now()

    def _open(self) -> Services:
        settings = load(self._directory)
        if settings.desk.store.replica is None:
            return assembly.opened_on(settings, self._clock)
        self._replicated = open_replicated(
            settings.desk.store.database, settings.desk.store.replica, SystemRandomness()
        )
        try:
            return self._on(settings, self._replicated)
        except BaseException:
            self._replicated.close()
            raise

    def _on(self, settings: Configuration, store: Store) -> Services:
        return assembly.services_on(settings, store, self._clock, SystemRandomness())

    def _registered(self) -> int:
        with self._services.store.read() as tx:
            return configuration_number(tx)


def _led(status: Mapping[str, Json], nodes: Sequence[NodeSeen]) -> ServedState:
    """Returns how the daemon is: by the nodes of a database that several machines share, else by the status file.

    What is wrong with mailbox and servers is known to the node that leads alone: to the door of its machine.
    """
    last = instant(status.get("written_at"))
    if not nodes:
        since = "" if status["daemon"] or last is None else last.isoformat()
        return ServedState(0, bool(status["daemon"]), health_of(status), since)
    leader = nodes[0]
    if leader.leads_until is None:
        since = max(one.seen for one in nodes).isoformat(timespec="seconds")
        return ServedState(0, daemon=False, health=health_of(status), silent_since=since)
    own = status.get("node")
    if status["daemon"] and isinstance(own, dict) and own.get("id") == leader.node.id:
        return ServedState(0, daemon=True, health=health_of(status))
    return ServedState(0, daemon=True, led_on=leader.node.host)


def door(directory: Path, path: Path | None, web_path: Path | None) -> Door:
    """Returns the door of a configuration directory, which listens already.

    `web_path` is the socket for a reverse proxy, if the configuration names one, by default beside `path`.

    Raises ConfigurationError, StoreFailure, StoreBusy.
    """
    machine.keep_little(arenas=1)  # before there is a second thread; those of Python take turns
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= allowed < DESCRIPTORS:  # negative: without a limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS if most < 0 else min(most, DESCRIPTORS), most))
    desk = ServedDesk(directory)
    try:
        sockets = _listening(desk.sockets, path or default_socket(directory), web_path)
    except BaseException:
        desk.close()
        raise
    supervisor, stop = SystemdSupervisor(os.environ), EventInterrupt()
    command = [sys.executable, "-m", "flaggermail", "--config", str(directory.absolute()), "serve", APART]
    pages = partial(add_pages, secret=_forms_key(desk.services()))
    return Door(desk, sockets, supervisor, stop, command, pages=pages)


def demo_door(directory: Path) -> Door:
    """Returns the door of the demo, with the story's clock, which listens already. Raises ConfigurationError."""
    desk = ServedDesk(directory, StoryClock(directory))
    pages = partial(add_pages, secret=_forms_key(desk.services()))
    sockets = _listening(desk.sockets, directory / SOCKET_NAME, None)
    return Door(desk, sockets, SystemdSupervisor(os.environ), EventInterrupt(), pages=pages)


def _listening(asked: DoorSettings, path: Path, web_path: Path | None) -> Sockets:
    """Returns the socket of the door, and that for a reverse proxy if the configuration names one.

    Only the group of the proxy's account may open the latter. Raises ConfigurationError.
    """
    login = asked.proxy_account
    if login is None:
        if web_path is not None:
            raise ConfigurationError(
                "flaggermail.yaml door.proxy_account: missing; name the account of the reverse proxy"
            )
        return Sockets(listen(path, asked.group))
    found = account(login)
    if found is None:
        raise MachineFailure(setup_fault(SetupFaultCode.PROXY_ACCOUNT, account=login).text)
    group = grp.getgrgid(found.pw_gid).gr_name
    web = listen(web_path or path.with_name(WEB_SOCKET), group, "door.proxy_account")
    try:
        return Sockets(listen(path, asked.group), web, Proxy(found.pw_uid, asked.header))
    except BaseException:
        web.remove()
        raise


def _forms_key(env: Services) -> bytes:
    """Returns the secret that makes the tokens of forms, the same for every door of the desk on every node.

    Raises ConfigurationError, StoreFailure, StoreBusy.
    """
    if env.settings.keeps_octets_in_database:
        return secrets_of(env.settings, env.store).once(FORMS_SECRET, secrets.token_bytes(_SECRET_OCTETS))
    return forms_secret(env.settings.archive.parent / FORMS_KEY)


def forms_secret(path: Path) -> bytes:
    """Returns the secret that makes the tokens of forms, the same for every door of a desk; makes it once.

    Raises ConfigurationError if it can be neither read nor made, or if it is not whole: tokens of a short one could be
    guessed.
    """
    try:
        if not path.exists():
            _make_secret(path)
        found = path.read_bytes()
    except OSError as fault:
        raise ConfigurationError(f"{path}: cannot be read or made: {fault.strerror}") from fault
    if len(found) != _SECRET_OCTETS:
        raise ConfigurationError(f"{path}: does not hold {_SECRET_OCTETS} octets; remove it, and it is made anew")
    return found


def _make_secret(path: Path) -> None:
    """Writes octets of the system's generator (RFC 4086, section 7), whole or not at all; another door may be faster.

    Only this account may read them. Raises OSError.
    """
    handle, part = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_SECRET_OCTETS))
            file.flush()
            os.fsync(handle)
        with suppress(FileExistsError):
            path.hardlink_to(part)
    finally:
        Path(part).unlink()


def answer_apart(directory: Path) -> None:
    """Answers the requests that a door hands on by standard input. Raises ConfigurationError, StoreFailure."""
    apart.end_with_parent()
    desk = ServedDesk(directory)
    application = door_application(DoorApplication(desk))
    application.before_request(desk.catch_up)  # what the door itself has shown or recorded
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out:
        apart.answer_all(application, sys.stdin.buffer, out)

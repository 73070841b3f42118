# SPDX-License-Identifier: EUPL-1.2
"""Makes the daemon: it waits for the record, and begins with the last sound rules.

A machine that starts may be ready before its database server or its disks, and a daemon that gave up would stay down.
"""

from __future__ import annotations

import os
import random
import time
import uuid
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from flaggermail import __version__, logbook
from flaggermail.adapters.files.secrets import credential
from flaggermail.adapters.files.status_file import StatusFile
from flaggermail.adapters.system import machine
from flaggermail.adapters.system.clock import EventInterrupt, SystemClock
from flaggermail.adapters.system.machine import SystemdSupervisor
from flaggermail.adapters.system.own_process import own_process
from flaggermail.adapters.system.ticker import SchedulerTicker
from flaggermail.cases import configuration_record
from flaggermail.daemon import standby
from flaggermail.daemon.outage import PROBE_EVERY, Outage
from flaggermail.daemon.service import Daemon
from flaggermail.errors import ConfigurationError, MachineFailure, StoreAway, StoreBusy
from flaggermail.health.status_document import STATUS_FILE
from flaggermail.intake import trust_proofs
from flaggermail.intake.warming import get_ready
from flaggermail.rules.configuration import load
from flaggermail.shipped import rules_of, shipped
from flaggermail.wiring import assembly, mail_servers, rule_checks
from flaggermail.wiring.rule_folders import RuleFolders, with_last_rules, with_registered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flaggermail.ports import Clock, Heartbeat, Supervisor
    from flaggermail.rules.configuration import Configuration
    from flaggermail.services import Services
    from flaggermail.wording.said import StoredText

T = TypeVar("T")
GIVE_BACK_EVERY = 60.0  # seconds; it takes some milliseconds
DEMO_TICK = 0.1  # seconds; the demo plays days of a story in seconds


def daemon(
    directory: Path, adapt: Callable[[Services], Services] = lambda env: env, clock: Clock | None = None,
    *, observe: bool = False, new_record: bool = False,
) -> Daemon:  # fmt: skip
    """Returns the daemon of a configuration directory; `adapt` may replace services. Raises ConfigurationError."""
    machine.keep_little()  # before there is a second thread
    supervisor, clock = SystemdSupervisor(os.environ), clock or SystemClock()
    plain, edited = _started(directory, clock, supervisor)
    env = adapt(plain)
    for found in trust_proofs.trust_faults(env):
        logbook.set_up_faulty(found.code, found.text)
    ticker = SchedulerTicker()
    ticker.every(GIVE_BACK_EVERY, "memory", machine.give_back)
    return Daemon(
        renewal=assembly.renewal(env, edited),
        env=env,
        mailbox=mail_servers.mail_service(env.settings, env.health_probe.presented).mailbox(),
        ticker=ticker,
        stop=EventInterrupt(),
        holder=str(uuid.uuid4()),
        host=os.uname().nodename,
        hindrances=partial(_hindrances, env),
        by_record=_by_record,
        fraction=random.SystemRandom().random,
        supervisor=supervisor,
        observe=observe,
        new_record=new_record,
        heartbeat=heartbeat(env.settings),
        board=status_board(env.settings),
        proof=lambda: mail_servers.proves_one_mailbox(env.settings),
        confinement=lambda: rule_checks.parser_confinement(env.settings),
        warm=partial(_get_warm, plain),
    )


def _get_warm(env: Services) -> None:
    get_ready(env)
    machine.give_back()  # what the start alone needed


def _hindrances(env: Services) -> tuple[StoredText, ...]:
    """Returns what this node would change or misdate if it led; nothing where no other could.

    Raises StoreBusy, StoreFailure.
    """
    if not env.store.nodes.is_shared:
        return ()
    off = standby.clock_hindrances(env.clock.now(), env.store.nodes.now(), env.clock.now())
    with env.store.read() as tx:
        return (*off, *configuration_record.unready(env.settings, tx))


def _by_record(env: Services) -> Services:
    """Returns `env` with the platforms, channels, rules and templates that its record holds."""
    settings = with_registered(env.settings)
    with env.store.read() as tx:
        settings = configuration_record.as_registered(settings, tx)
    made = assembly.services_on(settings, env.store, env.clock, env.randomness, mail_servers.mail_service)
    return replace(assembly.with_spare_templates(mail_servers.with_signatures(made)), parser=env.parser)


def heartbeat(settings: Configuration) -> Heartbeat | None:
    """Returns the heartbeat if the settings configure one, else None."""
    name = settings.desk.watch.heartbeat
    if not name:
        return None
    from flaggermail.adapters.system.heartbeat import HttpHeartbeat  # noqa: PLC0415 - with urllib 0.4 MiB

    return HttpHeartbeat(credential(name, settings.directory), __version__)


def status_board(settings: Configuration) -> StatusFile:
    """Returns the writer of the file read by `flaggermail status`."""
    return StatusFile(status_folder(settings, os.environ) / STATUS_FILE, own_process(), settings.archive)


def status_folder(settings: Configuration, environ: Mapping[str, str]) -> Path:
    """Returns the folder of the status: `store.status`, the unit's own (systemd.exec(5)), or the one above the archive.

    systemd names the unit's folders in `$RUNTIME_DIRECTORY`, with colons between them.
    """
    given = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return settings.desk.store.status or (Path(given) if given else settings.archive.parent)


def demo_daemon(directory: Path) -> Daemon:
    """Returns the daemon of the demo, with the story's clock and short intervals. Raises ConfigurationError."""
    from flaggermail.stories.doubles import StoryClock  # noqa: PLC0415 - with the story's models 0.3 MiB

    running = daemon(directory, clock=StoryClock(directory))
    running.outbox_every = running.remind_every = DEMO_TICK
    return running


def _started(directory: Path, clock: Clock, supervisor: Supervisor) -> tuple[Services, RuleFolders | None]:
    """Returns the services of a configuration directory once the database works for this desk.

    With rules or templates that have faults they begin with those that were last in force: then it returns where they
    are edited, too. This version may refuse those as well: in the place of a faulty template the shipped one is used.
    Raises ConfigurationError, a MachineFailure where what is wrong may pass.
    """
    try:
        settings = load(directory)
        _get_ready(settings, clock)
        return _on(settings, clock, supervisor, partial(assembly.with_whole_templates, at_start=True)), None
    except MachineFailure:
        raise
    except ConfigurationError as refused:
        try:
            spare = load(directory, shipped("rules"), shipped("config") / "templates")
        except ConfigurationError:  # the fault is in none of the two
            raise refused from None
        _get_ready(spare, clock)
        kept = _once_it_answers(partial(with_last_rules, spare, refused), spare, clock, supervisor)
        edited = RuleFolders(rules_of(directory.absolute()), directory.absolute() / "templates")
        return _on(assembly.with_usable_words(kept), clock, supervisor, assembly.with_spare_templates), edited


def _get_ready(settings: Configuration, clock: Clock) -> None:
    _tell_starting(settings, clock)
    assembly.require_ready(settings, clock)


def _on(
    settings: Configuration, clock: Clock, supervisor: Supervisor, with_templates: Callable[[Services], Services]
) -> Services:
    opened = _once_it_answers(
        lambda: assembly.opened_on(settings, clock, mail_servers.mail_service), settings, clock, supervisor
    )
    try:
        return with_templates(mail_servers.with_signatures(opened))
    except ConfigurationError:
        opened.close()
        raise


def _once_it_answers(step: Callable[[], T], settings: Configuration, clock: Clock, supervisor: Supervisor) -> T:
    """Takes a step of the start, again each second while the record is busy or away. Raises what else it raises."""
    outage = Outage(time.monotonic)
    while True:
        try:
            done = step()
        except (StoreAway, StoreBusy) as kept:
            outage.met_by("start", kept, clock.now())
            supervisor.status("waits for the database")
            _tell_starting(settings, clock, outage)
            time.sleep(PROBE_EVERY)
        else:
            outage.end()
            return done


def _tell_starting(settings: Configuration, clock: Clock, outage: Outage | None = None) -> None:
    at = clock.now().astimezone(settings.zone)
    wrong = {"database": outage.words(settings.zone)} if outage is not None and outage.lasts else {}
    status_board(settings).begin(at, __version__, wrong)

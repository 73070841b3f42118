# SPDX-License-Identifier: EUPL-1.2
"""Puts the adapters behind the ports: the only module that knows both."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from flaggermail import __version__, demo, replay
from flaggermail.adapters.clock.clock import SystemClock, SystemRandomness
from flaggermail.adapters.clock.ticker import SchedulerTicker
from flaggermail.adapters.db.migrate import require_current, upgrade
from flaggermail.adapters.db.store import SqlStore, this_process
from flaggermail.adapters.dns.public_suffixes import organisational
from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.adapters.files.disk import places
from flaggermail.adapters.files.secrets import credential
from flaggermail.adapters.files.status_file import StatusFile
from flaggermail.adapters.files.templates import FileTemplates
from flaggermail.adapters.imap.interrupt import EventInterrupt
from flaggermail.adapters.imap.mailbox import ImapAccount, ImapMailbox
from flaggermail.adapters.pagers.apprise_pager import NOT_INSTALLED, ApprisePager, is_installed
from flaggermail.adapters.parsing.patterns import Re2Matcher
from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.adapters.smtp.submission import SmtpSubmitter, SubmissionAccount
from flaggermail.adapters.system.health_probe import MachineHealthProbe
from flaggermail.adapters.system.heartbeat import HttpHeartbeat
from flaggermail.adapters.system.sd_notify import SystemdSupervisor
from flaggermail.cases.sync_settings import register
from flaggermail.daemon.service import Daemon
from flaggermail.errors import ConfigurationError
from flaggermail.health.overview import STATUS_FILE
from flaggermail.intake.vouching import ByReceivingServer, BySignature
from flaggermail.mail.authentication.authres import Asked
from flaggermail.notifications.draft_patterns import load_draft_patterns
from flaggermail.ports import (
    Clock,
    HealthProbe,
    Heartbeat,
    Interrupt,
    Mailbox,
    Pager,
    Randomness,
    Resolver,
    StatusBoard,
    Submitter,
)
from flaggermail.replay import Command, Report
from flaggermail.replay.doubles import ListPager, StoryClock
from flaggermail.replies import verbs
from flaggermail.rule_changes.reload import Renewal
from flaggermail.rules import rulebook
from flaggermail.rules.files import stamp
from flaggermail.rules.rulebook import Remark
from flaggermail.rules.samples import load_samples
from flaggermail.services import Services
from flaggermail.settings.model import Settings, database_file
from flaggermail.settings.reading import load
from flaggermail.yaml_files.source import Fault

Presented = Callable[[str, object], None]
LOOK_EVERY = 15  # ticks of a second: how often the daemon looks whether rules or templates were changed
DEMO_TICK = 0.1  # seconds; a story of days is told in some of them


def unseen(_server: str, _line: object) -> None:
    """Nobody looks at the certificates of a session."""


def template_faults(settings: Settings) -> tuple[str, ...]:
    """What is wrong with the templates of the settings, one line each: file, line, name."""
    return FileTemplates(settings.templates, settings.zone).check()


def rule_remarks(settings: Settings) -> list[Remark]:
    """What is wrong or doubtful about the rules of the settings and their sample mails."""
    faults: list[Fault] = []
    samples = load_samples(settings.rules_directory, faults)
    remarks = [Remark(fault.file, fault.line, fault.column, fault.said) for fault in faults]
    if remarks:
        return remarks
    reader = ContainedParser(settings.rules_directory)
    try:
        return rulebook.check(settings.rules, samples, reader, Re2Matcher())
    finally:
        reader.close()


def measures(settings: Settings) -> MachineHealthProbe:
    """What measures the disk of database and archive, and the sessions that are given to it."""
    return MachineHealthProbe(places(database_file(settings.desk), settings.archive))


def submitter(settings: Settings, clock: Clock, presented: Presented = unseen) -> Submitter:
    """The submission server of the settings."""
    server = settings.desk.submission
    return SmtpSubmitter(
        SubmissionAccount(
            host=server.host,
            port=server.port,
            user=server.user,
            password=credential(server.credential, settings.directory) if server.user else None,
            tls=server.tls,
            ca_file=server.ca_file,
            timeout=float(server.timeout_seconds),
            local_hostname=settings.desk.mailbox.address.rpartition("@")[2],
            presented=presented,
        ),
        clock,
    )


def mailbox(settings: Settings, presented: Presented = unseen) -> Mailbox:
    """The mailbox of the settings."""
    server = settings.desk.mailbox
    return ImapMailbox(
        ImapAccount(
            host=server.host,
            port=server.port,
            user=server.user,
            password=credential(server.credential, settings.directory),
            tls=server.tls,
            ca_file=server.ca_file,
            inbox=server.inbox,
            sent=server.sent,
            junk=server.junk,
            excluded_folders=server.excluded_folders,
            keyword=server.keyword,
            timeout=float(server.timeout_seconds),
            presented=presented,
        )
    )


def make_environment(  # noqa: PLR0913 - one argument a port that differs
    settings: Settings, *, clock: Clock, randomness: Randomness, submit: Submitter, pager: Pager | None = None,
    health_probe: HealthProbe | None = None,
    database: str | None = None, archive: Path | None = None,
) -> Services:  # fmt: skip
    """An environment on the database and archive of the settings, or on others; its record knows the configuration."""
    store = SqlStore(database or settings.desk.store.database, randomness.salt)
    require_current(store.engine)
    octets = FileBlobStore(archive or settings.archive)
    env = Services(
        settings=settings,
        store=store,
        octets=octets,
        parser=ContainedParser(settings.rules_directory),
        sender_check=ByReceivingServer(settings.desk.mailbox.trusted, organisational),
        templates=FileTemplates(settings.templates, settings.zone),
        matcher=Re2Matcher(),
        submitter=submit,
        clock=clock,
        randomness=randomness,
        draft_patterns=load_draft_patterns(settings.rules_directory / "drafts.yaml"),
        language=read_language(settings.rules_directory),
        would_work=verbs.would_work,
        pager=pager or ApprisePager(lambda name: credential(name, settings.directory)),
        health_probe=health_probe or MachineHealthProbe({}),
    )
    register(env)
    return env


def with_signatures(env: Services, resolver: Resolver | None = None) -> Services:
    """`env` with our own check of DKIM signatures, where the settings ask for it.

    Keys are asked of `resolver`, or else of the name servers of this machine.

    Only who takes mail in does so: a command that shows a mail again asks nobody.
    """
    if env.settings.desk.mailbox.trusted.asked is not Asked.DKIM:
        return env
    from flaggermail.adapters.dns.dkim_check import DkimCheck  # noqa: PLC0415 - a fifth of a second, which no other desk waits for
    from flaggermail.adapters.dns.resolver import DnsResolver  # noqa: PLC0415 - as above

    domains = frozenset(domain for platform in env.settings.platforms for domain in platform.domains)
    check = DkimCheck(resolver or DnsResolver(), organisational)
    return replace(env, sender_check=BySignature(env.sender_check, check, domains, env.clock))


def with_whole_templates(env: Services) -> Services:
    """`env` with templates that are all in order, none of which is read again: what is edited meanwhile waits.

    Raises ConfigurationError with every fault. A daemon would find it on the night on which it has to raise an alarm.
    """
    templates = FileTemplates(env.settings.templates, env.settings.zone)
    faults = templates.check()
    if faults:
        raise ConfigurationError(*faults)
    return replace(env, templates=templates)


def renewal(env: Services) -> Renewal:
    """Watches the files of rules and templates of `env`."""
    settings = env.settings
    return Renewal(lambda: stamp(settings.rules_directory, settings.templates), renewed, LOOK_EVERY)


def renewed(env: Services) -> Services:
    """`env` with rules and templates as they are written now. Raises ConfigurationError with every fault in them."""
    settings = load(env.settings.directory, env.settings.rules_directory, env.settings.templates)
    faults = [str(remark) for remark in rule_remarks(settings) if remark.fault]
    if faults:
        raise ConfigurationError(*faults)
    kept = env.settings.model_copy(update={"rules": settings.rules})
    return with_whole_templates(replace(env, settings=kept))


def open_environment(directory: Path, clock: Clock | None = None) -> Services:
    """The environment of a configuration directory, by the machine's clock or another. Raises ConfigurationError."""
    settings, clock = load(directory), clock or SystemClock()
    health_probe = measures(settings)
    return make_environment(
        settings, clock=clock, randomness=SystemRandomness(), submit=submitter(settings, clock, health_probe.presented),
        health_probe=health_probe,
    )  # fmt: skip


def with_pagers(env: Services) -> Services:
    """`env`, where the pagers that the rota names can be called. Raises ConfigurationError where they cannot."""
    if any(officer.pagers for officer in env.settings.rota.officers) and not is_installed():
        raise ConfigurationError(f"oncall.yaml: {NOT_INSTALLED}")
    return env


def daemon(
    directory: Path, adapt: Callable[[Services], Services] = lambda env: env, clock: Clock | None = None,
    *, observe: bool = False,
) -> Daemon:  # fmt: skip
    """The daemon of a configuration directory; `adapt` may put other ports in. Raises ConfigurationError."""
    env = adapt(with_pagers(with_whole_templates(with_signatures(open_environment(directory, clock)))))
    return Daemon(
        renewal=renewal(env),
        env=env,
        mailbox=mailbox(env.settings, env.health_probe.presented),
        ticker=SchedulerTicker(),
        stop=interrupt(),
        holder=this_process(env.clock.now()),
        fraction=random.SystemRandom().random,
        supervisor=SystemdSupervisor(os.environ),
        observe=observe,
        heartbeat=heartbeat(env.settings),
        board=status_board(env.settings),
    )


def heartbeat(settings: Settings) -> Heartbeat | None:
    """Who outside hears that all is well, where the settings name somebody."""
    name = settings.desk.watch.heartbeat
    return HttpHeartbeat(credential(name, settings.directory), __version__) if name else None


def status_board(settings: Settings) -> StatusBoard:
    """The file that `flaggermail status` reads, in the folder above the archive."""
    return StatusFile(settings.archive.parent / STATUS_FILE)


def interrupt() -> Interrupt:
    """A new way to end waits."""
    return EventInterrupt()


def upgrade_database(directory: Path) -> str:
    """Bring the database of a configuration directory to the newest schema; answers which revision that is."""
    store = SqlStore(load(directory).desk.store.database, SystemRandomness().salt)
    try:
        return upgrade(store.engine)
    finally:
        store.close()


def play(path: Path, command: Command) -> Report:
    """Play the scenario in `path`; `command` runs the command line. Raises ConfigurationError, Refusal."""
    return replay.play(path, command, replayed)


def replayed(settings: Settings, folder: Path, clock: Clock, randomness: Randomness, submit: Submitter) -> Services:
    """An environment for a scenario: database and archive in `folder`, the live code behind every other port."""
    return make_environment(
        settings, clock=clock, randomness=randomness, submit=submit, pager=ListPager(),
        database=f"sqlite:///{folder}/scenario.db", archive=folder / "archive",
    )  # fmt: skip


def show_demo(wanted: demo.Wanted, command: Command, start_daemon: Sequence[str], tell: demo.Tell) -> None:
    """Play the story of the demo. Raises StoryBroken, and ImportError when the extra `demo` is not installed."""
    from flaggermail.adapters.demo_servers import DemoServers  # noqa: PLC0415 - of the extra; no other command needs it

    parts = demo.Parts(DemoServers, upgrade_database, open_environment, command, start_daemon)
    demo.show(wanted, parts, tell)


def demo_daemon(directory: Path) -> Daemon:
    """The daemon of the demo: by the clock of the story, and quick enough for it. Raises ConfigurationError."""
    running = daemon(directory, clock=StoryClock(directory))
    running.outbox_every = running.remind_every = DEMO_TICK
    return running

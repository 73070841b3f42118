# SPDX-License-Identifier: EUPL-1.2
"""Connects the adapters to the ports. Only this module and `wiring_reading` know both."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from flaggermail import __version__, demo, logbook, replay
from flaggermail.adapters.clock.clock import SystemClock, SystemRandomness
from flaggermail.adapters.clock.ticker import SchedulerTicker
from flaggermail.adapters.db.inspection import database_mistake
from flaggermail.adapters.db.migrate import require_current, require_revision, upgrade
from flaggermail.adapters.db.store import SqlStore, this_process
from flaggermail.adapters.dns.public_suffixes import organisational
from flaggermail.adapters.files.blob_store import FileBlobStore, folder_mistake
from flaggermail.adapters.files.code_vault import FileCodeVault
from flaggermail.adapters.files.old_mail import MailFiles, MailNames
from flaggermail.adapters.files.secrets import credential, credential_file, credential_version, secret_mistake
from flaggermail.adapters.files.status_file import StatusFile
from flaggermail.adapters.files.templates import FileTemplates
from flaggermail.adapters.imap.interrupt import EventInterrupt
from flaggermail.adapters.imap.mailbox import ImapAccount, ImapMailbox
from flaggermail.adapters.oauth.endpoint import ask
from flaggermail.adapters.oauth.sasl import Bearer
from flaggermail.adapters.oauth.tokens import KeptRefreshTokens, RenewingTokens
from flaggermail.adapters.pagers.apprise_pager import ApprisePager, is_installed
from flaggermail.adapters.parsing.patterns import Re2Matcher
from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.adapters.smtp.submission import SmtpSubmitter, SubmissionAccount
from flaggermail.adapters.system.health_probe import MachineHealthProbe, places
from flaggermail.adapters.system.heartbeat import HttpHeartbeat
from flaggermail.adapters.system.sd_notify import SystemdSupervisor
from flaggermail.adapters.tls import ca_file_mistake
from flaggermail.cases.sync_settings import register
from flaggermail.daemon.outage import PROBE_EVERY, Outage
from flaggermail.daemon.service import Daemon
from flaggermail.errors import ConfigurationError, StoreAway
from flaggermail.health.confinement import Confinement
from flaggermail.health.overview import STATUS_FILE
from flaggermail.intake import old_mail
from flaggermail.intake.vouching import ByReceivingServer, BySignature
from flaggermail.mail.authentication.authres import AuthenticationMethod
from flaggermail.notifications.draft_patterns import load_draft_patterns
from flaggermail.ports import (
    BlobStore,
    Clock,
    HealthProbe,
    Heartbeat,
    Interrupt,
    Mailbox,
    Pager,
    Randomness,
    Resolver,
    StatusBoard,
    Store,
    Submitter,
    Supervisor,
)
from flaggermail.record.states import Severity
from flaggermail.replay import Command, Report
from flaggermail.replay.doubles import ListPager, StoryClock
from flaggermail.replies import verbs
from flaggermail.rule_changes.reload import RuleReloader
from flaggermail.rules import rulebook
from flaggermail.rules.files import stamp
from flaggermail.rules.rulebook import Remark
from flaggermail.rules.samples import load_samples
from flaggermail.services import Services
from flaggermail.settings import advice
from flaggermail.settings.mistakes import CheckCode, Mistake, mistake
from flaggermail.settings.model import MailboxSettings, Settings, SubmissionSettings, database_file
from flaggermail.settings.oauth_section import Grant, LoginMethod
from flaggermail.settings.reading import load
from flaggermail.yaml_files.source import Fault

Presented = Callable[[str, object], None]
LOOK_EVERY = 15  # ticks of one second between two checks for changed rules or templates
DEMO_TICK = 0.1  # seconds; the demo plays days of a story in seconds


def unseen(_server: str, _line: object) -> None:
    """Ignores the certificate of a session."""


def template_faults(settings: Settings) -> tuple[str, ...]:
    """Returns the faults in the templates of the settings, one line each: file, line, name."""
    return FileTemplates(settings.templates, settings.zone).check()


def rule_remarks(settings: Settings) -> list[Remark]:
    """Returns faults and warnings about the rules of the settings and their sample mails."""
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


def parser_confinement(settings: Settings) -> Confinement:
    """Returns what confines the processes that parse mail on this machine; starts one to find out, and ends it."""
    reader = ContainedParser(settings.rules_directory)
    try:
        return reader.confinement()
    finally:
        reader.close()


def measures(settings: Settings) -> MachineHealthProbe:
    """Returns a health probe for the disks of database and archive and for the sessions presented to it."""
    return MachineHealthProbe(places(database_file(settings.desk), settings.archive))


def submitter(settings: Settings, clock: Clock, presented: Presented = unseen) -> Submitter:
    """Returns a submitter for the submission server in the settings."""
    server = settings.desk.submission
    secret = _secret_of(settings, server)
    return SmtpSubmitter(
        SubmissionAccount(
            host=server.host,
            port=server.port,
            user=server.user,
            password=credential(server.credential, settings.directory) if server.user else None,
            secret_version=credential_version(secret, settings.directory),
            secret_file=credential_file(secret, settings.directory),
            bearer=bearer(settings, server),
            tls=server.tls,
            ca_file=server.ca_file,
            timeout=float(server.timeout_seconds),
            local_hostname=settings.desk.mailbox.address.rpartition("@")[2],
            presented=presented,
        ),
        clock,
    )


def bearer(settings: Settings, server: MailboxSettings | SubmissionSettings) -> Bearer | None:
    """Returns what logs in at `server` with a token; None for a login with a password, or none."""
    section = settings.desk.oauth2
    if section is None or server.login is not LoginMethod.OAUTH2:
        return None
    file = credential_file(section.credential, settings.directory)
    timeout = float(server.timeout_seconds)
    rotates = section.grant is Grant.REFRESH_TOKEN
    tokens = RenewingTokens(
        lambda secret: ask(section, secret, file(), timeout),
        credential(section.credential, settings.directory),
        KeptRefreshTokens(settings.archive.parent / "tokens") if rotates else None,
    )
    return Bearer(tokens=tokens, mailbox=section.mailbox or settings.desk.mailbox.address)


def _secret_of(settings: Settings, server: MailboxSettings | SubmissionSettings) -> str:
    """Returns the name of the credential with which the desk logs in at `server`."""
    section = settings.desk.oauth2
    return section.credential if section is not None and server.login is LoginMethod.OAUTH2 else server.credential


def mailbox(settings: Settings, presented: Presented = unseen) -> Mailbox:
    """Returns the mailbox in the settings."""
    server = settings.desk.mailbox
    secret = _secret_of(settings, server)
    return ImapMailbox(
        ImapAccount(
            host=server.host,
            port=server.port,
            user=server.user,
            password=credential(server.credential, settings.directory),
            secret_version=credential_version(secret, settings.directory),
            secret_file=credential_file(secret, settings.directory),
            bearer=bearer(settings, server),
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


def make_services(  # noqa: PLR0913 - one argument for each port that differs
    settings: Settings, *, clock: Clock, randomness: Randomness, submit: Submitter, pager: Pager | None = None,
    health_probe: HealthProbe | None = None,
    database: str | None = None, archive: Path | None = None,
) -> Services:  # fmt: skip
    """Returns services on the settings' database and archive, or on others; records the configuration."""
    store = SqlStore(database or settings.desk.store.database, randomness.salt)
    try:
        require_current(store.engine)
    except StoreAway:
        store.close()
        raise
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
        codes=FileCodeVault(archive.parent / "codes" if archive else settings.codes, randomness.salt),
        organisational=organisational,
    )
    register(env)
    return env


def with_signatures(env: Services, resolver: Resolver | None = None) -> Services:
    """Returns `env` with our own DKIM verification if the settings ask for it.

    `resolver` looks up the keys, by default with this machine's name servers.

    Used only where mail is taken in: a command that shows stored mail makes no DNS queries.
    """
    asked = env.settings.desk.mailbox.trusted.asked
    needs_both = asked is AuthenticationMethod.NAMED_AND_DKIM
    if asked is not AuthenticationMethod.DKIM and not needs_both:
        return env
    from flaggermail.adapters.dns.dkim_check import DkimCheck  # noqa: PLC0415 - takes 200 ms
    from flaggermail.adapters.dns.resolver import DnsResolver  # noqa: PLC0415 - as above

    domains = frozenset(domain for platform in env.settings.platforms for domain in platform.domains)
    check = DkimCheck(resolver or DnsResolver(), organisational)
    answering = frozenset(address for channel in env.settings.channels for address in channel.answers_from or ())
    both = BySignature(env.sender_check, check, domains, env.clock, needs_both=needs_both, addresses=answering)
    return replace(env, sender_check=both)


def with_whole_templates(env: Services) -> Services:
    """Returns `env` with checked templates, all compiled in advance: edits take effect only after a reload.

    Raises ConfigurationError with every fault. A daemon would otherwise find it when it has to raise an alarm.
    """
    templates = FileTemplates(env.settings.templates, env.settings.zone)
    faults = templates.check()
    if faults:
        raise ConfigurationError(*faults)
    return replace(env, templates=templates)


def renewal(env: Services) -> RuleReloader:
    """Returns the watcher for changes to the rules and templates of `env`."""
    settings = env.settings
    return RuleReloader(lambda: stamp(settings.rules_directory, settings.templates), renewed, LOOK_EVERY)


def renewed(env: Services) -> Services:
    """Returns `env` with the current rules and templates. Raises ConfigurationError with every fault in them."""
    settings = load(env.settings.directory, env.settings.rules_directory, env.settings.templates)
    faults = [str(remark) for remark in rule_remarks(settings) if remark.fault]
    if faults:
        raise ConfigurationError(*faults)
    kept = env.settings.model_copy(update={"rules": settings.rules})
    return with_whole_templates(replace(env, settings=kept))


def open_services(directory: Path, clock: Clock | None = None) -> Services:
    """Returns the services of a configuration directory, by default on the system clock. Raises ConfigurationError."""
    settings, clock = load(directory), clock or SystemClock()
    health_probe = measures(settings)
    return make_services(
        settings, clock=clock, randomness=SystemRandomness(), submit=submitter(settings, clock, health_probe.presented),
        health_probe=health_probe,
    )  # fmt: skip


def open_evidence(directory: Path) -> tuple[Store, BlobStore]:
    """Returns database and archive of a configuration directory to be verified. Raises ConfigurationError.

    Writes nothing: neither a database that is missing nor the configuration into one that is there.
    """
    settings = load(directory)
    file = database_file(settings.desk)
    if file is not None and not file.exists():
        raise ConfigurationError(f"database {file}: does not exist; restore it, or mend store.database")
    store = SqlStore(settings.desk.store.database, SystemRandomness().salt)
    require_revision(store.engine)
    return store, FileBlobStore(settings.archive)


def machine_mistakes(settings: Settings) -> tuple[Mistake, ...]:
    """Returns what on this machine does not fit the settings: database, archive, authorities, secrets, extras.

    Reads files only: no server is asked, nothing is made or changed.
    """
    return tuple(found for found in _machine_mistakes(settings) if found is not None)


def _machine_mistakes(settings: Settings) -> Iterator[Mistake | None]:
    desk = settings.desk
    on_server = not desk.store.database.startswith("sqlite")
    yield database_mistake(database_file(desk), on_server=on_server)
    yield folder_mistake(settings.archive)
    yield ca_file_mistake("mailbox", desk.mailbox.ca_file)
    yield ca_file_mistake("submission", desk.submission.ca_file)
    if any(officer.pagers for officer in settings.oncall.officers) and not is_installed():
        yield mistake(CheckCode.PAGER_EXTRA)
    for name, key in _secrets(settings).items():
        found = secret_mistake(name, settings.directory)
        yield found and replace(found, text=f"{key}: {found.text}")


def _secrets(settings: Settings) -> Mapping[str, str]:
    """Returns the credentials that the settings name, each with the first key that does."""
    desk = settings.desk
    keys: dict[str, str] = {}
    if desk.mailbox.login is LoginMethod.PASSWORD:
        keys[desk.mailbox.credential] = "flaggermail.yaml mailbox.credential"
    if desk.oauth2 is not None:
        keys[desk.oauth2.credential] = "flaggermail.yaml oauth2.credential"
    if desk.submission.user and desk.submission.login is LoginMethod.PASSWORD:
        keys.setdefault(desk.submission.credential, "flaggermail.yaml submission.credential")
    if desk.watch.heartbeat:
        keys.setdefault(desk.watch.heartbeat, "flaggermail.yaml watch.heartbeat")
    for officer in settings.oncall.officers:
        for pager in officer.pagers:
            keys.setdefault(pager.credential, f"oncall.yaml officers {officer.id} pagers")
    return keys


def require_ready(settings: Settings, clock: Clock) -> None:
    """Logs each mistake that the daemon runs with.

    Raises ConfigurationError with each that it does not start with, and what else would be found on the way.
    """
    today = clock.now().astimezone(settings.zone).date()
    found = (*advice.mistakes(settings), *advice.mistakes_on(settings, today), *machine_mistakes(settings))
    refused = [one.text for one in found if one.stops_run]
    if refused:
        raise ConfigurationError(*refused, *_faults_on_the_way(settings))
    for one in found:
        if one.severity is Severity.FAULT:
            logbook.set_up_faulty(one.code, one.text)


def _faults_on_the_way(settings: Settings) -> Iterator[str]:
    yield from template_faults(settings)
    rules = settings.rules_directory
    for read in (lambda: read_language(rules), lambda: load_draft_patterns(rules / "drafts.yaml")):
        try:
            read()
        except ConfigurationError as error:
            yield from error.faults


def daemon(
    directory: Path, adapt: Callable[[Services], Services] = lambda env: env, clock: Clock | None = None,
    *, observe: bool = False, new_record: bool = False,
) -> Daemon:  # fmt: skip
    """Returns the daemon of a configuration directory; `adapt` may replace services. Raises ConfigurationError."""
    require_ready(load(directory), clock or SystemClock())
    supervisor = SystemdSupervisor(os.environ)
    opened = services_when_database_answers(directory, clock, supervisor)
    env = adapt(with_whole_templates(with_signatures(opened)))
    return Daemon(
        renewal=renewal(env),
        env=env,
        mailbox=mailbox(env.settings, env.health_probe.presented),
        ticker=SchedulerTicker(),
        stop=interrupt(),
        holder=this_process(env.clock.now()),
        fraction=random.SystemRandom().random,
        supervisor=supervisor,
        observe=observe,
        new_record=new_record,
        heartbeat=heartbeat(env.settings),
        board=status_board(env.settings),
        confinement=lambda: parser_confinement(env.settings),
    )


def services_when_database_answers(directory: Path, clock: Clock | None, supervisor: Supervisor) -> Services:
    """Opens the services once the database's server works for this desk. Raises ConfigurationError.

    A machine that starts may be ready before its database server, and a daemon that gave up would stay down.
    """
    outage, clock = Outage(time.monotonic), clock or SystemClock()
    while True:
        try:
            opened = open_services(directory, clock)
        except StoreAway as away:
            outage.begin(str(away), clock.now())
            supervisor.status("waits for the database")
            time.sleep(PROBE_EVERY)
        else:
            outage.end()
            return opened


def heartbeat(settings: Settings) -> Heartbeat | None:
    """Returns the heartbeat if the settings configure one, else None."""
    name = settings.desk.watch.heartbeat
    return HttpHeartbeat(credential(name, settings.directory), __version__) if name else None


def status_board(settings: Settings) -> StatusBoard:
    """Returns the writer of the file read by `flaggermail status`, in the folder above the archive."""
    return StatusFile(settings.archive.parent / STATUS_FILE)


def interrupt() -> Interrupt:
    """Returns a new interrupt."""
    return EventInterrupt()


def upgrade_database(directory: Path) -> str:
    """Migrates the database of a configuration directory to the newest schema; returns its revision."""
    store = SqlStore(load(directory).desk.store.database, SystemRandomness().salt)
    try:
        return upgrade(store.engine)
    finally:
        store.close()


def ingest_files(
    env: Services, paths: Sequence[Path], sent: Sequence[Path], progress: Callable[[int, int], None]
) -> old_mail.FoundMail:  # fmt: skip
    """Takes in the old mail of files and folders; `sent` are those of sent mail.

    `progress` gets the octets read and those of all files. Raises StoreBusy, StoreFault, ArchiveFault.
    """
    desk = env.settings.desk.mailbox
    files = MailFiles(paths, sent, MailNames(desk.sent, desk.junk))
    size = files.size()
    return old_mail.take_in(with_signatures(env), files, lambda read, _: progress(read, size))


def play(path: Path, command: Command) -> Report:
    """Plays the scenario in `path`; `command` runs the command line. Raises ConfigurationError, Refusal."""
    return replay.play(path, command, replayed)


def replayed(settings: Settings, folder: Path, clock: Clock, randomness: Randomness, submit: Submitter) -> Services:
    """Returns services for a scenario: database and archive in `folder`, live adapters for every other port."""
    return make_services(
        settings, clock=clock, randomness=randomness, submit=submit, pager=ListPager(),
        database=f"sqlite:///{folder}/scenario.db", archive=folder / "archive",
    )  # fmt: skip


def show_demo(wanted: demo.Wanted, command: Command, start_daemon: Sequence[str], tell: demo.Tell) -> None:
    """Plays the story of the demo. Raises StoryBroken, and ImportError if the extra `demo` is not installed."""
    from flaggermail.adapters.demo_servers import DemoServers  # noqa: PLC0415 - part of the extra

    parts = demo.Parts(DemoServers, upgrade_database, open_services, command, start_daemon)
    demo.show(wanted, parts, tell)


def demo_daemon(directory: Path) -> Daemon:
    """Returns the daemon of the demo, with the story's clock and short intervals. Raises ConfigurationError."""
    running = daemon(directory, clock=StoryClock(directory))
    running.outbox_every = running.remind_every = DEMO_TICK
    return running

# SPDX-License-Identifier: EUPL-1.2
"""Makes the services of a desk from its settings: an adapter for each port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn, TypeAlias, cast

from flaggermail import logbook
from flaggermail.adapters.dns.organisations import organisational
from flaggermail.adapters.documents.writer import OfficeDocuments
from flaggermail.adapters.files.blob_store import (
    FileBlobStore,
)
from flaggermail.adapters.files.secrets import FileCodeVault, credential
from flaggermail.adapters.files.templates import FileTemplates, read_words
from flaggermail.adapters.pagers.apprise_pager import ApprisePager
from flaggermail.adapters.parsing.patterns import Re2Matcher
from flaggermail.adapters.parsing.vocabulary_file import read_language
from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.adapters.system.clock import SystemClock, SystemRandomness, clock_lead
from flaggermail.adapters.system.machine import MachineHealthProbe
from flaggermail.errors import ConfigurationError, MachineFailure
from flaggermail.health import advice
from flaggermail.intake import facts, trust_proofs
from flaggermail.intake.rules_in_force import RuleReloader
from flaggermail.ports import (
    BlobStore,
    Clock,
    HealthProbe,
    MailService,
    Pager,
    Randomness,
    Store,
    Submitter,
)
from flaggermail.record.states import Severity
from flaggermail.replies.verbs import would_work
from flaggermail.rules.configuration import Configuration, load
from flaggermail.rules.draft_patterns import load_draft_patterns
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.wiring.credentials import (
    Presented,
    code_vault,
    login_certificate_end,
    secrets_of,
)
from flaggermail.wiring.databases import octets_of, open_store
from flaggermail.wiring.rule_checks import rule_findings
from flaggermail.wiring.rule_folders import OF_RULES, RuleFolders, watched
from flaggermail.wiring.setup_checks import disks_of, machine_faults, marks_in_file, template_faults, word_faults


def measures(settings: Configuration, octets: BlobStore | None = None) -> MachineHealthProbe:
    """Returns a health probe for the disks of database and archive and for the sessions presented to it."""
    return MachineHealthProbe(
        disks_of(settings), lambda: login_certificate_end(settings), clock_lead, octets.fault if octets else None
    )


def make_services(  # noqa: PLR0913 - one argument for each port that differs
    settings: Configuration, *, clock: Clock, randomness: Randomness, submit: Submitter, pager: Pager | None = None,
    health_probe: HealthProbe | None = None,
    database: str | None = None, archive: Path | None = None, store: Store | None = None,
    octets: BlobStore | None = None,
) -> Services:  # fmt: skip
    """Returns services on the settings' database and archive, or on others."""
    store = store or open_store(database or settings.desk.store.database, randomness)
    if octets is None:
        octets = octets_of(settings, store) if archive is None else FileBlobStore(archive)
    return Services(
        settings=settings,
        store=store,
        octets=octets,
        parser=ContainedParser(settings.rules_directory),
        sender_check=facts.by_settings(
            settings.desk.mailbox, organisational, lambda: trust_proofs.is_proven(store, clock)
        ),
        templates=FileTemplates(settings.templates, settings.zone),
        matcher=Re2Matcher(),
        submitter=submit,
        clock=clock,
        randomness=randomness,
        draft_patterns=load_draft_patterns(settings.rules_directory / "drafts.yaml"),
        language=read_language(settings.rules_directory),
        would_work=would_work,
        pager=pager or ApprisePager(lambda name: credential(name, settings.directory)),
        health_probe=health_probe or MachineHealthProbe({}),
        codes=FileCodeVault(archive.parent / "codes", randomness.salt)
        if archive
        else code_vault(settings, store, randomness.salt),
        documents=OfficeDocuments(),
        organisational=organisational,
    )


def with_whole_templates(env: Services, *, at_start: bool = False) -> Services:
    """Returns `env` with checked templates, all read in advance: edits take effect only after a reload.

    Where one of them cannot be filled in all the same, its mail leaves by the shipped one: no clock waits for it.
    Raises ConfigurationError with every fault. A daemon would otherwise find it when it has to raise an alarm.
    """
    spared = with_spare_templates(env)
    faults = spared.templates.check(at_start=at_start)
    if faults:
        raise ConfigurationError(*faults)
    return spared


def with_spare_templates(env: Services) -> Services:
    """Returns `env` with its templates as they are: in the place of a faulty one the shipped one is used."""
    spare = shipped("config") / "templates"
    return replace(env, templates=FileTemplates(env.settings.templates, env.settings.zone, spare))


def with_usable_words(settings: Configuration) -> Configuration:
    """Returns the settings, with the shipped templates if the words of its own cannot be read."""
    try:
        read_words(settings.templates / "words.yaml")
    except ConfigurationError:
        return settings.model_copy(update={"templates": shipped("config") / "templates"})
    return settings


def renewal(env: Services, edited: RuleFolders | None = None) -> RuleReloader:
    """Returns the watcher for changes to the rules and templates of `env`; see `rule_folders.watched`."""
    return watched(env, renewed, edited)


def renewed(env: Services) -> Services:
    """Returns `env` with the current rules and templates. Raises ConfigurationError with every fault in them."""
    settings = load(env.settings.directory, env.settings.rules_directory, env.settings.templates)
    faults = [str(remark) for remark in rule_findings(settings) if remark.fault]
    if faults:
        raise ConfigurationError(*faults)
    kept = env.settings.model_copy(update={name: getattr(settings, name) for name in OF_RULES})
    return with_whole_templates(replace(env, settings=kept))


def reloaded(env: Services) -> Services:
    """Returns `env` with settings, rules and templates read anew; store and parser stay. Raises ConfigurationError.

    For a process that outlives a request, once `configuration_record.configuration_number` has grown.
    """
    made = services_on(load(env.settings.directory), env.store, env.clock, env.randomness)
    return replace(made, parser=env.parser)


def open_services(directory: Path, clock: Clock | None = None) -> Services:
    """Returns the services of a configuration directory, by default on the system clock.

    Raises ConfigurationError, StoreAway, StoreBusy.
    """
    return opened_on(load(directory), clock)


def opened_on(settings: Configuration, clock: Clock | None = None, serves: ServiceMaker | None = None) -> Services:
    """Does the same with settings that are loaded; `serves`: see `services_on`."""
    clock, randomness = clock or SystemClock(), SystemRandomness()
    store = open_store(settings.desk.store.database, randomness)
    try:
        return services_on(settings, store, clock, randomness, serves)
    except BaseException:
        store.close()
        raise


class NoSubmitter:
    """Stands for the submission server in a process that sends nothing: the daemon sends what a command writes."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"only the daemon sends mail: {name}")


NO_SUBMITTER = cast("Submitter", NoSubmitter())


ServiceMaker: TypeAlias = Callable[[Configuration, Presented], MailService]


def services_on(
    settings: Configuration, store: Store, clock: Clock, randomness: Randomness, serves: ServiceMaker | None = None
) -> Services:  # fmt: skip
    """Returns services with the settings' own archive on an open store; mail is sent by what `serves` makes.

    Without it they send nothing. Raises ConfigurationError.
    """
    if settings.keeps_octets_in_database:
        secrets_of(settings, store).require()
    octets = octets_of(settings, store)
    health_probe = measures(settings, octets)
    submit = serves(settings, health_probe.presented).submitter(clock, store.leads) if serves else NO_SUBMITTER
    return make_services(
        settings, clock=clock, randomness=randomness, store=store, octets=octets, submit=submit,
        health_probe=health_probe,
    )  # fmt: skip


def require_ready(settings: Configuration, clock: Clock) -> None:
    """Logs each fault in the set-up that the daemon runs with.

    Raises ConfigurationError with each that it does not start with, and what else would be found on the way; it is a
    MachineFailure if all of it may pass.
    """
    today = clock.now().astimezone(settings.zone).date()
    on_machine = machine_faults(settings, marks_in_file)
    found = (*advice.setup_faults(settings), *advice.setup_faults_on(settings, today), *on_machine)
    refused = [one for one in found if one.stops_run]
    if refused:
        others = [*template_faults(settings), *word_faults(settings.rules_directory)]
        kind = ConfigurationError if others or not all(one.passes for one in refused) else MachineFailure
        raise kind(*(one.text for one in refused), *others)
    for one in found:
        if one.severity is Severity.FAULT:
            logbook.set_up_faulty(one.code, one.text)
    if settings.desk.oauth2 is not None and settings.desk.oauth2.accept_risk is not None:
        logbook.token_reach_accepted(settings.desk.oauth2.accept_risk)

# SPDX-License-Identifier: EUPL-1.2
"""Keeps a desk on rules and templates without a fault: watched, or those on record."""

from __future__ import annotations

import io
import shutil
import tarfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from flaggermail.errors import ArchiveFailure, ConfigurationError, MachineFailure
from flaggermail.intake.rules_in_force import RuleReloader
from flaggermail.record.kinds import Versioned
from flaggermail.record.rows import InForce
from flaggermail.rules.configuration import load
from flaggermail.rules.files import PACKAGE, stamp
from flaggermail.shipped import rules_of
from flaggermail.wiring.databases import evidence_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flaggermail.rules.configuration import Configuration
    from flaggermail.services import Services

LOOK_EVERY = 15  # ticks of one second between two checks for changed rules or templates
OF_RULES = ("rules", "intake", "reply_words")
"""The settings that are read from the files of the rules in force."""
LAST_RULES = "rules-in-force"  # the folder beside the archive for rules that a start took from the record


class RuleFolders(NamedTuple):
    """Where rules and templates are edited."""

    rules: Path
    templates: Path


def watched(env: Services, renewed: Callable[[Services], Services], edited: RuleFolders | None = None) -> RuleReloader:
    """Returns the watcher for changes to the rules and templates of `env`, which `renewed` reads.

    `edited`: where they are, if `env` began with those of its record as these have faults; they are tried at once.
    """
    folders = edited or RuleFolders(env.settings.rules_directory, env.settings.templates)
    places = {"rules_directory": folders.rules, "templates": folders.templates}

    def read(env: Services) -> Services:
        return renewed(replace(env, settings=env.settings.model_copy(update=places)))

    reloader = RuleReloader(lambda: stamp(*folders), read, LOOK_EVERY)
    if edited:
        reloader.request()
    return reloader


def with_last_rules(settings: Configuration, refused: ConfigurationError) -> Configuration:
    """Returns the settings with the rules and templates that were last in force on their record.

    They are laid into a folder beside the archive, with the tables of the present rules folder that are not recorded.
    Raises `refused`, why the present files were not taken, if none were in force yet; as a MachineFailure if the
    archive may still come. Raises StoreBusy, StoreAway.
    """
    directory = settings.directory
    try:
        store, octets = evidence_of(settings)
        with closing(store), store.read() as tx:
            in_force = {row.what: octets.get(row.digest) for row in tx.find(InForce) if row.until is None}
        kept = settings.archive.parent / LAST_RULES
        rules, templates = kept / "rules", kept / "templates"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(rules_of(directory), rules, ignore=shutil.ignore_patterns("[0-9][0-9]-*", "*.txt"))
        for what, folder in ((Versioned.RULES, rules), (Versioned.TEMPLATES, templates)):
            _lay_out(in_force[what], folder)
        (rules / PACKAGE).unlink(missing_ok=True)  # the package's own domains, which are recorded with the rules
        return load(directory, rules, templates)
    except (ArchiveFailure, OSError) as fault:
        raise MachineFailure(*refused.faults, str(fault)) from fault
    except (ConfigurationError, KeyError, tarfile.TarError) as fault:
        raise refused from fault


def with_registered(settings: Configuration) -> Configuration:
    """Returns the settings with the rules and templates in force on their record, however good their own are.

    For a node that has to lead with files that would change a rule. Raises as `with_last_rules` does.
    """
    kept = with_last_rules(settings, ConfigurationError(f"{settings.directory}: the record has no rules in force yet"))
    taken = (*OF_RULES, "rules_directory", "templates")
    return settings.model_copy(update={name: getattr(kept, name) for name in taken})


def _lay_out(octets: bytes, folder: Path) -> None:
    """Writes the files of a tar that this program made, see `intake.rules_in_force.archived`."""
    with tarfile.open(fileobj=io.BytesIO(octets)) as tar:
        for member in tar:
            file, target = tar.extractfile(member), folder / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read() if file else b"")

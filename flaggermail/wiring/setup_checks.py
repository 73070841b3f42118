# SPDX-License-Identifier: EUPL-1.2
"""What `check`, and each start, finds wrong in a desk's files and on its machine; opens no record and no mailbox.

A module of its own: `check` loads no engine of a database to look at files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from flaggermail.adapters.db.inspection import archive_marks, database_fault
from flaggermail.adapters.files.blob_store import (
    folder_fault,
    full_disks,
    leftover_faults,
    missing_folder_fault,
)
from flaggermail.adapters.files.rights import DeskPlaces, account, open_faults
from flaggermail.adapters.files.secrets import secret_fault
from flaggermail.adapters.files.templates import FileTemplates
from flaggermail.adapters.parsing.vocabulary_file import FILE_NAME, MACHINES_FILE_NAME, read_language
from flaggermail.adapters.system.clock import SystemClock
from flaggermail.adapters.tls import ca_file_fault
from flaggermail.errors import ConfigurationError
from flaggermail.rules.configuration import Configuration
from flaggermail.rules.draft_patterns import load_draft_patterns
from flaggermail.settings.mistakes import SetupFault, SetupFaultCode, setup_fault
from flaggermail.settings.model import database_file
from flaggermail.shipped import are_shipped, shipped
from flaggermail.wiring.credentials import TOKENS, certificate_fault, extra_fault, is_module, named_secrets

DRAFTS, REDACTION = "drafts.yaml", "redaction.yaml"


def template_faults(settings: Configuration) -> tuple[str, ...]:
    """Returns the faults in the templates of the settings, one line each: file, line, name.

    Those shipped with this program have none, as its tests try each; a start of the daemon tries them all the same if
    another jinja2 is installed than that of the tests.
    """
    return FileTemplates(settings.templates, settings.zone).faults(shipped("config") / "templates")


def disks_of(settings: Configuration) -> dict[str, Path]:
    """Returns the paths that the record needs room at, by name; what is on a server is not ours to watch."""
    archive = None if settings.keeps_octets_in_database else settings.archive
    given = {"archive": archive, "database": database_file(settings.desk)}
    return {name: path for name, path in given.items() if path is not None}


def machine_faults(
    settings: Configuration, marks: Callable[[Configuration], Collection[str]]
) -> tuple[SetupFault, ...]:
    """Returns what on this machine does not fit the settings: database, archive, authorities, secrets, extras.

    Reads files, and asks no server but by `marks`, which returns those of the archive; nothing is made or changed.
    """
    return tuple(found for found in _machine_faults(settings, marks) if found is not None)


def marks_in_file(settings: Configuration) -> Collection[str]:
    """Returns the marks of the archive that an SQLite file names; none where the record is on a server."""
    return archive_marks(database_file(settings.desk))


def _machine_faults(
    settings: Configuration, marks: Callable[[Configuration], Collection[str]]
) -> Iterator[SetupFault | None]:
    desk = settings.desk
    on_server = not desk.store.database.startswith("sqlite")
    yield database_fault(database_file(desk), on_server=on_server)
    if not settings.keeps_octets_in_database:
        yield folder_fault(settings.archive) or missing_folder_fault(settings.archive, marks(settings))
    yield folder_fault(settings.codes, "codes") if os.path.lexists(settings.codes) else None
    tokens = settings.archive.parent / TOKENS
    yield from open_faults(DeskPlaces(database_file(desk), settings.archive, settings.codes, tokens))
    yield from full_disks(disks_of(settings))
    yield ca_file_fault("mailbox", desk.mailbox.ca_file)
    yield ca_file_fault("submission", desk.submission.ca_file)
    if any(officer.pagers for officer in settings.oncall.officers) and not is_module("apprise"):
        yield setup_fault(SetupFaultCode.PAGER_EXTRA)
    if desk.door.proxy_account is not None and account(desk.door.proxy_account) is None:
        yield setup_fault(SetupFaultCode.PROXY_ACCOUNT, account=desk.door.proxy_account)
    yield extra_fault(desk.oauth2)
    yield certificate_fault(settings, SystemClock().now())
    of_lines = desk.oauth2.files_of_lines if desk.oauth2 else frozenset()
    for name, key in named_secrets(settings).items():
        found = secret_fault(name, settings.directory, several=name in of_lines)
        yield found and replace(found, text=f"{key}: {found.text}")
    around = [settings.directory, settings.directory.parent, settings.archive.parent, Path.cwd()]
    database = database_file(desk)
    yield from leftover_faults([*around, database.parent] if database is not None else around)


def word_faults(rules: Path) -> Iterator[str]:
    """Yields the faults in the tables of words that are read when they are needed, one line each.

    As of the templates, those shipped with this program have none.
    """
    words: Mapping[tuple[str, ...], Callable[[], object]] = {
        (FILE_NAME, MACHINES_FILE_NAME): lambda: read_language(rules),
        (DRAFTS,): lambda: load_draft_patterns(rules / DRAFTS),
        (REDACTION,): lambda: _redaction(rules),
    }
    for names, read in words.items():
        try:
            if not are_shipped(rules, names):
                read()
        except ConfigurationError as error:
            yield from error.faults


def _redaction(rules: Path) -> object:
    from flaggermail.annex.redaction_words import read_redaction_words  # noqa: PLC0415 - 0.5 MiB, printing needs it

    return read_redaction_words(rules)

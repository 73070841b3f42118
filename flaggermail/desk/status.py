# SPDX-License-Identifier: EUPL-1.2
"""The desk's status, from the file written by the daemon; reads two settings, so that it answers at once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flaggermail.errors import ConfigurationError, Refusal
from flaggermail.health.status_document import ARCHIVE_OF, PROCESS, RUNTIME_FOLDER, STATUS_FILE, judged
from flaggermail.settings.yaml_files.source import YamlSource, read, require_folder
from flaggermail.wording.refusals import ViewRefusal

if TYPE_CHECKING:
    from flaggermail.desk.ground import DeskFiles
    from flaggermail.mail.message import Json

DESK_FILE, ARCHIVE_KEY, STATUS_KEY = "flaggermail.yaml", ("store", "archive"), ("store", "status")
ARCHIVE = "archive"  # the default in `settings`, which is slow to import; a test compares the two
MACHINES = Path("/etc/flaggermail")  # the configuration of the machine's own desk, whose unit writes RUNTIME_FOLDER


def show(ground: DeskFiles, _: Mapping[str, Json]) -> dict[str, Json]:
    """Returns the document of the status file as it is judged now; `file` says where a missing one would be.

    Raises ConfigurationError if the configuration does not say where it is, Refusal if it cannot be read.
    """
    if ground.simulated:
        return judged({}, ground.now())
    path = status_file(ground.directory)
    written = read_status(path)
    alive = ground.process_runs(written.get(PROCESS))
    if alive is False and written.get("starting"):  # a start that failed; what is older is not known any more
        written = {**written, "written_at": None, "wrong": [], "findings": []}
    document = judged(written, ground.now(), alive)
    return document if written else {**document, "file": str(path)}


def status_file(directory: Path) -> Path:
    """Returns the path of a configuration's status file: in `store.status`, the unit's folder, or above the archive.

    The file in the unit's folder counts if its daemon has the same archive: another desk may run under systemd. It is
    that of the machine's own desk where this account may not read the configuration. Raises ConfigurationError.
    """
    of_unit = Path(RUNTIME_FOLDER) / STATUS_FILE
    if directory == MACHINES and directory.is_dir() and not os.access(directory, os.R_OK | os.X_OK):
        return of_unit
    require_folder(directory)
    source = read(directory / DESK_FILE, DESK_FILE)
    if source.faults:
        raise ConfigurationError(*map(str, source.faults))
    named = _folder(source, STATUS_KEY, "names no folder; write the folder of status.json, or remove the line")
    if named is not None:
        return directory / named / STATUS_FILE
    archive = directory / (_folder(source, ARCHIVE_KEY, "names no folder; write the folder of the archive") or ARCHIVE)
    return of_unit if _archive_in(of_unit) == os.path.realpath(archive) else archive.parent / STATUS_FILE


def _folder(source: YamlSource, key: tuple[str, ...], wanted: str) -> str | None:
    """Returns the folder that a setting names; None if it is not there. Raises ConfigurationError with `wanted`."""
    if key not in source.places:
        return None
    found = source.value(key)
    if not isinstance(found, str) or not found.strip():
        raise ConfigurationError(str(source.fault(key, wanted)))
    return found


def _archive_in(path: Path) -> Json:
    """Returns the archive of the daemon that wrote a status file; None if there is no such file."""
    try:
        return read_status(path).get(ARCHIVE_OF)
    except Refusal:
        return None


def read_status(path: Path) -> Mapping[str, Json]:
    """Returns the document in the file; empty if the file is missing. Raises Refusal if it cannot be read."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as fault:
        raise Refusal(ViewRefusal.FILE_UNREADABLE(file=str(path), fault=str(fault.strerror))) from fault
    except ValueError:  # neither UTF-8 nor JSON
        found = None
    if not isinstance(found, dict):
        raise Refusal(ViewRefusal.STATUS_UNREADABLE(file=str(path)))
    return found

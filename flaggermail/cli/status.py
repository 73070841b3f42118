# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail status`: summarises the desk's status from the file written by the daemon."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.instants import age
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import listed
from flaggermail.errors import ConfigurationError, Refusal
from flaggermail.health.overview import EXERCISE, STATUS_FILE, instant, judged
from flaggermail.record.states import CASE_STATES, CLOCKS, UNDELIVERED_PAGES, WAITING

if TYPE_CHECKING:
    from flaggermail.mail.message_json import Json

DESK_FILE, ARCHIVE_KEY = "flaggermail.yaml", ("store", "archive")
ARCHIVE = "archive"  # the default in `settings`, which is slow to import; a test compares the two
_CASES = (*CASE_STATES, EXERCISE)
_ON_CALL = "somebody: `flaggermail oncall now` says who"  # every account may read the file, so it contains no name
_NOT_ON_CALL = "nobody: `flaggermail oncall now` says more"


@click.command(name="status")
@as_json_option
@click.pass_obj
def command(session: Session, *, as_json: bool) -> None:
    """Summarise the desk's status.

    The source is the file `status.json`, which the daemon writes every ten seconds. The exit status is 1 if the daemon
    does not run or something is wrong, as listed under `wrong`. It is 2 if the configuration does not say where the
    file is.

    Example: flaggermail status
    """
    now, path = session.now(), None
    if session.given is None:  # a replay has no daemon, even if one runs on this machine
        path = status_file(session.directory)
    document = judged(read_status(path) if path else {}, now)
    if as_json:
        show_json(document)
    else:
        listed(_lines(document, now, path))
    if not document["ok"]:
        raise click.exceptions.Exit(1)


def status_file(directory: Path) -> Path:
    """Returns the path of a configuration's status file; reads a single setting. Raises ConfigurationError."""
    from flaggermail.yaml_files.source import read, require_folder

    require_folder(directory)
    source = read(directory / DESK_FILE, DESK_FILE)
    if source.faults:
        raise ConfigurationError(*map(str, source.faults))
    archive = source.value(ARCHIVE_KEY) if ARCHIVE_KEY in source.places else ARCHIVE
    if not isinstance(archive, str) or not archive.strip():
        raise ConfigurationError(str(source.fault(ARCHIVE_KEY, "names no folder; write the folder of the archive")))
    return (directory / archive).parent / STATUS_FILE


def read_status(path: Path) -> Mapping[str, Json]:
    """Returns the document in the file; empty if the file is missing. Raises Refusal if it cannot be read."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as fault:
        raise Refusal(f"{path}: cannot be read ({fault.strerror})") from fault
    except ValueError:  # neither UTF-8 nor JSON
        found = None
    if not isinstance(found, dict):
        raise Refusal(f"{path}: is not what a daemon writes")
    return found


def _lines(document: Mapping[str, Json], now: datetime, path: Path | None) -> list[tuple[str, object]]:
    head = [("daemon", "runs" if document["daemon"] else "does not run")]
    tail = [("wrong", trouble) for trouble in _list(document, "wrong")]
    if "written_at" not in document:
        return [("written", f"never: {path} is missing" if path else "never"), *head, *tail]
    mailbox, looks = _section(document, "mailbox"), _section(document, "last_look")
    since = _shown(document.get("observing_since"))
    return [
        ("written", f"{_look(document['written_at'], now)}, by flaggermail {document.get('version')}"),
        *head,
        ("observing", since and f"since {since}: nothing is sent until `flaggermail resume`"),
        ("cases", _counts(_section(document, "cases"), _CASES)),
        ("clocks running", _with_oldest(_section(document, "clocks"), CLOCKS, now)),
        ("quarantine", _quarantine(document, now)),
        ("outbox", _outbox(_section(document, "outbox"), now)),
        ("mailbox link", mailbox.get("link") or "first look under way"),
        *((f"last look at {folder}", _look(at, now)) for folder, at in looks.items()),
        ("on call", _ON_CALL if document.get("on_call") else _NOT_ON_CALL),
        ("free", ", ".join(f"{room} MB for the {place}" for place, room in _section(document, "free_mb").items())),
        ("watched", "; ".join(f"{what} {value}" for what, value in _section(document, "watched").items())),
        ("held back", document.get("held_back") or None),
        ("suppressed", document.get("suppressed") or None),
        ("pages", _counts(_section(document, "pages"), UNDELIVERED_PAGES, none="")),
        ("jobs", _jobs(_section(document, "jobs"))),
        *tail,
    ]


def _quarantine(document: Mapping[str, Json], now: datetime) -> str:
    oldest = instant(document.get("quarantine_oldest_at"))
    return f"{document.get('quarantine')}, the oldest {age(oldest, now)}" if oldest else "empty"


def _outbox(outbox: Mapping[str, Json], now: datetime) -> str:
    said = outbox.get("last_error")
    return _with_oldest(outbox, WAITING, now) + (f"; the server said: {said}" if said else "")


def _with_oldest(section: Mapping[str, Json], names: tuple[str, ...], now: datetime) -> str:
    oldest = instant(section.get("oldest_at"))
    return _counts(section, names) + (f", the oldest {age(oldest, now)}" if oldest else "")


def _counts(found: Mapping[str, Json], names: tuple[str, ...], none: str = "none") -> str:
    return ", ".join(f"{found[name]} {name}" for name in names if found.get(name)) or none


def _jobs(jobs: Mapping[str, Json]) -> str:
    """Returns the faults of the daemon's jobs, such as "outbox 20 overlapped; remind 1 missed"."""
    return "; ".join(f"{name} {_counts(found, tuple(found))}" for name in jobs if (found := _section(jobs, name)))


def _look(at: Json, now: datetime) -> str:
    found = instant(at)
    return f"{_shown(at)}, {age(found, now)} ago" if found else "never"


def _shown(at: Json) -> str:
    """Formats an instant of the document to the minute, in the desk's zone as written."""
    found = instant(at)
    return found.isoformat(sep=" ", timespec="minutes") if found else ""


def _section(document: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _list(document: Mapping[str, Json], name: str) -> list[Json]:
    found = document.get(name)
    return found if isinstance(found, list) else []

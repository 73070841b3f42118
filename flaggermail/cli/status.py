# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail status`: summarises the desk's status from the file written by the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from flaggermail.cli.instants import age
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import listed
from flaggermail.record.states import CASE_STATES, CLOCKS, UNDELIVERED_PAGES, UNSETTLED

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

_CASES = (*CASE_STATES, "exercise")
_ON_CALL = "somebody: `flaggermail oncall now` says who"  # every account may read the file, so it contains no name
_FEW = 20  # mails named in a line, as in the alarm
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
    document = session.ask("status")
    if as_json:
        show_json(document)
    else:
        listed(_lines(document, session.now()))
    if not document["ok"]:
        raise click.exceptions.Exit(1)


def _lines(document: Mapping[str, Json], now: datetime) -> list[tuple[str, object]]:
    head = [("daemon", _daemon(document))]
    tail = [("wrong", trouble) for trouble in _list(document, "wrong")]
    if "written_at" not in document:
        file = document.get("file")
        return [("written", f"never: {file} is missing" if file else "never"), *head, *tail]
    mailbox, looks = _section(document, "mailbox"), _section(document, "last_look")
    since = _shown(document.get("observing_since"))
    return [
        ("written", f"{_look(document['written_at'], now)}, by flaggermail {document.get('version')}"),
        *head,
        ("observing", since and f"since {since}: nothing is sent until `flaggermail resume`"),
        ("cases", _counts(_section(document, "cases"), _CASES)),
        ("clocks running", _with_oldest(_section(document, "clocks"), CLOCKS, now)),
        ("quarantine", _quarantine(document, now)),
        ("set aside", _set_aside(_section(document, "set_aside"))),
        ("outbox", _outbox(_section(document, "outbox"), now)),
        ("mailbox link", mailbox.get("link") or "first look under way"),
        ("mailbox fault", mailbox.get("fault")),
        *((f"last look at {folder}", _look(at, now)) for folder, at in looks.items()),
        ("on call", _ON_CALL if document.get("on_call") else _NOT_ON_CALL),
        ("free", ", ".join(f"{room} MB for the {place}" for place, room in _section(document, "free_mb").items())),
        ("watched", "; ".join(f"{what} {value}" for what, value in _section(document, "watched").items())),
        ("officers unheard", document.get("unverified_officer_replies") or None),
        ("held back", document.get("held_back") or None),
        ("suppressed", document.get("suppressed") or None),
        ("pages", _counts(_section(document, "pages"), UNDELIVERED_PAGES, none="")),
        ("jobs", _jobs(_section(document, "jobs"))),
        *tail,
    ]


def _daemon(document: Mapping[str, Json]) -> str:
    if not document["daemon"]:
        return "does not run"
    if _section(document, "node").get("leads") is False:
        return "waits as a standby: another node leads (`flaggermail node list`)"
    return "is starting" if document.get("starting") else "runs"


def _quarantine(document: Mapping[str, Json], now: datetime) -> str:
    oldest = _instant(document.get("quarantine_oldest_at"))
    return f"{document.get('quarantine')}, the oldest {age(oldest, now)}" if oldest else "empty"


def _set_aside(found: Mapping[str, Json]) -> str:
    """Returns the mails that the server does not give, such as "INBOX 17, 21", a few of each folder."""
    parts = []
    for folder, items in found.items():
        if isinstance(items, list):
            more = ["..."] if len(items) > _FEW else []
            parts.append(f"{folder} {', '.join(map(str, [*items[:_FEW], *more]))}")
    return "; ".join(parts)


def _outbox(outbox: Mapping[str, Json], now: datetime) -> str:
    said = outbox.get("last_error")
    return _with_oldest(outbox, UNSETTLED, now) + (f"; the server said: {said}" if said else "")


def _with_oldest(section: Mapping[str, Json], names: tuple[str, ...], now: datetime) -> str:
    oldest = _instant(section.get("oldest_at"))
    return _counts(section, names) + (f", the oldest {age(oldest, now)}" if oldest else "")


def _counts(found: Mapping[str, Json], names: tuple[str, ...], none: str = "none") -> str:
    return ", ".join(f"{found[name]} {name}" for name in names if found.get(name)) or none


def _jobs(jobs: Mapping[str, Json]) -> str:
    """Returns the faults of the daemon's jobs, such as "outbox 20 overlapped; remind 1 missed"."""
    return "; ".join(f"{name} {_counts(found, tuple(found))}" for name in jobs if (found := _section(jobs, name)))


def _look(at: Json, now: datetime) -> str:
    found = _instant(at)
    return f"{_shown(at)}, {age(found, now)} ago" if found else "never"


def _shown(at: Json) -> str:
    """Formats an instant of the document to the minute, in the desk's zone as written."""
    found = _instant(at)
    return found.isoformat(sep=" ", timespec="minutes") if found else ""


def _instant(value: Json) -> datetime | None:
    """Returns an instant of the document; None for anything else, in a file that the daemon did not write."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _section(document: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _list(document: Mapping[str, Json], name: str) -> list[Json]:
    found = document.get(name)
    return found if isinstance(found, list) else []

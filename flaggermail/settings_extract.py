# SPDX-License-Identifier: EUPL-1.2
"""The few settings that an overview needs, without checking the others: to check them all takes half a second.

Nothing is judged here: whatever is not plainly written gives no extract, and `settings_files` then says what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flaggermail.core.overview import Limits
from flaggermail.core.rota import WEEKDAYS, Officer, Rota, Shift, WeeklyShift
from flaggermail.settings_renamed import read_settings
from flaggermail.yaml_source import Source

# What holds where nothing is written: the defaults of `settings`, which take long to load; a test compares them.
DEFAULTS = {
    ("organisation", "time_zone"): "Europe/Amsterdam",
    ("mailbox", "inbox"): "INBOX",
    ("mailbox", "sent"): "Sent",
    ("store", "database"): "sqlite:///flaggermail.db",
    ("store", "archive"): "archive",
}
NUMBERS = {
    ("mailbox", "alarm_after_minutes"): 15,
    ("submission", "alarm_after_minutes"): 15,
    ("watch", "disk_free_mb"): 500,
}
_SQLITE_FILE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Extract:
    """What an overview is made from."""

    database: Path  # of SQLite
    folders: tuple[str, ...]  # the watched ones, the inbox first
    zone: ZoneInfo
    rota: Rota
    archive: Path
    limits: Limits


class _NotPlainError(Exception):
    """A value is missing or of another kind."""


def extract(directory: Path) -> Extract | None:
    """The extract of the configuration in `directory`; nothing where it is not plain, or the database is no file."""
    desk, oncall = (read_settings(directory / name) for name in ("flaggermail.yaml", "oncall.yaml"))
    if desk.faults or oncall.faults:
        return None
    try:
        return Extract(
            database=directory / _file(_setting(desk, "store", "database")),
            folders=tuple(_setting(desk, "mailbox", name) for name in ("inbox", "sent")),
            zone=ZoneInfo(_setting(desk, "organisation", "time_zone")),
            rota=_rota(oncall, ZoneInfo(_setting(desk, "organisation", "time_zone"))),
            archive=directory / _setting(desk, "store", "archive"),
            limits=Limits(
                mailbox=timedelta(minutes=_number(desk, "mailbox", "alarm_after_minutes")),
                outbox=timedelta(minutes=_number(desk, "submission", "alarm_after_minutes")),
                free=_number(desk, "watch", "disk_free_mb"),
            ),
        )
    except (_NotPlainError, ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        return None


def _setting(desk: Source, section: str, name: str) -> str:
    written = desk.value((section,))
    if isinstance(written, dict) and name in written:
        return _text(desk, section, name)
    if section in desk.values and not isinstance(written, dict):
        raise _NotPlainError
    return DEFAULTS[section, name]


def _number(desk: Source, section: str, name: str) -> int:
    found = desk.value((section, name))
    if found is None and (section not in desk.values or isinstance(desk.value((section,)), dict)):
        return NUMBERS[section, name]
    if not isinstance(found, int) or isinstance(found, bool):
        raise _NotPlainError
    return found


def _file(url: str) -> str:
    path = url.removeprefix(_SQLITE_FILE)
    if path == url or path.startswith(":memory:") or "?" in path:
        raise _NotPlainError
    return path


def _rota(oncall: Source, zone: ZoneInfo) -> Rota:
    """Officers and shifts; of an officer only what an overview shows."""
    rota = Rota(
        tuple(
            Officer(
                id=_text(oncall, "officers", at, "id"),
                name=_text(oncall, "officers", at, "name"),
                address=_text(oncall, "officers", at, "address"),
                phone=_optional(oncall, "officers", at, "phone"),
            )
            for at in _entries(oncall, "officers")
        ),
        tuple(
            Shift(_text(oncall, "shifts", at, "officer"), _instant(oncall, at, "begins"), _instant(oncall, at, "ends"))
            for at in _entries(oncall, "shifts")
        ),
        _optional(oncall, "fallback_officer"),
        tuple(
            WeeklyShift(
                _text(oncall, "weekly", at, "officer"),
                WEEKDAYS.index(_text(oncall, "weekly", at, "day")),
                time.fromisoformat(_text(oncall, "weekly", at, "from")),
                time.fromisoformat(_text(oncall, "weekly", at, "to")),
            )
            for at in _entries(oncall, "weekly")
        ),
        zone,
    )
    named = {
        *(shift.officer for shift in rota.shifts),
        *(shift.officer for shift in rota.weekly),
        *([rota.fallback_officer] if rota.fallback_officer else []),
    }
    if not named <= {officer.id for officer in rota.officers}:
        raise _NotPlainError
    return rota


def _entries(source: Source, name: str) -> range:
    value = source.value((name,))
    if isinstance(value, list):
        return range(len(value))
    if name in source.values:
        raise _NotPlainError
    return range(0)


def _instant(source: Source, shift: int, name: str) -> datetime:
    found = datetime.fromisoformat(_text(source, "shifts", shift, name))
    if found.tzinfo is None:
        raise _NotPlainError
    return found


def _optional(source: Source, *key: str | int) -> str | None:
    return None if source.value(key) is None else _text(source, *key)


def _text(source: Source, *key: str | int) -> str:
    value = source.value(key)
    if not isinstance(value, str) or not value.strip():
        raise _NotPlainError
    return value.strip()

# SPDX-License-Identifier: EUPL-1.2
"""The configuration that the daemon took in, and how the files of another process differ from it.

The daemon alone registers its configuration, at its start and under its lease; so do a replay and the demo, and
`ingest` on a record that no daemon has used. Every other process compares: what is registered stays in force.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from flaggermail.errors import Refusal
from flaggermail.record.definition import where
from flaggermail.record.events import Change, Event, EventKind, added, changed
from flaggermail.record.kinds import Versioned
from flaggermail.record.rows import Channel, ClockRow, Election, InForce, Platform, Record, RegisteredFile
from flaggermail.record.states import ClockState
from flaggermail.services import DAEMON
from flaggermail.settings.model import platform_of
from flaggermail.settings.yaml_files.kinds import Model
from flaggermail.wording.pieces import ConfigurationPart
from flaggermail.wording.refusals import CommandRefusal

if TYPE_CHECKING:
    from flaggermail.ports import Transaction
    from flaggermail.rules.configuration import Configuration
    from flaggermail.services import Services
    from flaggermail.wording.said import StoredText

COUNTERS = ("configuration", "in force")  # of the files, and of the rules and templates (`intake.rules_in_force`)
RULES = "rules"


class DifferenceKind(StrEnum):
    """What of a configuration differs from what is registered."""

    PLATFORM = "platform"
    CHANNEL = "channel"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class ConfigurationDifference:
    """A platform, channel or file that differs; `fields` is empty where the whole of it is new or differs."""

    what: DifferenceKind
    key: str
    fields: tuple[str, ...] = ()

    @property
    def words(self) -> StoredText:
        """The difference in words; the values stay unsaid."""
        said = ConfigurationPart.FIELDS if self.fields else ConfigurationPart.WHOLE
        details = {"fields": list(self.fields)} if self.fields else {}
        return said(what=str(self.what), key=self.key, **details)


# ---- registering


def register(env: Services, actor: str = DAEMON) -> None:
    """Registers the configuration of `env` where it differs; adds the elections if the record has none."""
    with env.store.read() as tx:
        wanted = _events(env, tx, actor)
    if wanted:
        with env.store.begin() as tx:
            _append(tx, _events(env, tx, actor))


def register_first(env: Services, actor: str) -> None:
    """Registers the configuration of `env` if the record has none yet."""
    with env.store.read() as tx:
        if is_registered(tx):
            return
    with env.store.begin() as tx:
        if not is_registered(tx):
            _append(tx, _events(env, tx, actor))


def is_registered(tx: Transaction) -> bool:
    """True if the record has a configuration: a daemon has run on it, or what may register in its place."""
    return tx.exists(RegisteredFile)


def require_registered(tx: Transaction) -> None:
    """Raises Refusal if no daemon has run on this record yet."""
    if not is_registered(tx):
        raise Refusal(CommandRefusal.DAEMON_NOT_RUN())


def configuration_number(tx: Transaction) -> int:
    """Returns a number that grows whenever the daemon takes in other settings, rules or templates.

    A process that outlives a request reads it before it loads its files, and loads them again once it has grown.
    """
    return sum(map(tx.reached, COUNTERS))


def _append(tx: Transaction, events: list[Event]) -> None:
    if any(event.kind is EventKind.CONFIGURATION_REGISTERED for event in events):
        tx.number(COUNTERS[0])
    tx.append(*events)


def _events(env: Services, tx: Transaction, actor: str) -> list[Event]:
    now, events = env.clock.now(), list[Event]()
    if not tx.find(Election):
        seeds = env.settings.elections
        events += [Event(EventKind.ELECTION_ADDED, now, actor, (added(one),), reason=one.code) for one in seeds]
    differing = [*_rows_that_differ(env.settings, tx), *_files_that_differ(env.settings, tx, now)]
    if differing:
        changes = tuple(_change(old, one) for old, one in differing)
        named = ", ".join(one.key for _, one in differing)
        events.append(Event(EventKind.CONFIGURATION_REGISTERED, now, actor, changes, reason=named))
    return events


def _change(old: Record | None, new: Record) -> Change:
    return added(new) if old is None else changed(old, new)


# ---- comparing


def differences(settings: Configuration, tx: Transaction) -> tuple[ConfigurationDifference, ...]:
    """Returns how these settings differ from what is registered; nothing if nothing is registered yet."""
    return tuple(_differences(settings, tx)) if is_registered(tx) else ()


def in_words(directory: Path, found: Sequence[ConfigurationDifference]) -> StoredText:
    """Returns one sentence that names how the files of a directory differ."""
    return ConfigurationPart.DIFFERS(folder=str(directory), parts=[one.words for one in found])


def unready(settings: Configuration, tx: Transaction) -> tuple[StoredText, ...]:
    """Returns why a node with these settings should not lead while another could: what it would change.

    That is a platform, a channel or a rule, by which mail is placed and sent. Other files are each node's own.
    """
    found = [one for one in differences(settings, tx) if one.what is not DifferenceKind.FILE or one.key == RULES]
    return (in_words(settings.directory, found),) if found else ()


def loses_answers(settings: Configuration, tx: Transaction) -> bool:
    """True if clocks run, and the mailbox's registered address is neither its address nor an alias any more."""
    held, mailbox = tx.get(RegisteredFile, _ADDRESS), settings.desk.mailbox
    known = [_fingerprint(settings, address) for address in (mailbox.address, *mailbox.aliases)]
    moved = held is not None and held.fingerprint not in known
    return moved and tx.exists(ClockRow, where(ClockRow.state).is_(ClockState.RUNNING))


def as_registered(settings: Configuration, tx: Transaction) -> Configuration:
    """Returns the settings with the platforms and channels that the record holds, in the place of their own.

    Of a platform that their files do not name, what no row holds is left out, such as other names of it.
    """
    channels = tx.find(Channel)
    own = {platform.code: platform for platform in settings.platform_list}
    held = tuple(
        platform_of(row, [one for one in channels if one.platform == row.code], own.get(row.code))
        for row in tx.find(Platform)
    )
    return settings.model_copy(update={"platform_list": held})


def _differences(settings: Configuration, tx: Transaction) -> Iterator[ConfigurationDifference]:
    named = set[str]()
    for old, new in _rows_that_differ(settings, tx):
        what = DifferenceKind.PLATFORM if isinstance(new, Platform) else DifferenceKind.CHANNEL
        named.add(_PLATFORMS)
        other = [one.name for one in fields(new) if old and getattr(old, one.name) != getattr(new, one.name)]
        yield ConfigurationDifference(what, new.key, tuple(other))
    registered = {row.name: row.fingerprint for row in tx.find(RegisteredFile)}
    for name, fingerprint in _fingerprints(settings).items():
        if name not in named and registered.get(name) != fingerprint:
            yield ConfigurationDifference(DifferenceKind.FILE, name)
    rules = tx.find(InForce, where(InForce.what).is_(Versioned.RULES), where(InForce.until).is_(None))
    if any(row.version != settings.rules.version for row in rules):
        yield ConfigurationDifference(DifferenceKind.FILE, RULES)


def _rows_that_differ(settings: Configuration, tx: Transaction) -> list[tuple[Record | None, Record]]:
    held: dict[tuple[str, str], Record] = {(one.TABLE, one.key): one for one in (*tx.find(Platform), *tx.find(Channel))}
    mine = [(held.get((one.TABLE, one.key)), one) for one in (*settings.platforms, *settings.channels)]
    return [(old, one) for old, one in mine if old != one]


# ---- the fingerprints of the files

_PLATFORMS = "platforms.yaml"
_ADDRESS = "flaggermail.yaml mailbox.address"


def _files_that_differ(
    settings: Configuration, tx: Transaction, now: datetime
) -> list[tuple[RegisteredFile | None, RegisteredFile]]:
    held = {row.name: row for row in tx.find(RegisteredFile)}
    return [
        (held.get(name), RegisteredFile(name=name, fingerprint=fingerprint, since=now))
        for name, fingerprint in _fingerprints(settings).items()
        if name not in held or held[name].fingerprint != fingerprint
    ]


def _fingerprints(settings: Configuration) -> dict[str, str]:
    return {name: _fingerprint(settings, values) for name, values in _files(settings).items()}


def _files(settings: Configuration) -> Mapping[str, object]:
    """Returns the values of each file that the daemon reads at its start; elections.yaml only seeds."""
    return {
        "flaggermail.yaml": settings.desk,
        _ADDRESS: settings.desk.mailbox.address,
        _PLATFORMS: settings.platform_list,
        "oncall.yaml": settings.oncall,
        "escalation.yaml": settings.escalation,
    }


def _fingerprint(settings: Configuration, values: object) -> str:
    """Returns the SHA-256 of values; a path in the configuration's folder counts without it, as in the file."""
    written = json.dumps(_plain(values), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.replace(f"{settings.directory}/", "").encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Model):
        return {name: _plain(held) for name, held in value}
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(held) for name, held in value.items()}
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    if isinstance(value, tuple | list):
        return [_plain(held) for held in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)

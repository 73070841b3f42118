# SPDX-License-Identifier: EUPL-1.2
"""Records which rules and templates were in force: every version is archived with its period."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from dataclasses import replace

from flaggermail.ports import Transaction
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Versioned
from flaggermail.record.rows import InForce
from flaggermail.rules.files import version_of
from flaggermail.services import DAEMON, Services, UnitOfWork

RULES, TEMPLATES = Versioned.RULES, Versioned.TEMPLATES
_EVENTS = {RULES: EventKind.RULES_IN_FORCE, TEMPLATES: EventKind.TEMPLATES_IN_FORCE}


def note(env: Services, actor: str = DAEMON) -> None:
    """Records the rules and templates of `env` if they differ from those recorded as in force."""
    files = {RULES: env.settings.rules.files, TEMPLATES: env.templates.files()}
    versions = {what: version_of(of) for what, of in files.items()}
    with env.store.read() as tx:
        new = [what for what in files if _in_force(tx, what, versions[what]) is None]
    if not new:
        return
    digests = {what: env.octets.put(archived(files[what])) for what in new}
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now(), actor)
        for what in new:
            _record(work, what, versions[what], digests[what])


def _in_force(tx: Transaction, what: Versioned, version: str) -> InForce | None:
    return next(
        (
            row
            for row in tx.find(InForce, where(InForce.version).is_(version))
            if row.what == what and row.until is None
        ),
        None,
    )


def _record(work: UnitOfWork, what: Versioned, version: str, digest: str) -> None:
    if _in_force(work.tx, what, version) is not None:
        return  # another process has recorded it
    before = [row for row in work.tx.find(InForce, where(InForce.what).is_(what)) if row.until is None]
    number = work.tx.number("in force")
    row = InForce(id=f"{what} {number}", what=what, version=version, digest=digest, since=work.now)
    ended = [changed(old, replace(old, until=work.now)) for old in before]
    work.record(_EVENTS[what], *ended, added(row), reason=version)


def archived(files: Mapping[str, bytes]) -> bytes:
    """Returns the files as one tar (POSIX.1-2001). Deterministic: without owner and time."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, octets in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(octets)
            tar.addfile(member, io.BytesIO(octets))
    return stream.getvalue()

# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail status`: how things stand, in a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from flaggermail.cli.instants import age, shown
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import listed, named
from flaggermail.core.overview import EXERCISE, Overview
from flaggermail.core.states import CASE_STATES, CLOCKS, WAITING

if TYPE_CHECKING:
    from flaggermail.environment import Work

_CASES = (*CASE_STATES, EXERCISE)


@click.command(name="status")
@as_json_option
@click.pass_obj
def command(session: Session, *, as_json: bool) -> None:
    """Say in a few lines how things stand.

    Example: flaggermail status
    """
    seen = _overview(session)
    if as_json:
        show_json(_document(seen))
    else:
        listed(_lines(seen))


def _overview(session: Session) -> Overview:
    """Straight from the database where that is possible; else by the environment, which also says what is wrong."""
    if session.given is None:
        from flaggermail.wiring_overview import overview_of

        seen = overview_of(session.directory)
        if seen is not None:
            return seen
    with session.reading() as work:
        return overview_by_store(work)


def overview_by_store(work: Work) -> Overview:
    """How things stand, by the store of the environment."""
    from collections import Counter

    from flaggermail.casework import officer_on_call
    from flaggermail.core.records import Case, ClockRow, Notification, OutboxMail, StoredMessage
    from flaggermail.observing import state_of

    tx, settings = work.tx, work.env.settings
    quarantine = [message.received_at for message in tx.find(StoredMessage, place="quarantine", exercise=False)]
    cursors = {folder: tx.cursor(folder) for folder in (settings.desk.mailbox.inbox, settings.desk.mailbox.sent)}
    state = state_of(tx)
    running = tx.find(ClockRow, state="running")
    rehearsed = {use.id for use in tx.find(Notification, id=[c.notification for c in running], exercise=True)}
    return Overview(
        now=work.now,
        zone=settings.zone,
        observing_since=state.since if state is not None and state.observing else None,
        cases=Counter(EXERCISE if case.exercise else case.state for case in tx.find(Case)),
        clocks=Counter(clock.kind for clock in running if clock.notification not in rehearsed),
        quarantine=len(quarantine),
        oldest=min(quarantine, default=None),
        outbox=Counter(mail.state for mail in tx.find(OutboxMail, state=WAITING)),
        looks={folder: cursor.looked_at if cursor else None for folder, cursor in cursors.items()},
        on_call=officer_on_call(work),
    )


def _document(seen: Overview) -> dict[str, object]:
    return {
        "observing_since": _instant(seen, seen.observing_since),
        "cases": {state: seen.cases.get(state, 0) for state in _CASES},
        "running_clocks": {kind: seen.clocks.get(kind, 0) for kind in CLOCKS},
        "quarantine": seen.quarantine,
        "outbox": {state: seen.outbox.get(state, 0) for state in WAITING},
        "last_look": {folder: _instant(seen, at) for folder, at in seen.looks.items()},
        "on_call": seen.on_call.id if seen.on_call else None,
    }


def _instant(seen: Overview, at: datetime | None) -> str | None:
    return at.astimezone(seen.zone).isoformat() if at else None


def _lines(seen: Overview) -> list[tuple[str, object]]:
    since = shown(seen.observing_since, seen.zone)
    return [
        ("observing", since and f"since {since}: nothing is sent until `flaggermail resume`"),
        ("cases", _counts(seen.cases, _CASES)),
        ("clocks running", _counts(seen.clocks, CLOCKS)),
        ("quarantine", f"{seen.quarantine}, the oldest {age(seen.oldest, seen.now)}" if seen.oldest else "empty"),
        ("outbox", _counts(seen.outbox, WAITING)),
        *((f"last look at {folder}", _look(seen, at)) for folder, at in seen.looks.items()),
        ("on call", named(seen.on_call)),
    ]


def _counts(found: Mapping[str, int], names: tuple[str, ...]) -> str:
    return ", ".join(f"{found[name]} {name}" for name in names if found.get(name)) or "none"


def _look(seen: Overview, at: datetime | None) -> str:
    return f"{shown(at, seen.zone)}, {age(at, seen.now)} ago" if at else "never"

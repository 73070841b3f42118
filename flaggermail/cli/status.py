# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail status`: how things stand, in a few lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from flaggermail.cli.instants import age, shown
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import listed, named
from flaggermail.core.overview import EXERCISE, MEGA, Limits, Overview
from flaggermail.core.states import CASE_STATES, CLOCKS, LEASE, LEAVING, SUPPRESSED, UNHEARD, UNHEARD_FOR, WAITING

if TYPE_CHECKING:
    from flaggermail.environment import Work
    from flaggermail.settings import DeskSettings

_CASES = (*CASE_STATES, EXERCISE)


@click.command(name="status")
@as_json_option
@click.pass_obj
def command(session: Session, *, as_json: bool) -> None:
    """Say in a few lines how things stand.

    The exit status is 1 when something is wrong, for whoever watches from outside: the lines `wrong` say what.

    Example: flaggermail status
    """
    seen = _overview(session)
    troubles = list(seen.troubles())
    if as_json:
        show_json(_document(seen, troubles))
    else:
        listed(_lines(seen, troubles))
    if troubles:
        raise click.exceptions.Exit(1)


def _overview(session: Session) -> Overview:
    """Straight from the database where that is possible; else by the environment, which also says what is wrong."""
    if session.given is None:
        from flaggermail.wiring_overview import overview_of

        seen = overview_of(session.directory)
        if seen is not None:
            return seen
    with session.reading() as work:
        return overview_by_store(work)


def limits_of(desk: DeskSettings) -> Limits:
    """Beyond which something is wrong, by the settings of the environment."""
    return Limits(
        mailbox=timedelta(minutes=desk.mailbox.alarm_after_minutes),
        outbox=timedelta(minutes=desk.submission.alarm_after_minutes),
        free=desk.watch.disk_free_mb,
    )


def overview_by_store(work: Work) -> Overview:
    """How things stand, by the store of the environment."""
    from collections import Counter

    from flaggermail.core.records import (
        Case,
        ClockRow,
        HeldBack,
        Notification,
        OutboxMail,
        Page,
        StoredMessage,
        Watched,
    )
    from flaggermail.observing import state_of
    from flaggermail.running import officer_on_call

    tx, settings = work.tx, work.env.settings
    quarantine = [message.received_at for message in tx.find(StoredMessage, place="quarantine", exercise=False)]
    cursors = {folder: tx.cursor(folder) for folder in (settings.desk.mailbox.inbox, settings.desk.mailbox.sent)}
    state = state_of(tx)
    running = tx.find(ClockRow, state="running")
    rehearsed = {use.id for use in tx.find(Notification, id=[c.notification for c in running], exercise=True)}
    return Overview(
        at=work.now,
        zone=settings.zone,
        limits=limits_of(settings.desk),
        observing_since=state.since if state is not None and state.observing else None,
        cases=Counter(EXERCISE if case.exercise else case.state for case in tx.find(Case)),
        clocks=Counter(clock.kind for clock in running if clock.notification not in rehearsed),
        quarantine=len(quarantine),
        oldest=min(quarantine, default=None),
        outbox=Counter(mail.state for mail in tx.find(OutboxMail, state=WAITING)),
        looks={folder: cursor.looked_at if cursor else None for folder, cursor in cursors.items()},
        on_call=officer_on_call(work),
        lease_until=tx.lease_until(LEASE),
        waiting_since=min((mail.queued_at for mail in tx.find(OutboxMail, state=LEAVING)), default=None),
        wrong={row.id: row.value for row in tx.find(Watched, wrong=True)},
        watched={row.id: row.value for row in tx.find(Watched, wrong=False)},
        suppressed=tx.reached(SUPPRESSED),
        held_back=len(tx.find(HeldBack, told_at=None)),
        pages=Counter(page.state for page in tx.find(Page, state=UNHEARD) if page.queued_at > work.now - UNHEARD_FOR),
        free=work.env.gauge.free(),
    )


def _document(seen: Overview, troubles: Sequence[str]) -> dict[str, object]:
    return {
        "observing_since": _instant(seen, seen.observing_since),
        "cases": {state: seen.cases.get(state, 0) for state in _CASES},
        "running_clocks": {kind: seen.clocks.get(kind, 0) for kind in CLOCKS},
        "quarantine": seen.quarantine,
        "outbox": {
            **{state: seen.outbox.get(state, 0) for state in WAITING},
            "since": _instant(seen, seen.waiting_since),
        },
        "last_look": {folder: _instant(seen, at) for folder, at in seen.looks.items()},
        "on_call": seen.on_call.id if seen.on_call else None,
        "daemon": seen.runs,
        "free_mb": {place: octets // MEGA for place, octets in sorted(seen.free.items())},
        "watched": dict(sorted((seen.watched | seen.wrong).items())),
        "held_back": seen.held_back,
        "suppressed": seen.suppressed,
        "pages": {state: seen.pages.get(state, 0) for state in UNHEARD},
        "wrong": list(troubles),
    }


def _instant(seen: Overview, at: datetime | None) -> str | None:
    return at.astimezone(seen.zone).isoformat() if at else None


def _lines(seen: Overview, troubles: Sequence[str]) -> list[tuple[str, object]]:
    since = shown(seen.observing_since, seen.zone)
    return [
        ("observing", since and f"since {since}: nothing is sent until `flaggermail resume`"),
        ("cases", _counts(seen.cases, _CASES)),
        ("clocks running", _counts(seen.clocks, CLOCKS)),
        ("quarantine", f"{seen.quarantine}, the oldest {age(seen.oldest, seen.at)}" if seen.oldest else "empty"),
        ("outbox", _outbox(seen)),
        *((f"last look at {folder}", _look(seen, at)) for folder, at in seen.looks.items()),
        ("on call", named(seen.on_call)),
        ("daemon", "runs" if seen.runs else "does not run"),
        ("free", ", ".join(f"{octets // MEGA} MB for the {place}" for place, octets in sorted(seen.free.items()))),
        ("watched", "; ".join(f"{what} {value}" for what, value in sorted((seen.watched | seen.wrong).items()))),
        ("held back", seen.held_back or None),
        ("suppressed", seen.suppressed or None),
        ("pages", _counts(seen.pages, UNHEARD) if seen.pages else None),
        *(("wrong", trouble) for trouble in troubles),
    ]


def _outbox(seen: Overview) -> str:
    since = f", the oldest {age(seen.waiting_since, seen.at)}" if seen.waiting_since else ""
    return _counts(seen.outbox, WAITING) + since


def _counts(found: Mapping[str, int], names: tuple[str, ...]) -> str:
    return ", ".join(f"{found[name]} {name}" for name in names if found.get(name)) or "none"


def _look(seen: Overview, at: datetime | None) -> str:
    return f"{shown(at, seen.zone)}, {age(at, seen.at)} ago" if at else "never"

# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail status`: how things stand, in a few lines."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import click

from flaggermail.cli.case_show import STATES
from flaggermail.cli.instants import shown
from flaggermail.cli.oncall import named
from flaggermail.cli.outbox import WAITING
from flaggermail.cli.quarantine import age
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import listed
from flaggermail.core.clocks import CLOCKS
from flaggermail.core.records import Case, ClockRow, OutboxMail, StoredMessage


@click.command(name="status")
@as_json_option
@click.pass_obj
def command(session: Session, *, as_json: bool) -> None:
    """Say in a few lines how things stand.

    Example: flaggermail status
    """
    from flaggermail.casework import officer_on_call
    from flaggermail.observing import state_of

    zone = session.zone
    mailbox = session.environment.settings.desk.mailbox
    with session.reading() as work:
        tx = work.tx
        cases = Counter("exercise" if case.exercise else case.state for case in tx.find(Case))
        clocks = Counter(clock.kind for clock in tx.find(ClockRow, state="running"))
        quarantine = [message.received_at for message in tx.find(StoredMessage, place="quarantine")]
        outbox = Counter(mail.state for mail in tx.find(OutboxMail, state=WAITING))
        cursors = {folder: tx.cursor(folder) for folder in (mailbox.inbox, mailbox.sent)}
        officer = officer_on_call(work)
        state = state_of(tx)
    since = state.since if state is not None and state.observing else None
    looks = {folder: cursor.looked_at if cursor else None for folder, cursor in cursors.items()}
    if as_json:
        show_json(
            {
                "observing_since": since.astimezone(zone).isoformat() if since else None,
                "cases": {state: cases[state] for state in (*STATES, "exercise")},
                "running_clocks": {kind: clocks[kind] for kind in CLOCKS},
                "quarantine": len(quarantine),
                "outbox": {state: outbox[state] for state in WAITING},
                "last_look": {folder: at.astimezone(zone).isoformat() if at else None for folder, at in looks.items()},
                "on_call": officer.id if officer else None,
            }
        )
        return
    listed(
        (
            ("observing", since and f"since {shown(since, zone)}: nothing is sent until `flaggermail resume`"),
            ("cases", _counts(cases, (*STATES, "exercise"))),
            ("clocks running", _counts(clocks, CLOCKS)),
            ("quarantine", _waiting(quarantine, work.now)),
            ("outbox", _counts(outbox, WAITING)),
            *((f"last look at {folder}", _look(at, work.now, shown(at, zone))) for folder, at in looks.items()),
            ("on call", named(officer)),
        )
    )


def _counts(found: Counter[str], names: tuple[str, ...]) -> str:
    return ", ".join(f"{found[name]} {name}" for name in names if found[name]) or "none"


def _waiting(since: list[datetime], now: datetime) -> str:
    return f"{len(since)}, the oldest {age(min(since), now)}" if since else "empty"


def _look(at: datetime | None, now: datetime, text: str) -> str:
    return f"{text}, {age(at, now)} ago" if at else "never"

# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail audit`: verifies the record."""

from __future__ import annotations

import click

from flaggermail.cli.session import Session
from flaggermail.errors import Refusal


@click.group(name="audit")
def command() -> None:
    """Prove that the record was not changed.

    Example: flaggermail audit verify
    """


@command.command(name="verify")
@click.pass_obj
def verify(session: Session) -> None:
    """Verify the chain of events and the commitments to personal values.

    The exit status is 1 if anything was changed; the first event concerned is named.

    Example: flaggermail audit verify
    """
    with session.reading() as work:
        broken = work.tx.broken_link()
        if broken is not None:
            raise Refusal(f"event {broken}: was changed, moved or taken away: the chain does not hold from there on")
        unfit = work.tx.broken_commitment()
        if unfit is not None:
            raise Refusal(f"event {unfit}: a personal value is not the one that the event vouches for; it was changed")
        count = sum(1 for _ in work.tx.events())
    click.echo(f"{count} events, chain intact")

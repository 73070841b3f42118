# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail approve`: the only way to send a notification to a platform."""

from __future__ import annotations

import click

from flaggermail.cli.session import Session, report
from flaggermail.commands.acts import Approve, Reject


@click.command(name="approve")
@click.argument("draft")
@click.option("--reject", metavar="REASON", help="Reject the draft for this reason.")
@click.pass_obj
def command(session: Session, draft: str, reject: str | None) -> None:
    """Approve or reject a draft.

    An approved draft is sent octet for octet as `flaggermail notify` froze it.

    Example: flaggermail approve VF-EP2024-0001/1
    """
    report(session.act(Approve(draft=draft) if reject is None else Reject(draft=draft, reason=reject)))

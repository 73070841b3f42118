# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail approve`: the only way to send a notification to a platform."""

from __future__ import annotations

import click

from flaggermail.cli.completing import DRAFT
from flaggermail.cli.session import Session, as_json_option, report_answer


@click.command(name="approve")
@click.argument("draft", type=DRAFT)
@click.option("--reject", metavar="REASON", help="Reject the draft for this reason.")
@click.option(
    "--policy-read", metavar="DAY", help="The day on which the policy was read, where the desk has it repeated."
)
@as_json_option
@click.pass_obj
def command(session: Session, draft: str, reject: str | None, policy_read: str | None, *, as_json: bool) -> None:
    """Approve or reject a draft.

    An approved draft is sent octet for octet as `flaggermail notify` froze it. DRAFT is its id, or its case where that
    has one draft: `1` is enough where one election is open.

    Example: flaggermail approve VF-EP2024-0001/1
    """
    if reject is None:
        answer = session.ask("approve", draft=draft, policy_read=policy_read or "")
    else:
        answer = session.ask("reject", draft=draft, reason=reject)
    report_answer(answer, as_json=as_json)

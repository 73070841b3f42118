# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail report`: the account to Parliament of one election, from its draft to the document."""

from __future__ import annotations

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.report_draft import draft
from flaggermail.cli.report_make import changes, freeze, make
from flaggermail.cli.report_uses import uses
from flaggermail.cli.report_verify import verify


@click.group(name="report", cls=Noun)
def command() -> None:
    """Draft, freeze and make the report to Parliament.

    Example: flaggermail report draft EP2024 --edit
    """


command.add_command(draft)
command.add_command(freeze)
command.add_command(changes)
command.add_command(make)
command.add_command(uses)
command.add_command(verify)

# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail archive`: the archive for those who keep and check it."""

from __future__ import annotations

import click

from flaggermail.cli.archive_retention import hold, release, retention
from flaggermail.cli.groups import Noun


@click.group(name="archive", cls=Noun)
def command() -> None:
    """Show what is kept until when; put cases and elections on hold.

    Example: flaggermail archive retention
    """


command.add_command(retention)
command.add_command(hold)
command.add_command(release)

# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail archive`: the archive for those who keep and check it."""

from __future__ import annotations

import click

from flaggermail.cli.archive_export import export
from flaggermail.cli.archive_retention import hold, release, retention
from flaggermail.cli.groups import Noun


@click.group(name="archive", cls=Noun)
def command() -> None:
    """Export and check dossiers, show what is kept until when, place and lift holds.

    Example: flaggermail archive export VF-EP2024-0001 --out dossier
    """


command.add_command(export)
command.add_command(retention)
command.add_command(hold)
command.add_command(release)

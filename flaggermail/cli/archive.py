# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail archive`: the archive for those who keep and check it."""

from __future__ import annotations

import click

from flaggermail.cli.archive_export import export
from flaggermail.cli.archive_retention import exclude, hold, release, retention
from flaggermail.cli.archive_search import find, verify
from flaggermail.cli.groups import Noun


@click.group(name="archive", cls=Noun)
def command() -> None:
    """Verify, search and export the archive; show terms, place holds.

    For officers, archivists and report writers.

    Example: flaggermail archive verify
    """


command.add_command(verify)
command.add_command(find)
command.add_command(export)
command.add_command(retention)
command.add_command(exclude)
command.add_command(hold)
command.add_command(release)

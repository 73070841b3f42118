# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail archive`: the archive for those who keep and check it."""

from __future__ import annotations

import click

from flaggermail.cli.archive_export import export
from flaggermail.cli.groups import Noun


@click.group(name="archive", cls=Noun)
def command() -> None:
    """Export dossiers that open without this program, and check them.

    Example: flaggermail archive export VF-EP2024-0001 --out dossier
    """


command.add_command(export)

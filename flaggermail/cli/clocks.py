# SPDX-License-Identifier: EUPL-1.2
"""Prints running clocks with the calculation of their reminders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from flaggermail.cli.documents import minute, text, texts
from flaggermail.cli.terminal import safe_line

if TYPE_CHECKING:
    from flaggermail.mail.message_json import Json


def print_clock(clock: Mapping[str, Json], indent: str = "") -> None:
    """Prints what the clock is about, since when it runs, and its reminders with their calculation."""
    head = f"{text(clock, 'about')} {text(clock, 'clock')}, since {minute(clock, 'since')}"
    click.echo(safe_line(f"{indent}{head}"))
    for line in texts(clock, "lines"):
        click.echo(safe_line(f"{indent}  {line}"))

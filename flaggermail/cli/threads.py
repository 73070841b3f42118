# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail threads`: groups mails into conversations."""

from __future__ import annotations

import json
from pathlib import Path

import click

from flaggermail.cli.mail_files import mail_files, octets_of
from flaggermail.cli.terminal import safe_json
from flaggermail.mail.threads import conversations


@click.command(name="threads")
@click.option("--json", "as_json", is_flag=True, required=True, help="Print a JSON list of lists of Message-IDs.")
@click.argument("path", type=click.Path(path_type=Path))
def command(path: Path, *, as_json: bool) -> None:
    """Group mails into conversations.

    PATH is a folder of .eml files. Each list contains the Message-IDs of one conversation.

    Example: flaggermail threads --json archive/
    """
    del as_json  # JSON is the only format
    from flaggermail.wiring_reading import parser

    files = mail_files([path])
    reader = parser()
    messages = [reader.parse(octets_of(file)) for file in files]
    click.echo(safe_json(json.dumps(conversations(messages))))

# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail threads`: groups mails into conversations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.parse import batches, mail_files
from flaggermail.cli.session import Session
from flaggermail.cli.showing import parts
from flaggermail.cli.terminal import safe_json

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


@click.command(name="threads")
@click.option("--json", "as_json", is_flag=True, required=True, help="Print a JSON list of lists of Message-IDs.")
@click.argument("path", type=click.Path(path_type=Path))
@click.pass_obj
def command(session: Session, path: Path, *, as_json: bool) -> None:
    """Group mails into conversations.

    PATH is a folder of .eml files. Each list contains the Message-IDs of one conversation.

    Example: flaggermail threads --json archive/
    """
    del as_json  # JSON is the only format
    read: list[Json] = []
    for _, mails in batches(mail_files([path])):
        read += parts(session.ask("threads read", mails=mails), "messages")
    click.echo(safe_json(json.dumps(session.ask("threads", messages=read)["threads"])))

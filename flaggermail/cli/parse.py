# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail parse`: prints the parsed content of mails as JSON lines."""

from __future__ import annotations

import json
from pathlib import Path

import click

from flaggermail.cli.documents import parts
from flaggermail.cli.mail_files import batches, mail_files
from flaggermail.cli.session import Session
from flaggermail.cli.terminal import safe_json


@click.command(name="parse")
@click.option(
    "--json", "as_json", is_flag=True, required=True, help="Print one JSON object per line, one for each mail."
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_obj
def command(session: Session, paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Parse mails and print their content.

    PATH is a file or a folder of .eml files; nothing is stored.

    A malformed mail is parsed as far as possible; "defects" lists what is wrong with it.

    Example: flaggermail parse --json referral.eml
    """
    del as_json  # JSON is the only format
    for files, mails in batches(mail_files(paths)):
        for path, parsed in zip(files, parts(session.ask("parse", mails=mails), "mails"), strict=True):
            click.echo(safe_json(json.dumps({"file": path.name, **parsed})))

# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail parse`: prints the parsed content of mails as JSON lines."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from flaggermail.cli.mail_files import mail_files, octets_of
from flaggermail.cli.terminal import safe_json
from flaggermail.mail.message_json import contract


@click.command(name="parse")
@click.option(
    "--json", "as_json", is_flag=True, required=True, help="Print one JSON object per line, one for each mail."
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Parse mails and print their content.

    PATH is a file or a folder of .eml files; nothing is stored.

    A malformed mail is parsed as far as possible; "defects" lists what is wrong with it.

    Example: flaggermail parse --json referral.eml
    """
    del as_json  # JSON is the only format
    from flaggermail.wiring_reading import parser

    files = mail_files(paths)
    reader = parser()
    for path in files:
        octets = octets_of(path)
        begun = time.perf_counter()
        message = reader.parse(octets)
        seconds = round(time.perf_counter() - begun, 6)
        click.echo(safe_json(json.dumps({"file": path.name, **contract(message), "seconds": seconds})))

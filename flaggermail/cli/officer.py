# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail officer`: officers, their logins, and their devices for one-time codes."""

from __future__ import annotations

import io

import click

from flaggermail.cli.completing import OFFICER
from flaggermail.cli.groups import Noun
from flaggermail.cli.lists import Row
from flaggermail.cli.session import Session, as_json_option, report_answer, show_json
from flaggermail.cli.showing import parts, table, text

_SHOWN_ONCE = (
    "note: this is shown once, and whoever sees it can make the officer's codes: clear the screen once it is scanned, "
    "and keep no copy"
)


@click.group(name="officer", cls=Noun)
def command() -> None:
    """List officers; enrol and revoke their devices for one-time codes.

    Example: flaggermail officer list
    """


@command.command(name="enrol")
@click.argument("officer", type=OFFICER)
@as_json_option
@click.pass_obj
def enrol(session: Session, officer: str, *, as_json: bool) -> None:
    """Enrol a device and print its QR code, this once.

    The device shows one-time codes (RFC 6238); its otpauth address, which holds the secret, is printed too. Type it
    under your own login, with the officer beside you: whoever sees the QR code can make the codes. The device is valid
    after the officer has replied to a mail with a first code.

    Example: flaggermail officer enrol officer1
    """
    answer = session.ask("officer enrol", officer=officer)
    address = text(session.ask("officer enrolment", device=answer["key"]), "address")
    click.echo(_SHOWN_ONCE, err=True)
    if as_json:
        show_json({**answer, "address": address})
        return
    click.echo(address)
    click.echo(_qr_code(address))
    report_answer(answer)


@command.shows("list", "officers")
def show(found: Row) -> None:
    """List officers, their logins and devices.

    Example: flaggermail officer list
    """
    heads = ("id", "name", "roles", "login", "device", "enrolled by")
    rows = [[row[head.replace(" ", "_")] for head in heads] for row in parts(found, "officers")]
    table(heads, rows, "no officer")


@command.acts("revoke")
@click.argument("officer", type=OFFICER)
def revoke() -> None:
    """End an officer's device, lost or locked.

    A new one needs `officer enrol`.

    Example: flaggermail officer revoke officer1
    """


def _qr_code(text: str) -> str:
    """Returns the QR code of `text` in characters of a terminal."""
    import segno

    drawn = io.StringIO()
    segno.make(text, micro=False).terminal(drawn, compact=True)
    return drawn.getvalue()

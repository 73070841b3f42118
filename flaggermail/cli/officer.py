# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail officer`: officers, their logins, and their devices for one-time codes."""

from __future__ import annotations

import io

import click

from flaggermail.cli.completing import OFFICER
from flaggermail.cli.groups import Noun
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


@command.command(name="list")
@as_json_option
@click.pass_obj
def show(session: Session, *, as_json: bool) -> None:
    """List officers, their logins and devices.

    Example: flaggermail officer list
    """
    found = session.ask_all("officer list", "officers")
    if as_json:
        show_json(found)
        return
    heads = ("id", "name", "roles", "login", "device", "enrolled by")
    rows = [[row[head.replace(" ", "_")] for head in heads] for row in parts(found, "officers")]
    table(heads, rows, "no officer")


@command.command(name="revoke")
@click.argument("officer", type=OFFICER)
@as_json_option
@click.pass_obj
def revoke(session: Session, officer: str, *, as_json: bool) -> None:
    """End an officer's device, lost or locked.

    A new one needs `officer enrol`.

    Example: flaggermail officer revoke officer1
    """
    report_answer(session.ask("officer revoke", officer=officer), as_json=as_json)


def _qr_code(text: str) -> str:
    """Returns the QR code of `text` in characters of a terminal."""
    import segno

    drawn = io.StringIO()
    segno.make(text, micro=False).terminal(drawn, compact=True)
    return drawn.getvalue()

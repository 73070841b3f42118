# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail officer`: officers, their logins, and their devices for one-time codes."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from flaggermail.cli.session import Session, as_json_option, login, report_answer, show_json
from flaggermail.cli.showing import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flaggermail.mail.message_json import Json
    from flaggermail.oncall.schedule import Officer
    from flaggermail.services import UnitOfWork


@click.group(name="officer")
def command() -> None:
    """List officers; enrol and revoke their devices for one-time codes.

    Example: flaggermail officer list
    """


@command.command(name="enrol")
@click.argument("officer")
@click.pass_obj
def enrol(session: Session, officer: str) -> None:
    """Enrol a device and print its QR code, this once.

    The device shows one-time codes (RFC 6238); its otpauth address, which holds the secret, is printed too. Run it as
    the desk's own account, with the officer beside you: whoever sees the QR code can make the codes. The device is
    valid after the officer has replied to a mail with a first code.

    Example: flaggermail officer enrol officer1
    """
    answer = _ask(session, "officer enrol", officer)
    address = _address(session, str(answer["key"]), officer)
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
    with session.reading() as work:
        rows = [_row(work, officer) for officer in work.env.settings.rota.officers]
    if as_json:
        show_json({"version": 1, "officers": rows})
    else:
        heads = ("id", "name", "roles", "login", "device", "enrolled by")
        table(heads, [[row[head.replace(" ", "_")] for head in heads] for row in rows], "no officer")


@command.command(name="revoke")
@click.argument("officer")
@as_json_option
@click.pass_obj
def revoke(session: Session, officer: str, *, as_json: bool) -> None:
    """End an officer's device, lost or locked.

    A new one needs `officer enrol`.

    Example: flaggermail officer revoke officer1
    """
    report_answer(_ask(session, "officer revoke", officer), as_json=as_json)


def _ask(session: Session, name: str, officer: str) -> Mapping[str, Json]:
    """Asks as the officer with this login, or else as the one whose login the session began with.

    These commands need the desk's own account, which is nobody's; pam_loginuid(8) keeps who entered it by sudo.
    """
    rota = session.environment.settings.rota
    began = _login_of_session() if session.officer is None and rota.by_login(login()) is None else None
    by = rota.by_login(began) if began else None
    return replace(session, given=session.environment, officer=by.id if by else session.actor).ask(
        name, officer=officer
    )


def _login_of_session() -> str | None:
    """Returns the user name with which this session began, as the kernel keeps it; None if it does not know."""
    import pwd
    from pathlib import Path

    try:
        return pwd.getpwuid(int(Path("/proc/self/loginuid").read_text("ascii"))).pw_name
    except (OSError, ValueError, KeyError):
        return None


def _address(session: Session, device: str, officer: str) -> str:
    """Returns the otpauth address, which holds the secret. Raises Refusal if it is not there."""
    from flaggermail.errors import Refusal
    from flaggermail.record.rows import Device

    with session.reading() as work:
        row = work.tx.get(Device, device)
        organisation = work.env.settings.desk.organisation
        issuer = getattr(organisation.name, organisation.language)
        address = work.env.codes.address(device, row.commitment, officer, issuer) if row else None
    if address is None:
        raise Refusal(f"device {device}: its secret is not in {session.environment.settings.codes}")
    return address


def _qr_code(text: str) -> str:
    """Returns the QR code of `text` in characters of a terminal."""
    import segno

    drawn = io.StringIO()
    segno.make(text, micro=False).terminal(drawn, compact=True)
    return drawn.getvalue()


def _row(work: UnitOfWork, officer: Officer) -> dict[str, object]:
    from flaggermail.commands.devices import devices_of, has_secret

    device = next(reversed(devices_of(work, officer.id)), None)
    if device is None:
        state = "none"
    elif device.locked_at is not None:
        state = "locked: revoke it, then enrol"
    elif not work.env.codes.unusable() and not has_secret(work, device):  # another account cannot tell
        state = "its secret is lost: enrol anew"
    else:
        state = "valid" if device.confirmed_at is not None else "waits for its first code"
    return {
        "id": officer.id,
        "name": officer.name,
        "roles": sorted(officer.roles),
        "login": officer.login,
        "device": state,
        "enrolled_by": device.enrolled_by if device else None,
        "enrolled_at": device.enrolled_at.isoformat() if device else None,
    }

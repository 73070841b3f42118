# SPDX-License-Identifier: EUPL-1.2
"""The options that say how a command reaches its desk: before its name or after it, as a person types."""

from __future__ import annotations

from pathlib import Path

import click

from flaggermail.cli.session import Session

SOCKET_HELP = (
    "The socket of the desk's door. [default: $FLAGGERMAIL_SOCKET, else desk.sock in the configuration directory, else "
    "/run/flaggermail/desk.sock with the configuration of the machine]"
)
DIRECT_HELP = "Open the desk in this process, beside its door; for the account that owns its database."


def with_ways(command: click.Command) -> click.Command:
    """Returns a command that takes `--socket` and `--direct` after its name too; its help does not repeat them."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            with_ways(one)
        return command
    taken = {name for one in command.params for name in one.opts}
    command.params += [one for one in _WAYS if not taken & {*one.opts}]
    return command


def _go_by(ctx: click.Context, param: click.Parameter, value: object) -> None:
    del param
    session = ctx.find_object(Session)
    if session is None or not value:
        return
    if isinstance(value, Path):
        session.socket = value
    else:
        session.direct = True


_WAYS = (
    click.Option(
        ["--socket"], type=click.Path(path_type=Path, readable=False), expose_value=False, hidden=True, callback=_go_by,
        help=SOCKET_HELP,
    ),
    click.Option(["--direct"], is_flag=True, expose_value=False, hidden=True, callback=_go_by, help=DIRECT_HELP),
)  # fmt: skip

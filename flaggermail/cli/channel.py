# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail channel`: the channels of the platforms and the state of their addresses."""

from __future__ import annotations

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.instants import shown
from flaggermail.cli.session import Session, as_json_option, report, show_json
from flaggermail.cli.showing import plain, table
from flaggermail.commands.acts import ClearAddress
from flaggermail.record.rows import Channel


@click.group(name="channel", cls=Noun)
def command() -> None:
    """List the platforms' channels; clear bounced addresses.

    Example: flaggermail channel list
    """


@command.command(name="list")
@as_json_option
@click.pass_obj
def list_(session: Session, *, as_json: bool) -> None:
    """List every channel and its bounced addresses.

    Example: flaggermail channel list
    """
    from flaggermail.commands.channel_status import bad_addresses

    with session.reading() as work:
        found = [(channel, bad_addresses(work, channel)) for channel in work.tx.find(Channel)]
    if as_json:
        show_json(
            [
                {**plain(channel, session.zone), "bad": [plain(one, session.zone) for one in bad]}
                for channel, bad in found
            ]
        )
        return
    table(
        ("code", "platform", "kind", "from", "until", "to", "came back"),
        [
            (
                channel.code, channel.platform, channel.kind, channel.valid_from, channel.valid_until or "",
                ", ".join((*channel.to, *channel.cc)) or channel.phone or "",
                ", ".join(f"{one.id} on {shown(one.since, session.zone)}" for one in bad),
            )
            for channel, bad in found
        ],
        "no channel",
    )  # fmt: skip


@command.command(name="clear")
@click.argument("address")
@click.option("--reason", required=True, help="The evidence: who confirmed it, or what was repaired.")
@click.pass_obj
def clear(session: Session, address: str, reason: str) -> None:
    """Record that mail to a bounced address is delivered again.

    Example: flaggermail channel clear ADDRESS --reason "they mended it, by phone"
    """
    report(session.act(ClearAddress(address=address, reason=reason)))

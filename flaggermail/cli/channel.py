# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail channel`: the channels of the platforms and the state of their addresses."""

from __future__ import annotations

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.session import Session, as_json_option, report_answer, show_json
from flaggermail.cli.showing import minute, parts, table, texts


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
    found = session.ask_all("channel list", "channels")
    if as_json:
        show_json(found)
        return
    table(
        ("code", "platform", "kind", "from", "until", "to", "came back"),
        [
            (
                channel["code"], channel["platform"], channel["kind"], channel["valid_from"], channel["valid_until"],
                ", ".join((*texts(channel, "to"), *texts(channel, "cc"))) or channel["phone"],
                ", ".join(f"{one['id']} on {minute(one, 'since')}" for one in parts(channel, "bad")),
            )
            for channel in parts(found, "channels")
        ],
        "no channel",
    )  # fmt: skip


@command.command(name="clear")
@click.argument("address")
@click.option("--reason", required=True, help="The evidence: who confirmed it, or what was repaired.")
@as_json_option
@click.pass_obj
def clear(session: Session, address: str, reason: str, *, as_json: bool) -> None:
    """Record that mail to a bounced address is delivered again.

    Example: flaggermail channel clear ADDRESS --reason "they mended it, by phone"
    """
    report_answer(session.ask("channel clear", address=address, reason=reason), as_json=as_json)

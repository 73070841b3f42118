# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail channel`: the channels of the platforms and the state of their addresses."""

from __future__ import annotations

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.lists import Field, Row, ShownList, fields
from flaggermail.cli.showing import minute, parts, texts


def _addresses(channel: Row) -> object:
    return ", ".join((*texts(channel, "to"), *texts(channel, "cc"))) or channel["phone"]


def _bounced(channel: Row) -> str:
    return ", ".join(f"{one['id']} on {minute(one, 'since')}" for one in parts(channel, "bad"))


CHANNELS = ShownList(
    "channel list", "channels", "no channel",
    (
        *fields("code", "platform", "kind"), Field("from", "valid_from"), Field("until", "valid_until"),
        Field("to", _addresses), Field("came back", _bounced),
    ),
)  # fmt: skip


@click.group(name="channel", cls=Noun)
def command() -> None:
    """List the platforms' channels; clear bounced addresses.

    Example: flaggermail channel list
    """


@command.lists("list", CHANNELS)
def list_() -> None:
    """List every channel and its bounced addresses.

    Example: flaggermail channel list
    """


@command.acts("clear")
@click.argument("address")
@click.option("--reason", required=True, help="The evidence: who confirmed it, or what was repaired.")
def clear() -> None:
    """Record that mail to a bounced address is delivered again.

    Example: flaggermail channel clear ADDRESS --reason "they mended it, by phone"
    """

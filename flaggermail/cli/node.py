# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail node`: the machines whose daemons lead the desk, or wait to."""

from __future__ import annotations

from datetime import datetime

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.lists import Field, Row, ShownList, fields
from flaggermail.cli.showing import texts


def _state(node: Row) -> str:
    if node["leads"]:
        return "leads"
    return ("ready" if node["ready"] else "not ready") if node["lives"] else "silent"


def _second(node: Row, name: str) -> str:
    """Returns an instant to the second: a lease lasts for few of them."""
    found = node[name]
    return f"{datetime.fromisoformat(found):%Y-%m-%d %H:%M:%S}" if isinstance(found, str) else ""


NODES = ShownList(
    "node list", "nodes", "no daemon runs",
    (
        Field("node", "id"), *fields("host"), Field("state", _state), Field("lease until", "lease_until", _second),
        *fields("schema", "program"), Field("last sign of life", "seen_at", _second),
        Field("why not", lambda node: "; ".join(texts(node, "unready"))),
    ),
)  # fmt: skip


@click.group(name="node", cls=Noun)
def command() -> None:
    """List the machines of the desk; hand over from one to another.

    Example: flaggermail node list
    """


@command.lists("list", NODES)
def list_() -> None:
    """List every daemon of the desk: which one leads, and which are ready to.

    Example: flaggermail node list
    """


@command.acts("hand-over")
def hand_over() -> None:
    """Let another node lead: the one that leads ends, and its service manager starts it again as a standby.

    It is refused if no other node is ready.

    Example: flaggermail node hand-over
    """

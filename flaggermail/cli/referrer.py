# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail referrer`: the domains of known referrers that officers added."""

from __future__ import annotations

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.lists import Field, Row, ShownList
from flaggermail.cli.showing import choice, minute
from flaggermail.record.case_values import Source


def _state(one: Row) -> str:
    if one["removed_at"] is not None:
        return f"removed {minute(one, 'removed_at')} by {one['removed_by']}"
    if one["listed"] == "free_mail":
        return "does not count: free mail"
    return f"on the list {one['listed']} too" if one["listed"] else ""


REFERRERS = ShownList(
    "referrer list", "referrers", "no domain was remembered; `flaggermail referrer add` adds one",
    (
        Field("domain", "id"), Field("source", "source"), Field("added", "added_at", minute), Field("by", "added_by"),
        Field("mail", "message"), Field("state", _state),
    ),
)  # fmt: skip


@click.group(name="referrer", cls=Noun)
def command() -> None:
    """List, add and remove domains of known referrers.

    They count as though they stood on a list of the rules: verified mail from there opens a case, and its sender gets a
    confirmation. The lists themselves are files: rules/lists and rules/authorities.

    Example: flaggermail referrer list
    """


@command.lists("list", REFERRERS)
@click.option("--all", "all", is_flag=True, help="Those that were removed too.")
def list_() -> None:
    """List the remembered domains: who added each, when, and for which mail.

    Example: flaggermail referrer list
    """


@command.acts("add")
@click.argument("domain")
@click.option(
    "--source", default=Source.FELLOW_AUTHORITY.value, type=choice(Source), show_default=True,
    help="Source of what is referred from there.",
)  # fmt: skip
def add() -> None:
    """Remember a domain: verified mail from it, and from below it, is a known referrer's.

    Refused are providers of mailboxes to the public, domains of platforms, public suffixes and our own domain.

    Example: flaggermail referrer add DOMAIN --source media
    """


@command.acts("remove")
@click.argument("domain")
def remove() -> None:
    """Forget a remembered domain: mail from it is a stranger's again.

    Example: flaggermail referrer remove DOMAIN
    """

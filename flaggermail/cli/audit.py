# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail audit`: verifies the record, and names its head."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import number, parts, text, texts
from flaggermail.cli.terminal import safe_line, waited_for
from flaggermail.errors import Refusal
from flaggermail.wording.said import countable

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

_HEAD = re.compile(r"[0-9]{1,15}:[0-9a-f]{64}")
_LEFT = "whole, but no row names it"
_HARMLESS = "; a crash or a refused act leaves such a file, it is no sign of a change"


class HeadType(click.ParamType[str]):
    """A head of the chain as `audit head` prints it: the number of an event and its digest."""

    name = "head"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Returns the head in lower case."""
        found = str(value).strip().lower()
        if not _HEAD.fullmatch(found):
            self.fail(
                f"{str(value)[:90]!a} is no head: write SEQ:DIGEST as `flaggermail audit head` printed it, a number "
                "and 64 hexadecimal digits",
                param,
                ctx,
            )
        return found


@click.group(name="audit", cls=Noun)
def command() -> None:
    """Prove that the record was not changed.

    Example: flaggermail audit verify
    """


@command.shows("head")
def head(found: Mapping[str, Json]) -> None:
    """Print number and digest of the last event, to be kept on another machine.

    `flaggermail audit verify --since` later proves that nothing up to it was changed.

    Example: flaggermail audit head
    """
    click.echo(f"{found['seq']}:{found['digest']}")


@command.command(name="verify")
@click.option(
    "--since", "heads", type=HeadType(), multiple=True, metavar="SEQ:DIGEST",
    help="A head that was kept elsewhere; may be given several times. Nothing up to it may have changed.",
)  # fmt: skip
@as_json_option
@click.pass_obj
def verify(session: Session, *, heads: Sequence[str], as_json: bool) -> None:
    """Compare events, rows, personal values and archive with each other.

    The exit status is 1 if anything was changed, added or removed; the first difference is named first. Whoever can
    rewrite the whole database can rewrite the chain too: only a head kept elsewhere (--since) reveals that.

    Example: flaggermail audit verify --since 108:1f0c...
    """
    with waited_for("verifying"):
        found = session.ask("audit verify", since=list(heads))
    differences = [f"{text(one, 'name')}: {text(one, 'text')}" for one in parts(found, "differences")]
    if as_json:
        show_json(found)
    else:
        _tell(found, differences)
    count = len(differences) + number(found, "further")
    if count:
        first = safe_line(differences[0])
        raise Refusal(f"{first} ({count} difference{'s' if count > 1 else ''} from the record)", printed=True)
    if not as_json:
        click.echo(f"{countable(found['events']):event|events}, chain intact")


def _tell(found: Mapping[str, Json], differences: Sequence[str]) -> None:
    for difference in differences:
        click.echo(safe_line(difference))
    if found["further"]:
        click.echo(f"and {found['further']} more")
    # In a changed record, the row that was taken away may be the one that named the file.
    harmless = _HARMLESS if found["proved"] else ""
    for name in texts(found, "unnamed_files"):
        click.echo(safe_line(f"note: archive {name}: {_LEFT}{harmless}"))
    if found["unnamed_further"]:
        click.echo(f"note: and {found['unnamed_further']} more such files")
    click.echo(
        f"compared: {countable(found['rows']):row|rows}, "
        f"{countable(found['personal']):personal value|personal values}, "
        f"{countable(found['files']):archive file|archive files}"
    )

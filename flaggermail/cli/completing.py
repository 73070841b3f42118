# SPDX-License-Identifier: EUPL-1.2
"""Words of a command line that the shell completes with what the desk knows: cases, channels, officers, elections."""

from __future__ import annotations

import re

import click
from click.shell_completion import CompletionItem

from flaggermail.cli import new_session
from flaggermail.cli.session import Session
from flaggermail.cli.showing import parts, text
from flaggermail.cli.terminal import safe_line
from flaggermail.errors import FlaggermailError

_TYPED = re.compile(r"[A-Za-z0-9/_.-]+")  # a shell may act on any other sign


class DeskWord(click.types.StringParamType):
    """A text that the shell completes; any text is accepted, for the desk says what it does not know."""

    def __init__(self, what: str) -> None:
        """`what`: "cases", "channels", "officers" or "elections"."""
        self.what = what

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Returns the words that begin so, or numbers that end so; none if there is no desk to ask."""
        del param
        root = ctx.find_root()
        given = root.params
        session = (
            root.obj if isinstance(root.obj, Session)
            else new_session(given.get("directory"), given.get("socket"), direct=bool(given.get("direct")))
        )  # fmt: skip
        try:
            found = parts(session.ask("complete", what=self.what), "words")
        except (FlaggermailError, OSError):
            return []
        finally:
            session.close()
        words = [(text(one, "word"), text(one, "remark")) for one in found]
        return [
            CompletionItem(word, help=safe_line(remark) or None)
            for word, remark in words
            if _TYPED.fullmatch(word) and _fits(word, incomplete)
        ]


def _fits(word: str, incomplete: str) -> bool:
    """True if `incomplete` begins the word, in capitals or not, or is the running number at its end."""
    end = word.rpartition("-")[2].lstrip("0")
    return word.casefold().startswith(incomplete.casefold()) or (incomplete.isdigit() and end.startswith(incomplete))


CASE, CHANNEL, OFFICER = DeskWord("cases"), DeskWord("channels"), DeskWord("officers")
ELECTION = DeskWord("elections")

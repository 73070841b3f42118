# SPDX-License-Identifier: EUPL-1.2
"""Words of a command line that the shell completes with what the door shows: cases, drafts, channels, officers."""

from __future__ import annotations

import re
from contextlib import closing

import click
from click.shell_completion import CompletionItem

from flaggermail.cli import new_session
from flaggermail.cli.connections import socket_of
from flaggermail.cli.session import Session
from flaggermail.cli.showing import parts, text
from flaggermail.cli.terminal import safe_line
from flaggermail.errors import FlaggermailError

_TYPED = re.compile(r"[A-Za-z0-9/_.-]+")  # a shell may act on any other sign
PATIENCE = 2.0  # seconds for an answer; a person waits for the word


class DeskWord(click.types.StringParamType):
    """A text that the shell completes; any text is accepted, for the desk says what it does not know.

    The door is asked. A desk without one offers nothing: to open it takes longer than to type the word.
    """

    def __init__(self, what: str) -> None:
        """`what`: "cases", "channels", "drafts", "elections" or "officers"."""
        self.what = what

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Returns the words that begin so, or numbers that end so; none if there is no door to ask."""
        del param
        root = ctx.find_root()
        given = root.params
        session = (
            root.obj if isinstance(root.obj, Session)
            else new_session(given.get("directory"), given.get("socket"), direct=bool(given.get("direct")))
        )  # fmt: skip
        return [
            CompletionItem(word, help=safe_line(remark) or None)
            for word, remark in self._words(session)
            if _TYPED.fullmatch(word) and _fits(word, incomplete)
        ]

    def _words(self, session: Session) -> list[tuple[str, str]]:
        path = None if session.direct else session.socket or socket_of(session.directory)
        if path is None:
            return []
        from flaggermail.cli.door_client import DoorClient

        try:
            with closing(DoorClient(path, PATIENCE, 0)) as door:
                found = parts(door.answer("complete", {"what": self.what}), "words")
        except (FlaggermailError, OSError):
            return []
        return [(text(one, "word"), text(one, "remark")) for one in found]


def _fits(word: str, incomplete: str) -> bool:
    """True if `incomplete` begins the word, in capitals or not, or is the running number at its end."""
    end = word.rpartition("-")[2].lstrip("0")
    return word.casefold().startswith(incomplete.casefold()) or (incomplete.isdigit() and end.startswith(incomplete))


CASE, CHANNEL, OFFICER = DeskWord("cases"), DeskWord("channels"), DeskWord("officers")
DRAFT, ELECTION = DeskWord("drafts"), DeskWord("elections")

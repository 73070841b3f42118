# SPDX-License-Identifier: EUPL-1.2
"""What a reply asks of the desk: the name of a command and its fields, as every other way in gives them; or a look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flaggermail.letters.template_values import ReplyRefusal
from flaggermail.mail.message import Json

SHOW_STAND, SHOW_CASE = "show stand", "show case"  # no commands: they change nothing, and are answered with a mail
LOOKS = frozenset({SHOW_STAND, SHOW_CASE})


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the desk, as `commands.door` reads it; or one of `LOOKS`."""

    name: str
    fields: Mapping[str, Json]


class ReplyFault(Exception):
    """A verb, its argument or the form is refused: `details` are lines or names, `line` the one as it was written.

    `in_the_way`: the words of that line which keep it from being understood.
    """

    def __init__(self, why: ReplyRefusal, *details: str, line: str = "", in_the_way: str = "") -> None:
        super().__init__(why)
        self.why, self.details, self.line, self.in_the_way = why, details, line, in_the_way

# SPDX-License-Identifier: EUPL-1.2
"""The group of a noun's commands, whose list says of each what its help says first, in a whole sentence."""

from __future__ import annotations

import re

import click

_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)


class Noun(click.Group):
    """A group of commands; click's own list cuts each text at the width of a line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands with the first sentence of each, broken over lines as needed."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        shown = [(name, first_sentence(command)) for name, command in found if command and not command.hidden]
        if shown:
            with formatter.section("Commands"):
                formatter.write_dl(shown)


def first_sentence(command: click.Command) -> str:
    """Returns the first sentence of a command's help."""
    text = (command.help or "").partition("\n\n")[0]
    found = _SENTENCE.match(text)
    return " ".join((found.group(1) if found else text).split())

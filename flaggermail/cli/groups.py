# SPDX-License-Identifier: EUPL-1.2
"""Groups of commands: a misspelt name is answered with the nearest ones; a noun's list has whole sentences."""

from __future__ import annotations

import re

import click

_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)


class Suggesting(click.Group):
    """A group that suggests the nearest commands for an unknown word."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:  # fmt: skip
        """Returns the command of the first word. Raises UsageError with up to three commands that may be meant."""
        word, names = str(args[0]), self.list_commands(ctx)
        if word in names or word.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        near = get_close_matches(word.lower(), names) or [name for name in names if word and name.startswith(word)]
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise click.UsageError(f"there is no command {word!r}{meant}", ctx)


class Noun(Suggesting):
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

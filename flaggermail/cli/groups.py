# SPDX-License-Identifier: EUPL-1.2
"""Groups of commands: a misspelt name is answered with the nearest ones; a noun's list has whole sentences."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING

import click

from flaggermail.cli.session import Session, as_json_option, report_answer, show_json

if TYPE_CHECKING:
    from flaggermail.cli.lists import Row, ShownList
    from flaggermail.mail.message import Json

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
    """A group of commands; click's own list cuts each text at the width of a line.

    What is typed after `NOUN NAME` is, option by option, the request of that name; only commands of which more is to be
    said have a body. The others are a function with options and help, which `acts`, `lists` or `shows` makes a command.
    """

    def acts(self, name: str) -> Callable[[Callable[[], None]], click.Command]:
        """Adds a command of the desk: its answer is printed."""

        @click.pass_obj
        def sent(session: Session, /, *, as_json: bool, **request: Json) -> None:
            report_answer(session.ask(f"{self.name} {name}", **request), as_json=as_json)

        return lambda described: self._added(name, described, sent)

    def lists(self, name: str, shown: ShownList) -> Callable[[Callable[[], None]], click.Command]:
        """Adds a list."""

        @click.pass_obj
        def listed(session: Session, /, *, as_json: bool, **request: Json) -> None:
            shown.show(session, as_json=as_json, **request)

        return lambda described: self._added(name, described, listed)

    def shows(self, name: str, *lists: str) -> Callable[[Callable[[Row], None]], click.Command]:
        """Adds a view, whose answer the function prints for a person; `lists` are its fields that have more parts."""

        def made(printed: Callable[[Row], None]) -> click.Command:
            @click.pass_obj
            def asked(session: Session, /, *, as_json: bool, **request: Json) -> None:
                view = f"{self.name} {name}"
                found = session.ask_all(view, *lists, **request) if lists else session.ask(view, **request)
                (show_json if as_json else printed)(found)

            return self._added(name, printed, asked)

        return made

    def _added(self, name: str, described: Callable[..., None], body: Callable[..., None]) -> click.Command:
        """Adds a command with the options and the help of one function and the body of another."""
        made = self.command(name=name)(update_wrapper(body, described))
        as_json_option(made)
        return made

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

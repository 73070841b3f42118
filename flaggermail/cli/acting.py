# SPDX-License-Identifier: EUPL-1.2
"""Runs an officer's command line inside the program, as a replay does for the acts of its scenario."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from flaggermail.cli import commands, one_line
from flaggermail.cli.session import Session
from flaggermail.errors import FlaggermailError, Refusal

if TYPE_CHECKING:
    from flaggermail.wiring.opening import Given

_NAME = "flaggermail"


def typed(environment: Given, officer: str, words: Sequence[str]) -> str:
    """Returns the output of the command line `words` (with or without the program's name), run as that officer.

    Raises Refusal with the text that would have been printed to stderr.
    """
    arguments = list(words[1:] if words[:1] == (_NAME,) or words[:1] == [_NAME] else words)
    session = Session(environment.settings.directory, given=environment, officer=officer)
    # A text stream on top of a binary one, as on a terminal: some commands write octets.
    printed, complained = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complained):
        try:
            status = commands.main(args=arguments, prog_name=_NAME, obj=session, standalone_mode=False)
        except click.ClickException as fault:
            raise Refusal(one_line(fault)) from fault
        except click.Abort as fault:
            raise Refusal(f"{' '.join(arguments)}: aborted") from fault
        except Refusal:
            raise
        except FlaggermailError as fault:
            raise Refusal(str(fault)) from fault
    if status:
        raise Refusal(_read(complained).strip() or f"{' '.join(arguments)}: exit status {status}")
    return _read(printed)


def _read(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()

# SPDX-License-Identifier: EUPL-1.2
"""Runs a command as an officer at a terminal does: in a transaction of its own."""

from __future__ import annotations

from flaggermail.commands import door
from flaggermail.commands.command import Command
from flaggermail.commands.outcome import ActResult
from flaggermail.services import Services, UnitOfWork


def run(env: Services, command: Command, actor: str) -> ActResult:
    """Runs `command` as `actor`, an officer's id. Raises Refusal, with nothing changed."""
    with env.store.begin() as tx:
        return door.perform(UnitOfWork(env, tx, env.clock.now(), actor), command)


def warned(outcome: ActResult) -> tuple[str, ...]:
    """Returns the warnings of an act as the command line shows them."""
    return tuple(one.english for one in outcome.warnings)

# SPDX-License-Identifier: EUPL-1.2
"""The door of every command: request read, authority checked, version compared, performed, answered."""

from __future__ import annotations

from collections.abc import Mapping

from flaggermail.commands import acts, perform
from flaggermail.commands.requests import read_request
from flaggermail.mail.message_json import Json
from flaggermail.services import UnitOfWork

COMMANDS: dict[str, type[acts.Act]] = {
    "outbox resolve": acts.ResolveMail,
    "outbox cancel": acts.CancelMail,
}


def ask(work: UnitOfWork, name: str, request: Mapping[str, Json]) -> dict[str, Json]:
    """Performs the command `name` within `work`; returns {"key", "state", "warnings", "version"}. Raises Refusal."""
    outcome = perform.perform(work, read_request(COMMANDS[name], name, request))
    head = work.tx.head()
    return {
        "key": outcome.key, "state": outcome.text, "warnings": list(outcome.warnings),
        "version": head.seq if head else 0,
    }  # fmt: skip

# SPDX-License-Identifier: EUPL-1.2
"""What needs neither database nor servers. Separate, because those take a second to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaggermail.shipped import shipped

if TYPE_CHECKING:  # importing the ports would add a tenth to the start of `parse`
    from flaggermail.mail.message import Json
    from flaggermail.ports import Parser


def parser() -> Parser:
    """Returns the parser in its own process, with the limits for mail from strangers."""
    from flaggermail.adapters.parsing.worker import ContainedParser

    return ContainedParser(shipped("rules"))


def newest_cases(database: str) -> list[tuple[str, str]]:
    """Returns number and state of the newest cases in the database at that URL; nothing if it cannot be read."""
    from flaggermail.adapters.db.completion_words import newest_cases as read

    return read(database)


def elections(database: str) -> list[tuple[str, str]]:
    """Returns code and name of the elections in the database at that URL; nothing if it cannot be read."""
    from flaggermail.adapters.db.completion_words import elections as read

    return read(database)


def process_runs(process: Json) -> bool | None:
    """Returns whether the process runs that a status document names; None if that is not known here."""
    from flaggermail.adapters.system.own_process import runs

    return runs(process)

# SPDX-License-Identifier: EUPL-1.2
"""Types a command line in this process, as the program's own process would read it.

To start that takes a second of processor time. Where the process is no part of the promise, a test types here.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from click.testing import CliRunner

from flaggermail.cli import main
from flaggermail.cli.session import Session


@dataclass(frozen=True)
class Ran:
    """The result of a command line."""

    status: int
    octets: bytes
    err: str

    @property
    def out(self) -> str:
        """Returns standard output as text."""
        return self.octets.decode()

    @property
    def json(self) -> object:
        """Returns standard output as JSON; it must be one document."""
        return json.loads(self.octets)


def type_here(
    words: Sequence[str], session: Session | None = None, text: str = "", *, direct: bool = True
) -> Ran:  # fmt: skip
    """Runs a command line; `text` is its standard input. The log that a command opens is closed again.

    Without a session it is typed beside the door, by the account that owns the desk's files; with `direct` false as
    everybody types it.
    """
    if session is None and direct:
        words = ["--direct", *words]
    before = logging.getLogger().handlers.copy()
    with CliRunner().isolation(input=text) as (out, err, _):
        status: object = 0
        try:
            main(words, session)
        except SystemExit as ended:
            status = ended.code
        finally:
            logging.getLogger().handlers[:] = before
        sys.stdout.flush()
        sys.stderr.flush()
        return Ran(int(str(status or 0)), out.getvalue(), err.getvalue().decode())

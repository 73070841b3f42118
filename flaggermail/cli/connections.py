# SPDX-License-Identifier: EUPL-1.2
"""The ways from the command line to a desk: through its door, as everybody goes, or beside it as its own account.

Here is which way it is; neither is imported before it is gone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flaggermail.documents.octets import Octets
    from flaggermail.errors import DoorFailure
    from flaggermail.mail.message import Json

SYSTEM_DIRECTORY = Path("/etc/flaggermail")
WITHOUT_DESK = frozenset({
    "check", "check online", "db upgrade", "parse", "rules check", "rules schema", "status", "threads", "threads read",
})  # fmt: skip
"""Inspections of what this account can read itself: they need no desk."""


def needs_no_desk(name: str, request: Mapping[str, Json]) -> bool:
    """True for a request about files that this account reads itself, with the rules beside them."""
    return name in WITHOUT_DESK or (name == "rules test" and "octets" in request)


class Connection(Protocol):
    """A way to one desk, for one account."""

    def answer(self, name: str, request: Mapping[str, Json]) -> Mapping[str, Json]:
        """Returns the document that answers a request, a command or a view. Raises FlaggermailError."""
        ...

    def fetch(self, name: str, request: Mapping[str, Json]) -> Octets[Mapping[str, Json]]:
        """Returns the file that answers a request. Raises FlaggermailError."""
        ...

    def close(self) -> None:
        """Closes what was opened; idempotent."""
        ...


def named_socket(option: Path | None) -> Path | None:
    """Returns the socket that a person named by option or by $FLAGGERMAIL_SOCKET; None if neither does."""
    named = os.environ.get("FLAGGERMAIL_SOCKET")
    return option or (Path(named) if named else None)


def socket_of(directory: Path) -> Path | None:
    """Returns where the door of the desk with that configuration directory is; None if it has none.

    That of the machine's own desk is meant with the machine's own configuration alone: another directory is another
    desk. Whose socket it is, is seen when it is opened.
    """
    from flaggermail.sockets import SOCKET_NAME, SYSTEM_SOCKET

    machines = [SYSTEM_SOCKET] if directory == SYSTEM_DIRECTORY else []
    return next((path for path in (directory / SOCKET_NAME, *machines) if os.path.lexists(path)), None)


def no_door(directory: Path) -> DoorFailure:
    """Returns that no door of that desk is open, and how to open it; or that none can be seen."""
    from flaggermail.errors import DoorFailure

    if directory != SYSTEM_DIRECTORY and not os.access(directory, os.X_OK):
        return DoorFailure(
            f"{directory}: is closed to this account, and with it a door there; name the desk's socket with --socket"
        )
    return DoorFailure(
        f"{directory}: no door of this desk is open; start it with `systemctl start flaggermail-door` or `flaggermail "
        f"--config {directory} serve`, or type the command with --direct as the account that owns the desk's files"
    )

# SPDX-License-Identifier: EUPL-1.2
"""The file of an SQLite database, of which another may be put in the place while this process has it open."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url

from flaggermail.errors import DiskFails, StoreFault


class OwnFile:
    """Tells whether the file that lies there is still the one that was opened.

    SQLite goes on writing to a file that was replaced or removed, where nobody finds it again ("How To Corrupt An
    SQLite Database File", unlinking or renaming a database file while in use). A server has no such file.
    """

    def __init__(self, url: str) -> None:
        given = make_url(url)
        named = given.database if given.get_backend_name() == "sqlite" else None
        self._path = Path(named) if named and named != ":memory:" else None
        self._opened: tuple[int, int] | None = None  # device and inode; None before it is opened, or opened anew

    def require(self) -> None:
        """Raises DiskFails if no file lies there now, and StoreFault if it is another one."""
        if self._path is None:
            return
        try:
            found = self._path.stat()
        except OSError as error:
            raise DiskFails(f"the database {self._path} is not there now: {error.strerror}") from error
        self._opened = self._opened or (found.st_dev, found.st_ino)
        if self._opened != (found.st_dev, found.st_ino):
            raise StoreFault(
                f"the database {self._path} is another file than the one that this process opened: it was replaced "
                "meanwhile. Nothing more is written to either; stop the daemon before a database is put in its place"
            )

    def forget(self) -> None:
        """Takes the file that lies there next for the own one: all connections are closed."""
        self._opened = None

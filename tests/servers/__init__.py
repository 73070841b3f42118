# SPDX-License-Identifier: EUPL-1.2
"""Real mail and database servers for the tests, each in its own temporary folder, on loopback only.

This module has what all of them share: the folder, the start command, the report of a failed start. A server that does
not start raises `ServerNotStartedError`, which fails the test; no test is skipped for it.
"""

import grp
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.patience import PATIENCE

OUR_DOMAIN = "bzk.example"
"""The only domain for which the mail servers accept mail as their own."""

_LOG_TAIL = 6000
_SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"


class ServerNotStartedError(Exception):
    """A server did not start; the message has the end of each of its logs."""

    def __init__(self, reason: str, logs: Sequence[Path] = ()) -> None:
        """Builds the message from the reason and the last octets of each log that exists."""
        shown = (f"--- {log}\n{read_text(log)[-_LOG_TAIL:]}" for log in logs if log.exists())
        super().__init__("\n".join((reason, *shown)))

    @property
    def port_was_taken(self) -> bool:
        """True if another process had taken one of the ports, so that other ports are worth a try."""
        return "address already in use" in str(self).lower()


@contextmanager
def server_folder(name: str) -> Iterator[Path]:
    """Makes a short-named folder that every account may enter, and removes it unless a start failed.

    pytest's tmp_path is not used: its parent is closed to the servers' accounts, and the path of a Unix socket may have
    107 octets at most.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"fm-{name}-"))
    folder.chmod(0o755)
    try:
        yield folder
    except ServerNotStartedError:
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    else:
        shutil.rmtree(folder)


def program(name: str, *, also_in: str = "") -> str:
    """Returns the full path of a program, searching the system folders even if they are not on PATH."""
    folders = os.pathsep.join(filter(None, (also_in, os.environ.get("PATH", ""), _SYSTEM_FOLDERS)))
    found = shutil.which(name, path=folders)
    if found is None:
        raise ServerNotStartedError(f"the program {name} is not installed: ./dev servers installs it")
    return found


def run(command: Sequence[str], log: Path, *, seconds: float = 2 * PATIENCE) -> int:
    """Runs a command, appends its output to `log`, and returns its exit code.

    It never uses pipes: a server that keeps running holds the pipe open, and reading it would never end.
    """
    with log.open("ab") as output:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            timeout=seconds,
            check=False,
        )
    return done.returncode


def account(name: str) -> tuple[str, str]:
    """Returns the (user, group) of a server: account `name` if we are root, otherwise our own."""
    entry = pwd.getpwnam(name) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    return entry.pw_name, grp.getgrgid(entry.pw_gid).gr_name


def under(user: str, group: str) -> list[str]:
    """Returns the words before a command that run it under that account; none if we are not root."""
    if os.geteuid() != 0:
        return []
    return [program("setpriv"), f"--reuid={user}", f"--regid={group}", "--clear-groups", "--"]


def give(folder: Path, user: str, group: str) -> None:
    """Gives a folder with all its contents to the account; a server that ends may remove files meanwhile."""
    for path in (folder, *folder.rglob("*")):
        with suppress(FileNotFoundError):
            shutil.chown(path, user, group)


def read_text(log: Path) -> str:
    """Returns the text of a log, empty if there is none yet."""
    return log.read_text("utf-8", errors="replace") if log.exists() else ""


def crlf(octets: bytes) -> bytes:
    """Returns the message with the line ends used on the wire (RFC 5321 section 2.3.8)."""
    return re.sub(rb"\r?\n", b"\r\n", octets)

# SPDX-License-Identifier: EUPL-1.2
"""Real mail and database servers for the tests, each in a temporary folder of its own, on loopback only.

What all of them share stands here: the folder, the start command, the way a failed start is told.
A server that does not start raises `ServerNotStartedError`, which fails the test: nothing here ever skips one.
"""

import grp
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

OUR_DOMAIN = "bzk.example"
"""The only domain for which the mail servers here accept mail as their own."""

_LOG_TAIL = 6000
_SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"


class ServerNotStartedError(Exception):
    """A server did not come up; the message holds the end of each of its logs."""

    def __init__(self, reason: str, logs: Sequence[Path] = ()) -> None:
        """Tell the reason, then the last octets of each log that exists."""
        shown = (f"--- {log}\n{read_text(log)[-_LOG_TAIL:]}" for log in logs if log.exists())
        super().__init__("\n".join((reason, *shown)))

    @property
    def port_was_taken(self) -> bool:
        """Whether another process held one of the ports, so that other ports are worth a try."""
        return "address already in use" in str(self).lower()


@contextmanager
def server_folder(name: str) -> Iterator[Path]:
    """Make a short folder that every account may enter, and remove it; it stays when a start failed, for its logs.

    Not pytest's tmp_path: its parent is closed to the accounts the servers drop to, and a Unix socket's path may
    have 107 octets at most.
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
    """Return the full path of a program; system folders count even where an ordinary PATH leaves them out."""
    folders = os.pathsep.join(filter(None, (also_in, os.environ.get("PATH", ""), _SYSTEM_FOLDERS)))
    found = shutil.which(name, path=folders)
    if found is None:
        raise ServerNotStartedError(f"the program {name} is not installed; ./dev test installs what the tests talk to")
    return found


def run(command: Sequence[str], log: Path, *, seconds: float = 60) -> int:
    """Run a command, append what it prints to `log`, return its exit code.

    Never with pipes: a server that stays behind keeps what it inherits, and reading such a pipe would never end.
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
    """Return (user, group) a server runs under: account `name` when we are root, else our own."""
    entry = pwd.getpwnam(name) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    return entry.pw_name, grp.getgrgid(entry.pw_gid).gr_name


def under(user: str, group: str) -> list[str]:
    """Return the words to put before a command to run it under that account; none when we are not root."""
    if os.geteuid() != 0:
        return []
    return [program("setpriv"), f"--reuid={user}", f"--regid={group}", "--clear-groups", "--"]


def give(folder: Path, user: str, group: str) -> None:
    """Hand a folder and all that is in it to the account."""
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, user, group)


def read_text(log: Path) -> str:
    """Return the text of a log, empty when there is none yet."""
    return log.read_text("utf-8", errors="replace") if log.exists() else ""


def crlf(octets: bytes) -> bytes:
    """Return the message with the line ends a sending server puts on the wire (RFC 5321 section 2.3.8)."""
    return re.sub(rb"\r?\n", b"\r\n", octets)

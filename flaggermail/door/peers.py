# SPDX-License-Identifier: EUPL-1.2
"""Who asks: the account that the kernel names for the other end of a socket (SO_PEERCRED, unix(7)).

Nothing in a request says who asks, and nothing in it changes what that account may do. On a socket of its own one
account, that of a reverse proxy, names the person in a header.
"""

from __future__ import annotations

import pwd
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path

from flaggermail.door.problems import Problem
from flaggermail.settings.rota import Rota
from flaggermail.wording.door import DoorProblem

_OVERFLOW = Path("/proc/sys/kernel/overflowuid")
NOBODY = 65_534
_LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@\\-]{0,63}")  # as in oncall.yaml: no list, nothing empty or endless


@dataclass(frozen=True, slots=True)
class Proxy:
    """A reverse proxy: its account on this machine, and the header in which it names the login of a person."""

    uid: int
    header: str


@cache
def overflow_uid() -> int:
    """Returns the number that stands for every account which has none on this machine: user_namespaces(7)."""
    try:
        return int(_OVERFLOW.read_text("ascii"))
    except (OSError, ValueError):
        return NOBODY


def login_name(uid: int) -> str | None:
    """Returns the login of an account, from wherever this machine has its accounts; None if it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def person(uid: int, rota: Rota, login_of: Callable[[int], str | None] = login_name) -> tuple[str, str]:
    """Returns the login and the id of the officer or associate who asks. Raises Problem for everybody else."""
    if uid in {overflow_uid(), NOBODY}:
        raise Problem(HTTPStatus.FORBIDDEN, DoorProblem.CONTAINER())
    login = login_of(uid)
    if login is None:
        raise Problem(HTTPStatus.FORBIDDEN, DoorProblem.NO_ACCOUNT(uid=uid))
    return login, _of_desk(login, rota)


def vouched_for(named: str | None, rota: Rota) -> tuple[str, str]:
    """Returns the login that a proxy names, and the id of that person. Raises Problem for everybody else.

    The server has refused the header where it is given twice.
    """
    if named is None or not _LOGIN.fullmatch(named):
        raise Problem(HTTPStatus.FORBIDDEN, DoorProblem.NOBODY_NAMED())
    return named, _of_desk(named, rota)


def _of_desk(login: str, rota: Rota) -> str:
    found = rota.by_login(login) or rota.associate_by_login(login)
    if found is None:
        raise Problem(HTTPStatus.FORBIDDEN, DoorProblem.STRANGER(login=login))
    return found.id

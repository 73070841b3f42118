# SPDX-License-Identifier: EUPL-1.2
"""Who asks: the account that the kernel names for the other end of a socket (SO_PEERCRED, unix(7)).

Nothing in a request says who asks, and nothing in it changes what that account may do.
"""

from __future__ import annotations

import pwd
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from pathlib import Path

from flaggermail.door.problems import Problem
from flaggermail.settings.rota import Rota
from flaggermail.wording.door import DoorProblem

_OVERFLOW = Path("/proc/sys/kernel/overflowuid")
NOBODY = 65_534


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
    found = rota.by_login(login) or rota.associate_by_login(login)
    if found is None:
        raise Problem(HTTPStatus.FORBIDDEN, DoorProblem.STRANGER(login=login))
    return login, found.id

# SPDX-License-Identifier: EUPL-1.2
"""Puts the parsing process into its sandbox, as far as this kernel offers one, and says how far that is."""

from __future__ import annotations

import errno
import os
import site
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from flaggermail.adapters.parsing.sandbox import landlock, seccomp
from flaggermail.adapters.parsing.sandbox.system_calls import prctl, this_architecture

_SET_NO_NEW_PRIVILEGES, _GET_NO_NEW_PRIVILEGES = 38, 39  # linux/prctl.h
_NOT_OFFERED = frozenset({errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EACCES, errno.EINVAL})
# Imported by libraries that only a few mails need. They load libraries of the system, which lie outside our own code.
_WITH_SYSTEM_LIBRARIES = ("bz2", "decimal", "lzma", "uuid", "zlib")
_LATE = ("olefile", "tnefparse")  # take 55 ms to import and are needed by two mails in a thousand


def enter() -> dict[str, object]:
    """Confines this process for good and returns what holds, for the fields of `health.confinement.Confinement`.

    Each part is tried out before it counts. Raises OSError if the kernel offers a part and setting it up fails.
    """
    sys.dont_write_bytecode = True
    for name in _WITH_SYSTEM_LIBRARIES:
        with suppress(ImportError):
            import_module(name)
    code = tuple(_own_code())
    privileges = _no_new_privileges()
    version = _landlock(code) if privileges else 0
    return {"no_new_privileges": privileges, "landlock": version, "seccomp": privileges and _seccomp()}


def _own_code() -> Iterator[Path]:
    """Yields the folders of this program, of the interpreter's modules and of installed packages."""
    package = find_spec("flaggermail")
    yield from (Path(folder) for folder in (package.submodule_search_locations or () if package else ()))
    yield Path(os.__file__).parent
    yield from (Path(entry) for entry in sys.path if entry.endswith("/lib-dynload"))
    yield from map(Path, site.getsitepackages())
    for name in _LATE:  # a distribution may put packages elsewhere, such as a folder of its own
        found = find_spec(name)
        if found and found.origin:
            yield Path(found.origin).parents[1]


def _no_new_privileges() -> bool:
    try:
        prctl(_SET_NO_NEW_PRIVILEGES, 1)
        return prctl(_GET_NO_NEW_PRIVILEGES, 0) == 1
    except OSError as error:
        _accept_as_not_offered(error)
    return False


def _landlock(code: tuple[Path, ...]) -> int:
    """Returns the version of Landlock that holds, or 0."""
    try:
        version = landlock.restrict(code)
    except OSError as error:
        _accept_as_not_offered(error)
        return 0
    try:
        os.close(os.open("/", os.O_RDONLY))
    except PermissionError:
        return version
    return 0


def _seccomp() -> bool:
    architecture = this_architecture()
    if architecture is None:
        return False
    try:
        seccomp.install(architecture)
    except OSError as error:
        _accept_as_not_offered(error)
        return False
    try:
        os.getsid(0)  # harmless, never fails, and not among the calls that are allowed
    except PermissionError:
        return True
    return False


def _accept_as_not_offered(error: OSError) -> None:
    """Raises `error` unless it says that the kernel, or a filter around this process, does not offer this."""
    if error.errno not in _NOT_OFFERED:
        raise error

# SPDX-License-Identifier: EUPL-1.2
"""Landlock (landlock(7), Linux 5.13): this process opens nothing but the folders named, read-only, for good.

Newer versions of Landlock also deny TCP (4), commands to devices (5), and signals to and abstract sockets of processes
outside (6). Landlock does not limit what is already open, nor asking whether a path exists.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from flaggermail.adapters.parsing.sandbox.system_calls import X86_64, call

# Numbers and structures: linux/landlock.h.
_ASK_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}  # version: how many rights of files it knows, each one bit
_TCP_SINCE, _TCP = 4, 0b11  # bind and connect
_SCOPES_SINCE, _SCOPES = 6, 0b11  # abstract sockets and signals

_CREATE = X86_64.numbers["landlock_create_ruleset"]  # the same on every architecture
_ADD = X86_64.numbers["landlock_add_rule"]
_RESTRICT = X86_64.numbers["landlock_restrict_self"]


def version() -> int:
    """Returns the kernel's version of Landlock, from 1. Raises OSError if it has none or denies it."""
    return call(_CREATE, None, 0, _ASK_VERSION)


def restrict(readable: Iterable[Path]) -> int:
    """Limits this process to reading below `readable`; returns the version of Landlock. Raises OSError.

    Needs "no new privileges". A path that does not exist, or that this account cannot reach, is left out.
    """
    offered = version()
    files = (1 << max(bits for since, bits in _FILE_RIGHTS.items() if since <= offered)) - 1
    tcp = _TCP if offered >= _TCP_SINCE else 0
    scopes = _SCOPES if offered >= _SCOPES_SINCE else 0
    attributes = struct.pack("=QQQ", files, tcp, scopes)
    size = 8 * (1 + (offered >= _TCP_SINCE) + (offered >= _SCOPES_SINCE))  # what this version knows
    rules = call(_CREATE, _pointer(attributes), size, 0)
    try:
        for path in readable:
            _allow_reading(rules, path)
        call(_RESTRICT, rules, 0)
    finally:
        os.close(rules)
    return offered


def _allow_reading(rules: int, path: Path) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    try:
        rights = _READ_FILE | _READ_DIR if path.is_dir() else _READ_FILE
        call(_ADD, rules, _PATH_BENEATH, _pointer(struct.pack("=Qi", rights, place)), 0)
    finally:
        os.close(place)


def _pointer(octets: bytes) -> ctypes.c_void_p:
    """Returns the address of `octets`, which must outlive the call."""
    return ctypes.cast(ctypes.c_char_p(octets), ctypes.c_void_p)

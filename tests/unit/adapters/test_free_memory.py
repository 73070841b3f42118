# SPDX-License-Identifier: EUPL-1.2
"""Memory that is free goes back to the system, and no C library without such settings stops the daemon."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from flaggermail.adapters.system import machine

HOLDING = """
import re, sys
from pathlib import Path
from flaggermail.adapters.system import machine

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

assert machine.keep_little()
held = [bytearray(20_000) for _ in range(3_000)]
last, most = held[-1], resident()
del held
freed = resident()
machine.give_back()
print(most, freed, resident())
"""
MAILS = 50  # MiB, less than the blocks have


@pytest.mark.outside
@pytest.mark.skipif(sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not glibc")
def test_free_memory_is_given_back() -> None:
    """The blocks of a batch of mails are gone from the process, though a younger one is still in use."""
    ran = subprocess.run([sys.executable, "-c", HOLDING], capture_output=True, text=True, check=True)
    most, freed, now = map(int, ran.stdout.split())
    assert now <= most - MAILS, (most, freed, now)


@pytest.mark.parametrize("broken", [AttributeError, OSError])
def test_a_c_library_without_such_settings_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, broken: type[Exception]
) -> None:  # fmt: skip
    """Nothing is raised, and the daemon is told that nothing was set."""

    def absent(_: object) -> object:
        raise broken

    monkeypatch.setattr(ctypes, "CDLL", absent)
    assert not machine.keep_little()
    machine.give_back()
